//! A run as metrics, in a file for the textfile collector of Prometheus' `node_exporter`.
//!
//! Everything is a gauge: each file says how the last run went. The text is that of the exposition
//! format 0.0.4, without timestamps, as the collector wants it.
//!
//! Must not: leave half a file under the name of a whole one, or make series without bound.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::io::{self, Write as _};
use std::path::Path;

use crate::alert::run::{OpenAlert, RunRecord, RunStatus};
use crate::model::{LogTime, Severity};
use crate::notify::text::plain;

/// Open alerts that have a series of their own, the worst.
pub const MOST_ALERTS: usize = 200;
/// Characters of a label's value.
const LONGEST_VALUE: usize = 200;

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Info];
const STATUSES: [RunStatus; 4] =
    [RunStatus::Clear, RunStatus::Alerting, RunStatus::Incomplete, RunStatus::Failed];

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write metrics to `{path}`: {source}")]
pub struct TextfileError {
    path: String,
    source: io::Error,
}

/// The metrics of a run. `last_success` is when the last run ended that read everything, this one or
/// an earlier one: a run that fails must not make it unknown, and [`RunRecord`] does not have it.
pub fn exposition(run: &RunRecord, last_success: Option<LogTime>) -> String {
    let mut page = Page::default();
    status(run, last_success, &mut page);
    reading(run, &mut page);
    alerts(run, &mut page);
    deliveries(run, &mut page);
    page.text
}

