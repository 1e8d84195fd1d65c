//! Where an event begins in text: what each text container writes in front of a message.
//!
//! | container | line |
//! |---|---|
//! | S3 export, `aws logs tail --format short` | `<time> <message>` |
//! | `aws logs tail` (detailed, json) | `<time with +00:00> <stream> <message>` |
//! | `sam logs` | `<stream> <time> <message>` |
//! | `chalice logs` | `<time> <end of the stream> <message>`; in 2018 `<stream> <message>` |
//! | `awslogs` | `<group> <stream> [<time> [<time>]] <message>` |
//! | console, one row a line | `<time>` TAB `<message>` |
//! | console, copied cell by cell | `<time>`, then the message on the next lines |
//! | console, an expanded row | `<time>Copy<message>`, maybe with ` \| <message>` behind it |
//! | pasted tables | `\| <time> \| <message> \|`; see `table` |
//! | `aws logs filter-log-events --output text` | `EVENTS` TAB ... TAB `<message>` TAB `<time>` |
//! | `--query 'events[].[timestamp,message]'` | `<milliseconds>` TAB `<message>` |
//! | a time of day | `10:00:00 <message>` |
//! | viewers | see `viewer` |
//! | grep, syslog | anything, `[<time>] (<id>) <label>` |
//! | Markdown | `` `<line>` ``, `**<line>**`, `` - `<line>` ``; for quotes see `quote` |
//! | text | see `cited` |
//! | test invocation | `Tue Oct 12 21:09:59 UTC 2021 : <message>` |
//!
//! Must not: look further into a message than its first word.

use crate::decode::cited;
use crate::decode::continuation::{begins_test, is_usual_start};
use crate::decode::marking::is_lambda;
use crate::decode::prefix;
use crate::decode::quote::item;
use crate::decode::stamp::{Clock, Separator, Stamp, Zone, test_invoke};
use crate::decode::table::Table;
use crate::decode::viewer;
use crate::model::bytes::is_alphanumeric;
use crate::model::{LogTime, RequestId};

/// A part of a line.
pub(crate) type Span = (usize, usize);

/// What a line is to the event before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// A container's header: this line and the unmarked ones behind it are an event.
    Stamped(Head),
    /// A timestamp alone: the event follows.
    Alone(LogTime),
    /// A message that stands for itself wherever it is seen.
    Certain(Head),
    /// A message that begins here, unless a container said that it is a continuation.
    Usual(Head),
    /// Nothing tells.
    Unknown,
    /// Nothing but blanks.
    Blank,
    /// The row of a table that names its columns.
    Title,
    /// Decoration of tables.
    Noise,
}

/// What stands in front of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) time: Option<LogTime>,
    pub(crate) ingested: Option<LogTime>,
    pub(crate) group: Option<Span>,
    pub(crate) stream: Option<Span>,
    /// Where the message is.
    pub(crate) message: usize,
    /// How many bytes behind the message are decoration.
    pub(crate) tail: usize,
    /// Whether the time stands behind the message, after a tab.
    pub(crate) time_behind: bool,
    /// Whether it is a row of a table: more cells may stand behind the message.
    pub(crate) is_row: bool,
    /// How many marks of quoting stand in front of each of its lines.
    pub(crate) quotes: u8,
    /// Whether the message was behind a button of the console, and may be there twice.
    pub(crate) is_copied: bool,
}

impl Head {
    pub(crate) fn at(message: usize) -> Self {
        Self { message, ..Self::default() }
    }

    /// What stands behind it on its line.
    pub(crate) fn behind(self, line: &[u8]) -> &[u8] {
        line.get(self.message..).unwrap_or_default()
    }
}

