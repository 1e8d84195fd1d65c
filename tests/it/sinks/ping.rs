//! The dead man's switch: <https://healthchecks.io/docs/http_api/>.

use corscope::notify::Retry;
use corscope::notify::ping::Ping;

use crate::sinks::server::{Answer, Server};
use crate::sinks::{HOSTILE, NOW, plain};

const RUN: &str = "00112233445566778899aabbccddeeff";
const RID: &str = "rid=00112233-4455-6677-8899-aabbccddeeff";

fn ping(server: &Server, path: &str) -> Ping {
    Ping::new(&plain(&format!("{}{path}", server.url)), NOW).expect("an address")
}

#[test]
fn a_run_begins_and_ends_with_one_id() {
    let server = Server::new(vec![Answer::status(200, "OK")]);
    let ping = ping(&server, "/key/slug?create=1");
    ping.start(RUN).expect("told");
    ping.finish(RUN, true, "nothing is open").expect("told");
    ping.finish(RUN, false, "no logs").expect("told");
    let lines: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(
        lines,
        [
            format!("POST /key/slug/start?create=1&{RID} HTTP/1.1"),
            format!("POST /key/slug?create=1&{RID} HTTP/1.1"),
            format!("POST /key/slug/fail?create=1&{RID} HTTP/1.1"),
        ]
    );
    assert_eq!(server.requests()[1].body, b"nothing is open\n");
}

#[test]
fn a_ping_is_tried_twice() {
    let server = Server::new(vec![Answer::status(500, ""), Answer::status(200, "")]);
    ping(&server, "/x").start(RUN).expect("told");
    assert_eq!(server.requests().len(), 2);
    let server = Server::new(vec![Answer::Nothing]);
    let error = ping(&server, "/x").start(RUN).expect_err("nobody answers");
    assert_eq!((error.retry, server.requests().len()), (Retry::Later, 2));
    let server = Server::new(vec![Answer::status(404, "not found")]);
    let error = ping(&server, "/x").start(RUN).expect_err("refused");
    assert_eq!((error.retry, server.requests().len()), (Retry::Never, 1));
    assert_eq!(error.problem, format!("the ping at {} answered 404: not found", server.url));
}

#[test]
fn a_summary_is_short_and_harmless() {
    let server = Server::new(vec![Answer::status(200, "")]);
    let ping = ping(&server, "/x");
    ping.finish(RUN, true, &HOSTILE.join("\n")).expect("told");
    ping.finish(RUN, true, &"a line\n".repeat(100_000)).expect("told");
    for request in server.requests() {
        let text = String::from_utf8(request.body.clone()).expect("UTF-8");
        assert!(text.len() <= 10_010);
        assert!(!text.replace('\n', "").contains(corscope::output::escape::is_dangerous));
        assert_eq!(request.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}
