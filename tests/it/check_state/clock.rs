//! Clocks that are set back and forward, and hours that come twice.

use std::process::Command;

use serde_json::Value;

use super::{blocked, check, well};
use crate::work::Work;

#[test]
fn a_clock_that_is_set_back_loses_nothing_and_tells_nothing_twice() {
    let work = Work::new(&[("api.log", &(blocked(1, 57).log() + &well(2, 58).log()))]);
    let ran = check(&work, "11:00:00", "api.log");
    assert_eq!((ran.told(), ran.count("exchanges")), (vec!["new acao-missing".to_owned()], 2));
    // What is new is dated by a clock that was not set back.
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &blocked(3, 64).log() + &well(4, 64).log()));
    let ran = check(&work, "10:05:00", "api.log");
    assert_eq!((ran.told(), ran.count("exchanges")), (vec![], 2), "{}", ran.err);
    assert_eq!(ran.count("known_exchanges"), 2);
    assert!(ran.err.contains("the clock is behind that of the last run"), "{}", ran.err);
    // And by one that was.
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &blocked(5, 8).log() + &well(6, 9).log()));
    let ran = check(&work, "10:10:00", "api.log");
    assert_eq!((ran.told(), ran.count("exchanges")), (vec![], 2), "{}", ran.err);
    // It is right again.
    let ran = check(&work, "11:15:00", "api.log");
    assert_eq!((ran.err.as_str(), ran.count("exchanges")), ("", 0));
    let ran = check(&work, "11:45:00", "api.log");
    assert_eq!(ran.told(), ["resolved acao-missing"]);
}

#[test]
fn a_clock_that_was_ahead_for_one_run_hides_nothing_from_the_next() {
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    assert_eq!(check(&work, "10:05:00", "api.log").told(), ["new acao-missing"]);
    let ran = check(&work, "19:10:00", "api.log");
    assert_eq!(ran.told(), ["resolved acao-missing"]);
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &blocked(2, 13).log()));
    let ran = check(&work, "10:15:00", "api.log");
    assert_eq!((ran.told(), ran.count("exchanges")), (vec!["new acao-missing".to_owned()], 1));
}

/// What runs over the night in which clocks go back say, in this time zone.
fn night(zone: &str) -> Vec<Value> {
    let log = [blocked(1, 3), blocked(2, 63), well(3, 93), blocked(4, 123)].map(|it| it.log());
    // From 00:00 UTC, which is 02:00 in Berlin, and an hour later 02:00 again.
    let log = log.map(|log| {
        let log = log.replace("2026-11-22T10:", "2026-10-25T00:");
        let log = log.replace("2026-11-22T11:", "2026-10-25T01:");
        log.replace("2026-11-22T12:", "2026-10-25T02:")
    });
    let work = Work::new(&[("api.log", "")]);
    let mut runs = Vec::new();
    for (at, now) in ["00:05", "00:50", "01:05", "01:35", "02:05", "03:00"].iter().enumerate() {
        work.write("api.log", &log[..log.len().min(at.max(1))].concat());
        let output = Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
            .current_dir(work.0.path())
            .env_clear()
            .env("TZ", zone)
            .args(["check", "api.log", "--state", "s.json", "--format", "json"])
            .args(["--now", &format!("2026-10-25T{now}:00")])
            .output()
            .expect("a process");
        let mut run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        run["id"].take();
        for event in run["events"].as_array_mut().expect("events") {
            event["key"].take();
        }
        runs.push(run);
    }
    runs
}

#[test]
fn summer_time_changes_nothing() {
    let berlin = night("Europe/Berlin");
    assert_eq!(berlin, night("UTC"));
    let told: Vec<usize> =
        berlin.iter().map(|run| run["events"].as_array().expect("events").len()).collect();
    // New, resolved, new again while two o'clock comes for the second time, resolved, and new; that is
    // the third time, and by then it has to be quiet for two hours.
    assert_eq!(told, [1, 1, 1, 1, 1, 0]);
    assert_eq!(berlin[5]["covered_to"], "2026-10-25T03:00:00.000Z");
}
