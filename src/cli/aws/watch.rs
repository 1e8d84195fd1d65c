//! The loop of a tail: deliveries go into the analysis, time goes on, and something ends it.
//!
//! Must not: ask the account; a channel brings what was read.

use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use corscope::assemble::Patience;
use corscope::model::LogTime;
use corscope::pipeline::Analyzer;
use corscope::sources::cloudwatch::delivery::{Beat, Delivery};
use corscope::sources::cloudwatch::feed::{Feed, Told};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::aws::query::say;
use crate::cli::aws::teller::Tally;

/// What ends a tail beside Ctrl-C.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Nothing came for so long.
    pub(crate) idle: Option<Duration>,
    /// It lasted so long.
    pub(crate) duration: Option<Duration>,
    /// So many events came.
    pub(crate) events: Option<u64>,
    /// The first finding that fails the run.
    pub(crate) first_finding: bool,
}

/// Why a tail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Ctrl-C.
    Interrupted,
    /// One of the limits.
    Limit,
    /// The source brings no more.
    Source,
    /// Nobody reads what is told.
    Closed,
}

/// How a tail is watched.
pub(crate) struct Watch<'a> {
    pub(crate) patience: Patience,
    pub(crate) limits: Limits,
    /// The time by the clock of this machine.
    pub(crate) clock: &'a dyn Fn() -> LogTime,
    pub(crate) tally: Rc<Tally>,
    /// Whether a line on standard error says how it goes.
    pub(crate) shows_status: bool,
}

/// What the loop knows.
struct State {
    feed: Feed,
    events: u64,
    /// Events when the status was last shown.
    shown: u64,
    beat: Beat,
    began: Instant,
    /// Since when nothing came, and nothing is to be read.
    idle_since: Option<Instant>,
}

/// Feeds the analysis until something ends it.
pub(crate) async fn watch(
    mut deliveries: mpsc::Receiver<Delivery>,
    analyzer: &mut Analyzer<'_>,
    watch: &Watch<'_>,
) -> Ended {
    let began = Instant::now();
    let mut state = State {
        feed: Feed::default(),
        events: 0,
        shown: 0,
        beat: Beat::default(),
        began,
        idle_since: None,
    };
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopped = tokio::signal::ctrl_c();
    tokio::pin!(stopped);
    let ended = loop {
        tokio::select! {
            biased;
            // Without the signal's handler Ctrl-C ends the process anyhow.
            Ok(()) = &mut stopped => break Ended::Interrupted,
            _ = ticks.tick() => {
                analyzer.advance((watch.clock)(), &watch.patience);
                state.show(watch, analyzer);
            }
            delivery = deliveries.recv() => {
                let Some(delivery) = delivery else { break Ended::Source };
                state.take(delivery, analyzer, watch);
            }
        }
        if analyzer.has_failed() || watch.tally.is_closed.get() {
            break Ended::Closed;
        }
        if state.is_over(watch) {
            break Ended::Limit;
        }
    };
    if watch.shows_status {
        clear();
    }
    ended
}

impl State {
    fn take(&mut self, delivery: Delivery, analyzer: &mut Analyzer<'_>, watch: &Watch<'_>) {
        if let Delivery::Events(events) = &delivery {
            analyzer.advance((watch.clock)(), &watch.patience);
            self.events += events.len() as u64;
            self.idle_since = None;
        }
        match self.feed.take(delivery, analyzer) {
            Some(Told::Said(said)) => {
                if watch.shows_status {
                    clear();
                }
                say(&said);
            }
            Some(Told::Gap(gap)) => analyzer.gap(gap),
            Some(Told::Beat(beat)) => {
                self.beat = beat;
                if !beat.is_idle {
                    self.idle_since = None;
                } else if self.idle_since.is_none() {
                    self.idle_since = Some(Instant::now());
                }
            }
            None => {}
        }
    }

    fn is_over(&self, watch: &Watch<'_>) -> bool {
        let limits = &watch.limits;
        let is_past = |since: Option<Instant>, limit: Option<Duration>| match (since, limit) {
            (Some(since), Some(limit)) => since.elapsed() >= limit,
            (_, None) | (None, _) => false,
        };
        is_past(Some(self.began), limits.duration)
            || is_past(self.idle_since, limits.idle)
            || limits.events.is_some_and(|most| self.events >= most)
            || (limits.first_finding && watch.tally.failing.get() > 0)
    }

    /// `312 events/s, 1.4 s behind, 40 exchanges open, 3 findings`.
    fn show(&mut self, watch: &Watch<'_>, analyzer: &Analyzer<'_>) {
        if !watch.shows_status {
            return;
        }
        let progress = analyzer.progress();
        let rate = self.events - self.shown;
        self.shown = self.events;
        let mut parts = vec![format!("{rate} events/s")];
        if let Some(lag) = self.beat.lag_ms {
            let tenths = lag.max(0) / 100;
            parts.push(format!("{}.{} s behind", tenths / 10, tenths % 10));
        }
        parts.push(format!("{} exchanges open", progress.waiting.open));
        parts.push(format!("{} findings", watch.tally.told.get()));
        if self.beat.is_sampled {
            parts.push("sampled".to_owned());
        }
        if progress.throttled > 0 {
            parts.push(format!("{} requests throttled", progress.throttled));
        }
        // There is nobody left to tell if this fails.
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[K{}", parts.join(", ")).and_then(|()| stderr.flush());
    }
}

/// Takes the status line away.
fn clear() {
    let _ = write!(io::stderr().lock(), "\r\x1b[K");
}

/// Standard output on a terminal that also shows the status line.
pub(crate) struct OverStatus;

impl Write for OverStatus {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        clear();
        io::stdout().lock().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}
