//! A dead man's switch: who is pinged raises the alarm when the pings stop. The addresses are those of
//! healthchecks.io and of what speaks its language: `/start`, nothing or `/fail` behind the address,
//! and `?rid=` with one UUID for the beginning and the end of a run.
//!
//! Must not: fail a run; whoever calls tells that a ping failed, and goes on.

use std::time::Duration;

use url::Url;

use crate::model::LogTime;
use crate::notify::http::{Endpoint, Limits};
use crate::notify::settings::SecretRef;
use crate::notify::{DeliveryError, Retry};
use crate::output::escape::visible;

/// Bytes of a summary.
const LARGEST: usize = 10_000;
/// A ping must not hold up what it watches.
const LIMITS: Limits = Limits { connect: Duration::from_secs(3), whole: Duration::from_secs(5) };

/// An address that is pinged.
pub struct Ping {
    endpoint: Endpoint,
}

impl Ping {
    /// Reads the address. `now` is the time of the run.
    pub fn new(url: &SecretRef, now: LogTime) -> Result<Self, DeliveryError> {
        let url = url.read()?;
        Ok(Self { endpoint: Endpoint::new("the ping", url.expose(), LIMITS, now)? })
    }

    /// Tells that a run begins. `run` is its id, 32 hexadecimal digits.
    pub fn start(&self, run: &str) -> Result<(), DeliveryError> {
        self.send(Some("start"), run, "")
    }

    /// Tells that a run ended, and whether it was well. `summary` is text of several lines, of which
    /// some 10 kB are sent.
    pub fn finish(&self, run: &str, is_well: bool, summary: &str) -> Result<(), DeliveryError> {
        self.send(if is_well { None } else { Some("fail") }, run, summary)
    }

    /// Twice, if need be: what is pinged raises an alarm for one that is missing.
    fn send(&self, what: Option<&str>, run: &str, summary: &str) -> Result<(), DeliveryError> {
        let url = address(self.endpoint.url(), what, run);
        let body = body(summary);
        let headers = [("Content-Type", "text/plain; charset=utf-8")];
        let once = || self.endpoint.post_to(&url, &headers, body.as_bytes());
        once().or_else(|error| match error.retry {
            Retry::Later => once(),
            Retry::Never | Retry::After(_) => Err(error),
        })
    }
}

fn address(url: &Url, what: Option<&str>, run: &str) -> Url {
    let mut url = url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(what);
    }
    if let Some(uuid) = uuid(run) {
        url.query_pairs_mut().append_pair("rid", &uuid);
    }
    url
}

/// 32 hexadecimal digits in the form of a UUID.
fn uuid(run: &str) -> Option<String> {
    if run.len() != 32 || !run.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let parts =
        [run.get(..8)?, run.get(8..12)?, run.get(12..16)?, run.get(16..20)?, run.get(20..)?];
    Some(parts.join("-").to_ascii_lowercase())
}

/// Lines stay lines; nothing else in them moves a cursor.
fn body(summary: &str) -> String {
    let mut out = String::new();
    for line in summary.lines() {
        let line = visible(line);
        if out.len() + line.len() >= LARGEST {
            out.push_str("[...]\n");
            break;
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, what: Option<&str>, want: &str) {
        let url = Url::parse(url).expect("a URL");
        let run = "0123456789abcdef0123456789ABCDEF";
        assert_eq!(address(&url, what, run).as_str(), want);
    }

    #[test]
    fn what_happens_stands_behind_the_path_and_before_the_query() {
        let rid = "rid=01234567-89ab-cdef-0123-456789abcdef";
        check(
            "https://hc.example/abc",
            Some("start"),
            &format!("https://hc.example/abc/start?{rid}"),
        );
        check("https://hc.example/abc/", None, &format!("https://hc.example/abc?{rid}"));
        check(
            "https://hc.example/ping/key/slug?create=1",
            Some("fail"),
            &format!("https://hc.example/ping/key/slug/fail?create=1&{rid}"),
        );
    }

    #[test]
    fn what_is_no_id_is_left_out() {
        let url = Url::parse("https://hc.example/abc").expect("a URL");
        for run in ["", "0123", &"x".repeat(32), &"ä".repeat(16)] {
            assert_eq!(address(&url, None, run).as_str(), "https://hc.example/abc");
        }
    }

    #[test]
    fn a_summary_is_lines_without_tricks() {
        assert_eq!(body("a\x1b[2J\r\nb\u{202e}"), "a\\x1b[2J\nb\\u{202e}\n");
        assert_eq!(body(""), "");
        let long = body(&"line\n".repeat(5_000));
        assert!(long.len() <= LARGEST + 10 && long.ends_with("[...]\n"));
    }
}
