//! What was delivered: one log event.
//!
//! Must not: read the message, or own it.

use crate::model::{LogTime, Position};

/// One log event, borrowed from the buffer it was read into.
#[derive(Debug, Clone, Copy)]
pub struct LogEvent<'a> {
    /// When it happened; `None` where the container does not tell (console copies, excerpts).
    pub time: Option<LogTime>,
    /// When CloudWatch took it in, where the container tells.
    pub ingested: Option<LogTime>,
    /// Where it stands.
    pub position: Position,
    /// The message, not necessarily UTF-8, without its last line end. May span lines.
    pub message: &'a [u8],
}

/// What a first look at a message told, for whoever reads it later. Its meaning is that of the layer that
/// looked; `0` is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Glance(pub u32);
