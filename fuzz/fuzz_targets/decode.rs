//! Any bytes as a container: no panic, and the cuts of the reader change nothing.
//!
//! Damaged compression is let off the second half: how much the decoder gives before the damage
//! depends on how much it was given at once (see `decode::compression`).
//!
//! Must not: look into what is decoded.
#![no_main]

use std::io::Read;

use corscope::decode::{Count, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = run(&mut &*bytes);
    let by_bytes = run(&mut OneByOne(bytes));
    if !whole.is_damaged && !by_bytes.is_damaged {
        assert_eq!(whole.list, by_bytes.list);
    }
});

fn run(reader: &mut dyn Read) -> Events {
    let mut events = Events::default();
    decode(reader, &Place { file: Some("fuzz".to_owned()), ..Place::default() }, &mut events);
    events
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
    is_damaged: bool,
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

    fn problem(&mut self, note: InputNote) {
        self.is_damaged |= note.problem.contains("decompress");
    }
}
