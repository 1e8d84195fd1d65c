//! What queries make of events in JSON: `[<milliseconds>, <message>]`, and messages as strings, one a line.
//!
//! Must not: take values for an event's if more than one could be its message.

use memchr::memchr;

use crate::decode::continuation::is_usual_start;
use crate::decode::emit::{Emitter, Told};
use crate::decode::header::{looks_like_stream, millis, starts_with_id};
use crate::decode::stamp::Clock;
use crate::decode::walk::{Cursor, Text, Walked, text};

/// Takes an array that has a message, and maybe a time and the name of a stream; whether it was one.
pub(crate) fn tuple(element: &[u8], emitter: &mut Emitter<'_>) -> bool {
    let mut values = Values::default();
    let Ok(true) = values.read(element) else { return false };
    let Some(message) = values.message.map(Text::cow) else { return false };
    let stream = values.stream.map(Text::cow);
    let line = emitter.next_ordinal();
    emitter.event(Told {
        time: values.time.and_then(millis),
        stream: stream.as_deref(),
        line,
        message: &message,
        ..Told::default()
    });
    true
}

#[derive(Default)]
struct Values<'a> {
    time: Option<&'a [u8]>,
    stream: Option<Text<'a>>,
    message: Option<Text<'a>>,
}

impl<'a> Values<'a> {
    /// Whether each value is one of these, and none is there twice.
    fn read(&mut self, element: &'a [u8]) -> Walked<bool> {
        let mut cursor = Cursor::new(element);
        cursor.expect(b'[')?;
        let mut first = true;
        while cursor.another(b']', first)? {
            first = false;
            let value = cursor.value()?;
            let is_first = match text(value) {
                Some(text) if looks_like_stream(text.raw) => self.stream.replace(text).is_none(),
                Some(text) => self.message.replace(text).is_none(),
                // Streams of get-log-events.
                None if value == b"null" => true,
                None => millis(value).is_some() && self.time.replace(value).is_none(),
            };
            if !is_first {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a line begins here that is the string of a message and nothing else.
pub(crate) fn begins(head: &[u8]) -> bool {
    let Some(raw) = head.strip_prefix(b"\"") else { return false };
    let known = raw.starts_with(b"{\\\"")
        || starts_with_id(raw)
        || is_usual_start(raw)
        || Clock::default().iso(raw).is_some();
    // A string that is longer than what is seen here has no quote in it that is not escaped.
    known
        && match Cursor::new(head).string() {
            Ok(text) => head.get(text.raw.len() + 2..).is_some_and(ends_line),
            Err(_) => !head.contains(&b'\n'),
        }
}

fn ends_line(behind: &[u8]) -> bool {
    behind
        .get(..memchr(b'\n', behind).unwrap_or(behind.len()))
        .is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b','))
}

/// The string that is all of a line.
pub(crate) fn string(line: &[u8]) -> Option<Text<'_>> {
    let mut cursor = Cursor::new(line);
    let text = cursor.string().ok()?;
    line.get(cursor.at..).is_some_and(ends_line).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_the_whole_line() {
        let long = format!("\"{{\\\"a\\\":\\\"{}", "x".repeat(1000));
        for (head, expected) in [
            (r#""{\"a\":1}""#, true),
            ("\"{\\\"a\\\":1}\"\r\n\"b\"\n", true),
            ("\"START RequestId: 1\", \n", true),
            ("\"2026-11-22T10:00:00.120Z\\ta\"\n", true),
            (&long, true),
            (r#""{\"a\":1}": 2"#, false),
            ("\"@timestamp\",\"@message\"\n", false),
            ("\"a word\"\n", false),
            ("\"{\\\"a\n", false),
            ("", false),
        ] {
            assert_eq!(begins(head.as_bytes()), expected, "{head}");
        }
    }
}
