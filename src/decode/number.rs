//! Whole numbers as containers write times: milliseconds, mostly of 13 digits.
//!
//! Must not: take a number that does not fit.

/// No more digits than always fit.
const MOST_DIGITS: usize = 18;

/// The number that is all of `text`.
pub(crate) fn whole(text: &[u8]) -> Option<i64> {
    if let Some(digits) = text.as_array() {
        return Recent::default().of_thirteen(digits);
    }
    leading(text).filter(|(_, length)| *length == text.len()).map(|(number, _)| number)
}

/// The number that `text` begins with, and how many digits it has. More than fit are none.
pub(crate) fn leading(text: &[u8]) -> Option<(i64, usize)> {
    Recent::default().leading(text)
}

/// Reads numbers one of which begins as the last one did.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    digits: [u8; 8],
    /// What the first five of them make in a number of 13 digits. These are zeros at first, which
    /// are no digits, and then `last` is none.
    number: i64,
}

impl Recent {
    /// The number that `text` begins with, and how many digits it has. More than fit are none.
    #[inline]
    pub(crate) fn leading(&mut self, text: &[u8]) -> Option<(i64, usize)> {
        self.thirteen(text).map(|number| (number, 13)).or_else(|| any(text))
    }

    /// Milliseconds since 2001, and until 2286.
    #[inline]
    fn thirteen(&mut self, text: &[u8]) -> Option<i64> {
        let [digits @ .., behind] = text.first_chunk::<14>()?;
        if behind.is_ascii_digit() {
            return None;
        }
        self.of_thirteen(digits)
    }

    #[inline]
    fn of_thirteen(&mut self, digits: &[u8; 13]) -> Option<i64> {
        let (first, last) = (*digits.first_chunk()?, eight(*digits.last_chunk()?)?);
        if first != self.digits {
            (self.digits, self.number) = (first, eight(first)? / 1000 * 100_000_000);
        }
        // They share the digits 6 to 8.
        Some(self.number + last)
    }
}

#[cold]
fn any(text: &[u8]) -> Option<(i64, usize)> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > MOST_DIGITS {
        return None;
    }
    let digits = text.iter().take(length);
    Some((digits.fold(0, |number, byte| number * 10 + i64::from(byte - b'0')), length))
}

/// Eight digits at once: neighbors are put together three times, to 2, 4 and 8 digits.
#[inline]
fn eight(digits: [u8; 8]) -> Option<i64> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let word = u64::from_le_bytes(digits);
    let high = |word: u64| word & (ONES * 0xf0);
    // Nothing is carried into a neighbor by bytes below 0x40, and others fail the first test.
    if high(word) != ONES * 0x30 || high(word + ONES * 6) != ONES * 0x30 {
        return None;
    }
    let ones = word - ONES * 0x30;
    let twos = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    let eights = (fours * 10_000 + (fours >> 32)) & 0xffff_ffff;
    Some(eights.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_read_as_the_standard_library_does() {
        for length in 0..=20 {
            for seed in 0..200_u64 {
                let digit =
                    |at: u64| char::from(b'0' + ((seed * 7 + at * at * (seed + 3)) % 10) as u8);
                let digits: String = (0..length).map(digit).collect();
                let expected = digits.parse().ok().filter(|_| length <= 18);
                assert_eq!(whole(digits.as_bytes()), expected, "{digits}");
                for behind in [",", "}", " ", "\n,        ", ".5", "e7", "\u{ff}aaaaaaaaaaaaaaaaa"]
                {
                    let text = format!("{digits}{behind}");
                    let expected = expected.map(|number| (number, digits.len()));
                    assert_eq!(leading(text.as_bytes()), expected, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_digit_is_none() {
        for at in 0..13 {
            for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                let mut text = *b"1795341600000,";
                text[at] = byte;
                assert_eq!(leading(&text), any(&text), "{byte} at {at}");
            }
        }
    }
}
