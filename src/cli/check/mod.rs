//! `corscope check`: what is new since the last run, and whom to tell.
//!
//! ```text
//! lock, read the state → send what waits → read and analyze → book of alerts → save → send
//! ```
//!
//! What is to be told is in the state file before it is sent, and leaves it when it was: whatever ends
//! the process, nothing is lost, and only what was under way is sent again, with the same key.
//!
//! Must not: judge, or format.

use std::time::Duration;

use corscope::alert::book::{Told, Turn};
use corscope::alert::event::AlertEvent;
use corscope::alert::run::RunRecord;
use corscope::alert::sighting::{Known, Sighting};
use corscope::model::LogTime;
use corscope::output::redact::Redaction;
use corscope::pipeline::{Analyzer, Window};
use corscope::report::builder::ReportBuilder;
use corscope::report::fingerprint::fingerprint;
use corscope::report::settings::ReportSettings;
use corscope::report::{Reading, Report};
use corscope::rules::set::RuleSet;

use crate::cli::check::deliver::Course;
use crate::cli::check::gate::{Counting, Patience, Requests};
use crate::cli::check::options::{CheckFormat, CheckOptions};
use crate::cli::check::outlets::{Outlets, Tries};
use crate::cli::check::reach::Reach;
use crate::cli::check::read::WasRead;
use crate::cli::check::record::Parts;
use crate::cli::check::state::State;
use crate::cli::check::store::{Locked, Store};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::setup::{self, Setup};
use crate::cli::time::{self, End};

#[cfg(feature = "aws")]
mod account;
mod deliver;
mod gate;
mod more;
pub(crate) mod options;
mod outlets;
mod print;
mod reach;
mod read;
mod record;
mod show;
mod sinks;
pub(crate) mod state;
pub(crate) mod store;
mod trial;
mod units;

pub(crate) use show::run as state;

/// A request that is not over ends when nothing came for so long, in milliseconds.
const END: i64 = 2 * 60 * 1000;
/// Exchanges are remembered for so long at least, in milliseconds.
const MEMORY: i64 = 24 * 60 * 60 * 1000;
/// Clocks that differ by less were not set back.
const JITTER: i64 = 2_000;

/// Runs the command.
pub(crate) fn run(options: &CheckOptions) -> Result<ExitStatus, CliError> {
    if let Some(scheduler) = options.output.print {
        return units::run(options, scheduler);
    }
    let done = run_once(options);
    match done {
        Err(error) if options.output.nagios => print::nagios_error(&error),
        Err(error) if options.output.format == CheckFormat::Json => {
            print::json_error(&error)?;
            Err(error)
        }
        done => done,
    }
}

fn run_once(options: &CheckOptions) -> Result<ExitStatus, CliError> {
    let now = time_of_run(options)?;
    let mut setup = setup::of(&options.report, &options.rules, time::today(options.state.tz))?;
    let sinks = sinks::all(&options.sinks, std::mem::take(&mut setup.sinks))?;
    let Some(path) = options.state.state.as_deref().filter(|_| !options.sinks.test_alert) else {
        return trial::run(&Outlets::new(options, sinks, now));
    };
    check_inputs(options)?;
    let flags = (options.state.wait, options.state.reset_state);
    let (store, mut state) = match Store::open(path, flags)? {
        Locked::Ours(store, state) => (store, state),
        Locked::Busy => return print::busy(options, path),
    };
    // It may have waited for another run.
    let now = time_of_run(options)?;
    let outlets = Outlets::new(options, sinks, now);
    let id = fingerprint(&[
        Some(&state.id),
        Some(&state.runs.to_string()),
        Some(&now.to_string()),
        Some(&std::process::id().to_string()),
    ]);
    let ping = outlets.begin_ping(&id);
    let done = Cycle { options, setup: &setup, outlets: &outlets, store: &store, now, id: &id }
        .run(&mut state);
    outlets::end_ping(ping, &id, &done);
    done.map(|done| done.status)
}

