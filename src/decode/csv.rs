//! CSV: the console's export (`timestamp,message`) and Logs Insights (`@timestamp,@message,...`).
//!
//! RFC 4180 quoting, line ends inside of quotes included.
//!
//! Must not: hold more than one record.

use std::io::Read;

use memchr::{memchr, memchr2};

use crate::decode::MAX_RECORD;
use crate::decode::emit::{Emitter, Told};
use crate::decode::insights;
use crate::decode::newest_first::NewestFirst;
use crate::decode::stamp::Clock;
use crate::decode::window::{More, Window};
use crate::model::LogTime;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Time,
    Message,
    Ingested,
    Stream,
    /// `@log`: account and group.
    Log,
    Other,
}

/// The columns of a CSV file, if `head` begins with a line that names them.
pub(crate) struct Layout {
    columns: Vec<Column>,
    delimiter: u8,
    /// Whether the rows come newest first.
    insights: bool,
}

/// Reads the column names at the beginning of `head`.
pub(crate) fn layout(head: &[u8]) -> Option<Layout> {
    let line = head.get(..memchr(b'\n', head)?)?.trim_ascii();
    let delimiter = *line.iter().find(|byte| matches!(byte, b',' | b';' | b'\t'))?;
    let mut columns = Vec::new();
    for name in line.split(|byte| *byte == delimiter) {
        let name = name.trim_ascii();
        let name = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")).unwrap_or(name);
        if name.len() > 256 {
            return None;
        }
        columns.push(match name.to_ascii_lowercase().as_slice() {
            b"timestamp" | b"@timestamp" => Column::Time,
            b"message" | b"@message" => Column::Message,
            b"ingestiontime" | b"@ingestiontime" => Column::Ingested,
            b"logstreamname" | b"logstream" | b"@logstream" => Column::Stream,
            b"@log" => Column::Log,
            _ => Column::Other,
        });
    }
    let insights = memchr::memmem::find(line, b"@message").is_some();
    let known = columns.contains(&Column::Message)
        && (insights || columns.contains(&Column::Time) && !line.contains(&b'{'));
    known.then_some(Layout { columns, delimiter, insights })
}

/// Decodes all records behind the line of column names.
pub(crate) fn decode<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>, layout: &Layout) {
    let mut rows = NewestFirst::default();
    let mut fields = Fields::default();
    let mut number = 1;
    skip_record(window, b'\n');
    loop {
        let first_line = number + 1;
        let Some(length) = record(window) else { break };
        let bytes = window.held().get(..length).unwrap_or_default();
        number += memchr::memchr_iter(b'\n', bytes).count() as u64;
        number += u64::from(!bytes.ends_with(b"\n"));
        fields.split(bytes, layout.delimiter);
        if !bytes.trim_ascii().is_empty() {
            let told = fields.told(layout, first_line);
            if layout.insights {
                rows.push(emitter, told);
            } else {
                emitter.event(told);
            }
        }
        window.consume_bytes(length);
    }
    rows.finish(emitter);
}

fn skip_record<R: Read>(window: &mut Window<R>, end: u8) {
    loop {
        if let Some(at) = memchr(end, window.held()) {
            window.consume_bytes(at + 1);
            return;
        }
        let held = window.held().len();
        window.consume_bytes(held);
        if window.more(MAX_RECORD) != More::Grown {
            return;
        }
    }
}

/// The length of the record at the beginning of the window, with its line end. A record beyond the
/// bound ends at the bound.
fn record<R: Read>(window: &mut Window<R>) -> Option<usize> {
    let (mut at, mut quoted) = (0, false);
    loop {
        let bytes = window.held();
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\n', rest)) {
            at += found + 1;
            match bytes.get(at - 1) {
                Some(b'"') => quoted = !quoted,
                Some(_) | None if !quoted => return Some(at),
                Some(_) | None => {}
            }
        }
        at = bytes.len();
        match window.more(MAX_RECORD) {
            More::Grown => {}
            More::Full => return Some(at),
            More::Ended => return (at > 0).then_some(at),
        }
    }
}

/// The fields of one record, unquoted.
#[derive(Default)]
struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
    clock: Clock,
}

impl Fields {
    fn split(&mut self, record: &[u8], delimiter: u8) {
        self.text.clear();
        self.ends.clear();
        let mut rest = record.strip_suffix(b"\n").unwrap_or(record);
        rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        loop {
            rest = if let Some(quoted) = rest.strip_prefix(b"\"") {
                self.quoted(quoted, delimiter)
            } else {
                let end = memchr(delimiter, rest).unwrap_or(rest.len());
                self.text.extend_from_slice(rest.get(..end).unwrap_or_default());
                rest.get(end..).unwrap_or_default()
            };
            self.ends.push(self.text.len());
            match rest.split_first() {
                Some((_, next)) => rest = next,
                None => return,
            }
        }
    }

    /// A field behind its opening quote; returns what follows the field.
    fn quoted<'a>(&mut self, mut rest: &'a [u8], delimiter: u8) -> &'a [u8] {
        while let Some(end) = memchr(b'"', rest) {
            self.text.extend_from_slice(rest.get(..end).unwrap_or_default());
            rest = rest.get(end + 1..).unwrap_or_default();
            match rest.split_first() {
                Some((b'"', next)) => {
                    self.text.push(b'"');
                    rest = next;
                }
                Some((byte, _)) if *byte != delimiter => self.text.push(b'"'),
                Some(_) | None => return rest,
            }
        }
        self.text.extend_from_slice(rest);
        &[]
    }

    fn told(&mut self, layout: &Layout, line: u64) -> Told<'_> {
        let mut told = Told { line, ..Told::default() };
        let mut start = 0;
        for (end, column) in self.ends.iter().zip(&layout.columns) {
            let field = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            match column {
                Column::Time => told.time = time(field, &mut self.clock),
                Column::Ingested => told.ingested = time(field, &mut self.clock),
                Column::Message => told.message = field,
                Column::Stream => told.stream = Some(field),
                Column::Log => told.group = Some(insights::group(field)),
                Column::Other => {}
            }
        }
        told
    }
}

/// Milliseconds since the epoch, or a date.
pub(crate) fn time(field: &[u8], clock: &mut Clock) -> Option<LogTime> {
    let text = field.trim_ascii();
    match std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
        Some(number) => Some(LogTime(number)),
        None => clock.iso(text).map(|stamp| stamp.time),
    }
}
