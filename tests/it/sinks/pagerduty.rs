//! Events API v2: <https://developer.pagerduty.com/docs/events-api-v2/trigger-events/>.

use chrono::DateTime;
use corscope::alert::event::EventKind;
use corscope::notify::Retry;
use corscope::notify::open::open;
use corscope::notify::settings::SinkTarget;
use serde_json::Value;

use crate::sinks::server::{Answer, Request, Server};
use crate::sinks::{
    NOW, arriving, body, deliver, event, keys, length, notifier, of_kind, plain, settings,
};

const KEY: &str = "0123456789abcdef0123456789ABCDEF";

fn target(url: &str) -> SinkTarget {
    SinkTarget::PagerDuty { routing_key: plain(KEY), url: Some(url.to_owned()) }
}

#[track_caller]
fn check(request: &Request) -> Value {
    assert_eq!(request.line, "POST /v2/enqueue HTTP/1.1");
    assert!(request.body.len() <= 512 * 1024);
    let event = body(request);
    assert_eq!(event["routing_key"], KEY);
    assert!((1..=255).contains(&length(&event["dedup_key"])));
    match event["event_action"].as_str().expect("an action") {
        "resolve" => assert_eq!(keys(&event), ["dedup_key", "event_action", "routing_key"]),
        "trigger" => {
            assert_eq!(
                keys(&event),
                ["client", "dedup_key", "event_action", "payload", "routing_key"]
            );
            check_payload(&event["payload"]);
        }
        other => panic!("an action {other}"),
    }
    event
}

#[track_caller]
fn check_payload(payload: &Value) {
    let known = [
        "class",
        "component",
        "custom_details",
        "group",
        "severity",
        "source",
        "summary",
        "timestamp",
    ];
    assert!(keys(payload).iter().all(|key| known.contains(key)), "{:?}", keys(payload));
    assert!((1..=1_024).contains(&length(&payload["summary"])));
    assert!((1..=255).contains(&length(&payload["source"])));
    let severity = payload["severity"].as_str().expect("a severity");
    assert!(["critical", "error", "warning", "info"].contains(&severity));
    let timestamp = payload["timestamp"].as_str().expect("a timestamp");
    assert!(DateTime::parse_from_rfc3339(timestamp).is_ok(), "{timestamp}");
    let details = payload["custom_details"].as_object().expect("an object");
    assert!(details.values().all(Value::is_string));
}

#[test]
fn whatever_happens_fits_and_is_text() {
    for (events, requests) in arriving(202, target) {
        assert!(requests.len() >= events);
        for request in &requests {
            check(request);
        }
    }
}

/// The actions and keys of one event of a kind.
fn actions(kind: EventKind) -> Vec<(String, String)> {
    let server = Server::new(vec![Answer::status(202, "{\"status\":\"success\"}")]);
    deliver(&mut *notifier(target(&server.url)), &[of_kind(kind)]).expect("delivered");
    let events = server.requests().into_iter().map(|request| check(&request));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    events.map(|event| (text(&event["event_action"]), text(&event["dedup_key"]))).collect()
}

#[test]
fn an_alert_is_one_incident_from_beginning_to_end() {
    let of = |action: &str| vec![(action.to_owned(), event().fingerprint)];
    assert_eq!(actions(EventKind::New), of("trigger"));
    assert_eq!(actions(EventKind::Reminder), of("trigger"));
    assert_eq!(actions(EventKind::Resolved), of("resolve"));
}

#[test]
fn a_test_leaves_nothing_open() {
    let key = format!("corscope-test-{}", event().key);
    let both = ["trigger", "resolve"].map(|action| (action.to_owned(), key.clone()));
    assert_eq!(actions(EventKind::Test), both);
}

#[test]
fn what_responders_need_is_there() {
    let server = Server::new(vec![Answer::status(202, "")]);
    deliver(&mut *notifier(target(&server.url)), &[event()]).expect("delivered");
    let payload = &check(&server.requests()[0])["payload"];
    assert_eq!(payload["severity"], "error");
    assert_eq!(payload["source"], "a1b2c3d4e5/prod");
    assert_eq!(payload["component"], "GET /orders of a1b2c3d4e5/prod");
    assert_eq!(payload["class"], "lambda-timeout");
    assert_eq!(payload["timestamp"], "2026-11-22T10:14:00.000Z");
    assert_eq!(payload["custom_details"]["fix"], "Raise the timeout of the function");
    assert_eq!(payload["custom_details"]["evidence"], "Task timed out after 3.00 seconds");
}

#[test]
fn a_refusal_is_final_and_hides_the_key() {
    let answer = format!("{{\"errors\":[\"no integration {KEY}\"]}}");
    let server = Server::new(vec![Answer::status(400, &answer)]);
    let error = deliver(&mut *notifier(target(&server.url)), &[event()]).expect_err("refused");
    assert_eq!(error.retry, Retry::Never);
    assert!(error.problem.contains("answered 400: {\"errors\""), "{error}");
    assert!(!error.problem.contains(KEY), "{error}");
}

#[test]
fn a_key_of_another_length_is_told_without_the_key() {
    let target = SinkTarget::PagerDuty { routing_key: plain("s3cret"), url: None };
    let error = open(&settings(target), NOW).err().expect("no key");
    assert_eq!(error.problem, "PagerDuty: the routing key has 6 characters, not 32");
}
