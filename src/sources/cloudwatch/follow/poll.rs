//! Following without a stream: the same window again and again, moved on with what was taken in.
//!
//! There is no filter on ingestion time, so each read overlaps the one before by as much as ingestion was
//! seen to take, and once a minute by more. A window never begins at the newest event: one that is dated
//! into the future would hide all others.
//!
//! Must not: read faster than the budget lets it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::model::LogTime;
use crate::sources::cloudwatch::delivery::{Delivery, Note};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::follow::reread::{self, window};
use crate::sources::cloudwatch::follow::{FUTURE, OVERLAP, Shared};
use crate::sources::cloudwatch::group::{GroupRef, Span};

/// The least that a read overlaps the one before.
const LEAST_OVERLAP: i64 = 30 * 1000;
/// How far the wider read reaches back, and how often it is made.
const WIDE: i64 = 5 * 60 * 1000;
const WIDE_EVERY: Duration = Duration::from_mins(1);
/// Pause between two reads of a group.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause after a failure.
const LONG_PAUSE: Duration = Duration::from_secs(15);
/// How often Insights is asked, and how fresh an event is that it has not got yet.
const INSIGHTS_EVERY: Duration = Duration::from_mins(1);
const INSIGHTS_FIRST: Duration = Duration::from_secs(35);
const INSIGHTS_SETTLE: i64 = 30 * 1000;

/// Begins to poll each of these groups, for events from `from` on.
pub(super) fn begin(shared: &Arc<Shared>, groups: Vec<GroupRef>, from: LogTime) {
    for group in groups {
        tokio::spawn(by_filter(Arc::clone(shared), group, from));
    }
}

async fn by_filter(shared: Arc<Shared>, group: GroupRef, mut from: LogTime) {
    let mut first = Some(shared.outbox.pending());
    let mut failures = Failures::default();
    let mut last_wide = Instant::now();
    let long_ago = LogTime(shared.now().0 - WIDE);
    let mut past = (from == shared.options.since && from < long_ago)
        .then_some(Span { from, to: LogTime(long_ago.0 - 1) });
    while !shared.outbox.is_closed() {
        let began = shared.now();
        let read = if let Some(span) = past {
            reread::past(&shared, &group, span).await
        } else {
            let span = Span { from, to: LogTime(began.0 + FUTURE) };
            window(&shared, &group, span).await
        };
        match read {
            Ok(()) if past.is_some() => (from, past) = (long_ago, None),
            Ok(()) => {
                failures = Failures::default();
                first = None;
                let longest = shared.outbox.longest_lag() * 5 / 4;
                let mut overlap = longest.clamp(LEAST_OVERLAP, OVERLAP);
                if last_wide.elapsed() >= WIDE_EVERY {
                    last_wide = Instant::now();
                    overlap = WIDE;
                }
                // Nothing before `--since` was asked for.
                from = LogTime(began.0 - overlap).max(shared.options.since);
                from = shared.outbox.safe(from, began);
                sleep(PAUSE).await;
            }
            Err(error) if error.cause == Cause::WrongClass => {
                shared.outbox.note(Note::Said(format!(
                    "{}: its log class can be read by Logs Insights only, once a minute",
                    group.name
                )));
                drop(first);
                return by_insights(shared, group, from).await;
            }
            Err(error) => {
                if !failures.go_on(&shared, &group, &error) {
                    return;
                }
                sleep(LONG_PAUSE).await;
            }
        }
    }
    drop(first);
}

/// Failures of a group, one after the other.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
}

impl Failures {
    /// Tells the first one, and writes the second one down: the first may pass without a loss, since
    /// the same window is read again. False if there is no use in going on.
    fn go_on(&mut self, shared: &Shared, group: &GroupRef, error: &CallError) -> bool {
        self.count += 1;
        let goes_on = error.may_pass();
        if !goes_on || self.count == 2 {
            shared.outbox.failed(&group.name, error.to_string());
        } else if self.count == 1 {
            shared.outbox.note(Note::Said(format!("{}: {error}; it is tried again", group.name)));
        }
        goes_on
    }
}

/// Follows a group that only Logs Insights can read.
pub(super) async fn by_insights(shared: Arc<Shared>, group: GroupRef, mut from: LogTime) {
    // Until what was there at the beginning has been read.
    let mut first = Some(shared.outbox.pending());
    let began = shared.now();
    let mut failures = Failures::default();
    while !shared.outbox.is_closed() {
        let to = LogTime(shared.now().0 - INSIGHTS_SETTLE);
        if from <= to {
            match query(&shared, &group, Span { from, to }).await {
                Ok(()) => {
                    failures = Failures::default();
                    if to >= began {
                        first = None;
                    }
                    from = LogTime(to.0 - OVERLAP).max(shared.options.since);
                    from = shared.outbox.safe(from, to);
                }
                Err(error) => {
                    if !failures.go_on(&shared, &group, &error) {
                        return;
                    }
                }
            }
        }
        sleep(if first.is_some() { INSIGHTS_FIRST } else { INSIGHTS_EVERY }).await;
    }
    drop(first);
}

async fn query(shared: &Arc<Shared>, group: &GroupRef, span: Span) -> Result<(), CallError> {
    let (sender, mut found) = mpsc::channel(4);
    let (insights, of) = (Arc::clone(&shared.insights), group.clone());
    let task = tokio::spawn(async move { insights.lines(&of, span, "", &sender).await });
    let pass = shared.outbox.pass();
    while let Some(delivery) = found.recv().await {
        match delivery {
            Delivery::Events(events) => {
                shared.outbox.events(events, pass);
            }
            Delivery::Note(Note::Bytes(_)) | Delivery::Beat(_) => {}
            Delivery::Note(note) => shared.outbox.note(note),
        }
    }
    task.await.unwrap_or(Ok(()))
}
