//! Lambda lines → invocations.
//!
//! A healthy run that logged neither event nor response is counted and let go.
//!
//! Must not: look at the gateway's lines; `link` brings both sides together.

use std::collections::VecDeque;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::assemble::Assembler;
use crate::assemble::run::{
    adopt, apply, complete_message, keep_application, lacks_message, merge, names, new, order_of,
    size, tells, touch,
};
use crate::model::record::ReportStatus;
use crate::model::{
    Invocation, InvocationOutcome, LambdaLine, LineKind, LogEvent, LogTime, PlaceId, RequestId,
};

/// What is known of one place that Lambda lines come from.
#[derive(Default)]
pub(super) struct Stream {
    /// Runs whose `START` was seen and whose `END` was not.
    pub(super) running: Vec<RequestId>,
    /// Lines without an id that came while no run was known to be going on.
    pub(super) unclaimed: Option<Box<Invocation>>,
    /// The run that ended last.
    last: Option<Ended>,
    /// When its last line arrived, where somebody tells.
    pub(super) arrived: i64,
    /// Runs that ended last, with the arrival of that: their `START` may come behind.
    ended: VecDeque<(RequestId, i64)>,
}

/// A run that ended.
#[derive(Debug, Clone, Copy)]
struct Ended {
    id: RequestId,
    /// Its first and last time, if its lines have one.
    span: Option<(LogTime, LogTime)>,
    /// The number of its last line.
    line: u64,
    /// Whether it said what it answers, or how it failed.
    is_explained: bool,
}

impl Ended {
    /// Whether a line that carries no id is of this run.
    fn has(&self, event: &LogEvent<'_>, line: &LambdaLine<'_>) -> bool {
        let is_error = matches!(line, LambdaLine::Unhandled(_) | LambdaLine::InitError(_));
        if matches!(line, LambdaLine::UnknownError { .. })
            || is_error && is_of_invocation(event.message) && !self.is_explained
        {
            return true;
        }
        // What the run gave its caller, printed behind its log.
        let is_response =
            matches!(line, LambdaLine::Application { event: None, response: Some(_) });
        if (is_error || is_response) && event.time.is_none() && event.message.starts_with(b"{") {
            return event.position.line.saturating_sub(self.line) <= MOST_BETWEEN;
        }
        // A line that comes late is of the run that was going on at its time.
        let was_going_on = |(started, ended)| {
            !is_ordinary(line) && event.time.is_some_and(|time| (started..=ended).contains(&time))
        };
        self.span.is_some_and(was_going_on)
    }
}

/// Lines between a report and what the run gave its caller.
const MOST_BETWEEN: u64 = 3;

/// Whether a start failed that was made in an invocation: `INIT_REPORT ... Phase: invoke`.
fn is_of_invocation(text: &[u8]) -> bool {
    text.starts_with(b"INIT_REPORT ") && memchr::memmem::find(text, b"Phase: invoke").is_some()
}

impl Stream {
    fn starts(&mut self, id: RequestId, now: i64) {
        let has_ended = |(known, at): &(RequestId, i64)| *known == id && now - at < DISORDER;
        if now == 0 || !self.ended.iter().any(has_ended) {
            self.running.push(id);
        }
    }

    fn ends(&mut self, id: RequestId, now: i64) {
        self.running.retain(|running| *running != id);
        // An export says nothing of arrivals; Lambda's retries have the same id, a minute later.
        if now > 0 {
            self.ended.truncate(MAX_ENDED - 1);
            self.ended.push_front((id, now));
            self.arrived = now;
        }
    }
}

/// How much later than the end of a run its `START` may arrive, in milliseconds.
const DISORDER: i64 = 10_000;
/// Runs of a stream that are remembered for it.
const MAX_ENDED: usize = 16;

/// A run that is going on, or waits for its gateway lines.
pub(super) struct Run {
    pub(super) invocation: Invocation,
    /// When its last line arrived, where somebody tells.
    pub(super) arrived: i64,
    /// When it was told as an exchange of its own.
    pub(super) told: Option<i64>,
    /// Whether all of it was considered when something was told.
    pub(super) is_considered: bool,
    /// Lines that no telling considered yet.
    pub(super) fresh_lines: u64,
    /// Tells it from other runs.
    pub(super) serial: u64,
}

impl Run {
    fn new(invocation: Invocation, serial: u64) -> Self {
        Self { invocation, arrived: 0, told: None, is_considered: false, fresh_lines: 0, serial }
    }

    /// A line of it arrived now.
    fn gets_line(&mut self, now: i64) {
        self.arrived = now;
        self.is_considered = false;
        self.fresh_lines += 1;
    }
}

