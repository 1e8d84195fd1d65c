//! Numbers, times and routes in words.
//!
//! Must not: round a count.

use chrono::{DateTime, FixedOffset, Offset, Utc};

use crate::model::LogTime;
use crate::report::group::Group;

/// Characters of a route that are shown.
const MAX_ROUTE: usize = 160;

/// No offset.
pub(crate) const UTC: FixedOffset = match FixedOffset::east_opt(0) {
    Some(utc) => utc,
    None => unreachable!(),
};

/// `1 line`, `2 lines`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `once`, `12 times`.
pub(crate) fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// `512 bytes`, `86.1 KiB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.into_iter().find(|(_, size)| number >= *size) {
        Some((unit, size)) => {
            let tenths = u128::from(number) * 10 / u128::from(size);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => count(number, "byte"),
    }
}

/// A list in words: `a, b and c`.
pub(crate) fn list(parts: &[String]) -> String {
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, head)) => format!("{} and {last}", head.join(", ")),
        None => String::new(),
    }
}

fn local(time: LogTime, zone: FixedOffset) -> Option<DateTime<FixedOffset>> {
    time.calendar().map(|time: DateTime<Utc>| time.with_timezone(&zone))
}

/// `2017-06-05 13:57:47`.
pub(crate) fn moment(time: LogTime, zone: FixedOffset) -> String {
    match local(time, zone) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => time.to_string(),
    }
}

/// `13:57:47.390`.
pub(crate) fn clock(time: LogTime, zone: FixedOffset) -> String {
    match local(time, zone) {
        Some(time) => time.format("%H:%M:%S%.3f").to_string(),
        None => time.to_string(),
    }
}

/// `2017-06-05 13:57:47 to 14:02:11`; `None` where no time is known.
pub(crate) fn span(
    first: Option<LogTime>,
    last: Option<LogTime>,
    zone: FixedOffset,
) -> Option<String> {
    let (first, last) = (first.or(last)?, last.or(first)?);
    let from = moment(first, zone);
    let to = moment(last, zone);
    if from == to {
        return Some(from);
    }
    let is_same_day =
        from.split_once(' ').map(|(day, _)| day) == to.split_once(' ').map(|(day, _)| day);
    let to = match to.split_once(' ') {
        Some((_, clock)) if is_same_day => clock,
        Some(_) | None => &to,
    };
    Some(format!("{from} to {to}"))
}

/// `UTC`, `+02:00`.
pub(crate) fn zone_name(zone: FixedOffset) -> String {
    if zone.fix().local_minus_utc() == 0 { "UTC".to_owned() } else { zone.to_string() }
}

/// `GET /orders/{id}`, `GET on ANY /{proxy+}`, with API and stage behind.
pub(crate) fn route(group: &Group) -> String {
    let method = group.method.as_deref();
    let mut text = match (method, group.route.as_deref()) {
        (Some(method), Some(route)) if route.split(' ').next() == Some(method) => route.to_owned(),
        (Some(method), Some(route)) if route.starts_with('/') => format!("{method} {route}"),
        (Some(method), Some(route)) => format!("{method} on {route}"),
        (None, Some(route)) => route.to_owned(),
        (Some(method), None) => format!("{method}, route not logged"),
        (None, None) if group.is_api_wide => "all routes".to_owned(),
        (None, None) => "route not logged".to_owned(),
    };
    let place = match (group.api.as_deref(), group.stage.as_deref()) {
        (Some(api), Some(stage)) => format!(" ({api}/{stage})"),
        (Some(name), None) | (None, Some(name)) => format!(" ({name})"),
        (None, None) => String::new(),
    };
    // A path may be as long as its sender likes.
    if let Some((end, _)) = text.char_indices().nth(MAX_ROUTE) {
        text.truncate(end);
        text.push('…');
    }
    text.push_str(&place);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(count(1, "line"), "1 line");
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(88_213), "86.1 KiB");
        assert_eq!(bytes(3 << 30), "3.0 GiB");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        let at = |text: &str| LogTime::parse_rfc3339(text);
        let (one, two) = (at("2017-06-05T13:57:47.369Z"), at("2017-06-05T14:02:11Z"));
        assert_eq!(span(one, two, UTC).as_deref(), Some("2017-06-05 13:57:47 to 14:02:11"));
        let zone = FixedOffset::east_opt(7200).expect("a zone");
        assert_eq!(span(one, None, zone).as_deref(), Some("2017-06-05 15:57:47"));
        assert_eq!(zone_name(zone), "+02:00");
    }
}
