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
        let [value] = self.get_all([name]);
        value
    }

    /// The same for several names, in one pass.
    pub fn get_all<const N: usize>(&self, names: [&str; N]) -> [Fact<Cow<'a, str>>; N] {
        let mut found: [Option<Cow<'a, str>>; N] = [const { None }; N];
        self.each_as_long(Lengths::of(&names), |field, value| {
            let mut slots = names.iter().zip(&mut found);
            let Some((_, slot)) = slots.find(|(name, _)| is_named(field, name)) else { return };
            let value = lossy(value);
            *slot = Some(match slot.take() {
                None => value,
                Some(first) => Cow::Owned(format!("{first}, {value}")),
            });
        });
        let others = if self.is_complete() { Fact::Absent } else { Fact::Unseen };
        found.map(|value| value.map_or_else(|| others.clone(), Fact::Seen))
    }

    /// The value of the last field of each name as logged, in one pass: for those who compare what
    /// nobody reads.
    pub fn last_values<const N: usize>(&self, names: [&str; N]) -> [Fact<&'a [u8]>; N] {
        let mut values = [if self.is_complete() { Fact::Absent } else { Fact::Unseen }; N];
        self.each_as_long(Lengths::of(&names), |field, value| {
            let mut slots = names.iter().zip(&mut values);
            if let Some((_, slot)) = slots.find(|(name, _)| is_named(field, name)) {
                *slot = Fact::Seen(value);
            }
        });
        values
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

/// Where a field stands in the text of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSpan {
    name: (u32, u32),
    value: (u32, u32),
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

    /// Finds all fields, once for those who read the map several times.
    pub fn index(self, fields: &mut Vec<FieldSpan>) {
        fields.clear();
        let mut entries = self.iter();
        while let Some(field) = entries.next_span() {
            fields.push(field);
        }
    }

    /// Name and value of each entry, in order; without a last entry that was cut off.
    pub fn iter(self) -> MapFields<'a> {
        MapFields {
            text: self.text,
            commas: memchr::memchr_iter(b',', self.text),
            next: memchr::memchr(b'=', self.text).map(|equals| (0, equals)),
            complete: self.complete,
        }
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

/// Entries of a header map.
#[derive(Debug, Clone)]
pub struct MapFields<'a> {
    text: &'a [u8],
    /// Commas that were not looked at.
    commas: memchr::Memchr<'a>,
    /// Where the next entry's name begins and where its `=` stands.
    next: Option<(usize, usize)>,
    complete: bool,
}

impl MapFields<'_> {
    fn next_span(&mut self) -> Option<FieldSpan> {
        let (name, equals) = self.next.take()?;
        let mut end = self.text.len();
        // A value ends at the first `, ` that a plausible `Name=` follows.
        for comma in self.commas.by_ref().skip_while(|comma| *comma < equals) {
            let Some([b' ', rest @ ..]) = self.text.get(comma + 1..) else { continue };
            if let Some(length) = name_length(rest) {
                self.next = Some((comma + 2, comma + 2 + length));
                end = comma;
                break;
            }
        }
        if self.next.is_none() && !self.complete {
            // It was cut off.
            return None;
        }
        let at = |at: usize| u32::try_from(at).ok();
        Some(FieldSpan { name: (at(name)?, at(equals)?), value: (at(equals + 1)?, at(end)?) })
    }
}

impl<'a> Iterator for MapFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.next_span()?;
        let part = |(start, end): (u32, u32)| self.text.get(start as usize..end as usize);
        Some((part(field.name)?, part(field.value)?))
    }
}

/// Text that is not UTF-8 where it is not ASCII either.
pub fn lossy(text: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(text),
    }
}

/// The length of the header name that `text` begins with, if an `=` follows it.
fn name_length(text: &[u8]) -> Option<usize> {
    let length = text.iter().position(|byte| !is_token_byte(*byte))?;
    let name = text.get(..length)?;
    let is_name = length > 0 && text.get(length) == Some(&b'=') && !is_value_parameter(name);
    is_name.then_some(length)
}

/// Parameters that stand behind `, ` inside values (`no-cache, max-age=0`) and are no header names.
fn is_value_parameter(name: &[u8]) -> bool {
    let parameters: &[&[u8]] = match name.len() {
        1 => &[b"q", b"u", b"v"],
        2 => &[b"by", b"ma"],
        3 => &[b"dur", b"for", b"rel"],
        4 => &[b"desc", b"path", b"type"],
        5 => &[b"error", b"proto", b"realm", b"scope", b"title"],
        6 => &[b"domain"],
        7 => &[b"charset", b"expires", b"max-age", b"persist"],
        8 => &[b"boundary", b"s-maxage", b"samesite"],
        9 => &[b"signature"],
        10 => &[b"report-uri"],
        13 => &[b"signedheaders"],
        14 => &[b"stale-if-error"],
        17 => &[b"error_description", b"includesubdomains"],
        22 => &[b"stale-while-revalidate"],
        _ => &[],
    };
    parameters.iter().any(|parameter| parameter.eq_ignore_ascii_case(name))
}

/// RFC 9110 `tchar`, by byte.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 256")]
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        {
            table[byte] = matches!(
                byte as u8,
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'&'
                    | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        }
        byte += 1;
    }
    table
};

/// RFC 9110 `tchar`.
pub fn is_token_byte(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or_default()
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
