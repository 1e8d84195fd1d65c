//! Delivery of what waits: each sink by itself, in order, and each success recorded before the next
//! thing is sent.
//!
//! Must not: let one sink hold up another, or send what is not in the state file.

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

/// What became of one message.
struct Outcome {
    sink: String,
    keys: Vec<String>,
    result: Result<(), DeliveryError>,
    /// Told that the outcome is recorded.
    recorded: Sender<()>,
}

/// How deliveries are made.
pub(crate) struct Delivery<'a> {
    /// The sinks.
    pub(crate) sinks: &'a [SinkSettings],
    /// How one is opened.
    pub(crate) open: Open<'a>,
    /// How long each may be waited for.
    pub(crate) budget: Duration,
    /// Between two messages to one sink.
    pub(crate) pace: fn(&SinkSettings) -> Duration,
}

impl Delivery<'_> {
    /// Sends what waits. `outbox` loses what was delivered or given up, and `record` is called after
    /// each message, before the next one to that sink is sent. Adds to `counts`, one for each sink.
    pub(crate) fn send(
        &self,
        outbox: &mut Vec<Waiting>,
        counts: &mut [DeliveryCounts],
        record: &mut dyn FnMut(&[Waiting]),
    ) {
        thread::scope(|scope| {
            let (sender, outcomes) = mpsc::channel();
            for sink in self.sinks {
                let events: Vec<AlertEvent> = outbox
                    .iter()
                    .filter(|it| it.sink == sink.name)
                    .map(|it| it.event.clone())
                    .collect();
                if !events.is_empty() {
                    let sender = sender.clone();
                    scope.spawn(move || self.serve(sink, &events, &sender));
                }
            }
            drop(sender);
            take(&outcomes, outbox, counts, record);
        });
    }

    /// One sink.
    fn serve(&self, sink: &SinkSettings, events: &[AlertEvent], outcomes: &Sender<Outcome>) {
        let tell = |events: &[AlertEvent], result| {
            let (recorded, done) = mpsc::channel();
            let keys = events.iter().map(|event| event.key.clone()).collect();
            let outcome = Outcome { sink: sink.name.clone(), keys, result, recorded };
            // Whoever records is there until all sinks are done.
            outcomes.send(outcome).is_ok() && done.recv().is_ok()
        };
        let mut notifier = match (self.open)(sink) {
            Ok(notifier) => notifier,
            // Settings can be put right: nothing is given up because of them.
            Err(error) => {
                tell(events, Err(DeliveryError { retry: Retry::Later, ..error }));
                return;
            }
        };
        let mut patience = Patience { budget: self.budget, ..Patience::default() };
        let mut is_first = true;
        for events in events.chunks(notifier.most().max(1)) {
            if !std::mem::take(&mut is_first) {
                thread::sleep((self.pace)(sink));
            }
            let key = key_of(events);
            let message = Message { key: &key, events };
            let result = retry::deliver(notifier.as_mut(), &message, &mut patience, &thread::sleep);
            // What fails now is likely to fail for those behind, and they must not overtake it; what is
            // refused must not keep them.
            let goes_on = result.as_ref().is_ok()
                || result.as_ref().is_err_and(|error| error.retry == Retry::Never);
            if !tell(events, result) || !goes_on {
                return;
            }
        }
    }
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
    counts: &mut [DeliveryCounts],
    record: &mut dyn FnMut(&[Waiting]),
) {
    while let Ok(Outcome { sink, keys, result, recorded }) = outcomes.recv() {
        let is_of = |it: &Waiting| it.sink == sink && keys.contains(&it.event.key);
        let events = keys.len() as u64;
        let count = counts.iter_mut().find(|count| count.sink == sink);
        match result {
            Ok(()) => {
                outbox.retain(|it| !is_of(it));
                if let Some(count) = count {
                    count.delivered += events;
                }
            }
            // Nothing is given up because a service refuses it: an address that was changed can be put
            // right. What is never taken goes after a week.
            Err(error) => {
                if let Some(count) = count {
                    count.problem = Some(error.problem);
                }
                for it in outbox.iter_mut().filter(|it| is_of(it)) {
                    it.attempts = it.attempts.saturating_add(1);
                }
            }
        }
        record(outbox);
        // A sink that is gone needs no answer.
        let _ = recorded.send(());
    }
}
