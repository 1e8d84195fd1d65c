//! Request ids of API Gateway and Lambda.
//!
//! Must not: join anything.

use std::fmt;
use std::hash::{Hash, Hasher};

use hashbrown::Equivalent;

use crate::model::bytes::{BLOCK, alphanumeric};

/// A request id: a UUID, an extended request id (`EP5ycFmYoAMEnvg=`), or one of the literals that
/// test calls print (`test-invoke-request`). At most 36 bytes, stored in place.
///
/// The same type serves API Gateway's and Lambda's ids; the field that holds it tells which.
#[derive(Clone, Copy, Eq, PartialOrd, Ord)]
pub struct RequestId {
    /// The text, zeros, and its length in the last byte: whole words, for the hasher.
    bytes: [u8; 40],
}

impl RequestId {
    /// The longest id (a UUID).
    pub const MAX: usize = 36;

    /// Takes 1 to 36 visible ASCII characters without blanks; anything else is no id.
    pub fn parse(text: &[u8]) -> Option<Self> {
        // Without early exit, so that whole vectors are compared.
        if text.is_empty() || !text.iter().fold(true, |all, byte| all & byte.is_ascii_graphic()) {
            return None;
        }
        (text.len() <= Self::MAX).then(|| IdText(text).id())
    }

    /// Of so long a text, by whole words: what is written so can be read at once.
    #[inline]
    fn of_longest(text: &[u8; Self::MAX]) -> Self {
        let mut bytes = [0; 40];
        let (words, tail) = text.as_chunks::<8>();
        let (places, _) = bytes.as_chunks_mut::<8>();
        for (place, word) in places.iter_mut().zip(words) {
            *place = *word;
        }
        if let Some(place) = places.last_mut() {
            *place = last_word(tail).to_le_bytes();
        }
        Self { bytes }
    }

    /// The id as it was logged.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.bytes[39])).unwrap_or_default()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        // `parse` lets ASCII through only.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Whether `text` has the form of a UUID: 8-4-4-4-12 word characters. Not only hexadecimal
    /// digits, for the ids of AWS's documentation contain `xmpl`.
    pub fn looks_like_uuid(text: &[u8]) -> bool {
        text.as_array::<{ Self::MAX }>().is_some_and(is_uuid)
    }

    /// Whether `text` has the form of an extended request id: 15 base64url characters and `=`.
    pub fn looks_like_extended(text: &[u8]) -> bool {
        match text.split_last() {
            Some((b'=', rest)) => {
                (14..=16).contains(&rest.len())
                    && rest.iter().all(|b| {
                        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/')
                    })
            }
            Some(_) | None => false,
        }
    }

    /// Whether several requests have this id: those of test calls, and what the gateway prints for an
    /// id that a client made up.
    #[inline]
    pub fn is_shared(&self) -> bool {
        // Nearly all ids are UUIDs, and longer than any of these.
        !self.is_longest() && (self.is_test_literal() || self.as_str() == REPLACED)
    }

    /// Whether `text` is this id.
    #[inline]
    pub fn is_written(&self, text: &[u8; Self::MAX]) -> bool {
        self.is_longest() && is_same(text, &self.bytes)
    }

    fn is_longest(&self) -> bool {
        usize::from(self.bytes[39]) == Self::MAX
    }

    /// Whether this is one of the ids that test calls give to every request.
    pub fn is_test_literal(&self) -> bool {
        matches!(self.as_str(), "test-request" | "test-invoke-request")
    }
}

/// What the gateway prints for an id that a client made up.
const REPLACED: &str = "UUID_REPLACED_INVALID_REQUEST_ID";

/// 8-4-4-4-12 letters and digits.
#[inline]
fn is_uuid(text: &[u8; RequestId::MAX]) -> bool {
    // Three blocks, the last of which overlaps the second, and where hyphens are in each.
    const BLOCKS: [(usize, &[usize]); 3] = [(0, &[8, 13]), (16, &[2, 7]), (20, &[3])];
    let hyphens = [text[8], text[13], text[18], text[23]];
    let is_whole = |(start, hyphens): &(usize, &[usize])| {
        let block = text.get(*start..).and_then(|rest| rest.first_chunk::<BLOCK>());
        let expected = hyphens.iter().fold(0xffff, |bits, at| bits & !(1 << at));
        block.is_some_and(|block| alphanumeric(block) == expected)
    };
    hyphens == [b'-'; 4] && BLOCKS.iter().all(is_whole)
}

impl PartialEq for RequestId {
    // By words: an id was often just written, and what compares memory of any length waits until
    // that has reached the cache.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.bytes.as_chunks::<8>().0, other.bytes.as_chunks::<8>().0);
        a.iter().zip(b).fold(0, |bits, (a, b)| bits | (word(*a) ^ word(*b))) == 0
    }
}

