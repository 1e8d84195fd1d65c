//! `corscope query` as it is run, against the fake CloudWatch: the same answer as `scan`, whatever the
//! engine, and whatever goes wrong on the way.

use std::collections::BTreeMap;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

use crate::fake::faults::{Denied, InsightsFaults};
use crate::fake::{Class, Fake, Faults};
use crate::shop::{self, EXECUTION, QUARTER, ShopEvent, TEN};
use crate::until::until;

const SINCE: &str = "2026-11-22T10:00:00Z";
const UNTIL: &str = "2026-11-22T16:00:00Z";
const ALL: &[&str] = &["--group", EXECUTION, "--group", "/shop/*", "--group", "/aws/lambda/*"];

/// What an analysis comes to: findings by fingerprint with their counts, and verdicts by request.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    findings: BTreeMap<String, (String, u64)>,
    verdicts: BTreeMap<String, String>,
}

impl Answer {
    fn of(output: &Output) -> (Self, Value) {
        let said = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let rows = |name: &str| report[name].as_array().cloned().unwrap_or_default();
        let findings = rows("findings").into_iter().map(|row| {
            let count = row["count"].as_u64().expect("a count");
            (text(&row["fingerprint"]), (text(&row["rule"]), count))
        });
        let verdicts = rows("exchanges").into_iter().map(|row| {
            let id = format!("{}/{}", text(&row["request_id"]), text(&row["lambda_request_id"]));
            (id, format!("{} {}", row["verdict"]["outcome"], row["verdict"]["reason"]))
        });
        let answer = Self { findings: findings.collect(), verdicts: verdicts.collect() };
        (answer, report["ledger"].clone())
    }
}

fn command() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "fake")
        .env("AWS_SECRET_ACCESS_KEY", "fake")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", "/nowhere");
    command
}

fn query(fake: &Fake, arguments: &[&str]) -> Output {
    query_within_budget(fake, &[arguments, &["--max-tps", "200"]].concat())
}

/// The budget is that which goes without saying.
fn query_within_budget(fake: &Fake, arguments: &[&str]) -> Output {
    let mut command = command();
    command.args(["query", "--endpoint-url", &fake.endpoint(), "--since", SINCE]);
    command.args(["--until", UNTIL, "--format", "json", "--show", "exchanges"]);
    command.args(arguments);
    command.output().expect("a process")
}

fn scan(events: &[ShopEvent]) -> (Answer, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, shop::subscription(events)).expect("a file");
    let mut command = command();
    command.args(["scan", "--format", "json", "--show", "exchanges"]).arg(&path);
    Answer::of(&command.output().expect("a process"))
}

/// An account that holds the incident so many times, a day later.
fn account(times: u32) -> (Fake, Vec<ShopEvent>) {
    let fake = Fake::start_at(TEN + 24 * 4 * QUARTER);
    let events = shop::events(times);
    shop::put(&fake, &events, 20_000);
    (fake, events)
}

#[test]
fn both_engines_answer_as_scan_does() {
    let (fake, events) = account(21);
    assert!(events.len() >= 20_000, "{}", events.len());
    let (want, ledger) = scan(&events);
    assert_eq!(ledger["events"], events.len());
    for engine in ["filter", "insights"] {
        let output = query(&fake, &[ALL, &["--engine", engine]].concat());
        let (got, ledger) = Answer::of(&output);
        assert_eq!(ledger["events"], events.len(), "{engine}: {}", stderr(&output));
        assert_eq!(got, want, "{engine}");
        assert_eq!(ledger["inputs_failed"], serde_json::json!([]), "{engine}");
    }
}

