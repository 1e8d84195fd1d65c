//! JSON objects that are written member by member: rows of which a report has hundreds.
//!
//! What is written is what [`append_json`](crate::output::contract::append_json) writes of the same
//! members.
//!
//! Must not: write a text that a terminal could act on.

use std::io::Write as _;

use serde_json::value::RawValue;

use crate::model::LogTime;
use crate::output::escape::is_dangerous;

/// An object in the making. It is whole once [`Self::end`] was called.
#[derive(Debug)]
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    has_members: bool,
}

impl<'o> Object<'o> {
    /// An object without members, behind what is in `out`.
    pub(crate) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, has_members: false }
    }

    /// The object has all its members.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    /// Begins a member, whose value is to be written behind it. Names are our own: nothing in them is
    /// to be escaped.
    #[inline]
    pub(crate) fn member(&mut self, name: &'static str) -> &mut Vec<u8> {
        self.out.extend_from_slice(if self.has_members { b",\"" } else { b"\"" });
        self.has_members = true;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A text, or `null`.
    pub(crate) fn text(&mut self, name: &'static str, text: Option<&str>) {
        let out = self.member(name);
        match text {
            Some(text) => push_text(text, out),
            None => out.extend_from_slice(b"null"),
        }
    }

    /// A text of our own: nothing in it is to be escaped.
    #[inline]
    pub(crate) fn word(&mut self, name: &'static str, word: &'static str) {
        let out = self.member(name);
        out.push(b'"');
        out.extend_from_slice(word.as_bytes());
        out.push(b'"');
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str, texts: &[String]) {
        list(texts, self.member(name), |text, out| push_text(text, out));
    }

    /// What is JSON already.
    pub(crate) fn raw(&mut self, name: &'static str, json: &RawValue) {
        self.member(name).extend_from_slice(json.get().as_bytes());
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &'static str, number: u64) {
        let mut digits = *b"00000000000000000000";
        let mut rest = number;
        let mut length = 0;
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
            length += 1;
            if rest == 0 {
                break;
            }
        }
        self.member(name).extend_from_slice(digits.get(digits.len() - length..).unwrap_or(b"0"));
    }

    /// A time, or `null`.
    pub(crate) fn time(&mut self, name: &'static str, time: Option<LogTime>) {
        let out = self.member(name);
        match time.map(|time| (time, time.rfc3339())) {
            Some((_, Some(text))) => {
                out.push(b'"');
                out.extend_from_slice(&text);
                out.push(b'"');
            }
            Some((time, None)) => push_text(&time.to_string(), out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// Writes a list, of which `push` writes an element.
pub(crate) fn list<T>(elements: &[T], out: &mut Vec<u8>, push: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push(element, out);
    }
    out.push(b']');
}

const QUOTED: u8 = 1;
const STRANGE: u8 = 2;

/// What is to be done about a byte.
const fn kind(byte: u8) -> u8 {
    let is_quoted = byte == b'"' || byte == b'\\';
    let is_strange = byte < 0x20 || byte >= 0x7f;
    (is_quoted as u8 * QUOTED) | (is_strange as u8 * STRANGE)
}

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 256")]
        {
            kinds[byte as usize] = kind(byte);
        }
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// Writes a text in quotes.
pub(crate) fn push_text(text: &str, out: &mut Vec<u8>) {
    // Of a long one, all bytes are looked at, so that many are at once: a search that can stop takes one
    // by one.
    let kinds = match text.len() {
        0..32 => text.bytes().fold(0, |kinds, byte| {
            kinds | KINDS.get(usize::from(byte)).copied().unwrap_or_default()
        }),
        32.. => text.bytes().fold(0, |kinds, byte| kinds | kind(byte)),
    };
    out.reserve(text.len() + 2);
    out.push(b'"');
    match kinds {
        0 => out.extend_from_slice(text.as_bytes()),
        QUOTED => push_quoted(text.as_bytes(), out),
        _ => text.chars().for_each(|character| push_character(character, out)),
    }
    out.push(b'"');
}

/// Writes a text of which only quotes and backslashes are to be escaped.
fn push_quoted(text: &[u8], out: &mut Vec<u8>) {
    let mut written = 0;
    for at in memchr::memchr2_iter(b'"', b'\\', text) {
        out.extend_from_slice(text.get(written..at).unwrap_or_default());
        out.push(b'\\');
        written = at;
    }
    out.extend_from_slice(text.get(written..).unwrap_or_default());
}

fn push_character(character: char, out: &mut Vec<u8>) {
    let short = match character {
        '"' | '\\' => Some(character),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        _ => None,
    };
    // Writing to a vector cannot fail.
    if let Some(short) = short {
        let _ = write!(out, "\\{short}");
    } else if is_dangerous(character) {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    } else {
        let mut bytes = [0; 4];
        out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::contract::append_json;

    #[track_caller]
    fn check(text: &str) {
        let (mut got, mut want) = (Vec::new(), Vec::new());
        push_text(text, &mut got);
        append_json(&mut want, &text).expect("a text");
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&want));
    }

    #[test]
    fn an_object_is_written_as_every_other() {
        let mut got = Vec::new();
        let mut object = Object::begin(&mut got);
        object.text("a", Some("b\"c"));
        object.text("none", None);
        object.texts("list", &["d".to_owned(), "e".to_owned()]);
        object.texts("empty", &[]);
        object.word("w", "own");
        for number in [0, 7, 10, 1987, u64::MAX] {
            object.number("n", number);
        }
        object.time("at", Some(LogTime(0)));
        object.time("far", Some(LogTime(i64::MAX)));
        Object::begin(object.member("inner")).end();
        object.end();
        let want = r#"{"a":"b\"c","none":null,"list":["d","e"],"empty":[],"w":"own","n":0,"n":7,"n":10,"n":1987,"n":18446744073709551615,"at":"1970-01-01T00:00:00.000Z","far":"9223372036854775807 ms","inner":{}}"#;
        assert_eq!(String::from_utf8_lossy(&got), want);
    }

    #[test]
    fn characters_are_escaped_as_in_every_other_row() {
        (0..0x3000).filter_map(char::from_u32).for_each(|it| check(&format!("a{it}b")));
        check("\u{e0041} \u{1f600}");
        check(r#"{"a":"\"b\\"}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_escaped_as_in_every_other_row(text in "[ -~]*|[\u{0}-\u{2fff}]*|.*") {
            check(&text);
        }
    }
}
