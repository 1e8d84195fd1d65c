//! What a rule says to scripts, as JSON that is escaped once for all of its groups: it is a third of a
//! report, and the same in each of them.
//!
//! Must not: hold a text from a log.

use std::io;
use std::rc::Rc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::{Candidate, Frequency, RuleText};
use crate::output::contract::append_json;
use crate::report::group::Group;

/// Fields of a finding that tell of its rule.
#[derive(Debug)]
pub struct RuleJson {
    pub(crate) title: Box<RawValue>,
    pub(crate) why: Box<RawValue>,
    pub(crate) fix: Box<RawValue>,
    pub(crate) references: Box<RawValue>,
    pub(crate) confirm_with: Box<RawValue>,
    pub(crate) candidates: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct CandidateRow<'a> {
    rule: &'a str,
    title: &'a str,
    frequency: Option<&'static str>,
    confirm_with: Option<&'a str>,
}

impl<'a> CandidateRow<'a> {
    fn new(candidate: &'a Candidate) -> Self {
        Self {
            rule: &candidate.id,
            title: &candidate.title,
            frequency: candidate.frequency.map(Frequency::as_str),
            confirm_with: candidate.confirm_with.as_deref(),
        }
    }
}

impl RuleJson {
    /// Of a group.
    pub fn of(group: &Group) -> io::Result<Self> {
        let rule = &*group.rule;
        let candidates: Vec<CandidateRow<'_>> =
            group.candidates.iter().map(CandidateRow::new).collect();
        Ok(Self {
            title: raw(&rule.title)?,
            why: raw(&rule.why)?,
            fix: raw(&rule.fix)?,
            references: raw(&rule.references)?,
            confirm_with: raw(&rule.confirm_with)?,
            candidates: raw(&candidates)?,
        })
    }
}

/// The same of many groups.
#[derive(Debug, Default)]
pub(crate) struct RuleJsons {
    /// By the addresses of rule and candidates, which are held so that they stay theirs.
    known: HashMap<(usize, usize), Known, foldhash::fast::RandomState>,
}

#[derive(Debug)]
struct Known {
    json: RuleJson,
    _rule: Rc<RuleText>,
    _candidates: Rc<[Candidate]>,
}

impl RuleJsons {
    /// Of one of them.
    pub(crate) fn of(&mut self, group: &Group) -> io::Result<&RuleJson> {
        let key = (Rc::as_ptr(&group.rule).addr(), group.candidates.as_ptr().addr());
        Ok(match self.known.entry(key) {
            Entry::Occupied(known) => &known.into_mut().json,
            Entry::Vacant(place) => {
                let (rule, candidates) = (Rc::clone(&group.rule), Rc::clone(&group.candidates));
                let json = RuleJson::of(group)?;
                &place.insert(Known { json, _rule: rule, _candidates: candidates }).json
            }
        })
    }
}

fn raw(value: &impl Serialize) -> io::Result<Box<RawValue>> {
    let mut json = Vec::new();
    append_json(&mut json, value)?;
    let json = String::from_utf8(json).map_err(io::Error::other)?;
    RawValue::from_string(json).map_err(io::Error::from)
}
