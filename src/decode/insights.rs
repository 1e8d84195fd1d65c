//! Logs Insights: rows of `get-query-results`, `[{"field":...,"value":...}, ...]`.
//!
//! Must not: use fields that Insights discovered in messages.

use std::borrow::Cow;

use crate::decode::Count;
use crate::decode::column::time;
use crate::decode::document::inner;
use crate::decode::emit::{Emitter, Told};
use crate::decode::fields;
use crate::decode::newest_first::NewestFirst;
use crate::decode::stamp::Clock;
use crate::decode::walk::{Cursor, Text, Walked, text};

/// The log group in `@log`, which is `<account>:<group>`.
pub(crate) fn group(log: &[u8]) -> &[u8] {
    match log.iter().position(|byte| *byte == b':') {
        Some(at) if log.iter().take(at).all(u8::is_ascii_digit) => {
            log.get(at + 1..).unwrap_or_default()
        }
        Some(_) | None => log,
    }
}

/// Takes the row that these bytes begin with; its length. `None` if it is no row, or not all of it is there.
/// One without a message is counted as skipped.
pub(crate) fn row(
    bytes: &[u8],
    clock: &mut Clock,
    rows: &mut NewestFirst,
    emitter: &mut Emitter<'_>,
) -> Option<usize> {
    let mut fields = Fields::default();
    let length = fields.read(bytes).ok()?;
    let object = if fields.message.is_some() { None } else { object(bytes) };
    let message = match (fields.message.and_then(text), &object) {
        (Some(message), _) => message.cow(),
        (None, Some(object)) => Cow::Borrowed(&**object),
        (None, None) => {
            emitter.count(Count::Skipped, 1);
            return Some(length);
        }
    };
    let mut at = |value: Option<&[u8]>| text(value?).and_then(|value| time(value.raw, clock));
    let (happened, ingested) = (at(fields.timestamp), at(fields.ingested));
    let plain = |value: Option<_>| -> Option<Cow<'_, [u8]>> { value.and_then(text).map(Text::cow) };
    let (log, stream) = (plain(fields.log), plain(fields.stream));
    let line = emitter.next_ordinal();
    let told = Told {
        time: happened,
        ingested,
        group: log.as_deref().map(group),
        stream: stream.as_deref(),
        line,
        message: &message,
    };
    rows.push(emitter, told);
    Some(length)
}

/// The row as an object, if its fields are those of an access log.
#[cold]
fn object(row: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(row);
    cursor.expect(b'[').ok()?;
    let mut found = Vec::new();
    let mut first = true;
    while cursor.another(b']', first).ok()? {
        first = false;
        let [field, value] = pair(&mut cursor).ok()?.map(|part| part.and_then(text).map(Text::cow));
        found.extend(field.zip(value));
    }
    let mut object = Vec::new();
    fields::are_of_access_log(found.iter().map(|(name, _)| &**name)).then(|| {
        fields::write(found.iter().map(|(name, value)| (&**name, &**value)), &mut object);
        object
    })
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
    fn read(&mut self, bytes: &'a [u8]) -> Walked<usize> {
        let mut cursor = Cursor::new(bytes);
        cursor.expect(b'[')?;
        let mut first = true;
        while cursor.another(b']', first)? {
            first = false;
            let [field, value] = pair(&mut cursor)?;
            match field.unwrap_or_default() {
                b"\"@timestamp\"" => self.timestamp = value,
                b"\"@ingestionTime\"" => self.ingested = value,
                b"\"@message\"" => self.message = value,
                b"\"@logStream\"" => self.stream = value,
                b"\"@log\"" => self.log = value,
                _ => {}
            }
        }
        Ok(cursor.at)
    }
}

/// The values of `field` and of `value` in the object that comes next.
fn pair<'a>(cursor: &mut Cursor<'a>) -> Walked<[Option<&'a [u8]>; 2]> {
    let start = cursor.at;
    if let Ok(pair) = members(cursor) {
        return Ok(pair);
    }
    // It is broken somewhere: what stands in front of that counts.
    cursor.at = start;
    let object = cursor.value()?;
    Ok([b"field".as_slice(), b"value"].map(|key| inner(object, key)))
}

fn members<'a>(cursor: &mut Cursor<'a>) -> Walked<[Option<&'a [u8]>; 2]> {
    let mut pair = [None; 2];
    let [field, value] = &mut pair;
    cursor.expect(b'{')?;
    let mut first = true;
    while cursor.another(b'}', first)? {
        first = false;
        let key = cursor.key()?;
        let found = cursor.value()?;
        match key {
            b"field" => _ = field.get_or_insert(found),
            b"value" => _ = value.get_or_insert(found),
            _ => {}
        }
    }
    Ok(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(row: &str) -> Option<String> {
        let mut fields = Fields::default();
        assert_eq!(fields.read(row.as_bytes()), Ok(row.len()), "{row}");
        fields.message.map(|value| String::from_utf8_lossy(value).into_owned())
    }

    #[test]
    fn a_field_is_read_whatever_else_is_in_its_object() {
        for object in [
            r#"{"field":"@message","value":"a"}"#,
            r#"{"value":"a", "field" : "@message"}"#,
            r#"{"field":"@message","more":{"field":"@log"},"value":"a","value":"b"}"#,
            // Broken behind what is needed.
            r#"{"field":"@message","value":"a","more" 1}"#,
        ] {
            let row = format!(r#"[{{"field":"@log","value":"1:b"}},{object},7]"#);
            assert_eq!(message(&row).as_deref(), Some("\"a\""), "{row}");
        }
        assert_eq!(message("[]"), None);
        assert_eq!(message(r#"[{"field":"@message"}]"#), None);
    }
}
