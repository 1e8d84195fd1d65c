//! All that a request can read and change.
//!
//! Must not: be locked while waiting for anything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Refusal;
use super::calls::Record;
use super::faults::{Faults, is_due};
use super::insights::Insights;
use super::world::{Batch, Event, Key, World};

/// The account, its clock, and what goes wrong.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
    pub(crate) insights: Insights,
    /// Since the start, in real time.
    pub(crate) elapsed: Duration,
    /// How far the clock was set forward.
    pub(crate) advanced: Duration,
    /// The time at which the clock was stopped.
    pub(crate) stopped: Option<i64>,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) update_every: Duration,
    /// Live tails that are open, and all that there ever were.
    pub(crate) sessions: usize,
    pub(crate) sessions_begun: u64,
    /// Events handed out, repetitions not counted.
    pub(crate) handed_out: u64,
    tokens: HashMap<String, Token>,
    /// Calls while a key was to expire, and the key that did.
    signed: u64,
    expired: Option<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            world: World::default(),
            faults: Faults::default(),
            record: Record::default(),
            insights: Insights::default(),
            elapsed: Duration::ZERO,
            advanced: Duration::ZERO,
            stopped: None,
            now: 0,
            update_every: Duration::from_secs(1),
            sessions: 0,
            sessions_begun: 0,
            handed_out: 0,
            tokens: HashMap::new(),
            signed: 0,
            expired: None,
        }
    }
}

/// Where the next page begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Token {
    /// What was asked, all pages alike.
    pub(crate) request: String,
    pub(crate) after: Option<Key>,
    /// Empty pages that still stand before it.
    pub(crate) empty: u32,
    /// Events that come again on it.
    pub(crate) again: Vec<Arc<Event>>,
    pub(crate) made: i64,
}

const TOKEN_LIFE: Duration = Duration::from_hours(24);
/// Two hours: what `PutLogEvents` takes at most.
const AHEAD: i64 = 7_200_000;

impl State {
    /// Takes events in; those that are to be late or from the future are.
    pub(crate) fn put(&mut self, batch: Batch) -> Vec<Key> {
        let (late, future) = (self.faults.late, self.faults.future_every);
        self.world.put(batch, self.now, |number, timestamp, visible| {
            if let Some((every, by)) = late
                && is_due(Some(every), number)
            {
                *visible += super::millis(by);
            }
            if is_due(future, number) {
                *timestamp += AHEAD;
            }
        })
    }

    /// Keeps a token; gives its text.
    pub(crate) fn keep_token(&mut self, token: Token) -> String {
        let text = format!("Bxkq6kVFtHXUA{}", self.tokens.len());
        self.tokens.insert(text.clone(), Token { made: self.now, ..token });
        text
    }

    /// What a token stands for; it has to belong to this request and be young enough.
    pub(crate) fn token(&self, text: &str, request: &str) -> Result<Token, Refusal> {
        let life = super::millis(self.faults.token_life.unwrap_or(TOKEN_LIFE));
        self.tokens
            .get(text)
            .filter(|token| token.request == request && self.now - token.made <= life)
            .cloned()
            .ok_or_else(|| Refusal::invalid("The specified nextToken is invalid."))
    }

    /// Counts a call with an access key; whether the key has expired.
    pub(crate) fn has_expired(&mut self, access_key: &str) -> bool {
        let Some(after) = self.faults.expire_after else { return false };
        self.signed += 1;
        if self.signed > after && self.expired.is_none() {
            self.expired = Some(access_key.to_owned());
        }
        self.expired.as_deref() == Some(access_key)
    }

    /// Notes what an operation hands out, and gives what is to come again.
    pub(crate) fn hand_out(
        &mut self,
        operation: &'static str,
        events: &[Arc<Event>],
    ) -> Vec<Arc<Event>> {
        let known = self.record.delivered.entry(operation).or_default();
        let mut again = Vec::new();
        for event in events {
            known.add(event);
            self.handed_out += 1;
            if is_due(self.faults.duplicate_every, self.handed_out) {
                again.push(Arc::clone(event));
            }
        }
        again
    }
}
