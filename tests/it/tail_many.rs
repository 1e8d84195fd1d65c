//! `corscope tail` over as many events as a busy account has: what it comes to is what `scan` does.

use std::time::Duration;

use serde_json::Value;

use crate::fake::Fake;
use crate::shop::{self, ShopEvent};
use crate::tail_faults::{Answer, follow, put_and_wait, scan, told};

/// How long a part may take until it is handed out.
const PATIENCE: Duration = Duration::from_secs(20);

/// The incident 21 times over. Each event happens when it is put, a millisecond after the one before.
#[track_caller]
fn follow_all(operation: &str, part: usize, arguments: &[&str]) -> (Answer, Answer, Value) {
    let fake = Fake::start();
    fake.update_every(Duration::from_millis(50));
    let mut events: Vec<ShopEvent> = shop::events(21);
    assert!(events.len() >= 20_000, "{}", events.len());
    let child = follow(&fake, &events, arguments, 50);
    let mut last = 0;
    for part in events.chunks_mut(part) {
        let first = fake.now() - i64::try_from(part.len()).expect("a number");
        last = first.max(last);
        for event in part.iter_mut() {
            last += 1;
            event.time = last;
        }
        put_and_wait(&fake, part, PATIENCE, |fake| fake.delivered(operation));
    }
    let (got, ledger, output) = told(child);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(ledger["events"], events.len(), "{said}\n{ledger}");
    assert_eq!(ledger["gaps"], serde_json::json!([]), "{said}");
    (got, scan(&events), ledger)
}

#[test]
fn a_stream_of_20_000_events_comes_to_what_scan_does() {
    // No more than a live tail sends in an update.
    let (got, want, ledger) = follow_all("StartLiveTail", 400, &[]);
    assert_eq!(got, want, "{ledger}");
    assert_eq!(ledger["sampled"], 0);
}

#[test]
fn polling_20_000_events_comes_to_what_scan_does() {
    let (got, want, ledger) = follow_all("FilterLogEvents", 4_000, &["--poll"]);
    assert_eq!(got, want, "{ledger}");
}
