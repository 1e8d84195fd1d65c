//! JSON containers: documents one behind the other, with or without anything between them.
//!
//! Arrays of events are streamed: only one element is held.
//!
//! Must not: lose what stands behind a broken line.

use std::io::Read;

use memchr::memchr;

use crate::decode::alike::Alike;
use crate::decode::document::{Array, Document, Kind, begins_array};
use crate::decode::elements::{self, Element};
use crate::decode::emit::{Emitter, Told, unescaped_twice};
use crate::decode::header::{Begin, Head, begin};
use crate::decode::moment::{moment, seconds};
use crate::decode::newest_first::NewestFirst;
use crate::decode::stamp::Clock;
use crate::decode::table::Table;
use crate::decode::walk::{Stop, Text, text};
use crate::decode::window::Window;
use crate::decode::{
    Count, HEAD, MAX_RECORD, Nesting, before_json, insights, joined, payload, plain_text, queried,
    test_invoke, unpacked,
};

/// The first look at a document; most end within it.
const FIRST_LOOK: usize = 256 << 10;
/// After so many documents that do not end, the input is no JSON.
const MAX_ENDLESS: u32 = 16;

/// Decodes all documents.
pub(crate) fn decode<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>, nesting: Nesting) {
    let mut json = Json {
        emitter,
        nesting,
        clock: Clock::default(),
        scratch: Vec::new(),
        alike: Alike::default(),
        rows: NewestFirst::default(),
        endless: 0,
    };
    while json.document(window) {}
    json.rows.finish(json.emitter);
}

struct Json<'e, 's> {
    emitter: &'e mut Emitter<'s>,
    nesting: Nesting,
    clock: Clock,
    scratch: Vec<u8>,
    alike: Alike,
    rows: NewestFirst,
    endless: u32,
}

/// Names that hold for all events of a document.
#[derive(Default)]
struct Names {
    group: Option<Vec<u8>>,
    stream: Option<Vec<u8>>,
    /// Whether the document was read to its end: there can be no more names.
    complete: bool,
}

/// What a look at the beginning of a document tells.
enum Look {
    /// It is complete, handled, and this long.
    Done(usize),
    /// It holds an array of events that begins here.
    Stream(Array, usize, Names, bool),
    /// More bytes are needed.
    Longer,
    Broken,
}

