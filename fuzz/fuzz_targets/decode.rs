//! Any bytes as a container: no panic, and the cuts of the reader change nothing.
#![no_main]

use std::io::Read;

use corscope::decode::{Count, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = run(&mut &*bytes);
    assert_eq!(whole, run(&mut OneByOne(bytes)));
});

fn run(reader: &mut dyn Read) -> Vec<(Option<i64>, u64, Vec<u8>)> {
    let mut events = Events::default();
    decode(reader, &Place { file: Some("fuzz".to_owned()), ..Place::default() }, &mut events);
    events.list
}

/// A reader that gives one byte at a time.
struct OneByOne<'a>(&'a [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let some = into.len().min(1);
        self.0.read(&mut into[..some])
    }
}

#[derive(Default)]
struct Events {
    places: Places,
    list: Vec<(Option<i64>, u64, Vec<u8>)>,
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
