//! What goes wrong, as a test wishes: alone or together.
//!
//! Must not: change what the account holds.

use std::collections::BTreeMap;
use std::time::Duration;

/// What goes wrong. The default is an account in which all is well.
///
/// ```ignore
/// Faults { empty_pages: 2, throttle_next: 5, ..Faults::default() }
/// ```
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// So many empty pages with a token stand before each page of events.
    pub(crate) empty_pages: u32,
    /// At most so many events on a page, whatever was asked for.
    pub(crate) page_events: Option<usize>,
    /// How long the token of a page lives; AWS: 24 hours.
    pub(crate) token_life: Option<Duration>,

    /// Calls a second that each of these operations takes; those beyond are throttled.
    pub(crate) quotas: BTreeMap<&'static str, usize>,
    /// The operation that the calls are of which are counted below; `None`: any.
    pub(crate) next_of: Option<&'static str>,
    /// So many of the next calls are throttled.
    pub(crate) throttle_next: u32,
    /// So many of the next calls are answered by a page of HTML with status 500.
    pub(crate) html_next: u32,
    /// So many of the next answers end in their middle, with the connection.
    pub(crate) cut_next: u32,
    /// So many of the next calls are told that the token has expired.
    pub(crate) expired_next: u32,
    /// How long each answer takes.
    pub(crate) slow: Duration,

    /// After so many calls the access key in use has expired, for good.
    pub(crate) expire_after: Option<u64>,
    /// What may not be done.
    pub(crate) denied: Vec<Denied>,

    /// Every so many-th event that is put becomes visible only so long after its ingestion.
    pub(crate) late: Option<(u64, Duration)>,
    /// Every so many-th event that is put has a timestamp two hours ahead.
    pub(crate) future_every: Option<u64>,
    /// Every so many-th event that is handed out comes again: on the next page, in the next update.
    pub(crate) duplicate_every: Option<u64>,
    /// The events of each page and update come backwards.
    pub(crate) reordered: bool,

    /// What goes wrong with a live tail.
    pub(crate) live: LiveFaults,
    /// What goes wrong with Logs Insights.
    pub(crate) insights: InsightsFaults,
}

/// What an identity may not do; `None` is any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Denied {
    pub(crate) operation: Option<&'static str>,
    pub(crate) group: Option<&'static str>,
}

/// What goes wrong with a live tail.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveFaults {
    /// At most so many events in an update, the others are never sent; AWS: 500.
    pub(crate) most_events: Option<usize>,
    /// At most so many sessions at a time; AWS: 15.
    pub(crate) most_sessions: Option<usize>,
    /// How long a session lasts before `SessionTimeoutException`; AWS: 3 hours.
    pub(crate) session: Option<Duration>,
    /// So many of the next sessions end by `SessionStreamingException` after their third update.
    pub(crate) streaming_error_next: u32,
    /// So many of the next sessions end in the middle of the frame of their third update.
    pub(crate) cut_next: u32,
    /// So many of the next sessions say nothing any more after their third update.
    pub(crate) silent_next: u32,
}

/// What goes wrong with Logs Insights.
#[derive(Debug, Clone, Default)]
pub(crate) struct InsightsFaults {
    /// At most so many rows, whatever was asked for.
    pub(crate) most_rows: Option<usize>,
    /// So many polls find the query `Scheduled`, then so many `Running`.
    pub(crate) scheduled_polls: u32,
    pub(crate) running_polls: u32,
    /// The end of a query is the very begin of its last second. Without this that second belongs to the
    /// query; AWS says of both only that the end is inclusive.
    pub(crate) end_is_exact: bool,
    /// Events that were ingested less than so long ago are not found.
    pub(crate) lag: Duration,
    /// So many of the next queries end as `Failed`.
    pub(crate) fail_next: u32,
    /// So many of the next queries end as `Timeout`.
    pub(crate) timeout_next: u32,
    /// At most so many queries at a time; AWS: 100.
    pub(crate) concurrent: Option<usize>,
}

/// Takes one off a counter, if there is one left.
pub(crate) fn take(counter: &mut u32) -> bool {
    let is_left = *counter > 0;
    *counter = counter.saturating_sub(1);
    is_left
}

/// Whether the `number`-th, counted from 1, is one of every `every`.
pub(crate) fn is_due(every: Option<u64>, number: u64) -> bool {
    every.is_some_and(|every| every > 0 && number.is_multiple_of(every))
}
