//! CLF and CSV, the console's formats whose fields have places and no names.
//!
//! The templates are those of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html> and of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html>.
//!
//! Must not: take the access log of a web server for one; API Gateway's ends in a request id.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use crate::model::RequestId;
use crate::parse::access_log::ordered;
use crate::parse::access_log::pairs::Pairs;

/// How the requests of WebSocket APIs begin in CLF.
const SOCKET_EVENTS: [&[u8]; 3] = [b"] \"MESSAGE ", b"] \"CONNECT ", b"] \"DISCONNECT "];

/// Whether a text can be a line of one of these formats.
pub(super) fn may_be_form(text: &[u8]) -> bool {
    let has_protocol = memmem::find(text, b"HTTP/").is_some();
    let has_time = memmem::find(text, b" [").is_some();
    let begins_with_time = || looks_like_time(text.strip_prefix(b"[").unwrap_or(text));
    has_protocol && (has_time || memchr(b',', text).is_some() || begins_with_time())
        || has_time && SOCKET_EVENTS.iter().any(|kind| memmem::find(text, kind).is_some())
}

/// Reads CLF or CSV, or another order of their fields.
pub(super) fn read(text: &[u8]) -> Option<Pairs<'static>> {
    let text = String::from_utf8_lossy(text);
    let client = text.split_once(" [");
    web_socket(&text)
        .or_else(|| client.and_then(|(client, rest)| common(client, rest)))
        .or_else(|| comma_separated(&text))
        .or_else(|| ordered::behind_time(&text))
        .or_else(|| common("-", text.strip_prefix('[')?))
}

/// `ip caller user [time] "METHOD path protocol" status length id [extended id] [text]`; `rest` is behind
/// the first bracket.
fn common(client: &str, rest: &str) -> Option<Pairs<'static>> {
    let (time, rest) = rest.split_once("] \"")?;
    let client = client.split(' ').next().unwrap_or_default();
    // Quotes may stand in the path and in the text at the end.
    let protocol = rest.find(" HTTP/").map_or(0, |at| at + 1);
    let behind = rest.get(protocol..).and_then(|rest| rest.find("\" "));
    [rest.rfind("\" "), behind.map(|at| protocol + at)].into_iter().flatten().find_map(|end| {
        let (request, rest) = rest.split_at_checked(end)?;
        let (method, request) = request.split_once(' ')?;
        let (target, protocol) = request.rsplit_once(' ')?;
        // Another line may be in it.
        if rest.contains("] \"") {
            return None;
        }
        let places: Vec<_> = rest.get(1..)?.split_ascii_whitespace().collect();
        pairs(client, time, &[method, target, protocol], &places, " ")
    })
}

/// `ip caller user [time] "EVENT route [connection]" [status] id`.
fn web_socket(text: &str) -> Option<Pairs<'static>> {
    let (client, rest) = text.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = rest.rsplit_once("\" ")?;
    let (kind, request) = request.split_once(' ')?;
    if !matches!(kind, "MESSAGE" | "CONNECT" | "DISCONNECT") {
        return None;
    }
    let (route, connection) = request.rsplit_once(' ').unwrap_or((request, "-"));
    let places: Vec<_> = rest.split_ascii_whitespace().collect();
    let status = places.first().copied().filter(|status| is_status(status)).unwrap_or("-");
    // `<length> <id>` and `- <id>` are written, and an error behind them.
    let id = places.iter().find(|place| is_extended(place)).or(places.last())?;
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
    let at = places.iter().position(|place| looks_like_time(place.as_bytes()))?;
    let (head, rest) = places.split_at_checked(at)?;
    let (time, rest) = rest.split_first()?;
    // A path may hold commas; the protocol ends it.
    let protocol = rest.iter().position(|place| place.starts_with("HTTP/"))?;
    let (request, rest) = rest.split_at_checked(protocol)?;
    let (method, target) = request.split_first()?;
    let (protocol, rest) = rest.split_first()?;
    let target = target.join(",");
    let client = head.first().copied().unwrap_or_default();
    pairs(client, time, &[method, &target, protocol], rest, ",")
}

