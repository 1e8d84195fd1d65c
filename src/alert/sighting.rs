//! From the report of one run to what alerts are about: redacted, and with what it takes to act.
//!
//! Must not: decide what is told.

use std::collections::BTreeMap;

use crate::alert::event::{AlertEvent, EventKind};
use crate::model::{Kind, LogTime, RequestId, Severity};
use crate::output::contract::SCHEMA;
use crate::output::redact::Redaction;
use crate::report::Report;
use crate::report::group::{Group, Subject};

/// Log lines that prove it, and how long each may be.
const MOST_LINES: usize = 3;
const LONGEST: usize = 400;
/// Names, routes and origins: browsers send no longer ones, attackers do.
const LONGEST_NAME: usize = 300;

/// One finding of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// What there is to say: counts are those of the run, and there is no key yet.
    pub event: AlertEvent,
    /// Whether it stands beside the cause that made it, which is the one that is told.
    pub is_effect: bool,
}

/// What a run knows beside its report.
pub struct Known<'a> {
    /// The time of the run.
    pub at: LogTime,
    /// Findings below it raise no alert; `None`: none does.
    pub threshold: Option<Severity>,
    /// Whether secrets are taken out.
    pub redaction: Redaction,
    /// Browsers' requests on the route of a group in this run, where they are known.
    pub requests: &'a dyn Fn(&Group) -> Option<u64>,
    /// A command line that shows more of a group.
    pub command: &'a dyn Fn(&Group) -> String,
}

impl Sighting {
    /// What a report has that alerts are about, in its order; each fingerprint once.
    pub fn of(report: &Report, known: &Known<'_>) -> Vec<Self> {
        let Some(threshold) = known.threshold else { return Vec::new() };
        let failing = report.groups.iter().filter(|group| group.severity >= threshold);
        let mut sightings: Vec<Self> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut leads: BTreeMap<usize, &Group> = BTreeMap::new();
        for group in failing {
            let lead = *leads.entry(group.cluster).or_insert(group);
            let is_effect = !std::ptr::eq(lead, group) || is_made(group, report, threshold);
            // What browsers met and what they would meet is one alert.
            if let Some(sighting) = places.get(group.fingerprint.as_str()).copied()
                && let Some(sighting) = sightings.get_mut(sighting)
            {
                sighting.event.count += group.count;
                sighting.is_effect &= is_effect;
                continue;
            }
            places.insert(&group.fingerprint, sightings.len());
            sightings.push(Self { event: event(group, report, known), is_effect });
        }
        sightings
    }
}

/// Whether the cause that made it is an alert of its own.
fn is_made(group: &Group, report: &Report, threshold: Severity) -> bool {
    report.groups.iter().any(|cause| {
        cause.severity >= threshold
            && cause.rule.kind == Kind::Cause
            && group.caused_by.contains(&cause.rule.id)
            && cause.subject() == group.subject()
    })
}

/// The symptom that a cause made.
fn effect<'a>(cause: &Group, report: &'a Report) -> Option<&'a Group> {
    let of: Subject<'_> = cause.subject();
    report.groups.iter().find(|group| {
        group.rule.kind == Kind::Symptom
            && cause.explains.contains(&group.rule.id)
            && group.subject() == of
    })
}

fn event(group: &Group, report: &Report, known: &Known<'_>) -> AlertEvent {
    let text = |text: &str, longest| cut(&known.redaction.text(text), longest);
    let name = |value: &Option<String>| value.as_deref().map(|value| text(value, LONGEST_NAME));
    let example = &group.example;
    let effect = effect(group, report);
    let reason = example.reason.or_else(|| effect.and_then(|effect| effect.example.reason));
    let evidence = example.evidence.iter().take(MOST_LINES);
    AlertEvent {
        schema: SCHEMA.to_owned(),
        r#type: "alert".to_owned(),
        event: EventKind::New,
        key: String::new(),
        fingerprint: group.fingerprint.clone(),
        rule: group.rule.id.clone(),
        class: group.rule.class.as_str().to_owned(),
        kind: group.rule.kind,
        severity: group.severity,
        confidence: group.confidence,
        impact: group.impact,
        title: group.rule.title.clone(),
        why: group.rule.why.clone(),
        fix: group.rule.fix.clone(),
        effect: effect.map(|effect| effect.rule.title.clone()),
        explains: group.explains.clone(),
        api: name(&group.api),
        stage: name(&group.stage),
        method: name(&group.method),
        route: name(&group.route),
        origin: name(&group.origin),
        detail: example.detail.as_deref().map(|detail| text(detail, LONGEST)),
        status: example.status,
        reason: reason.map(|reason| reason.as_str().to_owned()),
        request_id: example.request_id.as_ref().map(RequestId::as_str).map(str::to_owned),
        evidence: evidence.map(|line| text(&line.text, LONGEST)).collect(),
        since: group.first_seen,
        last_seen: group.last_seen.or(group.first_seen),
        at: known.at,
        count: group.count,
        more: group.count,
        requests: (known.requests)(group),
        held_back: 0,
        is_flapping: false,
        openings: 0,
        is_complete: true,
        command: (known.command)(group),
    }
}

/// At most so many characters, with a mark where something is missing. Text is cut behind redaction,
/// so that no half of a secret is left.
fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
