//! A cursor over JSON text: finds where values end, without building them.
//!
//! Inside of a string every `"` is escaped and a line end is an error, so broken lines of access
//! logs end where they break.
//!
//! Must not: allocate, except to undo escapes.

use std::borrow::Cow;

use memchr::memchr;

use crate::decode::escapes::{Inside, special};
use crate::model::bytes::blanks;
use crate::model::escapes::unescape;

/// Why a value has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends before it.
    Incomplete,
    /// It is not JSON.
    Broken,
}

pub(crate) type Walked<T> = Result<T, Stop>;

/// Nothing that nests deeper is a log event.
const MAX_DEPTH: usize = 512;

/// A place in JSON text.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    pub(crate) at: usize,
}

/// The inside of a JSON string, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) escaped: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Skips white space; the byte that follows it.
    pub(crate) fn peek(&mut self) -> Walked<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b'\n') => self.skip_line_end(),
                Some(b' ' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(Stop::Incomplete),
            }
        }
    }

    /// Skips a line end, and how the line behind it is indented.
    #[inline]
    fn skip_line_end(&mut self) {
        self.at += 1;
        self.at += self.text.get(self.at..).map_or(0, blanks);
    }

    /// Skips white space and `byte`.
    pub(crate) fn expect(&mut self, byte: u8) -> Walked<()> {
        if self.peek()? != byte {
            return Err(Stop::Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another member or element follows; skips the comma, or the closing `bracket`.
    pub(crate) fn another(&mut self, bracket: u8, first: bool) -> Walked<bool> {
        match self.peek()? {
            byte if byte == bracket => {
                self.at += 1;
                Ok(false)
            }
            b',' if !first => {
                self.at += 1;
                Ok(true)
            }
            _ if first => Ok(true),
            _ => Err(Stop::Broken),
        }
    }

    /// A key and the colon behind it.
    pub(crate) fn key(&mut self) -> Walked<&'a [u8]> {
        let key = self.string()?.raw;
        self.expect(b':')?;
        Ok(key)
    }

    pub(crate) fn string(&mut self) -> Walked<Text<'a>> {
        self.expect(b'"')?;
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let Some((inside, behind)) = Inside::of_short(rest) else { return self.odd_string() };
        self.at = self.text.len() - behind.len();
        Ok(Text { raw: inside.raw(), escaped: inside.plain().is_none() })
    }

    /// The same if it does not end, or has a line end in it: that may be escaped.
    fn odd_string(&mut self) -> Walked<Text<'a>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += special(rest).ok_or(Stop::Incomplete)?;
            match self.text.get(self.at) {
                Some(b'"') => {
                    let raw = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                    if self.at > self.text.len() {
                        return Err(Stop::Incomplete);
                    }
                }
                Some(_) | None => return Err(Stop::Broken),
            }
        }
    }

    /// Skips a value; its text.
    pub(crate) fn value(&mut self) -> Walked<&'a [u8]> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => self.nested()?,
            b'-' | b'0'..=b'9' | b'a'..=b'z' => self.bare()?,
            _ => return Err(Stop::Broken),
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// A number or a literal.
    fn bare(&mut self) -> Walked<()> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') {
                return Ok(());
            }
            self.at += 1;
        }
        Err(Stop::Incomplete)
    }

    fn nested(&mut self) -> Walked<()> {
        let mut open = [0_u8; MAX_DEPTH];
        let mut depth = 0;
        loop {
            match self.text.get(self.at).ok_or(Stop::Incomplete)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                bracket @ (b'{' | b'[') => {
                    *open.get_mut(depth).ok_or(Stop::Broken)? = *bracket;
                    depth += 1;
                }
                bracket @ (b'}' | b']') => {
                    depth -= 1;
                    // The closing brackets are two behind the opening ones.
                    if open.get(depth).copied().unwrap_or_default() + 2 != *bracket {
                        return Err(Stop::Broken);
                    }
                    if depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                b'\n' => {
                    self.skip_line_end();
                    continue;
                }
                b' ' | b'\r' | b'\t' | b',' | b':' | b'-' | b'+' | b'.' => {}
                byte if byte.is_ascii_alphanumeric() => {}
                _ => return Err(Stop::Broken),
            }
            self.at += 1;
        }
    }
}

impl<'a> Text<'a> {
    /// Without escapes; half a surrogate pair becomes U+FFFD.
    pub(crate) fn plain(self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if !self.escaped {
            return self.raw;
        }
        scratch.clear();
        unescape(self.raw, scratch);
        scratch
    }

    /// As owned text.
    pub(crate) fn to_text(self) -> String {
        let mut scratch = Vec::new();
        String::from_utf8_lossy(self.plain(&mut scratch)).into_owned()
    }

    /// As bytes of their own where escapes had to be undone.
    pub(crate) fn cow(self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut scratch = Vec::with_capacity(self.raw.len());
        unescape(self.raw, &mut scratch);
        Cow::Owned(scratch)
    }
}

/// The inside of a JSON string if `value` is one.
pub(crate) fn text(value: &[u8]) -> Option<Text<'_>> {
    let raw = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    Some(Text { raw, escaped: memchr(b'\\', raw).is_some() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The quick way through a string tells what the slow one does, and where it ends.
        #[test]
        fn both_ways_through_a_string_agree(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "\"", "\\\"", "\\\\", "\\", "\\n", "\n", "a", "\u{e9}", "a text of some length",
                ]),
                0..40,
            ),
        ) {
            let text = format!("\"{}", pieces.concat()).into_bytes();
            let (mut quick, mut slow) = (Cursor::new(&text), Cursor::new(&text));
            slow.at = 1;
            prop_assert_eq!(quick.string(), slow.odd_string());
            prop_assert!(quick.at == slow.at);
        }
    }

    #[test]
    fn what_is_indented_is_walked_over() {
        let text = b"{\n      \"a\":\n\n   [ 1,\r\n\t  {} ]\n } x";
        let mut cursor = Cursor::new(text);
        assert_eq!(cursor.value(), Ok(&text[..text.len() - 2]));
        assert_eq!(cursor.peek(), Ok(b'x'));
    }
}
