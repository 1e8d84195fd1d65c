//! The order of groups: worst first, and what is linked stands together, led by its cause.
//!
//! Must not: depend on the order in which groups came into being.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use crate::model::{Class, Impact, Kind, LogTime, Severity};
use crate::report::group::Group;

/// A group that is being placed. Groups are large: what is sorted is a reference.
#[derive(Debug, Clone, Copy)]
struct Placed<'g> {
    group: &'g Group,
    /// Where it stood at first.
    at: usize,
    cluster: usize,
}

/// Sorts `groups` and numbers their clusters.
pub fn arrange(groups: Vec<Group>) -> Vec<Group> {
    let order: Vec<(usize, usize)> =
        order(&groups).iter().map(|placed| (placed.at, placed.cluster)).collect();
    let mut groups: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let placed = order.into_iter().filter_map(|(at, cluster)| {
        let group = groups.get_mut(at)?.take()?;
        Some(Group { cluster, ..group })
    });
    placed.collect()
}

fn order(groups: &[Group]) -> Vec<Placed<'_>> {
    let begin = |(at, group)| Placed { group, at, cluster: at };
    let mut groups: Vec<_> = groups.iter().enumerate().map(begin).collect();
    groups.sort_by(|one, other| one.group.key().cmp(&other.group.key()));
    link(&mut groups);
    groups.sort_by(|one, other| {
        one.cluster.cmp(&other.cluster).then_with(|| within(one.group, other.group))
    });
    let mut ranks: Vec<Rank> = groups.chunk_by(|a, b| a.cluster == b.cluster).map(rank).collect();
    ranks.sort();
    let places: BTreeMap<usize, usize> =
        ranks.iter().enumerate().map(|(place, rank)| (rank.cluster, place)).collect();
    for placed in &mut groups {
        placed.cluster = places.get(&placed.cluster).copied().unwrap_or(usize::MAX);
    }
    // Stable: within a cluster the order stays.
    groups.sort_by_key(|placed| placed.cluster);
    groups
}

/// Groups about the same route, method and origin get the same number where they are about the same
/// exchanges: causes that stood together, and a symptom with the first of the causes behind it.
/// Causes of different exchanges stay apart, though they made the same symptom.
fn link(groups: &mut [Placed<'_>]) {
    let mut by_subject: BTreeMap<_, Vec<(usize, &Group)>> = BTreeMap::new();
    for (number, placed) in groups.iter().enumerate() {
        by_subject.entry(placed.group.subject()).or_default().push((number, placed.group));
    }
    let mut joined = Vec::new();
    for members in by_subject.values() {
        for (number, group) in members {
            if group.rule.kind == Kind::Symptom {
                let causes = members.iter().filter(|(_, it)| group.caused_by.contains(&it.rule.id));
                let first = causes.min_by(|(_, one), (_, other)| within(one, other));
                let same = members.iter().filter(|(_, it)| is_one_failure(group, it));
                joined.extend(first.into_iter().chain(same).map(|(other, _)| (*other, *number)));
            } else {
                let same = members.iter().filter(|(_, it)| group.together.contains(&it.rule.id));
                joined.extend(same.map(|(other, _)| (*other, *number)));
            }
        }
    }
    // Apart from the groups, for each pair goes through all numbers.
    let mut numbers: Vec<usize> = (0..groups.len()).collect();
    for (one, other) in joined {
        let number = |at: usize| numbers.get(at).copied().unwrap_or(at);
        let (one, other) = (number(one), number(other));
        for number in &mut numbers {
            *number = if *number == other { one } else { *number };
        }
    }
    for (placed, number) in groups.iter_mut().zip(numbers) {
        placed.cluster = number;
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

fn rank(cluster: &[Placed<'_>]) -> Rank {
    let groups = || cluster.iter().map(|placed| placed.group);
    let severity = groups().map(|group| group.severity).max();
    let impact = groups().map(|group| group.impact).max();
    let lead = cluster.first();
    Rank {
        worst: Reverse((severity.unwrap_or(Severity::Info), impact.unwrap_or(Impact::Latent))),
        count: Reverse(groups().map(|group| group.count).max().unwrap_or(0)),
        first_seen: groups().filter_map(|group| group.first_seen).min(),
        rule: lead.map(|lead| lead.group.rule.id.clone()).unwrap_or_default(),
        // Numbers were given in the order of keys, so this decides what is otherwise equal.
        cluster: lead.map_or(usize::MAX, |lead| lead.cluster),
    }
}
