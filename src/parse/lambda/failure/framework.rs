//! Errors that left the handler, in words of frameworks that bring a runtime of their own.
//!
//! Must not: take what such a framework logs of an error that it answers.

use memchr::memmem;

use crate::model::RequestId;
use crate::parse::lambda::failure::{Failure, first_line, lossy};

/// `Invocation with requestId [<id>] failed: <message><class>` and its trace: what Micronaut prints before
/// it tells Lambda of the error (micronaut-aws, `AbstractMicronautLambdaRuntime`).
pub(in crate::parse::lambda) fn of_micronaut(text: &[u8]) -> Option<(RequestId, Failure)> {
    let text = text.strip_prefix(b"Invocation with requestId [")?;
    let (id, rest) = text.split_at_checked(memchr::memchr(b']', text)?)?;
    let told = rest.strip_prefix(b"] failed: ")?;
    let (first, behind) = told.split_at_checked(first_line(told).len())?;
    // The message may be missing, and the class follow it without a blank.
    let mut message = lossy(first.strip_prefix(b"null").unwrap_or(first));
    if memmem::find(first, b"Exception").is_none() && memmem::find(first, b"Error").is_none() {
        let class = first_line(behind.trim_ascii_start());
        message = format!("{}: {message}", String::from_utf8_lossy(class));
    }
    Some((RequestId::parse(id)?, Failure::new(message)))
}
