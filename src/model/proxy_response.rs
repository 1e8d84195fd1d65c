//! What a function returned to the gateway, and whether the gateway takes it.
//!
//! Must not: examine a value; `parse::proxy_response` does.

use crate::model::Fact;

/// A proxy response as a log line shows it: REST, HTTP API, function URL or ALB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionResponse {
    /// `statusCode`, where it is a number or a numeric string.
    pub status: Fact<u16>,
    /// `headers` and `multiValueHeaders` merged as REST merges them (multi values first), values as
    /// they go over the wire. Names keep their spelling.
    pub headers: Vec<(String, String)>,
    /// Whether the header list is known to be whole (not cut off).
    pub headers_complete: bool,
    /// Whether the gateway takes it.
    pub acceptance: Acceptance,
    /// Whether nothing but the function's own log tells that this is what it returned. What it got from
    /// another service may look the same.
    pub is_claim: bool,
}

/// What a gateway does with a return value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Acceptance {
    /// It has the documented form.
    Accepted,
    /// Not the documented form, but this surface turns it into a 200 response (HTTP API payload
    /// 2.0 and function URLs).
    Inferred,
    /// The gateway answers 502 (500 on an HTTP API) instead.
    Malformed(Defect),
    /// Not established, or cut off before it can be told.
    #[default]
    Unknown,
}

/// Why a proxy response is malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// JSON path of the offending value: `$`, `$.body`, `$.multiValueHeaders["Set-Cookie"]`.
    pub path: String,
    /// What is wrong with it.
    pub problem: DefectKind,
}

/// The kinds of malformed proxy responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefectKind {
    /// The return value is not an object (string, number, array).
    NotAnObject,
    /// The return value is null or undefined.
    Null,
    /// A top-level key that the gateway does not know.
    UnknownKey,
    /// `body` is not a string.
    BodyNotString,
    /// `statusCode` is not an integer in 100 to 599.
    StatusCode,
    /// `headers` is not an object, or a value in it has a type that is rejected.
    Headers,
    /// A value of `multiValueHeaders` is not an array.
    MultiValueHeaders,
    /// `isBase64Encoded` is true and `body` is not base64.
    Base64,
    /// Not a proxy response but an error document of the Lambda service.
    ServiceError,
}

impl DefectKind {
    /// Kebab case, as rules name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAnObject => "not-an-object",
            Self::Null => "null",
            Self::UnknownKey => "unknown-key",
            Self::BodyNotString => "body-not-string",
            Self::StatusCode => "status-code",
            Self::Headers => "headers",
            Self::MultiValueHeaders => "multi-value-headers",
            Self::Base64 => "base64",
            Self::ServiceError => "service-error",
        }
    }
}
