//! What becomes of exchanges and runs while the input goes on: they are told once nothing touched them
//! for a while, kept for late lines, and let go.
//!
//! Telling is a preview: of a copy, joined with what is there. Letting go is the end, and does what the
//! end of the input would do. So what is told in between changes nothing of the report.
//!
//! Must not: read a clock, or touch an analysis that is not advanced.

use hashbrown::{HashMap, HashSet};

use crate::assemble::Assembler;
use crate::assemble::agenda::{Arrival, Patience};
use crate::assemble::execution::{self, is_trailer};
use crate::assemble::finished::FinishedIds;
use crate::assemble::invocations::Run;
use crate::assemble::link::attach;
use crate::assemble::run::{order_of, tells};
use crate::assemble::store::SlotId;
use crate::model::{Exchange, Execution, Invocation, LogTime, PlaceId, RequestId, Ticket};

/// Milliseconds of arrival between two looks at what waits.
const ROUND: i64 = 200;
/// And at what rarely changes.
const SWEEP: i64 = 30_000;
/// The longest run: Lambda's own limit, and some minutes of delay.
const LONGEST_RUN: i64 = 20 * 60_000;

/// What a live analysis has to do now.
#[derive(Debug)]
pub enum Ripe {
    /// What an exchange comes to so far. It is kept, and may be told again.
    Preview {
        /// Its number.
        ticket: Ticket,
        /// A run that was told by itself and turned out to be part of it.
        replaces: Option<Ticket>,
        /// A copy, joined with what is there.
        exchange: Box<Exchange>,
    },
    /// It is complete, no other log can change it, and nothing came since: to be told, which
    /// [`Assembler::shown`] is to know, or held if it is not so any more.
    Complete(SlotId),
    /// The same, and its time is up: to be settled and released, or held.
    Over(SlotId),
    /// It is joined, no line can change it any more; to be settled and released.
    Final(SlotId),
    /// What was told under this number is no exchange of its own.
    Withdrawn(Ticket),
}

/// What waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Exchanges that are not told yet.
    pub open: usize,
    /// Exchanges that were told, and may be amended.
    pub told: usize,
    /// Runs of functions.
    pub runs: usize,
    /// Bytes of the exchanges.
    pub bytes: usize,
}

/// What is kept from round to round.
#[derive(Default)]
pub(super) struct Rounds {
    next: Option<i64>,
    next_sweep: Option<i64>,
    /// Requests that were finished before those in [`Assembler::finished`].
    pub finished_before: FinishedIds,
    /// Of the finished ones, those that a line of any log might have changed.
    pub aged: HashSet<u64, foldhash::fast::RandomState>,
    pub aged_before: HashSet<u64, foldhash::fast::RandomState>,
}

/// Runs by the exchange that they belong to.
type Runs = HashMap<SlotId, Vec<RequestId>, foldhash::fast::RandomState>;

impl Assembler {
    /// Lines that are pushed from now on arrive at `now`; says what has ripened.
    pub fn advance(&mut self, now: LogTime, patience: &Patience) -> Vec<Ripe> {
        let before = self.store.arrival.map(|arrival| arrival.now);
        // A clock that was set back stands still here.
        let now = LogTime(before.map_or(now.0, |before| before.max(now.0)));
        let arrival = Arrival::new(now, patience);
        self.store.set_arrival(arrival);
        self.invocations.now = now.0;
        if before.is_none() {
            self.invocations.by_id.values_mut().for_each(|run| run.arrived = now.0);
            self.invocations.streams.values_mut().for_each(|stream| stream.arrived = now.0);
        }
        if self.rounds.next.is_some_and(|next| now.0 < next) {
            return Vec::new();
        }
        self.rounds.next = Some(now.0.saturating_add(ROUND));
        let mut ripe = Vec::new();
        let due = self.store.take_due();
        self.round(due, &arrival, &mut ripe);
        if self.rounds.next_sweep.is_none_or(|next| now.0 >= next) {
            self.rounds.next_sweep = Some(now.0.saturating_add(SWEEP));
            self.sweep(&arrival, &mut ripe);
        }
        ripe
    }

