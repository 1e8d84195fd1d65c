//! Access-log lines and HAR entries → exchange.
//!
//! Must not: guess headers; access logs never hold any.

use crate::assemble::store::SlotId;
use crate::assemble::{Assembler, failure};
use crate::model::{
    AccessRecord, AnsweredBy, Exchange, Fact, Failure, HarEntry, LineKind, LogEvent, RequestId,
    Surface, Text,
};

impl Assembler {
    pub(super) fn push_access(
        &mut self,
        event: &LogEvent<'_>,
        access: Box<AccessRecord>,
    ) -> Option<SlotId> {
        let id = access.request_id.or(access.extended_request_id);
        let known = id.and_then(|id| self.store.lookup(&id));
        let (slot, complete) = match (known, id) {
            (Some(slot), _) => {
                self.count_late_access(slot);
                (slot, false)
            }
            (None, Some(id)) if self.is_finished(&id) => {
                self.count_too_late(&id);
                return None;
            }
            // Whose id was hidden stands for itself.
            (None, id) => (self.store.create(id), true),
        };
        // Access-log lines carry the time of the request, not of its end.
        let timed = LogEvent { time: event.time.or(access.time), ..*event };
        self.store.touch_access(slot, &timed);
        let exchange = self.store.exchange_mut(slot)?;
        exchange.keep(LineKind::Access, &timed, &[]);
        exchange.access = Some(access);
        if complete {
            settle(exchange);
            exchange.is_complete = true;
        }
        complete.then_some(slot)
    }
}

/// What an access log may tell, [`settle`] and [`failure_of`] together.
pub(super) const TEXTS: [Text; 8] = [
    Text::Api,
    Text::Stage,
    Text::Method,
    Text::Path,
    Text::Route,
    Text::TraceId,
    Text::GatewayResponseType,
    Text::FailureMessage,
];

/// Takes over what the execution log did not tell.
pub(super) fn settle(exchange: &mut Exchange) {
    let Some(access) = exchange.access.take() else { return };
    if matches!(exchange.surface, Surface::Unknown) || access.surface == Surface::WebSocket {
        exchange.surface = access.surface;
    }
    exchange.extended_request_id = exchange.extended_request_id.or(access.extended_request_id);
    exchange.lambda_request_id = exchange.lambda_request_id.or(access.lambda_request_id);
    let texts = [
        (Text::Api, &access.api),
        (Text::Stage, &access.stage),
        (Text::Method, &access.method),
        (Text::Path, &access.path),
        (Text::Route, &access.route),
        (Text::TraceId, &access.trace_id),
        (Text::GatewayResponseType, &access.error_response_type),
    ];
    for (which, text) in texts {
        if let Some(text) = text {
            exchange.set_text_once(which, text.as_bytes());
        }
    }
    if exchange.status.is_unseen() {
        exchange.status = Fact::from_option(access.status);
    }
    if exchange.failure.is_none() {
        exchange.failure = failure_of(&access, exchange.status.seen());
        if exchange.failure.is_some() {
            let message =
                [&access.integration_error, &access.authorizer_error, &access.error_message];
            if is_out_of_quota(&access) {
                exchange.set_text_once(Text::FailureMessage, OUT_OF_QUOTA.as_bytes());
            } else if let Some(text) = message.into_iter().flatten().next() {
                exchange.set_text_once(Text::FailureMessage, text.as_bytes());
            }
        }
    }
    // The access log says whose policy it was.
    if exchange.text_bytes(Text::FailureMessage).is_some_and(is_vague)
        && let Some(message) = access.error_message.as_deref()
        && FORBIDDEN.iter().any(|text| message.contains(text))
    {
        exchange.set_text(Text::FailureMessage, message.as_bytes());
    }
    if exchange.answered_by.is_unseen() {
        exchange.answered_by = answered_by(&access, exchange.failure);
    }
    exchange.access = Some(access);
}

/// Whether an execution log says of a refusal no more than that.
fn is_vague(message: &[u8]) -> bool {
    message.trim_ascii().starts_with(failure::CLIENT_NOT_AUTHORIZED.as_bytes())
}