/// Reads what stands in front of the message of `line`.
pub(crate) fn begin(line: &[u8], clock: &mut Clock, table: &Table) -> Begin {
    if line.first().is_some_and(u8::is_ascii_digit)
        && let Some(stamp) = clock.iso(line)
    {
        return stamped(line, 0, stamp, clock);
    }
    let indent = indentation(line);
    let Some(rest) = line.get(indent..).filter(|rest| !rest.is_empty()) else {
        return Begin::Blank;
    };
    match rest {
        [b'|', ..] => table.row(line, indent, clock),
        [b'0'..=b'9', ..] => match clock.iso(rest) {
            Some(stamp) => stamped(line, indent, stamp, clock),
            None => epoch(line, indent)
                .or_else(|| of_day(line, indent, clock))
                .or_else(|| named(line, indent, clock))
                .or_else(|| listed(line, clock, table))
                .or_else(|| prefix::begin(line, clock))
                .or_else(|| viewer::begin(line, indent, clock))
                .or_else(|| cited::begin(line, indent))
                .unwrap_or(Begin::Unknown),
        },
        [b'`' | b'*', ..] => marked(line, indent, clock, table)
            .or_else(|| listed(line, clock, table))
            .or_else(|| cited::begin(line, indent))
            .unwrap_or(Begin::Unknown),
        [b'E', ..] if rest.starts_with(b"EVENTS\t") => events(line, indent),
        [b'S', ..] if rest.starts_with(b"SEARCHEDLOGSTREAMS\t") => Begin::Noise,
        [b'b', b'/', ..] if is_of_paging(rest) => Begin::Noise,
        [b'(', ..] if starts_with_id(rest) => Begin::Certain(Head::at(indent)),
        [b'-', ..] if table.is_decoration(rest) => Begin::Noise,
        [b'+', ..] if Table::titled(rest).is_some() => Begin::Title,
        _ => other(line, indent, rest, clock, table),
    }
}

fn other(line: &[u8], indent: usize, rest: &[u8], clock: &mut Clock, table: &Table) -> Begin {
    if begins_test(rest) {
        return Begin::Certain(Head::at(indent));
    }
    if rest.get(3) == Some(&b' ')
        && let Some((time, length)) = test_invoke(rest)
        && let Some(message) = rest.get(length..).and_then(cited::behind_time)
    {
        let message = line.len() - message.len();
        return Begin::Stamped(Head { time: Some(time), ..Head::at(message) });
    }
    if is_usual_start(rest) || prefix::is_hidden_id(rest) {
        return Begin::Usual(Head::at(indent));
    }
    named(line, indent, clock)
        .or_else(|| listed(line, clock, table))
        .or_else(|| prefix::begin(line, clock))
        .or_else(|| viewer::begin(line, indent, clock))
        .or_else(|| cited::begin(line, indent))
        .unwrap_or(Begin::Unknown)
}

/// `` - `<line>` `` and `` Logs: `<line>` ``, the item of a list in Markdown.
fn listed(line: &[u8], clock: &mut Clock, table: &Table) -> Option<Begin> {
    let begun = marked(line, item(line)?, clock, table)?;
    matches!(begun, Begin::Stamped(_) | Begin::Certain(_)).then_some(begun)
}

/// `` `<line>` `` and `**<line>**`, as Markdown marks what matters.
fn marked(line: &[u8], at: usize, clock: &mut Clock, table: &Table) -> Option<Begin> {
    let text = line.get(at..)?.trim_ascii_end();
    let inner = [b"**".as_slice(), b"`"]
        .iter()
        .find_map(|mark| text.strip_prefix(*mark)?.strip_suffix(*mark))?;
    if matches!(inner.first(), None | Some(b'*' | b'`')) {
        return None;
    }
    let begins = at + (text.len() - inner.len()) / 2;
    let shift = |span: Span| (span.0 + begins, span.1 + begins);
    let shifted = |head: Head| Head {
        group: head.group.map(shift),
        stream: head.stream.map(shift),
        message: head.message + begins,
        tail: head.tail + line.len() - begins - inner.len(),
        ..head
    };
    match begin(inner, clock, table) {
        Begin::Stamped(head) => Some(Begin::Stamped(shifted(head))),
        Begin::Certain(head) => Some(Begin::Certain(shifted(head))),
        Begin::Usual(head) => Some(Begin::Usual(shifted(head))),
        Begin::Alone(_) | Begin::Unknown | Begin::Title | Begin::Blank | Begin::Noise => None,
    }
}

/// `1795341600000` TAB `<message>`.
fn epoch(line: &[u8], at: usize) -> Option<Begin> {
    let rest = line.get(at..)?;
    let time = millis(rest.get(..MILLIS)?)?;
    let message = match rest.get(MILLIS..)? {
        [b'\t', message @ ..] => message,
        [b' ' | b',', message @ ..] if starts_with_id(message) => message,
        _ => return None,
    };
    let head = Head { time: Some(time), ..Head::at(line.len() - message.len()) };
    Some(Begin::Stamped(head))
}

