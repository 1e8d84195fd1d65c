//! Events that are written like the one before: what stands around their values is compared with
//! what stood around the last one's, and only the values are walked.
//!
//! Tools write all events of an output with the same members, in the same order, with the same
//! white space. A mold is learned from an event that [`Document`] has read, and gives of another
//! event what [`Document`] would; whatever does not fit is left to that.
//!
//! Must not: fit what [`Document`] would read otherwise, or what may go on behind the window.
//!
//! [`Document`]: crate::decode::document::Document

use crate::decode::escapes::{Inside, until_quote};
use crate::decode::literal::Literal;
use crate::decode::number::Recent;
use crate::decode::same::{Other, Same};
use crate::decode::walk::Cursor;

/// What the last event had around its values.
#[derive(Debug, Default)]
pub(crate) struct Mold {
    /// Up to the first value.
    front: Vec<u8>,
    /// The same, with what stood between the event and the one in front of it.
    joined: Literal,
    /// The values, each with what follows it.
    members: Vec<Member>,
    /// Whether a name differs from that of the last event that was read.
    is_renamed: bool,
    /// The last event that was read.
    same: Same,
    /// Values of the event that is being read.
    others: Vec<Other>,
}

#[derive(Debug)]
struct Member {
    slot: Slot,
    /// Of the last value, where it is a time.
    recent: Recent,
    /// The last value and the quote behind it, where it is a name.
    name: Literal,
    behind: Literal,
}

/// What a value is, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Message,
    Timestamp,
    Ingested,
    Stream,
    Group,
    Id,
}

/// The values of an event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Values<'a> {
    pub(crate) message: Inside<'a>,
    pub(crate) timestamp: i64,
    pub(crate) ingested: Option<i64>,
    pub(crate) stream: Option<&'a [u8]>,
    pub(crate) group: Option<&'a [u8]>,
    /// Whether stream and group are those of the event that was read before.
    pub(crate) is_of_same_names: bool,
}

/// What stands around values is keys and white space, and not much.
const MAX_AROUND: usize = 1 << 10;
/// White space between events that is worth remembering.
const MAX_BETWEEN: usize = 64;

impl Mold {
    /// Learns from an event that was read. With anything unusual it is no mold, and the last one
    /// stays.
    pub(crate) fn learn(&mut self, event: &[u8]) {
        if let Some((front, members)) = around(event) {
            (self.joined, self.front, self.members) = (Literal::new(&front), front, members);
            self.is_renamed = true;
            self.same.forget();
        }
    }

    /// The message of the next event, if that is complete, and all else but its id is as in the one
    /// that was read before; and what stands behind it.
    #[inline]
    pub(crate) fn read_same<'a>(&self, bytes: &'a [u8]) -> Option<(Inside<'a>, &'a [u8])> {
        self.same.read(bytes)
    }

    /// The values of the next event, if it is complete and fits, and what stands behind it.
    #[inline(never)]
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8]) -> Option<(Values<'a>, &'a [u8])> {
        self.same.forget();
        if self.members.is_empty() {
            return None;
        }
        let mut rest = match self.joined.strip(bytes) {
            Some(rest) => rest,
            None => self.strip_front(bytes)?,
        };
        let mut values = Values::default();
        let at = |rest: &[u8]| bytes.len() - rest.len();
        self.others.clear();
        for member in &mut self.members {
            let start = at(rest);
            match member.slot {
                Slot::Message => {
                    (values.message, rest) = Inside::of(rest)?;
                    self.others.push(Other { is_message: true, start, end: at(rest) });
                }
                Slot::Timestamp | Slot::Ingested => {
                    let (number, length) = member.recent.leading(rest)?;
                    rest = rest.get(length..)?;
                    if member.slot == Slot::Timestamp {
                        values.timestamp = number;
                    } else {
                        values.ingested = Some(number);
                    }
                }
                Slot::Id => {
                    (_, rest) = until_quote(rest)?;
                    self.others.push(Other { is_message: false, start, end: at(rest) });
                }
                Slot::Stream | Slot::Group => {
                    let text = rest;
                    let known = member.name.strip(text).filter(|_| member.name.length() > 0);
                    rest = if let Some(behind) = known {
                        behind
                    } else {
                        let (name, behind) = until_quote(text)?;
                        // The event may turn out not to be complete, and be read again.
                        self.is_renamed = true;
                        member.name.set(text.get(..=name.len())?);
                        behind
                    };
                    let name = text.get(..member.name.length().checked_sub(1)?);
                    if member.slot == Slot::Stream {
                        values.stream = name;
                    } else {
                        values.group = name;
                    }
                }
            }
            rest = member.behind.strip(rest)?;
        }
        values.is_of_same_names = !std::mem::take(&mut self.is_renamed);
        self.same.learn(bytes.get(..at(rest)).unwrap_or_default(), &self.others);
        Some((values, rest))
    }

    /// The way to the first value where other things stand between the events than before.
    #[cold]
    fn strip_front<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let is_between = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',');
        let count = bytes.iter().position(|byte| !is_between(byte))?;
        let (between, event) = bytes.split_at_checked(count)?;
        let rest = event.strip_prefix(self.front.as_slice())?;
        if count <= MAX_BETWEEN {
            self.joined = Literal::new(&[between, &self.front].concat());
        }
        Some(rest)
    }
}

