//! `corscope check` over files, run after run: what is counted, what is told, and what survives whatever
//! happens to the state, to the clock and to those who are told.
//!
//! Must not: test what a sink makes of an alert.

use serde_json::Value;

use crate::log::{GET, Request};
use crate::work::Work;

mod alerts;
mod clock;
mod damage;
mod deliver;
mod files;
mod joins;
#[cfg(unix)]
mod locks;

/// A request that is well, at this minute.
fn well(number: u32, minute: u32) -> Request<'static> {
    Request { number, minute, gets: "Access-Control-Allow-Origin=https://app.example.com", ..GET }
}

/// One without `Access-Control-Allow-Origin`, at this minute.
fn blocked(number: u32, minute: u32) -> Request<'static> {
    Request { number, minute, ..GET }
}

/// What a run said.
struct Ran {
    code: Option<i32>,
    err: String,
    run: Value,
}

impl Ran {
    fn count(&self, name: &str) -> u64 {
        let counts = [&self.run["reading"], &self.run["alerts"], &self.run["deliveries"][0]];
        let found = counts.iter().find_map(|counts| counts[name].as_u64());
        assert!(found.is_some(), "no {name}: {} {}", self.run, self.err);
        found.unwrap_or_default()
    }

    /// `new acao-missing`, and so on.
    fn told(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let events = self.run["events"].as_array().cloned().unwrap_or_default();
        events.iter().map(|it| format!("{} {}", text(&it["event"]), text(&it["rule"]))).collect()
    }
}

/// The command line of a run at this time of 22 November 2026, over what is named in `more`.
fn line(now: &str, more: &str) -> String {
    format!("check --state s.json --now 2026-11-22T{now}Z --retry-for 0s {more}")
}

/// Runs it, and reads what it says.
fn check(work: &Work, now: &str, more: &str) -> Ran {
    let answer = work.run(&line(now, &format!("--format json {more}")));
    let run = serde_json::from_str(&answer.out).unwrap_or_default();
    Ran { code: answer.code, err: answer.err, run }
}

/// What the state file holds.
fn state(work: &Work) -> Value {
    serde_json::from_str(&work.read("s.json").expect("a state")).expect("JSON")
}

/// The names in the folder.
fn names(work: &Work) -> Vec<String> {
    let names = std::fs::read_dir(work.0.path()).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = names.map(name).collect();
    names.sort();
    names
}
