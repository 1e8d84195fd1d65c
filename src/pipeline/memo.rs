//! Identical exchanges are judged once: what verdict and rules read of an exchange is the key.
//!
//! Must not: be asked about an exchange whose verdict depends on more than its key.

use std::hash::BuildHasher;
use std::ops::Range;
use std::rc::Rc;

use hashbrown::{HashMap, HashTable};

use crate::cors;
use crate::model::headers::{HeaderNames, Values};
use crate::model::{Exchange, Fact, Finding, Judgement, Outcome, Text};
use crate::pipeline::names::{Names, append};
use crate::pipeline::tally::Numbers;
use crate::rules::body::BodyTests;
use crate::rules::near_names;
use crate::rules::observed;
use crate::rules::reach::Reach;
use crate::rules::set::RuleSet;
use crate::survey::{self, CLIENT_HEADERS, Client, Clients};

/// Answers that are kept. Real logs have a few thousand; crafted ones cannot make it grow. There is
/// room for all from the start, so that memory does not follow the input.
const KEPT: usize = 8192;

/// As many of them may hold what whoever asks can choose at will, messages of failures and paths: these are
/// not to take the room of all others.
const CHOSEN: usize = KEPT / 2;

/// Length of the status in front of a key.
const STATUS: usize = size_of::<u16>();

/// Answers without findings that are shared by all keys that have them.
const SHARED: usize = 64;

/// What was said about an exchange. Most exchanges are counted without a look at any of it, and it is far
/// away.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) judgement: Rc<Judgement>,
    pub(super) findings: Rc<[Finding]>,
    /// For which exchanges of the same key it holds.
    pub(super) reach: Reach,
}

/// What was said about an exchange, and where that is kept.
#[derive(Debug, Clone)]
pub(super) struct Recalled {
    /// The outcome of the verdict that applies.
    pub(super) outcome: Outcome,
    /// The number of the tally for exchanges like it.
    pub(super) tally: Option<u32>,
    /// Its client, if that may matter and was read with its key.
    pub(super) client: Option<Client>,
    held: Held,
}

#[derive(Debug, Clone)]
enum Held {
    /// In the memo, at this place.
    Kept(u32),
    /// Here.
    Own(Said),
}

/// An exchange of which nothing was said, with its key, that without the route, and that without route and status; without them if
/// what is said of it holds for no other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unknown {
    keys: Option<[Key; 3]>,
    /// Whether what is said holds for other statuses of its class.
    is_actual: bool,
    /// Whether whoever asks can choose its key at will.
    is_chosen: bool,
    /// By what report and survey read of it. `None`: they read more.
    read: Option<Key>,
    client: Option<Client>,
}

pub(super) type Key = [u64; 2];

/// What is kept for a key.
#[derive(Debug)]
struct Kept {
    key: Key,
    said: Said,
    outcome: Outcome,
    /// The number of its tally.
    tally: Option<u32>,
}

/// What was said about exchanges of the same key.
pub(super) struct Memo {
    request: Names,
    response: Names,
    texts: Vec<Text>,
    body_tests: BodyTests,
    /// Names of the response that are nearly those of CORS.
    near: Vec<u8>,
    /// The place of `Access-Control-Allow-Origin` among the response headers, if rules ask whether the
    /// body has it instead.
    in_body: Option<usize>,
    /// Present where preflights are to be told by their clients, and no rule reads what tells them; with
    /// the names that are read then: those headers stand behind the others.
    clients: Option<(Clients, HeaderNames)>,
    /// The client of the preflight whose key it is.
    client: Option<Client>,
    key: Vec<u8>,
    /// Where the part of `key` begins that survey and report read. `None`: they read more.
    tallied: Option<usize>,
    /// Length of the part of `key` that does not tell the route.
    without_route: usize,
    /// Whether it holds what whoever asks can choose at will.
    is_chosen: bool,
    /// The shape of the path, reused from one to the next.
    shape: String,
    /// By the key's hash: 128 bits of two hashers that are seeded anew in each run, so that no log can
    /// be made to bring two keys together.
    index: HashTable<u32>,
    /// What is kept, one behind the other, so that what is asked for often stays near: a table that has
    /// room for all would be spread over more than a cache holds.
    kept: Vec<Kept>,
    /// How many of them have a key that whoever asks can choose.
    chosen: usize,
    /// What holds on any route, by the hash of the key without the route.
    on_any_route: HashMap<Key, Said, foldhash::fast::RandomState>,
    /// What holds for any status of a class as well, by the hash of the key without either.
    on_any_status: HashMap<Key, Said, foldhash::fast::RandomState>,
    shared: Vec<Said>,
    tallies: Numbers,
    hashers: [foldhash::quality::RandomState; 2],
}

