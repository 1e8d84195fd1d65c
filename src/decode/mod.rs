//! Containers: bytes → log events.
//!
//! [`decode`] finds out by content what it was given: compression, encoding, then the container.
//! Each container has a file: `text` (with `header`, `prefix`, `marking`, `pending`, `quote`, `table`, `expanded`, `joined`,
//! `wrapped` and `continuation`), `csv` (with `column`), `json` (with `alike`, `document`, `elements`, `escapes`,
//! `insights`, `literal`, `mold`, `moment`, `prose`, `queried`, `same` and `walk`), `test_invoke`.
//!
//! Must not: look into a line.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

pub(crate) use crate::decode::compression::Metered;
use crate::decode::compression::{Stream, unpack};
use crate::decode::emit::Emitter;
use crate::decode::encoding::normalize;
use crate::decode::window::Window;
pub use crate::decode::window::{SharedShelf, Shelf};
pub use crate::decode::written::Written;
use crate::model::{Glance, InputNote, LogEvent, Place, PlaceId};

mod alike;
mod cited;
mod column;
mod compression;
mod continuation;
mod csv;
mod document;
mod elements;
mod emit;
mod encoding;
mod escapes;
mod expanded;
mod fence;
mod fields;
mod header;
mod inflate;
mod insights;
mod joined;
mod json;
mod literal;
mod marking;
mod mold;
mod moment;
mod newest_first;
mod number;
mod payload;
mod pending;
mod prefix;
mod prose;
mod queried;
mod quote;
mod same;
mod stamp;
mod table;
mod test_invoke;
mod text;
mod viewer;
mod walk;
mod window;
mod wrapped;
mod written;

/// Takes what a container holds, in order.
pub trait Sink {
    /// The number of a place; asked once per place, before its first event.
    fn place(&mut self, place: &Place) -> PlaceId;
    /// One log event. It is borrowed: what is needed later must be copied.
    fn event(&mut self, event: LogEvent<'_>);
    /// The same, for a message that was looked at already.
    fn glanced(&mut self, event: LogEvent<'_>, _: Glance) {
        self.event(event);
    }
    /// An event of which only the beginning of the message is given, for to read all of it takes as much
    /// as to copy it. `written` is the message as it stands in a string of JSON: at its end nothing but
    /// quotes and backslashes is escaped. Whether that is enough, so that the event is not given in full.
    fn begun(&mut self, _: LogEvent<'_>, _written: &[u8]) -> bool {
        false
    }
    /// Something that the ledger counts.
    fn count(&mut self, what: Count, how_many: u64);
    /// An input that cannot be read, or only in part. The rest is still analyzed.
    fn problem(&mut self, note: InputNote);
    /// Where buffers go, if the sink reads events after they were delivered.
    fn shelf(&self) -> Option<SharedShelf> {
        None
    }
}

/// What decoding adds to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Bytes read from the source, as stored (compressed where they are).
    Bytes,
    /// Events that the container repeats (expanded rows of console copies).
    Duplicates,
    /// Events that are no log data (control messages, delivery probes).
    Skipped,
    /// Events that were cut because they were too long.
    Truncated,
    /// Events in updates that a live tail sampled.
    Sampled,
    /// Requests to the source that were throttled.
    Throttled,
}

/// The longest message: CloudWatch takes 1 MiB.
pub const MAX_EVENT: usize = 1 << 20;
/// What may stand in front of a message on its line.
const SLACK: usize = 64 << 10;
/// The longest record of CSV or JSON: a message whose every character is escaped, and its names.
const MAX_RECORD: usize = 4 << 20;
/// How much is looked at to tell containers apart.
const HEAD: usize = 4 << 10;
/// One read of the hot path. More does not make it faster.
const CAPACITY: usize = 256 << 10;

/// Decodes everything that `reader` gives. Never fails as a whole: what cannot be read becomes a
/// note, and the rest is delivered. Takes any bytes.
pub fn decode(reader: &mut dyn Read, place: &Place, sink: &mut dyn Sink) {
    decode_reusing(reader, place, sink, &mut Vec::new());
}

/// The same for one of several inputs, of which a large buffer may serve the next one: `spare`.
pub fn decode_reusing(
    reader: &mut dyn Read,
    place: &Place,
    sink: &mut dyn Sink,
    spare: &mut Vec<u8>,
) {
    let read = Rc::new(Cell::new(0));
    let mut emitter = Emitter::new(place.clone(), sink);
    let source: Stream<'_> = Box::new(Metered::new(reader, |count| read.set(read.get() + count)));
    layers(source, &read, &mut emitter, Nesting::Outer, spare);
    emitter.count(Count::Bytes, read.get());
}

