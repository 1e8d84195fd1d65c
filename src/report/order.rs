//! The order of groups: worst first, and what is linked stands together, led by its cause.
//!
//! Must not: depend on the order in which groups came into being.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use crate::model::{Class, Impact, Kind, LogTime, Severity};
use crate::report::group::Group;

/// Sorts `groups` and numbers their clusters.
pub fn arrange(groups: &mut [Group]) {
    groups.sort_by(|one, other| one.key().cmp(&other.key()));
    link(groups);
    groups.sort_by(|one, other| one.cluster.cmp(&other.cluster).then_with(|| within(one, other)));
    let mut ranks: Vec<Rank> = groups.chunk_by(|a, b| a.cluster == b.cluster).map(rank).collect();
    ranks.sort();
    let places: BTreeMap<usize, usize> =
        ranks.iter().enumerate().map(|(place, rank)| (rank.cluster, place)).collect();
    for group in groups.iter_mut() {
        group.cluster = places.get(&group.cluster).copied().unwrap_or(usize::MAX);
    }
    // Stable: within a cluster the order stays.
    groups.sort_by_key(|group| group.cluster);
}

/// Groups about the same route, method and origin get the same number where they are about the same
/// exchanges: causes that stood together, and a symptom with the first of the causes behind it.
/// Causes of different exchanges stay apart, though they made the same symptom.
fn link(groups: &mut [Group]) {
    for (number, group) in groups.iter_mut().enumerate() {
        group.cluster = number;
    }
    let mut by_subject: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for group in groups.iter() {
        by_subject.entry(group.subject()).or_default().push(group.cluster);
    }
    let mut joined = Vec::new();
    for members in by_subject.values() {
        let of = |at: &usize| groups.get(*at);
        for group in members.iter().filter_map(of) {
            let others = members.iter().filter_map(of);
            if group.rule.kind == Kind::Symptom {
                let causes = others.clone().filter(|it| group.caused_by.contains(&it.rule.id));
                let first = causes.min_by(|one, other| within(one, other));
                let same = others.filter(|it| is_one_failure(group, it));
                joined.extend(first.into_iter().chain(same).map(|it| (it.cluster, group.cluster)));
            } else {
                let same = others.filter(|it| group.together.contains(&it.rule.id));
                joined.extend(same.map(|it| (it.cluster, group.cluster)));
            }
        }
    }
    for (one, other) in joined {
        let number = |at: usize| groups.get(at).map_or(at, |group| group.cluster);
        let (one, other) = (number(one), number(other));
        for group in groups.iter_mut().filter(|group| group.cluster == other) {
            group.cluster = one;
        }
    }
}

/// A preflight that the gateway itself refused: its status and its lack of headers are one failure.
fn is_one_failure(answer: &Group, preflight: &Group) -> bool {
    answer.rule.class == Class::ErrorResponseWithoutCors
        && preflight.rule.class == Class::PreflightFailed
        && answer.impact == preflight.impact
        && answer.method.as_deref() == Some("OPTIONS")
}

/// Causes before symptoms before practices, the surest and worst first. That a preflight runs the
/// function at all comes before what becomes of it there.
fn within(one: &Group, other: &Group) -> Ordering {
    let key = |group: &Group| {
        let kind = match group.rule.kind {
            Kind::Cause => 0,
            Kind::Symptom => 1,
            Kind::Practice => 2,
        };
        let weight = (group.severity, group.confidence, group.impact);
        let is_first = group.rule.class == Class::OptionsReachesHandler;
        let weight = (weight, is_first, group.count, group.rule.frequency);
        (kind, Reverse(weight), group.first_seen)
    };
    key(one).cmp(&key(other)).then_with(|| one.key().cmp(&other.key()))
}

/// Where a cluster stands: by its worst group, then by its lead.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    worst: Reverse<(Severity, Impact)>,
    count: Reverse<u64>,
    first_seen: Option<LogTime>,
    rule: String,
    cluster: usize,
}

fn rank(cluster: &[Group]) -> Rank {
    let severity = cluster.iter().map(|group| group.severity).max();
    let impact = cluster.iter().map(|group| group.impact).max();
    let lead = cluster.first();
    Rank {
        worst: Reverse((severity.unwrap_or(Severity::Info), impact.unwrap_or(Impact::Latent))),
        count: Reverse(cluster.iter().map(|group| group.count).max().unwrap_or(0)),
        first_seen: cluster.iter().filter_map(|group| group.first_seen).min(),
        rule: lead.map(|lead| lead.rule.id.clone()).unwrap_or_default(),
        // Numbers were given in the order of keys, so this decides what is otherwise equal.
        cluster: lead.map_or(usize::MAX, |lead| lead.cluster),
    }
}
