//! Lines whose fields have places and no names, in an order that users chose: behind the request id, or
//! behind the time.
//!
//! Must not: take what an application prints of a request for one. So nothing but fields of access logs
//! may stand in front of the request, and behind it a status.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::parse::access_log::forms::{error_name, is_api_id, is_status, looks_like_time};
use crate::parse::access_log::is_method;
use crate::parse::access_log::pairs::Pairs;

/// What begins with a request id: the line, or what a table has behind a time.
pub(super) fn from_id(text: &[u8]) -> Option<&[u8]> {
    if begins_with_id(text) {
        return Some(text);
    }
    let (time, behind) = text.split_at_checked(memchr::memchr(b'\t', text)?)?;
    let behind = behind.trim_ascii_start();
    let is_time = time.get(4) == Some(&b'-') && time.get(13) == Some(&b':');
    (is_time && begins_with_id(behind)).then_some(behind)
}

fn begins_with_id(text: &[u8]) -> bool {
    let first = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    std::str::from_utf8(first).is_ok_and(|first| is_api_id(without_colon(first)))
}

/// `id[:] [ip] [time] [status] METHOD path [protocol] [status] [length] [text]`.
pub(super) fn behind_id(text: &[u8]) -> Option<Pairs<'static>> {
    let text = String::from_utf8_lossy(text);
    let mut places = text.split_ascii_whitespace().peekable();
    let mut named = vec![("requestId", without_colon(places.next()?).to_owned())];
    while let Some(place) = places.peek() {
        let name = if place.parse::<IpAddr>().is_ok() {
            "ip"
        } else if is_status(place) {
            "status"
        } else {
            break;
        };
        named.push((name, places.next()?.to_owned()));
    }
    named.extend(time(&mut places));
    // No application puts the address or the time of day there, or parts the rest by tabs.
    let is_sure = named.len() > 1 || text.contains('\t');
    request(&mut places, &mut named)?;
    let mut rest: Vec<&str> = places.collect();
    if !named.iter().any(|(name, _)| *name == "status") {
        let (status, behind) = rest.split_first()?;
        // An application's own line goes on with words, or with parts of milliseconds.
        let is_alone = behind.first().is_none_or(|next| is_number(next) || *next == "-");
        if !is_status(status) || !(is_alone || is_sure) {
            return None;
        }
        named.push(("status", (*status).to_owned()));
        rest.remove(0);
        if let Some(length) = rest.first().filter(|next| is_number(next)) {
            named.push(("responseLength", (*length).to_owned()));
            rest.remove(0);
        }
    }
    while rest.pop_if(|last| *last == "-").is_some() {}
    if let Some(kind) = rest.pop_if(|last| is_response_type(last)) {
        named.push(("errorResponseType", kind.to_owned()));
    }
    let text = rest.join(" ");
    if !text.trim_start_matches(['-', ' ']).is_empty() {
        named.push((error_name(&text).unwrap_or("text"), text));
    }
    Some(pairs(named))
}

/// `time METHOD path protocol status`, and behind it the id among numbers and addresses.
pub(super) fn behind_time(text: &str) -> Option<Pairs<'static>> {
    let mut places = text.split_ascii_whitespace().peekable();
    let mut named = vec![time(&mut places)?];
    request(&mut places, &mut named)?;
    let status = places.next().filter(|status| is_status(status))?;
    named.push(("status", status.to_owned()));
    for place in places {
        let name = if is_api_id(place) {
            "requestId"
        } else if place.parse::<IpAddr>().is_ok() {
            "ip"
        } else if is_number(place) {
            "responseLength"
        } else if place == "-" {
            continue;
        } else {
            return None;
        };
        named.push((name, place.to_owned()));
    }
    Some(pairs(named))
}

type Named = (&'static str, String);

/// `22/Nov/2026:10:00:00 +0000`, maybe in brackets.
fn time<'a>(places: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Option<Named> {
    let bare = |place: &'a str| place.trim_matches(['[', ']']);
    let day = places.next_if(|place| looks_like_time(bare(place).as_bytes()))?;
    let zone = places.next()?;
    Some(("requestTime", format!("{} {}", bare(day), bare(zone))))
}

