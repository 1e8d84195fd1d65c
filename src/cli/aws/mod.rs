//! The commands that ask an AWS account.
//!
//! Must not: be reached by a command that works offline.

pub(crate) mod args;
mod plan;
pub(crate) mod query;
