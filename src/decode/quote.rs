//! Marks that text has where it was quoted: `> ` in front of every line, in mails and issues.
//!
//! Must not: take a mark off that the first line of an event does not have.

/// How many marks stand in front of a line, and how long they are.
pub(crate) fn marks(line: &[u8]) -> Option<(u8, usize)> {
    let mut rest = line.trim_ascii_start();
    let mut depth = 0;
    while let Some(behind) = rest.strip_prefix(b">").filter(|_| depth < u8::MAX) {
        depth += 1;
        rest = behind.strip_prefix(b" ").unwrap_or(behind);
    }
    (depth > 0).then(|| (depth, line.len() - rest.len()))
}

/// Takes so many marks off each line but the first.
pub(crate) fn strip<'a>(message: &[u8], depth: u8, text: &'a mut Vec<u8>) -> &'a [u8] {
    text.clear();
    for (number, line) in message.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let mut rest = line;
        for _ in 0..if number == 0 { 0 } else { depth } {
            let Some(behind) = rest.strip_prefix(b">") else { break };
            rest = behind.strip_prefix(b" ").unwrap_or(behind);
        }
        text.extend_from_slice(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_and_taken_off() {
        for (line, expected) in [
            ("> a", Some((1, 2))),
            (">a", Some((1, 1))),
            (" > > a", Some((2, 5))),
            (">>  a", Some((2, 3))),
            (">", Some((1, 1))),
            ("a > b", None),
            ("", None),
        ] {
            assert_eq!(marks(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(marks(&[b'>'; 1000]).map(|(depth, _)| depth), Some(u8::MAX));
        let mut text = Vec::new();
        let message = b"> a\n> > b\n>  c\nd\n>\n> > > e";
        assert_eq!(strip(message, 2, &mut text), b"> a\nb\n c\nd\n\n> e");
    }
}