/// What the default text of `QUOTA_EXCEEDED` means where the type is not logged; that of `THROTTLED` is `Too
/// Many Requests` (API Gateway developer guide, "Gateway response types").
const OUT_OF_QUOTA: &str = "Limit Exceeded, the default text of QUOTA_EXCEEDED";

fn is_out_of_quota(access: &AccessRecord) -> bool {
    access.error_response_type.is_none()
        && access.error_message.as_deref() == Some("Limit Exceeded")
}

/// `$context.error.*` is `-` for what the integration answered.
fn is_by_gateway(access: &AccessRecord) -> bool {
    access.integration_called == Some(false)
        || access.error_message.is_some()
        || access.error_response_type.is_some()
}

fn answered_by(access: &AccessRecord, failure: Option<Failure>) -> Fact<AnsweredBy> {
    if failure.is_some() || is_by_gateway(access) {
        return Fact::Seen(AnsweredBy::Gateway);
    }
    match access.integration_called {
        Some(false) => Fact::Seen(AnsweredBy::Gateway),
        Some(true) => Fact::Seen(AnsweredBy::Integration),
        None if is_unauthorized_preflight(access) => Fact::Seen(AnsweredBy::Gateway),
        None => Fact::Unseen,
    }
}

/// Whether a preflight got 401 and as many bytes as `{"message":"Unauthorized"}` has.
fn is_unauthorized_preflight(access: &AccessRecord) -> bool {
    access.method.as_deref() == Some("OPTIONS")
        && (access.status, access.response_length) == (Some(401), Some(26))
}

fn failure_of(access: &AccessRecord, status: Option<u16>) -> Option<Failure> {
    let status = status.filter(|status| *status >= 400)?;
    if access.waf_blocked {
        return Some(Failure::Waf);
    }
    if is_refused_by_policy(access) {
        return Some(Failure::Forbidden);
    }
    if access.authorizer_error.is_some() {
        let denied = matches!(status, 401 | 403);
        return Some(if denied {
            Failure::AuthorizerDenied
        } else {
            Failure::AuthorizerConfiguration
        });
    }
    if let Some(text) = access.integration_error.as_deref() {
        return Some(of_integration_error(text, status));
    }
    let message = access.error_message.as_deref().unwrap_or_default();
    let kind = access.error_response_type.as_deref().unwrap_or_default();
    of_telling_message(message, status)
        .or_else(|| failure::of_response_type(kind.as_bytes(), Some(status)))
        .or_else(|| {
            // The two types of a failed integration: one is the timeout, the other is not.
            let failed = kind == "INTEGRATION_FAILURE" && status == 504;
            failed.then_some(Failure::IntegrationConfiguration)
        })
        .or_else(|| (access.is_unrouted && status == 404).then_some(Failure::NotRouted))
        .or_else(|| of_status(message, status).filter(|_| is_by_gateway(access)))
        .or_else(|| of_length(access, status))
}

/// What the length of the response tells where the format has nothing else, as AWS's own formats: no backend
/// answers a preflight with as many bytes as `{"message":"Missing Authentication Token"}`, or 504 with as many
/// as `{"message": "Endpoint request timed out"}`.
fn of_length(access: &AccessRecord, status: u16) -> Option<Failure> {
    let is_told = access.error_message.is_some() || access.error_response_type.is_some();
    if is_told || access.integration_called == Some(true) || access.surface != Surface::Rest {
        return None;
    }
    let is_preflight = access.method.as_deref() == Some("OPTIONS");
    let is_by_gateway = access.integration_called == Some(false);
    match (status, access.response_length?) {
        (403, 42) if is_preflight || is_by_gateway => Some(Failure::NotRouted),
        (504, 41) => Some(Failure::IntegrationTimeout),
        _ => None,
    }
}

/// Whether a policy refuses, and nothing tells of an authorizer, whose policy it may be.
fn is_refused_by_policy(access: &AccessRecord) -> bool {
    let texts = [&access.authorizer_error, &access.error_message];
    let mut keys = access.fields.iter().map(|(key, _)| key.to_ascii_lowercase());
    texts.into_iter().flatten().any(|text| text.contains(failure::CLIENT_NOT_AUTHORIZED))
        && !keys.any(|key| key.starts_with("authorizer") && !key.ends_with("error"))
}

