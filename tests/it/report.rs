//! Reports of hand-built exchanges: grouping, order, thresholds, and that reading order is nothing.

use std::rc::Rc;

use corscope::model::{
    BlockReason, Browsers, Class, Confidence, Credentials, Exchange, Fact, Finding, Impact,
    Judgement, Kind, Ledger, LineKind, LogEvent, LogTime, ModeVerdict, Outcome, Phase, Place,
    Places, Position, RequestId, RuleText, Severity, Text,
};
use corscope::report::builder::ReportBuilder;
use corscope::report::group::Console;
use corscope::report::settings::{Glob, ReportSettings};
use corscope::report::{Reading, Report};
use proptest::prelude::*;

pub(crate) const SYMPTOM: &str = "lambda-proxy-missing-acao";
pub(crate) const CAUSE: &str = "lambda-proxy-malformed";
pub(crate) const PRACTICE: &str = "wildcard-origin";

/// What an exchange of these tests is made of.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) id: u32,
    pub(crate) path: String,
    pub(crate) origin: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) rules: Vec<&'static str>,
    pub(crate) header: (String, String),
    pub(crate) failure: String,
}

impl Made {
    pub(crate) fn new(id: u32, rules: &[&'static str]) -> Self {
        Self {
            id,
            path: format!("/orders/{id}"),
            origin: Some("https://app.example.com".into()),
            outcome: Outcome::Blocked,
            rules: rules.to_vec(),
            header: ("Accept".into(), "*/*".into()),
            failure: "Execution failed due to configuration error: Malformed Lambda proxy response"
                .into(),
        }
    }

    /// Seen from another origin.
    pub(crate) fn from(mut self, origin: &str) -> Self {
        self.origin = Some(origin.to_owned());
        self
    }

    /// Seen without an origin.
    fn without_origin(mut self) -> Self {
        self.origin = None;
        self.outcome = Outcome::NotCors;
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    fn impact(&self) -> Impact {
        if self.origin.is_some() { Impact::Observed } else { Impact::Latent }
    }

    pub(crate) fn exchange(&self, places: &mut Places) -> Exchange {
        let file = Some(format!("logs/{}.gz", self.id % 3));
        let place = places.intern(&Place { file, ..Place::default() });
        let line = u64::from(self.id) * 10;
        let start = 1_496_671_067_000 + i64::from(self.id) * 1000;
        let mut exchange = Exchange::default();
        exchange.request_id = RequestId::parse(format!("request-{}", self.id).as_bytes());
        exchange.started = Some(LogTime(start));
        exchange.ended = Some(LogTime(start + 21));
        exchange.position = Some(Position { place, line });
        exchange.end_position = Some(Position { place, line: line + 3 });
        exchange.status = Fact::Seen(502);
        exchange.is_complete = true;
        exchange.set_text(Text::Api, b"oo8kadh853");
        exchange.set_text(Text::Stage, b"prod");
        exchange.set_text(Text::Method, b"GET");
        exchange.set_text(Text::Path, self.path.as_bytes());
        let mut keep = |kind, offset: u64, label: &str, payload: &str| {
            let message = format!("(request-{}) {label}{payload}", self.id);
            let time = LogTime(start + i64::try_from(offset).unwrap_or(0));
            let position = Position { place, line: line + offset };
            let message = message.as_bytes();
            let event = LogEvent { time: Some(time), ingested: None, position, message };
            exchange.keep(kind, &event, payload.as_bytes());
        };
        let (name, value) = &self.header;
        let origin = self.origin.as_ref().map(|origin| format!(", Origin={origin}"));
        let headers =
            format!("{{{name}={value}, Host=api.example.com{}}}", origin.unwrap_or_default());
        keep(LineKind::RequestHeaders, 1, "Method request headers: ", &headers);
        keep(LineKind::Failure, 2, "", &self.failure);
        exchange
    }

    pub(crate) fn judgement(&self) -> Judgement {
        let outcome = self.outcome;
        let is_blocked = outcome == Outcome::Blocked;
        let verdict = ModeVerdict {
            outcome,
            reason: is_blocked.then_some(BlockReason::MissingAllowOriginHeader),
            detail: None,
            browsers: Browsers { chromium: outcome, firefox: outcome, safari: outcome },
        };
        let unseen = match outcome {
            Outcome::Undetermined => vec!["response.headers".to_owned()],
            Outcome::NotCors | Outcome::Allowed | Outcome::Blocked => Vec::new(),
        };
        Judgement {
            phase: Some(Phase::Actual),
            credentials: Credentials::Omit,
            credentials_assumed: true,
            omit: verdict.clone(),
            include: verdict,
            latent: None,
            unseen,
        }
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        let has_cause = self.rules.contains(&CAUSE);
        self.rules
            .iter()
            .map(|id| {
                let rule = rule(id);
                let caused_by = match rule.kind {
                    Kind::Symptom if has_cause => vec![CAUSE.to_owned()],
                    Kind::Symptom | Kind::Cause | Kind::Practice => Vec::new(),
                };
                let severity =
                    if rule.kind == Kind::Practice { Severity::Warning } else { Severity::Error };
                let severity = if self.origin.is_some() { severity } else { severity.lowered() };
                Finding {
                    severity,
                    confidence: Confidence::Confirmed,
                    impact: self.impact(),
                    detail: (rule.kind == Kind::Cause).then(|| "$.body is an object".to_owned()),
                    caused_by,
                    evidence: vec![LineKind::RequestHeaders, LineKind::Failure],
                    rule,
                }
            })
            .collect()
    }
}

fn rule(id: &str) -> Rc<RuleText> {
    let (class, kind, title, why, fix) = match id {
        CAUSE => (
            Class::MalformedProxyResponse,
            Kind::Cause,
            "The function returned a response that the gateway rejects",
            "The gateway answered 502 in its place, and its own answers carry no CORS headers.",
            "Return `body` as a string: JSON.stringify(...) in Node, json.dumps(...) in Python.",
        ),
        PRACTICE => (
            Class::WildcardOrigin,
            Kind::Practice,
            "Any origin may read the response",
            "The response says `*`.",
            "Name the origins that need it.",
        ),
        _ => (
            Class::MissingAllowOrigin,
            Kind::Symptom,
            "The response has no Access-Control-Allow-Origin header",
            "Without it no page of another origin may read the response.",
            "Return Access-Control-Allow-Origin on every path.",
        ),
    };
    Rc::new(RuleText {
        id: id.to_owned(),
        class,
        kind,
        title: title.to_owned(),
        why: why.to_owned(),
        fix: fix.to_owned(),
        explains: Vec::new(),
        references: Vec::new(),
        frequency: None,
        confirm_with: None,
        candidates: Vec::new(),
    })
}

pub(crate) fn settings() -> ReportSettings {
    ReportSettings {
        console: |blocked| {
            Some(Console {
                chromium: Some(format!(
                    "Access to fetch at '{}' from origin '{}' has been blocked by CORS policy: No \
                     'Access-Control-Allow-Origin' header is present on the requested resource.",
                    blocked.url, blocked.origin,
                )),
                firefox: Some("Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource.".into()),
                safari: Some(format!("Origin {} is not allowed.", blocked.origin)),
            })
        },
        ..ReportSettings::default()
    }
}

pub(crate) fn ledger(exchanges: &[Made]) -> Ledger {
    let events = exchanges.len() as u64 * 4;
    Ledger {
        events,
        bytes: events * 120,
        from: exchanges.first().map(|made| LogTime(1_496_671_067_000 + i64::from(made.id) * 1000)),
        ..Ledger::default()
    }
}

pub(crate) fn report(exchanges: &[Made], settings: ReportSettings) -> Report {
    let mut places = Places::default();
    let mut builder = ReportBuilder::new(settings);
    for made in exchanges {
        let exchange = made.exchange(&mut places);
        builder.add(&exchange, &made.judgement(), &made.findings(), &places);
    }
    builder.finish(ledger(exchanges))
}

fn rules(report: &Report) -> Vec<&str> {
    report.groups.iter().map(|group| group.rule.id.as_str()).collect()
}

#[test]
fn ids_in_paths_do_not_make_groups() {
    let report = report(&[Made::new(1, &[SYMPTOM]), Made::new(2, &[SYMPTOM])], settings());
    assert_eq!(report.groups.len(), 1);
    let group = &report.groups[0];
    assert_eq!((group.route.as_deref(), group.count), (Some("/orders/{id}"), 2));
    assert_eq!(group.first_seen, Some(LogTime(1_496_671_068_000)));
    assert_eq!(group.last_seen, Some(LogTime(1_496_671_069_021)));
}

#[test]
fn the_cause_leads_and_the_worst_comes_first() {
    let other = Made::new(3, &[SYMPTOM, CAUSE]).from("https://b.example");
    let practice = Made::new(1, &[PRACTICE]);
    let latent = Made { rules: vec![SYMPTOM], ..Made::new(2, &[]) }.without_origin();
    let report = report(&[practice, latent, other], settings());
    assert_eq!(rules(&report), [CAUSE, SYMPTOM, PRACTICE, SYMPTOM]);
    assert_eq!(report.groups[0].explains, [SYMPTOM]);
    assert_eq!(report.groups[1].caused_by, [CAUSE]);
    assert_eq!(report.groups[0].cluster, report.groups[1].cluster);
    assert_eq!(report.groups[3].impact, Impact::Latent);
}

#[test]
fn healthy_exchanges_change_counters_only() {
    let allowed = Made::new(1, &[]).with_outcome(Outcome::Allowed);
    let blind = Made::new(2, &[]).with_outcome(Outcome::Undetermined);
    let report = report(&[allowed, blind], settings());
    assert!(report.groups.is_empty());
    assert_eq!(report.summary.outcomes.allowed, 1);
    assert_eq!(report.summary.browser_requests, 2);
    assert_eq!(report.summary.unseen, [("response.headers".to_owned(), 1)]);
    assert_eq!((report.ledger.exchanges, report.ledger.undetermined), (2, 1));
    assert_eq!(report.reading(), Reading::Whole);
}

#[test]
fn thresholds_hide_but_count() {
    let hidden = ReportSettings {
        min_severity: Severity::Error,
        fail_on: Some(Severity::Warning),
        ..settings()
    };
    let report = report(&[Made::new(1, &[PRACTICE])], hidden);
    assert!(report.groups.is_empty());
    assert_eq!((report.summary.hidden, report.summary.failing), (1, 1));
}

#[test]
fn rules_can_be_disabled_and_raised() {
    let own = ReportSettings {
        disabled: vec![SYMPTOM.into()],
        severities: vec![(PRACTICE.into(), Severity::Error)],
        ..settings()
    };
    let report = report(&[Made::new(1, &[SYMPTOM, PRACTICE])], own);
    assert_eq!(rules(&report), [PRACTICE]);
    assert_eq!((report.summary.disabled, report.summary.failing), (1, 1));
}

#[test]
fn refusing_an_origin_that_should_not_work_is_no_failure() {
    let own = ReportSettings {
        allowed_origins: vec![Glob::new("https://app.example.com")],
        ..settings()
    };
    let evil = Made::new(1, &[SYMPTOM]).from("https://evil.example");
    let report = report(&[evil, Made::new(2, &[SYMPTOM])], own);
    assert_eq!(report.groups.len(), 1);
    assert_eq!(report.groups[0].origin.as_deref(), Some("https://app.example.com"));
    assert_eq!((report.summary.refused_as_intended, report.summary.failing), (1, 1));
}

#[test]
fn too_many_groups_are_summed_up_by_rule() {
    let own = ReportSettings { max_groups: 2, ..settings() };
    let made: Vec<Made> = (0..10)
        .map(|id| Made {
            path: format!("/word{}", "x".repeat(id as usize)),
            ..Made::new(id, &[SYMPTOM])
        })
        .collect();
    let report = report(&made, own);
    assert_eq!(report.groups.len(), 3);
    assert_eq!(report.groups.iter().map(|group| group.count).sum::<u64>(), 10);
    assert_eq!((report.summary.folded, report.summary.dropped), (8, 0));
    assert_eq!(report.groups[0].route, None);
}

#[test]
fn fingerprints_do_not_change() {
    let report = report(&[Made::new(1, &[SYMPTOM])], settings());
    assert_eq!(report.groups[0].fingerprint, "3a7fe460de58fcab9195131c96302f47");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_reading_order_does_not_matter(
        order in Just((0..8_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let made = |id: &u32| {
            let rules: &[&'static str] = match id % 4 {
                0 => &[SYMPTOM, CAUSE],
                1 => &[SYMPTOM],
                2 => &[PRACTICE],
                _ => &[CAUSE],
            };
            Made::new(*id, rules).from(if id.is_multiple_of(2) { "https://a.example" } else { "https://b.example" })
        };
        let one = report(&(0..8).map(|id| made(&id)).collect::<Vec<_>>(), settings());
        let other = report(&order.iter().map(made).collect::<Vec<_>>(), settings());
        prop_assert_eq!(format!("{:?}", one.groups), format!("{:?}", other.groups));
        prop_assert_eq!(one.summary, other.summary);
    }
}