impl Memo {
    /// For these rules, and a survey that tells `clients` from one another.
    pub(super) fn new(rules: &RuleSet, clients: Option<Clients>) -> Self {
        let inputs = rules.inputs();
        let request = Names::new(
            &survey::REQUEST_HEADERS_READ,
            cors::REQUEST_HEADERS_READ,
            &inputs.request_headers,
        );
        let clients = clients.zip(request.and_others(&CLIENT_HEADERS));
        let response = Names::new(
            &survey::RESPONSE_HEADERS_READ,
            cors::RESPONSE_HEADERS_READ,
            &inputs.response_headers,
        );
        let response = if inputs.near_names {
            response.and_beginning_with(near_names::LETTER)
        } else {
            response
        };
        let allow_origin =
            response.set.as_ref().and_then(|set| set.find(b"access-control-allow-origin"));
        Self {
            in_body: allow_origin.filter(|_| inputs.header_in_body),
            clients,
            client: None,
            request,
            response,
            texts: inputs.texts,
            body_tests: rules.body_tests(),
            near: Vec::new(),
            key: Vec::new(),
            tallied: None,
            without_route: 0,
            is_chosen: false,
            shape: String::new(),
            index: HashTable::with_capacity(KEPT),
            kept: Vec::with_capacity(KEPT),
            chosen: 0,
            on_any_route: HashMap::default(),
            on_any_status: HashMap::default(),
            shared: Vec::new(),
            tallies: Numbers::new(rules.looks_at_routes()),
            hashers: Default::default(),
        }
    }

    /// What was said about an exchange like this one; else what it is to be kept by.
    pub(super) fn recall(&mut self, exchange: &Exchange) -> Result<Recalled, Unknown> {
        let is_whole = self.set_key(exchange);
        let key = if is_whole { Some(self.hash(0..self.key.len())) } else { None };
        if let Some(known) = key.and_then(|key| self.known(key, self.client)) {
            return Ok(known);
        }
        let keys = key.map(|key| {
            let without_route = self.without_route;
            [key, self.hash(0..without_route), self.hash(STATUS..without_route)]
        });
        let read = self.tallied.filter(|_| tells_all(exchange));
        let unknown = Unknown {
            keys,
            is_actual: is_actual(exchange),
            is_chosen: self.is_chosen,
            read: read.map(|from| self.hash(from..self.key.len())),
            client: self.client,
        };
        self.general(unknown).ok_or(unknown)
    }

    /// What has been said meanwhile about an exchange like one that was unknown.
    pub(super) fn meanwhile(&mut self, unknown: Unknown) -> Option<Recalled> {
        let [key, ..] = unknown.keys?;
        self.known(key, unknown.client).or_else(|| self.general(unknown))
    }

    /// What was said about exchanges of this key.
    fn known(&self, key: Key, client: Option<Client>) -> Option<Recalled> {
        let at = self.find(&key)?;
        let Kept { outcome, tally, .. } = *self.kept.get(at as usize)?;
        Some(Recalled { outcome, tally, client, held: Held::Kept(at) })
    }

    /// What was said about exchanges of another key, and holds for this one.
    fn general(&mut self, unknown: Unknown) -> Option<Recalled> {
        let [key, any_route, any_status] = unknown.keys?;
        let on_any_status = || self.on_any_status.get(&any_status).filter(|_| unknown.is_actual);
        let said = self.on_any_route.get(&any_route).or_else(on_any_status)?.clone();
        Some(self.keep(key, unknown, said))
    }

