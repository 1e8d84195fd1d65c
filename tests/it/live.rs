//! An analysis that is told while its input goes on: what is told, when, and that it comes to what
//! `scan` says at the end.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use corscope::assemble::Patience;
use corscope::decode::{Count, Sink, decode};
use corscope::model::{
    Entry, Exchange, Finding, InputNote, Judgement, LogEvent, LogTime, Place, PlaceId, Places,
    Position, Ticket,
};
use corscope::output::json;
use corscope::output::live::LiveForm;
use corscope::output::redact::Redaction;
use corscope::parse::parse;
use corscope::pipeline::live::Progress;
use corscope::pipeline::{Analyzer, Observer, Telling, Window, console_texts};
use corscope::report::Report;
use corscope::report::builder::ReportBuilder;
use corscope::report::live::{Board, News, Why};
use corscope::report::settings::ReportSettings;
use corscope::rules::set::RuleSet;
use corscope::sources::files;
use proptest::prelude::*;
use serde_json::Value;

use crate::log::{GET, PREFLIGHT, Request};

thread_local! {
    static RULES: RuleSet = RuleSet::builtin();
}

/// A log event with the time at which it arrives.
#[derive(Debug, Clone)]
struct Arrival {
    at: i64,
    place: usize,
    line: u64,
    time: Option<LogTime>,
    message: Vec<u8>,
}

/// What arrives.
#[derive(Debug, Clone, Default)]
struct Stream {
    places: Vec<Place>,
    events: Vec<Arrival>,
}

impl Stream {
    /// What a feed reads, each event at its own time, which is never before those of its place.
    fn read(feed: impl FnOnce(&mut dyn Sink)) -> Self {
        let mut recorder = Recorder { places: Places::default(), stream: Self::default() };
        feed(&mut recorder);
        let mut stream = recorder.stream;
        let mut last = BTreeMap::new();
        for event in &mut stream.events {
            let last = last.entry(event.place).or_insert(0);
            // Parsing does not look at places.
            let place = Places::default().intern(&Place::default());
            let position = Position { place, line: event.line };
            let borrowed =
                LogEvent { time: event.time, ingested: None, position, message: &event.message };
            let own = match parse(&borrowed).entry {
                Entry::Access(access) => event.time.or(access.time),
                _ => event.time,
            };
            *last = own.map_or(*last, |own| own.0.max(*last));
            event.at = *last;
        }
        stream.sort();
        stream
    }

    fn of(logs: &[(&str, String)]) -> Self {
        Self::read(|sink| {
            for (name, log) in logs {
                let place = Place { file: Some((*name).to_owned()), ..Place::default() };
                decode(&mut log.as_bytes(), &place, sink);
            }
        })
    }

    fn samples() -> Self {
        let paths = [PathBuf::from("sample-logs")];
        Self::read(|sink| {
            files::scan(&paths, &mut io::empty(), sink);
        })
    }

    fn sort(&mut self) {
        self.events.sort_by_key(|event| event.at);
    }

    /// Each event later, by what `delay` says in milliseconds. Lines that do not name their request
    /// stay in the order of their place; nobody could tell whose they are.
    fn delayed(mut self, mut delay: impl FnMut(&Arrival) -> i64) -> Self {
        let nameless = self
            .events
            .iter()
            .filter(|event| !event.message.starts_with(b"(") && !event.message.starts_with(b"{"));
        let ordered: std::collections::BTreeSet<usize> =
            nameless.map(|event| event.place).collect();
        let mut last = BTreeMap::new();
        for event in &mut self.events {
            event.at += delay(event);
            if ordered.contains(&event.place) {
                let last = last.entry(event.place).or_insert(0);
                event.at = event.at.max(*last);
                *last = event.at;
            }
        }
        self.sort();
        self
    }
}

struct Recorder {
    places: Places,
    stream: Stream,
}

