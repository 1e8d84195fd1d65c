//! Header lists as Fetch defines them: *get*, and the lists of tokens in values.
//!
//! Must not: know what a header means.

use std::borrow::Cow;

use crate::cors::engine::Engine;
use crate::model::headers::is_token_byte;

/// Name and value of a header line.
pub type Field = (String, String);

/// The name that stands for a whole line as it went over the wire, colon included.
pub const RAW_LINE: &str = "\0raw";

/// HTTP tab or space: <https://fetch.spec.whatwg.org/#http-tab-or-space>.
pub fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

/// *Get* a name from a header list: all values, each trimmed, combined with `, `.
/// <https://fetch.spec.whatwg.org/#concept-header-list-get>
pub fn get<'a>(fields: &'a [Field], name: &str) -> Option<Cow<'a, str>> {
    let mut found: Option<Cow<'a, str>> = None;
    for (_, value) in fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)) {
        let value = trim(value);
        found = Some(match found {
            None => Cow::Borrowed(value),
            Some(first) => Cow::Owned(format!("{first}, {value}")),
        });
    }
    found
}

/// A list of tokens (`#token`), or why it is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenList<'a> {
    text: &'a str,
}

impl<'a> TokenList<'a> {
    /// *Extract header list values* for the ABNF `#field-name` and `#method`: one element that is
    /// no token spoils the whole list; empty elements are legal. `Err` has the first bad element.
    /// <https://fetch.spec.whatwg.org/#extract-header-list-values>
    pub fn parse(text: &'a str) -> Result<Self, &'a str> {
        match elements(text).find(|element| !is_token(element)) {
            Some(bad) => Err(bad),
            None => Ok(Self { text }),
        }
    }

    /// The tokens, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        elements(self.text)
    }

    /// Whether it has this token, byte for byte.
    pub fn contains(self, token: &str) -> bool {
        self.iter().any(|element| element == token)
    }

    /// Whether it has this token, whatever the case.
    pub fn contains_ignoring_case(self, token: &str) -> bool {
        self.iter().any(|element| element.eq_ignore_ascii_case(token))
    }
}

/// RFC 9110 `token`.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// The elements between commas, trimmed, without empty ones.
pub fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(trim).filter(|element| !element.is_empty())
}

/// The header lines that an engine's HTTP/1 parser makes of what was on the wire: folded lines are
/// joined, lines without a colon are dropped, and the engines' tolerances apply.
pub fn from_wire(lines: &[Field], engine: Engine) -> Vec<Field> {
    let mut fields = Vec::with_capacity(lines.len());
    for (name, value) in lines {
        if name == RAW_LINE {
            push_raw(value, engine, &mut fields);
        } else {
            push_line(name, value, engine, &mut fields);
        }
    }
    fields
}

fn push_raw(text: &str, engine: Engine, fields: &mut Vec<Field>) {
    // RFC 9112 section 5.2: obs-fold is read as a blank.
    let unfolded = text.replace("\r\n ", " ").replace("\r\n\t", " ");
    let at_cr = engine.ends_lines_at_bare_cr();
    for line in unfolded.split(|c| c == '\n' || (at_cr && c == '\r')) {
        if let Some((name, value)) = line.split_once(':') {
            push_line(name, value, engine, fields);
        }
    }
}

fn push_line(name: &str, value: &str, engine: Engine, fields: &mut Vec<Field>) {
    let bare = name.trim_end_matches([' ', '\t']);
    if bare.len() == name.len() || engine.accepts_blank_before_colon() {
        fields.push((bare.to_owned(), trim(value).to_owned()));
    }
}
