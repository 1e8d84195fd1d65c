//! One log event as CloudWatch Logs hands it out, and what its id tells.
//!
//! Must not: look into the message.

use std::sync::Arc;

use crate::model::LogTime;

/// One log event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudWatchEvent {
    /// Log group.
    pub group: Arc<str>,
    /// Log stream; empty where the API does not tell.
    pub stream: Arc<str>,
    /// When it happened.
    pub time: LogTime,
    /// When CloudWatch took it in, where that is known: from the API or from the id.
    pub ingested: Option<LogTime>,
    /// Its id, where the API tells one.
    pub id: Option<EventId>,
    /// What was logged.
    pub message: String,
}

/// An event id. Ids of AWS are 56 decimal digits with a structure (recorded in September 2026): 64 bits
/// of timestamp, 64 of ingestion time, 64 that all events of one batch share, and 16 for the position
/// in the batch; sorted by number they are sorted by just that.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventId {
    /// One of AWS.
    Structured {
        /// Timestamp of the event.
        time: LogTime,
        /// Ingestion time.
        ingested: LogTime,
        /// The batch it came in.
        batch: u64,
        /// Its place in the batch, from 0.
        index: u16,
    },
    /// Any other; emulators count.
    Opaque(Box<str>),
}

impl EventId {
    /// Reads an id.
    pub fn parse(text: &str) -> Self {
        structured(text).unwrap_or_else(|| Self::Opaque(text.into()))
    }

    /// The ingestion time that the id tells.
    pub fn ingested(&self) -> Option<LogTime> {
        match self {
            Self::Structured { ingested, .. } => Some(*ingested),
            Self::Opaque(_) => None,
        }
    }
}

/// Years 2001 to 2286: what else has 56 digits is no such id.
const TIMES: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;

fn structured(text: &str) -> Option<EventId> {
    if text.len() != 56 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // 56 digits are less than 2^187; from the lowest 32 bits up.
    let mut words = [0_u64; 6];
    for digit in text.bytes() {
        let mut carry = u64::from(digit - b'0');
        for word in &mut words {
            let value = *word * 10 + carry;
            *word = value & 0xffff_ffff;
            carry = value >> 32;
        }
    }
    let bits = |from: u32, count: u32| -> u64 {
        (0..count).fold(0, |value, bit| {
            let at = from + bit;
            let word = words.get((at / 32) as usize).copied().unwrap_or(0);
            value | (word >> (at % 32) & 1) << bit
        })
    };
    let time = |from| i64::try_from(bits(from, 48)).ok().filter(|time| TIMES.contains(time));
    Some(EventId::Structured {
        time: LogTime(time(144)?),
        ingested: LogTime(time(80)?),
        batch: bits(16, 64),
        index: u16::try_from(bits(0, 16)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_and_in_which_batch() {
        // (1_500_000_000_123 << 144) | (1_500_000_020_456 << 80) | (7 << 16) | 3
        let id = EventId::parse("33451117800538926373536232809533165934602490863025586179");
        let EventId::Structured { time, ingested, batch, index } = id else {
            panic!("{id:?}");
        };
        assert_eq!((time.0, ingested.0), (1_500_000_000_123, 1_500_000_020_456));
        assert_eq!((batch, index), (7, 3));
    }

    #[test]
    fn other_ids_are_only_compared() {
        for text in ["0", "17", "", &"9".repeat(56), &"0".repeat(56), &"x".repeat(56)] {
            assert_eq!(EventId::parse(text), EventId::Opaque(text.into()));
        }
    }
}
