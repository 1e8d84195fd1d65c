//! CLF and CSV, the console's formats whose fields have places and no names.
//!
//! The templates are those of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html> and of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html>.
//!
//! Must not: take the access log of a web server for one; API Gateway's ends in a request id.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::parse::access_log::pairs::Pairs;

/// How the requests of WebSocket APIs begin in CLF.
const SOCKET_EVENTS: [&[u8]; 3] = [b"] \"MESSAGE ", b"] \"CONNECT ", b"] \"DISCONNECT "];

/// Whether a text can be a line of one of these formats.
pub(super) fn may_be_form(text: &[u8]) -> bool {
    let has_protocol = memmem::find(text, b"HTTP/").is_some();
    let has_time = memmem::find(text, b" [").is_some();
    has_protocol && (has_time || memchr(b',', text).is_some())
        || has_time && SOCKET_EVENTS.iter().any(|kind| memmem::find(text, kind).is_some())
}

/// Reads CLF or CSV.
pub(super) fn read(text: &[u8]) -> Option<Pairs<'static>> {
    let text = String::from_utf8_lossy(text);
    web_socket(&text).or_else(|| common(&text)).or_else(|| comma_separated(&text))
}

/// `ip caller user [time] "METHOD path protocol" status length id [extended id]`.
fn common(text: &str) -> Option<Pairs<'static>> {
    let (client, rest) = text.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = rest.rsplit_once("\" ")?;
    let (method, request) = request.split_once(' ')?;
    let (target, protocol) = request.rsplit_once(' ')?;
    let client = client.split(' ').next().unwrap_or_default();
    let places: Vec<_> = rest.split_ascii_whitespace().collect();
    pairs(client, time, &[method, target, protocol], &places)
}

/// `ip caller user [time] "EVENT route connection" status id`.
fn web_socket(text: &str) -> Option<Pairs<'static>> {
    let (client, rest) = text.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = rest.rsplit_once("\" ")?;
    let (kind, request) = request.split_once(' ')?;
    if !matches!(kind, "MESSAGE" | "CONNECT" | "DISCONNECT") {
        return None;
    }
    let (route, connection) = request.rsplit_once(' ')?;
    let (status, id) = rest.split_once(' ')?;
    // `<length> <id>` and `- <id>` are written, too.
    let id = id.split_ascii_whitespace().next_back()?;
    let named = [
        ("ip", client.split(' ').next().unwrap_or_default()),
        ("requestTime", time),
        ("eventType", kind),
        ("routeKey", route),
        ("connectionId", connection),
        ("status", status),
        ("requestId", id),
    ];
    Some(named.map(|(name, value)| (Cow::Borrowed(name), Cow::Owned(value.to_owned()))).into())
}

/// The same fields, not quoted; HTTP APIs leave out caller and user.
fn comma_separated(text: &str) -> Option<Pairs<'static>> {
    let places: Vec<_> = text.split(',').map(str::trim).collect();
    let at = places.iter().position(|place| looks_like_time(place))?;
    let (head, rest) = places.split_at_checked(at)?;
    let (time, rest) = rest.split_first()?;
    // A path may hold commas; the protocol ends it.
    let protocol = rest.iter().position(|place| place.starts_with("HTTP/"))?;
    let (request, rest) = rest.split_at_checked(protocol)?;
    let (method, target) = request.split_first()?;
    let (protocol, rest) = rest.split_first()?;
    let target = target.join(",");
    pairs(head.first().copied().unwrap_or_default(), time, &[method, &target, protocol], rest)
}

fn pairs(client: &str, time: &str, request: &[&str; 3], places: &[&str]) -> Option<Pairs<'static>> {
    let [method, target, protocol] = *request;
    let (status, length, id, extended) = match *places {
        [status, length, id] => (status, length, id, None),
        [status, length, id, extended] => (status, length, id, Some(extended)),
        _ => return None,
    };
    // An HTTP API's route key holds the method again.
    let target_name =
        if target.contains(' ') || target.starts_with('$') { "routeKey" } else { "resourcePath" };
    let named = [
        ("ip", client),
        ("requestTime", time),
        ("httpMethod", method),
        (target_name, target),
        ("protocol", protocol),
        ("status", status),
        ("responseLength", length),
        ("requestId", id),
    ];
    let named = named.into_iter().chain(extended.map(|extended| ("extendedRequestId", extended)));
    Some(named.map(|(name, value)| (Cow::Borrowed(name), Cow::Owned(value.to_owned()))).collect())
}

/// `22/Nov/2026:10:00:00 +0000`.
fn looks_like_time(text: &str) -> bool {
    let text = text.as_bytes();
    text.get(2) == Some(&b'/') && text.get(6) == Some(&b'/') && text.get(11) == Some(&b':')
}
