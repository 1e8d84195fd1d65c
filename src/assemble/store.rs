//! The exchanges that are open or held, by request id.
//!
//! Must not: know what a line means.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use hashbrown::{Equivalent, HashMap};

use crate::assemble::Keep;
use crate::assemble::agenda::{Arrival, Stage};
use crate::assemble::passing::Passing;
use crate::model::{
    Adds, Exchange, IdText, LineKind, LogEvent, PlaceId, RequestId, Surface, Ticket,
};

/// An exchange in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(u32);

/// What is known of an exchange while its lines come in, beside the exchange itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Between `Starting authorizer` and `Verifying Usage Plan`, where labels mean the authorizer.
    pub authorizer_phase: bool,
    /// Where the first line of the execution log that was read stands.
    pub first_read: FirstRead,
    /// What was seen of the request's beginning, middle and end.
    pub seen: Seen,
    /// What `Endpoint response headers` say of the run.
    pub function_error: bool,
    /// The authorizer's policy denies.
    pub denied: bool,
    /// The function's run, as a line behind the end of the request names it.
    pub run: Option<RequestId>,
    /// Which lines add nothing.
    pub passing: Passing,
}

/// Which line of a request's execution log was read first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FirstRead {
    /// None yet.
    #[default]
    Nothing,
    /// One of its beginning, or of its middle.
    Beginning,
    /// One of its end: the input is newest first, or out of order.
    End,
}

/// Landmarks of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// A line that stands at the beginning.
    pub begin: bool,
    /// `Method completed`, or a refusal that is never completed.
    pub end: bool,
    /// `Successfully completed execution`, or `Method response headers`.
    pub success: bool,
}

#[derive(Debug, Default)]
struct Slot {
    exchange: Exchange,
    progress: Progress,
    /// Number of the event that created it.
    born: u64,
    /// Number of the last event that touched it.
    touched: u64,
    /// Bytes that it is counted with.
    bytes: usize,
    used: bool,
    /// Whether an access-log line is the first one so far, and the last one.
    begun_by_access: bool,
    ended_by_access: bool,
    /// Tells it from others that had the slot.
    serial: u64,
    stage: Stage,
}

impl Slot {
    #[inline]
    fn widen(&mut self, event: &LogEvent<'_>, is_access: bool) {
        let exchange = &mut self.exchange;
        // Nearly all lines come in order, and none of an access log was first.
        if let (Some(time), Some(ended), Some(_)) = (event.time, exchange.ended, exchange.position)
            && time >= ended
            && !is_access
            && !self.begun_by_access
        {
            exchange.ended = Some(time);
            exchange.end_position = Some(event.position);
            self.ended_by_access = false;
        } else {
            self.widen_any(event, is_access);
        }
    }

    /// The same for any line.
    #[inline(never)]
    fn widen_any(&mut self, event: &LogEvent<'_>, is_access: bool) {
        let exchange = &mut self.exchange;
        let is_first = exchange.position.is_none();
        let begins = match (event.time, exchange.started) {
            (Some(time), Some(started)) if time != started => time < started,
            _ => self.begun_by_access && !is_access,
        };
        if is_first || begins {
            exchange.position = Some(event.position);
            self.begun_by_access = is_access;
        }
        let ends = match (event.time, exchange.ended) {
            (Some(time), Some(ended)) if time != ended => time > ended,
            _ => self.ended_by_access || !is_access,
        };
        if is_first || ends {
            exchange.end_position = Some(event.position);
            self.ended_by_access = is_access;
        }
        if let Some(time) = event.time {
            exchange.started = Some(exchange.started.map_or(time, |started| started.min(time)));
            exchange.ended = Some(exchange.ended.map_or(time, |ended| ended.max(time)));
        }
    }
}

