//! Lines: one log event → one record.
//!
//! Must not: combine lines, or fail. A line that nobody knows is [`Entry::Other`].

pub mod access_log;
pub mod execution;
pub mod har;
pub mod http_event;
pub mod lambda;
pub mod proxy_response;
pub mod shape;
mod test_page;
pub mod value;

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::model::{Entry, LogEvent, Record};

/// What API Gateway writes behind a message that it cut.
pub const TRUNCATED: &[u8] = b" [TRUNCATED]";

/// Messages that CloudWatch and S3 write to test a delivery.
const PROBES: &[&[u8]] = &[
    b"Permissions are set correctly to allow AWS CloudWatch Logs to write into your logs while creating a subscription.",
    b"CWL CONTROL MESSAGE: ",
];

/// Reads one log event. Execution-log lines are tried first: they are the many.
pub fn parse<'a>(event: &LogEvent<'a>) -> Record<'a> {
    execution::parse(event.message).unwrap_or_else(|| others(event.message))
}

/// Reads one that is no line of an execution log.
pub fn others(message: &[u8]) -> Record<'_> {
    if let Some(record) = lambda::parse(message) {
        return record;
    }
    if message.trim_ascii_start().starts_with(b"{")
        && let Some(entry) = har::parse(message)
    {
        return whole(message, Entry::Har(entry));
    }
    if let Some(line) = test_page::parse(message) {
        return whole(message, Entry::Execution(line));
    }
    if let Some(access) = access_log::parse(message) {
        return whole(message, Entry::Access(access));
    }
    if PROBES.iter().any(|probe| message.starts_with(probe)) {
        return whole(message, Entry::Probe);
    }
    whole(message, Entry::Other)
}

/// What consoles of Chrome, Firefox and Safari print about a blocked request.
static CONSOLES: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    [
        "blocked by CORS policy",
        "Cross-Origin Request Blocked: ",
        "is not allowed by Access-Control-Allow-Origin",
    ]
    .map(Finder::new)
});

/// Whether a line that is of no log is what a browser's console prints about a blocked request.
pub fn is_console_message(message: &[u8]) -> bool {
    CONSOLES.iter().any(|text| text.find(message).is_some())
}

fn whole<'a>(message: &[u8], entry: Entry<'a>) -> Record<'a> {
    Record { id: None, truncated: message.ends_with(TRUNCATED), entry }
}
