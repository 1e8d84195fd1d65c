//! Which return values each surface takes.
//!
//! REST: recorded by `LocalStack`'s `test_aws_proxy_response_payload_format_validation` against AWS
//! (2024). HTTP API: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
//! Function URL: recordings of 2025 and 2026. ALB:
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.
//!
//! Must not: know how a value is written.

use serde_json::Value;

use crate::model::{Acceptance, Defect, DefectKind, Surface};
use crate::parse::proxy_response::{Document, is_function_error, is_service_error, status_code};
use crate::parse::value::{Shape, is_unseen};

/// The keys of a proxy response that REST knows; any other makes it malformed.
const REST_KEYS: &[&str] =
    &["isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"];
/// Payload format 2.0 knows these (`multiValueHeaders` is of 1.0).
const PAYLOAD_2_KEYS: &[&str] =
    &["isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body", "cookies"];
const ALB_KEYS: &[&str] =
    &["isBase64Encoded", "statusCode", "statusDescription", "headers", "multiValueHeaders", "body"];

pub(super) fn judge(document: &Document<'_>, surface: Surface) -> Acceptance {
    if document.began == Shape::Object {
        if is_service_error(document) {
            return malformed("$", DefectKind::ServiceError);
        }
        if is_function_error(document) {
            return Acceptance::Unknown;
        }
    }
    match surface {
        Surface::Rest | Surface::TestInvoke | Surface::WebSocket => rest(document),
        Surface::Http => http(document),
        Surface::FunctionUrl => function_url(document),
        Surface::Alb => alb(document),
        // What every surface takes alike. (A HAR file holds no return values.)
        Surface::Unknown | Surface::Har => match (rest(document), http(document)) {
            (Acceptance::Accepted, Acceptance::Accepted) => Acceptance::Accepted,
            (
                Acceptance::Accepted
                | Acceptance::Inferred
                | Acceptance::Malformed(_)
                | Acceptance::Unknown,
                Acceptance::Accepted
                | Acceptance::Inferred
                | Acceptance::Malformed(_)
                | Acceptance::Unknown,
            ) => Acceptance::Unknown,
        },
    }
}

/// Of a whole object that REST rejected: the member that cannot be said to be accepted, if it is the
/// only one. Bodies that are not base64 are not called malformed.
pub(super) fn only_suspect(document: &Document<'_>) -> Option<Defect> {
    if !document.whole || document.began != Shape::Object || is_function_error(document) {
        return None;
    }
    let status = document.member("statusCode").filter(|value| !is_status(value));
    let status = status.map(|_| ("$.statusCode".to_owned(), DefectKind::StatusCode));
    let body = (!is_text_or_null(document, "body"))
        .then(|| ("$.body".to_owned(), DefectKind::BodyNotString));
    let headers = (!headers_are(document, rest_takes_header))
        .then(|| (headers_path(document), DefectKind::Headers));
    let multi = (!multi_values_are_text(document))
        .then(|| ("$.multiValueHeaders".to_owned(), DefectKind::MultiValueHeaders));
    let mut suspects = [status, body, headers, multi].into_iter().flatten();
    let (path, problem) = suspects.next()?;
    suspects.next().is_none().then_some(Defect { path, problem })
}

/// Path of the first header that REST is not known to take, or of all of them.
fn headers_path(document: &Document<'_>) -> String {
    let fields = document.member("headers").and_then(Value::as_object);
    let odd = fields.and_then(|fields| fields.iter().find(|(_, value)| !rest_takes_header(value)));
    odd.map_or_else(|| "$.headers".to_owned(), |(name, _)| member_path("$.headers", name))
}

fn rest_takes_header(value: &Value) -> bool {
    value.is_string() || value.is_boolean()
}

fn rest(document: &Document<'_>) -> Acceptance {
    if document.began != Shape::Object {
        return not_an_object(document);
    }
    if let Some(key) = document.keys().find(|key| !REST_KEYS.contains(key)) {
        return malformed(&member_path("$", key), DefectKind::UnknownKey);
    }
    if rejects_status_type(document) {
        return malformed("$.statusCode", DefectKind::StatusCode);
    }
    if body_is_container(document) {
        return malformed("$.body", DefectKind::BodyNotString);
    }
    if let Some(path) = multi_value_that_is_no_list(document) {
        return malformed(&path, DefectKind::MultiValueHeaders);
    }
    let is_known = document.whole
        && document.keys().next().is_some()
        && document.member("statusCode").is_none_or(is_status)
        && is_text_or_null(document, "body")
        && headers_are(document, rest_takes_header)
        && multi_values_are_text(document)
        && base64_is_harmless(document);
    known_or_not(is_known)
}

fn http(document: &Document<'_>) -> Acceptance {
    if let Some(acceptance) = inferred(document) {
        return acceptance;
    }
    if rejects_status_type(document) {
        return malformed("$.statusCode", DefectKind::StatusCode);
    }
    if body_is_container(document) {
        return malformed("$.body", DefectKind::BodyNotString);
    }
    let is_known = document.whole
        && document.member("statusCode").is_some_and(|status| status.is_u64() && is_status(status))
        && document.keys().all(|key| PAYLOAD_2_KEYS.contains(&key))
        && is_text_or_null(document, "body")
        && headers_are(document, Value::is_string)
        && base64_is_harmless(document);
    known_or_not(is_known)
}

