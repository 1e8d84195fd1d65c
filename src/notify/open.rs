//! From what the user says of a sink to one that can be told something.
//!
//! Must not: send anything.

use std::time::Duration;

use crate::model::LogTime;
use crate::notify::command::CommandSink;
use crate::notify::mail::MailSink;
use crate::notify::opsgenie::Opsgenie;
use crate::notify::pagerduty::PagerDuty;
use crate::notify::settings::{SinkSettings, SinkTarget};
use crate::notify::slack::{self, Slack};
use crate::notify::teams::Teams;
use crate::notify::webhook::Webhook;
use crate::notify::{DeliveryError, Notifier, Retry};

/// How long `sendmail` may take.
const MAIL_LIMIT: Duration = Duration::from_secs(30);

/// A sink, ready to be told something. Secrets are read now. `now` is the time of the run: signatures
/// carry it, and dates in answers are compared with it. What is wrong may be right in the next run.
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
        SinkTarget::Sns { .. } => return Err(not_here("sns")),
        SinkTarget::EventBridge { .. } => return Err(not_here("eventbridge")),
        SinkTarget::Mail { to, from, sendmail } => {
            Box::new(MailSink::new(to.clone(), from.clone(), sendmail.clone(), MAIL_LIMIT)?)
        }
        SinkTarget::Command { argv, timeout } => Box::new(CommandSink::new(argv.clone(), *timeout)),
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
