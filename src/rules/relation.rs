//! How an `Access-Control-Allow-Origin` value stands to the request's `Origin`: the kind of mistake,
//! for texts that name it.
//!
//! Must not: decide whether a browser allows it; the verdict has that.

use std::borrow::Cow;

use crate::model::Fact;

/// One of [`RELATIONS`](crate::rules::facts::RELATIONS). What the value alone shows is told without
/// an `Origin`; the rest is absent or unseen with it.
pub(crate) fn relation(allowed: &str, origin: Fact<&Cow<'_, str>>) -> Fact<&'static str> {
    if let Fact::Seen(origin) = origin
        && origin.as_ref() == allowed
    {
        return Fact::Seen("same");
    }
    match by_itself(allowed) {
        Some(name) => Fact::Seen(name),
        None => origin.map(|origin| compared(allowed, origin)),
    }
}

fn by_itself(allowed: &str) -> Option<&'static str> {
    let name = match allowed {
        "*" => "wildcard",
        "null" => "null",
        "" => "empty",
        "undefined" | "None" | "nil" | "NaN" | "[object Object]" => "undefined",
        text if text.starts_with(['[', '(']) && text.contains(',') => "list-syntax",
        text if text.starts_with(['"', '\'']) => "quoted",
        text if is_repeated(text) => "repeated",
        text if text.contains([',', ' ']) => "several",
        text if text.contains(['*', '^', '$', '\\', '|']) => "pattern",
        text if text.starts_with('[') => "list-syntax",
        text if !text.contains("://") => "no-scheme",
        _ => return None,
    };
    Some(name)
}

/// Whether a list has one value again and again.
fn is_repeated(list: &str) -> bool {
    let mut values = list.split(',').map(str::trim);
    let first = values.next();
    list.contains(',') && values.all(|value| Some(value) == first)
}

fn compared(allowed: &str, origin: &str) -> &'static str {
    if allowed.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/')) {
        return "path";
    }
    if allowed.eq_ignore_ascii_case(origin) {
        return "case";
    }
    let (Some(allowed), Some(origin)) = (parts(allowed), parts(origin)) else {
        return "other-host";
    };
    match (allowed.scheme == origin.scheme, allowed.host == origin.host) {
        (false, true) => "scheme",
        (true, true) if allowed.port != origin.port => "port",
        (true, true) => "path",
        (_, false) => "other-host",
    }
}

struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    Some(Parts { scheme, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::facts::RELATIONS;

    #[track_caller]
    fn check(allowed: &str, want: &'static str) {
        let origin = Cow::Borrowed("https://app.example.com");
        assert_eq!(relation(allowed, Fact::Seen(&origin)), Fact::Seen(want), "{allowed}");
        assert!(RELATIONS.contains(&want));
    }

    #[test]
    fn mistakes_have_names() {
        check("https://app.example.com", "same");
        check("*", "wildcard");
        check("null", "null");
        check("", "empty");
        check("undefined", "undefined");
        check("*, *", "repeated");
        check("https://app.example.com,https://app.example.com", "repeated");
        check("https://a.example, https://b.example", "several");
        check("https://a.example https://b.example", "several");
        check("['https://app.example.com', 'https://b.example']", "list-syntax");
        check("'https://app.example.com'", "quoted");
        check("https://*.example.com", "pattern");
        check("app.example.com", "no-scheme");
        check("https://app.example.com/", "path");
        check("https://App.example.com", "case");
        check("http://app.example.com", "scheme");
        check("https://app.example.com:8443", "port");
        check("https://www.example.com", "other-host");
    }

    #[test]
    fn without_an_origin_only_the_value_itself_speaks() {
        assert_eq!(relation("*", Fact::Unseen), Fact::Seen("wildcard"));
        assert_eq!(relation("https://a.example", Fact::Unseen), Fact::Unseen);
        assert_eq!(relation("https://a.example", Fact::Absent), Fact::Absent);
    }
}
