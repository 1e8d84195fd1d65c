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
use serde::{Deserialize, Serialize, Serializer};

use crate::model::stable_hash::stable_hash;
use crate::model::{Exchange, Finding, LogTime, Text};

/// Ids that are remembered at most: a quarter of an hour of 400 requests a second.
pub const MOST: usize = 400_000;
const MINUTE: i64 = 60_000;
/// Findings of one exchange; few have more than four.
const MOST_RULES: usize = 255;

/// What a finding says, as a number: a cause that is a guess by one log alone may be certain by two.
fn rule_key(finding: &Finding) -> u32 {
    let hash = stable_hash(&[finding.rule.id.as_bytes(), finding.severity.as_str().as_bytes()]);
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
#[serde(try_from = "Vec<Minute>")]
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

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let minute = |(minute, keys): (&i64, &Vec<u64>)| {
            let mut bytes = Vec::with_capacity(keys.len() * 9);
            for key in keys {
                let rules = self.known.get(key).map(AsRef::as_ref).unwrap_or_default();
                bytes.extend_from_slice(&key.to_le_bytes());
                bytes.push(u8::try_from(rules.len()).unwrap_or(u8::MAX));
                for rule in rules {
                    bytes.extend_from_slice(&rule.to_le_bytes());
                }
            }
            Minute { minute: *minute, ids: STANDARD.encode(bytes) }
        };
        serializer.collect_seq(self.minutes.iter().map(minute))
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

    #[test]
    fn an_exchange_is_known_by_either_id() {
        let mut memory = Memory::default();
        let whole = exchange(Some("gateway-1"), Some("lambda-1"));
        assert_eq!(memory.recall(Keys::of(&whole), &[]), Remembered::Not);
        memory.remember(Keys::of(&whole), NOW, &[]);
        for part in [exchange(Some("gateway-1"), None), exchange(None, Some("lambda-1"))] {
            assert_eq!(memory.recall(Keys::of(&part), &[]), Remembered::Counted(Vec::new()));
        }
        let other = exchange(Some("gateway-2"), Some("lambda-2"));
        assert_eq!(memory.recall(Keys::of(&other), &[]), Remembered::Not);
    }

    #[test]
    fn findings_that_come_late_are_new() {
        let mut memory = Memory::default();
        let keys = Keys::of(&exchange(Some("gateway-1"), None));
        memory.remember(keys, NOW, &[finding("a")]);
        let later = [finding("a"), finding("b")];
        assert_eq!(memory.recall(keys, &later), Remembered::Counted(vec![1]));
        memory.remember(keys, NOW, &later);
        assert_eq!(memory.recall(keys, &later), Remembered::Counted(Vec::new()));
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
            memory.remember(keys, LogTime(number * MINUTE), &findings);
        }
        let text = serde_json::to_string(&memory).expect("JSON");
        assert_eq!(serde_json::from_str::<Memory>(&text).expect("a memory"), memory);
        for damaged in [
            text.replace("\"ids\":\"", "\"ids\":\"!"),
            text.replace("\"ids\":\"", "\"ids\":\"AAAA"),
        ] {
            assert!(serde_json::from_str::<Memory>(&damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn what_is_old_is_forgotten_and_what_is_too_much_is_told() {
        let mut memory = Memory::default();
        let keys = |number: usize| Keys::of(&exchange(Some(&format!("g-{number}")), None));
        for number in 0..10 {
            let time = i64::try_from(number).expect("a small number") * MINUTE;
            memory.remember(keys(number), LogTime(time), &[]);
        }
        assert_eq!(memory.forget_before(LogTime(4 * MINUTE)), None);
        assert_eq!(memory.len(), 6);
        for number in 10..MOST + 10 {
            memory.remember(keys(number), LogTime(20 * MINUTE), &[]);
        }
        assert_eq!(memory.forget_before(LogTime(4 * MINUTE)), Some(LogTime(10 * MINUTE)));
        assert_eq!(memory.len(), MOST);
    }
}
