//! Exchanges: records that share a request id → one exchange.
//!
//! Push-based, so a finished export and a live tail run the same code. What is kept is bounded by
//! bytes, not by the input; what a bound pushes out is handed on and counted.
//!
//! Must not: judge, or read a clock.

mod access;
mod aged;
mod agenda;
mod execution;
mod failure;
mod finished;
mod integration;
mod invocations;
mod link;
mod passing;
mod ripen;
mod run;
mod settling;
mod store;

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashMap;

use crate::model::{
    Entry, Exchange, LambdaLine, LineKind, LogEvent, LogTime, PlaceId, Record, RequestId, Ticket,
};

pub use agenda::Patience;
pub use ripen::{Ripe, Waiting};
pub use store::SlotId;

use finished::FinishedIds;
use invocations::Invocations;
use store::Store;

/// Bounds of what is kept.
#[derive(Debug, Clone, Copy)]
pub struct AssembleSettings {
    /// Bytes of exchanges that are open or wait for a join.
    pub max_exchange_bytes: usize,
    /// Bytes of invocations that wait for a join.
    pub max_invocation_bytes: usize,
    /// Request ids of finished exchanges that are remembered, to tell late lines.
    pub max_finished_ids: usize,
    /// Lines that are kept only where somebody asks for them.
    pub keep: Keep,
}

/// Kinds of lines that no verdict needs, and that are kept only where a rule asks for them:
/// `Endpoint request headers`, `Endpoint response headers` of runs that did not fail, `Endpoint
/// response body` of failed exchanges that wait for a join, and what applications write in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep(u32);

impl Keep {
    /// Whether lines of this kind are to be kept.
    pub fn has(self, kind: LineKind) -> bool {
        self.0 >> kind as u32 & 1 == 1
    }
}

impl FromIterator<LineKind> for Keep {
    fn from_iter<T: IntoIterator<Item = LineKind>>(kinds: T) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u32))
    }
}

impl Default for AssembleSettings {
    fn default() -> Self {
        Self {
            max_exchange_bytes: 20 << 20,
            max_invocation_bytes: 12 << 20,
            max_finished_ids: 1 << 20,
            keep: Keep::default(),
        }
    }
}

/// What assembling adds to the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AssembleCounts {
    /// Lines that came after their exchange had been let go, or told.
    pub late: u64,
    /// Exchanges and invocations that a bound pushed out before the input ended, or they were told.
    pub unjoined: u64,
    /// Invocations seen.
    pub invocations: u64,
}

/// Joins records to exchanges.
///
/// `push` names the exchange that a line completed. The caller judges it and then either lets it go
/// ([`Assembler::release`]) or keeps it for a later join ([`Assembler::hold`]).
pub struct Assembler {
    settings: AssembleSettings,
    store: Store,
    invocations: Invocations,
    /// Finished requests.
    finished: FinishedIds,
    hasher: foldhash::fast::RandomState,
    /// Failed exchanges that wait for nothing but the function's own words, by end and id.
    for_evidence: BTreeSet<(Option<LogTime>, Option<RequestId>, SlotId)>,
    counts: AssembleCounts,
    rounds: ripen::Rounds,
    /// Runs that were told by themselves, by the exchanges that they turned out to belong to.
    replaced: HashMap<SlotId, Ticket, foldhash::fast::RandomState>,
}

/// How many exchanges wait for evidence alone: the earliest, for the report shows the earliest.
const MAX_FOR_EVIDENCE: usize = 200;

impl Assembler {
    /// An empty assembler.
    pub fn new(settings: AssembleSettings) -> Self {
        Self {
            settings,
            store: Store::default(),
            invocations: Invocations::default(),
            // Its first size is that of a common export, so that memory does not follow the input.
            finished: FinishedIds::with_room(100_000),
            hasher: foldhash::fast::RandomState::default(),
            for_evidence: BTreeSet::new(),
            counts: AssembleCounts::default(),
            rounds: ripen::Rounds::default(),
            replaced: HashMap::default(),
        }
    }

