//! Facts about what the integration answered, what the function logged of its response, and what the
//! application wrote.
//!
//! Must not: turn the unseen into the absent.

use std::borrow::Cow;

use memchr::memchr_iter;
use serde_json::Value as Json;

use crate::model::headers::lossy;
use crate::model::invocation::{MORE, is_unseen};
use crate::model::{Acceptance, Class, Confidence, Exchange, Fact, Headers, LineKind, Text};
use crate::rules::reader::{Value, text};

/// A header of the gateway's call to the integration, or of its answer.
pub(crate) fn header<'a>(exchange: &'a Exchange, kind: LineKind, name: &str) -> Fact<Value<'a>> {
    match exchange.header_map(kind) {
        Some(map) => Headers::Map(map).get(name).map(Value::Text),
        None => Fact::Unseen,
    }
}

/// The body that the integration answered with.
pub(crate) fn body(exchange: &Exchange) -> Fact<Value<'_>> {
    let body = exchange.payload(LineKind::EndpointResponseBody);
    Fact::from_option(body.map(|body| {
        Value::Text(match body {
            Cow::Borrowed(body) => lossy(body),
            Cow::Owned(body) => Cow::Owned(lossy(&body).into_owned()),
        })
    }))
}

/// Whether the body that the integration answered with, JSON within JSON too, has an
/// `Access-Control-Allow-Origin` field; `None` if it was not logged.
pub(crate) fn allow_origin_in_body(exchange: &Exchange) -> Option<bool> {
    let body = exchange.payload(LineKind::EndpointResponseBody)?;
    Some(memchr_iter(b'-', &body).any(|dash| is_allow_origin_field(&body, dash)))
}

/// Whether a field of this name has its first dash here, and a string or a list for a value.
fn is_allow_origin_field(body: &[u8], dash: usize) -> bool {
    const NAME: &[u8] = b"access-control-allow-origin";
    let start = dash.wrapping_sub("access".len());
    let name = body.get(start..).and_then(|rest| rest.split_at_checked(NAME.len()));
    let Some((name, rest)) = name else { return false };
    if !name.eq_ignore_ascii_case(NAME) || body.get(start.wrapping_sub(1)) != Some(&b'"') {
        return false;
    }
    let escapes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let value = rest.get(escapes..).and_then(|rest| rest.strip_prefix(b"\""));
    let value = value.and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"));
    matches!(value.map(<[u8]>::trim_ascii_start), Some([b'"' | b'\\' | b'[', ..]))
}

/// Whether lines of a Lambda authorizer are among those of the request.
pub(crate) fn authorizer_ran(exchange: &Exchange) -> Fact<Value<'static>> {
    if exchange.lines().iter().any(|line| line.kind == LineKind::Authorizer) {
        Fact::Seen(Value::Bool(true))
    } else if exchange.shows_beginning && exchange.is_complete {
        Fact::Seen(Value::Bool(false))
    } else {
        Fact::Unseen
    }
}

/// Access logs have the stage in the path, execution logs do not.
pub(crate) fn repeats_stage(exchange: &Exchange) -> Fact<Value<'static>> {
    let (Some(path), Some(stage)) = (exchange.text(Text::Path), exchange.text(Text::Stage)) else {
        return Fact::Unseen;
    };
    let shows_execution = exchange.lines().iter().any(|line| line.kind == LineKind::HttpMethod);
    let expected = usize::from(!shows_execution);
    let repeated = path.split('/').skip(1).take_while(|part| *part == stage).count();
    Fact::Seen(Value::Bool(repeated > expected))
}

/// What the gateway makes of the return value.
pub(crate) fn acceptance(exchange: &Exchange) -> Fact<Value<'static>> {
    let response = exchange.function_response.as_ref();
    let word = match response.map(|response| &response.acceptance) {
        Some(Acceptance::Accepted) => "accepted",
        Some(Acceptance::Inferred) => "inferred",
        Some(Acceptance::Malformed(_)) => "malformed",
        Some(Acceptance::Unknown) | None => return Fact::Unseen,
    };
    text(word)
}

pub(crate) fn logged(exchange: &Exchange) -> Option<&Json> {
    exchange.invocation.as_ref()?.response.as_deref()
}

