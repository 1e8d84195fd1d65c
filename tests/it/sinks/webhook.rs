//! The generic webhook: the event as it is, signed, and sent once.

use corscope::alert::event::AlertEvent;
use corscope::notify::open::open;
use corscope::notify::settings::{SecretRef, SinkTarget};
use corscope::output::escape::is_dangerous;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::sinks::server::{Answer, Server};
use crate::sinks::{
    HOSTILE, NOW, arriving, batches, deliver, event, notifier, plain, saying, settings,
};

fn target(url: &str) -> SinkTarget {
    SinkTarget::Webhook {
        url: plain(&format!("{url}/hook?team=web")),
        secret: Some(plain("s3cret")),
        headers: vec![("X-Team".to_owned(), plain("Bearer web"))],
    }
}

#[test]
fn every_event_arrives_as_it_is_and_nothing_in_it_is_invisible() {
    for ((_, requests), events) in arriving(200, target).iter().zip(batches()) {
        assert_eq!(requests.len(), events.len());
        for (request, event) in requests.iter().zip(events) {
            let text = std::str::from_utf8(&request.body).expect("UTF-8");
            assert!(!text.contains(is_dangerous));
            assert_eq!(serde_json::from_str::<AlertEvent>(text).expect("an event"), event);
            assert_eq!(request.header("x-evil"), None);
        }
    }
}

#[test]
fn a_request_says_what_it_is() {
    let server = Server::new(vec![Answer::status(200, "")]);
    deliver(&mut *notifier(target(&server.url)), &[event()]).expect("delivered");
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /hook?team=web HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("idempotency-key"), Some(event().key.as_str()));
    assert_eq!(request.header("x-team"), Some("Bearer web"));
    assert_eq!(request.header("user-agent"), Some(concat!("corscope/", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_signature_can_be_recomputed() {
    let server = Server::new(vec![Answer::status(200, "")]);
    let events = HOSTILE.map(saying);
    deliver(&mut *notifier(target(&server.url)), &events).expect("delivered");
    for request in server.requests() {
        let field = request.header("x-corscope-signature").expect("a signature");
        let (time, signature) = field.split_once(",v1=").expect("two parts");
        let time = time.strip_prefix("t=").expect("a time");
        assert_eq!(time.parse(), Ok(NOW.0 / 1000));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"s3cret").expect("a key");
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(&request.body);
        let want: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signature, want);
    }
}

#[test]
fn what_is_not_configured_is_not_sent() {
    let server = Server::new(vec![Answer::status(200, "")]);
    let target = SinkTarget::Webhook { url: plain(&server.url), secret: None, headers: Vec::new() };
    deliver(&mut *notifier(target), &[event()]).expect("delivered");
    assert_eq!(server.requests()[0].header("x-corscope-signature"), None);
}

#[test]
fn headers_cannot_break_a_request() {
    let fields = [
        ("X-A", "a\r\nX-Evil: 1"),
        ("X-A\r\nX-Evil", "1"),
        ("Host", "evil.example"),
        ("Content-Length", "0"),
        ("", "a"),
        ("X-A", "\u{202e}"),
    ];
    for (name, value) in fields {
        let headers = vec![(name.to_owned(), plain(value))];
        let url = plain("http://127.0.0.1:9/");
        let target = SinkTarget::Webhook { url, secret: None, headers };
        assert!(open(&settings(target), NOW).is_err(), "{name}: {value}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_named_and_may_be_there_later() {
    let missing = SecretRef::Env("CORSCOPE_NO_SUCH_SECRET".to_owned());
    let target = SinkTarget::Webhook { url: missing, secret: None, headers: Vec::new() };
    let error = open(&settings(target), NOW).err().expect("no secret");
    assert_eq!(error.problem, "the environment variable `CORSCOPE_NO_SUCH_SECRET` is not set");
    assert_eq!(error.retry, corscope::notify::Retry::Later);
}
