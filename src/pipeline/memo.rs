//! Identical exchanges are judged once: what verdict and rules read of an exchange is the key.
//!
//! Must not: be asked about an exchange whose verdict depends on more than its key.

use std::rc::Rc;

use hashbrown::HashMap;

use crate::cors;
use crate::model::{Exchange, Fact, Finding, Headers, Judgement, Text};
use crate::rules::set::RuleSet;

/// Answers that are kept. Real logs have a few hundred; crafted ones cannot make it grow.
const KEPT: usize = 1024;

/// What was said about an exchange.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) judgement: Judgement,
    pub(super) findings: Vec<Finding>,
    /// Whether it holds for all exchanges of the same key.
    pub(super) is_general: bool,
}

/// A header that verdict or rules read.
struct Name {
    text: String,
    /// Only whether it is there matters.
    presence: bool,
}

/// What was said about exchanges of the same key.
pub(super) struct Memo {
    request: Vec<Name>,
    response: Vec<Name>,
    texts: Vec<Text>,
    key: Vec<u8>,
    said: HashMap<Box<[u8]>, Rc<Said>, foldhash::fast::RandomState>,
}

impl Memo {
    /// For these rules.
    pub(super) fn new(rules: &RuleSet) -> Self {
        let inputs = rules.inputs();
        Self {
            request: names(cors::REQUEST_HEADERS_READ, &inputs.request_headers),
            response: names(cors::RESPONSE_HEADERS_READ, &inputs.response_headers),
            texts: inputs.texts,
            key: Vec::new(),
            said: HashMap::default(),
        }
    }

    /// What was said about an exchange like this one, or what `say` says now.
    pub(super) fn recall(&mut self, exchange: &Exchange, say: impl FnOnce() -> Said) -> Rc<Said> {
        if !self.set_key(exchange) {
            return Rc::new(say());
        }
        if let Some(said) = self.said.get(self.key.as_slice()) {
            return Rc::clone(said);
        }
        let said = Rc::new(say());
        if said.is_general && self.said.len() < KEPT {
            self.said.insert(self.key.as_slice().into(), Rc::clone(&said));
        }
        said
    }

    /// Writes the key; false if the exchange has more to it than a key holds: a failure, a function's
    /// log, an access-log line, a redirect.
    fn set_key(&mut self, exchange: &Exchange) -> bool {
        let Fact::Seen(status) = exchange.status else { return false };
        let plain = exchange.failure.is_none()
            && exchange.function_response.is_none()
            && exchange.invocation.is_none()
            && exchange.access.is_none()
            && exchange.har.is_none()
            && exchange.text_bytes(Text::GatewayResponseType).is_none()
            && !(300..400).contains(&status);
        if !plain {
            return false;
        }
        let answered_by = match exchange.answered_by {
            Fact::Seen(by) => 1 + by as u8,
            Fact::Absent | Fact::Unseen => 0,
        };
        let [high, low] = status.to_be_bytes();
        self.key.clear();
        self.key.extend([
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
        append_headers(&mut self.key, &self.request, exchange.request_headers())
            && append_headers(&mut self.key, &self.response, exchange.response_headers())
    }
}

fn names(verdict: &[&str], rules: &[String]) -> Vec<Name> {
    let mut names: Vec<Name> =
        rules.iter().map(|text| Name { text: text.clone(), presence: false }).collect();
    for text in verdict {
        if !names.iter().any(|name| name.text.eq_ignore_ascii_case(text)) {
            names.push(Name { text: (*text).to_owned(), presence: PRESENCE.contains(text) });
        }
    }
    names
}

/// Headers of which the verdict reads only whether they are there.
const PRESENCE: &[&str] = &["Cookie", "If-None-Match", "If-Modified-Since"];

/// How many names a key can hold; more are more than any set of rules here reads.
const NAMES: usize = 48;

/// Appends the headers that are read, in the order of `names`: that of the log differs from line to
/// line. False if one of them stands there twice, or there are too many names.
fn append_headers<'a>(key: &mut Vec<u8>, names: &[Name], headers: Headers<'a>) -> bool {
    let mut found: [Option<(&'a [u8], &'a [u8])>; NAMES] = [None; NAMES];
    for (name, value) in headers.raw() {
        let at = names.iter().position(|read| {
            read.text.len() == name.len() && read.text.as_bytes().eq_ignore_ascii_case(name)
        });
        let Some(at) = at else { continue };
        match found.get_mut(at) {
            Some(slot @ None) => *slot = Some((name, value)),
            Some(Some(_)) | None => return false,
        }
    }
    key.extend([u8::from(headers.is_seen()), u8::from(headers.is_complete())]);
    for (read, found) in names.iter().zip(&found) {
        // The spelling counts: Firefox tells several lines of one header by it.
        append(key, found.map(|(name, _)| name));
        append(key, found.map(|(_, value)| value).filter(|_| !read.presence));
    }
    names.len() <= NAMES
}

/// A text with its length, so that no two lists of texts make the same key.
fn append(key: &mut Vec<u8>, text: Option<&[u8]>) {
    let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
    key.extend(length.to_be_bytes());
    key.extend(text.unwrap_or_default());
}
