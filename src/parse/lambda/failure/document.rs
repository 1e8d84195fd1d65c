//! Documents with the error that left a handler, in JSON, as runtimes write them and callers get them.
//!
//! Must not: take the document of an application for one.

use crate::parse::lambda::error_of;
use crate::parse::lambda::failure::{Failure, lossy};
use crate::parse::value::raw;

/// The keys of the error documents that runtimes send to Lambda.
const ERROR_KEYS: &[&[u8]] = &[
    b"errorMessage",
    b"errorType",
    b"requestId",
    b"stackTrace",
    b"stack",
    b"trace",
    b"cause",
    b"reason",
];

/// What Node's own errors hold besides.
const NODE_KEYS: &[&[u8]] = &[b"code", b"errno", b"syscall", b"path", b"dest", b"requireStack"];

/// The error's document that Python's runtime writes behind its warning in one event, where its log
/// format is JSON: lines of it end in a carriage return.
pub(in crate::parse::lambda) fn behind_warning(text: &[u8]) -> Option<&[u8]> {
    let warning = text.strip_prefix(b"LAMBDA_WARNING: ")?;
    let document = warning.get(memchr::memchr2(b'\n', b'\r', warning)?..)?.trim_ascii();
    raw::member(document, b"errorType").map(|_| document)
}

/// A document that holds nothing but an error: what Go logs, and Node before version 10.
pub(in crate::parse::lambda) fn error_document(text: &[u8]) -> Option<Failure> {
    let is_known = || raw::members(text).all(|(key, _)| ERROR_KEYS.contains(&key));
    let is_error = is_of_node_itself(text) || is_known();
    (is_error && raw::member(text, b"errorMessage").is_some()).then(|| json(text, b""))
}

/// Whether Node wrote a document: type and message, then the error's own members, whatever their names, and
/// its stack. No access log has this form.
fn is_of_node_itself(text: &[u8]) -> bool {
    let mut members = raw::members(text);
    let mut next = || members.next().map(|(key, _)| key);
    if next() != Some(b"errorType") {
        return false;
    }
    let has_stack = next() == Some(b"errorMessage")
        && [b"stack".as_slice(), b"trace"]
            .iter()
            .filter_map(|key| raw::member(text, key))
            .any(|stack| stack.bytes().starts_with(b"["));
    let is_key = |key: &[u8]| ERROR_KEYS.contains(&key) || NODE_KEYS.contains(&key);
    has_stack || raw::members(text).all(|(key, _)| is_key(key))
}

/// The error of a document with `errorType` and `errorMessage`, or of the text before it.
pub(in crate::parse::lambda) fn json(text: &[u8], label: &[u8]) -> Failure {
    Failure::new(error_of(text).unwrap_or_else(|| lossy(label)))
}

/// What Python's runtime writes of an error in JSON since 2024: time and level, and what it sends to
/// Lambda.
pub(in crate::parse::lambda) fn python_document(text: &[u8]) -> Option<Failure> {
    const KEYS: &[&[u8]] =
        &[b"timestamp", b"level", b"errorMessage", b"errorType", b"requestId", b"stackTrace"];
    raw::members(text).map(|(key, _)| key).eq(KEYS.iter().copied()).then(|| json(text, b""))
}
