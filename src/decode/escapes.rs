//! The inside of JSON strings: where runs of plain text end, and where the string does.
//!
//! Must not: take half an escape for a whole one.

use memchr::memchr3;

use crate::decode::MAX_EVENT;
use crate::model::bytes::{all_equal, beginning};
use crate::model::escapes::{meaning, unicode};

/// What is looked at together, without setting up a search of long texts: keys and names are short.
const BLOCK: usize = 64;
/// What is copied together.
const PIECE: usize = 16;
/// Length of the end in which a text may have no other escapes: longer than two escapes with a hexadecimal
/// number and ` [TRUNCATED]`.
const END: usize = 24;
/// As far as the escape at the end of a block and the copy of its last run go.
const REACH: usize = BLOCK + PIECE + 2;

/// The first byte that is special in a string: a quote, a backslash, or a line end.
#[expect(clippy::inline_always, reason = "a call for each string took as much as what it does")]
#[inline(always)]
pub(crate) fn special(text: &[u8]) -> Option<usize> {
    match text.first_chunk().map_or(0, specials) {
        0 => special_far(text),
        near => Some(near.trailing_zeros() as usize),
    }
}

/// The same in a text that may be long.
#[inline]
pub(crate) fn special_far(text: &[u8]) -> Option<usize> {
    memchr3(b'"', b'\\', b'\n', text)
}

/// The text in front of the next quote, and what stands behind it; `None` if anything but plain
/// text comes first. For names.
#[inline]
pub(crate) fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (plain, rest) = text.split_at_checked(special(text)?)?;
    Some((plain, rest.strip_prefix(b"\"")?))
}

/// The inside of a JSON string.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Inside<'a> {
    /// What stands in front of the first escape.
    plain: &'a [u8],
    /// All of it, as written, and what stands behind it.
    text: &'a [u8],
    /// Where the quote stands that ends it.
    end: usize,
}

impl<'a> Inside<'a> {
    /// The text in front of the next quote that is not escaped, and what stands behind that quote.
    /// `None` if there is none, or a line end in front of it.
    #[expect(clippy::inline_always, reason = "a call for each string took as much as what it does")]
    #[inline(always)]
    pub(crate) fn of(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::from(text, special_far(text)?)
    }

    /// The same of a text that may be short.
    pub(crate) fn of_short(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::from(text, special(text)?)
    }

    /// A string that was read before: its quote stands behind `end` bytes, its first escape behind `plain`.
    pub(crate) fn known(text: &'a [u8], plain: usize, end: usize) -> Option<Self> {
        Some(Self { plain: text.get(..plain)?, text, end })
    }

    /// The first special byte stands here.
    #[expect(clippy::inline_always, reason = "a call for each string took as much as what it does")]
    #[inline(always)]
    fn from(text: &'a [u8], at: usize) -> Option<(Self, &'a [u8])> {
        let (plain, rest) = text.split_at_checked(at)?;
        let end = if rest.first() == Some(&b'"') { at } else { at + end_of_string(rest)? };
        Some((Self { plain, text, end }, text.get(end + 1..)?))
    }

    /// All of it, if nothing in it is escaped.
    #[inline]
    pub(crate) fn plain(&self) -> Option<&'a [u8]> {
        (self.plain.len() == self.end).then_some(self.plain)
    }

    /// What stands in front of the first escape.
    pub(crate) fn beginning(&self) -> &'a [u8] {
        self.plain
    }

    /// All of it, as written, where something is escaped, but at its end nothing but quotes and
    /// backslashes. `None` if other escapes are there, or it is longer than an event may be.
    #[inline]
    pub(crate) fn simply_written(&self) -> Option<&'a [u8]> {
        if self.plain().is_some() || self.end > MAX_EVENT {
            return None;
        }
        self.raw().last_chunk().is_some_and(is_simple).then(|| self.raw())
    }

    /// All of it, as written.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.text.get(..self.end).unwrap_or_default()
    }
}

/// Whether only quotes and backslashes are escaped at this end of a text, and it does not end in a line
/// end that was escaped twice. An escape that begins in front of it does not reach its second half.
fn is_simple(end: &[u8; END]) -> bool {
    let mut rest = end.as_slice();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some(b'"' | b'\\') = rest.get(at + 1) else { return false };
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    !end.ends_with(b"\\n")
}

/// Where the next quote stands that is not escaped; `None` if there is none, or a line end in front of
/// it.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let (blocks, tail) = text.as_chunks::<BLOCK>();
    let (mut next, mut carried) = (0, 0);
    let mut look_at = |block: &[u8; BLOCK]| {
        let escaped = escaped(all_equal(block, b'\\'), &mut carried);
        let ends = all_equal(block, b'"') & !escaped | all_equal(block, b'\n');
        next += BLOCK;
        (ends != 0).then(|| next - BLOCK + ends.trailing_zeros() as usize)
    };
    let found = blocks.iter().find_map(&mut look_at).or_else(|| look_at(&beginning(tail).0));
    found.filter(|end| text.get(*end) == Some(&b'"'))
}