/// What stands in front of the first value, and the members; `None` if anything is unusual.
fn around(event: &[u8]) -> Option<(Vec<u8>, Vec<Member>)> {
    let (mut slots, mut texts) = (Vec::new(), Vec::new());
    let mut cursor = Cursor::new(event);
    cursor.expect(b'{').ok()?;
    let (mut start, mut first) = (0, true);
    while cursor.another(b'}', first).ok()? {
        first = false;
        let slot = Slot::of(cursor.key().ok()?)?;
        let is_text = cursor.peek().ok()? == b'"';
        if is_text != slot.is_text() || slots.contains(&slot) {
            return None;
        }
        slots.push(slot);
        texts.push(event.get(start..cursor.at + usize::from(is_text))?);
        cursor.value().ok()?;
        start = cursor.at;
    }
    texts.push(event.get(start..cursor.at)?);
    let length: usize = texts.iter().map(|text| text.len()).sum();
    if !slots.contains(&Slot::Message) || !slots.contains(&Slot::Timestamp) || length > MAX_AROUND {
        return None;
    }
    let (front, behind) = texts.split_first()?;
    let member = |(slot, behind): (Slot, &&[u8])| Member {
        slot,
        recent: Recent::default(),
        name: Literal::default(),
        behind: Literal::new(behind),
    };
    Some((front.to_vec(), slots.into_iter().zip(behind).map(member).collect()))
}

impl Slot {
    /// What stands behind a key; nothing unusual.
    fn of(key: &[u8]) -> Option<Self> {
        match key {
            b"message" => Some(Self::Message),
            b"timestamp" => Some(Self::Timestamp),
            b"ingestionTime" => Some(Self::Ingested),
            b"logStreamName" | b"logStream" => Some(Self::Stream),
            b"logGroup" | b"logGroupName" | b"logGroupIdentifier" => Some(Self::Group),
            b"eventId" | b"id" => Some(Self::Id),
            _ => None,
        }
    }

    fn is_text(self) -> bool {
        match self {
            Self::Message | Self::Stream | Self::Group | Self::Id => true,
            Self::Timestamp | Self::Ingested => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::document::{Document, Kind};
    use crate::decode::escapes::Room;
    use crate::decode::number::whole;
    use crate::decode::walk::text;

    /// Message, times, names, and what stands behind the event.
    type Read<'a> = (Vec<u8>, (i64, Option<i64>), [Option<&'a [u8]>; 2], &'a [u8]);

    /// What [`Document`] reads of the event that begins here.
    fn general(bytes: &[u8]) -> Option<Read<'_>> {
        let between = |byte: &u8| b" \n\r\t,".contains(byte);
        let event = &bytes[bytes.iter().take_while(|byte| between(byte)).count()..];
        let mut document = Document::default();
        let length = document.read(event).ok()?;
        assert!(matches!(document.kind(), Kind::Event), "{}", event.escape_ascii());
        let names = [document.stream, document.group]
            .map(|name| name.inspect(|name| assert!(!name.escaped)).map(|name| name.raw));
        let ingested = document.ingested.map(|value| whole(value).expect("a number"));
        let times = (whole(document.timestamp?)?, ingested);
        let message = text(document.message?)?.plain(&mut Vec::new()).to_vec();
        Some((message, times, names, &event[length..]))
    }

