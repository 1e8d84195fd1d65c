//! What viewers of logs print in front of lines.
//!
//! | viewer | line |
//! |---|---|
//! | `saw` | `[<time>] <message>`, `[<time>] (<end of the stream>) <message>` |
//! | `zappa tail` | `[<milliseconds>] <message>` |
//! | `claudia` | `[Thu Apr 06 2017 20:19:28 GMT+0000 (UTC)] <message>` |
//! | `pulumi logs` | `<time>[   <function>] <message>` |
//! | `rdk logs` | `<time> - <message>` |
//! | forwarders | `[/aws/lambda/<function>] <message>` |
//! | Netlify | `Sep 14, 09:03:01 PM: <message>` |
//! | Docker Compose | `<service>  \| <message>` |
//! | `apilogs` | `[<end of the id>] [<time>] <message>` |
//! | others | anything that ends in a mark, and a line that only Lambda writes |
//!
//! Must not: take a line for one unless what stands behind is what Lambda writes.

use std::sync::LazyLock;

use chrono::DateTime;
use memchr::{memchr, memchr_iter, memmem};

use crate::decode::continuation::is_usual_start;
use crate::decode::header::{Begin, Head, millis};
use crate::decode::marking::{is_lambda, is_of_platform};
use crate::decode::stamp::{Clock, EXPORT, Separator};
use crate::model::{LogTime, RequestId};

/// Longer ones are text.
const MOST: usize = 256;

fn near(text: &[u8]) -> &[u8] {
    text.get(..MOST).unwrap_or(text)
}

/// What a line is that one of them wrote, without blanks in front.
pub(super) fn begin(line: &[u8], at: usize, clock: &mut Clock) -> Option<Begin> {
    let text = line.get(at..)?;
    if let Some(begun) = behind_end_of_id(line, at, clock) {
        return Some(begun);
    }
    if let Some(message) = behind_twelve_hours(text) {
        return Some(Begin::Stamped(Head::at(line.len() - message.len())));
    }
    let (time, message) = in_brackets(text, clock)
        .filter(|(time, message)| {
            // Loggers of applications put times in brackets in front of a level, too, but not so.
            let is_sure = time.is_none() || is_in_millis(text);
            is_message(message, clock) && (is_sure || !message.starts_with(b"["))
        })
        .or_else(|| behind_name(text, clock))
        .or_else(|| behind_service(text, clock).map(|message| (None, message)))
        .or_else(|| behind_anything(text, clock))?;
    let head = Head { time, ..Head::at(line.len() - message.len()) };
    Some(if time.is_some() { Begin::Stamped(head) } else { Begin::Usual(head) })
}

/// `[2b4492] [2026-11-22 10:00:00] <message>` of an execution log: the end of the request id, and a time in
/// any zone.
fn behind_end_of_id(line: &[u8], at: usize, clock: &mut Clock) -> Option<Begin> {
    let (id, behind) = line.get(at..)?.strip_prefix(b"[")?.split_first_chunk::<6>()?;
    let text = behind.strip_prefix(b"] [")?;
    let stamp = clock.iso(text).filter(|stamp| stamp.separator == Separator::Blank)?;
    let text = text.get(stamp.length..)?.strip_prefix(b"] ")?;
    (id.iter().all(u8::is_ascii_hexdigit) && is_usual_start(text))
        .then(|| Begin::Usual(Head::at(line.len() - text.len())))
}

/// Whether a viewer puts times in brackets in front of messages.
#[derive(Debug, Default)]
pub(super) struct Brackets {
    are_used: bool,
}

impl Brackets {
    /// What a line is: behind one that showed them, any message stands behind `[<time>] `.
    #[inline]
    pub(super) fn read(&mut self, begun: Begin, line: &[u8], clock: &mut Clock) -> Begin {
        if !line.starts_with(b"[") {
            return begun;
        }
        match begun {
            Begin::Stamped(_) => self.are_used = true,
            Begin::Unknown if self.are_used => {
                if let Some((time @ Some(_), message)) = in_brackets(line, clock) {
                    let message = line.len() - message.len();
                    return Begin::Stamped(Head { time, ..Head::at(message) });
                }
            }
            Begin::Unknown
            | Begin::Alone(_)
            | Begin::Certain(_)
            | Begin::Usual(_)
            | Begin::Blank
            | Begin::Title
            | Begin::Noise => {}
        }
        begun
    }
}

/// What stands behind `[<time>] ` or `[<group>] `, and the time.
fn in_brackets<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Option<LogTime>, &'a [u8])> {
    let inner = text.strip_prefix(b"[")?;
    let (inside, message) = inner.split_at_checked(memchr(b']', near(inner))?)?;
    let message = message.strip_prefix(b"] ")?;
    if inside.starts_with(b"/aws/lambda/") {
        return Some((None, message));
    }
    let time = time_in(inside, clock)?;
    Some((Some(time), behind_stream(message).unwrap_or(message)))
}

