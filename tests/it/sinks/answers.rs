//! What becomes of an answer.

use std::cell::Cell;
use std::net::TcpListener;
use std::time::Duration;

use corscope::notify::http::{Endpoint, Limits};
use corscope::notify::retry::{self, Patience};
use corscope::notify::settings::SinkTarget;
use corscope::notify::{DeliveryError, Message, Retry};

use crate::sinks::server::{Answer, Server};
use crate::sinks::{NOW, event, notifier, plain};

fn webhook(url: &str) -> SinkTarget {
    SinkTarget::Webhook { url: plain(url), secret: None, headers: Vec::new() }
}

fn once(url: &str) -> Result<(), DeliveryError> {
    let event = event();
    notifier(webhook(url))
        .deliver(&Message { key: &event.key, events: std::slice::from_ref(&event) })
}

#[track_caller]
fn check(answer: Answer, want: Result<(), (&str, Retry)>) {
    let server = Server::new(vec![answer]);
    let outcome = once(&format!("{}/hook/T0000000/s3cr3tpath?k=s3cr3tquery", server.url));
    let told = outcome.map_err(|error| {
        let start = format!("the webhook at {} ", server.url);
        (error.problem.strip_prefix(&start).expect(&error.problem).to_owned(), error.retry)
    });
    let told = told.as_ref().copied().map_err(|(problem, retry)| (problem.as_str(), *retry));
    assert_eq!(told, want);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn two_hundred_and_some_is_delivered() {
    check(Answer::status(200, "ok"), Ok(()));
    check(Answer::status(202, ""), Ok(()));
    check(Answer::status(204, ""), Ok(()));
}

#[test]
fn what_is_refused_is_not_tried_again() {
    check(
        Answer::status(400, "invalid_payload"),
        Err(("answered 400: invalid_payload", Retry::Never)),
    );
    check(Answer::status(404, ""), Err(("answered 404", Retry::Never)));
    check(Answer::status(401, ""), Err(("answered 401", Retry::Never)));
}

#[test]
fn what_may_pass_is_tried_again() {
    for status in [408, 425, 500, 502, 504] {
        let want = format!("answered {status}: x");
        check(Answer::status(status, "x"), Err((&want, Retry::Later)));
    }
    check(Answer::status(429, ""), Err(("answered 429", Retry::Later)));
}

#[test]
fn a_service_may_say_when() {
    for status in [429, 503] {
        let want = format!("answered {status}: slow down");
        let after = Retry::After(Duration::from_secs(7));
        check(Answer::with(status, "Retry-After: 7\r\n", "slow down"), Err((&want, after)));
    }
    check(
        Answer::with(503, "Retry-After: Sun, 22 Nov 2026 10:02:00 GMT\r\n", ""),
        Err(("answered 503", Retry::After(Duration::from_mins(2)))),
    );
    check(Answer::with(503, "Retry-After: some day\r\n", ""), Err(("answered 503", Retry::Later)));
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::new(vec![Answer::status(200, "")]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/s3cret\r\n", elsewhere.url);
        let want =
            format!("answered {status}, a redirect to {}, which is not followed", elsewhere.url);
        check(Answer::with(status, &location, ""), Err((&want, Retry::Never)));
    }
    check(
        Answer::status(302, ""),
        Err(("answered 302, a redirect, which is not followed", Retry::Never)),
    );
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn an_answer_does_not_give_the_address_away_or_steer_a_terminal() {
    check(
        Answer::status(400, "no /hook/T0000000/s3cr3tpath, s3cr3tpath?k=s3cr3tquery\x1b[2J\r\nx"),
        Err(("answered 400: no [secret], [secret]?[secret]\\x1b[2J x", Retry::Never)),
    );
}

#[test]
fn a_huge_answer_is_not_read_to_the_end() {
    let huge = "x".repeat(10_000_000);
    let want = format!("answered 500: {}…", "x".repeat(199));
    check(Answer::status(500, &huge), Err((&want, Retry::Later)));
    check(Answer::status(200, &huge), Ok(()));
}

#[test]
fn no_answer_and_half_an_answer_are_tried_again() {
    for answer in
        [Answer::Nothing, Answer::Bytes(b"HTTP/1.1 20".to_vec()), Answer::Bytes(b"<html>".to_vec())]
    {
        let server = Server::new(vec![answer]);
        let error = once(&server.url).expect_err("no answer");
        assert_eq!(error.retry, Retry::Later, "{error}");
        assert!(error.problem.contains("cannot be reached"), "{error}");
    }
    check(
        Answer::Bytes(b"HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nhalf".to_vec()),
        Err(("answered 500: half", Retry::Later)),
    );
}

#[test]
fn nobody_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = once(&format!("http://{address}/s3cret")).expect_err("nobody is there");
    assert_eq!(error.retry, Retry::Later);
    let want = format!("the webhook at http://{address} cannot be reached: Connection refused");
    assert!(error.problem.starts_with(&want), "{error}");
}

#[test]
fn a_server_that_never_answers_is_left() {
    // Nobody accepts: the system does, and nothing more happens.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let short = Duration::from_millis(50);
    let limits = Limits { connect: short, whole: short };
    let endpoint = Endpoint::new("the service", &url, limits, NOW).expect("an address");
    let error = endpoint.post(&[], b"x").expect_err("no answer");
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.ends_with("did not answer in time"), "{error}");
}

#[test]
fn what_is_not_encrypted_is_no_https() {
    let server = Server::new(vec![Answer::status(200, "")]);
    let error = once(&server.url.replace("http:", "https:")).expect_err("no TLS");
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.contains("cannot be reached: "), "{error}");
}

#[test]
fn the_same_is_sent_again_until_it_arrives() {
    let answers = [
        Answer::status(500, ""),
        Answer::with(429, "Retry-After: 9\r\n", ""),
        Answer::Nothing,
        Answer::status(200, ""),
    ];
    let server = Server::new(answers.to_vec());
    let event = event();
    let waited = Cell::new(Duration::ZERO);
    let outcome = retry::deliver(
        &mut *notifier(webhook(&server.url)),
        &Message { key: &event.key, events: std::slice::from_ref(&event) },
        &mut Patience::default(),
        &|wait| waited.set(waited.get() + wait),
    );
    assert_eq!(outcome, Ok(()));
    assert!(waited.get() >= Duration::from_secs(9), "{:?}", waited.get());
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for request in &requests {
        assert_eq!(request.header("idempotency-key"), Some(event.key.as_str()));
        assert_eq!(request.body, requests[0].body);
    }
}
