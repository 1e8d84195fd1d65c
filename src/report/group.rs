//! A group: what one rule says about one route, method and origin, with one example that proves it.
//!
//! Must not: decide what is shown.

use std::borrow::Cow;
use std::rc::Rc;

use crate::model::end_key::{EndKey, KeptKey};
use crate::model::{
    BlockReason, Candidate, Confidence, Credentials, EvidenceLine, Exchange, Finding, Impact,
    Judgement, Kind, LineKind, LogTime, Outcome, Phase, Places, Position, Repeats, RequestId,
    RouteFinding, RouteSurvey, RuleText, Severity, Surface, Text,
};
use crate::report::settings::ConsoleTexts;

const MAX_EVIDENCE: usize = 6;
const MAX_EVIDENCE_BYTES: usize = 4096;

/// Findings of one rule that differ in nothing but the exchange. All texts but the rule's are from
/// logs: redact and escape them.
#[derive(Debug, Clone)]
pub struct Group {
    /// The rule.
    pub rule: Rc<RuleText>,
    /// The highest severity among its findings.
    pub severity: Severity,
    /// The highest confidence among its findings: one proof is enough for the defect to exist.
    pub confidence: Confidence,
    /// Whether browsers met it.
    pub impact: Impact,
    /// API id.
    pub api: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// The route as configured; where it is unknown, the shape of the path.
    pub route: Option<String>,
    /// The request's `Origin`.
    pub origin: Option<String>,
    /// Number of exchanges that it is about.
    pub count: u64,
    /// Number of findings.
    pub(crate) findings: u64,
    /// Number of findings that fail the run.
    pub(crate) failing: u64,
    /// Start of the earliest exchange.
    pub first_seen: Option<LogTime>,
    /// End of the latest exchange.
    pub last_seen: Option<LogTime>,
    /// For symptoms: the rules that made it so, sorted.
    pub caused_by: Vec<String>,
    /// For causes: the symptoms it made, sorted.
    pub explains: Vec<String>,
    /// For causes: other causes that stood on the same exchanges, sorted.
    pub(crate) together: Vec<String>,
    /// Whether it is about a whole route or API, and not about single exchanges.
    pub is_survey: bool,
    /// Stable across runs.
    pub fingerprint: String,
    /// Groups with the same number stand together, the cause first.
    pub cluster: usize,
    /// Whether it is about all routes of an API stage.
    pub is_api_wide: bool,
    /// What else may be behind it, most frequent first; `pipeline` adds them.
    pub candidates: Rc<[Candidate]>,
    /// The exchange that ended first.
    pub example: Example,
}

/// One exchange of a group.
#[derive(Debug, Clone, Default)]
pub struct Example {
    /// The gateway's request id, else Lambda's.
    pub request_id: Option<RequestId>,
    /// Which service answered.
    pub surface: Surface,
    /// Why Chromium blocks it, or would block it.
    pub reason: Option<BlockReason>,
    /// What is particular to it.
    pub detail: Option<String>,
    /// Status of the response.
    pub status: Option<u16>,
    /// What browsers print.
    pub console: Option<Console>,
    /// The log lines that prove the finding.
    pub evidence: Vec<EvidenceLine>,
    key: KeptKey,
}

/// What the three browsers print to the console.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Console {
    /// Chrome, Edge and relatives.
    pub chromium: Option<String>,
    /// Firefox.
    pub firefox: Option<String>,
    /// Safari.
    pub safari: Option<String>,
}

/// What must be known to write a console text.
#[derive(Debug, Clone)]
pub struct BlockedResponse<'a> {
    /// Why; `None` where the status alone proves the block.
    pub reason: Option<BlockReason>,
    /// Preflight or actual response.
    pub phase: Option<Phase>,
    /// The credentials mode that applies.
    pub credentials: Credentials,
    /// The request's `Origin`.
    pub origin: Cow<'a, str>,
    /// The whole URL where the host is logged, else the path.
    pub url: Cow<'a, str>,
    /// Method of the logged request; `OPTIONS` for a preflight.
    pub method: Option<Cow<'a, str>>,
    /// Status of the response.
    pub status: Option<u16>,
    /// The value, method or header name that the reason is about.
    pub detail: Option<&'a str>,
}

/// One exchange with everything said about it.
#[derive(Debug)]
pub(crate) struct Sighting<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) judgement: &'a Judgement,
    pub(crate) findings: &'a [Finding],
    pub(crate) places: &'a Places,
    pub(crate) key: EndKey<'a>,
}

