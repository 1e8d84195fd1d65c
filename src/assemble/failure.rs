//! What the gateway's failure lines mean. Each text with where it was seen.
//!
//! Must not: look at headers or verdicts.

use crate::assemble::store::Progress;
use crate::model::{
    Acceptance, AnsweredBy, DefectKind, Exchange, Fact, Failure, Integration, LineKind, Surface,
    Text,
};
use crate::parse::proxy_response;

/// Texts behind `Execution failed due to`, and what they mean; the first that is found counts.
/// Seen in execution logs of 2016 to 2026 and in public issues that quote them.
const TEXTS: &[(&str, Failure)] = &[
    ("timeout error", Failure::IntegrationTimeout),
    ("Malformed Lambda proxy response", Failure::MalformedProxyResponse),
    ("Invalid permissions on Lambda function", Failure::InvokePermission),
    ("Rate Exceeded", Failure::FunctionThrottled),
    ("ConcurrentInvocationLimitExceeded", Failure::FunctionThrottled),
    ("Could not parse policy", Failure::AuthorizerConfiguration),
    ("Authorizer error", Failure::AuthorizerConfiguration),
    ("statusCode should be an integer", Failure::MockStatusCode),
    ("Unable to parse statusCode", Failure::MockStatusCode),
    ("Unable to transform re", Failure::MockBinary),
];

/// What `Execution failed due to <text>` means.
pub(super) fn of_text(text: &[u8], authorizer_phase: bool) -> Failure {
    if authorizer_phase {
        return Failure::AuthorizerConfiguration;
    }
    let has = |needle: &str| memchr::memmem::find(text, needle.as_bytes()).is_some();
    TEXTS
        .iter()
        .find(|(needle, _)| has(needle))
        .map_or(Failure::IntegrationConfiguration, |(_, failure)| *failure)
}

/// Error messages of functions that never began to handle the request.
const INIT: &[&str] = &[
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
    "Runtime.MalformedHandlerName",
    "Runtime.InvalidEntrypoint",
    "Unable to import module",
    "Cannot find module",
    "missing on module",
    "Class not found",
    "ENILimitReached",
    "create an ENI",
    "unable to decrypt the environment",
    "KMSAccessDenied",
    "SubnetIPAddressLimitReached",
];

/// What the function's own error message means.
pub(super) fn of_function(message: &[u8]) -> Failure {
    let has = |needle: &&str| memchr::memmem::find(message, needle.as_bytes()).is_some();
    if has(&"Task timed out after") {
        Failure::FunctionTimeout
    } else if INIT.iter().any(has) {
        Failure::FunctionInit
    } else {
        Failure::FunctionError
    }
}

/// What the status of a failed Invoke call means.
pub(super) fn of_invocation(status: u16) -> Failure {
    match status {
        429 => Failure::FunctionThrottled,
        401 | 403 | 404 => Failure::InvokePermission,
        _ => Failure::FunctionInit,
    }
}

/// Who answered, and the failure as the lines together tell it.
pub(super) fn settle(exchange: &mut Exchange, progress: &mut Progress) {
    if exchange.failure == Some(Failure::MalformedProxyResponse) {
        explain_malformed(exchange);
    }
    if exchange.failure == Some(Failure::MockBinary) && !is_mock(exchange) {
        exchange.failure = Some(Failure::IntegrationConfiguration);
    }
    if exchange.failure == Some(Failure::MockStatusCode) {
        exchange.integration = Integration::Mock;
    }
    let failed = exchange.failure.is_some();
    let has_error_status = matches!(exchange.status, Fact::Seen(400..));
    if exchange.answered_by.is_unseen() {
        exchange.answered_by = match (progress.seen.success, failed) {
            (true, _) => Fact::Seen(AnsweredBy::Integration),
            (false, true) => Fact::Seen(AnsweredBy::Gateway),
            // All of its lines are there, and none says that the integration answered.
            (false, false) if progress.seen.begin && has_error_status => {
                Fact::Seen(AnsweredBy::Gateway)
            }
            (false, false) => Fact::Unseen,
        };
    }
    if !failed && progress.function_error && has_error_status {
        exchange.failure = Some(match exchange.payload(LineKind::EndpointResponseBody) {
            Some(body) => of_function(body),
            None => Failure::FunctionError,
        });
    }
    let called = exchange.text_bytes(Text::EndpointUri).is_some();
    if !called && exchange.integration == Integration::Unknown && progress.seen.success {
        let traced = exchange.payload(LineKind::RequestHeaders).is_some();
        if traced && exchange.text_bytes(Text::Method).is_some() {
            exchange.integration = Integration::Mock;
        }
    }
}

/// A mock that cannot read a binary request: an OPTIONS method, or a body that is `[Binary Data]`.
fn is_mock(exchange: &Exchange) -> bool {
    exchange.text_bytes(Text::EndpointUri).is_none()
        && (exchange.text_bytes(Text::Method) == Some(b"OPTIONS")
            || exchange.payload(LineKind::HttpMethod) == Some(b"[Binary Data]"))
}

/// Why the proxy response was malformed. Until about 2018 error documents of the Lambda service
/// were reported as malformed responses; the function then never ran.
fn explain_malformed(exchange: &mut Exchange) {
    exchange.integration = Integration::Lambda;
    let Some(body) = exchange.payload(LineKind::EndpointResponseBody) else { return };
    let truncated = body.ends_with(crate::parse::TRUNCATED);
    let Some(response) = proxy_response::examine_text(body, truncated, Surface::Rest) else {
        return;
    };
    if let Acceptance::Malformed(defect) = &response.acceptance
        && defect.problem == DefectKind::ServiceError
    {
        let has = |needle: &str| memchr::memmem::find(body, needle.as_bytes()).is_some();
        let throttled = has("Rate Exceeded") || has("LimitExceeded") || has("TooManyRequests");
        exchange.failure =
            Some(if throttled { Failure::FunctionThrottled } else { Failure::FunctionInit });
    }
    exchange.function_response = Some(Box::new(response));
}
