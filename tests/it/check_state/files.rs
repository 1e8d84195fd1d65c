//! Files that grow, move, are packed and come: each request counts once.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{blocked, check, well};
use crate::work::Work;

#[track_caller]
fn counted(work: &Work, now: &str, more: &str, want: (u64, u64, u64)) {
    let ran = check(work, now, more);
    let got = ["events", "exchanges", "known_exchanges"].map(|name| ran.count(name));
    assert_eq!((got[0], got[1], got[2]), want, "{now}: {}", ran.err);
    assert_eq!(ran.err, "", "{now}");
}

#[test]
fn lines_that_are_appended_are_new_and_an_unchanged_file_is_not_read() {
    let work = Work::new(&[("api.log", &(well(1, 0).log() + &well(2, 2).log()))]);
    counted(&work, "10:05:00", "api.log", (24, 2, 0));
    // What is recent is read again, for a request may go on in it.
    counted(&work, "10:10:00", "api.log", (24, 0, 2));
    counted(&work, "10:20:00", "api.log", (24, 0, 2));
    counted(&work, "10:30:00", "api.log", (0, 0, 0));
    let text = work.read("api.log").expect("a file");
    work.write("api.log", &(text + &well(3, 33).log()));
    counted(&work, "10:35:00", "api.log", (12, 1, 0));
    counted(&work, "11:00:00", "api.log", (12, 0, 1));
    counted(&work, "11:05:00", "api.log", (0, 0, 0));
}

#[test]
fn a_rotated_file_is_known_under_its_new_name_packed_or_not() {
    let work = Work::new(&[("logs/api.log", &(well(1, 0).log() + &well(2, 2).log()))]);
    let path = |name: &str| work.0.path().join("logs").join(name);
    counted(&work, "10:05:00", "logs", (24, 2, 0));
    counted(&work, "10:20:00", "logs", (24, 0, 2));
    // Something was written just before it was moved.
    let text = work.read("logs/api.log").expect("a file");
    fs::write(path("api.log.1"), text + &well(3, 21).log()).expect("a file");
    work.write("logs/api.log", &well(4, 24).log());
    counted(&work, "10:30:00", "logs", (24, 2, 0));
    counted(&work, "10:45:00", "logs", (24, 0, 2));
    counted(&work, "11:00:00", "logs", (0, 0, 0));
    let old = fs::read(path("api.log.1")).expect("a file");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&old).expect("packed");
    fs::write(path("api.log.2.gz"), packed.finish().expect("packed")).expect("a file");
    fs::rename(path("api.log"), path("api.log.1")).expect("moved");
    work.write("logs/api.log", &well(5, 61).log());
    counted(&work, "11:05:00", "logs", (12, 1, 0));
}

#[test]
fn a_file_that_comes_is_read_as_a_whole_and_one_that_goes_is_no_failure() {
    let work = Work::new(&[("logs/a.log", &well(1, 2).log())]);
    counted(&work, "10:05:00", "logs", (12, 1, 0));
    counted(&work, "10:15:00", "logs", (12, 0, 1));
    work.write("logs/b.log", &(well(2, 0).log() + &well(3, 24).log()));
    // The first request is old, but nobody has seen it.
    counted(&work, "10:25:00", "logs", (24, 2, 0));
    fs::remove_file(work.0.path().join("logs/a.log")).expect("removed");
    counted(&work, "10:50:00", "logs", (12, 0, 1));
    // Its name is no other file's.
    work.write("logs/a.log", &well(4, 52).log());
    counted(&work, "10:55:00", "logs", (12, 1, 0));
}

#[test]
fn a_last_line_that_is_half_written_is_read_when_it_is_whole() {
    let log = blocked(1, 5).log();
    let half = log.find("Method response headers").expect("the line") + 12;
    let work = Work::new(&[("api.log", &log[..half])]);
    let ran = check(&work, "10:05:30", "api.log");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (0, 1), "{}", ran.err);
    assert_eq!(ran.code, Some(0));
    work.write("api.log", &log);
    let ran = check(&work, "10:10:00", "api.log");
    assert_eq!((ran.count("exchanges"), ran.count("open_exchanges")), (1, 0));
    assert_eq!(ran.told(), ["new acao-missing"]);
    let ran = check(&work, "10:15:00", "api.log");
    assert_eq!((ran.count("exchanges"), ran.count("known_exchanges")), (0, 1));
    assert_eq!(ran.told(), [""; 0]);
}

#[test]
fn a_half_written_line_without_a_time_is_read_when_it_is_whole() {
    let log = std::fs::read_to_string("sample-logs/rest-api/access-log.jsonl").expect("a sample");
    let work = Work::new(&[("access.jsonl", &log)]);
    let whole = check(&work, "10:16:00", "access.jsonl").count("exchanges");

    let last = log.lines().next_back().expect("a line");
    let work = Work::new(&[("access.jsonl", &log[..log.len() - last.len() + 20])]);
    let ran = check(&work, "10:16:00", "access.jsonl");
    assert_eq!(ran.count("exchanges"), whole - 1, "{}", ran.err);
    work.write("access.jsonl", &log);
    let ran = check(&work, "10:20:00", "access.jsonl");
    assert_eq!(ran.count("exchanges"), 1, "{}", ran.err);
    let ran = check(&work, "10:25:00", "access.jsonl");
    assert_eq!(ran.count("exchanges"), 0, "{}", ran.err);
}

#[test]
fn a_file_that_cannot_be_read_is_no_all_clear() {
    let work = Work::new(&[("a.log", &well(1, 2).log())]);
    let ran = check(&work, "10:05:00", "a.log b.log");
    assert_eq!((ran.code, ran.count("failed_inputs"), ran.count("exchanges")), (Some(3), 1, 1));
    assert_eq!(ran.run["status"], "incomplete");
    assert!(ran.err.contains("b.log"), "{}", ran.err);
    work.write("b.log", &blocked(2, 3).log());
    let ran = check(&work, "10:10:00", "a.log b.log");
    assert_eq!((ran.code, ran.count("known_exchanges")), (Some(1), 1));
}

#[test]
fn nothing_but_empty_files_is_no_all_clear_and_says_so() {
    let work = Work::new(&[("a.log", "")]);
    let ran = check(&work, "10:05:00", "a.log");
    assert_eq!((ran.code, ran.run["status"].as_str()), (Some(3), Some("failed")));
    assert!(ran.err.contains("no file holds an event"), "{}", ran.err);
    let answer = work.run("check --state other.json");
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("nothing to read: name log groups"), "{}", answer.err);
}
