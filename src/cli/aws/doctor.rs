//! `corscope doctor`.
//!
//! Must not: x.
use clap::Args;

use crate::cli::aws::args::{AccessOptions, TargetOptions};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;

pub(crate) const EXAMPLES: &str = "";

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    target: TargetOptions,

    #[command(flatten)]
    access: AccessOptions,
}

/// Runs the command.
pub(crate) fn run(_options: &DoctorOptions) -> Result<ExitStatus, CliError> {
    Ok(ExitStatus::Clean)
}
