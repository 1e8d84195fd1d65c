//! Platform lines in text format.
//!
//! Must not: read lines that an application can write.

use std::sync::LazyLock;

use memchr::memmem;

use crate::model::{LambdaLine, ReportStatus, RequestId};
use crate::parse::lambda::failure::document::behind_warning;
use crate::parse::lambda::failure::{is_init_error, kind_behind};
use crate::parse::lambda::{Line, LineShape, find_shape, first_token, split_token, token_behind};

/// What a platform line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    InitStart,
    /// The report of an initialization or of a `SnapStart` restore; worth a line only if it failed.
    InitReport,
    Start,
    End,
    Report,
    /// `RequestId: <id> ...`: the run came to a bad end.
    Failure,
    /// What stands behind the report of a run that failed, with the type of the error.
    Unknown,
    /// The state of an extension: without one that fails, no function runs.
    Extension,
    /// Nothing that a verdict needs.
    Nothing,
}

const DOCS: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html";

/// The text platform lines, by how they begin.
pub(super) const SHAPES: &[LineShape<Meaning>] = &[
    LineShape {
        begins: b"START RequestId: ",
        meaning: Meaning::Start,
        example: "START RequestId: 5e2f6d3a-0000-4000-8000-000000000001 Version: $LATEST",
        seen: DOCS,
    },
    LineShape {
        begins: b"END RequestId: ",
        meaning: Meaning::End,
        example: "END RequestId: 5e2f6d3a-0000-4000-8000-000000000001",
        seen: DOCS,
    },
    LineShape {
        begins: b"REPORT RequestId: ",
        meaning: Meaning::Report,
        example: "REPORT RequestId: 5e2f6d3a-0000-4000-8000-000000000001\tDuration: 26.73 ms\tBilled Duration: 27 ms\tMemory Size: 128 MB\tMax Memory Used: 75 MB\t",
        seen: DOCS,
    },
    LineShape {
        begins: b"RequestId: ",
        meaning: Meaning::Failure,
        example: "RequestId: 5e2f6d3a-0000-4000-8000-000000000001 Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html",
    },
    LineShape {
        begins: b"Unknown application error occurred",
        meaning: Meaning::Unknown,
        example: "Unknown application error occurred\nRuntime.UserCodeSyntaxError",
        seen: "https://github.com/brefphp/bref/issues/1616, and runtimes of 2018 and later",
    },
    LineShape {
        begins: b"INIT_START ",
        meaning: Meaning::InitStart,
        example: "INIT_START Runtime Version: python:3.13.v18\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a25",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html",
    },
    LineShape {
        begins: b"INIT_REPORT ",
        meaning: Meaning::InitReport,
        example: "INIT_REPORT Init Duration: 206.72 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
    },
    LineShape {
        begins: b"RESTORE_START ",
        meaning: Meaning::Nothing,
        example: "RESTORE_START Runtime Version: java:21.v15\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a25",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html",
    },
    LineShape {
        begins: b"RESTORE_REPORT ",
        meaning: Meaning::InitReport,
        example: "RESTORE_REPORT Restore Duration: 341.22 ms",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/snapstart-monitoring.html",
    },
    LineShape {
        begins: b"EXTENSION\t",
        meaning: Meaning::Extension,
        example: "EXTENSION\tName: cloudwatch_lambda_agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html",
    },
    LineShape {
        begins: b"EXTENSION Name: ",
        meaning: Meaning::Extension,
        example: "EXTENSION Name: cloudwatch_lambda_agent State: Ready Events: [INVOKE, SHUTDOWN]",
        seen: "the same, copied",
    },
    LineShape {
        begins: b"TELEMETRY",
        meaning: Meaning::Nothing,
        example: "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function]",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html",
    },
    LineShape {
        begins: b"LOGS\tName: ",
        meaning: Meaning::Nothing,
        example: "LOGS\tName: agent\tState: Subscribed\tTypes: [Platform]",
        seen: "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html",
    },
    LineShape {
        begins: b"XRAY TraceId: ",
        meaning: Meaning::Nothing,
        example: "XRAY TraceId: 1-5d9d007f-0a8c7fd0200000000000000a\tSegmentId: 3d75200000000a1e\tSampled: true",
        seen: "the second line of REPORT, in exports that break events into lines",
    },
    LineShape {
        begins: b"LAMBDA_WARNING: ",
        meaning: Meaning::Nothing,
        example: "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.",
        seen: "Python runtimes since 2024; the error follows",
    },
];

