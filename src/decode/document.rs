//! One JSON object: which container it is, by its keys.
//!
//! | container | keys |
//! |---|---|
//! | filter-log-events, get-log-events | `events` |
//! | Live Tail | `sessionResults`, maybe in `sessionUpdate` |
//! | subscription message | `messageType`, `logEvents`, `logGroup`, `logStream` |
//! | Lambda's payload of it | `awslogs.data` |
//! | Kinesis and Firehose records of it | `Records` with `kinesis.data`, `records` with `data` |
//! | Logs Insights | `results`, or rows with `@message` |
//! | one event of the above | `message` and a numeric `timestamp`, and little else |
//! | forwarders | `message` and `aws.awslogs`; `log` and `stream`, `time` or `date`; any `message` or `log` that is a line of the gateway or of Lambda, or JSON beside a time and no level |
//! | Datadog's API | `content` with `message` and `timestamp` |
//! | test invocation | `log` as text, and `status` or `latency` |
//! | HAR | `log.entries` |
//!
//! Everything else is itself what was logged.
//!
//! Must not: build values.

use crate::decode::header::starts_with_id;
use crate::decode::marking::is_of_platform;
use crate::decode::walk::{Cursor, Stop, Text, Walked, text};
use crate::decode::{payload, queried};
use crate::model::RequestId;

/// Whether a JSON document begins here.
pub(crate) fn begins(head: &[u8]) -> bool {
    match head.trim_ascii_start() {
        [b'{', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')),
        head @ [b'"', ..] => queried::begins(head),
        [b'[', rest @ ..] => {
            matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[' | b']' | b'"'))
        }
        _ => false,
    }
}

/// Whether what begins with a bracket may be an array, and not `[ERROR] ...` or `[<time>] ...`.
pub(crate) fn begins_array(text: &[u8]) -> bool {
    let inner = text.get(1..).unwrap_or_default().trim_ascii_start();
    let number = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match inner.get(number) {
        None | Some(b',') => true,
        Some(byte) => number == 0 && b"{[]\"".contains(byte),
    }
}

/// The members that matter, as written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Document<'a> {
    pub(crate) message: Option<&'a [u8]>,
    pub(crate) timestamp: Option<&'a [u8]>,
    pub(crate) ingested: Option<&'a [u8]>,
    pub(crate) stream: Option<Text<'a>>,
    pub(crate) group: Option<Text<'a>>,
    pub(crate) log: Option<&'a [u8]>,
    awslogs: Option<&'a [u8]>,
    aws: Option<&'a [u8]>,
    /// What Datadog's API has around an event.
    content: Option<&'a [u8]>,
    pub(crate) control: bool,
    keys: Keys,
    others: u32,
    /// The array that holds the events, as far as the text goes.
    pub(crate) array: Option<(Array, usize)>,
}

/// Keys that were seen and have no use but to tell containers apart.
#[derive(Debug, Clone, Copy, Default)]
struct Keys {
    row: bool,
    event: bool,
    test: bool,
    wrapper: Wrapper,
}

/// What wraps the lines that containers print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Wrapper {
    #[default]
    None,
    /// `stream` is `stdout` or `stderr`.
    Docker,
    /// Has a `date`.
    FluentBit,
    /// Says where it has its events from, as Vector and Datadog do.
    Shipper,
    /// None, but a logger of the application: it has a level.
    Logger,
}

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Array {
    /// Log events.
    Events,
    /// Those of an update of Live Tail, within its object.
    Update,
    /// Rows of Logs Insights.
    Rows,
    /// Entries of a HAR file.
    Har,
    /// Records of a stream.
    Payloads,
    /// Anything: the document is a bare array.
    Any,
}

