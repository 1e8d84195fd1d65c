//! One exchange in one line: when, what, from where, and what the browser did.
//!
//! Must not: wrap; people cut and search these lines.

use std::fmt::Write as _;

use anstyle::Style;
use chrono::FixedOffset;

use crate::model::{Exchange, Finding, Judgement, Outcome, Text};
use crate::output::escape::visible;
use crate::output::human::HumanSettings;
use crate::output::human::page::{BAD, GOOD, PLAIN, WARN};
use crate::output::human::words::clock;
use crate::output::redact::Redaction;

/// How exchanges are written in lines.
#[derive(Debug, Clone)]
pub struct ExchangeLine {
    color: bool,
    zone: FixedOffset,
    redaction: Redaction,
}

impl ExchangeLine {
    /// As the report is written.
    pub fn new(settings: &HumanSettings) -> Self {
        Self { color: settings.color, zone: settings.zone, redaction: settings.redaction }
    }

    /// Appends the line, without its end.
    pub fn append<'a>(
        &self,
        out: &mut Vec<u8>,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: impl Iterator<Item = &'a Finding>,
    ) {
        let text = |which| exchange.text(which);
        let verdict = judgement.applying();
        let (style, outcome) = match verdict.outcome {
            Outcome::NotCors => (PLAIN, "not-cors"),
            Outcome::Allowed => (GOOD, "allowed"),
            Outcome::Blocked => (BAD, "blocked"),
            Outcome::Undetermined => (WARN, "undetermined"),
        };
        let time = exchange.ended.or(exchange.started);
        let time = time.map_or_else(|| "-".to_owned(), |time| clock(time, self.zone));
        let status = exchange.status.seen().map_or_else(|| "-".to_owned(), |s| s.to_string());
        let origin = exchange.request_headers().get("origin").seen();
        let head = format!("{time}  {} {status:>3}  ", self.styled(style, outcome));
        let mut line = String::with_capacity(200);
        // Writing to a string cannot fail.
        let _ = write!(line, "{} ", text(Text::Method).as_deref().unwrap_or("-"));
        let path = text(Text::Path).map(|path| self.redaction.path(path));
        line.push_str(path.as_deref().unwrap_or("-"));
        if let Some(origin) = origin {
            let _ = write!(line, " from {origin}");
        }
        if let Some(reason) = verdict.reason {
            let _ = write!(line, "  {}", reason.as_str());
        }
        let ids: Vec<&str> = findings.map(|finding| finding.rule.id.as_str()).collect();
        if !ids.is_empty() {
            let _ = write!(line, "  [{}]", ids.join(", "));
        }
        if let Some(id) = exchange.request_id.or(exchange.lambda_request_id) {
            let _ = write!(line, "  {id}");
        }
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(visible(&self.redaction.text(line)).as_bytes());
    }

    fn styled(&self, style: Style, text: &str) -> String {
        let padded = format!("{text:<12}");
        if self.color && style != PLAIN {
            format!("{}{padded}{}", style.render(), anstyle::Reset.render())
        } else {
            padded
        }
    }
}
