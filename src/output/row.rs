//! One exchange as scripts read it: `corscope/1`, type `exchange`.
//!
//! A frozen form of its own, so that the model may change. Fields are added, never renamed.
//!
//! Must not: leave out a field; absent knowledge is `null`.

use std::borrow::Cow;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::model::{
    BlockReason, Exchange, Finding, Headers, Judgement, LogTime, ModeVerdict, Phase, Place, Places,
    RequestId, Severity, Text,
};
use crate::output::redact::Redaction;

/// An exchange with its verdict and its findings. Borrows what the exchange holds; it is written at
/// once, for the exchange is let go.
#[derive(Debug, Serialize)]
pub struct ExchangeRow<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    request_id: Option<&'a str>,
    extended_request_id: Option<&'a str>,
    lambda_request_id: Option<&'a str>,
    trace_id: Option<Cow<'a, str>>,
    surface: &'static str,
    api: Option<Cow<'a, str>>,
    stage: Option<Cow<'a, str>>,
    started_at: Option<Stamp>,
    ended_at: Option<Stamp>,
    method: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    route: Option<Cow<'a, str>>,
    status: Option<u16>,
    origin: Option<Cow<'a, str>>,
    preflight: Option<bool>,
    request_headers: Option<HeaderList<'a>>,
    response_headers: Option<HeaderList<'a>>,
    response_headers_complete: bool,
    verdict: AppliedVerdict<'a>,
    verdicts: Verdicts<'a>,
    findings: Vec<FindingMark<'a>>,
    unseen: &'a [String],
    place: PlaceRow<'a>,
}

/// A time as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Stamp(pub LogTime);

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A header list as `[[name, value], ...]`. It is parsed once: that is what a row costs most.
#[derive(Debug)]
struct HeaderList<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    redaction: Redaction,
}

impl<'a> HeaderList<'a> {
    fn new(headers: Headers<'a>, redaction: Redaction) -> Option<Self> {
        headers.is_seen().then(|| Self { fields: headers.iter().collect(), redaction })
    }

    /// Fetch's *get*: the values of all fields of this name, combined.
    fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut fields = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let (_, first) = fields.next()?;
        Some(fields.fold(first.clone(), |all, (_, value)| Cow::Owned(format!("{all}, {value}"))))
    }
}

impl Serialize for HeaderList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pairs = serializer.serialize_seq(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            let value = self.redaction.header(name, Cow::Borrowed(value.as_ref()));
            pairs.serialize_element(&(name, value))?;
        }
        pairs.end()
    }
}

#[derive(Debug, Serialize)]
struct AppliedVerdict<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    phase: Option<&'static str>,
    detail: Option<Cow<'a, str>>,
    credentials: &'static str,
    credentials_assumed: bool,
}

#[derive(Debug, Serialize)]
struct Verdicts<'a> {
    omit: VerdictRow<'a>,
    include: VerdictRow<'a>,
}

#[derive(Debug, Serialize)]
struct VerdictRow<'a> {
    outcome: &'static str,
    reason: Option<&'static str>,
    detail: Option<Cow<'a, str>>,
    browsers: BrowsersRow,
}

#[derive(Debug, Serialize)]
struct BrowsersRow {
    chromium: &'static str,
    firefox: &'static str,
    safari: &'static str,
}

#[derive(Debug, Serialize)]
struct FindingMark<'a> {
    rule: &'a str,
    class: &'static str,
    kind: &'static str,
    severity: &'static str,
    impact: &'static str,
}

/// Where a line stands.
#[derive(Debug, Default, Serialize)]
pub struct PlaceRow<'a> {
    log_group: Option<&'a str>,
    log_stream: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u64>,
}

impl<'a> PlaceRow<'a> {
    /// A line of a place.
    pub fn new(place: &'a Place, line: u64) -> Self {
        Self {
            log_group: place.log_group.as_deref(),
            log_stream: place.log_stream.as_deref(),
            file: place.file.as_deref(),
            line: Some(line),
        }
    }
}

