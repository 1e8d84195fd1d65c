//! Lambda's JSON log format, and JSON lines of loggers.
//!
//! Must not: take an API Gateway access log in JSON for one.

use crate::model::{LambdaLine, ReportStatus, RequestId};
use crate::parse::lambda::failure::{self, Failure, document, is_init_error};
use crate::parse::lambda::platform::{self, EXIT, OUT_OF_MEMORY, init_ended, report_of, status_of};
use crate::parse::lambda::{Line, LineShape, application, dump, find_shape, is_request_id};
use crate::parse::value::raw::{self, Raw};

/// What a `platform.*` event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    InitStart,
    InitDone,
    Start,
    End,
    Report,
    Fault,
    Nothing,
}

const DOCS: &str = "https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html";

/// The `type` of platform events.
pub(super) const SHAPES: &[LineShape<Meaning>] = &[
    LineShape {
        begins: b"platform.initStart",
        meaning: Meaning::InitStart,
        example: r#"{"time":"2026-11-22T10:00:00.000Z","type":"platform.initStart","record":{"phase":"init"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.initRuntimeDone",
        meaning: Meaning::InitDone,
        example: r#"{"type":"platform.initRuntimeDone","record":{"phase":"init","status":"success"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.initReport",
        meaning: Meaning::InitDone,
        example: r#"{"type":"platform.initReport","record":{"phase":"init","status":"error","errorType":"Runtime.ExitError"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.restoreReport",
        meaning: Meaning::InitDone,
        example: r#"{"type":"platform.restoreReport","record":{"status":"success"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.restoreRuntimeDone",
        meaning: Meaning::InitDone,
        example: r#"{"type":"platform.restoreRuntimeDone","record":{"status":"success"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.start",
        meaning: Meaning::Start,
        example: r#"{"type":"platform.start","record":{"requestId":"5e2f6d3a-0000-4000-8000-000000000001","version":"$LATEST"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.runtimeDone",
        meaning: Meaning::End,
        example: r#"{"type":"platform.runtimeDone","record":{"requestId":"5e2f6d3a-0000-4000-8000-000000000001","status":"success"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.end",
        meaning: Meaning::End,
        example: r#"{"type":"platform.end","record":{"requestId":"5e2f6d3a-0000-4000-8000-000000000001"}}"#,
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html",
    },
    LineShape {
        begins: b"platform.report",
        meaning: Meaning::Report,
        example: r#"{"type":"platform.report","record":{"requestId":"5e2f6d3a-0000-4000-8000-000000000001","status":"timeout"}}"#,
        seen: DOCS,
    },
    LineShape {
        begins: b"platform.fault",
        meaning: Meaning::Fault,
        example: r#"{"type":"platform.fault","record":"RequestId: 5e2f6d3a-0000-4000-8000-000000000001 Process exited before completing request"}"#,
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html",
    },
    LineShape {
        begins: b"platform.",
        meaning: Meaning::Nothing,
        example: r#"{"type":"platform.extension","record":{"name":"agent","state":"Ready"}}"#,
        seen: DOCS,
    },
];

/// Reads a line that begins with `{`.
pub(super) fn read(text: &[u8]) -> Option<Line<'_>> {
    let members = LogMembers::of(text);
    if let (Some(kind), Some(record)) = (members.kind, members.record)
        && kind.starts_with(b"platform.")
    {
        return event(kind, record);
    }
    if let Some(line) = members.error_message.and_then(|message| of_platform(text, message)) {
        return Some(line);
    }
    let id = members.id();
    if let Some(line) = members.error(text) {
        let of_document = members.request_id.filter(|id| is_request_id(id));
        return Some(Line { id: id.or(of_document.and_then(RequestId::parse)), line });
    }
    let dumps = dump::search_own(text);
    (members.is_log() || dumps.is_some()).then(|| dumps.into_line(id))
}

/// What who called a function gets of a run that came to a bad end: a document whose message is the line
/// that the platform logs.
fn of_platform<'a>(text: &[u8], message: Raw<'a>) -> Option<Line<'a>> {
    let Raw::Text(message) = message else { return None };
    let document = document::error_document(text)?;
    let line = platform::failure(message).or_else(|| application::read(message))?;
    // The document names the type, too.
    if document.is_of_loading() || matches!(line.line, LambdaLine::InitError(_)) {
        return Some(Line { line: document.of_loading().into_line(), ..line });
    }
    matches!(line.line, LambdaLine::Timeout(_) | LambdaLine::Crash { .. }).then_some(line)
}

/// The members that tell what a line is.
#[derive(Default)]
struct LogMembers<'a> {
    kind: Option<&'a [u8]>,
    record: Option<Raw<'a>>,
    level: Option<&'a [u8]>,
    /// What Python's runtime writes in place of `level`.
    runtime_level: Option<&'a [u8]>,
    message: Option<Raw<'a>>,
    /// A key that only Lambda's loggers use.
    lambda_id: Option<&'a [u8]>,
    /// `requestId`, which access logs have too.
    request_id: Option<&'a [u8]>,
    error_type: Option<&'a [u8]>,
    error_message: Option<Raw<'a>>,
}