/// All runs that are going on, or wait for their gateway lines.
#[derive(Default)]
pub(super) struct Invocations {
    pub(super) by_id: HashMap<RequestId, Box<Run>, foldhash::fast::RandomState>,
    pub(super) streams: HashMap<PlaceId, Stream, foldhash::fast::RandomState>,
    bytes: usize,
    seen: u64,
    serials: u64,
    /// Where the line before was the place of a panic, whose message follows.
    panicked: Option<PlaceId>,
    /// The arrival of what is being read, where somebody tells.
    pub(super) now: i64,
}

impl Assembler {
    pub(super) fn push_lambda(
        &mut self,
        event: &LogEvent<'_>,
        id: Option<RequestId>,
        line: LambdaLine<'_>,
    ) {
        let keeps = self.settings.keep.has(LineKind::Application);
        self.counts.unjoined += self.invocations.push(event, id, line, keeps);
        if self.invocations.bytes > self.settings.max_invocation_bytes {
            self.counts.unjoined += self.invocations.shed(self.settings.max_invocation_bytes);
        }
    }
}

impl Invocations {
    /// `keeps`: whether what the application writes in JSON is kept. Says how many exchanges a line tells
    /// of that nobody knows it to belong to.
    fn push(
        &mut self,
        event: &LogEvent<'_>,
        id: Option<RequestId>,
        line: LambdaLine<'_>,
        keeps: bool,
    ) -> u64 {
        let says = keeps
            && matches!(line, LambdaLine::Application { .. })
            && memchr::memchr(b'{', event.message).is_some();
        let place = event.position.place;
        let may_panic = matches!(line, LambdaLine::Unhandled(_));
        if may_panic || self.panicked == Some(place) {
            self.panicked = Some(place).filter(|_| may_panic);
        }
        match (id, line) {
            (_, LambdaLine::InitStart | LambdaLine::Platform) => {}
            (Some(id), line) => self.push_named(event, id, line, says),
            (None, line) => return self.push_nameless(event, line, says),
        }
        0
    }

    fn push_named(
        &mut self,
        event: &LogEvent<'_>,
        id: RequestId,
        line: LambdaLine<'_>,
        says: bool,
    ) {
        let is_ordinary = is_ordinary(&line) && !says;
        if is_ordinary && !self.by_id.contains_key(&id) {
            // A line of a run whose START is not in the input: nothing to learn from it.
            return;
        }
        if let LambdaLine::Start { .. } = line {
            self.seen += 1;
            let stream = self.streams.entry(event.position.place).or_default();
            // One that failed writes nothing more, though its end is not shown.
            let known = &self.by_id;
            let has_failed = |id: &mut RequestId| {
                known.get(id).is_some_and(|run| run.invocation.outcome.is_failure())
            };
            stream.running.pop_if(has_failed);
            stream.starts(id, self.now);
            stream.arrived = self.now;
            if let Some(unclaimed) = stream.unclaimed.take() {
                adopt(self.run(id, event), *unclaimed, event.time);
            }
        } else if let LambdaLine::Report { error: Some(kind), .. } = line {
            self.claim(event, id, |run| names(run, kind));
        } else if let LambdaLine::Crash { .. } = line {
            self.claim(event, id, |run| run.outcome == InvocationOutcome::InitError);
        }
        let run = self.run(id, event);
        touch(run, event);
        let ended = matches!(line, LambdaLine::End | LambdaLine::Report { .. });
        let reported = matches!(line, LambdaLine::Report { .. });
        let fails = is_failure(&line);
        let is_well = matches!(line, LambdaLine::Report { status: ReportStatus::Success, .. });
        let mut added = apply(run, event, line);
        if says {
            added += keep_application(run, event);
        }
        // That the process died of a logged error stands behind a report that does not say so.
        let uninteresting = !tells(run) && (is_well || run.message.is_none());
        let span = run.started.zip(run.ended);
        let is_explained = run.response.is_some() || run.outcome == InvocationOutcome::Error;
        self.bytes += added;
        if ended && self.now > 0 {
            self.streams.entry(event.position.place).or_default().ends(id, self.now);
        } else if ended && let Some(stream) = self.streams.get_mut(&event.position.place) {
            stream.ends(id, self.now);
        }
        // Without its START a run that failed has ended, too.
        if fails && !ended {
            self.streams.entry(event.position.place).or_default();
        }
        if (ended || fails)
            && let Some(stream) = self.streams.get_mut(&event.position.place)
            && (ended || stream.running.is_empty())
        {
            stream.last = Some(Ended { id, span, line: event.position.line, is_explained });
        }
        if reported && uninteresting {
            self.take(&id);
        }
    }

