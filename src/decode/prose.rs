//! Text in front of a document of JSON or YAML: the command that printed it, a sentence, the mark of a code block.
//!
//! Must not: take a line that begins an event for such text.

use memchr::memchr_iter;

use crate::decode::document;
use crate::decode::header::{Begin, begin};
use crate::decode::stamp::Clock;
use crate::decode::table::Table;

/// How much is looked at.
pub(crate) const MOST: usize = 16 << 10;

/// The length of the text before a JSON document, if `head` begins with such text.
pub(crate) fn length(head: &[u8]) -> Option<usize> {
    before(head, |_, rest| document::begins(rest))
}

/// The length of the text before a document that begins where this says so, by what is before it and by
/// what follows.
pub(crate) fn before(head: &[u8], begins: fn(&[u8], &[u8]) -> bool) -> Option<usize> {
    let mut clock = Clock::default();
    let mut start = 0;
    for end in memchr_iter(b'\n', head) {
        match begin(head.get(start..end)?, &mut clock, &Table::default()) {
            Begin::Unknown | Begin::Blank | Begin::Noise => {}
            Begin::Stamped(_)
            | Begin::Alone(_)
            | Begin::Certain(_)
            | Begin::Usual(_)
            | Begin::Title => {
                return None;
            }
        }
        start = end + 1;
        if begins(head.get(..start)?, head.get(start..)?) {
            return Some(start);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_before_a_document_is_told_from_events() {
        for (head, expected) in [
            ("$ aws logs get-log-events\n{\n  \"events\": [", Some(26)),
            ("One:\n\n```json\n{\"a\":1}\n```\n", Some(14)),
            ("One:\n\n  [ {\"a\":1} ]", Some(5)),
            ("One:\ntwo {\"a\":1}\n", None),
            ("One:\n{ a: 1 }\n", None),
            ("2026-11-22T10:00:00.120Z One:\n{\"a\":1}\n", None),
            ("START RequestId: 1 Version: $LATEST\n{\"a\":1}\n", None),
            ("Endpoint response body before transformations:\n{\"a\":1}\n", None),
        ] {
            assert_eq!(length(head.as_bytes()), expected, "{head}");
        }
    }
}
