//! gzip data that is all there, inflated in one piece: twice as fast as a stream.
//!
//! Must not: take what is damaged, cut, or more than one member. That is a stream's to tell.

use libdeflater::Decompressor;
use memchr::{memchr, memmem};

/// Where the flags of the header are.
const FLAGS: usize = 3;
/// A header without fields.
const HEADER: usize = 10;
/// The flag of a file name, which `gzip` writes. Other fields are rare, and one has a checksum.
const NAME: u8 = 8;
/// File names are shorter.
const MAX_NAME: usize = 4 << 10;
/// Buffers are a multiple of it.
const STEP: usize = 1 << 20;
/// The checksum behind the data; the size follows.
const CHECKSUM: usize = 4;

/// Writes to the beginning of `plain`, which grows where it has to, what one gzip member holds; says
/// how many bytes that are. `None` if `packed` is not that, whole and sound, or something follows, or
/// it holds more than `most` bytes.
pub(crate) fn inflate(packed: &[u8], most: usize, plain: &mut Vec<u8>) -> Option<usize> {
    match *packed.get(FLAGS)? {
        0 => {}
        NAME => {
            memchr(0, packed.get(HEADER..)?).filter(|length| *length < MAX_NAME)?;
        }
        _ => return None,
    }
    let (before, size) = packed.split_last_chunk()?;
    // A member ends in the size of what it holds. These four bytes stand at the end only, so a
    // member of that size ends there.
    let behind = packed.get(HEADER + CHECKSUM..)?;
    if memmem::find(behind, size)? + HEADER + CHECKSUM != before.len() {
        return None;
    }
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size <= most)?;
    if plain.len() < size {
        // The old one makes room first, and files of about the same size find a place in one another's.
        *plain = Vec::new();
        *plain = vec![0; size.next_multiple_of(STEP)];
    }
    let count = Decompressor::new().gzip_decompress(packed, plain.get_mut(..size)?).ok()?;
    (count == size).then_some(size)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    #[test]
    fn the_size_is_bounded_and_ends_the_data() {
        let text = b"some text, and some text";
        let mut encoder =
            GzBuilder::new().filename("a.log").write(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        let packed = encoder.finish().unwrap();
        let mut plain = Vec::new();
        assert_eq!(inflate(&packed, text.len(), &mut plain), Some(text.len()));
        assert!(plain.starts_with(text));
        assert_eq!(inflate(&packed, text.len() - 1, &mut plain), None);
        let mut larger = vec![b'x'; text.len() + 3];
        assert_eq!(inflate(&packed, larger.len(), &mut larger), Some(text.len()));
        assert_eq!(larger, [text, &b"xxx"[..]].concat());
        // libdeflate itself does not tell that something follows.
        let twice = [&packed[..], &packed[packed.len() - 8..]].concat();
        assert_eq!(Decompressor::new().gzip_decompress(&twice, &mut plain), Ok(text.len()));
        assert_eq!(inflate(&twice, text.len(), &mut plain), None);
    }
}
