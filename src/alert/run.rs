//! What is known of one run of `check`, for metrics, monitoring plugins and dead man's switches.
//!
//! Must not: hold a text from a log that is not redacted. None is escaped; each output does that.

use serde::Serialize;

use crate::alert::stamp;
use crate::model::{LogTime, Severity};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Everything was read, and no alert is open.
    Clear,
    /// An alert is open.
    Alerting,
    /// No alert is open, but something could not be read: no all-clear.
    Incomplete,
    /// Nothing was analyzed.
    Failed,
}

impl RunStatus {
    /// As written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Alerting => "alerting",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRecord {
    /// 32 hexadecimal digits, another one for every run.
    pub id: String,
    /// When it began, by this machine.
    #[serde(with = "stamp")]
    pub began: LogTime,
    /// When it had analyzed everything, by this machine.
    #[serde(with = "stamp")]
    pub ended: LogTime,
    /// Beginning of the time that was read.
    #[serde(with = "stamp::option")]
    pub from: Option<LogTime>,
    /// End of the time that was read.
    #[serde(with = "stamp::option")]
    pub to: Option<LogTime>,
    /// The latest time up to which everything was read, in this run or an earlier one.
    #[serde(with = "stamp::option")]
    pub covered_to: Option<LogTime>,
    /// How it ended.
    pub status: RunStatus,
    /// What could not be read, or was not, one sentence each.
    pub problems: Vec<String>,
    /// What somebody should know beside, one sentence each: a long catch-up, a clock that was set back.
    pub notes: Vec<String>,
    /// What happened to alerts.
    pub alerts: AlertCounts,
    /// Alerts that are open, worst first.
    pub open: Vec<OpenAlert>,
    /// What was read.
    pub reading: ReadingCounts,
    /// What became of what sinks were told, in the order of their configuration.
    pub deliveries: Vec<DeliveryCounts>,
}

/// What happened to alerts in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AlertCounts {
    /// New ones that were told.
    pub new: u64,
    /// Open ones that somebody was reminded of.
    pub reminded: u64,
    /// Those that are over, and were told to be.
    pub resolved: u64,
    /// Those that are open.
    pub open: u64,
    /// Met, and nobody was told: told before, and not due again.
    pub held_by_repeat: u64,
    /// Met in too few runs (`--for`).
    pub held_by_runs: u64,
    /// Met by too few requests (`--min-count`).
    pub held_by_count: u64,
    /// Met by too small a share of the requests (`--min-rate`).
    pub held_by_rate: u64,
    /// They come and go, and that is not told each time.
    pub held_by_flapping: u64,
    /// Effects that were told with their cause.
    pub held_by_cause: u64,
}

impl AlertCounts {
    /// Alerts of which nobody was told although a run met them.
    pub fn suppressed(&self) -> u64 {
        self.held_by_repeat
            + self.held_by_runs
            + self.held_by_count
            + self.held_by_rate
            + self.held_by_flapping
            + self.held_by_cause
    }
}

/// An alert that is open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenAlert {
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// Rule id.
    pub rule: String,
    /// The highest so far.
    pub severity: Severity,
    /// One line: what is wrong.
    pub title: String,
    /// API id.
    pub api: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// The route as configured, or the shape of the path.
    pub route: Option<String>,
    /// The origin of the page.
    pub origin: Option<String>,
    /// When it was met first, since it was last over.
    #[serde(with = "stamp::option")]
    pub since: Option<LogTime>,
    /// When it was met last.
    #[serde(with = "stamp::option")]
    pub last_seen: Option<LogTime>,
    /// Requests that met it since.
    pub count: u64,
}

/// What a run read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReadingCounts {
    /// Log events, those included that were read by earlier runs.
    pub events: u64,
    /// Bytes.
    pub bytes: u64,
    /// Events that were not recognized.
    pub unrecognized: u64,
    /// Events that were cut off.
    pub truncated: u64,
    /// Events that came too late.
    pub late: u64,
    /// Requests to AWS that were throttled.
    pub throttled: u64,
    /// Times in which events are known to be missing.
    pub gaps: u64,
    /// Inputs that could not be read, or only in part.
    pub failed_inputs: u64,
    /// Exchanges that were counted in this run.
    pub exchanges: u64,
    /// Those that an earlier run counted, and this one read again.
    pub known_exchanges: u64,
    /// Those that were not over yet, and are left to the next run.
    pub open_exchanges: u64,
    /// Exchanges that a browser blocked.
    pub blocked: u64,
    /// Exchanges that a browser allowed.
    pub allowed: u64,
    /// Exchanges of which the logs do not show enough.
    pub undetermined: u64,
    /// Findings of severity `error`.
    pub errors: u64,
    /// Findings of severity `warning`.
    pub warnings: u64,
    /// Findings of severity `info`.
    pub infos: u64,
}

/// What became of what a sink was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    /// The sink's name.
    pub sink: String,
    /// Events that were delivered.
    pub delivered: u64,
    /// Events that wait for the next run.
    pub waiting: u64,
    /// Events that were given up: refused for good, or too many to keep.
    pub dropped: u64,
    /// What went wrong last.
    pub problem: Option<String>,
}

impl DeliveryCounts {
    /// Whether the sink is not told something that it should have been told by now.
    pub fn has_failed(&self) -> bool {
        self.problem.is_some() && (self.waiting > 0 || self.dropped > 0)
    }

    /// What could not be delivered, and why, in one sentence; `None`: nothing went wrong.
    pub fn failure(&self) -> Option<String> {
        let Self { sink, waiting, dropped, problem, .. } = self;
        let problem = problem.as_ref()?;
        let mut what = Vec::new();
        if *waiting > 0 {
            what.push(format!("{waiting} to be sent by the next run"));
        }
        if *dropped > 0 {
            what.push(format!("{dropped} given up"));
        }
        Some(format!("sink {sink}: {problem} ({})", what.join(", ")))
    }
}