impl<'a> ExchangeRow<'a> {
    /// The row of an exchange. `findings` are those that are shown, with their severities.
    pub fn new(
        exchange: &'a Exchange,
        judgement: &'a Judgement,
        findings: impl Iterator<Item = (&'a Finding, Severity)>,
        places: &'a Places,
        redaction: Redaction,
    ) -> Self {
        let text = |which| exchange.text(which);
        let request = HeaderList::new(exchange.request_headers(), redaction);
        let response = exchange.response_headers();
        let asked = |name| request.as_ref().and_then(|list| list.get(name));
        let origin = asked("origin");
        let method = text(Text::Method);
        let is_whole = exchange.request_headers().is_complete();
        let preflight = match (method.as_deref(), asked("access-control-request-method")) {
            (None, _) => None,
            (Some("OPTIONS"), Some(_)) if origin.is_some() => Some(true),
            (Some("OPTIONS"), _) if !is_whole => None,
            (Some(_), _) => Some(false),
        };
        let place = exchange
            .position
            .or(exchange.end_position)
            .and_then(|position| Some(PlaceRow::new(places.get(position.place)?, position.line)));
        Self {
            kind: "exchange",
            request_id: exchange.request_id.as_ref().map(RequestId::as_str),
            extended_request_id: exchange.extended_request_id.as_ref().map(RequestId::as_str),
            lambda_request_id: exchange.lambda_request_id.as_ref().map(RequestId::as_str),
            trace_id: text(Text::TraceId),
            surface: exchange.surface.as_str(),
            api: text(Text::Api),
            stage: text(Text::Stage),
            started_at: exchange.started.map(Stamp),
            ended_at: exchange.ended.map(Stamp),
            method,
            path: text(Text::Path).map(|path| redaction.path(path)),
            route: text(Text::Route),
            status: exchange.status.seen(),
            origin: origin.map(|origin| redaction.text(origin)),
            preflight,
            request_headers: request,
            response_headers: HeaderList::new(response, redaction),
            response_headers_complete: response.is_complete(),
            verdict: AppliedVerdict::new(judgement, redaction),
            verdicts: Verdicts {
                omit: VerdictRow::new(&judgement.omit, redaction),
                include: VerdictRow::new(&judgement.include, redaction),
            },
            findings: findings.map(FindingMark::new).collect(),
            unseen: &judgement.unseen,
            place: place.unwrap_or_default(),
        }
    }
}

impl<'a> AppliedVerdict<'a> {
    fn new(judgement: &'a Judgement, redaction: Redaction) -> Self {
        let verdict = judgement.applying();
        Self {
            outcome: verdict.outcome.as_str(),
            reason: verdict.reason.map(BlockReason::as_str),
            phase: judgement.phase.map(Phase::as_str),
            detail: verdict.detail.as_deref().map(|detail| redaction.text(detail)),
            credentials: judgement.credentials.as_str(),
            credentials_assumed: judgement.credentials_assumed,
        }
    }
}

impl<'a> VerdictRow<'a> {
    fn new(verdict: &'a ModeVerdict, redaction: Redaction) -> Self {
        Self {
            outcome: verdict.outcome.as_str(),
            reason: verdict.reason.map(BlockReason::as_str),
            detail: verdict.detail.as_deref().map(|detail| redaction.text(detail)),
            browsers: BrowsersRow {
                chromium: verdict.browsers.chromium.as_str(),
                firefox: verdict.browsers.firefox.as_str(),
                safari: verdict.browsers.safari.as_str(),
            },
        }
    }
}

impl<'a> FindingMark<'a> {
    fn new((finding, severity): (&'a Finding, Severity)) -> Self {
        Self {
            rule: &finding.rule.id,
            class: finding.rule.class.as_str(),
            kind: finding.rule.kind.as_str(),
            severity: severity.as_str(),
            impact: finding.impact.as_str(),
        }
    }
}