    /// Keeps what was said about an exchange that was unknown.
    pub(super) fn learn(&mut self, unknown: Unknown, said: Said) -> Recalled {
        let Some([key, any_route, any_status]) = unknown.keys else {
            let tally = unknown.read.and_then(|read| self.tallies.of(read, &said));
            return own(said, tally, unknown.client);
        };
        let said = self.share(said);
        if self.is_crowded(unknown) {
            return own(said, None, unknown.client);
        }
        let is_any_status = said.reach == Reach::AnyStatus && unknown.is_actual;
        if is_any_status && self.on_any_status.len() < KEPT {
            self.on_any_status.insert(any_status, said.clone());
        } else if said.reach >= Reach::AnyRoute && self.on_any_route.len() < KEPT {
            self.on_any_route.insert(any_route, said.clone());
        }
        self.keep(key, unknown, said)
    }

    /// Whether there are as many keys like its own as there may be.
    fn is_crowded(&self, unknown: Unknown) -> bool {
        unknown.is_chosen && self.chosen >= CHOSEN
    }

    fn keep(&mut self, key: Key, unknown: Unknown, said: Said) -> Recalled {
        let client = unknown.client;
        if self.is_crowded(unknown) {
            return own(said, None, client);
        }
        let tally = unknown.read.and_then(|read| self.tallies.of(read, &said));
        let at = u32::try_from(self.kept.len()).ok().filter(|at| (*at as usize) < KEPT);
        let Some(at) = at.filter(|_| said.reach != Reach::Itself) else {
            return own(said, tally, client);
        };
        self.chosen += usize::from(unknown.is_chosen);
        let tally = tally.or_else(|| self.tallies.next());
        let outcome = said.judgement.applying().outcome;
        self.kept.push(Kept { key, said, outcome, tally });
        let kept = &self.kept;
        let hash_of = |at: &u32| kept.get(*at as usize).map_or(0, |kept| kept.key[0]);
        self.index.insert_unique(key[0], at, hash_of);
        Recalled { outcome, tally, client, held: Held::Kept(at) }
    }

    /// What was said.
    pub(super) fn said<'a>(&'a self, recalled: &'a Recalled) -> Option<&'a Said> {
        match &recalled.held {
            Held::Kept(at) => self.kept.get(*at as usize).map(|kept| &kept.said),
            Held::Own(said) => Some(said),
        }
    }

    /// The place of a key. Its halves are hashes already.
    fn find(&self, key: &Key) -> Option<u32> {
        let is_it = |at: &u32| self.kept.get(*at as usize).is_some_and(|kept| kept.key == *key);
        self.index.find(key[0], is_it).copied()
    }

    /// The hash of a part of the key.
    fn hash(&self, part: Range<usize>) -> Key {
        let key = self.key.get(part).unwrap_or_default();
        self.hashers.each_ref().map(|hasher| hasher.hash_one(key))
    }

    /// Most keys are those of exchanges that are well, of which the same is said.
    fn share(&mut self, said: Said) -> Said {
        if !said.findings.is_empty() {
            return said;
        }
        let mut shared = self.shared.iter();
        let known =
            shared.find(|known| known.reach == said.reach && known.judgement == said.judgement);
        if let Some(known) = known {
            return known.clone();
        }
        if self.shared.len() < SHARED {
            self.shared.push(said.clone());
        }
        said
    }

