//! An analysis while its input goes on: exchanges ripen, and are told before the end.
//!
//! Must not: change what the report says at the end.

use crate::assemble::{Patience, Ripe, SlotId, Waiting};
use crate::model::{Exchange, LogTime, Ticket};
use crate::pipeline::memo::{Recalled, Said};
use crate::pipeline::{Analyzer, Join, Telling, say, shows_execution};
use crate::report::builder::Judged;

/// How far a live analysis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events read.
    pub events: u64,
    /// Events that came too late for what was told of their exchange.
    pub late: u64,
    /// Requests to the source that were throttled.
    pub throttled: u64,
    /// What waits.
    pub waiting: Waiting,
}

impl Analyzer<'_> {
    /// What is pushed from now on arrives at `now`, by the clock of whoever calls; tells what has
    /// ripened since. To be called with each batch, and about once a second without one. A finished
    /// export is never advanced.
    pub fn advance(&mut self, now: LogTime, patience: &Patience) {
        let now = self.arrival.map_or(now, |before| before.max(now));
        self.arrival = Some(now);
        let ripe = self.assembler.advance(now, patience);
        self.take(ripe);
        self.shed();
        self.conclusions.tell(|observer| observer.advanced(now));
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress {
            events: self.ledger.events,
            late: self.assembler.counts().late,
            throttled: self.ledger.throttled,
            waiting: self.assembler.waiting(),
        }
    }

    /// Whether the observer failed: what follows is told to nobody.
    pub fn has_failed(&self) -> bool {
        self.conclusions.has_failed()
    }

    /// Lets go of what the bound on bytes has no room for.
    pub(super) fn shed(&mut self) {
        if self.arrival.is_some() {
            let ripe = self.assembler.shed();
            self.take(ripe);
            return;
        }
        while let Some(slot) = self.assembler.overflow() {
            self.settle(slot);
        }
    }

    fn take(&mut self, ripe: Vec<Ripe>) {
        for ripe in ripe {
            match ripe {
                Ripe::Preview { ticket, replaces, exchange } => {
                    self.preview((ticket, replaces), &exchange);
                }
                Ripe::Complete(slot) => self.show(slot),
                Ripe::Over(slot) => self.decide(slot),
                Ripe::Final(slot) => self.settle(slot),
                Ripe::Withdrawn(ticket) => {
                    self.conclusions.tell(|observer| observer.withdrawn(ticket));
                }
            }
        }
    }

    /// Tells an exchange that is complete, unless a line of another log could change the answer.
    fn show(&mut self, slot: SlotId) {
        let Some((join, _)) = self.join(slot) else { return };
        if join != Join::Nothing {
            return self.hold(slot, join);
        }
        self.assembler.shown(slot);
        let Some(tickets) = self.assembler.ticket(slot) else { return };
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        let mut exchange = exchange.clone();
        if exchange.access.is_some() && shows_execution(&exchange) {
            exchange.drop_access();
        }
        self.preview(tickets, &exchange);
    }

    fn preview(&mut self, (ticket, replaces): (Ticket, Option<Ticket>), exchange: &Exchange) {
        let rules = self.rules;
        let recalled = match self.memo.recall(exchange) {
            Ok(recalled) => recalled,
            Err(keys) => self.memo.learn(keys, say(rules, exchange)),
        };
        let Some(said) = self.memo.said(&recalled) else { return };
        let Said { judgement, findings, .. } = said;
        let places = &self.places;
        let judged = Judged { exchange, judgement, findings, places };
        let at = self.arrival.unwrap_or(LogTime(0));
        let telling = Telling { ticket, replaces, judged, at, is_final: false };
        self.conclusions.tell(|observer| observer.told(&telling));
    }

    /// Tells an exchange that is about to be let go.
    pub(super) fn tell(&mut self, slot: SlotId, recalled: &Recalled) {
        let Some(tickets) = self.assembler.ticket(slot) else { return };
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        let Some(said) = self.memo.said(recalled) else { return };
        let Said { judgement, findings, .. } = said;
        let judged = Judged { exchange, judgement, findings, places: &self.places };
        let (ticket, replaces) = tickets;
        let at = self.arrival.unwrap_or(LogTime(0));
        let telling = Telling { ticket, replaces, judged, at, is_final: true };
        self.conclusions.tell(|observer| observer.told(&telling));
    }
}