/// `10:00:00 <message>`, `10:00:00 - <message>`: without a date it is no time, but what Lambda says behind it is a message.
fn of_day(line: &[u8], at: usize, clock: &mut Clock) -> Option<Begin> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, b' ' | b'\t', text @ ..] = line.get(at..)? else {
        return None;
    };
    let is_time = [h1, h2, m1, m2, s1, s2].iter().all(|byte| byte.is_ascii_digit());
    let (text, dashed) = (text.trim_ascii_start(), text.strip_prefix(b"- "));
    let text = dashed.unwrap_or(text);
    let is_message = is_lambda(text, clock) || dashed.is_none() && is_usual_start(text);
    (is_time && is_message).then(|| Begin::Usual(Head::at(line.len() - text.len())))
}

/// Digits of a time in milliseconds, from 2001 to 2286.
const MILLIS: usize = 13;

/// A time in milliseconds since the epoch.
pub(crate) fn millis(digits: &[u8]) -> Option<LogTime> {
    if digits.len() != MILLIS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok().map(LogTime)
}

/// `b/<digits>/s` TAB `f/<digits>/s`, the tokens of get-log-events.
fn is_of_paging(text: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_digit() || b"bfs/\t".contains(byte);
    memchr::memmem::find(text, b"/s\tf/").is_some() && text.trim_ascii().iter().all(is_token)
}

/// `EVENTS`, then the members in the order of their names: `eventId` and `logStreamName` only from
/// filter-log-events.
fn events(line: &[u8], at: usize) -> Begin {
    let cell = |from: usize| -> Option<(Span, usize)> {
        let rest = line.get(from..)?;
        let length = memchr::memchr(b'\t', rest)?;
        Some(((from, from + length), from + length + 1))
    };
    let read = || {
        let (first, behind) = cell(at + b"EVENTS\t".len())?;
        let is_filter = first.1 - first.0 > 20;
        let (ingested, behind) = if is_filter { cell(behind)? } else { (first, behind) };
        let ingested = Some(millis(line.get(ingested.0..ingested.1)?)?);
        let (stream, message) = if is_filter {
            cell(behind).map(|(stream, behind)| (Some(stream), behind))?
        } else {
            (None, behind)
        };
        Some(Head { ingested, stream, time_behind: true, ..Head::at(message) })
    };
    read().map_or(Begin::Unknown, Begin::Stamped)
}

/// Where a tab parts a message from the next one, if the line begins with one of the gateway's, or
/// ends a payload.
pub(crate) fn next_message(line: &[u8]) -> Option<usize> {
    if !matches!(line.get(indentation(line)), Some(b'(' | b'}' | b']')) {
        return None;
    }
    let mut tabs = memchr::memchr_iter(b'\t', line);
    tabs.find(|tab| {
        line.get(tab + 1..).is_some_and(starts_with_id)
            && line.get(..*tab).is_some_and(|before| !before.trim_ascii().is_empty())
    })
}

/// A message and the time behind it.
pub(crate) fn split_time(message: &[u8]) -> Option<(&[u8], LogTime)> {
    let whole = message.trim_ascii_end();
    let tab = memchr::memrchr(b'\t', whole)?;
    Some((whole.get(..tab)?, millis(whole.get(tab + 1..)?)?))
}

/// Blanks, no-break spaces and the triangles of the console's rows.
pub(crate) fn indentation(line: &[u8]) -> usize {
    let mut rest = line;
    loop {
        rest = match rest {
            [b' ' | b'\t' | b'\r' | 0x0b | 0x0c, tail @ ..]
            | [0xc2, 0xa0, tail @ ..]
            | [0xe2, 0x96, 0xb6 | 0xb8 | 0xbc | 0xbe, tail @ ..] => tail,
            _ => return line.len() - rest.len(),
        };
    }
}

