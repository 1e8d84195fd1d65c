//! Identical exchanges are judged once: what verdict and rules read of an exchange is the key.
//!
//! Must not: be asked about an exchange whose verdict depends on more than its key.

use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::{HashMap, HashTable};

use crate::cors;
use crate::model::headers::{HeaderNames, Values};
use crate::model::{Exchange, Fact, Finding, Headers, Judgement, Outcome, Text};
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

/// Answers without findings that are shared by all keys that have them.
const SHARED: usize = 64;

/// What was said about an exchange.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) judgement: Judgement,
    pub(super) findings: Vec<Finding>,
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
    Own(Rc<Said>),
}

impl Recalled {
    fn own(said: Rc<Said>, tally: Option<u32>) -> Self {
        let outcome = said.judgement.applying().outcome;
        Self { outcome, tally, client: None, held: Held::Own(said) }
    }
}

/// An exchange of which nothing was said, with its key and that without the route; without them if
/// what is said of it holds for no other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unknown {
    keys: Option<(Key, Key)>,
}

type Key = [u64; 2];

/// What is kept for a key.
#[derive(Debug)]
struct Kept {
    key: Key,
    said: Rc<Said>,
    /// Here as well, for most exchanges need no more of what was said, and that is far away.
    outcome: Outcome,
    /// The number of its tally.
    tally: Option<u32>,
}

/// A header that verdict or rules read.
struct Name {
    text: String,
    /// Only whether it is there matters.
    presence: bool,
}

/// Headers that are read.
struct Names {
    /// Their names. `None`: a key cannot hold them all.
    set: Option<HeaderNames>,
    list: Vec<Name>,
    /// Their places, others of a larger set standing behind them.
    own: u64,
    /// The places of those whose value matters.
    valued: u64,
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
    /// Length of the part of `key` that does not tell the route.
    without_route: usize,
    /// By the key's hash: 128 bits of two hashers that are seeded anew in each run, so that no log can
    /// be made to bring two keys together.
    index: HashTable<u32>,
    /// What is kept, one behind the other, so that what is asked for often stays near: a table that has
    /// room for all would be spread over more than a cache holds.
    kept: Vec<Kept>,
    /// What holds on any route, by the hash of the key without the route.
    on_any_route: HashMap<Key, Rc<Said>, foldhash::fast::RandomState>,
    shared: Vec<Rc<Said>>,
    tallies: Numbers,
    hashers: [foldhash::quality::RandomState; 2],
}

impl Memo {
    /// For these rules, and a survey that tells `clients` from one another.
    pub(super) fn new(rules: &RuleSet, clients: Option<Clients>) -> Self {
        let inputs = rules.inputs();
        let request = Names::new(
            cors::REQUEST_HEADERS_READ.iter().chain(&survey::REQUEST_HEADERS_READ),
            &inputs.request_headers,
        );
        let clients = clients.zip(request.and_others(&CLIENT_HEADERS));
        let response = Names::new(
            cors::RESPONSE_HEADERS_READ.iter().chain(&survey::RESPONSE_HEADERS_READ),
            &inputs.response_headers,
        );
        let allow_origin =
            response.set.as_ref().and_then(|set| set.find(b"access-control-allow-origin"));
        Self {
            in_body: allow_origin.filter(|_| inputs.header_in_body),
            clients,
            client: None,
            request,
            response: if inputs.near_names { response.and_near_names() } else { response },
            texts: inputs.texts,
            body_tests: rules.body_tests(),
            near: Vec::new(),
            key: Vec::new(),
            without_route: 0,
            index: HashTable::with_capacity(KEPT),
            kept: Vec::with_capacity(KEPT),
            on_any_route: HashMap::default(),
            shared: Vec::new(),
            tallies: Numbers::new(rules.looks_at_routes()),
            hashers: Default::default(),
        }
    }

    /// What was said about an exchange like this one; else what it is to be kept by.
    pub(super) fn recall(&mut self, exchange: &Exchange) -> Result<Recalled, Unknown> {
        if !self.set_key(exchange) {
            return Err(Unknown { keys: None });
        }
        let key = self.hash(self.key.len());
        if let Some(at) = self.find(&key)
            && let Some(kept) = self.kept.get(at as usize)
        {
            let Kept { outcome, tally, .. } = *kept;
            let held = Held::Kept(at);
            return Ok(Recalled { outcome, tally, client: self.client, held });
        }
        let any_route = self.hash(self.without_route);
        match self.on_any_route.get(&any_route) {
            Some(said) => {
                let said = Rc::clone(said);
                Ok(self.keep(exchange, key, said))
            }
            None => Err(Unknown { keys: Some((key, any_route)) }),
        }
    }

