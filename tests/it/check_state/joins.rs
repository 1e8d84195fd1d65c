//! Requests whose lines come late, or later than the run.

use super::{blocked, check, well};
use crate::work::Work;

/// The gateway's log of a request that failed, without a line that says why.
fn failed(number: u32, minute: u32) -> String {
    let log = blocked(number, minute).log();
    let says = |line: &&str| {
        !["Method response", "Successfully", "Endpoint response"].iter().any(|it| line.contains(it))
    };
    let lines = log.lines().filter(says).map(|line| format!("{line}\n"));
    lines.collect::<String>().replace("completed with status: 200", "completed with status: 502")
}

fn timeout(number: u32, minute: u32) -> String {
    let line = "2026-11-22T10:05:00.000Z LAMBDA-ID Task timed out after 3.00 seconds";
    blocked(number, minute).function_log(line)
}

#[test]
fn a_request_that_is_open_at_the_end_of_a_run_is_counted_in_the_next() {
    let log = well(1, 4).log() + &blocked(2, 5).log();
    let cut = log.rfind("Received response").expect("the line");
    let cut = log[..cut].rfind('\n').expect("a line") + 1;
    let work = Work::new(&[("api.log", &log[..cut])]);
    let ran = check(&work, "10:05:30", "api.log");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (1, 1), "{}", ran.err);
    work.write("api.log", &log);
    // A run that comes late reads it from its beginning all the same.
    let ran = check(&work, "10:29:00", "api.log --overlap 1m");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (1, 0), "{}", ran.err);
    assert_eq!(ran.told(), ["new acao-missing"]);
}

#[test]
fn a_request_whose_end_never_comes_counts_once() {
    let log = blocked(1, 5).log();
    let cut = log.find("Received response").expect("the line");
    let work = Work::new(&[("api.log", &log[..=log[..cut].rfind('\n').expect("a line")])]);
    let counts = ["10:05:30", "10:06:30", "10:10:00", "10:15:00"].map(|now| {
        let ran = check(&work, now, "api.log");
        (ran.count("exchanges"), ran.count("open_exchanges"), ran.count("known_exchanges"))
    });
    assert_eq!(counts, [(0, 1, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)]);
}

#[test]
fn lines_of_the_functions_own_log_that_come_late_amend_once() {
    let work = Work::new(&[("gateway.log", &(failed(1, 3) + &well(2, 4).log()))]);
    let ran = check(&work, "10:05:00", "gateway.log");
    assert_eq!(ran.told(), ["new gateway-response-without-cors"], "{}", ran.err);
    assert_eq!(ran.count("exchanges"), 2);
    work.write("function.log", &timeout(1, 3));
    let ran = check(&work, "10:10:00", "gateway.log function.log");
    assert_eq!(ran.told(), ["new gw-502-lambda-timeout"], "{}", ran.err);
    assert_eq!((ran.count("exchanges"), ran.count("known_exchanges")), (0, 2));
    let ran = check(&work, "10:11:00", "gateway.log function.log");
    assert_eq!(ran.told(), [""; 0]);
    assert_eq!((ran.count("exchanges"), ran.count("known_exchanges")), (0, 2));
}

#[test]
fn a_function_that_is_still_running_is_waited_for() {
    let work = Work::new(&[("gateway.log", &failed(1, 5)), ("function.log", "")]);
    let ran = check(&work, "10:05:10", "gateway.log function.log");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (0, 1), "{}", ran.err);
    work.write("function.log", &timeout(1, 5));
    let ran = check(&work, "10:10:00", "gateway.log function.log");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (1, 0));
    // The cause is told, and its effect with it.
    assert_eq!(ran.told(), ["new gw-502-lambda-timeout"], "{}", ran.err);
}

#[test]
fn a_function_whose_log_comes_before_the_gateways_is_told_as_the_cause() {
    let work = Work::new(&[("gateway.log", &well(2, 4).log()), ("function.log", &timeout(1, 5))]);
    // By itself it may have been anything: no page is known that met it.
    let ran = check(&work, "10:05:30", "gateway.log function.log");
    assert_eq!((ran.told(), ran.count("exchanges")), (vec![], 2), "{}", ran.err);
    work.write("gateway.log", &(well(2, 4).log() + &failed(1, 5)));
    let ran = check(&work, "10:10:00", "gateway.log function.log");
    assert_eq!(ran.told(), ["new gw-502-lambda-timeout"], "{}", ran.run);
    assert_eq!(ran.run["events"][0]["route"], "GET /orders");
    assert_eq!((ran.count("exchanges"), ran.count("known_exchanges")), (0, 2));
    assert_eq!(check(&work, "10:15:00", "gateway.log function.log").told(), [""; 0]);
}

#[test]
fn while_its_cause_is_told_a_symptom_whose_cause_is_not_there_yet_is_not() {
    let work = Work::new(&[("gateway.log", &failed(1, 3)), ("function.log", &timeout(1, 3))]);
    let files = "gateway.log function.log";
    assert_eq!(check(&work, "10:05:00", files).told(), ["new gw-502-lambda-timeout"]);
    work.write("gateway.log", &(failed(1, 3) + &failed(2, 8)));
    let ran = check(&work, "10:10:00", files);
    assert_eq!((ran.told(), ran.count("held_by_cause")), (vec![], 1), "{}", ran.run);
    work.write("function.log", &(timeout(1, 3) + &timeout(2, 8)));
    let ran = check(&work, "10:15:00", files);
    assert_eq!((ran.told(), ran.count("held_by_repeat")), (vec![], 1), "{}", ran.run);
    assert_eq!(check(&work, "10:46:00", files).told(), ["resolved gw-502-lambda-timeout"]);
    // When that is over, it is told again.
    work.write("gateway.log", &(failed(1, 3) + &failed(2, 8) + &failed(3, 48)));
    assert_eq!(check(&work, "10:50:00", files).told(), ["new gateway-response-without-cors"]);
}
