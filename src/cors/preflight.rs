//! The response to a CORS-preflight request:
//! <https://fetch.spec.whatwg.org/#cors-preflight-fetch-0> step 7.
//!
//! Must not: decide whether a preflight is needed (that is [`crate::cors::safelist`]).

use std::borrow::Cow;

use crate::cors::check::cors_check;
use crate::cors::decision::Decision;
use crate::cors::engine::{Engine, WILDCARD_COVERS_AUTHORIZATION};
use crate::cors::header_list::{TokenList, elements};
use crate::cors::redirect::is_redirect_status;
use crate::cors::response::{Response, Value};
use crate::cors::safelist::is_safelisted_method;
use crate::model::{BlockReason, Credentials, Fact, Phase};

/// What a preflight asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// `Origin`.
    pub origin: &'a str,
    /// `Access-Control-Request-Method`.
    pub method: &'a str,
    /// `Access-Control-Request-Headers`.
    pub headers: Fact<Cow<'a, str>>,
    /// Credentials mode of the request that follows.
    pub credentials: Credentials,
}

/// Fact names of what the steps need beside the CORS check's.
pub const STATUS_FACT: &str = "response.status";
/// See [`STATUS_FACT`].
pub const LOCATION_FACT: &str = "response.header.location";
const ALLOW_METHODS_FACT: &str = "response.header.access-control-allow-methods";
const ALLOW_HEADERS_FACT: &str = "response.header.access-control-allow-headers";
const REQUEST_HEADERS_FACT: &str = "request.header.access-control-request-headers";

/// Decides, in the engine's order.
pub fn check_preflight<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    question: &'a Question<'_>,
) -> Decision<'a> {
    let cors =
        || cors_check(engine, response, question.origin, question.credentials, Phase::Preflight);
    let lists = || lists(engine, response, question);
    if engine.reads_preflight_status_first() {
        return status(response).or_else(cors).or_else(lists);
    }
    if engine.refuses_proxy_status() && response.status == Fact::Seen(407) {
        return proxy_status();
    }
    if engine.reads_preflight_redirect_first() {
        return redirect(engine, response)
            .or_else(cors)
            .or_else(|| status(response))
            .or_else(lists);
    }
    cors().or_else(|| redirect(engine, response)).or_else(|| status(response)).or_else(lists)
}

/// Everything but the CORS check: what Firefox asks of a preflight to the page's own origin.
pub fn check_trusted_preflight<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    question: &'a Question<'_>,
) -> Decision<'a> {
    redirect(engine, response)
        .or_else(|| status(response))
        .or_else(|| lists(engine, response, question))
}

/// Chromium: a 407 that is not a proxy's is a network error, whatever the headers.
pub fn proxy_status<'a>() -> Decision<'a> {
    Decision::blocked_by(BlockReason::InvalidResponse, "net::ERR_UNEXPECTED_PROXY_AUTH")
}

/// The preflight's redirect mode is `error` (step 4 of the request's construction).
fn redirect<'a>(engine: Engine, response: &Response<'_>) -> Decision<'a> {
    match (response.status, &response.location) {
        (_, Fact::Absent) => Decision::Allowed,
        (Fact::Seen(status), _) if !is_redirect_status(status) => Decision::Allowed,
        (Fact::Seen(_), Fact::Seen(value))
            if engine.ignores_empty_location() && value.text(engine).is_empty() =>
        {
            Decision::Allowed
        }
        (Fact::Seen(_), Fact::Seen(_)) => {
            Decision::blocked(BlockReason::PreflightDisallowedRedirect)
        }
        (Fact::Seen(_), Fact::Unseen) => Decision::Unseen(LOCATION_FACT),
        (Fact::Absent | Fact::Unseen, _) => Decision::Unseen(STATUS_FACT),
    }
}

/// Step 7: an ok status, <https://fetch.spec.whatwg.org/#ok-status>.
fn status<'a>(response: &Response<'_>) -> Decision<'a> {
    match response.status {
        Fact::Seen(200..=299) => Decision::Allowed,
        Fact::Seen(_) => Decision::blocked(BlockReason::PreflightInvalidStatus),
        Fact::Absent | Fact::Unseen => Decision::Unseen(STATUS_FACT),
    }
}

