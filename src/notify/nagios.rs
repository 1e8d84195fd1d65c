//! A run as the output of a monitoring plugin: Nagios, Icinga, Checkmk, Sensu.
//!
//! Monitoring puts what it gets here into shell commands, `printf` formats and pages. The characters
//! that mean something there are replaced by their full-width look-alikes.
//!
//! Must not: let a text end a line, begin performance data, or be more than text.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::alert::run::{OpenAlert, RunRecord, RunStatus};
use crate::model::Severity;
use crate::notify::text::{asked, moment, plain};

/// Alerts that get a line.
const MOST_ALERTS: usize = 20;
/// Problems that get a line.
const MOST_PROBLEMS: usize = 5;
/// Characters of a title, a route, an origin.
const LONGEST_NAME: usize = 120;
/// Characters of a problem.
const LONGEST_PROBLEM: usize = 300;
/// Bytes of everything: Nagios keeps 8 KiB, and cuts the rest where it happens to be.
const MOST_BYTES: usize = 7 * 1024;

/// What the plugin's exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginStatus {
    /// No alert is open, and everything was read.
    Ok,
    /// Alerts are open, none of which is an error.
    Warning,
    /// An alert of severity `error` is open.
    Critical,
    /// No alert is known to be open, but not everything could be read.
    Unknown,
}

impl PluginStatus {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }

    /// As it stands in the first line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// The status and the text: a line with performance data behind `|`, then lines for open alerts and
/// for problems. Every line ends with a line feed.
pub fn output(run: &RunRecord) -> (PluginStatus, String) {
    let status = status(run);
    let mut text = format!(
        "CORSCOPE {} - {}|{}\n",
        status.as_str(),
        summary(run, status),
        performance(run).join(" ")
    );
    let alerts: Vec<String> = run.open.iter().take(MOST_ALERTS).map(line).collect();
    append(&alerts, run.open.len(), "alerts", &mut text);
    let problems = run.problems.iter().take(MOST_PROBLEMS);
    let problems: Vec<String> =
        problems.map(|problem| format!("not read: {}", inert(problem, LONGEST_PROBLEM))).collect();
    append(&problems, run.problems.len(), "problems", &mut text);
    (status, text)
}

fn status(run: &RunRecord) -> PluginStatus {
    match run.open.iter().map(|alert| alert.severity).max() {
        Some(Severity::Error) => PluginStatus::Critical,
        Some(Severity::Warning | Severity::Info) => PluginStatus::Warning,
        None => match run.status {
            RunStatus::Clear => PluginStatus::Ok,
            // It cannot be: an alert would be open.
            RunStatus::Alerting | RunStatus::Incomplete | RunStatus::Failed => {
                PluginStatus::Unknown
            }
        },
    }
}

fn summary(run: &RunRecord, status: PluginStatus) -> String {
    let problem = run.problems.first().map(|problem| inert(problem, LONGEST_PROBLEM));
    let problem = problem.map_or_else(String::new, |problem| format!(": {problem}"));
    match status {
        PluginStatus::Ok => {
            let reading = &run.reading;
            let read_to = run
                .covered_to
                .map_or_else(String::new, |covered| format!(", read to {}", moment(covered)));
            format!(
                "no alert is open; {} events, {} exchanges, {} blocked{read_to}",
                reading.events, reading.exchanges, reading.blocked
            )
        }
        PluginStatus::Unknown if run.status == RunStatus::Failed => {
            format!("nothing was analyzed{problem}")
        }
        PluginStatus::Unknown => {
            format!("no alert is open, but not everything could be read{problem}")
        }
        PluginStatus::Warning | PluginStatus::Critical => {
            let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
                .into_iter()
                .map(|severity| (count(run, severity), severity.as_str()))
                .filter(|(count, _)| *count > 0)
                .map(|(count, severity)| {
                    format!("{count} {severity}{}", if count == 1 { "" } else { "s" })
                })
                .collect();
            let worst = run.open.iter().min_by_key(|alert| Reverse(alert.severity)).map(what);
            let reservation = match run.status {
                RunStatus::Failed => "; nothing was analyzed this time",
                RunStatus::Clear | RunStatus::Alerting if run.problems.is_empty() => "",
                RunStatus::Clear | RunStatus::Alerting | RunStatus::Incomplete => {
                    "; not everything could be read"
                }
            };
            let worst = worst.unwrap_or_default();
            format!("{} open, {} new{reservation}: {worst}", counts.join(", "), run.alerts.new)
        }
    }
}

