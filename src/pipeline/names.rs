//! The headers that verdict, survey and rules read, and how a key holds them.
//!
//! Must not: know what a header means.

use std::hash::BuildHasher;

use crate::model::Headers;
use crate::model::headers::{Found, HeaderNames};
use crate::pipeline::beside::LastMap;
use crate::rules::near_names;

/// Headers that are read.
pub(super) struct Names {
    /// `None`: a key cannot hold them all.
    set: Option<HeaderNames>,
    /// What is read of each, by its place in the set.
    uses: Vec<Use>,
    /// The places of those that a key holds, and of those among them that the survey reads.
    own: u64,
    surveyed: u64,
    hashers: [foldhash::quality::RandomState; 2],
}

/// What is read of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Its value, by the survey, and maybe by others.
    Surveyed,
    /// Its value, by verdict or rules.
    Valued,
    /// Whether it is there.
    Presence,
    /// Its value, which tells the clients of preflights from one another, and is no part of a key.
    Client(u8),
}

/// What a name tells of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody reads it.
    Nothing,
    /// It has this place in the set.
    Read(u8, Use),
    /// The name may be nearly one of CORS. Nothing else is read of it.
    Near,
}

/// Two hashes of a field, by hashers that are seeded anew in each run. Those of all fields are added up:
/// their order differs from line to line, and decides nothing where each name stands once.
pub(super) type Hashes = [u64; 2];

/// What is read of a header list, however its names are spelled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Digest<'a> {
    /// A bit for each place whose name is there, and for each whose name is there more than once.
    present: u64,
    repeated: u64,
    surveyed: Hashes,
    others: Hashes,
    /// The last values of the headers that tell clients.
    pub(super) client: [Option<&'a [u8]>; 2],
}

/// Headers of which the verdict reads only whether they are there.
const PRESENCE: &[&str] = &["Cookie", "If-None-Match", "If-Modified-Since"];

/// In the place of those that have none.
const NO_PLACE: u8 = u8::MAX;

