//! A problem in full: the cause, what it did to the browser, for whom, the proof, the fix.
//!
//! Must not: show a symptom as if it were the cause when the cause is known.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::{Confidence, EvidenceLine, Kind, LineKind, LogTime, Place};
use crate::output::human::Topic;
use crate::output::human::decision::sentence;
use crate::output::human::page::{GOOD, Page, style_of};
use crate::output::human::words::{clock, count, moment, route, span, times};
use crate::report::group::Group;

const MAX_SUBJECTS: usize = 4;
const MAX_PROOF: usize = 4;
const MAX_CANDIDATES: usize = 3;
/// Rows of the terminal for one line of the log.
const MAX_PROOF_ROWS: usize = 3;
/// A failure is what one came for.
const MAX_FAILURE_ROWS: usize = 5;

pub(crate) fn write(page: &mut Page<'_>, topic: &Topic<'_>) {
    let Some(lead) = topic.lead() else { return };
    head(page, topic, lead);
    console(page, topic);
    proof(page, topic);
    page.field("why", &lead.rule.why);
    page.styled_field(GOOD, "fix", &lead.rule.fix);
    candidates(page, lead);
    if lead.rule.kind == Kind::Cause && lead.confidence != Confidence::Confirmed {
        // The cause may be another one: then the symptom's own advice still holds.
        let symptom = topic.with_effects().find(|group| group.rule.kind == Kind::Symptom);
        if let Some(symptom) = symptom {
            page.field("or fix", &symptom.rule.fix);
        }
    }
    if let Some(id) = &lead.example.request_id {
        page.field("example", &format!("request {id}"));
    }
}

/// The same while it happens: what there is to know now; `explain` has the rest.
pub(crate) fn write_short(page: &mut Page<'_>, topic: &Topic<'_>) {
    let Some(lead) = topic.lead() else { return };
    head(page, topic, lead);
    let console = topic.with_effects().find_map(|group| group.example.console.as_ref());
    if let Some(text) = console.and_then(|console| console.chromium.as_deref()) {
        let text = page.settings.redaction.text(text);
        page.field("Chrome", &text);
    }
    proof(page, topic);
    page.styled_field(GOOD, "fix", &lead.rule.fix);
    if let Some(id) = &lead.example.request_id {
        page.field("example", &format!("request {id}"));
    }
}

/// What it is, and for whom.
fn head(page: &mut Page<'_>, topic: &Topic<'_>, lead: &Group) {
    page.blank();
    let heading = format!("{}  [{}{}]", lead.rule.title, lead.rule.id, doubt(lead));
    page.heading(&lead.severity.as_str().to_uppercase(), style_of(lead.severity), &heading);
    if let Some(detail) = &lead.example.detail {
        let detail = page.settings.redaction.text(detail.as_str());
        page.field("what", &detail);
    }
    for group in topic.with_effects().skip(1) {
        // Of two that are proven neither stands for the other.
        let both =
            lead.confidence == Confidence::Confirmed && group.confidence == Confidence::Confirmed;
        let label = match group.rule.kind {
            Kind::Cause if both => "and",
            Kind::Cause => "or",
            Kind::Symptom => "effect",
            Kind::Practice => "also",
        };
        let why = if label == "or" { reason_of_rank(lead, group) } else { "" };
        let ids = format!("[{}{}]", group.rule.id, doubt(group));
        page.field(label, &format!("{}  {ids}{why}", group.rule.title));
    }
    if let Some(text) = sentence(topic, page.settings.redaction) {
        page.field("browser", &text);
    }
    subjects(page, topic);
}

/// Why another cause stands behind the first one.
fn reason_of_rank(lead: &Group, other: &Group) -> &'static str {
    if other.confidence < lead.confidence {
        ": less sure"
    } else if other.severity < lead.severity {
        ": less severe"
    } else if other.rule.frequency < lead.rule.frequency {
        ": as sure, and met less often"
    } else {
        ": as sure"
    }
}

/// What these logs cannot tell from it, and how to tell. Where the first cause is proven, and
/// nothing refines it, there is nothing to add.
fn candidates(page: &mut Page<'_>, lead: &Group) {
    let names_any = !lead.rule.candidates.is_empty();
    let is_open = lead.rule.kind == Kind::Symptom || lead.confidence != Confidence::Confirmed;
    if !names_any && !is_open {
        return;
    }
    let mut label = "may be";
    for candidate in lead.candidates.iter().take(MAX_CANDIDATES) {
        let met = candidate.frequency.map(|it| format!(", {}", it.as_str())).unwrap_or_default();
        page.field(label, &format!("{}  [{}{met}]", candidate.title, candidate.id));
        label = "";
    }
    let more = lead.candidates.len().saturating_sub(MAX_CANDIDATES);
    if !lead.candidates.is_empty() {
        let more = if more > 0 { format!("{more} more; ") } else { String::new() };
        page.field("", &format!("{more}`corscope explain {}` says how to tell", lead.rule.id));
    }
    let is_open = lead.confidence != Confidence::Confirmed || !lead.candidates.is_empty();
    if let Some(confirm) = lead.rule.confirm_with.as_deref().filter(|_| is_open) {
        page.field("confirm", confirm);
    }
}