    /// Keeps what was said about an exchange that was unknown.
    pub(super) fn learn(&mut self, exchange: &Exchange, unknown: Unknown, said: Said) -> Recalled {
        let Some((key, any_route)) = unknown.keys else {
            let said = Rc::new(said);
            let tally = self.tallies.of(exchange, &said);
            return Recalled::own(said, tally);
        };
        let said = self.share(said);
        if said.reach == Reach::AnyRoute && self.on_any_route.len() < KEPT {
            self.on_any_route.insert(any_route, Rc::clone(&said));
        }
        self.keep(exchange, key, said)
    }

    fn keep(&mut self, exchange: &Exchange, key: Key, said: Rc<Said>) -> Recalled {
        let tally = self.tallies.of(exchange, &said);
        let at = u32::try_from(self.kept.len()).ok().filter(|at| (*at as usize) < KEPT);
        let Some(at) = at.filter(|_| said.reach != Reach::Itself) else {
            return Recalled::own(said, tally);
        };
        let tally = tally.or_else(|| self.tallies.next());
        let outcome = said.judgement.applying().outcome;
        self.kept.push(Kept { key, said, outcome, tally });
        let kept = &self.kept;
        let hash_of = |at: &u32| kept.get(*at as usize).map_or(0, |kept| kept.key[0]);
        self.index.insert_unique(key[0], at, hash_of);
        Recalled { outcome, tally, client: None, held: Held::Kept(at) }
    }

    /// What was said.
    pub(super) fn said<'a>(&'a self, recalled: &'a Recalled) -> Option<&'a Said> {
        match &recalled.held {
            Held::Kept(at) => self.kept.get(*at as usize).map(|kept| &*kept.said),
            Held::Own(said) => Some(said),
        }
    }

    /// The place of a key. Its halves are hashes already.
    fn find(&self, key: &Key) -> Option<u32> {
        let is_it = |at: &u32| self.kept.get(*at as usize).is_some_and(|kept| kept.key == *key);
        self.index.find(key[0], is_it).copied()
    }

    /// The hash of the key's first bytes.
    fn hash(&self, length: usize) -> Key {
        let key = self.key.get(..length).unwrap_or_default();
        self.hashers.each_ref().map(|hasher| hasher.hash_one(key))
    }

    /// Most keys are those of exchanges that are well, of which the same is said.
    fn share(&mut self, said: Said) -> Rc<Said> {
        if !said.findings.is_empty() {
            return Rc::new(said);
        }
        let mut shared = self.shared.iter();
        let known =
            shared.find(|known| known.reach == said.reach && known.judgement == said.judgement);
        if let Some(known) = known {
            return Rc::clone(known);
        }
        let said = Rc::new(said);
        if self.shared.len() < SHARED {
            self.shared.push(Rc::clone(&said));
        }
        said
    }

    /// Writes the key; false if the exchange has more to it than a key holds.
    fn set_key(&mut self, exchange: &Exchange) -> bool {
        let Fact::Seen(status) = exchange.status else { return false };
        if !is_plain(exchange) {
            return false;
        }
        let answered_by = match exchange.answered_by {
            Fact::Seen(by) => 1 + by as u8,
            Fact::Absent | Fact::Unseen => 0,
        };
        let [high, low] = status.to_be_bytes();
        self.key.clear();
        self.key.extend_from_slice(&[
            high,
            low,
            answered_by,
            exchange.surface as u8,
            exchange.integration as u8,
            u8::from(exchange.is_complete),
        ]);
        for text in &self.texts {
            append(&mut self.key, exchange.text_bytes(*text));
        }
        self.key.extend(self.body_tests.answers(exchange));
        let asked = self.append_request(exchange);
        self.near.clear();
        let response = exchange.response_headers();
        let answered = self.response.append_read(&mut self.key, response, None, |name| {
            if near_names::may_be(name) {
                append(&mut self.near, Some(name));
            }
        });
        append(&mut self.key, Some(&self.near));
        if let (Some(at), Some(values)) = (self.in_body, &answered)
            && values.get(at).is_none()
        {
            self.key.push(observed::allow_origin_in_body(exchange).map_or(2, u8::from));
        }
        self.without_route = self.key.len();
        for text in [Text::Route, Text::Api, Text::Stage] {
            append(&mut self.key, exchange.text_bytes(text));
        }
        asked && answered.is_some()
    }

