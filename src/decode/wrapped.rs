//! Header maps that a window broke over lines. A value cannot have a line end, so each was put there
//! when the text was copied.
//!
//! Must not: touch a message that holds anything else.

use std::borrow::Cow;

use memchr::memchr;
use memchr::memmem::find;

use crate::decode::emit::{Emitter, Told};

/// How far into a message its label reaches.
const LABEL: usize = 128;

/// Hands an event on; a header map without such line ends.
pub(crate) fn emit(emitter: &mut Emitter<'_>, told: Told<'_>) {
    emitter.event(Told { message: &joined(told.message), ..told });
}

/// A message without such line ends, if it is the line of a header map.
fn joined(message: &[u8]) -> Cow<'_, [u8]> {
    let Some(first_end) = memchr(b'\n', message).filter(|_| is_header_map(message)) else {
        return Cow::Borrowed(message);
    };
    let (first, behind) = message.split_at_checked(first_end).unwrap_or_default();
    let mut joined = Vec::with_capacity(message.len());
    joined.extend_from_slice(first.strip_suffix(b"\r").unwrap_or(first));
    for line in behind.split(|byte| *byte == b'\n').skip(1) {
        // Between two fields there may have been a blank.
        if joined.last() == Some(&b',') {
            joined.push(b' ');
        }
        joined.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_start());
    }
    Cow::Owned(joined)
}

/// `... headers: {...}`, whole or cut by the gateway.
fn is_header_map(message: &[u8]) -> bool {
    let head = message.get(..LABEL).unwrap_or(message);
    let map = find(head, b" headers:").and_then(|at| message.get(at + b" headers:".len()..));
    let map = map.unwrap_or_default().trim_ascii();
    map.starts_with(b"{") && (map.ends_with(b"}") || map.ends_with(b" [TRUNCATED]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_map_is_one_line_however_it_was_broken() {
        for (message, expected) in [
            (
                "(id) Method response headers: {A=b, \nC=d}",
                "(id) Method response headers: {A=b, C=d}",
            ),
            (
                "Method response headers: {A=b,\r\n    C=d,\ne}",
                "Method response headers: {A=b, C=d, e}",
            ),
            (
                "Method request headers: {Access-Con\ntrol-X=d}",
                "Method request headers: {Access-Control-X=d}",
            ),
            (
                "Endpoint request headers:\n{A=b,\nC=d [TRUNCATED]",
                "Endpoint request headers:{A=b, C=d [TRUNCATED]",
            ),
            (
                "Method response headers: {A=b}\nand more",
                "Method response headers: {A=b}\nand more",
            ),
            (
                "Method response body: {\n  \"headers\": 1\n}",
                "Method response body: {\n  \"headers\": 1\n}",
            ),
            ("All headers: {A=b, C=d}", "All headers: {A=b, C=d}"),
        ] {
            assert_eq!(joined(message.as_bytes()), expected.as_bytes(), "{message}");
        }
    }
}
