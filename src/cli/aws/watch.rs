//! The loop of a tail: deliveries go into the analysis, time goes on, and something ends it.
//!
//! Must not: ask the account; a channel brings what was read.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use corscope::assemble::Patience;
use corscope::decode::Sink;
use corscope::model::{InputNote, LogTime};
use corscope::pipeline::Analyzer;
use corscope::sources::cloudwatch::delivery::{Beat, Delivery, Note};
use corscope::sources::cloudwatch::feed::{Feed, Told};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::aws::interrupt::Interrupt;
use crate::cli::aws::teller::Tally;
use crate::cli::print::say;
use crate::cli::terminal::rewrite_line;

/// How often the analysis moves on where nothing comes.
const TICK: Duration = Duration::from_millis(250);
/// How often the status line is written anew.
const STATUS: Duration = Duration::from_secs(1);

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

/// Gaps and failures that the ledger lists; further ones are counted.
const MOST_NOTES: usize = 1000;

impl Watch<'_> {
    /// One sentence for people, over the status line.
    fn say(&self, text: &str) {
        if self.shows_status {
            rewrite_line("");
        }
        say(text);
    }
}

/// What the ledger lists, each once, and not without end.
#[derive(Debug, Default)]
struct Listed {
    known: BTreeSet<String>,
    more: u64,
}

impl Listed {
    /// Whether a text is to be listed.
    fn is_new(&mut self, text: &str) -> bool {
        if self.known.contains(text) {
            return false;
        }
        if self.known.len() >= MOST_NOTES {
            self.more += 1;
            return false;
        }
        self.known.insert(text.to_owned())
    }
}

/// What the loop knows.
struct State {
    feed: Feed,
    events: u64,
    /// Events when the status was last shown.
    shown: u64,
    beat: Beat,
    began: Instant,
    /// When the status was last shown.
    status: Instant,
    /// Since when nothing came, and nothing is to be read.
    idle_since: Option<Instant>,
    failures: Listed,
    gaps: Listed,
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
        status: began,
        idle_since: None,
        failures: Listed::default(),
        gaps: Listed::default(),
    };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Without a handler Ctrl-C ends the process anyhow.
    let mut stopped = Interrupt::listen().ok();
    let ended = loop {
        tokio::select! {
            biased;
            () = wait(&mut stopped) => break Ended::Interrupted,
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
        rewrite_line("");
    }
    state.list_rest(analyzer);
    ended
}

async fn wait(stopped: &mut Option<Interrupt>) {
    match stopped {
        Some(stopped) => stopped.wait().await,
        None => std::future::pending().await,
    }
}

impl State {
    fn take(&mut self, delivery: Delivery, analyzer: &mut Analyzer<'_>, watch: &Watch<'_>) {
        if let Delivery::Events(events) = &delivery {
            analyzer.advance((watch.clock)(), &watch.patience);
            self.events += events.len() as u64;
            self.idle_since = None;
        }
        if let Delivery::Note(Note::Failed(note)) = &delivery {
            let text = format!("{}: {}", note.input, note.problem);
            if !self.failures.is_new(&text) {
                return;
            }
            watch.say(&text);
        }
        match self.feed.take(delivery, analyzer) {
            Some(Told::Said(said)) => watch.say(&said),
            Some(Told::Gap(gap)) if self.gaps.is_new(&gap) => {
                watch.say(&format!("gap: {gap}"));
                analyzer.gap(gap);
            }
            Some(Told::Beat(beat)) => {
                self.beat = beat;
                if !beat.is_idle {
                    self.idle_since = None;
                } else if self.idle_since.is_none() {
                    self.idle_since = Some(Instant::now());
                }
            }
            Some(Told::Gap(_)) | None => {}
        }
    }

    /// What is too much for lists.
    fn list_rest(&self, analyzer: &mut Analyzer<'_>) {
        if self.gaps.more > 0 {
            analyzer.gap(format!("and {} more gaps", self.gaps.more));
        }
        if self.failures.more > 0 {
            let problem = format!("and {} more failures", self.failures.more);
            analyzer.problem(InputNote { input: "tail".to_owned(), problem });
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
        if !watch.shows_status || self.status.elapsed() < STATUS {
            return;
        }
        self.status = Instant::now();
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
        rewrite_line(&parts.join(", "));
    }
}

/// Standard output on a terminal that also shows the status line.
pub(crate) struct OverStatus;

impl Write for OverStatus {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        rewrite_line("");
        io::stdout().lock().write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use corscope::output::live::LiveForm;
    use corscope::output::redact::Redaction;
    use corscope::pipeline::Window;
    use corscope::report::Report;
    use corscope::report::builder::ReportBuilder;
    use corscope::report::live::Board;
    use corscope::report::settings::ReportSettings;
    use corscope::rules::set::RuleSet;
    use corscope::sources::cloudwatch::event::CloudWatchEvent;

    use super::*;
    use crate::cli::aws::outlet::Outlet;
    use crate::cli::aws::teller::Teller;

    const TEN: i64 = 1_795_341_600_000;
    const ID: &str = "6bc4ee36-e5b8-11e8-8a6f-000000000001";

    /// What was written, by whoever.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn events(lines: &[&str]) -> Delivery {
        let event = |line: &&str| CloudWatchEvent {
            group: "API-Gateway-Execution-Logs_abc/prod".into(),
            stream: "one".into(),
            time: LogTime(TEN),
            ingested: None,
            id: None,
            message: format!("({ID}) {line}"),
        };
        Delivery::Events(lines.iter().map(event).collect())
    }

