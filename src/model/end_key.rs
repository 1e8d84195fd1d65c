//! The order in which exchanges end in the log: by time, then by place, line and request id.
//!
//! It depends on what the lines say and where they stand, never on the order of reading.
//!
//! Must not: look at numbers of places; those are given out in reading order.

use crate::model::{Exchange, LogTime, Place, Places, RequestId};

/// Where an exchange ends. Exchanges without a time come first, in the order of their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndKey<'a> {
    /// Time of the last line.
    pub ended: Option<LogTime>,
    /// Its place: file, then log group, then log stream.
    pub place: Option<&'a Place>,
    /// Its line.
    pub line: u64,
    /// The gateway's request id, else Lambda's.
    pub request_id: Option<RequestId>,
}

impl<'a> EndKey<'a> {
    /// The key of `exchange`.
    pub fn of(exchange: &Exchange, places: &'a Places) -> Self {
        let position = exchange.end_position.or(exchange.position);
        Self {
            ended: exchange.ended.or(exchange.started),
            place: position.and_then(|position| places.get(position.place)),
            line: position.map_or(0, |position| position.line),
            request_id: exchange.request_id.or(exchange.lambda_request_id),
        }
    }
}

/// An [`EndKey`] that can be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptKey {
    ended: Option<LogTime>,
    place: Option<Place>,
    line: u64,
    request_id: Option<RequestId>,
}

impl KeptKey {
    /// Copies `key`.
    pub fn new(key: &EndKey<'_>) -> Self {
        Self {
            ended: key.ended,
            place: key.place.cloned(),
            line: key.line,
            request_id: key.request_id,
        }
    }

    /// The key again.
    pub fn as_key(&self) -> EndKey<'_> {
        EndKey {
            ended: self.ended,
            place: self.place.as_ref(),
            line: self.line,
            request_id: self.request_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Position;

    #[test]
    fn the_reading_order_of_places_does_not_matter() {
        let mut places = Places::default();
        let file = |name: &str| Place { file: Some(name.into()), ..Place::default() };
        let later = places.intern(&file("b.log"));
        let sooner = places.intern(&file("a.log"));
        let at = |place| {
            let mut exchange = Exchange::default();
            exchange.ended = Some(LogTime(5));
            exchange.end_position = Some(Position { place, line: 1 });
            exchange
        };
        let (later, sooner) = (at(later), at(sooner));
        assert!(EndKey::of(&sooner, &places) < EndKey::of(&later, &places));
        let kept = KeptKey::new(&EndKey::of(&later, &places));
        assert_eq!(kept.as_key(), EndKey::of(&later, &places));
    }
}