fn word(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes)
}

impl Hash for RequestId {
    // Ids are looked up for each line; a call of its own would be most of the work.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Ids are random already; the hasher is seeded. Whole words are cheaper than bytes.
        let (words, _) = self.bytes.as_chunks::<8>();
        for word in words {
            state.write_u64(u64::from_le_bytes(*word));
        }
    }
}

/// A request id where a line shows it. Nearly all lines belong to a request that is known, and copy
/// nothing to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdText<'a>(&'a [u8]);

impl<'a> IdText<'a> {
    /// What [`RequestId::parse`] takes.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        RequestId::parse(text).map(|_| Self(text))
    }

    /// What is as long as the longest id. Until it is known to be one, it is only to be looked for among
    /// those that are: see [`Self::is_uuid`].
    #[inline]
    pub fn of_longest(text: &'a [u8; RequestId::MAX]) -> Self {
        Self(text)
    }

    /// As [`RequestId::looks_like_uuid`].
    #[inline]
    pub fn is_uuid(self) -> bool {
        RequestId::looks_like_uuid(self.0)
    }

    /// The id.
    #[inline]
    pub fn id(self) -> RequestId {
        if let Some(longest) = self.0.as_array() {
            return RequestId::of_longest(longest);
        }
        let mut bytes = [0; 40];
        for (byte, text) in bytes.iter_mut().zip(self.0) {
            *byte = *text;
        }
        // At most 36.
        bytes[39] = u8::try_from(self.0.len()).unwrap_or_default();
        RequestId { bytes }
    }

    /// As [`RequestId::is_shared`].
    #[inline]
    pub fn is_shared(self) -> bool {
        self.0.len() != RequestId::MAX && self.id().is_shared()
    }
}

impl Hash for IdText<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Some(uuid) = self.0.as_array::<{ RequestId::MAX }>() else {
            return self.id().hash(state);
        };
        // The words that the id would have.
        let (words, tail) = uuid.as_chunks::<8>();
        for word in words {
            state.write_u64(u64::from_le_bytes(*word));
        }
        state.write_u64(last_word(tail));
    }
}

/// The last four bytes of a text of 36, zeros, and its length.
#[inline]
fn last_word(tail: &[u8]) -> u64 {
    let tail = tail.first_chunk().copied().map_or(0, u32::from_le_bytes);
    u64::from(tail) | (RequestId::MAX as u64) << 56
}

/// Whether an id begins so: by words, for a call costs more than the comparison.
#[inline]
fn is_same(uuid: &[u8; RequestId::MAX], id: &[u8; 40]) -> bool {
    let ((a, a_tail), (b, _)) = (uuid.as_chunks::<8>(), id.as_chunks::<8>());
    let differ = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (word(*a) ^ word(*b)));
    let tail = |tail: Option<&[u8; 4]>| tail.map(|tail| u32::from_le_bytes(*tail));
    differ == 0 && tail(a_tail.first_chunk()) == tail(id.get(32..).and_then(|id| id.first_chunk()))
}

impl Equivalent<RequestId> for IdText<'_> {
    #[inline]
    fn equivalent(&self, id: &RequestId) -> bool {
        match self.0.as_array::<{ RequestId::MAX }>() {
            Some(uuid) => id.is_written(uuid),
            None => self.id() == *id,
        }
    }
}

impl fmt::Display for IdText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn an_id_is_found_by_its_text() {
        let hasher = foldhash::fast::RandomState::default();
        let texts = [
            "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d",
            "EP5ycFmYoAMEnvg=",
            "test-invoke-request",
            "x",
        ];
        for text in texts {
            let (id, shown) = (RequestId::parse(text.as_bytes()), IdText::parse(text.as_bytes()));
            let (id, shown) = (id.expect(text), shown.expect(text));
            assert_eq!(shown.id(), id);
            assert_eq!(hasher.hash_one(shown), hasher.hash_one(id), "{text}");
            assert_eq!(shown.is_shared(), id.is_shared());
            for other in texts {
                let other = RequestId::parse(other.as_bytes()).expect(other);
                assert_eq!(shown.equivalent(&other), id == other, "{text} {other}");
            }
        }
    }

    #[test]
    fn a_uuid_has_its_hyphens_where_they_belong() {
        let uuid = *b"0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3bZz09";
        assert!(is_uuid(&uuid));
        for at in 0..uuid.len() {
            for byte in [b'-', b'x', b'_', b' ', 0, 0xe9] {
                let mut other = uuid;
                other[at] = byte;
                let is_right = if uuid[at] == b'-' { byte == b'-' } else { byte == b'x' };
                assert_eq!(is_uuid(&other), is_right, "{at} {byte}");
            }
        }
    }
}
