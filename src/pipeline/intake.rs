//! Events come in: what is outside of the window is counted, what is not known is counted, and the rest
//! goes to its exchange.
//!
//! Must not: judge.

use crate::decode::{Count, Sink};
use crate::model::{
    Entry, Execution, Glance, InputNote, LogEvent, LogTime, Place, PlaceId, Record,
};
use crate::parse;
use crate::parse::execution::Mark;
use crate::pipeline::Analyzer;

impl Analyzer<'_> {
    /// Whether an event is in the window; notes its time.
    #[inline]
    fn is_taken(&mut self, event: &LogEvent<'_>) -> bool {
        let Some(time) = event.time else { return true };
        if self.is_outside(time) {
            self.ledger.outside_window += 1;
            return false;
        }
        self.ledger.from = Some(self.ledger.from.map_or(time, |from| from.min(time)));
        self.ledger.to = Some(self.ledger.to.map_or(time, |to| to.max(time)));
        true
    }

    /// An event of which was tried whether it is a line of an execution log.
    #[inline]
    fn read(&mut self, event: &LogEvent<'_>, read: Option<Mark<'_>>, line: &Execution<'_>) {
        if let Some(Mark { id, truncated, is_known: true }) = read {
            self.ledger.events += 1;
            self.ledger.truncated += u64::from(truncated);
            if let Some(slot) = self.assembler.push_execution(event, id, line) {
                self.completed(slot);
            }
            return;
        }
        let record = match read {
            Some(Mark { id, truncated, .. }) => Record { id, truncated, entry: Entry::Other },
            None => parse::others(event.message),
        };
        self.other(event, record);
    }

    /// An event that is no line of an execution log, or none that is known.
    fn other(&mut self, event: &LogEvent<'_>, record: Record<'_>) {
        // An access-log line without a container's stamp has a time of its own.
        if let Entry::Access(access) = &record.entry
            && event.time.is_none()
            && access.time.is_some_and(|time| self.is_outside(time))
        {
            self.ledger.outside_window += 1;
            return;
        }
        self.ledger.events += 1;
        self.ledger.truncated += u64::from(record.truncated);
        match record.entry {
            Entry::Other if self.assembler.is_running(event.position.place) => {}
            Entry::Other => self.ledger.unrecognized += 1,
            Entry::Probe => self.ledger.skipped += 1,
            Entry::Execution(_) | Entry::Access(_) | Entry::Har(_) | Entry::Lambda(..) => {}
        }
        if let Some(slot) = self.assembler.push(event, record) {
            self.completed(slot);
        }
    }

    fn is_outside(&self, time: LogTime) -> bool {
        self.window.since.is_some_and(|since| time < since)
            || self.window.until.is_some_and(|until| time > until)
    }
}

impl Sink for Analyzer<'_> {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        if self.is_taken(&event) {
            let mut line = Execution::Detail;
            let read = parse::execution::read(event.message, &mut line);
            self.read(&event, read, &line);
        }
    }

    fn glanced(&mut self, event: LogEvent<'_>, glance: Glance) {
        if self.is_taken(&event) {
            let mut line = Execution::Detail;
            let read = parse::execution::read_glanced(event.message, glance, &mut line);
            self.read(&event, read, &line);
        }
    }

    fn count(&mut self, what: Count, how_many: u64) {
        let counter = match what {
            Count::Bytes => &mut self.ledger.bytes,
            Count::Duplicates => &mut self.ledger.duplicates,
            Count::Skipped => &mut self.ledger.skipped,
            Count::Truncated => &mut self.ledger.truncated,
            Count::Sampled => &mut self.ledger.sampled,
            Count::Throttled => &mut self.ledger.throttled,
        };
        *counter += how_many;
    }

    fn problem(&mut self, note: InputNote) {
        self.ledger.inputs_failed.push(note);
    }
}