/// `'label'=value[unit];[warning];[critical];[minimum]`.
fn performance(run: &RunRecord) -> Vec<String> {
    let reading = &run.reading;
    let plain = |label: &str, value: u64| format!("'{label}'={value};;;0");
    let lag = run.covered_to.map(|covered| seconds(covered.0, run.ended.0));
    vec![
        // More than none of them is what the status says.
        format!("'alerts_error'={};;0;0", count(run, Severity::Error)),
        format!("'alerts_warning'={};0;;0", count(run, Severity::Warning)),
        format!("'alerts_info'={};0;;0", count(run, Severity::Info)),
        plain("alerts_new", run.alerts.new),
        plain("alerts_resolved", run.alerts.resolved),
        plain("exchanges", reading.exchanges),
        plain("blocked", reading.blocked),
        plain("undetermined", reading.undetermined),
        plain("events", reading.events),
        format!("'bytes'={}B;;;0", reading.bytes),
        plain("unrecognized", reading.unrecognized),
        plain("truncated", reading.truncated),
        plain("gaps", reading.gaps),
        plain("failed_inputs", reading.failed_inputs),
        format!("'duration'={}s;;;0", seconds(run.began.0, run.ended.0)),
        lag.map_or_else(|| "'lag'=U".to_owned(), |lag| format!("'lag'={lag}s;;;0")),
    ]
}

fn count(run: &RunRecord, severity: Severity) -> usize {
    run.open.iter().filter(|alert| alert.severity == severity).count()
}

/// Seconds from one time to the other, in milliseconds; none if the clock was set back.
fn seconds(from: i64, to: i64) -> String {
    let milliseconds = to.saturating_sub(from).max(0);
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn line(alert: &OpenAlert) -> String {
    let since = alert.since.map_or_else(String::new, |since| format!(" since {}", moment(since)));
    let severity = alert.severity.as_str();
    let s = if alert.count == 1 { "" } else { "s" };
    format!("{severity}: {};{since} {} request{s}", what(alert), alert.count)
}

/// What is wrong, and where.
fn what(alert: &OpenAlert) -> String {
    let mut text = inert(&alert.title, LONGEST_NAME);
    let known = |text: &Option<String>| text.as_deref().map(|text| inert(text, LONGEST_NAME));
    let joined = |parts: [Option<String>; 2], between: &str| {
        parts.into_iter().flatten().collect::<Vec<_>>().join(between)
    };
    let route = asked(alert.method.as_deref(), alert.route.as_deref(), LONGEST_NAME);
    let route = inert(&route, 2 * LONGEST_NAME);
    let api = joined([known(&alert.api), known(&alert.stage)], "/");
    let origin = known(&alert.origin).unwrap_or_default();
    for (word, part) in [(", ", route), (" of ", api), (", for ", origin)] {
        if !part.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{word}{part}");
        }
    }
    text
}

/// Adds lines as long as there is room, and says how many there are beyond.
fn append(lines: &[String], all: usize, of: &str, text: &mut String) {
    let mut shown = 0;
    for line in lines {
        if text.len() + line.len() >= MOST_BYTES {
            break;
        }
        text.push_str(line);
        text.push('\n');
        shown += 1;
    }
    if all > shown {
        let _ = writeln!(text, "and {} more {of}", all - shown);
    }
}

/// One line of at most `longest` characters without anything that a shell, `printf`, a page or the
/// monitoring itself acts on.
fn inert(text: &str, longest: usize) -> String {
    plain(text, longest)
        .chars()
        .map(|character| match character {
            '\'' | '`' => '’',
            '"' => '”',
            '|' | '<' | '>' | '$' | '&' | ';' | '\\' | '%' | '!' => full_width(character),
            harmless => harmless,
        })
        .collect()
}

/// U+FF01 to U+FF5E are `!` to `~` once more.
fn full_width(character: char) -> char {
    char::from_u32(u32::from(character) + 0xfee0).unwrap_or('?')
}
