//! What applications write, in text format.
//!
//! Must not: allocate for a line that holds nothing of interest.

use crate::model::invocation::REFUSED_ORIGIN;
use crate::model::{LambdaLine, RequestId, Surface, is_hidden};
use crate::parse::lambda::dump::{self, Dumps};
use crate::parse::lambda::failure::{self, Failure, document, framework, panic};
use crate::parse::lambda::platform::{end_of_run, local_timeout};
use crate::parse::lambda::{Line, is_request_id, json, split_token};

/// The levels that runtimes and loggers write behind the request id.
const LEVELS: &[&[u8]] = &[
    b"INFO", b"ERROR", b"WARN", b"DEBUG", b"TRACE", b"FATAL", b"WARNING", b"info", b"fail",
    b"warn", b"dbug", b"trce", b"crit",
];

/// Lines of an API Gateway execution log that hold events and responses and are not Lambda's.
const OF_THE_GATEWAY: &[&[u8]] = &[
    b"Endpoint re",
    b"Method re",
    b"Method completed",
    b"Execution ",
    b"Lambda execution failed",
    b"Lambda invocation failed",
    b"Authorizer result",
    b"WebSocket API [",
];

/// Reads a line that the application, or its runtime, wrote.
pub(super) fn read(text: &[u8]) -> Option<Line<'_>> {
    let Some(head) = head(text) else { return bare(text) };
    Some(Line { id: head.id, line: behind(&head) })
}

/// Time, request id and level of a line, and what it says.
struct Head<'a> {
    id: Option<RequestId>,
    /// Whether Node says that no request began yet.
    is_before: bool,
    level: Option<&'a [u8]>,
    rest: &'a [u8],
}

fn head(text: &[u8]) -> Option<Head<'_>> {
    let (bracketed, text) = match bracketed_level(text) {
        Some((level, rest)) => (Some(level), rest),
        None => (None, text),
    };
    let (text, timed) = match skip_time(text) {
        Some(rest) => (rest, true),
        None if bracketed.is_none() => (text, false),
        None => return None,
    };
    // Outside of a request Python writes nothing between the tabs.
    if bracketed.is_some() && text.starts_with(b"\t\t") {
        let rest = text.trim_ascii_start();
        return Some(Head { id: None, is_before: false, level: bracketed, rest });
    }
    let (token, rest) = split_token(text.trim_ascii_start());
    let id = match token {
        b"undefined" | b"-" => None,
        token if is_request_id(token) => Some(RequestId::parse(token)?),
        // Netlify shows the first block.
        token if token.len() == 8 && token.iter().all(u8::is_ascii_hexdigit) => {
            let (level, behind) = split_token(rest);
            let is_error = level == b"ERROR" && failure::is_of_node(behind);
            Some(RequestId::parse(token).filter(|_| is_error)?)
        }
        _ => return None,
    };
    let (level, behind) = split_token(rest);
    let is_level = bracketed.is_none() && LEVELS.contains(&level);
    // Node 24, also in a request. Between other blanks it may be anybody's.
    let is_of_node = || is_level && (text.starts_with(b"\t-\t") || failure::is_of_node(behind));
    if token == b"-" && !is_of_node() {
        return None;
    }
    if is_of_access_log(rest) {
        return None;
    }
    let is_before = token == b"undefined";
    if is_level {
        return Some(Head { id, is_before, level: Some(level), rest: behind });
    }
    // An id alone, without time and level, may be anybody's.
    if !timed && bracketed.is_none() && of_the_runtime(rest).is_none() {
        return None;
    }
    Some(Head { id, is_before, level: bracketed, rest })
}

/// Whether a request and its status stand behind a time and an id, parted by tabs: fields of an access log.
fn is_of_access_log(text: &[u8]) -> bool {
    // Nearly all lines are told by their first cell.
    let method = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let Some([b'\t', cells @ ..]) = text.get(method..).filter(|_| method > 0) else {
        return false;
    };
    if !cells.starts_with(b"/") {
        return false;
    }
    let mut cells = cells.split(|byte| *byte == b'\t').skip(1);
    let mut next = || cells.next().unwrap_or_default();
    let (status, behind) = (next(), next());
    // A function's own line may have a unit there.
    let is_field = matches!(behind, b"" | b"-")
        || behind.iter().all(u8::is_ascii_digit)
        || memchr::memchr(b' ', behind).is_some();
    is_field && status.len() == 3 && status.iter().all(u8::is_ascii_digit)
}

/// `[INFO]`, and what follows.
fn bracketed_level(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"[")?;
    let end = text.iter().take(10).position(|byte| *byte == b']')?;
    let (level, rest) = text.split_at_checked(end)?;
    let is_level = !level.is_empty() && level.iter().all(u8::is_ascii_uppercase);
    is_level.then(|| Some((level, rest.get(1..)?.trim_ascii_start())))?
}

