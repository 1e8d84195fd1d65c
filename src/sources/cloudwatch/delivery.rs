//! What a source of CloudWatch hands to the analysis, in the order in which it became known.
//!
//! Must not: say anything that the ledger has no place for.

use crate::model::InputNote;
use crate::sources::cloudwatch::event::CloudWatchEvent;

/// One message of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Events, none of which was delivered before.
    Events(Vec<CloudWatchEvent>),
    /// Something that the ledger counts.
    Note(Note),
    /// How the source is doing; for the status line, and for `--until-idle`.
    Beat(Beat),
}

/// Something that the ledger counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Bytes read: of messages, or as Insights counts what it scanned.
    Bytes(u64),
    /// Events that were read again and are not delivered again.
    Duplicates(u64),
    /// Events in updates that a live tail sampled. What it withheld beside them is read again, or is a
    /// gap.
    Sampled(u64),
    /// Requests that were throttled.
    Throttled(u64),
    /// A time in which events are known to be missing.
    Gap(String),
    /// A log group that could not be read, or only in part.
    Failed(InputNote),
    /// What a user should know, and the ledger need not: one sentence.
    Said(String),
}

/// How a source is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beat {
    /// Milliseconds between an event's ingestion and its arrival here, of the newest events.
    pub lag_ms: Option<i64>,
    /// Whether the last second was sampled.
    pub is_sampled: bool,
    /// Whether everything that was there has been delivered.
    pub is_idle: bool,
}
