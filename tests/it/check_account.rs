//! `corscope check` over log groups that come, go, and may not be read for a while.
//!
//! Must not: let days go by; `check_week` does.

use std::path::Path;
use std::process::Command;

use corscope::model::LogTime;
use serde_json::Value;

use crate::fake::faults::Denied;
use crate::fake::{Class, Fake};
use crate::log::{GET, Request};
use crate::shop::TEN;

const MINUTE: i64 = 60_000;
const ONE: &str = "API-Gateway-Execution-Logs_abc123defg/prod";
const OTHER: &str = "API-Gateway-Execution-Logs_abc123defg/test";

/// An account whose clock stands at ten o'clock, and a folder for the state.
struct Account {
    fake: Fake,
    folder: tempfile::TempDir,
}

impl Account {
    fn new() -> Self {
        let account =
            Self { fake: Fake::start_at(TEN), folder: tempfile::tempdir().expect("a folder") };
        account.fake.group(ONE, Class::Standard, None);
        account
    }

    /// A request that is well, in that minute after ten o'clock.
    fn put(&self, group: &str, number: u32, minute: i64) {
        self.put_as(
            group,
            minute,
            &Request { number, gets: "Access-Control-Allow-Origin=*", ..GET },
        );
    }

    fn put_as(&self, group: &str, minute: i64, request: &Request<'_>) {
        let log = request.log();
        let lines = log.lines().map(|line| line.split_once(' ').expect("a time").1);
        let lines: Vec<(i64, &str)> = (TEN + minute * MINUTE..).zip(lines).collect();
        self.fake.put(group, "stream", &lines);
    }

    /// A run in that minute: what it says, and its exit code.
    fn check(&self, minute: i64) -> (Value, Option<i32>) {
        self.fake.stop_at(TEN + minute * MINUTE);
        run(self.folder.path(), &self.fake.endpoint(), minute)
    }

    #[track_caller]
    fn counts(&self, minute: i64, code: i32, exchanges: u64) {
        let (run, got) = self.check(minute);
        assert_eq!((got, &run["reading"]["exchanges"]), (Some(code), &exchanges.into()), "{run}");
    }
}

fn run(folder: &Path, endpoint: &str, minute: i64) -> (Value, Option<i32>) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .current_dir(folder)
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
        .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["check", "--state", "s.json", "--group", "API-Gateway-Execution-Logs_*"])
        .args(["--endpoint-url", endpoint, "--max-tps", "200", "--format", "json"])
        .args(["--now", &LogTime(TEN + minute * MINUTE).to_string()])
        .output()
        .expect("a process");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).expect(&said), output.status.code())
}

fn deny(account: &Account, group: Option<&'static str>) {
    let denied = |group| Denied { operation: Some("FilterLogEvents"), group: Some(group) };
    account.fake.change(|faults| faults.denied = group.map(denied).into_iter().collect());
}

#[test]
fn a_group_that_comes_up_between_two_runs_is_new_as_a_whole() {
    let account = Account::new();
    account.put(ONE, 1, 1);
    account.counts(5, 0, 1);
    account.put(OTHER, 2, 6);
    account.put(OTHER, 3, 9);
    account.counts(10, 0, 2);
    // One that is there for long brings what is new since the last run, and not its past.
    account.counts(60, 0, 0);
    account.counts(70, 0, 0);
}

#[test]
fn a_group_that_may_not_be_read_for_hours_is_read_from_there_on_when_it_may() {
    let account = Account::new();
    account.put(ONE, 1, 1);
    account.put(OTHER, 2, 2);
    account.counts(5, 0, 2);
    deny(&account, Some(OTHER));
    for hour in 1..5 {
        account.put(ONE, 10 + hour, i64::from(hour) * 60 - 2);
        account.put(OTHER, 20 + hour, i64::from(hour) * 60 - 2);
        account.counts(i64::from(hour) * 60, 3, 1);
    }
    deny(&account, None);
    account.counts(305, 0, 4);
    account.counts(310, 0, 0);
}

#[test]
fn a_group_that_could_never_be_read_is_read_from_where_the_first_run_began() {
    let account = Account::new();
    account.put(ONE, 1, 1);
    account.put(OTHER, 2, 2);
    deny(&account, Some(OTHER));
    account.counts(5, 3, 1);
    account.counts(60, 3, 0);
    deny(&account, None);
    account.counts(65, 0, 1);
}

#[test]
fn a_group_that_goes_is_no_all_clear_only_where_it_was_named() {
    let account = Account::new();
    account.put(ONE, 1, 1);
    account.counts(5, 0, 1);
    let other = Fake::start_at(TEN + 10 * MINUTE);
    let (run, code) = run(account.folder.path(), &other.endpoint(), 10);
    assert_eq!((code, &run["status"]), (Some(3), &"failed".into()), "{run}");
    // It is there again, and so is what came meanwhile.
    account.put(ONE, 2, 8);
    account.counts(15, 0, 1);
}

#[test]
fn a_clock_that_was_ahead_hides_nothing_and_one_that_was_set_back_repeats_nothing() {
    let account = Account::new();
    account.put_as(ONE, 1, &GET);
    let (first, _) = account.check(5);
    assert_eq!(first["events"][0]["event"], "new", "{first}");
    account.put(ONE, 2, 8);
    // Ten years ahead, for once.
    let years = 10 * 365 * 24 * 60;
    let (ahead, code) = run(account.folder.path(), &account.fake.endpoint(), years);
    assert_eq!((code, &ahead["reading"]["gaps"]), (Some(3), &1.into()), "{ahead}");
    account.put(ONE, 3, 13);
    let (back, _) = account.check(15);
    let notes = back["notes"].to_string();
    assert!(notes.contains("the clock is behind that of the last run"), "{back}");
    assert_eq!(back["reading"]["exchanges"], 2, "{back}");
    account.put(ONE, 4, 18);
    let (next, code) = account.check(20);
    assert_eq!((code, &next["notes"]), (Some(0), &serde_json::json!([])), "{next}");
    assert_eq!(next["reading"]["exchanges"], 1, "{next}");
}
