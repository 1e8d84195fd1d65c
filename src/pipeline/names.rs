//! The headers that verdict, survey and rules read, and how a key holds them.
//!
//! Must not: know what a header means.

use crate::model::Headers;
use crate::model::headers::{HeaderNames, Values};

/// Headers that are read.
pub(super) struct Names {
    /// Their names. `None`: a key cannot hold them all.
    pub(super) set: Option<HeaderNames>,
    list: Vec<Name>,
    /// Their places, others of a larger set standing behind them.
    own: u64,
    /// The places of those that the survey reads.
    surveyed: u64,
    /// The places of the others whose value matters.
    valued: u64,
}

/// A header that is read.
struct Name {
    text: String,
    /// Only whether it is there matters.
    presence: bool,
}

/// Headers of which the verdict reads only whether they are there.
const PRESENCE: &[&str] = &["Cookie", "If-None-Match", "If-Modified-Since"];

impl Names {
    /// Those that the survey reads, the verdict's, and those of rules, which may ask for presence alone.
    pub(super) fn new(surveyed: &[&str], verdict: &[&str], rules: &[(String, bool)]) -> Self {
        let mut list: Vec<Name> = Vec::new();
        let valued = surveyed.iter().map(|text| (*text, false));
        let judged = verdict.iter().map(|text| (*text, PRESENCE.contains(text)));
        let of_rules = rules.iter().map(|(text, presence)| (text.as_str(), *presence));
        for (text, presence) in valued.chain(judged).chain(of_rules) {
            match list.iter_mut().find(|name| name.text.eq_ignore_ascii_case(text)) {
                Some(name) => name.presence &= presence,
                None => list.push(Name { text: text.to_owned(), presence }),
            }
        }
        let own = places(list.len());
        let surveyed = places(surveyed.len());
        let names =
            list.iter().enumerate().take(HeaderNames::MOST).filter(|(_, name)| !name.presence);
        let valued = names.fold(0, |places, (at, _)| places | 1_u64 << at) & !surveyed;
        let set = HeaderNames::new(list.iter().map(|name| name.text.as_str()));
        Self { set, list, own, surveyed, valued }
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// The names with others behind them; `None` if one of these is there already.
    pub(super) fn and_others(&self, others: &[&str]) -> Option<HeaderNames> {
        let is_read = |other: &&str| self.set.as_ref()?.find(other.as_bytes());
        if others.iter().any(|other| is_read(other).is_some()) {
            return None;
        }
        let names = self.list.iter().map(|name| name.text.as_str());
        HeaderNames::new(names.chain(others.iter().copied()))
    }

    /// The same where names that begin with this letter are told too.
    pub(super) fn and_beginning_with(self, letter: u8) -> Self {
        Self { set: self.set.map(|set| set.with_others(letter)), ..self }
    }

    /// The values that a header list has of them, of a larger set if they stand in front there.
    /// `None`: a key cannot hold them all.
    #[inline]
    pub(super) fn values<'a>(
        &self,
        headers: Headers<'a>,
        larger: Option<&HeaderNames>,
        other: impl FnMut(&'a [u8]),
    ) -> Option<Values<'a>> {
        Some(headers.values_of(larger.or(self.set.as_ref())?, other))
    }

    /// Appends what the survey reads. Whether a key can hold it: no name stands there twice.
    pub(super) fn append_surveyed(
        &self,
        key: &mut Vec<u8>,
        headers: Headers<'_>,
        values: &Values<'_>,
    ) -> bool {
        key.extend_from_slice(&[u8::from(headers.is_seen()), u8::from(headers.is_complete())]);
        append_values(key, values, self.surveyed, self.surveyed);
        values.places().1 & self.surveyed == 0
    }

    /// Appends what else is read, in the order of the list: that of the log differs from line to line,
    /// and so does the spelling, which decides nothing where each name stands once. Whether that is so.
    pub(super) fn append_others(&self, key: &mut Vec<u8>, values: &Values<'_>) -> bool {
        append_values(key, values, self.own & !self.surveyed, self.valued);
        values.places().1 & self.own == 0
    }
}

/// Appends which names are there, of these places, and the values in those.
#[inline]
fn append_values(key: &mut Vec<u8>, values: &Values<'_>, places: u64, shown: u64) {
    let present = values.places().0 & places;
    key.extend_from_slice(&present.to_be_bytes());
    let mut rest = present & shown;
    while rest != 0 {
        append(key, values.get(rest.trailing_zeros() as usize));
        rest &= rest - 1;
    }
}

/// The first places.
fn places(count: usize) -> u64 {
    (0..count).fold(0, |places, _| places << 1 | 1)
}

/// A text with its length, so that no two lists of texts make the same key.
pub(super) fn append(key: &mut Vec<u8>, text: Option<&[u8]>) {
    let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
    key.extend_from_slice(&length.to_be_bytes());
    key.extend_from_slice(text.unwrap_or_default());
}
