//! What the fields of a line in an access log tell, by the meanings of their names.
//!
//! Must not: know how names and values are written.

use chrono::NaiveDate;

use crate::model::{AccessRecord, LogTime, LoggedFields, RequestId, Surface};
use crate::parse::access_log::names::{Field, MEANINGS};
use crate::parse::access_log::pairs::Pairs;
use crate::parse::access_log::{is_id, is_method};

/// The fields of a line, by meaning.
pub(super) struct Fields<'a> {
    /// Meaning, rank of the name, and value, by rank.
    values: Vec<(Field, usize, &'a str)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(pairs: &'a Pairs<'_>) -> Self {
        let mut name = String::new();
        let mut values = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            normalize(key, &mut name);
            if let Some((field, rank)) = meaning(&name) {
                values.push((field, rank, value.trim()));
            }
        }
        values.sort_by_key(|(_, rank, _)| *rank);
        Self { values }
    }

    /// What is logged for a field, `-` included, the surest name first.
    fn logged(&self, field: Field) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(meant, ..)| *meant == field).map(|(.., value)| *value)
    }

    /// The first value that is set.
    pub(super) fn text(&self, field: Field) -> Option<&'a str> {
        self.logged(field).find(|value| is_set(value))
    }

    /// Whether a field stands in a wrapper or nowhere.
    pub(super) fn is_wrapped(&self, field: Field) -> bool {
        self.values
            .iter()
            .find(|(meant, _, value)| *meant == field && is_set(value))
            .is_none_or(|(_, rank, _)| *rank >= DEEPER)
    }

    pub(super) fn number(&self, field: Field) -> Option<u16> {
        self.logged(field).find_map(|value| value.parse().ok())
    }

    fn owned(&self, field: Field) -> Option<String> {
        self.text(field).map(str::to_owned)
    }

    /// Whether a line has a field, be it `-`.
    pub(super) fn is_logged(&self, field: Field) -> bool {
        self.logged(field).next().is_some()
    }

    /// An id that nobody hid or replaced: of the others several lines may have the same.
    fn id(&self, field: Field) -> Option<RequestId> {
        let text = self.text(field)?;
        RequestId::parse(text.as_bytes()).filter(|_| is_id(text))
    }

    /// A message: `$context.error.messageString` comes with quotes.
    fn message(&self, field: Field) -> Option<String> {
        let text = self.text(field)?;
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Some(inner.unwrap_or(text).to_owned()).filter(|text| is_set(text))
    }
}

/// What a normalized name means, and its rank. A wrapper that users choose (`accessLog`, `apigw`)
/// counts for nothing, wherever it stands; under a name that says whose the member is
/// (`authorizer.status`) there is no guessing.
fn meaning(name: &str) -> Option<(Field, usize)> {
    let mut rest = name;
    let mut depth = 0;
    loop {
        if let Some((field, rank)) = MEANINGS.get(rest) {
            return Some((*field, rank + depth * DEEPER));
        }
        let (outer, inner) = rest.split_once('.')?;
        if OWNERS.contains(&outer) {
            return None;
        }
        depth += usize::from(outer != "context");
        rest = inner;
    }
}

/// Members of a wrapper come behind all names that stand outside.
const DEEPER: usize = 100;

/// Outer names whose members mean something else than they would outside.
const OWNERS: &[&str] = &[
    "authorizer",
    "authorize",
    "authenticate",
    "auth",
    "integration",
    "lambda",
    "function",
    "error",
    "waf",
    "identity",
    "user",
    "claims",
    "headers",
    "params",
    "query",
    "body",
    "xray",
    "domain",
    "backend",
    "upstream",
];

fn is_set(value: &str) -> bool {
    !matches!(value, "" | "-" | "null" | "\"-\"")
}

/// Lower case, without `_`, `-` and `$`.
fn normalize(key: &str, name: &mut String) {
    let is_mark = |byte: u8| matches!(byte, b'_' | b'-' | b'$');
    name.clear();
    name.push_str(key);
    if key.bytes().any(is_mark) {
        name.retain(|char| !matches!(char, '_' | '-' | '$'));
    }
    name.make_ascii_lowercase();
}

