//! `corscope tail` against the fake CloudWatch, with everything that can go wrong: alone and together.
//! What was put in is what is analyzed, or the ledger says what is missing.

use std::collections::BTreeSet;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake::faults::{Denied, LiveFaults};
use crate::fake::{Batch, Class, Fake, Faults};
use crate::shop::{self, ShopEvent};
use crate::until::until;

/// How much faster than it was the incident happens again.
const FASTER: i64 = 60;
/// Events that are put at a time: a live tail sends no more than 500 in an update.
const PART: usize = 200;
/// How long a part is waited for.
const PATIENCE: Duration = Duration::from_millis(400);

/// What an analysis comes to: its findings, and how many exchanges had which verdict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) findings: BTreeSet<(String, String)>,
    pub(crate) outcomes: Value,
}

impl Answer {
    fn of<'a>(rows: impl Iterator<Item = &'a Value>, summary: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let mut findings = BTreeSet::new();
        for row in rows {
            let finding = (text(&row["rule"]), text(&row["fingerprint"]));
            if row["type"] == "withdrawn" {
                findings.remove(&finding);
            } else {
                findings.insert(finding);
            }
        }
        Self { findings, outcomes: summary["outcomes"].clone() }
    }
}

/// The incident so many times, as fast as the account's clock allows, ending now.
fn incident(fake: &Fake, times: u32) -> Vec<ShopEvent> {
    let mut events = shop::events(times);
    let last = events.last().expect("events").time;
    let now = fake.now();
    for event in &mut events {
        event.time = now - (last - event.time) / FASTER;
    }
    events
}

pub(crate) fn scan(events: &[ShopEvent]) -> Answer {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, shop::subscription(events)).expect("a file");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .args(["scan", "--format", "json"])
        .arg(&path)
        .output()
        .expect("a process");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Answer::of(report["findings"].as_array().expect("findings").iter(), &report["summary"])
}

/// Follows an account that is given these events while it is followed.
fn tail(
    fake: &Fake,
    events: &[ShopEvent],
    arguments: &[&str],
    max_tps: u32,
) -> (Answer, Value, Output) {
    let child = follow(fake, events, arguments, max_tps);
    for part in events.chunks(PART) {
        // What a fault holds back is not waited for.
        put_and_wait(fake, part, PATIENCE, handed_out);
    }
    let told = told(child);
    within_budget(fake, max_tps);
    told
}