    /// A request whose answer lacks the header.
    fn refused() -> Delivery {
        events(&[
            "Extended Request Id: EP5ycFm00000001=",
            "HTTP Method: GET, Resource Path: /orders",
            "Method request headers: {Host=api.example.com, Origin=https://app.example.com}",
            "Endpoint request URI: https://backend.example.com/orders",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ])
    }

    fn beat(is_idle: bool) -> Delivery {
        Delivery::Beat(Beat { is_idle, ..Beat::default() })
    }

    /// What a tail came to: why it ended, after how many seconds, what it told, and the report.
    struct Tailed {
        ended: Ended,
        seconds: u64,
        told: String,
        report: Report,
    }

    /// A tail of what `feed` delivers; the time is tokio's, which is paused and goes on by itself.
    async fn tailed<F: Future<Output = ()> + Send + 'static>(
        limits: Limits,
        feed: impl FnOnce(mpsc::Sender<Delivery>) -> F,
    ) -> Tailed {
        let rules = RuleSet::builtin();
        let written = Written::default();
        let settings = ReportSettings::default();
        let board = Board::new(settings.clone());
        let form = LiveForm::Jsonl(Redaction::On);
        let patience = Patience::default();
        let outlet = Outlet::new(written.clone());
        let mut teller = Teller::new(board, form, &rules, outlet, &patience);
        let began = Instant::now();
        let clock = || LogTime(TEN + i64::try_from(began.elapsed().as_millis()).expect("time"));
        let tally = teller.tally();
        let watched = Watch { patience, limits, clock: &clock, tally, shows_status: false };
        let builder = ReportBuilder::new(settings);
        let mut analyzer = Analyzer::new(&rules, builder, Window::default(), &mut teller);
        let (sender, deliveries) = mpsc::channel(256);
        let feed = tokio::spawn(feed(sender));
        let ended = watch(deliveries, &mut analyzer, &watched).await;
        feed.abort();
        let seconds = began.elapsed().as_secs();
        let report = analyzer.finish().expect("a report");
        teller.close(&report, clock()).expect("bytes");
        let told = String::from_utf8(written.0.lock().expect("no panic").clone()).expect("text");
        Tailed { ended, seconds, told, report }
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_everything_was_read_and_nothing_comes() {
        let limits = Limits { idle: Some(Duration::from_secs(30)), ..Limits::default() };
        let tailed = tailed(limits, async |out: mpsc::Sender<Delivery>| {
            // For two minutes it is still reading what there is.
            for _ in 0..120 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                out.send(beat(false)).await.expect("a listener");
            }
            out.send(refused()).await.expect("a listener");
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                out.send(beat(true)).await.expect("a listener");
            }
        })
        .await;
        assert_eq!(tailed.ended, Ended::Limit);
        assert!((150..=153).contains(&tailed.seconds), "{}", tailed.seconds);
        assert_eq!(tailed.report.ledger.events, 7);
        assert!(
            tailed.told.contains("\"rule\":\"http-proxy-backend-missing-acao\""),
            "{}",
            tailed.told
        );
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_after_its_time_after_so_many_events_and_with_the_source() {
        let waits = async |out: mpsc::Sender<Delivery>| out.closed().await;
        let limits = Limits { duration: Some(Duration::from_mins(10)), ..Limits::default() };
        let tailed_for = tailed(limits, waits).await;
        assert_eq!((tailed_for.ended, tailed_for.seconds), (Ended::Limit, 600));
        let limits = Limits { events: Some(7), ..Limits::default() };
        let endless = async |out: mpsc::Sender<Delivery>| {
            while out.send(refused()).await.is_ok() {}
        };
        let tailed_events = tailed(limits, endless).await;
        assert_eq!((tailed_events.ended, tailed_events.report.ledger.events), (Ended::Limit, 7));
        let ends = async |_: mpsc::Sender<Delivery>| {};
        assert_eq!(tailed(Limits::default(), ends).await.ended, Ended::Source);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_first_finding() {
        let limits = Limits { first_finding: true, ..Limits::default() };
        let tailed = tailed(limits, async |out: mpsc::Sender<Delivery>| {
            tokio::time::sleep(Duration::from_secs(5)).await;
            out.send(refused()).await.expect("a listener");
            out.closed().await;
        })
        .await;
        assert_eq!((tailed.ended, tailed.seconds), (Ended::Limit, 5));
        assert_eq!(tailed.report.summary.findings.total(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn notes_of_the_source_are_in_the_ledger() {
        let tailed = tailed(Limits::default(), async |out: mpsc::Sender<Delivery>| {
            let failed = InputNote { input: "g".to_owned(), problem: "denied".to_owned() };
            let notes = [
                Note::Bytes(100),
                Note::Duplicates(2),
                Note::Sampled(3),
                Note::Throttled(4),
                Note::Gap("10:00 to 10:01".to_owned()),
                Note::Gap("10:00 to 10:01".to_owned()),
                Note::Failed(failed.clone()),
                Note::Failed(failed),
            ];
            for note in notes {
                out.send(Delivery::Note(note)).await.expect("a listener");
            }
        })
        .await;
        let ledger = tailed.report.ledger;
        let counts = [ledger.bytes, ledger.duplicates, ledger.sampled, ledger.throttled];
        assert_eq!(counts, [100, 2, 3, 4]);
        assert_eq!(ledger.gaps, ["10:00 to 10:01"]);
        assert_eq!(ledger.inputs_failed.len(), 1);
    }
}
