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
use crate::sources::cloudwatch::follow::reread::window;
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
const INSIGHTS_SETTLE: i64 = 30 * 1000;

/// Begins to poll each of these groups, for events from `from` on.
pub(super) fn begin(shared: &Arc<Shared>, groups: Vec<GroupRef>, from: LogTime) {
    for group in groups {
        tokio::spawn(by_filter(Arc::clone(shared), group, from));
    }
}

async fn by_filter(shared: Arc<Shared>, group: GroupRef, mut from: LogTime) {
    let mut first = Some(shared.outbox.pending());
    let mut last_wide = Instant::now();
    let mut is_failing = false;
    while !shared.outbox.is_closed() {
        let began = shared.now();
        let span = Span { from, to: LogTime(began.0 + FUTURE) };
        let pause = match window(&shared, &group, span).await {
            Ok(_) => {
                is_failing = false;
                first = None;
                let longest = shared.outbox.longest_lag() * 5 / 4;
                let mut overlap = longest.clamp(LEAST_OVERLAP, OVERLAP);
                if last_wide.elapsed() >= WIDE_EVERY {
                    last_wide = Instant::now();
                    overlap = WIDE;
                }
                // Nothing before `--since` was asked for.
                from = LogTime(began.0 - overlap).max(shared.options.since);
                PAUSE
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
                if !is_failing {
                    tell(&shared, &group, &error);
                }
                is_failing = true;
                first = None;
                if is_final(error.cause) {
                    return;
                }
                LONG_PAUSE
            }
        };
        sleep(pause).await;
    }
    drop(first);
}

fn tell(shared: &Shared, group: &GroupRef, error: &CallError) {
    shared.outbox.failed(&group.name, error.to_string());
}

/// Whether it will be no better the next time.
fn is_final(cause: Cause) -> bool {
    match cause {
        Cause::Denied
        | Cause::NoCredentials
        | Cause::NoRegion
        | Cause::NotFound
        | Cause::WrongClass
        | Cause::Invalid => true,
        Cause::Throttled
        | Cause::Expired
        | Cause::InvalidCredentials
        | Cause::LimitExceeded
        | Cause::Unreachable
        | Cause::Service => false,
    }
}

/// Follows a group that only Logs Insights can read.
pub(super) async fn by_insights(shared: Arc<Shared>, group: GroupRef, mut from: LogTime) {
    let mut first = Some(shared.outbox.pending());
    let mut is_failing = false;
    while !shared.outbox.is_closed() {
        let to = LogTime(shared.now().0 - INSIGHTS_SETTLE);
        if from <= to {
            let (sender, mut found) = mpsc::channel(4);
            let (insights, of) = (Arc::clone(&shared.insights), group.clone());
            let span = Span { from, to };
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
            match task.await.unwrap_or(Ok(())) {
                Ok(()) => {
                    is_failing = false;
                    from = LogTime(to.0 - OVERLAP).max(shared.options.since);
                }
                Err(error) => {
                    if !is_failing {
                        tell(&shared, &group, &error);
                    }
                    is_failing = true;
                    if is_final(error.cause) {
                        return;
                    }
                }
            }
        }
        first = None;
        sleep(INSIGHTS_EVERY).await;
    }
    drop(first);
}
