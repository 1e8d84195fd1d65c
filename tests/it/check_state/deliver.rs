//! Sinks that fail: what waits, what is given up, and who is not held up.

use std::time::Duration;

use super::{blocked, check, line, state, well};
use crate::log::Request;
use crate::sink::{Mode, Sink};
use crate::work::Work;

#[test]
fn what_cannot_be_delivered_waits_for_the_next_run_with_the_same_key() {
    let sink = Sink::new(Mode::Refuse(503, ""));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    let ran = check(&work, "10:05:00", &more);
    assert_eq!((ran.count("delivered"), ran.count("waiting"), ran.code), (0, 1, Some(1)));
    assert!(ran.err.contains("503 (1 to be sent by the next run)"), "{}", ran.err);
    assert_eq!(state(&work)["outbox"][0]["attempts"], 1);
    let counted = state(&work)["counted"][0]["ids"].clone();
    assert!(counted.is_string());
    let ran = check(&work, "10:10:00", &more);
    assert_eq!((ran.count("delivered"), ran.count("waiting")), (0, 1), "{}", ran.err);
    sink.set(Mode::Accept);
    let ran = check(&work, "10:15:00", &more);
    assert_eq!((ran.count("delivered"), ran.count("waiting"), ran.code), (1, 0, Some(0)));
    assert_eq!(ran.err, "");
    assert_eq!(sink.told(), ["new acao-missing"]);
    let keys: std::collections::BTreeSet<String> =
        sink.posts().into_iter().map(|post| post.key).collect();
    assert_eq!(keys.len(), 1);
    // What is saved while something is sent is the whole state.
    let kept = state(&work);
    assert_eq!(kept["counted"][0]["ids"], counted);
    assert_eq!(kept["outbox"], serde_json::json!([]));
    check(&work, "10:20:00", &more);
    assert_eq!(sink.arrived().1, 0, "it is not sent again");
}

#[test]
fn what_waits_is_told_before_what_is_new() {
    let sink = Sink::new(Mode::Refuse(500, ""));
    let route = |number, minute, path| Request { path, ..blocked(number, minute) }.log();
    let work = Work::new(&[("api.log", &route(1, 3, "/a"))]);
    let more = format!("api.log --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    work.write("api.log", &(route(1, 3, "/a") + &route(2, 8, "/b")));
    check(&work, "10:10:00", &more);
    assert_eq!(waiting(&work, "webhook"), ["GET /a", "GET /b"]);
    assert_eq!(sink.posts().len(), 2, "a sink that failed is not tried twice in a run");
    sink.set(Mode::Accept);
    work.write("api.log", &(route(1, 3, "/a") + &route(2, 8, "/b") + &route(3, 13, "/c")));
    check(&work, "10:15:00", &more);
    assert_eq!(sink.routes(), ["GET /a", "GET /b", "GET /c"]);
}

#[test]
fn what_came_and_went_while_a_sink_was_away_is_told_when_it_is_back() {
    let sink = Sink::new(Mode::Refuse(503, ""));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    let ran = check(&work, "10:40:00", &more);
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (0, 2), "{}", ran.err);
    sink.set(Mode::Accept);
    work.write("api.log", &(blocked(1, 3).log() + &blocked(2, 43).log()));
    check(&work, "10:45:00", &more);
    assert_eq!(sink.told(), ["new acao-missing", "resolved acao-missing", "new acao-missing"]);
}

#[test]
fn what_was_refused_makes_room_for_what_comes_up_again() {
    let sink = Sink::new(Mode::Refuse(400, ""));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    let ran = check(&work, "10:40:00", &more);
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (0, 2), "{}", ran.err);
    work.write("api.log", &(blocked(1, 3).log() + &blocked(2, 43).log()));
    let ran = check(&work, "10:45:00", &more);
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (2, 1), "{}", ran.err);
    sink.set(Mode::Accept);
    check(&work, "10:50:00", &more);
    assert_eq!(sink.told(), ["new acao-missing"]);
}