    /// Appends what is read of the request's headers, and notes the client of a preflight. Whether a key
    /// can hold them.
    fn append_request(&mut self, exchange: &Exchange) -> bool {
        let headers = exchange.request_headers();
        let is_options = exchange.text_bytes(Text::Method) == Some(b"OPTIONS");
        let clients = self.clients.as_ref().filter(|_| is_options);
        let names = clients.map(|(_, names)| names);
        let values = self.request.append_read(&mut self.key, headers, names, |_| {});
        let client = std::array::from_fn(|at| values.as_ref()?.get(self.request.count() + at));
        self.client = clients.map(|(clients, _)| clients.with(client));
        values.is_some()
    }
}

/// Whether a key can hold all that verdict and rules read of an exchange: no failure, no function's
/// log, no access-log line, no redirect.
pub(super) fn is_plain(exchange: &Exchange) -> bool {
    exchange.failure.is_none()
        && exchange.function_response.is_none()
        && exchange.invocation.is_none()
        && exchange.access.is_none()
        && exchange.har.is_none()
        && exchange.text_bytes(Text::GatewayResponseType).is_none()
        && exchange.status.seen().is_some_and(|status| !(300..400).contains(&status))
}

impl Names {
    fn new<'n>(others: impl Iterator<Item = &'n &'n str>, rules: &[(String, bool)]) -> Self {
        let name =
            |(text, presence): &(String, bool)| Name { text: text.clone(), presence: *presence };
        let mut list: Vec<Name> = rules.iter().map(name).collect();
        for text in others {
            let presence = PRESENCE.contains(text);
            match list.iter_mut().find(|name| name.text.eq_ignore_ascii_case(text)) {
                Some(name) => name.presence &= presence,
                None => list.push(Name { text: (*text).to_owned(), presence }),
            }
        }
        let names =
            list.iter().enumerate().take(HeaderNames::MOST).filter(|(_, name)| !name.presence);
        let valued = names.fold(0, |places, (at, _)| places | 1_u64 << at);
        let set = HeaderNames::new(list.iter().map(|name| name.text.as_str()));
        let own = list.iter().fold(0, |own, _| own << 1 | 1);
        Self { set, list, own, valued }
    }

    /// How many they are.
    fn count(&self) -> usize {
        self.list.len()
    }

    /// The names with others behind them; `None` if one of these is there already.
    fn and_others(&self, others: &[&str]) -> Option<HeaderNames> {
        let is_read = |other: &&str| self.set.as_ref()?.find(other.as_bytes());
        if others.iter().any(|other| is_read(other).is_some()) {
            return None;
        }
        let names = self.list.iter().map(|name| name.text.as_str());
        HeaderNames::new(names.chain(others.iter().copied()))
    }

    /// The same where names that are nearly those of CORS count too.
    fn and_near_names(self) -> Self {
        Self { set: self.set.map(|set| set.with_others(near_names::LETTER)), ..self }
    }

    /// Appends the headers that are read, in the order of the list: that of the log differs from line
    /// to line, and so does the spelling, which decides nothing where each name stands once. Gives the
    /// values of these `names`, or of those of the list, which stand in front of others; `None` if one of
    /// the list stands there twice, or it is too long.
    fn append_read<'a>(
        &self,
        key: &mut Vec<u8>,
        headers: Headers<'a>,
        names: Option<&HeaderNames>,
        other: impl FnMut(&'a [u8]),
    ) -> Option<Values<'a>> {
        let values = headers.values_of(names.or(self.set.as_ref())?, other);
        let (present, repeated) = values.places();
        let present = present & self.own;
        key.extend_from_slice(&[u8::from(headers.is_seen()), u8::from(headers.is_complete())]);
        key.extend_from_slice(&present.to_be_bytes());
        let mut rest = present & self.valued;
        while rest != 0 {
            append(key, values.get(rest.trailing_zeros() as usize));
            rest &= rest - 1;
        }
        (repeated & self.own == 0).then_some(values)
    }
}

/// Headers of which the verdict reads only whether they are there.
const PRESENCE: &[&str] = &["Cookie", "If-None-Match", "If-Modified-Since"];

/// A text with its length, so that no two lists of texts make the same key.
pub(super) fn append(key: &mut Vec<u8>, text: Option<&[u8]>) {
    let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
    key.extend_from_slice(&length.to_be_bytes());
    key.extend_from_slice(text.unwrap_or_default());
}