    /// The same as [`Assembler::overflow`] for a live analysis: lets go of those that were not touched
    /// for longest, with their runs.
    pub fn shed(&mut self) -> Vec<Ripe> {
        let mut ripe = Vec::new();
        let most = self.settings.max_exchange_bytes;
        if self.store.arrival.is_none() || !self.is_full() {
            return ripe;
        }
        let mut slots = Vec::new();
        let mut bytes = self.store.bytes();
        while bytes > most / 8 * 7
            && let Some(slot) = self.store.oldest()
        {
            bytes = bytes.saturating_sub(self.store.bytes_of(slot));
            let is_told = self.store.stage(slot).is_some_and(|stage| stage.told.is_some());
            self.counts.unjoined += u64::from(!is_told);
            slots.push(slot);
        }
        let mut runs = self.runs_of(&slots);
        for slot in slots {
            if self.is_settling(slot) {
                self.finish_execution(slot);
                ripe.push(Ripe::Over(slot));
                continue;
            }
            self.let_go(slot, &runs.remove(&slot).unwrap_or_default(), &mut ripe);
        }
        ripe
    }

    /// What waits.
    pub fn waiting(&self) -> Waiting {
        let told = self.store.all().filter(|slot| self.is_told(*slot)).count();
        let runs = self.invocations.by_id.len();
        Waiting { open: self.store.len() - told, told, runs, bytes: self.store.bytes() }
    }

    /// The number of an exchange, and of the run that was told in its place.
    pub fn ticket(&self, slot: SlotId) -> Option<(Ticket, Option<Ticket>)> {
        Some((self.store.ticket(slot)?, self.replaced.get(&slot).copied()))
    }

    /// An exchange that an access log opened has an execution log: it is not complete before that is.
    pub(super) fn reopen(&mut self, slot: SlotId) {
        if let Some(stage) = self.store.stage_mut(slot) {
            stage.is_held = false;
        }
    }

    /// A line of an exchange that was told.
    pub(super) fn count_late(&mut self, slot: SlotId, line: &Execution<'_>) {
        if self.store.arrival.is_some() && self.is_told(slot) && !is_trailer(line) {
            self.counts.late += 1;
        }
    }

    pub(super) fn count_late_access(&mut self, slot: SlotId) {
        if self.store.arrival.is_some() && self.is_told(slot) {
            self.counts.late += 1;
        }
    }

    fn is_told(&self, slot: SlotId) -> bool {
        self.store.stage(slot).is_some_and(|stage| stage.told.is_some())
    }

    fn round(&mut self, mut due: Vec<SlotId>, arrival: &Arrival, ripe: &mut Vec<Ripe>) {
        let (mut runs, alone) = self.sort_runs(&mut due, arrival);
        for slot in due {
            if self.is_settling(slot) {
                ripe.extend(self.complete(slot, arrival));
                continue;
            }
            let ids = runs.remove(&slot).unwrap_or_default();
            self.ripen(slot, &ids, arrival, ripe);
        }
        for id in alone {
            self.ripen_run(&id, arrival, ripe);
        }
    }

    /// Runs of the exchanges that are due; those of exchanges that were told make these due. And those
    /// that no exchange claims and whose time has come.
    fn sort_runs(&self, due: &mut Vec<SlotId>, arrival: &Arrival) -> (Runs, Vec<RequestId>) {
        let mut runs = Runs::default();
        if self.invocations.by_id.is_empty() {
            return (runs, Vec::new());
        }
        let mut alone = Vec::new();
        let by_lambda = self.by_lambda(self.store.all());
        let mut is_due: HashSet<SlotId, foldhash::fast::RandomState> =
            due.iter().copied().collect();
        let mut late = Vec::new();
        for (id, run) in &self.invocations.by_id {
            let Some(slot) = self.claimed_by(&run.invocation, &by_lambda) else {
                if self.is_of_finished(&run.invocation) || is_run_due(run, arrival) {
                    alone.push((order_of(&run.invocation), *id));
                }
                continue;
            };
            let is_quiet =
                run.invocation.is_complete || arrival.is_past(run.arrived, arrival.pause);
            if is_due.contains(&slot) {
                runs.entry(slot).or_default().push(*id);
            } else if !run.is_considered
                && is_quiet
                && self.is_told(slot)
                && !self.is_settling(slot)
            {
                late.push(slot);
                runs.entry(slot).or_default().push(*id);
            }
        }
        late.sort_unstable();
        late.dedup();
        // An exchange is told with all of its runs.
        if !late.is_empty() {
            is_due.extend(&late);
            due.extend(&late);
            runs = self.runs_of(due);
        }
        alone.sort_unstable();
        (runs, alone.into_iter().map(|(_, id)| id).collect())
    }

