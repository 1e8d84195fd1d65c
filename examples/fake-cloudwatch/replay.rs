//! Log files become events of an account: when they happened is moved to now, and where they stood
//! becomes a log group.
//!
//! Must not: change a message.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use corscope::decode::{Count, Sink};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use corscope::sources::files;

use crate::fake::Batch;

/// What log files hold.
#[derive(Default)]
pub(crate) struct Logs {
    places: Places,
    events: Vec<(Place, i64, String)>,
    /// When the event before happened, in the same place; lines without a time are as old as that.
    last: Option<(PlaceId, i64)>,
    /// Events that had no time to go by.
    pub(crate) timeless: u64,
    pub(crate) problems: Vec<InputNote>,
}

impl Sink for Logs {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let place = event.position.place;
        let before = self.last.filter(|(last, _)| *last == place).map(|(_, time)| time);
        let time = event.time.map(|time| time.0);
        let Some(time) = time.or_else(|| requested(event.message)).or(before) else {
            self.timeless += 1;
            return;
        };
        self.last = Some((place, time));
        let place = self.places.get(place).cloned().unwrap_or_default();
        self.events.push((place, time, String::from_utf8_lossy(event.message).into_owned()));
    }

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, note: InputNote) {
        self.problems.push(note);
    }
}

/// How logs are played.
pub(crate) struct Timing {
    /// When the first event happens.
    pub(crate) begins: i64,
    /// How long all of it takes.
    pub(crate) over: i64,
    /// How long CloudWatch takes to show an event.
    pub(crate) delay: i64,
}

/// Events that functions and gateways hand over together: those of one second.
const BATCH: i64 = 1_000;

impl Logs {
    /// Reads files and folders.
    pub(crate) fn read(paths: &[PathBuf]) -> Self {
        let mut logs = Self::default();
        files::scan(paths, &mut io::empty(), &mut logs);
        logs
    }

    /// All events, moved.
    pub(crate) fn batches(self, timing: &Timing) -> Vec<Batch> {
        let first = self.events.iter().map(|(_, time, _)| *time).min().unwrap_or(0);
        let last = self.events.iter().map(|(_, time, _)| *time).max().unwrap_or(0);
        let groups = groups(&self.events);
        let mut batches: BTreeMap<(String, String, i64), Batch> = BTreeMap::new();
        for (place, time, message) in self.events {
            let span = i128::from(last - first).max(1);
            let offset = i128::from(time - first) * i128::from(timing.over) / span;
            let time = timing.begins + i64::try_from(offset).unwrap_or(0);
            let group = groups.get(&place).cloned().unwrap_or_default();
            let stream = stream_of(&place);
            let key = (group.clone(), stream.clone(), time / BATCH);
            let batch =
                batches.entry(key).or_insert_with(|| Batch { group, stream, ..Batch::default() });
            let ingestion = batch.ingestion.unwrap_or(0).max(time + timing.delay);
            batch.ingestion = Some(ingestion);
            batch.events.push((time, message));
        }
        batches.into_values().collect()
    }
}

/// The log group of each place: what it says, or what its messages do.
fn groups(events: &[(Place, i64, String)]) -> BTreeMap<Place, String> {
    let mut groups: BTreeMap<Place, String> = BTreeMap::new();
    for (place, _, message) in events {
        let told = place.log_group.clone().or_else(|| stage(message));
        match groups.get(place) {
            Some(known) if known.starts_with("/aws/lambda/") => {
                if let Some(told) = told {
                    groups.insert(place.clone(), told);
                }
            }
            Some(_) => {}
            None => {
                groups.insert(place.clone(), told.unwrap_or_else(|| function(place)));
            }
        }
    }
    groups
}

/// The group that a line of a gateway belongs to.
fn stage(message: &str) -> Option<String> {
    let is_end = |c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c);
    let word = |text: &str| text.split(is_end).next().unwrap_or_default().to_owned();
    if let Some((_, rest)) = message.split_once(" API Stage: ") {
        let (api, stage) = rest.split_once('/')?;
        return Some(format!("API-Gateway-Execution-Logs_{}/{}", word(api), word(stage)));
    }
    let api = value(message, "requestTimeEpoch").and_then(|_| value(message, "apiId"))?;
    let stage = value(message, "stage")?;
    Some(format!("/access-logs/{}/{}", word(api), word(stage)))
}

/// What a line of JSON says under a name, wherever it does.
fn value<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

/// When a line of an access log says that it happened, in milliseconds; HTTP APIs write seconds.
fn requested(message: &[u8]) -> Option<i64> {
    let time: i64 = value(std::str::from_utf8(message).ok()?, "requestTimeEpoch")?.parse().ok()?;
    Some(if time < 100_000_000_000 { time * 1_000 } else { time })
}

/// The file's name, as if it were that of a function. Files of exports to S3 are numbered: there it is
/// that of the folder two above.
fn function(place: &Place) -> String {
    let path = Path::new(place.file.as_deref().unwrap_or("stdin"));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_number = stem.bytes().all(|byte| byte.is_ascii_digit());
    let name = match path.ancestors().nth(3).filter(|_| is_number) {
        Some(folder) => folder.file_name().unwrap_or_default().to_string_lossy(),
        None => stem,
    };
    format!("/aws/lambda/{name}")
}

fn stream_of(place: &Place) -> String {
    place.log_stream.clone().unwrap_or_else(|| "replay".to_owned())
}
