//! When somebody is told: how often, how much, how long.
//!
//! Must not: know a time; durations only.

use std::time::Duration;

/// Openings of an alert within its window that make it a flapping one.
pub(crate) const FLAPPING: usize = 3;
/// How many times `resolve_after` the window is in which openings are counted.
const WINDOW: u32 = 12;
/// How many times longer a flapping alert has to be quiet.
const DAMPING: u32 = 4;

/// What the user asks of alerts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Between two reminders of an open alert; `None`: there are none.
    pub repeat: Option<Duration>,
    /// An alert comes up when so many of the last runs met it.
    pub runs: Runs,
    /// A run met it if so many requests did.
    pub min_count: u64,
    /// A run met it if at least this share (0 to 1) of the browser requests of its route did. Where no
    /// line shows a browser's request, the share is unknown and the alert is told.
    pub min_rate: Option<f64>,
    /// An alert is over when it was not met for so long, by the time of the log, and everything was read.
    pub resolve_after: Duration,
}

/// `2/3`: in two of three runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    needed: usize,
    of: usize,
}

impl Default for Runs {
    fn default() -> Self {
        Self { needed: 1, of: 1 }
    }
}

impl Runs {
    /// The most runs that are looked back at.
    pub const MOST: usize = 100;

    /// Reads `2/3`, or `2` for two runs one behind the other.
    pub fn parse(text: &str) -> Option<Self> {
        let (needed, of) = text.split_once('/').unwrap_or((text, text));
        let (needed, of) = (needed.trim().parse().ok()?, of.trim().parse().ok()?);
        (1 <= needed && needed <= of && of <= Self::MOST).then_some(Self { needed, of })
    }

    /// Whether so many of the last runs, newest last, met it.
    pub(crate) fn is_enough(self, met: &[bool]) -> bool {
        met.iter().rev().take(self.of).filter(|met| **met).count() >= self.needed
    }

    /// How many runs are looked back at.
    pub(crate) fn of(self) -> usize {
        self.of
    }
}

impl Policy {
    /// How long an alert must not have been met to be over.
    pub(crate) fn quiet(&self, is_flapping: bool) -> Duration {
        if is_flapping { self.resolve_after * DAMPING } else { self.resolve_after }
    }

    /// The time in which openings make an alert a flapping one.
    pub(crate) fn window(&self) -> Duration {
        self.resolve_after * WINDOW
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            repeat: None,
            runs: Runs::default(),
            min_count: 1,
            min_rate: None,
            resolve_after: Duration::from_mins(30),
        }
    }
}
