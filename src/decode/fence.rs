//! Borders of code blocks in Markdown, between which people paste logs.
//!
//! Must not: take one that is part of a message for the border of the log.

/// Whether a code block is open.
#[derive(Debug, Default)]
pub(super) struct Fences {
    is_open: bool,
}

impl Fences {
    /// Whether a line that begins no event is the border of a code block and no part of a message. Behind
    /// a stamped message only what closes a block that was opened is.
    pub(super) fn has(&mut self, line: &[u8], is_behind_stamped: bool) -> bool {
        match info(line) {
            Some([]) if self.is_open => self.is_open = false,
            Some(_) if !is_behind_stamped => self.is_open = true,
            Some(_) | None => return false,
        }
        true
    }
}

/// What stands behind the marks, if that is a word or nothing: the language of the block.
fn info(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let rest = line.strip_prefix(b"```").or_else(|| line.strip_prefix(b"~~~"))?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-_.".contains(byte);
    (rest.len() <= 16 && rest.iter().all(is_word)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opened_is_closed_and_the_rest_is_text() {
        let mut fences = Fences::default();
        for (line, is_behind_stamped, want) in [
            ("```", true, false),
            ("```log", false, true),
            ("```json", true, false),
            ("  ```", true, true),
            ("```", true, false),
            ("~~~", false, true),
            ("~~~ and so on", true, false),
            ("a", true, false),
            ("~~~", true, true),
        ] {
            assert_eq!(fences.has(line.as_bytes(), is_behind_stamped), want, "{line}");
        }
    }
}
