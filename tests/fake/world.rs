//! What the account holds: log groups, their streams, and events, which are read once they are visible.
//!
//! Must not: know a request.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The log class of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Standard,
    InfrequentAccess,
}

impl Class {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "INFREQUENT_ACCESS",
        }
    }
}

/// What an event is told apart and ordered by; its id says just this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) timestamp: i64,
    pub(crate) ingestion: i64,
    pub(crate) batch: u64,
    pub(crate) index: u16,
}

impl Key {
    pub(crate) const LEAST: Self = Self { timestamp: 0, ingestion: 0, batch: 0, index: 0 };
    pub(crate) const MOST: Self =
        Self { timestamp: i64::MAX, ingestion: i64::MAX, batch: u64::MAX, index: u16::MAX };

    /// 56 decimal digits: timestamp, ingestion time, batch, position in the batch.
    pub(crate) fn id(&self) -> String {
        // From the highest 16 bits to the lowest, so that no carry is needed.
        let bits = |value: u64| [48, 32, 16, 0].map(|shift| value >> shift & 0xffff);
        let time = |time: i64| bits(u64::try_from(time).unwrap_or(0));
        let mut digits = vec![0_u64; 56];
        let words = time(self.timestamp).into_iter().chain(time(self.ingestion));
        for word in words.chain(bits(self.batch)).chain([u64::from(self.index)]) {
            let mut carry = word;
            for digit in digits.iter_mut().rev() {
                let value = *digit * 0x1_0000 + carry;
                *digit = value % 10;
                carry = value / 10;
            }
        }
        digits
            .into_iter()
            .filter_map(|digit| char::from_digit(u32::try_from(digit).ok()?, 10))
            .collect()
    }
}

/// One log event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) key: Key,
    pub(crate) group: Arc<str>,
    pub(crate) stream: Arc<str>,
    pub(crate) message: String,
}

/// A log stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) created: i64,
    /// Timestamps of the first and the last event, and the last ingestion.
    pub(crate) span: Option<(i64, i64)>,
    pub(crate) ingested: i64,
}

/// A log group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: Arc<str>,
    pub(crate) class: Class,
    pub(crate) created: i64,
    pub(crate) retention_days: Option<i64>,
    pub(crate) stored: u64,
    pub(crate) streams: BTreeMap<Arc<str>, Stream>,
    /// What is visible, in order.
    pub(crate) events: BTreeMap<Key, Arc<Event>>,
    /// The same, as it became visible.
    pub(crate) arrivals: Arrivals,
}

impl Group {
    fn new(name: &str, now: i64) -> Self {
        Self {
            name: name.into(),
            class: Class::Standard,
            created: now,
            retention_days: None,
            stored: 0,
            streams: BTreeMap::new(),
            events: BTreeMap::new(),
            arrivals: Arrivals::default(),
        }
    }

    /// The timestamp of the oldest event that is still kept.
    pub(crate) fn kept_since(&self, now: i64) -> i64 {
        self.retention_days.map_or(0, |days| now - days * 86_400_000)
    }

    fn show(&mut self, event: Arc<Event>) {
        self.stored += event.message.len() as u64 + 26;
        if let Some(stream) = self.streams.get_mut(&event.stream) {
            let time = event.key.timestamp;
            let (first, last) = stream.span.unwrap_or((time, time));
            stream.span = Some((first.min(time), last.max(time)));
            stream.ingested = stream.ingested.max(event.key.ingestion);
        }
        self.events.insert(event.key, Arc::clone(&event));
        self.arrivals.list.push_back(event);
    }
}

/// Events in the order in which they became visible.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    list: VecDeque<Arc<Event>>,
    /// How many came before those in the list.
    forgotten: usize,
}

impl Arrivals {
    /// How many there ever were.
    pub(crate) fn all(&self) -> usize {
        self.forgotten + self.list.len()
    }

    /// Those behind the first so many.
    pub(crate) fn since(&self, seen: usize) -> impl Iterator<Item = &Arc<Event>> {
        self.list.iter().skip(seen.saturating_sub(self.forgotten))
    }

    fn forget_before(&mut self, timestamp: i64) {
        while self.list.front().is_some_and(|event| event.key.timestamp < timestamp) {
            self.list.pop_front();
            self.forgotten += 1;
        }
    }
}

/// Events that come in together, as `PutLogEvents` takes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    pub(crate) group: String,
    pub(crate) stream: String,
    /// When they are taken in; `None`: now.
    pub(crate) ingestion: Option<i64>,
    /// From when on they can be read; `None`: from their ingestion on.
    pub(crate) visible: Option<i64>,
    /// Timestamps and messages.
    pub(crate) events: Vec<(i64, String)>,
}

/// All log groups.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) groups: BTreeMap<String, Group>,
    /// What is not yet visible, by the time at which it will be.
    waiting: BTreeMap<(i64, u64), Arc<Event>>,
    batches: u64,
    put: u64,
}

/// `PutLogEvents` takes no more at a time.
const MOST_IN_BATCH: usize = 10_000;

impl World {
    /// A group, made if there is none.
    pub(crate) fn group(&mut self, name: &str, now: i64) -> &mut Group {
        self.groups.entry(name.to_owned()).or_insert_with(|| Group::new(name, now))
    }

    /// Takes events in; `adjust` is told each event's number and may change its timestamp and when it
    /// becomes visible. Gives their keys.
    pub(crate) fn put(
        &mut self,
        batch: Batch,
        now: i64,
        adjust: impl Fn(u64, &mut i64, &mut i64),
    ) -> Vec<Key> {
        let ingestion = batch.ingestion.unwrap_or(now);
        let created = ingestion.min(now);
        let group = self.group(&batch.group, created);
        let (name, stream) = (Arc::clone(&group.name), Arc::<str>::from(batch.stream));
        let fresh = Stream { created, span: None, ingested: created };
        group.streams.entry(Arc::clone(&stream)).or_insert(fresh);
        let mut keys = Vec::with_capacity(batch.events.len());
        for (number, (mut timestamp, message)) in batch.events.into_iter().enumerate() {
            let index = number % MOST_IN_BATCH;
            if index == 0 {
                self.batches += 1;
            }
            self.put += 1;
            let mut visible = batch.visible.unwrap_or(ingestion);
            adjust(self.put, &mut timestamp, &mut visible);
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let key = Key { timestamp, ingestion, batch: scramble(self.batches), index };
            let (group, stream) = (Arc::clone(&name), Arc::clone(&stream));
            self.waiting
                .insert((visible, self.put), Arc::new(Event { key, group, stream, message }));
            keys.push(key);
        }
        self.settle(now);
        keys
    }

    /// Shows what has become visible.
    pub(crate) fn settle(&mut self, now: i64) {
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let event = entry.remove();
            if let Some(group) = self.groups.get_mut(&*event.group) {
                group.show(event);
            }
        }
    }

    /// Lets go of older events.
    pub(crate) fn forget_before(&mut self, timestamp: i64) {
        let first = Key { timestamp, ..Key::LEAST };
        for group in self.groups.values_mut() {
            group.events = group.events.split_off(&first);
            group.arrivals.forget_before(timestamp);
        }
    }

    /// Events that will become visible.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// Numbers that look like chance and are the same in each run (splitmix64).
pub(crate) fn scramble(number: u64) -> u64 {
    let mut value = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}
