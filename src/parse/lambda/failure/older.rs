//! Errors as runtimes of Python up to 3.6, of .NET Core up to 3.1 and `go1.x` print them: the message
//! first, then its type, then the trace.
//!
//! Must not: take what the application logged for one.

use memchr::memmem;

use crate::parse::lambda::failure::{Failure, TRACEBACK, first_line, lossy};

/// The frame that called the handler stands in each trace of .NET Core's runtime
/// (aws/aws-lambda-dotnet#557).
const DOTNET_FRAME: &[u8] = b"at lambda_method(";

/// `message: Type` and the trace behind it.
pub(super) fn failure(text: &[u8]) -> Option<Failure> {
    let first = first_line(text);
    let colon = memmem::rfind(first, b": ")?;
    let (message, kind) = (first.get(..colon)?, first.get(colon + 2..)?.trim_ascii());
    let is_kind = kind.first().is_some_and(u8::is_ascii_alphabetic)
        && kind.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let behind = text.trim_ascii_start().get(first.len()..)?;
    let is_of = || is_of_python(message, kind, behind) || is_of_dotnet(kind, behind);
    let is_error = is_kind && (is_of() || is_of_go(behind));
    is_error.then(|| Failure::new(format!("{}: {}", lossy(kind), lossy(message))))
}

/// Whether the trace follows, and ends in the same error: `KeyError: 'id'` behind `'id': KeyError`.
fn is_of_python(message: &[u8], kind: &[u8], behind: &[u8]) -> bool {
    let Some(trace) = behind.trim_ascii_start().strip_prefix(TRACEBACK) else { return false };
    // Of a copy without indentation the trace is in other events.
    if matches!(trace.trim_ascii(), b"" | b":") {
        return true;
    }
    // The trace has the type with its module. Behind it somebody may have pasted text.
    trace.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let line = line.trim_ascii();
        memmem::find(line, kind)
            .and_then(|at| line.get(at + kind.len()..)?.strip_prefix(b": "))
            .is_some_and(|told| told == message)
    })
}

/// Whether the frames of a panic follow, or the `null` of an error that was returned.
fn is_of_go(behind: &[u8]) -> bool {
    let behind = behind.trim_ascii();
    let has = |member: &[u8]| memmem::find(behind, member).is_some();
    let are_frames = || has(b"\"path\":") && has(b"\"line\":") && has(b"label\":");
    behind == b"null" || behind.starts_with(b"[") && are_frames()
}

fn is_of_dotnet(kind: &[u8], behind: &[u8]) -> bool {
    kind.ends_with(b"Exception") && memmem::find(behind, DOTNET_FRAME).is_some()
}
