//! A program that is told something: what it is given, how long it may take, what it said.
//!
//! Must not: use a shell, leave a zombie, or wait for what the program started and left behind.

use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::notify::text::plain;
use crate::notify::{DeliveryError, Retry};
use crate::output::redact::Redaction;

/// What is kept of each stream.
const MOST_BYTES: usize = 64 * 1024;
/// What is shown of what the program said, in characters.
const LONGEST_LINE: usize = 200;
/// How long the end of its streams is awaited when it has ended: somebody it started may hold them.
const GRACE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How a program ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself, or by a signal of somebody else.
    Ended(ExitStatus),
    /// It was killed, having taken too long.
    TimedOut,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Run {
    /// How it ended.
    pub(crate) end: End,
    /// The first line that says something, of standard error before standard output; safe to print.
    pub(crate) said: String,
}

/// Runs `command` with `input` on its standard input, for at most `limit`. Whoever does not read the
/// input is not wrong. Not even started: what failed, and whether that may pass.
pub(crate) fn run(
    mut command: Command,
    input: Vec<u8>,
    limit: Duration,
) -> Result<Run, DeliveryError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let name = name_of(&command);
    let child = command.spawn().map_err(|error| not_started(&name, &error))?;
    let mut running = Running { child, is_reaped: false };
    let lost = |error: io::Error| DeliveryError {
        problem: format!("`{name}` cannot be attended to: {error}"),
        retry: Retry::Later,
    };
    let streams = running.attach(input).map_err(lost)?;
    let end = if let Some(status) = running.wait(limit).map_err(lost)? {
        End::Ended(status)
    } else {
        running.kill();
        End::TimedOut
    };
    Ok(Run { end, said: streams.said() })
}

/// The program's name as it may be shown: arguments can hold secrets.
pub(crate) fn name_of(command: &Command) -> String {
    plain(&command.get_program().to_string_lossy(), LONGEST_LINE)
}

/// `exit status 3`, `signal 9`.
pub(crate) fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("exit status {code}"))
}

fn not_started(name: &str, error: &io::Error) -> DeliveryError {
    // A program is given once and for all; the rest (memory, processes, a program that is being
    // installed) passes.
    let is_hopeless = matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidFilename
            | ErrorKind::ArgumentListTooLong
    ) || error.raw_os_error() == Some(EXEC_FORMAT);
    let retry = if is_hopeless { Retry::Never } else { Retry::Later };
    DeliveryError { problem: format!("`{name}` cannot be run: {error}"), retry }
}

/// `ENOEXEC`: a script without `#!`, or a program for another machine.
const EXEC_FORMAT: i32 = 8;

/// A program that is running; it does not outlive this.
struct Running {
    child: Child,
    is_reaped: bool,
}

impl Running {
    /// Feeds and reads it from threads of their own. None is waited for: a pipe stays open as long as
    /// anybody holds it.
    fn attach(&mut self, input: Vec<u8>) -> io::Result<Streams> {
        let (open, closed) = channel();
        if let Some(mut stdin) = self.child.stdin.take() {
            // It may have read enough, or nothing.
            spawn(move || drop(stdin.write_all(&input)))?;
        }
        let out = self.child.stdout.take().map(|pipe| keep(pipe, open.clone())).transpose()?;
        let err = self.child.stderr.take().map(|pipe| keep(pipe, open)).transpose()?;
        Ok(Streams { closed, out: out.unwrap_or_default(), err: err.unwrap_or_default() })
    }

    /// `None`: it took longer than `limit`.
    #[expect(clippy::disallowed_methods, reason = "a time limit of a process, not a time of a log")]
    fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.is_reaped = true;
                return Ok(Some(status));
            }
            let left = limit.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// With all that it started, as far as that stayed in its process group.
    fn kill(&mut self) {
        if self.is_reaped {
            return;
        }
        self.is_reaped = true;
        // Until it is reaped the number is its own. Whoever is gone already cannot be killed.
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

type Kept = Arc<Mutex<Vec<u8>>>;

/// What a program says.
struct Streams {
    closed: Receiver<()>,
    out: Kept,
    err: Kept,
}

impl Streams {
    fn said(&self) -> String {
        // Nothing is ever sent: this returns as soon as both streams have ended, or else in time.
        let _ = self.closed.recv_timeout(GRACE);
        [&self.err, &self.out].into_iter().find_map(first_line).unwrap_or_default()
    }
}

fn first_line(kept: &Kept) -> Option<String> {
    let bytes = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(plain(&Redaction::On.text(line), LONGEST_LINE))
}

/// Reads a stream to its end and keeps its beginning; who writes much is not stopped.
fn keep(mut pipe: impl Read + Send + 'static, open: Sender<()>) -> io::Result<Kept> {
    let kept = Kept::default();
    let keeper = Arc::clone(&kept);
    spawn(move || {
        let mut part = [0; 4096];
        let mut room = MOST_BYTES;
        while let Ok(count @ 1..) = pipe.read(&mut part) {
            let part = part.get(..count.min(room)).unwrap_or_default();
            room -= part.len();
            keeper.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
        }
        drop(open);
    })?;
    Ok(kept)
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("program".to_owned()).spawn(work).map(drop)
}
