//! The groups of a running report: one hash lookup per finding, a bounded number of groups.
//!
//! Must not: depend on the order of its hash table.

use std::hash::BuildHasher;
use std::rc::Rc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::model::RuleText;
use crate::report::group::{Group, GroupKey, Subject};

/// Rules times APIs times stages: groups that stand for what no longer fits.
const MAX_FOLDED: usize = 1024;

/// Groups by key.
#[derive(Debug)]
pub(crate) struct GroupTable {
    hasher: RandomState,
    /// Hash and index into `groups`.
    index: HashTable<(u64, usize)>,
    groups: Vec<Group>,
    max_groups: usize,
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

    /// The group at a place that [`Slot::Own`] gave.
    pub(crate) fn get(&self, at: u32) -> Option<&Group> {
        self.groups.get(at as usize)
    }

    /// The group at a place that [`Slot::Own`] gave.
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut Group> {
        self.groups.get_mut(at as usize)
    }

    /// All groups; the table is empty then.
    pub(crate) fn take_groups(&mut self) -> Vec<Group> {
        self.index.clear();
        std::mem::take(&mut self.groups)
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
        self.index.insert_unique(hash, (hash, at), |(hash, _)| *hash);
        Some(at)
    }
}
