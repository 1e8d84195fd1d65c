//! Reading and decoding on another thread, ahead of the analysis.
//!
//! The analysis gets the same events in the same order as without it, so no result depends on the
//! number of threads. Messages are not copied: the buffer that they were read into goes along.
//!
//! Must not: run further ahead than a few buffers, or decide anything.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;

use crate::decode::{Count, SharedShelf, Shelf, Sink, Written};
use crate::model::{Glance, InputNote, LogEvent, LogTime, Place, PlaceId, Places, Position};

/// Batches that wait for the analysis. More do not make it faster, and of short lines each is large.
const WAITING: usize = 2;
/// As much as the main thread has.
const STACK: usize = 8 << 20;
/// Bytes of copied messages that are handed on together.
const MAX_COPIED: usize = 256 << 10;
/// Shared buffers at once: one that is written, one that waits, and one that is read.
const MOST_NEEDED: usize = 3;
/// Events of a shared buffer that are handed on together.
const MAX_SHARED: usize = 16 << 10;

/// Has `read` push its events into `sink` from a thread of its own, which also takes a first look at
/// each message. Where no thread can be started, all is done from this one.
pub fn ahead<T: Send>(
    read: impl Fn(&mut dyn Sink) -> T + Sync,
    look: fn(&[u8]) -> Glance,
    sink: &mut dyn Sink,
) -> T {
    let (to_analysis, batches) = sync_channel(WAITING);
    let (back, used) = channel();
    let reading = thread::scope(|scope| {
        let reader = thread::Builder::new().name("reader".to_owned()).stack_size(STACK);
        let reader = reader.spawn_scoped(scope, || {
            let mut recorder = Recorder::new(to_analysis, used, look);
            let read = read(&mut recorder);
            recorder.finish();
            read
        });
        let Ok(reader) = reader else { return None };
        let (mut places, mut written) = (Vec::new(), Written::default());
        for batch in batches {
            replay(&batch, &mut places, &mut written, sink);
            // Nobody takes it back once all is read.
            let _ = back.send(batch);
        }
        Some(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    reading.unwrap_or_else(|| read(sink))
}

/// What was pushed, in order, with the buffer that it is in.
#[derive(Debug, Default)]
struct Batch {
    pushed: Vec<Pushed>,
    places: Vec<Place>,
    problems: Vec<InputNote>,
    buffer: Vec<u8>,
    /// Present where it is this one instead, of which other batches have parts.
    whole: Option<Arc<Vec<u8>>>,
    /// Messages that are not in the buffer as they are.
    copied: Vec<u8>,
}

/// Nothing is to be dropped of it: that would be done for each event. It is small, for there is one for
/// each.
#[derive(Debug, Clone, Copy)]
enum Pushed {
    /// When the next event was taken in, which few containers tell.
    Ingested(LogTime),
    /// An event without its message, and where that begins and ends.
    Event {
        time: Option<LogTime>,
        position: Position,
        start: u32,
        end: u32,
        form: Form,
    },
    /// The next one of the batch's places. It gets the next number.
    Place,
    Count(Count, u64),
    /// The next one of its problems.
    Problem,
}

const _: () = assert!(size_of::<Pushed>() <= 48);

/// Where a message is, and what is known of it.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// In the buffer.
    Whole(Glance),
    /// Among those that were copied.
    Copied(Glance),
    /// There, too, as it is written in a string of JSON, with the quote behind it, and with so many bytes
    /// in front of the first escape.
    Written(u32),
}

/// Pushes it all into the sink.
fn replay(batch: &Batch, places: &mut Vec<PlaceId>, written: &mut Written, sink: &mut dyn Sink) {
    let buffer = batch.whole.as_deref().unwrap_or(&batch.buffer);
    let (mut new_places, mut problems) = (batch.places.iter(), batch.problems.iter());
    let mut of_next = None;
    for pushed in &batch.pushed {
        match pushed {
            Pushed::Ingested(time) => of_next = Some(*time),
            Pushed::Event { time, position, start, end, form } => {
                let ingested = of_next.take();
                let Some(place) = places.get(position.place.index()) else { continue };
                let position = Position { place: *place, line: position.line };
                let [start, end] = [*start, *end].map(|at| at as usize);
                let mut event = LogEvent { time: *time, ingested, position, message: &[] };
                let (bytes, glance) = match form {
                    Form::Whole(glance) => (buffer, *glance),
                    Form::Copied(glance) => (&batch.copied, *glance),
                    Form::Written(plain) => {
                        let text = batch.copied.get(start..).unwrap_or_default();
                        let lengths = [*plain as usize, end.saturating_sub(start)];
                        written.take(event, text, lengths, sink);
                        continue;
                    }
                };
                event.message = bytes.get(start..end).unwrap_or_default();
                sink.glanced(event, glance);
            }
            Pushed::Place => places.extend(new_places.next().map(|place| sink.place(place))),
            Pushed::Count(what, how_many) => sink.count(*what, *how_many),
            Pushed::Problem => {
                if let Some(note) = problems.next() {
                    sink.problem(note.clone());
                }
            }
        }
    }
}

/// Takes what is pushed, and hands it on in batches.
struct Recorder {
    desk: Rc<RefCell<Desk>>,
    places: Places,
    known: usize,
    look: fn(&[u8]) -> Glance,
}

/// The batch that is being filled. The window that reads into its buffer has it, too.
struct Desk {
    batch: Batch,
    /// Addresses of the buffer that is read into, or shared.
    buffer: Range<usize>,
    /// What is shared, and those before that may still be needed.
    whole: Option<Arc<Vec<u8>>>,
    needed: Vec<Weak<Vec<u8>>>,
    /// A batch that came back, and a buffer that nobody needs any more.
    idle: Option<Batch>,
    spare: Vec<u8>,
    to_analysis: SyncSender<Batch>,
    used: Receiver<Batch>,
}

impl Recorder {
    fn new(
        to_analysis: SyncSender<Batch>,
        used: Receiver<Batch>,
        look: fn(&[u8]) -> Glance,
    ) -> Self {
        let desk = Desk {
            batch: Batch::default(),
            buffer: 0..0,
            whole: None,
            needed: Vec::new(),
            idle: None,
            spare: Vec::new(),
            to_analysis,
            used,
        };
        Self { desk: Rc::new(RefCell::new(desk)), places: Places::default(), known: 0, look }
    }

    fn finish(self) {
        self.desk.borrow_mut().send(Vec::new());
    }
}

impl Sink for Recorder {
    fn place(&mut self, place: &Place) -> PlaceId {
        let id = self.places.intern(place);
        if id.index() == self.known {
            self.known += 1;
            let mut desk = self.desk.borrow_mut();
            desk.batch.places.push(place.clone());
            desk.batch.pushed.push(Pushed::Place);
        }
        id
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let LogEvent { time, ingested, position, message } = event;
        let mut desk = self.desk.borrow_mut();
        // Who inflated has done more than half of the work.
        let is_late = desk.whole.is_some();
        let glance = if is_late { Glance::default() } else { (self.look)(message) };
        let (form, (start, end)) = match desk.find(message) {
            Some(place) => (Form::Whole(glance), place),
            None => (Form::Copied(glance), desk.copy(message)),
        };
        desk.push(ingested, Pushed::Event { time, position, start, end, form });
    }

    /// Whether that is enough is up to the analysis, and its escapes are undone there, if at all.
    fn begun(&mut self, event: LogEvent<'_>, written: &[u8]) -> bool {
        let LogEvent { time, ingested, position, message } = event;
        let Ok(plain) = u32::try_from(message.len()) else { return false };
        let mut desk = self.desk.borrow_mut();
        let (start, end) = desk.copy(written);
        desk.batch.copied.push(b'"');
        let form = Form::Written(plain);
        desk.push(ingested, Pushed::Event { time, position, start, end, form });
        true
    }

    fn count(&mut self, what: Count, how_many: u64) {
        self.desk.borrow_mut().batch.pushed.push(Pushed::Count(what, how_many));
    }

    fn problem(&mut self, note: InputNote) {
        let mut desk = self.desk.borrow_mut();
        desk.batch.problems.push(note);
        desk.batch.pushed.push(Pushed::Problem);
    }

    fn shelf(&self) -> Option<SharedShelf> {
        Some(Rc::<RefCell<Desk>>::clone(&self.desk))
    }
}

impl Desk {
    /// Adds an event to the batch, and hands that on if it is enough.
    #[inline]
    fn push(&mut self, ingested: Option<LogTime>, event: Pushed) {
        if let Some(time) = ingested {
            self.batch.pushed.push(Pushed::Ingested(time));
        }
        self.batch.pushed.push(event);
        if self.is_enough() {
            self.send(Vec::new());
        }
    }

    /// Copies a message that is not in the buffer; tells where it begins and ends.
    fn copy(&mut self, message: &[u8]) -> (u32, u32) {
        let place = |copied: &[u8]| u32::try_from(copied.len()).unwrap_or(u32::MAX);
        let start = place(&self.batch.copied);
        self.batch.copied.extend_from_slice(message);
        (start, place(&self.batch.copied))
    }

    /// Where a text begins and ends in the buffer, by its address, if it is there.
    #[inline]
    fn find(&self, text: &[u8]) -> Option<(u32, u32)> {
        let start = text.as_ptr().addr();
        let end = start + text.len();
        if start < self.buffer.start || end > self.buffer.end {
            return None;
        }
        let offset = |address: usize| u32::try_from(address - self.buffer.start).ok();
        Some((offset(start)?, offset(end)?))
    }

    /// Whether the batch is to be handed on though nobody says so.
    fn is_enough(&self) -> bool {
        let Batch { pushed, copied, .. } = &self.batch;
        if self.whole.is_some() {
            pushed.len() >= MAX_SHARED
        } else {
            copied.len() > MAX_COPIED && self.buffer.is_empty()
        }
    }

    /// Takes a batch back.
    fn take_back(&mut self, mut batch: Batch) {
        if let Some(whole) = batch.whole.take().and_then(Arc::into_inner) {
            self.spare = whole;
        }
        batch.pushed.clear();
        batch.places.clear();
        batch.problems.clear();
        batch.copied.clear();
        self.idle = Some(batch);
    }

    /// Hands the batch on; what comes goes to another one.
    fn send(&mut self, buffer: Vec<u8>) {
        if let Ok(batch) = self.used.try_recv() {
            self.take_back(batch);
        }
        self.batch.whole.clone_from(&self.whole);
        let other = self.idle.take().unwrap_or_default();
        let mut batch = std::mem::replace(&mut self.batch, other);
        let spare = std::mem::replace(&mut batch.buffer, buffer);
        if self.batch.buffer.is_empty() {
            self.batch.buffer = spare;
        }
        // The analysis takes all until there is no more.
        let _ = self.to_analysis.send(batch);
    }
}

impl Shelf for Desk {
    fn take(&mut self, length: usize) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.batch.buffer);
        buffer.resize(length, 0);
        buffer
    }

    fn put(&mut self, full: Vec<u8>) {
        self.buffer = 0..0;
        if !self.batch.pushed.is_empty() {
            self.send(full);
        } else if self.batch.buffer.is_empty() {
            self.batch.buffer = full;
        }
    }

    fn look_at(&mut self, buffer: &[u8]) {
        let addresses = buffer.as_ptr_range();
        self.buffer = addresses.start.addr()..addresses.end.addr();
    }

    fn share(&mut self, whole: &Arc<Vec<u8>>) {
        self.needed.push(Arc::downgrade(whole));
        self.look_at(whole);
        self.whole = Some(Arc::clone(whole));
    }

    fn end_sharing(&mut self) -> Vec<u8> {
        if !self.batch.pushed.is_empty() {
            self.send(Vec::new());
        }
        self.whole = None;
        self.buffer = 0..0;
        let is_needed = |whole: &Weak<Vec<u8>>| whole.strong_count() > 0;
        self.needed.retain(is_needed);
        while self.needed.len() >= MOST_NEEDED
            && let Ok(batch) = self.used.recv()
        {
            self.take_back(batch);
            self.needed.retain(is_needed);
        }
        std::mem::take(&mut self.spare)
    }
}
