//! Bytes of log per second, per layer and whole, on a deterministic REST execution log of 8 MiB.
//!
//! `cargo bench`. Each layer is measured on what the layer before it made of the log, and all rates
//! are in bytes of that log, so they can be compared with each other. Figures of one machine at one
//! time: compare runs, do not quote them.
//!
//! Must not: read files, so that the disk is not measured.

use std::io;
use std::sync::LazyLock;

use corscope::assemble::{AssembleSettings, Assembler, Patience, SlotId};
use corscope::cors;
use corscope::decode::{Count, Sink, decode};
use corscope::diagnose::diagnose;
use corscope::model::{
    Exchange, Finding, InputNote, Judgement, LogEvent, LogTime, Place, PlaceId, Places, Position,
};
use corscope::parse::parse;
use corscope::pipeline::{Analyzer, Observer, Telling, Window};
use corscope::report::builder::ReportBuilder;
use corscope::report::live::Board;
use corscope::report::settings::ReportSettings;
use corscope::rules::file::RuleFile;
use corscope::rules::set::RuleSet;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

use crate::generator::{Form, Generator};

mod generator;

fn main() {
    divan::main();
}

/// Bytes of the log, as an S3 export has it.
const SIZE: usize = 8 << 20;
/// Rules of a user, so many that one of them can be seen.
const OWN_RULES: usize = 100;

static LOG: LazyLock<String> = LazyLock::new(|| Generator::default().log(SIZE, Form::Text));

fn counter() -> BytesCount {
    BytesCount::of_str(LOG.as_str())
}

/// Bytes → events.
#[divan::bench]
fn layer_1_decode(bencher: Bencher<'_, '_>) {
    bencher.counter(counter()).bench_local(|| {
        let mut sum = 0_usize;
        read(|event| sum = sum.wrapping_add(event.message.len()));
        sum
    });
}

/// Events → records.
#[divan::bench]
fn layer_2_parse(bencher: Bencher<'_, '_>) {
    let events = events();
    bencher.counter(counter()).bench_local(|| {
        for event in events {
            black_box(parse(&event.borrowed()));
        }
    });
}

/// Records → exchanges, each let go when it is complete.
#[divan::bench]
fn layer_3_assemble(bencher: Bencher<'_, '_>) {
    let events = events();
    let records = || {
        let with_record = |event: &'static Event| (event.borrowed(), parse(&event.borrowed()));
        events.iter().map(with_record).collect::<Vec<_>>()
    };
    bencher.counter(counter()).with_inputs(records).bench_local_values(|records| {
        let mut assembler = Assembler::new(AssembleSettings::default());
        for (event, record) in records {
            if let Some(slot) = assembler.push(&event, record) {
                assembler.release(slot);
            }
        }
        assembler.finish().len()
    });
}

/// Exchanges → verdicts.
#[divan::bench]
fn layer_4_judge(bencher: Bencher<'_, '_>) {
    let (assembler, slots) = assembled();
    bencher.counter(counter()).bench_local(|| {
        for exchange in slots.iter().filter_map(|slot| assembler.exchange(*slot)) {
            black_box(cors::judge(exchange));
        }
    });
}

/// Verdicts → findings, of all built-in rules.
#[divan::bench]
fn layer_5_examine(bencher: Bencher<'_, '_>) {
    let (assembler, slots) = assembled();
    let rules = RuleSet::builtin();
    let exchanges = slots.iter().filter_map(|slot| assembler.exchange(*slot));
    let judged: Vec<(_, Judgement)> =
        exchanges.map(|exchange| (exchange, cors::judge(exchange))).collect();
    bencher.counter(counter()).bench_local(|| {
        for (exchange, judgement) in &judged {
            black_box(diagnose(rules.examine(exchange, judgement).findings));
        }
    });
}

/// All of them, bytes → report.
#[divan::bench]
fn whole(bencher: Bencher<'_, '_>) {
    analyze(bencher, &RuleSet::builtin());
}

/// The same with every rule switched off: what is left is not the rules' cost.
#[divan::bench]
fn whole_without_rules(bencher: Bencher<'_, '_>) {
    let mut rules = RuleSet::builtin();
    let ids: Vec<String> = rules.rules().iter().map(|rule| rule.id().to_owned()).collect();
    for id in ids {
        rules.disable(&id);
    }
    analyze(bencher, &rules);
}

/// The same with a hundred rules of a user: what it takes longer is what a hundred of them cost.
#[divan::bench]
fn whole_with_100_own_rules(bencher: Bencher<'_, '_>) {
    let own: Vec<RuleFile> = (0..OWN_RULES).map(own_rule).collect();
    let (rules, errors) = RuleSet::load(&own);
    assert!(errors.is_empty(), "{errors:?}");
    analyze(bencher, &rules);
}

/// The events of the log as `JSON Lines`. The rate is in bytes of this container.
#[divan::bench]
fn whole_of_json_lines(bencher: Bencher<'_, '_>) {
    analyze_log(bencher, &RuleSet::builtin(), &Generator::default().log(SIZE, Form::Lines));
}

