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
pub mod live;
pub mod order;
pub mod settings;
pub mod summary;
mod table;

/// Fewer unrecognized events are no sign of anything.
const MANY_EVENTS: u64 = 10;

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
        // Probes are events, control messages of containers are not, and `skipped` counts both:
        // it says that nothing was analyzed only where no exchange says otherwise.
        let idle = ledger.unrecognized.saturating_add(ledger.skipped);
        if ledger.events <= ledger.unrecognized || (ledger.exchanges == 0 && ledger.events <= idle)
        {
            Reading::Nothing
        } else if !(ledger.inputs_failed.is_empty() && ledger.gaps.is_empty())
            || (self.is_mostly_unrecognized() && self.summary.findings.total() == 0)
        {
            Reading::Partly
        } else {
            Reading::Whole
        }
    }

    /// Whether so much was not recognized that the input is likely to be of another kind.
    pub fn is_mostly_unrecognized(&self) -> bool {
        let ledger = &self.ledger;
        ledger.unrecognized >= MANY_EVENTS && ledger.unrecognized.saturating_mul(2) >= ledger.events
    }

    /// Whether there were events, and the time window left out all of them.
    pub fn is_all_outside_window(&self) -> bool {
        self.ledger.events == 0 && self.ledger.outside_window > 0
    }
}
