//! The process that is measured.
//!
//! Must not: make it wait.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Options;

/// What was read from its output.
#[derive(Debug, Default)]
struct Read {
    /// When each request was first told.
    told: HashMap<String, Instant>,
    ledger: Value,
}

/// A tail.
pub(crate) struct Tailed {
    child: Child,
    read: Arc<Mutex<Read>>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for Tailed {
    fn drop(&mut self) {
        // It has ended, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ticks of the clock that CPU time is told in.
const TICKS: f64 = 100.0;

impl Tailed {
    /// Starts it.
    pub(crate) fn start(endpoint: &str, options: &Options) -> io::Result<Self> {
        let corscope = match &options.corscope {
            Some(path) => path.clone(),
            None => std::env::current_exe()?.with_file_name("../corscope"),
        };
        let mut child = Command::new(&corscope)
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
            .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["tail", "--endpoint-url", endpoint, "--format", "jsonl", "--since", "now"])
            .args(["--group", "*", "--until-idle", "15s"])
            .args(&options.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", corscope.display()))
            })?;
        let read = Arc::<Mutex<Read>>::default();
        let (output, of_reader) = (child.stdout.take(), Arc::clone(&read));
        let reader = std::thread::spawn(move || {
            if let Some(output) = output {
                listen(output, &of_reader);
            }
        });
        Ok(Self { child, read, reader: Some(reader) })
    }

    /// When a request was told.
    pub(crate) fn told(&self, id: &str) -> Option<Instant> {
        self.read().told.get(id).copied()
    }

    /// Resident memory in KiB, and CPU seconds.
    pub(crate) fn usage(&self) -> (u64, f64) {
        let of = |name: &str| proc(self.child.id(), name);
        let status = of("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let stat = of("stat");
        // Behind the name, which ends in a bracket; user and system time are the 14th and 15th field.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: f64 =
            fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        (resident.unwrap_or(0), ticks / TICKS)
    }

    /// One line of how it goes.
    pub(crate) fn show(&self, elapsed: Duration) -> io::Result<()> {
        let (kib, cpu) = self.usage();
        let (seconds, told) = (elapsed.as_secs(), self.read().told.len());
        let mut out = io::stdout().lock();
        writeln!(out, "{seconds:>6} s  {kib:>6} KiB  {cpu:>5.1} s  {told}")?;
        out.flush()
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Ends it as Ctrl-C does, if it has not ended; gives its ledger.
    pub(crate) fn stop(&mut self) -> io::Result<Value> {
        if !self.has_ended() {
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
            self.child.wait()?;
        }
        if let Some(reader) = self.reader.take() {
            // If it panicked, it has said so.
            let _ = reader.join();
        }
        Ok(std::mem::take(&mut self.read().ledger))
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn listen(output: ChildStdout, read: &Mutex<Read>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let at = Instant::now();
        let Ok(row) = serde_json::from_str::<Value>(&line) else { continue };
        let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = row.get("type").and_then(Value::as_str);
        if kind == Some("finding")
            && let Some(id) = row.get("example_request_id").and_then(Value::as_str)
        {
            read.told.entry(id.to_owned()).or_insert(at);
        }
        if kind == Some("ledger") {
            read.ledger = row;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn proc(id: u32, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_default()
}
