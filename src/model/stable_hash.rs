//! A hash that is the same on every platform and in every version, for what is kept in files.
//!
//! FNV-1a with 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>. No defence against someone who
//! wants a collision.
//!
//! Must not: change. State files of earlier versions are compared with it.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash of a list of parts.
pub(crate) fn stable_hash(parts: &[&[u8]]) -> u64 {
    let push = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    // Without a mark between them, `ab` and `c` were `a` and `bc`.
    let part = |hash, bytes: &&[u8]| push(bytes.iter().copied().fold(hash, push), 0xff);
    parts.iter().fold(OFFSET, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_frozen_and_boundaries_count() {
        assert_eq!(stable_hash(&[]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(stable_hash(&[b"a"]), 0x089b_c907_b544_c769);
        assert_ne!(stable_hash(&[b"ab", b"c"]), stable_hash(&[b"a", b"bc"]));
    }
}
