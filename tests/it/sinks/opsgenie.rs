//! Alert API: <https://docs.opsgenie.com/docs/alert-api>.

use corscope::alert::event::EventKind;
use corscope::notify::settings::SinkTarget;
use serde_json::Value;

use crate::sinks::server::{Answer, Request, Server};
use crate::sinks::{
    arriving, body, deliver, event, keys, length, notifier, of_kind, plain, strings,
};

fn target(url: &str) -> SinkTarget {
    SinkTarget::Opsgenie { api_key: plain("s3cret-key"), url: Some(url.to_owned()) }
}

#[track_caller]
fn check(request: &Request) -> Value {
    assert_eq!(request.header("authorization"), Some("GenieKey s3cret-key"));
    let alert = body(request);
    if request.line.contains("/close") {
        assert_eq!(keys(&alert), ["note", "source", "user"]);
        assert!(length(&alert["note"]) <= 25_000);
    } else {
        assert_eq!(request.line, "POST /v2/alerts HTTP/1.1");
        check_alert(&alert);
    }
    assert!(length(&alert["user"]) <= 100 && length(&alert["source"]) <= 100);
    for text in strings(&alert) {
        assert!(!text.contains(['<', '>']), "HTML is shown as such: {text}");
    }
    alert
}

#[track_caller]
fn check_alert(alert: &Value) {
    assert_eq!(
        keys(alert),
        [
            "alias",
            "description",
            "details",
            "entity",
            "message",
            "priority",
            "source",
            "tags",
            "user"
        ]
    );
    assert!((1..=130).contains(&length(&alert["message"])));
    assert!((1..=512).contains(&length(&alert["alias"])));
    assert!(length(&alert["description"]) <= 15_000);
    assert!(length(&alert["entity"]) <= 512);
    let tags = alert["tags"].as_array().expect("tags");
    assert!(tags.len() <= 20 && tags.iter().all(|tag| length(tag) <= 50));
    let details = alert["details"].as_object().expect("details");
    let characters = details.iter().map(|(name, value)| name.chars().count() + length(value));
    assert!(characters.sum::<usize>() <= 8_000);
    let priorities = ["P1", "P2", "P3", "P4", "P5"];
    assert!(priorities.contains(&alert["priority"].as_str().expect("a priority")));
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

fn requests(kind: EventKind) -> Vec<Request> {
    let server = Server::new(vec![Answer::status(202, "")]);
    deliver(&mut *notifier(target(&server.url)), &[of_kind(kind)]).expect("delivered");
    server.requests()
}

#[test]
fn an_alert_and_its_reminders_have_one_alias() {
    for kind in [EventKind::New, EventKind::Reminder] {
        let requests = requests(kind);
        assert_eq!(requests.len(), 1);
        let alert = check(&requests[0]);
        assert_eq!(alert["alias"], event().fingerprint);
        assert_eq!(alert["priority"], "P2");
        assert_eq!(alert["entity"], "GET /orders of a1b2c3d4e5/prod");
    }
}

#[test]
fn what_is_over_is_closed_by_its_alias() {
    let requests = requests(EventKind::Resolved);
    let line =
        format!("POST /v2/alerts/{}/close?identifierType=alias HTTP/1.1", event().fingerprint);
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].line, line);
    check(&requests[0]);
}

#[test]
fn a_test_leaves_nothing_open() {
    let requests = requests(EventKind::Test);
    assert_eq!(requests.len(), 2);
    let alias = format!("corscope-test-{}", event().key);
    assert_eq!(check(&requests[0])["alias"], alias.as_str());
    assert!(requests[1].line.starts_with(&format!("POST /v2/alerts/{alias}/close?")));
}

#[test]
fn an_alias_cannot_leave_its_place_in_the_path() {
    let server = Server::new(vec![Answer::status(202, "")]);
    let mut evil = of_kind(EventKind::Resolved);
    evil.fingerprint = "../../v2/teams?x=#".to_owned();
    deliver(&mut *notifier(target(&server.url)), &[evil]).expect("delivered");
    let line = &server.requests()[0].line;
    assert_eq!(
        line,
        "POST /v2/alerts/..%2F..%2Fv2%2Fteams%3Fx=%23/close?identifierType=alias HTTP/1.1"
    );
}
