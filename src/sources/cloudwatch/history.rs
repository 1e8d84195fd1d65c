//! The past: what log groups hold of a time window.
//!
//! Groups are read at the same time, slices of one group a few ahead, and delivered in order of time,
//! so that the lines of a request come as they were logged.
//!
//! Must not: let one group that cannot be read keep the others from being read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};

use crate::model::InputNote;
use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::delivery::{Delivery, Note};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::filter::{self, Page};
use crate::sources::cloudwatch::group::{GroupRef, Span};
use crate::sources::cloudwatch::insights::Insights;
use crate::sources::cloudwatch::select;

/// Groups that are read at a time; each holds some pages that wait.
const GROUPS: usize = 8;
/// Slices that are read at a time, and pages of each that wait for those before.
const AHEAD: usize = 3;
const PAGES: usize = 2;

/// How a group is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `FilterLogEvents`: costs nothing, takes time; in so many slices, some of them at a time.
    Filter {
        /// At least 1.
        slices: i64,
    },
    /// Logs Insights, all lines.
    Insights,
    /// Logs Insights, the requests of an execution log that can be judged.
    InsightsRequests,
}

/// A group to read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The group.
    pub group: GroupRef,
    /// How.
    pub engine: Engine,
    /// What of it.
    pub span: Span,
}

/// How far it is; for people.
#[derive(Debug, Default)]
pub struct Progress {
    /// Milliseconds of log time that are read, of all groups.
    done: AtomicU64,
    bytes: AtomicU64,
    events: AtomicU64,
}

impl Progress {
    /// Milliseconds of log time that are read, of all groups.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes of messages so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    fn add(&self, page: &Page) {
        self.bytes.fetch_add(page.bytes, Ordering::Relaxed);
        self.events.fetch_add(page.events.len() as u64, Ordering::Relaxed);
    }

    fn finish(&self, span: Span) {
        self.done.fetch_add(span.millis().unsigned_abs(), Ordering::Relaxed);
    }
}

/// Reads all groups. What fails is a note; the rest is read. Ends when all are read, or when nobody
/// takes what is delivered.
pub async fn read(
    insights: Arc<Insights>,
    readings: Vec<Reading>,
    out: mpsc::Sender<Delivery>,
    progress: Arc<Progress>,
) {
    let mut groups = JoinSet::new();
    let turns = Arc::new(Semaphore::new(GROUPS));
    for reading in readings {
        let one = One {
            insights: Arc::clone(&insights),
            reading,
            out: out.clone(),
            progress: Arc::clone(&progress),
        };
        let turns = Arc::clone(&turns);
        groups.spawn(async move {
            // It is never closed.
            let _turn = turns.acquire().await;
            one.read().await;
        });
    }
    while groups.join_next().await.is_some() {}
    let throttled = insights.caller().take_throttled();
    if throttled > 0 {
        let _ = out.send(Delivery::Note(Note::Throttled(throttled))).await;
    }
}

/// One group.
struct One {
    insights: Arc<Insights>,
    reading: Reading,
    out: mpsc::Sender<Delivery>,
    progress: Arc<Progress>,
}

impl One {
    async fn read(&self) {
        let Reading { group, span, .. } = &self.reading;
        let span = *span;
        let done = match self.reading.engine {
            Engine::Filter { slices } => self.by_filter(span, slices).await,
            Engine::Insights => self.insights.lines(group, span, "", &self.out).await,
            Engine::InsightsRequests => {
                select::requests(&self.insights, group, span, &self.out).await
            }
        };
        if !matches!(self.reading.engine, Engine::Filter { .. }) {
            self.progress.finish(span);
        }
        if let Err(error) = done {
            self.failed(error.to_string()).await;
        }
    }

    async fn by_filter(&self, span: Span, slices: i64) -> Result<(), CallError> {
        let mut slices = span.slices(slices);
        let mut ahead: VecDeque<Slice> =
            slices.by_ref().take(AHEAD).map(|it| self.slice(it)).collect();
        while let Some(mut slice) = ahead.pop_front() {
            while let Some(page) = slice.pages.recv().await {
                if !self.deliver(page).await {
                    return Ok(());
                }
            }
            match slice.end().await {
                Ok(missing) => {
                    self.progress.finish(slice.span);
                    self.gap(slice.span, missing).await;
                }
                Err(error) if is_of_group(error.cause) => return Err(error),
                // The other slices may do.
                Err(error) => {
                    let (from, to) = (slice.span.from, slice.span.to);
                    self.failed(format!("from {from} to {to}: {error}")).await;
                }
            }
            ahead.extend(slices.next().map(|it| self.slice(it)));
        }
        Ok(())
    }

    /// Begins to read a slice.
    fn slice(&self, span: Span) -> Slice {
        let (sender, pages) = mpsc::channel(PAGES);
        let caller: Arc<Caller> = Arc::clone(self.insights.caller());
        let group = self.reading.group.clone();
        let task = tokio::spawn(async move { filter::read(&caller, &group, span, &sender).await });
        Slice { span, pages, task }
    }

    async fn deliver(&self, page: Page) -> bool {
        self.progress.add(&page);
        for note in [Note::Bytes(page.bytes), Note::Duplicates(page.duplicates)] {
            if !matches!(note, Note::Bytes(0) | Note::Duplicates(0)) {
                let _ = self.out.send(Delivery::Note(note)).await;
            }
        }
        self.out.send(Delivery::Events(page.events)).await.is_ok()
    }

    async fn gap(&self, span: Span, missing: u64) {
        if missing > 0 {
            let Span { from, to } = span;
            let name = &self.reading.group.name;
            let gap = format!(
                "{name}: {missing} events between {from} and {to} are missing, by the numbers in event ids"
            );
            let _ = self.out.send(Delivery::Note(Note::Gap(gap))).await;
        }
    }

    async fn failed(&self, problem: String) {
        let note = InputNote { input: self.reading.group.name.to_string(), problem };
        // Whoever stopped listening need not be told.
        let _ = self.out.send(Delivery::Note(Note::Failed(note))).await;
    }
}

/// A part of a group's window that is being read.
struct Slice {
    span: Span,
    pages: mpsc::Receiver<Page>,
    task: JoinHandle<Result<u64, CallError>>,
}

impl Slice {
    async fn end(&mut self) -> Result<u64, CallError> {
        match (&mut self.task).await {
            Ok(done) => done,
            Err(error) => Err(CallError {
                action: "logs:FilterLogEvents",
                target: String::new(),
                cause: Cause::Service,
                code: None,
                message: format!("reading was broken off: {error}"),
            }),
        }
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether no other slice of the group can be read either.
fn is_of_group(cause: Cause) -> bool {
    match cause {
        Cause::Denied
        | Cause::Expired
        | Cause::InvalidCredentials
        | Cause::NoCredentials
        | Cause::NoRegion
        | Cause::NotFound
        | Cause::WrongClass
        | Cause::Invalid => true,
        Cause::Throttled | Cause::LimitExceeded | Cause::Unreachable | Cause::Service => false,
    }
}
