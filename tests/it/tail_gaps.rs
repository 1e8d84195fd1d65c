//! What a tail cannot have: it reads another way, or the ledger says what is missing.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::fake::faults::Denied;
use crate::fake::{Class, Fake};
use crate::shop::{self, EXECUTION, ShopEvent};

/// The incident, which ended two minutes ago.
fn past(fake: &Fake) -> Vec<ShopEvent> {
    let mut events = shop::events(1);
    let last = events.last().expect("events").time;
    let ended = fake.now() - 120_000;
    for event in &mut events {
        event.time = ended - (last - event.time) / 60;
    }
    shop::put(fake, &events, 1_000);
    events
}

fn tail(fake: &Fake, arguments: &[&str]) -> (Value, Output) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "fake"), ("AWS_SECRET_ACCESS_KEY", "fake")])
        .envs([("AWS_REGION", "eu-central-1"), ("HOME", "/nowhere")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .args(["tail", "--endpoint-url", &fake.endpoint(), "--format", "jsonl", "--max-tps", "50"])
        .args(["--group", EXECUTION, "--group", "/shop/*", "--group", "/aws/lambda/*"])
        .args(arguments)
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let ledger = rows.rfind(|row| row["type"] == "ledger").expect("a ledger");
    (ledger, output)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn infrequent_access_is_asked_through_insights() {
    let fake = Fake::start();
    let events = past(&fake);
    fake.group(EXECUTION, Class::InfrequentAccess, None);
    let (ledger, output) =
        tail(&fake, &["--max-events", &events.len().to_string(), "--max-duration", "60s"]);
    assert_eq!(ledger["events"], events.len(), "{}", said(&output));
    assert!(fake.calls().iter().any(|call| call.operation == "StartQuery"));
}

#[test]
fn a_group_that_is_denied_is_told_and_the_others_are_followed() {
    let fake = Fake::start();
    let events = past(&fake);
    let denied = |operation| Denied { operation: Some(operation), group: Some(EXECUTION) };
    let denials = vec![denied("StartLiveTail"), denied("FilterLogEvents")];
    fake.change(|faults| faults.denied = denials);
    let (ledger, output) = tail(&fake, &["--until-idle", "3s", "--join-wait", "1s"]);
    let others = events.iter().filter(|event| event.group != EXECUTION).count();
    assert_eq!(ledger["events"], others, "{}", said(&output));
    let failed = ledger["inputs_failed"].to_string();
    for part in [EXECUTION, "AccessDeniedException", "logs:FilterLogEvents"] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    // The access log shows failures, so there are findings all the same.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn what_was_sampled_and_cannot_be_read_again_is_a_gap() {
    let fake = Fake::start();
    fake.update_every(Duration::from_millis(50));
    for event in shop::events(1) {
        fake.group(event.group, Class::Standard, None);
    }
    fake.change(|faults| {
        faults.live.most_events = Some(20);
        faults.denied = vec![Denied { operation: Some("FilterLogEvents"), group: None }];
    });
    let endpoint = &fake;
    let (ledger, output) = std::thread::scope(|scope| {
        let tailed = scope.spawn(|| tail(endpoint, &["--max-duration", "16s"]));
        crate::until::until(|| endpoint.sessions() > 0);
        past(endpoint);
        tailed.join().expect("an end")
    });
    assert!(ledger["sampled"].as_u64().expect("a count") > 0, "{ledger}");
    let gaps = ledger["gaps"].to_string();
    for part in ["sampled by Live Tail", "AccessDeniedException", "before the stream began"] {
        assert!(gaps.contains(part), "{part}: {gaps}\n{}", said(&output));
    }
}