/// A line that has a timestamp at `at`.
fn stamped(line: &[u8], at: usize, stamp: Stamp, clock: &mut Clock) -> Begin {
    let after = at + stamp.length;
    let behind = line.get(after..).unwrap_or_default();
    let time = Some(stamp.time);
    match (stamp.separator, behind) {
        (_, [b' ', b'-', b' ', text @ ..]) if is_lambda(text, clock) => {
            Begin::Stamped(Head { time, ..Head::at(line.len() - text.len()) })
        }
        // A time as Java and other loggers write it: part of the message, and in any zone.
        (Separator::Blank, [b' ' | b'\t', text @ ..]) if starts_with_id(text) => {
            Begin::Stamped(Head { time, ..Head::at(after + 1) })
        }
        (Separator::Blank, text) if let Some(text) = behind_short_stream(text, stamp) => {
            Begin::Stamped(Head { time, ..Head::at(line.len() - text.len()) })
        }
        (Separator::Blank, _) => match parenthesized_zone(line, at, clock) {
            Some(time) => Begin::Usual(Head { time: Some(time), ..Head::at(at) }),
            None => Begin::Usual(Head::at(at)),
        },
        (Separator::T, []) => Begin::Alone(stamp.time),
        (Separator::T, [b' ' | b'\t', text @ ..]) if text.iter().all(u8::is_ascii_whitespace) => {
            Begin::Alone(stamp.time)
        }
        (Separator::T, [b' ' | b'\t', text @ ..]) => {
            let text_at = after + 1;
            if text.first() == Some(&b'(') {
                return Begin::Stamped(Head { time, ..Head::at(text_at) });
            }
            // A terminal makes several blanks of a tab.
            if is_lambda_line(text.trim_ascii_start()) {
                return Begin::Usual(Head { time, ..Head::at(at) });
            }
            if line.get(at..).is_some_and(|text| stamp.is_of_tail(text))
                && let Some((stream, message)) = word(line, text_at)
                && line.get(stream.0..stream.1).is_some_and(may_be_stream)
            {
                return Begin::Stamped(Head { time, stream: Some(stream), ..Head::at(message) });
            }
            if let Some(cell) = text.strip_prefix(b"| ") {
                return Begin::Stamped(Head { time, ..Head::at(line.len() - cell.len()) });
            }
            Begin::Stamped(Head { time, ..Head::at(text_at) })
        }
        (Separator::T, text) => match copied(text) {
            Some(text) => {
                Begin::Stamped(Head { time, is_copied: true, ..Head::at(line.len() - text.len()) })
            }
            None => viewer::begin(line, at, clock).unwrap_or(Begin::Unknown),
        },
    }
}

/// What stands behind the button of the console by which a message is copied.
pub(crate) fn copied(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"Copy").filter(|behind| !behind.is_empty())
}

/// What stands behind ` dcd6c3 `, the end of a stream's name, and a time in microseconds, as `chalice logs`
/// prints them since 2016.
fn behind_short_stream(text: &[u8], stamp: Stamp) -> Option<&[u8]> {
    const MICROSECONDS: usize = b"2026-11-22 10:00:00.120000".len();
    let (name, text) = text.strip_prefix(b" ")?.split_first_chunk::<6>()?;
    let is_name = name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_name && stamp.length == MICROSECONDS).then(|| text.strip_prefix(b" "))?
}

/// `2026-11-22 10:00:00.000 (+02:00)`, as `serverless logs` prints it.
fn parenthesized_zone(line: &[u8], at: usize, clock: &mut Clock) -> Option<LogTime> {
    let text = line.get(at..)?;
    let (time, zone) = (text.get(..23)?, text.get(23..33)?);
    let zone = zone.strip_prefix(b" (")?.strip_suffix(b")").or_else(|| zone.get(2..8))?;
    let joined: Vec<u8> = time.iter().chain(zone).copied().collect();
    clock.iso(&joined).filter(|stamp| stamp.zone == Zone::Offset).map(|stamp| stamp.time)
}

/// A time with a bare request id behind it is Lambda's own line (`<time> <id> INFO ...`): there the
/// time is part of the message.
pub(crate) fn is_lambda_line(text: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    if let Some((id, [behind, ..])) = text.split_first_chunk::<{ RequestId::MAX }>()
        && is_blank(behind)
        && RequestId::looks_like_uuid(id)
    {
        return true;
    }
    text.strip_prefix(b"undefined").and_then(<[u8]>::first).is_some_and(is_blank)
}

/// What stands behind the time in the one line of Lambda that has no tab there.
pub(crate) fn is_timeout(text: &[u8]) -> bool {
    is_lambda_line(text)
        && text.get(RequestId::MAX + 1..).is_some_and(|text| text.starts_with(b"Task timed out "))
}

/// Whether a line is that one, with its time in front.
pub(crate) fn is_timeout_line(line: &[u8]) -> bool {
    let blank = line.iter().position(|byte| matches!(byte, b' ' | b'\t'));
    blank.and_then(|blank| line.get(blank + 1..)).is_some_and(is_timeout)
}

/// The word at `at`, and where the text behind it begins.
fn word(line: &[u8], at: usize) -> Option<(Span, usize)> {
    let rest = line.get(at..)?;
    let length = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    (length > 0).then_some(((at, at + length), line.len().min(at + length + 1)))
}

