//! What can go wrong on the command line, and what helps.
//!
//! Must not: print.

use std::io;

use corscope::explain::answer::unknown;
use corscope::output::escape::visible;
use corscope::rules::problem::RuleError;

use crate::cli::check::store::StateProblem;
use crate::cli::exit::ExitStatus;

/// An error that ends the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Nothing to read.
    #[error("no input: name files or folders, or pipe a log in")]
    NoInput,
    /// No log group to read.
    #[cfg(feature = "aws")]
    #[error("no target: name one by --group, --api, --http-api, --function, --stack or --url")]
    NoTarget,
    /// Nothing to explain.
    #[error("nothing to explain: name a rule or a reason, or paste a console message in quotes")]
    NoQuery,
    /// A text that means nothing here.
    #[error("{}", unknown(nearest.as_deref()))]
    NotKnown {
        /// The nearest that there is.
        nearest: Option<String>,
    },
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    Stdin(io::Error),
    /// An option's value.
    #[error("{option}: {problem}")]
    Option {
        /// The option as typed.
        option: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
    /// The `--output` file.
    #[error("cannot write `{path}`: {source}")]
    Output {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file of the user's own.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The configuration, with each problem and its place.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nerror: "))]
    Config(Vec<RuleError>),
    /// The baseline file.
    #[error("cannot use the baseline `{path}`: {problem}")]
    Baseline {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The state file of `check`.
    #[error("the state file `{path}`: {problem}")]
    State {
        /// The file.
        path: String,
        /// What is wrong.
        problem: StateProblem,
    },
    /// The metrics file of `check`.
    #[error("{0}")]
    Metrics(String),
    /// Standard output.
    #[error("cannot write the report: {0}")]
    Write(io::Error),
    /// A request to an AWS account.
    #[cfg(feature = "aws")]
    #[error("{0}")]
    Aws(corscope::sources::cloudwatch::error::CallError),
    /// The machinery that waits for answers.
    #[cfg(feature = "aws")]
    #[error("cannot start waiting for answers of AWS: {0}")]
    Runtime(io::Error),
    /// The spool of exchange rows.
    #[error("cannot keep the exchanges in order: {0}")]
    Spool(io::Error),
}

impl CliError {
    /// Whether the reader of our output went away.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        match self {
            Self::Write(error) | Self::Output { source: error, .. } => {
                error.kind() == io::ErrorKind::BrokenPipe
            }
            Self::NoInput
            | Self::NoQuery
            | Self::NotKnown { .. }
            | Self::Stdin(_)
            | Self::Option { .. }
            | Self::Read { .. }
            | Self::Config(_)
            | Self::Baseline { .. }
            | Self::State { .. }
            | Self::Metrics(_)
            | Self::Spool(_) => false,
            #[cfg(feature = "aws")]
            Self::NoTarget | Self::Aws(_) | Self::Runtime(_) => false,
        }
    }

    /// The exit code.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::NoInput
            | Self::NoQuery
            | Self::NotKnown { .. }
            | Self::Option { .. }
            | Self::Read { .. }
            | Self::Config(_)
            | Self::Baseline { .. }
            | Self::Output { .. } => ExitStatus::Usage,
            Self::Stdin(_)
            | Self::Write(_)
            | Self::Spool(_)
            | Self::State { .. }
            | Self::Metrics(_) => ExitStatus::NotAnalyzed,
            #[cfg(feature = "aws")]
            Self::NoTarget => ExitStatus::Usage,
            #[cfg(feature = "aws")]
            Self::Aws(_) | Self::Runtime(_) => ExitStatus::NotAnalyzed,
        }
    }

    /// One line that helps.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoInput => Some("`corscope scan --help` has examples"),
            Self::NoQuery => Some("`corscope explain --help` has examples"),
            Self::NotKnown { .. } => Some(
                "paste the whole line of the console, in quotes, with what stands before and behind",
            ),
            Self::Spool(_) => Some("rows that do not fit in memory go to TMPDIR"),
            Self::Baseline { .. } => Some("`--write-baseline` writes it anew"),
            Self::State { problem: StateProblem::Form(_), .. } => Some(
                "it is kept as it is; `--reset-state` puts it aside as FILE.old, and begins anew",
            ),
            Self::State { problem: StateProblem::Io { doing: "reading it", .. }, .. } => None,
            Self::State { problem: StateProblem::Io { .. }, .. } => Some(
                "its folder must be writable: the file is replaced in one step, with a lock beside it",
            ),
            Self::Read { .. }
            | Self::Stdin(_)
            | Self::Config(_)
            | Self::Option { .. }
            | Self::Output { .. }
            | Self::Metrics(_)
            | Self::Write(_) => None,
            // The message says it.
            #[cfg(feature = "aws")]
            Self::NoTarget | Self::Aws(_) | Self::Runtime(_) => None,
        }
    }

    /// The message, fit for a terminal.
    pub(crate) fn visible(&self) -> String {
        let lines: Vec<_> =
            self.to_string().lines().map(|line| visible(line).into_owned()).collect();
        lines.join("\n")
    }
}
