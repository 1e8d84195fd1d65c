//! What was learned on the way to the log groups: how stages and functions are set to log.
//!
//! Must not: judge it.

use std::collections::{BTreeSet, HashMap};

/// What was learned besides the groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Stages of APIs.
    pub stages: Vec<StageSettings>,
    /// Functions.
    pub functions: Vec<FunctionSettings>,
    /// Actions that were answered, and so are allowed, as policies name them.
    pub answered: BTreeSet<&'static str>,
}

/// Kinds of APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiKind {
    /// REST API.
    Rest,
    /// HTTP API.
    Http,
    /// WebSocket API.
    WebSocket,
}

impl ApiKind {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "REST API",
            Self::Http => "HTTP API",
            Self::WebSocket => "WebSocket API",
        }
    }

    /// The execution-log group of a stage; HTTP APIs have none.
    pub(super) fn execution_group(self, api: &str, stage: &str) -> Option<String> {
        match self {
            Self::Rest => Some(format!("API-Gateway-Execution-Logs_{api}/{stage}")),
            Self::WebSocket => Some(format!("/aws/apigateway/{api}/{stage}")),
            Self::Http => None,
        }
    }
}

/// How a stage logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSettings {
    /// What kind of API it is a stage of.
    pub kind: ApiKind,
    /// The API's id.
    pub api: String,
    /// The stage.
    pub stage: String,
    /// Level of execution logging for all methods: `OFF`, `ERROR` or `INFO`.
    pub log_level: LogLevel,
    /// Whether requests and responses are logged whole.
    pub data_trace: bool,
    /// Methods that are set otherwise, as the stage names them (`~1orders/GET`).
    pub exceptions: Vec<String>,
    /// Where access logs go.
    pub access_log: Option<AccessLog>,
    /// Stage variables; with a canary, those that it replaces too.
    pub(crate) variables: Vec<HashMap<String, String>>,
}

/// Levels of execution logging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Nothing is logged.
    #[default]
    Off,
    /// Only requests that fail in the gateway.
    Error,
    /// All requests.
    Info,
}

impl LogLevel {
    pub(super) fn of(text: Option<&str>) -> Self {
        match text {
            Some("INFO") => Self::Info,
            Some("ERROR") => Self::Error,
            Some(_) | None => Self::Off,
        }
    }

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Error => "ERROR",
            Self::Info => "INFO",
        }
    }
}

/// Where access logs go, and what is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// ARN of a log group, or of a Firehose stream.
    pub destination: String,
    /// The format, with `$context` variables.
    pub format: String,
}

impl AccessLog {
    pub(super) fn of(destination: Option<&str>, format: Option<&str>) -> Option<Self> {
        let destination = destination.filter(|arn| !arn.is_empty())?.to_owned();
        Some(Self { destination, format: format.unwrap_or_default().to_owned() })
    }
}

/// How a function logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSettings {
    /// Its name, with the alias or version that is called.
    pub name: String,
    /// Its log group.
    pub log_group: String,
    /// `Text` or `JSON`; `None`: AWS did not say.
    pub log_format: Option<String>,
    /// The least that Lambda itself logs in format JSON: `WARN` leaves out how runs ended.
    pub system_log_level: Option<String>,
}
