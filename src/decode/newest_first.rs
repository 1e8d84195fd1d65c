//! Logs Insights gives the newest event first; everything after us wants the oldest first.
//!
//! Rows are held back, within a bound, and turned round if they came newest first. Only an answer
//! beyond the bound keeps its order in part: every held batch is turned round by itself.
//!
//! Must not: sort. Events of one millisecond keep their places to each other.

use crate::decode::emit::{Emitter, Told};
use crate::model::LogTime;

const MAX_HELD: usize = 4 << 20;

/// Rows held back.
#[derive(Default)]
pub(crate) struct NewestFirst {
    text: Vec<u8>,
    rows: Vec<Row>,
}

struct Row {
    time: Option<LogTime>,
    ingested: Option<LogTime>,
    line: u64,
    /// Where group, stream and message end in the text; they stand one behind the other.
    ends: [usize; 3],
}

impl NewestFirst {
    pub(crate) fn push(&mut self, emitter: &mut Emitter<'_>, told: Told<'_>) {
        let mut ends = [0; 3];
        let parts = [told.group.unwrap_or_default(), told.stream.unwrap_or_default(), told.message];
        for (end, part) in ends.iter_mut().zip(parts) {
            self.text.extend_from_slice(part);
            *end = self.text.len();
        }
        self.rows.push(Row { time: told.time, ingested: told.ingested, line: told.line, ends });
        if self.text.len() > MAX_HELD {
            self.finish(emitter);
        }
    }

    pub(crate) fn finish(&mut self, emitter: &mut Emitter<'_>) {
        let first = self.rows.iter().find_map(|row| row.time);
        let last = self.rows.iter().rev().find_map(|row| row.time);
        let mut starts = Vec::with_capacity(self.rows.len());
        let mut start = 0;
        for row in &self.rows {
            starts.push(start);
            start = row.ends[2];
        }
        let mut give = |(row, start): (&Row, &usize)| {
            let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
            let [group, stream, message] = row.ends;
            let named = |name: &'_ [u8]| !name.is_empty();
            let (group_name, stream_name) = (part(*start, group), part(group, stream));
            emitter.event(Told {
                time: row.time,
                ingested: row.ingested,
                group: Some(group_name).filter(|name| named(name)),
                stream: Some(stream_name).filter(|name| named(name)),
                line: row.line,
                message: part(stream, message),
            });
        };
        if first > last {
            self.rows.iter().zip(&starts).rev().for_each(&mut give);
        } else {
            self.rows.iter().zip(&starts).for_each(&mut give);
        }
        self.rows.clear();
        self.text.clear();
    }
}
