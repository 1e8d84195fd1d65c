//! For people, at three in the morning: the cause first, the symptom as its effect, the proof, the
//! fix; what is less urgent in short; what was not seen, last.
//!
//! Must not: say that all is well when it was not read.

use std::io::{self, Write};

use chrono::FixedOffset;

use crate::model::{Impact, Kind};
use crate::output::human::page::Page;
use crate::output::redact::Redaction;
use crate::output::spool::Spool;
use crate::report::group::Group;
use crate::report::{Reading, Report};

mod block;
mod brief;
mod decision;
pub mod exchange;
mod footer;
mod headline;
pub mod news;
mod page;
mod shorten;
mod words;

pub use headline::{outside_window, unrecognized};

/// How to write for people.
#[derive(Debug, Clone)]
pub struct HumanSettings {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to use colors.
    pub color: bool,
    /// Write nothing where there is nothing to say.
    pub quiet: bool,
    /// The zone in which times are shown.
    pub zone: FixedOffset,
    /// Whether secrets are shown.
    pub redaction: Redaction,
}

impl Default for HumanSettings {
    fn default() -> Self {
        Self { width: 100, color: false, quiet: false, zone: words::UTC, redaction: Redaction::On }
    }
}

/// Clusters that say the same about different routes, methods or origins.
#[derive(Debug)]
struct Topic<'a> {
    clusters: Vec<&'a [Group]>,
    /// Symptoms that stand with another cause, and that this one made too.
    effects: Vec<&'a Group>,
    weight: Weight,
}

/// How much room a topic gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Browsers met it.
    Problem,
    /// They would meet it.
    Latent,
    /// What several requests show together.
    Survey,
    /// It works, but should change.
    Practice,
}

impl<'a> Topic<'a> {
    /// The group that the topic is about, of its worst cluster.
    fn lead(&self) -> Option<&'a Group> {
        self.clusters.first().and_then(|cluster| cluster.first())
    }

    /// All groups of the worst cluster.
    fn groups(&self) -> &'a [Group] {
        self.clusters.first().copied().unwrap_or_default()
    }

    /// All groups of the worst cluster, and the symptoms that stand with another cause.
    fn with_effects(&self) -> impl Iterator<Item = &'a Group> {
        self.groups().iter().chain(self.effects.iter().copied())
    }
}

/// Writes a report; `exchanges` holds rendered lines.
pub fn write(
    out: &mut dyn Write,
    report: &Report,
    exchanges: Option<Spool>,
    settings: &HumanSettings,
) -> io::Result<()> {
    let is_clean = report.groups.is_empty() && report.reading() == Reading::Whole;
    let has_rows = exchanges.as_ref().is_some_and(|spool| !spool.is_empty());
    if let Some(spool) = exchanges {
        spool.drain(|row| {
            out.write_all(row)?;
            out.write_all(b"\n")
        })?;
    }
    if settings.quiet && is_clean {
        return out.flush();
    }
    let mut page = Page::new(settings);
    if has_rows {
        page.blank();
    }
    let topics = topics(&report.groups);
    headline::write(&mut page, report, &topics);
    for topic in topics.iter().filter(|topic| topic.weight == Weight::Problem) {
        block::write(&mut page, topic);
    }
    brief::write(&mut page, &topics, Weight::Latent);
    brief::write(&mut page, &topics, Weight::Survey);
    brief::write(&mut page, &topics, Weight::Practice);
    footer::write(&mut page, report);
    out.write_all(page.as_bytes())?;
    out.flush()
}

/// Clusters of the same rules, joined; the order of the first ones stays.
fn topics(groups: &[Group]) -> Vec<Topic<'_>> {
    let mut topics: Vec<Topic<'_>> = Vec::new();
    for cluster in groups.chunk_by(|one, other| one.cluster == other.cluster) {
        let weight = weight(cluster);
        let same = topics.iter_mut().find(|topic| {
            topic.weight == weight && is_same(topic.clusters.first().copied(), cluster)
        });
        if let Some(topic) = same {
            topic.clusters.push(cluster);
        } else {
            let effects = effects(cluster, groups);
            topics.push(Topic { clusters: vec![cluster], effects, weight });
        }
    }
    topics
}

/// Symptoms of the same route, method and origin that the cause made, and that stand elsewhere.
fn effects<'a>(cluster: &[Group], groups: &'a [Group]) -> Vec<&'a Group> {
    let Some(lead) = cluster.first().filter(|lead| lead.rule.kind == Kind::Cause) else {
        return Vec::new();
    };
    let subject = |group: &Group| {
        [&group.api, &group.stage, &group.method, &group.route, &group.origin].map(Clone::clone)
    };
    let made = groups.iter().filter(|group| {
        lead.explains.contains(&group.rule.id)
            && group.impact == lead.impact
            && group.cluster != lead.cluster
    });
    made.filter(|group| subject(group) == subject(lead)).collect()
}

fn is_same(known: Option<&[Group]>, cluster: &[Group]) -> bool {
    let signature = |group: &Group| (group.severity, group.impact);
    known.is_some_and(|known| {
        known.len() == cluster.len()
            && known.iter().zip(cluster).all(|(one, other)| {
                one.rule.id == other.rule.id && signature(one) == signature(other)
            })
    })
}

fn weight(cluster: &[Group]) -> Weight {
    let mut weight = Weight::Practice;
    for group in cluster {
        match (group.rule.kind, group.impact) {
            (Kind::Symptom | Kind::Cause, Impact::Observed) => return Weight::Problem,
            (Kind::Symptom | Kind::Cause, Impact::Latent) => weight = Weight::Latent,
            (Kind::Practice, Impact::Observed | Impact::Latent) if group.is_survey => {
                weight = Weight::Survey;
            }
            (Kind::Practice, Impact::Observed | Impact::Latent) => {}
        }
    }
    weight
}
