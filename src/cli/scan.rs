//! `corscope scan`: files, folders and standard input.
//!
//! Must not: judge, or format.

use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use corscope::decode::Sink;
use corscope::parse::execution::glance;
use corscope::sources::ahead::ahead;
use corscope::sources::files;

use crate::cli::analysis;
use crate::cli::args::ScanOptions;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::{self, Progress};
use crate::cli::terminal::{Environment, stderr_is_terminal, stdin_is_terminal};

/// Runs the command.
pub(crate) fn run(options: &ScanOptions) -> Result<ExitStatus, CliError> {
    let inputs = inputs(options)?;
    let window = analysis::window(&options.analysis.window)?;
    if let Some(path) = &options.analysis.output.output {
        check_output(path, &inputs)?;
    }
    let progress = Progress::default();
    analysis::run(&options.analysis, window, &progress, |analyzer| {
        let read = |sink: &mut dyn Sink| {
            files::scan_metered(&inputs, &mut io::stdin().lock(), sink, &progress.meter)
        };
        let mut work = || {
            if threads(options.threads, &inputs) > 1 {
                ahead(read, glance, analyzer)
            } else {
                read(analyzer)
            }
        };
        if shows_progress(options) {
            progress::show(&progress, || files::total(&inputs), work);
        } else {
            work();
        }
        Ok(())
    })
}

/// To somebody who looks, and did not ask for silence.
fn shows_progress(options: &ScanOptions) -> bool {
    stderr_is_terminal() && !options.analysis.output.quiet && !Environment::read().is_dumb()
}

/// As many threads as are asked for, or as there are processors; for a short file one is quicker.
fn threads(asked: Option<u16>, inputs: &[PathBuf]) -> usize {
    const SHORT: u64 = 256 << 10;
    let is_short = |path: &PathBuf| {
        path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() < SHORT)
    };
    match (asked, inputs) {
        (Some(threads), _) => threads.into(),
        (None, [input]) if is_short(input) => 1,
        (None, _) => thread::available_parallelism().map_or(1, NonZero::get),
    }
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
