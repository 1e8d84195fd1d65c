//! Delivery of what waits: each sink by itself, in order, and each success recorded before the next
//! thing is sent.
//!
//! Must not: let one sink hold up another, or send what is not in the state file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use corscope::alert::event::AlertEvent;
use corscope::alert::run::DeliveryCounts;
use corscope::notify::retry::{self, Patience};
use corscope::notify::settings::SinkSettings;
use corscope::notify::{DeliveryError, Message, Notifier, Retry};
use corscope::report::fingerprint::fingerprint;

use crate::cli::check::state::Waiting;

/// Opens a sink, in its own thread.
pub(crate) type Open<'a> =
    &'a (dyn Fn(&SinkSettings) -> Result<Box<dyn Notifier>, DeliveryError> + Sync);

/// After so many refusals in a row it is the sink that is wrong, not what it is sent.
const MOST_REFUSALS: u32 = 3;

/// What a run met at one sink so far.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// It failed, or asked for patience: what waits for it is left to the next run.
    pub(crate) is_out: bool,
    /// Keys of events that it refused: in this run it would refuse them again.
    pub(crate) refused: BTreeSet<String>,
    /// How many messages it refused since it took one.
    pub(crate) in_a_row: u32,
}

/// The deliveries of a run, over all its sends.
#[derive(Debug, Default)]
pub(crate) struct Course {
    /// One for each sink, in the order of the configuration.
    pub(crate) counts: Vec<DeliveryCounts>,
    /// By the sink's name.
    pub(crate) met: BTreeMap<String, Met>,
}

impl Course {
    /// That of a sink.
    pub(crate) fn count(&mut self, sink: &str) -> Option<&mut DeliveryCounts> {
        self.counts.iter_mut().find(|count| count.sink == sink)
    }

    /// Counts what a sink will never be told.
    pub(crate) fn drop_one(&mut self, sink: &str, why: &str) {
        if self.count(sink).is_none() {
            // It waits for a sink that is not configured any more.
            let count = DeliveryCounts { sink: sink.to_owned(), ..DeliveryCounts::default() };
            self.counts.push(count);
        }
        let Some(count) = self.count(sink) else { return };
        count.dropped += 1;
        match &mut count.problem {
            Some(problem) if problem.contains(why) => {}
            Some(problem) => {
                problem.push_str("; ");
                problem.push_str(why);
            }
            None => count.problem = Some(why.to_owned()),
        }
    }

    /// What may be sent to a sink now, and how many messages it refused in a row. What was refused by
    /// earlier runs stands last, so that a few that never pass do not keep all others; what an alert
    /// has to say stays in order, and nothing of it goes before what was refused in this run.
    fn queue(&self, sink: &str, outbox: &[Waiting]) -> (Vec<AlertEvent>, u32) {
        let met = self.met.get(sink);
        if met.is_some_and(|met| met.is_out) {
            return (Vec::new(), 0);
        }
        let of_sink = || outbox.iter().filter(|it| it.sink == sink);
        let is_refused = |it: &&Waiting| met.is_some_and(|met| met.refused.contains(&it.event.key));
        let held: BTreeSet<&str> =
            of_sink().filter(is_refused).map(|it| it.event.fingerprint.as_str()).collect();
        let mut refused: BTreeMap<&str, u32> = BTreeMap::new();
        let mut queue: Vec<(u32, &AlertEvent)> = Vec::new();
        for it in of_sink() {
            let fingerprint = it.event.fingerprint.as_str();
            if !held.contains(fingerprint) {
                let most = refused.entry(fingerprint).or_default();
                *most = it.refused.max(*most);
                queue.push((*most, &it.event));
            }
        }
        queue.sort_by_key(|(refused, _)| *refused);
        let queue = queue.into_iter().map(|(_, event)| event.clone()).collect();
        (queue, met.map_or(0, |met| met.in_a_row))
    }
}

/// What became of one message.
struct Outcome {
    sink: String,
    keys: Vec<String>,
    result: Result<(), DeliveryError>,
    in_a_row: u32,
    /// Told that the outcome is recorded.
    recorded: Sender<()>,
}

/// How deliveries are made.
pub(crate) struct Delivery<'a> {
    /// The sinks.
    pub(crate) sinks: &'a [SinkSettings],
    /// How one is opened.
    pub(crate) open: Open<'a>,
    /// How each is waited for, all its messages together.
    pub(crate) patience: Patience,
    /// Between two messages to one sink.
    pub(crate) pace: fn(&SinkSettings) -> Duration,
}

impl Delivery<'_> {
    /// Sends what waits, to sinks that did not fail in this run. `outbox` loses what was delivered, and
    /// `record` is called after each message, before the next one to that sink is sent.
    pub(crate) fn send(
        &self,
        outbox: &mut Vec<Waiting>,
        course: &mut Course,
        record: &mut dyn FnMut(&[Waiting]),
    ) {
        thread::scope(|scope| {
            let (sender, outcomes) = mpsc::channel();
            for sink in self.sinks {
                let queue = course.queue(&sink.name, outbox);
                if !queue.0.is_empty() {
                    let sender = sender.clone();
                    scope.spawn(move || self.serve(sink, queue, sender));
                }
            }
            drop(sender);
            take(&outcomes, outbox, course, record);
        });
    }

    /// One sink.
    fn serve(
        &self,
        sink: &SinkSettings,
        (events, in_a_row): (Vec<AlertEvent>, u32),
        outcomes: Sender<Outcome>,
    ) {
        match (self.open)(sink) {
            Ok(notifier) => {
                let patience = self.patience.clone();
                let pace = (self.pace)(sink);
                let held = BTreeSet::new();
                let line = Line {
                    sink,
                    notifier,
                    patience,
                    pace,
                    is_first: true,
                    held,
                    in_a_row,
                    outcomes,
                };
                line.run(events);
            }
            // Settings can be put right: nothing is given up because of them.
            Err(error) => {
                let result = Err(DeliveryError { retry: Retry::Later, ..error });
                tell(sink, &outcomes, &events, (result, in_a_row));
            }
        }
    }
}

