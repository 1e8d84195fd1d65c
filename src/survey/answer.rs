//! A gathered route → its facts; the routes of a stage → the facts of the stage.
//!
//! Must not: depend on the order in which anything was gathered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::{LogTime, RouteSurvey, SurveyFact as F, SurveyValue};
use crate::survey::effect::LONGEST_KEPT;
use crate::survey::record::{Both, Counts, Origin, Pair, Record};
use crate::survey::sibling;

const MAX_NAMES: usize = 6;

/// Facts in the making.
struct Values(Vec<Option<SurveyValue>>);

impl Values {
    fn set(&mut self, fact: F, value: SurveyValue) {
        if let Some(slot) = self.0.get_mut(fact as usize) {
            *slot = Some(value);
        }
    }

    fn number(&mut self, fact: F, number: u64) {
        self.set(fact, SurveyValue::Number(number));
    }

    /// How many names there are, and the names; without any, the list of names is unseen.
    fn names<'n>(&mut self, count: F, names: F, list: impl IntoIterator<Item = &'n str>) {
        let list: BTreeSet<&str> = list.into_iter().collect();
        self.number(count, list.len() as u64);
        self.list(names, &list);
    }

    fn list(&mut self, fact: F, list: &BTreeSet<&str>) {
        if list.is_empty() {
            return;
        }
        let mut text = list.iter().take(MAX_NAMES).copied().collect::<Vec<_>>().join(", ");
        if let Some(more) = list.len().checked_sub(MAX_NAMES).filter(|more| *more > 0) {
            // Writing to a string cannot fail.
            let _ = write!(text, " and {more} more");
        }
        self.set(fact, SurveyValue::Text(text));
    }
}

/// The facts of one route.
pub(super) fn route(record: &Record) -> RouteSurvey {
    let mut survey = facts(std::slice::from_ref(record));
    survey.path = Some(record.path.clone());
    survey
}

/// The facts of an API stage; `None` where no line names the API.
pub(super) fn stage(records: &[Record]) -> Option<RouteSurvey> {
    records.first()?.api.as_ref()?;
    let mut survey = facts(records);
    let mut values = Values(std::mem::take(&mut survey.values));
    let names = |records: &[&Record]| -> Vec<String> {
        records.iter().map(|record| record.path.clone()).collect()
    };
    let with: Vec<&Record> = records.iter().filter(|record| record.counts.with > 0).collect();
    let without: Vec<&Record> = records
        .iter()
        .filter(|record| record.counts.with == 0 && record.counts.without > 0)
        .collect();
    values.number(F::Routes, records.len() as u64);
    values.number(F::RoutesWithCors, with.len() as u64);
    values.names(
        F::RoutesWithoutCors,
        F::RoutesWithoutCorsNames,
        names(&without).iter().map(String::as_str),
    );
    policies(records, &mut values);
    survey.values = values.0;
    Some(survey)
}

/// How the routes of a stage answer origins.
fn policies(records: &[Record], values: &mut Values) {
    let mut routes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for record in records {
        if let Some(policy) = policy(record) {
            routes.entry(policy).or_default().push(&record.path);
        }
    }
    values.number(F::Policies, routes.len() as u64);
    if !routes.is_empty() {
        let text: Vec<String> = routes
            .iter()
            .take(MAX_NAMES)
            .map(|(policy, routes)| {
                let shown: Vec<&str> = routes.iter().take(2).copied().collect();
                let more = match routes.len().saturating_sub(2) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("{policy} on {}{more}", shown.join(", "))
            })
            .collect();
        values.set(F::PolicyNames, SurveyValue::Text(text.join("; ")));
    }
}

/// What the successful responses of a route say; `None` where they differ among themselves, or where
/// one value may be fixed as well as the request's own.
fn policy(record: &Record) -> Option<String> {
    let counts = &record.counts;
    match (counts.with, counts.without, counts.wildcards, record.values.as_slice()) {
        (0, 1.., 0, []) => Some("none".to_owned()),
        (1.., 0, 1.., []) => Some("`*`".to_owned()),
        (1.., 0, 0, [value]) => {
            let asked = record.origins.len();
            let is_own = record.origins.iter().any(|origin| origin.name == *value);
            (asked > 1 || !is_own).then(|| format!("`{value}`"))
        }
        (1.., 0, 0, [_, _, ..]) => {
            let all_own = record.origins.iter().all(|o| o.actual_values.is_empty() || o.echoed);
            all_own.then(|| "the request's own origin".to_owned())
        }
        _ => None,
    }
}

