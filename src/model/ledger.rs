//! The completeness ledger: what was read, and what was not seen.
//!
//! Must not: forget anything. A count that is dropped here is a promise broken.

use crate::model::LogTime;

/// Counts of one run. Every event read is in `events`; the other counts say what happened to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Log events read.
    pub events: u64,
    /// Bytes read from the sources, as stored (compressed where they are).
    pub bytes: u64,
    /// Events that no line shape recognizes.
    pub unrecognized: u64,
    /// Those of them that a browser's console prints about a blocked request.
    pub console_messages: u64,
    /// Events that end in ` [TRUNCATED]`, or were cut because they were too long.
    pub truncated: u64,
    /// Events that repeat one already read (expanded rows of console copies, overlaps).
    pub duplicates: u64,
    /// Lines that came after their exchange had been let go, or told.
    pub late: u64,
    /// Events in seconds that a live tail sampled.
    pub sampled: u64,
    /// Requests to CloudWatch that were throttled.
    pub throttled: u64,
    /// Events that are no log data: control messages, delivery probes.
    pub skipped: u64,
    /// Events outside `--since` and `--until`; they are not in `events`.
    pub outside_window: u64,
    /// Exchanges and invocations that a bound made us let go before a join was possible.
    pub unjoined: u64,
    /// Exchanges that a bound kept out of the survey of routes, wholly or in part.
    pub unsurveyed: u64,
    /// Exchanges seen.
    pub exchanges: u64,
    /// Exchanges whose verdict is undetermined.
    pub undetermined: u64,
    /// Exchanges whose end, or beginning, is not in the input.
    pub incomplete_exchanges: u64,
    /// Places in time or in the input where events are known to be missing.
    pub gaps: Vec<String>,
    /// Inputs that could not be read, or only in part, and why.
    pub inputs_failed: Vec<InputNote>,
    /// Oldest event.
    pub from: Option<LogTime>,
    /// Newest event.
    pub to: Option<LogTime>,
}

/// What went wrong with one input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputNote {
    /// The file or log group.
    pub input: String,
    /// What failed and what to do.
    pub problem: String,
}