/// Steps 7.1 to 7.7.
fn lists<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    question: &'a Question<'_>,
) -> Decision<'a> {
    let methods = || {
        list(engine, &response.allow_methods, ALLOW_METHODS_FACT)
            .map_err(|failed| failed.blocked(BlockReason::InvalidAllowMethodsPreflightResponse))
    };
    let names = || {
        list(engine, &response.allow_headers, ALLOW_HEADERS_FACT)
            .map_err(|failed| failed.blocked(BlockReason::InvalidAllowHeadersPreflightResponse))
    };
    let decide = || {
        if engine.matches_method_before_parsing_headers() {
            method(methods()?, question)?;
            return request_headers(names()?, question);
        }
        let (methods, names) = (methods()?, names()?);
        method(methods, question)?;
        request_headers(names, question)
    };
    decide().err().unwrap_or(Decision::Allowed)
}

/// Why a list could not be had.
enum ListFailure<'a> {
    NotTokens(&'a str),
    Unseen(&'static str),
}

impl<'a> ListFailure<'a> {
    fn blocked(self, reason: BlockReason) -> Decision<'a> {
        match self {
            Self::NotTokens(value) => Decision::blocked_by(reason, value),
            Self::Unseen(fact) => Decision::Unseen(fact),
        }
    }
}

/// Steps 7.1 to 7.3: extract; failure is a network error, null is an empty list.
fn list<'a>(
    engine: Engine,
    value: &'a Fact<Value<'_>>,
    fact: &'static str,
) -> Result<TokenList<'a>, ListFailure<'a>> {
    match value {
        Fact::Seen(value) => {
            let text = value.text(engine);
            TokenList::parse(text).map_err(|_| ListFailure::NotTokens(text))
        }
        Fact::Absent => Ok(TokenList::default()),
        Fact::Unseen => Err(ListFailure::Unseen(fact)),
    }
}

/// Step 7.5: compared with case; `*` only without credentials.
fn method<'a>(methods: TokenList<'_>, question: &'a Question<'_>) -> Result<(), Decision<'a>> {
    let wildcard = question.credentials == Credentials::Omit && methods.contains("*");
    if wildcard || is_safelisted_method(question.method) || methods.contains(question.method) {
        return Ok(());
    }
    Err(Decision::blocked_by(BlockReason::MethodDisallowedByPreflightResponse, question.method))
}

/// Steps 7.6 and 7.7: compared without case; `*` only without credentials. Where several names are
/// refused, Chromium reports any one of them, we the first.
fn request_headers<'a>(
    allowed: TokenList<'_>,
    question: &'a Question<'_>,
) -> Result<(), Decision<'a>> {
    let wildcard = question.credentials == Credentials::Omit && allowed.contains("*");
    if wildcard && WILDCARD_COVERS_AUTHORIZATION {
        return Ok(());
    }
    match &question.headers {
        Fact::Absent => Ok(()),
        Fact::Unseen => Err(Decision::Unseen(REQUEST_HEADERS_FACT)),
        Fact::Seen(names) => match refused(allowed, names).next() {
            None => Ok(()),
            Some(name) => {
                let reason = BlockReason::HeaderDisallowedByPreflightResponse;
                Err(Decision::blocked_by(reason, name))
            }
        },
    }
}

fn refused<'a>(allowed: TokenList<'_>, names: &'a str) -> impl Iterator<Item = &'a str> {
    elements(names).filter(move |name| !allowed.contains_ignoring_case(name))
}

/// All request headers that a preflight's `Access-Control-Allow-Headers` does not cover: a browser
/// reports one of them, and the next once that is repaired.
pub fn refused_headers<'a>(response: &Response<'_>, question: &'a Question<'_>) -> Vec<&'a str> {
    let engine = Engine::Chromium;
    let allowed = list(engine, &response.allow_headers, ALLOW_HEADERS_FACT);
    match (allowed, &question.headers) {
        (Ok(allowed), Fact::Seen(names))
            if question.credentials == Credentials::Include || !allowed.contains("*") =>
        {
            refused(allowed, names).collect()
        }
        (Ok(_) | Err(_), _) => Vec::new(),
    }
}

/// `Access-Control-Max-Age`: how long the engine keeps a preflight's answer, seconds (step 7.8 on).
/// Absent is 5; a negative number is 0 to all engines; what does not parse is 5, to Firefox 0.
pub fn max_age(engine: Engine, value: Option<&str>) -> u64 {
    const DEFAULT: u64 = 5;
    let Some(text) = value.filter(|text| !text.is_empty()) else { return DEFAULT };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return if engine == Engine::Firefox { 0 } else { DEFAULT };
    }
    if negative { 0 } else { digits.parse().unwrap_or(u64::MAX).min(engine.max_age_cap()) }
}