#[test]
fn one_reminder_of_an_alert_waits_until_it_is_over() {
    let sink = Sink::new(Mode::Accept);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --repeat 10m --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    sink.set(Mode::Refuse(503, ""));
    let mut log = blocked(1, 3).log();
    for (number, minute) in [(2, 16), (3, 28)] {
        log += &blocked(number, minute).log();
        work.write("api.log", &log);
        let ran = check(&work, &format!("10:{}:00", minute + 2), &more);
        assert_eq!(
            (ran.told(), ran.count("waiting")),
            (vec!["reminder acao-missing".to_owned()], 1)
        );
    }
    assert_eq!(state(&work)["outbox"][0]["event"]["at"], "2026-11-22T10:30:00.000Z");
    sink.set(Mode::Refuse(404, ""));
    let ran = check(&work, "11:20:00", &more);
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (0, 1), "{}", ran.err);
    sink.set(Mode::Accept);
    check(&work, "11:25:00", &more);
    assert_eq!(sink.told(), ["new acao-missing", "resolved acao-missing"]);
}

#[test]
fn what_is_refused_is_kept_and_told() {
    let sink = Sink::new(Mode::Refuse(400, ""));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let ran = check(&work, "10:05:00", &format!("api.log --webhook {}", sink.url));
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (0, 1));
    assert!(ran.err.contains("400 (1 to be sent by the next run)"), "{}", ran.err);
}

#[test]
fn the_spool_is_bounded_and_the_oldest_goes_first() {
    let sink = Sink::new(Mode::Refuse(503, ""));
    let work = Work::new(&[("api.log", "")]);
    // Each alert takes about two kilobytes.
    let more = format!("api.log --spool-size 6kB --webhook {}", sink.url);
    let mut log = String::new();
    let mut dropped = 0;
    for (number, path) in ["/a", "/b", "/c", "/d", "/e"].into_iter().enumerate() {
        let minute = 3 + 5 * number as u32;
        log += &Request { path, ..blocked(number as u32, minute) }.log();
        work.write("api.log", &log);
        let ran = check(&work, &format!("10:{:02}:00", minute + 2), &more);
        dropped += ran.count("dropped");
        let told = ran.err.contains("too much waits for it") || ran.err.contains("given up");
        assert_eq!(told, ran.count("dropped") > 0, "{}", ran.err);
    }
    let outbox = state(&work)["outbox"].as_array().expect("a list").clone();
    let bytes = outbox.iter().map(|it| it.to_string().len()).sum::<usize>();
    assert!(bytes <= 6000 && !outbox.is_empty(), "{bytes}");
    assert_eq!(outbox.len() as u64 + dropped, 5);
    assert!(dropped > 0);
    sink.set(Mode::Accept);
    check(&work, "10:30:00", &more);
    let routes: Vec<String> =
        sink.arrived().0.iter().map(|post| post.text("route").to_owned()).collect();
    let want = ["GET /a", "GET /b", "GET /c", "GET /d", "GET /e"];
    assert_eq!(routes, want[dropped as usize..]);
}

#[test]
fn as_long_as_a_sink_asks_for_is_waited_or_left_to_the_next_run() {
    let sink = Sink::new(Mode::Refuse(503, "Retry-After: 1\r\n"));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --retry-for 3s --webhook {}", sink.url);
    let arguments = line("10:05:00", "").replace("--retry-for 0s", "");
    let answer = work.run(&format!("{arguments} {more}"));
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let posts = sink.posts();
    assert_eq!(posts.len(), 3, "{}", answer.err);
    for pair in posts.windows(2) {
        assert!(pair[1].at.duration_since(pair[0].at) >= Duration::from_secs(1));
    }
    // An hour is too long.
    sink.set(Mode::Refuse(429, "Retry-After: 3600\r\n"));
    work.run(&format!("{} {more}", arguments.replace("10:05", "10:10")));
    assert_eq!(sink.posts().len(), 4);
    assert_eq!(state(&work)["outbox"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_sink_that_fails_does_not_hold_up_the_others() {
    let (failing, held) = (Sink::new(Mode::Refuse(503, "")), Sink::new(Mode::Hold));
    let well_sink = Sink::new(Mode::Accept);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!(
        "api.log --webhook {} --webhook {} --webhook {}",
        failing.url, held.url, well_sink.url
    );
    let arguments = line("10:05:00", &format!("--format json {more}"));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| work.run(&arguments));
        crate::until::until(|| !well_sink.posts().is_empty() && !held.posts().is_empty());
        assert_eq!(held.posts()[0].mode, Mode::Hold);
        held.set(Mode::Accept);
        let answer = run.join().expect("a run");
        assert_eq!(answer.code, Some(1), "{}", answer.err);
    });
    let outbox = state(&work)["outbox"].clone();
    assert_eq!(outbox.as_array().map(Vec::len), Some(1), "{outbox}");
    assert_eq!(outbox[0]["sink"], "webhook");
    failing.set(Mode::Accept);
    check(&work, "10:10:00", &more);
    for sink in [&failing, &held, &well_sink] {
        assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 0));
    }
}

