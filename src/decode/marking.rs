//! Whether text marks where its events begin: containers put a stamp in front of each. Where only the
//! messages were kept, a time in front of a line is what the application printed.
//!
//! Lines of the Lambda platform tell which it is: they have no time of their own. One behind a stamp, or
//! behind what nothing but a container writes, shows a container; one at the beginning of a line shows
//! that there is none. The text's head is looked at first, so that its first lines are told as the others.
//!
//! Must not: take what an application may print for a proof.

use std::net::IpAddr;

use crate::decode::HEAD;
use crate::decode::continuation::is_usual_start;
use crate::decode::expanded::is_button;
use crate::decode::header::{
    Begin, Head, begin, indentation, is_lambda_line, is_timeout, looks_like_stream, starts_with_id,
};
use crate::decode::quote::marks;
use crate::decode::stamp::{Clock, Separator};
use crate::decode::table::Table;
use crate::model::RequestId;

/// What is known of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Marking {
    /// No line told yet.
    #[default]
    Unsaid,
    /// A container stamps its events.
    Stamped,
    /// Messages and nothing else.
    Unmarked,
}

/// What the first line that tells says; `head` is the beginning of a text, and `number` its first line's.
pub(crate) fn of_text(head: &[u8], number: u64, clock: &mut Clock) -> Marking {
    let whole = match memchr::memrchr(b'\n', head) {
        Some(end) if head.len() >= HEAD => head.get(..end).unwrap_or_default(),
        Some(_) | None => head,
    };
    let mut is_behind_time = false;
    for line in whole.split(|byte| *byte == b'\n') {
        let line = marks(line).and_then(|(_, length)| line.get(length..)).unwrap_or(line);
        match begin(line, clock, &Table::default()) {
            Begin::Stamped(head) if is_of_container(line, &head, clock) => return Marking::Stamped,
            Begin::Usual(head) if is_lambda(head.behind(line), clock) => {
                return if is_behind_time { Marking::Stamped } else { Marking::Unmarked };
            }
            Begin::Unknown if !is_behind_time && is_lambda(line, clock) => {
                return Marking::Unmarked;
            }
            Begin::Blank => {}
            // The button of a row of the console stands between its time and its message.
            Begin::Unknown if is_button(line) => {}
            Begin::Alone(_) => is_behind_time = true,
            Begin::Stamped(_)
            | Begin::Usual(_)
            | Begin::Certain(_)
            | Begin::Unknown
            | Begin::Title
            | Begin::Noise => is_behind_time = false,
        }
    }
    // What is in front of the text are events in JSON, and those had no stamp.
    if number > 1 { Marking::Unmarked } else { Marking::Unsaid }
}

impl Marking {
    /// Where the message of a line is that begins with a stamp, if an application printed that: with the
    /// time, unless what stands behind it is told apart by how it begins. `None`: it is a container's.
    pub(crate) fn of_application(
        &mut self,
        line: &[u8],
        head: Head,
        clock: &mut Clock,
    ) -> Option<Head> {
        if *self == Self::Stamped {
            return None;
        }
        if is_of_container(line, &head, clock) {
            *self = Self::Stamped;
        }
        if *self != Self::Unmarked {
            return None;
        }
        let text = head.behind(line);
        if text.starts_with(b"{") || is_usual_start(text) {
            return Some(head);
        }
        Some(Head { time: head.time, ..Head::at(indentation(line)) })
    }

    /// In a container: what a line is that begins with a time and a request id. Between the two Lambda writes
    /// a tab, so the time is the container's, and the id begins a message as some loggers write it.
    pub(crate) fn behind_stamp(self, line: &[u8], head: Head, clock: &mut Clock) -> Option<Head> {
        let text = line.get(head.message..).filter(|_| self == Self::Stamped)?;
        let stamp = clock.iso(text).filter(|stamp| stamp.separator == Separator::T)?;
        let behind = text.get(stamp.length..)?.strip_prefix(b" ")?;
        let is_stamped = is_lambda_line(behind) && !is_timeout(behind);
        is_stamped.then(|| Head { message: line.len() - behind.len(), ..head })
    }

    /// Takes note of a message without a stamp.
    pub(crate) fn note(&mut self, text: &[u8], clock: &mut Clock) {
        if *self != Self::Unmarked && is_lambda(text, clock) {
            *self = Self::Unmarked;
        }
    }

    /// Whether a message without a stamp is an event of its own although `event` before it was stamped: an
    /// application did that, or another log begins. A container's event may hold lines of a log that an
    /// application printed, but neither behind a line of the platform's own, nor does a log begin in it
    /// behind an empty line or the border of a code block.
    pub(crate) fn is_own(
        self,
        text: &[u8],
        event: &[u8],
        behind_gap: bool,
        clock: &mut Clock,
    ) -> bool {
        is_lambda(text, clock)
            && match self {
                Self::Unsaid | Self::Unmarked => true,
                Self::Stamped => behind_gap && !text.starts_with(END) || is_whole(event),
            }
    }
}

