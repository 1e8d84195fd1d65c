//! What a function returned, and what each surface does with it.
//!
//! Where no recording and no documentation tells what a surface does, the answer is
//! [`Acceptance::Unknown`]. A document such as `{"errorMessage": ..., "errorType": ...}` is an error
//! report of Lambda, not a return value: it is `Unknown` as well, and shows no headers.
//!
//! Must not: know where the value was logged.

mod headers;
mod surfaces;

use serde_json::{Map, Value};

use crate::model::{Acceptance, Defect, DefectKind, Fact, FunctionResponse, Surface};
use crate::parse::proxy_response::headers::{fields, inferred_fields};
use crate::parse::proxy_response::surfaces::{judge, only_suspect};
use crate::parse::value::{self, CutMember, MORE, Salvaged, Shape, is_unseen};

/// Judges a whole return value.
///
/// A missing `statusCode` that the surface turns into 200 is `Seen(200)`. An HTTP API is taken to
/// use payload format 2.0, which it does unless configured otherwise.
pub fn examine(value: &Value, surface: Surface) -> FunctionResponse {
    answer(&Document { value, began: shape(value), whole: true, cut: None }, surface)
}

/// Judges the payload of an `Endpoint response body before transformations` line, which
/// ` [TRUNCATED]` may have cut off; `None` if it is no return value of a function (HTML, nothing).
pub fn examine_text(text: &[u8], truncated: bool, surface: Surface) -> Option<FunctionResponse> {
    with_document(text, truncated, |document| answer(document, surface))
}

/// Judges the payload of an `Endpoint response body before transformations` line of a REST API that
/// called it malformed. Of what is not known to be rejected, the one member that is not known to be
/// accepted either must be the reason.
pub fn examine_rejected(text: &[u8], truncated: bool) -> Option<FunctionResponse> {
    with_document(text, truncated, |document| {
        let mut response = answer(document, Surface::Rest);
        if response.acceptance == Acceptance::Unknown
            && let Some(defect) = only_suspect(document)
        {
            response.acceptance = Acceptance::Malformed(defect);
        }
        response
    })
}

fn with_document<T>(
    text: &[u8],
    truncated: bool,
    judge: impl FnOnce(&Document<'_>) -> T,
) -> Option<T> {
    let text = text.trim_ascii();
    let (text, truncated) = match text.strip_suffix(b"[TRUNCATED]") {
        Some(text) => (text, true),
        None => (text, truncated),
    };
    let Salvaged { value, began, whole, cut } = value::salvage(text)?;
    // A lone word is no JSON, and what is cut off may be the rest of it.
    if began == Shape::Scalar && serde_json::from_slice::<Value>(text).is_err() {
        return None;
    }
    let whole = whole && !(truncated && matches!(began, Shape::Scalar));
    Some(judge(&Document { value: &value, began, whole, cut: cut.as_ref() }))
}

/// A return value, as far as it was logged.
struct Document<'a> {
    value: &'a Value,
    began: Shape,
    whole: bool,
    cut: Option<&'a CutMember>,
}

impl Document<'_> {
    /// What a top-level member begins as, be it cut off or not. `None` if it is not there, or if the
    /// dump does not show it.
    fn shape_of(&self, key: &str) -> Option<Shape> {
        match self.cut {
            Some(cut) if cut.key == key => cut.began,
            Some(_) | None => self.value.get(key).filter(|value| !is_unseen(value)).map(shape),
        }
    }

    /// A top-level member that is whole.
    fn member(&self, key: &str) -> Option<&Value> {
        self.value
            .get(key)
            .filter(|value| !is_unseen(value) && self.cut.is_none_or(|cut| cut.key != key))
    }

    /// Whether a top-level member is known not to be there.
    fn lacks(&self, key: &str) -> bool {
        self.whole && self.value.get(key).is_none() && self.value.get(MORE).is_none()
    }

    /// The top-level keys, the one of a member that is cut off included.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let cut = self.cut.map(|cut| cut.key.as_str());
        let cut = cut.filter(|key| self.value.get(key).is_none());
        let members = self.value.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
        members.filter(|key| *key != MORE).chain(cut)
    }
}

fn answer(document: &Document<'_>, surface: Surface) -> FunctionResponse {
    let acceptance = judge(document, surface);
    let (status, (headers, headers_complete)) = match &acceptance {
        Acceptance::Inferred => (Fact::Seen(200), (inferred_fields(), true)),
        Acceptance::Malformed(Defect { problem: DefectKind::ServiceError, .. }) => {
            (Fact::Absent, (Vec::new(), false))
        }
        Acceptance::Unknown if is_function_error(document) => (Fact::Unseen, (Vec::new(), false)),
        Acceptance::Accepted if document.lacks("statusCode") => {
            (Fact::Seen(200), fields(document, surface))
        }
        Acceptance::Accepted | Acceptance::Malformed(_) | Acceptance::Unknown => {
            (status(document), fields(document, surface))
        }
    };
    FunctionResponse { status, headers, headers_complete, acceptance, is_claim: false }
}

fn status(document: &Document<'_>) -> Fact<u16> {
    match document.member("statusCode") {
        Some(value) => Fact::from_option(status_code(value)),
        None if document.lacks("statusCode") => Fact::Absent,
        None => Fact::Unseen,
    }
}

/// A number, or a numeric string.
fn status_code(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Keys of the error documents that the runtimes send to Lambda.
const ERROR_KEYS: &[&str] =
    &["errorMessage", "errorType", "requestId", "stackTrace", "stack", "trace", "cause", "reason"];

fn is_function_error(document: &Document<'_>) -> bool {
    let mut keys = document.keys().peekable();
    keys.peek().is_some()
        && document.keys().any(|key| key == "errorMessage" || key == "errorType")
        && keys.all(|key| ERROR_KEYS.contains(&key))
}

/// An error document of the Lambda service: `{"Reason": ..., "Type": "User", "message": ...}`.
fn is_service_error(document: &Document<'_>) -> bool {
    document.member("Type").and_then(Value::as_str) == Some("User")
        && (document.keys().any(|key| key.eq_ignore_ascii_case("message")))
        && document.keys().all(|key| matches!(key, "Reason" | "Type" | "message" | "Message"))
}

fn shape(value: &Value) -> Shape {
    match value {
        Value::Object(_) => Shape::Object,
        Value::Array(_) => Shape::Array,
        Value::String(_) => Shape::Text,
        Value::Null | Value::Bool(_) | Value::Number(_) => Shape::Scalar,
    }
}

#[cfg(test)]
mod tests;
