//! One route in the making: counters, and short lists of what differs from exchange to exchange.
//!
//! Must not: allocate for an exchange that brings nothing new.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::model::end_key::KeptKey;
use crate::model::survey::ROLES;
use crate::model::{
    AnsweredBy, BlockReason, EndKey, Exchange, Fact, Judgement, LineKind, LogTime, Outcome, Phase,
    Places, Role, RouteExample, RouteLine, Text,
};

/// Entries of each list of a route. What comes behind is in the counters only.
const MAX_METHODS: usize = 16;
const MAX_ORIGINS: usize = 64;
const MAX_PAIRS: usize = 128;
const MAX_VALUES: usize = 8;
/// Preflights of a route whose repetition is told.
const MAX_STAMPS: usize = 65_536;
const MAX_LINE: usize = 1024;

/// What a survey reads of an exchange.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub(super) phase: Phase,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<BlockReason>,
    /// The method that the browser asks for: of a preflight the one that is to follow.
    pub(super) method: Cow<'a, str>,
    pub(super) origin: Fact<Cow<'a, str>>,
    pub(super) allow_origin: Fact<Cow<'a, str>>,
    pub(super) allows_credentials: bool,
    /// A response that the integration made with a status of 200 to 299.
    pub(super) is_success: bool,
}

