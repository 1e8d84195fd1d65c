//! Marks that text has where it was quoted: `> ` in front of every line, in mails and issues, `// ` or `# ` in
//! code; `"` or `` ` `` in front of the first line and behind the last one.
//!
//! Must not: take a mark off that the first line of an event does not have.

use crate::decode::header::{Begin, begin};
use crate::decode::marking::{is_lambda, is_of_container, is_of_platform};
use crate::decode::stamp::Clock;
use crate::decode::table::Table;

/// What ends a quotation that began in front of a line.
#[derive(Debug, Default)]
pub(crate) struct Quotation(Option<u8>);

impl Quotation {
    /// What a line is behind the mark that opens a quotation in front of it. Quotes in pairs are those of
    /// JSON; a quotation that ends within the line is a mention in a sentence.
    pub(crate) fn begin<'a>(
        &mut self,
        line: &'a [u8],
        clock: &mut Clock,
        table: &Table,
    ) -> Option<(Begin, &'a [u8])> {
        let (mark @ (b'"' | b'`'), inner) = line.trim_ascii_start().split_first()? else {
            return None;
        };
        // Most lines that begin so are members of JSON.
        let may_begin = matches!(inner, [b'(' | b'0'..=b'9', ..] | [_, _, _, b' ', ..])
            || inner.first().is_some_and(u8::is_ascii_uppercase) && is_of_platform(inner);
        let is_open =
            || count(*mark, inner).is_multiple_of(2) || inner.trim_ascii_end().last() == Some(mark);
        if !may_begin || !is_open() {
            return None;
        }
        let begun = begin(inner, clock, table);
        let is_event = match begun {
            Begin::Stamped(head) => is_of_container(inner, &head, clock),
            Begin::Usual(head) => is_lambda(inner.get(head.message..)?, clock),
            Begin::Certain(_) => true,
            Begin::Alone(_) | Begin::Title | Begin::Unknown | Begin::Blank | Begin::Noise => false,
        };
        self.0 = Some(*mark).filter(|_| is_event);
        is_event.then_some((begun, inner))
    }

    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }

    /// How many bytes at the end of a line are the mark that ends the quotation.
    pub(crate) fn end(&mut self, line: &[u8]) -> usize {
        let Some(mark) = self.0 else { return 0 };
        let text = line.trim_ascii_end();
        let marks = count(mark, text);
        // Quotes in pairs are those of JSON.
        let is_end = if mark == b'`' { marks == 1 } else { marks % 2 == 1 };
        if text.last() != Some(&mark) || !is_end {
            return 0;
        }
        self.0 = None;
        line.len() + 1 - text.len()
    }
}

/// Where the code begins that is all there is to an item of a list: behind its bullet, or behind one word
/// and a colon. What stands in the middle of a sentence is a mention.
pub(crate) fn item(line: &[u8]) -> Option<usize> {
    const MOST: usize = 48;
    let code = line.trim_ascii_end().strip_suffix(b"`")?;
    let begins = memchr::memchr(b'`', code)?;
    let text = code.get(..begins).filter(|text| text.len() <= MOST)?.trim_ascii();
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).peekable();
    let bullet = words.next_if(|word| is_bullet(word));
    let name = words.next();
    let is_item = match name {
        Some(name) => name.ends_with(b":"),
        None => bullet.is_some(),
    };
    let is_one = memchr::memchr(b'`', code.get(begins + 1..)?).is_none();
    (is_item && words.next().is_none() && is_one).then_some(begins)
}

/// `-`, `*`, `1.` and the like.
pub(super) fn is_bullet(word: &[u8]) -> bool {
    match word {
        b"-" | b"*" | b"+" | b"\xe2\x80\xa2" => true,
        [digits @ .., b'.' | b')'] => {
            matches!(digits.len(), 1..=3) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

fn count(mark: u8, text: &[u8]) -> usize {
    memchr::memchr_iter(mark, text).count()
}

/// How many marks stand in front of a line, and how long they are.
pub(crate) fn marks(line: &[u8]) -> Option<(u8, usize)> {
    let mut rest = line.trim_ascii_start();
    let mut depth = 0;
    while let Some(behind) = behind_mark(rest).filter(|_| depth < u8::MAX) {
        depth += 1;
        rest = behind;
    }
    (depth > 0).then(|| (depth, line.len() - rest.len()))
}

/// What stands behind the mark of a quotation in a mail, or of a comment in code.
fn behind_mark(text: &[u8]) -> Option<&[u8]> {
    let behind = [&b">"[..], b"//", b"#"].iter().find_map(|mark| text.strip_prefix(*mark))?;
    Some(behind.strip_prefix(b" ").unwrap_or(behind))
}

/// Takes so many marks off each line but the first.
pub(crate) fn strip<'a>(message: &[u8], depth: u8, text: &'a mut Vec<u8>) -> &'a [u8] {
    text.clear();
    for (number, line) in message.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let mut rest = line;
        for _ in 0..if number == 0 { 0 } else { depth } {
            let Some(behind) = behind_mark(rest.trim_ascii_start()) else { break };
            rest = behind;
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

    #[test]
    fn a_quotation_begins_in_front_of_a_message_only() {
        let (clock, table) = (&mut Clock::default(), &Table::default());
        let mut begins = |line: &str| {
            let mut quotation = Quotation::default();
            quotation.begin(line.as_bytes(), clock, table).is_some()
        };
        let id = "5cb7ee58-39e6-11e9-be7e-29aff9674701";
        let log = format!("({id}) Method completed with status: 500");
        for line in [
            format!("\"{log}"),
            format!("\"{log}\""),
            format!("  `{log}"),
            format!("\"({id}) Method request body before transformations: {{\"a\":1}}"),
            "`Sun Nov 22 10:00:00 UTC 2026 : Method completed with status: 500".to_owned(),
            format!("`2026-11-22T10:00:00.000Z {log}"),
            format!("`START RequestId: {id} Version: 3"),
        ] {
            assert!(begins(&line), "{line}");
        }
        for line in [
            format!("\"{log}\","),
            format!("\"{log}\" is what we see"),
            "\"Content-Type\": \"text/plain\",".to_owned(),
            "\"a\"".to_owned(),
            "\"".to_owned(),
            "`2026-11-22T10:00:00.000Z cart opened".to_owned(),
            log,
        ] {
            assert!(!begins(&line), "{line}");
        }
    }

    #[test]
    fn an_item_of_a_list_may_be_code() {
        for (line, expected) in [
            ("- `a b`", Some(2)),
            ("  *   `a`  \r", Some(6)),
            ("12. `a`", Some(4)),
            ("\u{2022} `a`", Some(4)),
            ("Logs: `a`", Some(6)),
            ("- Logs: `a`", Some(8)),
            ("it says `a`", None),
            ("- it says: `a`", None),
            ("- `a` and `b`", None),
            ("- `a` is it", None),
            ("a`b`", None),
            ("- `", None),
            ("", None),
        ] {
            assert_eq!(item(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_quotation_ends_with_the_mark_it_began_with() {
        let mut quotation = Quotation(Some(b'"'));
        assert_eq!(quotation.end(b"a: {\"b\":\"c\""), 0);
        assert_eq!(quotation.end(b"a`"), 0);
        assert_eq!(quotation.end(b"status: 500\" \r"), 3);
        assert_eq!(quotation.end(b"status: 500\""), 0);
    }
}
