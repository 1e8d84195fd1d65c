//! The commands that ask an AWS account.
//!
//! Must not: be reached by a command that works offline.

pub(crate) mod args;
pub(crate) mod doctor;
pub(crate) mod groups;
pub(crate) mod iam;
mod interrupt;
mod outlet;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod tail;
mod teller;
mod watch;
