//! Text, 16 bytes at a time: where a byte stands, and where words end.
//!
//! `memchr` finds one position a call, which is best for bytes that are far apart. Fields of header maps
//! are thirty bytes apart, and there a call for each costs more than the search.
//!
//! Must not: know what is searched for.

use wide::u8x16;

/// Where something stands behind `, `, in order.
#[derive(Debug, Clone)]
pub(crate) struct BehindCommas<'a> {
    /// Blocks that were not looked at.
    blocks: std::slice::Iter<'a, [u8; WIDE]>,
    /// What is left of the text behind the last whole block.
    tail: &'a [u8],
    /// Where the next block begins.
    next: usize,
    /// A bit for each blank behind a comma in the block before.
    found: u64,
    /// Whether that block ends in a comma.
    ends_in_comma: u64,
}

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 16;
/// Bytes of which each has a bit in a word.
pub(crate) const WIDE: usize = 64;

impl<'a> BehindCommas<'a> {
    #[inline]
    pub(crate) fn of(text: &'a [u8]) -> Self {
        let (blocks, tail) = text.as_chunks();
        Self { blocks: blocks.iter(), tail, next: 0, found: 0, ends_in_comma: 0 }
    }

    #[inline]
    fn look_at(&mut self, block: &[u8; WIDE]) {
        let commas = all_equal(block, b',');
        self.found = (commas << 1 | self.ends_in_comma) & all_equal(block, b' ');
        self.ends_in_comma = commas >> (WIDE - 1);
        self.next += WIDE;
    }
}

impl Iterator for BehindCommas<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            if let Some(block) = self.blocks.next() {
                self.look_at(block);
            } else {
                if self.tail.is_empty() {
                    return None;
                }
                let (block, behind) = beginning(self.tail);
                self.tail = behind;
                self.look_at(&block);
            }
        }
        let at = self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(self.next - WIDE + at + 1)
    }
}

/// A bit for each byte of the block that is this one, the first one lowest.
#[inline]
pub(crate) fn all_equal(block: &[u8; WIDE], byte: u8) -> u64 {
    let [a, b, c, d] = block.as_chunks::<BLOCK>().0 else { return 0 };
    let [a, b, c, d] = [a, b, c, d].map(|part| u64::from(equal(part, byte)));
    a | b << 16 | c << 32 | d << 48
}

/// Where a byte that is not zero stands first in a text, of which it is near the beginning.
#[inline]
pub(crate) fn find_near(byte: u8, text: &[u8]) -> Option<usize> {
    let (blocks, behind) = beginning::<{ 2 * BLOCK }>(text);
    match of_two(&blocks, |block| equal(block, byte)) {
        0 => memchr::memchr(byte, behind).map(|at| 2 * BLOCK + at),
        found => Some(found.trailing_zeros() as usize),
    }
}

/// The same for the first one of two.
#[inline]
pub(crate) fn find_two_near(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let (blocks, behind) = beginning::<{ 2 * BLOCK }>(text);
    match of_two(&blocks, |block| equal(block, one) | equal(block, other)) {
        0 => memchr::memchr2(one, other, behind).map(|at| 2 * BLOCK + at),
        found => Some(found.trailing_zeros() as usize),
    }
}

/// How many bytes two texts have in common at their beginning.
#[inline]
pub(crate) fn same_length(a: &[u8], b: &[u8]) -> usize {
    let equal = |left: &[u8; BLOCK], right: &[u8; BLOCK]| {
        u8x16::new(*left).simd_eq(u8x16::new(*right)).to_bitmask()
    };
    let mut same = 0;
    let blocks = a.as_chunks().0.iter().zip(b.as_chunks().0);
    for (left, right) in blocks {
        let bits = equal(left, right);
        if bits != 0xffff {
            return same + bits.trailing_ones() as usize;
        }
        same += BLOCK;
    }
    // The last block of the shorter one begins in what is the same.
    let length = a.len().min(b.len());
    let last = |text: &[u8]| text.get(..length).and_then(|text| text.last_chunk().copied());
    if let (Some(left), Some(right)) = (last(a), last(b)) {
        return length - BLOCK + equal(&left, &right).trailing_ones() as usize;
    }
    a.iter().zip(b).take_while(|(left, right)| left == right).count()
}

/// Where something stands first behind `, `. For texts in which it is near, and few other commas are.
#[inline]
pub(crate) fn behind_comma(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while !rest.is_empty() {
        let (blocks, behind) = beginning::<{ 2 * BLOCK }>(rest);
        let commas = of_two(&blocks, |block| equal(block, b','));
        if commas == 0 {
            rest = behind;
            continue;
        }
        rest = rest.get(commas.trailing_zeros() as usize + 1..)?;
        if rest.first() == Some(&b' ') {
            return Some(text.len() - rest.len() + 1);
        }
    }
    None
}

/// A bit for each byte of the block that is this one, the first one lowest.
#[inline]
fn equal(block: &[u8; BLOCK], byte: u8) -> u32 {
    u8x16::new(*block).simd_eq(u8x16::splat(byte)).to_bitmask()
}

