//! The header list that goes over the wire for a return value.
//!
//! Must not: judge.

use serde_json::{Map, Value};

use crate::model::Surface;
use crate::parse::proxy_response::Document;
use crate::parse::value::{MORE, is_unseen};

/// Name and value, in order.
pub(super) type Fields = Vec<(String, String)>;

/// The headers of a response that the surface makes out of a bare value.
pub(super) fn inferred_fields() -> Fields {
    vec![("content-type".to_owned(), "application/json".to_owned())]
}

/// The headers, and whether the list is known to be whole.
pub(super) fn fields(document: &Document<'_>, surface: Surface) -> (Fields, bool) {
    let takes_multi = takes_multi_values(surface);
    let takes_cookies = takes_cookies(surface);
    let mut complete = known(document, "headers")
        && (!takes_multi || known(document, "multiValueHeaders"))
        && (!takes_cookies || known(document, "cookies"));
    let mut fields = Vec::new();
    if takes_multi && let Some(multi) = map(document, "multiValueHeaders") {
        complete &= push_multi(multi, &mut fields);
    }
    if let Some(single) = map(document, "headers") {
        complete &= push_single(single, &mut fields);
    }
    if takes_cookies && let Some(Value::Array(cookies)) = document.value.get("cookies") {
        let cookies = cookies.iter().filter_map(wire_text);
        fields.extend(cookies.map(|cookie| ("set-cookie".to_owned(), cookie)));
    }
    (fields, complete)
}

/// Payload format 2.0 has no `multiValueHeaders`; an HTTP API that gets them uses 1.0.
fn takes_multi_values(surface: Surface) -> bool {
    match surface {
        Surface::FunctionUrl => false,
        Surface::Rest
        | Surface::Http
        | Surface::Alb
        | Surface::WebSocket
        | Surface::TestInvoke
        | Surface::Har
        | Surface::Unknown => true,
    }
}

fn takes_cookies(surface: Surface) -> bool {
    match surface {
        Surface::Http | Surface::FunctionUrl | Surface::Unknown => true,
        Surface::Rest | Surface::Alb | Surface::WebSocket | Surface::TestInvoke | Surface::Har => {
            false
        }
    }
}

/// Whether all of a member is known: it is whole, or known not to be there.
fn known(document: &Document<'_>, key: &str) -> bool {
    document.member(key).is_some() || document.lacks(key)
}

fn map<'a>(document: &'a Document<'_>, key: &str) -> Option<&'a Map<String, Value>> {
    document.value.get(key).and_then(Value::as_object)
}

fn push_multi(multi: &Map<String, Value>, fields: &mut Fields) -> bool {
    let mut complete = true;
    for (name, values) in multi {
        complete &= name != MORE && !is_unseen(values);
        if let Value::Array(values) = values {
            complete &= !values.iter().any(is_unseen);
            let values: Vec<_> = values.iter().filter_map(wire_text).collect();
            if !values.is_empty() {
                fields.push((name.clone(), values.join(", ")));
            }
        }
    }
    complete
}

/// A header that `multiValueHeaders` has too is joined to it, multi values first; an identical pair
/// is sent once.
fn push_single(single: &Map<String, Value>, fields: &mut Fields) -> bool {
    let mut complete = true;
    for (name, value) in single {
        complete &= name != MORE && !is_unseen(value);
        let Some(value) = wire_text(value).filter(|_| name != MORE) else { continue };
        match fields.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, values)) if values.split(", ").any(|other| other == value) => {}
            Some((_, values)) => {
                values.push_str(", ");
                values.push_str(&value);
            }
            None => fields.push((name.clone(), value)),
        }
    }
    complete
}

/// A header value as text. Objects go out as Java's `Map.toString` prints them.
fn wire_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(_) if is_unseen(value) => None,
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            let mut text = String::new();
            push_java(value, &mut text);
            Some(text)
        }
    }
}

fn push_java(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                push_java(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (key, item)) in members.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { ", " });
                text.push_str(key);
                text.push('=');
                push_java(item, text);
            }
            text.push('}');
        }
    }
}
