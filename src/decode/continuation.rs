//! Which lines of plain text belong to the line before them.
//!
//! Plain text (the message column, and nothing else) does not mark where an event begins. A line
//! begins an event unless one of these holds:
//!
//! 1. It is indented deeper than the line that began the event: dumps, stack traces, header maps
//!    that were wrapped.
//! 2. It is a closing bracket, or a bracket that opens and nothing else, or `[TRUNCATED]`.
//! 3. The line before ends in a colon, an equals sign or a tab, and this one begins like a payload
//!    (`{`, `[`, `"`, `<`): the payload was moved to its own line. No time of an access log is one.
//! 4. Brackets are still open, and either the line before ends in an opening bracket, a comma or a
//!    colon, or this line begins with a quote: pretty-printed JSON without indentation.
//! 5. It is a known second line: `Traceback (most recent call last):`, `Caused by:`, `XRAY TraceId:`
//!    and other fields of a report, `Runtime.ExitError` and `Extension.Crash` of a crash, the
//!    type of an unknown error, a line of a stack trace whose indentation was lost.
//!
//! 6. The event began with `<request id=` and the element is not closed: an access log in XML.
//! 7. The event ends in `: java.lang.Exception`, and this line begins with that class: Java prints
//!    an error that left the handler twice ([`repeats_class`]).
//!
//! A line that begins as only events do ([`is_usual_start`]) is never a continuation.
//!
//! Must not: be asked in containers that mark their events.

/// What is known of the event so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape {
    indent: usize,
    /// Brackets that are open.
    depth: u32,
    /// The last character that is no blank; a tab counts.
    last: u8,
    first: First,
    trace: Trace,
    /// Whether the element's closing tag was seen.
    closed: bool,
}

/// How the event's first line begins, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum First {
    /// `START`, `END`, `INIT_START`: these have one line.
    Platform,
    /// `REPORT`.
    Report,
    /// `RequestId: ...`: a crash.
    Crash,
    /// `Unknown application error occurred`: its type follows.
    Unknown,
    /// `[ERROR]` and other levels.
    Level,
    /// `<request id="...">`.
    Element,
    /// `/orders - GET method test results`: what the console shows above the log of a test.
    TestResult,
    #[default]
    Other,
}

/// A Python traceback ends with a line that is not indented, except in Lambda's own reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Trace {
    #[default]
    None,
    /// `Traceback` was seen.
    Begun,
    /// Its indented lines were seen.
    Inside,
}

const PLATFORM: &[&[u8]] = &[
    b"START RequestId: ",
    b"END RequestId: ",
    b"INIT_START ",
    b"INIT_REPORT ",
    b"RESTORE_START ",
    b"RESTORE_REPORT ",
    b"EXTENSION\t",
    b"EXTENSION ",
    b"TELEMETRY\t",
    b"TELEMETRY ",
    b"START - ",
    b"END - ",
];
const REPORT: &[&[u8]] = &[b"REPORT RequestId: ", b"REPORT - "];
/// What stands between the tabs of a report, where each got a line of its own.
const REPORT_FIELDS: &[&[u8]] = &[
    b"XRAY TraceId: ",
    b"SegmentId: ",
    b"Sampled: ",
    b"Duration: ",
    b"Billed Duration: ",
    b"Memory Size: ",
    b"Max Memory Used: ",
    b"Init Duration: ",
    b"Restore Duration: ",
    b"Billed Restore Duration: ",
    b"Status: ",
    b"Error Type: ",
];
const CRASH: &[&[u8]] = &[b"RequestId: ", b"Error: Runtime exited with"];
const LEVELS: &[&[u8]] = &[
    b"[ERROR]",
    b"[INFO]",
    b"[WARN]",
    b"[WARNING]",
    b"[DEBUG]",
    b"[CRITICAL]",
    b"[FATAL]",
    b"[TRACE]",
    b"LAMBDA_WARNING: ",
];
/// How lines of execution logs begin, for those that have lost their request id.
const LABELS: &[&[u8]] = &[
    b"API Key",
    b"AWS Integration Endpoint RequestId",
    b"Authorizer result body",
    b"Endpoint request ",
    b"Endpoint response ",
    b"Execution failed due to ",
    b"Extended Request Id: ",
    b"Gateway response type: ",
    b"HTTP Method: ",
    b"Incoming identity: ",
    b"Key throttle limit exceeded",
    b"Lambda execution failed",
    b"Lambda invocation failed",
    b"Method completed with status: ",
    b"Method request ",
    b"Method response ",
    b"Received response. ",
    b"Request validation ",
    b"Sending request to ",
    b"Starting authorizer: ",
    b"Starting execution for request: ",
    b"Successfully completed ",
    b"Unauthorized request: ",
    b"Usage Plan check ",
    b"Using valid authorizer policy",
    b"Verifying Usage Plan for request",
    b"X-ray Tracing ID",
];