/// The error type of a process that was killed for memory.
pub(super) const OUT_OF_MEMORY: &[u8] = b"Runtime.OutOfMemory";
/// The error type of a process that ended.
pub(super) const EXIT: &[u8] = b"Runtime.ExitError";

static STATUS: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("Status: "));
static ERROR_TYPE: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("Error Type: "));
static TRACE: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("TraceId: "));

/// Reads a platform line.
pub(super) fn read(text: &[u8]) -> Option<Line<'_>> {
    match find_shape(SHAPES, text)? {
        Meaning::InitStart => Some(line(LambdaLine::InitStart)),
        Meaning::Nothing if has_error_behind(text) => None,
        Meaning::Extension => Some(line(extension(text))),
        Meaning::Nothing => Some(line(LambdaLine::Platform)),
        Meaning::InitReport => Some(line(init_report(text))),
        Meaning::Start => {
            of_run(text, b"START RequestId: ", LambdaLine::Start { trace: trace(text) })
        }
        Meaning::End => of_run(text, b"END RequestId: ", LambdaLine::End),
        Meaning::Report => of_run(text, b"REPORT RequestId: ", report(text)),
        Meaning::Failure => failure(text),
        Meaning::Unknown => {
            let is_of_loading = is_init_error(text);
            Some(line(LambdaLine::UnknownError { message: kind_behind(text), is_of_loading }))
        }
    }
}

/// `RequestId: <id> Error: ...` and `RequestId: <id> Process exited before completing request`,
/// also as the record of `platform.fault`.
pub(super) fn failure(text: &[u8]) -> Option<Line<'_>> {
    let text = text.strip_prefix(b"RequestId: ")?;
    // Somebody may have taken the id out.
    let (id, rest) = if let Some(rest) = text.strip_prefix(b" ") {
        (None, rest)
    } else {
        let (id, rest) = split_token(text);
        let is_said = id.iter().any(u8::is_ascii_alphanumeric);
        (if is_said { Some(RequestId::parse(id)?) } else { None }, rest)
    };
    let line = end_of_run(rest).or_else(|| {
        rest.starts_with(b"Error: ").then(|| {
            if is_init_error(rest) { LambdaLine::InitError(kind_behind(rest)) } else { crash(rest) }
        })
    })?;
    Some(Line { id, line })
}

/// How Lambda says behind a request id that the run came to a bad end.
pub(super) fn end_of_run(rest: &[u8]) -> Option<LambdaLine<'_>> {
    let text = rest.strip_prefix(b"Error: ").unwrap_or(rest);
    if let Some(text) = text.strip_prefix(b"Task timed out after ") {
        return Some(LambdaLine::Timeout(split_token(text).0));
    }
    (text.starts_with(b"Process exited before completing request")
        || text.starts_with(b"Runtime exited "))
    .then(|| crash(rest))
}

/// `Function 'orders' timed out after 3 seconds`, as the emulator of AWS SAM has it, maybe behind a time and
/// a bar.
pub(super) fn local_timeout(text: &[u8]) -> Option<LambdaLine<'_>> {
    const STAMP: usize = b"2023-05-05 12:05:34,347 | ".len();
    let behind_stamp = text.get(STAMP..).filter(|_| {
        text.first().is_some_and(u8::is_ascii_digit)
            && text.get(..STAMP).is_some_and(|stamp| stamp.ends_with(b" | "))
    });
    let name = behind_stamp.unwrap_or(text).strip_prefix(b"Function '")?;
    let behind = name.get(memmem::find(name, LOCAL_TIMEOUT)? + LOCAL_TIMEOUT.len()..)?;
    let (seconds, behind) = split_token(behind);
    (behind.trim_ascii() == b"seconds").then_some(LambdaLine::Timeout(seconds))
}

