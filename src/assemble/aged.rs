//! Ids of requests that were let go because their time was up: what comes for them still is late.
//!
//! Must not: grow without end; the older half goes.

use hashbrown::HashSet;

use crate::assemble::Assembler;
use crate::assemble::ripen::Rounds;
use crate::assemble::store::SlotId;
use crate::model::{Invocation, RequestId};

impl Assembler {
    /// An access-log line of an exchange that was let go.
    pub(super) fn count_too_late(&mut self, id: &RequestId) {
        self.counts.late += u64::from(self.is_aged(id));
    }

    /// Whether an exchange of this id was let go because its time was up.
    fn is_aged(&self, id: &RequestId) -> bool {
        let Rounds { aged, aged_before, .. } = &self.rounds;
        let is_in = |set: &HashSet<u64, _>| !set.is_empty() && set.contains(&self.hash(id));
        is_in(aged) || is_in(aged_before)
    }

    /// The same for the exchange of a run.
    pub(super) fn is_of_aged(&self, run: &Invocation) -> bool {
        let gateway = run.event.as_ref().and_then(|event| event.gateway_request_id);
        [gateway, run.id].iter().flatten().any(|id| self.is_aged(id))
    }

    pub(super) fn remember(&mut self, slot: SlotId) {
        let Some(exchange) = self.store.exchange(slot) else { return };
        let ids = [exchange.request_id.filter(|id| !id.is_shared()), exchange.lambda_request_id];
        for id in ids.into_iter().flatten() {
            let hash = self.hash(&id);
            self.rounds.aged.insert(hash);
        }
    }

    /// Makes room for further ids.
    pub(super) fn forget_ids(&mut self) {
        if self.finished.len() >= self.settings.max_finished_ids / 2 {
            self.rounds.finished_before = std::mem::take(&mut self.finished);
        }
        if self.rounds.aged.len() >= self.settings.max_finished_ids / 4 {
            self.rounds.aged_before = std::mem::take(&mut self.rounds.aged);
        }
    }
}