#[test]
fn faults_of_pages_lose_nothing() {
    let (fake, events) = account(2);
    let (want, _) = scan(&events);
    fake.change(|faults| {
        *faults = Faults {
            empty_pages: 2,
            page_events: Some(100),
            duplicate_every: Some(7),
            throttle_next: 5,
            html_next: 2,
            expired_next: 1,
            ..Faults::default()
        }
    });
    let output = query(&fake, &[ALL, &["--engine", "filter"]].concat());
    let (got, ledger) = Answer::of(&output);
    assert_eq!(ledger["events"], events.len(), "{}", stderr(&output));
    assert_eq!(got, want);
    assert_eq!(ledger["throttled"], 5);
    assert!(ledger["duplicates"].as_u64().expect("a count") > 0);
}

#[test]
fn half_of_the_quota_is_enough() {
    let (fake, events) = account(1);
    let (want, _) = scan(&events);
    // What AWS allows in this region: what is beyond would be throttled.
    let quotas = [("FilterLogEvents", 5), ("StartQuery", 10), ("GetQueryResults", 10)];
    fake.change(|faults| {
        faults.quotas = quotas.into_iter().collect();
        faults.page_events = Some(80);
        faults.insights.most_rows = Some(150);
        faults.insights.running_polls = 2;
    });
    for (engine, operations) in [("filter", &quotas[..1]), ("insights", &quotas[1..])] {
        let output = query_within_budget(&fake, &[ALL, &["--engine", engine]].concat());
        let (got, ledger) = Answer::of(&output);
        assert_eq!(got, want, "{}", stderr(&output));
        assert_eq!(ledger["throttled"], 0, "{engine}");
        for (operation, quota) in operations {
            let asked = fake.calls().iter().filter(|call| call.operation == *operation).count();
            assert!(asked > *quota, "{operation}: asked {asked} times only");
            // One more at the edge of the second.
            let most = fake.most_per_second(operation);
            assert!(most <= quota.div_ceil(2) + 1, "{operation}: {most} a second");
        }
    }
}

#[test]
fn insights_that_cut_wait_and_fail_lose_nothing() {
    let (fake, events) = account(2);
    let (want, _) = scan(&events);
    fake.change(|faults| {
        faults.insights = InsightsFaults {
            most_rows: Some(300),
            scheduled_polls: 2,
            running_polls: 2,
            timeout_next: 1,
            concurrent: Some(2),
            ..InsightsFaults::default()
        }
    });
    let output = query(&fake, &[ALL, &["--engine", "insights"]].concat());
    let (got, ledger) = Answer::of(&output);
    assert_eq!(ledger["events"], events.len(), "{}", stderr(&output));
    assert_eq!(got, want);
}

#[test]
fn infrequent_access_is_read_through_insights() {
    let (fake, events) = account(1);
    fake.group(EXECUTION, Class::InfrequentAccess, None);
    let (want, _) = scan(&events);
    let output = query(&fake, ALL);
    let (got, _) = Answer::of(&output);
    assert_eq!(got, want, "{}", stderr(&output));
    assert!(stderr(&output).contains("1 log group by Logs Insights"), "{}", stderr(&output));
}

#[test]
fn events_that_are_not_there_yet_are_a_gap() {
    let fake = Fake::start_at(TEN + 24 * 4 * QUARTER);
    // A day and an hour after they were taken in.
    let late = Some((10, std::time::Duration::from_hours(25)));
    fake.change(|faults| faults.late = late);
    let events = shop::events(1);
    shop::put(&fake, &events, 20_000);
    let output = query(&fake, &[ALL, &["--engine", "filter"]].concat());
    let (_, ledger) = Answer::of(&output);
    assert_eq!(ledger["events"], events.len() - events.len() / 10, "{}", stderr(&output));
    let gaps = ledger["gaps"].to_string();
    assert!(gaps.contains("are missing, by the numbers in event ids"), "{gaps}");
}

