//! API Gateway access logs: JSON, CLF, XML, CSV and `key=value`, with keys that users choose.
//!
//! Values are put in by text substitution: nothing is escaped, numbers may be quoted or not, and a
//! variable that is not set is `-`.
//!
//! Must not: claim an application's own JSON.

pub mod format;
mod forms;
mod meaning;
mod names;
mod ordered;
mod pairs;
mod prefix;

use crate::model::{AccessRecord, RequestId, is_hidden};
use crate::parse::access_log::meaning::Fields;
use crate::parse::access_log::names::Field;
use crate::parse::access_log::pairs::Pairs;

/// Reads a line of an access log. It must hold a request id, show where one was hidden, or have all else that
/// AWS's own formats have; and a status, a method or a route.
pub fn parse(message: &[u8]) -> Option<Box<AccessRecord>> {
    let text = message.trim_ascii();
    let text = prefix::json(text).unwrap_or(text);
    let pairs = match text.first()? {
        b'{' => pairs::json(text)?,
        b'<' => pairs::xml(text)?,
        b'"' => pairs::separated(text.strip_prefix(b"\"")?.strip_suffix(b"\"")?)?,
        _ if let Some(text) = ordered::from_id(text) => ordered::behind_id(text)?,
        _ if pairs::may_be_pairs(text) => pairs::separated(text)?,
        _ if forms::may_be_form(text) => forms::read(text)?,
        _ => return None,
    };
    let fields = Fields::new(&pairs);
    let has_id = [Field::RequestId, Field::ExtendedRequestId]
        .iter()
        .filter_map(|field| fields.text(*field))
        .any(|text| is_id(text) || is_hidden(text.as_bytes()))
        || text.starts_with(b"{") && is_default_without_id(&fields, &pairs);
    let has_exchange = fields.number(Field::Status).is_some()
        || fields.text(Field::Method).is_some_and(is_method)
        || fields.text(Field::RouteKey).is_some();
    if !has_id || !has_exchange || is_of_application(&fields, &pairs) {
        return None;
    }
    let mut record = meaning::record(&fields);
    let logged = pairs.iter().map(|(key, value)| (&**key, &**value));
    record.fields = logged.filter(|(_, value)| *value != "-").collect();
    Some(Box::new(record))
}

/// Applications log ids and statuses in objects of their own, too. With the id in a wrapper, a status
/// and a method or route must stand with it, and nothing that events and log lines have.
fn is_of_application(fields: &Fields<'_>, pairs: &Pairs<'_>) -> bool {
    const OF_OTHERS: &[&str] = &["headers", "multiValueHeaders", "requestContext"];
    if ![Field::RequestId, Field::ExtendedRequestId].iter().all(|id| fields.is_wrapped(*id)) {
        return false;
    }
    let has_place = fields.text(Field::Method).is_some_and(is_method)
        || fields.text(Field::RouteKey).is_some()
        || fields.text(Field::ResourcePath).is_some();
    let is_foreign = |name: &str| {
        let outer = name.split('.').next().unwrap_or_default();
        matches!(outer, "level" | "severity" | "levelname" | "message" | "msg")
            || name.rsplit('.').skip(1).any(|part| OF_OTHERS.contains(&part))
    };
    fields.number(Field::Status).is_none()
        || !has_place
        || pairs.iter().any(|(name, _)| is_foreign(name))
}

/// Whether a line has all that AWS's own formats have, or enough names of variables that nobody else uses,
/// but for an id: it is missing, empty or `-`, or somebody wrote another word in its place.
fn is_default_without_id(fields: &Fields<'_>, pairs: &Pairs<'_>) -> bool {
    const OF_CONTEXT: &[&str] = &[
        "authorizerError",
        "error.message",
        "error.messageString",
        "error.responseType",
        "integrationErrorMessage",
        "integrationLatency",
        "integrationStatus",
        "resourcePath",
        "responseLatency",
        "responseLength",
        "routeKey",
    ];
    let known = pairs.iter().filter(|(name, _)| OF_CONTEXT.contains(&&**name)).count();
    let is_default = || {
        fields.text(Field::Time).is_some_and(|time| forms::looks_like_time(time.as_bytes()))
            && [Field::RouteKey, Field::ResourcePath].iter().any(|place| fields.is_logged(*place))
            && fields.is_logged(Field::Length)
            && pairs.iter().any(|(name, value)| name == "protocol" && value.starts_with("HTTP/"))
    };
    fields.number(Field::Status).is_some()
        && fields.text(Field::Method).is_some_and(is_method)
        && (known >= 3 || is_default())
}

fn is_id(text: &str) -> bool {
    let text = text.as_bytes();
    RequestId::looks_like_uuid(text)
        || RequestId::looks_like_extended(text)
        || RequestId::parse(text).is_some_and(|id| id.is_test_literal() || is_shortened(text))
}

/// `M1abcEXAMPLE=`, an extended id that somebody shortened: none is a word.
fn is_shortened(text: &[u8]) -> bool {
    text.len() >= 8 && text.ends_with(b"=")
}

fn is_method(text: &str) -> bool {
    (3..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests;
