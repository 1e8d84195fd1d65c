//! Any bytes as the message of a log event: no panic.
//!
//! Must not: expect a meaning.
#![no_main]

use corscope::model::{LogEvent, Place, Places, Position};
use corscope::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    let position = Position { place: Places::default().intern(&Place::default()), line: 1 };
    let record = parse(&LogEvent { time: None, ingested: None, position, message });
    std::hint::black_box(&record);
});