impl<'a> Sample<'a> {
    /// `None` for what tells nothing of a route: exchanges without a method.
    pub(super) fn of(exchange: &'a Exchange, judgement: &Judgement) -> Option<Self> {
        let verdict = judgement.applying();
        let request = exchange.request_headers();
        let response = exchange.response_headers();
        let phase = judgement.phase?;
        let method = match phase {
            Phase::Preflight => request.get("access-control-request-method").seen()?,
            Phase::Actual => exchange.text(Text::Method)?,
        };
        let by_integration =
            exchange.answered_by == Fact::Seen(AnsweredBy::Integration) || exchange.har.is_some();
        let credentials = response.get("access-control-allow-credentials");
        Some(Self {
            phase,
            outcome: verdict.outcome,
            reason: verdict.reason,
            method,
            origin: request.get("origin"),
            allow_origin: response.get("access-control-allow-origin"),
            allows_credentials: credentials.seen().as_deref() == Some("true"),
            is_success: by_integration && matches!(exchange.status, Fact::Seen(200..300)),
        })
    }
}

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

    pub(super) fn add(
        &mut self,
        exchange: &Exchange,
        sample: &Sample<'_>,
        places: &Places,
        hasher: &RandomState,
    ) {
        self.counts.requests += 1;
        let started = exchange.started.or(exchange.ended);
        self.first_seen = match (self.first_seen, started) {
            (Some(first), Some(started)) => Some(first.min(started)),
            (first, started) => first.or(started),
        };
        self.last_seen = self.last_seen.max(exchange.ended.or(exchange.started));
        let origin = match &sample.origin {
            Fact::Seen(origin) if sample.outcome != Outcome::NotCors => origin,
            Fact::Unseen => {
                if let Some(at) = self.method(&sample.method)
                    && let Some(method) = self.methods.get_mut(at)
                {
                    method.of_unseen_origin += u64::from(sample.phase == Phase::Actual);
                }
                return;
            }
            Fact::Seen(_) | Fact::Absent => return,
        };
        self.counts.browser_requests += 1;
        self.example(exchange, sample, places);
        match sample.phase {
            Phase::Preflight => self.preflight(exchange, sample, origin, hasher),
            Phase::Actual => self.actual(exchange, sample, origin),
        }
    }

    fn preflight(
        &mut self,
        exchange: &Exchange,
        sample: &Sample<'_>,
        origin: &str,
        hasher: &RandomState,
    ) {
        let allowed = sample.outcome == Outcome::Allowed;
        let blocked = sample.outcome == Outcome::Blocked;
        self.counts.preflights += 1;
        self.counts.preflights_allowed += u64::from(allowed);
        self.counts.preflights_blocked += u64::from(blocked);
        if let Some(known) = self.origin(origin) {
            known.preflights_allowed += u64::from(allowed);
            known.tell(sample, blocked);
            if let Fact::Seen(value) = &sample.allow_origin {
                remember(&mut known.preflight_values, value);
                known.preflight_credentials.add(sample.allows_credentials);
            }
        }
        if !allowed {
            return;
        }
        if let Some(pair) = self.pair(&sample.method, origin) {
            pair.preflights_allowed += 1;
        }
        self.max_age(exchange, origin, hasher);
    }

    fn max_age(&mut self, exchange: &Exchange, origin: &str, hasher: &RandomState) {
        let response = exchange.response_headers();
        match response.get("access-control-max-age") {
            Fact::Absent => self.counts.without_max_age += 1,
            Fact::Seen(value) => match value.trim().parse::<i64>() {
                Ok(seconds) => {
                    let seconds = u64::try_from(seconds).unwrap_or(0);
                    self.counts.highest_max_age =
                        Some(self.counts.highest_max_age.map_or(seconds, |max| max.max(seconds)));
                }
                Err(_) => self.counts.invalid_max_age += 1,
            },
            Fact::Unseen => return,
        }
        let Some(time) = exchange.started.or(exchange.ended) else { return };
        if self.stamps.len() < MAX_STAMPS {
            let request = exchange.request_headers();
            let header = |name| request.get(name).seen();
            // Preflight caches are the client's own, and keyed by URL, origin and what is asked.
            let asked = hasher.hash_one((
                origin,
                exchange.text_bytes(Text::Path),
                header("access-control-request-method"),
                header("access-control-request-headers"),
                header("x-forwarded-for"),
                header("user-agent"),
            ));
            self.stamps.push((asked, time));
        }
    }

    fn actual(&mut self, exchange: &Exchange, sample: &Sample<'_>, origin: &str) {
        let blocked = sample.outcome == Outcome::Blocked;
        self.counts.actual += 1;
        self.counts.actual_allowed += u64::from(sample.outcome == Outcome::Allowed);
        self.counts.actual_blocked += u64::from(blocked);
        let with = u64::from(sample.is_success && matches!(sample.allow_origin, Fact::Seen(_)));
        let without = u64::from(sample.is_success && sample.allow_origin.is_absent());
        self.counts.with += with;
        self.counts.without += without;
        if let Some(at) = self.method(&sample.method)
            && let Some(method) = self.methods.get_mut(at)
        {
            method.with += with;
            method.without += without;
        }
        if let Some(pair) = self.pair(&sample.method, origin) {
            pair.requests += 1;
            pair.with += with;
            pair.without += without;
        }
        if let Some(known) = self.origin(origin) {
            known.actual_allowed += u64::from(sample.outcome == Outcome::Allowed);
            known.tell(sample, blocked);
            if let Fact::Seen(value) = &sample.allow_origin {
                remember(&mut known.actual_values, value);
                known.actual_credentials.add(sample.allows_credentials);
            }
        }
        let Fact::Seen(value) = &sample.allow_origin else { return };
        if value == "*" {
            self.counts.wildcards += 1;
            return;
        }
        remember(&mut self.values, value);
        self.counts.without_vary += u64::from(lacks_vary(exchange));
        if blocked && value != origin {
            let known = self.of_another.iter().position(|(known, _)| known == value);
            if let Some((_, count)) = known.and_then(|at| self.of_another.get_mut(at)) {
                *count += 1;
            } else if self.of_another.len() < MAX_VALUES {
                self.of_another.push((value.clone().into_owned(), 1));
            }
        }
    }

    fn method(&mut self, name: &str) -> Option<usize> {
        let known = self.methods.iter().position(|method| method.name == name);
        if known.is_none() && self.methods.len() < MAX_METHODS {
            self.methods.push(Method { name: name.to_owned(), ..Method::default() });
            return Some(self.methods.len() - 1);
        }
        known
    }

    fn origin(&mut self, name: &str) -> Option<&mut Origin> {
        let known = self.origins.iter().position(|origin| origin.name == name);
        let at = match known {
            Some(at) => at,
            None if self.origins.len() < MAX_ORIGINS => {
                self.origins.push(Origin { name: name.to_owned(), ..Origin::default() });
                self.origins.len() - 1
            }
            None => return None,
        };
        self.origins.get_mut(at)
    }

    fn pair(&mut self, method: &str, origin: &str) -> Option<&mut Pair> {
        let known =
            self.pairs.iter().position(|pair| pair.method == method && pair.origin == origin);
        let at = match known {
            Some(at) => at,
            None if self.pairs.len() < MAX_PAIRS => {
                let (method, origin) = (method.to_owned(), origin.to_owned());
                self.pairs.push(Pair { method, origin, ..Pair::default() });
                self.pairs.len() - 1
            }
            None => return None,
        };
        self.pairs.get_mut(at)
    }

    /// Keeps the exchange if it is the earliest of its role.
    fn example(&mut self, exchange: &Exchange, sample: &Sample<'_>, places: &Places) {
        let roles = [
            (sample.phase == Phase::Preflight && sample.outcome == Outcome::Allowed)
                .then_some(Role::Preflight),
            (sample.phase == Phase::Actual && matches!(sample.allow_origin, Fact::Seen(_)))
                .then_some(Role::WithAllowOrigin),
            (sample.phase == Phase::Actual && sample.is_success && sample.allow_origin.is_absent())
                .then_some(Role::WithoutAllowOrigin),
            (sample.outcome == Outcome::Blocked).then_some(Role::Blocked),
        ];
        for role in roles.into_iter().flatten() {
            let Some(slot) = self.examples.get_mut(role as usize) else { continue };
            let key = EndKey::of(exchange, places);
            if slot.as_ref().is_none_or(|(known, _)| key < known.as_key()) {
                *slot = Some((KeptKey::new(&key), example_of(exchange, &key, places)));
            }
        }
    }
}

