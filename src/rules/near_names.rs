//! Names of response headers that are nearly those of CORS.
//!
//! Must not: take a registered name for a mistake.

use crate::model::nearest::distance;
use crate::model::{Fact, Headers};
use crate::rules::reader::Value;

/// CORS response headers. <https://fetch.spec.whatwg.org/#http-responses>
const CORS_HEADERS: &[&str] = &[
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// Other registered names that are near one of them.
const OTHER_HEADERS: &[&str] = &["access-control-request-headers", "access-control-request-method"];

/// The letter that they begin with, for a mistake in which no one would look further.
pub(crate) const LETTER: u8 = b'a';

/// Whether a name is worth a closer look, told by its beginning and its length.
pub(crate) fn may_be(name: &[u8]) -> bool {
    name.first().is_some_and(|first| first.to_ascii_lowercase() == LETTER)
        && (10..=48).contains(&name.len())
}

/// Name of a response header that is nearly a CORS response header.
pub(crate) fn misspelled<'a>(headers: &Headers<'a>) -> Fact<Value<'a>> {
    for (name, _) in headers.iter().filter(|(name, _)| may_be(name.as_bytes())) {
        let lower = name.to_ascii_lowercase();
        let is_known = CORS_HEADERS.contains(&&*lower) || OTHER_HEADERS.contains(&&*lower);
        let is_near = || CORS_HEADERS.iter().any(|header| distance(&lower, header) <= 3);
        if !is_known && is_near() {
            return Fact::Seen(Value::Text(name));
        }
    }
    if headers.is_complete() { Fact::Absent } else { Fact::Unseen }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::headers::HeaderMap;

    #[test]
    fn names_that_are_nearly_right_are_told() {
        let check = |map: &str, want: Fact<&str>| {
            let map = HeaderMap::parse(map.as_bytes()).expect("a map");
            let found = misspelled(&Headers::Map(map));
            let found = found.as_ref().map(|value| value.text());
            assert_eq!(found.as_ref().map(AsRef::as_ref), want);
        };
        check("{Access-Control-Allow-Orgin=*}", Fact::Seen("Access-Control-Allow-Orgin"));
        check("{Access-Control-Allow-Origins=*}", Fact::Seen("Access-Control-Allow-Origins"));
        check("{Acess-Control-Allow-Origin=*}", Fact::Seen("Acess-Control-Allow-Origin"));
        check("{Access-Control-Allow-Origin=*, Vary=Origin}", Fact::Absent);
        check("{Access-Control-Request-Headers=a}", Fact::Absent);
        check("{Content-Type=a, Vary=Ori [TRUNCATED]", Fact::Unseen);
    }
}
