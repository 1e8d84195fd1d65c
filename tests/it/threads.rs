//! Results do not depend on the number of threads, nor on where buffers end.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use base64::Engine;
use corscope::decode::{Count, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use corscope::parse::execution::glance;
use corscope::sources::ahead::ahead;
use corscope::sources::files;

use crate::chunks::Random;

/// All that was pushed, as text.
#[derive(Default)]
struct Told {
    places: Places,
    lines: Vec<String>,
}

impl Sink for Told {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.lines.push(format!("place {place:?}"));
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let message = String::from_utf8_lossy(event.message);
        let LogEvent { time, ingested, position, .. } = event;
        self.lines.push(format!("event {time:?} {ingested:?} {position:?} {message}"));
    }

    fn count(&mut self, what: Count, how_many: u64) {
        self.lines.push(format!("count {what:?} {how_many}"));
    }

    fn problem(&mut self, note: InputNote) {
        self.lines.push(format!("problem {note:?}"));
    }
}

/// What `read` pushes, from this thread and from another.
fn both_ways(read: impl Fn(&mut dyn Sink) + Sync) -> [Vec<String>; 2] {
    let (mut here, mut there) = (Told::default(), Told::default());
    read(&mut here);
    ahead(&read, glance, &mut there);
    [here.lines, there.lines]
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn each_container_gives_the_same_events() {
    let paths = [repository("tests/data/containers"), repository("sample-logs")];
    let [here, there] = both_ways(|sink| {
        files::scan(&paths, &mut io::empty(), sink);
    });
    assert!(here.len() > 1000, "{}", here.len());
    assert_eq!(here, there);
}

#[test]
fn events_stay_whole_where_buffers_end() {
    // Lines of all lengths up to one that is longer than a buffer, some continued, some of JSON.
    let id = "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d";
    let lines = (0..6000_usize).map(|number| {
        let body = "x".repeat(if number % 997 == 5 { 300_000 } else { number % 700 });
        let behind = if number % 11 == 0 { "\n  at a place\n  at another" } else { "" };
        format!("2026-11-22T10:00:{:02}.000Z ({id}) {body}{behind}\n", number % 60)
    });
    let text: String = lines.collect();
    let document = serde_json::json!({ "events": text.lines().map(|line| {
        serde_json::json!({ "timestamp": 1_795_341_600_000_u64, "message": format!("{line}\n\"") })
    }).collect::<Vec<_>>() });
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for text in [text.as_bytes(), document.to_string().as_bytes(), &packed] {
        for step in [usize::MAX, 4099, 100_003] {
            let [here, there] = both_ways(|sink| {
                let reader = RefCell::new(Stepwise { text, step });
                let place = Place { file: Some("a".to_owned()), ..Place::default() };
                decode(&mut *reader.borrow_mut(), &place, sink);
            });
            assert!(here.len() > 6000);
            assert!(here == there, "{step}");
        }
    }
}

#[test]
fn documents_within_documents_keep_their_messages_apart() {
    let body = "x".repeat(700);
    let event = |number: usize| {
        serde_json::json!({
            "timestamp": 1_795_341_600_000_u64 + number as u64,
            "message": format!("(id) Method response body: {{\"number\":\"{number}\",\"body\":\"{body}\"}}"),
        })
    };
    let payload = |number: usize| {
        let inner = serde_json::json!({
            "messageType": "DATA_MESSAGE", "logGroup": "/g", "logStream": "s", "owner": "1",
            "logEvents": (0..4).map(|at| {
                let mut event = event(number * 10 + at);
                event["id"] = serde_json::json!("1");
                event
            }).collect::<Vec<_>>(),
        });
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(inner.to_string().as_bytes()).unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(packed.finish().unwrap());
        serde_json::json!({ "awslogs": { "data": data } })
    };
    let documents = (0..900).map(|number| match number % 3 {
        2 => format!("{}\n", payload(number)),
        _ => format!("{}\n", event(number)),
    });
    let text: String = documents.collect();
    let text = text + "\nText behind them\n";
    for step in [usize::MAX, 4099] {
        let [here, there] = both_ways(|sink| {
            let reader = RefCell::new(Stepwise { text: text.as_bytes(), step });
            decode(&mut *reader.borrow_mut(), &Place::default(), sink);
        });
        assert_eq!(here.iter().filter(|line| line.starts_with("event")).count(), 1801);
        assert!(here == there, "{step}");
    }
}

/// Gives at most so many bytes at once.
struct Stepwise<'a> {
    text: &'a [u8],
    step: usize,
}

impl Read for Stepwise<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(self.step);
        self.text.read(&mut out[..count])
    }
}