/// The fields of a line; `separator` stands between those behind the request.
fn pairs(
    client: &str,
    time: &str,
    request: &[&str; 3],
    places: &[&str],
    separator: &str,
) -> Option<Pairs<'static>> {
    let [method, target, protocol] = *request;
    let [status, length, id, behind @ ..] = places else { return None };
    if !is_status(status) && *status != "-" {
        return None;
    }
    // Some log the path behind the route key.
    let (path, behind) = match behind {
        [path, behind @ ..] if path.starts_with('/') && !path.contains(' ') => {
            (Some(*path), behind)
        }
        _ => (None, behind),
    };
    let (extended, text) = match behind {
        [] => (None, &[][..]),
        [extended] if error_name(extended).is_none() => (Some(*extended), &[][..]),
        [extended, text @ ..] if *extended == "-" || is_extended(extended) => {
            (Some(*extended), text)
        }
        text => (None, text),
    };
    // With a text at its end a line is told by less.
    if !text.is_empty() && (*status == "-" || !is_api_id(id)) {
        return None;
    }
    let (kind, text) = match text {
        [kind, behind @ ..] if is_response_type(kind) => (Some(*kind), behind),
        _ => (None, text),
    };
    let text = text.join(separator);
    // An HTTP API's route key holds the method again.
    let target_name =
        if target.contains(' ') || target.starts_with('$') { "routeKey" } else { "resourcePath" };
    let named = [
        ("ip", client),
        ("requestTime", time),
        ("httpMethod", method),
        (target_name, target),
        ("protocol", protocol),
        ("status", *status),
        ("responseLength", *length),
        ("requestId", *id),
    ];
    let extended = extended.map(|extended| ("extendedRequestId", extended));
    let kind = kind.map(|kind| ("error.responseType", kind));
    let text = (!text.is_empty()).then(|| (error_name(&text).unwrap_or("text"), &*text));
    let path = path.map(|path| ("path", path));
    let named = named.into_iter().chain(extended).chain(path).chain(kind).chain(text);
    Some(named.map(|(name, value)| (Cow::Borrowed(name), Cow::Owned(value.to_owned()))).collect())
}

/// `$context.error.responseType`: `UNAUTHORIZED`, `DEFAULT_4XX`.
fn is_response_type(text: &str) -> bool {
    text.len() >= "THROTTLED".len()
        && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

/// The name of the variable that gives such a text, where its wording tells.
pub(super) fn error_name(text: &str) -> Option<&'static str> {
    /// `$context.error.message` of gateway responses.
    const BODIES: &[&str] = &[
        "Endpoint request timed out",
        "Forbidden",
        "Internal Server Error",
        "Internal server error",
        "Limit Exceeded",
        "Missing Authentication Token",
        "Not Found",
        "Service Unavailable",
        "Too Many Requests",
        "Unauthorized",
    ];
    /// Words of `$context.integrationErrorMessage`, and of what an execution log says.
    const INTEGRATION: &[&str] = &[
        "the integration",
        "the Lambda function",
        "The Lambda function",
        "Execution failed due to",
        "Lambda execution failed",
        "Lambda invocation failed",
    ];
    let has = |needle: &str| text.contains(needle);
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if BODIES.contains(&quoted) {
        Some("errorMessage")
    } else if has("the authorizer") || has("Authorizer") {
        Some("authorizerError")
    } else if INTEGRATION.iter().any(|words| has(words)) {
        Some("integrationErrorMessage")
    } else {
        None
    }
}

pub(super) fn is_status(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_extended(text: &str) -> bool {
    RequestId::looks_like_extended(text.as_bytes())
}

pub(super) fn is_api_id(text: &str) -> bool {
    RequestId::looks_like_uuid(text.as_bytes()) || is_extended(text)
}

/// `22/Nov/2026:10:00:00 +0000`.
pub(super) fn looks_like_time(text: &[u8]) -> bool {
    text.get(2) == Some(&b'/') && text.get(6) == Some(&b'/') && text.get(11) == Some(&b':')
}