/// All open and held exchanges.
#[derive(Default)]
pub(super) struct Store {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_id: HashMap<RequestId, SlotId, foldhash::fast::RandomState>,
    /// Slots with their births, those not touched for longest at the front; checked when taken.
    by_age: VecDeque<(u64, SlotId)>,
    /// The same, older ones: nothing came for them for long, and they hold no more than they need.
    stale: VecDeque<(u64, SlotId)>,
    /// The exchange without an id on its lines that is going on in a place, with its birth.
    current: HashMap<PlaceId, SlotId, foldhash::fast::RandomState>,
    /// The last answer of [`Self::find`], or the exchange that was created since.
    last: Option<(RequestId, SlotId)>,
    /// The id that was let go last and is remembered as such, while no exchange has it.
    pub(super) gone: Option<RequestId>,
    clock: u64,
    bytes: usize,
    /// The arrival of what is being read; `None` where nobody tells.
    pub(super) arrival: Option<Arrival>,
    /// When slots are to be looked at next; entries of slots that say otherwise are stale.
    pub(super) agenda: BinaryHeap<Reverse<(i64, SlotId)>>,
}

/// What an exchange in flight is counted with: its buffers are shared with those before it.
const IN_FLIGHT: usize = 4 << 10;
/// Lines after which an exchange that none of them touched will hardly go on.
const STALE: u64 = 1 << 16;

impl Store {
    /// A new exchange that no line has touched yet.
    pub(super) fn create(&mut self, id: Option<RequestId>) -> SlotId {
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let slot = SlotId(number);
        let born = self.clock + 1;
        if let Some(entry) = self.slots.get_mut(number as usize) {
            entry.used = true;
            entry.born = born;
            entry.progress = Progress::default();
            entry.begun_by_access = false;
            entry.ended_by_access = false;
            entry.exchange.request_id = id;
            entry.bytes = IN_FLIGHT;
            self.bytes += IN_FLIGHT;
            entry.serial = born;
            entry.stage = Stage::default();
        }
        if self.arrival.is_some() {
            self.arrived(slot);
        }
        self.by_age.push_back((born, slot));
        if self.by_age.len() + self.stale.len() > 1024 + 2 * self.len() {
            self.forget_removed();
        }
        self.shrink_stale();
        if let Some(id) = id.filter(|id| !id.is_shared()) {
            self.by_id.insert(id, slot);
            self.last = Some((id, slot));
            self.gone = self.gone.filter(|gone| *gone != id);
        }
        slot
    }

    /// The exchange with this request id. Lines of one request often stand together, so the last
    /// answer is tried first.
    #[inline]
    pub(super) fn find(&mut self, id: IdText<'_>) -> Option<SlotId> {
        match &self.last {
            Some((last, slot)) if id.equivalent(last) => Some(*slot),
            Some(_) | None => self.find_other(id),
        }
    }

    /// Whether this is the id of the exchange that was let go last.
    #[inline]
    pub(super) fn is_gone(&self, id: IdText<'_>) -> bool {
        self.gone.as_ref().is_some_and(|gone| id.equivalent(gone))
    }

    #[inline(never)]
    fn find_other(&mut self, id: IdText<'_>) -> Option<SlotId> {
        let (id, slot) = self.by_id.get_key_value(&id)?;
        self.last = Some((*id, *slot));
        Some(*slot)
    }

    /// Names an exchange that had no id; false if the id is taken.
    pub(super) fn name(&mut self, slot: SlotId, id: RequestId) -> bool {
        if let Some(exchange) = self.exchange_mut(slot) {
            exchange.request_id = Some(id);
        }
        self.gone = self.gone.filter(|gone| *gone != id);
        id.is_shared() || *self.by_id.entry(id).or_insert(slot) == slot
    }

    /// The exchange that lines without an id belong to in this place.
    pub(super) fn current(&self, place: PlaceId) -> Option<SlotId> {
        self.current.get(&place).copied()
    }

    /// Sets the exchange that lines without an id belong to in this place.
    pub(super) fn set_current(&mut self, place: PlaceId, slot: SlotId) {
        self.current.insert(place, slot);
    }

    /// Whether the end of the exchange was seen.
    pub(super) fn has_ended(&self, slot: SlotId) -> bool {
        self.slots.get(slot.0 as usize).is_some_and(|entry| entry.progress.seen.end)
    }

