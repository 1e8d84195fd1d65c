//! What keeps a program from asking for its first request, as loaders of programs, shells and Node's
//! loader of modules say it.
//!
//! Must not: take what a request runs for what a start does.

use memchr::memmem;

use crate::parse::lambda::failure::{Failure, first_line, has_trace, lossy};

/// The programs that Lambda starts.
const PROGRAMS: &[&[u8]] =
    &[b"/var/task/bootstrap: ", b"/opt/bootstrap: ", b"/var/runtime/bootstrap: "];

/// What loader and shell say of one that cannot run.
const REASONS: &[&[u8]] =
    &[b" not found (required by ", b"error while loading shared libraries: ", b": syntax error "];

/// ``/var/task/bootstrap: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by
/// /var/task/bootstrap)``. The platform says no more of it than that the program exited.
pub(in crate::parse::lambda) fn of_program(text: &[u8]) -> Option<Failure> {
    let line = first_line(text);
    let behind = PROGRAMS.iter().find_map(|program| line.strip_prefix(*program))?;
    let has = |reason: &&[u8]| memmem::find(behind, reason).is_some();
    let told = || format!("Runtime.ExitError: {}", String::from_utf8_lossy(line));
    REASONS.iter().any(has).then(|| Failure::new(told()).of_loading())
}

/// `Error [ERR_MODULE_NOT_FOUND]: Cannot find module ...` and its trace, where Node says that no request
/// began.
pub(super) fn of_module(text: &[u8]) -> Option<Failure> {
    const BEGINNINGS: &[&[u8]] =
        &[b"Error [ERR_MODULE_NOT_FOUND]: ", b"Error: Cannot find module "];
    let begins = BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
    (begins && has_trace(text)).then(|| Failure::new(lossy(first_line(text))).of_loading())
}

/// Whether PHP came to its end in the code by which Bref starts, before it asked for a request.
pub(super) fn is_of_bref(text: &[u8]) -> bool {
    const STARTS: &[&[u8]] =
        &[b" in /opt/bref/bootstrap.php:", b" in /opt/bootstrap:", b" in /opt/bootstrap on line "];
    let line = first_line(text);
    STARTS.iter().any(|place| memmem::find(line, place).is_some())
}

/// `... (rapid) Init failed error=fork/exec /var/task/bootstrap: no such file or directory InvokeID=`, as
/// the emulator of Lambda has it.
pub(in crate::parse::lambda) fn of_emulator(text: &[u8]) -> Option<Failure> {
    const LABEL: &[u8] = b"(rapid) Init failed error=";
    const NEAR: usize = 128;
    let at = memmem::find(text.get(..NEAR).unwrap_or(text), LABEL)?;
    let error = first_line(text).get(at + LABEL.len()..)?;
    let end = memmem::find(error, b" InvokeID=").unwrap_or(error.len());
    Some(Failure::new(lossy(error.get(..end)?)).of_loading())
}

/// Whether the outermost frame of a Python trace is that of the runtime importing the handler's module.
pub(super) fn is_of_import(trace: &[u8]) -> bool {
    let Some(at) = memmem::find(trace, b"File \"") else { return false };
    let frame = first_line(trace.get(at..).unwrap_or_default());
    let of = |file: &[u8], function: &[u8]| {
        memmem::find(frame, file)
            .and_then(|at| memmem::find(frame.get(at..)?, function))
            .is_some_and(|between| between < file.len() + b"\", line 1234".len())
    };
    frame.starts_with(b"File \"/var/lang/lib/python")
        && (of(b"/importlib/__init__.py", b", in import_module")
            || of(b"/imp.py", b", in load_module"))
}