impl Origin {
    fn tell(&mut self, sample: &Sample<'_>, blocked: bool) {
        use BlockReason as B;
        let of_origin = matches!(
            sample.reason,
            Some(
                B::MissingAllowOriginHeader
                    | B::PreflightMissingAllowOriginHeader
                    | B::AllowOriginMismatch
                    | B::PreflightAllowOriginMismatch
                    | B::InvalidAllowOriginValue
                    | B::PreflightInvalidAllowOriginValue
            )
        );
        self.blocked += u64::from(blocked && sample.phase == Phase::Actual);
        self.refused += u64::from(blocked && of_origin);
        if let Fact::Seen(value) = &sample.allow_origin
            && *value == self.name
        {
            self.echoed = true;
            self.echoed_with_credentials |= sample.allows_credentials;
        }
    }
}

fn remember(values: &mut Vec<String>, value: &str) {
    if values.len() < MAX_VALUES && !values.iter().any(|known| known == value) {
        values.push(value.to_owned());
    }
}

/// Whether `Vary` is shown and names neither `Origin` nor everything.
fn lacks_vary(exchange: &Exchange) -> bool {
    match exchange.response_headers().get("vary") {
        Fact::Absent => true,
        Fact::Unseen => false,
        Fact::Seen(value) => !value
            .split(',')
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("origin")),
    }
}

fn example_of(exchange: &Exchange, key: &EndKey<'_>, places: &Places) -> RouteExample {
    let shown = [LineKind::RequestHeaders, LineKind::ResponseHeaders];
    let lines = exchange.lines().iter().filter(|line| shown.contains(&line.kind)).take(2);
    let lines = lines.map(|line| {
        let text = exchange.line_text(line);
        let head = text.get(..MAX_LINE.min(text.len())).unwrap_or_default();
        let mut shown = String::from_utf8_lossy(head).into_owned();
        if head.len() < text.len() {
            shown.push_str(" [...]");
        }
        RouteLine {
            kind: line.kind,
            time: line.time,
            place: places.get(line.position.place).cloned().unwrap_or_default(),
            line: line.position.line,
            text: shown,
        }
    });
    RouteExample { request_id: key.request_id, lines: lines.collect() }
}
