//! Results do not depend on the number of threads, nor on where buffers end.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use corscope::decode::{Count, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use corscope::parse::execution::glance;
use corscope::sources::ahead::ahead;
use corscope::sources::files;

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

#[test]
fn the_report_is_the_same() {
    let report = |threads: &str| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        command.args(["scan", "sample-logs", "--format", "jsonl", "--show", "exchanges"]);
        let output = command.args(["--threads", threads]).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let one = report("1");
    assert_eq!(one.0, Some(1));
    for threads in ["2", "16"] {
        assert_eq!(report(threads), one, "{threads}");
    }
}

#[test]
fn no_threads_are_a_wrong_number() {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.args(["scan", "sample-logs", "--threads", "0"]).assert().code(2);
}
