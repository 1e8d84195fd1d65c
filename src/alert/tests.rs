//! What somebody is told, run by run.
//!
//! Must not: ask for more than a report can give.

use std::time::Duration;

use crate::alert::book::{Book, Told, Turn};
use crate::alert::event::{AlertEvent, EventKind};
use crate::alert::policy::{Policy, Runs};
use crate::alert::sighting::Sighting;
use crate::model::{Confidence, Impact, Kind, LogTime, Severity};

const MINUTE: i64 = 60_000;

/// A run every five minutes.
struct Watch {
    book: Book,
    policy: Policy,
    minute: i64,
}

impl Watch {
    fn new(policy: Policy) -> Self {
        Self { book: Book::default(), policy, minute: 0 }
    }

    /// The next run, which meets `met`: what is told, as `new a` or `resolved b`.
    #[track_caller]
    fn run(&mut self, met: &[Sighting], want: &[&str]) -> Told {
        self.minute += 5;
        self.run_at(self.minute, true, met, want)
    }

    #[track_caller]
    fn run_at(&mut self, minute: i64, is_complete: bool, met: &[Sighting], want: &[&str]) -> Told {
        let now = LogTime(minute * MINUTE);
        let met = met.iter().cloned().map(|mut sighting| {
            sighting.event.since = Some(now);
            sighting.event.last_seen = Some(now);
            sighting
        });
        let policy = self.policy;
        let turn = Turn { at: now, covered_to: now, is_complete, id: "state", policy: &policy };
        let told = self.book.turn(met.collect(), &turn);
        let said = |it: &AlertEvent| format!("{} {}", it.event.as_str(), it.fingerprint);
        let said: Vec<String> = told.events.iter().map(said).collect();
        assert_eq!(said, want, "minute {minute}");
        told
    }

    /// So many runs that meet nothing, and of which nobody is told.
    #[track_caller]
    fn quiet(&mut self, runs: usize) {
        for _ in 0..runs {
            self.run(&[], &[]);
        }
    }
}

fn event(fingerprint: &str, count: u64) -> AlertEvent {
    AlertEvent {
        schema: "corscope/1".to_owned(),
        r#type: "alert".to_owned(),
        event: EventKind::New,
        key: String::new(),
        fingerprint: fingerprint.to_owned(),
        rule: "acao-missing".to_owned(),
        class: "missing-allow-origin".to_owned(),
        kind: Kind::Symptom,
        severity: Severity::Error,
        confidence: Confidence::Confirmed,
        impact: Impact::Observed,
        title: "title".to_owned(),
        why: "why".to_owned(),
        fix: "fix".to_owned(),
        effect: None,
        explains: Vec::new(),
        api: None,
        stage: None,
        method: None,
        route: None,
        origin: None,
        detail: None,
        status: None,
        reason: None,
        request_id: None,
        evidence: Vec::new(),
        since: None,
        last_seen: None,
        at: LogTime(0),
        count,
        more: count,
        requests: None,
        held_back: 0,
        is_flapping: false,
        openings: 0,
        is_complete: true,
        command: String::new(),
    }
}

fn met(fingerprint: &str, count: u64) -> Sighting {
    Sighting { event: event(fingerprint, count), is_effect: false }
}

fn policy() -> Policy {
    Policy::default()
}

#[test]
fn an_alert_is_told_once_and_ended_once() {
    let mut watch = Watch::new(policy());
    watch.run(&[met("a", 2)], &["new a"]);
    let told = watch.run(&[met("a", 3)], &[]);
    assert_eq!(told.counts.held_by_repeat, 1);
    // Half an hour without it, and somewhat less.
    watch.quiet(5);
    let told = watch.run(&[], &["resolved a"]);
    assert_eq!((told.events[0].count, told.events[0].more), (5, 3));
    watch.quiet(10);
}