    /// Takes one record; names the exchange that it completes.
    pub fn push(&mut self, event: &LogEvent<'_>, record: Record<'_>) -> Option<SlotId> {
        match record.entry {
            Entry::Execution(line) => self.push_execution(event, record.id, &line),
            Entry::Access(access) => self.push_access(event, access),
            Entry::Lambda(id, line) => {
                self.push_lambda(event, id, line);
                None
            }
            Entry::Har(har) => {
                let slot = self.store.create(None);
                self.store.touch(slot, event);
                let exchange = self.store.exchange_mut(slot)?;
                access::apply_har(exchange, har);
                Some(slot)
            }
            Entry::Other => {
                self.invocations.push_unknown(event);
                if self.settings.keep.has(LineKind::Application)
                    && self.is_running(event.position.place)
                {
                    let line = LambdaLine::Application { event: None, response: None };
                    self.push_lambda(event, None, line);
                }
                if let Some(slot) = record.id.and_then(|id| self.store.find(id)) {
                    self.store.touch(slot, event);
                }
                None
            }
            Entry::Probe => None,
        }
    }

    /// Whether a function runs in a place: lines there that nobody knows are what it printed.
    pub fn is_running(&self, place: PlaceId) -> bool {
        self.invocations.is_running(place)
    }

    /// An exchange that is open or held.
    pub fn exchange(&self, slot: SlotId) -> Option<&Exchange> {
        self.store.exchange(slot)
    }

    /// Keeps a completed exchange for lines and joins that may still come.
    pub fn hold(&mut self, slot: SlotId) {
        if let Some(exchange) = self.store.exchange_mut(slot) {
            access::settle(exchange);
        }
        self.store.hold(slot, self.settings.keep);
    }

    /// Forgets what an access-log line said of an exchange that no line can change any more: the
    /// report must not depend on whether it came before.
    pub fn drop_access(&mut self, slot: SlotId) {
        if let Some(exchange) = self.store.exchange_mut(slot) {
            exchange.drop_access();
        }
    }

    /// Keeps a completed exchange to which the function's own log can only add evidence. Few are
    /// kept, the earliest, whatever the order of the input; names one to let go in exchange.
    pub fn hold_for_evidence(&mut self, slot: SlotId) -> Option<SlotId> {
        self.store.hold(slot, self.settings.keep);
        if self.store.arrival.is_some() {
            // It waits some seconds, not for the end of the input.
            return None;
        }
        let exchange = self.store.exchange(slot)?;
        self.for_evidence.insert((exchange.ended, exchange.request_id, slot));
        if self.for_evidence.len() <= MAX_FOR_EVIDENCE {
            return None;
        }
        let (ended, id, slot) = self.for_evidence.pop_last()?;
        let exchange = self.store.exchange(slot)?;
        // A slot that serves another exchange by now was let go by the bound on bytes.
        if exchange.request_id != id || exchange.ended != ended {
            return None;
        }
        self.drop_access(slot);
        Some(slot)
    }

    /// Lets an exchange go; its id is remembered.
    pub fn release(&mut self, slot: SlotId) {
        let ids = self.store.exchange(slot).map(|exchange| {
            // A run that failed is told of with its request, and not once more by itself.
            let run = exchange.lambda_request_id.filter(|_| exchange.failure.is_some());
            [run, exchange.request_id.filter(|id| !id.is_shared())]
        });
        for id in ids.into_iter().flatten().flatten() {
            if self.finished.len() < self.settings.max_finished_ids {
                let hash = self.hash(&id);
                self.finished.insert(hash);
                self.store.gone = Some(id);
            }
        }
        if !self.replaced.is_empty() {
            self.replaced.remove(&slot);
        }
        self.store.remove(slot);
    }

    /// Whether the bound on kept exchanges is passed.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.store.bytes() > self.settings.max_exchange_bytes
    }

    /// If the bound on kept exchanges is passed, an exchange to let go, the one that was not touched for
    /// longest. It is joined with what is there.
    pub fn overflow(&mut self) -> Option<SlotId> {
        if !self.is_full() {
            return None;
        }
        let slot = self.store.oldest()?;
        self.counts.unjoined += 1;
        self.finish_exchange(slot);
        Some(slot)
    }

    /// The input ended: joins what can be joined, and names all that is left, in no particular
    /// order. Runs that no gateway line mentions become exchanges of their own.
    pub fn finish(&mut self) -> Vec<SlotId> {
        self.join_all()
    }

    /// What assembling adds to the ledger.
    pub fn counts(&self) -> AssembleCounts {
        AssembleCounts { invocations: self.invocations.seen(), ..self.counts }
    }

    /// Whether an exchange of this id was let go.
    fn is_finished(&self, id: &impl Hash) -> bool {
        let hash = self.hash(id);
        self.finished.contains(hash) || self.rounds.finished_before.contains(hash)
    }

    /// The same for an id and for its text.
    fn hash(&self, id: &impl Hash) -> u64 {
        self.hasher.hash_one(id)
    }
}
