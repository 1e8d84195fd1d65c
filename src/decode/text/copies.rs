//! The hot paths of what was copied from the console, and of what `aws logs tail` printed.
//!
//! Must not: take a line that another one might continue.

use memchr::memchr;

use crate::decode::header::starts_with_id;
use crate::decode::stamp::{Clock, EXPORT, TAIL};
use crate::decode::text::Text;
use crate::model::LogTime;

impl Text<'_, '_, '_> {
    /// The hot path of rows copied from the console: a time that stands alone, with a line of the gateway's
    /// execution log behind it and the next row behind that, is an event by itself. Takes all that follow
    /// each other from `scan` on; returns where the next line begins.
    pub(super) fn copied(&mut self, bytes: &[u8], mut scan: usize) -> usize {
        let row = |clock: &mut Clock, start: usize| {
            let (stamp, behind) = bytes.get(start..)?.split_first_chunk::<EXPORT>()?;
            let (b"\n(", _) = behind.split_first_chunk()? else { return None };
            clock.export(stamp)
        };
        let mut begun = row(&mut self.clock, scan);
        while let Some(time) = begun {
            let from = bytes.get(scan + EXPORT + 1..).unwrap_or_default();
            let Some(end) = memchr(b'\n', from) else { break };
            let message = from.get(..end).unwrap_or_default();
            let next = scan + EXPORT + 1 + end + 1;
            begun = row(&mut self.clock, next);
            if begun.is_none() || !starts_with_id(message) {
                break;
            }
            self.settle(bytes, Some(time));
            let stream = self.stream.map(str::as_bytes);
            self.emitter.whole(time, stream, self.number, message.trim_ascii_end());
            self.number += 2;
            scan = next;
        }
        scan
    }

    /// The hot path of what `aws logs tail` printed: a line from the stream that was named last, with
    /// another one behind it, is an event by itself.
    pub(super) fn tailed(&mut self, bytes: &[u8], mut scan: usize) -> usize {
        let mut begun = self.tailed_at(bytes, scan);
        while let Some(time) = begun {
            let start = scan + TAIL + 1 + self.tailed.len();
            let Some(length) = bytes.get(start..).and_then(|rest| memchr(b'\n', rest)) else {
                break;
            };
            let end = start + length;
            begun = self.tailed_at(bytes, end + 1);
            if begun.is_none() {
                break;
            }
            self.settle(bytes, Some(time));
            let message = bytes.get(start..end).unwrap_or_default();
            let stream = self.tailed.trim_ascii_end();
            self.emitter.whole(time, Some(stream), self.number, message);
            self.number += 1;
            scan = end + 1;
        }
        scan
    }

    /// The time of such a line that begins here.
    #[inline]
    fn tailed_at(&mut self, bytes: &[u8], start: usize) -> Option<LogTime> {
        let (stamp, behind) = bytes.get(start..)?.split_first_chunk::<TAIL>()?;
        behind.strip_prefix(b" ")?.strip_prefix(self.tailed.as_slice())?;
        let read = self.clock.iso(stamp)?;
        (read.length == TAIL && read.is_of_tail(stamp)).then_some(read.time)
    }
}