impl<'a> LogMembers<'a> {
    fn of(text: &'a [u8]) -> Self {
        let mut found = Self::default();
        for (key, value) in raw::members(text) {
            match key {
                b"type" => found.kind = Some(value.bytes()),
                b"record" => found.record = Some(value),
                b"level" | b"severity" | b"levelname" => found.level = Some(value.bytes()),
                b"log_level" => found.runtime_level = Some(value.bytes()),
                b"message" | b"msg" => found.message = Some(value),
                b"requestId" => found.request_id = Some(value.bytes()),
                b"errorType" => found.error_type = Some(value.bytes()),
                b"errorMessage" => found.error_message = Some(value),
                b"AWSRequestId"
                | b"function_request_id"
                | b"AwsRequestId"
                | b"awsRequestId"
                | b"aws_request_id"
                | b"lambda_request_id"
                | b"lambdaRequestId"
                | b"functionRequestId"
                | b"invocation_id"
                | b"invocationId" => {
                    found.lambda_id = Some(value.bytes()).filter(|id| is_request_id(id));
                }
                _ => {}
            }
        }
        found
    }

    fn is_log(&self) -> bool {
        self.lambda_id.is_some()
            || self.runtime_level.is_some()
            || (self.level.is_some() && (self.message.is_some() || self.request_id.is_some()))
    }

    fn id(&self) -> Option<RequestId> {
        let of_log = self.request_id.filter(|id| self.is_log() && is_request_id(id));
        self.lambda_id.or(of_log).and_then(RequestId::parse)
    }

    /// An error that left the handler, or may have.
    fn error(&self, text: &'a [u8]) -> Option<LambdaLine<'a>> {
        if self.runtime_level.is_some() && self.error_type.is_some() {
            return Some(document::json(text, b"").into_line());
        }
        let level = self.level.unwrap_or_default();
        let is_error = [b"error".as_slice(), b"fatal", b"critical"]
            .iter()
            .any(|e| level.eq_ignore_ascii_case(e));
        match self.message {
            None if self.level.is_none() => document::error_document(text).map(Failure::into_line),
            // Python's runtime; its loggers write a message.
            None if is_error => document::python_document(text).map(Failure::into_line),
            // Node logs an error as the message, and so does the runtime.
            Some(Raw::Other(message)) if is_error && message.starts_with(b"{") => {
                raw::member(message, b"errorType")?;
                let trace = raw::member(message, b"stackTrace")?.bytes();
                let failure = document::json(message, b"");
                // `errorType` leaves `Runtime.` out; the trace begins with the whole name.
                let is_of_loading = failure::begins_as_init_error(trace.trim_ascii_start());
                let failure = if is_of_loading { failure.of_loading() } else { failure };
                Some(failure.into_logged_line())
            }
            Some(message @ Raw::Text(raw)) if is_error => {
                memchr::memmem::find(raw, b"\\n")?;
                let message = message.to_text();
                let message = message.as_bytes();
                failure::java(message)
                    .map(Failure::into_line)
                    .or_else(|| failure::dotnet(message).map(Failure::into_logged_line))
            }
            Some(Raw::Text(_) | Raw::Other(_)) | None => None,
        }
    }
}

fn event<'a>(kind: &[u8], record: Raw<'a>) -> Option<Line<'a>> {
    let meaning = find_shape(SHAPES, kind)?;
    let text = record.bytes();
    let field = |key: &[u8]| raw::member(text, key).map(Raw::bytes);
    let id = field(b"requestId").and_then(RequestId::parse);
    let status = field(b"status").map_or(ReportStatus::Unsaid, status_of);
    let line = match meaning {
        Meaning::InitStart => LambdaLine::InitStart,
        Meaning::InitDone => init_ended(status, || field(b"errorType")),
        Meaning::Nothing => LambdaLine::Platform,
        Meaning::Start => LambdaLine::Start { trace: trace(text) },
        // A tail without the report still tells how the run ended.
        Meaning::End => match (status, field(b"errorType")) {
            (ReportStatus::Unsaid | ReportStatus::Success, _) => LambdaLine::End,
            (ReportStatus::Failure, Some(kind)) => failed(kind),
            (status, _) => report_of(status, None, trace(text)),
        },
        Meaning::Report => report_of(status, field(b"errorType"), trace(text)),
        Meaning::Fault => {
            return platform::failure(text).or(Some(Line {
                id,
                line: LambdaLine::Crash { out_of_memory: false, message: text },
            }));
        }
    };
    Some(Line { id, line })
}

/// A run that failed with this type of error.
fn failed(kind: &[u8]) -> LambdaLine<'_> {
    match kind {
        OUT_OF_MEMORY => LambdaLine::Crash { out_of_memory: true, message: kind },
        EXIT => LambdaLine::Crash { out_of_memory: false, message: kind },
        kind if is_init_error(kind) => {
            LambdaLine::InitError(String::from_utf8_lossy(kind).into_owned())
        }
        _ => LambdaLine::Unhandled(String::from_utf8_lossy(kind).into_owned()),
    }
}

/// The root id of `{"tracing": {"value": "Root=1-...;Parent=..."}}`.
fn trace(record: &[u8]) -> Option<&[u8]> {
    let value = raw::member(raw::member(record, b"tracing")?.bytes(), b"value")?.bytes();
    let value = value.strip_prefix(b"Root=").unwrap_or(value);
    value.split(|byte| *byte == b';').next().filter(|root| !root.is_empty())
}