/// What findings of one group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey<'a> {
    pub(crate) rule: &'a str,
    pub(crate) subject: Subject<'a>,
    pub(crate) impact: Impact,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) api: Option<&'a str>,
    pub(crate) stage: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    pub(crate) route: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
}

impl Group {
    /// A group without findings.
    pub(crate) fn new(rule: &Rc<RuleText>, key: &GroupKey<'_>) -> Self {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let of = key.subject;
        Self {
            rule: Rc::clone(rule),
            severity: Severity::Info,
            confidence: Confidence::Possible,
            impact: key.impact,
            api: own(of.api),
            stage: own(of.stage),
            method: own(of.method),
            route: own(of.route),
            origin: own(of.origin),
            count: 0,
            findings: 0,
            failing: 0,
            first_seen: None,
            last_seen: None,
            caused_by: Vec::new(),
            explains: Vec::new(),
            together: Vec::new(),
            is_survey: false,
            fingerprint: String::new(),
            cluster: 0,
            is_api_wide: false,
            candidates: Rc::from([]),
            example: Example::default(),
        }
    }

    pub(crate) fn key(&self) -> GroupKey<'_> {
        GroupKey { rule: &self.rule.id, subject: self.subject(), impact: self.impact }
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            api: self.api.as_deref(),
            stage: self.stage.as_deref(),
            method: self.method.as_deref(),
            route: self.route.as_deref(),
            origin: self.origin.as_deref(),
        }
    }

    /// Takes findings like one that it has.
    pub(crate) fn repeat(&mut self, repeats: &Repeats, fails: bool) {
        self.first_seen = earliest(self.first_seen, repeats.first_seen());
        self.last_seen = self.last_seen.max(repeats.last_seen());
        self.findings += repeats.count();
        self.failing += u64::from(fails) * repeats.count();
        self.count += repeats.count();
    }

    /// Takes an exchange whose finding it has counted, or will, for its example if it is the earliest.
    pub(crate) fn renew(&mut self, finding: &Finding, seen: &Sighting<'_>, console: ConsoleTexts) {
        if seen.key < self.example.key.as_key() {
            self.example = Example::new(finding, seen, console);
        }
    }

    /// Takes one more finding. Allocates only for a new link or a new example.
    pub(crate) fn add(
        &mut self,
        finding: &Finding,
        severity: Severity,
        seen: &Sighting<'_>,
        console: ConsoleTexts,
    ) {
        let (first, last) = (seen.exchange.started, seen.exchange.ended);
        self.severity = self.severity.max(severity);
        self.confidence = self.confidence.max(finding.confidence);
        self.first_seen = earliest(self.first_seen, first.or(last));
        self.last_seen = self.last_seen.max(last.or(first));
        for cause in &finding.caused_by {
            insert(&mut self.caused_by, cause);
        }
        if finding.rule.kind == Kind::Cause {
            let symptoms = seen.findings.iter().filter(|other| {
                other.caused_by.contains(&finding.rule.id) && other.rule.kind == Kind::Symptom
            });
            for symptom in symptoms {
                insert(&mut self.explains, &symptom.rule.id);
            }
            let others = seen.findings.iter().filter(|other| other.rule.kind == Kind::Cause);
            for other in others.filter(|other| other.rule.id != finding.rule.id) {
                insert(&mut self.together, &other.rule.id);
            }
        }
        if self.count == 0 || seen.key < self.example.key.as_key() {
            self.example = Example::new(finding, seen, console);
        }
        self.findings += 1;
        self.count += 1;
    }
}

impl Group {
    /// Takes what a rule says of a route.
    pub(crate) fn add_route(
        &mut self,
        found: &RouteFinding,
        severity: Severity,
        survey: &RouteSurvey,
    ) {
        let finding = &found.finding;
        self.severity = self.severity.max(severity);
        self.confidence = self.confidence.max(finding.confidence);
        self.first_seen = earliest(self.first_seen, survey.first_seen);
        self.last_seen = self.last_seen.max(survey.last_seen);
        self.findings += 1;
        self.is_survey = true;
        self.is_api_wide = survey.path.is_none();
        self.count += found.count.max(1);
        let examples = || {
            let examples =
                found.roles.iter().filter_map(|role| survey.examples.get(*role as usize));
            examples.flatten()
        };
        let mut evidence: Vec<EvidenceLine> = Vec::new();
        for line in examples().flat_map(|example| &example.lines) {
            if evidence.len() < MAX_EVIDENCE && !evidence.contains(line) {
                evidence.push(line.clone());
            }
        }
        self.example = Example {
            request_id: examples().find_map(|example| example.request_id),
            detail: finding.detail.clone(),
            evidence,
            ..Example::default()
        };
    }
}