#[test]
fn one_group_that_is_denied_does_not_stop_the_others() {
    let (fake, _) = account(1);
    let denied = Denied { operation: Some("FilterLogEvents"), group: Some("/shop/access-log") };
    fake.change(|faults| faults.denied.push(denied));
    let output = query(&fake, ALL);
    let (got, ledger) = Answer::of(&output);
    assert!(!got.findings.is_empty());
    assert_eq!(output.status.code(), Some(1));
    let failed = ledger["inputs_failed"].to_string();
    for part in
        ["/shop/access-log", "AccessDeniedException", "logs:FilterLogEvents", "corscope iam"]
    {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    // All of them: nothing was read, and that is no all-clear.
    fake.change(|faults| {
        faults.denied = vec![Denied { operation: Some("FilterLogEvents"), group: None }];
    });
    let output = query(&fake, ALL);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn an_empty_window_says_why() {
    let fake = Fake::start_at(TEN + 24 * 4 * QUARTER);
    fake.group("/aws/lambda/idle", Class::Standard, None);
    fake.group("/aws/lambda/forgetful", Class::Standard, Some(1));
    let output = query(&fake, &["--group", "/aws/lambda/*"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(said.contains("/aws/lambda/idle: it was created at 2026-11-23"), "{said}");
    assert!(said.contains("nothing was analyzed"), "{said}");
}

#[test]
fn what_cannot_be_asked_is_said_in_one_sentence() {
    let (fake, _) = account(1);
    fake.change(|faults| faults.expire_after = Some(0));
    let output = query(&fake, &["--group", EXECUTION]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("expired"), "{}", stderr(&output));
    let mut nowhere = command();
    nowhere.args(["query", "--group", "g", "--endpoint-url", "http://127.0.0.1:1"]);
    let output = nowhere.output().expect("a process");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("--endpoint-url"), "{}", stderr(&output));
    let mut anonymous = command();
    anonymous.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    anonymous.args(["query", "--group", "g"]);
    let output = anonymous.output().expect("a process");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("--profile"), "{}", stderr(&output));
    // A profile that is named counts more than the credentials of the environment.
    let mut elsewhere = command();
    elsewhere.args([
        "query",
        "--group",
        "g",
        "--profile",
        "nope",
        "--endpoint-url",
        &fake.endpoint(),
    ]);
    let output = elsewhere.output().expect("a process");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("profile `nope`: "), "{}", stderr(&output));
    let mut homeless = command();
    homeless.env_remove("AWS_REGION").args(["query", "--group", "g"]);
    let output = homeless.output().expect("a process");
    assert!(stderr(&output).contains("AWS_REGION"), "{}", stderr(&output));
}

#[test]
fn a_dear_scan_is_refused() {
    let (fake, _) = account(1);
    let output = query(&fake, &["--group", EXECUTION, "--engine", "insights", "--max-scan", "1kB"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--max-scan"), "{}", stderr(&output));
    assert_eq!(fake.calls().iter().filter(|call| call.operation == "StartQuery").count(), 0);
}

/// A query whose results do not come.
fn waiting(fake: &Fake) -> Child {
    fake.change(|faults| faults.insights.running_polls = u32::MAX);
    let child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .args(["query", "--endpoint-url", &fake.endpoint(), "--since", SINCE, "--until", UNTIL])
        .args(["--group", EXECUTION, "--engine", "insights"])
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
        .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    until(|| fake.open_queries() > 0);
    child
}

/// As Ctrl-C does.
fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.expect("a signal").success());
}

#[test]
fn a_query_that_is_stopped_leaves_nothing_running() {
    let (fake, _) = account(1);
    let child = waiting(&fake);
    interrupt(&child);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("stopped before everything was read"), "{}", stderr(&output));
    assert_eq!(fake.open_queries(), 0);
}

#[test]
fn who_cannot_wait_for_a_query_to_be_stopped_ends_it_again() {
    let (fake, _) = account(1);
    let child = waiting(&fake);
    let was_asked = |name: &str| fake.calls().iter().any(|call| call.operation == name);
    // Who asks for results knows which query to stop.
    until(|| was_asked("GetQueryResults"));
    fake.change(|faults| faults.slow = Duration::from_hours(1));
    interrupt(&child);
    until(|| was_asked("StopQuery"));
    interrupt(&child);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
