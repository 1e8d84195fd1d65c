//! The shop of the sample logs as an account would hold it: its incident many times over, each time a
//! quarter of an hour later and with ids of its own.
//!
//! Must not: say what is to be found in it.

use std::io;
use std::path::PathBuf;

use corscope::decode::{Count, Sink};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use corscope::sources::files;
use regex::{Captures, Regex};
use serde_json::json;

use crate::fake::{Batch, Fake};

/// 22 November 2026, 10:00 UTC, when the incident begins.
pub(crate) const TEN: i64 = 1_795_341_600_000;
/// How long it lasts.
pub(crate) const QUARTER: i64 = 15 * 60 * 1000;
/// The execution log.
pub(crate) const EXECUTION: &str = "API-Gateway-Execution-Logs_a1b2c3d4e5/prod";

/// Files of the sample logs, and the log groups that they were taken from.
const GROUPS: &[(&str, &str)] = &[
    ("rest-api/execution-log.txt", EXECUTION),
    ("rest-api/access-log.jsonl", "/shop/access-log"),
    ("rest-api/shop-api-export", "/aws/lambda/shop-api"),
    ("rest-api/shop-orders-filter-log-events.json", "/aws/lambda/shop-orders"),
];

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShopEvent {
    pub(crate) group: &'static str,
    pub(crate) stream: String,
    pub(crate) time: i64,
    pub(crate) message: String,
}

/// The incident so many times, in order of time; each has about a thousand events.
pub(crate) fn events(times: u32) -> Vec<ShopEvent> {
    let once: Vec<ShopEvent> =
        GROUPS.iter().flat_map(|(path, group)| collect(path, group)).collect();
    let again = Again::new();
    let mut events: Vec<ShopEvent> = (0..times)
        .flat_map(|time| once.iter().map(|event| again.event(event, time)).collect::<Vec<_>>())
        .collect();
    events.sort_by_key(|event| event.time);
    events
}

/// The events as a subscription delivers them, for `scan`.
pub(crate) fn subscription(events: &[ShopEvent]) -> String {
    let lines = events.iter().enumerate().map(|(at, event)| {
        json!({
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": event.group,
            "logStream": event.stream,
            "subscriptionFilters": ["all"],
            "logEvents": [{"id": format!("{at:056}"), "timestamp": event.time, "message": event.message}],
        })
        .to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts them into an account, batch by batch of one stream, ingested so many milliseconds later.
pub(crate) fn put(fake: &Fake, events: &[ShopEvent], lag: i64) {
    let mut groups: Vec<(&str, &str)> =
        events.iter().map(|event| (event.group, event.stream.as_str())).collect();
    groups.sort_unstable();
    groups.dedup();
    for (group, stream) in groups {
        let of_stream: Vec<&ShopEvent> =
            events.iter().filter(|event| event.group == group && event.stream == stream).collect();
        for part in of_stream.chunks(500) {
            let ingestion = part.iter().map(|event| event.time).max().map(|newest| newest + lag);
            fake.put_batch(Batch {
                group: group.to_owned(),
                stream: stream.to_owned(),
                events: part.iter().map(|event| (event.time, event.message.clone())).collect(),
                ingestion,
                ..Batch::default()
            });
        }
    }
}

fn collect(path: &str, group: &'static str) -> Vec<ShopEvent> {
    let mut collected = Collected { group, places: Places::default(), events: Vec::new() };
    let path = PathBuf::from("sample-logs").join(path);
    files::scan(&[path], &mut io::empty(), &mut collected);
    assert!(!collected.events.is_empty(), "{group}");
    collected.events
}

struct Collected {
    group: &'static str,
    places: Places,
    events: Vec<ShopEvent>,
}

impl Sink for Collected {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let place = self.places.get(event.position.place).expect("a place");
        let message = String::from_utf8(event.message.to_vec()).expect("text");
        // Lines of an access log have no other time than their own.
        let time = event.time.map_or_else(|| epoch(&message), |time| time.0);
        self.events.push(ShopEvent {
            group: self.group,
            stream: place.log_stream.clone().unwrap_or_else(|| "stream".to_owned()),
            time,
            message,
        });
    }

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, note: InputNote) {
        assert_eq!(note.problem, "", "{note:?}");
    }
}

fn epoch(message: &str) -> i64 {
    let epoch = Regex::new(r#""requestTimeEpoch":"(\d+)""#).expect("an expression");
    epoch.captures(message).and_then(|found| found[1].parse().ok()).expect("a time")
}

/// Gives the ids of an event other values.
struct Again {
    uuid: Regex,
    extended: Regex,
}

impl Again {
    fn new() -> Self {
        let uuid = r"\b([0-9a-f]{8})(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b";
        let extended = r#"(Extended Request Id: |"extendedRequestId":")([0-9A-Za-z_-]{2})"#;
        Self {
            uuid: Regex::new(uuid).expect("an expression"),
            extended: Regex::new(extended).expect("an expression"),
        }
    }

    fn event(&self, event: &ShopEvent, time: u32) -> ShopEvent {
        let uuid = |found: &Captures<'_>| {
            let first = u32::from_str_radix(&found[1], 16).expect("hexadecimal digits");
            format!("{:08x}{}", first ^ (time << 8), &found[2])
        };
        let message = self.uuid.replace_all(&event.message, uuid);
        let extended = |found: &Captures<'_>| format!("{}{time:02}{}", &found[1], &found[2]);
        let message = self.extended.replace_all(&message, extended);
        ShopEvent {
            time: event.time + i64::from(time) * QUARTER,
            message: message.into_owned(),
            ..event.clone()
        }
    }
}
