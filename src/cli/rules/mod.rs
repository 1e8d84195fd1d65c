//! `corscope rules`: for those who read, write and test rules.
//!
//! Must not: know a rule; the set does.

mod author;
mod list;
mod why;

use corscope::rules::schema;

use crate::cli::args::RulesCommand;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::print;

/// Runs the command.
pub(crate) fn run(command: &RulesCommand) -> Result<ExitStatus, CliError> {
    match command {
        RulesCommand::List { format, rules } => list::list(*format, rules),
        RulesCommand::Show { id, examples, rules } => list::show(id, *examples, rules),
        RulesCommand::Facts { format } => list::facts(*format),
        RulesCommand::New { id, dir, scope } => author::new(id, dir, *scope),
        RulesCommand::Lint { paths } => author::lint(paths),
        RulesCommand::Test { paths } => author::test(paths),
        RulesCommand::Why(options) => why::run(options),
        RulesCommand::Schema => print(&schema::document()),
    }
}
