//! Logs Insights: queries over long windows, and the only way to read Infrequent Access groups.
//!
//! One query gives at most 10,000 rows. What does not fit is read in halves, whose ends share no second.
//!
//! Must not: leave a query running that nobody waits for.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};
use chrono::NaiveDateTime;
use tokio::sync::{RwLock, Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use crate::model::LogTime;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::delivery::{Delivery, Note};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::event::CloudWatchEvent;
use crate::sources::cloudwatch::group::{GroupRef, Span};

/// Rows that one query gives at most.
pub const MOST_ROWS: usize = 10_000;
/// Queries that run at a time: an account may run 5 on Infrequent Access groups, and 100 in all.
const AT_A_TIME: usize = 4;
/// How long a query that is being started is waited for when all are stopped.
const LAST_START: Duration = Duration::from_secs(5);
/// How long stopping may take.
const LAST_STOP: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How often a query is started again when the account has too many running.
const STARTS: u32 = 20;

/// What an event needs; the analysis puts them in order.
const FIELDS: &str = "fields @timestamp, @ingestionTime, @logStream, @message";

/// Runs queries.
#[derive(Debug)]
pub struct Insights {
    caller: Arc<Caller>,
    slots: Semaphore,
    running: Mutex<BTreeSet<String>>,
    /// Held for reading while a query is started whose id is not known yet.
    starting: RwLock<()>,
    is_stopped: AtomicBool,
    scanned: AtomicU64,
    /// Bytes that may be scanned.
    most: u64,
}

/// What a query gave.
#[derive(Debug, Default)]
pub struct Rows {
    /// Each with its fields.
    pub rows: Vec<Vec<ResultField>>,
    /// How many there would be without a limit, as far as the service tells.
    pub matched: u64,
}

impl Rows {
    /// Whether some are missing.
    fn is_cut(&self) -> bool {
        self.rows.len() >= MOST_ROWS || (self.rows.len() as u64) < self.matched
    }
}

/// A window in seconds, read in parts of what one query cannot give.
pub struct Parts {
    /// The first part is the last of these.
    rest: Vec<(i64, i64)>,
    is_cut: fn(&Rows) -> bool,
}

impl Parts {
    /// Of a window; `is_cut` tells answers that are not whole.
    pub fn new(span: Span, is_cut: fn(&Rows) -> bool) -> Self {
        Self { rest: vec![seconds(span)], is_cut }
    }

    /// The next part that could be read whole, or that cannot be parted.
    pub async fn next(
        &mut self,
        insights: &Insights,
        group: &GroupRef,
        query: &str,
    ) -> Result<Option<((i64, i64), Rows)>, CallError> {
        while let Some((from, to)) = self.rest.pop() {
            let found = match insights.run(group, query, (from, to)).await {
                // A query that takes too long may do in halves.
                Err(error) if error.code.as_deref() == Some(TIMEOUT) && from < to => None,
                found => Some(found?),
            };
            match found {
                Some(found) if from == to || !(self.is_cut)(&found) => {
                    return Ok(Some(((from, to), found)));
                }
                found => {
                    let matched = found.map_or(0, |found| found.matched);
                    self.rest.extend(parts((from, to), matched).into_iter().rev());
                }
            }
        }
        Ok(None)
    }
}

/// Parts of a window that hold no more than a query gives, if its lines are evenly spread: each part
/// that is asked for in vain is scanned, and billed, once more.
fn parts((from, to): (i64, i64), matched: u64) -> Vec<(i64, i64)> {
    let count = matched.div_ceil(MOST_ROWS as u64 / 2).clamp(2, 1000);
    let span = Span { from: LogTime(from), to: LogTime(to) };
    let slices = span.slices(i64::try_from(count).unwrap_or(2));
    slices.map(|slice| (slice.from.0, slice.to.0)).collect()
}

/// A value of a row.
pub fn value<'r>(row: &'r [ResultField], name: &str) -> Option<&'r str> {
    row.iter().find(|field| field.field() == Some(name)).and_then(ResultField::value)
}

impl Insights {
    /// None runs yet.
    pub fn new(caller: Arc<Caller>) -> Arc<Self> {
        Self::within(caller, u64::MAX)
    }

