//! What a run prints: nothing, where there is nothing to say.
//!
//! Must not: print a text that is not made fit for a terminal.

use std::io::{self, Write};
use std::path::Path;

use corscope::alert::event::AlertEvent;
use corscope::alert::run::{DeliveryCounts, RunRecord, RunStatus};
use corscope::notify::{emf, nagios, text};
use corscope::output::contract::{SCHEMA, append_json};
use corscope::output::escape::visible;
use serde::Serialize;

use crate::cli::check::options::{CheckFormat, CheckOptions};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::say;

/// A run as scripts read it: `corscope/1`, type `run`.
#[derive(Serialize)]
struct RunRow<'a> {
    schema: &'static str,
    r#type: &'static str,
    #[serde(flatten)]
    record: &'a RunRecord,
    suppressed: u64,
    events: &'a [AlertEvent],
}

/// A run that came to nothing: `corscope/1`, type `run`, with the fields that are known.
#[derive(Serialize)]
struct FailedRow {
    schema: &'static str,
    r#type: &'static str,
    status: RunStatus,
    problems: [String; 1],
}

/// Prints a run; gives the exit code that belongs to what is printed.
pub(crate) fn run(
    options: &CheckOptions,
    record: &RunRecord,
    events: &[AlertEvent],
    status: ExitStatus,
) -> Result<ExitStatus, CliError> {
    let mut out = Vec::new();
    let mut status = status;
    if options.output.nagios {
        // Monitoring may not look at the long output.
        tell_failures(record);
        let (plugin, page) = nagios::output(record);
        out.extend_from_slice(page.as_bytes());
        status = ExitStatus::of_plugin(plugin.code());
    } else {
        tell(record);
        write(options, record, events, &mut out).map_err(CliError::Write)?;
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(&out).and_then(|()| stdout.flush()).map_err(CliError::Write)?;
    Ok(status)
}

fn write(
    options: &CheckOptions,
    record: &RunRecord,
    events: &[AlertEvent],
    out: &mut Vec<u8>,
) -> io::Result<()> {
    match options.output.format {
        CheckFormat::Emf => emf::write(out, record),
        CheckFormat::Json => {
            let suppressed = record.alerts.suppressed();
            let row = RunRow { schema: SCHEMA, r#type: "run", record, suppressed, events };
            append_json(out, &row)?;
            out.push(b'\n');
            Ok(())
        }
        CheckFormat::Human if options.output.quiet || events.is_empty() => Ok(()),
        CheckFormat::Human => {
            for event in events {
                writeln!(out, "{}\n", text::lines(event))?;
            }
            out.extend_from_slice(summary(record).as_bytes());
            Ok(())
        }
    }
}

/// What somebody must know even if nobody looks at the alerts.
fn tell(record: &RunRecord) {
    for sentence in record.problems.iter().chain(&record.notes) {
        say(sentence);
    }
    tell_failures(record);
}

/// The sinks that could not be told everything.
fn tell_failures(record: &RunRecord) {
    for failure in record.deliveries.iter().filter_map(DeliveryCounts::failure) {
        say(&failure);
    }
}

/// A run in some lines: how it ended, alerts, what was read, what could not be delivered.
pub(crate) fn summary(record: &RunRecord) -> String {
    let alerts = &record.alerts;
    let reading = &record.reading;
    let mut lines = vec![format!(
        "corscope: {}; alerts: {} new, {} reminded, {} resolved, {} open, {} suppressed",
        record.status.as_str(),
        alerts.new,
        alerts.reminded,
        alerts.resolved,
        alerts.open,
        alerts.suppressed(),
    )];
    lines.push(format!(
        "{} events, {} requests counted ({} blocked, {} undetermined), {} known already, {} left to the next run",
        reading.events,
        reading.exchanges,
        reading.blocked,
        reading.undetermined,
        reading.known_exchanges,
        reading.open_exchanges,
    ));
    let failures: Vec<String> =
        record.deliveries.iter().filter_map(DeliveryCounts::failure).collect();
    let problems = record.problems.iter().chain(&failures);
    lines.extend(problems.map(|problem| visible(problem).into_owned()));
    let mut page = lines.join("\n");
    page.push('\n');
    page
}

/// Another run uses the state. A plugin must not call that well: alerts may be open.
pub(crate) fn busy(options: &CheckOptions, state: &Path) -> Result<ExitStatus, CliError> {
    let text = format!("another run uses {}; this one did nothing (--wait waits)", state.display());
    if options.output.nagios {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "CORSCOPE UNKNOWN - {}", visible(&text)).map_err(CliError::Write)?;
        return Ok(ExitStatus::NotAnalyzed);
    }
    say(&text);
    Ok(ExitStatus::Clean)
}

/// An error, as a monitoring plugin tells it.
pub(crate) fn nagios_error(error: &CliError) -> Result<ExitStatus, CliError> {
    let text = error.visible().replace('\n', " ").replace('|', "/");
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "CORSCOPE UNKNOWN - {text}").map_err(CliError::Write)?;
    Ok(ExitStatus::NotAnalyzed)
}

/// An error, as scripts read it.
pub(crate) fn json_error(error: &CliError) -> Result<(), CliError> {
    let problems = [error.visible()];
    let row = FailedRow { schema: SCHEMA, r#type: "run", status: RunStatus::Failed, problems };
    let mut out = Vec::new();
    append_json(&mut out, &row).map_err(CliError::Write)?;
    out.push(b'\n');
    io::stdout().lock().write_all(&out).map_err(CliError::Write)
}