/// The time of the run.
fn time_of_run(options: &CheckOptions) -> Result<LogTime, CliError> {
    let now = time::now();
    let named = options.state.now.as_deref();
    let named = named.map(|text| time::parse(text, now, options.state.tz, End::First));
    let named = named.transpose();
    named
        .map(|named| named.unwrap_or(now))
        .map_err(|problem| CliError::Option { option: "--now", problem })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// There has to be something to read, and it must have a past.
fn check_inputs(options: &CheckOptions) -> Result<(), CliError> {
    #[cfg(feature = "aws")]
    let has_targets = options.targets.is_some();
    #[cfg(not(feature = "aws"))]
    let has_targets = false;
    if options.paths.iter().any(|path| path.as_os_str() == "-") {
        let problem = "standard input has no past that could be remembered; name a file".to_owned();
        return Err(CliError::Option { option: "PATH", problem });
    }
    if options.rules.write_baseline {
        let problem =
            "a run of check knows only what is new; write the baseline by `corscope scan` \
                       or `corscope query`"
                .to_owned();
        return Err(CliError::Option { option: "--write-baseline", problem });
    }
    if options.paths.is_empty() && !has_targets {
        let problem = "nothing to read: name log groups, as in `--api ID`, or files".to_owned();
        return Err(CliError::Option { option: "check", problem });
    }
    Ok(())
}

/// What came of a run.
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    pub(crate) record: RunRecord,
}

/// One run, from what waits to what is printed.
struct Cycle<'a> {
    options: &'a CheckOptions,
    setup: &'a Setup,
    outlets: &'a Outlets<'a>,
    store: &'a Store,
    now: LogTime,
    id: &'a str,
}

/// What the analysis of a run gave.
struct Analyzed {
    report: Report,
    read: WasRead,
    /// How much of the input could be read.
    reading: Reading,
    requests: Requests,
    known: u64,
    open: u64,
    open_from: Option<LogTime>,
}

