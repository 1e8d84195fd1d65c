//! Hands events on: gives places their numbers, and keeps the bounds.
//!
//! Must not: change a message, except to cut it.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::decode::{Count, MAX_EVENT, SharedShelf, Sink};
use crate::model::{InputNote, LogEvent, LogTime, Place, PlaceId, Position};

/// An event as a container tells it; what it does not tell is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told<'a> {
    pub(crate) time: Option<LogTime>,
    pub(crate) ingested: Option<LogTime>,
    /// Log group, where the event itself names one.
    pub(crate) group: Option<&'a [u8]>,
    /// Log stream, where the event itself names one.
    pub(crate) stream: Option<&'a [u8]>,
    /// Line of the file or ordinal number of the event.
    pub(crate) line: u64,
    pub(crate) message: &'a [u8],
}

/// Wraps the sink for one input.
pub(crate) struct Emitter<'s> {
    sink: &'s mut dyn Sink,
    place: Place,
    own: Option<PlaceId>,
    named: HashMap<Vec<u8>, PlaceId, foldhash::fast::RandomState>,
    last_name: Vec<u8>,
    last_id: Option<PlaceId>,
    tests: u64,
    /// Events so far, for containers that have no lines.
    pub(crate) ordinal: u64,
}

/// What CloudWatch writes into a group to see whether it may.
const DELIVERY_PROBE: &[u8] =
    b"Permissions are set correctly to allow AWS CloudWatch Logs to write \
into your logs while creating a subscription.";

/// More names than this are asked for again.
const MAX_NAMES: usize = 1 << 14;

impl<'s> Emitter<'s> {
    pub(crate) fn new(place: Place, sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            place,
            own: None,
            named: HashMap::default(),
            last_name: Vec::new(),
            last_id: None,
            tests: 0,
            ordinal: 0,
        }
    }

    /// The hot path: an event of which the container tells no more than its time, and maybe its stream.
    #[inline]
    pub(crate) fn whole(
        &mut self,
        time: LogTime,
        stream: Option<&[u8]>,
        line: u64,
        message: &[u8],
    ) {
        let time = Some(time);
        let is_plain = matches!(message.last(), Some(b' '..))
            && message.len() <= MAX_EVENT
            && message.len() != DELIVERY_PROBE.len();
        match self.own.filter(|_| is_plain && stream.is_none()) {
            Some(place) => {
                let position = Position { place, line };
                self.sink.event(LogEvent { time, ingested: None, position, message });
            }
            None => self.event(Told { time, stream, line, message, ..Told::default() }),
        }
    }

    pub(crate) fn event(&mut self, told: Told<'_>) {
        let Told { time, ingested, group, stream, line, message } = told;
        let position = Position { place: self.place(group, stream), line };
        put(LogEvent { time, ingested, position, message }, self.sink);
    }

    /// Where an event is from that names this group and this stream.
    #[inline]
    pub(crate) fn place(&mut self, group: Option<&[u8]>, stream: Option<&[u8]>) -> PlaceId {
        match (group, stream) {
            (None, None) => self.own_place(),
            (group, stream) => self.named_place(group, stream),
        }
    }

    /// Where events go whose place is known.
    pub(crate) fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }

    /// Where the window's buffers go, if the sink reads events later.
    pub(crate) fn shelf(&self) -> Option<SharedShelf> {
        self.sink.shelf()
    }

    /// The next event's number in a container without lines.
    pub(crate) fn next_ordinal(&mut self) -> u64 {
        self.ordinal += 1;
        self.ordinal
    }

    /// The name of the next document of a test invocation: each is one request.
    pub(crate) fn next_test(&mut self) -> String {
        self.tests += 1;
        format!("test-invoke-{}", self.tests)
    }

    pub(crate) fn count(&mut self, what: Count, how_many: u64) {
        if how_many > 0 {
            self.sink.count(what, how_many);
        }
    }

    pub(crate) fn problem(&mut self, problem: impl Into<String>) {
        let place = &self.place;
        let input = place.file.as_ref().or(place.log_group.as_ref()).or(place.log_stream.as_ref());
        let input = input.cloned().unwrap_or_else(|| "input".to_owned());
        self.sink.problem(InputNote { input, problem: problem.into() });
    }

    #[inline]
    fn own_place(&mut self) -> PlaceId {
        match self.own {
            Some(id) => id,
            None => *self.own.insert(self.sink.place(&self.place)),
        }
    }

    fn named_place(&mut self, group: Option<&[u8]>, stream: Option<&[u8]>) -> PlaceId {
        let (head, tail) = (group.unwrap_or_default(), stream.unwrap_or_default());
        if let Some(id) = self.last_id
            && self.last_name.strip_prefix(head).and_then(|rest| rest.strip_prefix(b"\0"))
                == Some(tail)
        {
            return id;
        }
        self.last_name.clear();
        self.last_name.extend_from_slice(head);
        self.last_name.push(0);
        self.last_name.extend_from_slice(tail);
        let id = match self.named.get(self.last_name.as_slice()) {
            Some(id) => *id,
            None => self.new_name(group, stream),
        };
        self.last_id = Some(id);
        id
    }

    fn new_name(&mut self, group: Option<&[u8]>, stream: Option<&[u8]>) -> PlaceId {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut place = self.place.clone();
        place.log_group = group.filter(|name| !name.is_empty()).map(text).or(place.log_group);
        place.log_stream = stream.filter(|name| !name.is_empty()).map(text).or(place.log_stream);
        let id = self.sink.place(&place);
        if self.named.len() >= MAX_NAMES {
            self.named.clear();
        }
        self.named.insert(self.last_name.clone(), id);
        id
    }
}

/// Hands an event on whose place is known.
pub(crate) fn put(event: LogEvent<'_>, sink: &mut dyn Sink) {
    let mut message = event.message;
    if message.len() == DELIVERY_PROBE.len() && message == DELIVERY_PROBE {
        sink.count(Count::Skipped, 1);
        return;
    }
    if let Some(kept) = message.get(..MAX_EVENT)
        && kept.len() < message.len()
    {
        message = kept;
        sink.count(Count::Truncated, 1);
    }
    while let Some((b'\n' | b'\r', rest)) = message.split_last() {
        message = rest;
    }
    sink.event(LogEvent { message, ..event });
}

/// Undoes what forwarders do to messages: escape them once more. Such a message ends in a literal
/// `\n`, or is a line of the Lambda platform with a literal `\t` in it.
pub(crate) fn unescaped_twice(message: &[u8]) -> Cow<'_, [u8]> {
    let platform = [&b"START RequestId"[..], b"END RequestId", b"REPORT RequestId"];
    let is_platform = platform.iter().any(|start| message.starts_with(start));
    let escaped = message.ends_with(b"\\n")
        || is_platform && (memchr::memmem::find(message, b"\\t").is_some());
    if !escaped {
        return Cow::Borrowed(message);
    }
    let mut plain = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some((first, tail)) = rest.split_first() {
        let (byte, tail) = match (first, tail) {
            (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
            (b'\\', [b't', tail @ ..]) => (b'\t', tail),
            (b'\\', [b'r', tail @ ..]) => (b'\r', tail),
            (b'\\', [b'"', tail @ ..]) => (b'"', tail),
            (b'\\', [b'\\', tail @ ..]) => (b'\\', tail),
            (byte, tail) => (*byte, tail),
        };
        plain.push(byte);
        rest = tail;
    }
    Cow::Owned(plain)
}
