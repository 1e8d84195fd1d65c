//! The members of a JSON object, without reading their values: log lines are mostly looked at and
//! let go.
//!
//! Must not: allocate, but for a string with escapes whose text is asked for.

use std::borrow::Cow;

use crate::model::bytes::find_two_near;
use crate::model::headers::lossy;

/// A value as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    /// A string: what stands between the quotes, escapes and all.
    Text(&'a [u8]),
    /// Anything else, as written.
    Other(&'a [u8]),
}

impl<'a> Raw<'a> {
    /// What a string holds, or the text of anything else.
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) | Self::Other(text) => text,
        }
    }

    /// A string with its escapes resolved; anything else as written.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) if memchr::memchr(b'\\', text).is_some() => {
                let mut quoted = Vec::with_capacity(text.len() + 2);
                quoted.push(b'"');
                quoted.extend_from_slice(text);
                quoted.push(b'"');
                serde_json::from_slice(&quoted).map_or_else(|_| lossy(text), Cow::Owned)
            }
            Self::Text(text) | Self::Other(text) => lossy(text),
        }
    }

    /// The same, to keep.
    pub(crate) fn to_text(self) -> String {
        self.text().into_owned()
    }
}

/// The top-level members of the object at the beginning of a text, in order; ends at what is not
/// JSON.
pub(crate) fn members(text: &[u8]) -> Members<'_> {
    let text = text.trim_ascii_start();
    Members { text: text.strip_prefix(b"{").unwrap_or_default() }
}

/// The first member of that key.
pub(crate) fn member<'a>(text: &'a [u8], key: &[u8]) -> Option<Raw<'a>> {
    members(text).find(|(name, _)| *name == key).map(|(_, value)| value)
}

pub(crate) struct Members<'a> {
    text: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text.trim_ascii_start();
        let text = text.strip_prefix(b",").unwrap_or(text).trim_ascii_start();
        let (key, text) = split_string(text)?;
        let text = text.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, rest) = split_value(text)?;
        self.text = rest;
        Some((key, value))
    }
}

fn split_value(text: &[u8]) -> Option<(Raw<'_>, &[u8])> {
    match text.first()? {
        b'"' => split_string(text).map(|(value, rest)| (Raw::Text(value), rest)),
        b'{' | b'[' => {
            let (value, rest) = text.split_at_checked(container_length(text)?)?;
            Some((Raw::Other(value), rest))
        }
        _ => {
            let length = text.iter().position(|byte| {
                matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace()
            })?;
            let (value, rest) = text.split_at_checked(length)?;
            Some((Raw::Other(value), rest))
        }
    }
}

fn split_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        let stop = at + find_two_near(b'"', b'\\', text.get(at..)?)?;
        if text.get(stop) == Some(&b'"') {
            return Some((text.get(..stop)?, text.get(stop + 1..)?));
        }
        at = stop + 2;
    }
}

fn container_length(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        match rest.first()? {
            b'"' => {
                rest = split_string(rest)?.1;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        rest = rest.get(1..)?;
        if depth == 0 {
            return Some(text.len() - rest.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_are_found_without_reading_them() {
        let text = br#" { "a" : "x\"y", "b": {"c": ["}", 1]}, "d": -1.5, "e":null }"#;
        let got: Vec<_> = members(text).collect();
        assert_eq!(
            got,
            [
                (b"a".as_slice(), Raw::Text(br#"x\"y"#)),
                (b"b", Raw::Other(br#"{"c": ["}", 1]}"#)),
                (b"d", Raw::Other(b"-1.5")),
                (b"e", Raw::Other(b"null")),
            ]
        );
        assert_eq!(member(text, b"a").map(Raw::to_text).as_deref(), Some("x\"y"));
    }

    #[test]
    fn members_before_a_cut_are_found() {
        assert_eq!(members(br#"{"a":1,"b":"x"#).count(), 1);
        assert_eq!(members(b"no object").count(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = members(&text).count();
        }

        #[test]
        fn nothing_that_resembles_json_makes_it_panic(text in r#"\{[{}\[\]",:\\a1 ]{0,60}"#) {
            let _ = members(text.as_bytes()).count();
        }
    }
}