/// `, likely`; nothing where the logs prove it.
fn doubt(group: &Group) -> &'static str {
    match group.confidence {
        Confidence::Confirmed => "",
        Confidence::Likely => ", likely",
        Confidence::Possible => ", possible",
    }
}

/// For whom: route, origin, how often, from when to when.
fn subjects(page: &mut Page<'_>, topic: &Topic<'_>) {
    let mut label = "where";
    for group in topic.clusters.iter().take(MAX_SUBJECTS).filter_map(|cluster| cluster.first()) {
        page.field(label, &subject(page, group));
        label = "";
    }
    let rest = topic.clusters.get(MAX_SUBJECTS..).unwrap_or_default();
    let rest: Vec<&Group> = rest.iter().filter_map(|cluster| cluster.first()).collect();
    if !rest.is_empty() {
        let routes: BTreeSet<String> = rest.iter().map(|group| route(group)).collect();
        let origins: BTreeSet<&str> =
            rest.iter().filter_map(|group| group.origin.as_deref()).collect();
        let sum = rest.iter().map(|group| group.count).sum();
        let routes = count(routes.len() as u64, "route");
        let origins = count(origins.len() as u64, "origin");
        page.field("", &format!("and {} on {routes} from {origins}", times(sum)));
    }
}

pub(crate) fn subject(page: &Page<'_>, group: &Group) -> String {
    let mut text = route(group);
    if let Some(origin) = &group.origin {
        let _ = write!(text, " from {origin}");
    }
    let seen = if group.is_survey { count(group.count, "request") } else { times(group.count) };
    let _ = write!(text, ", {seen}");
    if let Some(span) = span(group.first_seen, group.last_seen, page.settings.zone) {
        let _ = write!(text, ", {span}");
    }
    page.settings.redaction.text(text).into_owned()
}

/// What the browsers printed, as one searches for it.
fn console(page: &mut Page<'_>, topic: &Topic<'_>) {
    let Some(console) = topic.with_effects().find_map(|group| group.example.console.as_ref())
    else {
        return;
    };
    let redaction = page.settings.redaction;
    let texts =
        [("Chrome", &console.chromium), ("Firefox", &console.firefox), ("Safari", &console.safari)];
    for (label, text) in texts {
        if let Some(text) = text {
            page.field(label, &redaction.text(text.as_str()));
        }
    }
}

/// The lines of the cause, else those of the symptom.
fn proof(page: &mut Page<'_>, topic: &Topic<'_>) {
    let lines = topic.groups().iter().map(|group| &group.example.evidence);
    let Some(lines) = lines.into_iter().find(|lines| !lines.is_empty()) else { return };
    let words = words(topic);
    let mut label = "proof";
    let mut day = None;
    for line in lines.iter().take(MAX_PROOF) {
        let time = line.time.map(|time| shown_time(page, time, &mut day));
        let text = without_id(topic, &line.text);
        let text = page.settings.redaction.text(text).into_owned();
        let head = [Some(place(&line.place, line.line)), time];
        let head: Vec<String> = head.into_iter().flatten().collect();
        page.place_field(label, &head.join("  "));
        let is_failure = matches!(
            line.kind,
            LineKind::Failure | LineKind::LambdaFailure | LineKind::GatewayResponse
        );
        let rows = if is_failure { MAX_FAILURE_ROWS } else { MAX_PROOF_ROWS };
        page.quote(&text, rows, &words);
        label = "";
    }
    let rest: &[EvidenceLine] = lines.get(MAX_PROOF..).unwrap_or_default();
    if !rest.is_empty() {
        page.field("", &format!("and {}", count(rest.len() as u64, "more line")));
    }
}

/// What the topic is about, as it may stand in a line: header names, the last part of a JSON path.
fn words(topic: &Topic<'_>) -> Vec<String> {
    let details = topic.groups().iter().filter_map(|group| group.example.detail.as_deref());
    let words = details.flat_map(|detail| detail.split([' ', ',', '.', ':', '$', '"']));
    words.filter(|word| word.len() > 3).map(str::to_lowercase).collect()
}

/// The line without the request id in front of it: the example's id is named once.
fn without_id<'a>(topic: &Topic<'_>, text: &'a str) -> &'a str {
    let id = topic.lead().and_then(|lead| lead.example.request_id);
    id.and_then(|id| text.strip_prefix('(')?.strip_prefix(id.as_str())?.strip_prefix(") "))
        .unwrap_or(text)
}

/// The date once, then the time only.
fn shown_time(page: &Page<'_>, time: LogTime, day: &mut Option<String>) -> String {
    let zone = page.settings.zone;
    let date = moment(time, zone).split(' ').next().unwrap_or_default().to_owned();
    let clock = clock(time, zone);
    if day.as_ref() == Some(&date) {
        return clock;
    }
    let text = format!("{date} {clock}");
    *day = Some(date);
    text
}

/// `file.log:17`, or log group and stream with the number of the event.
fn place(place: &Place, line: u64) -> String {
    match (place.file.as_deref(), place.log_group.as_deref(), place.log_stream.as_deref()) {
        (Some("-"), _, _) => format!("standard input:{line}"),
        (Some(file), _, _) => format!("{file}:{line}"),
        (None, Some(group), Some(stream)) => format!("{group} {stream} event {line}"),
        (None, Some(name), None) | (None, None, Some(name)) => format!("{name} event {line}"),
        (None, None, None) => format!("event {line}"),
    }
}
