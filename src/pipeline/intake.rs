//! Events come in: what is outside of the window is counted, what is not known is counted, and the rest
//! goes to its exchange.
//!
//! Must not: judge.

use crate::assemble::SlotId;
use crate::decode::{Count, Sink};
use crate::model::{
    Entry, Execution, Glance, InputNote, LogEvent, LogTime, Place, PlaceId, Record,
};
use crate::parse;
use crate::parse::execution::{self, Look};
use crate::pipeline::Analyzer;

impl Analyzer<'_> {
    /// Whether an event is in the window; notes its time.
    #[inline]
    fn is_taken(&mut self, event: &LogEvent<'_>) -> bool {
        let Some(time) = event.time else { return true };
        // Times between two that are in the window are in it.
        let known = self.ledger.from.zip(self.ledger.to);
        known.is_some_and(|(from, to)| from <= time && time <= to) || self.widen(time)
    }

    /// Notes a time that may be earlier or later than all before, unless it is outside of the window.
    fn widen(&mut self, time: LogTime) -> bool {
        if self.is_outside(time) {
            self.ledger.outside_window += 1;
            return false;
        }
        self.ledger.from = Some(self.ledger.from.map_or(time, |from| from.min(time)));
        self.ledger.to = Some(self.ledger.to.map_or(time, |to| to.max(time)));
        true
    }

    /// An event that was looked at as a line of an execution log.
    #[expect(
        clippy::inline_always,
        reason = "most lines pass, and need no more than a few registers"
    )]
    #[inline(always)]
    fn looked_at(&mut self, event: &LogEvent<'_>, look: Look<'_>) {
        let Look { id, is_last, is_proved, truncated, adds, text, shape } = look;
        if self.assembler.passes(event, id, is_last, adds) {
            self.note(truncated);
        } else {
            // Only now, for it is written to memory.
            self.read(event, &Look { id, is_last, is_proved, truncated, adds, text, shape });
        }
    }

    /// An event that is no usual line of an execution log, or was not looked at.
    #[inline(never)]
    fn look_at(&mut self, event: &LogEvent<'_>) {
        match execution::look(event.message, self.assembler.last_id()) {
            Some(look) => self.looked_at(event, look),
            None => self.other(event, parse::others(event.message)),
        }
    }

    /// A line of an execution log that may add something.
    #[inline(never)]
    fn read(&mut self, event: &LogEvent<'_>, look: &Look<'_>) {
        if !look.has_id() {
            return self.look_at(event);
        }
        let &Look { id, truncated, .. } = look;
        let mut line = Execution::Detail;
        if look.read(&mut line) {
            self.note(truncated);
            let completed = self.assembler.push_execution(event, id, &line);
            self.go_on(completed);
        } else {
            self.other(event, Record { id, truncated, entry: Entry::Other });
        }
    }

    /// Counts an event that is analyzed.
    fn note(&mut self, truncated: bool) {
        self.ledger.events += 1;
        self.ledger.truncated += u64::from(truncated);
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
        self.note(record.truncated);
        match record.entry {
            Entry::Other if self.assembler.is_running(event.position.place) => {}
            Entry::Other => self.unrecognized(event),
            Entry::Probe => self.ledger.skipped += 1,
            Entry::Execution(_) | Entry::Access(_) | Entry::Har(_) | Entry::Lambda(..) => {}
        }
        let completed = self.assembler.push(event, record);
        self.go_on(completed);
    }

    /// Counts an event that nobody knows.
    #[cold]
    fn unrecognized(&mut self, event: &LogEvent<'_>) {
        self.ledger.unrecognized += 1;
        let is_console = parse::is_console_message(event.message);
        self.ledger.console_messages += u64::from(is_console);
    }

    /// Behind a line that completed an exchange, or none: in a log that shows no ends, it may have begun
    /// one more than there is room for.
    #[inline]
    fn go_on(&mut self, completed: Option<SlotId>) {
        match completed {
            Some(slot) => self.completed(slot),
            None if self.assembler.is_full() => self.shed(),
            None => {}
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
            match execution::look_at_usual(event.message, self.assembler.last_id()) {
                Some(look) => self.looked_at(&event, look),
                None => self.look_at(&event),
            }
        }
    }

    fn glanced(&mut self, event: LogEvent<'_>, glance: Glance) {
        if self.is_taken(&event) {
            match execution::look_glanced(event.message, glance, self.assembler.last_id()) {
                Some(look) => self.looked_at(&event, look),
                None => self.look_at(&event),
            }
        }
    }

    fn begun(&mut self, event: LogEvent<'_>, written: &[u8]) -> bool {
        let last = self.assembler.last_id();
        let look = execution::look_at_beginning(event.message, written, last);
        let Some(look) = look else { return false };
        if event.time.is_none_or(|time| self.is_outside(time)) {
            return false;
        }
        if self.assembler.passes(&event, look.id, look.is_last, look.adds) {
            self.is_taken(&event);
            self.note(look.truncated);
            return true;
        }
        if !look.has_id() {
            return false;
        }
        let line = execution::taken_as_written(&look, event.message, written);
        let Some(line) = line else { return false };
        self.is_taken(&event);
        self.note(look.truncated);
        let event = LogEvent { message: written, ..event };
        let completed = self.assembler.push_execution(&event, look.id, &line);
        self.go_on(completed);
        true
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