/// What a complete document is.
pub(crate) enum Kind<'a> {
    Batch(Array, usize),
    Event,
    /// A row of Logs Insights as an object.
    Row,
    Test(Text<'a>),
    /// Base64 of a compressed document.
    Payload(Text<'a>),
    /// A line in the wrapper of a tool that collects what containers print.
    Forwarded(Text<'a>),
    Logged,
}

impl<'a> Document<'a> {
    /// Reads the object at the beginning of `bytes` into `self`; its length. What was read before
    /// a failure stays.
    pub(crate) fn read(&mut self, bytes: &'a [u8]) -> Walked<usize> {
        let mut cursor = Cursor::new(bytes);
        cursor.expect(b'{')?;
        let mut first = true;
        while cursor.another(b'}', first)? {
            first = false;
            let key = cursor.key()?;
            self.member(key, bytes, &mut cursor)?;
        }
        Ok(cursor.at)
    }

    fn member(&mut self, key: &[u8], bytes: &'a [u8], cursor: &mut Cursor<'a>) -> Walked<()> {
        let first = cursor.peek()?;
        let at = cursor.at;
        match key {
            b"events" | b"logEvents" | b"sessionResults" if holds(bytes, at, b'{')? => {
                self.array = Some((Array::Events, at));
            }
            b"Records" | b"records" if holds_payloads(bytes, at)? => {
                self.array = Some((Array::Payloads, at));
            }
            b"sessionUpdate" if first == b'{' => {
                if let Some(at) = member_at(bytes, at, b"sessionResults")? {
                    self.array = Some((Array::Update, at));
                }
            }
            b"results" if holds(bytes, at, b'[')? => self.array = Some((Array::Rows, at)),
            b"log" if first == b'{' => {
                if let Some(at) = member_at(bytes, at, b"entries")? {
                    self.array = Some((Array::Har, at));
                }
            }
            _ => {}
        }
        let value = cursor.value()?;
        match key {
            b"message" => self.message = Some(value),
            b"timestamp" | b"@timestamp" | b"startedDateTime" => self.timestamp = Some(value),
            b"ingestionTime" => (self.ingested, self.keys.event) = (Some(value), true),
            b"logStreamName" | b"logStream" => (self.stream, self.keys.event) = (text(value), true),
            b"logGroup" | b"logGroupName" | b"logGroupIdentifier" => {
                (self.group, self.keys.event) = (text(value), true);
            }
            b"eventId" | b"id" => self.keys.event = true,
            b"@message" => (self.message, self.keys.row) = (Some(value), true),
            b"@ingestionTime" => self.ingested = Some(value),
            b"@logStream" => self.stream = text(value),
            b"@log" => self.group = text(value),
            b"time" if self.timestamp.is_none() => self.timestamp = Some(value),
            // In text CloudTrail has it, which is no log.
            b"eventTime" if self.timestamp.is_none() && first.is_ascii_digit() => {
                self.timestamp = Some(value);
            }
            b"date" if self.timestamp.is_none() => {
                (self.timestamp, self.keys.wrapper) = (Some(value), Wrapper::FluentBit);
            }
            b"stream" if matches!(value, b"\"stdout\"" | b"\"stderr\"") => {
                self.keys.wrapper = Wrapper::Docker;
            }
            b"log" => self.log = Some(value),
            b"status" | b"latency" | b"multiValueHeaders" => self.keys.test = true,
            b"awslogs" => self.awslogs = Some(value),
            b"aws" => self.aws = Some(value),
            b"content" if first == b'{' => self.content = Some(value),
            b"source_type" | b"subscription_filters" => {
                if self.keys.wrapper == Wrapper::None {
                    self.keys.wrapper = Wrapper::Shipper;
                }
            }
            b"level" | b"severity" => {
                if matches!(self.keys.wrapper, Wrapper::None | Wrapper::Shipper) {
                    self.keys.wrapper = Wrapper::Logger;
                }
                self.others += 1;
            }
            b"messageType" => self.control = value == b"\"CONTROL_MESSAGE\"",
            _ => self.others += 1,
        }
        Ok(())
    }

    /// What it is, once it was read to its end.
    pub(crate) fn kind(&mut self) -> Kind<'a> {
        if let Some((array, at)) = self.array
            && self.message.is_none()
        {
            return Kind::Batch(array, at);
        }
        if let Some(data) = self.awslogs.and_then(|value| inner(value, b"data")).and_then(text) {
            return Kind::Payload(data);
        }
        if self.keys.row {
            return Kind::Row;
        }
        if let Some(log) = self.log.and_then(text)
            && self.keys.test
        {
            return Kind::Test(log);
        }
        // Beside it stand `id`, `type` and nothing else.
        let is_alone = self.keys.event && self.keys.wrapper == Wrapper::None && self.others <= 1;
        if let Some(content) = self.content.filter(|_| self.message.is_none() && is_alone) {
            self.message = inner(content, b"message");
            self.timestamp = inner(content, b"timestamp");
            self.keys.wrapper = Wrapper::Shipper;
        }
        let is_text = self.message.is_some_and(|value| value.starts_with(b"\""));
        if let Some(names) = self.aws.and_then(|value| inner(value, b"awslogs"))
            && is_text
        {
            self.group = inner(names, b"logGroup").and_then(text);
            self.stream = inner(names, b"logStream").and_then(text);
            return Kind::Event;
        }
        let numeric = self.timestamp.and_then(<[u8]>::first).is_some_and(u8::is_ascii_digit);
        if is_text && numeric && (self.keys.event || self.others == 0) {
            return Kind::Event;
        }
        let whole = self.log.and_then(text).filter(|_| {
            let is_wrapped = matches!(self.keys.wrapper, Wrapper::Docker | Wrapper::FluentBit);
            self.message.is_none() && self.others <= 2 && is_wrapped && self.timestamp.is_some()
        });
        // A shipper has a time beside what it read, and no level.
        let is_shipped = |raw: &[u8]| {
            self.timestamp.is_some()
                && self.keys.wrapper != Wrapper::Logger
                && raw.starts_with(b"{\\\"")
        };
        let is_any = self.keys.wrapper == Wrapper::Shipper && self.timestamp.is_some();
        let is_line = |text: &Text<'_>| is_any || is_line(text.raw) || is_shipped(text.raw);
        let line = self.message.or(self.log).and_then(text).filter(is_line);
        match whole.or(line) {
            Some(text) => Kind::Forwarded(text),
            None => Kind::Logged,
        }
    }
}

/// Whether a text, as it is written in JSON, is a line of the gateway's or of Lambda's.
fn is_line(raw: &[u8]) -> bool {
    const STAMP: usize = b"2026-11-22T10:00:00.000Z".len();
    let is_stamped = || {
        let (stamp, behind) = raw.split_first_chunk::<STAMP>()?;
        let behind = behind.strip_prefix(b" ").or_else(|| behind.strip_prefix(b"\\t"))?;
        let (id, _) = behind.split_first_chunk::<{ RequestId::MAX }>()?;
        Some(stamp.ends_with(b"Z") && RequestId::looks_like_uuid(id))
    };
    starts_with_id(raw) || is_of_platform(raw) || is_stamped().unwrap_or_default()
}

/// Whether an array begins at `at` that is empty or whose first element begins with `first`.
fn holds(bytes: &[u8], at: usize, first: u8) -> Walked<bool> {
    let mut cursor = Cursor::new(bytes);
    cursor.at = at;
    if cursor.peek()? != b'[' {
        return Ok(false);
    }
    cursor.at += 1;
    let byte = cursor.peek()?;
    if first == b'[' || byte == b']' {
        return Ok(byte == first || byte == b']');
    }
    if byte != first {
        return Ok(false);
    }
    // An event has a message among its first keys.
    cursor.at += 1;
    for _ in 0..6 {
        if cursor.key()? == b"message" {
            return Ok(true);
        }
        cursor.value()?;
        if !cursor.another(b'}', false)? {
            return Ok(false);
        }
    }
    Ok(false)
}

/// Whether an array begins at `at` whose first element is a record of a stream.
fn holds_payloads(bytes: &[u8], at: usize) -> Walked<bool> {
    let mut cursor = Cursor::new(bytes);
    cursor.at = at;
    if cursor.peek()? != b'[' {
        return Ok(false);
    }
    cursor.at += 1;
    if cursor.peek()? != b'{' {
        return Ok(false);
    }
    Ok(payload::of_record(cursor.value()?).is_some())
}

/// Where the array of this name in the object at `at` begins.
fn member_at(bytes: &[u8], at: usize, wanted: &[u8]) -> Walked<Option<usize>> {
    let mut cursor = Cursor::new(bytes);
    cursor.at = at;
    cursor.expect(b'{')?;
    let mut first = true;
    while cursor.another(b'}', first)? {
        first = false;
        let key = cursor.key()?;
        if key == wanted && cursor.peek()? == b'[' {
            return Ok(Some(cursor.at));
        }
        cursor.value()?;
    }
    Ok(None)
}

/// A member of an object that is known to be complete.
pub(crate) fn inner<'a>(object: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    let mut cursor = Cursor::new(object);
    cursor.expect(b'{').ok()?;
    let mut first = true;
    while cursor.another(b'}', first).ok()? {
        first = false;
        let key = cursor.key().ok()?;
        let value = match cursor.value() {
            Ok(value) => value,
            Err(Stop::Incomplete | Stop::Broken) => return None,
        };
        if key == wanted {
            return Some(value);
        }
    }
    None
}
