//! What one line adds to the run that it belongs to.
//!
//! Must not: know other runs; `invocations` says whose line it is.

use crate::model::invocation::REFUSED_ORIGIN;
use crate::model::record::ReportStatus;
use crate::model::{
    Evidence, Invocation, InvocationOutcome, LambdaLine, LineKind, LogEvent, LogTime, RequestId,
};

/// The order in which runs join their exchange.
pub(super) fn order_of(run: &Invocation) -> (Option<LogTime>, Option<RequestId>, Option<u64>) {
    (run.ended, run.id, run.end_position.map(|position| position.line))
}

/// Whether a run has anything to say about its request.
pub(super) fn tells(run: &Invocation) -> bool {
    stands_out(run) || run.lines.iter().any(|line| line.kind == LineKind::Application)
}

/// Whether what it says is worth an exchange of its own.
pub(super) fn stands_out(run: &Invocation) -> bool {
    run.outcome.is_failure()
        || run.event.is_some()
        || run.response.is_some()
        || run.message.as_deref() == Some(REFUSED_ORIGIN)
}

/// Keeps a line of the application; gives the bytes that it added.
pub(super) fn keep_application(run: &mut Invocation, event: &LogEvent<'_>) -> usize {
    const MAX_LINE: usize = 16 << 10;
    const MAX_LINES: usize = 16;
    let kept = run.lines.iter().filter(|line| line.kind == LineKind::Application).count();
    if kept >= MAX_LINES || event.message.len() > MAX_LINE {
        return 0;
    }
    let before = size(run);
    run.lines.push(evidence(LineKind::Application, event, event.message));
    size(run).saturating_sub(before)
}

fn evidence(kind: LineKind, event: &LogEvent<'_>, text: &[u8]) -> Evidence {
    Evidence {
        kind,
        time: event.time,
        position: event.position,
        text: String::from_utf8_lossy(text).into_owned(),
    }
}

pub(super) fn new(event: &LogEvent<'_>, id: Option<RequestId>) -> Invocation {
    Invocation {
        id,
        started: event.time,
        ended: event.time,
        position: Some(event.position),
        end_position: Some(event.position),
        ..Invocation::default()
    }
}

pub(super) fn touch(run: &mut Invocation, event: &LogEvent<'_>) {
    if run.started.is_none_or(|started| event.time.is_some_and(|time| time < started)) {
        run.started = event.time.or(run.started);
        run.position = Some(event.position);
    }
    if run.ended.is_none_or(|ended| event.time.is_some_and(|time| time >= ended)) {
        run.ended = event.time.or(run.ended);
        run.end_position = Some(event.position);
    }
}

/// Lines before a `START`: errors of the initialization, or application lines of the same
/// millisecond, which CloudWatch may deliver before it.
pub(super) fn adopt(run: &mut Invocation, unclaimed: Invocation, started: Option<LogTime>) {
    let is_init = unclaimed.init_timeout
        || matches!(
            unclaimed.outcome,
            InvocationOutcome::InitError | InvocationOutcome::OutOfMemory
        );
    if is_init || unclaimed.ended == started {
        merge(run, unclaimed);
    }
}

/// Adds what another part of the same run shows.
pub(super) fn merge(run: &mut Invocation, other: Invocation) {
    say(run, other.message);
    run.outcome = worse(run.outcome, other.outcome);
    run.init_timeout |= other.init_timeout;
    run.event = run.event.take().or(other.event);
    run.response = run.response.take().or(other.response);
    run.lines.extend(other.lines);
}

/// Whether one of the lines of a failure names this type of error.
pub(super) fn names(run: &Invocation, kind: &[u8]) -> bool {
    run.outcome.is_failure()
        && run.lines.iter().any(|line| memchr::memmem::find(line.text.as_bytes(), kind).is_some())
}

