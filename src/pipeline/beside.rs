//! Header maps that are read beside one that was read before: those of one service are alike, and what is
//! the same is not looked at again.
//!
//! Must not: find anything else than a search through the map by itself does.

use crate::model::bytes::{behind_comma, same_length};
use crate::model::header_map::name_length;
use crate::model::headers::HeaderMap;
use crate::pipeline::names::{Digest, Hashes, Names, Told};

/// A map that was read, with what was found in it.
#[derive(Debug, Default)]
pub(super) struct LastMap {
    /// Without braces.
    text: Vec<u8>,
    /// In order. Empty: there is no map.
    fields: Vec<Field>,
    /// Maps since then that had other fields.
    others: u32,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    /// Where its name begins, and its value.
    begin: usize,
    value: usize,
    told: Told,
    /// Of what is read of it, if another field follows.
    hashes: Hashes,
}

/// What was seen of a map beside the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// How many fields it has.
    fields: usize,
    /// Whether the one before does not have them all.
    has_others: bool,
}

/// A field of the map before that a text begins with, and how far both are the same.
type Like = Option<(usize, usize)>;

/// So many maps with other fields make one of them the one to compare with.
const MOST_OTHERS: u32 = 1024;
/// Longer maps are not kept.
const MOST_KEPT: usize = 16 << 10;
/// Fields of it that are compared with: whoever asks chooses how many there are to look for.
const MOST_FIELDS: usize = 64;
/// Length of what stands between two fields.
const SEPARATOR: usize = 2;

impl LastMap {
    /// Adds what is read of a map to the digest.
    pub(super) fn read<'a>(
        &mut self,
        map: HeaderMap<'a>,
        names: &Names,
        is_preflight: bool,
        digest: &mut Digest<'a>,
    ) {
        let told = |name: &[u8]| names.told(name, is_preflight);
        let found = self.beside(map, names, told, digest);
        self.others += u32::from(found.has_others);
        let has_more = found.has_others && found.fields.min(MOST_FIELDS) > self.fields.len();
        let text = map.text();
        if (has_more || self.others > MOST_OTHERS) && text.len() <= MOST_KEPT {
            self.keep(text, names, told);
        }
    }

    /// Keeps a map to compare others with.
    #[cold]
    fn keep(&mut self, text: &[u8], names: &Names, told: impl Fn(&[u8]) -> Told) {
        self.others = 0;
        self.text.clear();
        self.text.extend_from_slice(text);
        self.fields.clear();
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let mut begin = 0;
        // What cannot be a name behind a comma is not compared with what stands there.
        let mut name = name_length(text);
        while let Some(length) = name
            && self.fields.len() < MOST_FIELDS
        {
            let told = told(part(begin, begin + length));
            let value = begin + length + 1;
            let next = next_field(part(value, text.len()));
            let end = next.map_or(text.len(), |(next, _)| value + next - SEPARATOR);
            let hashes = names.hashes(told, part(begin, begin + length), part(value, end));
            self.fields.push(Field { begin, value, told, hashes });
            (begin, name) = next.map_or((0, None), |(next, length)| (value + next, Some(length)));
        }
    }

    /// Adds what is read of a map, as the one before leads from field to field.
    #[inline]
    fn beside<'a>(
        &self,
        map: HeaderMap<'a>,
        names: &Names,
        told_by: impl Fn(&[u8]) -> Told,
        digest: &mut Digest<'a>,
    ) -> Seen {
        let mut seen = Seen::default();
        // From where a field begins.
        let mut rest = map.text();
        // Which one of the map before it is, or else how long its name is.
        let (mut like, mut length) = (self.like(rest, 0), 0);
        if like.is_none() {
            let Some(equals) = memchr::memchr(b'=', rest) else { return seen };
            (like, length) = (self.like_any(rest, equals, 0), equals);
        }
        // The field of the map before that is expected next.
        let mut expected = 0;
        loop {
            seen.fields += 1;
            let told;
            if let Some((at, same)) = like {
                let Some([first, behind @ ..]) = self.fields.get(at..) else { return seen };
                let mut field = first;
                expected = at + 1;
                // A field is the same if that reaches to the value of the one behind it.
                for next in behind {
                    if next.value - first.begin > same {
                        break;
                    }
                    if field.told != Told::Nothing {
                        let (from, to) = (field.value - first.begin, next.begin - first.begin);
                        let value = rest.get(from..to - SEPARATOR).unwrap_or_default();
                        digest.add(field.told, field.hashes, value);
                    }
                    expected += 1;
                    field = next;
                }
                seen.fields += expected - at - 1;
                rest = rest.get(field.begin - first.begin..).unwrap_or_default();
                (told, length) = (field.told, field.value - field.begin - 1);
            } else {
                seen.has_others = true;
                told = told_by(rest.get(..length).unwrap_or_default());
            }
            let (name, value) = rest.split_at_checked(length).unwrap_or_default();
            let value = value.get(1..).unwrap_or_default();
            let mut next = 0;
            let is_last = loop {
                let Some(behind) = value.get(next..).and_then(behind_comma) else { break true };
                next += behind;
                rest = value.get(next..).unwrap_or_default();
                like = self.like(rest, expected);
                if like.is_some() {
                    break false;
                }
                // Behind a field that nobody reads, only one that somebody reads is looked for.
                if (told != Told::Nothing || names.may_tell(rest))
                    && let Some(name) = name_length(rest)
                {
                    (like, length) = (self.like_any(rest, name, expected), name);
                    break false;
                }
            };
            let value = if is_last { Some(value) } else { value.get(..next - SEPARATOR) };
            if told != Told::Nothing
                && let Some(value) = value.filter(|_| !is_last || map.is_complete())
            {
                digest.add(told, names.hashes(told, name, value), value);
            }
            if is_last {
                return seen;
            }
        }
    }

    /// How far a text is the same as the field in this place, if it begins with its name and `=`.
    #[inline]
    fn like(&self, text: &[u8], at: usize) -> Like {
        let field = self.fields.get(at)?;
        let same = same_length(text, self.text.get(field.begin..)?);
        (same >= field.value - field.begin).then_some((at, same))
    }

    /// The same for any field whose name is as long as this; best one that comes behind the expected one.
    fn like_any(&self, text: &[u8], length: usize, expected: usize) -> Like {
        let is_as_long = |field: &Field| field.value - field.begin == length + 1;
        let (before, behind) = self.fields.split_at_checked(expected)?;
        for (step, field) in behind.iter().enumerate() {
            if is_as_long(field)
                && let Some(like) = self.like(text, expected + step)
            {
                return Some(like);
            }
        }
        let before = before.iter().enumerate().filter(|(_, field)| is_as_long(field));
        before.into_iter().find_map(|(at, _)| self.like(text, at))
    }
}