    /// All runs of these exchanges.
    fn runs_of(&self, slots: &[SlotId]) -> Runs {
        let mut runs = Runs::default();
        let by_lambda = self.by_lambda(slots.iter().copied());
        let wanted: HashSet<SlotId, foldhash::fast::RandomState> = slots.iter().copied().collect();
        for (id, run) in &self.invocations.by_id {
            let slot = self.claimed_by(&run.invocation, &by_lambda);
            if let Some(slot) = slot.filter(|slot| wanted.contains(slot)) {
                runs.entry(slot).or_default().push(*id);
            }
        }
        runs
    }

    fn by_lambda(
        &self,
        slots: impl Iterator<Item = SlotId>,
    ) -> HashMap<RequestId, SlotId, foldhash::fast::RandomState> {
        let id = |slot| self.store.exchange(slot).and_then(|exchange| exchange.lambda_request_id);
        slots.filter_map(|slot| Some((id(slot)?, slot))).collect()
    }

    /// The exchange that a run belongs to.
    fn claimed_by(
        &self,
        run: &Invocation,
        by_lambda: &HashMap<RequestId, SlotId, foldhash::fast::RandomState>,
    ) -> Option<SlotId> {
        let event = run.event.as_ref();
        event
            .and_then(|event| self.store.lookup(&event.gateway_request_id?))
            .or_else(|| event.and_then(|event| self.store.lookup(&event.extended_request_id?)))
            .or_else(|| by_lambda.get(&run.id?).copied())
    }

    /// Tells an exchange whose time has come, or lets it go.
    fn ripen(&mut self, slot: SlotId, ids: &[RequestId], arrival: &Arrival, ripe: &mut Vec<Ripe>) {
        let Some(stage) = self.store.stage_mut(slot) else { return };
        let runs = ids.iter().filter_map(|id| self.invocations.by_id.get(id));
        let latest = runs.clone().map(|run| run.arrived).max().unwrap_or(stage.arrived);
        let has_news = stage.is_dirty || runs.clone().any(|run| !run.is_considered);
        match stage.told {
            Some(told) if !has_news => {
                if arrival.is_past(told, arrival.amend) {
                    self.let_go(slot, ids, ripe);
                } else {
                    self.store.schedule(slot);
                }
            }
            None if !arrival.is_past(latest, arrival.join) => {
                // Its function still writes.
                stage.arrived = stage.arrived.max(latest);
                if stage.is_held { self.store.schedule(slot) } else { self.postpone(slot, arrival) }
            }
            Some(_) | None => {
                self.counts.late +=
                    if stage.told.is_some() { runs.map(|run| run.fresh_lines).sum() } else { 0 };
                ripe.extend(self.preview(slot, ids, arrival));
            }
        }
    }

    /// An exchange in flight waits for its function, not once more for its own end.
    fn postpone(&mut self, slot: SlotId, arrival: &Arrival) {
        if let Some(stage) = self.store.stage_mut(slot) {
            stage.arrived = stage.arrived.saturating_sub(arrival.end).saturating_add(arrival.join);
        }
        self.store.schedule(slot);
    }

    /// A copy of an exchange, joined with what is there.
    fn preview(&mut self, slot: SlotId, ids: &[RequestId], arrival: &Arrival) -> Option<Ripe> {
        let ticket = self.store.ticket(slot)?;
        let (exchange, progress) = self.store.both(slot)?;
        let (mut exchange, mut progress) = (Box::new(exchange.clone()), *progress);
        execution::finish(&mut exchange, &mut progress);
        if let Some(stage) = self.store.stage_mut(slot) {
            stage.told = Some(arrival.now);
            stage.is_dirty = false;
        }
        self.store.schedule(slot);
        let mut replaces = None;
        let mut runs = Vec::new();
        for id in ids {
            let Some(run) = self.invocations.by_id.get_mut(id) else { continue };
            run.is_considered = true;
            run.fresh_lines = 0;
            // What it was told as is from now on told as this.
            replaces = run.told.take().map(|_| Ticket::of_run(run.serial)).or(replaces);
            runs.push(run.invocation.clone());
        }
        join(&mut exchange, runs);
        let is_repeated = exchange.request_id.is_some_and(|id| self.is_finished(&id));
        (!is_repeated).then_some(Ripe::Preview { ticket, replaces, exchange })
    }