    /// Whether nothing but the result of a test call was read of it.
    pub(super) fn is_test_without_log(&self, slot: SlotId) -> bool {
        self.slots.get(slot.0 as usize).is_some_and(|entry| {
            let seen = entry.progress.seen;
            entry.exchange.surface == Surface::TestInvoke && !seen.begin && !seen.end
        })
    }

    /// Widens the exchange's time by this event.
    #[inline]
    pub(super) fn touch(&mut self, slot: SlotId, event: &LogEvent<'_>) {
        self.clock += 1;
        let clock = self.clock;
        let Some(entry) = self.slots.get_mut(slot.0 as usize) else { return };
        entry.touched = clock;
        entry.widen(event, false);
        if self.arrival.is_some() {
            self.arrived(slot);
        }
    }

    /// Takes a line that can add no more than this, if that adds nothing: it does no more than
    /// [`Self::touch`].
    #[inline]
    pub(super) fn pass(&mut self, slot: SlotId, event: &LogEvent<'_>, adds: Adds) -> bool {
        let entry = self.slots.get_mut(slot.0 as usize);
        let Some(entry) = entry.filter(|entry| entry.progress.passing.has(adds)) else {
            return false;
        };
        self.clock += 1;
        entry.touched = self.clock;
        entry.widen(event, false);
        true
    }

    /// The id that was found last.
    #[inline]
    pub(super) fn last_id(&self) -> Option<&RequestId> {
        self.last.as_ref().map(|(id, _)| id)
    }

    /// Its exchange.
    #[inline]
    pub(super) fn last_slot(&self) -> Option<SlotId> {
        self.last.as_ref().map(|(_, slot)| *slot)
    }

    /// As [`Self::touch`] for an access-log line: it says where the exchange stands only as far as no
    /// execution log does, whichever is read first.
    pub(super) fn touch_access(&mut self, slot: SlotId, event: &LogEvent<'_>) {
        self.clock += 1;
        let clock = self.clock;
        let Some(entry) = self.slots.get_mut(slot.0 as usize) else { return };
        entry.touched = clock;
        entry.widen(event, true);
        if self.arrival.is_some() {
            self.arrived(slot);
        }
    }

    pub(super) fn exchange(&self, slot: SlotId) -> Option<&Exchange> {
        self.slots.get(slot.0 as usize).filter(|entry| entry.used).map(|entry| &entry.exchange)
    }

    pub(super) fn exchange_mut(&mut self, slot: SlotId) -> Option<&mut Exchange> {
        self.both(slot).map(|(exchange, _)| exchange)
    }

    /// The exchange and its progress.
    #[inline]
    pub(super) fn both(&mut self, slot: SlotId) -> Option<(&mut Exchange, &mut Progress)> {
        let entry = self.slots.get_mut(slot.0 as usize).filter(|entry| entry.used)?;
        Some((&mut entry.exchange, &mut entry.progress))
    }

    /// Counts what an exchange holds, after it was compacted.
    pub(super) fn hold(&mut self, slot: SlotId, keep: Keep) {
        if let Some(entry) = self.slots.get_mut(slot.0 as usize).filter(|entry| entry.used) {
            let run = entry.progress.run.take();
            entry.exchange.lambda_request_id = entry.exchange.lambda_request_id.or(run);
            // Where the failure is known, its own lines and the request's tell enough.
            let known = entry.exchange.failure.is_some();
            entry.exchange.compact(|kind| !known || !is_bulky(kind) || keep.has(kind));
            self.bytes -= entry.bytes;
            entry.bytes = entry.exchange.size();
            self.bytes += entry.bytes;
            entry.stage.is_held = true;
            entry.stage.is_settling = false;
        }
        if self.arrival.is_some() {
            self.schedule(slot);
        }
    }

    /// Forgets an exchange; its buffers serve the next one.
    pub(super) fn remove(&mut self, slot: SlotId) {
        let Some(entry) = self.slots.get_mut(slot.0 as usize).filter(|entry| entry.used) else {
            return;
        };
        if let Some(id) = entry.exchange.request_id
            && self.by_id.get(&id) == Some(&slot)
        {
            self.by_id.remove(&id);
        }
        if self.last.is_some_and(|(_, last)| last == slot) {
            self.last = None;
        }
        if !self.current.is_empty() {
            self.current.retain(|_, current| *current != slot);
        }
        self.bytes -= entry.bytes;
        entry.bytes = 0;
        entry.used = false;
        entry.exchange.reset();
        self.free.push(slot.0);
    }

