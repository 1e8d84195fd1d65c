//! Test invocations: JSON or YAML with the execution log in the member `log`; and the YAML of
//! filter-log-events and get-log-events.
//!
//! Each document is one request, though ids repeat and headings may be missing: it gets a log
//! stream of its own, `test-invoke-1` and so on.
//!
//! Must not: make events of anything but the log.

use std::io::Read;

use serde::Deserialize;

use crate::decode::emit::{Emitter, Told};
use crate::decode::walk::Text;
use crate::decode::window::Window;
use crate::decode::{MAX_RECORD, text};
use crate::model::LogTime;

const KEYS: &[&str] =
    &["body", "events", "headers", "latency", "log", "multiValueHeaders", "status"];

#[derive(Deserialize)]
struct Test {
    log: Option<String>,
    #[serde(default)]
    events: Vec<Event>,
}

/// An event of filter-log-events or get-log-events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    message: String,
    timestamp: Option<i64>,
    ingestion_time: Option<i64>,
    log_stream_name: Option<String>,
}

/// The member `log` of a JSON document.
pub(crate) fn log(log: Text<'_>, emitter: &mut Emitter<'_>) {
    lines(log.to_text().as_bytes(), emitter);
}

fn lines(log: &[u8], emitter: &mut Emitter<'_>) {
    let stream = emitter.next_test();
    text::decode(&mut Window::new(log, log.len() + 1), emitter, Some(&stream), 1);
}

/// Whether the output of `test-invoke-method --output yaml` begins here.
pub(crate) fn is_yaml(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"---\n").unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_prefix(b"- ").unwrap_or(line);
    KEYS.iter().any(|key| {
        let value = line.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b":"));
        value.is_some_and(|value| matches!(value.first(), None | Some(b' ')))
    })
}

/// Decodes YAML; whether it was what it looked like. If not, the window is as it was.
pub(crate) fn yaml<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>) -> bool {
    let length = window.hold(MAX_RECORD, MAX_RECORD);
    if length >= MAX_RECORD {
        return false;
    }
    let Ok(yaml) = std::str::from_utf8(window.held()) else { return false };
    let list = yaml.strip_prefix("---\n").unwrap_or(yaml).starts_with("- ");
    let tests: Vec<Test> = if list {
        match serde_saphyr::from_multiple::<Vec<Test>>(yaml) {
            Ok(lists) => lists.into_iter().flatten().collect(),
            Err(_) => return false,
        }
    } else {
        match serde_saphyr::from_multiple::<Test>(yaml) {
            Ok(tests) => tests,
            Err(_) => return false,
        }
    };
    let holds_log = tests.iter().any(|test| test.log.is_some() || !test.events.is_empty());
    for test in tests {
        if let Some(log) = test.log {
            lines(log.as_bytes(), emitter);
        }
        for event in test.events {
            let line = emitter.next_ordinal();
            emitter.event(Told {
                time: event.timestamp.map(LogTime),
                ingested: event.ingestion_time.map(LogTime),
                stream: event.log_stream_name.as_deref().map(str::as_bytes),
                line,
                message: event.message.as_bytes(),
                ..Told::default()
            });
        }
    }
    if holds_log {
        window.consume_bytes(length);
    }
    holds_log
}
