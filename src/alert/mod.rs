//! From the findings of many runs to what somebody should be told: new, still there, over.
//!
//! [`event`] is what sinks are told of one alert, [`run`] what is known of one run; both hold texts
//! that are redacted already.
//!
//! Must not: read a clock or a file, or send anything.

pub mod event;
pub mod run;
pub mod stamp;
