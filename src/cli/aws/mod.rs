//! The commands that ask an AWS account.
//!
//! Must not: be reached by a command that works offline.

pub(crate) mod args;
mod outlet;
mod plan;
pub(crate) mod query;
pub(crate) mod tail;
mod teller;
mod watch;