/// A bit for each byte that a backslash escapes, by those for backslashes. In a run of these every
/// second one is escaped, and so is what follows a run of odd length; whether that is the first byte of
/// the next block, `carried` tells.
///
/// A run, added to where it begins, carries into what follows it. So the ends of runs that begin at odd
/// places are found all at once (Langdale and Lemire, Parsing Gigabytes of JSON per Second, 2019).
#[inline]
fn escaped(backslashes: u64, carried: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let backslashes = backslashes & !*carried;
    let behind = backslashes << 1 | *carried;
    let odd_begins = backslashes & !EVEN & !behind;
    let (ends, overflows) = odd_begins.overflowing_add(backslashes);
    *carried = u64::from(overflows);
    (EVEN ^ ends << 1) & behind
}

/// Room for a text without its escapes. It is kept from text to text, and only grows.
#[derive(Debug, Default)]
pub(crate) struct Room(Vec<u8>);

impl Room {
    /// What [`unescape`](crate::model::escapes::unescape) makes of the inside of a string.
    #[inline]
    pub(crate) fn unescape<'r, 'a: 'r>(&'r mut self, inside: &Inside<'a>) -> &'r [u8] {
        if let Some(plain) = inside.plain() {
            return plain;
        }
        let used = self.put_unescaped(inside).unwrap_or_default();
        self.0.get(..used).unwrap_or_default()
    }

    /// Walks and copies at once, into what stands behind the string if need be: by blocks, that is
    /// quicker.
    #[inline(never)]
    fn put_unescaped(&mut self, inside: &Inside<'_>) -> Option<usize> {
        let mut used = self.put(0, inside.plain)?;
        let mut rest = inside.text.get(inside.plain.len()..)?;
        loop {
            (used, rest) = swarm(&mut self.0, used, rest);
            let (plain, special) = rest.split_at_checked(special(rest)?)?;
            used = self.put(used, plain)?;
            match special {
                [b'"', ..] => return Some(used),
                [b'\\', b'u', ..] => {
                    let (character, length) = unicode(special);
                    used = self.put(used, character.encode_utf8(&mut [0; 4]).as_bytes())?;
                    rest = special.get(length..)?;
                }
                [b'\\', escaped, behind @ ..] => {
                    used = self.put(used, &[meaning(*escaped)])?;
                    rest = behind;
                }
                _ => return None,
            }
        }
    }

    /// Puts these behind what is there, and sees to it that there is room for more.
    fn put(&mut self, used: usize, bytes: &[u8]) -> Option<usize> {
        let end = used + bytes.len();
        if self.0.len() < end + 2 * REACH {
            self.0.resize((2 * end).max(4 << 10), 0);
        }
        self.0.get_mut(used..end)?.copy_from_slice(bytes);
        Some(end)
    }
}

/// Undoes escapes that stand close together, as in JSON in a JSON string: all that are special in
/// a block are found at once. Gives what it did not do: from the end on, from a `\u` on, and what
/// there is no room for.
fn swarm<'a>(room: &mut [u8], mut used: usize, mut rest: &'a [u8]) -> (usize, &'a [u8]) {
    while let Some(text) = rest.first_chunk::<REACH>()
        && let Some(to) = room.get_mut(used..).and_then(<[u8]>::first_chunk_mut::<REACH>)
        && let Some((made, done)) = block(text, to)
        && let Some(behind) = rest.get(done..)
    {
        (used, rest) = (used + made, behind);
        if done < BLOCK {
            break;
        }
    }
    (used, rest)
}

/// The same for a block: how much it made, and of how much.
#[inline]
fn block(text: &[u8; REACH], to: &mut [u8; REACH]) -> Option<(usize, usize)> {
    let mut specials = specials(text.first_chunk()?);
    let (mut made, mut done) = (0, 0);
    while specials != 0 {
        let at = specials.trailing_zeros() as usize;
        copy(text, done, to, made, at - done)?;
        made += at - done;
        let [first, escaped] = text.get(at..)?.first_chunk()?;
        if *first != b'\\' || *escaped == b'u' {
            return Some((made, at));
        }
        *to.get_mut(made)? = meaning(*escaped);
        (made, done) = (made + 1, at + 2);
        // What is escaped is not special, even as the first byte behind the block.
        specials &= u64::MAX << at << 1 << 1;
    }
    if done < BLOCK {
        copy(text, done, to, made, BLOCK - done)?;
        (made, done) = (made + BLOCK - done, BLOCK);
    }
    Some((made, done))
}

