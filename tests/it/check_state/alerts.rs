//! Which findings are told, how often, and what the exit code says.

use super::{Ran, blocked, check, line, state, well};
use crate::log::{GET, Request};
use crate::work::Work;

/// One run after the other, each over one more request; what each of them told.
fn told(more: &str, runs: &[(&str, &[Request<'static>])]) -> Vec<Vec<String>> {
    let work = Work::new(&[("api.log", "")]);
    runs.iter().map(|(now, requests)| append(&work, now, more, requests).told()).collect()
}

fn append(work: &Work, now: &str, more: &str, requests: &[Request<'static>]) -> Ran {
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &requests.iter().map(Request::log).collect::<String>()));
    check(work, now, &format!("api.log {more}"))
}

const NONE: &[&str] = &[];
const NEW: &[&str] = &["new acao-missing"];
const REMINDER: &[&str] = &["reminder acao-missing"];
const RESOLVED: &[&str] = &["resolved acao-missing"];

#[test]
fn an_alert_is_told_once_and_resolved_once() {
    let runs: &[(&str, &[Request<'static>])] = &[
        ("10:05:00", &[blocked(1, 3)]),
        ("10:10:00", &[blocked(2, 8)]),
        ("10:15:00", &[]),
        ("10:37:00", &[well(3, 36)]),
        ("10:40:00", &[]),
        ("11:30:00", &[]),
        ("11:35:00", &[blocked(4, 93)]),
    ];
    assert_eq!(told("", runs), [NEW, NONE, NONE, NONE, RESOLVED, NONE, NEW]);
}

#[test]
fn a_reminder_comes_as_often_as_asked_for_and_only_while_it_is_met() {
    let runs: &[(&str, &[Request<'static>])] = &[
        ("10:05:00", &[blocked(1, 3)]),
        ("10:10:00", &[blocked(2, 8)]),
        ("10:15:00", &[blocked(3, 13)]),
        ("10:20:00", &[blocked(4, 18)]),
        ("10:25:00", &[]),
        ("10:30:00", &[blocked(5, 28)]),
    ];
    assert_eq!(told("--repeat 10m", runs), [NEW, NONE, REMINDER, NONE, NONE, REMINDER]);
}

#[test]
fn so_many_of_the_last_runs_have_to_meet_it() {
    let runs: &[(&str, &[Request<'static>])] = &[
        ("10:05:00", &[blocked(1, 3)]),
        ("10:10:00", &[]),
        ("10:15:00", &[]),
        ("10:20:00", &[blocked(2, 18)]),
        ("10:25:00", &[]),
        ("10:30:00", &[blocked(3, 28)]),
    ];
    assert_eq!(told("--for 2/3", runs), [NONE, NONE, NONE, NONE, NONE, NEW]);
    assert_eq!(told("--for 2/2", runs), [NONE; 6]);
}

#[test]
fn so_many_requests_of_one_run_have_to_meet_it() {
    let runs: &[(&str, &[Request<'static>])] = &[
        ("10:05:00", &[blocked(1, 3)]),
        ("10:10:00", &[blocked(2, 8)]),
        ("10:15:00", &[blocked(3, 13), blocked(4, 14)]),
    ];
    assert_eq!(told("--min-count 2", runs), [NONE, NONE, NEW]);
}

#[test]
fn such_a_share_of_the_requests_of_its_route_has_to_meet_it() {
    let runs: &[(&str, &[Request<'static>])] = &[
        // One of four, and requests of another route do not count.
        ("10:05:00", &[blocked(1, 3), well(2, 3), well(3, 3), well(4, 4)]),
        ("10:10:00", &[blocked(5, 8), Request { path: "/cart", ..well(6, 8) }]),
    ];
    assert_eq!(told("--min-rate 50%", runs), [NONE, NEW]);
    assert_eq!(told("--min-rate 0.25", runs), [NEW, NONE]);
}

#[test]
fn where_no_line_names_the_route_the_shape_of_the_path_has_its_share() {
    let requests = [
        Request { path: "/orders/17", ..blocked(1, 3) },
        Request { path: "/orders/18", ..well(2, 3) },
        Request { path: "/orders/19", ..well(3, 3) },
    ];
    let log: String = requests.iter().map(Request::log).collect();
    let lines = log.lines().filter(|line| !line.contains("because method"));
    let work = Work::new(&[("api.log", &lines.collect::<Vec<_>>().join("\n"))]);
    let run = check(&work, "10:10:00", "--since 2026-11-22 --min-rate 50% api.log");
    assert_eq!((run.told(), run.count("held_by_rate")), (Vec::new(), 1));
}

#[test]
fn an_alert_that_comes_and_goes_is_told_as_flapping_and_then_damped() {
    let work = Work::new(&[("api.log", "")]);
    let mut events = Vec::new();
    // It is met for ten minutes of every forty.
    for run in 0..60_u32 {
        let minute = run * 5;
        let is_on = minute < 240 && minute % 40 < 10;
        let request = if is_on { blocked(run, minute) } else { well(run, minute) };
        let now = format!("{}:{:02}:00", 10 + (minute + 2) / 60, (minute + 2) % 60);
        let ran = append(&work, &now, "--resolve-after 15m", &[request]);
        let rows = ran.run["events"].as_array().expect("events").clone();
        events.extend(rows.into_iter().map(|row| {
            let is_flapping = row["is_flapping"] == true;
            (minute, row["event"].as_str().expect("a kind").to_owned(), is_flapping)
        }));
    }
    let want = [
        (0, "new", false),
        (20, "resolved", false),
        (40, "new", false),
        (60, "resolved", false),
        // For the third time within three hours; then it has to be quiet for an hour.
        (80, "new", true),
        (265, "resolved", true),
    ];
    let got: Vec<_> = events.iter().map(|(at, kind, flaps)| (*at, kind.as_str(), *flaps)).collect();
    assert_eq!(got, want);
}

#[test]
fn what_is_in_the_baseline_or_ignored_is_not_told() {
    let ignore = "[[ignore]]\nrule = \"acao-missing\"\nroute = \"/orders\"\nreason = \"known\"\n";
    let cart = Request { path: "/cart", ..blocked(2, 4) };
    let work = Work::new(&[("known.log", &blocked(9, 0).log()), ("api.log", "")]);
    let written = work.run("scan known.log --write-baseline --baseline known.json");
    assert_eq!(written.code, Some(0), "{}", written.err);
    let ran = append(&work, "10:05:00", "--baseline known.json", &[blocked(1, 3), cart]);
    assert_eq!(ran.told(), NEW);
    assert_eq!(ran.run["events"][0]["route"], "GET /cart", "{}", ran.run);

    let work = Work::new(&[("api.log", ""), ("corscope.toml", ignore)]);
    let ran = append(&work, "10:05:00", "", &[blocked(1, 3), cart]);
    assert_eq!(ran.told(), NEW);
    assert_eq!(ran.run["events"][0]["route"], "GET /cart", "{}", ran.run);
}

#[test]
fn nothing_is_said_where_there_is_nothing_to_say() {
    let work = Work::new(&[("api.log", &well(1, 3).log())]);
    work.check(&line("10:05:00", "api.log"), 0, "", "");
    work.check(&line("10:10:00", "api.log"), 0, "", "");
    work.write("api.log", &(well(1, 3).log() + &blocked(2, 13).log()));
    let answer = work.run(&line("10:15:00", "api.log"));
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""));
    assert!(answer.out.starts_with("NEW error: "), "{}", answer.out);
    // It is open, and was told.
    work.check(&line("10:20:00", "api.log"), 0, "", "");
    work.write("api.log", &(well(1, 3).log() + &blocked(2, 13).log() + &blocked(3, 23).log()));
    work.check(&line("10:25:00", "api.log --quiet"), 1, "", "");
}

#[test]
fn a_monitoring_plugin_says_what_is_open() {
    let asks = "Origin=https://app.example.com, Authorization=Bearer x";
    let open_to_all = Request { asks, gets: "Access-Control-Allow-Origin=*", ..GET };
    let work = Work::new(&[("api.log", &well(1, 3).log())]);
    let nagios = |now: &str, more: &str| {
        let answer = work.run(&line(now, &format!("--nagios --fail-on warning {more}")));
        assert_eq!(answer.err, "");
        (answer.code, answer.out.split([' ', '-']).nth(1).unwrap_or_default().to_owned())
    };
    let want = |code, word: &str| (Some(code), word.to_owned());
    assert_eq!(nagios("10:05:00", "api.log"), want(0, "OK"));
    let warned = Request { number: 2, minute: 8, ..open_to_all };
    work.write("api.log", &(well(1, 3).log() + &warned.log()));
    assert_eq!(nagios("10:10:00", "api.log"), want(1, "WARNING"));
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &blocked(3, 13).log()));
    assert_eq!(nagios("10:15:00", "api.log"), want(2, "CRITICAL"));
    // Told or not, it is open.
    assert_eq!(nagios("10:20:00", "api.log"), want(2, "CRITICAL"));
    // An open alert says more than a missing file, and nothing is over while one is missing.
    assert_eq!(nagios("11:20:00", "api.log gone.log"), want(2, "CRITICAL"));
    assert_eq!(nagios("11:25:00", "api.log"), want(0, "OK"));
    assert_eq!(nagios("11:30:00", "api.log gone.log"), want(3, "UNKNOWN"));
    // What cannot even begin is a line too.
    work.write("s.json", "{");
    assert_eq!(nagios("11:35:00", "api.log"), want(3, "UNKNOWN"));
}

#[test]
fn a_run_that_could_not_read_everything_ends_no_alert() {
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    assert_eq!(check(&work, "10:05:00", "api.log").told(), NEW);
    for now in ["10:40:00", "11:40:00"] {
        let ran = check(&work, now, "api.log gone.log");
        assert_eq!((ran.code, ran.told()), (Some(3), vec![]), "{now}");
        assert_eq!(ran.run["status"], "alerting");
    }
    assert_eq!(check(&work, "11:45:00", "api.log").told(), RESOLVED);
    assert_eq!(state(&work)["alerts"][0]["status"], "over");
}
