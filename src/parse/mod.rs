//! Lines: one log event → one record.
//!
//! Must not: combine lines, or fail.

pub mod access_log;
pub mod har;
pub mod http_event;
pub mod lambda;
pub mod proxy_response;
pub mod value;
