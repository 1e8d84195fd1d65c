//! From deliveries to the sink of the analysis.
//!
//! Must not: drop an event.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::decode::{Count, Sink};
use crate::model::{LogEvent, Place, PlaceId, Position};
use crate::sources::cloudwatch::delivery::{Beat, Delivery, Note};
use crate::sources::cloudwatch::event::CloudWatchEvent;

/// Streams that are told apart. API Gateway begins a new one every few requests, so a tail of days would
/// fill the memory with names; of further ones only the group is named.
const MOST_PLACES: usize = 65_536;

/// What a delivery has beside events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// For the user.
    Said(String),
    /// How the source is doing.
    Beat(Beat),
    /// The ledger's list of gaps has no sink of its own.
    Gap(String),
}

/// Numbers the lines of each place, and counts what each group gave.
#[derive(Debug, Default)]
pub struct Feed {
    places: HashMap<(Arc<str>, Arc<str>), Counted, foldhash::fast::RandomState>,
    groups: HashMap<Arc<str>, u64, foldhash::fast::RandomState>,
}

#[derive(Debug)]
struct Counted {
    place: PlaceId,
    lines: u64,
}

impl Feed {
    /// Hands on what was delivered.
    pub fn take(&mut self, delivery: Delivery, sink: &mut dyn Sink) -> Option<Told> {
        match delivery {
            Delivery::Events(events) => {
                for event in &events {
                    self.event(event, sink);
                }
                None
            }
            Delivery::Beat(beat) => Some(Told::Beat(beat)),
            Delivery::Note(note) => {
                let (what, count) = match note {
                    Note::Bytes(count) => (Count::Bytes, count),
                    Note::Duplicates(count) => (Count::Duplicates, count),
                    Note::Sampled(count) => (Count::Sampled, count),
                    Note::Throttled(count) => (Count::Throttled, count),
                    Note::Gap(gap) => return Some(Told::Gap(gap)),
                    Note::Said(said) => return Some(Told::Said(said)),
                    Note::Failed(note) => {
                        sink.problem(note);
                        return None;
                    }
                };
                sink.count(what, count);
                None
            }
        }
    }

    /// Events that a group gave.
    pub fn events_of(&self, group: &str) -> u64 {
        self.groups.get(group).copied().unwrap_or(0)
    }

    fn event(&mut self, event: &CloudWatchEvent, sink: &mut dyn Sink) {
        *self.groups.entry_ref(&event.group).or_insert(0) += 1;
        let is_full = self.places.len() >= MOST_PLACES;
        let key = (Arc::clone(&event.group), Arc::clone(&event.stream));
        let is_known = self.places.contains_key(&key);
        let key = if is_full && !is_known { (key.0, "".into()) } else { key };
        let counted = self.places.entry(key).or_insert_with_key(|(group, stream)| {
            let stream = (!stream.is_empty()).then(|| stream.to_string());
            let group = Some(group.to_string());
            Counted {
                place: sink.place(&Place { file: None, log_group: group, log_stream: stream }),
                lines: 0,
            }
        });
        counted.lines += 1;
        let message = event.message.strip_suffix('\n').unwrap_or(&event.message);
        sink.event(LogEvent {
            time: Some(event.time),
            ingested: event.ingested,
            position: Position { place: counted.place, line: counted.lines },
            message: message.as_bytes(),
        });
    }
}