impl Sink for Recorder {
    fn place(&mut self, place: &Place) -> PlaceId {
        let id = self.places.intern(place);
        if id.index() == self.stream.places.len() {
            self.stream.places.push(place.clone());
        }
        id
    }

    fn event(&mut self, event: LogEvent<'_>) {
        self.stream.events.push(Arrival {
            at: 0,
            place: event.position.place.index(),
            line: event.position.line,
            time: event.time,
            message: event.message.to_vec(),
        });
    }

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, _: InputNote) {}
}

/// What was told, when, and of which request.
#[derive(Debug)]
struct Told {
    at: i64,
    request: Option<String>,
    /// Rule, fingerprint and whether it was told before.
    groups: Vec<(String, String, Why)>,
    withdrawn: Vec<String>,
}

struct Listener {
    board: Board,
    told: Vec<Told>,
    /// How often each finding was met again, as it was told.
    repeats: Vec<(i64, String, u64)>,
    text: Vec<u8>,
    form: LiveForm,
}

impl Listener {
    fn new(form: LiveForm) -> Self {
        let board = Board::new(settings());
        Self { board, told: Vec::new(), repeats: Vec::new(), text: Vec::new(), form }
    }

    fn take(&mut self, at: LogTime, request: Option<String>, news: &News) {
        let groups = news
            .groups
            .iter()
            .map(|group| (group.rule.id.clone(), group.fingerprint.clone(), news.why(group)));
        let groups = groups.filter(|(_, _, why)| *why != Why::Known).collect();
        let withdrawn = news.withdrawn.iter().map(|it| it.fingerprint.clone()).collect();
        self.told.push(Told { at: at.0, request, groups, withdrawn });
        self.form.news(&mut self.text, news).unwrap();
    }
}

impl Observer for Listener {
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
        let exchange = judged.exchange;
        let id = exchange.request_id.or(exchange.lambda_request_id).map(|id| id.to_string());
        if let Some(news) = self.board.tell((*ticket, *replaces), judged, *at, *is_final) {
            self.take(*at, id, &news);
        }
        Ok(())
    }

    fn withdrawn(&mut self, ticket: Ticket) -> io::Result<()> {
        if let Some(news) = self.board.withdraw(ticket) {
            self.take(LogTime(0), None, &news);
        }
        Ok(())
    }

    fn advanced(&mut self, now: LogTime) -> io::Result<()> {
        for repeats in self.board.repeats(now, false) {
            self.repeats.push((now.0, repeats.group.rule.id.clone(), repeats.more));
            self.form.repeats(&mut self.text, &repeats, now).unwrap();
        }
        Ok(())
    }
}

fn settings() -> ReportSettings {
    ReportSettings { console: console_texts, ..ReportSettings::default() }
}

/// Everything that came of a run.
struct Live {
    report: Report,
    listener: Listener,
    /// The most that waited at once, and the last.
    most: Progress,
}

/// Lets a stream arrive, with a tick each second, and as often as `extra` says.
fn live(stream: &Stream, patience: &Patience, extra: impl FnMut() -> bool) -> Live {
    live_as(stream, patience, LiveForm::Jsonl(Redaction::On), extra)
}

