//! Lambda logs: platform lines in text and JSON, and what applications of all runtimes write.
//!
//! Application lines are the bulk of such logs, so what says nothing is let go without allocation.
//!
//! Must not: decide how an invocation ended; one line does not know the others.

mod application;
mod dump;
mod failure;
mod json;
mod platform;

use memchr::memmem;

use crate::model::{Entry, LambdaLine, Record, RequestId};
use crate::parse::value::raw::{self, Raw};

/// Reads a line of a Lambda log. `None` for a line without any mark of Lambda, unless it holds an
/// HTTP event, a proxy response or an unhandled error.
pub fn parse(message: &[u8]) -> Option<Record<'_>> {
    let text = message.trim_ascii();
    let Line { id, line } = match text.first()? {
        b'{' => json::read(text)?,
        _ => platform::read(text).or_else(|| application::read(text))?,
    };
    let truncated = text.ends_with(b" [TRUNCATED]");
    Some(Record { id: None, truncated, entry: Entry::Lambda(id, line) })
}

/// `Type: message` of an error document, or what it has of both.
pub fn error_of(document: &[u8]) -> Option<String> {
    let kind = raw::member(document, b"errorType").map(Raw::to_text);
    let message = raw::member(document, b"errorMessage").map(Raw::to_text);
    match (kind, message) {
        (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
        (text, None) | (None, text) => text,
    }
}

/// A line and the request id that it carries.
struct Line<'a> {
    id: Option<RequestId>,
    line: LambdaLine<'a>,
}

/// A line shape: how it begins, what it means, an example, and where it is documented or printed.
struct LineShape<T> {
    begins: &'static [u8],
    meaning: T,
    #[cfg_attr(not(test), expect(dead_code, reason = "documentation that the tests read"))]
    example: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "documentation that the tests read"))]
    seen: &'static str,
}

/// The shape that a text begins as.
fn find_shape<T: Copy>(shapes: &[LineShape<T>], text: &[u8]) -> Option<T> {
    let first = text.first();
    shapes
        .iter()
        .find(|shape| shape.begins.first() == first && text.starts_with(shape.begins))
        .map(|shape| shape.meaning)
}

/// Whether a word is a request id: 36 letters and digits with four hyphens in their places.
fn is_request_id(word: &[u8]) -> bool {
    let is_hyphen = |at| word.get(at) == Some(&b'-');
    word.len() == RequestId::MAX
        && is_hyphen(8)
        && is_hyphen(13)
        && is_hyphen(18)
        && is_hyphen(23)
        // Counting has no early end, so that it becomes a few vector instructions.
        && word.iter().filter(|byte| !byte.is_ascii_alphanumeric() && **byte != b'-').count() == 0
}

/// The text up to the first blank, and the rest behind all blanks.
fn split_token(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (token, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (token, rest.trim_ascii_start())
}

/// What stands between a label and the next blank.
fn token_behind<'a>(text: &'a [u8], label: &memmem::Finder<'_>) -> Option<&'a [u8]> {
    let at = label.find(text)?;
    first_token(text.get(at + label.needle().len()..)?)
}

/// What stands before the first blank.
fn first_token(text: &[u8]) -> Option<&[u8]> {
    let (token, _) = split_token(text);
    // Fixtures hold `\t` and `\n` as two characters.
    let end = memchr::memchr(b'\\', token).unwrap_or(token.len());
    token.get(..end).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests;
