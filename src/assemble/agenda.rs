//! When exchanges are to be looked at again, by the time at which their lines arrived.
//!
//! Only an analysis that is advanced has an agenda; a finished export needs none.
//!
//! Must not: read a clock; times of arrival are passed in.

use std::cmp::Reverse;
use std::time::Duration;

use crate::assemble::store::{SlotId, Store};
use crate::model::LogTime;

/// How long a live analysis waits, by the time of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For lines that come in disorder, after the last line of an exchange that is complete.
    pub settle: Duration,
    /// For lines of other logs, after the last line of an exchange that is complete.
    pub join: Duration,
    /// For the next line of an exchange that is not complete.
    pub end: Duration,
    /// For late lines, after an exchange was told.
    pub amend: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(500),
            join: Duration::from_secs(15),
            // A gateway waits 29 seconds for its integration, and logs arrive up to 50 seconds late.
            end: Duration::from_mins(2),
            amend: Duration::from_mins(5),
        }
    }
}

impl Patience {
    /// For further late lines, after one.
    fn pause(&self) -> Duration {
        self.join.min(Duration::from_secs(2))
    }
}

/// The arrival of what is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// In milliseconds; never goes back.
    pub now: i64,
    pub settle: i64,
    pub join: i64,
    pub end: i64,
    pub amend: i64,
    pub pause: i64,
}

impl Arrival {
    pub(super) fn new(now: LogTime, patience: &Patience) -> Self {
        let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX >> 2);
        let Patience { settle, join, end, amend } = *patience;
        let settle = ms(settle);
        // What waits for its end has to wait longer than what has ended.
        let (join, end) = (ms(join), ms(end.max(join)));
        Self { now: now.0, settle, join, end, amend: ms(amend), pause: ms(patience.pause()) }
    }

    /// Whether so much time went by.
    pub(super) fn is_past(&self, since: i64, patience: i64) -> bool {
        since.saturating_add(patience) <= self.now
    }
}

/// Where an exchange is on its way to be told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stage {
    /// When its last line arrived.
    pub arrived: i64,
    /// Whether it is complete, and waits for other logs.
    pub is_held: bool,
    /// Whether its end was read, and nothing was decided about it for good.
    pub is_settling: bool,
    /// When it was told.
    pub told: Option<i64>,
    /// Whether something arrived since.
    pub is_dirty: bool,
    /// Its entry in the agenda that counts.
    due: Option<i64>,
}

impl Stage {
    /// When it is to be looked at.
    fn due(&self, arrival: &Arrival) -> i64 {
        let (since, patience) = match self.told {
            Some(_) if self.is_dirty => (self.arrived, arrival.pause),
            Some(told) => (told, arrival.amend),
            None if self.is_settling => (self.arrived, arrival.settle),
            None if self.is_held => (self.arrived, arrival.join),
            None => (self.arrived, arrival.end),
        };
        since.saturating_add(patience)
    }
}

impl Store {
    /// Time goes on. What is there already arrives with the first call.
    pub(super) fn set_arrival(&mut self, arrival: Arrival) {
        let is_first = self.arrival.is_none();
        self.arrival = Some(arrival);
        if is_first {
            let slots: Vec<SlotId> = self.all().collect();
            for slot in slots {
                self.arrived(slot);
            }
        }
    }

    /// A line of an exchange arrives.
    pub(super) fn arrived(&mut self, slot: SlotId) {
        let Some(arrival) = self.arrival else { return };
        let Some(stage) = self.stage_mut(slot) else { return };
        stage.arrived = arrival.now;
        let becomes_dirty = stage.told.is_some() && !stage.is_dirty;
        stage.is_dirty |= becomes_dirty;
        if becomes_dirty || stage.due.is_none() {
            self.schedule(slot);
        }
    }

    /// The end of an exchange was read. More lines may come: none of its logs promises an order.
    pub(super) fn settle_later(&mut self, slot: SlotId) {
        let Some(stage) = self.stage_mut(slot) else { return };
        if !stage.is_held && !stage.is_settling {
            stage.is_settling = true;
            self.schedule(slot);
        }
    }

    /// Enters a slot into the agenda, after what decides about its time has changed.
    pub(super) fn schedule(&mut self, slot: SlotId) {
        let Some(arrival) = self.arrival else { return };
        let Some(stage) = self.stage_mut(slot) else { return };
        let due = stage.due(&arrival);
        if stage.due != Some(due) {
            stage.due = Some(due);
            self.agenda.push(Reverse((due, slot)));
        }
        if self.agenda.len() > 1024 + 4 * self.len() {
            let agenda = std::mem::take(&mut self.agenda);
            let counts = |(due, slot): &(i64, SlotId)| {
                self.stage(*slot).is_some_and(|stage| stage.due == Some(*due))
            };
            self.agenda = agenda.into_iter().filter(|Reverse(entry)| counts(entry)).collect();
        }
    }

    /// The slots whose time has come, each once. Each is to be told, removed or scheduled anew.
    pub(super) fn take_due(&mut self) -> Vec<SlotId> {
        let mut found = Vec::new();
        let Some(arrival) = self.arrival else { return found };
        while let Some(Reverse((due, slot))) = self.agenda.peek().copied() {
            if due > arrival.now {
                break;
            }
            self.agenda.pop();
            let Some(stage) = self.stage_mut(slot).filter(|stage| stage.due == Some(due)) else {
                continue;
            };
            stage.due = None;
            if stage.due(&arrival) > arrival.now {
                // Lines came since.
                self.schedule(slot);
            } else {
                found.push(slot);
            }
        }
        found
    }
}
