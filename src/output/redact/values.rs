//! Where the name before a separator begins, and where the value behind it ends, in JSON, Java maps,
//! query strings, header lines and prose, also inside of escaped strings.
//!
//! Must not: end a value early. When in doubt it ends later.

use crate::output::redact::names::is_header_name;

/// What kind of value is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A header that may contain blanks and commas.
    Header,
    /// One word.
    Plain,
}

/// A name, and what stands before it.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    /// Whether it follows `{` or `, `, as in a Java map.
    is_entry: bool,
    /// Where it begins.
    start: usize,
}

/// How far before a name the words are looked for that make it a query parameter's.
const LOOK_BACK: usize = 512;

/// Whether the name is one of a query string, or of a map of its parameters.
pub(crate) fn is_parameter(text: &str, separator: usize, name: &Name<'_>) -> bool {
    let head = text.as_bytes().get(..name.start).unwrap_or_default();
    let is_equals = text.as_bytes().get(separator) == Some(&b'=');
    if is_equals && head.last().is_some_and(|before| b"?&\"'".contains(before)) {
        return true;
    }
    let near = head.get(head.len().saturating_sub(LOOK_BACK)..).unwrap_or_default();
    let map = near.iter().rposition(|byte| *byte == b'{').and_then(|at| near.get(..at));
    let map = map.filter(|before| !near.get(before.len()..).unwrap_or_default().contains(&b'}'));
    map.is_some_and(|before| {
        let before = before.trim_ascii_end();
        let tail = before.get(before.len().saturating_sub(32)..).unwrap_or_default();
        memchr::memmem::find(tail, b"ueryStringParameters").is_some()
            || memchr::memmem::find(tail, b"query string").is_some()
    })
}

/// Start and end of a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The name that ends before `separator`; blanks, a quote and its backslashes may stand between.
pub(crate) fn name_before(text: &str, separator: usize) -> Option<Name<'_>> {
    let before = text.get(..separator)?.trim_end_matches(' ');
    let before = match before.strip_suffix(['"', '\'']) {
        Some(inner) => inner.trim_end_matches('\\'),
        None => before,
    };
    let length = before.bytes().rev().take_while(|byte| is_name_byte(*byte)).count();
    let head = before.get(..before.len() - length)?;
    let name = before.get(head.len()..).filter(|name| !name.is_empty())?;
    let start = head.len();
    let head = head.trim_end_matches(['"', '\'', '\\']);
    let is_entry = head.ends_with('{') || head.ends_with(", ") || head.is_empty();
    Some(Name { text: name, is_entry, start })
}

/// What an element of XML contains, if the name is that of its tag, which ends in `separator`.
pub(crate) fn content(text: &str, separator: usize, name: &Name<'_>) -> Option<Value> {
    let is_tag = text.get(..name.start)?.ends_with('<');
    let start = separator + 1;
    let inner = text.get(start..)?;
    let end = start + memchr::memchr(b'<', inner.as_bytes()).unwrap_or(inner.len());
    Some(Value { start, end }).filter(|value| is_tag && !value.is_empty())
}

/// The value behind `separator`, quotes excluded; `None` where there is nothing to hide.
pub(crate) fn value_after(
    text: &str,
    separator: usize,
    name: &Name<'_>,
    form: Form,
) -> Option<Value> {
    let is_equals = text.as_bytes().get(separator) == Some(&b'=');
    let mut start = separator + 1;
    let behind = text.get(start..)?;
    // `=>`, as Ruby and PHP print maps.
    start += usize::from(is_equals && behind.starts_with('>'));
    let behind = text.get(start..)?;
    start += behind.len() - behind.trim_start_matches(' ').len();
    let behind = text.get(start..)?;
    if let Some(quote) = opening_quote(behind) {
        let inner = start + quote.length;
        let length = quoted_length(text.get(inner..)?, &quote);
        return Some(Value { start: inner, end: inner + length }).filter(|value| !value.is_empty());
    }
    let length = if behind.starts_with(['[', '{']) && !is_equals {
        nested_length(behind)
    } else if is_equals && name.is_entry {
        map_value_length(behind)
    } else if form == Form::Header {
        line_length(behind)
    } else {
        credentials_length(behind)
    };
    let value = Value { start, end: start + length };
    let is_literal = text
        .get(value.start..value.end)
        .is_some_and(|value| matches!(value, "null" | "undefined" | "true" | "false" | "None"));
    (!value.is_empty() && !is_literal).then_some(value)
}