/// One sink, while it is told what waits for it.
struct Line<'a> {
    sink: &'a SinkSettings,
    notifier: Box<dyn Notifier>,
    patience: Patience,
    pace: Duration,
    is_first: bool,
    /// Fingerprints of which something was refused.
    held: BTreeSet<String>,
    /// Messages that were refused since one was taken, in this run.
    in_a_row: u32,
    outcomes: Sender<Outcome>,
}

impl Line<'_> {
    fn run(mut self, events: Vec<AlertEvent>) {
        let most = self.notifier.most().max(1);
        let mut events = events.into_iter();
        loop {
            let held = &self.held;
            let next = events.by_ref().filter(|event| !held.contains(&event.fingerprint));
            let message: Vec<AlertEvent> = next.take(most).collect();
            if message.is_empty() || !self.hand(&message) {
                return;
            }
        }
    }

    /// Whether something of the same alert was refused before.
    fn is_held(&self, events: &[AlertEvent]) -> bool {
        events.iter().any(|event| self.held.contains(&event.fingerprint))
    }

    /// Sends one message, and its events one by one if it is refused; `false`: nothing more is to be sent
    /// in this run.
    fn hand(&mut self, events: &[AlertEvent]) -> bool {
        if !std::mem::take(&mut self.is_first) {
            thread::sleep(self.pace);
        }
        let key = key_of(events);
        let message = Message { key: &key, events };
        let notifier = self.notifier.as_mut();
        let result = retry::deliver(notifier, &message, &mut self.patience, &thread::sleep);
        let is_refused = result.as_ref().is_err_and(|error| error.retry == Retry::Never);
        self.in_a_row = if is_refused { self.in_a_row + 1 } else { 0 };
        let is_enough = self.in_a_row >= MOST_REFUSALS;
        // One of them may be all that is wrong.
        if is_refused && events.len() > 1 && !is_enough {
            return events.chunks(1).all(|event| self.is_held(event) || self.hand(event));
        }
        if is_refused {
            self.held.extend(events.iter().map(|event| event.fingerprint.clone()));
        }
        // What fails now is likely to fail for those behind, and they must not overtake it; what is
        // refused must not keep them.
        let goes_on = result.is_ok() || is_refused && !is_enough;
        tell(self.sink, &self.outcomes, events, (result, self.in_a_row)) && goes_on
    }
}

/// Has an outcome recorded; `false`: nobody does.
fn tell(
    sink: &SinkSettings,
    outcomes: &Sender<Outcome>,
    events: &[AlertEvent],
    (result, in_a_row): (Result<(), DeliveryError>, u32),
) -> bool {
    let (recorded, done) = mpsc::channel();
    let keys = events.iter().map(|event| event.key.clone()).collect();
    let outcome = Outcome { sink: sink.name.clone(), keys, result, in_a_row, recorded };
    // Whoever records is there until all sinks are done.
    outcomes.send(outcome).is_ok() && done.recv().is_ok()
}

/// That of the only event, or one made of those of all.
fn key_of(events: &[AlertEvent]) -> String {
    match events {
        [event] => event.key.clone(),
        events => {
            let keys: Vec<Option<&str>> =
                events.iter().map(|event| Some(event.key.as_str())).collect();
            fingerprint(&keys)
        }
    }
}

fn take(
    outcomes: &Receiver<Outcome>,
    outbox: &mut Vec<Waiting>,
    course: &mut Course,
    record: &mut dyn FnMut(&[Waiting]),
) {
    while let Ok(Outcome { sink, keys, result, in_a_row, recorded }) = outcomes.recv() {
        let is_of = |it: &Waiting| it.sink == sink && keys.contains(&it.event.key);
        let events = keys.len() as u64;
        if let Some(met) = course.met.get_mut(&sink) {
            met.in_a_row = in_a_row;
        }
        match result {
            Ok(()) => {
                outbox.retain(|it| !is_of(it));
                if let Some(count) = course.count(&sink) {
                    count.delivered += events;
                }
            }
            // Nothing is given up because a service refuses it: an address that was changed can be put
            // right. What is never taken goes after a week.
            Err(error) => {
                let is_refused = error.retry == Retry::Never;
                for it in outbox.iter_mut().filter(|it| is_of(it)) {
                    it.attempts = it.attempts.saturating_add(1);
                    it.refused = it.refused.saturating_add(u32::from(is_refused));
                }
                let met = course.met.entry(sink.clone()).or_default();
                met.in_a_row = in_a_row;
                met.is_out |= !is_refused || in_a_row >= MOST_REFUSALS;
                if is_refused {
                    met.refused.extend(keys);
                }
                if let Some(count) = course.count(&sink) {
                    count.problem = Some(error.problem);
                }
            }
        }
        record(outbox);
        // A sink that is gone needs no answer.
        let _ = recorded.send(());
    }
}