    /// A copy may show the end of a run without the `START`: what kept its code from being loaded stands
    /// before it.
    fn claim(
        &mut self,
        event: &LogEvent<'_>,
        id: RequestId,
        is_of_it: impl Fn(&Invocation) -> bool,
    ) {
        let Some(stream) = self.streams.get_mut(&event.position.place) else { return };
        if stream.running.is_empty()
            && !self.by_id.contains_key(&id)
            && let Some(unclaimed) = stream.unclaimed.take_if(|run| is_of_it(run))
        {
            adopt(self.run(id, event), *unclaimed, event.time);
        }
    }

    /// The run of this id, new or known.
    fn run(&mut self, id: RequestId, event: &LogEvent<'_>) -> &mut Invocation {
        let (now, serials, bytes) = (self.now, &mut self.serials, &mut self.bytes);
        let run = self.by_id.entry(id).or_insert_with(|| {
            *serials += 1;
            let invocation = new(event, Some(id));
            *bytes += held(&invocation);
            Box::new(Run::new(invocation, *serials))
        });
        run.gets_line(now);
        &mut run.invocation
    }

    /// Takes out a run.
    pub(super) fn take(&mut self, id: &RequestId) -> Option<Box<Run>> {
        let run = self.by_id.remove(id)?;
        self.bytes = self.bytes.saturating_sub(held(&run.invocation));
        Some(run)
    }

    /// A line without an id belongs to the run that is going on in its stream, if just one is.
    fn push_nameless(&mut self, event: &LogEvent<'_>, line: LambdaLine<'_>, says: bool) -> u64 {
        let is_ordinary = is_ordinary(&line);
        let stream = self.streams.entry(event.position.place).or_default();
        stream.arrived = self.now;
        let past = stream.last.filter(|run| run.has(event, &line));
        let running = match (stream.running.as_slice(), past) {
            ([id], _) => Some(*id),
            ([], past) => past.map(|run| run.id),
            ([_, ..], _) => None,
        };
        let gateway = gateway_id(&line);
        match (running, stream.running.as_slice()) {
            // Another request began, or failed, and no line says of which run.
            (None, [])
                if is_of_another(stream.unclaimed.as_deref(), gateway)
                    || is_another_failure(stream.unclaimed.as_deref(), event, &line) =>
            {
                if let Some(run) = stream.unclaimed.take() {
                    // What its lines added is counted.
                    let added = size(&run) - size_of::<Invocation>();
                    self.bytes = self.bytes.saturating_sub(added);
                    self.set_apart(*run);
                }
                return self.push_nameless(event, line, says);
            }
            // Several runs go on, and the line does not say whose it is.
            (None, [_, _, ..]) if gateway.is_some() || is_failure(&line) => {
                let mut run = new(event, None);
                apply(&mut run, event, line);
                self.set_apart(run);
            }
            (Some(id), running) => {
                let has_ended = running.is_empty();
                let run = self.run(id, event);
                touch(run, event);
                // A run that was well was let go when it ended.
                if has_ended {
                    apply(run, event, LambdaLine::End);
                    run.is_complete = true;
                }
                let mut added = apply(run, event, line);
                if says {
                    added += keep_application(run, event);
                }
                self.bytes += added;
            }
            (None, []) if !is_ordinary => {
                let run = stream.unclaimed.get_or_insert_with(|| Box::new(new(event, None)));
                touch(run, event);
                self.bytes += apply(run, event, line);
            }
            // What a function was asked or answered, and in which of several runs is not said.
            (None, _) => {
                return u64::from(!is_ordinary && matches!(line, LambdaLine::Application { .. }));
            }
        }
        0
    }

