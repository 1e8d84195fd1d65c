//! Which exchanges were counted, and with which findings: so that reading again what may have changed
//! counts nothing twice and misses nothing that came late.
//!
//! An exchange is known by the hashes of its ids, of the gateway and of Lambda, for either may be all
//! that a later reading shows of it. Ids are kept by the minute in which the exchange was counted, and
//! go when no reading can show it again.
//!
//! Must not: grow with the traffic beyond its bound without saying so.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::model::stable_hash::stable_hash;
use crate::model::{Exchange, Finding, LogTime, Text};

/// Ids that are remembered at most: a quarter of an hour of 400 requests a second.
pub const MOST: usize = 400_000;
const MINUTE: i64 = 60_000;
/// Findings of one exchange; few have more than four.
const MOST_RULES: usize = 255;

/// A rule of a finding, as a number.
fn rule_key(finding: &Finding) -> u32 {
    let hash = stable_hash(&[finding.rule.id.as_bytes()]);
    // Both halves count.
    (hash >> 32) as u32 ^ (hash & 0xffff_ffff) as u32
}

/// What an exchange is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys([Option<u64>; 3]);

impl Keys {
    /// The keys of an exchange: its ids; without any that is its own, what else tells it from others.
    pub fn of(exchange: &Exchange) -> Self {
        let ids = [
            exchange.request_id.filter(|id| !id.is_shared()),
            exchange.extended_request_id,
            exchange.lambda_request_id,
        ];
        let mut keys = ids.map(|id| id.map(|id| stable_hash(&[id.as_str().as_bytes()])));
        if keys.iter().all(Option::is_none) {
            let text = |which| exchange.text_bytes(which).unwrap_or_default();
            let time = |time: Option<LogTime>| time.map_or(0, |time| time.0).to_le_bytes();
            let status = exchange.status.seen().unwrap_or(0).to_le_bytes();
            let (began, ended) = (time(exchange.started), time(exchange.ended));
            let (api, stage) = (text(Text::Api), text(Text::Stage));
            let (method, path) = (text(Text::Method), text(Text::Path));
            let own: [&[u8]; 7] = [&began, &ended, &status, api, stage, method, path];
            keys[0] = Some(stable_hash(&own));
        }
        Self(keys)
    }

    fn iter(self) -> impl Iterator<Item = u64> {
        self.0.into_iter().flatten()
    }
}

/// What was remembered of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing: it was not counted.
    Not,
    /// It was counted; the places in the list of findings of those that it did not have.
    Counted(Vec<usize>),
}

/// Exchanges that were counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Minute>", into = "Vec<Minute>")]
pub struct Memory {
    /// Rules of the findings of each exchange.
    known: HashMap<u64, Box<[u32]>, foldhash::fast::RandomState>,
    /// Ids by the minute in which their exchange was counted.
    minutes: BTreeMap<i64, Vec<u64>>,
}

impl Memory {
    /// What is remembered of an exchange.
    pub fn recall(&self, keys: Keys, findings: &[Finding]) -> Remembered {
        let mut known = keys.iter().filter_map(|key| self.known.get(&key)).peekable();
        if known.peek().is_none() {
            return Remembered::Not;
        }
        let rules: Vec<u32> = known.flat_map(|rules| rules.iter().copied()).collect();
        let is_new = |finding: &Finding| !rules.contains(&rule_key(finding));
        let new = findings.iter().enumerate().filter(|(_, it)| is_new(it)).map(|(at, _)| at);
        Remembered::Counted(new.collect())
    }

    /// Remembers an exchange, or what it came to since.
    pub fn remember(&mut self, keys: Keys, counted: LogTime, findings: &[Finding]) {
        let rules: Box<[u32]> = findings.iter().take(MOST_RULES).map(rule_key).collect();
        for key in keys.iter() {
            if self.known.insert(key, rules.clone()).is_none() {
                self.minutes.entry(counted.0.div_euclid(MINUTE)).or_default().push(key);
            }
        }
    }

    /// Forgets exchanges that were counted before `time`; and, if there are more than [`MOST`] ids, further
    /// ones, oldest first. Returns the time up to which it had to forget more than it should.
    pub fn forget_before(&mut self, time: LogTime) -> Option<LogTime> {
        let keep_from = time.0.div_euclid(MINUTE);
        let mut forced = None;
        while let Some((minute, _)) = self.minutes.first_key_value() {
            let minute = *minute;
            if minute >= keep_from && self.known.len() <= MOST {
                break;
            }
            if minute >= keep_from {
                forced = Some(LogTime((minute + 1) * MINUTE));
            }
            for key in self.minutes.remove(&minute).into_iter().flatten() {
                self.known.remove(&key);
            }
        }
        forced
    }

    /// How many ids are remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// A minute as the state file has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Minute {
    /// Minutes since the Unix epoch.
    minute: i64,
    /// Base64 of, for each id: the id (8 bytes, little-endian), the number of findings (1 byte), the
    /// rules (4 bytes each).
    ids: String,
}

impl From<Memory> for Vec<Minute> {
    fn from(memory: Memory) -> Self {
        let minute = |(minute, keys): (&i64, &Vec<u64>)| {
            let mut bytes = Vec::with_capacity(keys.len() * 9);
            for key in keys {
                let rules = memory.known.get(key).map(AsRef::as_ref).unwrap_or_default();
                bytes.extend_from_slice(&key.to_le_bytes());
                bytes.push(u8::try_from(rules.len()).unwrap_or(u8::MAX));
                for rule in rules {
                    bytes.extend_from_slice(&rule.to_le_bytes());
                }
            }
            Minute { minute: *minute, ids: STANDARD.encode(bytes) }
        };
        memory.minutes.iter().map(minute).collect()
    }
}

impl TryFrom<Vec<Minute>> for Memory {
    type Error = String;

    fn try_from(minutes: Vec<Minute>) -> Result<Self, String> {
        let mut memory = Self::default();
        for Minute { minute, ids } in minutes {
            let problem = |what| format!("the ids of minute {minute} {what}");
            let bytes = STANDARD.decode(ids).map_err(|_| problem("are no base64"))?;
            let mut rest = bytes.as_slice();
            let keys = memory.minutes.entry(minute).or_default();
            while !rest.is_empty() {
                let (key, rules) = next(&mut rest).ok_or_else(|| problem("are cut off"))?;
                keys.push(key);
                memory.known.insert(key, rules);
            }
        }
        Ok(memory)
    }
}

fn next(rest: &mut &[u8]) -> Option<(u64, Box<[u32]>)> {
    let (key, tail) = rest.split_first_chunk::<8>()?;
    let (count, tail) = tail.split_first()?;
    let (rules, tail) = tail.split_at_checked(usize::from(*count) * 4)?;
    *rest = tail;
    let (rules, _) = rules.as_chunks::<4>();
    Some((u64::from_le_bytes(*key), rules.iter().map(|it| u32::from_le_bytes(*it)).collect()))
}
