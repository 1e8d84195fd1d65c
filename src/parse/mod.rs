//! Lines: one log event → one record.
//!
//! Must not: combine lines, or fail.