/// Where the next field begins in a text that begins with a value, and the length of its name.
fn next_field(text: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    loop {
        at += behind_comma(text.get(at..)?)?;
        if let Some(length) = text.get(at..).and_then(name_length) {
            return Some((at, length));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::model::Headers;
    use crate::model::headers::IndexedMap;

    const FIELDS: [&str; 32] = [
        "Accept=*/*",
        "Origin=https://a.example",
        "Origin=https://b.example",
        "origin=https://a.example",
        "ORIGIN=c",
        "Host=api.example.com",
        "Host=",
        "Cookie=a=b; c=d",
        "Vary=Origin, Accept",
        "Vary=Origin, Accept-Encoding",
        "X-Other=a, max-age=0",
        "X-Other=a, b, c=d",
        "X-Others=a, Origin=https://evil.example",
        "Expires=0",
        "max-age=0",
        "a b=c",
        "TE=x",
        "Access-Control-Allow-Origin=*",
        "Access-Control-Alow-Origin=*",
        "access-control-allow-origin=https://a.example",
        "Accept-Encoding=gzip, deflate, br",
        "X-Amzn-Trace-Id=Root=1-69219ffc-37d8e6fed20697c29aad71d0;Sampled=0",
        "X-Amzn-Trace-Id=Root=1-69219ffc-299ab69cea07cb21b88a1999;Sampled=0",
        "X-Forwarded-For=111.173.101.49, 130.176.183.30",
        "X-Forwarded-For=1.2.3.4, 5.6.7.8",
        "User-Agent=Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0",
        "User-Agent=curl/8",
        "=g",
        "Origin",
        "e, f",
        "Content-Type=application/json",
        "A-Very-Long-Name-That-Is-Longer-Than-Any-Block-Of-Bytes=1",
    ];

    fn names() -> Names {
        let rules = [("Host", false), ("TE", true), ("Expires", false), ("max-age", false)];
        let rules = rules.map(|(name, presence)| (name.to_owned(), presence));
        let mut names =
            Names::new(&["Origin", "Vary"], &["Cookie", "Access-Control-Allow-Origin"], &rules)
                .and_near();
        assert!(names.tell_clients(&["User-Agent", "X-Forwarded-For"]));
        names
    }

    fn field() -> impl Strategy<Value = &'static str> {
        prop::sample::select(FIELDS.as_slice())
    }

    proptest! {
        /// Whatever maps came before, of a map is found what its fields show.
        #[test]
        fn maps_are_read_alike_with_and_without_others_before_them(
            usual in prop::collection::vec(field(), 0..12),
            maps in prop::collection::vec(
                (prop::collection::vec((any::<Index>(), field()), 0..4), any::<[bool; 4]>(), any::<Index>()),
                1..90,
            ),
        ) {
            let names = names();
            let mut last = Default::default();
            for (changes, [is_whole, is_preflight, is_cut, is_new], cut) in maps {
                let mut fields = usual.clone();
                for (at, field) in changes {
                    let at = at.index(fields.len() + 1);
                    match fields.get_mut(at).filter(|_| !is_new) {
                        Some(old) => *old = field,
                        None => fields.insert(at, field),
                    }
                }
                let mut text = format!("{{{}{}", fields.join(", "), if is_whole { "}" } else { "" });
                if is_cut {
                    text.truncate(cut.index(text.len()) + 1);
                }
                let map = HeaderMap::parse(text.as_bytes()).expect("a map");
                let mut spans = Vec::new();
                map.index(&mut spans);
                let indexed = Headers::Indexed(IndexedMap::new(map, &spans));
                let expected = names.digest(indexed, is_preflight, &mut Default::default());
                let found = names.digest(Headers::Map(map), is_preflight, &mut last);
                prop_assert_eq!(found, expected, "{}", text);
            }
        }
    }
}
