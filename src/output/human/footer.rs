//! What could not be judged, and what was read.
//!
//! Must not: leave out anything that weakens the report.

use std::fmt::Write as _;

use crate::output::human::page::{BAD, Page, STRONG, WARN};
use crate::output::human::words::{bytes, count, span, times, zone_name};
use crate::report::Report;
use crate::report::summary::is_response_header;

const MAX_NOTES: usize = 10;

pub(crate) fn write(page: &mut Page<'_>, report: &Report) {
    undetermined(page, report);
    page.blank();
    selection(page, report);
    ledger(page, report);
    problems(page, report);
}

fn undetermined(page: &mut Page<'_>, report: &Report) {
    let summary = &report.summary;
    let number = summary.outcomes.undetermined;
    if number == 0 {
        return;
    }
    page.blank();
    let exchanges = count(number, "exchange");
    page.paragraph(STRONG, &format!("Undetermined: {exchanges}. The logs do not show"));
    for (what, count) in summary.unseen.iter().take(MAX_NOTES) {
        let only_gateway = is_response_header(what) && *count <= summary.gateway_answers;
        let advice = advice(what).filter(|_| !only_gateway);
        let advice = advice.map(|advice| format!(": {advice}")).unwrap_or_default();
        page.field("", &format!("{what} ({}){advice}", times(*count)));
    }
    if summary.gateway_answers > 0 {
        let what = match summary.gateway_answers {
            1 => "1 of these responses was made by the gateway itself, and its".to_owned(),
            number => {
                format!("{number} of these responses were made by the gateway itself, and their")
            }
        };
        page.field(
            "",
            &format!(
                "{what} headers are never logged: ask the endpoint (curl -i -X METHOD -H 'Origin: \
                 https://...' URL), or look at the API's gateway responses"
            ),
        );
    }
    let rest = summary.unseen.len().saturating_sub(MAX_NOTES);
    if rest > 0 {
        page.field("", &format!("and {}", count(rest as u64, "more kind")));
    }
}

/// How to have it logged.
fn advice(unseen: &str) -> Option<&'static str> {
    if unseen.starts_with("request.header") {
        Some(
            "REST API: execution logs at level INFO with data tracing; HTTP API and function URL: \
             log the event in the function",
        )
    } else if unseen.starts_with("response.header") {
        Some(
            "REST API: execution logs at level INFO with data tracing; elsewhere, and for lines \
             that were cut: ask the endpoint itself",
        )
    } else if unseen == "response.status" {
        Some("the end of the exchange is missing: widen the time window, or add the access log")
    } else if unseen.starts_with("request.method") {
        Some(
            "the beginning of the exchange is missing: widen the time window; an access log tells \
             it if its format has $context.httpMethod",
        )
    } else {
        None
    }
}

/// What filters and thresholds keep out of sight.
fn selection(page: &mut Page<'_>, report: &Report) {
    let summary = &report.summary;
    let parts: Vec<String> = [
        (summary.left_out, "exchange", "left out by the filters"),
        (summary.hidden, "finding", "below the severity shown"),
        (summary.disabled, "finding", "of disabled rules"),
        (summary.rules_off, "rule", "switched off"),
        (summary.ignored, "finding", "ignored by the configuration"),
        (summary.baselined, "finding", "known from the baseline"),
        (summary.refused_as_intended, "refusal", "as intended"),
        (summary.folded, "finding", "summed up per rule, for there are too many routes"),
        (summary.dropped, "finding", "not shown, for there are too many"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, noun, what)| format!("{} {what}", count(number, noun)))
    .collect();
    if !parts.is_empty() {
        page.field("not shown", &parts.join(", "));
    }
}

fn ledger(page: &mut Page<'_>, report: &Report) {
    let ledger = &report.ledger;
    let mut text = format!("{} ({})", count(ledger.events, "event"), bytes(ledger.bytes));
    let _ = write!(text, ", {}", count(ledger.exchanges, "exchange"));
    let zone = page.settings.zone;
    if let Some(span) = span(ledger.from, ledger.to, zone) {
        let _ = write!(text, ", {span} {}", zone_name(zone));
    }
    page.field("read", &text);
    let parts: Vec<String> = [
        (ledger.unrecognized, "event", "not recognized"),
        (ledger.truncated, "event", "cut off"),
        (ledger.incomplete_exchanges, "exchange", "without beginning or end"),
        (ledger.undetermined, "exchange", "undetermined"),
        (ledger.late, "line", "too late for their exchange"),
        (ledger.duplicates, "event", "repeated"),
        (ledger.skipped, "event", "without log data"),
        (ledger.outside_window, "more event", "outside the time window"),
        (ledger.unjoined, "exchange", "let go before they could be joined"),
        (ledger.unsurveyed, "exchange", "beyond what is compared across requests"),
        (ledger.sampled, "event", "from sampled seconds"),
        (ledger.throttled, "request", "throttled"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, noun, what)| format!("{} {what}", count(number, noun)))
    .collect();
    if !parts.is_empty() {
        page.field("of these", &parts.join(", "));
    }
    if ledger.console_messages > 0 {
        let printed = count(ledger.console_messages, "event");
        let text = format!(
            "{printed} of a browser's console: `corscope explain -` says what such a message means"
        );
        page.field("see also", &text);
    }
}

fn problems(page: &mut Page<'_>, report: &Report) {
    let redaction = page.settings.redaction;
    let (failed, gaps) = (&report.ledger.inputs_failed, &report.ledger.gaps);
    for note in failed.iter().take(MAX_NOTES) {
        let problem = redaction.text(note.problem.as_str());
        page.styled_field(BAD, "failed", &format!("{}: {problem}", note.input));
    }
    if failed.len() > MAX_NOTES {
        let rest = count((failed.len() - MAX_NOTES) as u64, "more input");
        page.styled_field(BAD, "failed", &rest);
    }
    for gap in gaps.iter().take(MAX_NOTES) {
        page.styled_field(WARN, "gap", &redaction.text(gap.as_str()));
    }
    if gaps.len() > MAX_NOTES {
        page.styled_field(WARN, "gap", &count((gaps.len() - MAX_NOTES) as u64, "more gap"));
    }
}