/// A log of requests whose lines are mixed without any order, with lines of other things among them.
fn mixed_log() -> String {
    const LINES: [&str; 12] = [
        "Starting execution for request: x",
        "HTTP Method: GET, Resource Path: /orders",
        "Method request path: {}",
        "Method request path: {}",
        "Method request headers: {Host=api.example.com, Origin=https://app.example.com}",
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/functions/arn:aws:lambda",
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/functions/arn:aws:lambda",
        "Endpoint response body before transformations: {\"statusCode\":200} [TRUNCATED]",
        "Method response headers: {Content-Type=text/plain}",
        "Successfully completed execution",
        "Something that nobody knows",
        "Method completed with status: 200",
    ];
    let mut random = Random(1);
    let mut below = |limit| random.below(limit);
    let mut log = String::new();
    let mut id = 0;
    for number in 0..6000 {
        // Mostly another line of the same request; now and then a line of one that was let go.
        id = [id, id, number / 40 + below(6), below(number / 40 + 1)][below(4)];
        let (minute, second) = (number / 60 % 60, number % 60);
        let time = format!("2026-11-22T{}:{minute:02}:{second:02}.000Z", 10 + number / 3600);
        let line = match below(20) {
            0 => "{\"level\":\"info\"}".to_owned(),
            1 => format!("(6bc4ee36) {}", LINES[below(LINES.len())]),
            _ => format!("(6bc4ee36-e5b8-11e8-8a6f-{id:012x}) {}", LINES[below(LINES.len())]),
        };
        writeln!(log, "{time} {line}").expect("room");
    }
    log
}

#[test]
fn the_report_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let mixed = folder.path().join("mixed.log");
    std::fs::write(&mixed, mixed_log()).expect("a file");
    let report = |threads: &str, more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["scan", "sample-logs", "--format", "jsonl", "--show", "exchanges"]);
        command.arg(&mixed).args(more);
        let output = command.args(["--threads", threads]).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    for more in [&[][..], &["--since", "2026-11-22T10:30:00Z"]] {
        let one = report("1", more);
        assert_eq!(one.0, Some(1));
        assert!(one.1.matches("\"type\":\"exchange\"").count() > 100);
        for threads in ["2", "16"] {
            assert_eq!(report(threads, more), one, "{threads}");
        }
    }
}

/// With one thread, lines of a JSON container that add nothing to their request are looked at no further
/// than to their first escape; with two, all of them are read.
#[test]
fn lines_that_are_read_in_part_tell_what_whole_ones_do() {
    let labels = [
        "Method request body before transformations: ",
        "Endpoint request body after transformations: ",
        "Method response body after transformations: ",
        "Method request path: ",
        "Endpoint response body before transformations: ",
        "Nobody knows this: ",
    ];
    let tails = [
        "",
        "]",
        "[Binary Data]",
        " [TRUNCATED]",
        " [TRUNCATED]\n",
        " [TRUNCATED]\\n",
        "\u{e9} [TRUNCATED]\r\n",
        "x\ty [TRUNCATED]",
        r#"\" [TRUNCATED]"#,
    ];
    let mut lines = Vec::new();
    for (number, (label, tail)) in
        labels.iter().flat_map(|label| tails.map(|tail| (label, tail))).enumerate()
    {
        let id = format!("{number:08}-4e5f-6a7b-8c9d-0e1f2a3b4c5d");
        let body = format!(r#"{{"a":"b","c":["d \ e"],"long enough to have an end":1}}{tail}"#);
        for text in [
            "Starting execution for request: x",
            "HTTP Method: GET, Resource Path: /a",
            "Method request headers: {Origin=https://a.example}",
            &format!("{label}{body}"),
            // What is known already, once more.
            &format!("{label}{body}"),
            "Method response headers: {Access-Control-Allow-Origin=*}",
            "Method completed with status: 200",
            "X-ray Tracing ID : Root=1-5f0e0f0e-0123456789abcdef01234567",
        ] {
            lines.push(format!("({id}) {text}"));
        }
    }
    let event = |(number, message): (usize, &String)| {
        let time = 1_795_341_600_000 + number;
        // As tools write it, which some escape more of than others.
        let written = serde_json::to_string(message).unwrap();
        let message = if number % 3 == 0 { written.replace("D]", r"D\u005d") } else { written };
        format!(r#"{{"timestamp": {time}, "message": {message}, "ingestionTime": {time}}}"#)
    };
    let events: Vec<String> = lines.iter().enumerate().map(event).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.json");
    std::fs::write(&path, format!("{{\"events\": [\n{}\n]}}", events.join(",\n"))).unwrap();
    let report = |threads: &str, more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
        command.arg("scan").arg(&path).args(["--format", "jsonl", "--show", "exchanges"]);
        let output = command.args(["--threads", threads]).args(more).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let middle = format!("{}", 1_795_341_600 + lines.len() / 2 / 1000);
    for more in [&[][..], &["--since", &middle]] {
        let (one, two) = (report("1", more), report("2", more));
        assert!(one.contains("\"truncated\""), "{one}");
        assert_eq!(one, two, "{more:?}");
    }
}

#[test]
fn no_threads_are_a_wrong_number() {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.args(["scan", "sample-logs", "--threads", "0"]).assert().code(2);
}
