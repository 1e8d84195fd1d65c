//! The text of an API Gateway header map, `{Name=value, Name2=value2}`, and where its fields are.
//!
//! Must not: know a header by its name.

use crate::model::bytes::{BehindCommas, word_length};
use crate::model::header_names::{Found, HeaderNames};

/// The text of a logged header map.
#[derive(Debug, Clone, Copy)]
pub struct HeaderMap<'a> {
    /// Without braces, and without ` [TRUNCATED]`.
    pub(super) text: &'a [u8],
    /// Whether the closing brace was there.
    pub(super) complete: bool,
}

impl<'a> HeaderMap<'a> {
    /// Takes the text behind the label of a `... headers: ` line. `None` if it does not begin with
    /// `{`, or if JSON stands behind that, as emulators write it. The map is complete if it ends in `}` and
    /// not in ` [TRUNCATED]`.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text =
            text.trim_ascii().strip_prefix(b"{").filter(|text| text.first() != Some(&b'"'))?;
        Some(match text.strip_suffix(b"}") {
            Some(text) => Self { text, complete: true },
            None => {
                Self { text: text.strip_suffix(b" [TRUNCATED]").unwrap_or(text), complete: false }
            }
        })
    }

    /// Without braces, and without ` [TRUNCATED]`.
    pub fn text(self) -> &'a [u8] {
        self.text
    }

    /// Whether the closing brace was there.
    pub fn is_complete(self) -> bool {
        self.complete
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
            begins: BehindCommas::of(self.text),
            next: memchr::memchr(b'=', self.text).map(|equals| (0, equals)),
            complete: self.complete,
        }
    }

    /// Calls `f` with each entry whose name is in the set, in order; without a last entry that was cut
    /// off. Of the others only where they begin is looked at.
    #[inline]
    pub fn each_of(self, names: &HeaderNames, mut f: impl FnMut(Found<'a>)) {
        let text = self.text;
        let Some(first) = memchr::memchr(b'=', text) else { return };
        let name = text.get(..first).unwrap_or_default();
        // The entry that is open: the place of its name, and where its value begins.
        let mut open = names.find(name).map(|at| (at, first + 1));
        if open.is_none() && names.tells(name) {
            f(Found::Other(name));
        }
        for begin in BehindCommas::of(text).skip_while(|begin| begin - 2 < first) {
            let rest = text.get(begin..).unwrap_or_default();
            if open.is_none() && !names.may_tell(rest) {
                continue;
            }
            let found = names.behind_comma(rest);
            let is_told = found.is_none() && names.tells(rest);
            let length = match found {
                Some((_, length)) => Some(length),
                None if is_told || open.is_some() => name_length(rest),
                None => None,
            };
            let Some(length) = length else { continue };
            if let Some((at, value)) = open.take() {
                f(Found::Named(at, text.get(value..begin - 2).unwrap_or_default()));
            }
            if is_told {
                f(Found::Other(rest.get(..length).unwrap_or_default()));
            }
            open = found.map(|(at, length)| (at, begin + length + 1));
        }
        if let Some((at, value)) = open.filter(|_| self.complete) {
            f(Found::Named(at, text.get(value..).unwrap_or_default()));
        }
    }
}

/// Where a field stands in the text of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSpan {
    pub(super) name: (u32, u32),
    pub(super) value: (u32, u32),
}

/// Entries of a header map.
#[derive(Debug, Clone)]
pub struct MapFields<'a> {
    text: &'a [u8],
    /// Where an entry may begin, of those that were not looked at.
    begins: BehindCommas<'a>,
    /// Where the next entry's name begins and where its `=` stands.
    next: Option<(usize, usize)>,
    complete: bool,
}

impl MapFields<'_> {
    fn next_span(&mut self) -> Option<FieldSpan> {
        let (name, equals) = self.next.take()?;
        let mut end = self.text.len();
        // A value ends at the first `, ` that a plausible `Name=` follows.
        for begin in self.begins.by_ref().skip_while(|begin| begin - 2 < equals) {
            if let Some(length) = self.text.get(begin..).and_then(name_length) {
                self.next = Some((begin, begin + length));
                end = begin - 2;
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

/// The length of the header name that `text` begins with, if an `=` follows it.
pub(crate) fn name_length(text: &[u8]) -> Option<usize> {
    let mut length = word_length(text);
    if text.get(length) != Some(&b'=') {
        length += text.get(length..)?.iter().position(|byte| !is_token_byte(*byte))?;
    }
    let name = text.get(..length)?;
    let is_name = length > 0 && text.get(length) == Some(&b'=') && !is_value_parameter(name);
    is_name.then_some(length)
}

/// Parameters that stand behind `, ` inside values (`no-cache, max-age=0`) and are no header names.
const PARAMETERS: [&str; 31] = [
    "q",
    "u",
    "v",
    "by",
    "ma",
    "dur",
    "for",
    "rel",
    "desc",
    "path",
    "type",
    "error",
    "proto",
    "realm",
    "scope",
    "title",
    "domain",
    "charset",
    "expires",
    "max-age",
    "persist",
    "boundary",
    "s-maxage",
    "samesite",
    "signature",
    "report-uri",
    "signedheaders",
    "stale-if-error",
    "error_description",
    "includesubdomains",
    "stale-while-revalidate",
];

/// For each letter that parameters begin with, a bit for each [`hash`] of theirs.
const HASHES: [u64; 32] = {
    let mut hashes = [0; 32];
    let mut rest: &[&str] = &PARAMETERS;
    while let [parameter, others @ ..] = rest {
        rest = others;
        let bytes = parameter.as_bytes();
        if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
            #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 32")]
            {
                hashes[(*first & 31) as usize] |= 1 << hash(parameter.len(), *last);
            }
        }
    }
    hashes
};

/// Six bits of a length and of a last letter, in any case.
#[inline]
const fn hash(length: usize, last: u8) -> usize {
    (length ^ ((last & 31) as usize) << 1) & 63
}

#[inline]
pub(super) fn is_value_parameter(name: &[u8]) -> bool {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return false };
    // Nearly all names are told from parameters by both letters and their length.
    let hashes = HASHES.get(usize::from(first & 31)).copied().unwrap_or_default();
    hashes >> hash(name.len(), *last) & 1 == 1 && is_among_parameters(name)
}

fn is_among_parameters(name: &[u8]) -> bool {
    PARAMETERS.iter().any(|parameter| parameter.as_bytes().eq_ignore_ascii_case(name))
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

    #[test]
    fn parameters_are_told_in_any_case_and_from_headers() {
        for parameter in PARAMETERS {
            assert!(is_value_parameter(parameter.as_bytes()), "{parameter}");
            assert!(is_value_parameter(parameter.to_uppercase().as_bytes()), "{parameter}");
        }
        for header in ["", "Vary", "Date", "ETag", "Sec-Fetch-Mode", "Path-Info", "x", "Max-Ages"] {
            assert!(!is_value_parameter(header.as_bytes()), "{header}");
        }
    }
}
