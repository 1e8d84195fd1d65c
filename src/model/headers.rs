//! Header lists as logs show them.
//!
//! An API Gateway header map, `{Name=value, Name2=value2}`, is not escaped: values contain `, `, `=`
//! and braces. It is read lazily, from the logged text, because most headers are never asked for.
//!
//! Must not: compare a value with anything; that is the `cors` layer's work.

use std::borrow::Cow;

use crate::model::Fact;

/// A header list, borrowed from where it was logged. Names compare without case.
#[derive(Debug, Clone, Copy, Default)]
pub enum Headers<'a> {
    /// No line shows it.
    #[default]
    Unseen,
    /// `{K=V, K2=V2}` as API Gateway logs it, the braces included; cut off if the closing one lacks.
    Map(HeaderMap<'a>),
    /// Pairs, in order (from JSON, or raw header lines). Same names are combined with `, `.
    List {
        /// Name and value.
        fields: &'a [(String, String)],
        /// Whether the list is known to be whole.
        complete: bool,
    },
}

impl<'a> Headers<'a> {
    /// Fetch's *get* of a header name from the list: the values of all fields of that name,
    /// combined with `, `. `Absent` only if the list is complete.
    /// <https://fetch.spec.whatwg.org/#concept-header-list-get>
    pub fn get(&self, name: &str) -> Fact<Cow<'a, str>> {
        let mut found: Option<Cow<'a, str>> = None;
        for (field, value) in self.iter() {
            if field.eq_ignore_ascii_case(name) {
                found = Some(match found {
                    None => value,
                    Some(first) => Cow::Owned(format!("{first}, {value}")),
                });
            }
        }
        match found {
            Some(value) => Fact::Seen(value),
            None if self.is_complete() => Fact::Absent,
            None => Fact::Unseen,
        }
    }

    /// Name and value of each field, in order. A last value that was cut off is left out.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let (map, list) = match *self {
            Headers::Unseen => (None, None),
            Headers::Map(map) => (Some(map), None),
            Headers::List { fields, .. } => (None, Some(fields)),
        };
        map.into_iter()
            .flat_map(HeaderMap::iter)
            .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
            .chain(
                list.into_iter().flatten().map(|(name, value)| {
                    (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_str()))
                }),
            )
    }

    /// Whether a header that is not found is known to be absent.
    pub fn is_complete(&self) -> bool {
        match self {
            Headers::Unseen => false,
            Headers::Map(map) => map.complete,
            Headers::List { complete, .. } => *complete,
        }
    }

    /// Whether any line shows the list, be it only in part.
    pub fn is_seen(&self) -> bool {
        !matches!(self, Headers::Unseen)
    }
}

/// The text of a logged header map.
#[derive(Debug, Clone, Copy)]
pub struct HeaderMap<'a> {
    /// Without braces, and without ` [TRUNCATED]`.
    text: &'a [u8],
    /// Whether the closing brace was there.
    complete: bool,
}

impl<'a> HeaderMap<'a> {
    /// Takes the text behind the label of a `... headers: ` line. `None` if it does not begin with
    /// `{`. The map is complete if it ends in `}` and not in ` [TRUNCATED]`.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text = text.trim_ascii().strip_prefix(b"{")?;
        Some(match text.strip_suffix(b"}") {
            Some(text) => Self { text, complete: true },
            None => {
                Self { text: text.strip_suffix(b" [TRUNCATED]").unwrap_or(text), complete: false }
            }
        })
    }

    /// Name and value of each entry, in order; without a last entry that was cut off.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = Some(self.text).filter(|text| !text.is_empty());
        std::iter::from_fn(move || {
            let text = rest?;
            let equals = memchr::memchr(b'=', text)?;
            let (name, value) = (text.get(..equals)?, text.get(equals + 1..)?);
            let end = value_end(value);
            rest = end.and_then(|end| value.get(end + 2..));
            match end {
                Some(end) => Some((name, value.get(..end)?)),
                None if self.complete => Some((name, value)),
                None => None,
            }
        })
    }
}

/// Where a value ends: at the first `, ` that a plausible `Name=` follows.
fn value_end(value: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b',', value).find(|comma| {
        value
            .get(comma + 1..)
            .and_then(|rest| rest.strip_prefix(b" "))
            .is_some_and(begins_with_name)
    })
}

/// Parameters that stand behind `, ` inside values (`no-cache, max-age=0`) and are no header names.
const VALUE_PARAMETERS: &[&[u8]] = &[
    b"max-age",
    b"s-maxage",
    b"q",
    b"path",
    b"expires",
    b"domain",
    b"samesite",
    b"report-uri",
    b"stale-while-revalidate",
    b"stale-if-error",
    b"charset",
    b"boundary",
    b"v",
    b"u",
    b"rel",
    b"includesubdomains",
    b"ma",
    b"persist",
    b"realm",
    b"error",
    b"error_description",
    b"scope",
    b"title",
    b"type",
    b"signedheaders",
    b"signature",
    b"for",
    b"by",
    b"proto",
    b"desc",
    b"dur",
];

fn begins_with_name(text: &[u8]) -> bool {
    let length = text.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(text.len());
    let name = text.get(..length).unwrap_or_default();
    length > 0
        && text.get(length) == Some(&b'=')
        && !VALUE_PARAMETERS.iter().any(|parameter| parameter.eq_ignore_ascii_case(name))
}

/// RFC 9110 `tchar`.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let map = HeaderMap::parse(text.as_bytes()).expect("a map");
        Headers::Map(map).iter().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
    }

    #[track_caller]
    fn check(text: &str, want: &[(&str, &str)]) {
        let got = pairs(text);
        let got: Vec<_> = got.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn values_keep_their_commas_and_equals_signs() {
        check(
            "{Accept-Encoding=gzip, deflate, br, Cache-Control=no-cache, max-age=0, Trace=Root=1;S=0}",
            &[
                ("Accept-Encoding", "gzip, deflate, br"),
                ("Cache-Control", "no-cache, max-age=0"),
                ("Trace", "Root=1;S=0"),
            ],
        );
    }

    #[test]
    fn multi_values_joined_without_a_blank_stay_in_their_value() {
        check(
            "{Set-Cookie=AWSALB=x; Expires=Wed, 12 Oct 2022 13:14:40 GMT; Path=/,AWSALBCORS=y, Server=s}",
            &[
                (
                    "Set-Cookie",
                    "AWSALB=x; Expires=Wed, 12 Oct 2022 13:14:40 GMT; Path=/,AWSALBCORS=y",
                ),
                ("Server", "s"),
            ],
        );
    }

    #[test]
    fn an_empty_map_and_an_empty_value_are_legal() {
        check("{}", &[]);
        check("{Location=, A=b}", &[("Location", ""), ("A", "b")]);
    }

    #[test]
    fn what_is_cut_is_unseen() {
        let map =
            HeaderMap::parse(b"{A=b, Access-Control-Allow-Origin=htt [TRUNCATED]").expect("a map");
        let headers = Headers::Map(map);
        assert_eq!(headers.get("a"), Fact::Seen("b".into()));
        assert_eq!(headers.get("Access-Control-Allow-Origin"), Fact::Unseen);
        assert_eq!(headers.get("Vary"), Fact::Unseen);
    }
}
