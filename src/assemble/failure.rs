//! What the gateway's failure lines mean. Each text with where it was seen.
//!
//! Must not: look at headers or verdicts.

use crate::assemble::store::Progress;
use crate::model::{
    Acceptance, AnsweredBy, Defect, DefectKind, Exchange, Fact, Failure, FunctionResponse,
    Integration, LineKind, Surface, Text,
};
use crate::parse::{lambda, proxy_response};

/// Texts behind `Execution failed due to`, and what they mean; the one that stands first counts.
/// Seen in execution logs of 2016 to 2026 and in public issues that quote them.
const TEXTS: &[(&str, Failure)] = &[
    ("timeout error", Failure::IntegrationTimeout),
    ("Malformed Lambda proxy response", Failure::MalformedProxyResponse),
    (BASE64, Failure::MalformedProxyResponse),
    ("Invalid permissions on Lambda function", Failure::InvokePermission),
    ("Rate Exceeded", Failure::FunctionThrottled),
    ("ConcurrentInvocationLimitExceeded", Failure::FunctionThrottled),
    ("Could not parse policy", Failure::AuthorizerConfiguration),
    ("Authorizer error", Failure::AuthorizerConfiguration),
    ("statusCode should be an integer", Failure::MockStatusCode),
    ("Unable to parse statusCode", Failure::MockStatusCode),
    ("Unable to transform re", Failure::MockBinary),
];

/// The body is marked as Base64 and is not; answered with 500 (API Gateway developer guide, gateway
/// response type `API_CONFIGURATION_ERROR`).
const BASE64: &str = "Unable to base64 decode the body";

/// What `Execution failed due to <text>` means.
pub(super) fn of_text(text: &[u8], authorizer_phase: bool) -> Failure {
    if authorizer_phase {
        return Failure::AuthorizerConfiguration;
    }
    let at = |needle: &str| memchr::memmem::find(text, needle.as_bytes());
    TEXTS
        .iter()
        .filter_map(|(needle, failure)| Some((at(needle)?, *failure)))
        .min_by_key(|(at, _)| *at)
        .map_or(Failure::IntegrationConfiguration, |(_, failure)| failure)
}

/// Error messages of functions that never began to handle the request.
const INIT: &[&str] = &[
    "Runtime.ImportModuleError",
    "Runtime.HandlerNotFound",
    "Runtime.UserCodeSyntaxError",
    "Runtime.MalformedHandlerName",
    "Runtime.InvalidEntrypoint",
    "Unable to import module",
    "module initialization error",
    "Cannot find module",
    "missing on module",
    "Class not found",
    "find valid bootstrap",
    "ENILimitReached",
    "create an ENI",
    "unable to decrypt the environment",
    "KMSAccessDenied",
    "SubnetIPAddressLimitReached",
];

/// Gateway response types and what they mean (API Gateway developer guide, "Gateway response
/// types"). `INTEGRATION_FAILURE`, `DEFAULT_4XX` and `DEFAULT_5XX` say too little to stand here.
const RESPONSE_TYPES: &[(&str, Failure)] = &[
    ("ACCESS_DENIED", Failure::AuthorizerDenied),
    ("UNAUTHORIZED", Failure::AuthorizerDenied),
    ("AUTHORIZER_CONFIGURATION_ERROR", Failure::AuthorizerConfiguration),
    ("AUTHORIZER_FAILURE", Failure::AuthorizerConfiguration),
    ("API_CONFIGURATION_ERROR", Failure::IntegrationConfiguration),
    ("INVALID_API_KEY", Failure::ApiKey),
    ("THROTTLED", Failure::Throttled),
    ("QUOTA_EXCEEDED", Failure::Throttled),
    ("WAF_FILTERED", Failure::Waf),
    ("MISSING_AUTHENTICATION_TOKEN", Failure::NotRouted),
    ("RESOURCE_NOT_FOUND", Failure::NotRouted),
    ("INVALID_SIGNATURE", Failure::Forbidden),
    ("EXPIRED_TOKEN", Failure::Forbidden),
    ("BAD_REQUEST_BODY", Failure::RequestRejected),
    ("BAD_REQUEST_PARAMETERS", Failure::RequestRejected),
    ("REQUEST_TOO_LARGE", Failure::RequestRejected),
    ("UNSUPPORTED_MEDIA_TYPE", Failure::RequestRejected),
    ("INTEGRATION_TIMEOUT", Failure::IntegrationTimeout),
];

