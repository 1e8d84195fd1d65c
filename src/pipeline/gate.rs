//! Which exchanges count, of an input that earlier analyses have read in part.
//!
//! A run of `check` reads again what may have changed since the one before: events that came late, and
//! requests that were not over. Everything is assembled and judged as ever; then the gate says what of
//! it is new.
//!
//! Must not: know how an exchange is remembered.

use crate::model::{Exchange, Finding};

/// Remembers which exchanges were counted.
pub trait Gate {
    /// Asks for each exchange once, when it is judged, examined and diagnosed. `waits` says that lines
    /// may still come that could change what is said of it.
    fn admit(&mut self, exchange: &Exchange, findings: &[Finding], waits: bool) -> Admission;
}

/// What becomes of an exchange.
#[derive(Debug, Clone)]
pub enum Admission {
    /// It counts.
    New,
    /// It was counted, and nothing changed.
    Known,
    /// It was counted; these findings were not there then.
    Amended(Vec<Finding>),
    /// It may not be over: it is left to the next analysis.
    Open,
}
