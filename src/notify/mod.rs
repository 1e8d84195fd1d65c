//! Who is told: webhooks, chat, pagers, mail, commands; and what other programs read of a run.
//!
//! A [`Notifier`] delivers [`AlertEvent`]s to one sink and knows nothing of others, of alerts that were,
//! or of what is to be told; whoever calls keeps what could not be delivered.
//!
//! Must not: decide what is told, or let a text from a log be more than text where it arrives.

use std::time::Duration;

use crate::alert::event::AlertEvent;

#[cfg(feature = "aws")]
pub(crate) mod aws;
pub mod command;
pub mod configured;
pub mod emf;
#[cfg(feature = "aws")]
pub mod eventbridge;
pub mod http;
pub mod mail;
pub mod nagios;
pub mod open;
pub mod opsgenie;
pub mod pagerduty;
pub mod ping;
pub(crate) mod program;
pub mod retry;
pub mod secret;
pub mod settings;
pub mod slack;
#[cfg(feature = "aws")]
pub mod sns;
pub mod teams;
pub mod text;
pub mod textfile;
pub mod webhook;

/// One sink, ready to be told something.
pub trait Notifier: Send {
    /// How many events one message takes; at least 1.
    fn most(&self) -> usize;

    /// Delivers one message, once. Repeating is up to [`deliver`](Self::deliver)'s caller.
    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError>;
}

/// What is delivered together.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The idempotency key, 32 hexadecimal digits: that of the event, or one made of those of all.
    pub key: &'a str,
    /// The events, worst first; never empty, at most [`Notifier::most`].
    pub events: &'a [AlertEvent],
}

/// Why something was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct DeliveryError {
    /// One sentence without secrets: what was being done, and why it failed.
    pub problem: String,
    /// Whether it may be tried again.
    pub retry: Retry,
}

/// Whether something may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// In this run it would fail again: what was sent was refused, or the settings are wrong.
    Never,
    /// It may be tried again.
    Later,
    /// It may be tried again, but not before this has passed: the service said so.
    After(Duration),
}
