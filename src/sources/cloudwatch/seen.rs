//! Which events were delivered already, so that overlapping reads deliver each once.
//!
//! Live Tail tells no event ids, so an event is known by where it stands, its two times and its message.
//! A function may well log the same line twice in a millisecond: what one read shows several times is
//! several events, what a further read shows again is none.
//!
//! Must not: grow with the input.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use crate::model::LogTime;
use crate::sources::cloudwatch::event::CloudWatchEvent;

/// Events that are remembered at most; at 5,000 a second these are three minutes. A table for two thirds
/// of that takes as much room.
const MOST: usize = 900_000;

/// One uninterrupted read: a page walk, or one update of a live tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass(u64);

/// Events that were delivered.
#[derive(Debug, Default)]
pub struct Seen {
    hasher: RandomState,
    known: HashMap<u64, Known, foldhash::fast::RandomState>,
    /// Keys with the time of their arrival, oldest first.
    order: VecDeque<(LogTime, u64)>,
    passes: u64,
    /// Until when what arrived was forgotten for lack of room.
    forgotten: Option<LogTime>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// How often it was delivered.
    delivered: u32,
    /// The pass that showed it last, and how often it did.
    pass: u64,
    shown: u32,
    /// When it was shown last.
    arrived: LogTime,
}

impl Seen {
    /// Begins a read.
    pub fn pass(&mut self) -> Pass {
        self.passes += 1;
        Pass(self.passes)
    }

    /// Whether an event is new; it is known from now on.
    pub fn admit(&mut self, event: &CloudWatchEvent, pass: Pass, arrived: LogTime) -> bool {
        let key = self.hasher.hash_one((
            &event.group,
            &event.stream,
            event.time.0,
            event.ingested.map(|time| time.0),
            &event.message,
        ));
        let known = self.known.entry(key).or_insert_with(|| {
            self.order.push_back((arrived, key));
            Known { delivered: 0, pass: 0, shown: 0, arrived }
        });
        if known.pass != pass.0 {
            (known.pass, known.shown) = (pass.0, 0);
        }
        known.shown = known.shown.saturating_add(1);
        known.arrived = arrived;
        let is_new = known.shown > known.delivered;
        known.delivered = known.delivered.max(known.shown);
        if self.order.len() > MOST
            && let Some((arrived, oldest)) = self.order.pop_front()
        {
            self.known.remove(&oldest);
            self.forgotten = self.forgotten.max(Some(arrived));
        }
        is_new
    }

    /// Forgets what was shown last before `time`. An event that is dated into the future is shown by
    /// each read until its time has come.
    pub fn forget_before(&mut self, time: LogTime) {
        while let Some((_, key)) = self.order.pop_front_if(|(arrived, _)| *arrived < time) {
            match self.known.get(&key).map(|known| known.arrived) {
                Some(arrived) if arrived >= time => self.order.push_back((arrived, key)),
                Some(_) | None => drop(self.known.remove(&key)),
            }
        }
    }

    /// Until when what arrived was forgotten for lack of room, if anything was. Events that happened
    /// later are all known, since none arrives before it happens; reading older ones again would
    /// deliver them again.
    pub fn forgotten(&self) -> Option<LogTime> {
        self.forgotten
    }

    /// How many are remembered.
    pub fn remembered(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time: i64, message: &str) -> CloudWatchEvent {
        CloudWatchEvent {
            group: "g".into(),
            stream: "s".into(),
            time: LogTime(time),
            ingested: Some(LogTime(time + 20_000)),
            id: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_second_read_delivers_nothing_again_and_nothing_less() {
        let mut seen = Seen::default();
        let now = LogTime(0);
        let first = seen.pass();
        assert!(seen.admit(&event(1, "a"), first, now));
        // The same line twice in one read are two events.
        assert!(seen.admit(&event(1, "a"), first, now));
        let second = seen.pass();
        assert!(!seen.admit(&event(1, "a"), second, now));
        assert!(!seen.admit(&event(1, "a"), second, now));
        assert!(seen.admit(&event(1, "a"), second, now));
        assert!(seen.admit(&event(2, "a"), second, now));
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut seen = Seen::default();
        let pass = seen.pass();
        for time in 0..10 {
            assert!(seen.admit(&event(time, "a"), pass, LogTime(time)));
        }
        seen.forget_before(LogTime(4));
        assert_eq!(seen.remembered(), 6);
        // What a read shows again is remembered on.
        let pass = seen.pass();
        assert!(!seen.admit(&event(5, "a"), pass, LogTime(20)));
        seen.forget_before(LogTime(10));
        assert_eq!(seen.remembered(), 1);
        let pass = seen.pass();
        assert!(!seen.admit(&event(5, "a"), pass, LogTime(21)));
    }
}
