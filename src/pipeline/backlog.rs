//! Exchanges that are unlike all before them, taken several at a time: what judges and examines them is
//! long and seldom asked, and would have to be fetched anew for each of them, in place of what reads.
//!
//! Must not: hold an exchange that somebody waits for.

use crate::assemble::{Assembler, SlotId};
use crate::model::Exchange;
use crate::pipeline::key::Keys;
use crate::pipeline::memo::{Recalled, Said};
use crate::pipeline::{Analyzer, say};
use crate::report::builder::Judged;

/// How many are taken at a time.
const MOST: usize = 64;

/// Bytes of an exchange that is not made to wait: the backlog is to be small.
const LARGE: usize = 16 << 10;

/// Exchanges of which nothing was said yet.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The first ones wait; those behind them are empty, and lend their buffers.
    exchanges: Vec<Waiting>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    exchange: Exchange,
    keys: Keys,
    said: Option<Recalled>,
}

impl Backlog {
    /// Takes an exchange out of the assembler.
    pub(super) fn take(&mut self, assembler: &mut Assembler, slot: SlotId, keys: Keys) {
        if self.waiting == self.exchanges.len() {
            self.exchanges.push(Waiting::default());
        }
        if let Some(place) = self.exchanges.get_mut(self.waiting) {
            assembler.take(slot, &mut place.exchange);
            place.keys = keys;
            self.waiting += 1;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting >= MOST
    }
}

impl Analyzer<'_> {
    /// Whether nobody waits for what is said of this exchange: not while the input goes on, nor while
    /// somebody looks at exchanges one by one.
    pub(super) fn may_wait(&self, slot: SlotId) -> bool {
        self.arrival.is_none()
            && self.gate.is_none()
            && !self.conclusions.minds_order()
            && self.assembler.exchange(slot).is_some_and(|exchange| exchange.size() <= LARGE)
    }

    /// Judges, examines and diagnoses all that wait, and reports them.
    pub(super) fn catch_up(&mut self) {
        let mut backlog = std::mem::take(&mut self.backlog);
        let waiting = backlog.exchanges.get_mut(..backlog.waiting).unwrap_or_default();
        for Waiting { exchange, keys, said } in &mut *waiting {
            *said = self.memo.recall_by(*keys).or_else(|| {
                exchange.index_headers();
                Some(self.memo.learn(*keys, say(self.rules, exchange)))
            });
        }
        for Waiting { exchange, said, .. } in waiting {
            if let Some(recalled) = said.take()
                && let Some(Said { judgement, findings, .. }) = self.memo.said(&recalled)
            {
                let judged = Judged { exchange, judgement, findings, places: &self.places };
                self.conclusions.take(&judged, &recalled);
            }
            exchange.reset();
        }
        self.backlog = Backlog { waiting: 0, ..backlog };
    }
}
