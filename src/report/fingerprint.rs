//! Fingerprints: the same finding on the same route has the same one in every run.
//!
//! FNV-1a with 128 bits: stable across platforms and versions, and it needs no dependency. It is
//! no defence against someone who wants a collision.
//!
//! Must not: change. State files of earlier runs are compared with it.

/// FNV-1a, 128 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// 32 hexadecimal digits for a list of parts; `None` differs from the empty text.
pub fn fingerprint(parts: &[Option<&str>]) -> String {
    let mut hash = OFFSET;
    let mut push = |byte: u8| hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    for part in parts {
        // Neither byte occurs in UTF-8: they cannot be imitated by a part.
        push(if part.is_some() { 0xff } else { 0xfe });
        part.unwrap_or_default().bytes().for_each(&mut push);
    }
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_frozen() {
        assert_eq!(fingerprint(&[]), "6c62272e07bb014262b821756295c58d");
        assert_eq!(
            fingerprint(&[Some("lambda-timeout"), Some("a1b2c3d4e5"), None]),
            fingerprint(&[Some("lambda-timeout"), Some("a1b2c3d4e5"), None]),
        );
    }

    #[test]
    fn boundaries_and_missing_parts_count() {
        assert_ne!(fingerprint(&[Some("ab"), Some("c")]), fingerprint(&[Some("a"), Some("bc")]));
        assert_ne!(fingerprint(&[Some("")]), fingerprint(&[None]));
    }
}
