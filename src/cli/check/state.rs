//! What one run of `check` leaves to the next: `corscope-state/1`.
//!
//! Fields are added, never renamed; a file of a later schema is refused, and kept.
//!
//! Must not: hold a line of a log, the few redacted ones of alerts apart.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use corscope::alert::book::Book;
use corscope::alert::event::{AlertEvent, EventKind};
use corscope::alert::memory::Memory;
use corscope::alert::stamp;
use corscope::model::LogTime;
use corscope::sources::resume::FileMark;

/// The schema's name.
pub(crate) const SCHEMA: &str = "corscope-state/1";

/// How long something waits for its delivery, in milliseconds.
const LONGEST_WAIT: i64 = 7 * 24 * 60 * 60 * 1000;

/// Everything that one run leaves to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Always [`SCHEMA`].
    pub(crate) schema: String,
    /// Tells this file from others: 32 hexadecimal digits.
    pub(crate) id: String,
    /// Runs so far.
    pub(crate) runs: u64,
    /// When the last run began that could read something.
    #[serde(with = "stamp::option")]
    pub(crate) last_run: Option<LogTime>,
    /// From when on the first run read: what is older is left out, also where it is read again.
    #[serde(with = "stamp::option", default)]
    pub(crate) since: Option<LogTime>,
    /// When AWS took in the newest event that was read.
    #[serde(with = "stamp::option", default)]
    pub(crate) newest: Option<LogTime>,
    /// When everything was read last.
    #[serde(with = "stamp::option")]
    pub(crate) last_complete: Option<LogTime>,
    /// Up to when each log group was read, by its name.
    pub(crate) groups: BTreeMap<String, GroupMark>,
    /// What is known of files.
    pub(crate) files: Vec<FileMark>,
    /// When the oldest exchange began that was not over.
    #[serde(with = "stamp::option")]
    pub(crate) open_from: Option<LogTime>,
    /// Exchanges that were counted.
    pub(crate) counted: Memory,
    /// Alerts.
    pub(crate) alerts: Book,
    /// What sinks are still to be told, oldest first. The last field: see [`Frozen`].
    pub(crate) outbox: Vec<Waiting>,
}

/// How far a log group was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupMark {
    /// Everything up to then was read.
    #[serde(with = "stamp")]
    pub(crate) covered_to: LogTime,
}

/// Something that a sink is still to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The sink's name.
    pub(crate) sink: String,
    /// How often it was tried, in this run and those before.
    pub(crate) attempts: u32,
    /// In how many runs the sink refused it.
    #[serde(default)]
    pub(crate) refused: u32,
    /// The event.
    pub(crate) event: AlertEvent,
}

/// Why a state file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StateError {
    /// It is no state file, or a part of one.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It has another schema.
    #[error("its schema is `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
}

/// How a file ends whose outbox is empty: that is the last field.
const NOTHING_WAITS: &[u8] = b"[]}\n";

/// A state as the file has it, up to what waits: it is saved after each message, and nothing else in it
/// changes meanwhile, the hashes of many requests above all.
pub(crate) struct Frozen(Vec<u8>);

impl Frozen {
    /// The whole file.
    pub(crate) fn with(&self, outbox: &[Waiting]) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = self.0.clone();
        serde_json::to_writer(&mut text, outbox)?;
        text.extend_from_slice(b"}\n");
        Ok(text)
    }
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

impl State {
    /// A state before the first run.
    pub(crate) fn new(id: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            id,
            runs: 0,
            last_run: None,
            since: None,
            newest: None,
            last_complete: None,
            groups: BTreeMap::new(),
            files: Vec::new(),
            open_from: None,
            counted: Memory::default(),
            alerts: Book::default(),
            outbox: Vec::new(),
        }
    }

    /// Reads a state file.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, StateError> {
        let damaged = |error: serde_json::Error| StateError::Damaged(error.to_string());
        let Head { schema } = serde_json::from_slice(text).map_err(damaged)?;
        if schema != SCHEMA {
            return Err(StateError::Schema(schema));
        }
        serde_json::from_slice(text).map_err(damaged)
    }

    /// As the file has it.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// A state without anything that waits, to which what waits is added for each save.
    pub(crate) fn frozen(&self) -> Option<Frozen> {
        let mut text = self.to_json().ok()?;
        text.ends_with(NOTHING_WAITS).then(|| {
            text.truncate(text.len() - NOTHING_WAITS.len());
            Frozen(text)
        })
    }

    /// Whether nothing was read yet.
    pub(crate) fn is_first(&self) -> bool {
        self.last_run.is_none()
    }

    /// Has a sink told of an event. Gives how many it is not told any more because of it: those of an
    /// alert that came up again while the sink refused what was said of it before.
    pub(crate) fn enqueue(&mut self, sink: &str, event: &AlertEvent) -> usize {
        let of_alert = |it: &Waiting| it.sink == sink && it.event.fingerprint == event.fingerprint;
        let is_refused = self.outbox.iter().any(|it| of_alert(it) && it.refused > 0);
        let before = self.outbox.len();
        self.outbox.retain(|it| {
            let is_outdated = match event.event {
                // What comes up again must not wait behind what is never taken.
                EventKind::New => is_refused,
                // The newer of two reminders, or the end of what it reminds of, tells all that the older
                // one does.
                EventKind::Reminder | EventKind::Resolved => it.event.event == EventKind::Reminder,
                EventKind::Test => false,
            };
            !(of_alert(it) && is_outdated)
        });
        let gone = before - self.outbox.len();
        let (sink, event) = (sink.to_owned(), event.clone());
        let is_again = event.event == EventKind::New;
        self.outbox.push(Waiting { sink, attempts: 0, refused: 0, event });
        if is_again { gone } else { 0 }
    }

    /// Gives up what waits for longer than a week, and, for each sink that `failed`, what takes more
    /// than `most` bytes of the file: what is no new alert and what is less severe first, the older one
    /// of two that are alike. Returns it.
    pub(crate) fn trim_outbox(
        &mut self,
        most: usize,
        now: LogTime,
        failed: &BTreeSet<&str>,
    ) -> Vec<Waiting> {
        let is_old = |it: &Waiting| it.event.at.0.saturating_add(LONGEST_WAIT) < now.0;
        let (mut gone, kept): (Vec<Waiting>, Vec<Waiting>) =
            std::mem::take(&mut self.outbox).into_iter().partition(is_old);
        let mut excess: BTreeSet<usize> = BTreeSet::new();
        for sink in failed {
            let mut waiting: Vec<(usize, &Waiting)> =
                kept.iter().enumerate().filter(|(_, it)| it.sink == *sink).collect();
            // What came first stands first, and stays before what is alike.
            waiting.sort_by_key(|(_, it)| (it.event.event == EventKind::New, it.event.severity));
            let mut left: usize = waiting.iter().map(|(_, it)| size(it)).sum();
            for (place, it) in waiting {
                if left <= most {
                    break;
                }
                left = left.saturating_sub(size(it));
                excess.insert(place);
            }
        }
        for (place, waiting) in kept.into_iter().enumerate() {
            let list = if excess.contains(&place) { &mut gone } else { &mut self.outbox };
            list.push(waiting);
        }
        gone
    }
}

/// Bytes in the file.
fn size(waiting: &Waiting) -> usize {
    serde_json::to_vec(waiting).map_or(0, |text| text.len())
}
