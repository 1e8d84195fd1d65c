//! Which events of a batch are missing between others that were read.
//!
//! Ids number the events of one batch, which is of one stream and in order of time. So an event whose
//! neighbors on both sides were read, and which was not, is not there: not visible yet, or lost.
//!
//! Must not: grow with the input.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::sources::cloudwatch::event::{CloudWatchEvent, EventId};

/// Batches that are watched at a time; a page holds far fewer.
const WATCHED: usize = 4096;

/// Batches of which events were read.
#[derive(Debug, Default)]
pub struct Batches {
    watched: HashMap<u64, Batch, RandomState>,
    order: VecDeque<u64>,
    missing: u64,
}

#[derive(Debug, Clone, Copy)]
struct Batch {
    first: u16,
    last: u16,
    count: u64,
}

impl Batch {
    fn missing(self) -> u64 {
        (u64::from(self.last - self.first) + 1).saturating_sub(self.count)
    }
}

impl Batches {
    /// Takes an event that was not read before.
    pub fn add(&mut self, event: &CloudWatchEvent) {
        let Some(EventId::Structured { batch, index, .. }) = event.id else { return };
        let known = self.watched.entry(batch).or_insert_with(|| {
            self.order.push_back(batch);
            Batch { first: index, last: index, count: 0 }
        });
        known.first = known.first.min(index);
        known.last = known.last.max(index);
        known.count += 1;
        if self.order.len() > WATCHED
            && let Some(oldest) = self.order.pop_front()
        {
            self.missing += self.watched.remove(&oldest).map_or(0, Batch::missing);
        }
    }

    /// Events that are missing between others.
    pub fn missing(&self) -> u64 {
        // A sum: the order in which they are added is nothing.
        self.missing + self.watched.values().map(|batch| batch.missing()).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LogTime;

    fn event(batch: u64, index: u16) -> CloudWatchEvent {
        CloudWatchEvent {
            group: "g".into(),
            stream: "s".into(),
            time: LogTime(0),
            ingested: None,
            id: Some(EventId::Structured { time: LogTime(0), ingested: LogTime(0), batch, index }),
            message: String::new(),
        }
    }

    #[test]
    fn only_what_is_missing_between_others_is_missing() {
        let mut batches = Batches::default();
        for (batch, index) in [(1, 4), (1, 5), (1, 8), (2, 0), (3, 9), (3, 7), (3, 8)] {
            batches.add(&event(batch, index));
        }
        assert_eq!(batches.missing(), 2);
    }

    #[test]
    fn batches_that_are_long_gone_are_counted_too() {
        let mut batches = Batches::default();
        for batch in 0..2 * WATCHED as u64 {
            batches.add(&event(batch, 0));
            batches.add(&event(batch, 2));
        }
        assert_eq!(batches.missing(), 2 * WATCHED as u64);
        assert!(batches.watched.len() <= WATCHED);
    }
}
