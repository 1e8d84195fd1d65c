//! Bytes of log per second, per layer and whole, on a deterministic REST execution log of 8 MiB.
//!
//! `cargo bench`. Each layer is measured on what the layer before it made of the log, and all rates
//! are in bytes of that log, so they can be compared with each other. Figures of one machine at one
//! time: compare runs, do not quote them.
//!
//! Must not: read files, so that the disk is not measured.

use std::fmt::Write as _;
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
use corscope::rules::set::RuleSet;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

static LOG: LazyLock<String> = LazyLock::new(|| Generator::default().log(8 << 20));

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

fn analyze(bencher: Bencher<'_, '_>, rules: &RuleSet) {
    bencher.counter(counter()).bench_local(|| {
        let report = ReportBuilder::new(ReportSettings::default());
        let mut observer = ();
        let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut observer);
        decode(&mut LOG.as_bytes(), &place(), &mut analyzer);
        analyzer.finish().map(|report| report.summary)
    });
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

/// Requests in flight at the same time.
const IN_FLIGHT: usize = 16;

/// Writes execution logs; the same calls give the same bytes.
struct Generator {
    state: u64,
    requests: u64,
}

impl Default for Generator {
    fn default() -> Self {
        Self { state: 0x2026_1122, requests: 0 }
    }
}

impl Generator {
    /// An S3 export's text of at least `size` bytes; lines of requests interleave.
    fn log(&mut self, size: usize) -> String {
        let mut text = String::with_capacity(size + 4096);
        let mut open: Vec<std::vec::IntoIter<String>> = Vec::new();
        let mut clock = 0;
        while text.len() < size {
            if open.len() < IN_FLIGHT {
                open.push(self.request().into_iter());
            }
            let at = self.below(open.len());
            match open.get_mut(at).and_then(Iterator::next) {
                Some(line) => {
                    clock += self.below(3);
                    let (minutes, seconds) = (clock / 60_000 % 60, clock / 1_000 % 60);
                    let hours = clock / 3_600_000 % 24;
                    let millis = clock % 1_000;
                    let stamp = format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03}");
                    // Writing to a `String` cannot fail.
                    let _ = writeln!(text, "2026-11-22T{stamp}Z {line}");
                }
                None => drop(open.swap_remove(at)),
            }
        }
        text
    }

    /// The lines of one request, each with its prefix; one in eight lacks the header.
    fn request(&mut self) -> Vec<String> {
        self.requests += 1;
        let (n, lambda) = (self.requests, self.next());
        let id = format!("{n:08x}-0000-4000-8000-{:012x}", self.next() >> 16);
        let invocation = format!("{:08x}-1111-4111-9111-{:012x}", lambda >> 32, lambda >> 16);
        let allow = if n.is_multiple_of(8) {
            ""
        } else {
            "Access-Control-Allow-Origin=https://shop.example, Vary=Origin, "
        };
        let body =
            format!("{{\"order\":{n},\"note\":\"{}\"}}", "lorem ipsum ".repeat(self.below(40)));
        let lines = [
            format!("Extended Request Id: {:014x}A=", self.next() >> 8),
            format!("Verifying Usage Plan for request: {id}. API Key:  API Stage: a1b2c3d4e5/prod"),
            "API Key  authorized because method 'GET /v1/orders/{id}' does not require API Key. \
             Request will not contribute to throttle or quota limits"
                .to_owned(),
            "Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/prod".to_owned(),
            format!("Starting execution for request: {id}"),
            format!("HTTP Method: GET, Resource Path: /v1/orders/{n}"),
            format!("Method request path: {{id={n}}}"),
            "Method request query string: {}".to_owned(),
            "Method request headers: {origin=https://shop.example, sec-fetch-mode=cors, Accept=*/*, \
             User-Agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/156.0.0.0 Safari/537.36, X-Forwarded-For=203.0.113.7, 198.51.100.2}"
                .to_owned(),
            "Method request body before transformations: ".to_owned(),
            format!("Endpoint request headers: {{x-amzn-lambda-integration-tag={id}, {}", "*".repeat(900)),
            "Received response. Status: 200, Integration latency: 21 ms".to_owned(),
            format!("Endpoint response headers: {{x-amzn-RequestId={invocation}}}"),
            format!("Endpoint response body before transformations: {{\"statusCode\":200,\"body\":{body:?}}}"),
            format!("Method response body after transformations: {body}"),
            format!("Method response headers: {{{allow}Content-Type=application/json}}"),
            "Successfully completed execution".to_owned(),
            "Method completed with status: 200".to_owned(),
            format!("AWS Integration Endpoint RequestId : {invocation}"),
        ];
        lines.into_iter().map(|line| cut(format!("({id}) {line}"))).collect()
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// As the gateway cuts a line.
fn cut(mut line: String) -> String {
    if line.len() > 1024 {
        line.truncate(1024);
        line.push_str(" [TRUNCATED]");
    }
    line
}
