//! Replays the seeds of the fuzz targets, so that a crash once found stays found.
#![expect(clippy::disallowed_methods, reason = "reads the seeds")]
#![expect(clippy::expect_used, reason = "a seed that cannot be read has to fail")]

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use corscope::decode::{Count, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places, Position};
use corscope::parse::parse;

#[test]
fn any_container_is_read_the_same_whole_and_byte_by_byte() {
    for (name, bytes) in seeds("decode") {
        assert_eq!(events(&mut &*bytes), events(&mut OneByOne(&bytes)), "{name}");
    }
}

#[test]
fn a_container_that_is_cut_anywhere_is_still_read() {
    for (_, bytes) in seeds("decode") {
        for end in (0..bytes.len()).step_by(7) {
            events(&mut bytes.get(..end).unwrap_or_default());
        }
    }
}

#[test]
fn any_line_is_parsed_whole_and_cut() {
    let position = Position { place: Places::default().intern(&Place::default()), line: 1 };
    for (_, bytes) in seeds("parse") {
        for end in 0..=bytes.len() {
            let message = bytes.get(..end).unwrap_or_default();
            parse(&LogEvent { time: None, ingested: None, position, message });
        }
    }
}

/// File name and content of each seed of a target, in order.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).expect("a folder of seeds");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a seed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds for `{target}`");
    let read = |path: &Path| (path.display().to_string(), fs::read(path).expect("a seed"));
    paths.iter().map(|path| read(path)).collect()
}

/// Time, line and message of each event.
type Event = (Option<i64>, u64, Vec<u8>);

fn events(reader: &mut dyn Read) -> Vec<Event> {
    let mut sink = Events::default();
    decode(reader, &Place { file: Some("seed".to_owned()), ..Place::default() }, &mut sink);
    sink.list
}

/// A reader that gives one byte at a time.
struct OneByOne<'a>(&'a [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let some = into.len().min(1);
        self.0.read(into.get_mut(..some).unwrap_or_default())
    }
}

#[derive(Default)]
struct Events {
    places: Places,
    list: Vec<Event>,
}

impl Sink for Events {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let time = event.time.map(|time| time.0);
        self.list.push((time, event.position.line, event.message.to_vec()));
    }

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, _: InputNote) {}
}