/// Copies so many bytes, and more, which are overwritten: most runs are shorter than a piece, and a
/// copy of a fixed size is the fastest.
#[inline]
fn copy(
    text: &[u8; REACH],
    start: usize,
    to: &mut [u8; REACH],
    made: usize,
    count: usize,
) -> Option<()> {
    let piece = text.get(start..)?.first_chunk::<PIECE>()?;
    *to.get_mut(made..)?.first_chunk_mut()? = *piece;
    if count > PIECE {
        let rest = text.get(start + PIECE..start + count)?;
        to.get_mut(made + PIECE..made + count)?.copy_from_slice(rest);
    }
    Some(())
}

/// A bit for every byte that is special in a string, the first byte's lowest.
#[inline]
fn specials(block: &[u8; BLOCK]) -> u64 {
    all_equal(block, b'"') | all_equal(block, b'\\') | all_equal(block, b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::escapes::unescape;

    #[test]
    fn what_is_special_is_found_everywhere() {
        for at in 0..BLOCK {
            for byte in 0..=u8::MAX {
                for around in [b'a', 0, 0x80, 0xff, b'"', b'!', b'#'] {
                    let mut block = [around; BLOCK];
                    block[at] = byte;
                    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
                    let bit = |bits, byte| bits << 1 | u64::from(special(byte));
                    let expected = block.iter().rev().fold(0, bit);
                    assert_eq!(specials(&block), expected, "{byte} at {at} among {around}");
                    let first = block.iter().position(special);
                    assert_eq!(super::special(&block), first, "{byte} at {at} among {around}");
                }
            }
        }
    }

    #[test]
    fn ends_that_read_otherwise_than_written_are_not_told() {
        let written = |text: &str| {
            let text = format!("{text}\"");
            let (inside, _) = Inside::of(text.as_bytes()).expect("it ends");
            inside.simply_written().map(|text| String::from_utf8_lossy(text).into_owned())
        };
        let start = r#"it begins \" and it goes on, and goes on"#;
        let check = |tail: &str, is_simple: bool| {
            let text = format!("{start}{tail}");
            let expected = Some(text.as_str()).filter(|_| is_simple);
            assert_eq!(written(&text).as_deref(), expected, "{text}");
        };
        check(" [TRUNCATED]", true);
        check(r#"\"total\":4.87}\"}"#, true);
        check(r#"{\"a\":\"\\\"\"}"#, true);
        check(r"[Binary Data\u005d", false);
        check(r" [TRUNCATE\D]", false);
        check(r"\ [TRUNCATED]", false);
        check(r"line\n", false);
        check(r"line\\n", false);
        check(r"line\r", false);
        assert_eq!(written("all of it is plain, and long enough to have an end"), None);
        assert_eq!(written(r#"\" short"#), None);
    }

    /// Texts of the pieces that matter, of every length around that of a block.
    #[test]
    fn both_ways_to_undo_escapes_agree() {
        const PIECES: [&str; 14] = [
            "a",
            "plain text of some length",
            r#"\""#,
            r"\\",
            r"\n",
            r"\/",
            r"\u00e9",
            r"\ud83d\ude00",
            r"\ud83d",
            r"\u12",
            r"\x",
            "\u{e9}",
            "0123456789abcdef",
            r#"\"\"\"\"\"\"\"\""#,
        ];
        let mut room = Room::default();
        let mut state = 1_u64;
        for count in (0..40).cycle().take(1_200) {
            let mut text = String::new();
            for _ in 0..count {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(PIECES[(state >> 33) as usize % PIECES.len()]);
            }
            let mut expected = Vec::new();
            unescape(text.as_bytes(), &mut expected);
            for behind in ["", ",", "abcdefabcdef\"\\\""] {
                let whole = format!("{text}\"{behind}");
                let (inside, rest) = Inside::of(whole.as_bytes()).expect("it ends");
                assert_eq!(inside.raw(), text.as_bytes());
                assert_eq!(inside.plain().is_some(), !text.contains('\\'));
                assert!(text.as_bytes().starts_with(inside.beginning()));
                assert_eq!(room.unescape(&inside), expected, "{whole}");
                assert_eq!(rest, behind.as_bytes(), "{whole}");
            }
            for end in 0..=text.len() {
                let cut = &text.as_bytes()[..end];
                assert!(Inside::of(cut).is_none(), "{}", text.escape_debug());
            }
            let broken = format!("{text}\n\"");
            assert!(Inside::of(broken.as_bytes()).is_none(), "{broken}");
        }
    }
}
