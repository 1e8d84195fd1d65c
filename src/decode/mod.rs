//! Containers: bytes → log events.
//!
//! Must not: look into a line.

use crate::model::{InputNote, LogEvent, Place, PlaceId};

/// Takes what a container holds, in order.
pub trait Sink {
    /// The number of a place; asked once per place, before its first event.
    fn place(&mut self, place: &Place) -> PlaceId;
    /// One log event. It is borrowed: what is needed later must be copied.
    fn event(&mut self, event: LogEvent<'_>);
    /// Something that the ledger counts.
    fn count(&mut self, what: Count, how_many: u64);
    /// An input that cannot be read, or only in part. The rest is still analyzed.
    fn problem(&mut self, note: InputNote);
}

/// What decoding adds to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Bytes read from the source, as stored (compressed where they are).
    Bytes,
    /// Events that the container repeats (expanded rows of console copies).
    Duplicates,
    /// Events that are no log data (control messages, delivery probes).
    Skipped,
    /// Events that were cut because they were too long.
    Truncated,
}