/// What follows `2026-11-22T10:00:00.000Z` or `2026-11-22 10:00:00,000`.
fn skip_time(text: &[u8]) -> Option<&[u8]> {
    let is_date = text.get(4) == Some(&b'-')
        && text.get(7) == Some(&b'-')
        && text.first().is_some_and(u8::is_ascii_digit);
    let clock = text.get(11..).filter(|_| is_date && matches!(text.get(10), Some(b'T' | b' ')))?;
    if clock.get(2) != Some(&b':') || clock.get(5) != Some(&b':') {
        return None;
    }
    let end = clock.iter().position(u8::is_ascii_whitespace)?;
    clock.get(end..)
}

fn behind<'a>(head: &Head<'a>) -> LambdaLine<'a> {
    let rest = head.rest;
    if rest.starts_with(REFUSED_ORIGIN.as_bytes()) {
        return LambdaLine::LoggedError(REFUSED_ORIGIN.to_owned());
    }
    let failure = match head.level {
        None => match of_the_runtime(rest) {
            Some(line) => return line,
            None => None,
        },
        Some(b"ERROR") => failure::behind_error_level(rest, head.is_before),
        Some(b"fail") => failure::dotnet(rest),
        Some(_) if rest.starts_with(b"LAMBDA_WARNING: ") => {
            return failure::bare(rest).map_or(LambdaLine::Platform, Failure::into_line);
        }
        Some(_) => None,
    };
    failure.map_or_else(
        || {
            let Dumps { event, response } = dump::search_own(rest);
            LambdaLine::Application { event, response }
        },
        Failure::into_line,
    )
}

/// What the runtime writes behind a request id, without a level.
fn of_the_runtime(rest: &[u8]) -> Option<LambdaLine<'_>> {
    end_of_run(rest)
        .or_else(|| failure::node(rest).map(Failure::into_logged_line))
        .or_else(|| failure::invoke_error(rest).map(Failure::into_line))
        .or_else(|| document::error_document(rest).map(Failure::into_line))
}

/// A line without a mark of Lambda: only what it holds can make it one.
fn bare(text: &[u8]) -> Option<Line<'_>> {
    if is_of_the_gateway(text) {
        return None;
    }
    if let Some(document) = document::behind_warning(text) {
        return json::read(document);
    }
    if let Some(line) = local_timeout(text) {
        return Some(Line { id: None, line });
    }
    if let Some(line) = without_id(text) {
        return Some(Line { id: None, line });
    }
    if let Some((id, failure)) = panic::of_handler(text).or_else(|| framework::of_micronaut(text)) {
        return Some(Line { id: Some(id), line: failure.into_line() });
    }
    if let Some(failure) = failure::bare(text) {
        return Some(Line { id: None, line: failure.into_line() });
    }
    if let Some(failure) = panic::of_heap(text) {
        return Some(Line { id: None, line: failure.into_logged_line() });
    }
    let mut dumps = dump::search_own(text);
    if dumps.is_some() && dump::is_source(text) {
        dumps = Dumps::default();
    }
    (dumps.is_some() || failure::is_logged(text)).then(|| dumps.into_line(None))
}

/// The end of a run from whose line somebody took the id, and maybe the time, out.
fn without_id(text: &[u8]) -> Option<LambdaLine<'_>> {
    if text.starts_with(b"Node.js process exited with exit status: ") {
        return Some(LambdaLine::Crash { out_of_memory: false, message: text });
    }
    let (timed, text) = match skip_time(text) {
        Some(text) => (true, text.trim_ascii_start()),
        None => (false, text),
    };
    let hidden = || {
        let (word, rest) = split_token(text);
        // A container may have taken the time; a level stands in brackets, too.
        ((timed || !word.starts_with(b"[")) && is_hidden(word)).then_some(rest)
    };
    let text = hidden().unwrap_or(text);
    let line = end_of_run(text)?;
    let is_exact = if let LambdaLine::Timeout(seconds) = line {
        matches!(seconds, [.., b'.', _, _]) && text.ends_with(b" seconds")
    } else {
        text.starts_with(b"Error: Runtime exited with")
    };
    is_exact.then_some(line)
}

fn is_of_the_gateway(text: &[u8]) -> bool {
    // `(<id>) ...`, and `<time> : ...` of test calls.
    let is_test_call = text.get(..40).is_some_and(|head| {
        memchr::memmem::find(head, b" UTC 20").is_some()
            && memchr::memmem::find(head, b" : ").is_some()
    });
    is_test_call
        || text.strip_prefix(b"(").is_some_and(|text| {
            memchr::memchr(b')', text).is_some_and(|end| (10..=RequestId::MAX).contains(&end))
        })
        || OF_THE_GATEWAY.iter().any(|label| text.starts_with(label))
}

impl Dumps {
    /// As a line of that id. A function URL's event carries Lambda's own id.
    pub(super) fn into_line<'a>(self, id: Option<RequestId>) -> Line<'a> {
        let of_url = self.event.as_ref().filter(|event| event.surface == Surface::FunctionUrl);
        let id = id.or_else(|| of_url.and_then(|event| event.gateway_request_id));
        Line { id, line: LambdaLine::Application { event: self.event, response: self.response } }
    }
}
