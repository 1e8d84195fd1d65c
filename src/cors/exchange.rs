//! The verdict on an exchange from logs: which requests CORS applies to, and what was not seen.
//!
//! Must not: take the unseen for absent, or explain.

use std::borrow::Cow;

use url::Url;

use crate::cors::check::wrong_for_every_origin;
use crate::cors::decision::{Decision, in_phase};
use crate::cors::engine::Engine;
use crate::cors::header_list::TokenList;
use crate::cors::origin::is_same_origin;
use crate::cors::preflight::{Question, STATUS_FACT, check_preflight};
use crate::cors::redirect::{check_actual, is_redirect_status};
use crate::cors::response::Response;
use crate::model::headers::lossy;
use crate::model::{
    BlockReason, Browsers, Credentials, Exchange, Fact, Headers, Judgement, ModeVerdict, Outcome,
    Phase, Surface, Text,
};

const ORIGIN_FACT: &str = "request.header.origin";
const METHOD_FACT: &str = "request.method";
const REQUEST_METHOD_FACT: &str = "request.header.access-control-request-method";
const RESPONSE_HEADERS_FACT: &str = "response.headers";
const STORED_RESPONSE_FACT: &str = "stored_response.headers";

/// What browsers did with an exchange, under both credentials modes.
pub fn judge(exchange: &Exchange) -> Judgement {
    let request = Request::read(exchange);
    let method = exchange.method();
    let phase = match (&method, &request.origin, &request.preflight_method) {
        (Fact::Seen(method), Fact::Seen(_), Fact::Seen(_)) if method == "OPTIONS" => {
            Some(Phase::Preflight)
        }
        (Fact::Seen(method), _, Fact::Unseen) if method == "OPTIONS" => None,
        (Fact::Seen(_), _, _) => Some(Phase::Actual),
        (Fact::Absent | Fact::Unseen, _, _) => None,
    };
    let has_cookie = request.cookie;
    let credentials = if has_cookie { Credentials::Include } else { Credentials::Omit };
    let judgement = |omit, include, latent, unseen| Judgement {
        phase,
        credentials,
        credentials_assumed: !has_cookie,
        omit,
        include,
        latent,
        unseen,
    };
    let not_cors = |latent| {
        let verdict = verdict_of(Outcome::NotCors);
        judgement(verdict.clone(), verdict, latent, Vec::new())
    };
    if exchange.surface == Surface::WebSocket || request.is_outside_cors(exchange) {
        return not_cors(None);
    }
    let origin = match &request.origin {
        Fact::Seen(origin) => origin.as_ref(),
        Fact::Absent => return not_cors(latent(exchange, &method)),
        Fact::Unseen => {
            let verdict = verdict_of(Outcome::Undetermined);
            let mut unseen = vec![ORIGIN_FACT.to_owned()];
            note_unseen(exchange, &mut unseen);
            // Whoever asked: what no origin may read is known without it.
            let latent =
                latent(exchange, &method).filter(|_| !exchange.request_headers().is_seen());
            return judgement(verdict.clone(), verdict, latent, unseen);
        }
    };
    let Some(phase) = phase else {
        let verdict = verdict_of(Outcome::Undetermined);
        let fact = if method.is_unseen() { METHOD_FACT } else { REQUEST_METHOD_FACT };
        return judgement(verdict.clone(), verdict, None, vec![fact.to_owned()]);
    };
    let headers = exchange.response_headers();
    let case = Case {
        origin,
        phase,
        request_method: request.preflight_method.as_ref().seen().map_or("", |method| method),
        request_headers: request.preflight_headers.clone(),
        response: Response::from_headers(exchange.status, &headers),
        any_header_seen: headers.is_seen(),
        base: base_url(exchange, &request),
    };
    // HTTP-network-or-cache fetch, revalidation: a 304 freshens the stored response, and the CORS
    // check looks at that one's headers; only what the 304 itself says of them replaces them.
    let freshens = exchange.status == Fact::Seen(304)
        && request.conditional
        && matches!(case.response.allow_origin, Fact::Absent);
    if freshens {
        let verdict = verdict_of(Outcome::Undetermined);
        return judgement(verdict.clone(), verdict, None, vec![STORED_RESPONSE_FACT.to_owned()]);
    }
    let mut unseen = Vec::new();
    let omit = case.verdict(Credentials::Omit, &mut unseen);
    let include = case.verdict(Credentials::Include, &mut unseen);
    judgement(omit, include, None, unseen)
}

