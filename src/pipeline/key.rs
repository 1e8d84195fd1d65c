//! What is read of an exchange, as keys: exchanges of the same key are judged, examined or counted
//! alike.
//!
//! Must not: know what was said of any.

use std::hash::BuildHasher;
use std::ops::Range;

use crate::cors;
use crate::model::{Exchange, Fact, Text};
use crate::pipeline::beside::LastMap;
use crate::pipeline::names::{Digest, Names, append};
use crate::rules::body::BodyTests;
use crate::rules::observed;
use crate::rules::set::RuleSet;
use crate::survey::{self, CLIENT_HEADERS, Client, Clients};

/// 128 bits of two hashers that are seeded anew in each run, so that no log can be made to bring two
/// keys together.
pub(super) type Key = [u64; 2];

/// What an exchange is to be kept by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    /// By what verdict and rules read. `None`: they read more.
    pub(super) said: Option<SaidKeys>,
    /// By what report and survey read. `None`: they read more.
    pub(super) tallied: Option<Key>,
    /// The client of a preflight, if it may matter.
    pub(super) client: Option<Client>,
    /// Whether whoever asks can choose the keys at will.
    pub(super) is_chosen: bool,
}

/// Keys by what verdict and rules read.
#[derive(Debug, Clone, Copy)]
pub(super) struct SaidKeys {
    /// By all of it.
    pub(super) whole: Key,
    /// Without the route.
    pub(super) any_route: Key,
    /// Without route and status, of which there is the class. `None`: the verdict depends on the status.
    pub(super) any_status: Option<Key>,
}

/// Length of the status in front of what is read.
const STATUS: usize = size_of::<u16>();

/// Reads what keys are made of.
pub(super) struct KeyReader {
    request: Names,
    response: Names,
    texts: Vec<Text>,
    body_tests: BodyTests,
    /// The place of `Access-Control-Allow-Origin` among the response headers, if rules ask whether the
    /// body has it instead.
    in_body: Option<usize>,
    /// Header maps of requests and of responses that were read, of preflights apart.
    requests: [LastMap; 2],
    responses: [LastMap; 2],
    /// Present where preflights are to be told by their clients, and no rule reads what tells them.
    clients: Option<Clients>,
    hashers: [foldhash::quality::RandomState; 2],
    /// What is read of one exchange.
    key: Vec<u8>,
    /// Where the part of `key` begins that survey and report read. `None`: they read more.
    tallied: Option<usize>,
    /// Length of the part of `key` that does not tell the route.
    without_route: usize,
    /// Whether it holds what whoever asks can choose at will.
    is_chosen: bool,
    /// The client of the preflight whose key it is.
    client: Option<Client>,
    /// The shape of the path.
    shape: String,
}

impl KeyReader {
    /// For these rules, and a survey that tells `clients` from one another.
    pub(super) fn new(rules: &RuleSet, clients: Option<Clients>) -> Self {
        let inputs = rules.inputs();
        let mut request = Names::new(
            &survey::REQUEST_HEADERS_READ,
            cors::REQUEST_HEADERS_READ,
            &inputs.request_headers,
        );
        let clients = clients.filter(|_| request.tell_clients(&CLIENT_HEADERS));
        let response = Names::new(
            &survey::RESPONSE_HEADERS_READ,
            cors::RESPONSE_HEADERS_READ,
            &inputs.response_headers,
        );
        let response = if inputs.near_names { response.and_near() } else { response };
        let allow_origin = response.find("access-control-allow-origin");
        Self {
            in_body: allow_origin.filter(|_| inputs.header_in_body),
            requests: Default::default(),
            responses: Default::default(),
            clients,
            request,
            response,
            texts: inputs.texts,
            body_tests: rules.body_tests(),
            hashers: Default::default(),
            key: Vec::new(),
            tallied: None,
            without_route: 0,
            is_chosen: false,
            client: None,
            shape: String::new(),
        }
    }

    /// The key by all that verdict and rules read of an exchange. `None`: they read more.
    pub(super) fn read(&mut self, exchange: &Exchange) -> Option<Key> {
        let is_whole = self.write(exchange);
        is_whole.then(|| self.hash(0..self.key.len()))
    }

    /// The client of the preflight that was read last, if it may matter.
    pub(super) fn client(&self) -> Option<Client> {
        self.client
    }

    /// All keys of the exchange that was read last, which gave this one.
    pub(super) fn keys(&self, exchange: &Exchange, whole: Option<Key>) -> Keys {
        let tallied = self.tallied.filter(|_| is_by_execution_log(exchange));
        let without_route = self.without_route;
        let said = whole.map(|whole| SaidKeys {
            whole,
            any_route: self.hash(0..without_route),
            any_status: is_actual(exchange).then(|| self.hash(STATUS..without_route)),
        });
        Keys {
            said,
            tallied: tallied.map(|from| self.hash(from..self.key.len())),
            client: self.client,
            is_chosen: self.is_chosen,
        }
    }

    /// The hash of a part of what was read.
    fn hash(&self, part: Range<usize>) -> Key {
        let key = self.key.get(part).unwrap_or_default();
        self.hashers.each_ref().map(|hasher| hasher.hash_one(key))
    }

    /// Writes what is read: the status, what else verdict and rules alone read, what survey and report
    /// read as well, and the route. False if verdict and rules read more.
    fn write(&mut self, exchange: &Exchange) -> bool {
        self.key.clear();
        self.tallied = None;
        self.is_chosen = false;
        self.client = None;
        let requested = exchange.request_headers();
        let answered = exchange.response_headers();
        let method = exchange.text_bytes(Text::Method);
        let is_preflight = method == Some(b"OPTIONS");
        let Self { requests, responses, .. } = self;
        let request = self.request.digest(requested, is_preflight, requests);
        let response = self.response.digest(answered, is_preflight, responses);
        let (Some(request), Some(response)) = (request, response) else { return false };
        let clients = self.clients.as_ref().filter(|_| is_preflight);
        self.client = clients.map(|clients| clients.with(request.client));
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
        request: &Digest<'_>,
        response: &Digest<'_>,
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
        if let Some(at) = self.in_body
            && !response.has(at)
        {
            self.key.push(observed::allow_origin_in_body(exchange).map_or(2, u8::from));
        }
        has_all
    }
}

/// Whether only lines of the execution log show it.
fn is_by_execution_log(exchange: &Exchange) -> bool {
    exchange.access.is_none() && exchange.invocation.is_none() && exchange.har.is_none()
}

/// Whether a key can hold all that verdict and rules read of an exchange: no line of another log, no
/// return value that was rejected, no redirect.
fn is_covered(exchange: &Exchange) -> bool {
    is_by_execution_log(exchange)
        && exchange.function_response.is_none()
        && !matches!(exchange.status, Fact::Seen(300..400))
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
