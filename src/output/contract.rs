//! Ledger and summary as scripts read them: `corscope/1`. Findings are in `finding_row`.
//!
//! Frozen forms of their own. Fields are added, never renamed.
//!
//! Must not: print a text from a log unredacted.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use crate::model::Ledger;
use crate::output::escape::SafeJson;
use crate::output::redact::Redaction;
use crate::output::row::Stamp;
use crate::report::summary::{BySeverity, Summary};

/// The schema's name.
pub const SCHEMA: &str = "corscope/1";

/// Appends `value` as JSON that is safe to print.
pub fn append_json(out: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, SafeJson);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// The ledger.
#[derive(Debug, Serialize)]
pub struct LedgerRow<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    events: u64,
    bytes: u64,
    unrecognized: u64,
    truncated: u64,
    duplicates: u64,
    late: u64,
    sampled: u64,
    throttled: u64,
    skipped: u64,
    outside_window: u64,
    unjoined: u64,
    unsurveyed: u64,
    gaps: &'a [String],
    exchanges: u64,
    undetermined: u64,
    incomplete_exchanges: u64,
    inputs_failed: Vec<InputRow<'a>>,
    window: WindowRow,
}

#[derive(Debug, Serialize)]
struct InputRow<'a> {
    input: &'a str,
    problem: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct WindowRow {
    from: Option<Stamp>,
    to: Option<Stamp>,
}

impl<'a> LedgerRow<'a> {
    /// The row of a ledger.
    pub fn new(ledger: &'a Ledger, redaction: Redaction) -> Self {
        let inputs_failed = ledger.inputs_failed.iter().map(|note| InputRow {
            input: &note.input,
            problem: redaction.text(note.problem.as_str()),
        });
        Self {
            kind: "ledger",
            events: ledger.events,
            bytes: ledger.bytes,
            unrecognized: ledger.unrecognized,
            truncated: ledger.truncated,
            duplicates: ledger.duplicates,
            late: ledger.late,
            sampled: ledger.sampled,
            throttled: ledger.throttled,
            skipped: ledger.skipped,
            outside_window: ledger.outside_window,
            unjoined: ledger.unjoined,
            unsurveyed: ledger.unsurveyed,
            gaps: &ledger.gaps,
            exchanges: ledger.exchanges,
            undetermined: ledger.undetermined,
            incomplete_exchanges: ledger.incomplete_exchanges,
            inputs_failed: inputs_failed.collect(),
            window: WindowRow { from: ledger.from.map(Stamp), to: ledger.to.map(Stamp) },
        }
    }
}

/// The report in numbers. `findings` counts findings, `groups` the rows of type `finding`.
#[derive(Debug, Serialize)]
pub struct SummaryRow<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    exchanges: u64,
    left_out: u64,
    outcomes: OutcomesRow,
    browser_requests: u64,
    routes: u64,
    findings: SeveritiesRow,
    observed: u64,
    latent: u64,
    groups: SeveritiesRow,
    failing: u64,
    hidden: u64,
    disabled: u64,
    rules_off: u64,
    ignored: u64,
    baselined: u64,
    refused_as_intended: u64,
    folded: u64,
    dropped: u64,
    unseen: Vec<UnseenRow<'a>>,
    gateway_answers: u64,
}

#[derive(Debug, Serialize)]
struct OutcomesRow {
    #[serde(rename = "not-cors")]
    not_cors: u64,
    allowed: u64,
    blocked: u64,
    undetermined: u64,
}

#[derive(Debug, Serialize)]
struct SeveritiesRow {
    error: u64,
    warning: u64,
    info: u64,
}

#[derive(Debug, Serialize)]
struct UnseenRow<'a> {
    what: &'a str,
    count: u64,
}

impl<'a> SummaryRow<'a> {
    /// The row of a summary.
    pub fn new(summary: &'a Summary) -> Self {
        let unseen = |(what, count): &'a (String, u64)| UnseenRow { what, count: *count };
        Self {
            kind: "summary",
            exchanges: summary.exchanges,
            left_out: summary.left_out,
            outcomes: OutcomesRow {
                not_cors: summary.outcomes.not_cors,
                allowed: summary.outcomes.allowed,
                blocked: summary.outcomes.blocked,
                undetermined: summary.outcomes.undetermined,
            },
            browser_requests: summary.browser_requests,
            routes: summary.routes,
            findings: SeveritiesRow::new(summary.findings),
            observed: summary.observed,
            latent: summary.latent,
            groups: SeveritiesRow::new(summary.groups),
            failing: summary.failing,
            hidden: summary.hidden,
            disabled: summary.disabled,
            rules_off: summary.rules_off,
            ignored: summary.ignored,
            baselined: summary.baselined,
            refused_as_intended: summary.refused_as_intended,
            folded: summary.folded,
            dropped: summary.dropped,
            unseen: summary.unseen.iter().map(unseen).collect(),
            gateway_answers: summary.gateway_answers,
        }
    }
}

impl SeveritiesRow {
    fn new(counts: BySeverity) -> Self {
        Self { error: counts.error, warning: counts.warning, info: counts.info }
    }
}