fn note_unseen(exchange: &Exchange, unseen: &mut Vec<String>) {
    if exchange.method().is_unseen() {
        unseen.push(METHOD_FACT.to_owned());
    }
    if !exchange.response_headers().is_seen() {
        unseen.push(RESPONSE_HEADERS_FACT.to_owned());
    }
}

/// What the verdict needs of the request's headers, read in one pass.
#[derive(Debug, Default)]
struct Request<'a> {
    origin: Fact<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    proto: Option<Cow<'a, str>>,
    fetch_mode: Option<Cow<'a, str>>,
    fetch_site: Option<Cow<'a, str>>,
    preflight_method: Fact<Cow<'a, str>>,
    preflight_headers: Fact<Cow<'a, str>>,
    cookie: bool,
    conditional: bool,
}

impl<'a> Request<'a> {
    fn read(exchange: &'a Exchange) -> Self {
        let headers: Headers<'a> = exchange.request_headers();
        let mut request = Self::default();
        for (name, value) in headers.raw() {
            request.take(name, value);
        }
        if headers.is_complete() {
            let slots = [
                &mut request.origin,
                &mut request.preflight_method,
                &mut request.preflight_headers,
            ];
            for slot in slots {
                if slot.is_unseen() {
                    *slot = Fact::Absent;
                }
            }
        }
        request
    }

    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match name.len() {
            4 if is("Host") => self.host = Some(lossy(value)),
            6 if is("Origin") => self.origin = Fact::Seen(lossy(value)),
            6 if is("Cookie") => self.cookie = true,
            13 if is("If-None-Match") => self.conditional = true,
            17 if is("If-Modified-Since") => self.conditional = true,
            14 if is("Sec-Fetch-Mode") => self.fetch_mode = Some(lossy(value)),
            14 if is("Sec-Fetch-Site") => self.fetch_site = Some(lossy(value)),
            17 if is("X-Forwarded-Proto") => self.proto = Some(lossy(value)),
            29 if is("Access-Control-Request-Method") => {
                self.preflight_method = Fact::Seen(lossy(value));
            }
            30 if is("Access-Control-Request-Headers") => {
                let value = lossy(value);
                self.preflight_headers = Fact::Seen(match &self.preflight_headers {
                    Fact::Seen(first) => Cow::Owned(format!("{first}, {value}")),
                    Fact::Absent | Fact::Unseen => value,
                });
            }
            _ => {}
        }
    }

    /// Whether the page cannot be blocked by CORS: the browser itself says so
    /// (<https://w3c.github.io/webappsec-fetch-metadata/>), or the page's origin is the server's.
    fn is_outside_cors(&self, exchange: &Exchange) -> bool {
        let other_mode = self.fetch_mode.as_deref().is_some_and(|mode| mode != "cors");
        let same_site = matches!(self.fetch_site.as_deref(), Some("same-origin" | "none"));
        other_mode || same_site || self.is_same_origin(exchange)
    }

    fn is_same_origin(&self, exchange: &Exchange) -> bool {
        let Fact::Seen(origin) = &self.origin else { return false };
        if let Some(har) = &exchange.har {
            return Url::parse(&har.url)
                .is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        }
        let proto = self.proto.as_deref().unwrap_or("https");
        let scheme = proto.split(',').next().unwrap_or(proto).trim();
        self.host.as_deref().is_some_and(|host| is_same_origin(origin, scheme, host))
    }
}

/// The URL that answered; relative locations need it, so it is made for redirects only.
fn base_url(exchange: &Exchange, request: &Request<'_>) -> Option<Url> {
    exchange.status.seen().filter(|status| is_redirect_status(*status))?;
    if let Some(har) = &exchange.har {
        return Url::parse(&har.url).ok();
    }
    let host = request.host.as_deref().unwrap_or("unseen.invalid");
    let path = exchange.text(Text::Path).unwrap_or(Cow::Borrowed("/"));
    Url::parse(&format!("https://{host}{path}")).ok()
}

/// A CORS request and what is seen of its response.
struct Case<'a> {
    origin: &'a str,
    phase: Phase,
    request_method: &'a str,
    request_headers: Fact<Cow<'a, str>>,
    response: Response<'a>,
    any_header_seen: bool,
    base: Option<Url>,
}

