//! CSV: the console's export (`timestamp,message`) and Logs Insights (`@timestamp,@message,...`).
//!
//! RFC 4180 quoting, line ends inside of quotes included; quotes in a field that does not begin with one
//! are text, as Logs Insights copies rows.
//!
//! Must not: hold more than one record.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2};

use crate::decode::MAX_RECORD;
use crate::decode::column::{Column, time};
use crate::decode::emit::{Emitter, Told};
use crate::decode::fields;
use crate::decode::newest_first::NewestFirst;
use crate::decode::stamp::Clock;
use crate::decode::window::{More, Window};
use crate::model::bytes::{WIDE, all_equal, beginning, find_near};

/// The columns of a CSV file, if `head` begins with a line that names them.
pub(crate) struct Layout {
    columns: Vec<Column>,
    delimiter: u8,
    /// Whether the rows come newest first.
    insights: bool,
    /// The names, where the rows are the fields of an access log.
    names: Vec<Vec<u8>>,
}

/// Reads the column names at the beginning of `head`.
pub(crate) fn layout(head: &[u8]) -> Option<Layout> {
    let line = head.get(..memchr(b'\n', head)?)?.trim_ascii();
    let delimiter = *line.iter().find(|byte| matches!(byte, b',' | b';' | b'\t'))?;
    let (mut columns, mut names) = (Vec::new(), Vec::new());
    for name in line.split(|byte| *byte == delimiter) {
        let name = name.trim_ascii();
        let name = name.strip_prefix(b"\"").and_then(|n| n.strip_suffix(b"\"")).unwrap_or(name);
        if name.len() > 256 {
            return None;
        }
        columns.push(Column::named(name));
        names.push(name.to_vec());
    }
    let insights = memchr::memmem::find(line, b"@message").is_some();
    let known = columns.contains(&Column::Message)
        && (insights || columns.contains(&Column::Time) && !line.contains(&b'{'));
    if known {
        return Some(Layout { columns, delimiter, insights, names: Vec::new() });
    }
    let of_access_log = !line.contains(&b'{')
        && !columns.contains(&Column::Message)
        && fields::are_of_access_log(names.iter().map(|name| &**name));
    let insights = memchr::memmem::find(line, b"@timestamp").is_some();
    of_access_log.then_some(Layout { columns, delimiter, insights, names })
}

