//! Exchanges that say the same as one that came before: how many there are, and when.
//!
//! Must not: know in what they are alike.

use crate::model::{Exchange, LogTime};

/// How many there are, and when. All of them have a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeats {
    count: u64,
    first: LogTime,
    last: LogTime,
}

impl Repeats {
    /// None yet.
    pub const NONE: Self = Self { count: 0, first: LogTime(i64::MAX), last: LogTime(i64::MIN) };

    /// Takes one that began and ended at these times.
    pub fn add(&mut self, (first, last): (LogTime, LogTime)) {
        self.count += 1;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Start of the earliest one.
    pub fn first_seen(&self) -> Option<LogTime> {
        (self.count > 0).then_some(self.first)
    }

    /// End of the latest one.
    pub fn last_seen(&self) -> Option<LogTime> {
        (self.count > 0).then_some(self.last)
    }
}

impl Exchange {
    /// When it began and ended, as far as its lines tell.
    pub fn times(&self) -> Option<(LogTime, LogTime)> {
        let one = self.started.or(self.ended)?;
        Some((one, self.ended.unwrap_or(one)))
    }
}