    /// A mold, and times and names of the last event that was read with it.
    #[derive(Default)]
    struct Tried {
        mold: Mold,
        times: (i64, Option<i64>),
        names: [Option<Vec<u8>>; 2],
    }

    impl Tried {
        /// Whether the event fits; what does is read as [`Document`] reads it.
        fn fits(&mut self, bytes: &[u8]) -> bool {
            let known = self.names.each_ref().map(Option::as_deref);
            let same = self.mold.read_same(bytes);
            let same = same.map(|(message, behind)| (message, behind, self.times, known));
            let read = same.or_else(|| {
                let (values, behind) = self.mold.read(bytes)?;
                let Values { message, timestamp, ingested, stream, group, .. } = values;
                let names = [stream, group];
                let is_known = !values.is_of_same_names || names == known;
                assert!(is_known, "{}", bytes.escape_ascii());
                Some((message, behind, (timestamp, ingested), names))
            });
            let Some((message, behind, times, names)) = read else { return false };
            let found = (Room::default().unescape(&message).to_vec(), times, names, behind);
            assert_eq!(Some(found), general(bytes), "{}", bytes.escape_ascii());
            let names = names.map(|name| name.map(<[u8]>::to_vec));
            (self.times, self.names) = (times, names);
            true
        }
    }