#[test]
fn it_is_reminded_of_while_it_goes_on() {
    let mut watch = Watch::new(Policy { repeat: Some(Duration::from_mins(20)), ..policy() });
    watch.run(&[met("a", 1)], &["new a"]);
    for _ in 0..3 {
        watch.run(&[met("a", 1)], &[]);
    }
    let told = watch.run(&[met("a", 1)], &["reminder a"]);
    assert_eq!((told.events[0].more, told.events[0].held_back), (4, 3));
    // Nobody is reminded of what is not met.
    watch.quiet(5);
    watch.run(&[], &["resolved a"]);
}

#[test]
fn what_is_read_in_part_ends_nothing() {
    let mut watch = Watch::new(policy());
    watch.run(&[met("a", 1)], &["new a"]);
    for minute in [100, 200, 300] {
        watch.run_at(minute, false, &[], &[]);
    }
    watch.run_at(305, true, &[], &["resolved a"]);
}

#[test]
fn two_of_three_runs_have_to_meet_it() {
    let runs = Runs::parse("2/3").expect("runs");
    let mut watch = Watch::new(Policy { runs, ..policy() });
    let told = watch.run(&[met("a", 1)], &[]);
    assert_eq!(told.counts.held_by_runs, 1);
    watch.quiet(3);
    watch.run(&[met("a", 1)], &[]);
    watch.quiet(1);
    let told = watch.run(&[met("a", 1)], &["new a"]);
    assert_eq!(told.events[0].count, 2, "those of the runs that are looked back at");
}

#[test]
fn a_run_that_was_not_whole_is_no_run_without_it() {
    let runs = Runs::parse("2/2").expect("runs");
    let mut watch = Watch::new(Policy { runs, ..policy() });
    watch.run(&[met("a", 1)], &[]);
    watch.run_at(10, false, &[], &[]);
    watch.run_at(15, true, &[met("a", 1)], &["new a"]);
}

#[test]
fn few_requests_and_a_small_share_are_held_back() {
    let mut watch = Watch::new(Policy { min_count: 3, min_rate: Some(0.5), ..policy() });
    let of = |count, requests| {
        let mut sighting = met("a", count);
        sighting.event.requests = requests;
        sighting
    };
    assert_eq!(watch.run(&[of(2, Some(2))], &[]).counts.held_by_count, 1);
    assert_eq!(watch.run(&[of(3, Some(7))], &[]).counts.held_by_rate, 1);
    watch.run(&[of(3, Some(6))], &["new a"]);
    // An open one stays open, however little there is of it.
    assert_eq!(watch.run(&[of(1, Some(100))], &[]).counts.held_by_repeat, 1);
    // A share that nobody knows holds nothing back.
    let mut watch = Watch::new(Policy { min_rate: Some(0.5), ..policy() });
    watch.run(&[of(1, None)], &["new a"]);
}

#[test]
fn what_comes_and_goes_is_damped_and_said_to_be() {
    let mut watch = Watch::new(policy());
    for _ in 0..2 {
        watch.run(&[met("a", 1)], &["new a"]);
        watch.quiet(5);
        watch.run(&[], &["resolved a"]);
    }
    let told = watch.run(&[met("a", 1)], &["new a"]);
    assert!(told.events[0].is_flapping);
    assert_eq!(told.events[0].openings, 3);
    // It goes and comes back, and nobody is told.
    watch.quiet(10);
    assert_eq!(watch.run(&[met("a", 1)], &[]).counts.held_by_flapping, 1);
    // Two hours without it.
    watch.quiet(23);
    let told = watch.run(&[], &["resolved a"]);
    assert!(told.events[0].is_flapping);
    let told = watch.run(&[met("a", 1)], &["new a"]);
    assert!(!told.events[0].is_flapping, "what was over for good begins anew");
}