fn facts(records: &[Record]) -> RouteSurvey {
    let mut values = Values(vec![None; F::ALL.len()]);
    counted(records, &mut values);
    methods(records, &mut values);
    origins(records, &mut values);
    pairs(records, &mut values);
    let avoidable = records.iter().map(|record| avoidable(&record.stamps)).sum();
    values.number(F::PreflightsAvoidable, avoidable);
    let first = records.first();
    let mut examples: [Option<_>; crate::model::survey::ROLES] = Default::default();
    for (role, slot) in examples.iter_mut().enumerate() {
        let of_role = records.iter().filter_map(|record| record.examples.get(role)?.as_ref());
        let earliest = of_role.min_by(|(one, _), (other, _)| one.as_key().cmp(&other.as_key()));
        *slot = earliest.map(|(_, example)| example.clone());
    }
    RouteSurvey {
        api: first.and_then(|record| record.api.clone()),
        stage: first.and_then(|record| record.stage.clone()),
        path: None,
        values: values.0,
        examples,
        first_seen: records.iter().filter_map(|record| record.first_seen).min(),
        last_seen: records.iter().filter_map(|record| record.last_seen).max(),
    }
}

fn counted(records: &[Record], values: &mut Values) {
    let sum = |count: fn(&Counts) -> u64| records.iter().map(|record| count(&record.counts)).sum();
    values.number(F::Requests, sum(|counts| counts.requests));
    values.number(F::BrowserRequests, sum(|counts| counts.browser_requests));
    values.number(F::Preflights, sum(|counts| counts.preflights));
    values.number(F::PreflightsAllowed, sum(|counts| counts.preflights_allowed));
    values.number(F::PreflightsBlocked, sum(|counts| counts.preflights_blocked));
    values.number(F::PreflightsWithoutMaxAge, sum(|counts| counts.without_max_age));
    values.number(F::InvalidMaxAge, sum(|counts| counts.invalid_max_age));
    values.number(F::Actual, sum(|counts| counts.actual));
    values.number(F::ActualAllowed, sum(|counts| counts.actual_allowed));
    values.number(F::ActualBlocked, sum(|counts| counts.actual_blocked));
    values.number(F::WithAllowOrigin, sum(|counts| counts.with));
    values.number(F::WithoutAllowOrigin, sum(|counts| counts.without));
    values.number(F::WithoutVary, sum(|counts| counts.without_vary));
    values.number(F::Wildcards, sum(|counts| counts.wildcards));
    let highest = records.iter().filter_map(|record| record.counts.highest_max_age).max();
    if let Some(seconds) = highest {
        values.number(F::HighestMaxAge, seconds);
    }
}

fn methods(records: &[Record], values: &mut Values) {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for method in records.iter().flat_map(|record| &record.methods) {
        let (with, without) = counts.entry(&method.name).or_default();
        *with += method.with;
        *without += method.without;
    }
    let with = counts.iter().filter(|(_, (with, _))| *with > 0).map(|(name, _)| *name);
    values.names(F::MethodsWithCors, F::MethodsWithCorsNames, with);
    let without = counts.iter().filter(|(_, (with, without))| *with == 0 && *without > 0);
    let without = without.map(|(name, _)| *name);
    values.names(F::MethodsWithoutCors, F::MethodsWithoutCorsNames, without);
}

