//! Lines that were joined to one. Forums, mails and translations make a blank of a line end: in an execution
//! log each line begins with the time of the console's test or with the request id, and then a label. And
//! Firehose writes lines of access logs one behind the other.
//!
//! | joined line | where it was seen |
//! |---|---|
//! | `<test time> : <label> ... <test time> : <label> ...` | questions and articles of the support center |
//! | `(<id>) <label> ... (<id>) <label> ...` | the same, the message column alone |
//! | `Execution failed due to ... Method completed with status: 504` | questions, without any time |
//! | `<ip> - - [<time>] "GET ..." ... <id><ip> - - [<time>] "GET ...` | access logs in CLF that Firehose delivered |
//! | `{"requestId": ...}{"requestId": ...}` | the same in JSON that a message broke |
//!
//! A body or a header may hold such text, too, so a line is parted only where nothing else tells where
//! events end: not in text that a container stamps, nor in the log that a document holds.
//!
//! Must not: part a header map before its end.

use std::net::IpAddr;

use memchr::{memchr, memchr_iter, memmem};

use crate::decode::continuation::{is_clf_time, is_label};
use crate::decode::header::starts_with_id;
use crate::decode::stamp::test_invoke;
use crate::model::{LogTime, RequestId};

/// A line that stands in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Where it begins: with its time, or with its id.
    pub(crate) start: usize,
    /// Where its message begins.
    pub(crate) message: usize,
    pub(crate) time: Option<LogTime>,
}

/// The next line that was joined to the one whose message this is.
pub(crate) fn next(message: &[u8]) -> Option<Joined> {
    if starts_with_id(message) { behind_id(message) } else { behind_time(message) }
}

/// The next line of an access log in CLF behind the one that a text begins with.
pub(crate) fn next_in_clf(text: &[u8]) -> Option<Joined> {
    let is_time = |at: &usize| text.get(at + 1..).is_some_and(is_time_of_request);
    let mut times = memmem::find_iter(text, b" [").filter(is_time);
    times.next()?;
    let before = text.get(..times.next()?)?;
    // Address, caller and user.
    let mut words = before.rsplitn(4, |byte| *byte == b' ');
    let behind = words.next()?.len() + words.next()?.len() + 2;
    let glued = words.next()?;
    let id = match memchr::memrchr(b'=', glued) {
        Some(at) => at + 1,
        None => RequestId::MAX,
    };
    let (id, address) = glued.split_at_checked(id)?;
    if !RequestId::looks_like_extended(id) && !RequestId::looks_like_uuid(id) {
        return None;
    }
    std::str::from_utf8(address).ok()?.parse::<IpAddr>().ok()?;
    let start = before.len() - behind - address.len();
    Some(Joined { start, message: start, time: None })
}

/// `[22/Nov/2026:10:00:00 +0000] "`.
fn is_time_of_request(text: &[u8]) -> bool {
    const LENGTH: usize = b"[22/Nov/2026:10:00:00 +0000".len();
    is_clf_time(text) && text.get(LENGTH..).is_some_and(|behind| behind.starts_with(b"] \""))
}

/// The objects of a line, each of which begins with the same name.
pub(crate) fn objects(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    const LONGEST: usize = 64;
    let near = line.get(..LONGEST).unwrap_or(line);
    let name = memchr(b':', near).and_then(|colon| line.get(..colon)).unwrap_or_default();
    let is_name = name.ends_with(b"\"") && memchr_iter(b'"', name).count() == 2;
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let next = memchr_iter(b'}', text).find_map(|end| {
            let behind = text.get(end + 1..)?;
            let next = behind.trim_ascii_start();
            (is_name && next.starts_with(name)).then_some((end + 1, next))
        });
        let Some((end, next)) = next else { return Some(text) };
        rest = Some(next);
        text.get(..end)
    })
}

/// Whether what stands in front of a message is the time of the console's test, and no container's.
pub(crate) fn is_test(before: &[u8]) -> bool {
    let Some(stamp) = before.trim_ascii_end().strip_suffix(b" :") else { return false };
    stamp.last_chunk::<STAMP>().is_some_and(|stamp| test_invoke(stamp).is_some())
}

/// `Tue Oct 12 21:09:59 UTC 2021`, and how much of it is in front of ` UTC `.
const STAMP: usize = 28;
const BEFORE_ZONE: usize = 19;

fn behind_time(message: &[u8]) -> Option<Joined> {
    let found = memmem::find_iter(message, b" UTC ").find_map(|zone| {
        let start = zone.checked_sub(BEFORE_ZONE)?;
        let stamp = message.get(start..)?;
        let (time, length) = test_invoke(stamp)?;
        // The day may have two letters: a translation wrote `WE Aug 03 ...`.
        let is_parted = stamp.first() == Some(&b' ') || is_behind_blank(message, start);
        let behind = stamp.get(length..)?.strip_prefix(b" :")?;
        let label = behind.strip_prefix(b" ").unwrap_or(behind);
        let joined = Joined { start, message: message.len() - label.len(), time: Some(time) };
        (is_parted && is_label(label) && is_whole(message.get(..start)?)).then_some(joined)
    });
    found.or_else(|| status(message))
}

fn behind_id(message: &[u8]) -> Option<Joined> {
    let id = message.get(..=memchr(b')', message)?)?;
    memchr_iter(b'(', message).skip(1).find_map(|start| {
        let label = message.get(start..)?.strip_prefix(id)?.strip_prefix(b" ")?;
        let is_line =
            is_behind_blank(message, start) && is_label(label) && is_whole(message.get(..start)?);
        is_line.then_some(Joined { start, message: start, time: None })
    })
}