const LOCAL_TIMEOUT: &[u8] = b"' timed out after ";

fn crash(message: &[u8]) -> LambdaLine<'_> {
    let out_of_memory = memmem::find(message, b"signal: killed").is_some()
        || memmem::find(message, OUT_OF_MEMORY).is_some();
    LambdaLine::Crash { out_of_memory, message }
}

fn report(text: &[u8]) -> LambdaLine<'_> {
    let status = status(text);
    let failed = status == ReportStatus::Failure;
    let error = if failed { token_behind(text, &ERROR_TYPE) } else { None };
    report_of(status, error, trace(text))
}

/// The report of a run that ended so, more exactly where it names the type of an error.
pub(super) fn report_of<'a>(
    status: ReportStatus,
    error: Option<&'a [u8]>,
    trace: Option<&'a [u8]>,
) -> LambdaLine<'a> {
    let error = error.filter(|_| status == ReportStatus::Failure);
    let status = match error {
        Some(OUT_OF_MEMORY) => ReportStatus::OutOfMemory,
        Some(EXIT) => ReportStatus::Exit,
        Some(kind) if is_init_error(kind) => ReportStatus::NotLoaded,
        Some(_) | None => status,
    };
    LambdaLine::Report { status, error, trace }
}

/// An initialization that ran out of its ten seconds is repeated in the invocation; one that failed
/// is repeated too, and mostly fails again.
fn init_report(text: &[u8]) -> LambdaLine<'_> {
    init_ended(status(text), || token_behind(text, &ERROR_TYPE))
}

/// An initialization that ended so; an error has a type.
pub(super) fn init_ended<'a>(
    status: ReportStatus,
    kind: impl FnOnce() -> Option<&'a [u8]>,
) -> LambdaLine<'a> {
    if status == ReportStatus::Failure {
        init_failed(kind().unwrap_or(b"error"))
    } else if status == ReportStatus::Timeout {
        LambdaLine::InitTimeout
    } else {
        LambdaLine::Platform
    }
}

fn extension(text: &[u8]) -> LambdaLine<'_> {
    match token_behind(text, &ERROR_TYPE) {
        // One that fails later ends no start.
        Some(kind @ b"Extension.InitError") => init_failed(kind),
        Some(_) | None => LambdaLine::Platform,
    }
}

fn init_failed(kind: &[u8]) -> LambdaLine<'_> {
    match kind {
        OUT_OF_MEMORY => LambdaLine::Crash { out_of_memory: true, message: OUT_OF_MEMORY },
        kind => LambdaLine::InitError(String::from_utf8_lossy(kind).into_owned()),
    }
}

/// `Status: timeout`, `Status: error`.
fn status(text: &[u8]) -> ReportStatus {
    token_behind(text, &STATUS).map_or(ReportStatus::Unsaid, status_of)
}

/// The words of text and of JSON reports.
pub(super) fn status_of(word: &[u8]) -> ReportStatus {
    match word {
        b"success" => ReportStatus::Success,
        b"timeout" => ReportStatus::Timeout,
        b"error" | b"failure" => ReportStatus::Failure,
        _ => ReportStatus::Unsaid,
    }
}

fn trace(text: &[u8]) -> Option<&[u8]> {
    token_behind(text, &TRACE)
}

/// Python writes its warning and the error in one event.
fn has_error_behind(text: &[u8]) -> bool {
    memmem::find(text, b"[ERROR] ").is_some() || behind_warning(text).is_some()
}

fn of_run<'a>(text: &'a [u8], label: &[u8], line: LambdaLine<'a>) -> Option<Line<'a>> {
    let id = first_token(text.strip_prefix(label)?).and_then(RequestId::parse)?;
    Some(Line { id: Some(id), line })
}

fn line(line: LambdaLine<'_>) -> Line<'_> {
    Line { id: None, line }
}
