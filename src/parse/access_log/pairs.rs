//! Formats that name their fields.
//!
//! Must not: know what a name means.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::{memchr, memmem};
use serde::de::IgnoredAny;

use crate::model::headers::lossy;
use crate::parse::value::raw::{self, Raw};

/// Names and values, in order, as they stand in the line where nothing in them is escaped.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// As many pairs as most lines have; allocators are slow with pieces that are larger.
const USUAL: usize = 20;
/// Objects in one another whose members are told apart: the parser that checks a line sets no bound, and
/// whoever writes a value chooses how deep it goes.
const MOST_NESTED: u32 = 128;

/// Keys of documents that are no access log: log lines of applications, events, responses.
const OF_OTHERS: &[&[u8]] = &[
    b"log_level",
    b"record",
    b"requestContext",
    b"messageType",
    b"logEvents",
    b"_aws",
    // What SDKs give of an answer.
    b"ResponseMetadata",
    b"Records",
];

/// A JSON object; or, where a value with a bare quote broke it, what can be told apart.
pub(super) fn json(text: &[u8]) -> Option<Pairs<'_>> {
    if !has_id_name(text) && [&*PROTOCOL, &*LENGTH].iter().all(|name| name.find(text).is_none()) {
        return None;
    }
    let mut pairs = Vec::with_capacity(USUAL);
    let mut others = Others::default();
    for (key, value) in raw::members(text) {
        if others.have(key, value) {
            return None;
        }
        flatten(Raw::Text(key).text(), value, MOST_NESTED, &mut pairs);
    }
    if others.has_lists || (others.has_level && others.has_message) {
        return None;
    }
    if serde_json::from_slice::<IgnoredAny>(text).is_err() {
        pairs.clear();
        salvage(text, &mut pairs);
        if pairs.iter().any(|(key, _)| OF_OTHERS.contains(&key.as_bytes())) {
            return None;
        }
    }
    Some(pairs)
}

/// What documents have that are no access log.
#[derive(Default)]
struct Others {
    has_level: bool,
    has_message: bool,
    has_lists: bool,
}

impl Others {
    /// Whether this member alone tells one of them.
    fn have(&mut self, key: &[u8], value: Raw<'_>) -> bool {
        self.has_level |= matches!(key, b"level" | b"severity" | b"levelname");
        self.has_message |= matches!(key, b"message" | b"msg");
        self.has_lists |= matches!(key, b"headers" | b"multiValueHeaders" | b"body")
            && !matches!(value, Raw::Text(b"-" | b""));
        let is_platform = key == b"type" && value.bytes().starts_with(b"platform.");
        is_platform || OF_OTHERS.contains(&key)
    }
}

/// A member; those of a nested object with dots in their names. What is nested too deep is a text.
fn flatten<'a>(key: Cow<'a, str>, value: Raw<'a>, depth: u32, pairs: &mut Pairs<'a>) {
    match (value, depth.checked_sub(1)) {
        (Raw::Other(members), Some(depth)) if members.starts_with(b"{") => {
            for (inner, value) in raw::members(members) {
                let inner = Raw::Text(inner).text();
                flatten(Cow::Owned(format!("{key}.{inner}")), value, depth, pairs);
            }
        }
        (Raw::Other(b"null"), _) => pairs.push((key, Cow::Borrowed("-"))),
        (Raw::Text(_) | Raw::Other(_), _) => pairs.push((key, value.text())),
    }
}

/// Broken JSON: a value reaches to the next `"name":` that stands behind a comma or a brace.
fn salvage<'a>(text: &'a [u8], pairs: &mut Pairs<'a>) {
    let mut marks = Vec::new();
    for quote in memchr::memchr_iter(b'"', text) {
        if let Some(mark) = key_at(text, quote) {
            marks.push(mark);
        }
    }
    for (at, mark) in marks.iter().enumerate() {
        let end = marks.get(at + 1).map_or(text.len(), |next| next.start);
        let value = text.get(mark.value..end).unwrap_or_default().trim_ascii();
        let value = value.strip_suffix(b",").unwrap_or(value).trim_ascii();
        let value = match value.strip_prefix(b"\"") {
            _ if mark.is_within => {
                let end = memchr(b'"', value).unwrap_or(value.len());
                value.get(..end).unwrap_or_default()
            }
            Some(value) => {
                // Behind a comma in the place of a colon nothing is known.
                let known = memmem::find(value, b"\",\"").unwrap_or(value.len());
                let end = value.iter().rposition(|byte| *byte == b'"').unwrap_or(value.len());
                value.get(..end.min(known)).unwrap_or_default()
            }
            None => value.strip_suffix(b"}").unwrap_or(value).trim_ascii(),
        };
        pairs.push((lossy(mark.key), lossy(value)));
    }
}

/// A `"name":` in a text, or a `"name:value"`.
struct Mark<'a> {
    start: usize,
    key: &'a [u8],
    value: usize,
    /// Whether the value stands in the quotes of the name.
    is_within: bool,
}