fn function_url(document: &Document<'_>) -> Acceptance {
    if let Some(acceptance) = inferred(document) {
        return acceptance;
    }
    let status = document.member("statusCode").filter(|status| status.is_u64());
    if status.is_some_and(|status| status_code(status).is_none_or(|code| code > 599)) {
        return malformed("$.statusCode", DefectKind::StatusCode);
    }
    let is_known = document.whole
        && status.is_some_and(is_status)
        && document.keys().all(|key| PAYLOAD_2_KEYS.contains(&key) && key != "multiValueHeaders")
        && headers_are(document, |value| value.is_string() || value.is_object());
    known_or_not(is_known)
}

fn alb(document: &Document<'_>) -> Acceptance {
    if document.began != Shape::Object {
        return not_an_object(document);
    }
    if document.lacks("statusCode") {
        return malformed("$", DefectKind::StatusCode);
    }
    let is_known = document.whole
        && document.member("statusCode").is_some_and(|status| status.is_u64() && is_status(status))
        && document.keys().all(|key| ALB_KEYS.contains(&key))
        && is_text_or_null(document, "body")
        && headers_are(document, Value::is_string)
        && multi_value_that_is_no_list(document).is_none()
        && multi_values_are_text(document)
        && base64_is_harmless(document);
    known_or_not(is_known)
}

/// What payload format 2.0 does with a value that has no `statusCode`; `None` if it has one.
fn inferred(document: &Document<'_>) -> Option<Acceptance> {
    match document.began {
        // No recording shows what becomes of `null`.
        Shape::Scalar if document.value.is_null() || !document.whole => Some(Acceptance::Unknown),
        Shape::Scalar | Shape::Text | Shape::Array => Some(Acceptance::Inferred),
        Shape::Object if document.lacks("statusCode") => Some(Acceptance::Inferred),
        Shape::Object if document.shape_of("statusCode").is_none() => Some(Acceptance::Unknown),
        Shape::Object => None,
    }
}

fn not_an_object(document: &Document<'_>) -> Acceptance {
    let is_null = document.began == Shape::Scalar && document.value.is_null();
    malformed("$", if is_null { DefectKind::Null } else { DefectKind::NotAnObject })
}

/// A `statusCode` that is no number and no numeric string. What happens to null and to numbers that
/// are no status is not recorded.
fn rejects_status_type(document: &Document<'_>) -> bool {
    match document.member("statusCode") {
        Some(Value::String(text)) => text.parse::<f64>().is_err(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => true,
        Some(Value::Null | Value::Number(_)) => false,
        None => {
            matches!(document.shape_of("statusCode"), Some(Shape::Object | Shape::Array))
        }
    }
}

fn is_status(value: &Value) -> bool {
    status_code(value).is_some_and(|code| (100..=599).contains(&code))
}

fn body_is_container(document: &Document<'_>) -> bool {
    matches!(document.shape_of("body"), Some(Shape::Object | Shape::Array))
}

fn is_text_or_null(document: &Document<'_>, key: &str) -> bool {
    document.lacks(key)
        || document.member(key).is_some_and(|value| value.is_string() || value.is_null())
}

fn headers_are(document: &Document<'_>, takes: impl Fn(&Value) -> bool) -> bool {
    match document.member("headers") {
        Some(Value::Object(fields)) => fields.values().all(takes),
        Some(Value::Null) => true,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => false,
        None => document.lacks("headers"),
    }
}

fn multi_value_that_is_no_list(document: &Document<'_>) -> Option<String> {
    let fields = document.member("multiValueHeaders")?.as_object()?;
    let (name, _) = fields.iter().find(|(_, values)| match values {
        Value::String(_) => !is_unseen(values),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
        Value::Null | Value::Array(_) => false,
    })?;
    Some(format!("$.multiValueHeaders[{}]", Value::from(name.as_str())))
}

fn multi_values_are_text(document: &Document<'_>) -> bool {
    match document.member("multiValueHeaders") {
        Some(Value::Object(fields)) => fields.values().all(|values| {
            values.as_array().is_some_and(|values| values.iter().all(Value::is_string))
        }),
        Some(Value::Null) => true,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => false,
        None => document.lacks("multiValueHeaders"),
    }
}

/// Whether `isBase64Encoded` does no harm. A body that is not base64 is an error only where the API
/// has a matching binary media type, which no log shows.
fn base64_is_harmless(document: &Document<'_>) -> bool {
    match document.member("isBase64Encoded") {
        Some(Value::Bool(true)) => {
            document.member("body").and_then(Value::as_str).is_some_and(is_base64)
        }
        Some(Value::Bool(false) | Value::Null) => true,
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => false,
        None => document.lacks("isBase64Encoded"),
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn known_or_not(is_known: bool) -> Acceptance {
    if is_known { Acceptance::Accepted } else { Acceptance::Unknown }
}

fn malformed(path: &str, problem: DefectKind) -> Acceptance {
    Acceptance::Malformed(Defect { path: path.to_owned(), problem })
}

/// `$.name`, or `$["na-me"]`.
fn member_path(parent: &str, key: &str) -> String {
    let is_plain = !key.is_empty()
        && !key.starts_with(|first: char| first.is_ascii_digit())
        && key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if is_plain { format!("{parent}.{key}") } else { format!("{parent}[{}]", Value::from(key)) }
}