/// What stands behind `Sep 14, 09:03:01 PM: `, of which nobody says the year and the zone.
fn behind_twelve_hours(text: &[u8]) -> Option<&[u8]> {
    let ([first, _, _, b' '], behind) = text.split_first_chunk()? else { return None };
    let (day, behind) = behind.split_at_checked(memchr(b',', behind.get(..3)?)?)?;
    let [b',', b' ', h1, h2, b':', m1, m2, b':', s1, s2, half @ ..] = behind else { return None };
    let message = half.strip_prefix(b" AM: ").or_else(|| half.strip_prefix(b" PM: "))?;
    let mut digits = day.iter().chain([h1, h2, m1, m2, s1, s2]);
    (first.is_ascii_uppercase() && digits.all(u8::is_ascii_digit)).then_some(message)
}

/// What stands behind `<time>[   <function>] `, and the time.
fn behind_name<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Option<LogTime>, &'a [u8])> {
    let stamp = clock.iso(text)?;
    let inner = text.get(stamp.length..)?.strip_prefix(b"[ ")?;
    let message = inner.get(memchr(b']', near(inner))? + 1..)?.strip_prefix(b" ")?;
    Some((Some(stamp.time), message))
}

/// Whether a text begins with `[<milliseconds>]`.
fn is_in_millis(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"[").and_then(|text| text.get(..memchr(b']', text)?));
    digits.and_then(millis).is_some()
}

/// A time that stands alone, as ISO 8601, milliseconds, or a date of JavaScript.
fn time_in(text: &[u8], clock: &mut Clock) -> Option<LogTime> {
    if let Some(stamp) = clock.iso(text) {
        return (stamp.length == text.len()).then_some(stamp.time);
    }
    millis(text).or_else(|| {
        let date = text.get(..b"Thu Apr 06 2017 20:19:28 GMT+0000".len())?;
        let date = std::str::from_utf8(date).ok()?;
        let time = DateTime::parse_from_str(date, "%a %b %d %Y %H:%M:%S GMT%z").ok()?;
        Some(LogTime(time.timestamp_millis()))
    })
}

/// What stands behind `(abcdef12) `, the end of a stream's name.
fn behind_stream(text: &[u8]) -> Option<&[u8]> {
    let (name, behind) = text.strip_prefix(b"(")?.split_first_chunk::<8>()?;
    name.iter().all(u8::is_ascii_hexdigit).then(|| behind.strip_prefix(b") "))?
}

/// What stands behind `<service>  | `.
fn behind_service<'a>(text: &'a [u8], clock: &mut Clock) -> Option<&'a [u8]> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let name = text.iter().take(MOST).take_while(is_name).count();
    let message = text.get(name..)?.trim_ascii_start().strip_prefix(b"| ")?;
    (name > 0 && is_message(message, clock)).then_some(message)
}

static REQUEST: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("RequestId: "));

/// A line of Lambda, of which the platform's are whole, behind anything that ends in a mark, and the time in
/// front.
fn behind_anything<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(Option<LogTime>, &'a [u8])> {
    let whole = whole_at(text);
    let at = whole.or_else(|| stamped_at(text, clock))?;
    let (before, message) = text.split_at_checked(at)?;
    let is_mark =
        matches!(before, [.., b']' | b'|' | b'-', b' '] | [.., b']', b':', b' '] | [.., b'\t']);
    // Text that mentions a line of the other kinds has a colon in front of it.
    let is_sure = whole.is_some() && !message.starts_with(b"RequestId: ");
    let follows_mark = is_mark || is_sure && before.ends_with(b": ");
    if !follows_mark {
        return None;
    }
    let words = before.split_inclusive(|byte| *byte == b' ' || *byte == b'[');
    let starts = words.scan(0, |at, word| Some(std::mem::replace(at, *at + word.len())));
    let time = starts.into_iter().find_map(|at| clock.iso(before.get(at..)?));
    Some((time.map(|stamp| stamp.time), message))
}

/// Where one of the platform's lines begins.
fn whole_at(text: &[u8]) -> Option<usize> {
    let label = REQUEST.find(near(text))?;
    let before = text.get(..label)?;
    let words = [b"START ".as_slice(), b"END ", b"REPORT ", b""];
    let word = words.iter().find(|word| before.ends_with(word))?;
    let at = label - word.len();
    text.get(at..).is_some_and(is_whole).then_some(at)
}

/// Where the time and the request id begin that Lambda writes in front of what a function prints.
fn stamped_at(text: &[u8], clock: &mut Clock) -> Option<usize> {
    memchr_iter(b'Z', near(text)).find_map(|end| {
        let at = (end + 1).checked_sub(EXPORT)?;
        (at > 0 && is_lambda(text.get(at..)?, clock)).then_some(at)
    })
}

