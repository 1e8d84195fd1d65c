//! How the input comes in is nothing to the report: whole, line by line, in random cuts, file after
//! file in any order, or twice.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use corscope::rules::set::RuleSet;

use crate::run;
use crate::samples::CONTAINERS;

#[test]
fn line_by_line_is_the_same_as_whole() {
    let rules = RuleSet::builtin();
    for (name, bytes) in inputs() {
        let whole = json(&rules, &name, Box::new(&*bytes));
        let lines = json(&rules, &name, Box::new(Lines(&bytes)));
        assert_eq!(whole, lines, "{name}");
    }
}

#[test]
fn random_cuts_are_the_same_as_whole() {
    let rules = RuleSet::builtin();
    for (name, bytes) in inputs() {
        let whole = json(&rules, &name, Box::new(&*bytes));
        for seed in 0..4 {
            let cuts = Cuts { rest: &bytes, random: Random(seed) };
            assert_eq!(whole, json(&rules, &name, Box::new(cuts)), "{name}, seed {seed}");
        }
    }
}

#[test]
fn files_in_any_order_give_the_same_report() {
    let rules = RuleSet::builtin();
    let mut names = files("sample-logs");
    let whole = run::paths(&rules, &as_str(&names)).json();
    for seed in 0..12 {
        shuffle(&mut names, &mut Random(seed));
        let shuffled = run::paths(&rules, &as_str(&names)).json();
        assert_eq!(rows(&whole), rows(&shuffled), "{names:#?}");
    }
}

#[test]
fn events_that_are_read_twice_are_found_once() {
    let rules = RuleSet::builtin();
    let names = files("sample-logs");
    let once = run::paths(&rules, &as_str(&names));
    let twice: Vec<&str> = as_str(&names).into_iter().chain(as_str(&names)).collect();
    let twice = run::paths(&rules, &twice);
    let counts = |run: &run::Run| -> Vec<(String, Option<String>, u64)> {
        let groups = run.report.groups.iter();
        groups.map(|group| (group.rule.id.clone(), group.route.clone(), group.count)).collect()
    };
    assert_eq!(counts(&once), counts(&twice));
    assert_eq!(once.report.summary.exchanges, twice.report.summary.exchanges);
    assert_eq!(once.report.summary.findings, twice.report.summary.findings);
    assert!(twice.report.ledger.late + twice.report.ledger.duplicates > 0);
}

/// Name and bytes of every sample and container.
fn inputs() -> Vec<(String, Vec<u8>)> {
    let mut names = files("sample-logs");
    for name in CONTAINERS {
        names.extend(files(&format!("tests/data/containers/{name}")));
    }
    let read = |name: String| {
        let bytes = fs::read(&name).expect("a file");
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

/// All log files below a path, sorted.
pub(crate) fn files(path: &str) -> Vec<String> {
    if !Path::new(path).is_dir() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").path().into_os_string().into_string().expect("UTF-8"))
        .filter(|name| !name.ends_with("README.md") && !name.ends_with("aws-logs-write-test"))
        .collect();
    names.sort();
    names.iter().flat_map(|name| files(name)).collect()
}

fn as_str(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn json(rules: &RuleSet, name: &str, reader: Box<dyn Read + '_>) -> String {
    run::readers(rules, &mut [(name, reader)]).json()
}

/// The rows of a document, so that a difference shows its row.
fn rows(json: &str) -> Vec<&str> {
    json.split("{\"type\":").collect()
}

/// Numbers that look random and are the same each time (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % limit
    }
}

pub(crate) fn shuffle(names: &mut [String], random: &mut Random) {
    for at in (1..names.len()).rev() {
        names.swap(at, random.below(at + 1));
    }
}

/// Gives one line at a time.
struct Lines<'a>(&'a [u8]);

impl Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let line = memchr::memchr(b'\n', self.0).map_or(self.0.len(), |end| end + 1);
        let some = line.min(into.len());
        self.0.read(&mut into[..some])
    }
}

/// Gives between one byte and a few thousand at a time.
pub(crate) struct Cuts<'a> {
    pub(crate) rest: &'a [u8],
    pub(crate) random: Random,
}

impl Read for Cuts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = 1 << self.random.below(13);
        let some = (1 + self.random.below(most)).min(into.len());
        self.rest.read(&mut into[..some])
    }
}
