//! Test invocations: JSON or YAML with the execution log in the member `log`.
//!
//! Each document is one request, though ids repeat and headings may be missing: it gets a log
//! stream of its own, `test-invoke-1` and so on.
//!
//! Must not: make events of anything but the log.

use std::io::Read;

use serde::Deserialize;

use crate::decode::emit::Emitter;
use crate::decode::walk::Text;
use crate::decode::window::Window;
use crate::decode::{MAX_RECORD, text};

const KEYS: &[&str] = &["body", "headers", "latency", "log", "multiValueHeaders", "status"];

#[derive(Deserialize)]
struct Test {
    log: Option<String>,
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
    let logs: Vec<String> = tests.into_iter().filter_map(|test| test.log).collect();
    for log in &logs {
        lines(log.as_bytes(), emitter);
    }
    if !logs.is_empty() {
        window.consume_bytes(length);
    }
    !logs.is_empty()
}
