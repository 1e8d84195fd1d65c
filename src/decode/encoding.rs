//! Text encodings and line ends: byte order marks, UTF-16, CRLF, CR, terminal colors.
//!
//! Every filter is chosen once, by the head of the stream.
//!
//! Must not: reject invalid UTF-8; a message is bytes.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use crate::decode::HEAD;
use crate::decode::compression::Stream;
use crate::decode::header::{Begin, begin};
use crate::decode::stamp::Clock;
use crate::decode::table::Table;
use crate::decode::window::{More, Window};

const CHUNK: usize = 64 << 10;

/// The stream as UTF-8 with `\n` line ends and without colors.
pub(crate) fn normalize(mut window: Window<Stream<'_>>, capacity: usize) -> Window<Stream<'_>> {
    let head = window.fill_to(3);
    if head.starts_with(&[0xef, 0xbb, 0xbf]) {
        window.consume_bytes(3);
    } else if head.starts_with(&[0xff, 0xfe]) {
        window.consume_bytes(2);
        window = filtered(window, Filter::Utf16(u16::from_le_bytes, None), capacity);
    } else if head.starts_with(&[0xfe, 0xff]) {
        window.consume_bytes(2);
        window = filtered(window, Filter::Utf16(u16::from_be_bytes, None), capacity);
    }
    if has_crlf(window.fill_to(HEAD)) {
        window = filtered(window, Filter::CrLf, capacity);
    } else if has_cr(window.fill_to(HEAD)) {
        window = filtered(window, Filter::Cr, capacity);
    }
    if memmem::find(window.fill_to(HEAD), b"\x1b[").is_some() {
        window = filtered(window, Filter::Colors, capacity);
    }
    window
}

/// Whether the first line ends in CRLF.
fn has_crlf(head: &[u8]) -> bool {
    memchr(b'\n', head).and_then(|at| head.get(..at)).is_some_and(|line| line.ends_with(b"\r"))
}

/// Whether lines end in CR. Python writes it within messages, too, so one has to stand where an event ends.
fn has_cr(head: &[u8]) -> bool {
    if memchr(b'\r', head).is_none() || memchr(b'\n', head).is_some() {
        return false;
    }
    let begins = |line: &[u8]| match begin(line, &mut Clock::default(), &Table::default()) {
        Begin::Stamped(_) | Begin::Certain(_) => true,
        Begin::Alone(_)
        | Begin::Usual(_)
        | Begin::Unknown
        | Begin::Title
        | Begin::Blank
        | Begin::Noise => line.starts_with(b"{\""),
    };
    let mut lines = head.split(|byte| *byte == b'\r');
    lines.next().is_some_and(begins) && lines.any(begins)
}

fn filtered(window: Window<Stream<'_>>, filter: Filter, capacity: usize) -> Window<Stream<'_>> {
    let stream = Filtered { source: window, filter, ready: Vec::new(), given: 0 };
    Window::new(Box::new(stream), capacity)
}

enum Filter {
    /// How two bytes make a code unit, and the half of a pair that came last.
    Utf16(fn([u8; 2]) -> u16, Option<u16>),
    CrLf,
    /// Lines that end in CR alone.
    Cr,
    Colors,
}

struct Filtered<'r> {
    source: Window<Stream<'r>>,
    filter: Filter,
    ready: Vec<u8>,
    given: usize,
}

impl Read for Filtered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() {
            self.ready.clear();
            self.given = 0;
            let grown = self.source.more(CHUNK);
            let held = self.source.held();
            if held.is_empty() {
                return self.source.take_failure().map_or(Ok(0), Err);
            }
            let rest = match grown {
                More::Ended => Rest::IsAll,
                More::Grown | More::Full => Rest::MayFollow,
            };
            let used = match &mut self.filter {
                Filter::Utf16(unit, half) => utf16(held, *unit, half, &mut self.ready),
                Filter::CrLf => crlf(held, rest, &mut self.ready),
                Filter::Cr => {
                    let end = |byte: &u8| if *byte == b'\r' { b'\n' } else { *byte };
                    self.ready.extend(held.iter().map(end));
                    held.len()
                }
                Filter::Colors => colors(held, rest, &mut self.ready),
            };
            // An odd byte at the very end belongs to nothing.
            let used = if used == 0 && rest == Rest::IsAll { held.len() } else { used };
            self.source.consume_bytes(used);
        }
        let ready = self.ready.get(self.given..).unwrap_or_default();
        let count = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// Whether more bytes may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    MayFollow,
    IsAll,
}

fn utf16(
    held: &[u8],
    unit: fn([u8; 2]) -> u16,
    half: &mut Option<u16>,
    out: &mut Vec<u8>,
) -> usize {
    let (pairs, _) = held.as_chunks::<2>();
    let mut units: Vec<u16> = half.take().into_iter().collect();
    units.extend(pairs.iter().map(|pair| unit(*pair)));
    if let Some(last) = units.last().copied().filter(|last| (0xd800..0xdc00).contains(last)) {
        units.pop();
        *half = Some(last);
    }
    for character in char::decode_utf16(units) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    pairs.len() * 2
}

fn crlf(held: &[u8], rest: Rest, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(tail) = held.get(at..) {
        let Some(end) = memchr(b'\r', tail) else {
            out.extend_from_slice(tail);
            return held.len();
        };
        out.extend_from_slice(tail.get(..end).unwrap_or_default());
        match tail.get(end + 1) {
            Some(b'\n') => {}
            Some(_) => out.push(b'\r'),
            None if rest == Rest::IsAll => out.push(b'\r'),
            None => return at + end,
        }
        at += end + 1;
    }
    held.len()
}

/// Drops `ESC [ ... letter`.
fn colors(held: &[u8], rest: Rest, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(tail) = held.get(at..) {
        let Some(start) = memchr(0x1b, tail) else {
            out.extend_from_slice(tail);
            return held.len();
        };
        out.extend_from_slice(tail.get(..start).unwrap_or_default());
        let sequence = tail.get(start..).unwrap_or_default();
        match color_length(sequence) {
            Some(0) => {
                out.push(0x1b);
                at += start + 1;
            }
            Some(length) => at += start + length,
            None if rest == Rest::IsAll => return held.len(),
            None => return at + start,
        }
    }
    held.len()
}

/// The length of the sequence; 0 if it is none, `None` if it goes on behind the end.
fn color_length(sequence: &[u8]) -> Option<usize> {
    const LONGEST: usize = 32;
    if *sequence.get(1)? != b'[' {
        return Some(0);
    }
    for at in 2..LONGEST {
        let byte = *sequence.get(at)?;
        if byte.is_ascii_alphabetic() {
            return Some(at + 1);
        }
        if !matches!(byte, b'0'..=b'9' | b';' | b':' | b'?') {
            return Some(0);
        }
    }
    Some(0)
}
