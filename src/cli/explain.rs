//! `corscope explain`: from words or standard input to an answer.
//!
//! Must not: know a browser's text.

use std::io::{self, Read, Write};

use corscope::explain::answer::{Answer, answer};
use corscope::explain::human::Terminal;
use corscope::explain::{write_human, write_json, write_markdown};
use corscope::rules::catalogue::Catalogue;
use corscope::rules::set::RuleSet;

use crate::cli::args::{ExplainFormat, ExplainOptions};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::terminal::{Environment, stdin_is_terminal, stdout_is_terminal};

/// What is read of standard input; no console message comes near.
const LONGEST: u64 = 256 * 1024;

/// Runs the command.
pub(crate) fn run(options: &ExplainOptions) -> Result<ExitStatus, CliError> {
    let text = query(options)?;
    let rules = RuleSet::builtin();
    let answer = answer(&text, &rules, &Catalogue::builtin(), options.place);
    let is_known = match &answer {
        Answer::Unknown { nearest } if options.format != ExplainFormat::Json => {
            return Err(CliError::NotKnown { nearest: nearest.clone() });
        }
        Answer::Unknown { .. } => false,
        Answer::Entry(_) | Answer::Reason(_) | Answer::Class(_) | Answer::Message(_) => true,
    };
    let mut out = io::stdout().lock();
    let written = match options.format {
        ExplainFormat::Human => {
            let environment = Environment::read();
            let color = environment.wants_color(options.color, stdout_is_terminal());
            write_human(&mut out, &answer, Terminal { width: environment.width(), color })
        }
        ExplainFormat::Json => write_json(&mut out, &answer),
        ExplainFormat::Markdown => write_markdown(&mut out, &answer),
    };
    written.and_then(|()| out.flush()).map_err(CliError::Write)?;
    Ok(if is_known { ExitStatus::Clean } else { ExitStatus::Usage })
}

/// The words, joined; `-`, and no words where a pipe waits, is standard input.
fn query(options: &ExplainOptions) -> Result<String, CliError> {
    let is_piped = options.query.is_empty() && !stdin_is_terminal();
    if is_piped || options.query == ["-"] {
        let mut bytes = Vec::new();
        let mut stdin = io::stdin().lock().take(LONGEST);
        stdin.read_to_end(&mut bytes).map_err(CliError::Stdin)?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    if options.query.is_empty() {
        return Err(CliError::NoQuery);
    }
    Ok(options.query.join(" "))
}
