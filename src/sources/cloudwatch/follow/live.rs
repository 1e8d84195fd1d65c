//! One Live Tail session after the other, for up to ten groups, with the seams filled.
//!
//! Must not: wait for anything but the stream while a session runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{
    LiveTailSessionLogEvent, LiveTailSessionUpdate, StartLiveTailResponseStream,
};
use aws_smithy_runtime_api::client::result::SdkError;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::model::LogTime;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::Request;
use crate::sources::cloudwatch::delivery::Note;
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::event::CloudWatchEvent;
use crate::sources::cloudwatch::follow::outbox::Pending;
use crate::sources::cloudwatch::follow::reread::{self, Missing};
use crate::sources::cloudwatch::follow::{FUTURE, OVERLAP, Shared, poll};
use crate::sources::cloudwatch::group::{GroupRef, Span};

/// Pause before a session that follows one which broke off at once.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The longest that a read reaches back before what was covered: well within what is remembered.
const LONGEST_OVERLAP: i64 = 5 * 60 * 1000;

/// How a session ended.
enum End {
    /// It was time to renew it, or the service said so.
    Renew,
    /// It broke off.
    Broken(String),
    /// Nobody listens any more.
    Closed,
}

/// Follows groups by Live Tail, or by polling where that cannot be had.
pub(super) async fn follow(shared: Arc<Shared>, groups: Vec<GroupRef>) {
    let (missing, queue) = mpsc::unbounded_channel();
    tokio::spawn(reread::run(Arc::clone(&shared), groups.clone(), queue));
    let mut tail = Tail { shared, groups, missing, covered: None };
    let mut pause = FIRST_PAUSE;
    // Until what a session does not bring is being read.
    let mut gap = Some(tail.shared.outbox.pending());
    loop {
        let stream = match tail.start().await {
            Ok(stream) => stream,
            // It worked before: a network that is gone may come back, and the seam is filled then.
            Err(error) if tail.covered.is_some() && error.may_pass() => {
                tail.say(format!("no Live Tail for now ({error}); it is tried again"));
                sleep(LONGEST_PAUSE).await;
                if tail.shared.outbox.is_closed() {
                    return;
                }
                continue;
            }
            Err(error) => return tail.poll_instead(&error, gap),
        };
        tail.fill_seam();
        drop(gap.take());
        let began = Instant::now();
        let end = tail.session(stream).await;
        gap = Some(tail.shared.outbox.pending());
        match end {
            End::Closed => return,
            End::Renew => pause = FIRST_PAUSE,
            End::Broken(why) => {
                tail.say(format!("Live Tail broke off ({why}); it is begun again"));
                if began.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

struct Tail {
    shared: Arc<Shared>,
    groups: Vec<GroupRef>,
    missing: mpsc::UnboundedSender<Missing>,
    /// When the last update came: what was taken in before was delivered.
    covered: Option<LogTime>,
}

impl Tail {
    fn say(&self, said: String) {
        self.shared.outbox.note(Note::Said(said));
    }

    async fn start(&self) -> Result<StartLiveTailOutput, CallError> {
        let target = self.groups.first().map_or("", |group| &*group.name);
        let request = Request { action: "logs:StartLiveTail", target, quota: Quota::LiveTail };
        let arns: Vec<String> = self.groups.iter().map(|group| group.arn.to_string()).collect();
        let call = |client: aws_sdk_cloudwatchlogs::Client| {
            client.start_live_tail().set_log_group_identifiers(Some(arns.clone())).send()
        };
        self.shared.caller.logs(request, call).await
    }

    fn poll_instead(self, error: &CallError, first: Option<Pending>) {
        let names: Vec<&str> = self.groups.iter().map(|group| &*group.name).collect();
        let said = format!("no Live Tail for {} ({error}): polling instead", names.join(", "));
        self.shared.outbox.note(Note::Said(said));
        let from = self.since();
        poll::begin(&self.shared, self.groups, from);
        drop(first);
    }

    /// What was taken in before the session began, and after the last one ended.
    fn fill_seam(&self) {
        let now = self.shared.now();
        let mut from = self.since();
        let long_ago = LogTime(now.0 - LONGEST_OVERLAP);
        if self.covered.is_none() && from < long_ago {
            // Nothing else will bring it, so it is not mixed with what is read twice.
            let past = Span { from, to: LogTime(long_ago.0 - 1) };
            self.groups.iter().for_each(|group| self.past(group.clone(), past));
            from = long_ago;
        }
        let span = Span { from, to: LogTime(now.0 + FUTURE) };
        for group in 0..self.groups.len() {
            self.missing(group, span, Duration::ZERO, "before the stream began");
        }
        // What was just taken in can be read a little later only.
        let span = Span { from: from.max(LogTime(now.0 - self.overlap())), ..span };
        self.later(span, "before the stream began");
    }

    /// Reads what was there long before the stream began.
    fn past(&self, group: GroupRef, span: Span) {
        let (shared, pending) = (Arc::clone(&self.shared), self.shared.outbox.pending());
        tokio::spawn(async move {
            if let Err(problem) = reread::past(&shared, &group, span).await {
                let Span { from, to } = span;
                let why = "before the stream began";
                let gap = format!("{}: from {from} to {to}, {why}: {problem}", group.name);
                shared.outbox.note(Note::Gap(gap));
            }
            drop(pending);
        });
    }

    /// From when on something may be missing.
    fn since(&self) -> LogTime {
        let since = self.shared.options.since;
        self.covered.map_or(since, |covered| LogTime(covered.0 - self.overlap()).max(since))
    }

    fn overlap(&self) -> i64 {
        (self.shared.outbox.longest_lag() * 5 / 4).clamp(OVERLAP, LONGEST_OVERLAP)
    }

    fn later(&self, span: Span, why: &'static str) {
        for group in 0..self.groups.len() {
            self.missing(group, span, self.shared.options.settle, why);
        }
    }

    fn missing(&self, group: usize, span: Span, after: Duration, why: &'static str) {
        let due = Instant::now() + after;
        let pending = self.shared.outbox.pending();
        // Its task ends with the last sender only.
        let covered = self.covered.unwrap_or(self.shared.options.since);
        let _ = self.missing.send(Missing { group, span, covered, due, why, pending });
    }

    async fn session(&mut self, mut stream: StartLiveTailOutput) -> End {
        let ends = Instant::now() + self.shared.options.session;
        loop {
            if self.shared.outbox.is_closed() {
                return End::Closed;
            }
            if Instant::now() >= ends {
                return End::Renew;
            }
            let silence = self.shared.options.silence;
            match timeout(silence, stream.response_stream.recv()).await {
                Ok(Ok(Some(StartLiveTailResponseStream::SessionUpdate(update)))) => {
                    self.update(update);
                }
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return End::Broken("the stream ended".to_owned()),
                Ok(Err(error)) => return broken(&error),
                Err(_) => {
                    return End::Broken(format!("nothing came for {} s", silence.as_secs()));
                }
            }
        }
    }

    fn update(&mut self, update: LiveTailSessionUpdate) {
        let now = self.shared.now();
        let is_sampled = update.session_metadata.is_some_and(|data| data.sampled);
        let events: Vec<CloudWatchEvent> = update
            .session_results
            .unwrap_or_default()
            .into_iter()
            .filter_map(|event| self.event(event))
            .filter(|event| event.time >= self.shared.options.since)
            .collect();
        self.shared.outbox.sampled(is_sampled);
        let span = Span { from: LogTime(now.0 - self.overlap()), to: LogTime(now.0 + FUTURE) };
        let span = Span { from: span.from.max(self.shared.options.since), ..span };
        if is_sampled {
            self.shared.outbox.note(Note::Sampled(events.len() as u64));
            self.later(span, "sampled by Live Tail");
        }
        if !events.is_empty() {
            if self.shared.outbox.has_room() {
                let pass = self.shared.outbox.pass();
                self.shared.outbox.events(events, pass);
            } else {
                self.later(span, "the analysis was behind");
            }
        }
        self.covered = Some(now);
    }

    fn event(&self, event: LiveTailSessionLogEvent) -> Option<CloudWatchEvent> {
        let group = self.group(event.log_group_identifier.as_deref().unwrap_or_default())?;
        Some(CloudWatchEvent {
            group: Arc::clone(&group.name),
            stream: event.log_stream_name.unwrap_or_default().into(),
            time: LogTime(event.timestamp?),
            ingested: event.ingestion_time.map(LogTime),
            id: None,
            message: event.message.unwrap_or_default(),
        })
    }

    /// Identifiers are `account:name`, ARNs, or names.
    fn group(&self, identifier: &str) -> Option<&GroupRef> {
        let is_it = |group: &&GroupRef| {
            &*group.arn == identifier
                || &*group.name == identifier
                || identifier.strip_suffix(&*group.name).is_some_and(|rest| rest.ends_with(':'))
        };
        // One group needs no name.
        let is_only = self.groups.len() == 1 && identifier.is_empty();
        self.groups.iter().find(is_it).or(self.groups.first().filter(|_| is_only))
    }
}

/// How an error of the stream ends the session.
fn broken<R: fmt::Debug>(error: &SdkError<StartLiveTailResponseStreamError, R>) -> End {
    let is_timeout = StartLiveTailResponseStreamError::is_session_timeout_exception;
    if error.as_service_error().is_some_and(is_timeout) {
        return End::Renew;
    }
    let is_streaming = StartLiveTailResponseStreamError::is_session_streaming_exception;
    if error.as_service_error().is_some_and(is_streaming) {
        return End::Broken("an error of the service".to_owned());
    }
    let error = CallError::new("logs:StartLiveTail", "", error);
    End::Broken(error.code.unwrap_or(error.message))
}
