//! Lines of execution logs behind what tools write in front of them: `exec.log:<time> (<id>) Method ...`,
//! `host gateway[1]: (<id>) Method ...`. An id in parentheses before a known label is unmistakable, whatever
//! stands in front.
//!
//! Must not: take a line for one that is mentioned in a sentence.

use memchr::{memchr, memchr_iter};

use crate::decode::continuation::{is_label, is_usual_start};
use crate::decode::header::{Begin, Head, starts_with_id};
use crate::decode::stamp::Clock;
use crate::model::behind_hidden;

/// What a line is that has such an id in it.
pub(crate) fn begin(line: &[u8], clock: &mut Clock) -> Option<Begin> {
    const MAX_PREFIX: usize = 256;
    let near = line.get(..MAX_PREFIX.min(line.len()))?;
    let is_id =
        |at: &usize| line.get(*at..).is_some_and(|text| is_labelled_id(text) || is_hidden_id(text));
    let at = memchr_iter(b'(', near).find(is_id).filter(|at| !is_word_before(line, *at))?;
    let before = line.get(..at)?.trim_ascii_end();
    let word_at = before.iter().rposition(u8::is_ascii_whitespace).map_or(0, |blank| blank + 1);
    let stamp = (word_at..before.len())
        .filter(|from| before.get(from + 4) == Some(&b'-') && before.get(from + 10) == Some(&b'T'))
        .find_map(|from| clock.iso(before.get(from..)?));
    let head = Head { time: stamp.map(|stamp| stamp.time), ..Head::at(at) };
    Some(match stamp {
        Some(_) => Begin::Stamped(head),
        None if line.get(at..).is_some_and(starts_with_id) => Begin::Certain(head),
        // Anybody may write these.
        None => Begin::Usual(head),
    })
}

/// Text that mentions a line has it in quotes.
fn is_word_before(line: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| line.get(before));
    before.is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b':' | b'|' | b'-'))
}

/// `(<id>) Label`.
fn is_labelled_id(text: &[u8]) -> bool {
    starts_with_id(text)
        && memchr(b')', text)
            .and_then(|end| text.get(end + 1..))
            .is_some_and(|label| is_usual_start(label.trim_ascii_start()))
}

/// `(xxxxxxxx) Label`, an id that somebody hid.
pub(crate) fn is_hidden_id(text: &[u8]) -> bool {
    behind_hidden(text).is_some_and(is_label)
}