/// Messages by which no authorizer refuses: of a resource policy, of mutual TLS, and of a signature.
const FORBIDDEN: [&str; 6] = [
    "execute-api:Invoke on resource",
    "Access denied. Reason:",
    "signature",
    "Signature",
    "security token",
    "key=value pair",
];

/// Messages that say more than the type of the gateway response: a resource policy and a signature
/// answer with the type of an authorizer's refusal, what fails on the way to a backend with one type.
fn of_telling_message(message: &str, status: u16) -> Option<Failure> {
    let has = |needle: &&str| message.contains(needle);
    Some(match status {
        403 if FORBIDDEN.iter().any(has) => Failure::Forbidden,
        500 if has(&"evaluating the AWS WAF rules") => Failure::WafUnavailable,
        500.. if has(&"Endpoint request timed out") => Failure::IntegrationTimeout,
        504 if has(&"communicating with endpoint") => Failure::IntegrationConfiguration,
        _ => return None,
    })
}

/// Texts of `$context.integrationErrorMessage`, REST and HTTP API.
fn of_integration_error(text: &str, status: u16) -> Failure {
    let has = |needle: &str| text.contains(needle);
    if has("Task timed out") {
        Failure::FunctionTimeout
    } else if (has("format") && has("doesn't match")) || has("wrong type") || has("Malformed") {
        Failure::MalformedProxyResponse
    } else if has("Rate Exceeded") || has("TooManyRequests") || has("throttl") {
        Failure::FunctionThrottled
    } else if has("assume") && has("role") {
        Failure::IntegrationConfiguration
    } else if has("permission") {
        Failure::InvokePermission
    } else if status == 504 || has("timed out") || has("timeout") {
        Failure::IntegrationTimeout
    } else if matches!(text, "Unhandled" | "Handled") {
        // What the Invoke call says of the function's error.
        Failure::FunctionError
    } else if has("customer function error")
        || has("Lambda") && (has("returned the following error") || has("Function Error"))
    {
        failure::of_function(text.as_bytes())
    } else {
        Failure::IntegrationConfiguration
    }
}

/// Bodies of default gateway responses, where the response type is not logged.
fn of_status(message: &str, status: u16) -> Option<Failure> {
    let has = |needle: &str| message.contains(needle);
    Some(match status {
        401 => Failure::AuthorizerDenied,
        429 => Failure::Throttled,
        504 => Failure::IntegrationTimeout,
        400 | 413 | 415 => Failure::RequestRejected,
        404 if has("No integration defined") => Failure::IntegrationConfiguration,
        404 if has("Not Found") => Failure::NotRouted,
        403 if has("Missing Authentication Token") => Failure::NotRouted,
        403 if has("not authorized") => Failure::AuthorizerDenied,
        _ => return None,
    })
}

/// A HAR entry is a whole exchange.
pub(super) fn apply_har(exchange: &mut Exchange, har: Box<HarEntry>) {
    exchange.surface = Surface::Har;
    exchange.set_text_once(Text::Method, har.method.as_bytes());
    let path = har.url.split("://").nth(1).and_then(|rest| rest.find('/').map(|at| rest.get(at..)));
    let path = path.flatten().unwrap_or("/");
    exchange.set_text_once(Text::Path, path.split(['?', '#']).next().unwrap_or("/").as_bytes());
    exchange.status = Fact::from_option(har.status);
    exchange.started = exchange.started.or(har.time);
    exchange.ended = exchange.ended.or(har.time);
    for (name, value) in &har.response_headers {
        if name.eq_ignore_ascii_case("x-amzn-requestid") {
            exchange.request_id = exchange.request_id.or(RequestId::parse(value.as_bytes()));
        } else if name.eq_ignore_ascii_case("apigw-requestid") {
            exchange.extended_request_id = RequestId::parse(value.as_bytes());
        }
    }
    exchange.is_complete = true;
    exchange.har = Some(har);
}
