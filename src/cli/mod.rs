//! Arguments, clock, environment, streams and the exit code.
//!
//! Must not: analyze anything.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::cli::args::{Command, CommandLine};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;

mod analysis;
mod args;
#[cfg(feature = "aws")]
mod aws;
mod baseline;
mod check;
mod config;
mod error;
mod exit;
mod explain;
mod print;
mod progress;
mod ranges;
mod rules;
mod scan;
mod setup;
mod sink;
mod terminal;
mod time;

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let status = match CommandLine::try_parse() {
        Ok(line) => dispatch(line),
        Err(error) => {
            // Help and version go to stdout and are no error. A closed pipe is none either.
            let _ = error.print();
            if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Clean }
        }
    };
    status.into()
}

fn dispatch(line: CommandLine) -> ExitStatus {
    let result = match line.command {
        Command::Scan(options) => scan::run(&options),
        #[cfg(feature = "aws")]
        Command::Query(options) => aws::query::run(&options),
        #[cfg(feature = "aws")]
        Command::Tail(options) => aws::tail::run(&options),
        Command::Check(options) => check::run(&options),
        Command::State(command) => check::state(&command),
        Command::Rules(command) => rules::run(&command),
        Command::Explain(options) => explain::run(&options),
        #[cfg(feature = "aws")]
        Command::Groups(options) => aws::groups::run(&options),
        #[cfg(feature = "aws")]
        Command::Doctor(options) => aws::doctor::run(&options),
        #[cfg(feature = "aws")]
        Command::Iam(options) => aws::iam::run(&options),
        Command::Completions { shell } => completions(shell),
    };
    match result {
        Ok(status) => status,
        Err(error) if error.is_closed_pipe() => ExitStatus::Clean,
        Err(error) => {
            let mut stderr = io::stderr().lock();
            // There is nobody left to tell if this fails.
            let _ = writeln!(stderr, "error: {}", error.visible());
            if let Some(hint) = error.hint() {
                let _ = writeln!(stderr, "hint: {hint}");
            }
            error.status()
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Result<ExitStatus, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "corscope", &mut script);
    io::stdout().lock().write_all(&script).map_err(CliError::Write)?;
    Ok(ExitStatus::Clean)
}