/// Takes off every layer, and decodes the container in it. `read` counts the bytes of the outermost one.
fn layers(
    source: Stream<'_>,
    read: &Rc<Cell<u64>>,
    emitter: &mut Emitter<'_>,
    nesting: Nesting,
    spare: &mut Vec<u8>,
) {
    let mut window = normalize(unpack(source, read, CAPACITY, spare), CAPACITY);
    container(&mut window, emitter, nesting);
    if let Some(failure) = window.take_failure() {
        emitter.problem(describe(&failure));
    }
    if let Some(buffer) = window.into_spare() {
        *spare = buffer;
    }
}

/// Whether a document may hold documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nesting {
    Outer,
    Inner,
}

fn container(window: &mut Window<Stream<'_>>, emitter: &mut Emitter<'_>, nesting: Nesting) {
    let head = window.fill_to(HEAD);
    if head.trim_ascii().is_empty() {
        elements::skip_blanks(window);
    }
    if payload::alone(window, emitter, nesting) {
        return;
    }
    let head = window.fill_to(HEAD);
    if let Some(what) = binary(head) {
        emitter.problem(format!(
            "this is {what}, and no container of logs is recognized in it; give the log as it was \
             exported (text, JSON, CSV, gzip or zstd)"
        ));
        drain(window);
    } else if document::begins(head) {
        json::decode(window, emitter, nesting);
    } else if let Some(layout) = csv::layout(head) {
        csv::decode(window, emitter, &layout);
    } else if test_invoke::is_yaml(head) && test_invoke::yaml(window, emitter) {
    } else {
        // A log in YAML may be wrapped so that a line of it begins like JSON.
        let lines = test_invoke::yaml_behind_text(window, emitter);
        if before_json(window, emitter, lines + 1) {
            json::decode(window, emitter, nesting);
        } else {
            plain_text(window, emitter, lines + 1);
        }
    }
}

/// Decodes the text in front of a JSON document, if the window begins with such text. Its first line
/// has this number.
fn before_json<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>, number: u64) -> bool {
    let head = window.fill_to(prose::MOST);
    let Some(length) = prose::length(head) else { return false };
    let text = head.get(..length).unwrap_or_default();
    text::decode(&mut Window::new(text, text.len()), emitter, None, number);
    window.consume_bytes(length);
    true
}

/// Decodes text whose first line has this number.
fn plain_text<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>, number: u64) {
    // Of other containers messages are undone of their escapes, or copied as they are written.
    if let Some(shelf) = emitter.shelf() {
        window.put_away_on(shelf);
    }
    text::decode(window, emitter, None, number);
    window.put_away();
}

/// Decodes what was inside of a document: compressed bytes with a container in them.
fn unpacked(bytes: &[u8], emitter: &mut Emitter<'_>) {
    let read = Rc::new(Cell::new(bytes.len() as u64));
    layers(Box::new(bytes), &read, emitter, Nesting::Inner, &mut Vec::new());
}

fn describe(failure: &io::Error) -> String {
    if failure.kind() == io::ErrorKind::Other {
        // Our own sentences say all there is to say.
        return failure.to_string();
    }
    format!("reading stopped: {failure}; what came before is analyzed, read it again")
}

/// Reads to the end, so that all bytes are counted.
fn drain(window: &mut Window<Stream<'_>>) {
    loop {
        let held = window.held().len();
        window.consume_bytes(held);
        if window.hold(1, CAPACITY) == 0 {
            return;
        }
    }
}

/// What it is if it is no text.
fn binary(head: &[u8]) -> Option<&'static str> {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a zip archive"),
        (b"BZh", "bzip2 data"),
        (b"\xfd7zXZ\0", "xz data"),
        (b"PAR1", "a Parquet file"),
        (b"%PDF-", "a PDF"),
        (b"\x89PNG", "an image"),
        (b"SQLite format 3\0", "a database"),
    ];
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(what);
    }
    let mut odd = 0;
    for chunk in head.utf8_chunks() {
        let control = |byte: &u8| {
            byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b | 0x1e | 0)
        };
        odd += chunk.valid().as_bytes().iter().filter(|byte| control(byte)).count();
        odd += chunk.invalid().len();
    }
    let zeros = memchr::memchr_iter(0, head).count();
    (odd * 5 > head.len() || zeros * 2 > head.len()).then_some("binary data")
}