/// A bit for each byte of the block that is an ASCII letter or digit, the first one lowest.
#[inline]
pub(crate) fn alphanumeric(block: &[u8; BLOCK]) -> u32 {
    let text = u8x16::new(*block);
    let is_below = |value: u8x16, limit: u8| value.simd_lt(u8x16::splat(limit));
    let letters = is_below((text | u8x16::splat(0x20)) - u8x16::splat(b'a'), 26);
    let digits = is_below(text - u8x16::splat(b'0'), 10);
    (letters | digits).to_bitmask()
}

/// How many of the first 64 bytes are digits, from the beginning.
#[inline]
pub(crate) fn digits(text: &[u8]) -> usize {
    let (block, _) = beginning::<WIDE>(text);
    let [a, b, c, d] = block.as_chunks::<BLOCK>().0 else { return 0 };
    let [a, b, c, d] = [a, b, c, d].map(|part| {
        let digits = u8x16::new(*part) - u8x16::splat(b'0');
        u64::from(digits.simd_lt(u8x16::splat(10)).to_bitmask())
    });
    (a | b << 16 | c << 32 | d << 48).trailing_ones() as usize
}

/// Whether they are all ASCII letters and digits.
#[inline]
pub(crate) fn is_alphanumeric(blocks: &[u8; 2 * BLOCK]) -> bool {
    of_two(blocks, alphanumeric) == u32::MAX
}

/// How many blanks `text` begins with.
#[inline]
pub(crate) fn blanks(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        let (blocks, behind) = beginning::<{ 2 * BLOCK }>(rest);
        let found = of_two(&blocks, |block| equal(block, b' '));
        if found != u32::MAX {
            return text.len() - rest.len() + found.trailing_ones() as usize;
        }
        rest = behind;
    }
}

/// The bits of two blocks.
#[inline]
fn of_two(blocks: &[u8; 2 * BLOCK], bits: impl Fn(&[u8; BLOCK]) -> u32) -> u32 {
    let [low, high] = blocks.as_chunks().0 else { return 0 };
    bits(low) | bits(high) << BLOCK
}

/// How many letters, digits and hyphens `text` begins with.
#[inline]
pub(crate) fn word_length(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        // Two blocks at once: nearly all names end within them.
        let (blocks, behind) = beginning::<{ 2 * BLOCK }>(rest);
        let word = of_two(&blocks, |block| alphanumeric(block) | equal(block, b'-'));
        if word != u32::MAX {
            return text.len() - rest.len() + word.trailing_ones() as usize;
        }
        rest = behind;
    }
}

/// The first bytes of a text, of a shorter one with zeros behind it, and what follows them.
#[inline]
pub(crate) fn beginning<const N: usize>(text: &[u8]) -> ([u8; N], &[u8]) {
    if let Some((first, behind)) = text.split_first_chunk() {
        return (*first, behind);
    }
    let mut first = [0; N];
    if let Some(part) = first.get_mut(..text.len()) {
        part.copy_from_slice(text);
    }
    (first, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_digits_and_hyphens() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric();
            assert_eq!(alphanumeric(&[byte; BLOCK]) == 0xffff, expected, "{byte}");
            assert_eq!(alphanumeric(&[byte; BLOCK]) == 0, !expected, "{byte}");
            for length in 0..70 {
                let mut text = vec![b'-'; length];
                text.extend([byte, b'a', b'=']);
                let word = if expected || byte == b'-' { length + 2 } else { length };
                assert_eq!(word_length(&text), word, "{length} {byte}");
            }
        }
    }

    #[test]
    fn what_is_behind_a_comma_and_a_blank_is_found_wherever_it_stands() {
        for length in 0..200_usize {
            for step in 1..70_usize {
                for (comma, blank) in [(0, 1), (0, 0), (1, 1), (0, 2), (1, 2)] {
                    let text: Vec<u8> = (0..length)
                        .map(|at| match at % step {
                            at if at == comma => b',',
                            at if at == blank => b' ',
                            _ => b'-',
                        })
                        .collect();
                    let expected: Vec<usize> =
                        memchr::memmem::find_iter(&text, b", ").map(|at| at + 2).collect();
                    let found: Vec<usize> = BehindCommas::of(&text).collect();
                    assert_eq!(found, expected, "{length} {step}");
                }
            }
        }
    }

    #[test]
    fn the_first_one_is_found_at_any_place() {
        for length in 0..100 {
            assert_eq!(find_near(b'=', &vec![b'-'; length]), None);
            assert_eq!(find_two_near(b'=', b'"', &vec![b'-'; length]), None);
            for at in 0..length {
                let mut text = vec![b'-'; length];
                text[at..].fill(b'=');
                assert_eq!(find_near(b'=', &text), Some(at));
                assert_eq!(find_two_near(b'=', b'"', &text), Some(at));
                assert_eq!(find_two_near(b'"', b'=', &text), Some(at));
            }
        }
    }

    #[test]
    fn blanks_and_words_end_at_any_place() {
        for length in 0..100 {
            assert_eq!(blanks(&vec![b' '; length]), length);
            for at in 0..length {
                let mut text = vec![b' '; length];
                text[at] = b'\t';
                assert_eq!(blanks(&text), at);
            }
        }
        for byte in 0..=u8::MAX {
            for at in 0..2 * BLOCK {
                let mut text = [b'a'; 2 * BLOCK];
                text[at] = byte;
                assert_eq!(is_alphanumeric(&text), byte.is_ascii_alphanumeric(), "{byte} at {at}");
            }
        }
    }
}
