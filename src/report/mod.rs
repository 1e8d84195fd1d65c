//! Grouping, order, thresholds and the ledger: the only layer that hides anything.
//!
//! Must not: format.
