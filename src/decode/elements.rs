//! The elements of a JSON array, one at a time, whatever the array's length.
//!
//! Must not: hold more than one element, nor a long one as a whole.

use std::io::Read;

use memchr::memchr2;

use crate::decode::MAX_RECORD;
use crate::decode::walk::{Cursor, Stop};
use crate::decode::window::{More, Window};
use crate::model::bytes::blanks;

/// What comes next in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    /// An element of this length, at the beginning of the window.
    Whole(usize),
    /// An element beyond the bound.
    Long,
    /// The closing bracket; it was consumed.
    End,
    /// The input ends here.
    Cut,
    /// No JSON.
    Broken,
}

/// The next byte that is no white space.
pub(crate) fn skip_blanks<R: Read>(window: &mut Window<R>) -> Option<u8> {
    loop {
        let bytes = window.held();
        let blanks = bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0);
        let count = blanks.count();
        if let Some(byte) = bytes.get(count).copied() {
            window.consume_bytes(count);
            return Some(byte);
        }
        window.consume_bytes(count);
        if window.more(MAX_RECORD) != More::Grown {
            return None;
        }
    }
}

/// What stands behind the blanks and the comma between two elements.
pub(crate) fn behind_separator(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [b'\n', rest @ ..] => rest.get(blanks(rest)..).unwrap_or_default(),
            [b' ' | b',', rest @ ..] => rest,
            _ => return bytes,
        };
    }
}

/// Looks at the next element.
pub(crate) fn next<R: Read>(window: &mut Window<R>) -> Element {
    loop {
        match skip_blanks(window) {
            None => return Element::Cut,
            Some(b',') => window.consume_bytes(1),
            Some(b']') => {
                window.consume_bytes(1);
                return Element::End;
            }
            Some(_) => break,
        }
    }
    let mut size = 0;
    loop {
        let held = window.held();
        let mut cursor = Cursor::new(held.get(..MAX_RECORD).unwrap_or(held));
        match cursor.value() {
            Ok(_) => return Element::Whole(cursor.at),
            Err(Stop::Broken) => return Element::Broken,
            Err(Stop::Incomplete) => {}
        }
        let before = held.len();
        if before >= MAX_RECORD {
            return Element::Long;
        }
        // Twice as much every time: a long element is not walked over and over.
        size = before.max(size).saturating_mul(2).clamp(4 << 10, MAX_RECORD);
        if window.hold(size, MAX_RECORD) == before {
            return Element::Cut;
        }
    }
}

/// Skips to behind the bracket that closes the `depth`th open one.
pub(crate) fn skip_to_end<R: Read>(window: &mut Window<R>, depth: u32) {
    let mut scan = Scan { depth, ..Scan::default() };
    scan.run(window, &mut |_| {});
}

/// Consumes the value at the beginning of the window; a copy whose texts are at most `longest`
/// bytes long, and which is within the bound for records.
pub(crate) fn shortened<R: Read>(window: &mut Window<R>, longest: usize) -> Vec<u8> {
    let mut copy = Vec::new();
    let mut in_text = 0_usize;
    let mut scan = Scan::default();
    scan.run(window, &mut |piece| match piece {
        Piece::Text(bytes) => {
            let room = longest.saturating_sub(in_text).min(MAX_RECORD.saturating_sub(copy.len()));
            copy.extend(bytes.iter().take(room));
            in_text = in_text.saturating_add(bytes.len());
        }
        Piece::Escape(byte) => {
            if in_text + 2 <= longest && copy.len() < MAX_RECORD {
                copy.extend_from_slice(&[b'\\', byte]);
            }
            in_text = in_text.saturating_add(2);
        }
        Piece::Structure(byte) => {
            in_text = 0;
            if copy.len() < MAX_RECORD {
                copy.push(byte);
            }
        }
    });
    copy
}

/// The value that `bytes` begin with, without the line ends that a terminal put into its strings, and
/// how many bytes it takes. `None`: it is not complete, or has none of these.
pub(crate) fn unwrapped(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut copy = Vec::new();
    let mut wrapped = false;
    let (used, is_whole) = Scan::default().bytes(bytes, &mut |piece| match piece {
        Piece::Text(text) => {
            let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
            wrapped |= text.iter().any(is_end);
            copy.extend(text.iter().filter(|byte| !is_end(byte)));
        }
        Piece::Escape(b'\n') => {
            wrapped = true;
            copy.push(b'\\');
        }
        Piece::Escape(byte) => copy.extend_from_slice(&[b'\\', byte]),
        Piece::Structure(byte) => copy.push(byte),
    });
    (is_whole && wrapped).then_some((copy, used))
}

/// Goes to the next element behind a broken one: to a `{` behind a comma. Whether there is one.
pub(crate) fn skip_to_next<R: Read>(window: &mut Window<R>) -> bool {
    let mut after_comma = false;
    window.consume_bytes(1);
    loop {
        let mut found = None;
        for (at, byte) in window.held().iter().enumerate() {
            match byte {
                b'{' if after_comma => {
                    found = Some(at);
                    break;
                }
                b',' => after_comma = true,
                b' ' | b'\n' | b'\r' | b'\t' => {}
                _ => after_comma = false,
            }
        }
        let held = window.held().len();
        window.consume_bytes(found.unwrap_or(held));
        if found.is_some() {
            return true;
        }
        if window.more(MAX_RECORD) != More::Grown {
            return false;
        }
    }
}

enum Piece<'a> {
    /// The inside of a string.
    Text(&'a [u8]),
    /// A backslash and this.
    Escape(u8),
    /// Everything else, quotes included.
    Structure(u8),
}

#[derive(Default)]
struct Scan {
    depth: u32,
    quoted: bool,
    escaped: bool,
}

impl Scan {
    /// Consumes bytes until the depth is 0 again.
    fn run<R: Read>(&mut self, window: &mut Window<R>, take: &mut dyn FnMut(Piece<'_>)) {
        loop {
            let (used, ended) = self.bytes(window.held(), take);
            window.consume_bytes(used);
            if ended || window.held().is_empty() && window.more(MAX_RECORD) != More::Grown {
                return;
            }
        }
    }

    fn bytes(&mut self, bytes: &[u8], take: &mut dyn FnMut(Piece<'_>)) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.escaped {
                self.escaped = false;
                take(Piece::Escape(byte));
            } else if self.quoted {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                take(Piece::Text(rest.get(..length).unwrap_or_default()));
                at += length;
                match bytes.get(at) {
                    Some(b'"') => {
                        self.quoted = false;
                        take(Piece::Structure(b'"'));
                    }
                    Some(_) => self.escaped = true,
                    None => break,
                }
            } else {
                take(Piece::Structure(byte));
                match byte {
                    b'"' => self.quoted = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        (at.min(bytes.len()), false)
    }
}