impl Names {
    /// Those that the survey reads, the verdict's, and those of rules, which may ask for presence alone.
    pub(super) fn new(surveyed: &[&str], verdict: &[&str], rules: &[(String, bool)]) -> Self {
        let mut list: Vec<(&str, Use)> = Vec::new();
        let of = |presence| if presence { Use::Presence } else { Use::Valued };
        let valued = surveyed.iter().map(|text| (*text, Use::Surveyed));
        let judged = verdict.iter().map(|text| (*text, of(PRESENCE.contains(text))));
        let of_rules = rules.iter().map(|(text, presence)| (text.as_str(), of(*presence)));
        for (text, reads) in valued.chain(judged).chain(of_rules) {
            match list.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
                Some((_, known)) if *known == Use::Presence => *known = reads,
                Some(_) => {}
                None => list.push((text, reads)),
            }
        }
        Self {
            set: HeaderNames::new(list.iter().map(|(text, _)| *text)),
            own: places(list.len()),
            surveyed: places(surveyed.len()),
            uses: list.into_iter().map(|(_, reads)| reads).collect(),
            hashers: Default::default(),
        }
    }

    /// Has the values of these headers of preflights told, too. False if one of them is read anyway, or
    /// there is no room.
    pub(super) fn tell_clients(&mut self, headers: &[&str; 2]) -> bool {
        let Some(set) = &mut self.set else { return false };
        let is_read = headers.iter().any(|name| set.find(name.as_bytes()).is_some());
        let is_told = !is_read && headers.iter().all(|name| set.add(name).is_some());
        self.uses.extend([Use::Client(0), Use::Client(1)].into_iter().filter(|_| is_told));
        is_told
    }

    /// The same where names that are nearly those of CORS are told too.
    pub(super) fn and_near(self) -> Self {
        Self { set: self.set.map(|set| set.with_others(near_names::LETTER)), ..self }
    }

    /// The place of a name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.set.as_ref()?.find(name.as_bytes())
    }

    /// What is read of a header list. `None`: a key cannot hold it.
    pub(super) fn digest<'a>(
        &self,
        headers: Headers<'a>,
        is_preflight: bool,
        [last, last_of_preflight]: &mut [LastMap; 2],
    ) -> Option<Digest<'a>> {
        let set = self.set.as_ref()?;
        let mut digest = Digest::default();
        if let Headers::Map(map) = headers {
            // Preflights have other headers than the requests behind them.
            let last = if is_preflight { last_of_preflight } else { last };
            last.read(map, self, is_preflight, &mut digest);
        } else {
            headers.each_of(set, |found| match found {
                Found::Named(at, value) => {
                    let told = self.told_at(at, is_preflight);
                    digest.add(told, self.hashes(told, &[], value), value);
                }
                Found::Other(name) if near_names::may_be(name) => {
                    digest.add(Told::Near, self.hashes(Told::Near, name, &[]), &[]);
                }
                Found::Other(_) => {}
            });
        }
        Some(digest)
    }

    /// Whether a name of which something is read may begin here.
    #[inline]
    pub(super) fn may_tell(&self, text: &[u8]) -> bool {
        self.set.as_ref().is_some_and(|set| set.may_tell(text))
    }

    /// What a name tells.
    pub(super) fn told(&self, name: &[u8], is_preflight: bool) -> Told {
        let Some(set) = &self.set else { return Told::Nothing };
        match set.find(name) {
            Some(at) => self.told_at(at, is_preflight),
            None if set.tells(name) && near_names::may_be(name) => Told::Near,
            None => Told::Nothing,
        }
    }

    fn told_at(&self, at: usize, is_preflight: bool) -> Told {
        match (u8::try_from(at), self.uses.get(at)) {
            (Ok(_), Some(Use::Client(_))) if !is_preflight => Told::Nothing,
            (Ok(place), Some(reads)) => Told::Read(place, *reads),
            (Err(_), _) | (_, None) => Told::Nothing,
        }
    }

    /// The hashes of what is read of a field.
    #[inline]
    pub(super) fn hashes(&self, told: Told, name: &[u8], value: &[u8]) -> Hashes {
        match told {
            Told::Read(place, Use::Surveyed | Use::Valued) => self.hash(place, value),
            Told::Near => self.hash(NO_PLACE, name),
            Told::Read(_, Use::Presence | Use::Client(_)) | Told::Nothing => Hashes::default(),
        }
    }

    fn hash(&self, place: u8, text: &[u8]) -> Hashes {
        self.hashers.each_ref().map(|hasher| hasher.hash_one((place, text)))
    }

    /// Appends what the survey reads. Whether a key can hold it: no name stands there twice.
    pub(super) fn append_surveyed(
        &self,
        key: &mut Vec<u8>,
        headers: Headers<'_>,
        digest: &Digest<'_>,
    ) -> bool {
        key.extend_from_slice(&[u8::from(headers.is_seen()), u8::from(headers.is_complete())]);
        append_numbers(key, digest.present & self.surveyed, digest.surveyed);
        digest.repeated & self.surveyed == 0
    }

    /// Appends what else is read. Whether a key can hold it.
    pub(super) fn append_others(&self, key: &mut Vec<u8>, digest: &Digest<'_>) -> bool {
        append_numbers(key, digest.present & self.own & !self.surveyed, digest.others);
        digest.repeated & self.own == 0
    }
}

impl<'a> Digest<'a> {
    /// Whether the name at a place of the set is there.
    pub(super) fn has(&self, at: usize) -> bool {
        at < HeaderNames::MOST && self.present >> at & 1 == 1
    }

    /// Adds a field, with the hashes of what is read of it.
    #[inline]
    pub(super) fn add(&mut self, told: Told, hashes: Hashes, value: &'a [u8]) {
        let reads = match told {
            Told::Read(place, reads) => {
                let bit = 1_u64.checked_shl(u32::from(place)).unwrap_or_default();
                self.repeated |= self.present & bit;
                self.present |= bit;
                reads
            }
            Told::Near => Use::Valued,
            Told::Nothing => return,
        };
        match reads {
            Use::Surveyed => add(&mut self.surveyed, hashes),
            Use::Valued => add(&mut self.others, hashes),
            Use::Presence => {}
            Use::Client(at) => {
                if let Some(slot) = self.client.get_mut(usize::from(at)) {
                    *slot = Some(value);
                }
            }
        }
    }
}

#[inline]
fn add(sum: &mut Hashes, hashes: Hashes) {
    for (sum, hash) in sum.iter_mut().zip(hashes) {
        *sum = sum.wrapping_add(hash);
    }
}

fn append_numbers(key: &mut Vec<u8>, places: u64, [first, second]: Hashes) {
    let mut numbers = [0; 24];
    for (bytes, number) in numbers.as_chunks_mut().0.iter_mut().zip([places, first, second]) {
        *bytes = number.to_ne_bytes();
    }
    key.extend_from_slice(&numbers);
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
