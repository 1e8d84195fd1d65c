//! The hot path of JSON: events that are complete in the window, and written like one before.
//!
//! Must not: read what the mold does not.

use crate::decode::emit::Emitter;
use crate::decode::mold::Mold;
use crate::decode::written::Written;
use crate::model::{LogEvent, LogTime, Position};

/// Takes events that are written like one before.
#[derive(Debug, Default)]
pub(crate) struct Alike {
    mold: Mold,
    written: Written,
}

impl Alike {
    /// Learns from an event that was read.
    pub(crate) fn learn(&mut self, event: &[u8]) {
        self.mold.learn(event);
    }

    /// Takes all that come next in `bytes`, and tells their length; `group` and `stream` are those of
    /// events that name none.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        emitter: &mut Emitter<'_>,
        [group, stream]: [Option<&[u8]>; 2],
    ) -> usize {
        let mut rest = bytes;
        let mut last = None;
        while let Some((values, mut behind)) = self.mold.read(rest) {
            let place = match last {
                Some(place) if values.is_of_same_names => place,
                Some(_) | None => emitter.place(values.group.or(group), values.stream.or(stream)),
            };
            last = Some(place);
            let (time, ingested) = (Some(LogTime(values.timestamp)), values.ingested.map(LogTime));
            let mut inside = values.message;
            loop {
                rest = behind;
                let position = Position { place, line: emitter.next_ordinal() };
                let message = inside.beginning();
                let event = LogEvent { time, ingested, position, message };
                self.written.deliver(event, &inside, emitter.sink());
                // What differs by its message alone is not read anew.
                match self.mold.read_same(rest) {
                    Some(same) => (inside, behind) = same,
                    None => break,
                }
            }
        }
        bytes.len() - rest.len()
    }
}