fn origins(records: &[Record], values: &mut Values) {
    let all = || records.iter().flat_map(|record| &record.origins);
    let set = |keep: fn(&Origin) -> bool| -> BTreeSet<&str> {
        all().filter(|origin| keep(origin)).map(|origin| origin.name.as_str()).collect()
    };
    let count = |keep| set(keep).len() as u64;
    values.number(F::Origins, count(|_| true));
    let allowed = set(Origin::is_allowed);
    values.number(F::OriginsAllowed, allowed.len() as u64);
    let echoed = set(|origin| origin.echoed);
    let sites: BTreeSet<&str> = echoed.iter().map(|origin| sibling::site(origin)).collect();
    values.names(F::OriginsEchoed, F::EchoedNames, echoed);
    values.number(F::SitesEchoed, sites.len() as u64);
    values.number(F::EchoedWithCredentials, count(|origin| origin.echoed_with_credentials));
    values.number(F::AllowOriginDiffers, count(Origin::differs));
    values.number(F::AllowCredentialsDiffers, count(Origin::differs_in_credentials));
    let after = all().filter(|origin| origin.preflights_allowed > 0);
    values.number(F::BlockedAfterPreflight, after.map(|origin| origin.blocked).sum());
    let named: BTreeSet<&str> =
        records.iter().flat_map(|record| &record.values).map(String::as_str).collect();
    values.names(F::AllowOriginValues, F::AllowOriginNames, named.iter().copied());
    let mut refused = set(|origin| origin.refused > 0);
    refused.retain(|origin| !allowed.contains(origin));
    values.number(F::OriginsRefused, refused.len() as u64);
    let known = || allowed.iter().chain(&named);
    let pairs = refused.iter().flat_map(|refused| known().map(move |known| (*refused, *known)));
    let related =
        pairs.filter_map(|(one, other)| Some((one, other, sibling::relation(one, other)?)));
    // What an exchange shows by itself comes last.
    let is_told = |relation: &str| matches!(relation, "path" | "case");
    if let Some((refused, of, relation)) = related.min_by_key(|(.., it)| is_told(it)) {
        values.set(F::Sibling, SurveyValue::Text(refused.to_owned()));
        values.set(F::SiblingOf, SurveyValue::Text(of.to_owned()));
        values.set(F::SiblingRelation, SurveyValue::Text(relation.to_owned()));
    }
    let asked = set(|_| true);
    let of_another = records.iter().flat_map(|record| &record.of_another);
    let of_another = of_another.filter(|(value, _)| asked.contains(value.as_str()));
    values.number(F::OfAnother, of_another.map(|(_, count)| count).sum());
}

fn pairs(records: &[Record], values: &mut Values) {
    let mut unfollowed = 0;
    let mut methods = BTreeSet::new();
    for record in records {
        for pair in record.pairs.iter().filter(|pair| is_unfollowed(record, pair)) {
            unfollowed += pair.preflights_allowed;
            methods.insert(pair.method.as_str());
        }
    }
    values.number(F::PreflightsUnfollowed, unfollowed);
    values.list(F::UnfollowedMethods, &methods);
    let changing = records.iter().flat_map(|record| &record.pairs);
    let changing = changing.filter(|pair| pair.with > 0 && pair.without > 0);
    values.number(F::Changing, changing.count() as u64);
}

/// Requests whose origin is not shown may be those that were asked for.
fn is_unfollowed(record: &Record, pair: &Pair) -> bool {
    let may_be_it = record
        .methods
        .iter()
        .any(|method| method.name == pair.method && method.of_unseen_origin > 0);
    pair.preflights_allowed > 0 && pair.requests == 0 && !may_be_it
}

/// How many of these preflights came within the time for which a browser would have kept an
/// earlier answer. They are in order.
fn avoidable(stamps: &[(u64, LogTime)]) -> u64 {
    let mut count = 0;
    for of_client in stamps.chunk_by(|(one, _), (other, _)| one == other) {
        let mut kept_until = i64::MIN;
        for (_, time) in of_client {
            if time.0 < kept_until {
                count += 1;
            } else {
                kept_until = time.0.saturating_add(1000 * i64::from(LONGEST_KEPT));
            }
        }
    }
    count
}

impl Origin {
    fn is_allowed(&self) -> bool {
        self.preflights_allowed > 0 || self.actual_allowed > 0
    }

    fn differs(&self) -> bool {
        let sides = [&self.preflight_values, &self.actual_values];
        let sets = sides.map(|values| values.iter().map(String::as_str).collect::<BTreeSet<_>>());
        let [preflight, actual] = &sets;
        !preflight.is_empty() && !actual.is_empty() && preflight.is_disjoint(actual)
    }

    fn differs_in_credentials(&self) -> bool {
        let is_always =
            |both: Both, yes: bool| if yes { both.yes && !both.no } else { both.no && !both.yes };
        let (preflight, actual) = (self.preflight_credentials, self.actual_credentials);
        is_always(preflight, true) && is_always(actual, false)
            || is_always(preflight, false) && is_always(actual, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kept_answer_would_have_saved() {
        let at = |minutes: i64| LogTime(minutes * 60_000);
        assert_eq!(avoidable(&[]), 0);
        assert_eq!(avoidable(&[(1, at(0)), (1, at(10)), (1, at(119)), (1, at(120))]), 2);
        assert_eq!(avoidable(&[(1, at(0)), (1, at(30)), (2, at(10))]), 1);
    }
}
