//! Events that arrive, and everything that is told of them.
//!
//! Must not: expect anything but that the end is what `scan` says; the tests do.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

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
use corscope::report::group::Group;
use corscope::report::live::{Board, News, Why};
use corscope::report::settings::ReportSettings;
use corscope::rules::set::RuleSet;
use corscope::sources::files;
use serde_json::Value;

thread_local! {
    static RULES: RuleSet = RuleSet::builtin();
}

/// A log event with the time at which it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) at: i64,
    pub(crate) place: usize,
    pub(crate) line: u64,
    pub(crate) time: Option<LogTime>,
    pub(crate) message: Vec<u8>,
}

/// What arrives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    pub(crate) places: Vec<Place>,
    pub(crate) events: Vec<Arrival>,
}

impl Stream {
    /// What a feed reads, each event at its own time, which is never before those of its place.
    pub(crate) fn read(feed: impl FnOnce(&mut dyn Sink)) -> Self {
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
                Entry::Execution(_)
                | Entry::Har(_)
                | Entry::Lambda(..)
                | Entry::Probe
                | Entry::Other => event.time,
            };
            *last = own.map_or(*last, |own| own.0.max(*last));
            event.at = *last;
        }
        stream.sort();
        stream
    }

    pub(crate) fn of(logs: &[(&str, String)]) -> Self {
        Self::read(|sink| {
            for (name, log) in logs {
                let place = Place { file: Some((*name).to_owned()), ..Place::default() };
                decode(&mut log.as_bytes(), &place, sink);
            }
        })
    }

    pub(crate) fn samples() -> Self {
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
    pub(crate) fn delayed(mut self, mut delay: impl FnMut(&Arrival) -> i64) -> Self {
        let nameless = self
            .events
            .iter()
            .filter(|event| !event.message.starts_with(b"(") && !event.message.starts_with(b"{"));
        let ordered: BTreeSet<usize> = nameless.map(|event| event.place).collect();
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

pub(crate) struct Recorder {
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
pub(crate) struct Told {
    pub(crate) at: i64,
    pub(crate) request: Option<String>,
    /// Rule, fingerprint and whether it was told before.
    pub(crate) groups: Vec<(String, String, Why)>,
    pub(crate) withdrawn: usize,
}

pub(crate) struct Listener {
    pub(crate) board: Board,
    pub(crate) told: Vec<Told>,
    /// How often each finding was met again, as it was told.
    pub(crate) repeats: Vec<(i64, String, u64)>,
    pub(crate) text: Vec<u8>,
    pub(crate) form: LiveForm,
}

impl Listener {
    fn new(form: LiveForm, settings: ReportSettings) -> Self {
        let board = Board::new(settings);
        Self { board, told: Vec::new(), repeats: Vec::new(), text: Vec::new(), form }
    }

    fn take(&mut self, at: LogTime, request: Option<String>, news: &News) {
        let groups = news
            .groups
            .iter()
            .map(|group| (group.rule.id.clone(), group.fingerprint.clone(), news.why(group)));
        let groups = groups.filter(|(_, _, why)| *why != Why::Known).collect();
        let withdrawn = news.withdrawn.len();
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

pub(crate) fn settings() -> ReportSettings {
    ReportSettings { console: console_texts, ..ReportSettings::default() }
}

/// Everything that came of a run.
pub(crate) struct Live {
    pub(crate) report: Report,
    pub(crate) listener: Listener,
    /// The most that waited at once, and the last.
    pub(crate) most: Progress,
}

/// Lets a stream arrive, with a tick each second, and as often as `extra` says.
pub(crate) fn live(stream: &Stream, patience: &Patience, extra: impl FnMut() -> bool) -> Live {
    live_as(stream, patience, (LiveForm::default(), settings()), extra)
}

pub(crate) fn live_as(
    stream: &Stream,
    patience: &Patience,
    (form, settings): (LiveForm, ReportSettings),
    mut extra: impl FnMut() -> bool,
) -> Live {
    RULES.with(|rules| {
        let mut listener = Listener::new(form, settings.clone());
        let report = ReportBuilder::new(settings);
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
pub(crate) fn scanned(stream: &Stream) -> Report {
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
pub(crate) fn printed(mut report: Report) -> Value {
    report.ledger.late = 0;
    let mut out = Vec::new();
    json::write(&mut out, &report, None, Redaction::On).expect("a report");
    serde_json::from_slice(&out).expect("JSON")
}

/// Where two reports differ, in few words.
pub(crate) fn difference(path: &str, one: &Value, other: &Value) -> Option<String> {
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
pub(crate) fn check_report(live: &Live, stream: &Stream) {
    let (one, other) = (printed(live.report.clone()), printed(scanned(stream)));
    for part in ["ledger", "summary", "findings"] {
        assert_eq!(difference(part, &one[part], &other[part]), None);
    }
    assert_eq!(one, other);
}

/// The same findings, as often, and the same verdicts. Which lines prove a finding, and where it is
/// seen first, may differ when lines come in disorder.
#[track_caller]
pub(crate) fn check_answers(live: &Live, stream: &Stream) {
    let (one, other) = (printed(live.report.clone()), printed(scanned(stream)));
    let answers = |report: &Value| -> BTreeSet<String> {
        let findings = report["findings"].as_array().expect("findings").iter();
        let finding = |row: &Value| {
            format!("{} {} {} {}", row["rule"], row["fingerprint"], row["impact"], row["count"])
        };
        findings.map(finding).collect()
    };
    let (one_answers, other_answers) = (answers(&one), answers(&other));
    let differ: Vec<_> = one_answers.symmetric_difference(&other_answers).collect();
    assert!(differ.is_empty(), "{differ:#?}");
    assert_eq!(one["summary"]["outcomes"], other["summary"]["outcomes"]);
    assert_eq!(one["ledger"]["events"], other["ledger"]["events"]);
}

/// What was told in the end, with counts, and what the report says of single exchanges.
#[track_caller]
pub(crate) fn check_told(live: &Live) {
    let key = |group: &Group| (group.fingerprint.clone(), group.impact, group.rule.id.clone());
    let told: BTreeMap<_, u64> =
        live.listener.board.groups().map(|group| (key(group), group.count)).collect();
    let exchanges = live.report.groups.iter().filter(|group| !group.is_survey);
    let reported: BTreeMap<_, u64> = exchanges.map(|group| (key(group), group.count)).collect();
    assert_eq!(told, reported);
}
