//! Takes events in without ever waiting, delivers each once, and hands them on as fast as they are
//! taken.
//!
//! Must not: grow without end; what has no room is refused, and is to be read again.

use std::cmp::Ordering;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::model::{InputNote, LogTime};
use crate::sources::cloudwatch::delivery::{Beat, Delivery, Note};
use crate::sources::cloudwatch::event::CloudWatchEvent;
use crate::sources::cloudwatch::seen::{Pass, Seen};

/// Messages that wait for the analysis, in bytes.
const ROOM: usize = 64 << 20;
/// What an event takes beside its message.
const EACH: usize = 128;
/// How long an event is remembered: longer than any overlap reaches back.
const REMEMBERED: i64 = 15 * 60 * 1000;

/// No lag is known.
const UNKNOWN: i64 = i64::MIN;

/// Where everything goes that was read.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: mpsc::UnboundedSender<Delivery>,
    waiting: Arc<AtomicUsize>,
    seen: Mutex<Seen>,
    clock: fn() -> LogTime,
    lag: AtomicI64,
    /// When the last events arrived.
    arrived: AtomicI64,
    /// Whether it was told that late events may be missed.
    is_short: AtomicBool,
    /// The longest time from an event to its ingestion, of those seen so far.
    longest: AtomicI64,
    is_sampled: AtomicBool,
    /// Reads of the past that are not finished.
    pending: AtomicUsize,
    /// Events since the last beat.
    fresh: AtomicU64,
}

/// A read of the past that keeps the source from being idle.
pub(super) struct Pending(Arc<Outbox>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.pending.fetch_sub(1, Relaxed);
    }
}