/// Decodes all records behind the line of column names.
pub(crate) fn decode<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>, layout: &Layout) {
    let mut rows = NewestFirst::default();
    let mut fields = Fields::default();
    let mut object = Vec::new();
    let mut number = 1;
    let mut is_noted = false;
    skip_record(window, b'\n');
    loop {
        let first_line = number + 1;
        let Some(Record { length: whole, lines, is_quoted }) = record(window) else { break };
        let mut bytes = window.held().get(..whole).unwrap_or_default();
        fields.split(bytes, layout.delimiter);
        if let Some(end) = fields.row_end {
            bytes = bytes.get(..end).unwrap_or_default();
        }
        let is_quoted = is_quoted && (fields.is_open || fields.is_malformed);
        if is_quoted || fields.is_malformed {
            let next = layout.next_row(bytes, &mut fields.clock);
            if let Some(next) = next {
                bytes = bytes.get(..next).unwrap_or_default();
                fields.split(bytes, layout.delimiter);
            }
            if (is_quoted || next.is_some()) && !is_noted {
                emitter.problem(open_quote(first_line, next.is_some()));
                is_noted = true;
            }
        }
        let length = bytes.len();
        number += if length < whole { memchr_iter(b'\n', bytes).count() as u64 } else { lines };
        if !bytes.trim_ascii().is_empty() {
            fields.write_object(layout, &mut object);
            let told = fields.told(layout, first_line);
            let message = if layout.names.is_empty() { told.message } else { &object };
            let told = Told { message, ..told };
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

impl Layout {
    /// Where a row begins in a record whose last quote is not closed, as far as its time tells.
    fn next_row(&self, record: &[u8], clock: &mut Clock) -> Option<usize> {
        if self.columns.first() != Some(&Column::Time) {
            return None;
        }
        let mut begins = memchr_iter(b'\n', record).map(|end| end + 1);
        begins.find(|at| {
            let row = record.get(*at..).unwrap_or_default();
            let first = row.get(..MAX_TIME).unwrap_or(row);
            let first = memchr(self.delimiter, first).and_then(|end| first.get(..end));
            let is_time = |text: &[u8]| {
                let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
                text.len() >= MIN_TIME && time(inner.unwrap_or(text), clock).is_some()
            };
            first.is_some_and(is_time)
        })
    }
}

/// The shortest and the longest time: seconds since the epoch, and a date in quotes.
const MIN_TIME: usize = 10;
const MAX_TIME: usize = 40;

fn open_quote(line: u64, is_followed: bool) -> String {
    let taken = if is_followed {
        "it is taken to end where the next row begins"
    } else {
        "what follows is taken for its last field"
    };
    format!(
        "reading CSV: the row of line {line} has a quote that is not closed; {taken}, and so with others \
         like it; the input was cut or changed, export it again"
    )
}

/// One record at the beginning of the window.
struct Record {
    /// With its line end.
    length: usize,
    /// How many lines it takes.
    lines: u64,
    /// Whether it ends within quotes.
    is_quoted: bool,
}

/// The next record. One beyond the bound ends at the bound.
fn record<R: Read>(window: &mut Window<R>) -> Option<Record> {
    let mut scan = Scan::default();
    loop {
        let bytes = window.held();
        if let Some(length) = scan.end(bytes) {
            return Some(Record { length, lines: scan.lines, is_quoted: false });
        }
        let length = bytes.len();
        let lines = scan.lines + u64::from(!bytes.ends_with(b"\n"));
        match window.more(MAX_RECORD) {
            More::Grown => {}
            More::Ended if length == 0 => return None,
            More::Full | More::Ended => {
                return Some(Record { length, lines, is_quoted: scan.quoted != 0 });
            }
        }
    }
}

/// Looks for the first line end outside of quotes, block by block.
#[derive(Default)]
struct Scan {
    /// As far as was looked.
    at: usize,
    /// All bits if that is within quotes, else none.
    quoted: u64,
    /// Line ends so far.
    lines: u64,
}

impl Scan {
    /// The length of the record, if it ends in these bytes, which begin with those of the last time.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes.get(self.at..)?;
        while !rest.is_empty() {
            let (block, behind) = beginning::<WIDE>(rest);
            let length = rest.len() - behind.len();
            // Zeros behind the end are neither quotes nor line ends.
            let (quotes, ends) = (all_equal(&block, b'"'), all_equal(&block, b'\n'));
            let within = up_to(quotes) ^ self.quoted;
            let found = ends & !within;
            if found != 0 {
                self.lines += u64::from((ends & (found ^ (found - 1))).count_ones());
                return Some(self.at + found.trailing_zeros() as usize + 1);
            }
            self.lines += u64::from(ends.count_ones());
            // As at the last byte of the block: zeros change nothing.
            self.quoted = 0_u64.wrapping_sub(within >> (WIDE - 1));
            self.at += length;
            rest = behind;
        }
        None
    }
}

/// Whether nothing but blanks stands in front of the end of a field.
fn is_end(text: &[u8], delimiter: u8) -> bool {
    let end = text.iter().find(|byte| **byte != b' ');
    end.is_none_or(|end| *end == delimiter || *end == b'\n')
}

/// For each bit whether an odd number of bits is set up to it, itself included.
fn up_to(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |bits, by| bits ^ bits << by)
}

/// The fields of one record, unquoted.
#[derive(Default)]
struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Whether something other than the next field follows a quote that closes.
    is_malformed: bool,
    /// Whether a quote that begins a field is not closed.
    is_open: bool,
    /// Where the row ends, if that is before the record does: in a field that does not begin with a quote,
    /// quotes are text, and a line end is none.
    row_end: Option<usize>,
    clock: Clock,
}