impl Json<'_, '_> {
    /// Takes one document; whether there may be another.
    fn document<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        self.alike(window, &Names::default());
        match elements::skip_blanks(window) {
            None => return false,
            Some(b'{') => {}
            Some(b'[') if begins_array(window.held()) => {
                window.consume_bytes(1);
                self.array(window, Array::Any, &Names::default());
                return true;
            }
            Some(b',' | 0x1e) => {
                window.consume_bytes(1);
                return true;
            }
            Some(b'"') if self.string(window) => return true,
            Some(_) => {
                let number = self.emitter.ordinal + 1;
                if before_json(window, self.emitter, number) {
                    return true;
                }
                plain_text(window, self.emitter, number);
                return false;
            }
        }
        let mut size = FIRST_LOOK;
        loop {
            let held = window.held();
            let held = held.get(..size).unwrap_or(held);
            let enough = held.len() == size;
            match self.look(held) {
                Look::Done(length) => {
                    window.consume_bytes(length);
                    return true;
                }
                Look::Stream(array, at, names, control) if enough || names.complete => {
                    window.consume_bytes(at + 1);
                    self.batch(window, array, &names, control);
                    return true;
                }
                Look::Broken => return self.broken(window),
                Look::Stream(..) | Look::Longer => {}
            }
            if enough {
                if size >= MAX_RECORD {
                    return self.endless(window);
                }
                size *= 2;
            }
            let before = window.held().len();
            if window.hold(size, MAX_RECORD) == before {
                return self.cut(window);
            }
        }
    }

    fn look(&mut self, held: &[u8]) -> Look {
        let mut document = Document::default();
        match document.read(held) {
            Ok(length) => match document.kind() {
                Kind::Batch(array, at) => Look::Stream(
                    array,
                    at,
                    Names { complete: true, ..names(&document) },
                    document.control,
                ),
                kind @ (Kind::Event
                | Kind::Row
                | Kind::Test(_)
                | Kind::Payload(_)
                | Kind::Forwarded(_)
                | Kind::Logged) => {
                    let raw = held.get(..length).unwrap_or_default();
                    self.single(&document, &kind, raw);
                    Look::Done(length)
                }
            },
            Err(stop) => match document.array {
                Some((array, at)) if document.message.is_none() => {
                    // No more of it is read if it breaks.
                    let complete = stop == Stop::Broken;
                    let names = Names { complete, ..names(&document) };
                    Look::Stream(array, at, names, document.control)
                }
                Some(_) | None if stop == Stop::Broken => Look::Broken,
                Some(_) | None => Look::Longer,
            },
        }
    }

    /// A document that is no batch.
    fn single(&mut self, document: &Document<'_>, kind: &Kind<'_>, raw: &[u8]) {
        match kind {
            Kind::Event => {
                self.event(document, &Names::default());
                self.alike.learn(raw);
            }
            Kind::Row => self.row_object(document),
            Kind::Test(log) => test_invoke::log(*log, self.emitter),
            Kind::Payload(data) => self.payload(*data),
            Kind::Forwarded(line) => self.forwarded(document, *line),
            Kind::Logged => self.logged(document, raw),
            Kind::Batch(..) => {
                if self.nesting == Nesting::Outer {
                    decode(&mut Window::new(raw, HEAD), self.emitter, Nesting::Inner);
                }
            }
        }
    }

    fn event(&mut self, document: &Document<'_>, names: &Names) {
        let value = document.message.unwrap_or_default();
        let message = match text(value) {
            Some(text) => text.plain(&mut self.scratch),
            None => value,
        };
        let stream = document.stream.map(Text::cow);
        let group = document.group.map(Text::cow);
        let line = self.emitter.next_ordinal();
        self.emitter.event(Told {
            time: moment(document.timestamp, &mut self.clock),
            ingested: moment(document.ingested, &mut self.clock),
            group: group.as_deref().or(names.group.as_deref()),
            stream: stream.as_deref().or(names.stream.as_deref()),
            line,
            message: &unescaped_twice(message),
        });
    }

    fn row_object(&mut self, document: &Document<'_>) {
        let message = document.message.and_then(text).map(Text::cow).unwrap_or_default();
        let (group, stream) = (document.group.map(Text::cow), document.stream.map(Text::cow));
        let line = self.emitter.next_ordinal();
        let told = Told {
            time: moment(document.timestamp, &mut self.clock),
            ingested: moment(document.ingested, &mut self.clock),
            group: group.as_deref().map(insights::group),
            stream: stream.as_deref(),
            line,
            message: &message,
        };
        self.rows.push(self.emitter, told);
    }

    fn logged(&mut self, document: &Document<'_>, raw: &[u8]) {
        let time = moment(document.timestamp, &mut self.clock);
        let line = self.emitter.next_ordinal();
        self.emitter.event(Told { time, line, message: raw, ..Told::default() });
    }

    /// A line that a tool wrapped; what a container put before it goes, too.
    fn forwarded(&mut self, document: &Document<'_>, line: Text<'_>) {
        let text = line.plain(&mut self.scratch);
        let head = match begin(text, &mut self.clock, &Table::default()) {
            Begin::Stamped(head) | Begin::Certain(head) if head.tail == 0 && !head.time_behind => {
                head
            }
            Begin::Stamped(_)
            | Begin::Alone(_)
            | Begin::Certain(_)
            | Begin::Usual(_)
            | Begin::Unknown
            | Begin::Blank
            | Begin::Title
            | Begin::Noise => Head::default(),
        };
        let outer = moment(document.timestamp, &mut self.clock)
            .or_else(|| document.timestamp.and_then(seconds));
        let line = self.emitter.next_ordinal();
        self.emitter.event(Told {
            time: head.time.or(outer),
            line,
            message: text.get(head.message..).unwrap_or_default(),
            ..Told::default()
        });
    }

    /// `awslogs.data` and what streams carry: base64 of a gzip member, or of text.
    fn payload(&mut self, data: Text<'_>) {
        match payload::bytes(data.plain(&mut self.scratch)) {
            Ok(bytes) if self.nesting == Nesting::Outer => unpacked(&bytes, self.emitter),
            Ok(_) => self.emitter.count(Count::Skipped, 1),
            Err(error) => self.emitter.problem(format!(
                "decoding the base64 of a payload: {error}; it was changed or cut on its way, take it \
                 again from the event of the function that got it"
            )),
        }
    }

    /// A document with an array of events; the window stands behind its opening bracket.
    fn batch<R: Read>(
        &mut self,
        window: &mut Window<R>,
        array: Array,
        names: &Names,
        control: bool,
    ) {
        let depth = if matches!(array, Array::Har | Array::Update) { 2 } else { 1 };
        if control {
            self.emitter.count(Count::Skipped, 1);
            elements::skip_to_end(window, depth + 1);
            return;
        }
        if self.array(window, array, names) {
            elements::skip_to_end(window, depth);
        }
        self.rows.finish(self.emitter);
    }

    /// The elements of an array; whether its end was found.
    fn array<R: Read>(&mut self, window: &mut Window<R>, array: Array, names: &Names) -> bool {
        let mut broken = false;
        loop {
            match array {
                Array::Events | Array::Update => while self.event_in_window(window, names) {},
                Array::Any => self.alike(window, names),
                Array::Rows => while self.row_in_window(window) {},
                Array::Har | Array::Payloads => {}
            }
            match elements::next(window) {
                Element::Whole(length) => {
                    let element = window.held().get(..length).unwrap_or_default();
                    self.element(element, array, names);
                    window.consume_bytes(length);
                }
                Element::Long => {
                    let longest =
                        if array == Array::Har { 16 << 10 } else { crate::decode::MAX_EVENT };
                    let short = elements::shortened(window, longest);
                    self.emitter.count(Count::Truncated, 1);
                    self.element(&short, array, names);
                }
                Element::End => return true,
                Element::Cut => {
                    self.cut_note(window.held().is_empty());
                    let held = window.held().len();
                    window.consume_bytes(held);
                    return false;
                }
                Element::Broken => {
                    if !broken {
                        self.emitter.problem(format!(
                            "reading JSON: event {} of the list is broken and left out, with what \
                             cannot be told from it; save the output of the tool unchanged",
                            self.emitter.ordinal + 1
                        ));
                    }
                    broken = true;
                    if !elements::skip_to_next(window) {
                        return false;
                    }
                }
            }
        }
    }

    /// Events that are complete in the window, and written like one before.
    fn alike<R: Read>(&mut self, window: &mut Window<R>, names: &Names) {
        let names = [names.group.as_deref(), names.stream.as_deref()];
        let used = self.alike.take(window.held(), self.emitter, names);
        window.consume_bytes(used);
    }

    /// An event that is complete in the window is walked once, and those behind it that are alike.
    fn event_in_window<R: Read>(&mut self, window: &mut Window<R>, names: &Names) -> bool {
        self.alike(window, names);
        let held = window.held();
        let element = elements::behind_separator(held);
        let mut document = Document::default();
        let Ok(length) = document.read(element) else { return false };
        self.event(&document, names);
        self.alike.learn(element.get(..length).unwrap_or_default());
        let used = held.len() - element.len() + length;
        window.consume_bytes(used);
        true
    }

    /// A row that is complete in the window is walked once.
    fn row_in_window<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        let bytes = elements::behind_separator(window.held());
        let row = insights::row(bytes, &mut self.clock, &mut self.rows, self.emitter);
        let Some(length) = row else { return false };
        let used = window.held().len() - bytes.len() + length;
        window.consume_bytes(used);
        true
    }

    fn element(&mut self, element: &[u8], array: Array, names: &Names) {
        if array == Array::Rows || element.starts_with(b"[") {
            if array != Array::Rows && queried::tuple(element, self.emitter) {
                return;
            }
            let row = insights::row(element, &mut self.clock, &mut self.rows, self.emitter);
            if row.is_none() {
                self.emitter.count(Count::Skipped, 1);
            }
            return;
        }
        let mut document = Document::default();
        if let Some(message) = text(element) {
            // `--query 'events[].message'`.
            let line = self.emitter.next_ordinal();
            let message = message.plain(&mut self.scratch);
            self.emitter.event(Told { line, message, ..Told::default() });
            return;
        }
        if !element.starts_with(b"{") || document.read(element).is_err() {
            self.logged(&Document::default(), element);
            return;
        }
        match array {
            Array::Events | Array::Update => self.event(&document, names),
            Array::Har => self.logged(&document, element),
            Array::Payloads => match payload::of_record(element) {
                Some(data) => self.payload(data),
                None => self.logged(&document, element),
            },
            Array::Any | Array::Rows => {
                let kind = document.kind();
                self.single(&document, &kind, element);
            }
        }
    }

    /// A line that is a string, if it is one.
    fn string<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        window.hold_line(MAX_RECORD);
        let held = window.held();
        let end = memchr(b'\n', held).map_or(held.len(), |end| end + 1);
        let Some(message) = held.get(..end).and_then(queried::string) else { return false };
        let line = self.emitter.next_ordinal();
        let message = message.plain(&mut self.scratch);
        self.emitter.event(Told { line, message, ..Told::default() });
        window.consume_bytes(end);
        true
    }

    /// A line that looks like JSON and is not: access logs are put together without escaping.
    fn broken<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        window.hold_line(MAX_RECORD);
        let held = window.held();
        let end = memchr(b'\n', held).unwrap_or(held.len());
        let line = held.get(..end).unwrap_or_default().trim_ascii();
        if line.len() < 3 {
            if let Some((copy, used)) = elements::unwrapped(held) {
                decode(&mut Window::new(&*copy, copy.len()), self.emitter, Nesting::Inner);
                window.consume_bytes(used);
                return true;
            }
            let number = self.emitter.ordinal + 1;
            plain_text(window, self.emitter, number);
            return false;
        }
        for object in joined::objects(line) {
            self.logged(&Document::default(), object);
        }
        window.consume_bytes(end + 1);
        true
    }

    /// A document without an end within the bound.
    fn endless<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        self.endless += 1;
        if self.endless > MAX_ENDLESS {
            let number = self.emitter.ordinal + 1;
            plain_text(window, self.emitter, number);
            return false;
        }
        if memchr(b'\n', window.held()).is_some() {
            return self.broken(window);
        }
        let short = elements::shortened(window, crate::decode::MAX_EVENT);
        self.logged(&Document::default(), &short);
        true
    }

    /// The input ends within a document.
    fn cut<R: Read>(&mut self, window: &mut Window<R>) -> bool {
        let held = window.held();
        let mut document = Document::default();
        if document.read(held) == Err(Stop::Incomplete)
            && let Some((array, at)) = document.array
        {
            let (names, control) = (names(&document), document.control);
            window.consume_bytes(at + 1);
            self.batch(window, array, &names, control);
            return true;
        }
        if document.log.is_none() && memchr(b'\n', held.trim_ascii_end()).is_none() {
            self.cut_note(false);
        }
        self.broken(window)
    }

    fn cut_note(&mut self, at_border: bool) {
        let within = if at_border { "before the list of events does" } else { "within an event" };
        let number = self.emitter.ordinal;
        self.emitter.problem(format!(
            "reading JSON: the input ends {within}, after {number} complete ones; what was read is \
             analyzed, save the output again for the rest"
        ));
    }
}

fn names(document: &Document<'_>) -> Names {
    let name = |text: Option<Text<'_>>| text.map(|text| text.cow().into_owned());
    Names { group: name(document.group), stream: name(document.stream), complete: false }
}