/// The same of what `aws logs filter-log-events` prints.
#[divan::bench]
fn whole_of_filter_log_events(bencher: Bencher<'_, '_>) {
    analyze_log(bencher, &RuleSet::builtin(), &Generator::default().log(SIZE, Form::Document));
}

/// Events that are in memory, as those of Logs Insights and of a live tail are: events per second.
#[divan::bench]
fn push(bencher: Bencher<'_, '_>) {
    let rules = RuleSet::builtin();
    let events = events();
    bencher.counter(ItemsCount::new(events.len())).bench_local(|| {
        let report = ReportBuilder::new(ReportSettings::default());
        let mut observer = ();
        let mut analyzer = Analyzer::new(&rules, report, Window::default(), &mut observer);
        analyzer.place(&place());
        for event in events {
            analyzer.event(event.borrowed());
        }
        analyzer.finish().map(|report| report.summary)
    });
}

fn analyze(bencher: Bencher<'_, '_>, rules: &RuleSet) {
    analyze_log(bencher, rules, &LOG);
}

fn analyze_log(bencher: Bencher<'_, '_>, rules: &RuleSet, log: &str) {
    bencher.counter(BytesCount::of_str(log)).bench_local(|| {
        let report = ReportBuilder::new(ReportSettings::default());
        let mut observer = ();
        let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut observer);
        decode(&mut log.as_bytes(), &place(), &mut analyzer);
        analyzer.finish().map(|report| report.summary)
    });
}

/// Asks about each response, and never fires.
fn own_rule(number: usize) -> RuleFile {
    let text = format!(
        r#"
id = "own-{number}"
title = "A header names a host that was moved"
class = "wrong-allow-origin"
kind = "symptom"
severity = "error"
confidence = "confirmed"
why = "It was moved."
fix = "Name the new one."
since = "1"

[when]
all = [
  {{ is = ["request.preflight", false] }},
  {{ matches = ["response.header.content-type", '^text/moved-{number}$'] }},
]
"#
    );
    RuleFile { name: format!("own-{number}.toml"), text }
}

/// What a tail does with them: time goes on with each hundred events, and findings are told.
#[divan::bench]
fn live(bencher: Bencher<'_, '_>) {
    let rules = RuleSet::builtin();
    let events = events();
    let log = ItemsCount::new(events.len());
    bencher.counter(log).bench_local(|| {
        let settings = ReportSettings::default();
        let mut told = Told(Board::new(settings.clone()));
        let report = ReportBuilder::new(settings);
        let mut analyzer = Analyzer::new(&rules, report, Window::default(), &mut told);
        analyzer.place(&place());
        for batch in events.chunks(100) {
            if let Some(now) = batch.last().and_then(|event| event.time) {
                analyzer.advance(now, &Patience::default());
            }
            for event in batch {
                analyzer.event(event.borrowed());
            }
        }
        analyzer.finish().map(|report| report.summary)
    });
}

/// Asks the board what is news, as a tail does, and prints nothing.
struct Told(Board);

impl Observer for Told {
    fn exchange(
        &mut self,
        _: &Exchange,
        _: &Judgement,
        _: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        Ok(())
    }

    fn told(&mut self, telling: &Telling<'_>) -> io::Result<()> {
        let Telling { ticket, replaces, judged, at, is_final } = telling;
        black_box(self.0.tell((*ticket, *replaces), judged, *at, *is_final));
        Ok(())
    }

    fn advanced(&mut self, now: LogTime) -> io::Result<()> {
        black_box(self.0.repeats(now, false).len());
        Ok(())
    }
}

/// An event without its borrow, for the layers behind `decode`.
struct Event {
    time: Option<LogTime>,
    position: Position,
    message: Vec<u8>,
}

impl Event {
    fn borrowed(&self) -> LogEvent<'_> {
        let Self { time, position, message } = self;
        LogEvent { time: *time, ingested: None, position: *position, message }
    }
}

fn events() -> &'static [Event] {
    static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
        let mut events = Vec::new();
        read(|event| {
            let LogEvent { time, position, message, .. } = event;
            events.push(Event { time, position, message: message.to_vec() });
        });
        events
    });
    &EVENTS
}

/// All exchanges of the log, held.
fn assembled() -> (Assembler, Vec<SlotId>) {
    let mut assembler = Assembler::new(AssembleSettings::default());
    let mut slots = Vec::new();
    for event in events() {
        let event = event.borrowed();
        if let Some(slot) = assembler.push(&event, parse(&event)) {
            assembler.hold(slot);
            slots.push(slot);
        }
    }
    (assembler, slots)
}

fn place() -> Place {
    Place { file: Some("generated.log".to_owned()), ..Place::default() }
}

fn read(each: impl FnMut(LogEvent<'_>)) {
    decode(&mut LOG.as_bytes(), &place(), &mut Events { places: Places::default(), each });
}

struct Events<F> {
    places: Places,
    each: F,
}

impl<F: FnMut(LogEvent<'_>)> Sink for Events<F> {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        (self.each)(event);
    }

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, _: InputNote) {}
}