/// Whether a line of the platform has all that belongs to it: text may mention one.
fn is_whole(message: &[u8]) -> bool {
    if message.starts_with(b"RequestId: ") {
        return is_of_platform(message);
    }
    let Some((word, rest)) = message.split_at_checked(memchr(b' ', message).unwrap_or(0)) else {
        return false;
    };
    let rest = rest.strip_prefix(b" RequestId: ").unwrap_or_default();
    let Some((id, behind)) = rest.split_first_chunk::<{ RequestId::MAX }>() else { return false };
    let behind = behind.trim_ascii();
    RequestId::looks_like_uuid(id)
        && match word {
            b"START" => behind.starts_with(b"Version: "),
            b"REPORT" => memmem::find(behind, b"Duration: ").is_some(),
            _ => behind.is_empty(),
        }
}

fn is_message(text: &[u8], clock: &mut Clock) -> bool {
    is_usual_start(text)
        || is_lambda(text, clock)
        || text.starts_with(b"{\"")
        || is_timeout_without_id(text, clock)
}

/// `<time>  Task timed out after 3.00 seconds`.
fn is_timeout_without_id(text: &[u8], clock: &mut Clock) -> bool {
    let behind = clock.iso(text).and_then(|stamp| text.get(stamp.length..)).unwrap_or_default();
    behind.trim_ascii_start().starts_with(b"Task timed out after ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "START RequestId: 9130fe6d-4a72-460f-87bb-2e3ede273772 Version: $LATEST";
    const LINE: &str = "2021-04-17T00:30:46.123Z\t9130fe6d-4a72-460f-87bb-2e3ede273772\tINFO\thi";

    #[test]
    fn what_stands_in_front_is_told_from_the_message() {
        let mut clock = Clock::default();
        for (prefix, time) in [
            ("[2021-04-17T12:30:43+12:00] ", Some(1_618_619_443_000)),
            ("[2024-11-20 01:07:34.051000] ", Some(1_732_064_854_051)),
            ("[2021-04-17T12:30:43+12:00] (abcdef12) ", Some(1_618_619_443_000)),
            ("[1553875879150] ", Some(1_553_875_879_150)),
            ("[Thu Apr 06 2017 20:19:28 GMT+0000 (UTC)] ", Some(1_491_509_968_000)),
            ("[/aws/lambda/orders-Fn-1] ", None),
            ("orders_1  | ", None),
        ] {
            let error = "[ERROR] KeyError: 'a'";
            for message in [START, LINE, error] {
                let line = format!("  {prefix}{message}");
                let begun = begin(line.as_bytes(), 2, &mut clock);
                let is_in_millis = prefix.starts_with("[15");
                if message == error && time.is_some() && !is_in_millis {
                    assert_eq!(begun, None, "{line}");
                    continue;
                }
                let Some(Begin::Stamped(head) | Begin::Usual(head)) = begun else {
                    panic!("{line}: {begun:?}");
                };
                assert_eq!(
                    (head.time, head.message),
                    (time.map(LogTime), 2 + prefix.len()),
                    "{line}"
                );
            }
            let text = format!("{prefix}hello");
            assert_eq!(begin(text.as_bytes(), 0, &mut clock), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_year_is_none() {
        for (line, at) in [
            ("Sep 14, 09:03:01 PM: ERROR\tx", Some(21)),
            ("Oct 3, 11:40:44 AM: hello", Some(20)),
            ("Sep 14, 09:03:01: hello", None),
            ("Sep xx, 09:03:01 PM: hello", None),
        ] {
            let want = at.map(|at| Begin::Stamped(Head::at(at)));
            assert_eq!(begin(line.as_bytes(), 0, &mut Clock::default()), want, "{line}");
        }
    }

    #[test]
    fn whole_lines_of_the_platform_are_told_behind_anything() {
        let mut clock = Clock::default();
        for (prefix, has_time) in [
            ("[info] 2017-12-25T19:17:00.125 - ", true),
            ("2020-12-01T22:15:00.668-08:00[   hello-f622aef] ", true),
            ("- `04:23:48`   | ", false),
            ("a.s.l.i.version_manager    : [hello-b06f] ", false),
        ] {
            for message in [START, LINE] {
                let line = format!("{prefix}{message}");
                let begun = begin(line.as_bytes(), 0, &mut clock);
                let Some(Begin::Stamped(head) | Begin::Usual(head)) = begun else {
                    panic!("{line}: {begun:?}");
                };
                assert_eq!((head.message, head.time.is_some()), (prefix.len(), has_time), "{line}");
            }
        }
        for text in [
            format!("we saw {START}"),
            "it says: END RequestId: 9130fe6d-4a72-460f-87bb-2e3ede273772 and nothing else".into(),
            "it says: START RequestId: 12".into(),
            "error: RequestId: 9130fe6d-4a72-460f-87bb-2e3ede273772 Error: Runtime exited".into(),
            format!("first: {LINE}"),
            format!("{{\"log\": \"{START}\"}}"),
        ] {
            assert_eq!(begin(text.as_bytes(), 0, &mut clock), None, "{text}");
        }
    }
}
