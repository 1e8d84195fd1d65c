//! Events that are the same as the one before, but for message and id: those of one moment, of one stream.
//!
//! Must not: fit what may go on behind the window.

use crate::decode::escapes::{Inside, until_quote};
use crate::model::bytes::digits;

/// A value that differs from event to event, with its place in the event. The quote that ends it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Other {
    pub(crate) is_message: bool,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The last event without the values that differ from event to event.
#[derive(Debug, Default)]
pub(crate) struct Same {
    /// What stands in front of each of them, and whether that is the message.
    runs: Vec<(Vec<u8>, bool)>,
    /// What stands behind the last one. Empty: no event is known.
    end: Vec<u8>,
}

impl Same {
    /// Learns from an event that was read.
    pub(crate) fn learn(&mut self, event: &[u8], others: &[Other]) {
        self.runs.resize_with(others.len(), Default::default);
        let mut start = 0;
        for ((run, is_message), other) in self.runs.iter_mut().zip(others) {
            set(run, event.get(start..other.start));
            *is_message = other.is_message;
            start = other.end;
        }
        set(&mut self.end, event.get(start..));
    }

    /// Forgets it.
    pub(crate) fn forget(&mut self) {
        self.end.clear();
    }

    /// The message of the next event, if it is complete and the same, and what stands behind it.
    #[inline]
    pub(crate) fn read<'a>(&self, bytes: &'a [u8]) -> Option<(Inside<'a>, &'a [u8])> {
        if self.end.is_empty() {
            return None;
        }
        let mut message = Inside::default();
        let mut rest = bytes;
        for (run, is_message) in &self.runs {
            let value = rest.strip_prefix(run.as_slice())?;
            (message, rest) =
                if *is_message { Inside::of(value)? } else { (message, behind_id(value)?) };
        }
        Some((message, rest.strip_prefix(self.end.as_slice())?))
    }
}

/// What stands behind an id, which is often a number.
#[inline]
fn behind_id(text: &[u8]) -> Option<&[u8]> {
    let number = text.get(digits(text)..)?;
    number.strip_prefix(b"\"").or_else(|| until_quote(number).map(|(_, behind)| behind))
}

fn set(to: &mut Vec<u8>, from: Option<&[u8]>) {
    to.clear();
    to.extend_from_slice(from.unwrap_or_default());
}
