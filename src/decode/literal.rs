//! Bytes that are expected at the beginning of others.
//!
//! Must not: look behind the end of what is there.

/// Bytes that are compared with others, a block at a time.
#[derive(Debug, Default)]
pub(crate) struct Literal {
    /// The bytes of each block, and which of its bits count.
    blocks: Vec<(u128, u128)>,
    length: usize,
}

const BLOCK: usize = size_of::<u128>();

impl Literal {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut literal = Self::default();
        literal.set(bytes);
        literal
    }

    pub(crate) fn set(&mut self, bytes: &[u8]) {
        let block = |part: &[u8]| {
            let with = |filling: u8| {
                let mut block = [filling; BLOCK];
                block.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
                u128::from_le_bytes(block)
            };
            // Where both fillings show, nothing counts.
            (with(0), !(with(0) ^ with(u8::MAX)))
        };
        self.blocks.clear();
        self.blocks.extend(bytes.chunks(BLOCK).map(block));
        self.length = bytes.len();
    }

    /// How many bytes they are.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// What stands behind these bytes, if they stand here. The last block must be whole: at the
    /// end of the window the answer is no.
    #[inline]
    pub(crate) fn strip<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = text;
        for (expected, counts) in &self.blocks {
            let (block, behind) = rest.split_first_chunk()?;
            if (u128::from_le_bytes(*block) ^ expected) & counts != 0 {
                return None;
            }
            rest = behind;
        }
        text.get(self.length..)
    }
}
