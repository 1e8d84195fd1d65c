//! Which exchanges were counted, and with which findings: so that reading again what may have changed
//! counts nothing twice and misses nothing that came late.
//!
//! An exchange is known by the hashes of its ids, of the gateway and of Lambda, for either may be all
//! that a later reading shows of it. It is forgotten when no reading has shown it for a day; where
//! there are too many, those go first that ended first, for no reading shows them again.
//!
//! Must not: grow with the traffic beyond its bound without saying so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::model::stable_hash::stable_hash;
use crate::model::{Exchange, Finding, LogTime, Text};

/// Ids that are remembered at most: a quarter of an hour of 400 requests a second.
pub const MOST: usize = 400_000;
const MINUTE: i64 = 60_000;
/// Findings of one exchange; few have more than four.
const MOST_RULES: usize = 255;

/// What of a finding makes it another one, as a number: what a browser met is more than what it would
/// meet.
fn rule_key(finding: &Finding) -> u32 {
    let (severity, impact) = (finding.severity.as_str(), finding.impact.as_str());
    let parts = [finding.rule.id.as_bytes(), severity.as_bytes(), impact.as_bytes()];
    let hash = stable_hash(&parts);
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<SameTimes>")]
pub struct Memory {
    known: HashMap<u64, Counted, foldhash::fast::RandomState>,
}

/// One id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    /// When its exchange ended, and when a run met it last.
    times: Times,
    /// What was found, sorted.
    rules: Box<[u32]>,
}

/// Minutes since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Times {
    ended: i64,
    met: i64,
}

impl Memory {
    /// What is remembered of an exchange.
    pub fn recall(&self, keys: Keys, findings: &[Finding]) -> Remembered {
        let mut known = keys.iter().filter_map(|key| self.known.get(&key)).peekable();
        if known.peek().is_none() {
            return Remembered::Not;
        }
        let rules: Vec<u32> = known.flat_map(|known| known.rules.iter().copied()).collect();
        let is_new = |finding: &Finding| !rules.contains(&rule_key(finding));
        let new = findings.iter().enumerate().filter(|(_, it)| is_new(it)).map(|(at, _)| at);
        Remembered::Counted(new.collect())
    }

    /// Remembers an exchange that ended at `ended`, met by a run at `met`, beside what was known of it.
    pub fn remember(&mut self, keys: Keys, (ended, met): (LogTime, LogTime), findings: &[Finding]) {
        let minute = |time: LogTime| time.0.div_euclid(MINUTE);
        let times = Times { ended: minute(ended.min(met)), met: minute(met) };
        let known = keys.iter().filter_map(|key| self.known.get(&key));
        let mut rules: Vec<u32> = known.flat_map(|known| known.rules.iter().copied()).collect();
        rules.extend(findings.iter().map(rule_key));
        rules.sort_unstable();
        rules.dedup();
        rules.truncate(MOST_RULES);
        for key in keys.iter() {
            let counted = Counted { times, rules: rules.as_slice().into() };
            self.known.insert(key, counted);
        }
    }

    /// Forgets exchanges that no run has met since `time`; and, if there are more than [`MOST`] ids,
    /// those that ended first. Returns the time up to which it had to forget more than it should.
    pub fn forget_before(&mut self, time: LogTime) -> Option<LogTime> {
        let keep_from = time.0.div_euclid(MINUTE);
        self.known.retain(|_, known| known.times.met >= keep_from);
        if self.known.len() <= MOST {
            return None;
        }
        let mut ended: Vec<i64> = self.known.values().map(|known| known.times.ended).collect();
        ended.sort_unstable();
        let limit = ended.get(ended.len() - MOST).copied()?;
        let last = ended.get((ended.len() - MOST).checked_sub(1)?).copied()?;
        // A minute that has no room as a whole keeps some.
        let mut room = MOST - ended.iter().filter(|minute| **minute > limit).count();
        self.known.retain(|_, known| {
            let is_kept = known.times.ended > limit || (known.times.ended == limit && room > 0);
            room -= usize::from(is_kept && known.times.ended == limit);
            is_kept
        });
        Some(LogTime((last + 1) * MINUTE))
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

/// Ids that have the same times, as the state file has them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SameTimes {
    /// When the exchanges ended, in minutes since the Unix epoch.
    ended: i64,
    /// When a run met them last, likewise.
    met: i64,
    /// Base64 of, for each id: the id (8 bytes, little-endian), the number of findings (1 byte), what
    /// was found (4 bytes each).
    ids: String,
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut known: Vec<(Times, u64, &[u32])> =
            self.known.iter().map(|(key, it)| (it.times, *key, &*it.rules)).collect();
        known.sort_unstable();
        let ids = |same: &[(Times, u64, &[u32])]| {
            let mut bytes = Vec::with_capacity(same.len() * 9);
            for (_, key, rules) in same {
                bytes.extend_from_slice(&key.to_le_bytes());
                bytes.push(u8::try_from(rules.len()).unwrap_or(u8::MAX));
                for rule in *rules {
                    bytes.extend_from_slice(&rule.to_le_bytes());
                }
            }
            let times = same.first().map_or(Times { ended: 0, met: 0 }, |(times, ..)| *times);
            SameTimes { ended: times.ended, met: times.met, ids: STANDARD.encode(bytes) }
        };
        serializer.collect_seq(known.chunk_by(|one, other| one.0 == other.0).map(ids))
    }
}

impl TryFrom<Vec<SameTimes>> for Memory {
    type Error = String;

