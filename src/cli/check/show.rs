//! `corscope state`: what a state file holds.
//!
//! Must not: change it, or wait for a run that does.

use std::io::{self, Write};

use corscope::alert::run::OpenAlert;
use corscope::notify::text::{asked, plain};
use corscope::output::contract::{SCHEMA, append_json};
use serde::Serialize;

use crate::cli::check::options::{StateCommand, StateFormat};
use crate::cli::check::state::{GroupMark, State, Waiting};
use crate::cli::check::store::{StateProblem, read};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;

/// Runs the command.
pub(crate) fn run(command: &StateCommand) -> Result<ExitStatus, CliError> {
    let StateCommand::Show { file, format } = command;
    let failed = |problem| CliError::State { path: file.display().to_string(), problem };
    let state = match read(file) {
        Ok(Some(state)) => state,
        Ok(None) => {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is no such file");
            return Err(failed(StateProblem::Io { doing: "reading it", source }));
        }
        Err(problem) => return Err(failed(problem)),
    };
    let mut out = Vec::new();
    match format {
        StateFormat::Human => out.extend_from_slice(page(&state).as_bytes()),
        StateFormat::Json => {
            append_json(&mut out, &Row::new(&state)).map_err(CliError::Write)?;
            out.push(b'\n');
        }
    }
    io::stdout().lock().write_all(&out).map_err(CliError::Write)?;
    Ok(ExitStatus::Clean)
}

/// A state as scripts read it: `corscope/1`, type `state`.
#[derive(Serialize)]
struct Row<'a> {
    schema: &'static str,
    r#type: &'static str,
    file_schema: &'a str,
    id: &'a str,
    runs: u64,
    last_run: Option<String>,
    last_complete: Option<String>,
    groups: &'a std::collections::BTreeMap<String, GroupMark>,
    files: &'a [corscope::sources::resume::FileMark],
    open_from: Option<String>,
    counted_ids: usize,
    known_alerts: usize,
    open: Vec<OpenAlert>,
    waiting: &'a [Waiting],
}

impl<'a> Row<'a> {
    fn new(state: &'a State) -> Self {
        let time = |time: Option<corscope::model::LogTime>| time.map(|time| time.to_string());
        Self {
            schema: SCHEMA,
            r#type: "state",
            file_schema: &state.schema,
            id: &state.id,
            runs: state.runs,
            last_run: time(state.last_run),
            last_complete: time(state.last_complete),
            groups: &state.groups,
            files: &state.files,
            open_from: time(state.open_from),
            counted_ids: state.counted.len(),
            known_alerts: state.alerts.len(),
            open: state.alerts.open(),
            waiting: &state.outbox,
        }
    }
}

fn page(state: &State) -> String {
    let mut lines = Vec::new();
    let time = |time: Option<corscope::model::LogTime>| {
        time.map_or_else(|| "never".to_owned(), |time| time.to_string())
    };
    lines.push(format!(
        "{} runs, the last one at {}; everything was read last at {}",
        state.runs,
        time(state.last_run),
        time(state.last_complete)
    ));
    for (name, mark) in &state.groups {
        lines.push(format!("log group {}: read up to {}", plain(name, 512), mark.covered_to));
    }
    for file in &state.files {
        lines.push(format!("file {}: {} lines read", plain(&file.path, 512), file.lines));
    }
    if let Some(from) = state.open_from {
        lines.push(format!("a request from {from} was not over, and is read again"));
    }
    lines.push(format!("{} ids of requests that were counted are remembered", state.counted.len()));
    let open = state.alerts.open();
    lines.push(format!("{} alerts are known, {} are open", state.alerts.len(), open.len()));
    for alert in &open {
        let route = asked(alert.method.as_deref(), alert.route.as_deref(), 200);
        let origin = alert.origin.as_deref().map(|origin| plain(origin, 200));
        let subject: Vec<String> =
            [route].into_iter().filter(|route| !route.is_empty()).chain(origin).collect();
        lines.push(format!(
            "  {} {}: {} ({}), x{}, since {}",
            alert.severity.as_str(),
            alert.rule,
            plain(&alert.title, 200),
            subject.join(" "),
            alert.count,
            time(alert.since)
        ));
    }
    lines.push(format!("{} messages wait for delivery", state.outbox.len()));
    for waiting in &state.outbox {
        lines.push(format!(
            "  {}: {} {}, tried {} times",
            plain(&waiting.sink, 100),
            waiting.event.event.as_str(),
            waiting.event.rule,
            waiting.attempts
        ));
    }
    lines.join("\n") + "\n"
}