impl Value {
    fn is_empty(&self) -> bool {
        self.end <= self.start
    }
}

/// A quote with the backslashes that escape it.
#[derive(Debug)]
struct Quote {
    character: u8,
    backslashes: usize,
    length: usize,
}

fn opening_quote(text: &str) -> Option<Quote> {
    let backslashes = text.bytes().take_while(|byte| *byte == b'\\').count();
    let character = text.as_bytes().get(backslashes).copied();
    let character = character.filter(|byte| b"\"'`".contains(byte))?;
    Some(Quote { character, backslashes, length: backslashes + 1 })
}

/// Up to the closing quote's backslashes, or to the end.
fn quoted_length(text: &str, quote: &Quote) -> usize {
    let mut backslashes = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'\\' {
            backslashes += 1;
            continue;
        }
        let closes = match quote.backslashes {
            // An even number of backslashes escapes each other.
            0 => backslashes % 2 == 0,
            opening => backslashes <= opening,
        };
        if byte == quote.character && closes {
            return at - backslashes.min(quote.backslashes);
        }
        backslashes = 0;
    }
    text.len()
}

/// Up to the bracket that closes the first one, or to the end. Brackets in strings count as well:
/// a string can then only make the value longer, or end it at a bracket that the string closes.
fn nested_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quoted = None;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quoted, byte) {
            (Some(_), b'\\') => is_escaped = !is_escaped,
            (Some(quote), _) => {
                if byte == quote && !is_escaped {
                    quoted = None;
                }
                is_escaped = false;
            }
            (None, b'"' | b'\'') => quoted = Some(byte),
            (None, b'[' | b'{') => depth += 1,
            (None, b']' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            (None, _) => {}
        }
    }
    text.len()
}

/// A Java map is not escaped: its value ends where a header's name follows, or with the map.
fn map_value_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        let ends = match byte {
            b',' => rest.strip_prefix(b" ").is_some_and(|rest| {
                let length = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
                rest.get(length) == Some(&b'=') && rest.get(..length).is_some_and(is_header_name)
            }),
            b'}' => rest.first().is_none_or(|next| b" \t\r\n,}])\"'".contains(next)),
            b'\n' => true,
            _ => false,
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// To the end of the line, or of the string that the line stands in.
fn line_length(text: &str) -> usize {
    text.find(['\n', '\r', '"', '\'', '\\']).unwrap_or(text.len())
}

/// Whether it is a scheme of an `Authorization` value.
pub(crate) fn is_scheme(text: &str) -> bool {
    const SCHEMES: [&str; 5] = ["bearer", "basic", "digest", "negotiate", "aws4-hmac-sha256"];
    SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// A word, and behind a scheme the next one.
fn credentials_length(text: &str) -> usize {
    let length = word_length(text);
    let (word, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    let behind = rest.trim_start_matches(' ');
    if is_scheme(word) && behind.len() < rest.len() {
        text.len() - behind.len() + word_length(behind)
    } else {
        length
    }
}

/// To the next blank, quote, `&` or `;`.
fn word_length(text: &str) -> usize {
    let end = |character: char| {
        character.is_whitespace() || matches!(character, '&' | ';' | '"' | '\'' | '\\' | '<')
    };
    let word = text.get(..text.find(end).unwrap_or(text.len())).unwrap_or(text);
    word.trim_end_matches([',', '}', ')', ']']).len()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
