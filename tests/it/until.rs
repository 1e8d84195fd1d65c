//! Waiting for what happens elsewhere.
//!
//! Must not: take a time for an event.

use std::time::{Duration, Instant};

/// Waits, for a minute at most.
#[track_caller]
pub(crate) fn until(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_mins(1), "it took a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}
