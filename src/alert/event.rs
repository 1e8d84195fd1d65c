//! What a sink is told of one alert.
//!
//! One object serves for the outbox in the state file, for webhooks and for commands: `corscope/1`,
//! type `alert`. Fields are added, never renamed; absent knowledge is `null`.
//!
//! Must not: hold a text from a log that is not redacted. None is escaped; each sink does that.

use serde::{Deserialize, Serialize};

use crate::alert::stamp;
use crate::model::{Confidence, Impact, Kind, LogTime, Severity};

/// Why somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// It was not there before, or was over.
    New,
    /// It is still there.
    Reminder,
    /// It was not met any more for long enough.
    Resolved,
    /// Somebody tries the sink.
    Test,
}

impl EventKind {
    /// As written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reminder => "reminder",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// One alert, at one moment. An alert is a finding on a route from an origin, across runs; what it
/// explains is told with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// Always `corscope/1`.
    pub schema: String,
    /// Always `alert`.
    pub r#type: String,
    /// Why somebody is told.
    pub event: EventKind,
    /// The idempotency key, 32 hexadecimal digits: the same when the same event is sent again, another
    /// one for every other event.
    pub key: String,
    /// The finding's fingerprint, 32 hexadecimal digits: the same for all events of an alert.
    pub fingerprint: String,
    /// Rule id.
    pub rule: String,
    /// Class, as the rule has it.
    pub class: String,
    /// Symptom, cause or practice.
    pub kind: Kind,
    /// The highest so far.
    pub severity: Severity,
    /// The highest so far.
    pub confidence: Confidence,
    /// Whether browsers met it.
    pub impact: Impact,
    /// One line: what is wrong.
    pub title: String,
    /// What the browser did because of it.
    pub why: String,
    /// What to change.
    pub fix: String,
    /// The title of the symptom that it made, where it is a cause.
    pub effect: Option<String>,
    /// Rule ids of the symptoms that it made.
    pub explains: Vec<String>,
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
    /// What is particular to the example.
    pub detail: Option<String>,
    /// Status of the example's response.
    pub status: Option<u16>,
    /// Chromium's identifier of why it blocks the example.
    pub reason: Option<String>,
    /// The example's request id.
    pub request_id: Option<String>,
    /// Log lines that prove it; some, cut to some hundred characters.
    pub evidence: Vec<String>,
    /// When it was met first, since it was last over; time of the log.
    #[serde(with = "stamp::option")]
    pub since: Option<LogTime>,
    /// When it was met last; time of the log.
    #[serde(with = "stamp::option")]
    pub last_seen: Option<LogTime>,
    /// When this event came up; time of the run.
    #[serde(with = "stamp")]
    pub at: LogTime,
    /// Requests that met it since `since`.
    pub count: u64,
    /// Requests that met it since somebody was told.
    pub more: u64,
    /// Requests of browsers on its route in the run that raised the event.
    pub requests: Option<u64>,
    /// Runs that met it, and of which nobody was told, since somebody was.
    pub held_back: u64,
    /// Whether it comes and goes so often that its going is not told any more.
    pub is_flapping: bool,
    /// How often it came up within the time in which flapping is looked for, this time included.
    pub openings: u32,
    /// Whether everything could be read in the run that raised the event.
    pub is_complete: bool,
    /// A command line that shows more; values in it are quoted.
    pub command: String,
}
