//! One file per output format, and what all of them share: escaping, redaction, and the spool that
//! puts exchanges in order within bounded memory.
//!
//! Effects: writes to the writer it is given; [`spool`] writes unlinked temporary files.
//!
//! Must not: decide what is shown.

pub mod contract;
pub mod escape;
pub mod finding_row;
pub mod human;
pub mod json;
pub mod jsonl;
pub mod live;
mod object;
pub mod redact;
pub mod row;
pub mod rows;
pub mod rule_json;
pub mod spool;
