//! Times as JSON has them.
//!
//! Must not: read what a container writes in text; that is `stamp`'s.

use memchr::memchr;

use crate::decode::column::time;
use crate::decode::number;
use crate::decode::stamp::Clock;
use crate::decode::walk::text;
use crate::model::LogTime;

/// A time as written in JSON: a number of milliseconds, or text.
pub(crate) fn moment(value: Option<&[u8]>, clock: &mut Clock) -> Option<LogTime> {
    let value = value?;
    if let Some(number) = number::whole(value) {
        return Some(LogTime(number));
    }
    time(text(value)?.raw, clock)
}

/// Fluent Bit's time: seconds since the epoch, with a fraction.
pub(crate) fn seconds(value: &[u8]) -> Option<LogTime> {
    let at = memchr(b'.', value)?;
    let whole = number::whole(value.get(..at)?)?;
    let fraction = value.get(at + 1..)?.iter().copied().chain(std::iter::repeat(b'0'));
    let millis: Vec<u8> = fraction.take(3).collect();
    Some(LogTime(whole.checked_mul(1000)? + number::whole(&millis)?))
}