    fn try_from(all: Vec<SameTimes>) -> Result<Self, String> {
        let mut memory = Self::default();
        for SameTimes { ended, met, ids } in all {
            let problem = |what| format!("the ids of minute {ended} {what}");
            let bytes = STANDARD.decode(ids).map_err(|_| problem("are no base64"))?;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (key, rules) = next(&mut rest).ok_or_else(|| problem("are cut off"))?;
                memory.known.insert(key, Counted { times: Times { ended, met }, rules });
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

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::model::{Class, Confidence, Impact, Kind, RequestId, RuleText, Severity};

    fn exchange(gateway: Option<&str>, lambda: Option<&str>) -> Exchange {
        let id = |text: &str| RequestId::parse(text.as_bytes()).expect("an id");
        let mut exchange = Exchange::default();
        exchange.request_id = gateway.map(id);
        exchange.lambda_request_id = lambda.map(id);
        exchange
    }

    fn finding(rule: &str) -> Finding {
        Finding {
            rule: Rc::new(RuleText {
                id: rule.to_owned(),
                class: Class::MissingAllowOrigin,
                kind: Kind::Symptom,
                title: String::new(),
                why: String::new(),
                fix: String::new(),
                explains: Vec::new(),
                references: Vec::new(),
                frequency: None,
                confirm_with: None,
                candidates: Vec::new(),
            }),
            severity: Severity::Error,
            confidence: Confidence::Confirmed,
            impact: Impact::Observed,
            detail: None,
            caused_by: Vec::new(),
            evidence: Vec::new(),
        }
    }

    const NOW: LogTime = LogTime(100 * MINUTE);

    fn remember(memory: &mut Memory, keys: Keys, minute: i64, findings: &[Finding]) {
        memory.remember(keys, (LogTime(minute * MINUTE), NOW), findings);
    }

    #[test]
    fn an_exchange_is_known_by_either_id() {
        let mut memory = Memory::default();
        let whole = exchange(Some("gateway-1"), Some("lambda-1"));
        assert_eq!(memory.recall(Keys::of(&whole), &[]), Remembered::Not);
        remember(&mut memory, Keys::of(&whole), 99, &[]);
        for part in [exchange(Some("gateway-1"), None), exchange(None, Some("lambda-1"))] {
            assert_eq!(memory.recall(Keys::of(&part), &[]), Remembered::Counted(Vec::new()));
        }
        let other = exchange(Some("gateway-2"), Some("lambda-2"));
        assert_eq!(memory.recall(Keys::of(&other), &[]), Remembered::Not);
    }

    #[test]
    fn findings_that_come_late_are_new_and_those_that_go_stay_known() {
        let mut memory = Memory::default();
        let keys = Keys::of(&exchange(Some("gateway-1"), None));
        remember(&mut memory, keys, 99, &[finding("a")]);
        let later = [finding("a"), finding("b")];
        assert_eq!(memory.recall(keys, &later), Remembered::Counted(vec![1]));
        remember(&mut memory, keys, 99, &[finding("b")]);
        assert_eq!(memory.recall(keys, &later), Remembered::Counted(Vec::new()));
        // What a browser met is more than what it would meet.
        let worse = Finding { impact: Impact::Latent, ..finding("c") };
        remember(&mut memory, keys, 99, &[worse]);
        assert_eq!(memory.recall(keys, &[finding("c")]), Remembered::Counted(vec![0]));
    }

    #[test]
    fn ids_that_many_requests_have_tell_none_from_others() {
        let test = |ended| {
            let mut exchange = exchange(Some("test-invoke-request"), None);
            exchange.ended = Some(LogTime(ended));
            exchange
        };
        assert_ne!(Keys::of(&test(1)), Keys::of(&test(2)));
        assert_eq!(Keys::of(&test(1)), Keys::of(&test(1)));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut memory = Memory::default();
        for number in 0..10 {
            let keys = Keys::of(&exchange(Some(&format!("gateway-{number}")), None));
            let findings = if number % 2 == 0 { vec![finding("a"), finding("b")] } else { vec![] };
            remember(&mut memory, keys, number, &findings);
        }
        let text = serde_json::to_string(&memory).expect("JSON");
        assert_eq!(serde_json::from_str::<Memory>(&text).expect("a memory"), memory);
        for damage in ["!", "AAAA"] {
            let damaged = text.replace("\"ids\":\"", &format!("\"ids\":\"{damage}"));
            assert!(serde_json::from_str::<Memory>(&damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn what_is_old_is_forgotten_and_what_is_too_much_is_told() {
        let mut memory = Memory::default();
        let keys = |number: usize| Keys::of(&exchange(Some(&format!("g-{number}")), None));
        let at = |minute: i64| LogTime(minute * MINUTE);
        for number in 0..10 {
            let minute = i64::try_from(number).expect("a small number");
            memory.remember(keys(number), (at(0), at(minute)), &[]);
        }
        assert_eq!(memory.forget_before(at(4)), None);
        assert_eq!(memory.len(), 6);
        // What a run meets again is remembered on.
        memory.remember(keys(4), (at(0), at(20)), &[]);
        assert_eq!(memory.forget_before(at(15)), None);
        assert_eq!(memory.len(), 1);
        // All of one run; those that ended first go first.
        for number in 10..MOST + 10 {
            memory.remember(keys(number), (at(18), at(20)), &[]);
        }
        assert_eq!(memory.forget_before(at(4)), Some(at(1)));
        assert_eq!(memory.len(), MOST);
        assert_eq!(memory.recall(keys(4), &[]), Remembered::Not);
    }
}
