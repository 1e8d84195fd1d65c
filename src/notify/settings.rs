//! What the user says of a sink.
//!
//! Must not: hold a secret. It is read when it is needed, from where the user says.

use std::path::PathBuf;
use std::time::Duration;

use crate::alert::event::EventKind;
use crate::model::Severity;

/// A sink as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSettings {
    /// How it is called in messages and in the state file; unique. Without one of the user's own, its
    /// type.
    pub name: String,
    /// What it is.
    pub target: SinkTarget,
    /// Alerts below it are not told here.
    pub min_severity: Severity,
    /// What is told here; empty: everything.
    pub events: Vec<EventKind>,
}

/// Where a sink is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkTarget {
    /// A generic webhook: one alert, as JSON, in each request.
    Webhook {
        /// Its address.
        url: SecretRef,
        /// The key of the signature, if requests are to be signed.
        secret: Option<SecretRef>,
        /// Further header fields, such as `Authorization`.
        headers: Vec<(String, SecretRef)>,
    },
    /// Slack, by an incoming webhook.
    Slack {
        /// Its address, which is a secret.
        url: SecretRef,
    },
    /// Microsoft Teams, by a workflow that takes Adaptive Cards.
    Teams {
        /// Its address, which is a secret.
        url: SecretRef,
    },
    /// PagerDuty, Events API v2.
    PagerDuty {
        /// The integration key, 32 characters.
        routing_key: SecretRef,
        /// Where it is, if not in the United States: `https://events.eu.pagerduty.com/v2/enqueue`.
        url: Option<String>,
    },
    /// Opsgenie, Alert API.
    Opsgenie {
        /// The key of an API integration.
        api_key: SecretRef,
        /// Where it is, if not in the United States: `https://api.eu.opsgenie.com`.
        url: Option<String>,
    },
    /// An SNS topic.
    Sns {
        /// Its ARN.
        topic: String,
    },
    /// An EventBridge bus.
    EventBridge {
        /// Its name or ARN; `default`.
        bus: String,
    },
    /// Mail, through a local `sendmail`.
    Mail {
        /// Recipients.
        to: Vec<String>,
        /// Sender; `None`: as `sendmail` has it.
        from: Option<String>,
        /// The program.
        sendmail: PathBuf,
    },
    /// A program that gets the alert as JSON on its standard input. No shell.
    Command {
        /// The program and its arguments; never empty.
        argv: Vec<String>,
        /// How long it may run.
        timeout: Duration,
    },
}

impl SinkTarget {
    /// What it is, as the configuration has it: `slack`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::Teams { .. } => "teams",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Opsgenie { .. } => "opsgenie",
            Self::Sns { .. } => "sns",
            Self::EventBridge { .. } => "eventbridge",
            Self::Mail { .. } => "mail",
            Self::Command { .. } => "command",
        }
    }
}

/// Where a secret stands.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In an environment variable.
    Env(String),
    /// In a file: all of it, without the line end.
    File(PathBuf),
    /// In the output of a program, without the line end. No shell.
    Command(Vec<String>),
    /// It is none: an address in the clear.
    Plain(String),
}

impl std::fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Command(argv) => write!(f, "cmd:{}", argv.first().map_or("", String::as_str)),
            // It may be a secret all the same.
            Self::Plain(_) => f.write_str("(in the clear)"),
        }
    }
}
