//! Adaptive Cards 1.4: <https://adaptivecards.io/explorer/>. Messages of Teams have at most 28 KB.

use corscope::notify::settings::SinkTarget;
use serde_json::{Value, json};

use crate::sinks::server::{Answer, Server};
use crate::sinks::{arriving, body, deliver, event, keys, notifier, plain, strings};

fn target(url: &str) -> SinkTarget {
    SinkTarget::Teams { url: plain(&format!("{url}/workflows/x?sig=y")) }
}

#[track_caller]
fn check(payload: &Value) {
    assert_eq!(keys(payload), ["attachments", "type"]);
    assert_eq!(payload["type"], "message");
    let attachments = payload["attachments"].as_array().expect("attachments");
    let [attachment] = attachments.as_slice() else { panic!("one attachment") };
    assert_eq!(keys(attachment), ["content", "contentType", "contentUrl"]);
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(attachment["contentUrl"], Value::Null);
    let card = &attachment["content"];
    assert_eq!(keys(card), ["$schema", "body", "msteams", "type", "version"]);
    assert_eq!(card["$schema"], "http://adaptivecards.io/schemas/adaptive-card.json");
    assert_eq!((&card["type"], &card["version"]), (&"AdaptiveCard".into(), &"1.4".into()));
    assert_eq!(card["msteams"], json!({ "width": "Full" }), "no mentions");
    let elements = card["body"].as_array().expect("a body");
    assert!(!elements.is_empty());
    elements.iter().for_each(check_element);
}

/// No element that reads Markdown, loads something or does something.
#[track_caller]
fn check_element(element: &Value) {
    match element["type"].as_str().expect("a type") {
        "Container" => {
            assert_eq!(keys(element), ["items", "separator", "style", "type"]);
            let styles = ["default", "emphasis", "good", "attention", "warning", "accent"];
            assert!(styles.contains(&element["style"].as_str().expect("a style")));
            element["items"].as_array().expect("items").iter().for_each(check_element);
        }
        "RichTextBlock" => {
            assert_eq!(keys(element), ["inlines", "type"]);
            for run in element["inlines"].as_array().expect("inlines") {
                assert_eq!(keys(run), ["text", "type", "weight"]);
                assert_eq!(run["type"], "TextRun");
                let weights = ["Default", "Lighter", "Bolder"];
                assert!(weights.contains(&run["weight"].as_str().expect("a weight")));
                assert!(!run["text"].as_str().expect("a text").is_empty());
            }
        }
        other => panic!("an element of type {other}"),
    }
}

#[test]
fn whatever_happens_fits_and_is_text() {
    for (events, requests) in arriving(202, target) {
        assert_eq!(requests.len(), events.div_ceil(10));
        for request in requests {
            assert!(request.body.len() <= 28 * 1024, "{} bytes", request.body.len());
            check(&body(&request));
        }
    }
}

#[test]
fn ordinary_events_are_all_shown() {
    let server = Server::new(vec![Answer::status(202, "")]);
    deliver(&mut *notifier(target(&server.url)), &vec![event(); 10]).expect("delivered");
    let payload = body(&server.requests()[0]);
    let text = strings(&payload).join("\n");
    assert_eq!(text.matches("Since 2026-11-22T10:00:00Z: 14 of 20 requests.").count(), 10);
    assert!(text.contains("10 CORS alerts (10 new)"));
    assert!(!text.contains(" more"), "{text}");
}

#[test]
fn what_has_no_room_is_counted() {
    let server = Server::new(vec![Answer::status(202, "")]);
    let long = crate::sinks::saying(&"😀".repeat(500));
    deliver(&mut *notifier(target(&server.url)), &vec![long; 10]).expect("delivered");
    let payload = body(&server.requests()[0]);
    let containers = payload["attachments"][0]["content"]["body"].as_array().expect("a body");
    let shown = containers.iter().filter(|element| element["type"] == "Container").count();
    assert!((1..10).contains(&shown), "{shown}");
    assert!(strings(&payload).contains(&format!("+{} more", 10 - shown).as_str()));
}
