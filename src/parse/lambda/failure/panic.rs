//! How processes die by their own hand: Rust's panics, and a full heap in Node.
//!
//! Must not: take the end of another thread for that of the process.

use memchr::{memchr, memmem};

use crate::model::RequestId;
use crate::parse::lambda::failure::{Failure, first_line, lossy};

/// `thread 'main' (8) panicked at src/main.rs:3:5:` and the message, which an event of its own may
/// hold.
pub(in crate::parse::lambda) fn of_rust(text: &[u8]) -> Option<Failure> {
    let text = text.strip_prefix(b"thread 'main' ")?;
    let number = text.strip_prefix(b"(").and_then(|text| text.get(..memchr(b')', text)?));
    let is_number = |number: &&[u8]| number.iter().all(u8::is_ascii_digit);
    let behind = match number.filter(is_number) {
        Some(number) => text.get(number.len() + 3..)?,
        None => text,
    };
    behind.strip_prefix(b"panicked at ")?;
    let first = first_line(behind);
    let rest = behind.get(memchr(b'\n', behind).unwrap_or(behind.len())..).unwrap_or_default();
    let message = first_line(rest.trim_ascii_start());
    let mut told = lossy(b"thread 'main' ");
    told.push_str(&String::from_utf8_lossy(first));
    if first.ends_with(b":") && !message.is_empty() {
        told.push(' ');
        told.push_str(&String::from_utf8_lossy(message));
    }
    Some(Failure::new(told))
}

/// What Rust's runtime of Lambda logs of a panic in the handler, and the request id in it: `ERROR
/// Lambda runtime invoke{requestId="<id>" ...}: user handler panicked error=Any { .. }`.
pub(in crate::parse::lambda) fn of_handler(text: &[u8]) -> Option<(RequestId, Failure)> {
    let span = text.strip_prefix(b"ERROR ")?.trim_ascii_start();
    let span = span.strip_prefix(b"Lambda runtime invoke{requestId=\"")?;
    let (id, rest) = span.split_at_checked(memchr(b'"', span)?)?;
    let message = rest.get(memmem::find(rest, b"}: ")? + 3..)?;
    // What the runtime itself says of an error that the handler gave or that it met.
    if let Some(error) = message.strip_prefix(b"lambda_runtime: ") {
        return Some((RequestId::parse(id)?, Failure::new(lossy(first_line(error)))));
    }
    // The module may stand before it.
    let at = memmem::find(message, b"user handler panicked error=")
        .or_else(|| message.starts_with(b"Any { .. }").then_some(0))?;
    let is_module = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b' ');
    let module = message.get(..at)?;
    module
        .iter()
        .all(is_module)
        .then(|| Some((RequestId::parse(id)?, Failure::new("user handler panicked".to_owned()))))?
}

/// What V8 prints before it ends a process whose heap is full. A child process may print it, too: that
/// the process died is said by the platform.
pub(in crate::parse::lambda) fn of_heap(text: &[u8]) -> Option<Failure> {
    text.strip_prefix(b"FATAL ERROR: ")?;
    let line = first_line(text);
    line.ends_with(b" JavaScript heap out of memory").then(|| Failure::new(lossy(line)))
}
