//! HTTP events and proxy responses that applications log, wherever they stand in a line.
//!
//! Must not: take an application's own JSON for a response.

use std::sync::LazyLock;

use memchr::{memchr, memmem};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::model::HttpEvent;
use crate::parse::http_event;
use crate::parse::value;

/// What a line holds.
#[derive(Default)]
pub(super) struct Dumps {
    pub(super) event: Option<Box<HttpEvent>>,
    pub(super) response: Option<Box<Value>>,
}

impl Dumps {
    pub(super) fn is_some(&self) -> bool {
        self.event.is_some() || self.response.is_some()
    }
}

/// Without one of these there is neither an event nor a response.
static NEEDLES: LazyLock<[memmem::Finder<'static>; 4]> = LazyLock::new(|| {
    ["statusCode", "requestContext", "methodArn", "llow-"].map(memmem::Finder::new)
});
/// Both of these make an event whose context was not logged; access logs have the first alone.
static METHOD: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("httpMethod"));
static HEADERS: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("eaders"));

/// Braces in one text that are tried as the beginning of a value.
const MAX_TRIES: usize = 16;
/// `{"message": "{\"result\": {...}}"}` has three.
const MAX_LEVELS: usize = 4;

/// Looks for an event and a response in a text.
pub(super) fn search(text: &[u8]) -> Dumps {
    let mut dumps = Dumps::default();
    if may_hold(text) {
        scan(text, 0, &mut dumps);
    }
    dumps
}

/// The same, but nothing from a line of an API Gateway execution log, whatever a tool put before it.
pub(super) fn search_own(text: &[u8]) -> Dumps {
    let dumps = search(text);
    if dumps.is_some() && OF_THE_GATEWAY.iter().any(|label| label.find(text).is_some()) {
        return Dumps::default();
    }
    dumps
}

/// Whether text that no runtime marks is code of a function and nothing that it logged: what begins it is a
/// statement, or its object calls what makes the body.
pub(super) fn is_source(text: &[u8]) -> bool {
    const CALLS: &[&[u8]] = &[b"JSON.stringify(", b"json.dumps("];
    const STATEMENTS: &[&[u8]] = &[b"return", b"return(", b"return ("];
    const DECLARATIONS: &[&[u8]] = &[b"const ", b"let ", b"var "];
    let Some(open) = memchr(b'{', text) else { return false };
    let (before, object) = text.split_at_checked(open).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    STATEMENTS.contains(&line)
        || line.ends_with(b"(null,")
        || line.ends_with(b"=") && DECLARATIONS.iter().any(|start| line.starts_with(start))
        || CALLS.iter().any(|call| memmem::find(object, call).is_some())
            && serde_json::from_slice::<IgnoredAny>(object.trim_ascii()).is_err()
}

/// Labels of the lines that hold the function's event and response, and the gateway's.
static OF_THE_GATEWAY: LazyLock<[memmem::Finder<'static>; 8]> = LazyLock::new(|| {
    [
        "Endpoint request body after transformations:",
        "Endpoint request headers:",
        "Endpoint response body before transformations:",
        "Endpoint response headers:",
        "Method request body before transformations:",
        "Method request headers:",
        "Method response body after transformations:",
        "Method response headers:",
    ]
    .map(memmem::Finder::new)
});

fn may_hold(text: &[u8]) -> bool {
    let has = |needle: &memmem::Finder<'_>| needle.find(text).is_some();
    memchr(b'{', text).is_some() && (NEEDLES.iter().any(has) || (has(&METHOD) && has(&HEADERS)))
}

fn scan(text: &[u8], level: usize, dumps: &mut Dumps) {
    let mut at = 0;
    for _ in 0..MAX_TRIES {
        let Some(rest) = text.get(at..) else { return };
        let Some(open) = memchr(b'{', rest) else { return };
        let (Some(label), Some(found)) = (rest.get(..open), rest.get(open..)) else { return };
        match value::parse_prefix(found) {
            Some((value, length)) => {
                visit(value, is_label(label), level, dumps);
                at += open + length;
            }
            None => at += open + 1,
        }
    }
}

fn visit(value: Value, labelled: bool, level: usize, dumps: &mut Dumps) {
    match value {
        Value::Object(members) if is_response(&members, labelled) || lacks_status(&members) => {
            dumps.response.get_or_insert_with(|| Box::new(Value::Object(members)));
        }
        Value::Object(members) => {
            let value = Value::Object(members);
            if let Some(event) = http_event::read(&value) {
                dumps.event.get_or_insert_with(|| Box::new(event));
            } else if let Value::Object(members) = value
                && level < MAX_LEVELS
            {
                let members =
                    members.into_iter().filter(|(key, _)| !OF_ERRORS.contains(&key.as_str()));
                for (key, member) in members {
                    visit(member, is_label(key.as_bytes()), level + 1, dumps);
                }
            }
        }
        Value::String(text) if level < MAX_LEVELS && may_hold(text.as_bytes()) => {
            scan_text(text.as_bytes(), labelled, level + 1, dumps);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
    }
}

/// A string member: a value on its own is labelled by the member's key.
fn scan_text(text: &[u8], labelled: bool, level: usize, dumps: &mut Dumps) {
    match value::parse_prefix(text.trim_ascii()) {
        Some((value @ Value::Object(_), _)) => visit(value, labelled, level, dumps),
        Some(_) | None => scan(text, level, dumps),
    }
}

/// The keys that stand beside `statusCode` in a proxy response.
const COMPANIONS: &[&str] = &["headers", "body", "multiValueHeaders", "isBase64Encoded", "cookies"];
/// Keys of the responses that HTTP clients get, and of access lines of web frameworks.
const OF_OTHERS: &[&str] = &[
    "request",
    "req",
    "statusMessage",
    "statusText",
    "rawHeaders",
    "httpVersion",
    "url",
    "method",
    "httpMethod",
    "config",
    "socket",
    "level",
    "$metadata",
    "responseTime",
    "retryable",
    "stack",
    "warnings",
    "meta",
];
/// Keys under which errors stand, with what another service answered.
const OF_ERRORS: &[&str] = &["err", "error", "exception", "cause"];

fn is_response(members: &Map<String, Value>, labelled: bool) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| members.contains_key(*key));
    members.get("statusCode").is_some_and(|status| !status.is_object())
        && (labelled || has(COMPANIONS))
        && !has(OF_OTHERS)
}

/// A proxy response whose `statusCode` was forgotten: CORS response headers, and no key that is not
/// of a proxy response. What an HTTP client got has its status beside the headers.
fn lacks_status(members: &Map<String, Value>) -> bool {
    let is_cors = |name: &str| name.eq_ignore_ascii_case("access-control-allow-origin");
    let headers = members.get("headers").and_then(Value::as_object);
    headers.is_some_and(|headers| headers.keys().any(|name| is_cors(name)))
        && members.keys().all(|key| COMPANIONS.contains(&key.as_str()))
}

/// Whether the text before a value, or the key of a member, calls it the function's response.
fn is_label(text: &[u8]) -> bool {
    const LABELS: &[&[u8]] = &[
        b"response",
        b"result",
        b"return",
        b"returns",
        b"returned",
        b"returning",
        b"return value",
        b"returnvalue",
        b"return_value",
        b"output",
        b"reply",
    ];
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b":=-> '\"([".contains(byte);
    let end = text.iter().rposition(|byte| !is_mark(byte)).map_or(0, |at| at + 1);
    let text = text.get(..end).unwrap_or_default();
    LABELS.iter().any(|label| {
        text.len()
            .checked_sub(label.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(label))
    })
}
