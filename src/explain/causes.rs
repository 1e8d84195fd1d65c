//! What may be behind a reason: rules and pages, what the message speaks for and what is met most
//! first.
//!
//! Must not: know a rule by its id.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::{BlockReason, Class, Frequency, Kind};
use crate::rules::catalogue::{Catalogue, CataloguePage};
use crate::rules::set::{Rule, RuleSet};
use crate::rules::told::{Fit, Told, standings};
use crate::rules::words::PageSurface;

/// Something that may be behind a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Id of a rule or a page.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `symptom`, `cause`, `practice` or `page`.
    pub kind: &'static str,
    /// How often it is met.
    pub frequency: Option<&'static str>,
    /// How it is told: `logs` or `page`.
    pub told_by: &'static str,
}

impl Cause {
    pub(crate) fn of_rule(rule: &Rule) -> Self {
        Self {
            id: rule.id().to_owned(),
            title: rule.text.title.clone(),
            kind: rule.text.kind.as_str(),
            frequency: rule.text.frequency.map(Frequency::as_str),
            told_by: "logs",
        }
    }

    pub(crate) fn of_page(page: &CataloguePage) -> Self {
        Self {
            id: page.id.clone(),
            title: page.title.clone(),
            kind: "page",
            frequency: Some(page.frequency.as_str()),
            told_by: "page",
        }
    }

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

/// What may be behind what was told; `fit` says of a page how it stands to it.
pub(crate) fn causes(
    rules: &RuleSet,
    catalogue: &Catalogue,
    told: &[Told<'_>],
    fit: impl Fn(&CataloguePage) -> Fit,
) -> Vec<Cause> {
    let redirects = told.iter().any(Told::is_redirect);
    let part =
        |is_redirect: bool| if redirects && !is_redirect { Part::Beside } else { Part::Told };
    let standings = standings(rules, told).into_iter();
    let of_rules = rules.rules().iter().zip(standings).filter(|(rule, standing)| {
        // What a blocked request has done all the same is not behind it.
        standing.fit != Fit::Impossible && rule.text.class != Class::SideEffects
    });
    let of_rules = of_rules.map(|(rule, standing)| {
        let rank = Rank {
            part: part(rule.text.class == Class::Redirect),
            fit: standing.fit,
            frequency: Reverse(rule.text.frequency),
            is_elsewhere: !is_only_there(told, &rule.about.surfaces),
            is_practice: rule.text.kind == Kind::Practice,
            is_general: standing.is_general,
            reasons: rule.about.reasons.len(),
        };
        (rank, Cause::of_rule(rule))
    });
    let fits = |own: &[BlockReason]| told.iter().any(|told| own.contains(&told.reason));
    let pages = catalogue.pages().iter();
    let pages = pages.map(|page| (page, fit(page)));
    let pages = pages.filter(|(page, fit)| fits(&page.reasons) && *fit != Fit::Impossible);
    let pages = pages.map(|(page, fit)| {
        // What redirects a preflight redirects other requests too.
        let is_redirect = page.reasons.contains(&BlockReason::PreflightDisallowedRedirect);
        let rank = Rank {
            part: part(is_redirect),
            fit,
            frequency: Reverse(Some(page.frequency)),
            is_elsewhere: !is_only_there(told, &page.surfaces),
            is_practice: false,
            is_general: false,
            reasons: page.reasons.len(),
        };
        (rank, Cause::of_page(page))
    });
    let mut found: Vec<_> = of_rules.chain(pages).collect();
    found.sort_by(|(rank, cause), (other, than)| (rank, &cause.id).cmp(&(other, &than.id)));
    found.into_iter().map(|(_, cause)| cause).collect()
}

/// Whether something happens on no other service than the one that is told.
fn is_only_there(told: &[Told<'_>], surfaces: &[PageSurface]) -> bool {
    let is_its_own = |told: &Told<'_>| match (told.surfaces, surfaces) {
        ([known], [own]) => *known == own.0,
        _ => false,
    };
    told.iter().any(is_its_own)
}

/// Whether it is what the message tells of: if that is a redirect, what redirects.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Told,
    Beside,
}

/// What stands in front: what the message speaks for, then what is met most.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    part: Part,
    fit: Fit,
    frequency: Reverse<Option<Frequency>>,
    /// It happens on other services, too.
    is_elsewhere: bool,
    /// It works with other requests, or other browsers.
    is_practice: bool,
    /// It says no more than the reason.
    is_general: bool,
    /// Of two that are met as often, the one that shows in fewer ways is the likelier.
    reasons: usize,
}
