//! Request ids of API Gateway and Lambda.
//!
//! Must not: join anything.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A request id: a UUID, an extended request id (`EP5ycFmYoAMEnvg=`), or one of the literals that
/// test calls print (`test-invoke-request`). At most 36 bytes, stored in place.
///
/// The same type serves API Gateway's and Lambda's ids; the field that holds it tells which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        if text.len() > Self::MAX {
            return None;
        }
        let mut bytes = [0; 40];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        bytes[39] = u8::try_from(text.len()).ok()?;
        Some(Self { bytes })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.bytes[39])).unwrap_or_default();
        // `parse` lets ASCII through only.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether `text` has the form of a UUID: 8-4-4-4-12 word characters. Not only hexadecimal
    /// digits, for the ids of AWS's documentation contain `xmpl`.
    pub fn looks_like_uuid(text: &[u8]) -> bool {
        let Some(text) = text.as_array::<{ Self::MAX }>() else { return false };
        let dashes = [text[8], text[13], text[18], text[23]];
        // Without early exit, so that whole vectors are compared.
        let letters =
            text.iter().fold(0, |count, byte| count + u8::from(byte.is_ascii_alphanumeric()));
        dashes == [b'-'; 4] && letters == 32
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
    pub fn is_shared(&self) -> bool {
        self.is_test_literal() || self.as_str() == "UUID_REPLACED_INVALID_REQUEST_ID"
    }

    /// Whether this is one of the ids that test calls give to every request.
    pub fn is_test_literal(&self) -> bool {
        matches!(self.as_str(), "test-request" | "test-invoke-request")
    }
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
