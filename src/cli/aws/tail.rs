//! `corscope tail`: log groups while they are written.
//!
//! Must not: judge, or format.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::FixedOffset;
use clap::{Args, ValueEnum};
use corscope::assemble::Patience;
use corscope::decode::Sink;
use corscope::model::{InputNote, LogTime};
use corscope::output::human::HumanSettings;
use corscope::output::live::LiveForm;
use corscope::output::redact::Redaction;
use corscope::pipeline::{Analyzer, Window};
use corscope::report::builder::ReportBuilder;
use corscope::report::live::Board;
use corscope::report::{Reading, Report};
use corscope::sources::cloudwatch::call::Caller;
use corscope::sources::cloudwatch::follow::{FollowOptions, Followed, Readable, follow};
use corscope::sources::cloudwatch::groups::{LogClass, LogGroup};
use corscope::sources::cloudwatch::insights::Insights;
use corscope::sources::cloudwatch::target::{ResolvedGroup, Target, resolve};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::cli::analysis;
use crate::cli::args::{ColorChoice, ReportOptions, RuleOptions};
use crate::cli::aws::args::{AccessOptions, TargetOptions, block_on};
use crate::cli::aws::outlet::Outlet;
use crate::cli::aws::plan::group_ref;
use crate::cli::aws::query::tell_problems;
use crate::cli::aws::teller::Teller;
use crate::cli::aws::watch::{Ended, Limits, OverStatus, Watch, watch};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::say;
use crate::cli::setup;
use crate::cli::terminal::{Environment, stderr_is_terminal, stdout_is_terminal};
use crate::cli::time::{self, End, parse_duration};

/// Deliveries that wait for the analysis.
const WAITING: usize = 256;
/// Between two looks for new log groups.
const LOOK: Duration = Duration::from_mins(1);

/// Options of `tail`.
#[derive(Debug, Args)]
pub(crate) struct TailOptions {
    #[command(flatten)]
    pub(crate) targets: TargetOptions,

    #[command(flatten)]
    pub(crate) access: AccessOptions,

    /// Never Live Tail, which AWS bills by the minute: ask again and again instead.
    #[arg(long, help_heading = "Account")]
    pub(crate) poll: bool,

    #[command(flatten)]
    pub(crate) time: TimeOptions,

    #[command(flatten)]
    pub(crate) limits: LimitOptions,

    #[command(flatten)]
    pub(crate) report: ReportOptions,

    #[command(flatten)]
    pub(crate) rules: RuleOptions,

    #[command(flatten)]
    pub(crate) output: LiveOutputOptions,
}

/// From when on, and how long to wait for what belongs together.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct TimeOptions {
    /// Events from then on, as `scan` takes it; `now` for none of the past.
    #[arg(long, value_name = "TIME", default_value = "10m", allow_hyphen_values = true)]
    pub(crate) since: String,

    /// How long a request waits for lines of its other logs before it is told. What comes later
    /// amends what was told.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_duration)]
    pub(crate) join_wait: Duration,

    /// Offset from UTC of times without one, and of times shown to people.
    #[arg(long, value_name = "OFFSET", default_value = "UTC", value_parser = time::parse_zone, allow_hyphen_values = true)]
    pub(crate) tz: FixedOffset,
}

/// What ends it beside Ctrl-C.
#[derive(Debug, Args)]
#[command(next_help_heading = "End")]
pub(crate) struct LimitOptions {
    /// End when everything was read and nothing came for so long; without a value 30 seconds.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "30s", value_parser = parse_duration)]
    pub(crate) until_idle: Option<Duration>,

    /// End after so long.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) max_duration: Option<Duration>,

    /// End after so many events.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_events: Option<u64>,

    /// End with the first finding at or above `--fail-on`; with `--fail-on never`, with any.
    #[arg(long)]
    pub(crate) exit_on_finding: bool,
}

/// How it is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct LiveOutputOptions {
    /// human, or jsonl (one object a line, as it comes).
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        default_value = "human"
    )]
    pub(crate) format: LiveFormat,

    /// When to use colors.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// No status line; and in format human print nothing when all is well and everything was read.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Show tokens, cookies and other secrets as they were logged.
    #[arg(long)]
    pub(crate) no_redact: bool,
}

/// Formats of what is told as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LiveFormat {
    /// For people.
    Human,
    /// One object a line.
    Jsonl,
}

/// Runs the command.
pub(crate) fn run(options: &TailOptions) -> Result<ExitStatus, CliError> {
    let now = time::now();
    let tz = options.time.tz;
    let since = time::parse(&options.time.since, now, tz, End::First)
        .map_err(|problem| CliError::Option { option: "--since", problem })?;
    let targets = options.targets.targets()?;
    let setup = setup::of(&options.report, &options.rules, time::today(tz))?;
    let settings = setup.settings;
    let patience = Patience { join: options.time.join_wait, ..Patience::default() };
    let shows_status = stderr_is_terminal() && !options.output.quiet;
    let outlet = if shows_status && stdout_is_terminal() {
        Outlet::new(OverStatus)
    } else {
        Outlet::new(io::stdout())
    };
    let board = Board::new(settings.clone());
    let form = form(options);
    let mut teller = Teller::new(board, form, &setup.rules, outlet, &patience);
    let watched = Watch {
        patience,
        limits: limits(&options.limits),
        clock: &time::now,
        tally: teller.tally(),
        shows_status,
    };
    let window = Window { since: Some(since), until: None };
    let mut analyzer =
        Analyzer::new(&setup.rules, ReportBuilder::new(settings), window, &mut teller);
    block_on(tail(options, targets, since, &watched, &mut analyzer))?;
    let report = analyzer.finish().map_err(CliError::Write)?;
    tell(&report, options);
    teller.close(&report, time::now()).map_err(CliError::Write)?;
    let status = ExitStatus::of(&report);
    let status = match setup.baseline.filter(|_| options.rules.write_baseline) {
        Some(path) => analysis::write_baseline(&path, &report, status, redaction(&options.output))?,
        None => status,
    };
    Ok(if setup.is_partial { ExitStatus::Usage } else { status })
}