impl Outbox {
    pub(super) fn new(out: mpsc::Sender<Delivery>, clock: fn() -> LogTime) -> Arc<Self> {
        let (queue, waiting) = (mpsc::unbounded_channel(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(forward(queue.1, out, Arc::clone(&waiting)));
        Arc::new(Self {
            queue: queue.0,
            waiting,
            seen: Mutex::default(),
            clock,
            lag: AtomicI64::new(UNKNOWN),
            arrived: AtomicI64::new(0),
            is_short: AtomicBool::new(false),
            longest: AtomicI64::new(0),
            is_sampled: AtomicBool::new(false),
            pending: AtomicUsize::new(0),
            fresh: AtomicU64::new(0),
        })
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.load(Relaxed) < ROOM
    }

    /// Begins a read.
    pub(super) fn pass(&self) -> Pass {
        self.seen().pass()
    }

    /// Delivers events of a time of which nothing was delivered, and nothing else will bring.
    pub(super) fn old_events(&self, events: Vec<CloudWatchEvent>) {
        self.deliver(events, (self.clock)());
    }

    /// Delivers those that are new.
    pub(super) fn events(&self, mut events: Vec<CloudWatchEvent>, pass: Pass) {
        let (now, all) = ((self.clock)(), events.len());
        self.arrived.fetch_max(now.0, Relaxed);
        {
            let mut seen = self.seen();
            events.retain(|event| seen.admit(event, pass, now));
        }
        let known = (all - events.len()) as u64;
        if known > 0 {
            self.note(Note::Duplicates(known));
        }
        self.deliver(events, now);
    }

    fn deliver(&self, mut events: Vec<CloudWatchEvent>, now: LogTime) {
        if events.is_empty() {
            return;
        }
        // As they happened: neither a stream nor a page promises it. Ids tell more than times.
        events.sort_by(|one, other| {
            let by_id = one.id.as_ref().zip(other.id.as_ref()).map(|(one, other)| one.cmp(other));
            one.time.cmp(&other.time).then_with(|| by_id.unwrap_or(Ordering::Equal))
        });
        for event in &events {
            if let Some(ingested) = event.ingested {
                self.longest.fetch_max(ingested.0 - event.time.0, Relaxed);
            }
        }
        let newest = events.iter().filter_map(|event| event.ingested).max();
        if let Some(newest) = newest {
            self.lag.store(now.0 - newest.0, Relaxed);
        }
        self.fresh.fetch_add(events.len() as u64, Relaxed);
        let bytes: u64 = events.iter().map(|event| event.message.len() as u64).sum();
        self.note(Note::Bytes(bytes));
        self.waiting.fetch_add(size(&events), Relaxed);
        self.send(Delivery::Events(events));
    }

    /// Tells something.
    pub(super) fn note(&self, note: Note) {
        self.send(Delivery::Note(note));
    }

    /// Tells that a group cannot be read, or only in part.
    pub(super) fn failed(&self, group: &str, problem: String) {
        self.note(Note::Failed(InputNote { input: group.to_owned(), problem }));
    }

    /// The longest time from an event to its ingestion, of those seen so far.
    pub(super) fn longest_lag(&self) -> i64 {
        self.longest.load(Relaxed)
    }

    /// A time from which on a read may begin again without delivering what was delivered. What comes
    /// behind `covered` was never read, and is not left out. Where much came, late events of the time
    /// before are not looked for: that is a gap, told once.
    pub(super) fn safe(&self, from: LogTime, covered: LogTime) -> LogTime {
        let Some(forgotten) = self.seen().forgotten() else { return from };
        let begin = from.max(forgotten.min(covered));
        if begin > from && !self.is_short.swap(true, Relaxed) {
            let gap = format!(
                "from {from} on, events that come late may be missing: more came than is remembered"
            );
            self.note(Note::Gap(gap));
        }
        begin
    }

    /// A stream sampled, or no longer does.
    pub(super) fn sampled(&self, is_sampled: bool) {
        self.is_sampled.store(is_sampled, Relaxed);
    }

    /// A read of the past begins; it is over when what this gives is dropped.
    pub(super) fn pending(self: &Arc<Self>) -> Pending {
        self.pending.fetch_add(1, Relaxed);
        Pending(Arc::clone(self))
    }

    fn send(&self, delivery: Delivery) {
        // If nobody listens, nobody need be told.
        let _ = self.queue.send(delivery);
    }

    /// Tells how it goes.
    pub(super) fn beat(&self) {
        let lag = self.lag.load(Relaxed);
        let fresh = self.fresh.swap(0, Relaxed);
        self.send(Delivery::Beat(Beat {
            lag_ms: (lag != UNKNOWN).then_some(lag),
            is_sampled: self.is_sampled.load(Relaxed),
            is_idle: fresh == 0
                && self.pending.load(Relaxed) == 0
                && self.waiting.load(Relaxed) == 0,
        }));
    }

    /// Forgets what no read can bring again. While nothing arrives, as without a network, nothing is
    /// forgotten either: what was read last will be read again.
    pub(super) fn forget(&self) {
        let newest = self.arrived.load(Relaxed);
        self.seen().forget_before(LogTime(newest.saturating_sub(REMEMBERED)));
    }

    /// Waits until nobody takes what is delivered.
    pub(super) async fn closed(&self) {
        self.queue.closed().await;
    }

    /// Whether nobody does.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // At worst an event is delivered once more.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(events: &[CloudWatchEvent]) -> usize {
    events.iter().map(|event| event.message.len() + EACH).sum()
}

async fn forward(
    mut queue: mpsc::UnboundedReceiver<Delivery>,
    out: mpsc::Sender<Delivery>,
    waiting: Arc<AtomicUsize>,
) {
    loop {
        let delivery = tokio::select! {
            delivery = queue.recv() => delivery,
            () = out.closed() => return,
        };
        let Some(delivery) = delivery else { return };
        let bytes = match &delivery {
            Delivery::Events(events) => size(events),
            Delivery::Note(_) | Delivery::Beat(_) => 0,
        };
        if out.send(delivery).await.is_err() {
            return;
        }
        waiting.fetch_sub(bytes, Relaxed);
    }
}