    /// Numbers without any order, the same ones in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 33) as usize % limit
        }

        fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
            list[self.below(list.len())]
        }

        fn value(&mut self, key: &str) -> String {
            const PIECES: [&str; 16] = [
                "a",
                "(id) Method request headers: {Accept=*/*}",
                r#"\""#,
                r"\\",
                r"\n",
                r"\/",
                r"\u00e9",
                r"\ud83d\ude00",
                r"\ud83d",
                r"\u12",
                "\u{e9}",
                "}",
                ",",
                r#"{\"a\":{\"b\":\"c\"}}"#,
                "START RequestId: ",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ];
            let odd = self.below(40) == 0;
            match key {
                _ if odd => self.of(&["null", "-1", "1.5", "{}", r#"{"a":1}"#, "[]"]).to_owned(),
                "message" => {
                    let count = self.below(20);
                    let text: String = (0..count).map(|_| self.of(&PIECES)).collect();
                    format!("\"{text}\"")
                }
                "timestamp" | "ingestionTime" => self
                    .of(&[
                        "1795341600000",
                        "1795341600123",
                        "1895341600123",
                        "7",
                        "123456789012345678",
                    ])
                    .to_owned(),
                _ => self.of(&[r#""""#, r#""a/b""#, r#""0123456789abcdef0123""#]).to_owned(),
            }
        }

        /// An event in this order, with white space of this kind.
        fn event(&mut self, keys: &[&str], blank: &str) -> String {
            let member = |key: &&str| format!("\"{key}\":{blank}{}", self.value(key));
            let members: Vec<String> = keys.iter().map(member).collect();
            format!("{{{blank}{}{blank}}}", members.join(&format!(",{blank}")))
        }
    }

    const KEYS: [&str; 8] = [
        "message",
        "timestamp",
        "ingestionTime",
        "logStreamName",
        "logGroup",
        "eventId",
        "id",
        "other",
    ];

    #[test]
    fn what_fits_is_what_would_have_been_read() {
        let mut random = Random(1);
        let mut fitting = 0;
        for _ in 0..4_000 {
            let mut keys = KEYS.to_vec();
            keys.sort_by_cached_key(|_| random.below(1 << 20));
            // Mostly without an unusual key.
            let from = keys.iter().position(|key| *key == "other").unwrap_or_default();
            keys.truncate(if random.below(8) == 0 { 8 } else { from.max(3) });
            let blank = random.of(&["", " ", "\n    ", "\r\n\t"]);
            let mut tried = Tried::default();
            tried.mold.learn(random.event(&keys, blank).as_bytes());
            for _ in 0..4 {
                let between = random.of(&["", "\n", ",", ",\n        ", " , ,\t"]);
                let event = format!("{between}{}", random.event(&keys, blank));
                let behind = random.of(&["", "\n{\"logStreamName\": \"0123\"", "]}          \n"]);
                let whole = format!("{event}{behind}").into_bytes();
                let does_fit = tried.fits(&whole);
                fitting += usize::from(does_fit);
                // Cut anywhere, and with any byte changed; behind the whole one, and behind others.
                for end in 0..event.len() {
                    let cut = &whole[..end];
                    assert!(tried.mold.read_same(cut).is_none(), "{}", cut.escape_ascii());
                    assert!(tried.mold.read(cut).is_none(), "{}", cut.escape_ascii());
                    assert!(!does_fit || end % 3 > 0 || tried.fits(&whole));
                }
                for _ in 0..20 {
                    let mut broken = whole.clone();
                    let at = random.below(broken.len());
                    broken[at] =
                        random.of(&["\"", "\\", "\n", "}", "{", ",", "0", "u", "\0"]).as_bytes()[0];
                    tried.fits(&broken);
                    assert!(tried.fits(&whole) == does_fit);
                    tried.fits(&broken);
                }
            }
        }
        assert!(fitting > 500, "{fitting}");
    }

    #[test]
    fn the_usual_events_fit() {
        for blank in ["", " ", "\n            "] {
            for keys in [
                &["logStreamName", "timestamp", "message", "ingestionTime", "eventId"][..],
                &["timestamp", "message", "ingestionTime"],
                &["id", "timestamp", "message"],
                &["message", "timestamp"],
            ] {
                let value = |key: &str| match key {
                    "timestamp" | "ingestionTime" => "1795341600000".to_owned(),
                    key => format!(r#""the \"{key}\"""#)
                        .replace("\\\"", if key == "message" { "\\\"" } else { "" }),
                };
                let member = |key: &&str| format!("\"{key}\":{blank}{}", value(key));
                let members: Vec<String> = keys.iter().map(member).collect();
                let event = format!("{{{blank}{}{blank}}}", members.join(&format!(",{blank}")));
                let mut tried = Tried::default();
                tried.mold.learn(event.as_bytes());
                let next = format!(",\n{event},\n{event}                ");
                assert!(tried.fits(next.as_bytes()), "{event}");
                // The same again, with another message.
                let next = next.replace("message\\\"", "news");
                assert!(tried.mold.same.read(next.as_bytes()).is_some(), "{event}");
                assert!(tried.fits(next.as_bytes()), "{event}");
            }
        }
    }

    #[test]
    fn names_are_known_from_the_event_that_was_read_before() {
        let event = |stream: &str, group: &str| {
            format!(
                r#"{{"logStream":"{stream}","logGroup":"{group}","timestamp":1,"message":"a"}},{:20}"#,
                ""
            )
        };
        let mut mold = Mold::default();
        mold.learn(event("a", "b").trim_end().trim_end_matches(',').as_bytes());
        let mut is_known = |stream: &str, group: &str, cut: usize| {
            let event = event(stream, group);
            let read = mold.read(&event.as_bytes()[..event.len() - cut]);
            let (values, _) = read?;
            assert_eq!(values.stream, Some(stream.as_bytes()));
            assert_eq!(values.group, Some(group.as_bytes()));
            Some(values.is_of_same_names)
        };
        assert_eq!(is_known("a", "b", 0), Some(false));
        assert_eq!(is_known("a", "b", 0), Some(true));
        assert_eq!(is_known("ab", "b", 0), Some(false));
        assert_eq!(is_known("a", "b", 0), Some(false));
        // One that is cut was not read.
        assert_eq!(is_known("a", "c", 30), None);
        assert_eq!(is_known("a", "c", 0), Some(false));
        assert_eq!(is_known("a", "c", 0), Some(true));
        assert_eq!(is_known("", "c", 0), Some(false));
        assert_eq!(is_known("", "c", 0), Some(true));
    }

    #[test]
    fn what_is_unusual_is_no_mold() {
        for event in [
            "{}",
            r#"{"message":"a"}"#,
            r#"{"timestamp":1,"message":{}}"#,
            r#"{"timestamp":"1","message":"a"}"#,
            r#"{"timestamp":1,"message":"a","message":"b"}"#,
            r#"{"timestamp":1,"message":"a","level":"b"}"#,
            r#"{"timestamp":1,"mess\u0061ge":"a"}"#,
        ] {
            let mut mold = Mold::default();
            mold.learn(event.as_bytes());
            assert!(mold.read(event.as_bytes()).is_none(), "{event}");
        }
    }
}
