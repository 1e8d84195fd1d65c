//! `FilterLogEvents`: all events of a group in a time window, page by page.
//!
//! Must not: stop at an empty page; only a page without a token is the last one.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use tokio::sync::mpsc;

use crate::model::LogTime;
use crate::sources::cloudwatch::batches::Batches;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::event::{CloudWatchEvent, EventId};
use crate::sources::cloudwatch::group::{GroupRef, Span};

/// Ids that are remembered to notice an event that stands on two pages.
const REMEMBERED: usize = 50_000;
/// Names of streams that are shared between events.
const STREAMS: usize = 4096;

/// What one request gave.
#[derive(Debug, Default)]
pub struct Page {
    /// Events that no page before had.
    pub events: Vec<CloudWatchEvent>,
    /// Events that one had.
    pub duplicates: u64,
    /// Length of all messages.
    pub bytes: u64,
}

/// Reads a window. Pages go into `pages`, by time; the error comes when what could be had is there.
/// Stops when nobody takes them any more. Gives how many events are missing between others of their
/// batches, as far as ids number them.
pub async fn read(
    caller: &Caller,
    group: &GroupRef,
    span: Span,
    pages: &mpsc::Sender<Page>,
) -> Result<u64, CallError> {
    let mut reader = Reader::new(group);
    let (mut from, mut token) = (span.from, None);
    let mut restarted_at = None;
    loop {
        let answer = ask(caller, group, Span { from, ..span }, token.clone()).await;
        let output = match answer {
            // Tokens live for a day, or as long as the service likes: begin again where we are, once
            // for each place.
            Err(error)
                if error.cause == Cause::Invalid
                    && token.is_some()
                    && restarted_at != Some(reader.newest) =>
            {
                restarted_at = Some(reader.newest);
                (from, token) = (reader.newest.unwrap_or(span.from), None);
                continue;
            }
            answer => answer?,
        };
        token = output.next_token;
        let page = reader.page(output.events.unwrap_or_default());
        if !(page.events.is_empty() && page.duplicates == 0) && pages.send(page).await.is_err() {
            return Ok(0);
        }
        if token.is_none() {
            return Ok(reader.batches.missing());
        }
    }
}

type Answer = aws_sdk_cloudwatchlogs::operation::filter_log_events::FilterLogEventsOutput;

async fn ask(
    caller: &Caller,
    group: &GroupRef,
    span: Span,
    token: Option<String>,
) -> Result<Answer, CallError> {
    let request =
        Request { action: "logs:FilterLogEvents", target: &group.name, quota: Quota::Filter };
    caller
        .logs(request, |client| {
            let call = client
                .filter_log_events()
                .start_time(span.from.0)
                .end_time(span.to.0)
                .set_next_token(token.clone());
            let call = if group.is_linked {
                call.log_group_identifier(&*group.arn)
            } else {
                call.log_group_name(&*group.name)
            };
            call.send()
        })
        .await
}

/// Turns pages into events.
struct Reader {
    group: Arc<str>,
    streams: HashMap<String, Arc<str>, RandomState>,
    hasher: RandomState,
    known: HashSet<u64, RandomState>,
    order: VecDeque<u64>,
    newest: Option<LogTime>,
    batches: Batches,
}

impl Reader {
    fn new(group: &GroupRef) -> Self {
        Self {
            group: Arc::clone(&group.name),
            streams: HashMap::default(),
            hasher: RandomState::default(),
            known: HashSet::default(),
            order: VecDeque::new(),
            newest: None,
            batches: Batches::default(),
        }
    }

    fn page(&mut self, found: Vec<FilteredLogEvent>) -> Page {
        let mut page = Page { events: Vec::with_capacity(found.len()), ..Page::default() };
        for found in found {
            let event = self.event(found);
            page.bytes += event.message.len() as u64;
            self.newest = self.newest.max(Some(event.time));
            if event.id.as_ref().is_some_and(|id| self.is_known(id)) {
                page.duplicates += 1;
            } else {
                self.batches.add(&event);
                page.events.push(event);
            }
        }
        page
    }

    fn event(&mut self, found: FilteredLogEvent) -> CloudWatchEvent {
        let id = found.event_id.as_deref().map(EventId::parse);
        let ingested = found.ingestion_time.map(LogTime);
        CloudWatchEvent {
            group: Arc::clone(&self.group),
            stream: self.stream(found.log_stream_name.unwrap_or_default()),
            time: LogTime(found.timestamp.unwrap_or_default()),
            ingested: ingested.or_else(|| id.as_ref().and_then(EventId::ingested)),
            id,
            message: found.message.unwrap_or_default(),
        }
    }

    fn stream(&mut self, name: String) -> Arc<str> {
        if let Some(known) = self.streams.get(&name) {
            return Arc::clone(known);
        }
        if self.streams.len() >= STREAMS {
            self.streams.clear();
        }
        let shared: Arc<str> = name.as_str().into();
        self.streams.insert(name, Arc::clone(&shared));
        shared
    }

    fn is_known(&mut self, id: &EventId) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.known.insert(hash) {
            return true;
        }
        self.order.push_back(hash);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        false
    }
}