/// The record, without its list of fields.
pub(super) fn record(fields: &Fields<'_>) -> AccessRecord {
    let status = fields.number(Field::Status);
    let line = fields.text(Field::RequestLine).and_then(request_line);
    let method = fields.text(Field::Method).or(line.map(|(method, _)| method));
    let (resource, route_key) = places(fields);
    let surface = surface(fields, resource, route_key);
    let path = path(fields, resource, route_key);
    AccessRecord {
        surface,
        request_id: fields.id(Field::RequestId),
        extended_request_id: fields.id(Field::ExtendedRequestId),
        lambda_request_id: fields.id(Field::LambdaRequestId),
        time: time(fields),
        api: fields.owned(Field::Api),
        stage: fields.owned(Field::Stage),
        method: method
            .map(str::to_owned)
            .or_else(|| route_key.and_then(|key| key.split_once(' ')).map(|(m, _)| m.to_owned()))
            .filter(|method| method != "ANY"),
        path: path.or_else(|| line.map(|(_, target)| without_query(target).to_owned())),
        route: route_key.map(str::to_owned).or_else(|| {
            resource.map(|resource| match method {
                Some(method) => format!("{method} {}", without_query(resource)),
                None => without_query(resource).to_owned(),
            })
        }),
        is_unrouted: surface == Surface::Http
            && resource.is_none()
            && fields.logged(Field::RouteKey).next() == Some("-"),
        status,
        response_length: fields.text(Field::Length).and_then(|text| text.parse().ok()),
        integration_called: integration_called(fields),
        function_status: function_status(fields, status),
        error_message: fields.message(Field::ErrorMessage).or_else(|| error_message(fields)),
        error_response_type: fields.owned(Field::ErrorResponseType),
        integration_error: fields.message(Field::IntegrationError),
        authorizer_error: fields.message(Field::AuthorizerError),
        waf_blocked: fields.text(Field::WafResponseCode) == Some("WAF_BLOCK")
            || fields.number(Field::WafStatus) == Some(403),
        trace_id: fields.owned(Field::TraceId),
        fields: LoggedFields::default(),
    }
}

/// What `message` tells of a response that failed, where the other members are of `$context`: so the
/// format has it that AWS's Knowledge Center shows for REST APIs.
fn error_message(fields: &Fields<'_>) -> Option<String> {
    let failed = fields.number(Field::Status).is_some_and(|status| status >= 400);
    let is_of_context = fields.text(Field::Length).is_some() && !fields.is_wrapped(Field::Message);
    fields.message(Field::Message).filter(|_| failed && is_of_context)
}

/// The resource path and the route key, whatever the names under which they are logged.
fn places<'a>(fields: &Fields<'a>) -> (Option<&'a str>, Option<&'a str>) {
    let resource = fields.text(Field::ResourcePath);
    let route = fields.text(Field::RouteKey);
    let is_key = |text: &&str| !text.starts_with('/');
    (
        resource.filter(|text| text.starts_with('/')).or(route.filter(|text| !is_key(text))),
        route.filter(is_key).or(resource.filter(|text| text.contains(' '))),
    )
}

fn surface(fields: &Fields<'_>, resource: Option<&str>, route_key: Option<&str>) -> Surface {
    let is_web_socket = fields.text(Field::EventType).is_some_and(|kind| {
        matches!(kind, "MESSAGE" | "CONNECT" | "DISCONNECT" | "CONNECTION_API")
    }) || fields.text(Field::ConnectionId).is_some()
        || matches!(route_key, Some("$connect" | "$disconnect"));
    let id = fields.text(Field::RequestId).unwrap_or_default().as_bytes();
    if is_web_socket {
        Surface::WebSocket
    } else if RequestId::parse(id).is_some_and(|id| id.is_test_literal()) {
        Surface::TestInvoke
    } else if RequestId::looks_like_uuid(id) {
        Surface::Rest
    } else if RequestId::looks_like_extended(id) || route_key.is_some() {
        Surface::Http
    } else if resource.is_some() {
        Surface::Rest
    } else {
        Surface::Unknown
    }
}