/// `METHOD path [protocol]`, maybe in quotes.
fn request<'a>(
    places: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    named: &mut Vec<Named>,
) -> Option<()> {
    let bare = |place: &'a str| place.trim_matches('"');
    let method = places.next().map(bare).filter(|method| is_method(method))?;
    let target = places.next().map(bare).filter(|target| target.starts_with('/'))?;
    named.push(("httpMethod", method.to_owned()));
    named.push(("path", target.to_owned()));
    if let Some(protocol) = places.next_if(|place| place.starts_with("HTTP/")) {
        named.push(("protocol", bare(protocol).to_owned()));
    }
    Some(())
}

fn without_colon(text: &str) -> &str {
    text.strip_suffix(':').unwrap_or(text)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `ACCESS_DENIED`, `THROTTLED`.
fn is_response_type(text: &str) -> bool {
    text.len() > 5
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'4' | b'5'))
}

fn pairs(named: Vec<Named>) -> Pairs<'static> {
    named.into_iter().map(|(name, value)| (Cow::Borrowed(name), Cow::Owned(value))).collect()
}

#[cfg(test)]
mod tests {
    use crate::model::AccessRecord;
    use crate::parse::access_log::parse;

    const ID: &str = "5e2f6d3a-0000-4000-8000-000000000001";

    #[track_caller]
    fn read(text: &str) -> AccessRecord {
        *parse(text.as_bytes()).expect("an access record")
    }

    #[test]
    fn lines_may_begin_with_the_id_or_the_time() {
        let time = "22/Nov/2026:10:00:00 +0000";
        for (line, status, length) in [
            (format!("{ID} {time} \"GET /pets HTTP/1.1\" 403 23 - -"), 403, Some(23)),
            (format!("{ID} [{time}] GET /pets HTTP/1.1 403 23"), 403, Some(23)),
            (format!("{ID} 198.51.100.4 GET /pets 403 23"), 403, Some(23)),
            (format!("{ID}: GET /pets 403 23"), 403, Some(23)),
            (format!("{ID} 403 GET /pets - -"), 403, None),
            (format!("{time} \"GET /pets HTTP/1.1\" 403 198.51.100.4 {ID}"), 403, None),
            (format!("[{time}] GET /pets HTTP/1.1 403 23 {ID}"), 403, Some(23)),
        ] {
            let got = read(&line);
            assert_eq!(got.request_id.map(|id| id.to_string()).as_deref(), Some(ID), "{line}");
            assert_eq!(got.method.as_deref(), Some("GET"), "{line}");
            assert_eq!(got.path.as_deref(), Some("/pets"), "{line}");
            assert_eq!((got.status, got.response_length), (Some(status), length), "{line}");
            let expected = line.contains(time).then_some("2026-11-22T10:00:00.000Z");
            assert_eq!(got.time.map(|time| time.to_string()).as_deref(), expected, "{line}");
        }
        // What applications print of a request has words or fractions behind the status.
        for line in [
            format!("{ID} GET /pets 200 12.3 ms"),
            format!("{ID} GET /pets was answered with 200"),
            format!("{ID} handles GET /pets 200 12"),
            format!("{ID}: GET https://api.example/pets 200 12"),
            format!("{time} \"GET /pets HTTP/1.1\" 200 23 \"curl/8.0\" {ID}"),
            format!("{time} \"GET /pets HTTP/1.1\" 200 23"),
        ] {
            assert!(parse(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn a_text_behind_the_request_is_told_by_its_words() {
        let got =
            read(&format!("{ID}: GET /pets 504 29012 Execution failed due to a timeout error"));
        let timeout = Some("Execution failed due to a timeout error");
        assert_eq!(got.integration_error.as_deref(), timeout);
        let got = read(&format!("{ID} GET /pets 403 23 Forbidden ACCESS_DENIED"));
        assert_eq!(got.error_message.as_deref(), Some("Forbidden"));
        assert_eq!(got.error_response_type.as_deref(), Some("ACCESS_DENIED"));
        let line = format!(
            "198.51.100.4 - - [22/Nov/2026:10:00:00 +0000] \"GET /pets HTTP/1.1\" 504 35 {ID} Execution failed due to a timeout error"
        );
        assert_eq!(read(&line).integration_error.as_deref(), timeout);
    }
}