impl Case<'_> {
    fn verdict(&self, credentials: Credentials, unseen: &mut Vec<String>) -> ModeVerdict {
        let question = Question {
            origin: self.origin,
            method: self.request_method,
            headers: self.request_headers.clone(),
            credentials,
        };
        let decide = |engine| match self.phase {
            Phase::Preflight => check_preflight(engine, &self.response, &question),
            Phase::Actual => {
                let base = self.base.as_ref();
                check_actual(engine, &self.response, self.origin, credentials, base)
            }
        };
        let chromium = decide(Engine::Chromium);
        let browsers = Browsers {
            chromium: self.outcome(&chromium),
            firefox: self.outcome(&decide(Engine::Firefox)),
            safari: self.outcome(&decide(Engine::WebKit)),
        };
        let outcome = browsers.chromium;
        match chromium {
            Decision::Allowed => ModeVerdict { outcome, reason: None, detail: None, browsers },
            Decision::Blocked { reason, detail } => {
                let detail = (!detail.is_empty()).then(|| detail.into_owned());
                ModeVerdict { outcome, reason: Some(reason), detail, browsers }
            }
            Decision::Unseen(fact) => {
                self.note(fact, unseen);
                let detail = self.is_refused_by_status().then(|| self.candidates(credentials));
                ModeVerdict { outcome, reason: None, detail, browsers }
            }
        }
    }

    fn outcome(&self, decision: &Decision<'_>) -> Outcome {
        match decision {
            Decision::Allowed => Outcome::Allowed,
            Decision::Blocked { .. } => Outcome::Blocked,
            // The status alone proves it; only the reason is open. Where a header line was cut, the
            // reason stood in it, and a verdict without it would be half a verdict.
            Decision::Unseen(_) if self.is_refused_by_status() && !self.any_header_seen => {
                Outcome::Blocked
            }
            Decision::Unseen(_) => Outcome::Undetermined,
        }
    }

    fn is_refused_by_status(&self) -> bool {
        self.phase == Phase::Preflight
            && matches!(self.response.status, Fact::Seen(status) if !(200..=299).contains(&status))
    }

    /// The reasons that remain for a preflight that its status proves blocked.
    fn candidates(&self, credentials: Credentials) -> String {
        let include = credentials == Credentials::Include;
        let response = &self.response;
        let mut reasons = Vec::with_capacity(7);
        let redirects = matches!(response.status, Fact::Seen(status) if is_redirect_status(status));
        if redirects && response.location.is_unseen() {
            reasons.push(BlockReason::PreflightDisallowedRedirect);
        }
        if response.allow_origin.is_unseen() {
            reasons.push(BlockReason::PreflightMissingAllowOriginHeader);
            if include {
                reasons.push(BlockReason::PreflightWildcardOriginNotAllowed);
            }
            reasons.push(BlockReason::PreflightMultipleAllowOriginValues);
            reasons.push(BlockReason::PreflightInvalidAllowOriginValue);
            reasons.push(BlockReason::PreflightAllowOriginMismatch);
        }
        if include && response.allow_credentials.is_unseen() {
            reasons.push(BlockReason::PreflightInvalidAllowCredentials);
        }
        reasons.push(BlockReason::PreflightInvalidStatus);
        let names: Vec<&str> = reasons.into_iter().map(BlockReason::as_str).collect();
        names.join(", ")
    }

    fn note(&self, fact: &str, unseen: &mut Vec<String>) {
        let is_header = fact.starts_with("response.header.");
        let fact = if is_header && !self.any_header_seen { RESPONSE_HEADERS_FACT } else { fact };
        if !unseen.iter().any(|known| known == fact) {
            unseen.push(fact.to_owned());
        }
        // Without the headers, a preflight's status is the next thing that would decide.
        let status = self.phase == Phase::Preflight && self.response.status.is_unseen();
        if status && !unseen.iter().any(|known| known == STATUS_FACT) {
            unseen.push(STATUS_FACT.to_owned());
        }
    }
}