impl Cycle<'_> {
    fn run(&self, state: &mut State) -> Result<Done, CliError> {
        let mut course = self.outlets.course();
        // What the run before could not deliver comes first, also where nothing can be read today.
        self.outlets.send((self.store, state), &mut course, Tries::Once);
        let reach = self.reach(state)?;
        let analyzed = self.analyze(state, &reach)?;
        let told = self.take_turn(state, &reach, &analyzed);
        let forgotten = self.leave(state, &reach, &analyzed);
        self.enqueue(state, &told.events, &mut course);
        let parts = Parts {
            report: &analyzed.report,
            told: &told,
            alerts: &state.alerts,
            read: &analyzed.read,
            reading: analyzed.reading,
            redaction: self.redaction(),
            known: analyzed.known,
            open: analyzed.open,
        };
        let mut record = record::of(self.id.to_owned(), self.now, self.ended(), &parts);
        record.notes.extend(forgotten);
        if reach.is_set_back {
            record.notes.push(format!(
                "the clock is behind that of the last run, which was at {}; was it set back?",
                reach.now
            ));
        }
        // Without a state on the disk what is new now is new again in the next run. Told twice is
        // better than told never.
        if let Err(error) = self.store.save(state) {
            record.problems.push(format!("{error}; what is told now may be told again"));
        }
        self.outlets.send((self.store, state), &mut course, Tries::Again);
        self.outlets.give_up(self.store, state, &mut course);
        outlets::count_waiting(state, &mut course.counts);
        record.deliveries = course.counts;
        let status = self.status(&analyzed);
        let status = print::run(self.options, &record, &told.events, status)?;
        self.outlets.write_metrics(&record, state.last_complete)?;
        Ok(Done { status, record })
    }

    /// How far back this run reads.
    fn reach(&self, state: &State) -> Result<Reach, CliError> {
        let options = &self.options.state;
        let since = time::parse(&options.since, self.now, options.tz, End::First)
            .map_err(|problem| CliError::Option { option: "--since", problem })?;
        let covered = state.groups.values().map(|mark| mark.covered_to);
        let latest = covered.chain(state.last_run).max().unwrap_or(self.now);
        let now = self.now.max(latest);
        let (overlap, max_catch_up) = (millis(options.overlap), millis(options.max_catch_up));
        // What a clock is behind by less is read again anyhow.
        let is_set_back = self.now.0.saturating_add(overlap.max(JITTER)) < latest.0;
        let sure = state.newest.or(state.since).filter(|_| is_set_back);
        let sure = sure.map(|sure| sure.max(LogTime(self.now.0.saturating_sub(max_catch_up))));
        Ok(Reach {
            now,
            is_set_back,
            read_to: sure.map_or(now, |sure| sure.min(now)),
            // A first run that could read nothing is done again, from where it would have begun.
            since: state.since.filter(|_| state.is_first()).unwrap_or(since),
            floor: state.since.filter(|_| !state.is_first() && !is_set_back),
            overlap,
            max_catch_up,
            open_from: state.open_from,
        })
    }

    fn analyze(&self, state: &mut State, reach: &Reach) -> Result<Analyzed, CliError> {
        let Setup { rules, settings, .. } = self.setup;
        let (rules, settings): (&RuleSet, &ReportSettings) = (rules, settings);
        let mut memory = std::mem::take(&mut state.counted);
        let join = millis(self.options.state.join_wait);
        let patience = Patience { now: self.now, join, end: END };
        let mut counting = Counting::new(&mut memory, patience);
        let mut requests = Requests::default();
        let since = state.is_first().then_some(reach.since);
        let window = Window { since, until: None };
        let builder = ReportBuilder::new(settings.clone());
        let mut analyzer =
            Analyzer::new(rules, builder, window, &mut requests).gated(&mut counting);
        #[cfg_attr(not(feature = "aws"), expect(unused_mut, reason = "nothing is added"))]
        let mut read = read::files(self.options, state, reach, &mut analyzer);
        #[cfg(feature = "aws")]
        account::read(self.options, state, reach, &mut analyzer, &mut read)?;
        let report = analyzer.finish().map_err(CliError::Spool)?;
        let Counting { known, open, open_from, .. } = counting;
        state.counted = memory;
        let reading = record::reading(&report, &read);
        Ok(Analyzed { report, read, reading, requests, known, open, open_from })
    }

    /// Enters what was met into the book of alerts.
    fn take_turn(&self, state: &mut State, reach: &Reach, analyzed: &Analyzed) -> Told {
        let Analyzed { report, reading, requests, .. } = analyzed;
        let met = Sighting::of(
            report,
            &Known {
                at: self.now,
                threshold: self.options.report.fail_on.0,
                redaction: self.redaction(),
                requests: &|group| requests.of(group),
                command: &|group| more::command(self.options, group),
            },
        );
        let turn = Turn {
            at: self.now,
            covered_to: reach.now,
            is_complete: *reading == Reading::Whole,
            id: &state.id,
            policy: &self.options.alerts.policy(),
        };
        state.alerts.turn(met, &turn)
    }

    /// What the next run has to know.
    fn leave(&self, state: &mut State, reach: &Reach, analyzed: &Analyzed) -> Option<String> {
        let Analyzed { read, reading, .. } = analyzed;
        state.runs += 1;
        state.since = state.since.or(Some(reach.since));
        if read.inputs > 0 {
            // A clock that was set back must not have the next run read everything again, and one that
            // was ahead must not have it pass over what came since.
            let to = if reach.is_set_back { self.now.max(reach.read_to) } else { reach.now };
            state.last_run = Some(to);
        }
        let is_complete = *reading == Reading::Whole;
        if is_complete {
            state.last_complete = Some(self.now);
        }
        state.newest = state.newest.max(read.newest);
        state.groups.clone_from(&read.groups);
        state.files.clone_from(&read.files);
        // What could not be read today may belong to what was open before.
        let before = state.open_from.filter(|_| !is_complete);
        state.open_from = before.into_iter().chain(analyzed.open_from).min();
        let kept = MEMORY.max(reach.max_catch_up).saturating_add(reach.overlap);
        // A clock that is ahead for once must not have everything forgotten.
        let sure = state.newest.map_or(reach.now, |newest| newest.min(reach.now));
        let forgotten = state.counted.forget_before(LogTime(sure.0.saturating_sub(kept)));
        let again = LogTime(reach.now.0.saturating_sub(reach.overlap));
        forgotten.filter(|forgotten| *forgotten > again).map(|forgotten| {
            format!(
                "there are more requests than can be remembered: those that were counted before \
                 {forgotten} may be counted again; a shorter --overlap helps"
            )
        })
    }

    /// Each sink is to be told what it asked for.
    fn enqueue(&self, state: &mut State, events: &[AlertEvent], course: &mut Course) {
        for sink in &self.outlets.sinks {
            let is_wanted = |event: &&AlertEvent| {
                event.severity >= sink.min_severity
                    && (sink.events.is_empty() || sink.events.contains(&event.event))
            };
            for event in events.iter().filter(is_wanted) {
                for _ in 0..state.enqueue(&sink.name, event) {
                    course.drop_one(&sink.name, "what was said of an alert that came up again");
                }
            }
        }
    }

    fn redaction(&self) -> Redaction {
        if self.options.output.no_redact { Redaction::Off } else { Redaction::On }
    }

    /// When everything was analyzed; by the clock of the run where it has one of its own.
    fn ended(&self) -> LogTime {
        if self.options.state.now.is_some() { self.now } else { time::now() }
    }

    fn status(&self, analyzed: &Analyzed) -> ExitStatus {
        if self.setup.is_partial {
            return ExitStatus::Usage;
        }
        match (analyzed.report.summary.failing, analyzed.reading) {
            (0, Reading::Whole) => ExitStatus::Clean,
            (0, Reading::Partly | Reading::Nothing) => ExitStatus::NotAnalyzed,
            (_, Reading::Whole | Reading::Partly | Reading::Nothing) => ExitStatus::Findings,
        }
    }
}
