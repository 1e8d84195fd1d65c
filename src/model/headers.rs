//! Header lists as logs show them.
//!
//! An API Gateway header map, `{Name=value, Name2=value2}`, is not escaped: values contain `, `, `=`
//! and braces. It is read lazily, from the logged text, because most headers are never asked for.
//!
//! Must not: compare a value with anything; that is the `cors` layer's work.

use std::borrow::Cow;

use crate::model::Fact;

pub use crate::model::header_map::{FieldSpan, HeaderMap, MapFields, is_token_byte};
pub use crate::model::header_names::{Found, HeaderNames, Values};

/// A header list, borrowed from where it was logged. Names compare without case.
#[derive(Debug, Clone, Copy, Default)]
pub enum Headers<'a> {
    /// No line shows it.
    #[default]
    Unseen,
    /// `{K=V, K2=V2}` as API Gateway logs it, the braces included; cut off if the closing one lacks.
    Map(HeaderMap<'a>),
    /// A header map whose fields were found already.
    Indexed(IndexedMap<'a>),
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
        // Of a text only what begins like the name is looked at.
        let names = if let Headers::Map(_) = self { HeaderNames::new([name]) } else { None };
        if let Some(names) = names {
            let [value] = self.get_first(&names);
            return value;
        }
        let mut found = None;
        self.each_as_long(Lengths::of(&[name]), |field, value| {
            if is_named(field, name) {
                combine(&mut found, value);
            }
        });
        let [value] = self.known([found]);
        value
    }

    /// The same for the first names of a set, in one pass.
    pub fn get_first<const N: usize>(&self, names: &HeaderNames) -> [Fact<Cow<'a, str>>; N] {
        let mut found: [Option<Cow<'a, str>>; N] = [const { None }; N];
        self.each_of(names, |field| {
            if let Found::Named(at, value) = field
                && let Some(slot) = found.get_mut(at)
            {
                combine(slot, value);
            }
        });
        self.known(found)
    }

    /// Values that were found, or what is known of those that were not.
    fn known<const N: usize>(&self, found: [Option<Cow<'a, str>>; N]) -> [Fact<Cow<'a, str>>; N] {
        let others = if self.is_complete() { Fact::Absent } else { Fact::Unseen };
        found.map(|value| value.map_or_else(|| others.clone(), Fact::Seen))
    }

    /// Name and value of each field, in order. A last value that was cut off is left out.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        self.raw().map(|(name, value)| (lossy(name), lossy(value)))
    }

    /// As [`Self::iter`], as logged: for those who want few of the fields.
    pub fn raw(&self) -> Fields<'a> {
        match *self {
            Headers::Unseen => Fields::List([].iter()),
            Headers::Map(map) => Fields::Map(map.iter()),
            Headers::Indexed(map) => Fields::Indexed(map),
            Headers::List { fields, .. } => Fields::List(fields.iter()),
        }
    }

    /// Calls `f` with name and value of each field whose name has one of these lengths, in order, as
    /// logged: for those who look for few names, of which the length alone excludes most fields.
    pub fn each_as_long(&self, lengths: Lengths, mut f: impl FnMut(&'a [u8], &'a [u8])) {
        if let Headers::Indexed(map) = *self {
            let part = |(start, end): (u32, u32)| map.text.get(start as usize..end as usize);
            for field in map.fields {
                let length = field.name.1.saturating_sub(field.name.0);
                if lengths.has(length as usize)
                    && let (Some(name), Some(value)) = (part(field.name), part(field.value))
                {
                    f(name, value);
                }
            }
            return;
        }
        for (name, value) in self.raw().filter(|(name, _)| lengths.has(name.len())) {
            f(name, value);
        }
    }

    /// The values of the names in the set.
    pub fn values_of(&self, names: &HeaderNames) -> Values<'a> {
        let mut values = Values::NONE;
        self.each_of(names, |found| {
            if let Found::Named(at, value) = found {
                values.put(at, value);
            }
        });
        values
    }

    /// Calls `f` with each field whose name is in the set, in order.
    #[inline]
    pub fn each_of(&self, names: &HeaderNames, mut f: impl FnMut(Found<'a>)) {
        if let Headers::Map(map) = *self {
            return map.each_of(names, f);
        }
        let mut field = |name, value| match names.find(name) {
            Some(at) => f(Found::Named(at, value)),
            None if names.tells(name) => f(Found::Other(name)),
            None => {}
        };
        match names.lengths() {
            Some(lengths) => self.each_as_long(lengths, field),
            None => self.raw().for_each(|(name, value)| field(name, value)),
        }
    }

    /// Whether a header that is not found is known to be absent.
    pub fn is_complete(&self) -> bool {
        match self {
            Headers::Unseen => false,
            Headers::Map(map) => map.complete,
            Headers::Indexed(map) => map.complete,
            Headers::List { complete, .. } => *complete,
        }
    }

    /// Whether any line shows the list, be it only in part.
    pub fn is_seen(&self) -> bool {
        !matches!(self, Headers::Unseen)
    }
}

