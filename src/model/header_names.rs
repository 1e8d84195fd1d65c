//! A set of header names, found where a text begins with one of them, in any case.
//!
//! Must not: know what a header means.

use wide::u8x16;

use crate::model::bytes::{BLOCK, beginning, find_near};
use crate::model::header_map::is_value_parameter;
use crate::model::headers::Lengths;

/// A set of header names for those who look for many of them at once.
#[derive(Debug)]
pub struct HeaderNames {
    /// For each first letter of a name, a bit for each fourth one: of most headers no more is looked at.
    letters: [u32; 32],
    /// For each hash of both, and for each length, a bit for each name.
    by_letters: [u64; 64],
    by_length: [u64; BLOCK * BLOCKS + 1],
    names: Vec<Known>,
    lengths: Lengths,
    /// Names that begin with this letter are told too.
    others: Option<u8>,
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self {
            letters: [0; 32],
            by_letters: [0; 64],
            by_length: [0; BLOCK * BLOCKS + 1],
            names: Vec::new(),
            lengths: Lengths::default(),
            others: None,
        }
    }
}

/// The values that a header list has of the names of a set.
#[derive(Debug)]
pub struct Values<'a> {
    last: [Option<&'a [u8]>; HeaderNames::MOST],
    present: u64,
    repeated: u64,
}

impl<'a> Values<'a> {
    /// None yet.
    pub(super) const NONE: Self = Self { last: [None; HeaderNames::MOST], present: 0, repeated: 0 };

    #[inline]
    pub(super) fn put(&mut self, at: usize, value: &'a [u8]) {
        if let Some(slot) = self.last.get_mut(at) {
            *slot = Some(value);
            self.repeated |= self.present & 1 << at;
            self.present |= 1 << at;
        }
    }

    /// The last value of the name at a place of the set, as logged.
    #[inline]
    pub fn get(&self, at: usize) -> Option<&'a [u8]> {
        self.last.get(at).copied().flatten()
    }

    /// Whether that name is there more than once.
    #[inline]
    pub fn is_repeated(&self, at: usize) -> bool {
        at < HeaderNames::MOST && self.repeated >> at & 1 == 1
    }
}

/// A field that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// The place of its name in the set, and its value.
    Named(usize, &'a [u8]),
    /// A name that is not in the set, but begins as is asked for.
    Other(&'a [u8]),
}

#[derive(Debug)]
struct Known {
    name: String,
    /// Its bytes without their case, and which ones count.
    folded: [[u8; BLOCK]; BLOCKS],
    mask: [[u8; BLOCK]; BLOCKS],
    /// Whether there are bytes in it that differ from others by what is case in letters.
    has_marks: bool,
    /// Whether behind a comma it is a parameter of the value before.
    is_parameter: bool,
}

const BLOCKS: usize = 3;

impl HeaderNames {
    /// The most names.
    pub const MOST: usize = 64;

    /// As many names as there are bits, each as long as three blocks. `None`: it has no room for them.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let mut set = Self::default();
        for name in names {
            set.push(name)?;
        }
        Some(set)
    }

    /// The place of a name, known or new. `None`: there is no room for it.
    pub fn add(&mut self, name: &str) -> Option<usize> {
        self.find(name.as_bytes()).or_else(|| self.push(name))
    }

    fn push(&mut self, name: &str) -> Option<usize> {
        let at = self.names.len();
        let bit = 1_u64.checked_shl(u32::try_from(at).ok()?)?;
        let known = Known::new(name)?;
        if let [first, _, _, fourth, ..] = name.as_bytes() {
            *self.letters.get_mut(letter(*first))? |= 1 << letter(*fourth);
            *self.by_letters.get_mut(hash(*first, *fourth))? |= bit;
        } else {
            // What stands in the place of the fourth letter may be anything.
            self.letters = [u32::MAX; 32];
            self.by_letters.iter_mut().for_each(|row| *row |= bit);
        }
        *self.by_length.get_mut(name.len())? |= bit;
        self.lengths = self.lengths.with(name.len());
        self.names.push(known);
        Some(at)
    }

    /// The same, which also tells names that begin with this letter.
    #[must_use]
    pub fn with_others(self, first: u8) -> Self {
        let mut set = Self { others: Some(first.to_ascii_lowercase()), ..self };
        if let Some(row) = set.letters.get_mut(letter(first)) {
            *row = u32::MAX;
        }
        set
    }

    /// The lengths of what may be asked for. `None`: any.
    pub(super) fn lengths(&self) -> Option<Lengths> {
        if self.others.is_some() { None } else { Some(self.lengths) }
    }

    /// Whether a name that is not in the set is to be told.
    #[inline]
    pub(crate) fn tells(&self, name: &[u8]) -> bool {
        self.others.is_some() && name.first().map(u8::to_ascii_lowercase) == self.others
    }

    /// Whether `text` may begin with a name that is in the set or to be told, by its letters.
    #[inline]
    pub(crate) fn may_tell(&self, text: &[u8]) -> bool {
        let [first, _, _, fourth, ..] = text else { return true };
        self.letters.get(letter(*first)).is_some_and(|row| row >> letter(*fourth) & 1 == 1)
    }

    /// The place of a name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        let places = self.places(name, name.len());
        let is_it = |known: &Known| known.name.as_bytes().eq_ignore_ascii_case(name);
        self.among(places, is_it).map(|(at, _)| at)
    }

    /// The first of the names in these places that is it.
    #[inline]
    fn among(&self, places: u64, is_it: impl Fn(&Known) -> bool) -> Option<(usize, &Known)> {
        let mut rest = places;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            let known = self.names.get(at)?;
            if is_it(known) {
                return Some((at, known));
            }
            rest &= rest - 1;
        }
        None
    }

    /// A bit for each name that `text` may begin with, by its length and letters.
    #[inline]
    fn places(&self, text: &[u8], length: usize) -> u64 {
        let of_length = self.by_length.get(length).copied().unwrap_or_default();
        let [first, _, _, fourth, ..] = text else { return of_length };
        of_length & self.by_letters.get(hash(*first, *fourth)).copied().unwrap_or_default()
    }

    /// The place and the length of the name that `text`, what follows a comma and a blank, begins with,
    /// if `=` follows it.
    #[inline]
    pub(super) fn behind_comma(&self, text: &[u8]) -> Option<(usize, usize)> {
        let length = find_near(b'=', text)?;
        let (at, known) = self.among(self.places(text, length), |known| known.begins(text))?;
        (!known.is_parameter).then_some((at, length))
    }
}