/// Whether the function logged its response.
pub(crate) fn logged_seen(exchange: &Exchange) -> Fact<Value<'static>> {
    Fact::Seen(Value::Bool(logged(exchange).is_some()))
}

/// Why the gateway would reject what the function logged of its response.
pub(crate) fn logged_defect(exchange: &Exchange) -> Fact<Value<'static>> {
    if logged(exchange).is_none() {
        return Fact::Unseen;
    }
    match exchange.function_response.as_ref().map(|response| &response.acceptance) {
        Some(Acceptance::Malformed(defect)) => text(defect.problem.as_str()),
        Some(Acceptance::Accepted | Acceptance::Inferred) => Fact::Absent,
        Some(Acceptance::Unknown) | None => Fact::Unseen,
    }
}

/// How sure a finding of this class can be: that the gateway rejected what the function returned, the
/// function's own log does not prove.
pub(crate) fn most_confident(exchange: &Exchange, class: Class) -> Confidence {
    let is_claim = exchange.function_response.as_ref().is_some_and(|response| response.is_claim);
    if is_claim && class == Class::MalformedProxyResponse {
        Confidence::Likely
    } else {
        Confidence::Confirmed
    }
}

/// Where the logged event has its headers.
pub(crate) fn multi_value_event(exchange: &Exchange) -> Fact<Value<'static>> {
    let event = exchange.invocation.as_ref().and_then(|run| run.event.as_ref());
    Fact::from_option(event.and_then(|event| event.multi_value).map(Value::Bool))
}

/// Whether a dump left members of an object out.
fn is_cut(object: &Json) -> bool {
    object.get(MORE).is_some()
}

/// A header of the logged proxy response; several values are combined with `, `.
pub(crate) fn logged_header<'a>(exchange: &'a Exchange, name: &str) -> Fact<Value<'a>> {
    logged(exchange).map_or(Fact::Unseen, |response| header_of(response, name))
}

fn header_of<'a>(response: &'a Json, name: &str) -> Fact<Value<'a>> {
    let mut is_whole = !is_cut(response);
    let mut values: Vec<Cow<'a, str>> = Vec::new();
    for map in ["multiValueHeaders", "headers"].into_iter().filter_map(|key| response.get(key)) {
        is_whole &= !is_unseen(map) && !is_cut(map);
        let fields = map.as_object().into_iter().flatten();
        for (_, value) in fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)) {
            match value {
                value if is_unseen(value) => is_whole = false,
                Json::String(value) => values.push(Cow::Borrowed(value)),
                Json::Array(list) => {
                    values.extend(list.iter().filter_map(Json::as_str).map(Cow::Borrowed));
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {
                    values.push(Cow::Owned(value.to_string()));
                }
            }
        }
    }
    match values.len() {
        0 if is_whole => Fact::Absent,
        0 => Fact::Unseen,
        1 => Fact::from_option(values.pop().map(Value::Text)),
        _ => Fact::Seen(Value::Text(Cow::Owned(values.join(", ")))),
    }
}

/// Name of the first logged header whose value is not text.
pub(crate) fn logged_non_string(exchange: &Exchange) -> Fact<Value<'_>> {
    logged(exchange).map_or(Fact::Unseen, non_string_of)
}

fn non_string_of(response: &Json) -> Fact<Value<'_>> {
    let Some(headers) = response.get("headers") else {
        return if is_cut(response) { Fact::Unseen } else { Fact::Absent };
    };
    let mut fields = headers.as_object().into_iter().flatten().filter(|(name, _)| *name != MORE);
    match fields.find(|(_, value)| !value.is_string()) {
        Some((name, _)) => text(name),
        None if is_unseen(headers) || is_cut(headers) => Fact::Unseen,
        None => Fact::Absent,
    }
}

/// JSON type of a member of the logged proxy response.
pub(crate) fn logged_type(exchange: &Exchange, key: &str) -> Fact<Value<'static>> {
    logged(exchange).map_or(Fact::Unseen, |response| type_in(response, key))
}

