//! `corscope query`: what log groups hold of a time window.
//!
//! Must not: judge, or format.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use corscope::decode::Sink;
use corscope::model::{InputNote, LogTime};
use corscope::pipeline::Analyzer;
use corscope::sources::cloudwatch::delivery::Delivery;
use corscope::sources::cloudwatch::feed::{Feed, Told};
use corscope::sources::cloudwatch::group::Span;
use corscope::sources::cloudwatch::history::{self, Progress};
use corscope::sources::cloudwatch::insights::Insights;
use corscope::sources::cloudwatch::target::{Problem, resolve};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::cli::analysis;
use crate::cli::args::AnalysisOptions;
use crate::cli::aws::args::{AccessOptions, TargetOptions, block_on};
use crate::cli::aws::interrupt::Interrupt;
use crate::cli::aws::plan::{Plan, Planned};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::say;
use crate::cli::progress::Progress as Counted;
use crate::cli::ranges;
use crate::cli::terminal::{rewrite_line, stderr_is_terminal};
use crate::cli::time;

/// What is read where nobody says.
const DEFAULT_SINCE: i64 = 60 * 60 * 1000;
/// Deliveries that wait for the analysis.
const WAITING: usize = 16;

/// Options of `query`.
#[derive(Debug, Args)]
pub(crate) struct QueryOptions {
    #[command(flatten)]
    pub(crate) targets: TargetOptions,

    #[command(flatten)]
    pub(crate) access: AccessOptions,

    /// How groups are read: `FilterLogEvents` for short windows and small groups, Logs Insights for the
    /// others and for those of class Infrequent Access, or one of them for all.
    #[arg(
        long,
        value_name = "ENGINE",
        value_enum,
        default_value = "auto",
        help_heading = "Account"
    )]
    pub(crate) engine: EngineChoice,

    /// How much Logs Insights may scan, which AWS bills; more is asked about on a terminal, and
    /// refused elsewhere.
    #[arg(long, value_name = "SIZE", default_value = "5GB", value_parser = ranges::bytes, help_heading = "Account")]
    pub(crate) max_scan: u64,

    #[command(flatten)]
    pub(crate) analysis: AnalysisOptions,
}

/// How groups are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    /// By window, size and log class.
    Auto,
    /// `FilterLogEvents`.
    Filter,
    /// Logs Insights.
    Insights,
}

/// Runs the command.
pub(crate) fn run(options: &QueryOptions) -> Result<ExitStatus, CliError> {
    let (since, until) = analysis::window(&options.analysis.window)?;
    let now = time::now();
    let to = until.unwrap_or(now);
    let from = since.unwrap_or(LogTime(to.0 - DEFAULT_SINCE));
    let span = Span { from, to };
    analysis::run(&options.analysis, (Some(from), Some(to)), &Counted::default(), |analyzer| {
        block_on(read(options, span, now, analyzer))
    })
}

async fn read(
    options: &QueryOptions,
    span: Span,
    now: LogTime,
    analyzer: &mut Analyzer<'_>,
) -> Result<(), CliError> {
    let targets = options.targets.targets()?;
    let caller = options.access.open().await?;
    let resolved = resolve(&caller, &targets).await;
    tell_problems(&resolved.problems, analyzer);
    if resolved.groups.is_empty() {
        return Ok(());
    }
    let plan = Plan::new(&resolved.groups, options.engine, span, now);
    say(&plan.words(span));
    plan.confirm(options.max_scan)?;
    let insights = Insights::within(Arc::clone(&caller), plan.most(options.max_scan));
    let progress = Arc::new(Progress::default());
    let (sender, deliveries) = mpsc::channel(WAITING);
    // From now on a query may run that has to be stopped.
    let mut stopped = Interrupt::listen().map_err(CliError::Runtime)?;
    let reading =
        history::read(Arc::clone(&insights), plan.readings(span), sender, Arc::clone(&progress));
    let reading = tokio::spawn(reading);
    let meter = Meter { progress, whole: span.millis().unsigned_abs() * plan.groups.len() as u64 };
    let mut feed = Feed::default();
    let was_stopped = take(deliveries, (&mut feed, analyzer), &meter, &mut stopped).await;
    if was_stopped {
        insights.stop_all().await;
        reading.abort();
        let problem = "stopped before everything was read".to_owned();
        analyzer.problem(InputNote { input: "query".to_owned(), problem });
    } else {
        let failed: Vec<String> = analyzer.failed_inputs().map(str::to_owned).collect();
        let is_silent =
            |it: &&Planned| feed.events_of(&it.group.name) == 0 && !failed.contains(&it.group.name);
        for silent in plan.groups.iter().filter(is_silent) {
            say(&silent.why_empty(span, now, caller.account().region()));
        }
    }
    if insights.scanned() > 0 {
        say(&format!("Logs Insights scanned {}", ranges::size(insights.scanned())));
    }
    Ok(())
}

/// Feeds the analysis; true if it was stopped by Ctrl-C.
async fn take(
    mut deliveries: mpsc::Receiver<Delivery>,
    (feed, analyzer): (&mut Feed, &mut Analyzer<'_>),
    meter: &Meter,
    stopped: &mut Interrupt,
) -> bool {
    let is_shown = stderr_is_terminal();
    let clear = || {
        if is_shown {
            rewrite_line("");
        }
    };
    let began = Instant::now();
    let mut ticks = interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            delivery = deliveries.recv() => {
                let Some(delivery) = delivery else { break };
                match feed.take(delivery, analyzer) {
                    Some(Told::Said(said)) => {
                        clear();
                        say(&said);
                    }
                    Some(Told::Gap(gap)) => analyzer.gap(gap),
                    Some(Told::Beat(_)) | None => {}
                }
            }
            _ = ticks.tick(), if is_shown => meter.show(began.elapsed()),
            () = stopped.wait() => {
                clear();
                return true;
            }
        }
    }
    clear();
    false
}

/// What is shown while it runs.
struct Meter {
    progress: Arc<Progress>,
    /// Milliseconds of log time to read, of all groups.
    whole: u64,
}

impl Meter {
    fn show(&self, elapsed: Duration) {
        let done = self.progress.done().min(self.whole);
        let rest = match (done, elapsed.as_secs()) {
            (0, _) | (_, 0) => String::new(),
            (done, seconds) => {
                let left = u128::from(self.whole - done) * u128::from(seconds) / u128::from(done);
                format!(", {} %, about {left} s left", done * 100 / self.whole.max(1))
            }
        };
        let (bytes, events) = (ranges::size(self.progress.bytes()), self.progress.events());
        rewrite_line(&format!("{events} events, {bytes}{rest}"));
    }
}

/// What could not be resolved was not read either.
pub(crate) fn tell_problems(problems: &[Problem], sink: &mut dyn Sink) {
    for problem in problems {
        let text = problem.to_string();
        let input = problem.target.clone();
        let what = text.strip_prefix(&format!("{input}: ")).unwrap_or(&text).to_owned();
        sink.problem(InputNote { input, problem: what });
    }
}