/// Five bits of a letter, which do not tell its case.
#[inline]
fn letter(byte: u8) -> usize {
    usize::from(byte & 31)
}

#[inline]
fn hash(first: u8, fourth: u8) -> usize {
    (letter(first) ^ letter(fourth) << 1) & 63
}

impl Known {
    fn new(name: &str) -> Option<Self> {
        let mut folded = [[0; BLOCK]; BLOCKS];
        let mut mask = [[0; BLOCK]; BLOCKS];
        folded.as_flattened_mut().get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        mask.as_flattened_mut().get_mut(..name.len())?.fill(u8::MAX);
        for byte in folded.as_flattened_mut() {
            *byte |= 0x20;
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        Some(Self {
            name: name.to_owned(),
            folded,
            mask,
            has_marks: !name.bytes().all(is_plain),
            is_parameter: is_value_parameter(name.as_bytes()),
        })
    }

    /// Whether `text` begins with the name. All blocks are compared, for it takes less to do so than to
    /// find out how many are worth it.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        let (blocks, _) = beginning::<{ BLOCK * BLOCKS }>(text);
        let (blocks, _) = blocks.as_chunks::<BLOCK>();
        let mut differ = u8x16::splat(0);
        for ((block, folded), mask) in blocks.iter().zip(&self.folded).zip(&self.mask) {
            let text = u8x16::new(*block);
            let other = (text | u8x16::splat(0x20)) ^ u8x16::new(*folded);
            // Control characters differ from others by the same bit as letters of another case.
            let control = text.min(u8x16::splat(0x20)).simd_eq(text);
            differ |= (other | control) & u8x16::new(*mask);
        }
        differ == u8x16::splat(0) && (!self.has_marks || self.begins_slowly(text))
    }

    fn begins_slowly(&self, text: &[u8]) -> bool {
        let beginning = text.get(..self.name.len()).unwrap_or_default();
        beginning.eq_ignore_ascii_case(self.name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] =
        ["Origin", "Access-Control-Allow-Origin", "x_id", "TE", "Expires", "Host", "a^b~c"];

    fn set() -> HeaderNames {
        HeaderNames::new(NAMES).expect("there is room")
    }

    #[test]
    fn a_name_is_found_in_any_case_and_no_other_is() {
        for tail in ["", " and so on, and so on, and so on, and so on"] {
            for (at, name) in NAMES.iter().enumerate().filter(|(_, name)| **name != "Expires") {
                for name in [(*name).to_owned(), name.to_lowercase(), name.to_uppercase()] {
                    let text = format!("{name}={tail}");
                    let found = set().behind_comma(text.as_bytes());
                    assert_eq!(found, Some((at, name.len())), "{text}");
                    for place in 0..name.len() {
                        for bits in 1..=u8::MAX {
                            let mut other = text.clone().into_bytes();
                            other[place] ^= bits;
                            let begins = other.get(..name.len()).unwrap_or_default();
                            let expected = begins.eq_ignore_ascii_case(name.as_bytes());
                            let found = set().behind_comma(&other).map(|(at, _)| at);
                            assert_eq!(found == Some(at), expected, "{place} {bits} {text}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_a_parameter_behind_a_comma_is_no_header_there() {
        assert_eq!(
            set().behind_comma(b"expires=0, and much more behind it, so that it is long"),
            None
        );
        assert_eq!(set().find(b"expires"), Some(4));
    }

    #[test]
    fn there_is_room_for_64_names_of_48_bytes() {
        let name = "x".repeat(48);
        assert!(HeaderNames::new(vec![name.as_str(); 64]).is_some());
        assert!(HeaderNames::new(vec![name.as_str(); 65]).is_none());
        assert!(HeaderNames::new(["x".repeat(49).as_str()]).is_none());
    }
}