#[test]
fn a_test_alert_goes_to_each_sink_and_leaves_no_state() {
    let (one, other) = (Sink::new(Mode::Accept), Sink::new(Mode::Accept));
    let work = Work::new(&[]);
    let line = |sinks: &str| format!("check --test-alert --retry-for 0s --state s.json {sinks}");
    let both = format!("--webhook {} --webhook {}", one.url, other.url);
    let answer = work.run(&line(&both));
    assert_eq!(answer.out, "webhook: delivered\nwebhook-2: delivered\n");
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    assert_eq!((one.told(), other.told()), (vec!["test test".to_owned()], one.told()));
    other.set(Mode::Refuse(403, ""));
    let answer = work.run(&line(&both));
    assert_eq!(answer.code, Some(3));
    assert!(answer.out.starts_with("webhook: delivered\nwebhook-2: FAILED: "), "{}", answer.out);
    assert_eq!(super::names(&work), [""; 0]);
    let answer = work.run(&line(""));
    assert_eq!(answer.code, Some(2), "{}", answer.err);
}

#[test]
fn a_sink_that_comes_later_is_told_of_what_comes_then() {
    let sink = Sink::new(Mode::Accept);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    check(&work, "10:05:00", "api.log");
    work.write("api.log", &(blocked(1, 3).log() + &well(2, 8).log()));
    check(&work, "10:40:00", &format!("api.log --webhook {}", sink.url));
    assert_eq!(sink.told(), ["resolved acao-missing"]);
}

