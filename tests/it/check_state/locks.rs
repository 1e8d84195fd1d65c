//! Two runs at once, and runs that are killed.

use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{blocked, check, line, state, well};
use crate::sink::{Mode, Sink};
use crate::until::until;
use crate::work::Work;

fn spawn(work: &Work, now: &str, more: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .current_dir(work.0.path())
        .env_clear()
        .args(line(now, more).split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process")
}

#[test]
fn of_two_runs_at_once_the_second_does_nothing_or_waits() {
    let sink = Sink::new(Mode::Hold);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    let first = spawn(&work, "10:05:00", &more);
    until(|| !sink.posts().is_empty());
    work.write("api.log", &(blocked(1, 3).log() + &well(2, 4).log()));
    let second = work.run(&line("10:06:00", &more));
    assert_eq!((second.code, second.out.as_str()), (Some(0), ""));
    assert!(second.err.contains("another run uses s.json"), "{}", second.err);
    let plugin = work.run(&line("10:06:00", &format!("--nagios {more}")));
    // Alerts may be open: monitoring must not hear that all is well.
    assert_eq!((plugin.code, plugin.err.as_str()), (Some(3), ""));
    assert!(plugin.out.starts_with("CORSCOPE UNKNOWN - another run"), "{}", plugin.out);
    // Looking at it needs no lock.
    assert_eq!(work.run("state show s.json").code, Some(0));

    let third = spawn(&work, "10:07:00", &format!("--wait --format json {more}"));
    sink.set(Mode::Accept);
    let output = third.wait_with_output().expect("an end");
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(run["reading"]["exchanges"], 1, "{run}");
    assert_eq!(run["reading"]["known_exchanges"], 1, "{run}");
    let output = first.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(state(&work)["runs"], 2);
    assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 0));
}

#[test]
fn a_state_is_one_whichever_link_names_it() {
    let sink = Sink::new(Mode::Hold);
    let work = Work::new(&[("api.log", &well(1, 1).log())]);
    check(&work, "10:05:00", "api.log");
    let link = work.0.path().join("link.json");
    std::os::unix::fs::symlink("s.json", link).expect("a link");
    work.write("api.log", &blocked(2, 8).log());
    let first = spawn(&work, "10:10:00", &format!("api.log --webhook {}", sink.url));
    until(|| !sink.posts().is_empty());
    let second = work.run(&line("10:10:00", "api.log").replace("s.json", "link.json"));
    assert_eq!((second.code, second.out.as_str()), (Some(0), ""));
    assert!(second.err.contains("another run uses link.json"), "{}", second.err);
    sink.set(Mode::Accept);
    assert_eq!(first.wait_with_output().expect("an end").status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_waited_for_another_one_begins_when_that_is_over() {
    use corscope::model::LogTime;
    let sink = Sink::new(Mode::Hold);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let first = spawn(&work, "10:05:00", &format!("api.log --webhook {}", sink.url));
    until(|| !sink.posts().is_empty());
    let waiting = Command::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .current_dir(work.0.path())
        .env_clear()
        .args(["check", "api.log", "--state", "s.json", "--wait", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let id = waiting.id().to_string();
    until(|| {
        let locks = std::fs::read_to_string("/proc/locks").expect("locks");
        locks.lines().any(|line| line.contains("->") && line.split(' ').any(|it| it == id))
    });
    let over = std::time::SystemTime::now();
    sink.set(Mode::Accept);
    let output = waiting.wait_with_output().expect("an end");
    let run: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let began = LogTime::parse_rfc3339(run["began"].as_str().expect("a time")).expect("a time");
    let over = over.duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    assert!(began.0 >= over as i64, "{run}");
    assert_eq!(first.wait_with_output().expect("an end").status.code(), Some(1));
}

#[test]
fn what_was_under_way_when_a_run_was_killed_is_sent_again_with_the_same_key() {
    let sink = Sink::new(Mode::Hold);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    let mut run = spawn(&work, "10:05:00", &more);
    until(|| !sink.posts().is_empty());
    run.kill().expect("killed");
    run.wait().expect("an end");
    let saved = state(&work);
    assert_eq!(saved["outbox"].as_array().map(Vec::len), Some(1), "saved before it was sent");
    assert_eq!(saved["runs"], 1);
    sink.set(Mode::Accept);
    let ran = check(&work, "10:05:00", &more);
    assert_eq!((ran.count("delivered"), ran.count("exchanges")), (1, 0), "{}", ran.err);
    assert_eq!(ran.told(), [""; 0]);
    assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 1));
    assert_eq!(sink.arrived().0[0].key, saved["outbox"][0]["event"]["key"]);
    check(&work, "10:10:00", &more);
    assert_eq!(sink.posts().len(), 2);
}

#[test]
fn what_was_delivered_before_a_run_was_killed_is_not_sent_again() {
    let sink = Sink::new(Mode::Accept);
    let other = Sink::new(Mode::Hold);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {} --webhook {}", sink.url, other.url);
    let mut run = spawn(&work, "10:05:00", &more);
    // Until the success is in the state.
    until(|| {
        let text = work.read("s.json").unwrap_or_default();
        let state: Value = serde_json::from_str(&text).unwrap_or_default();
        state["outbox"].as_array().map(Vec::len) == Some(1) && !other.posts().is_empty()
    });
    run.kill().expect("killed");
    run.wait().expect("an end");
    other.set(Mode::Accept);
    check(&work, "10:10:00", &more);
    assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 0));
    assert_eq!((other.told(), other.arrived().1), (vec!["new acao-missing".to_owned()], 1));
}