/// `<stream> <time> <message>` and `<group> <stream> [<time>] <message>`.
fn named(line: &[u8], at: usize, clock: &mut Clock) -> Option<Begin> {
    let (first, behind) = word(line, at)?;
    let name = line.get(first.0..first.1)?;
    if looks_like_stream(name) {
        let told = time_at(line, behind, clock, is_timeout);
        // Sums of files look like names of streams, too; nothing else does like those of functions.
        let (time, message) = match told {
            Some((time, message)) => (Some(time), message),
            None if name.contains(&b'[') => (None, behind),
            None => return None,
        };
        return Some(Begin::Stamped(Head { time, stream: Some(first), ..Head::at(message) }));
    }
    let is_group = matches!(name, [b'/', ..] | [b'A', b'P', b'I', b'-', ..]);
    let (stream, behind) =
        (is_group || may_be_group(name)).then(|| word(line, skip_blanks(line, behind)))??;
    if !looks_like_stream(line.get(stream.0..stream.1)?) {
        return None;
    }
    let mut head = Head { group: Some(first), stream: Some(stream), ..Head::at(behind) };
    head.message = skip_blanks(line, behind);
    if let Some((time, message)) = time_at(line, head.message, clock, is_lambda_line) {
        (head.time, head.message) = (Some(time), message);
        if let Some((ingested, message)) = time_at(line, message, clock, is_lambda_line) {
            (head.ingested, head.message) = (Some(ingested), message);
        }
    } else if !is_group && line.get(head.message) != Some(&b'{') {
        // Sums of files look like names of streams, too.
        return None;
    }
    Some(Begin::Stamped(head))
}

/// Whether a word may be the name of a group that somebody chose.
fn may_be_group(word: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-/.#".contains(byte);
    word.len() > 1 && word.iter().all(is_part)
}

/// A container's time at `at`, and where the message behind it begins; `is_own` tells by what is behind
/// the time whether it is part of the message.
fn time_at(
    line: &[u8],
    at: usize,
    clock: &mut Clock,
    is_own: fn(&[u8]) -> bool,
) -> Option<(LogTime, usize)> {
    let rest = line.get(at..)?;
    let stamp = clock.iso(rest).filter(|stamp| stamp.separator == Separator::T)?;
    let behind = rest.get(stamp.length..)?;
    let text = match behind {
        [] => behind,
        [b' ', text @ ..] if !is_own(text) => text,
        _ => return None,
    };
    Some((stamp.time, line.len() - text.len()))
}

fn skip_blanks(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| **byte == b' ').count()
}

/// Any name of a stream has a digit in it; a message's first word seldom has.
fn may_be_stream(word: &[u8]) -> bool {
    if !word.iter().any(u8::is_ascii_digit) {
        return false;
    }
    // The name that the gateway gives to streams: 32 digits and letters.
    if let Some((blocks, [])) = word.split_first_chunk()
        && is_alphanumeric(blocks)
    {
        return true;
    }
    !word.iter().any(|byte| matches!(byte, b'{' | b'"' | b'(' | b'=' | b':' | b','))
}

/// `2026/11/22/[$LATEST]<32 hex>` or `<32 hex>`.
pub(crate) fn looks_like_stream(word: &[u8]) -> bool {
    memchr::memmem::find(word, b"[$LATEST]").is_some()
        || memchr::memmem::find(word, b"/[").is_some() && word.ends_with_hex()
        || word.len() == 32 && word.iter().all(u8::is_ascii_hexdigit)
}

trait EndsWithHex {
    fn ends_with_hex(&self) -> bool;
}

impl EndsWithHex for [u8] {
    fn ends_with_hex(&self) -> bool {
        self.last_chunk::<32>().is_some_and(|tail| tail.iter().all(u8::is_ascii_hexdigit))
    }
}

/// `(<id>) Message`.
pub(crate) fn starts_with_id(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"(") else { return false };
    if let Some((id, [b')', behind @ ..])) = rest.split_first_chunk::<{ RequestId::MAX }>()
        && RequestId::looks_like_uuid(id)
    {
        return behind.first().is_none_or(|byte| *byte == b' ');
    }
    let Some(end) = rest.iter().take(RequestId::MAX + 1).position(|byte| *byte == b')') else {
        return false;
    };
    let id = rest.get(..end).unwrap_or_default();
    let known = RequestId::looks_like_extended(id) || id.starts_with(b"test-");
    known && rest.get(end + 1).is_none_or(|byte| *byte == b' ')
}
