//! Sinks that speak HTTP, against a server on loopback: what arrives keeps the documented limits of
//! each service, and no text from a log is more than text there.
#![expect(clippy::panic, reason = "a check that meets something else has failed")]

use corscope::alert::event::{AlertEvent, EventKind};
use corscope::model::{Confidence, Impact, Kind, LogTime, Severity};
use corscope::notify::open::open;
use corscope::notify::settings::{SecretRef, SinkSettings, SinkTarget};
use corscope::notify::{DeliveryError, Message, Notifier};
use corscope::output::escape::is_dangerous;
use serde_json::Value;

use crate::sinks::server::{Answer, Request, Server};

mod answers;
mod opsgenie;
mod pagerduty;
mod ping;
pub(crate) mod server;
mod slack;
mod teams;
mod webhook;

/// The time of the run.
const NOW: LogTime = LogTime(1_795_341_600_000);

/// Texts that would do something somewhere.
const HOSTILE: [&str; 18] = [
    "<!channel> <!here> <!everyone>",
    "<@U123ABC> <#C123|x> <!subteam^S1>",
    "@everyone @channel @here",
    "*bold* _it_ ~gone~ `code` ```block```",
    "[x](javascript:1) ![x](https://evil.example/x.png)",
    "<https://evil.example|click>",
    "<b>bold</b><script>alert(1)</script><img src=x onerror=alert(1)>",
    "<at>Somebody</at>",
    "=cmd|' /C calc'!A0",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "a\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1",
    "\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "abc\u{202e}txt.exe\u{2066}\u{200b}\u{feff}",
    "😀👩‍👩‍👧 :smile: 尺寸",
    "\"'`' \\\" \\u0041 \\",
    "{{7*7}} ${7*7} %s %n @{triggerBody()}",
    "\u{0}null\u{ffff}",
    "&lt;!channel&gt; &amp; &#60;!here&#62;",
];

fn event() -> AlertEvent {
    let text = |text: &str| Some(text.to_owned());
    AlertEvent {
        schema: "corscope/1".to_owned(),
        r#type: "alert".to_owned(),
        event: EventKind::New,
        key: "00112233445566778899aabbccddeeff".to_owned(),
        fingerprint: "ffeeddccbbaa99887766554433221100".to_owned(),
        rule: "lambda-own-timeout".to_owned(),
        class: "lambda-timeout".to_owned(),
        kind: Kind::Cause,
        severity: Severity::Error,
        confidence: Confidence::Confirmed,
        impact: Impact::Observed,
        title: "The function runs into its own timeout".to_owned(),
        why: "The gateway answers 504 itself, without CORS headers.".to_owned(),
        fix: "Raise the timeout of the function".to_owned(),
        effect: text("No Access-Control-Allow-Origin"),
        explains: vec!["acao-missing".to_owned()],
        api: text("a1b2c3d4e5"),
        stage: text("prod"),
        method: text("GET"),
        route: text("/orders"),
        origin: text("https://shop.example"),
        detail: text("3.00 s"),
        status: Some(504),
        reason: text("MissingAllowOriginHeader"),
        request_id: text("9f0a1b2c-0000-4000-8000-000000000001"),
        evidence: vec!["Task timed out after 3.00 seconds".to_owned()],
        since: LogTime::parse_rfc3339("2026-11-22T10:00:00Z"),
        last_seen: LogTime::parse_rfc3339("2026-11-22T10:14:00Z"),
        at: NOW,
        count: 14,
        more: 14,
        requests: Some(20),
        held_back: 0,
        is_flapping: false,
        openings: 1,
        is_complete: true,
        command: "corscope scan --origin https://shop.example".to_owned(),
    }
}

fn of_kind(kind: EventKind) -> AlertEvent {
    AlertEvent { event: kind, ..event() }
}

/// `text` wherever a text from a log, a rule or a state file may stand.
fn saying(text: &str) -> AlertEvent {
    let some = || Some(text.to_owned());
    AlertEvent {
        rule: text.to_owned(),
        class: text.to_owned(),
        title: text.to_owned(),
        why: text.to_owned(),
        fix: text.to_owned(),
        effect: some(),
        explains: vec![text.to_owned(); 3],
        api: some(),
        stage: some(),
        method: some(),
        route: some(),
        origin: some(),
        detail: some(),
        reason: some(),
        request_id: some(),
        evidence: vec![text.to_owned(); 6],
        command: text.to_owned(),
        ..event()
    }
}

/// Batches of events that every sink has to survive.
fn batches() -> Vec<Vec<AlertEvent>> {
    let numbered = |number: u32| AlertEvent {
        fingerprint: format!("{number:032x}"),
        title: format!("Finding {number}"),
        ..event()
    };
    let mut batches = vec![vec![event()], (0..30).map(numbered).collect()];
    let kinds = [EventKind::Reminder, EventKind::Resolved, EventKind::Test];
    batches.push(kinds.map(of_kind).to_vec());
    let doubtful = AlertEvent {
        confidence: Confidence::Possible,
        impact: Impact::Latent,
        is_flapping: true,
        is_complete: false,
        ..event()
    };
    batches.push(vec![doubtful]);
    for long in ["x", "😀", "\u{1b}"] {
        batches.push(vec![saying(&long.repeat(100_000 / long.len()))]);
    }
    for long in ["\"", "尺", "😀", "& ", "<", "\u{1b}"] {
        batches.push(vec![saying(&long.repeat(500)); 12]);
    }
    batches.extend(HOSTILE.map(|text| vec![saying(text)]));
    batches.push(HOSTILE.map(saying).to_vec());
    batches.push(vec![saying("")]);
    batches
}

fn settings(target: SinkTarget) -> SinkSettings {
    SinkSettings { name: "it".to_owned(), target, min_severity: Severity::Info, events: Vec::new() }
}

fn notifier(target: SinkTarget) -> Box<dyn Notifier> {
    open(&settings(target), NOW).expect("a sink")
}

fn plain(text: &str) -> SecretRef {
    SecretRef::Plain(text.to_owned())
}

/// Delivers events in messages of as many as the sink takes.
fn deliver(notifier: &mut dyn Notifier, events: &[AlertEvent]) -> Result<(), DeliveryError> {
    for events in events.chunks(notifier.most()) {
        notifier.deliver(&Message { key: &events[0].key, events })?;
    }
    Ok(())
}

/// What arrives of all batches.
fn arriving(status: u16, target: impl Fn(&str) -> SinkTarget) -> Vec<(usize, Vec<Request>)> {
    let arrived = batches().into_iter().map(|events| {
        let server = Server::new(vec![Answer::status(status, "ok")]);
        deliver(&mut *notifier(target(&server.url)), &events).expect("delivered");
        (events.len(), server.requests())
    });
    arrived.collect()
}

/// The body; nothing in it, and in what its strings say, moves a cursor or is not seen.
fn body(request: &Request) -> Value {
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-evil"), None);
    let text = std::str::from_utf8(&request.body).expect("UTF-8");
    assert!(!text.contains(is_dangerous), "{text}");
    let value: Value = serde_json::from_str(text).expect("JSON");
    for string in strings(&value) {
        assert!(!string.replace('\n', "").contains(is_dangerous), "{string}");
    }
    value
}

/// All strings, names of fields included.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| std::iter::once(name.as_str()).chain(strings(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn length(text: &Value) -> usize {
    text.as_str().expect("a text").chars().count()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
