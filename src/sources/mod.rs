//! Where bytes come from: files, folders, standard input; and, with the feature `aws`, an account.
//!
//! Must not: look into a line.

pub mod ahead;
#[cfg(feature = "aws")]
pub mod cloudwatch;
pub mod files;
pub mod meter;
pub mod resume;