/// Lines of the gateway that hold nothing that others wrote, and so end where they do.
const WHOLE: &[&[u8]] = &[
    b"AWS Integration Endpoint RequestId",
    b"Endpoint request URI: ",
    b"Execution failed due to ",
    b"Extended Request Id: ",
    b"Gateway response type: ",
    b"HTTP Method: ",
    b"Key throttle limit exceeded",
    b"Lambda invocation failed",
    b"Method completed with status: ",
    b"Rate limit exceeded for ",
    b"Received response. ",
    b"Sending request to ",
    b"Starting authorizer: ",
    b"Starting execution for request: ",
    b"Successfully completed ",
    b"There was an internal error while executing",
    b"Unauthorized request: ",
    b"Usage Plan check ",
    b"Using valid authorizer policy",
    b"Verifying Usage Plan for request",
    b"X-ray Tracing ID",
];

/// Whether nothing behind an empty line is part of an event: it is the platform's, or one of the gateway's
/// that holds nothing that others wrote, or an access log's.
pub(crate) fn is_whole(event: &[u8]) -> bool {
    let label = match event {
        [b'(', ..] if starts_with_id(event) => {
            let end = memchr::memchr(b')', event).unwrap_or_default();
            event.get(end + 1..).unwrap_or_default().trim_ascii_start()
        }
        _ => event,
    };
    WHOLE.iter().any(|start| label.starts_with(start))
        || is_of_platform(event)
        || label.starts_with(b"Lambda execution failed") && ends_with_lambda_id(label)
        || is_of_access_log(event)
}

/// Whether a line ends in `. Lambda request id: <id>`.
fn ends_with_lambda_id(line: &[u8]) -> bool {
    let before = line.trim_ascii_end().split_last_chunk::<{ RequestId::MAX }>();
    before.is_some_and(|(before, _)| before.ends_with(b". Lambda request id: "))
}

/// Whether an event is one line of an access log in one of AWS's formats.
fn is_of_access_log(event: &[u8]) -> bool {
    let event = event.trim_ascii_end();
    let has = |text: &[u8]| memchr::memmem::find(event, text).is_some();
    let is_clf = || {
        let address = event.split(|byte| *byte == b' ').next().unwrap_or_default();
        std::str::from_utf8(address).is_ok_and(|address| address.parse::<IpAddr>().is_ok())
            && has(b"] \"")
    };
    let is_object = || {
        event.starts_with(b"{")
            && event.ends_with(b"}")
            && has(b"equestId\"")
            && (has(b"\"status\"") || has(b"\"httpMethod\"") || has(b"\"routeKey\""))
            && !has(b"\"level\"")
    };
    memchr::memchr(b'\n', event).is_none() && (is_clf() || is_object())
}

/// Whether no application writes what stands in front of this message, or not in front of such a message.
pub(crate) fn is_of_container(line: &[u8], head: &Head, clock: &mut Clock) -> bool {
    if line.get(indentation(line) + b"2026-11-22".len()) != Some(&b'T') {
        return true;
    }
    let stream = head.stream.and_then(|(from, to)| line.get(from..to)).unwrap_or_default();
    let message = head.behind(line);
    head.is_copied
        || looks_like_stream(stream)
        || starts_with_id(message)
        || is_lambda(message, clock)
}

/// Whether a message is the Lambda platform's, or has the time and the request id that its runtimes write.
pub(crate) fn is_lambda(text: &[u8], clock: &mut Clock) -> bool {
    match text {
        [b'A'..=b'Z', ..] => is_of_platform(text),
        [b'[', ..] => {
            let behind = memchr::memchr(b']', text).and_then(|end| text.get(end + 1..));
            let time = behind.map(<[u8]>::trim_ascii_start).unwrap_or_default();
            clock.iso(time).is_some_and(|stamp| stamp.separator == Separator::T)
        }
        [b'0'..=b'9', ..] => clock.iso(text).is_some_and(|stamp| {
            let behind = text.get(stamp.length..).unwrap_or_default();
            stamp.separator == Separator::T && is_lambda_line(behind.trim_ascii_start())
        }),
        [b'{', ..] => {
            let near = text.get(..NEAR.min(text.len())).unwrap_or_default();
            memchr::memmem::find(near, b"\"type\":\"platform.").is_some()
        }
        _ => false,
    }
}

/// How far into an event of the platform in JSON its type is: behind its time.
const NEAR: usize = 64;
const END: &[u8] = b"END RequestId: ";
const PLATFORM: &[&[u8]] = &[
    b"START RequestId: ",
    END,
    b"REPORT RequestId: ",
    b"INIT_START ",
    b"INIT_REPORT ",
    b"RESTORE_START ",
    b"RESTORE_REPORT ",
    b"EXTENSION\t",
    b"TELEMETRY\t",
];

/// Whether a message is the Lambda platform's.
pub(crate) fn is_of_platform(text: &[u8]) -> bool {
    PLATFORM.iter().any(|start| text.starts_with(start)) || is_end_of_run(text)
}

/// `RequestId: <id> Error: ...` and `RequestId: <id> Process exited before completing request`.
fn is_end_of_run(text: &[u8]) -> bool {
    let Some(text) = text.strip_prefix(b"RequestId: ") else { return false };
    let behind = memchr::memchr(b' ', text).and_then(|end| text.get(end + 1..)).unwrap_or_default();
    behind.starts_with(b"Error: ") || behind.starts_with(b"Process exited ")
}
