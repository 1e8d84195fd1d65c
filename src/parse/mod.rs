//! Lines: one log event → one record.
//!
//! Must not: combine lines, or fail.

pub mod proxy_response;
pub mod value;
