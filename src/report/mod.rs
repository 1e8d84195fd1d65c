//! Grouping, order, thresholds and the ledger: the only layer that hides anything.
//!
//! [`builder::ReportBuilder`] takes exchanges one by one and keeps a bounded number of groups;
//! [`Report`] is what is left when the input has ended.
//!
//! Must not: format, redact, or judge.

use crate::model::Ledger;
use crate::report::group::Group;
use crate::report::summary::Summary;

pub mod builder;
pub mod fingerprint;
pub mod group;
pub mod key;
pub mod order;
pub mod route;
pub mod settings;
pub mod summary;
mod table;

/// What one run found, worst first.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Findings, one group each, in the order in which they are to be shown.
    pub groups: Vec<Group>,
    /// Counts of everything, shown or not.
    pub summary: Summary,
    /// What was read, and what was not seen.
    pub ledger: Ledger,
}

/// How much of the input could be analyzed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// No event, or none of a kind that is known.
    Nothing,
    /// Something is known to be missing.
    Partly,
    /// All of it.
    Whole,
}

impl Report {
    /// How much of the input could be analyzed.
    pub fn reading(&self) -> Reading {
        let ledger = &self.ledger;
        if ledger.events <= ledger.unrecognized.saturating_add(ledger.skipped) {
            Reading::Nothing
        } else if !(ledger.inputs_failed.is_empty() && ledger.gaps.is_empty()) {
            Reading::Partly
        } else {
            Reading::Whole
        }
    }
}