/// Takes one more value of a name.
fn combine<'a>(values: &mut Option<Cow<'a, str>>, value: &'a [u8]) {
    let value = lossy(value);
    *values = Some(match values.take() {
        None => value,
        Some(first) => Cow::Owned(format!("{first}, {value}")),
    });
}

/// Whether a field has this name. Most are spelled as whoever asks expects, which is told at once, or
/// differ at their beginning.
#[inline]
pub fn is_named(field: &[u8], name: &str) -> bool {
    let begins = |name: &[u8]| name.first().map(u8::to_ascii_lowercase);
    let name = name.as_bytes();
    begins(field) == begins(name) && (field == name || field.eq_ignore_ascii_case(name))
}

/// A set of lengths of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lengths(u64);

impl Lengths {
    /// The same and this one.
    #[must_use]
    pub const fn with(self, length: usize) -> Self {
        Self(self.0 | Self::bit(length))
    }

    /// The lengths of these names.
    pub const fn of(names: &[&str]) -> Self {
        let mut lengths = Self(0);
        let mut names = names;
        while let [name, rest @ ..] = names {
            lengths = lengths.with(name.len());
            names = rest;
        }
        lengths
    }

    /// Whether a name of this length may be in the set; all from 63 on count as one.
    pub const fn has(self, length: usize) -> bool {
        self.0 & Self::bit(length) != 0
    }

    const fn bit(length: usize) -> u64 {
        1 << if length < 63 { length } else { 63 }
    }
}

/// A header map with the places of its fields.
#[derive(Debug, Clone, Copy)]
pub struct IndexedMap<'a> {
    /// Without braces, as in [`HeaderMap`].
    text: &'a [u8],
    fields: &'a [FieldSpan],
    complete: bool,
}

impl<'a> IndexedMap<'a> {
    /// A map with the fields that [`HeaderMap::index`] found in it.
    pub fn new(map: HeaderMap<'a>, fields: &'a [FieldSpan]) -> Self {
        Self { text: map.text, fields, complete: map.complete }
    }

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (field, rest) = self.fields.split_first()?;
        self.fields = rest;
        let part = |(start, end): (u32, u32)| self.text.get(start as usize..end as usize);
        Some((part(field.name)?, part(field.value)?))
    }
}

/// Fields of a header list as logged.
#[derive(Debug, Clone)]
pub enum Fields<'a> {
    /// Of a header map.
    Map(MapFields<'a>),
    /// Of a header map whose fields were found already.
    Indexed(IndexedMap<'a>),
    /// Of a list of pairs.
    List(std::slice::Iter<'a, (String, String)>),
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Fields::Map(fields) => fields.next(),
            Fields::Indexed(map) => map.next(),
            Fields::List(fields) => {
                fields.next().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            }
        }
    }
}

/// Text that is not UTF-8 where it is not ASCII either.
pub fn lossy(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        /// The search for many names finds what all fields show, in each form of a list.
        #[test]
        fn names_of_a_set_have_the_values_that_all_fields_show(
            fields in prop::collection::vec(prop::sample::select(vec![
                "Origin=https://a.example", "origin=b", "Vary=Origin, Accept", "X-Other=a, max-age=0",
                "Expires=0", "a=b", "TE=x", "Access-Control-Allow-Origin=*", "ACCEPT=c, d", "e, f",
                "Host=", "=g", "Origin", "Accept-Encoding=gzip, deflate, br",
            ]), 0..9),
            is_whole: bool,
        ) {
            let names = ["origin", "expires", "TE", "access-control-allow-origin", "host"];
            let set = HeaderNames::new(names).expect("room").with_others(b'a');
            let text = format!("{{{}{}", fields.join(", "), if is_whole { "}" } else { "" });
            let map = HeaderMap::parse(text.as_bytes()).expect("a map");
            let mut spans = Vec::new();
            map.index(&mut spans);
            for headers in [Headers::Map(map), Headers::Indexed(IndexedMap::new(map, &spans))] {
                let values = headers.values_of(&set);
                for (at, name) in names.iter().enumerate() {
                    let of_it = || headers.raw().filter(|(field, _)| is_named(field, name));
                    prop_assert_eq!(values.get(at), of_it().last().map(|(_, value)| value), "{}", name);
                    prop_assert_eq!(values.is_repeated(at), of_it().count() > 1, "{}", name);
                    let all: Vec<_> = of_it().map(|(_, value)| lossy(value)).collect();
                    let expected = match (all.is_empty(), is_whole) {
                        (false, _) => Fact::Seen(Cow::from(all.join(", "))),
                        (true, true) => Fact::Absent,
                        (true, false) => Fact::Unseen,
                    };
                    prop_assert_eq!(headers.get(name), expected, "{}", name);
                }
            }
        }
    }
}
