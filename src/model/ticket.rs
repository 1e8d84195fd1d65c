//! The number of something that is told before all of it may have arrived.
//!
//! Must not: be printed; it says nothing outside of its run.

/// Tells apart what a live analysis tells, so that it can be told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

impl Ticket {
    /// Of an exchange, by its number.
    pub fn of_exchange(number: u64) -> Self {
        Self(number << 1)
    }

    /// Of a run of a function that no gateway line mentions yet.
    pub fn of_run(number: u64) -> Self {
        Self(number << 1 | 1)
    }
}