impl Fields {
    fn split(&mut self, record: &[u8], delimiter: u8) {
        self.text.clear();
        self.ends.clear();
        self.is_malformed = false;
        self.is_open = false;
        self.row_end = None;
        let mut rest = record.strip_suffix(b"\n").unwrap_or(record);
        rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        let whole = rest.len();
        loop {
            rest = if let Some(quoted) = rest.strip_prefix(b"\"") {
                self.quoted(quoted, delimiter)
            } else {
                let end = memchr2(delimiter, b'\n', rest).unwrap_or(rest.len());
                self.text.extend_from_slice(rest.get(..end).unwrap_or_default());
                rest.get(end..).unwrap_or_default()
            };
            if let Some((b'\n', _)) = rest.split_first() {
                if self.text.ends_with(b"\r") {
                    self.text.pop();
                }
                self.row_end = Some(whole - rest.len() + 1);
                rest = &[];
            }
            self.ends.push(self.text.len());
            match rest.split_first() {
                Some((_, next)) => rest = next,
                None => return,
            }
        }
    }

    /// A field behind its opening quote; returns what follows the field.
    fn quoted<'a>(&mut self, mut rest: &'a [u8], delimiter: u8) -> &'a [u8] {
        while let Some(end) = find_near(b'"', rest) {
            self.text.extend_from_slice(rest.get(..end).unwrap_or_default());
            rest = rest.get(end + 1..).unwrap_or_default();
            match rest.split_first() {
                Some((b'"', next)) => {
                    self.text.push(b'"');
                    rest = next;
                }
                // Copies have blanks behind the quote.
                Some((b' ', next)) if is_end(next, delimiter) => {
                    let blanks = next.iter().take_while(|byte| **byte == b' ').count();
                    return next.get(blanks..).unwrap_or_default();
                }
                Some((byte, _)) if *byte != delimiter => {
                    self.text.push(b'"');
                    self.is_malformed = true;
                }
                Some(_) | None => return rest,
            }
        }
        self.is_open = true;
        self.text.extend_from_slice(rest);
        &[]
    }

    /// The row as an object, where its message is none.
    fn write_object(&self, layout: &Layout, object: &mut Vec<u8>) {
        if layout.names.is_empty() {
            return;
        }
        let starts = [0].iter().chain(&self.ends);
        let values = starts.zip(&self.ends).filter_map(|(start, end)| self.text.get(*start..*end));
        fields::write(layout.names.iter().map(|name| &**name).zip(values), object);
    }

    fn told(&mut self, layout: &Layout, line: u64) -> Told<'_> {
        let mut told = Told { line, ..Told::default() };
        let mut start = 0;
        for (end, column) in self.ends.iter().zip(&layout.columns) {
            let field = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            column.tell(field, &mut told, &mut self.clock);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Length and line ends of the first record, byte by byte.
    fn expected(bytes: &[u8]) -> Option<(usize, u64)> {
        let (mut quoted, mut lines) = (false, 0);
        for (at, byte) in bytes.iter().enumerate() {
            quoted ^= *byte == b'"';
            lines += u64::from(*byte == b'\n');
            if *byte == b'\n' && !quoted {
                return Some((at + 1, lines));
            }
        }
        None
    }

    proptest! {
        /// However the bytes come in.
        #[test]
        fn a_record_ends_at_the_first_line_end_outside_of_quotes(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["\"", "\"\"", "\n", ",", "a", "text of some length"]),
                0..80,
            ),
            mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let text = pieces.concat().into_bytes();
            cuts.sort_by_key(|cut| cut.index(text.len() + 1));
            let ends = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([text.len()]);
            let mut scan = Scan::default();
            let found = ends.into_iter().find_map(|end| scan.end(&text[..end]));
            prop_assert_eq!(found.map(|length| (length, scan.lines)), expected(&text));
        }
    }
}