    /// Keeps a run whose id no line shows. Until the end it goes by the gateway's id of its event, or by a
    /// number that no other run has.
    fn set_apart(&mut self, run: Invocation) {
        let id = run.event.as_ref().and_then(|event| event.gateway_request_id);
        self.serials += 1;
        let number = self.serials;
        let id = id.or_else(|| RequestId::parse(format!("run-{number}").as_bytes()));
        let Some(id) = id else { return };
        match self.by_id.entry(id) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                let before = size(&known.invocation);
                merge(&mut known.invocation, run);
                self.bytes += size(&known.invocation).saturating_sub(before);
                known.gets_line(self.now);
            }
            Entry::Vacant(place) => {
                self.bytes += held(&run);
                place.insert(Box::new(Run::new(run, number))).gets_line(self.now);
            }
        }
    }

    /// A line that nobody knows: the message of a panic, if the line before was its place.
    pub(super) fn push_unknown(&mut self, event: &LogEvent<'_>) {
        let place = event.position.place;
        if self.panicked != Some(place) {
            return;
        }
        self.panicked = None;
        let running = self.streams.get(&place).map(|stream| stream.running.as_slice());
        if let Some(&[id]) = running
            && self.by_id.get(&id).is_some_and(|run| lacks_message(&run.invocation))
        {
            let run = self.run(id, event);
            touch(run, event);
            self.bytes += complete_message(run, event);
        }
    }

    /// Whether a run is going on in a place: what stands there without a mark is its output.
    pub(super) fn is_running(&self, place: PlaceId) -> bool {
        self.streams.get(&place).is_some_and(|stream| !stream.running.is_empty())
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// All runs that are left, with those that no id names; of those that were told, the number.
    pub(super) fn take_all(&mut self) -> Vec<(Invocation, Option<u64>)> {
        let number = |run: &Run| run.told.map(|_| run.serial);
        let mut all: Vec<_> = self
            .by_id
            .drain()
            .map(|(_, run)| {
                let told = number(&run);
                (run.invocation, told)
            })
            .collect();
        let unclaimed = self.streams.drain().filter_map(|(_, stream)| stream.unclaimed);
        all.extend(unclaimed.map(|run| (*run, None)));
        all.retain(|(run, _)| tells(run));
        all.sort_by_key(|(run, _)| order_of(run));
        all
    }

    /// Drops runs until they take less than three quarters of `most` bytes: finished ones first, of these
    /// the healthy ones, and the oldest first. Says how many.
    fn shed(&mut self, most: usize) -> u64 {
        let key = |id: &RequestId, run: &Run| {
            let Invocation { is_complete, outcome, ended, .. } = &run.invocation;
            (!is_complete, outcome.is_failure(), *ended, *id)
        };
        let mut keys: Vec<_> = self.by_id.iter().map(|(id, run)| key(id, run)).collect();
        keys.sort_unstable();
        let mut shed = 0;
        for (.., id) in keys {
            if self.bytes <= most / 4 * 3 {
                break;
            }
            // What was told without waiting any longer is not lost.
            let is_well = |run: &Invocation| run.is_complete && !tells(run);
            let is_lost = |run: &Run| !run.is_considered && !is_well(&run.invocation);
            shed += self.take(&id).map_or(0, |run| u64::from(is_lost(&run)));
        }
        let known = &self.by_id;
        let is_known = |id: &RequestId| known.contains_key(id);
        self.streams.values_mut().for_each(|stream| stream.running.retain(is_known));
        shed
    }
}

fn is_ordinary(line: &LambdaLine<'_>) -> bool {
    matches!(line, LambdaLine::Application { event: None, response: None })
}

/// The gateway's id of the event that a line holds.
fn gateway_id(line: &LambdaLine<'_>) -> Option<RequestId> {
    let LambdaLine::Application { event: Some(event), .. } = line else { return None };
    event.gateway_request_id
}

/// Whether an event is of another request than the one that was logged before.
fn is_of_another(run: Option<&Invocation>, gateway: Option<RequestId>) -> bool {
    let known = run.and_then(|run| run.event.as_ref()?.gateway_request_id);
    known.is_some() && gateway.is_some() && known != gateway
}

/// Whether an error, or a timeout, is another one than the one that was logged before: no run has two.
fn is_another_failure(
    run: Option<&Invocation>,
    event: &LogEvent<'_>,
    line: &LambdaLine<'_>,
) -> bool {
    match (run.map(|run| (run, run.outcome)), line) {
        (Some((run, InvocationOutcome::Error)), LambdaLine::Unhandled(message)) => {
            run.ended != event.time || run.message.as_ref() != Some(message)
        }
        (Some((_, InvocationOutcome::Error)), LambdaLine::Timeout(_))
        | (Some((_, InvocationOutcome::Timeout)), LambdaLine::Unhandled(_)) => true,
        (Some((run, InvocationOutcome::Timeout)), LambdaLine::Timeout(_)) => {
            run.ended != event.time
        }
        _ => false,
    }
}

fn is_failure(line: &LambdaLine<'_>) -> bool {
    matches!(line, LambdaLine::Unhandled(_) | LambdaLine::Timeout(_) | LambdaLine::Crash { .. })
}

/// What a run is counted with, wherever it is kept.
fn held(run: &Invocation) -> usize {
    size_of::<(RequestId, Box<Run>)>() + size_of::<Run>() - size_of::<Invocation>() + size(run)
}