/// What a gateway response type means for an answer of this status.
pub(super) fn of_response_type(kind: &[u8], status: Option<u16>) -> Option<Failure> {
    let (_, failure) = RESPONSE_TYPES.iter().find(|(name, _)| name.as_bytes() == kind)?;
    // A Cognito authorizer answers 401 to an expired token; a signature's expired token gives 403.
    let by_authorizer = kind == b"EXPIRED_TOKEN" && status == Some(401);
    Some(if by_authorizer { Failure::AuthorizerDenied } else { *failure })
}

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

/// Whether an error message names nothing but the end of the process.
pub(super) fn is_exit(message: &[u8]) -> bool {
    const EXITS: &[&str] = &["Runtime exited", "exited before completing", "Runtime.ExitError"];
    EXITS.iter().any(|exit| memchr::memmem::find(message, exit.as_bytes()).is_some())
}

/// The refusal by any policy, as execution and access logs have it.
pub(super) const CLIENT_NOT_AUTHORIZED: &str =
    "The client is not authorized to perform this operation";

/// Whose policy refuses. Where an authorizer's does not deny, or none was at work, it may be that of
/// the caller or of the API, or one of an authorizer that was cached.
pub(super) fn of_policy(exchange: &Exchange, progress: &Progress) -> Failure {
    let mut lines = exchange.lines().iter();
    let by_authorizer = lines.any(|line| line.kind == LineKind::Authorizer);
    let shows_policy = exchange.payload(LineKind::Authorizer).is_some_and(|it| !it.is_empty());
    if by_authorizer && (progress.denied || !shows_policy) {
        Failure::AuthorizerDenied
    } else {
        Failure::Forbidden
    }
}

/// Lambda's answer to a call by another method than POST. In 2016, and where the gateway expects a proxy
/// response, no line of its own tells of it (serverless/serverless#1312).
const UNKNOWN_OPERATION: &str = "Unable to determine service/operation name";

/// What the status of a failed Invoke call means. Other lines may say more of it.
pub(super) fn of_invocation(status: u16) -> Failure {
    if status == 429 { Failure::FunctionThrottled } else { Failure::InvocationFailed }
}

/// What the Lambda service answered in place of the function.
fn of_service_error(body: &[u8]) -> Failure {
    let has = |needle: &&str| memchr::memmem::find(body, needle.as_bytes()).is_some();
    if ["Rate Exceeded", "LimitExceeded", "TooManyRequests"].iter().any(has) {
        Failure::FunctionThrottled
    } else if INIT.iter().any(has) {
        Failure::FunctionInit
    } else {
        Failure::InvocationFailed
    }
}

