//! Exchanges that are complete, and that no other log can change, while the input goes on: they stay for
//! a while, since no log promises an order.
//!
//! Must not: join anything to them.

use crate::assemble::Assembler;
use crate::assemble::agenda::Arrival;
use crate::assemble::ripen::Ripe;
use crate::assemble::store::SlotId;

impl Assembler {
    /// Keeps an exchange that is complete, and that no other log can change, for lines that come in
    /// disorder. False if nobody says when time goes on: then no line is waited for.
    pub fn settle_later(&mut self, slot: SlotId) -> bool {
        self.store.settle_later(slot);
        self.store.arrival.is_some()
    }

    /// An exchange that is complete was told. It stays for lines that come in disorder.
    pub fn shown(&mut self, slot: SlotId) {
        let Some(arrival) = self.store.arrival else { return };
        if let Some(stage) = self.store.stage_mut(slot) {
            stage.told = Some(arrival.now);
            stage.is_dirty = false;
        }
        self.store.schedule(slot);
    }

    /// The input ended: exchanges whose end was read and about which nothing was decided for good.
    pub fn settling(&mut self) -> Vec<SlotId> {
        let slots: Vec<SlotId> = self.store.all().filter(|slot| self.is_settling(*slot)).collect();
        for slot in &slots {
            self.finish_execution(*slot);
        }
        slots
    }

    pub(super) fn is_settling(&self, slot: SlotId) -> bool {
        self.store.stage(slot).is_some_and(|stage| stage.is_settling)
    }

    /// What is to be done with an exchange whose end was read. Its functions are not asked: where they
    /// could change the answer, it will be held.
    pub(super) fn complete(&mut self, slot: SlotId, arrival: &Arrival) -> Option<Ripe> {
        self.finish_execution(slot);
        let stage = self.store.stage(slot)?;
        Some(match stage.told {
            Some(told) if !stage.is_dirty && arrival.is_past(told, arrival.amend) => {
                Ripe::Over(slot)
            }
            Some(_) | None => Ripe::Complete(slot),
        })
    }
}
