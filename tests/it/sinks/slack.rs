//! Slack's blocks: <https://docs.slack.dev/reference/block-kit/blocks>.

use corscope::notify::settings::SinkTarget;
use serde_json::Value;

use crate::sinks::server::{Answer, Server};
use crate::sinks::{arriving, body, deliver, event, keys, length, notifier, plain, strings};

fn target(url: &str) -> SinkTarget {
    SinkTarget::Slack { url: plain(&format!("{url}/services/T0/B0/x")) }
}

#[track_caller]
fn check(payload: &Value) {
    assert_eq!(
        keys(payload),
        ["blocks", "link_names", "mrkdwn", "text", "unfurl_links", "unfurl_media"]
    );
    for switch in ["link_names", "mrkdwn", "unfurl_links", "unfurl_media"] {
        assert_eq!(payload[switch], false, "{switch}");
    }
    assert!((1..=4_000).contains(&length(&payload["text"])));
    let blocks = payload["blocks"].as_array().expect("blocks");
    assert!((1..=50).contains(&blocks.len()), "{} blocks", blocks.len());
    for block in blocks {
        match block["type"].as_str().expect("a type") {
            "header" => check_text(&block["text"], 150),
            "section" => check_text(&block["text"], 3_000),
            "context" => {
                let elements = block["elements"].as_array().expect("elements");
                assert!((1..=10).contains(&elements.len()));
                for element in elements {
                    check_text(element, 2_000);
                }
            }
            "divider" => assert_eq!(keys(block), ["type"]),
            other => panic!("a block of type {other}"),
        }
    }
    let strings = strings(payload);
    let characters: usize = strings.iter().map(|text| text.chars().count()).sum();
    assert!(characters <= 13_000, "{characters} characters");
    for text in strings {
        assert!(!text.contains(['<', '>']), "{text}");
        let bare = ["&amp;", "&lt;", "&gt;"]
            .iter()
            .fold(text.to_owned(), |text, entity| text.replace(entity, ""));
        assert!(!bare.contains('&'), "{text}");
    }
}

/// Only plain text: in `mrkdwn`, a log could write markup.
#[track_caller]
fn check_text(object: &Value, longest: usize) {
    assert_eq!(keys(object), ["emoji", "text", "type"]);
    assert_eq!((&object["type"], &object["emoji"]), (&"plain_text".into(), &false.into()));
    assert!((1..=longest).contains(&length(&object["text"])), "{object}");
}

#[test]
fn whatever_happens_fits_and_is_text() {
    for (events, requests) in arriving(200, target) {
        assert_eq!(requests.len(), events.div_ceil(10));
        for request in requests {
            assert_eq!(request.line, "POST /services/T0/B0/x HTTP/1.1");
            check(&body(&request));
        }
    }
}

#[test]
fn a_message_says_what_why_and_what_to_do() {
    let server = Server::new(vec![Answer::status(200, "ok")]);
    deliver(&mut *notifier(target(&server.url)), &[event()]).expect("delivered");
    let payload = body(&server.requests()[0]);
    let text = strings(&payload).join("\n");
    for part in [
        "NEW error: The function runs into its own timeout: No Access-Control-Allow-Origin",
        "GET /orders of a1b2c3d4e5/prod, for https://shop.example",
        "Since 2026-11-22T10:00:00Z: 14 of 20 requests.",
        "The gateway answers 504 itself",
        "Fix: Raise the timeout of the function.",
        "More: corscope scan --origin https://shop.example",
        "lambda-own-timeout · ffeeddccbbaa99887766554433221100",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
