//! Where a run is told: sinks, the dead man's switch, and the metrics file.
//!
//! Must not: decide what is told.

use std::collections::BTreeMap;

use corscope::alert::run::{DeliveryCounts, RunRecord, RunStatus};
use corscope::model::LogTime;
#[cfg(feature = "aws")]
use corscope::notify::open::open_in;
use corscope::notify::open::{open, pace};
use corscope::notify::ping::Ping;
use corscope::notify::retry::Patience;
use corscope::notify::settings::{SecretRef, SinkSettings};
use corscope::notify::{DeliveryError, Notifier, text, textfile};
#[cfg(feature = "aws")]
use corscope::notify::{Retry, settings::SinkTarget};

#[cfg(feature = "aws")]
use crate::cli::aws::args::block_on;
use crate::cli::check::Done;
use crate::cli::check::deliver::{Course, Delivery};
use crate::cli::check::options::CheckOptions;
use crate::cli::check::print;
use crate::cli::check::state::{State, Waiting};
use crate::cli::check::store::Store;
use crate::cli::error::CliError;
use crate::cli::print::say;

/// How often a message is tried in one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tries {
    /// Nothing is waited for: logs are still to be read, and other sinks to be told of them.
    Once,
    /// As often as `--retry-for` lets it.
    Again,
}

/// Everything that a run is told to.
pub(crate) struct Outlets<'a> {
    pub(crate) options: &'a CheckOptions,
    pub(crate) sinks: Vec<SinkSettings>,
    pub(crate) now: LogTime,
}

impl<'a> Outlets<'a> {
    /// Nothing is opened yet.
    pub(crate) fn new(options: &'a CheckOptions, sinks: Vec<SinkSettings>, now: LogTime) -> Self {
        Self { options, sinks, now }
    }

    /// Nothing was sent yet.
    pub(crate) fn course(&self) -> Course {
        let count = |sink: &SinkSettings| DeliveryCounts {
            sink: sink.name.clone(),
            ..DeliveryCounts::default()
        };
        Course { counts: self.sinks.iter().map(count).collect(), met: BTreeMap::new() }
    }

    /// Sends what waits in the state, and records each success there. A sink that failed in this run, or
    /// asked for patience, is left to the next one.
    pub(crate) fn send(
        &self,
        (store, state): (&Store, &mut State),
        course: &mut Course,
        tries: Tries,
    ) {
        if state.outbox.is_empty() {
            return;
        }
        let mut outbox = std::mem::take(&mut state.outbox);
        let frozen = state.frozen();
        let open = |sink: &SinkSettings| self.open(sink);
        let delivery = self.delivery(&open);
        let patience = match tries {
            Tries::Once => Patience { attempts: 1, ..delivery.patience },
            Tries::Again => delivery.patience,
        };
        Delivery { patience, ..delivery }.send(&mut outbox, course, &mut |left| {
            // The next save tells, or has it too.
            let _ = frozen.as_ref().map(|frozen| store.save_outbox(frozen, left));
        });
        state.outbox = outbox;
    }

    /// Gives up what waits too long, and what is too much for a sink that failed in this run: nothing
    /// is given up for its size before it could have been delivered.
    pub(crate) fn give_up(&self, store: &Store, state: &mut State, course: &mut Course) {
        let most = usize::try_from(self.options.sinks.spool_size).unwrap_or(usize::MAX);
        let failed = course.met.keys().map(String::as_str).collect();
        let gone = state.trim_outbox(most, self.now, &failed);
        if gone.is_empty() {
            return;
        }
        for Waiting { sink, .. } in gone {
            course.drop_one(&sink, "too much waits for it, or for too long (--spool-size)");
        }
        // What comes back with the state of before is given up by the next run.
        let _ = store.save(state);
    }

    /// The same for messages that no state knows.
    pub(crate) fn delivery<'d>(
        &'d self,
        open: crate::cli::check::deliver::Open<'d>,
    ) -> Delivery<'d> {
        Delivery {
            sinks: &self.sinks,
            open,
            patience: Patience { budget: self.options.sinks.retry_for, ..Patience::default() },
            pace: |sink| pace(&sink.target),
        }
    }

    /// A sink that can be told something.
    pub(crate) fn open(&self, sink: &SinkSettings) -> Result<Box<dyn Notifier>, DeliveryError> {
        #[cfg(feature = "aws")]
        if matches!(sink.target, SinkTarget::Sns { .. } | SinkTarget::EventBridge { .. }) {
            let opened = block_on(self.options.access.open())
                .map_err(|error| DeliveryError { problem: error.visible(), retry: Retry::Later })?;
            return open_in(&opened.account().config(), sink, self.now);
        }
        open(sink, self.now)
    }

    /// Tells the dead man's switch that a run begins.
    pub(crate) fn begin_ping(&self, id: &str) -> Option<Ping> {
        let url = self.options.sinks.ping_url.as_deref()?;
        let opened = SecretRef::parse(url)
            .map_err(|problem| format!("--ping-url: {problem}"))
            .and_then(|url| Ping::new(&url, self.now).map_err(|error| error.problem));
        match opened {
            Ok(ping) => {
                if let Err(error) = ping.start(id) {
                    say(&error.problem);
                }
                Some(ping)
            }
            Err(problem) => {
                say(&problem);
                None
            }
        }
    }

    /// Writes the metrics.
    pub(crate) fn write_metrics(
        &self,
        record: &RunRecord,
        last_complete: Option<LogTime>,
    ) -> Result<(), CliError> {
        let Some(path) = &self.options.sinks.metrics_file else { return Ok(()) };
        let page = textfile::exposition(record, last_complete);
        textfile::write(path, &page)
            .map_err(|error| CliError::Metrics(text::plain(&error.to_string(), 500)))
    }
}

/// How much waits for each sink.
pub(crate) fn count_waiting(state: &State, counts: &mut [DeliveryCounts]) {
    for count in counts {
        count.waiting = state.outbox.iter().filter(|it| it.sink == count.sink).count() as u64;
    }
}

/// Tells the dead man's switch how the run ended.
pub(crate) fn end_ping(ping: Option<Ping>, id: &str, done: &Result<Done, CliError>) {
    let Some(ping) = ping else { return };
    let (is_well, summary) = match done {
        Ok(done) => (is_well(&done.record), print::summary(&done.record)),
        Err(error) => (false, error.visible()),
    };
    if let Err(error) = ping.finish(id, is_well, &summary) {
        say(&error.problem);
    }
}

/// Whether a run did its work, whatever it found; what nobody could be told is not done.
fn is_well(record: &RunRecord) -> bool {
    if record.deliveries.iter().any(DeliveryCounts::has_failed) {
        return false;
    }
    match record.status {
        RunStatus::Clear => true,
        RunStatus::Alerting => record.problems.is_empty(),
        RunStatus::Incomplete | RunStatus::Failed => false,
    }
}
