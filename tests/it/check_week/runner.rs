//! The runs, as `cron` would start them, with everything that goes wrong around them.
//!
//! Must not: know what is to be told.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use corscope::model::LogTime;
use serde_json::Value;
use tempfile::TempDir;

use crate::check_week::plan::{Fault, Plan};
use crate::check_week::world::{Dice, FUNCTION, GATEWAY, HOUR, MINUTE, Put, SECOND, START, World};
use crate::fake::faults::Denied;
use crate::fake::{Class, Fake, Faults};
use crate::sink::{Mode, Sink};
use crate::until::until;

/// What can be counted.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Runs that said how they ended, and how many of them could not read everything.
    pub(crate) runs: u64,
    pub(crate) incomplete: u64,
    pub(crate) set_back: u64,
    /// Those that did nothing because another one was at work.
    pub(crate) busy: u64,
    pub(crate) kills: u64,
    /// Kills behind the write of the state.
    pub(crate) saved: u64,
    /// Exchanges that completed runs counted, and those of runs that were killed when they had.
    pub(crate) exchanges: u64,
    pub(crate) exchanges_of_killed: u64,
    pub(crate) known: u64,
    pub(crate) events: u64,
    /// Times that were told to be missing.
    pub(crate) gaps: u64,
}

/// A simulated time that goes by.
pub(crate) struct Runner {
    pub(crate) fake: Fake,
    pub(crate) sink: Sink,
    pub(crate) plan: Plan,
    pub(crate) world: World,
    pub(crate) figures: Figures,
    folder: TempDir,
    program: PathBuf,
    dice: Dice,
    /// When a run read everything last.
    read_at: i64,
    /// Whether the clock of the run before was ahead.
    was_ahead: bool,
    /// What was never read.
    pub(crate) lost: Option<Lost>,
    /// How many requests there were at `read_at`.
    put: usize,
    /// How many were not over in the last run.
    open: u64,
}

/// Requests that no run could read: what could not be read yet when something was read last, and is
/// older than what was read next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost {
    read_at: i64,
    /// How many requests there were then; and how many of them were not over.
    put: usize,
    open: u64,
    from: i64,
}

impl Lost {
    /// How many there are.
    pub(crate) fn count(&self, requests: &[Put]) -> u64 {
        let was_there = |at: usize, put: &Put| at < self.put && put.visible <= self.read_at;
        let is_lost = |(at, put): &(usize, &Put)| !was_there(*at, put) && put.time < self.from;
        self.open + requests.iter().enumerate().filter(is_lost).count() as u64
    }
}

impl Runner {
    pub(crate) fn new(plan: Plan, program: PathBuf) -> Self {
        let fake = Fake::start_at(START);
        for group in [GATEWAY, FUNCTION] {
            fake.group(group, Class::Standard, None);
        }
        Self {
            fake,
            sink: Sink::new(Mode::Accept),
            plan,
            world: World::new(7),
            figures: Figures::default(),
            folder: tempfile::tempdir().expect("a folder"),
            program,
            dice: Dice(11),
            read_at: START,
            was_ahead: false,
            lost: None,
            put: 0,
            open: 0,
        }
    }

    /// Lets everything happen.
    pub(crate) fn run(&mut self) {
        let end = START + self.plan.runs * 5 * MINUTE;
        for run in 0..self.plan.runs {
            let begin = START + run * 5 * MINUTE;
            // The last requests are over when the last run begins.
            for minute in (begin..begin + 5 * MINUTE).step_by(MINUTE as usize) {
                if minute < end - 20 * MINUTE {
                    self.world.minute(&self.fake, &self.plan, minute);
                }
            }
            let now = begin + 5 * MINUTE + 30 * SECOND;
            self.fake.stop_at(now);
            if !self.plan.has(Fault::Down, now) {
                self.prepare(now);
                self.tick(now);
            }
        }
    }

    fn prepare(&self, now: i64) {
        let denied = |group| Denied { operation: None, group };
        let is_forbidden = self.plan.has(Fault::Forbidden, now);
        let reading = self
            .plan
            .denied(now)
            .map(|group| Denied { operation: Some("FilterLogEvents"), group: Some(group) });
        let all = is_forbidden.then(|| denied(None));
        let is_down = self.plan.has(Fault::ApiDown, now);
        self.fake.change(|faults| {
            *faults = Faults {
                html_next: if is_down { u32::MAX } else { 0 },
                denied: all.into_iter().chain(reading).collect(),
                page_events: Some(150),
                duplicate_every: Some(7),
                ..Faults::default()
            }
        });
        let is_down = self.plan.has(Fault::SinkDown, now);
        self.sink.set(if is_down { Mode::Refuse(503, "") } else { Mode::Accept });
    }

    fn tick(&mut self, now: i64) {
        if self.plan.has(Fault::Twice, now) {
            return self.twice(now);
        }
        if self.plan.has(Fault::KillAtSink, now) {
            self.kill(now, true);
        } else if self.plan.has(Fault::Kill, now) {
            self.kill(now, false);
        }
        let output = self.spawn(now).wait_with_output().expect("an end");
        self.completed(now, &output);
    }