/// Labels that are anybody's words unless a time or a request id is in front of them.
const WORDS: &[&[u8]] = &[
    b"API Key: ",
    b"Access denied. Reason: ",
    b"AuthorizerConfigurationException",
    b"Execution log for request ",
    b"Key quota limit exceeded",
    b"Missing required request parameters",
    b"Rate limit exceeded for ",
    b"Request body does not match ",
    b"The client is not authorized",
    b"There was an internal error while executing",
    b"Unauthorized",
    b"Unsupported Media Type",
    b"User is not authorized to access",
    b"WAF call got timed out",
];

/// Whether `text` begins as a line of an execution log does behind its time or its request id.
pub(crate) fn is_label(text: &[u8]) -> bool {
    starts(text, LABELS) || starts(text, WORDS)
}

/// Whether `text` (without indentation) begins as only events do.
pub(crate) fn is_usual_start(text: &[u8]) -> bool {
    match text {
        [b'[', ..] => starts(text, LEVELS),
        [b'A'..=b'Z', ..] => {
            [PLATFORM, REPORT, CRASH, LEVELS, LABELS].iter().any(|list| starts(text, list))
        }
        _ => false,
    }
}

/// Whether the log of a test invocation begins with `text`, or what the console shows above it.
pub(crate) fn begins_test(text: &[u8]) -> bool {
    text.starts_with(b"Execution log for request ") || is_test_result(text)
}

fn is_test_result(text: &[u8]) -> bool {
    text.trim_ascii_end().ends_with(b" method test results")
}

fn starts(text: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|start| text.starts_with(start))
}

impl Shape {
    /// An event that begins with `line`.
    pub(crate) fn of(line: &[u8], indent: usize) -> Self {
        let text = line.get(indent..).unwrap_or_default();
        let first = if starts(text, PLATFORM) {
            First::Platform
        } else if starts(text, REPORT) {
            First::Report
        } else if starts(text, CRASH) {
            First::Crash
        } else if text.starts_with(b"Unknown application error occurred") {
            First::Unknown
        } else if starts(text, LEVELS) {
            First::Level
        } else if text.starts_with(b"<request id=") {
            First::Element
        } else if is_test_result(text) {
            First::TestResult
        } else {
            First::Other
        };
        let mut shape = Self { indent, first, ..Self::default() };
        shape.push(line, indent);
        shape
    }

    /// Takes one more line of the event.
    pub(crate) fn push(&mut self, line: &[u8], indent: usize) {
        let text = line.get(indent..).unwrap_or_default();
        self.trace = match self.trace {
            _ if text.starts_with(TRACEBACK) => Trace::Begun,
            Trace::Begun | Trace::Inside if indent > self.indent => Trace::Inside,
            Trace::None | Trace::Begun | Trace::Inside => Trace::None,
        };
        self.depth = match text.trim_ascii_end() {
            cut if cut.ends_with(b"[TRUNCATED]") => 0,
            whole => balance(whole, self.depth),
        };
        if self.first == First::Element {
            self.closed |= text.trim_ascii_end().ends_with(b"</request>");
        }
        let mut end = line;
        while let Some((b' ' | b'\r', rest)) = end.split_last() {
            end = rest;
        }
        self.last = end.last().copied().unwrap_or_default();
    }

    /// Whether `line`, which is not blank and has no known start, belongs to this event.
    pub(crate) fn continues(&self, line: &[u8], indent: usize) -> bool {
        let text = line.get(indent..).unwrap_or_default().trim_ascii_end();
        if self.first == First::Platform {
            return false;
        }
        if self.first == First::TestResult {
            return true;
        }
        // Behind a report may stand what the function answered.
        if self.first == First::Report {
            return indent > self.indent || starts(text, REPORT_FIELDS);
        }
        let payload = matches!(text.first(), Some(b'{' | b'[' | b'"' | b'<'));
        let quote = matches!(text.first(), Some(b'"' | b'\''));
        let goes_on = matches!(self.last, b'{' | b'[' | b'(' | b',' | b':');
        if self.first == First::Element {
            return !self.closed;
        }
        indent > self.indent
            || matches!(text, b"{" | b"[" | b"{}" | b"[]" | b"[{")
            || matches!(text.first(), Some(b'}' | b']'))
            || text.starts_with(b"[TRUNCATED]")
            || payload && matches!(self.last, b':' | b'=' | b'\t') && !is_clf_time(text)
            || self.depth > 0 && (goes_on || quote)
            || self.known_second_line(text)
    }