/// Applies a line; gives the bytes that it added.
pub(super) fn apply(run: &mut Invocation, event: &LogEvent<'_>, line: LambdaLine<'_>) -> usize {
    let before = size(run);
    match line {
        LambdaLine::Start { trace } => set_trace(run, trace),
        LambdaLine::End => run.outcome = worse(run.outcome, InvocationOutcome::Ended),
        LambdaLine::Report { status, error, trace } => {
            set_trace(run, trace);
            run.is_complete = true;
            if let Some(kind) = error {
                run.error_type = Some(String::from_utf8_lossy(kind).into_owned());
            }
            let outcome = match status {
                ReportStatus::Unsaid | ReportStatus::Success => InvocationOutcome::Ended,
                ReportStatus::Timeout => InvocationOutcome::Timeout,
                ReportStatus::NotLoaded => InvocationOutcome::InitError,
                ReportStatus::Failure => InvocationOutcome::Error,
                ReportStatus::OutOfMemory => InvocationOutcome::OutOfMemory,
                ReportStatus::Exit => exit_of(run),
            };
            if let (ReportStatus::NotLoaded, Some(kind)) = (status, run.error_type.clone()) {
                name_error(run, kind);
            }
            if outcome.is_failure() {
                keep(run, LineKind::LambdaFailure, event);
            }
            run.outcome = worse(run.outcome, outcome);
        }
        LambdaLine::Timeout(seconds) => {
            run.message = Some(String::from_utf8_lossy(seconds).into_owned());
            fail(run, InvocationOutcome::Timeout, event);
        }
        LambdaLine::Crash { out_of_memory, message } => {
            let outcome = if out_of_memory { InvocationOutcome::OutOfMemory } else { exit_of(run) };
            run.message =
                run.message.take().or_else(|| Some(String::from_utf8_lossy(message).into_owned()));
            fail(run, outcome, event);
        }
        LambdaLine::Unhandled(message) => {
            name_error(run, message);
            fail(run, InvocationOutcome::Error, event);
        }
        LambdaLine::LoggedError(message) => {
            // It left the handler only if the report says that the run failed, or the process died.
            name_error(run, message);
            keep(run, LineKind::LambdaFailure, event);
        }
        LambdaLine::InitError(message) => {
            say(run, Some(message));
            fail(run, InvocationOutcome::InitError, event);
        }
        LambdaLine::UnknownError { message, is_of_loading } => {
            run.message = run.message.take().or(Some(message));
            let outcome =
                if is_of_loading { InvocationOutcome::InitError } else { InvocationOutcome::Error };
            fail(run, outcome, event);
        }
        LambdaLine::Application { event: http, response } => {
            if http.is_some() && run.event.is_none() {
                run.event = http;
                keep(run, LineKind::LambdaEvent, event);
            }
            if response.is_some() {
                run.response = response;
                keep(run, LineKind::LambdaResponse, event);
            }
        }
        LambdaLine::InitTimeout => {
            run.init_timeout = true;
            keep(run, LineKind::LambdaFailure, event);
        }
        LambdaLine::InitStart | LambdaLine::Platform => {}
    }
    size(run).saturating_sub(before)
}

/// How a run ended whose process died: an error that was printed before is why.
fn exit_of(run: &Invocation) -> InvocationOutcome {
    if run.message.is_some() { InvocationOutcome::Error } else { InvocationOutcome::Crash }
}

/// Whether the message of an error is on the line behind it: Rust prints the place of a panic first.
pub(super) fn lacks_message(run: &Invocation) -> bool {
    let is_place = |said: &String| said.starts_with("thread '") && said.ends_with(':');
    run.message.as_ref().is_some_and(is_place)
}

/// Adds the line that holds the message of a panic; gives the bytes that it added.
pub(super) fn complete_message(run: &mut Invocation, event: &LogEvent<'_>) -> usize {
    const MAX: usize = 1 << 10;
    let before = size(run);
    let text = event.message.get(..MAX.min(event.message.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(text.trim_ascii());
    if let Some(message) = run.message.as_mut().filter(|_| !text.is_empty()) {
        message.push(' ');
        message.push_str(text.lines().next().unwrap_or_default());
        keep(run, LineKind::LambdaFailure, event);
    }
    size(run).saturating_sub(before)
}

fn name_error(run: &mut Invocation, message: String) {
    say(run, Some(message));
    if run.outcome == InvocationOutcome::Crash {
        run.outcome = InvocationOutcome::Error;
    }
}

/// What a process printed says more than that it died, whichever line comes first.
fn say(run: &mut Invocation, message: Option<String>) {
    if run.message.is_none() || run.outcome == InvocationOutcome::Crash {
        run.message = message.or(run.message.take());
    }
}

fn set_trace(run: &mut Invocation, trace: Option<&[u8]>) {
    if let Some(trace) = trace {
        run.trace_id = Some(String::from_utf8_lossy(trace).into_owned());
    }
}

fn fail(run: &mut Invocation, outcome: InvocationOutcome, event: &LogEvent<'_>) {
    run.outcome = worse(run.outcome, outcome);
    keep(run, LineKind::LambdaFailure, event);
}

/// The more telling of two outcomes: `status: error` of a report says less than the error itself.
fn worse(one: InvocationOutcome, other: InvocationOutcome) -> InvocationOutcome {
    let rank = |outcome| match outcome {
        InvocationOutcome::Unseen => 0,
        InvocationOutcome::Ended => 1,
        InvocationOutcome::Error => 2,
        InvocationOutcome::Crash => 3,
        InvocationOutcome::InitError => 4,
        InvocationOutcome::OutOfMemory => 5,
        InvocationOutcome::Timeout => 6,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// Keeps the beginning of a line as evidence; events and responses are kept as values too.
fn keep(run: &mut Invocation, kind: LineKind, event: &LogEvent<'_>) {
    const MAX: usize = 2 << 10;
    let text = event.message.get(..MAX.min(event.message.len())).unwrap_or_default();
    let own = run.lines.iter().filter(|line| line.kind != LineKind::Application).count();
    if own < 8 {
        run.lines.push(evidence(kind, event, text));
    }
}

pub(super) fn size(run: &Invocation) -> usize {
    let lines: usize = run.lines.iter().map(|line| line.text.len() + 64).sum();
    let event = run.event.as_ref().map_or(0, |event| 256 + event.headers.len() * 96);
    let response = run.response.as_ref().map_or(0, |_| 1024);
    size_of::<Invocation>() + lines + event + response
}