/// Follows the groups of the targets until something ends it.
async fn tail(
    options: &TailOptions,
    targets: Vec<Target>,
    since: LogTime,
    watched: &Watch<'_>,
    analyzer: &mut Analyzer<'_>,
) -> Result<(), CliError> {
    let caller = options.access.open().await?;
    let resolved = resolve(&caller, &targets).await;
    tell_problems(&resolved.problems, analyzer);
    for problem in &resolved.problems {
        say(&problem.to_string());
    }
    if resolved.groups.is_empty() {
        return Ok(());
    }
    if !options.output.quiet {
        say(&following(&resolved.groups));
    }
    let known: BTreeSet<String> = resolved.groups.iter().map(|it| id_of(&it.group)).collect();
    let groups = resolved.groups.iter().map(followed).collect();
    let follow_options = FollowOptions::new(since, options.poll, time::now);
    let (sender, deliveries) = mpsc::channel(WAITING);
    let (new_groups, more) = mpsc::channel(4);
    tokio::spawn(notice(Arc::clone(&caller), targets, known, new_groups));
    let insights = Insights::new(caller);
    let following =
        tokio::spawn(follow(Arc::clone(&insights), groups, more, follow_options, sender));
    let ended = watch(deliveries, analyzer, watched).await;
    if ended == Ended::Source {
        // It goes on for as long as somebody listens: if it ended, it failed.
        let problem = "following ended by itself; start it again".to_owned();
        analyzer.problem(InputNote { input: "tail".to_owned(), problem });
    }
    insights.stop_all().await;
    following.abort();
    Ok(())
}

/// Looks for log groups that targets stand for by now, and were not there before.
async fn notice(
    caller: Arc<Caller>,
    targets: Vec<Target>,
    mut known: BTreeSet<String>,
    new_groups: mpsc::Sender<Vec<Followed>>,
) {
    let mut looks = interval_at(Instant::now() + LOOK, LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = new_groups.closed() => return,
        }
        // What cannot be resolved now was told before, or may be resolved the next time.
        let resolved = resolve(&caller, &targets).await;
        let groups: Vec<_> =
            resolved.groups.iter().filter(|it| known.insert(id_of(&it.group))).collect();
        if groups.is_empty() {
            continue;
        }
        for group in &groups {
            say(&format!("following {} too, which is new", group.group.name));
        }
        if new_groups.send(groups.into_iter().map(followed).collect()).await.is_err() {
            return;
        }
    }
}

/// Two accounts may have groups of one name.
fn id_of(group: &LogGroup) -> String {
    format!("{} {}", group.arn, group.name)
}

fn followed(resolved: &ResolvedGroup) -> Followed {
    let readable = match resolved.group.class {
        LogClass::Standard => Readable::Freely,
        LogClass::InfrequentAccess | LogClass::Delivery | LogClass::Other => Readable::ByInsights,
    };
    Followed { group: group_ref(&resolved.group), readable }
}

/// `following 3 log groups: a, b, c`.
fn following(groups: &[ResolvedGroup]) -> String {
    const MOST: usize = 5;
    let names: Vec<&str> = groups.iter().take(MOST).map(|it| it.group.name.as_str()).collect();
    let more = groups.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let count = groups.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("following {count} log group{plural}: {}{more}", names.join(", "))
}

fn limits(options: &LimitOptions) -> Limits {
    Limits {
        idle: options.until_idle,
        duration: options.max_duration,
        events: options.max_events,
        first_finding: options.exit_on_finding,
    }
}

fn redaction(options: &LiveOutputOptions) -> Redaction {
    if options.no_redact { Redaction::Off } else { Redaction::On }
}

fn form(options: &TailOptions) -> LiveForm {
    let redaction = redaction(&options.output);
    match options.output.format {
        LiveFormat::Jsonl => LiveForm::Jsonl(redaction),
        LiveFormat::Human => {
            let environment = Environment::read();
            LiveForm::Human(HumanSettings {
                width: environment.width(),
                color: environment.wants_color(options.output.color, stdout_is_terminal()),
                quiet: options.output.quiet,
                zone: options.time.tz,
                redaction,
            })
        }
    }
}

/// What a caller must know even if what is told goes elsewhere.
fn tell(report: &Report, options: &TailOptions) {
    if options.output.format == LiveFormat::Human && stdout_is_terminal() {
        return;
    }
    if report.reading() == Reading::Nothing {
        say("nothing was analyzed; this is not an all-clear");
    }
}
