//! A running analysis, as it is told: to people in blocks and counters, to scripts as JSON lines.
//!
//! JSON lines: `finding` objects as a report has them, with `"amended":true` where a late line changed
//! what was told; `withdrawn` and `repeats` objects name findings by their fingerprints; at the end
//! what was not told yet, the ledger and the summary.
//!
//! Must not: decide what is told, or wait for whoever reads.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::model::LogTime;
use crate::output::contract::{LedgerRow, SummaryRow};
use crate::output::finding_row::FindingRow;
use crate::output::human::{HumanSettings, news};
use crate::output::jsonl::{finding, line};
use crate::output::redact::Redaction;
use crate::output::row::Stamp;
use crate::output::rule_json::RuleJson;
use crate::report::Report;
use crate::report::group::Group;
use crate::report::live::{News, Repeats, Why};

/// How a running analysis is told.
#[derive(Debug, Clone)]
pub enum LiveForm {
    /// To people.
    Human(HumanSettings),
    /// To scripts.
    Jsonl(Redaction),
}

/// A finding by its fingerprint.
#[derive(Debug, Serialize)]
struct NamedRow<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    rule: &'a str,
    severity: &'static str,
    impact: &'static str,
    api: Option<&'a str>,
    stage: Option<&'a str>,
    method: Option<&'a str>,
    route: Option<Cow<'a, str>>,
    origin: Option<Cow<'a, str>>,
    fingerprint: &'a str,
    count: u64,
    /// Exchanges since it was last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Stamp>,
    last_seen: Option<Stamp>,
}

impl<'a> NamedRow<'a> {
    fn new(kind: &'static str, group: &'a Group, redaction: Redaction) -> Self {
        let redacted = |text: &'a Option<String>| text.as_deref().map(|text| redaction.text(text));
        Self {
            kind,
            rule: &group.rule.id,
            severity: group.severity.as_str(),
            impact: group.impact.as_str(),
            api: group.api.as_deref(),
            stage: group.stage.as_deref(),
            method: group.method.as_deref(),
            route: redacted(&group.route),
            origin: redacted(&group.origin),
            fingerprint: &group.fingerprint,
            count: group.count,
            more: None,
            since: None,
            last_seen: group.last_seen.map(Stamp),
        }
    }
}

impl Default for LiveForm {
    fn default() -> Self {
        Self::Jsonl(Redaction::On)
    }
}

impl LiveForm {
    /// Writes what is new of an exchange.
    pub fn news(&self, out: &mut dyn Write, news: &News) -> io::Result<()> {
        let redaction = match self {
            Self::Human(settings) => return news::write(out, news, settings),
            Self::Jsonl(redaction) => *redaction,
        };
        for group in &news.withdrawn {
            line(out, &NamedRow::new("withdrawn", group, redaction))?;
        }
        for (group, why) in news.groups.iter().zip(&news.why) {
            if *why != Why::Known {
                let texts = RuleJson::of(group)?;
                let row = FindingRow::new(group, &texts, redaction);
                finding(out, row.amended(*why == Why::Amended))?;
            }
        }
        Ok(())
    }

    /// Writes how often a group was met since it was last told.
    pub fn repeats(
        &self,
        out: &mut dyn Write,
        repeats: &Repeats<'_>,
        now: LogTime,
    ) -> io::Result<()> {
        match self {
            Self::Human(settings) => news::repeats(out, repeats, now, settings),
            Self::Jsonl(redaction) => {
                let row = NamedRow::new("repeats", repeats.group, *redaction);
                let (more, since) = (Some(repeats.more), Some(Stamp(repeats.since)));
                line(out, &NamedRow { more, since, ..row })
            }
        }
    }

    /// Writes what it came to. To scripts only what `was_told` does not know: what holds across
    /// exchanges is found at the end.
    pub fn close(
        &self,
        out: &mut dyn Write,
        report: &Report,
        was_told: impl Fn(&Group) -> bool,
    ) -> io::Result<()> {
        let redaction = match self {
            Self::Human(settings) => return news::close(out, report, settings),
            Self::Jsonl(redaction) => *redaction,
        };
        for group in report.groups.iter().filter(|group| !was_told(group)) {
            finding(out, FindingRow::new(group, &RuleJson::of(group)?, redaction))?;
        }
        line(out, &LedgerRow::new(&report.ledger, redaction))?;
        line(out, &SummaryRow::new(&report.summary))
    }
}
