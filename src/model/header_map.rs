//! The text of an API Gateway header map, `{Name=value, Name2=value2}`, and where its fields are.
//!
//! Must not: know a header by its name.

use crate::model::bytes::{Positions, word_length};

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
            commas: Positions::of(b',', self.text),
            next: memchr::memchr(b'=', self.text).map(|equals| (0, equals)),
            complete: self.complete,
        }
    }

    /// Calls `f` with name and value of each entry whose name may be among those of `beginnings`, in
    /// order; without a last entry that was cut off. Of the others only where they begin is looked at.
    #[inline]
    pub fn each_beginning(self, beginnings: &Beginnings, mut f: impl FnMut(Name<'a>, &'a [u8])) {
        let text = self.text;
        let Some(first) = memchr::memchr(b'=', text) else { return };
        let field = |(start, equals): (usize, usize), end: usize| {
            let rest = text.get(start..).unwrap_or_default();
            (Name { rest, length: equals - start }, text.get(equals + 1..end).unwrap_or_default())
        };
        let mut open = beginnings.may_begin(text).then_some((0, first));
        for comma in Positions::of(b',', text) {
            let Some([b' ', rest @ ..]) = text.get(comma + 1..) else { continue };
            let is_wanted = beginnings.may_begin(rest);
            if !is_wanted && open.is_none() || comma < first {
                continue;
            }
            let Some(length) = name_length(rest) else { continue };
            if let Some(open) = open.take() {
                let (name, value) = field(open, comma);
                f(name, value);
            }
            open = is_wanted.then_some((comma + 2, comma + 2 + length));
        }
        if let Some(open) = open.filter(|_| self.complete) {
            let (name, value) = field(open, text.len());
            f(name, value);
        }
    }
}

/// The name of a field, and the text that it begins.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Name<'a> {
    /// A name of a list.
    pub fn of(name: &'a [u8]) -> Self {
        Self { rest: name, length: name.len() }
    }

    /// The name as logged.
    #[inline]
    pub fn text(self) -> &'a [u8] {
        self.rest.get(..self.length).unwrap_or(self.rest)
    }

    /// The name for comparisons that do not heed case. Not of a name that is longer than
    /// [`FoldedName::MAX`].
    #[inline]
    pub fn folded(self) -> Option<FoldedName> {
        let text = match self.rest.first_chunk() {
            Some(text) => *text,
            None => {
                let mut text = [0; FoldedName::MAX];
                text.get_mut(..self.rest.len())?.copy_from_slice(self.rest);
                text
            }
        };
        FoldedName::new(text, self.length)
    }
}

/// A name without its case, as three vectors. All that a name consists of
/// ([`is_token_byte`]) stays apart but for `^` and `~`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldedName([u8; Self::MAX]);

impl FoldedName {
    /// The longest name.
    pub const MAX: usize = 48;

    /// The name that text begins with.
    #[inline]
    fn new(text: [u8; Self::MAX], length: usize) -> Option<Self> {
        const ENDS: [[u8; FoldedName::MAX]; FoldedName::MAX + 1] = {
            let mut ends = [[0; FoldedName::MAX]; FoldedName::MAX + 1];
            let mut at = 0;
            while at < ends.len() * FoldedName::MAX {
                let (length, byte) = (at / FoldedName::MAX, at % FoldedName::MAX);
                #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
                {
                    ends[length][byte] = if byte < length { 0xff } else { 0 };
                }
                at += 1;
            }
            ends
        };
        let end = ENDS.get(length)?;
        let mut folded = text;
        for (byte, end) in folded.iter_mut().zip(end) {
            *byte = (*byte | 0x20) & end;
        }
        Some(Self(folded))
    }
}

/// How the names of some headers begin: by their first and fourth letters, which leave few others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Beginnings([u32; 32]);

impl Beginnings {
    /// The same and this name.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        let [first, .., fourth] = name.as_bytes().first_chunk::<4>().copied().unwrap_or_default();
        if name.len() < 4 {
            // What stands behind a short name is not known.
            return Self([u32::MAX; 32]);
        }
        if let Some(row) = self.0.get_mut(usize::from(first & 31)) {
            *row |= 1 << (fourth & 31);
        }
        self
    }

    /// The same and all names that begin with this letter.
    #[must_use]
    pub fn with_letter(mut self, letter: u8) -> Self {
        if let Some(row) = self.0.get_mut(usize::from(letter & 31)) {
            *row = u32::MAX;
        }
        self
    }

    /// Whether what begins here may begin with one of the names.
    #[inline]
    fn may_begin(&self, text: &[u8]) -> bool {
        let [first, _, _, fourth, ..] = text else { return true };
        // Five bits of a letter do not tell its case.
        self.0.get(usize::from(first & 31)).is_some_and(|row| row >> (fourth & 31) & 1 == 1)
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
    /// Commas that were not looked at.
    commas: Positions<'a>,
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

/// The length of the header name that `text` begins with, if an `=` follows it.
fn name_length(text: &[u8]) -> Option<usize> {
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

/// For each letter that parameters begin with, a bit for each of their lengths.
const LENGTHS: [u32; 32] = {
    let mut lengths = [0; 32];
    let mut rest: &[&str] = &PARAMETERS;
    while let [parameter, others @ ..] = rest {
        rest = others;
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 32")]
        {
            lengths[(parameter.as_bytes()[0] & 31) as usize] |= 1 << parameter.len();
        }
    }
    lengths
};

fn is_value_parameter(name: &[u8]) -> bool {
    // Nearly all names are told from parameters by their first letter and their length.
    let first = usize::from(name.first().copied().unwrap_or_default() & 31);
    LENGTHS.get(first).is_some_and(|lengths| name.len() < 32 && lengths >> name.len() & 1 == 1)
        && PARAMETERS.iter().any(|parameter| parameter.as_bytes().eq_ignore_ascii_case(name))
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