/// Who answered, and the failure as the lines together tell it.
pub(super) fn settle(exchange: &mut Exchange, progress: &mut Progress) {
    if exchange.failure == Some(Failure::MalformedProxyResponse) {
        explain_malformed(exchange);
    }
    if exchange.failure == Some(Failure::InvocationFailed)
        && let Some(body) = exchange.payload(LineKind::EndpointResponseBody)
    {
        exchange.failure = Some(of_service_error(&body));
    }
    if exchange.failure == Some(Failure::MockBinary) && !is_mock(exchange) {
        exchange.failure = Some(Failure::IntegrationConfiguration);
    }
    if exchange.failure == Some(Failure::MockStatusCode) {
        exchange.integration = Integration::Mock;
    }
    // Some requests go on without it.
    if exchange.failure == Some(Failure::WafUnavailable) && progress.seen.success {
        exchange.failure = None;
    }
    let has_error_status = matches!(exchange.status, Fact::Seen(400..));
    if exchange.failure.is_none() && !progress.seen.success {
        let kind = exchange.text_bytes(Text::GatewayResponseType);
        exchange.failure =
            kind.and_then(|kind| of_response_type(kind, exchange.status.seen())).or_else(|| {
                let denied = progress.denied && exchange.status == Fact::Seen(403);
                denied.then_some(Failure::AuthorizerDenied)
            });
    }
    let is_open = exchange.failure.is_none() && exchange.status.is_unseen();
    if is_open && progress.denied && !progress.authorizer_phase {
        deny_by_policy(exchange);
    }
    let failed = exchange.failure.is_some();
    match (progress.seen.success, failed) {
        (true, _) => exchange.answered_by = Fact::Seen(AnsweredBy::Integration),
        (false, true) => exchange.answered_by = Fact::Seen(AnsweredBy::Gateway),
        // All of its lines are there, and none says that the integration answered.
        (false, false)
            if progress.seen.begin
                && has_error_status
                && (progress.seen.end || exchange.surface != Surface::TestInvoke) =>
        {
            exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
            exchange.failure = match exchange.status {
                Fact::Seen(429) => Some(Failure::Throttled),
                Fact::Seen(413 | 415) => Some(Failure::RequestRejected),
                Fact::Seen(_) | Fact::Absent | Fact::Unseen => None,
            };
        }
        (false, false) => {}
    }
    // Another status is one that an integration response maps the error to, with headers of its own.
    let by_proxy =
        matches!(exchange.status, Fact::Seen(502) | Fact::Unseen) && !progress.seen.success;
    if exchange.failure.is_none() && progress.function_error && by_proxy {
        let body = exchange.payload(LineKind::EndpointResponseBody);
        let failure = body.as_ref().map_or(Failure::FunctionError, |body| of_function(body));
        let message = body.and_then(|body| lambda::error_of(&body));
        exchange.failure = Some(failure);
        if let Some(message) = message {
            exchange.set_text_once(Text::FailureMessage, message.as_bytes());
        }
    }
    let called = exchange.text_bytes(Text::EndpointUri).is_some();
    if !called && exchange.integration == Integration::Unknown && progress.seen.success {
        let traced = exchange.payload(LineKind::RequestHeaders).is_some();
        if traced && exchange.text_bytes(Text::Method).is_some() {
            exchange.integration = Integration::Mock;
        }
    }
}

/// A mock that cannot read a binary request. Templates of other methods cannot either.
fn is_mock(exchange: &Exchange) -> bool {
    exchange.text_bytes(Text::EndpointUri).is_none()
        && exchange.text_bytes(Text::Method) == Some(b"OPTIONS")
}

/// A policy that allows nothing is the last thing that a test of an authorizer shows. The request is
/// denied; with which status is not said.
fn deny_by_policy(exchange: &mut Exchange) {
    let policy = exchange.payload(LineKind::Authorizer).unwrap_or_default();
    if !policy.ends_with(crate::parse::TRUNCATED) {
        let policy = policy.into_owned();
        exchange.set_text_once(Text::FailureMessage, &policy);
        exchange.failure = Some(Failure::AuthorizerDenied);
    }
}

/// Why the proxy response was malformed. Until about 2018 error documents of the Lambda service
/// were reported as malformed responses; the function then never ran.
fn explain_malformed(exchange: &mut Exchange) {
    exchange.integration = Integration::Lambda;
    let message = exchange.text_bytes(Text::FailureMessage).unwrap_or_default();
    if memchr::memmem::find(message, BASE64.as_bytes()).is_some() {
        let defect = Defect { path: "$.body".to_owned(), problem: DefectKind::Base64 };
        let acceptance = Acceptance::Malformed(defect);
        let response = FunctionResponse { acceptance, ..FunctionResponse::default() };
        exchange.function_response = Some(Box::new(response));
        return;
    }
    let Some(body) = exchange.payload(LineKind::EndpointResponseBody) else { return };
    let truncated = body.ends_with(crate::parse::TRUNCATED);
    if memchr::memmem::find(&body, UNKNOWN_OPERATION.as_bytes()).is_some() {
        exchange.failure = Some(Failure::InvocationFailed);
        return;
    }
    let Some(response) = proxy_response::examine_rejected(&body, truncated) else { return };
    if let Acceptance::Malformed(defect) = &response.acceptance
        && defect.problem == DefectKind::ServiceError
    {
        exchange.failure = Some(Failure::InvocationFailed);
    }
    exchange.function_response = Some(Box::new(response));
}