#[test]
fn what_is_refused_holds_up_nothing_and_is_sent_once_a_run() {
    let sink = Sink::new(Mode::RefuseOf("/bad"));
    let route = |number, minute, path| Request { path, ..blocked(number, minute) }.log();
    let work = Work::new(&[("api.log", &route(1, 3, "/bad"))]);
    let more = format!("api.log --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    work.write("api.log", &(route(1, 3, "/bad") + &route(2, 8, "/b")));
    let ran = check(&work, "10:10:00", &more);
    assert_eq!((ran.count("delivered"), ran.count("waiting")), (1, 1), "{}", ran.err);
    assert_eq!(sink.routes(), ["GET /b"]);
    assert_eq!(sink.posts().len(), 3);
}

#[test]
fn what_is_refused_does_not_keep_those_in_its_message() {
    let sink = Sink::new(Mode::RefuseOf("/bad"));
    let log: String = ["/a", "/bad", "/c"]
        .into_iter()
        .enumerate()
        .map(|(number, path)| Request { path, ..blocked(number as u32, 3) }.log())
        .collect();
    let work = Work::new(&[("api.log", &log)]);
    work.write("url", &sink.url);
    let ran = check(&work, "10:05:00", "api.log --slack file:url");
    assert_eq!((ran.count("delivered"), ran.count("waiting")), (2, 1), "{}", ran.err);
    assert_eq!(state(&work)["outbox"][0]["event"]["route"], "GET /bad");
    let arrived = sink.posts().iter().filter(|post| post.arrived()).count();
    assert_eq!((arrived, sink.posts().len()), (2, 4));
}

/// Puts copies of the first event that waits into the state: sink, kind, severity, and a number that
/// makes each another alert.
fn fill(work: &Work, waiting: &[(&str, &str, &str, u32)]) -> usize {
    let mut whole = state(work);
    let pattern = whole["outbox"][0].clone();
    let mut outbox = Vec::new();
    for (sink, kind, severity, number) in waiting {
        let mut it = pattern.clone();
        it["sink"] = (*sink).into();
        it["event"]["event"] = (*kind).into();
        it["event"]["severity"] = (*severity).into();
        it["event"]["route"] = format!("GET /{number:03}").into();
        for name in ["key", "fingerprint"] {
            it["event"][name] = format!("{number:032x}").into();
        }
        outbox.push(it);
    }
    whole["outbox"] = outbox.into();
    work.write("s.json", &whole.to_string());
    pattern.to_string().len()
}

/// The routes of what waits for a sink.
fn waiting(work: &Work, sink: &str) -> Vec<String> {
    let outbox = state(work)["outbox"].as_array().cloned().unwrap_or_default();
    let of_sink = outbox.iter().filter(|it| it["sink"] == sink);
    of_sink.map(|it| it["event"]["route"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_matters_least_is_given_up_first_and_only_for_the_sink_that_has_too_much() {
    let (dead, other) = (Sink::new(Mode::Refuse(503, "")), Sink::new(Mode::Refuse(503, "")));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {} --webhook {}", dead.url, other.url);
    check(&work, "10:05:00", &more);
    let bytes = fill(
        &work,
        &[
            ("webhook-2", "resolved", "info", 1),
            ("webhook", "new", "error", 2),
            ("webhook", "new", "warning", 3),
            ("webhook", "resolved", "error", 4),
            ("webhook", "new", "error", 5),
            ("webhook", "reminder", "error", 6),
            ("webhook", "new", "error", 7),
            ("gone", "new", "info", 8),
        ],
    );
    let ran = check(&work, "10:10:00", &format!("{more} --spool-size {}", 2 * bytes + 100));
    assert_eq!((ran.count("dropped"), ran.count("waiting")), (4, 2), "{}", ran.err);
    assert!(ran.err.contains("--spool-size") && ran.err.contains("503"), "{}", ran.err);
    assert_eq!(waiting(&work, "webhook"), ["GET /005", "GET /007"]);
    assert_eq!(waiting(&work, "webhook-2"), ["GET /001"]);
    assert_eq!(waiting(&work, "gone"), ["GET /008"]);
    let arguments = line("10:10:00", &format!("--format json {more}"));
    let answer = work.run(&arguments.replace("11-22T", "11-30T"));
    assert_eq!(answer.err.matches("given up").count(), 3, "{}", answer.err);
    assert_eq!(waiting(&work, "gone"), [""; 0]);
}

#[test]
fn a_spool_without_room_loses_nothing_that_can_be_delivered() {
    let sink = Sink::new(Mode::Accept);
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let ran = check(&work, "10:05:00", &format!("api.log --spool-size 1 --webhook {}", sink.url));
    assert_eq!((ran.count("delivered"), ran.count("dropped")), (1, 0), "{}", ran.err);
}

#[test]
fn a_run_that_could_tell_nobody_is_not_well_and_names_the_sink() {
    let (sink, ping) = (Sink::new(Mode::Refuse(503, "")), Sink::new(Mode::Accept));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {} --ping-url {}", sink.url, ping.url);
    let end = || {
        let end = ping.posts().pop().expect("a ping");
        let (path, _) = end.path.split_once('?').expect("an id");
        (path.to_owned(), end.body.as_str().unwrap_or_default().to_owned())
    };
    let ran = check(&work, "10:05:00", &more);
    let (path, body) = end();
    assert_eq!((path.as_str(), ran.code), ("/alerts/fail", Some(1)));
    assert!(body.contains("sink webhook: ") && body.contains("503"), "{body}");
    let plugin = work.run(&line("10:10:00", &format!("--nagios {more}")));
    assert_eq!(end().0, "/alerts/fail");
    assert!(plugin.out.contains("\nnot delivered: sink webhook: "), "{}", plugin.out);
    assert!(plugin.err.contains("sink webhook: "), "{}", plugin.err);
    sink.set(Mode::Accept);
    check(&work, "10:15:00", &more);
    let (path, body) = end();
    assert_eq!(path, "/alerts");
    assert!(!body.contains("sink webhook"), "{body}");
    let plugin = work.run(&line("10:20:00", &format!("--nagios {more}")));
    assert!(!plugin.out.contains("not delivered"), "{}", plugin.out);
    assert_eq!(plugin.err, "");
}

#[test]
fn what_waits_is_tried_once_before_anything_is_read() {
    let sink = Sink::new(Mode::Refuse(503, "Retry-After: 1\r\n"));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --retry-for 1s --webhook {}", sink.url);
    let run = |now: &str| work.run(&line(now, &more).replace("--retry-for 0s", ""));
    run("10:05:00");
    assert_eq!(sink.posts().len(), 2);
    run("10:10:00");
    assert_eq!(sink.posts().len(), 3);
}

#[test]
fn a_sink_that_refuses_everything_is_left_alone_after_three() {
    let sink = Sink::new(Mode::Refuse(404, ""));
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    let more = format!("api.log --webhook {}", sink.url);
    check(&work, "10:05:00", &more);
    let new: Vec<_> = (0..9).map(|number| ("webhook", "new", "error", number)).collect();
    fill(&work, &new);
    let before = sink.posts().len();
    let ran = check(&work, "10:10:00", &more);
    assert_eq!((ran.count("waiting"), sink.posts().len() - before), (9, 3), "{}", ran.err);
    // What was refused stands back: a few that never pass do not keep the others for a week.
    sink.set(Mode::RefuseOf("GET /00"));
    fill(&work, &[new, vec![("webhook", "new", "error", 100)]].concat());
    for now in ["10:15:00", "10:20:00", "10:25:00"] {
        assert_eq!(sink.routes(), [""; 0]);
        check(&work, now, &more);
    }
    assert_eq!(sink.routes(), [""; 0]);
    check(&work, "10:30:00", &more);
    assert_eq!(sink.routes(), ["GET /100"]);
}

#[cfg(unix)]
mod names_of_a_state {
    use std::os::unix::fs::symlink;

    use crate::check_state::{blocked, check, names, state};
    use crate::log::Request;
    use crate::sink::{Mode, Sink};
    use crate::work::Work;

    /// Until a state is saved, keys do not change from run to run.
    #[test]
    fn what_no_state_remembers_is_told_with_the_same_key() {
        let sink = Sink::new(Mode::Accept);
        let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
        let more = format!("api.log --webhook {}", sink.url);
        let once = |now: &str| {
            let ran = check(&work, now, &more);
            assert_eq!(ran.count("delivered"), 1, "{}", ran.err);
            // As if it had not been written.
            std::fs::remove_file(work.0.path().join("s.json")).expect("a state");
        };
        once("10:05:00");
        once("10:10:00");
        assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 1));
        // An id that was saved stays, wherever its file is.
        check(&work, "10:15:00", &more);
        let before = state(&work)["id"].clone();
        let moved = work.0.path().join("moved");
        std::fs::create_dir(&moved).expect("a folder");
        std::fs::rename(work.0.path().join("s.json"), moved.join("s.json")).expect("a move");
        symlink("moved/s.json", work.0.path().join("s.json")).expect("a link");
        let log = blocked(1, 3).log() + &Request { path: "/b", ..blocked(2, 18) }.log();
        work.write("api.log", &log);
        check(&work, "10:20:00", &more);
        assert_eq!(state(&work)["id"], before);
    }

    #[test]
    fn two_names_of_a_state_have_one_lock() {
        let work = Work::new(&[("api.log", &blocked(1, 3).log()), ("kept/readme", "")]);
        // Neither is there yet; both lead to the same.
        for (to, link) in [("kept/real.json", "s.json"), ("s.json", "other.json")] {
            symlink(to, work.0.path().join(link)).expect("a link");
        }
        check(&work, "10:05:00", "api.log");
        let lock = work.0.path().join("kept/real.json.lock");
        let held = std::fs::File::open(lock).expect("a lock");
        held.lock().expect("a lock");
        for name in ["s.json", "other.json", "kept/real.json"] {
            let answer = work.run(&format!("check --state {name} api.log"));
            assert!(answer.err.contains(&format!("another run uses {name}")), "{}", answer.err);
        }
        assert_eq!(names(&work), ["api.log", "kept", "other.json", "s.json"]);
        assert_eq!(state(&work)["runs"], 1);
    }

    #[test]
    fn what_was_put_aside_is_kept_when_more_is() {
        let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
        for text in ["one", "two", "three"] {
            work.write("s.json", text);
            check(&work, "10:05:00", "api.log --reset-state");
        }
        for (name, text) in
            [("s.json.old", "one"), ("s.json.old.2", "two"), ("s.json.old.3", "three")]
        {
            assert_eq!(work.read(name).as_deref(), Some(text));
        }
    }
}
