//! What was asked, how it went, and what was handed out.
//!
//! Must not: decide anything.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::world::{Event, Key};

/// How a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Throttled,
    Denied,
    Expired,
    /// Any other error, by its code.
    Failed(&'static str),
}

impl Outcome {
    pub(crate) fn of(code: &'static str) -> Self {
        match code {
            "ThrottlingException" => Self::Throttled,
            "AccessDeniedException" => Self::Denied,
            "ExpiredTokenException" => Self::Expired,
            other => Self::Failed(other),
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Since the fake was started.
    pub(crate) at: Duration,
    pub(crate) operation: String,
    /// The log groups it was about, as far as the request names them.
    pub(crate) groups: Vec<String>,
    pub(crate) outcome: Outcome,
}

/// What is written down.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) calls: Vec<Call>,
    /// Events that each operation handed out.
    pub(crate) delivered: BTreeMap<&'static str, Delivered>,
    /// Events that live tails withheld: sampled, and dropped since nobody read.
    pub(crate) sampled: u64,
    pub(crate) dropped: u64,
    /// Calls that passed in the last second, by operation.
    recent: BTreeMap<String, VecDeque<Duration>>,
}

/// Distinct events.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    events: HashSet<(Arc<str>, Key)>,
    forgotten: usize,
}

impl Delivered {
    pub(crate) fn add(&mut self, event: &Event) {
        self.events.insert((Arc::clone(&event.group), event.key));
    }

    pub(crate) fn count(&self) -> usize {
        self.forgotten + self.events.len()
    }

    pub(crate) fn forget_before(&mut self, timestamp: i64) {
        let before = self.events.len();
        self.events.retain(|(_, key)| key.timestamp >= timestamp);
        self.forgotten += before - self.events.len();
    }
}

const SECOND: Duration = Duration::from_secs(1);

impl Record {
    /// Whether the quota of an operation has room for one more call, which then counts.
    pub(crate) fn has_room(&mut self, operation: &str, quota: usize, at: Duration) -> bool {
        let recent = self.recent.entry(operation.to_owned()).or_default();
        while recent.front().is_some_and(|first| *first + SECOND <= at) {
            recent.pop_front();
        }
        let has_room = recent.len() < quota;
        if has_room {
            recent.push_back(at);
        }
        has_room
    }

    /// The most calls of an operation within any second, throttled ones included.
    pub(crate) fn most_per_second(&self, operation: &str) -> usize {
        let times = self.calls.iter().filter(|call| call.operation == operation);
        let (mut window, mut most) = (VecDeque::new(), 0);
        for at in times.map(|call| call.at) {
            while window.front().is_some_and(|first| *first + SECOND <= at) {
                window.pop_front();
            }
            window.push_back(at);
            most = most.max(window.len());
        }
        most
    }
}
