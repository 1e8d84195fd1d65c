//! Alerts and runs as sinks get them, and texts that should not get far.

use corscope::alert::event::{AlertEvent, EventKind};
use corscope::alert::run::{
    AlertCounts, DeliveryCounts, OpenAlert, ReadingCounts, RunRecord, RunStatus,
};
use corscope::model::{Confidence, Impact, Kind, LogTime, Severity};

/// What somebody may have put into a request, so that it reaches who reads of it.
pub(crate) const HOSTILE: [&str; 14] = [
    "<!channel>",
    "@everyone",
    "\u{1b}]0;owned\u{7}\u{1b}[2J",
    "<b>bold</b><script>alert(1)</script>",
    "a\r\nBcc: evil@example.com\r\n\r\nbody",
    "=cmd|' /C calc'!A0",
    "\u{202e}gpj.exe",
    "quote\" back\\slash\nnew line",
    "x | 'evil'=1;2;3",
    "%n%s%1$n",
    "$(touch owned) `touch owned` ; touch owned",
    "=?utf-8?B?QmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "\n.\nQUIT\n",
    "\u{0}\u{85}\u{2028}\u{feff}\u{e0041}",
];

pub(crate) fn time(text: &str) -> LogTime {
    LogTime::parse_rfc3339(text).expect("a time")
}

/// An alert as it usually is.
pub(crate) fn event() -> AlertEvent {
    AlertEvent {
        schema: "corscope/1".to_owned(),
        r#type: "alert".to_owned(),
        event: EventKind::New,
        key: "0123456789abcdef0123456789abcdef".to_owned(),
        fingerprint: "fedcba9876543210fedcba9876543210".to_owned(),
        rule: "lambda-own-timeout".to_owned(),
        class: "lambda-timeout".to_owned(),
        kind: Kind::Cause,
        severity: Severity::Error,
        confidence: Confidence::Confirmed,
        impact: Impact::Observed,
        title: "The function runs into its own timeout".to_owned(),
        why: "The gateway answers 504 itself, without CORS headers".to_owned(),
        fix: "Raise the timeout".to_owned(),
        effect: Some("No Access-Control-Allow-Origin".to_owned()),
        explains: vec!["acao-missing".to_owned()],
        api: Some("a1b2c3d4e5".to_owned()),
        stage: Some("prod".to_owned()),
        method: Some("GET".to_owned()),
        route: Some("/orders".to_owned()),
        origin: Some("https://shop.example".to_owned()),
        detail: None,
        status: Some(504),
        reason: None,
        request_id: None,
        evidence: vec!["Task timed out after 3.00 seconds".to_owned()],
        since: Some(time("2026-11-22T10:00:00.123Z")),
        last_seen: Some(time("2026-11-22T10:14:00Z")),
        at: time("2026-11-22T10:15:00Z"),
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

/// The same, with `text` wherever a text of a log or of a rule may stand.
pub(crate) fn event_of(text: &str) -> AlertEvent {
    let some = || Some(text.to_owned());
    AlertEvent {
        rule: text.to_owned(),
        class: text.to_owned(),
        title: text.to_owned(),
        why: text.to_owned(),
        fix: text.to_owned(),
        effect: some(),
        explains: vec![text.to_owned()],
        api: some(),
        stage: some(),
        method: some(),
        route: some(),
        origin: some(),
        detail: some(),
        reason: some(),
        request_id: some(),
        evidence: vec![text.to_owned(); 8],
        command: text.to_owned(),
        ..event()
    }
}

pub(crate) fn open_alert() -> OpenAlert {
    let event = event();
    OpenAlert {
        fingerprint: event.fingerprint,
        rule: event.rule,
        severity: event.severity,
        title: event.title,
        api: event.api,
        stage: event.stage,
        method: event.method,
        route: event.route,
        origin: event.origin,
        since: event.since,
        last_seen: event.last_seen,
        count: event.count,
    }
}

pub(crate) fn open_alert_of(text: &str) -> OpenAlert {
    let some = || Some(text.to_owned());
    OpenAlert {
        rule: text.to_owned(),
        title: text.to_owned(),
        api: some(),
        stage: some(),
        method: some(),
        route: some(),
        origin: some(),
        ..open_alert()
    }
}

/// A run that read everything and found nothing.
pub(crate) fn clear_run() -> RunRecord {
    RunRecord {
        id: "00112233445566778899aabbccddeeff".to_owned(),
        began: time("2026-11-22T10:15:00Z"),
        ended: time("2026-11-22T10:15:02.500Z"),
        from: Some(time("2026-11-22T10:00:00Z")),
        to: Some(time("2026-11-22T10:14:30Z")),
        covered_to: Some(time("2026-11-22T10:14:30Z")),
        status: RunStatus::Clear,
        problems: Vec::new(),
        notes: Vec::new(),
        alerts: AlertCounts::default(),
        open: Vec::new(),
        reading: ReadingCounts {
            events: 1200,
            bytes: 345_678,
            exchanges: 300,
            allowed: 290,
            undetermined: 10,
            ..ReadingCounts::default()
        },
        deliveries: Vec::new(),
    }
}

/// A run with these alerts.
pub(crate) fn alerting_run(open: Vec<OpenAlert>) -> RunRecord {
    let run = clear_run();
    RunRecord {
        status: RunStatus::Alerting,
        alerts: AlertCounts {
            new: 1,
            open: open.len() as u64,
            held_by_repeat: 2,
            ..AlertCounts::default()
        },
        open,
        reading: ReadingCounts { blocked: 14, allowed: 276, errors: 14, ..run.reading },
        deliveries: vec![DeliveryCounts {
            sink: "ops".to_owned(),
            delivered: 1,
            waiting: 2,
            dropped: 0,
            problem: None,
        }],
        ..run
    }
}
