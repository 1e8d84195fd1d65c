//! Logs Insights: rows of `get-query-results`, `[{"field":...,"value":...}, ...]`.
//!
//! Must not: use fields that Insights discovered in messages.

use crate::decode::csv::time;
use crate::decode::document::inner;
use crate::decode::emit::{Emitter, Told};
use crate::decode::newest_first::NewestFirst;
use crate::decode::stamp::Clock;
use crate::decode::walk::{Cursor, Walked, text};

/// The log group in `@log`, which is `<account>:<group>`.
pub(crate) fn group(log: &[u8]) -> &[u8] {
    match log.iter().position(|byte| *byte == b':') {
        Some(at) if log.iter().take(at).all(u8::is_ascii_digit) => {
            log.get(at + 1..).unwrap_or_default()
        }
        Some(_) | None => log,
    }
}

/// Takes one row; whether it is one and has a message.
pub(crate) fn row(
    element: &[u8],
    clock: &mut Clock,
    rows: &mut NewestFirst,
    emitter: &mut Emitter<'_>,
) -> bool {
    let mut fields = Fields::default();
    if fields.read(element).is_err() {
        return false;
    }
    let Some(message) = fields.message.and_then(text) else { return false };
    let plain = |value: Option<&[u8]>| value.and_then(text).map(|value| value.cow().into_owned());
    let mut at = |value: Option<&[u8]>| text(value?).and_then(|value| time(value.raw, clock));
    let (happened, ingested) = (at(fields.timestamp), at(fields.ingested));
    let (log, stream) = (plain(fields.log), plain(fields.stream));
    let line = emitter.next_ordinal();
    let told = Told {
        time: happened,
        ingested,
        group: log.as_deref().map(group),
        stream: stream.as_deref(),
        line,
        message: &message.cow(),
    };
    rows.push(emitter, told);
    true
}

#[derive(Default)]
struct Fields<'a> {
    timestamp: Option<&'a [u8]>,
    ingested: Option<&'a [u8]>,
    message: Option<&'a [u8]>,
    stream: Option<&'a [u8]>,
    log: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(&mut self, element: &'a [u8]) -> Walked<()> {
        let mut cursor = Cursor::new(element);
        cursor.expect(b'[')?;
        let mut first = true;
        while cursor.another(b']', first)? {
            first = false;
            let field = cursor.value()?;
            let value = inner(field, b"value");
            match inner(field, b"field").unwrap_or_default() {
                b"\"@timestamp\"" => self.timestamp = value,
                b"\"@ingestionTime\"" => self.ingested = value,
                b"\"@message\"" => self.message = value,
                b"\"@logStream\"" => self.stream = value,
                b"\"@log\"" => self.log = value,
                _ => {}
            }
        }
        Ok(())
    }
}