/// The status behind a failure, at the end of a line. The gateway alone writes what stands before it.
fn status(message: &[u8]) -> Option<Joined> {
    const LABEL: &[u8] = b" Method completed with status: ";
    let failure = message.strip_prefix(b"Execution failed due to ")?;
    let at = memmem::rfind(failure, LABEL)?;
    let code = failure.get(at + LABEL.len()..)?.trim_ascii_end();
    let start = message.len() - failure.len() + at + 1;
    (code.len() == 3 && code.iter().all(u8::is_ascii_digit)).then_some(Joined {
        start,
        message: start,
        time: None,
    })
}

fn is_behind_blank(message: &[u8], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| message.get(before)).is_some_and(u8::is_ascii_whitespace)
}

/// Whether a line has its end: that of a header map is its bracket, and what looks like a line before it
/// is the value of a header.
fn is_whole(line: &[u8]) -> bool {
    const LABEL: usize = 96;
    let head = line.get(..LABEL).unwrap_or(line);
    let end = line.trim_ascii_end();
    memmem::find(head, b" headers: {").is_none()
        || end.ends_with(b"}")
        || end.ends_with(b"[TRUNCATED]")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "Sun Nov 22 10:00:00 UTC 2026 : ";
    const ID: &str = "(5cb7ee58-39e6-11e9-be7e-29aff9674701) ";

    /// What stands before the next line, and its message.
    fn parts(message: &str) -> Option<(&str, &str)> {
        let joined = next(message.as_bytes())?;
        Some((message.get(..joined.start)?, message.get(joined.message..)?))
    }

    #[test]
    fn a_line_ends_where_the_next_one_has_a_time_or_the_same_id_and_a_label() {
        let end = "Method completed with status: 502";
        for before in [
            "Lambda execution failed with status 200 due to customer function error: no. ",
            "Method request headers: {A=b, Host=api.example} ",
            "Method request headers: {A=b, Host=api.exa [TRUNCATED] ",
            "Endpoint response body before transformations: <b>no</b>\t",
        ] {
            let (time, id) = (format!("{before}{TIME}{end}"), format!("{ID}{before}{ID}{end}"));
            assert_eq!(parts(&time), Some((before, end)));
            let (before, end) = (format!("{ID}{before}"), format!("{ID}{end}"));
            assert_eq!(parts(&id), Some((&*before, &*end)));
        }
        let failed = "Execution failed due to configuration error:";
        let short = format!("{failed} WE Aug 03 09:10:00 UTC 2022 : {end}");
        assert_eq!(parts(&short), Some((failed, end)));
        assert_eq!(
            parts(&format!("{failed} no {end} ")),
            Some((&*format!("{failed} no "), &*format!("{end} ")))
        );
    }

    #[test]
    fn lines_of_access_logs_may_have_no_ends() {
        let line = |address: &str, id: &str| {
            format!("{address} - - [21/May/2024:19:48:44 +0000] \"GET /a HTTP/1.1\" 200 2 {id}")
        };
        let uuid = "0d6f3b0a-51d7-4f3c-9a53-7a0b3e0f5a11";
        for (first, second) in [
            (line("198.51.100.4", &format!("{uuid} YIwYiFstIAMESqA=")), line("198.51.100.5", "x")),
            (line("198.51.100.4", uuid), line("2001:db8::1", "x")),
        ] {
            let both = format!("{first}{second}");
            let start = next_in_clf(both.as_bytes()).map(|joined| joined.start);
            assert_eq!(start, Some(first.len()), "{both}");
            assert_eq!(next_in_clf(second.as_bytes()), None);
            assert_eq!(next_in_clf(format!("{first} {second}").as_bytes()), None);
        }
        let objects = |line: &'static str| -> Vec<_> {
            objects(line.as_bytes()).map(|it| std::str::from_utf8(it).expect("text")).collect()
        };
        let parts = [r#"{"id":"a","m":""b""}"#, r#"{"id":"c","m":{"id":"d"}}"#];
        assert_eq!(objects(r#"{"id":"a","m":""b""} {"id":"c","m":{"id":"d"}}"#), parts);
        assert_eq!(objects(parts[1]), [parts[1]]);
        assert_eq!(objects("{a}{b}"), ["{a}{b}"]);
    }

    #[test]
    fn what_is_no_line_is_not_parted() {
        let end = "Method completed with status: 502";
        let body = "Endpoint response body before transformations:";
        for message in [
            format!("{body} {{\"log\": \"{TIME}{end}\"}}"),
            format!("{body} {TIME}all is well"),
            format!("{body} Sun Nov 22 10:00:00 UTC 2026, {end}"),
            format!("{body} {end}"),
            format!("Method request headers: {{A=b, X-Log=c {TIME}{end}, Host=api.example}}"),
            format!("{ID}Method request headers: {{A=b, X-Log=c {ID}{end}, Host=api.example}}"),
            format!("{ID}{body} (6cb7ee58-39e6-11e9-be7e-29aff9674701) {end}"),
            format!("{ID}{body} {ID}all is well"),
            format!("{ID}{body} {TIME}{end}"),
            format!("Execution failed due to {end}, or so"),
            String::new(),
        ] {
            assert_eq!(parts(&message), None, "{message}");
        }
        assert!(is_test(TIME.as_bytes()));
        assert!(is_test(b"> Sun Nov 22 10:00:00 UTC 2026 :"));
        assert!(!is_test(b"2026-11-22T10:00:00.000Z "));
    }
}
