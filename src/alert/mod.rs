//! From the findings of many runs to what somebody should be told: new, still there, over.
//!
//! [`sighting`] makes of a run's report what alerts are about, [`book`] remembers them from run to run
//! and says what is news, by a [`policy`]. [`event`] is what sinks are told of one alert, [`mod@run`]
//! what is known of one run; both hold texts that are redacted already. [`memory`] knows which exchanges
//! were counted.
//!
//! Must not: read a clock or a file, or send anything.

pub mod book;
pub mod event;
pub mod memory;
pub mod policy;
pub mod run;
pub mod sighting;
pub mod stamp;
#[cfg(test)]
mod tests;