fn type_in(response: &Json, key: &str) -> Fact<Value<'static>> {
    match response.get(key) {
        Some(value) if is_unseen(value) => Fact::Unseen,
        Some(value) => text(type_of(value)),
        None if is_cut(response) => Fact::Unseen,
        None => Fact::Absent,
    }
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Object(_) => "object",
        Json::Array(_) => "array",
        Json::String(_) => "string",
        Json::Number(_) => "number",
        Json::Bool(_) => "boolean",
        Json::Null => "null",
    }
}

/// A member of the application's own JSON lines. Without such a line it is unseen: the
/// application's log may not be among the input.
pub(crate) fn application(exchange: &Exchange, path: &str) -> Fact<Value<'static>> {
    let lines = exchange.invocation.iter().flat_map(|run| &run.lines);
    let mut documents = lines
        .filter(|line| line.kind == LineKind::Application)
        .filter_map(|line| document(&line.text))
        .peekable();
    if documents.peek().is_none() {
        return Fact::Unseen;
    }
    documents.find_map(|document| member(&document, path)).map_or(Fact::Absent, Fact::Seen)
}

/// The JSON object that a line is, or that it ends in.
fn document(line: &str) -> Option<Json> {
    let json = line.get(line.find('{')?..)?;
    serde_json::from_str::<Json>(json.trim_end()).ok().filter(Json::is_object)
}

/// The member at a path with dots; a key that has dots itself is found as well.
fn member(document: &Json, path: &str) -> Option<Value<'static>> {
    if let Some(value) = document.get(path) {
        return value_of(value);
    }
    // Runtimes put what was logged under `message`.
    let nested = path.match_indices('.').find_map(|(at, _)| {
        let (head, tail) = (path.get(..at)?, path.get(at + 1..)?);
        member(document.get(head)?, tail)
    });
    nested.or_else(|| member(document.get("message").filter(|inner| inner.is_object())?, path))
}

fn value_of(value: &Json) -> Option<Value<'static>> {
    Some(match value {
        Json::String(text) => Value::Text(Cow::Owned(text.clone())),
        Json::Null => return None,
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Value::Text(Cow::Owned(value.to_string()))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_found_by_its_path() {
        let check = |line: &str, path: &str, want: Option<&str>| {
            let found = document(line).and_then(|document| member(&document, path));
            assert_eq!(found.map(|value| value.text().into_owned()).as_deref(), want, "{path}");
        };
        let line =
            r#"2026-11-22T10:00:00.000Z 4f0c INFO {"tenant":{"id":7},"a.b":"dotted","ok":true}"#;
        check(line, "tenant.id", Some("7"));
        check(line, "a.b", Some("dotted"));
        check(line, "ok", Some("true"));
        check(line, "tenant.name", None);
        check(r#"{"level":"INFO","message":{"cart":{"items":3}}}"#, "cart.items", Some("3"));
        check(r#"{"level":"INFO","message":"text"}"#, "message", Some("text"));
        check("no JSON here", "message", None);
        check("{broken", "message", None);
    }

    #[test]
    fn what_a_dump_left_out_is_unseen() {
        let header =
            |response: Json| header_of(&response, "Vary").map(|value| value.text().into_owned());
        assert_eq!(header(json!({"headers": {"vary": "Origin"}})), Fact::Seen("Origin".to_owned()));
        assert_eq!(header(json!({"headers": {"a": "b"}})), Fact::Absent);
        assert_eq!(header(json!({"body": ""})), Fact::Absent);
        assert_eq!(header(json!({"headers": "[Object]"})), Fact::Unseen);
        assert_eq!(header(json!({"headers": {"a": "b", "...": "1"}})), Fact::Unseen);
        assert_eq!(header(json!({"headers": {"vary": "[Object]"}})), Fact::Unseen);
        assert_eq!(header(json!({"body": "", "...": "1"})), Fact::Unseen);
        assert!(non_string_of(&json!({"headers": "[Object]"})).is_unseen());
        assert!(non_string_of(&json!({"headers": {"a": "b"}})).is_absent());
        assert_eq!(
            non_string_of(&json!({"headers": {"a": 1}})).map(|it| it.text() == "a"),
            Fact::Seen(true)
        );
        assert!(type_in(&json!({"body": "[Object]"}), "body").is_unseen());
        assert!(type_in(&json!({"...": "1"}), "body").is_unseen());
        assert!(type_in(&json!({}), "body").is_absent());
    }
}
