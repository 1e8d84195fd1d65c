//! Messages that stand in strings of JSON, handed on: with their escapes where that is enough.
//!
//! Must not: undo escapes of what nobody reads.

use crate::decode::Sink;
use crate::decode::emit::{put, unescaped_twice};
use crate::decode::escapes::{Inside, Room};
use crate::model::LogEvent;

/// Hands on what stands in strings of JSON.
#[derive(Debug, Default)]
pub struct Written {
    room: Room,
}

impl Written {
    /// Hands an event on that was put aside when [`Sink::begun`] was asked. `text` begins with its message
    /// as it is written, of which there are `length` bytes and the quote behind them, and in front of the
    /// first escape `plain`.
    pub fn take(
        &mut self,
        event: LogEvent<'_>,
        text: &[u8],
        [plain, length]: [usize; 2],
        sink: &mut dyn Sink,
    ) {
        if let Some(inside) = Inside::known(text, plain, length) {
            let message = inside.beginning();
            self.deliver(LogEvent { message, ..event }, &inside, sink);
        }
    }

    /// Hands an event on, of which there is the beginning of the message, and all of it as written.
    #[expect(clippy::inline_always, reason = "a call for each event took as much as what it does")]
    #[inline(always)]
    pub(crate) fn deliver(
        &mut self,
        event: LogEvent<'_>,
        inside: &Inside<'_>,
        sink: &mut dyn Sink,
    ) {
        if let Some(written) = inside.simply_written()
            && sink.begun(event, written)
        {
            return;
        }
        let twice;
        let mut message = self.room.unescape(inside);
        if may_be_escaped_twice(message) {
            twice = unescaped_twice(message);
            message = &twice;
        }
        put(LogEvent { message, ..event }, sink);
    }
}

/// A short look at what [`unescaped_twice`] looks for.
#[inline]
fn may_be_escaped_twice(message: &[u8]) -> bool {
    matches!(message, [b'S' | b'E' | b'R', ..] | [.., b'n'])
}
