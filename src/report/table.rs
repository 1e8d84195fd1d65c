//! The groups of a running report: one hash lookup per finding, a bounded number of groups.
//!
//! Must not: depend on the order of its hash table.

use std::hash::BuildHasher;
use std::rc::Rc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::model::{Exchange, LogTime, RuleText};
use crate::report::group::{Group, GroupKey, Subject, earliest};

/// Rules times APIs times stages: groups that stand for what no longer fits.
const MAX_FOLDED: usize = 1024;

/// Groups by key.
#[derive(Debug)]
pub(crate) struct GroupTable {
    hasher: RandomState,
    /// Hash and index into `groups`.
    index: HashTable<(u64, usize)>,
    groups: Vec<Group>,
    /// What was only repeated, by the same places.
    repeats: Vec<Repeats>,
    max_groups: usize,
}

/// Findings like ones that a group has, and what of the group decides whether they are no more than
/// that: a small part, since most findings are repeated and groups are large.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeats {
    pub(crate) findings: u64,
    pub(crate) failing: u64,
    pub(crate) first_seen: Option<LogTime>,
    pub(crate) last_seen: Option<LogTime>,
    /// When the group's example ended, or later.
    example_ended: Option<LogTime>,
}

impl Repeats {
    const NONE: Self = Self {
        findings: 0,
        failing: 0,
        first_seen: None,
        last_seen: None,
        example_ended: Some(LogTime(i64::MAX)),
    };

    /// Takes a finding; false, and nothing is taken, if the exchange may be an earlier example.
    fn add(&mut self, exchange: &Exchange, fails: bool) -> bool {
        let (first, last) = (exchange.started, exchange.ended);
        if self.example_ended >= last.or(first) {
            return false;
        }
        self.first_seen = earliest(self.first_seen, first.or(last));
        self.last_seen = self.last_seen.max(last.or(first));
        self.findings += 1;
        self.failing += u64::from(fails);
        true
    }
}

/// The group that a finding belongs to.
#[derive(Debug)]
pub(crate) enum Slot<'a> {
    /// Its own, and its place.
    Own(&'a mut Group, usize),
    /// The one of its rule and API stage, because there are too many groups.
    Folded(&'a mut Group),
    /// There is no room even for that.
    Full,
}

impl GroupTable {
    pub(crate) fn new(max_groups: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            index: HashTable::new(),
            groups: Vec::new(),
            repeats: Vec::new(),
            max_groups,
        }
    }

    /// The group for a key, new if need be.
    pub(crate) fn slot(&mut self, rule: &Rc<RuleText>, key: GroupKey<'_>) -> Slot<'_> {
        if let Some(at) = self.find_or_insert(rule, key, self.max_groups) {
            return self.groups.get_mut(at).map_or(Slot::Full, |group| Slot::Own(group, at));
        }
        let (api, stage) = (key.subject.api, key.subject.stage);
        let folded = GroupKey { subject: Subject { api, stage, ..Subject::default() }, ..key };
        match self.find_or_insert(rule, folded, self.max_groups + MAX_FOLDED) {
            Some(at) => self.groups.get_mut(at).map_or(Slot::Full, Slot::Folded),
            None => Slot::Full,
        }
    }

    /// Takes a finding like one that the group at a place that [`Slot::Own`] gave took before. If the
    /// exchange may be an earlier example than the group's, nothing is taken, and the group is given.
    pub(crate) fn repeat(
        &mut self,
        at: usize,
        exchange: &Exchange,
        fails: bool,
    ) -> Option<&mut Group> {
        let repeats = self.repeats.get_mut(at)?;
        if repeats.add(exchange, fails) {
            return None;
        }
        let group = self.groups.get_mut(at)?;
        // Examples only get earlier.
        repeats.example_ended = group.example.ended();
        (!repeats.add(exchange, fails)).then_some(group)
    }

    /// All groups; the table is empty then.
    pub(crate) fn take_groups(&mut self) -> Vec<Group> {
        self.index.clear();
        let mut groups = std::mem::take(&mut self.groups);
        for (group, repeats) in groups.iter_mut().zip(self.repeats.drain(..)) {
            group.take(&repeats);
        }
        groups
    }

    fn find_or_insert(
        &mut self,
        rule: &Rc<RuleText>,
        key: GroupKey<'_>,
        limit: usize,
    ) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let is_it = |&(_, at): &(u64, usize)| {
            self.groups.get(at).is_some_and(|group: &Group| group.key() == key)
        };
        if let Some((_, at)) = self.index.find(hash, is_it) {
            return Some(*at);
        }
        if self.groups.len() >= limit {
            return None;
        }
        let at = self.groups.len();
        self.groups.push(Group::new(rule, &key));
        self.repeats.push(Repeats::NONE);
        self.index.insert_unique(hash, (hash, at), |(hash, _)| *hash);
        Some(at)
    }
}
