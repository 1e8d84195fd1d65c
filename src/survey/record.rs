//! One route in the making: counters, and short lists of what differs from exchange to exchange.
//!
//! Must not: allocate for an exchange that brings nothing new.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::model::end_key::KeptKey;
use crate::model::survey::ROLES;
use crate::model::{
    EndKey, EvidenceLine, Exchange, Fact, LineKind, LogTime, Outcome, Phase, Places, Repeats,
    RouteExample, Text,
};
use crate::survey::client::{Client, Clients};
use crate::survey::effect::{Effect, Flag, MaxAge, Sample, is_of_origin, lacks_vary, roles};

/// Entries of each list of a route. What comes behind is in the counters only.
const MAX_METHODS: usize = 16;
const MAX_ORIGINS: usize = 64;
const MAX_PAIRS: usize = 128;
/// Values of `Access-Control-Allow-Origin`: as many as origins, each of which may get its own.
const MAX_VALUES: usize = MAX_ORIGINS;
/// Values that one origin was told.
const MAX_TOLD: usize = 8;
/// Preflights of a route whose repetition is told.
const MAX_STAMPS: usize = 65_536;
const MAX_LINE: usize = 1024;

/// Counts of one method.
#[derive(Debug, Default)]
pub(super) struct Method {
    pub(super) name: String,
    /// Requests whose `Origin` is unseen: they may be from anywhere.
    pub(super) of_unseen_origin: u64,
    pub(super) with: u64,
    pub(super) without: u64,
}

/// What one origin was told.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) name: String,
    pub(super) preflights_allowed: u64,
    pub(super) blocked: u64,
    pub(super) actual_allowed: u64,
    /// Blocked for the value or the lack of `Access-Control-Allow-Origin`.
    pub(super) refused: u64,
    pub(super) echoed: bool,
    pub(super) echoed_with_credentials: bool,
    pub(super) preflight_values: Vec<String>,
    pub(super) actual_values: Vec<String>,
    /// Whether a preflight, or an actual response, with and without credentials was seen.
    pub(super) preflight_credentials: Both,
    pub(super) actual_credentials: Both,
}

/// Whether something was seen to be so, and seen not to be so.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Both {
    pub(super) yes: bool,
    pub(super) no: bool,
}

impl Both {
    fn add(&mut self, value: bool) {
        self.yes |= value;
        self.no |= !value;
    }
}

/// What one origin met with one method.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) method: String,
    pub(super) origin: String,
    pub(super) preflights_allowed: u64,
    pub(super) requests: u64,
    pub(super) with: u64,
    pub(super) without: u64,
}

/// Plain counters of a route.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) browser_requests: u64,
    pub(super) preflights: u64,
    pub(super) preflights_allowed: u64,
    pub(super) preflights_blocked: u64,
    pub(super) without_max_age: u64,
    pub(super) invalid_max_age: u64,
    pub(super) highest_max_age: Option<u64>,
    pub(super) actual: u64,
    pub(super) actual_allowed: u64,
    pub(super) actual_blocked: u64,
    pub(super) with: u64,
    pub(super) without: u64,
    pub(super) without_vary: u64,
    pub(super) wildcards: u64,
}

impl Counts {
    /// Counts as many exchanges of this effect.
    fn add(&mut self, effect: &Effect, times: u64) {
        let count = |flag| effect.count(flag) * times;
        self.requests += times;
        self.browser_requests += count(Flag::BrowserRequests);
        if effect.count(Flag::BrowserRequests) == 0 {
            return;
        }
        match effect.phase {
            Phase::Preflight => {
                self.preflights += times;
                self.preflights_allowed += count(Flag::Allowed);
                self.preflights_blocked += count(Flag::Blocked);
                match effect.max_age {
                    Some(MaxAge::Absent) => self.without_max_age += times,
                    Some(MaxAge::Invalid) => self.invalid_max_age += times,
                    Some(MaxAge::Seconds(seconds)) => {
                        self.highest_max_age = self.highest_max_age.max(Some(u64::from(seconds)));
                    }
                    None => {}
                }
            }
            Phase::Actual => {
                self.actual += times;
                self.actual_allowed += count(Flag::Allowed);
                self.actual_blocked += count(Flag::Blocked);
                self.with += count(Flag::With);
                self.without += count(Flag::Without);
                self.without_vary += count(Flag::WithoutVary);
                self.wildcards += count(Flag::Wildcards);
            }
        }
    }
}