/// Replaces the file at `path` in one step, readable by everybody (0644). Where a symbolic link is,
/// what it points to is replaced; what is no regular file is left alone.
pub fn write(path: &Path, text: &str) -> Result<(), TextfileError> {
    replace(path, text)
        .map_err(|source| TextfileError { path: plain(&path.to_string_lossy(), 300), source })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // The collector reads `*.prom`, so not this one.
    let mut file = tempfile::Builder::new()
        .prefix(".corscope-")
        .suffix(".tmp")
        .tempfile_in(folder.unwrap_or_else(|| Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

fn status(run: &RunRecord, last_success: Option<LogTime>, page: &mut Page) {
    let is_up = run.status != RunStatus::Failed;
    page.one("up", "Whether the last run analyzed anything.", u8::from(is_up));
    page.family("run_status", "How the last run ended: 1 for its status, 0 for the others.");
    for status in STATUSES {
        page.sample(&[("status", status.as_str())], u8::from(status == run.status));
    }
    page.one("last_run_timestamp_seconds", "When the last run ended.", seconds(run.ended));
    if let Some(time) = last_success {
        let help = "When the last run ended that read everything.";
        page.one("last_success_timestamp_seconds", help, seconds(time));
    }
    if let Some(time) = run.covered_to {
        let help = "Time of the logs up to which everything was read; the lag is the time since.";
        page.one("covered_to_timestamp_seconds", help, seconds(time));
    }
    let duration = LogTime(run.ended.0.saturating_sub(run.began.0));
    page.one("run_duration_seconds", "How long the last run took.", seconds(duration));
    page.one("run_problems", "What the last run could not read.", run.problems.len());
}

fn reading(run: &RunRecord, page: &mut Page) {
    let reading = &run.reading;
    page.one("run_events_read", "Log events that the last run read.", reading.events);
    page.one("run_bytes_read", "Bytes that the last run read.", reading.bytes);
    let help = "Log events that the last run did not recognize.";
    page.one("run_events_unrecognized", help, reading.unrecognized);
    page.one("run_events_truncated", "Log events that were cut off.", reading.truncated);
    page.one("run_events_late", "Log events that came too late.", reading.late);
    let help = "Requests to AWS of the last run that were throttled.";
    page.one("run_requests_throttled", help, reading.throttled);
    page.one("run_gaps", "Times in which log events are known to be missing.", reading.gaps);
    let help = "Inputs that the last run could not read, or only in part.";
    page.one("run_inputs_failed", help, reading.failed_inputs);
    page.family("run_exchanges", "HTTP exchanges that the last run counted, by verdict.");
    for (verdict, count) in [
        ("blocked", reading.blocked),
        ("allowed", reading.allowed),
        ("undetermined", reading.undetermined),
    ] {
        page.sample(&[("verdict", verdict)], count);
    }
    let help = "HTTP exchanges that were not over yet, and are left to the next run.";
    page.one("run_exchanges_open", help, reading.open_exchanges);
    page.family("run_findings", "Findings of the last run, by severity.");
    for severity in SEVERITIES {
        let count = match severity {
            Severity::Error => reading.errors,
            Severity::Warning => reading.warnings,
            Severity::Info => reading.infos,
        };
        page.sample(&[("severity", severity.as_str())], count);
    }
}

fn alerts(run: &RunRecord, page: &mut Page) {
    page.family("alerts_open", "Alerts that are open, by severity.");
    for severity in SEVERITIES {
        let count = run.open.iter().filter(|alert| alert.severity == severity).count();
        page.sample(&[("severity", severity.as_str())], count);
    }
    if !run.open.is_empty() {
        page.family("alert", "1 for each open alert; the worst, if there are many.");
        for alert in run.open.iter().take(MOST_ALERTS) {
            page.sample(&labels(alert), 1);
        }
    }
    let unlisted = run.open.len().saturating_sub(MOST_ALERTS);
    page.one("alerts_unlisted", "Open alerts without a series of their own.", unlisted);
    let counts = &run.alerts;
    page.family("run_alerts_told", "Alerts that the last run told, by why.");
    for (event, count) in
        [("new", counts.new), ("reminder", counts.reminded), ("resolved", counts.resolved)]
    {
        page.sample(&[("event", event)], count);
    }
    page.family("run_alerts_suppressed", "Alerts that the last run met and did not tell, by why.");
    for (reason, count) in [
        ("repeat", counts.held_by_repeat),
        ("runs", counts.held_by_runs),
        ("count", counts.held_by_count),
        ("rate", counts.held_by_rate),
        ("flapping", counts.held_by_flapping),
        ("cause", counts.held_by_cause),
    ] {
        page.sample(&[("reason", reason)], count);
    }
}

fn labels(alert: &OpenAlert) -> [(&'static str, &str); 7] {
    [
        ("rule", &alert.rule),
        ("api", alert.api.as_deref().unwrap_or_default()),
        ("stage", alert.stage.as_deref().unwrap_or_default()),
        ("method", alert.method.as_deref().unwrap_or_default()),
        ("route", alert.route.as_deref().unwrap_or_default()),
        ("severity", alert.severity.as_str()),
        ("fingerprint", &alert.fingerprint),
    ]
}

fn deliveries(run: &RunRecord, page: &mut Page) {
    if run.deliveries.is_empty() {
        return;
    }
    page.family("run_deliveries", "What became of what sinks were told in the last run.");
    for delivery in &run.deliveries {
        for (outcome, count) in [
            ("delivered", delivery.delivered),
            ("waiting", delivery.waiting),
            ("dropped", delivery.dropped),
        ] {
            page.sample(&[("sink", &delivery.sink), ("outcome", outcome)], count);
        }
    }
}

/// Seconds, with the milliseconds behind the point.
fn seconds(time: LogTime) -> String {
    let sign = if time.0 < 0 { "-" } else { "" };
    let milliseconds = time.0.unsigned_abs();
    format!("{sign}{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// The text, while it is written.
#[derive(Default)]
struct Page {
    text: String,
    family: &'static str,
    /// Series that are there: a second one of the same name would spoil the whole file.
    series: BTreeSet<String>,
}

impl Page {
    /// Begins a metric; what follows are its samples.
    fn family(&mut self, name: &'static str, help: &str) {
        self.family = name;
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP corscope_{name} {help}");
        let _ = writeln!(self.text, "# TYPE corscope_{name} gauge");
    }

    /// A metric that has one sample without labels.
    fn one(&mut self, name: &'static str, help: &str, value: impl Display) {
        self.family(name, help);
        self.sample(&[], value);
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let mut series = format!("corscope_{}", self.family);
        for (at, (name, value)) in labels.iter().enumerate() {
            series.push_str(if at == 0 { "{" } else { "," });
            let _ = write!(series, "{name}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            series.push('}');
        }
        let line = format!("{series} {value}\n");
        if self.series.insert(series) {
            self.text.push_str(&line);
        }
    }
}

/// A label's value; line ends are visible already.
fn escaped(text: &str) -> String {
    plain(text, LONGEST_VALUE).replace('\\', "\\\\").replace('"', "\\\"")
}
