//! What of log groups is new since each was read last.
//!
//! Must not: take a group for read that was read in part.

use std::collections::BTreeMap;
use std::sync::Arc;

use corscope::decode::Sink as _;
use corscope::model::{InputNote, LogTime};
use corscope::pipeline::Analyzer;
use corscope::sources::cloudwatch::delivery::Delivery;
use corscope::sources::cloudwatch::feed::{Feed, Told};
use corscope::sources::cloudwatch::group::Span;
use corscope::sources::cloudwatch::groups::LogClass;
use corscope::sources::cloudwatch::history::{self, Progress, Reading};
use corscope::sources::cloudwatch::insights::Insights;
use corscope::sources::cloudwatch::target::{ResolvedGroup, Target, resolve};
use tokio::sync::mpsc;

use crate::cli::aws::args::block_on;
use crate::cli::aws::plan::Plan;
use crate::cli::aws::query::{EngineChoice, tell_problems};
use crate::cli::check::options::CheckOptions;
use crate::cli::check::reach::{From, Reach};
use crate::cli::check::read::WasRead;
use crate::cli::check::state::{GroupMark, State};
use crate::cli::error::CliError;

/// Deliveries that wait for the analysis.
const WAITING: usize = 16;
/// Events may be dated somewhat into the future, and clocks differ.
const AHEAD: i64 = 5 * 60 * 1000;
/// By a clock that was set back, all of what is new is dated into the future.
const FAR_AHEAD: i64 = 26 * 60 * 60 * 1000;

/// Reads log groups: what is new since each was read last.
pub(crate) fn read(
    options: &CheckOptions,
    state: &State,
    reach: &Reach,
    analyzer: &mut Analyzer<'_>,
    done: &mut WasRead,
) -> Result<(), CliError> {
    let Some(targets) = &options.targets else {
        done.groups.clone_from(&state.groups);
        return Ok(());
    };
    let targets = targets.targets()?;
    block_on(follow_up(options, targets, (state, reach), analyzer, done))
}

/// Reads what the targets hold.
async fn follow_up(
    options: &CheckOptions,
    targets: Vec<Target>,
    (state, reach): (&State, &Reach),
    analyzer: &mut Analyzer<'_>,
    done: &mut WasRead,
) -> Result<(), CliError> {
    let caller = options.access.open().await?;
    let resolved = resolve(&caller, &targets).await;
    tell_problems(&resolved.problems, analyzer);
    // What cannot be resolved now keeps its place for the time when it can.
    done.groups.clone_from(&state.groups);
    // By a clock that was ahead, more was read than there was.
    for mark in done.groups.values_mut() {
        mark.covered_to = mark.covered_to.min(reach.read_to);
    }
    if resolved.groups.is_empty() {
        return Ok(());
    }
    let (readings, most) = plan(options, &resolved.groups, (state, reach), analyzer, done);
    let insights = Insights::within(Arc::clone(&caller), most);
    let (sender, mut deliveries) = mpsc::channel(WAITING);
    let progress = Arc::new(Progress::default());
    let reading = tokio::spawn(history::read(Arc::clone(&insights), readings, sender, progress));
    let mut feed = Feed::default();
    let mut newest = reach.read_to;
    while let Some(delivery) = deliveries.recv().await {
        if let Delivery::Events(events) = &delivery {
            newest = events.iter().map(|event| event.time).fold(newest, LogTime::max);
            let ingested = events.iter().map(|event| event.ingested.unwrap_or(event.time));
            done.newest = done.newest.max(ingested.max());
        }
        match feed.take(delivery, analyzer) {
            Some(Told::Gap(gap)) => analyzer.gap(gap),
            Some(Told::Said(said)) => done.notes.push(said),
            Some(Told::Beat(_)) | None => {}
        }
    }
    if reading.await.is_err() {
        let problem = "reading was broken off; the next run reads it again".to_owned();
        analyzer.problem(InputNote { input: "check".to_owned(), problem });
        return Ok(());
    }
    // Without a clock to be trusted, what was read says how far it was read.
    let covered_to = if reach.is_set_back { newest } else { reach.now };
    let failed: Vec<&str> = analyzer.failed_inputs().collect();
    for group in &resolved.groups {
        let name = group.group.name.as_str();
        let before = done.groups.get(name).map(|mark| mark.covered_to);
        let covered_to = if failed.contains(&name) {
            // The next run begins where this one did.
            before.unwrap_or_else(|| reach.covered_by(begins(reach, state, name).time))
        } else {
            done.inputs += 1;
            covered_to.max(before.unwrap_or(covered_to))
        };
        done.groups.insert(name.to_owned(), GroupMark { covered_to });
        done.covered_to = done.covered_to.into_iter().chain([covered_to]).min();
    }
    // What has been gone for longer than is caught up with has no place to keep.
    let limit = LogTime(reach.now.0.saturating_sub(reach.max_catch_up));
    done.groups.retain(|_, mark| mark.covered_to >= limit);
    Ok(())
}

/// From when on a group is read. One that comes up between two runs is new as a whole.
fn begins(reach: &Reach, state: &State, name: &str) -> From {
    let covered_to = state.groups.get(name).map(|mark| mark.covered_to);
    reach.from(covered_to.or(state.last_run))
}

/// What is read of each group, and how much Insights may scan for it.
fn plan(
    options: &CheckOptions,
    groups: &[ResolvedGroup],
    (state, reach): (&State, &Reach),
    analyzer: &mut Analyzer<'_>,
    done: &mut WasRead,
) -> (Vec<Reading>, u64) {
    let mut missed: BTreeMap<(LogTime, LogTime), u64> = BTreeMap::new();
    let mut readings = Vec::new();
    let ahead = if reach.is_set_back { FAR_AHEAD } else { AHEAD };
    let to = LogTime(reach.now.0.saturating_add(ahead));
    for group in groups {
        let from = begins(reach, state, &group.group.name);
        if let Some(missed_time) = from.missed {
            *missed.entry(missed_time).or_insert(0) += 1;
        }
        done.from = done.from.into_iter().chain([from.time]).min();
        let span = Span { from: from.time, to };
        // What costs nothing, where it can be had.
        let engine = match group.group.class {
            LogClass::Standard => EngineChoice::Filter,
            LogClass::InfrequentAccess | LogClass::Delivery | LogClass::Other => {
                EngineChoice::Insights
            }
        };
        let plan = Plan::new(std::slice::from_ref(group), engine, span, reach.now);
        readings.extend(plan.readings(span));
    }
    for ((from, to), groups) in missed {
        analyzer.gap(format!(
            "{groups} log groups from {from} to {to}: not read, for it is longer ago than \
             --max-catch-up"
        ));
    }
    (readings, options.max_scan)
}