#[test]
fn an_effect_is_told_with_its_cause() {
    let effect = Sighting { event: event("effect", 1), is_effect: true };
    let mut watch = Watch::new(policy());
    let told = watch.run(&[met("cause", 1), effect.clone()], &["new cause"]);
    assert_eq!(told.counts.held_by_cause, 1);
    // Without its cause it is an alert of its own, which its cause then keeps open.
    watch.run(&[met("effect", 1)], &["new effect"]);
    for _ in 0..10 {
        watch.run(&[met("cause", 1), effect.clone()], &[]);
    }
    watch.quiet(5);
    watch.run(&[], &["resolved cause", "resolved effect"]);
}

#[test]
fn the_key_is_that_of_the_event() {
    let mut watch = Watch::new(Policy { repeat: Some(Duration::from_mins(5)), ..policy() });
    let mut again = Watch::new(watch.policy);
    let first = watch.run(&[met("a", 1), met("b", 1)], &["new a", "new b"]);
    let same = again.run(&[met("a", 1), met("b", 1)], &["new a", "new b"]);
    let keys = |told: &Told| told.events.iter().map(|it| it.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&first), keys(&same), "a run that is repeated says the same");
    let second = watch.run(&[met("a", 1)], &["reminder a"]);
    let third = watch.run(&[met("a", 1)], &["reminder a"]);
    let mut all = [keys(&first), keys(&second), keys(&third)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[test]
fn a_clock_that_was_set_back_neither_repeats_nor_silences() {
    let mut watch = Watch::new(Policy { repeat: Some(Duration::from_mins(20)), ..policy() });
    watch.run_at(100, true, &[met("a", 1)], &["new a"]);
    watch.run_at(40, true, &[met("a", 1)], &[]);
    watch.run_at(55, true, &[met("a", 1)], &[]);
    watch.run_at(60, true, &[met("a", 1)], &["reminder a"]);
}

#[test]
fn the_worst_comes_first_and_what_is_over_last() {
    let mut watch = Watch::new(policy());
    watch.run(&[met("z", 1)], &["new z"]);
    watch.quiet(5);
    let mut warning = met("a", 1);
    warning.event.severity = Severity::Warning;
    watch.run(&[warning, met("b", 1)], &["new b", "new a", "resolved z"]);
}

#[test]
fn what_gets_worse_is_told_again() {
    let mut watch = Watch::new(policy());
    let with = |severity| {
        let mut sighting = met("a", 1);
        sighting.event.severity = severity;
        sighting
    };
    watch.run(&[with(Severity::Warning)], &["new a"]);
    watch.run(&[with(Severity::Error)], &["new a"]);
    watch.run(&[with(Severity::Warning)], &[]);
    watch.run(&[with(Severity::Error)], &[]);
}

#[test]
fn the_book_is_bounded_and_keeps_what_is_open() {
    let mut watch = Watch::new(policy());
    let many: Vec<Sighting> = (0..9000).map(|at| met(&format!("{at:05}"), 1)).collect();
    let now = LogTime(MINUTE);
    let policy = watch.policy;
    let turn = Turn { at: now, covered_to: now, is_complete: true, id: "state", policy: &policy };
    let told = watch.book.turn(many, &turn);
    assert_eq!(told.events.len(), 9000);
    assert_eq!(watch.book.len(), 8192);
}

#[test]
fn a_book_is_read_as_it_was_written() {
    let mut watch = Watch::new(policy());
    watch.run(&[met("a", 1), met("b", 1)], &["new a", "new b"]);
    let text = serde_json::to_string(&watch.book).expect("JSON");
    assert_eq!(serde_json::from_str::<Book>(&text).expect("a book"), watch.book);
}

#[test]
fn runs_are_read_as_people_write_them() {
    assert_eq!(Runs::parse("1/1"), Some(Runs::default()));
    assert_eq!(Runs::parse("3"), Runs::parse("3/3"));
    for bad in ["", "0/1", "3/2", "1/101", "a/b", "1/2/3", "-1/2"] {
        assert_eq!(Runs::parse(bad), None, "{bad}");
    }
}