fn path(fields: &Fields<'_>, resource: Option<&str>, route_key: Option<&str>) -> Option<String> {
    let of_key = || route_key.and_then(|key| key.split_once(' ')).map(|(_, path)| path);
    let is_whole = |path: &&str| !path.contains('{');
    let is_path = |path: &&str| path.starts_with('/');
    // Where several names mean a path, one of them may be that of the resource.
    fields
        .logged(Field::Path)
        .filter(is_path)
        .find(is_whole)
        .or_else(|| fields.text(Field::Path).filter(is_path))
        .or_else(|| resource.filter(is_whole))
        .or_else(|| of_key().filter(is_whole))
        .map(|path| without_query(path).to_owned())
}

/// Method and target of `GET /path` or `GET /path HTTP/1.1`.
fn request_line(text: &str) -> Option<(&str, &str)> {
    let (method, target) = text.split_once(' ')?;
    let target = target.split(' ').next()?;
    (is_method(method) && target.starts_with('/')).then_some((method, target))
}

fn without_query(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

/// Whether the integration was called: a status or an error of it, a latency or a request id say
/// yes; a status that is logged as `-` says no.
fn integration_called(fields: &Fields<'_>) -> Option<bool> {
    const STATUSES: [Field; 3] =
        [Field::FunctionStatus, Field::IntegrationStatus, Field::ServiceStatus];
    let is_called = STATUSES.iter().any(|field| fields.number(*field).is_some())
        || fields.text(Field::IntegrationLatency).is_some_and(|text| text != "0")
        || fields.text(Field::LambdaRequestId).is_some()
        || fields.text(Field::IntegrationError).is_some();
    let is_logged = STATUSES.iter().any(|field| fields.logged(*field).next().is_some());
    match (is_called, is_logged) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// The status that the function returned. An `integrationStatus` of 200 beside a failed response is
/// that of the Lambda service.
fn function_status(fields: &Fields<'_>, status: Option<u16>) -> Option<u16> {
    let ambiguous = || {
        // With the sure name in the line, the other one is the service's.
        let is_known = fields.logged(Field::FunctionStatus).next().is_some();
        fields.number(Field::IntegrationStatus).filter(|_| !is_known)
    };
    fields
        .number(Field::FunctionStatus)
        .or_else(|| ambiguous().filter(|integration| Some(*integration) == status))
}

/// The time: seconds or milliseconds since the epoch, CLF's form or RFC 3339.
fn time(fields: &Fields<'_>) -> Option<LogTime> {
    let epoch = fields.logged(Field::TimeEpoch).find_map(epoch_time);
    epoch.or_else(|| {
        fields.logged(Field::Time).find_map(|text| {
            clf_time(text).or_else(|| LogTime::parse_rfc3339(text)).or_else(|| epoch_time(text))
        })
    })
}

/// `22/Nov/2026:10:00:00 +0000`, by its places: chrono's general parser takes ten times as long.
fn clf_time(text: &str) -> Option<LogTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let month = MONTHS.iter().position(|month| text.get(3..6) == Some(month))?;
    let month = u32::try_from(month).ok()? + 1;
    let date = NaiveDate::from_ymd_opt(text.get(7..11)?.parse().ok()?, month, number(0, 2)?)?;
    let time = date.and_hms_opt(number(12, 14)?, number(15, 17)?, number(18, 20)?)?;
    let offset = i64::from(number(22, 24)? * 60 + number(24, 26)?) * 60_000;
    let local = time.and_utc().timestamp_millis();
    match text.get(20..22)? {
        " +" => Some(LogTime(local - offset)),
        " -" => Some(LogTime(local + offset)),
        _ => None,
    }
}

/// HTTP APIs log seconds, the others milliseconds; before the year 5138 seconds have 11 digits.
fn epoch_time(text: &str) -> Option<LogTime> {
    let number: i64 = text.parse().ok().filter(|number| *number > 0)?;
    Some(LogTime(if number < 100_000_000_000 { number * 1000 } else { number }))
}
