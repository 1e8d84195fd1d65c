//! From options to settings, from exchanges to a report: what `scan` and `query` have in common.
//!
//! Must not: judge, or format.

use std::io::{self, Write};
use std::mem;
use std::path::Path;

use corscope::model::{Exchange, Finding, InputNote, Judgement, LogTime, Places};
use corscope::output::escape::visible;
use corscope::output::human::exchange::ExchangeLine;
use corscope::output::human::{self, HumanSettings};
use corscope::output::redact::Redaction;
use corscope::output::rows::{ExchangeRows, RowForm};
use corscope::output::spool::{DEFAULT_MEMORY, Spool};
use corscope::output::{json, jsonl};
use corscope::pipeline::{Analyzer, Observer, Window};
use corscope::report::builder::ReportBuilder;
use corscope::report::{Reading, Report};

use crate::cli::args::{AnalysisOptions, Format, Show, WindowOptions};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::Progress;
use crate::cli::sink::Sink;
use crate::cli::terminal::{Environment, stdout_is_terminal};
use crate::cli::time::{self, End};
use crate::cli::{baseline, setup};

/// Analyzes what `read` pushes, and writes the report. What is found meanwhile is counted in
/// `progress`.
pub(crate) fn run(
    options: &AnalysisOptions,
    (since, until): (Option<LogTime>, Option<LogTime>),
    progress: &Progress,
    read: impl FnOnce(&mut Analyzer<'_>) -> Result<(), CliError>,
) -> Result<ExitStatus, CliError> {
    let setup = setup::of(&options.report, &options.rules, time::today(options.window.tz))?;
    let settings = setup.settings;
    let mut sink = Sink::open(options.output.output.as_deref())?;
    let human = human_settings(options, matches!(sink, Sink::Stdout(_)));
    let mut rows = options.output.show.contains(&Show::Exchanges).then(|| {
        let form = match options.output.format {
            Format::Human => RowForm::Human(ExchangeLine::new(&human)),
            Format::Json | Format::Jsonl => RowForm::Json(human.redaction),
        };
        ExchangeRows::new(form, settings.clone(), DEFAULT_MEMORY)
    });
    let mut observer = Rows { rows: rows.as_mut(), progress };
    let builder = ReportBuilder::new(settings);
    let mut analyzer = Analyzer::new(&setup.rules, builder, Window { since, until }, &mut observer);
    read(&mut analyzer)?;
    let report = analyzer.finish().map_err(CliError::Spool)?;
    tell(&report, options);
    let spool = rows.map(ExchangeRows::into_spool);
    write(&mut sink, (&report, spool), options.output.format, &human)
        .map_err(|error| sink.failure(error))?;
    sink.finish()?;
    let status = ExitStatus::of(&report);
    let status = match setup.baseline.filter(|_| options.rules.write_baseline) {
        Some(path) => write_baseline(&path, &report, status, human.redaction)?,
        None => status,
    };
    // The process ends: thousands of texts need not be freed one by one.
    mem::forget((report, setup.rules));
    Ok(if setup.is_partial { ExitStatus::Usage } else { status })
}

/// Rows of the exchanges, where they are asked for.
struct Rows<'a> {
    rows: Option<&'a mut ExchangeRows>,
    progress: &'a Progress,
}

impl Observer for Rows<'_> {
    fn exchange(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) -> io::Result<()> {
        if !findings.is_empty() {
            self.progress.found();
        }
        match &mut self.rows {
            Some(rows) => rows.add(exchange, judgement, findings, places),
            None => Ok(()),
        }
    }
}

/// What is found is known from now on, and so no failure. Nothing read is no baseline.
pub(crate) fn write_baseline(
    path: &Path,
    report: &Report,
    status: ExitStatus,
    redaction: Redaction,
) -> Result<ExitStatus, CliError> {
    if report.reading() == Reading::Nothing {
        return Ok(status);
    }
    baseline::write(path, &report.groups, redaction)?;
    // There is nobody left to tell if this fails.
    let _ = writeln!(
        io::stderr().lock(),
        "corscope: {} entries are the baseline now: {}",
        report.groups.len(),
        visible(&path.display().to_string()),
    );
    Ok(if status == ExitStatus::Findings { ExitStatus::Clean } else { status })
}

/// `--since` and `--until`.
pub(crate) fn window(
    options: &WindowOptions,
) -> Result<(Option<LogTime>, Option<LogTime>), CliError> {
    let now = time::now();
    let parse = |option: &'static str, text: &Option<String>, end| {
        let time = text.as_deref().map(|text| time::parse(text, now, options.tz, end));
        time.transpose().map_err(|problem| CliError::Option { option, problem })
    };
    let since = parse("--since", &options.since, End::First)?;
    let until = parse("--until", &options.until, End::Last)?;
    match (since, until) {
        (Some(first), Some(last)) if first > last => Err(CliError::Option {
            option: "--until",
            problem: format!("{last} is before --since, {first}"),
        }),
        (since, until) => Ok((since, until)),
    }
}

fn human_settings(options: &AnalysisOptions, to_stdout: bool) -> HumanSettings {
    let environment = Environment::read();
    let to_terminal = to_stdout && stdout_is_terminal();
    HumanSettings {
        width: environment.width(),
        color: environment.wants_color(options.output.color, to_terminal),
        quiet: options.output.quiet,
        zone: options.window.tz,
        redaction: if options.output.no_redact { Redaction::Off } else { Redaction::On },
    }
}

fn write(
    sink: &mut Sink,
    (report, rows): (&Report, Option<Spool>),
    format: Format,
    settings: &HumanSettings,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(sink, report, rows, settings),
        Format::Json => json::write(sink, report, rows, settings.redaction),
        Format::Jsonl => jsonl::write(sink, report, rows, settings.redaction),
    }
}

/// Inputs that could not be read, or only in part.
pub(crate) fn tell_failed(inputs: &[InputNote]) {
    let mut stderr = io::stderr().lock();
    for note in inputs {
        // There is nobody left to tell if this fails.
        let _ = writeln!(stderr, "corscope: {}: {}", visible(&note.input), visible(&note.problem));
    }
}

/// What a caller must know even if the report goes elsewhere.
fn tell(report: &Report, options: &AnalysisOptions) {
    let is_shown = options.output.format == Format::Human && options.output.output.is_none();
    if is_shown && stdout_is_terminal() {
        return;
    }
    tell_failed(&report.ledger.inputs_failed);
    let mut stderr = io::stderr().lock();
    if report.is_mostly_unrecognized() {
        let _ = writeln!(stderr, "corscope: {}", human::unrecognized(report));
    }
    match report.reading() {
        Reading::Nothing if report.is_all_outside_window() => {
            let _ = writeln!(stderr, "corscope: {}", human::outside_window(report));
        }
        Reading::Nothing => {
            let _ = writeln!(stderr, "corscope: nothing was analyzed; this is not an all-clear");
        }
        Reading::Partly | Reading::Whole => {}
    }
}
