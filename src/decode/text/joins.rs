//! Events of lines that a copy joined to one (see `joined`).
//!
//! Must not: part a line where something else tells where events end, or look at what is left of it for
//! each of its parts.

use crate::decode::header::{Head, Span};
use crate::decode::joined;
use crate::decode::pending::Mark;
use crate::decode::text::Text;

impl Text<'_, '_, '_> {
    /// Opens an event for each line of an access log in this one, of which nobody tells what it is.
    pub(super) fn open_unknown(&mut self, bytes: &[u8], (mut start, end): Span, head: Head) {
        let line = |(start, end): Span| bytes.get(start..end).unwrap_or_default();
        let mut head = head;
        while !self.is_framed
            && !self.is_partial
            && let Some(next) = joined::next_in_clf(line((start, end)))
        {
            let before = (start, start + next.start);
            self.open(bytes, before, head, Mark::plain(line(before), head));
            (start, head) = (before.1, Head::default());
        }
        self.open(bytes, (start, end), head, Mark::plain(line((start, end)), head));
    }

    /// Opens an event for each of the lines that a copy joined to this one, of which the first has this
    /// mark.
    pub(super) fn open_each(&mut self, bytes: &[u8], (start, end): Span, head: Head, mark: Mark) {
        let (mut start, mut head) = (start, head);
        let mut mark = Some(mark);
        let plain = |(start, end): Span, head: Head| {
            Mark::plain(bytes.get(start..end).unwrap_or_default(), head)
        };
        while !self.is_framed
            && !self.is_partial
            && let Some(message) = bytes.get(start + head.message..end - head.tail)
            && let Some(next) = joined::next(message)
        {
            let line = message.get(..next.start).unwrap_or_default().trim_ascii_end();
            let before = (start, start + head.message + line.len());
            let own = mark.unwrap_or_else(|| plain(before, head));
            self.open(bytes, before, Head { tail: 0, ..head }, own);
            start += head.message + next.start;
            let at = next.message - next.start;
            head = Head { time: next.time.or(head.time), tail: head.tail, ..Head::at(at) };
            mark = next.time.map(|_| Mark::Stamped);
        }
        let own = mark.unwrap_or_else(|| plain((start, end), head));
        self.open(bytes, (start, end), head, own);
    }
}
