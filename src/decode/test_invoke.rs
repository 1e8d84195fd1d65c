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
use crate::decode::{MAX_RECORD, prose, text};
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
    let documents = window.held().get(..length).filter(|_| length < MAX_RECORD);
    let Some(tests) = documents.and_then(read) else { return false };
    emit(tests, emitter);
    window.consume_bytes(length);
    true
}

/// Decodes YAML in a block of code, or behind the command that printed it, and the text before it; how
/// many lines these are. What is behind the last block stays in the window.
pub(crate) fn yaml_behind_text<R: Read>(window: &mut Window<R>, emitter: &mut Emitter<'_>) -> u64 {
    let begins =
        |text: &[u8]| prose::before(text.get(..prose::MOST).unwrap_or(text), is_introduced);
    if begins(window.fill_to(prose::MOST)).is_none()
        || window.hold(MAX_RECORD, MAX_RECORD) >= MAX_RECORD
    {
        return 0;
    }
    let (mut rest, mut count) = (window.held(), 0);
    while let Some(start) = begins(rest)
        && let Some((text, behind)) = rest.split_at_checked(start)
        && let Some((block, behind)) = behind.split_at_checked(block(behind))
        && let Some(tests) = read(block)
    {
        text::decode(&mut Window::new(text, text.len()), emitter, None, count + 1);
        emit(tests, emitter);
        for part in [text, block] {
            count += memchr::memchr_iter(b'\n', part).count() as u64;
        }
        rest = behind;
    }
    let length = window.held().len() - rest.len();
    window.consume_bytes(length);
    count
}

/// Whether YAML begins in a block of code, or behind a command of the AWS CLI.
fn is_introduced(before: &[u8], rest: &[u8]) -> bool {
    let line = before.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_command = || memchr::memmem::find(before, b"aws ").is_some();
    is_yaml(rest) && (line.trim_ascii_start().starts_with(b"```") || is_command())
}

/// How long the block is: to the line that closes the code, or to the end.
fn block(text: &[u8]) -> usize {
    memchr::memmem::find(text, b"\n```").map_or(text.len(), |end| end + 1)
}

/// The documents, if they hold a log.
fn read(yaml: &[u8]) -> Option<Vec<Test>> {
    let yaml = std::str::from_utf8(yaml).ok()?;
    let list = yaml.strip_prefix("---\n").unwrap_or(yaml).starts_with("- ");
    let tests: Vec<Test> = if list {
        let lists = serde_saphyr::from_multiple::<Vec<Test>>(yaml).ok()?;
        lists.into_iter().flatten().collect()
    } else {
        serde_saphyr::from_multiple::<Test>(yaml).ok()?
    };
    let holds_log = tests.iter().any(|test| test.log.is_some() || !test.events.is_empty());
    holds_log.then_some(tests)
}

fn emit(tests: Vec<Test>, emitter: &mut Emitter<'_>) {
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
}