    /// A run that tells nobody.
    fn command(&self, now: i64) -> Command {
        let clock = match self.plan {
            ref plan if plan.has(Fault::SetBack, now) => now - HOUR,
            ref plan if plan.has(Fault::Ahead, now) => now + HOUR,
            _ => now,
        };
        let catch_up = format!("{}h", self.plan.max_catch_up / HOUR);
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
            .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["check", "--state", "state.json", "--group", GATEWAY, "--group", FUNCTION])
            .args(["--endpoint-url", &self.fake.endpoint(), "--max-tps", "200"])
            .args(["--now", &LogTime(clock).to_string(), "--format", "json"])
            .args(["--repeat", "2h", "--resolve-after", "15m", "--max-catch-up", &catch_up]);
        command
    }

    fn spawn(&self, now: i64) -> Child {
        self.command(now)
            .current_dir(self.folder.path())
            .args(["--webhook", &self.sink.url, "--retry-for", "0s"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a process")
    }

    /// Two processes, of which the second finds the first at work.
    fn twice(&mut self, now: i64) {
        self.fake.change(|faults| faults.slow = Duration::from_secs(1));
        let asked = self.fake.calls().len();
        let first = self.spawn(now);
        until(|| self.fake.calls().len() > asked);
        signal(&first, "STOP");
        let second = self.spawn(now).wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!((second.status.code(), second.stdout.len()), (Some(0), 0), "{said}");
        assert!(said.contains("another run uses state.json"), "{said}");
        self.figures.busy += 1;
        self.fake.change(|faults| faults.slow = Duration::ZERO);
        signal(&first, "CONT");
        let output = first.wait_with_output().expect("an end");
        self.completed(now, &output);
    }

    /// A run that is killed: when the sink was told something, or after some milliseconds.
    fn kill(&mut self, now: i64, at_sink: bool) {
        let before = self.state();
        let posts = self.sink.posts().len();
        if at_sink {
            self.sink.set(Mode::Hold);
        }
        let mut child = self.spawn(now);
        if at_sink {
            let mut has_ended = false;
            until(|| {
                has_ended = child.try_wait().expect("a process").is_some();
                has_ended || self.sink.posts().len() > posts
            });
        } else {
            std::thread::sleep(Duration::from_millis(self.dice.below(250)));
        }
        let has_ended = child.try_wait().expect("a process").is_some();
        child.kill().expect("killed");
        let output = child.wait_with_output().expect("an end");
        self.prepare(now);
        if has_ended {
            return self.completed(now, &output);
        }
        self.figures.kills += 1;
        let state = self.state();
        if serde_json::from_slice::<Value>(&output.stdout).is_ok() {
            // It had said everything. If it was killed behind that, it has no exit code.
            let want = self.said(now, &output);
            let code = output.status.code();
            assert!(code.is_none_or(|code| code == want), "{}: {code:?}", LogTime(now));
        } else if state["runs"] != before["runs"] {
            self.figures.saved += 1;
            self.figures.exchanges_of_killed += self.counted_from(now, &before);
        }
    }

    /// What a run counts at this time that begins with this state. The same events give the same answer.
    fn counted_from(&self, now: i64, before: &Value) -> u64 {
        let folder = tempfile::tempdir().expect("a folder");
        if !before.is_null() {
            std::fs::write(folder.path().join("state.json"), before.to_string()).expect("a state");
        }
        let output = self.command(now).current_dir(folder.path()).output().expect("a process");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let run: Value = serde_json::from_slice(&output.stdout).expect(&said);
        run["reading"]["exchanges"].as_u64().expect("a count")
    }

    /// The state, which is whole at any time.
    pub(crate) fn state(&self) -> Value {
        match std::fs::read(self.folder.path().join("state.json")) {
            Ok(text) => serde_json::from_slice(&text).expect("a whole state"),
            Err(_) => Value::Null,
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let mut names: Vec<String> =
            names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// What a run that came to its end must have said, and ended with.
    fn completed(&mut self, now: i64, output: &Output) {
        let want = self.said(now, output);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(want), "{}: {said}", LogTime(now));
    }

    /// What a run must have said. Gives the exit code that belongs to it.
    fn said(&mut self, now: i64, output: &Output) -> i32 {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let run: Value = serde_json::from_slice(&output.stdout).expect(&said);
        let at = LogTime(now);
        let reading = |name: &str| run["reading"][name].as_u64().expect("a count");
        let limit = now - self.plan.max_catch_up;
        let is_gap = self.read_at < limit;
        let nothing = [Fault::ApiDown, Fault::Forbidden].iter().any(|it| self.plan.has(*it, now));
        let is_incomplete = nothing || is_gap || self.plan.denied(now).is_some();
        let want = match (reading("errors"), is_incomplete) {
            (0, true) => 3,
            (0, false) => 0,
            _ => 1,
        };
        assert!(!nothing || reading("events") == 0, "{at}: {run}");
        let figures = &mut self.figures;
        if is_incomplete {
            figures.incomplete += 1;
            assert_eq!(run["alerts"]["resolved"], 0, "{at}: {run}");
            assert!(!said.is_empty(), "{at}");
        }
        if is_gap {
            figures.gaps += 1;
            assert!(said.contains("--max-catch-up"), "{at}: {said}");
            self.lost = Some(Lost {
                read_at: self.read_at,
                put: self.put,
                open: self.open,
                from: limit - 10 * MINUTE,
            });
        }
        self.open = reading("open_exchanges");
        // Of two wrong clocks, the second one tells.
        let was_ahead = std::mem::replace(&mut self.was_ahead, self.plan.has(Fault::Ahead, now));
        let is_set_back = self.plan.has(Fault::SetBack, now) || was_ahead;
        figures.set_back += u64::from(is_set_back);
        assert_eq!(said.contains("the clock is behind"), is_set_back, "{at}: {said}");
        if !is_incomplete && !is_set_back && !self.plan.has(Fault::SinkDown, now) {
            assert_eq!(said, "", "{at}");
        }
        figures.runs += 1;
        figures.exchanges += reading("exchanges");
        figures.known += reading("known_exchanges");
        figures.events += reading("events");
        if !is_incomplete || is_gap {
            self.read_at = now;
            self.put = self.world.requests.len();
        }
        want
    }
}

fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
    assert!(sent.expect("a signal").success());
}