fn key_at<'a>(text: &'a [u8], quote: usize) -> Option<Mark<'a>> {
    let before = text.get(..quote)?.trim_ascii_end();
    // A comma may have been forgotten.
    if !matches!(before.last(), Some(b'{' | b',' | b'"')) {
        return None;
    }
    let rest = text.get(quote + 1..)?;
    let length = memchr(b'"', rest)?;
    let key = rest.get(..length)?;
    let behind = rest.get(length + 1..)?.trim_ascii_start();
    let mark = |key: &'a [u8], value: &[u8], is_within| {
        let value = text.len() - value.len();
        is_name(key).then_some(Mark { start: quote, key, value, is_within })
    };
    if let Some(value) = behind.strip_prefix(b":") {
        return mark(key, value, false);
    }
    if before.last() == Some(&b'"') {
        return None;
    }
    let colon = memchr(b':', key).filter(|_| matches!(behind.first(), Some(b',' | b'}')))?;
    mark(key.get(..colon)?, rest.get(colon + 1..)?, true)
}

/// `<request id="..."> <ip>...</ip> ... </request>`.
pub(super) fn xml(text: &[u8]) -> Option<Pairs<'_>> {
    let rest = text.strip_prefix(b"<request id=\"")?;
    let (id, mut rest) = rest.split_at_checked(memchr(b'"', rest)?)?;
    let mut pairs = vec![(Cow::Borrowed("requestId"), lossy(id))];
    while let Some(open) = memchr(b'<', rest) {
        let Some(tag) = rest.get(open + 1..) else { break };
        let Some(name) = memchr(b'>', tag).and_then(|end| tag.get(..end)) else { break };
        let Some(value) = tag.get(name.len() + 1..) else { break };
        let close = [b"</".as_slice(), name, b">"].concat();
        match memmem::find(value, &close).filter(|_| is_name(name)) {
            Some(end) => {
                let content = value.get(..end).unwrap_or_default().trim_ascii();
                pairs.push((lossy(name), lossy(content)));
                rest = value.get(end + close.len()..).unwrap_or_default();
            }
            None => rest = value,
        }
    }
    Some(pairs)
}

/// What may stand between pairs, the least likely in a value first.
const SEPARATORS: &[u8] = b"|\t;,& ";

/// Whether a text can be `name=value` pairs with a request id among them.
pub(super) fn may_be_pairs(text: &[u8]) -> bool {
    split_pair(text).is_some() && has_id_name(text)
}

/// `name=value|name=value`, `name: value, name: value`. A piece that is no pair belongs to the value
/// before it; so does `error: text` where pairs have `=`, for sentences have colons.
pub(super) fn separated(text: &[u8]) -> Option<Pairs<'_>> {
    let (name, _) = split_pair(text)?;
    let has_colons =
        text.trim_ascii_start().get(name.len()..)?.trim_ascii_start().starts_with(b":");
    SEPARATORS.iter().find_map(|separator| {
        let pairs = split(text, *separator, has_colons)?;
        (pairs.len() >= 3).then_some(pairs)
    })
}

fn split(text: &[u8], separator: u8, has_colons: bool) -> Option<Pairs<'_>> {
    let mut pairs: Vec<(&[u8], Vec<u8>)> = Vec::new();
    let split_piece = if has_colons { split_pair } else { split_equation };
    for piece in text.split(|byte| *byte == separator) {
        match (split_piece(piece), pairs.last_mut()) {
            (Some((name, value)), _) => pairs.push((name, value.to_vec())),
            (None, Some((_, value))) => {
                value.push(separator);
                value.extend_from_slice(piece);
            }
            (None, None) => return None,
        }
    }
    let unquoted = pairs.iter().map(|(name, value)| {
        let value = value.trim_ascii();
        let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        (lossy(name), Cow::Owned(lossy(inner.unwrap_or(value)).into_owned()))
    });
    Some(unquoted.collect())
}

fn split_pair(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let piece = piece.trim_ascii();
    pair_at(piece, memchr::memchr2(b'=', b':', piece)?)
}

/// A pair with `=`.
fn split_equation(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let piece = piece.trim_ascii();
    pair_at(piece, memchr(b'=', piece)?)
}

fn pair_at(piece: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    let (name, value) = piece.split_at_checked(at)?;
    let name = name.trim_ascii_end();
    is_name(name).then(|| Some((name, value.get(1..)?)))?
}

/// What names of the request id have in any spelling: `requestId`, `Request_id`, `reqID`.
static REQUEST: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("eq"));

/// What AWS's own formats have beside the id, and so lines from which somebody left the id out.
static PROTOCOL: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("\"protocol\""));

static LENGTH: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("\"responseLength\""));

fn has_id_name(text: &[u8]) -> bool {
    let is_id_name = |at: usize| {
        let behind = text.get(at + 2..).unwrap_or_default();
        let behind = behind.strip_prefix(b"uest").unwrap_or(behind);
        let behind = behind.strip_prefix(b"_").unwrap_or(behind);
        matches!(behind, [b'I' | b'i', b'd' | b'D', ..])
    };
    REQUEST.find_iter(text).any(is_id_name)
        || (memmem::find(text, b"\"request\"").is_some() && memmem::find(text, b"\"id\"").is_some())
}

fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'$')
        && text.len() <= 80
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'$'))
}
