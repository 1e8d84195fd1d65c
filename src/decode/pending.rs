//! The event of a text that is being read: where it is, and what tells its end.
//!
//! Must not: hold bytes.

use memchr::memchr;

use crate::decode::continuation::Shape;
use crate::decode::expanded::{behind_button, is_button, is_cut_of};
use crate::decode::header::{Head, Span, indentation, starts_with_id};

/// An event whose end is not known yet. Offsets count from the beginning of the window.
#[derive(Clone, Copy)]
pub(crate) struct Pending {
    /// Where its first line begins.
    pub(crate) start: usize,
    /// Where its message is.
    pub(crate) message: Span,
    pub(crate) head: Head,
    pub(crate) number: u64,
    pub(crate) mark: Mark,
    /// Whether its message was too long and is out already.
    pub(crate) cut: bool,
}

/// What tells where the event ends.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    /// The next header.
    Stamped,
    /// The next timestamp that stands alone.
    Alone,
    /// The rules for plain text.
    Plain(Shape),
}

impl Mark {
    /// That of a message which no container marks.
    pub(crate) fn plain(line: &[u8], head: Head) -> Self {
        Self::Plain(Shape::of(line, head.message))
    }
}

impl Pending {
    /// The window let go of so many bytes.
    pub(crate) fn moved_by(&mut self, count: usize) {
        self.start = self.start.saturating_sub(count);
        self.message.0 = self.message.0.saturating_sub(count);
        self.message.1 = self.message.1.saturating_sub(count);
    }

    /// Its message so far.
    pub(crate) fn event<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.message.0..self.message.1).unwrap_or_default()
    }

    /// Whether a line is its message because it is behind a time that stands alone: the first one, and the
    /// same once more where the row was expanded.
    pub(crate) fn is_part(&self, bytes: &[u8], text: &[u8]) -> bool {
        let event = behind_button(self.event(bytes).trim_ascii());
        let is_none = event.is_empty() || is_button(event);
        matches!(self.mark, Mark::Alone) && (is_none || is_same(first_line(event), text))
    }

    /// Whether a line that does not begin an event by itself may be behind this one.
    pub(crate) fn may_end(&self, line: &[u8], behind_gap: bool) -> bool {
        match self.mark {
            Mark::Stamped | Mark::Alone => behind_gap,
            Mark::Plain(shape) => !shape.is_within(indentation(line)),
        }
    }

    /// Whether a line with a request id is a message behind its own: times stand in front of several lines
    /// where somebody put them there. A line may be parted by tabs.
    pub(crate) fn is_before(&self, bytes: &[u8], (start, end): Span) -> bool {
        let event = self.event(bytes).trim_ascii();
        let text = bytes.get(start..end).unwrap_or_default();
        let is_parted = start.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'\t');
        starts_with_id(event) && !is_parted && !is_same(first_line(event), text)
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    memchr(b'\n', text).and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Whether two lines are the same but for blanks and where they break off.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    is_cut_of(one, other) || is_cut_of(other, one)
}