    /// Whether a line so deep, whatever it says, is within the brackets of this event or of its dump.
    pub(crate) fn is_within(&self, indent: usize) -> bool {
        self.depth > 0 || indent > self.indent
    }

    fn known_second_line(&self, text: &[u8]) -> bool {
        match self.first {
            First::Crash if starts(text, &[b"Runtime.", b"Extension."]) => return true,
            First::Unknown if starts(text, ERROR_TYPES) || is_exception(text) => return true,
            First::Level if text.starts_with(TRACEBACK) => return true,
            First::Platform
            | First::Report
            | First::Crash
            | First::Unknown
            | First::Level
            | First::Element
            | First::TestResult
            | First::Other => {}
        }
        text.starts_with(b"Caused by: ")
            || is_frame(text)
            || self.trace == Trace::Inside && is_exception(text)
    }
}

/// `[22/Nov/2026:10:00:00 +0000] ...`: a line of an access log.
pub(crate) fn is_clf_time(text: &[u8]) -> bool {
    matches!(text, [b'[', b'0'..=b'9', b'0'..=b'9', b'/', _, _, _, b'/', _, _, _, _, b':', ..])
}

/// Whether `line` begins with the class that an event ends in: `message: java.lang.Exception`, then
/// `java.lang.Exception: message` and its trace. Python up to 3.6 has `message: KeyError`, and the trace
/// before the same in its own order.
pub(crate) fn repeats_class(event: &[u8], line: &[u8]) -> bool {
    if line.starts_with(TRACEBACK) {
        let kind = memchr::memmem::rfind(event, b": ").and_then(|at| event.get(at + 2..));
        return kind.is_some_and(|kind| is_exception(kind.trim_ascii_end()));
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$');
    let end = line.iter().position(|byte| !is_name(byte)).unwrap_or(line.len());
    let (class, rest) = line.split_at_checked(end).unwrap_or_default();
    memchr::memchr(b'.', class).is_some()
        && matches!(rest.first(), None | Some(b':' | b'\r'))
        && event.trim_ascii_end().strip_suffix(class).is_some_and(|event| event.ends_with(b": "))
}

/// How the types of errors begin that runtimes make of others.
const ERROR_TYPES: &[&[u8]] = &[b"Runtime.", b"Init<", b"Function<"];

const TRACEBACK: &[u8] = b"Traceback (most recent call last):";

/// `at shop.App.handle(App.java:12)`, `at new Server (_http_server.js:234:10)`, `at Shop.Handle(String
/// input) in C:\App.cs:line 45`, and what .NET writes between the traces of two errors.
fn is_frame(text: &[u8]) -> bool {
    let Some(frame) = text.strip_prefix(b"at ") else {
        return starts(text, &[b"---> ", b"--- End of "]);
    };
    let is_name = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'(';
    let end = frame.iter().position(|byte| !is_name(byte)).unwrap_or(frame.len());
    let (name, rest) = frame.split_at_checked(end).unwrap_or_default();
    let is_call = memchr::memchr(b'.', name).is_some() && rest.starts_with(b"(");
    let place = frame.strip_suffix(b")").unwrap_or_default();
    let digits = place.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    is_call
        || digits > 0
            && place
                .len()
                .checked_sub(digits)
                .is_some_and(|end| place.get(..end).is_some_and(|place| place.ends_with(b":")))
}

/// `ValueError: text`, `botocore.exceptions.ClientError: text`, `KeyError`.
fn is_exception(text: &[u8]) -> bool {
    let name = text.split(|byte| *byte == b':').next().unwrap_or_default();
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        && [&b"Error"[..], b"Exception", b"Exit", b"Interrupt", b"Timeout", b"Warning"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// How many brackets are open behind `text`; brackets in double quotes do not count.
fn balance(text: &[u8], mut depth: u32) -> u32 {
    let mut bytes = text.iter();
    let mut quoted = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if quoted => {
                bytes.next();
            }
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth = depth.saturating_add(1),
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}
