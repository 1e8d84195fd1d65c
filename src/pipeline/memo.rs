//! Identical exchanges are judged once: what verdict and rules read of an exchange is the key.
//!
//! Must not: be asked about an exchange whose verdict depends on more than its key.

use std::rc::Rc;

use hashbrown::HashMap;

use crate::model::{Exchange, Finding, Judgement, Outcome};
use crate::pipeline::key::{Key, KeyReader, Keys, SaidKeys};
use crate::pipeline::known::{KnownPlace, KnownTable};
use crate::pipeline::tally::Numbers;
use crate::rules::reach::Reach;
use crate::rules::set::RuleSet;
use crate::survey::{Client, Clients};

/// Answers that are kept. Real logs have a few thousand; crafted ones cannot make it grow. There is
/// room for all from the start, so that memory does not follow the input.
const KEPT: usize = 8192;

/// As many of them may hold what whoever asks can choose at will, messages of failures and paths:
/// these are not to take the room of all others.
const CHOSEN: usize = KEPT / 2;

/// Answers without findings that are shared by all keys that have them.
const SHARED: usize = 64;

/// What was said about an exchange. Most exchanges are counted without a look at what is behind the
/// pointers, which is far away.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) judgement: Rc<Judgement>,
    pub(super) findings: Rc<[Finding]>,
    /// The outcome of the verdict that applies.
    outcome: Outcome,
    /// For which exchanges of the same key it holds.
    reach: Reach,
}

impl Said {
    pub(super) fn new(judgement: Judgement, findings: Rc<[Finding]>, reach: Reach) -> Self {
        let outcome = judgement.applying().outcome;
        Self { judgement: Rc::new(judgement), findings, outcome, reach }
    }
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
    /// In the memo.
    Kept(KnownPlace),
    /// Here.
    Own(Said),
}

/// What was said about exchanges of the same key.
pub(super) struct Memo {
    reader: KeyReader,
    known: KnownTable,
    /// How many of them have a key that whoever asks can choose.
    chosen: usize,
    /// What holds on any route, by the key without it.
    on_any_route: HashMap<Key, Said, foldhash::fast::RandomState>,
    /// What holds for any status of a class as well, by the key without either.
    on_any_status: HashMap<Key, Said, foldhash::fast::RandomState>,
    shared: Vec<Said>,
    tallies: Numbers,
}

impl Memo {
    /// For these rules, and a survey that tells `clients` from one another.
    pub(super) fn new(rules: &RuleSet, clients: Option<Clients>) -> Self {
        Self {
            reader: KeyReader::new(rules, clients),
            known: KnownTable::with_room(KEPT),
            chosen: 0,
            on_any_route: HashMap::default(),
            on_any_status: HashMap::default(),
            shared: Vec::new(),
            tallies: Numbers::new(rules.looks_at_routes()),
        }
    }

    /// What was said about an exchange like this one; else what it is to be kept by.
    pub(super) fn recall(&mut self, exchange: &Exchange) -> Result<Recalled, Keys> {
        let whole = self.reader.read(exchange);
        if let Some(known) = whole.and_then(|whole| self.known(whole, self.reader.client())) {
            return Ok(known);
        }
        let keys = self.reader.keys(exchange, whole);
        self.general(keys).ok_or(keys)
    }

    /// What was said about exchanges of this key.
    fn known(&self, key: Key, client: Option<Client>) -> Option<Recalled> {
        let (place, known) = self.known.find(key)?;
        let (outcome, tally) = (known.said.outcome, known.tally);
        Some(Recalled { outcome, tally, client, held: Held::Kept(place) })
    }

    /// What was said about exchanges of another key, and holds for this one.
    fn general(&mut self, keys: Keys) -> Option<Recalled> {
        let SaidKeys { whole, any_route, any_status } = keys.said?;
        let on_any_status = || self.on_any_status.get(&any_status?);
        let said = self.on_any_route.get(&any_route).or_else(on_any_status)?.clone();
        Some(self.keep(whole, keys, said))
    }

    /// Keeps what was said about an exchange that was unknown.
    pub(super) fn learn(&mut self, keys: Keys, said: Said) -> Recalled {
        let Some(SaidKeys { whole, any_route, any_status }) = keys.said else {
            let tally = keys.tallied.and_then(|read| self.tallies.of(read, &said));
            return own(said, tally, keys.client);
        };
        let said = self.share(said);
        if !self.is_crowded(keys) {
            let any_status = any_status.filter(|_| said.reach == Reach::AnyStatus);
            let (general, key) = match any_status {
                Some(key) => (&mut self.on_any_status, key),
                None => (&mut self.on_any_route, any_route),
            };
            if said.reach >= Reach::AnyRoute && general.len() < KEPT {
                general.insert(key, said.clone());
            }
        }
        self.keep(whole, keys, said)
    }

    /// Whether there are as many keys like its own as there may be.
    fn is_crowded(&self, keys: Keys) -> bool {
        keys.is_chosen && self.chosen >= CHOSEN
    }

    fn keep(&mut self, key: Key, keys: Keys, said: Said) -> Recalled {
        let client = keys.client;
        if self.is_crowded(keys) {
            return own(said, None, client);
        }
        let tally = keys.tallied.and_then(|read| self.tallies.of(read, &said));
        if said.reach == Reach::Itself {
            return own(said, tally, client);
        }
        if self.known.is_full() {
            return own(said, tally, client);
        }
        let tally = tally.or_else(|| self.tallies.next());
        let outcome = said.outcome;
        let held = match self.known.insert(key, tally, said.clone()) {
            Some(place) => Held::Kept(place),
            None => Held::Own(said),
        };
        self.chosen += usize::from(keys.is_chosen);
        Recalled { outcome, tally, client, held }
    }

    /// What was said.
    pub(super) fn said<'a>(&'a self, recalled: &'a Recalled) -> Option<&'a Said> {
        match &recalled.held {
            Held::Kept(place) => self.known.get(*place).map(|known| &known.said),
            Held::Own(said) => Some(said),
        }
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
}

fn own(said: Said, tally: Option<u32>, client: Option<Client>) -> Recalled {
    Recalled { outcome: said.outcome, tally, client, held: Held::Own(said) }
}
