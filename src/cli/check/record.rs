//! What is known of a run, when it was analyzed.
//!
//! Must not: call a run well that did not read everything.

use corscope::alert::book::{Book, Told};
use corscope::alert::run::{DeliveryCounts, ReadingCounts, RunRecord, RunStatus};
use corscope::model::LogTime;
use corscope::output::redact::Redaction;
use corscope::report::{Reading, Report};

use crate::cli::check::read::WasRead;

/// What the parts of a run say of it.
pub(crate) struct Parts<'a> {
    pub(crate) report: &'a Report,
    pub(crate) told: &'a Told,
    pub(crate) alerts: &'a Book,
    pub(crate) read: &'a WasRead,
    /// How much of the input could be read: [`reading`].
    pub(crate) reading: Reading,
    pub(crate) redaction: Redaction,
    /// Exchanges that were counted before, and those that are left to the next run.
    pub(crate) known: u64,
    pub(crate) open: u64,
}

/// How much of the input a run could read.
pub(crate) fn reading(report: &Report, read: &WasRead) -> Reading {
    let ledger = &report.ledger;
    // A first run that leaves out everything has seen nothing yet.
    let is_quiet = ledger.events == 0 && !is_all_before(report, read);
    let is_sound = ledger.inputs_failed.is_empty() && ledger.gaps.is_empty();
    match report.reading() {
        // Nothing happened, and that was seen.
        Reading::Nothing if is_quiet && read.inputs > 0 && is_sound => Reading::Whole,
        // What has shown requests before shows that there are none.
        Reading::Nothing | Reading::Partly if read.was_complete && read.inputs > 0 && is_sound => {
            Reading::Whole
        }
        Reading::Nothing if read.inputs > 0 => Reading::Partly,
        reading @ (Reading::Nothing | Reading::Partly | Reading::Whole) => reading,
    }
}

/// Whether the first run left out all that there is.
fn is_all_before(report: &Report, read: &WasRead) -> bool {
    read.is_first && report.is_all_outside_window()
}

/// The record of a run, without its deliveries.
pub(crate) fn of(id: String, began: LogTime, ended: LogTime, parts: &Parts<'_>) -> RunRecord {
    let Parts { report, told, alerts, read, reading, .. } = *parts;
    let open = alerts.open();
    let status = match (reading, open.is_empty()) {
        (_, false) => RunStatus::Alerting,
        (Reading::Nothing, true) => RunStatus::Failed,
        (Reading::Partly, true) => RunStatus::Incomplete,
        (Reading::Whole, true) => RunStatus::Clear,
    };
    let covered_to = read.covered_to.or((reading == Reading::Whole).then_some(began));
    RunRecord {
        id,
        began,
        ended,
        from: read.from.or(report.ledger.from),
        to: Some(began),
        covered_to,
        status,
        problems: problems(parts),
        notes: read.notes.clone(),
        alerts: told.counts,
        open,
        reading: counts(parts),
        deliveries: Vec::<DeliveryCounts>::new(),
    }
}

fn problems(parts: &Parts<'_>) -> Vec<String> {
    let Parts { report, redaction, .. } = *parts;
    let ledger = &report.ledger;
    let failed = ledger
        .inputs_failed
        .iter()
        .map(|note| format!("{}: {}", note.input, redaction.text(note.problem.as_str())));
    let gaps = ledger.gaps.iter().map(|gap| format!("missing: {gap}"));
    let is_unknown = report.reading() == Reading::Nothing || report.is_mostly_unrecognized();
    let unrecognized = (ledger.events > 0 && is_unknown && !parts.read.was_complete).then(|| {
        format!(
            "{} of {} events are of no kind that is known; is it the right log group or file?",
            ledger.unrecognized, ledger.events
        )
    });
    let outside = is_all_before(report, parts.read).then(|| {
        format!(
            "all {} events are older than --since, from which on the first run reads",
            ledger.outside_window
        )
    });
    let mut problems: Vec<String> = failed.chain(gaps).chain(unrecognized).chain(outside).collect();
    if problems.is_empty() && parts.reading == Reading::Nothing {
        problems.push("there is nothing to read yet: no file holds an event".to_owned());
    }
    problems
}

fn counts(parts: &Parts<'_>) -> ReadingCounts {
    let (ledger, summary) = (&parts.report.ledger, &parts.report.summary);
    ReadingCounts {
        events: ledger.events,
        bytes: ledger.bytes,
        unrecognized: ledger.unrecognized,
        truncated: ledger.truncated,
        late: ledger.late,
        throttled: ledger.throttled,
        gaps: ledger.gaps.len() as u64,
        failed_inputs: ledger.inputs_failed.len() as u64,
        exchanges: ledger.exchanges,
        known_exchanges: parts.known,
        open_exchanges: parts.open,
        blocked: summary.outcomes.blocked,
        allowed: summary.outcomes.allowed,
        undetermined: summary.outcomes.undetermined,
        errors: summary.findings.error,
        warnings: summary.findings.warning,
        infos: summary.findings.info,
    }
}
