//! Text, 16 bytes at a time: where a byte stands, and where words end.
//!
//! `memchr` finds one position a call, which is best for bytes that are far apart. Commas of header maps
//! are twenty bytes apart, and there a call for each costs more than the search.
//!
//! Must not: know what is searched for.

use wide::u8x16;

/// Positions of a byte, in order.
#[derive(Debug, Clone)]
pub(crate) struct Positions<'a> {
    /// Blocks that were not looked at.
    blocks: std::slice::Iter<'a, [u8; BLOCK]>,
    /// What is left of the text behind the last whole block.
    tail: &'a [u8],
    byte: u8,
    /// Where the next block begins.
    next: usize,
    /// A bit for each position in the block before.
    found: u16,
}

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 16;

impl<'a> Positions<'a> {
    #[inline]
    pub(crate) fn of(byte: u8, text: &'a [u8]) -> Self {
        let (blocks, tail) = text.as_chunks();
        Self { blocks: blocks.iter(), tail, byte, next: 0, found: 0 }
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.found = match self.blocks.next() {
                Some(block) => equal(block, self.byte),
                None if self.tail.is_empty() => return None,
                None => {
                    let mut block = [!self.byte; BLOCK];
                    let tail = std::mem::take(&mut self.tail);
                    block.get_mut(..tail.len())?.copy_from_slice(tail);
                    equal(&block, self.byte)
                }
            };
            self.next += BLOCK;
        }
        let at = self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(self.next - BLOCK + at)
    }
}

/// A bit for each byte of the block that is this one, the first one lowest.
#[inline]
fn equal(block: &[u8; BLOCK], byte: u8) -> u16 {
    let found = u8x16::new(*block).simd_eq(u8x16::splat(byte)).to_bitmask();
    // There is a bit for each of 16 bytes.
    u16::try_from(found).unwrap_or_default()
}

/// A bit for each byte of the block that is an ASCII letter or digit, the first one lowest.
#[inline]
pub(crate) fn alphanumeric(block: &[u8; BLOCK]) -> u16 {
    let text = u8x16::new(*block);
    let is_below = |value: u8x16, limit: u8| value.simd_lt(u8x16::splat(limit));
    let letters = is_below((text | u8x16::splat(0x20)) - u8x16::splat(b'a'), 26);
    let digits = is_below(text - u8x16::splat(b'0'), 10);
    u16::try_from((letters | digits).to_bitmask()).unwrap_or_default()
}

/// How many letters, digits and hyphens `text` begins with.
#[inline]
pub(crate) fn word_length(text: &[u8]) -> usize {
    let mut rest = text;
    // Two blocks at once: nearly all names end within them.
    while let Some((blocks, behind)) = rest.split_first_chunk::<{ 2 * BLOCK }>() {
        let [low, high] = [blocks.first_chunk(), blocks.last_chunk()].map(|block| {
            block.map_or(0, |block| u32::from(alphanumeric(block) | equal(block, b'-')))
        });
        let word = low | high << BLOCK;
        if word != u32::MAX {
            return text.len() - rest.len() + word.trailing_ones() as usize;
        }
        rest = behind;
    }
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    text.len() - rest.len() + rest.iter().take_while(is_word).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_digits_and_hyphens() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric();
            assert_eq!(alphanumeric(&[byte; BLOCK]) == u16::MAX, expected, "{byte}");
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
    fn positions_are_those_of_memchr() {
        for length in 0..70_usize {
            for step in 1..20_usize {
                let text: Vec<u8> = (0..length)
                    .map(|at| if at % step == length % step { b',' } else { b'-' })
                    .collect();
                let expected: Vec<usize> = memchr::memchr_iter(b',', &text).collect();
                let found: Vec<usize> = Positions::of(b',', &text).collect();
                assert_eq!(found, expected, "{length} {step}");
            }
        }
    }
}
