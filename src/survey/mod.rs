//! What holds across the exchanges of one route, and of one API stage: who asked, what was answered
//! to preflights and to the requests behind them, and where these differ.
//!
//! Reading order: `effect` says what an exchange adds, `record` gathers one route, `answer` makes facts of it, `sibling` compares
//! origins. Memory is bounded by the number of routes that are kept apart.
//!
//! Must not: judge a single exchange, or depend on the order in which exchanges come.

mod answer;
mod client;
mod effect;
pub mod path;
mod record;
mod sibling;

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

pub use crate::survey::client::{CLIENT_HEADERS, Client, Clients};

use crate::model::{Exchange, Judgement, LogTime, Places, Repeats, RouteSurvey, Text};
use crate::survey::effect::{Effect, HeadersRead, Sample};
use crate::survey::path::shape;
use crate::survey::record::Record;

/// Routes that are kept apart. Exchanges of further ones are counted and not surveyed.
pub const MAX_ROUTES: usize = 512;

/// The survey of one run. Each exchange is to be given once.
#[derive(Debug, Default)]
pub struct Survey {
    hasher: RandomState,
    /// Hash and index into `records`.
    index: HashTable<(u64, usize)>,
    records: Vec<Record>,
    left_out: u64,
    headers: HeadersRead,
    /// The shape of a path, reused from exchange to exchange.
    shape: String,
}

/// What an exchange added to the survey.
#[derive(Debug, Clone)]
pub struct Observed {
    record: usize,
    effect: Effect,
}

impl Observed {
    /// Whether the times of those like it matter.
    pub fn is_stamped(&self) -> bool {
        self.effect.asks.is_some()
    }
}

/// Request headers that a survey reads. Those that tell one client from another are not among them:
/// each exchange is asked for its own.
pub const REQUEST_HEADERS_READ: [&str; 3] =
    ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"];

/// Response headers that a survey reads.
pub const RESPONSE_HEADERS_READ: [&str; 4] = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Max-Age",
    "Vary",
];

/// What a survey gives.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// Routes by API, stage and path; each API stage stands behind its routes.
    pub routes: Vec<RouteSurvey>,
    /// Exchanges for which there was no room, as a route or in a list of one.
    pub left_out: u64,
}

impl Survey {
    /// Takes exchanges whose verdict, headers and route are those of one that was observed before, and
    /// where no route is configured, the shape of their path. Each of them is to be given to
    /// [`Self::stamp`] too, if it [`Observed::is_stamped`], and to [`Self::renew`] where it does not end
    /// after [`Self::examples_until`].
    pub fn repeat(&mut self, known: &Observed, repeats: &Repeats) {
        if let Some(record) = self.records.get_mut(known.record) {
            record.repeat(&known.effect, repeats);
        }
    }

    /// Tells the clients of exchanges from one another, as the survey does.
    pub fn clients(&self) -> Clients {
        Clients::new(&self.hasher)
    }

    /// Notes who asked, and when; `client` if it is known already.
    pub fn stamp(&mut self, known: &Observed, exchange: &Exchange, client: Option<Client>) {
        if let Some(record) = self.records.get_mut(known.record) {
            record.stamp(&known.effect, exchange, client, &self.hasher);
        }
    }

    /// Takes the exchange for an example where it is the earliest one.
    pub fn renew(&mut self, known: &Observed, exchange: &Exchange, places: &Places) {
        if let Some(record) = self.records.get_mut(known.record) {
            record.keep_examples(&known.effect, exchange, places);
        }
    }

    /// No exchange like it that ends later can be an example.
    pub fn examples_until(&self, known: &Observed) -> LogTime {
        let record = self.records.get(known.record);
        record.map_or(LogTime(i64::MIN), |record| record.examples_until(&known.effect))
    }

    /// Takes one exchange. What is given serves for others like it; see [`Self::repeat`].
    pub fn observe(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        places: &Places,
    ) -> Option<Observed> {
        let sample = Sample::of(exchange, judgement, &self.headers)?;
        let text = |which| exchange.text(which);
        let (api, stage) = (text(Text::Api), text(Text::Stage));
        let route = text(Text::Route);
        let configured = route.as_deref().and_then(configured_path);
        if configured.is_none() && !shape_of(exchange, &mut self.shape) {
            return None;
        }
        let key = (api.as_deref(), stage.as_deref(), configured.unwrap_or(&self.shape));
        let hash = self.hasher.hash_one(key);
        let records = &self.records;
        let found = self
            .index
            .find(hash, |(_, at)| records.get(*at).is_some_and(|record| record.key() == key));
        let at = match found {
            Some((_, at)) => *at,
            None if self.records.len() >= MAX_ROUTES => {
                self.left_out += 1;
                return None;
            }
            None => {
                let at = self.records.len();
                self.records.push(Record::new(key));
                self.index.insert_unique(hash, (hash, at), |(hash, _)| *hash);
                at
            }
        };
        let record = self.records.get_mut(at)?;
        let effect = record.add(exchange, &sample, places, &self.hasher);
        Some(Observed { record: at, effect })
    }

    /// The input ended.
    pub fn finish(self) -> Surveyed {
        let mut records = self.records;
        records.sort_by(|one, other| one.key().cmp(&other.key()));
        records.iter_mut().for_each(Record::close);
        let mut routes = Vec::new();
        for of_stage in records.chunk_by(|one, other| one.stage_key() == other.stage_key()) {
            routes.extend(of_stage.iter().map(answer::route));
            routes.extend(answer::stage(of_stage));
        }
        let left_out = records.iter().map(|record| record.left_out).sum::<u64>();
        Surveyed { routes, left_out: self.left_out + left_out }
    }
}

/// The route that an exchange counts for, as [`RouteSurvey::path`] names it.
pub fn path_of(exchange: &Exchange) -> Option<String> {
    let route = exchange.text(Text::Route);
    if let Some(path) = route.as_deref().and_then(configured_path) {
        return Some(path.to_owned());
    }
    let mut path = String::new();
    shape_of(exchange, &mut path).then_some(path)
}

/// Writes the shape of the requested path to `out`, if it stands for a route that no line names.
/// Whether it does.
pub fn shape_of(exchange: &Exchange, out: &mut String) -> bool {
    if exchange.text_bytes(Text::Route).is_some_and(names_path) {
        return false;
    }
    let Some(path) = exchange.text(Text::Path) else { return false };
    shape(&path, out);
    true
}

/// `/orders/{id}` of `GET /orders/{id}`.
fn configured_path(route: &str) -> Option<&str> {
    let path = route.split_once(' ').map_or(route, |(_, path)| path);
    names_path(route.as_bytes()).then_some(path)
}

/// Whether a route says which paths it takes. One that takes any path says nothing.
fn names_path(route: &[u8]) -> bool {
    let path =
        memchr::memchr(b' ', route).and_then(|blank| route.get(blank + 1..)).unwrap_or(route);
    let is_open = || path.contains(&b'+') && path.windows(2).any(|two| two == b"+}");
    path.starts_with(b"/") && !is_open()
}