    /// Joins an exchange with what is there, for good.
    fn let_go(&mut self, slot: SlotId, ids: &[RequestId], ripe: &mut Vec<Ripe>) {
        self.finish_exchange(slot);
        let ticket = self.store.ticket(slot);
        if self.drop_repeated(slot) {
            ripe.extend(ticket.map(Ripe::Withdrawn));
            return;
        }
        let runs: Vec<_> = ids.iter().filter_map(|id| self.invocations.take(id)).collect();
        for run in &runs {
            if run.told.is_some() {
                self.replaced.insert(slot, Ticket::of_run(run.serial));
            }
        }
        self.remember(slot);
        if let Some(exchange) = self.store.exchange_mut(slot) {
            join(exchange, runs.into_iter().map(|run| run.invocation).collect());
        }
        ripe.push(Ripe::Final(slot));
    }

    /// Tells a run that no exchange claims, or lets it go.
    fn ripen_run(&mut self, id: &RequestId, arrival: &Arrival, ripe: &mut Vec<Ripe>) {
        let Some(run) = self.invocations.by_id.get(id) else { return };
        let (told, ticket) = (run.told, Ticket::of_run(run.serial));
        if self.is_of_finished(&run.invocation) {
            let is_late = self.is_of_aged(&run.invocation);
            self.counts.late += if is_late { run.fresh_lines } else { 0 };
            self.invocations.take(id);
            ripe.extend(told.map(|_| Ripe::Withdrawn(ticket)));
            return;
        }
        let is_over = told.is_some() && run.is_considered;
        let is_told = tells(&run.invocation) && self.stands_alone(&run.invocation);
        if is_over || !tells(&run.invocation) {
            let Some(run) = self.invocations.take(id) else { return };
            if !is_told {
                ripe.extend(told.map(|_| Ripe::Withdrawn(ticket)));
            } else if let Some(slot) = self.exchange_of(run.invocation) {
                self.replaced.insert(slot, ticket);
                ripe.push(Ripe::Final(slot));
            }
            return;
        }
        let invocation = is_told.then(|| run.invocation.clone());
        if let Some(run) = self.invocations.by_id.get_mut(id) {
            self.counts.late += if told.is_some() { run.fresh_lines } else { 0 };
            run.told = Some(arrival.now);
            run.is_considered = true;
            run.fresh_lines = 0;
        }
        // An exchange for as long as it takes to copy it.
        if let Some(slot) = invocation.and_then(|invocation| self.exchange_of(invocation)) {
            let exchange = self.store.exchange(slot).cloned().map(Box::new);
            self.store.remove(slot);
            ripe.extend(exchange.map(|exchange| Ripe::Preview {
                ticket,
                replaces: None,
                exchange,
            }));
        }
    }

    /// Forgets what only hours bring together: places where nothing runs, lines that nobody claimed,
    /// ids of requests that are long finished.
    fn sweep(&mut self, arrival: &Arrival, ripe: &mut Vec<Ripe>) {
        let mut unclaimed = Vec::new();
        let streams = &mut self.invocations.streams;
        streams.retain(|place, stream| {
            if arrival.is_past(stream.arrived, LONGEST_RUN) {
                stream.running.clear();
                // The next run in its place might have been its own.
                unclaimed.extend(stream.unclaimed.take().map(|run| (*place, *run)));
            }
            let is_recent = !arrival.is_past(stream.arrived, arrival.amend);
            is_recent || !stream.running.is_empty() || stream.unclaimed.is_some()
        });
        unclaimed.sort_by_key(|(place, _): &(PlaceId, Invocation)| *place);
        for (_, run) in unclaimed {
            if tells(&run) && self.stands_alone(&run) {
                ripe.extend(self.exchange_of(run).map(Ripe::Final));
            }
        }
        self.forget_ids();
    }
}

/// Whether a run that no exchange claims is to be told, or let go.
fn is_run_due(run: &Run, arrival: &Arrival) -> bool {
    let patience = if run.invocation.is_complete { arrival.join } else { arrival.end };
    match run.told {
        Some(told) if run.is_considered => arrival.is_past(told, arrival.amend),
        Some(_) => arrival.is_past(run.arrived, arrival.pause),
        None => arrival.is_past(run.arrived, patience),
    }
}

/// Joins runs with their exchange, in the order in which the end of the input would.
fn join(exchange: &mut Exchange, mut runs: Vec<Invocation>) {
    runs.retain(tells);
    runs.sort_by_key(order_of);
    for run in runs {
        attach(exchange, Box::new(run));
    }
}