    /// Writes the key; false if the exchange has more to it than a key holds. Its parts are the status, what
    /// else verdict and rules alone read, what survey and report read as well, and the route.
    fn set_key(&mut self, exchange: &Exchange) -> bool {
        self.key.clear();
        self.tallied = None;
        self.is_chosen = false;
        self.near.clear();
        self.client = None;
        let requested = exchange.request_headers();
        let answered = exchange.response_headers();
        let method = exchange.text_bytes(Text::Method);
        let clients = self.clients.as_ref().filter(|_| method == Some(b"OPTIONS"));
        let names = clients.map(|(_, names)| names);
        let Some(request) = self.request.values(requested, names, |_| {}) else { return false };
        let near = &mut self.near;
        let near = |name| {
            if near_names::may_be(name) {
                append(near, Some(name));
            }
        };
        let Some(response) = self.response.values(answered, None, near) else { return false };
        let count = self.request.count();
        let client = std::array::from_fn(|at| request.get(count + at));
        self.client = clients.map(|(clients, _)| clients.with(client));
        let is_whole = is_covered(exchange) && self.append_rest(exchange, &request, &response);
        let tallied = self.key.len();
        let is_success = matches!(exchange.status, Fact::Seen(200..300));
        let answered_by = exchange.answered_by.seen().map_or(0, |by| 1 + by as u8);
        let facts = [u8::from(is_success), answered_by, u8::from(exchange.is_complete)];
        self.key.extend_from_slice(&facts);
        append(&mut self.key, method);
        let has_all = self.request.append_surveyed(&mut self.key, requested, &request)
            & self.response.append_surveyed(&mut self.key, answered, &response);
        self.without_route = self.key.len();
        for text in [Text::Route, Text::Api, Text::Stage] {
            append(&mut self.key, exchange.text_bytes(text));
        }
        let has_shape = survey::shape_of(exchange, &mut self.shape);
        if has_shape {
            append(&mut self.key, Some(self.shape.as_bytes()));
        }
        self.is_chosen = has_shape || exchange.failure.is_some();
        self.tallied = Some(tallied).filter(|_| has_all);
        is_whole
    }

    /// Appends what verdict and rules alone read. Whether a key holds all of it.
    fn append_rest(
        &mut self,
        exchange: &Exchange,
        request: &Values<'_>,
        response: &Values<'_>,
    ) -> bool {
        let status = exchange.status.seen().unwrap_or_default();
        self.key.extend_from_slice(&status.to_be_bytes());
        self.key.extend_from_slice(&[
            u8::from(exchange.status.is_unseen()),
            u8::try_from(status / 100).unwrap_or(u8::MAX),
            exchange.surface as u8,
            exchange.integration as u8,
            exchange.failure.map_or(0, |failure| 1 + failure as u8),
        ]);
        for text in [Text::FailureMessage, Text::GatewayResponseType] {
            append(&mut self.key, exchange.text_bytes(text));
        }
        for text in self.texts.iter().filter(|text| **text != Text::Method) {
            append(&mut self.key, exchange.text_bytes(*text));
        }
        self.key.extend(self.body_tests.answers(exchange));
        let has_all = self.request.append_others(&mut self.key, request)
            & self.response.append_others(&mut self.key, response);
        append(&mut self.key, Some(&self.near));
        if let Some(at) = self.in_body
            && response.get(at).is_none()
        {
            self.key.push(observed::allow_origin_in_body(exchange).map_or(2, u8::from));
        }
        has_all
    }
}

/// Whether a key can hold all that verdict and rules read of an exchange: no function's log, no return
/// value that was rejected, no access-log line, no redirect.
fn is_covered(exchange: &Exchange) -> bool {
    exchange.function_response.is_none()
        && exchange.invocation.is_none()
        && exchange.access.is_none()
        && exchange.har.is_none()
        && !matches!(exchange.status, Fact::Seen(300..400))
}

fn own(said: Said, tally: Option<u32>, client: Option<Client>) -> Recalled {
    let outcome = said.judgement.applying().outcome;
    Recalled { outcome, tally, client, held: Held::Own(said) }
}

/// Whether report and survey read nothing of an exchange but what a key holds.
fn tells_all(exchange: &Exchange) -> bool {
    exchange.access.is_none() && exchange.invocation.is_none() && exchange.har.is_none()
}

/// Whether it is known to be a request that no status makes fail: of a preflight the status decides.
fn is_actual(exchange: &Exchange) -> bool {
    exchange.text_bytes(Text::Method).is_some_and(|method| method != b"OPTIONS")
}

/// Whether lines that may still come can hardly add anything to what is said of an exchange.
pub(super) fn is_plain(exchange: &Exchange) -> bool {
    is_covered(exchange)
        && exchange.failure.is_none()
        && exchange.text_bytes(Text::GatewayResponseType).is_none()
        && matches!(exchange.status, Fact::Seen(_))
}