/// One route in the making.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) api: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) path: String,
    pub(super) counts: Counts,
    pub(super) methods: Vec<Method>,
    pub(super) origins: Vec<Origin>,
    pub(super) pairs: Vec<Pair>,
    /// Values of `Access-Control-Allow-Origin` that actual responses carry.
    pub(super) values: Vec<String>,
    /// Blocked responses that name another origin, by that origin.
    pub(super) of_another: Vec<(String, u64)>,
    /// Preflights that passed without a time to keep them: who asked what (hashed), and when.
    pub(super) stamps: Vec<(u64, LogTime)>,
    pub(super) examples: [Option<(KeptKey, RouteExample)>; ROLES],
    pub(super) first_seen: Option<LogTime>,
    pub(super) last_seen: Option<LogTime>,
    /// Exchanges that are not counted in all lists, for lack of room.
    pub(super) left_out: u64,
}

pub(super) type Key<'a> = (Option<&'a str>, Option<&'a str>, &'a str);

impl Record {
    pub(super) fn new((api, stage, path): Key<'_>) -> Self {
        Self {
            api: api.map(str::to_owned),
            stage: stage.map(str::to_owned),
            path: path.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn key(&self) -> Key<'_> {
        (self.api.as_deref(), self.stage.as_deref(), &self.path)
    }

    pub(super) fn stage_key(&self) -> (Option<&str>, Option<&str>) {
        (self.api.as_deref(), self.stage.as_deref())
    }

    /// Takes an exchange; says what it adds, for others like it.
    pub(super) fn add(
        &mut self,
        exchange: &Exchange,
        sample: &Sample<'_>,
        places: &Places,
        hasher: &RandomState,
    ) -> Effect {
        let effect = self.effect(sample, hasher);
        self.apply(&effect, 1, exchange.times());
        self.stamp(&effect, exchange, None, hasher);
        self.keep_examples(&effect, exchange, places);
        effect
    }

    /// Takes exchanges of this effect. The times and the examples that they add are for
    /// [`Self::stamp`] and [`Self::keep_examples`], which look at each of them.
    pub(super) fn repeat(&mut self, effect: &Effect, repeats: &Repeats) {
        let times = repeats.first_seen().zip(repeats.last_seen());
        self.apply(effect, repeats.count(), times);
    }

    /// All exchanges are in. Of a preflight that nobody repeated nothing is to be told: those that are
    /// alone in a table with room for eight times as many need not be put in order.
    pub(super) fn close(&mut self) {
        let mut times = vec![0_u8; 8 * self.stamps.len().next_power_of_two()];
        let mask = times.len() - 1;
        let place = |hash: u64| usize::try_from(hash & mask as u64).unwrap_or_default();
        for (hash, _) in &self.stamps {
            if let Some(times) = times.get_mut(place(*hash)) {
                *times = times.saturating_add(1);
            }
        }
        self.stamps.retain(|(hash, _)| times.get(place(*hash)).is_none_or(|times| *times > 1));
        self.stamps.sort_unstable();
    }

    /// What an exchange adds; makes room for the names that it brings.
    fn effect(&mut self, sample: &Sample<'_>, hasher: &RandomState) -> Effect {
        let blocked = sample.outcome == Outcome::Blocked;
        let mut effect = Effect { phase: sample.phase, ..Effect::default() };
        effect.set(Flag::Allowed, sample.outcome == Outcome::Allowed);
        effect.set(Flag::Blocked, blocked);
        effect.set(Flag::Refused, blocked && sample.reason.is_some_and(is_of_origin));
        let origin = match &sample.origin {
            Fact::Seen(origin) if sample.outcome != Outcome::NotCors => origin,
            Fact::Unseen => {
                effect.method = short(self.method(&sample.method));
                effect.set(Flag::LeftOut, effect.method.is_none());
                effect.set(Flag::OfUnseenOrigin, sample.phase == Phase::Actual);
                return effect;
            }
            Fact::Seen(_) | Fact::Absent => return effect,
        };
        effect.set(Flag::BrowserRequests, true);
        effect.origin = short(self.origin(origin, sample));
        let mut has_room = effect.origin.is_some();
        effect.roles = roles(sample);
        match sample.phase {
            Phase::Preflight => {
                effect.max_age =
                    MaxAge::of(&sample.max_age).filter(|_| effect.count(Flag::Allowed) > 0);
                if effect.max_age.is_some_and(MaxAge::is_short) {
                    let asked_headers = sample.asked_headers.as_ref().seen();
                    effect.asks = Some(hasher.hash_one((origin, &sample.method, asked_headers)));
                }
                if effect.count(Flag::Allowed) > 0 {
                    effect.pair = short(self.pair(&sample.method, origin));
                    has_room &= effect.pair.is_some();
                }
            }
            Phase::Actual => {
                let has = matches!(sample.allow_origin, Fact::Seen(_));
                effect.set(Flag::With, sample.is_success && has);
                let lacks = sample.allow_origin.is_absent();
                effect.set(Flag::Without, sample.is_success && lacks);
                effect.method = short(self.method(&sample.method));
                effect.pair = short(self.pair(&sample.method, origin));
                has_room &= effect.method.is_some() && effect.pair.is_some();
                self.value(sample, origin, &mut effect);
            }
        }
        effect.set(Flag::LeftOut, !has_room);
        effect
    }

    /// What the value of `Access-Control-Allow-Origin` adds.
    fn value(&mut self, sample: &Sample<'_>, origin: &str, effect: &mut Effect) {
        let Fact::Seen(value) = &sample.allow_origin else { return };
        if value == "*" {
            effect.set(Flag::Wildcards, true);
            return;
        }
        remember(&mut self.values, value, MAX_VALUES);
        effect.set(Flag::WithoutVary, lacks_vary(&sample.vary));
        if effect.count(Flag::Blocked) > 0 && value != origin {
            let known = self.of_another.iter().position(|(known, _)| known == value);
            effect.of_another = short(known.or_else(|| {
                let at = self.of_another.len();
                (at < MAX_VALUES).then(|| self.of_another.push((value.clone().into_owned(), 0)))?;
                Some(at)
            }));
        }
    }

    /// Counts as many exchanges of this effect, the first of which began, and the last ended, at these
    /// times.
    fn apply(&mut self, effect: &Effect, times: u64, span: Option<(LogTime, LogTime)>) {
        self.counts.add(effect, times);
        if let Some((first, last)) = span {
            self.first_seen = Some(self.first_seen.map_or(first, |known| known.min(first)));
            self.last_seen = self.last_seen.max(Some(last));
        }
        let count = |flag| effect.count(flag) * times;
        if let Some(method) = effect.method.and_then(|at| self.methods.get_mut(usize::from(at))) {
            method.of_unseen_origin += count(Flag::OfUnseenOrigin);
            method.with += count(Flag::With);
            method.without += count(Flag::Without);
        }
        let is_preflight = effect.phase == Phase::Preflight;
        let (preflight, actual) = (u64::from(is_preflight), u64::from(!is_preflight));
        if let Some(origin) = effect.origin.and_then(|at| self.origins.get_mut(usize::from(at))) {
            origin.preflights_allowed += count(Flag::Allowed) * preflight;
            origin.actual_allowed += count(Flag::Allowed) * actual;
            origin.blocked += count(Flag::Blocked) * actual;
            origin.refused += count(Flag::Refused);
        }
        if let Some(pair) = effect.pair.and_then(|at| self.pairs.get_mut(usize::from(at))) {
            pair.preflights_allowed += count(Flag::Allowed) * preflight;
            pair.requests += times * actual;
            pair.with += count(Flag::With);
            pair.without += count(Flag::Without);
        }
        if let Some((_, count)) =
            effect.of_another.and_then(|at| self.of_another.get_mut(usize::from(at)))
        {
            *count += times;
        }
        self.left_out += count(Flag::LeftOut);
    }

    /// Notes who asked what, and when, where that matters. Preflight caches are the client's own, and
    /// keyed by URL, origin and what is asked.
    pub(super) fn stamp(
        &mut self,
        effect: &Effect,
        exchange: &Exchange,
        client: Option<Client>,
        hasher: &RandomState,
    ) {
        let (Some(asks), Some((time, _))) = (effect.asks, exchange.times()) else { return };
        if self.stamps.len() >= MAX_STAMPS {
            self.left_out += 1 - effect.count(Flag::LeftOut);
            return;
        }
        let client = client.unwrap_or_else(|| Clients::new(hasher).of(exchange));
        let hash = hasher.hash_one((asks, client, exchange.text_bytes(Text::Path)));
        self.stamps.push((hash, time));
    }

    fn method(&mut self, name: &str) -> Option<usize> {
        let known = self.methods.iter().position(|method| method.name == name);
        if known.is_none() && self.methods.len() < MAX_METHODS {
            self.methods.push(Method { name: name.to_owned(), ..Method::default() });
            return Some(self.methods.len() - 1);
        }
        known
    }

    /// The origin's entry, which learns what this response told it.
    fn origin(&mut self, name: &str, sample: &Sample<'_>) -> Option<usize> {
        let known = self.origins.iter().position(|origin| origin.name == name);
        let at = match known {
            Some(at) => at,
            None if self.origins.len() < MAX_ORIGINS => {
                self.origins.push(Origin { name: name.to_owned(), ..Origin::default() });
                self.origins.len() - 1
            }
            None => return None,
        };
        self.origins.get_mut(at)?.tell(sample);
        Some(at)
    }

    fn pair(&mut self, method: &str, origin: &str) -> Option<usize> {
        let known =
            self.pairs.iter().position(|pair| pair.method == method && pair.origin == origin);
        if known.is_none() && self.pairs.len() < MAX_PAIRS {
            let (method, origin) = (method.to_owned(), origin.to_owned());
            self.pairs.push(Pair { method, origin, ..Pair::default() });
            return Some(self.pairs.len() - 1);
        }
        known
    }

    /// No exchange of this effect that ends later is kept as an example.
    pub(super) fn examples_until(&self, effect: &Effect) -> LogTime {
        let ends = self.examples.iter().zip(effect.roles).filter(|(_, has)| *has);
        let ends = ends.filter_map(|(slot, _)| slot.as_ref()?.0.as_key().ended);
        ends.max().unwrap_or(LogTime(i64::MIN))
    }

    /// Keeps the exchange where it is the earliest of its role.
    pub(super) fn keep_examples(&mut self, effect: &Effect, exchange: &Exchange, places: &Places) {
        for (slot, _) in self.examples.iter_mut().zip(effect.roles).filter(|(_, has)| *has) {
            let ended = exchange.ended.or(exchange.started);
            if slot.as_ref().is_some_and(|(known, _)| known.as_key().ended < ended) {
                continue;
            }
            let key = EndKey::of(exchange, places);
            if slot.as_ref().is_none_or(|(known, _)| key < known.as_key()) {
                *slot = Some((KeptKey::new(&key), example_of(exchange, &key, places)));
            }
        }
    }
}

impl Origin {
    fn tell(&mut self, sample: &Sample<'_>) {
        let Fact::Seen(value) = &sample.allow_origin else { return };
        let (values, credentials) = match sample.phase {
            Phase::Preflight => (&mut self.preflight_values, &mut self.preflight_credentials),
            Phase::Actual => (&mut self.actual_values, &mut self.actual_credentials),
        };
        remember(values, value, MAX_TOLD);
        credentials.add(sample.allows_credentials);
        if *value == self.name {
            self.echoed = true;
            self.echoed_with_credentials |= sample.allows_credentials;
        }
    }
}

/// A place in a list, which has few.
fn short(at: Option<usize>) -> Option<u16> {
    at.and_then(|at| u16::try_from(at).ok())
}

/// Keeps the first ones in alphabetical order, so that it is nothing in which order they come.
fn remember(values: &mut Vec<String>, value: &str, most: usize) {
    if let Err(at) = values.binary_search_by(|known| known.as_str().cmp(value))
        && at < most
    {
        values.insert(at, value.to_owned());
        values.truncate(most);
    }
}

fn example_of(exchange: &Exchange, key: &EndKey<'_>, places: &Places) -> RouteExample {
    let shown = [LineKind::RequestHeaders, LineKind::ResponseHeaders];
    let lines = exchange.lines().iter().filter(|line| shown.contains(&line.kind)).take(2);
    let lines = lines.map(|line| {
        let text = exchange.line_text(line);
        EvidenceLine::new(line.kind, line.time, (line.position, places), &text, MAX_LINE)
    });
    RouteExample { request_id: key.request_id, lines: lines.collect() }
}
