//! `corscope scan`: files, folders and standard input.
//!
//! Must not: judge, or format.

use std::io;
use std::path::{Path, PathBuf};

use corscope::sources::files;

use crate::cli::analysis;
use crate::cli::args::ScanOptions;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::terminal::stdin_is_terminal;

/// Runs the command.
pub(crate) fn run(options: &ScanOptions) -> Result<ExitStatus, CliError> {
    let inputs = inputs(options)?;
    let window = analysis::window(&options.analysis.window)?;
    if let Some(path) = &options.analysis.output.output {
        check_output(path, &inputs)?;
    }
    analysis::run(&options.analysis, window, |analyzer| {
        files::scan(&inputs, &mut io::stdin().lock(), analyzer);
        Ok(())
    })
}

/// A report must not replace the log that it is about.
fn check_output(output: &Path, inputs: &[PathBuf]) -> Result<(), CliError> {
    let Ok(target) = output.canonicalize() else { return Ok(()) };
    for input in inputs {
        let Ok(source) = input.canonicalize() else { continue };
        if target.is_file() && (source == target || target.starts_with(&source)) {
            let problem = format!(
                "`{}` is one of the inputs (`{}`), and would be replaced",
                output.display(),
                input.display(),
            );
            return Err(CliError::Option { option: "--output", problem });
        }
    }
    Ok(())
}

/// Files and folders; `-` is standard input. Never empty.
fn inputs(options: &ScanOptions) -> Result<Vec<PathBuf>, CliError> {
    if !options.paths.is_empty() {
        Ok(options.paths.clone())
    } else if stdin_is_terminal() {
        Err(CliError::NoInput)
    } else {
        Ok(vec![PathBuf::from("-")])
    }
}