    /// Bytes of what is kept: held exchanges by their size, those in flight by a common size.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The exchange that was not touched for longest.
    pub(super) fn oldest(&mut self) -> Option<SlotId> {
        loop {
            let (born, slot) = self.stale.pop_front().or_else(|| self.by_age.pop_front())?;
            if self.is_untouched(born, slot) {
                return Some(slot);
            }
        }
    }

    /// Whether no line came for an exchange since it lined up by age. If some did, it lines up anew, as
    /// old as its last line.
    fn is_untouched(&mut self, born: u64, slot: SlotId) -> bool {
        let entry = self.slots.get_mut(slot.0 as usize);
        let Some(entry) = entry.filter(|entry| entry.used && entry.born == born) else {
            return false;
        };
        if entry.touched > born {
            entry.born = entry.touched;
            self.by_age.push_back((entry.born, slot));
        }
        entry.touched <= born
    }

    /// Frees the reserves of exchanges that will hardly go on: their buffers are as large as any
    /// exchange before them needed. Looks at few, since it is done for each new exchange.
    fn shrink_stale(&mut self) {
        for _ in 0..2 {
            let is_old = |(born, _): &(u64, SlotId)| born + STALE < self.clock;
            let Some((born, slot)) = self.by_age.front().copied().filter(is_old) else { return };
            self.by_age.pop_front();
            if !self.is_untouched(born, slot) {
                continue;
            }
            self.stale.push_back((born, slot));
            if let Some(entry) = self.slots.get_mut(slot.0 as usize)
                && !entry.stage.is_held
            {
                entry.exchange.compact(|_| true);
                self.bytes -= entry.bytes;
                entry.bytes = entry.exchange.size();
                self.bytes += entry.bytes;
            }
        }
    }

    fn forget_removed(&mut self) {
        let slots = &self.slots;
        let is_there = |(born, slot): &(u64, SlotId)| {
            slots.get(slot.0 as usize).is_some_and(|entry| entry.used && entry.born == *born)
        };
        self.by_age.retain(is_there);
        self.stale.retain(is_there);
    }

    /// The number that nothing else gets.
    pub(super) fn ticket(&self, slot: SlotId) -> Option<Ticket> {
        let entry = self.slots.get(slot.0 as usize).filter(|entry| entry.used)?;
        Some(Ticket::of_exchange(entry.serial))
    }

    /// Where an exchange is on its way to be told.
    pub(super) fn stage(&self, slot: SlotId) -> Option<Stage> {
        self.slots.get(slot.0 as usize).filter(|entry| entry.used).map(|entry| entry.stage)
    }

    pub(super) fn stage_mut(&mut self, slot: SlotId) -> Option<&mut Stage> {
        self.slots.get_mut(slot.0 as usize).filter(|entry| entry.used).map(|entry| &mut entry.stage)
    }

    /// The exchange with this request id, without remembering the answer.
    pub(super) fn lookup(&self, id: &RequestId) -> Option<SlotId> {
        self.by_id.get(id).copied()
    }

    /// What an exchange is counted with.
    pub(super) fn bytes_of(&self, slot: SlotId) -> usize {
        self.slots.get(slot.0 as usize).map_or(0, |entry| entry.bytes)
    }

    /// How many exchanges there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// All exchanges.
    pub(super) fn all(&self) -> impl Iterator<Item = SlotId> + '_ {
        let used = self.slots.iter().enumerate().filter(|(_, entry)| entry.used);
        used.filter_map(|(number, _)| u32::try_from(number).ok().map(SlotId))
    }
}

fn is_bulky(kind: LineKind) -> bool {
    matches!(
        kind,
        LineKind::EndpointRequestHeaders
            | LineKind::EndpointResponseHeaders
            | LineKind::EndpointResponseBody
    )
}