/// Why every cross-origin request would be blocked, without credentials, by the response that a
/// request without `Origin` got.
fn latent(exchange: &Exchange, method: &Fact<Cow<'_, str>>) -> Option<BlockReason> {
    let headers = exchange.response_headers();
    if !headers.is_seen() {
        return None;
    }
    let response = Response::from_headers(exchange.status, &headers);
    let is_preflight = matches!(method, Fact::Seen(method) if method == "OPTIONS");
    let phase = if is_preflight { Phase::Preflight } else { Phase::Actual };
    let text = match &response.allow_origin {
        Fact::Seen(value) => Some(value.text(Engine::Chromium)),
        Fact::Absent => None,
        Fact::Unseen => return None,
    };
    let status = response.status.seen();
    if is_preflight && status.is_some_and(is_redirect_status) {
        match &response.location {
            Fact::Seen(value) if !value.text(Engine::Chromium).is_empty() => {
                return Some(BlockReason::PreflightDisallowedRedirect);
            }
            Fact::Seen(_) | Fact::Absent => {}
            Fact::Unseen => return None,
        }
    }
    let wrong = match text {
        None => Some(BlockReason::MissingAllowOriginHeader),
        Some(text) => wrong_for_every_origin(text),
    };
    if let Some(reason) = wrong {
        return Some(in_phase(reason, phase));
    }
    if !is_preflight {
        return None;
    }
    if status.is_some_and(|status| !(200..=299).contains(&status)) {
        return Some(BlockReason::PreflightInvalidStatus);
    }
    let is_no_list = |value: &Fact<_>| matches!(value, Fact::Seen(value) if is_not_tokens(value));
    if is_no_list(&response.allow_methods) {
        Some(BlockReason::InvalidAllowMethodsPreflightResponse)
    } else if is_no_list(&response.allow_headers) && !response.allow_methods.is_unseen() {
        Some(BlockReason::InvalidAllowHeadersPreflightResponse)
    } else {
        None
    }
}

fn is_not_tokens(value: &crate::cors::response::Value<'_>) -> bool {
    TokenList::parse(value.text(Engine::Chromium)).is_err()
}

