//! The first lines: how bad it is, and whether that can be relied upon.
//!
//! Must not: sound relieved when the input was not read, or could not be judged.

use crate::output::human::page::{BAD, GOOD, Page, STRONG, WARN};
use crate::output::human::words::{count, list};
use crate::output::human::{Topic, Weight};
use crate::report::{Reading, Report};

pub(crate) fn write(page: &mut Page<'_>, report: &Report, topics: &[Topic<'_>]) {
    let ledger = &report.ledger;
    if report.is_mostly_unrecognized() && report.reading() != Reading::Nothing {
        page.paragraph(WARN, &unrecognized(report));
    }
    match report.reading() {
        Reading::Nothing if report.is_all_outside_window() => {
            page.paragraph(BAD, &outside_window(report));
        }
        Reading::Nothing if ledger.events == 0 => {
            page.paragraph(BAD, "Nothing was read. This is not an all-clear.");
        }
        Reading::Nothing => {
            let events = count(ledger.events, "event");
            let text = format!("Nothing was recognized in {events}. This is not an all-clear.");
            page.paragraph(BAD, &text);
        }
        Reading::Partly if ledger.inputs_failed.is_empty() && ledger.gaps.is_empty() => {
            found(page, report, topics);
        }
        Reading::Partly => {
            let failed = count(ledger.inputs_failed.len() as u64, "input");
            let gaps = count(ledger.gaps.len() as u64, "gap");
            let what = match (ledger.inputs_failed.len(), ledger.gaps.len()) {
                (_, 0) => format!("{failed} could not be read, or only in part"),
                (0, _) => format!("{gaps} in the log"),
                (_, _) => format!("{failed} could not be read, or only in part, and {gaps}"),
            };
            page.paragraph(WARN, &format!("Not everything was analyzed: {what} (see the end)."));
            found(page, report, topics);
        }
        Reading::Whole => found(page, report, topics),
    }
}

/// How much of the input is of no known kind.
pub fn unrecognized(report: &Report) -> String {
    let ledger = &report.ledger;
    format!(
        "{} of {} were not recognized: is this the log that was meant?",
        ledger.unrecognized,
        count(ledger.events, "event"),
    )
}

/// That the time window leaves nothing.
pub fn outside_window(report: &Report) -> String {
    let events = match report.ledger.outside_window {
        1 => "The only event lies".to_owned(),
        number => format!("All {number} events lie"),
    };
    format!(
        "{events} outside the time window (--since, --until): nothing was analyzed. This is not \
         an all-clear."
    )
}

fn found(page: &mut Page<'_>, report: &Report, topics: &[Topic<'_>]) {
    let summary = &report.summary;
    if summary.exchanges == 0 && report.groups.is_empty() {
        let text = if summary.left_out > 0 {
            format!("None of {} matches the filters.", count(summary.left_out, "exchange"))
        } else {
            let events = count(report.ledger.events, "event");
            format!("No HTTP exchange in {events}: nothing to judge.")
        };
        page.paragraph(WARN, &text);
        return;
    }
    let number = |weight| topics.iter().filter(|topic| topic.weight == weight).count() as u64;
    let problems = number(Weight::Problem);
    let mut parts = Vec::new();
    if problems > 0 {
        parts.push(count(problems, "problem"));
    }
    match number(Weight::Latent) {
        0 => {}
        latent => parts.push(count(latent, "latent problem")),
    }
    match number(Weight::Practice) + number(Weight::Survey) {
        0 => {}
        practices => parts.push(count(practices, "suggestion")),
    }
    let judged = judged(report);
    // What fails a request is often on its last lines.
    let incomplete = report.ledger.incomplete_exchanges;
    let all_incomplete = incomplete >= summary.exchanges + summary.left_out;
    if !parts.is_empty() {
        let style = if problems > 0 { BAD } else { STRONG };
        page.paragraph(style, &format!("{} found. {judged}", list(&parts)));
    } else if summary.hidden > 0 {
        let hidden = count(summary.hidden, "finding");
        page.paragraph(STRONG, &format!("{hidden} below the severity shown. {judged}"));
    } else if summary.outcomes.undetermined == summary.exchanges || all_incomplete {
        page.paragraph(WARN, &format!("No problem proven, and none ruled out. {judged}"));
    } else if summary.outcomes.undetermined + incomplete > 0 {
        page.paragraph(STRONG, &format!("No problem found in what the logs show. {judged}"));
    } else {
        let new = if summary.baselined + summary.ignored > 0 { "new " } else { "" };
        page.paragraph(GOOD, &format!("No {new}problem found. {judged}"));
    }
}

/// `66 exchanges: 12 blocked, 40 allowed, 14 not CORS.`
fn judged(report: &Report) -> String {
    let outcomes = report.summary.outcomes;
    let parts: Vec<String> = [
        (outcomes.blocked, "blocked"),
        (outcomes.allowed, "allowed"),
        (outcomes.not_cors, "not CORS"),
        (outcomes.undetermined, "undetermined"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, outcome)| format!("{number} {outcome}"))
    .collect();
    let why = if outcomes.undetermined > 0 { " (why: see below)" } else { "" };
    let all = count(report.summary.exchanges, "exchange");
    if parts.is_empty() { format!("{all}.") } else { format!("{all}: {}{why}.", parts.join(", ")) }
}