impl Example {
    /// When its exchange ended.
    pub(crate) fn ended(&self) -> Option<LogTime> {
        self.key.as_key().ended
    }

    fn new(finding: &Finding, seen: &Sighting<'_>, console: ConsoleTexts) -> Self {
        let verdict = seen.judgement.applying();
        let blocked = match (finding.impact, finding.rule.kind) {
            (Impact::Observed, Kind::Symptom | Kind::Cause) => blocked_response(seen),
            (Impact::Observed, Kind::Practice) | (Impact::Latent, _) => None,
        };
        let reason = match finding.impact {
            Impact::Observed => verdict.reason,
            Impact::Latent => seen.judgement.latent,
        };
        Self {
            request_id: seen.key.request_id,
            surface: seen.exchange.surface,
            reason: reason.filter(|_| finding.rule.kind != Kind::Practice),
            detail: finding.detail.clone(),
            status: seen.exchange.status.seen(),
            console: blocked.and_then(|blocked| console(&blocked)),
            evidence: evidence(finding, seen),
            key: KeptKey::new(&seen.key),
        }
    }
}

pub(crate) fn earliest(one: Option<LogTime>, other: Option<LogTime>) -> Option<LogTime> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn insert(sorted: &mut Vec<String>, text: &str) {
    if let Err(at) = sorted.binary_search_by(|known| known.as_str().cmp(text)) {
        sorted.insert(at, text.to_owned());
    }
}

fn blocked_response<'a>(seen: &Sighting<'a>) -> Option<BlockedResponse<'a>> {
    let verdict = seen.judgement.applying();
    let origin = seen.exchange.request_headers().get("origin").seen()?;
    (verdict.outcome == Outcome::Blocked).then(|| BlockedResponse {
        reason: verdict.reason,
        phase: seen.judgement.phase,
        credentials: seen.judgement.credentials,
        origin,
        url: url(seen.exchange),
        method: seen.exchange.text(Text::Method),
        status: seen.exchange.status.seen(),
        detail: verdict.detail.as_deref(),
    })
}

fn url(exchange: &Exchange) -> Cow<'_, str> {
    if let Some(har) = &exchange.har {
        return Cow::Borrowed(&har.url);
    }
    let path = exchange.text(Text::Path).unwrap_or(Cow::Borrowed("/"));
    let Some(host) = exchange.request_headers().get("host").seen() else { return path };
    // Execution logs leave the stage out of the path; only AWS's own host names have it there.
    let stage = exchange.text(Text::Stage).filter(|stage| {
        host.contains(".execute-api.")
            && *stage != "$default"
            && path.strip_prefix('/').and_then(|path| path.split('/').next()) != Some(&**stage)
    });
    Cow::Owned(match stage {
        Some(stage) => format!("https://{host}/{stage}{path}"),
        None => format!("https://{host}{path}"),
    })
}

/// The lines that the finding's condition looked at, in the order of their times.
fn evidence(finding: &Finding, seen: &Sighting<'_>) -> Vec<EvidenceLine> {
    let exchange = seen.exchange;
    let is_evidence = |kind: LineKind| finding.evidence.contains(&kind);
    let own = exchange.lines().iter().filter(|line| is_evidence(line.kind));
    let own = own.map(|line| (line.kind, line.time, line.position, exchange.line_text(line)));
    let run = exchange.invocation.iter().flat_map(|run| &run.lines);
    let run = run.filter(|line| is_evidence(line.kind));
    let run =
        run.map(|line| (line.kind, line.time, line.position, Cow::from(line.text.as_bytes())));
    let mut lines: Vec<_> = own.chain(run).take(4 * MAX_EVIDENCE).collect();
    // Lines of one place and one time stay in the order of the log.
    let place = |position: Position| seen.places.get(position.place);
    lines.sort_by(|(_, one_time, one, _), (_, other_time, other, _)| {
        one_time.cmp(other_time).then_with(|| place(*one).cmp(&place(*other)))
    });
    // A line may be kept for two reasons, or read twice.
    let mut shown = Vec::new();
    lines.retain(|(_, _, position, _)| {
        let is_new = !shown.contains(position);
        shown.push(*position);
        is_new
    });
    lines.truncate(MAX_EVIDENCE);
    lines
        .into_iter()
        .map(|(kind, time, position, text)| {
            EvidenceLine::new(kind, time, (position, seen.places), &text, MAX_EVIDENCE_BYTES)
        })
        .collect()
}