/// A verdict without a reason, the same in all engines.
fn verdict_of(outcome: Outcome) -> ModeVerdict {
    let browsers = Browsers { chromium: outcome, firefox: outcome, safari: outcome };
    ModeVerdict { outcome, reason: None, detail: None, browsers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineKind, LogEvent, Place, Places, Position};

    const ASKED: &str = "{Host=api.example.com, Origin=https://app.example.com}";
    const PREFLIGHT: &str = "{Host=api.example.com, Origin=https://app.example.com, \
         Access-Control-Request-Method=PUT, Access-Control-Request-Headers=content-type}";

    fn exchange(method: &str, status: u16, request: &str, response: &str) -> Exchange {
        let mut exchange = Exchange::default();
        if status > 0 {
            exchange.status = Fact::Seen(status);
        }
        if !method.is_empty() {
            exchange.set_text(Text::Method, method.as_bytes());
        }
        let position = Position { place: Places::default().intern(&Place::default()), line: 1 };
        let lines = [(LineKind::RequestHeaders, request), (LineKind::ResponseHeaders, response)];
        for (kind, text) in lines.into_iter().filter(|(_, text)| !text.is_empty()) {
            let message = text.as_bytes();
            let event = LogEvent { time: None, ingested: None, position, message };
            exchange.keep(kind, &event, message);
        }
        exchange
    }

    #[track_caller]
    fn check(exchange: &Exchange, outcome: Outcome, reason: Option<BlockReason>, unseen: &[&str]) {
        let judgement = judge(exchange);
        let verdict = judgement.applying();
        assert_eq!((verdict.outcome, verdict.reason), (outcome, reason));
        assert_eq!(judgement.unseen, unseen);
    }

    #[test]
    fn a_request_without_origin_is_not_cors_but_may_be_latently_blocked() {
        let exchange = exchange("GET", 200, "{Host=a}", "{Content-Type=text/plain}");
        check(&exchange, Outcome::NotCors, None, &[]);
        assert_eq!(judge(&exchange).latent, Some(BlockReason::MissingAllowOriginHeader));
    }

    #[test]
    fn a_latent_mismatch_is_none_and_a_preflight_has_its_own_reasons() {
        let latent = |method, status, response: &str| {
            judge(&exchange(method, status, "{Host=a}", response)).latent
        };
        assert_eq!(latent("GET", 200, "{Access-Control-Allow-Origin=https://a.example}"), None);
        let invalid = latent("GET", 200, "{Access-Control-Allow-Origin=a.example}");
        assert_eq!(invalid, Some(BlockReason::InvalidAllowOriginValue));
        let status = latent("OPTIONS", 403, "{Access-Control-Allow-Origin=*}");
        assert_eq!(status, Some(BlockReason::PreflightInvalidStatus));
        let missing = latent("OPTIONS", 403, "{}");
        assert_eq!(missing, Some(BlockReason::PreflightMissingAllowOriginHeader));
        assert_eq!(latent("GET", 200, ""), None);
    }

    #[test]
    fn a_truncated_request_may_have_an_origin() {
        let exchange = exchange("GET", 200, "{Host=a, Accept=b [TRUNCATED]", "{}");
        check(&exchange, Outcome::Undetermined, None, &["request.header.origin"]);
    }

    #[test]
    fn the_own_origin_and_other_modes_are_not_cors() {
        let same = "{Host=api.example.com:443, Origin=https://api.example.com}";
        check(&exchange("POST", 200, same, "{}"), Outcome::NotCors, None, &[]);
        let mode = "{Host=a, Origin=https://b.example, sec-fetch-mode=no-cors}";
        check(&exchange("POST", 200, mode, "{}"), Outcome::NotCors, None, &[]);
        let port = "{Host=api.example.com, Origin=https://api.example.com:8443}";
        let missing = Some(BlockReason::MissingAllowOriginHeader);
        check(&exchange("GET", 200, port, "{}"), Outcome::Blocked, missing, &[]);
    }

    #[test]
    fn unseen_response_headers_leave_the_actual_response_open() {
        check(&exchange("GET", 502, ASKED, ""), Outcome::Undetermined, None, &["response.headers"]);
    }

    #[test]
    fn a_preflight_is_blocked_by_its_status_whatever_its_headers() {
        let exchange = exchange("OPTIONS", 403, PREFLIGHT, "");
        check(&exchange, Outcome::Blocked, None, &["response.headers"]);
        let detail = judge(&exchange).omit.detail.unwrap_or_default();
        assert!(detail.starts_with("PreflightMissingAllowOriginHeader, "), "{detail}");
        assert!(detail.ends_with("PreflightInvalidStatus"), "{detail}");
    }

    #[test]
    fn the_first_step_that_needs_an_unseen_header_is_named() {
        let cut = "{Access-Control-Allow-Origin=*, X=y [TRUNCATED]";
        let unseen = ["response.header.access-control-allow-methods"];
        check(&exchange("OPTIONS", 200, PREFLIGHT, cut), Outcome::Undetermined, None, &unseen);
        check(&exchange("GET", 200, ASKED, cut), Outcome::Allowed, None, &[]);
        let wrong = "{Access-Control-Allow-Origin=https://x.example, X=y [TRUNCATED]";
        let mismatch = Some(BlockReason::AllowOriginMismatch);
        check(&exchange("GET", 200, ASKED, wrong), Outcome::Blocked, mismatch, &[]);
    }

    #[test]
    fn a_cookie_means_credentials() {
        let asked = "{Host=a.example, Origin=https://b.example, Cookie=a=b}";
        let exchange = exchange("GET", 200, asked, "{Access-Control-Allow-Origin=*}");
        let judgement = judge(&exchange);
        assert_eq!(judgement.credentials, Credentials::Include);
        assert!(!judgement.credentials_assumed);
        assert_eq!(judgement.omit.outcome, Outcome::Allowed);
        check(&exchange, Outcome::Blocked, Some(BlockReason::WildcardOriginNotAllowed), &[]);
    }

    #[test]
    fn options_without_a_requested_method_is_an_actual_request() {
        let exchange = exchange("OPTIONS", 403, ASKED, "{Access-Control-Allow-Origin=*}");
        assert_eq!(judge(&exchange).phase, Some(Phase::Actual));
        check(&exchange, Outcome::Allowed, None, &[]);
    }

    #[test]
    fn an_unseen_method_leaves_it_open() {
        let exchange = exchange("", 200, ASKED, "{Access-Control-Allow-Origin=*}");
        check(&exchange, Outcome::Undetermined, None, &["request.method"]);
    }

    #[test]
    fn a_web_socket_is_never_cors() {
        let mut exchange = exchange("GET", 101, ASKED, "{}");
        exchange.surface = Surface::WebSocket;
        check(&exchange, Outcome::NotCors, None, &[]);
    }
}