fn live_as(
    stream: &Stream,
    patience: &Patience,
    form: LiveForm,
    mut extra: impl FnMut() -> bool,
) -> Live {
    RULES.with(|rules| {
        let mut listener = Listener::new(form);
        let report = ReportBuilder::new(settings());
        let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut listener);
        let mut most = analyzer.progress();
        let ids: Vec<PlaceId> = stream.places.iter().map(|place| analyzer.place(place)).collect();
        let mut tick = stream.events.first().map_or(0, |event| event.at);
        for event in &stream.events {
            while tick < event.at {
                analyzer.advance(LogTime(tick), patience);
                let waiting = analyzer.progress().waiting;
                most.waiting.open = most.waiting.open.max(waiting.open);
                most.waiting.told = most.waiting.told.max(waiting.told);
                most.waiting.runs = most.waiting.runs.max(waiting.runs);
                most.waiting.bytes = most.waiting.bytes.max(waiting.bytes);
                tick += 1000;
            }
            if extra() {
                analyzer.advance(LogTime(event.at), patience);
            }
            let position = Position { place: ids[event.place], line: event.line };
            let message = event.message.as_slice();
            analyzer.event(LogEvent { time: event.time, ingested: None, position, message });
        }
        // Somebody goes on watching for a while.
        for second in 0..20 {
            analyzer.advance(LogTime(tick + second * 1000), patience);
        }
        let report = analyzer.finish().expect("an observer that does not fail");
        Live { report, listener, most }
    })
}

/// What `scan` makes of the same events.
fn scanned(stream: &Stream) -> Report {
    RULES.with(|rules| {
        let mut observer = ();
        let report = ReportBuilder::new(settings());
        let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut observer);
        let ids: Vec<PlaceId> = stream.places.iter().map(|place| analyzer.place(place)).collect();
        for event in &stream.events {
            let position = Position { place: ids[event.place], line: event.line };
            let message = event.message.as_slice();
            analyzer.event(LogEvent { time: event.time, ingested: None, position, message });
        }
        analyzer.finish().expect("a report")
    })
}

/// A report as a script reads it; late lines are for the reader to compare.
fn printed(mut report: Report) -> Value {
    report.ledger.late = 0;
    let mut out = Vec::new();
    json::write(&mut out, &report, None, Redaction::On).expect("a report");
    serde_json::from_slice(&out).expect("JSON")
}

/// Where two reports differ, in few words.
fn difference(path: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => one
            .iter()
            .find_map(|(key, value)| difference(&format!("{path}.{key}"), value, other.get(key)?)),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(at, (one, other))| difference(&format!("{path}[{at}]"), one, other))
        }
        _ if one == other => None,
        _ => Some(format!("{path}: {one:.300} and {other:.300}")),
    }
}

/// The report of a tail is that of `scan`, which read the same events in the same order.
#[track_caller]
fn check_report(live: &Live, stream: &Stream) {
    let (one, other) = (printed(live.report.clone()), printed(scanned(stream)));
    for part in ["ledger", "summary", "findings"] {
        assert_eq!(difference(part, &one[part], &other[part]), None);
    }
    assert_eq!(one, other);
}

/// What was told in the end, with counts, and what the report says of single exchanges.
#[track_caller]
fn check_told(live: &Live) {
    let key = |group: &corscope::report::group::Group| {
        (group.fingerprint.clone(), group.impact, group.rule.id.clone())
    };
    let told: BTreeMap<_, u64> =
        live.listener.board.groups().map(|group| (key(group), group.count)).collect();
    let exchanges = live.report.groups.iter().filter(|group| !group.is_survey);
    let reported: BTreeMap<_, u64> = exchanges.map(|group| (key(group), group.count)).collect();
    assert_eq!(told, reported);
}

#[test]
fn the_end_of_a_tail_is_what_scan_says() {
    let stream = Stream::samples();
    let live = live(&stream, &Patience::default(), || true);
    check_told(&live);
    assert!(live.most.waiting.told > 0, "nothing was told before the end");
    check_report(&live, &stream);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn delay_and_disorder_change_nothing(
        seed in any::<u64>(),
        longest in prop::sample::select(vec![1_i64, 900, 14_000, 200_000]),
        join in prop::sample::select(vec![0_u64, 2, 15]),
    ) {
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut next = random.clone();
        let stream = Stream::samples().delayed(|_| (random() % longest as u64) as i64);
        let patience = Patience { join: Duration::from_secs(join), ..Patience::default() };
        let live = live(&stream, &patience, || next() % 3 == 0);
        check_told(&live);
        check_report(&live, &stream);
    }
}