    /// The same, for at most so many bytes scanned: what goes beyond is not read.
    pub fn within(caller: Arc<Caller>, most: u64) -> Arc<Self> {
        Arc::new(Self {
            most,
            caller,
            slots: Semaphore::new(AT_A_TIME),
            running: Mutex::default(),
            starting: RwLock::default(),
            is_stopped: AtomicBool::new(false),
            scanned: AtomicU64::new(0),
        })
    }

    /// What asks the account.
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Bytes scanned so far; AWS bills them.
    pub fn scanned(&self) -> u64 {
        self.scanned.load(Ordering::Relaxed)
    }

    /// Stops what still runs: each keeps one of the account's slots for up to an hour. From then on
    /// none is started.
    pub async fn stop_all(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // A query that is being started can be stopped when its id is there.
        drop(timeout(LAST_START, self.starting.write()).await);
        let ids = std::mem::take(&mut *self.running());
        let all = async {
            for id in ids {
                self.stop(&id).await;
            }
        };
        // Without a network nothing can be stopped, and nobody wants to wait for that.
        drop(timeout(LAST_STOP, all).await);
    }

    async fn stop(&self, id: &str) {
        let request = Request { action: "logs:StopQuery", target: id, quota: Quota::QueryResults };
        let stopped =
            self.caller.logs(request, |client| client.stop_query().query_id(id).send()).await;
        // One that has ended meanwhile cannot be stopped, and need not be.
        drop(stopped);
    }

