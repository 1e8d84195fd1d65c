//! From what the user says of a sink to one that can be told something.
//!
//! Must not: send anything.

use std::time::Duration;

#[cfg(feature = "aws")]
use aws_config::SdkConfig;

use crate::model::LogTime;
use crate::notify::command::CommandSink;
#[cfg(feature = "aws")]
use crate::notify::eventbridge::EventBridgeSink;
use crate::notify::mail::{self, MailSink};
use crate::notify::opsgenie::Opsgenie;
use crate::notify::pagerduty::PagerDuty;
use crate::notify::settings::{SinkSettings, SinkTarget};
use crate::notify::slack::{self, Slack};
#[cfg(feature = "aws")]
use crate::notify::sns::SnsSink;
use crate::notify::teams::Teams;
use crate::notify::webhook::Webhook;
use crate::notify::{DeliveryError, Notifier, Retry};

/// A sink, ready to be told something. Secrets are read now. `now` is the time of the run: signatures
/// carry it, and dates in answers are compared with it. What is wrong may be right in the next run.
/// Sinks in an AWS account are opened by [`open_in`].
pub fn open(settings: &SinkSettings, now: LogTime) -> Result<Box<dyn Notifier>, DeliveryError> {
    Ok(match &settings.target {
        SinkTarget::Webhook { url, secret, headers } => {
            Box::new(Webhook::new(url, secret.as_ref(), headers, now)?)
        }
        SinkTarget::Slack { url } => Box::new(Slack::new(url, now)?),
        SinkTarget::Teams { url } => Box::new(Teams::new(url, now)?),
        SinkTarget::PagerDuty { routing_key, url } => {
            Box::new(PagerDuty::new(routing_key, url.as_deref(), now)?)
        }
        SinkTarget::Opsgenie { api_key, url } => {
            Box::new(Opsgenie::new(api_key, url.as_deref(), now)?)
        }
        SinkTarget::Sns { .. } | SinkTarget::EventBridge { .. } => {
            return Err(not_here(settings.target.as_str()));
        }
        SinkTarget::Mail { to, from, sendmail } => {
            Box::new(MailSink::new(to.clone(), from.clone(), sendmail.clone(), mail::TIMEOUT)?)
        }
        SinkTarget::Command { argv, timeout } => Box::new(CommandSink::new(argv.clone(), *timeout)),
    })
}

/// The same, with an account for the sinks that are in one.
#[cfg(feature = "aws")]
pub fn open_in(
    config: &SdkConfig,
    settings: &SinkSettings,
    now: LogTime,
) -> Result<Box<dyn Notifier>, DeliveryError> {
    Ok(match &settings.target {
        SinkTarget::Sns { topic } => Box::new(SnsSink::new(config, topic.clone())?),
        SinkTarget::EventBridge { bus } => Box::new(EventBridgeSink::new(config, bus.clone())?),
        SinkTarget::Webhook { .. }
        | SinkTarget::Slack { .. }
        | SinkTarget::Teams { .. }
        | SinkTarget::PagerDuty { .. }
        | SinkTarget::Opsgenie { .. }
        | SinkTarget::Mail { .. }
        | SinkTarget::Command { .. } => open(settings, now)?,
    })
}

/// How long to wait between two messages to one sink.
pub fn pace(target: &SinkTarget) -> Duration {
    match target {
        SinkTarget::Slack { .. } => slack::PACE,
        SinkTarget::Webhook { .. }
        | SinkTarget::Teams { .. }
        | SinkTarget::PagerDuty { .. }
        | SinkTarget::Opsgenie { .. }
        | SinkTarget::Sns { .. }
        | SinkTarget::EventBridge { .. }
        | SinkTarget::Mail { .. }
        | SinkTarget::Command { .. } => Duration::ZERO,
    }
}

fn not_here(kind: &str) -> DeliveryError {
    let problem = format!("sinks of the type `{kind}` are not built into this program");
    DeliveryError { problem, retry: Retry::Later }
}