/// Begins to follow the groups of these events; it ends when it has read as many.
pub(crate) fn follow(fake: &Fake, events: &[ShopEvent], arguments: &[&str], max_tps: u32) -> Child {
    let groups: BTreeSet<&str> = events.iter().map(|event| event.group).collect();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
        .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["tail", "--endpoint-url", &fake.endpoint(), "--format", "jsonl"])
        .args(["--max-events", &events.len().to_string(), "--max-duration", "90s"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if max_tps > 0 {
        command.args(["--max-tps", &max_tps.to_string()]);
    }
    for group in groups {
        fake.group(group, Class::Standard, None);
        command.args(["--group", group]);
    }
    let child = command.spawn().expect("a process");
    // It has begun once it asks for events, one way or the other.
    let begun = |call: &crate::fake::Call| {
        ["StartLiveTail", "FilterLogEvents"].contains(&call.operation.as_str())
    };
    until(|| fake.calls().iter().any(begun));
    child
}

/// Puts events, and waits until they were handed out, though not for longer than that.
pub(crate) fn put_and_wait(
    fake: &Fake,
    events: &[ShopEvent],
    patience: Duration,
    handed_out: impl Fn(&Fake) -> usize,
) {
    let before = handed_out(fake);
    put(fake, events);
    let put_at = Instant::now();
    while handed_out(fake) < before + events.len() && put_at.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What it told by its end, and its ledger.
pub(crate) fn told(child: Child) -> (Answer, Value, Output) {
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |kind: &'static str| rows.iter().filter(move |row| row["type"] == kind);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = of("summary").next_back().expect(&said);
    let told = |row: &&Value| row["type"] == "finding" || row["type"] == "withdrawn";
    let answer = Answer::of(rows.iter().filter(told), summary);
    (answer, of("ledger").next_back().expect("a ledger").clone(), output)
}

/// As many requests a second as it may make, and one at the edge of the second.
#[track_caller]
fn within_budget(fake: &Fake, max_tps: u32) {
    // AWS allows 5 a second in this region, of each; half of that is the budget.
    let most = if max_tps > 0 { max_tps as usize + 1 } else { 3 };
    for operation in ["FilterLogEvents", "StartLiveTail"] {
        let asked = fake.most_per_second(operation);
        assert!(asked <= most, "{operation}: {asked} a second");
    }
}

fn handed_out(fake: &Fake) -> usize {
    fake.delivered("StartLiveTail") + fake.delivered("FilterLogEvents")
}

fn put(fake: &Fake, events: &[ShopEvent]) {
    for event in events {
        fake.put_batch(Batch {
            group: event.group.to_owned(),
            stream: event.stream.clone(),
            events: vec![(event.time, event.message.clone())],
            ..Batch::default()
        });
    }
}

#[track_caller]
fn check(faults: Faults, arguments: &[&str]) -> Value {
    check_at(&Fake::start(), faults, (arguments, 50))
}

#[track_caller]
fn check_at(fake: &Fake, faults: Faults, (arguments, max_tps): (&[&str], u32)) -> Value {
    fake.update_every(Duration::from_millis(50));
    let events = incident(fake, 1);
    let want = scan(&events);
    fake.change(|known| *known = faults);
    let (got, ledger, output) = tail(fake, &events, arguments, max_tps);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(ledger["events"], events.len(), "{said}\n{ledger}");
    assert_eq!(got, want, "{said}\n{ledger}");
    ledger
}

#[test]
fn a_quiet_stream() {
    let ledger = check(Faults::default(), &[]);
    assert_eq!(ledger["sampled"], 0);
}

#[test]
fn polling() {
    check(Faults::default(), &["--poll"]);
}

#[test]
fn sampled_seconds_are_read_again() {
    let live = LiveFaults { most_events: Some(20), ..LiveFaults::default() };
    let ledger = check(Faults { live, ..Faults::default() }, &[]);
    assert!(ledger["sampled"].as_u64().expect("a count") > 0);
}

#[test]
fn sessions_that_end_leave_no_seam() {
    let live = LiveFaults { session: Some(Duration::from_millis(300)), ..LiveFaults::default() };
    check(Faults { live, ..Faults::default() }, &[]);
}

#[test]
fn sessions_that_break_off_leave_no_seam() {
    let live = LiveFaults { streaming_error_next: 2, cut_next: 2, ..LiveFaults::default() };
    check(Faults { live, ..Faults::default() }, &[]);
}

#[test]
fn a_silent_session_is_given_up() {
    let live = LiveFaults { silent_next: 1, ..LiveFaults::default() };
    check(Faults { live, ..Faults::default() }, &[]);
}

#[test]
fn duplicates_are_counted_and_not_analyzed() {
    let faults = Faults { duplicate_every: Some(5), ..Faults::default() };
    let ledger = check(faults.clone(), &[]);
    assert!(ledger["duplicates"].as_u64().expect("a count") > 0);
    check(faults, &["--poll"]);
}

#[test]
fn events_that_come_in_disorder() {
    let faults = Faults { reordered: true, ..Faults::default() };
    check(faults.clone(), &[]);
    check(faults, &["--poll"]);
}

#[test]
fn events_that_come_late() {
    let faults = Faults { late: Some((5, Duration::from_secs(1))), ..Faults::default() };
    check(faults.clone(), &[]);
    check(faults, &["--poll"]);
}

#[test]
fn events_of_the_future() {
    let faults = Faults { future_every: Some(50), ..Faults::default() };
    check(faults.clone(), &[]);
    check(faults, &["--poll"]);
}

#[test]
fn a_stream_that_is_denied_is_polled() {
    let denied = vec![Denied { operation: Some("StartLiveTail"), group: None }];
    check(Faults { denied, ..Faults::default() }, &[]);
}

#[test]
fn credentials_that_expire_are_renewed() {
    check(Faults { expired_next: 1, ..Faults::default() }, &["--poll"]);
}

#[test]
fn throttling_slows_and_recovers() {
    let quotas = [("FilterLogEvents", 2)].into_iter().collect();
    let ledger = check(Faults { quotas, ..Faults::default() }, &["--poll"]);
    assert!(ledger["throttled"].as_u64().expect("a count") > 0);
}

#[test]
fn half_of_the_quota_is_enough() {
    let fake = Fake::start();
    let quotas = [("FilterLogEvents", 5)].into_iter().collect();
    let ledger = check_at(&fake, Faults { quotas, ..Faults::default() }, (&["--poll"], 0));
    assert_eq!(ledger["throttled"], 0);
}

#[test]
fn all_of_it_at_once() {
    let live = LiveFaults {
        most_events: Some(100),
        session: Some(Duration::from_secs(2)),
        streaming_error_next: 1,
        cut_next: 1,
        ..LiveFaults::default()
    };
    let faults = Faults {
        empty_pages: 1,
        page_events: Some(150),
        throttle_next: 3,
        html_next: 1,
        expired_next: 1,
        duplicate_every: Some(11),
        reordered: true,
        late: Some((9, Duration::from_millis(500))),
        live,
        ..Faults::default()
    };
    let fake = Fake::start();
    fake.update_every(Duration::from_millis(50));
    let events = incident(&fake, 1);
    let want = scan(&events);
    fake.change(|known| *known = faults);
    let (got, ledger, output) = tail(&fake, &events, &[], 50);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(ledger["events"], events.len(), "{said}\n{ledger}");
    assert!(got.findings.is_superset(&want.findings), "{said}\n{got:#?}\n{want:#?}");
    // An error of a function that is logged as text names no request. Where it comes after lines of
    // another run, it is taken for that one's, and told as a failure of its own.
    let more: Vec<_> = got.findings.difference(&want.findings).collect();
    assert!(more.iter().all(|(rule, _)| rule == "gw-502-function-error"), "{more:#?}");
    for (name, count) in want.outcomes.as_object().expect("counts") {
        let more = if name == "undetermined" { more.len() as u64 } else { 0 };
        assert_eq!(got.outcomes[name].as_u64(), count.as_u64().map(|count| count + more), "{name}");
    }
}
