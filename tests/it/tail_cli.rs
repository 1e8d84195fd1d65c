//! `corscope tail` as it is run, against the fake CloudWatch.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake::{Class, Fake};
use crate::log::GET;

const EXECUTION: &str = "API-Gateway-Execution-Logs_abc123defg/prod";
const SINCE: &str = "2026-11-22T09:00:00Z";

fn tail(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", "/nowhere")
        .args(["tail", "--endpoint-url", &fake.endpoint(), "--since", SINCE, "--max-tps", "100"])
        .args(["--group", EXECUTION, "--max-duration", "60s"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn account() -> Fake {
    let fake = Fake::start();
    fake.update_every(Duration::from_millis(50));
    fake.group(EXECUTION, Class::Standard, None);
    fake
}

/// Puts a log, stamped in front of each line.
fn put(fake: &Fake, log: &str) {
    let events: Vec<(i64, &str)> = log
        .lines()
        .map(|line| {
            let (stamp, message) = line.split_once(' ').expect("a stamp");
            let time = corscope::model::LogTime::parse_rfc3339(stamp).expect("a time");
            (time.0, message)
        })
        .collect();
    fake.put(EXECUTION, "one", &events);
}

fn run(mut command: Command) -> Output {
    command.output().expect("a process")
}

fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn of_type<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["type"] == kind).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_was_logged_before_is_told_and_the_ledger_ends_it() {
    for poll in [&["--poll"][..], &[]] {
        let fake = account();
        put(&fake, &GET.log());
        let ending = ["--format", "jsonl", "--until-idle", "2s", "--join-wait", "1s"];
        let output = run(tail(&fake, &[&ending[..], poll].concat()));
        let rows = rows(&output);
        let kinds: Vec<&str> = rows.iter().filter_map(|row| row["type"].as_str()).collect();
        assert_eq!(kinds.last_chunk(), Some(&["ledger", "summary"]), "{}", stderr(&output));
        let rules: BTreeSet<_> =
            of_type(&rows, "finding").iter().map(|row| row["rule"].to_string()).collect();
        assert!(rules.contains("\"acao-missing\""), "{rules:?}");
        assert_eq!(of_type(&rows, "ledger")[0]["events"], 12);
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn nothing_read_is_no_all_clear() {
    let fake = account();
    let output = run(tail(&fake, &["--until-idle", "1s"]));
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("not an all-clear"));
}

/// A tail that goes on, until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_finding_is_told_as_it_comes_and_ends_the_run_if_that_is_wanted() {
    let fake = account();
    let arguments = ["--format", "jsonl", "--exit-on-finding"];
    let mut running = Running(tail(&fake, &arguments).spawn().expect("a process"));
    let began = Instant::now();
    let is_following = || fake.calls().iter().any(|call| call.operation == "StartLiveTail");
    while !is_following() {
        assert!(began.elapsed() < Duration::from_secs(30), "no live tail");
        std::thread::yield_now();
    }
    put(&fake, &GET.log());
    let mut lines = BufReader::new(running.0.stdout.take().expect("a pipe"));
    let mut first = String::new();
    lines.read_line(&mut first).expect("a line");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(first["type"], "finding");
    assert_eq!(first["example_request_id"], GET.id());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("text");
    assert!(rest.lines().any(|line| line.contains("\"type\":\"ledger\"")));
    assert_eq!(running.0.wait().expect("an end").code(), Some(1));
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_it_came_to() {
    let fake = account();
    put(&fake, &GET.log());
    let mut running = Running(tail(&fake, &[]).spawn().expect("a process"));
    let mut lines = BufReader::new(running.0.stdout.take().expect("a pipe"));
    let mut told = String::new();
    while !told.contains("explain") {
        assert!(lines.read_line(&mut told).expect("a line") > 0, "it ended: {told}");
    }
    let kill = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status();
    assert!(kill.expect("a signal").success());
    lines.read_to_string(&mut told).expect("text");
    assert!(told.contains("1 exchange"), "{told}");
    assert!(told.contains("  read     12 events"), "{told}");
    assert_eq!(running.0.wait().expect("an end").code(), Some(1));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let fake = account();
    put(&fake, &GET.log());
    let mut running = Running(tail(&fake, &["--until-idle", "2s"]).spawn().expect("a process"));
    drop(running.0.stdout.take());
    assert_eq!(running.0.wait().expect("an end").code(), Some(0));
}
