//! What may be behind a reason: rules and pages, the most frequent first.
//!
//! Must not: know a rule by its id.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::{BlockReason, Frequency, Kind};
use crate::rules::catalogue::{Catalogue, CataloguePage};
use crate::rules::set::RuleSet;

/// Something that may be behind a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Id of a rule or a page.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `symptom`, `cause` or `page`.
    pub kind: &'static str,
    /// How often it is met.
    pub frequency: Option<&'static str>,
    /// How it is told: `logs` or `page`.
    pub told_by: &'static str,
}

impl Cause {
    /// How it is told, in words.
    pub(crate) fn in_words(&self) -> String {
        let told = match self.told_by {
            "logs" => "told by the logs",
            _ => "in no log; its page says how to tell",
        };
        match self.frequency {
            Some(frequency) => format!("{} ({frequency}, {told})", self.title),
            None => format!("{} ({told})", self.title),
        }
    }
}

/// What may be behind any of `reasons`; `can_be` says of a page whether it can.
pub(crate) fn causes(
    rules: &RuleSet,
    catalogue: &Catalogue,
    reasons: &[BlockReason],
    can_be: impl Fn(&CataloguePage) -> bool,
) -> Vec<Cause> {
    let fits = |own: &[BlockReason]| own.iter().any(|reason| reasons.contains(reason));
    // A symptom that others tell more precisely says no more than the reason itself.
    let is_general = |id: &str| {
        rules.rules().iter().any(|rule| rule.supersedes.iter().any(|general| general == id))
    };
    let rules = rules.rules().iter().filter(|rule| match rule.text.kind {
        Kind::Symptom => !is_general(rule.id()),
        Kind::Cause => true,
        Kind::Practice => false,
    });
    let of_rules = rules.filter(|rule| fits(&rule.about.reasons)).map(|rule| {
        let cause = Cause {
            id: rule.id().to_owned(),
            title: rule.text.title.clone(),
            kind: rule.text.kind.as_str(),
            frequency: rule.text.frequency.map(Frequency::as_str),
            told_by: "logs",
        };
        (rule.text.frequency, rule.about.reasons.len(), cause)
    });
    let pages = catalogue.pages().iter();
    let pages = pages.filter(|page| fits(&page.reasons) && can_be(page)).map(|page| {
        let cause = Cause {
            id: page.id.clone(),
            title: page.title.clone(),
            kind: "page",
            frequency: Some(page.frequency.as_str()),
            told_by: "page",
        };
        (Some(page.frequency), page.reasons.len(), cause)
    });
    let mut found: Vec<_> = of_rules.chain(pages).collect();
    // Of two that are met as often, the one that shows in fewer ways is the likelier.
    let rank = |(frequency, reasons, cause): &(Option<Frequency>, usize, Cause)| {
        (Reverse(*frequency), *reasons, cause.id.clone())
    };
    found.sort_by_key(rank);
    found.into_iter().map(|(_, _, cause)| cause).collect()
}
