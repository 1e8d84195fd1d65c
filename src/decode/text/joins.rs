//! Events of lines that a copy joined to one (see `joined`).
//!
//! Must not: part a line where something else tells where events end.

use crate::decode::header::{Head, Span};
use crate::decode::joined;
use crate::decode::pending::Mark;
use crate::decode::text::Text;

impl Text<'_, '_, '_> {
    /// Opens an event for each of the lines that a copy joined to this one.
    pub(super) fn open_each(&mut self, bytes: &[u8], (start, end): Span, head: Head, mark: Mark) {
        let (mut start, mut head, mut mark) = (start, head, mark);
        while !self.is_framed
            && !self.is_partial
            && let Some(message) = bytes.get(start + head.message..end - head.tail)
            && let Some(next) = joined::next(message)
        {
            let line = message.get(..next.start).unwrap_or_default().trim_ascii_end();
            let before = (start, start + head.message + line.len());
            self.open(bytes, before, Head { tail: 0, ..head }, mark);
            start += head.message + next.start;
            let at = next.message - next.start;
            head = Head { time: next.time.or(head.time), tail: head.tail, ..Head::at(at) };
            let line = bytes.get(start..end).unwrap_or_default();
            mark = if next.time.is_some() { Mark::Stamped } else { Mark::plain(line, head) };
        }
        self.open(bytes, (start, end), head, mark);
    }
}