    /// Delivers all lines of a group, oldest first, for which `filter` holds (a part of a query, such
    /// as `| filter @message like /x/`; empty: all).
    pub async fn lines(
        &self,
        group: &GroupRef,
        span: Span,
        filter: &str,
        out: &mpsc::Sender<Delivery>,
    ) -> Result<(), CallError> {
        let query = format!("{FIELDS} {filter} | sort @timestamp asc | limit {MOST_ROWS}");
        let mut parts = Parts::new(span, Rows::is_cut);
        while let Some(((from, to), found)) = parts.next(self, group, &query).await? {
            if found.matched > found.rows.len() as u64 && from == to {
                let (matched, had) = (found.matched, found.rows.len());
                let second = LogTime(from * 1000);
                let gap = format!("{}: {had} of {matched} events of second {second}", group.name);
                let _ = out.send(Delivery::Note(Note::Gap(gap))).await;
            }
            let events = found.rows.iter().filter_map(|row| event(group, row));
            let events: Vec<_> =
                events.filter(|event| (span.from..=span.to).contains(&event.time)).collect();
            let bytes = events.iter().map(|event| event.message.len() as u64).sum();
            let _ = out.send(Delivery::Note(Note::Bytes(bytes))).await;
            if !events.is_empty() && out.send(Delivery::Events(events)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Runs a query from one second to another, both included.
    pub async fn run(
        &self,
        group: &GroupRef,
        query: &str,
        (from, to): (i64, i64),
    ) -> Result<Rows, CallError> {
        // It is never closed.
        let _slot = self.slots.acquire().await;
        let id = {
            let _starting = self.starting.read().await;
            if self.is_stopped.load(Ordering::Relaxed) {
                return Err(failed(group, "Cancelled", "no more queries are started"));
            }
            if self.scanned() >= self.most {
                let message = format!("{} bytes were scanned, and no more may be", self.scanned());
                return Err(CallError {
                    cause: Cause::Invalid,
                    ..failed(group, "MaxScan", &message)
                });
            }
            let id = self.start(group, query, (from, to)).await?;
            self.running().insert(id.clone());
            id
        };
        let rows = self.results(group, &id).await;
        self.running().remove(&id);
        let goes_on = rows.as_ref().is_err_and(|error| error.action != "logs:StartQuery");
        if goes_on {
            // Its rows cannot be had, and it would run on.
            self.stop(&id).await;
        }
        rows
    }

    async fn start(
        &self,
        group: &GroupRef,
        query: &str,
        (from, to): (i64, i64),
    ) -> Result<String, CallError> {
        let request =
            Request { action: "logs:StartQuery", target: &group.name, quota: Quota::StartQuery };
        let mut starts = 0;
        loop {
            let answer = self
                .caller
                .logs(request, |client| {
                    let call = client.start_query().start_time(from).end_time(to);
                    let call = call.query_string(query);
                    let call = if group.is_linked {
                        call.log_group_identifiers(&*group.arn)
                    } else {
                        call.log_group_name(&*group.name)
                    };
                    call.send()
                })
                .await;
            match answer {
                Ok(output) => {
                    return output
                        .query_id
                        .ok_or_else(|| failed(group, "NoQueryId", "no query id"));
                }
                Err(error) if error.cause == Cause::LimitExceeded && starts < STARTS => {
                    starts += 1;
                    sleep(LONGEST_WAIT).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn results(&self, group: &GroupRef, id: &str) -> Result<Rows, CallError> {
        let mut wait = FIRST_WAIT;
        loop {
            let output = self.page(group, id, None).await?;
            let state = match output.status() {
                Some(QueryStatus::Complete) => return self.all_pages(group, id, output).await,
                Some(QueryStatus::Failed) => Some("Failed"),
                Some(QueryStatus::Cancelled) => Some("Cancelled"),
                Some(QueryStatus::Timeout) => Some(TIMEOUT),
                // Rows of a running query are not all of them.
                Some(_) | None => None,
            };
            if let Some(state) = state {
                return Err(failed(group, state, "the query did not complete"));
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn all_pages(
        &self,
        group: &GroupRef,
        id: &str,
        first: GetQueryResultsOutput,
    ) -> Result<Rows, CallError> {
        let statistics = first.statistics.as_ref();
        let matched = statistics.map_or(0, |numbers| count(numbers.records_matched));
        let bytes = statistics.map_or(0, |numbers| count(numbers.bytes_scanned));
        self.scanned.fetch_add(bytes, Ordering::Relaxed);
        let mut rows = first.results.unwrap_or_default();
        let mut token = first.next_token;
        while token.is_some() {
            let page = self.page(group, id, token).await?;
            rows.extend(page.results.unwrap_or_default());
            token = page.next_token;
        }
        Ok(Rows { rows, matched })
    }

    async fn page(
        &self,
        group: &GroupRef,
        id: &str,
        token: Option<String>,
    ) -> Result<GetQueryResultsOutput, CallError> {
        let request = Request {
            action: "logs:GetQueryResults",
            target: &group.name,
            quota: Quota::QueryResults,
        };
        self.caller
            .logs(request, |client| {
                client.get_query_results().query_id(id).set_next_token(token.clone()).send()
            })
            .await
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // A set of ids: whoever panicked left it whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Statistics are floating-point numbers, but counts.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that becomes an integer is cut to the range of the integer"
)]
fn count(number: f64) -> u64 {
    number as u64
}

const TIMEOUT: &str = "Timeout";

fn failed(group: &GroupRef, state: &str, message: &str) -> CallError {
    CallError {
        action: "logs:StartQuery",
        target: group.name.to_string(),
        cause: Cause::Service,
        code: Some(state.to_owned()),
        message: message.to_owned(),
    }
}

/// The seconds that a window touches; what they hold beyond it is left out later.
fn seconds(span: Span) -> (i64, i64) {
    (span.from.0.div_euclid(1000), span.to.0.div_euclid(1000))
}

fn event(group: &GroupRef, row: &[ResultField]) -> Option<CloudWatchEvent> {
    Some(CloudWatchEvent {
        group: Arc::clone(&group.name),
        stream: value(row, "@logStream").unwrap_or_default().into(),
        time: time(value(row, "@timestamp")?)?,
        ingested: value(row, "@ingestionTime").and_then(time),
        id: None,
        message: value(row, "@message").unwrap_or_default().to_owned(),
    })
}

/// `2026-11-22 10:00:00.123`, or milliseconds.
pub fn time(text: &str) -> Option<LogTime> {
    let parsed = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
    let millis = parsed.map(|time| time.and_utc().timestamp_millis());
    // Some emulators answer with the number itself.
    millis.ok().or_else(|| text.parse().ok()).map(LogTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(time("2017-06-05 13:57:47.369"), Some(LogTime(1_496_671_067_369)));
        assert_eq!(time("1496671067369"), Some(LogTime(1_496_671_067_369)));
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn seconds_cover_the_window() {
        let span = Span { from: LogTime(1_999), to: LogTime(4_000) };
        assert_eq!(seconds(span), (1, 4));
    }
}
