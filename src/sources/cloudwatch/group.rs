//! A log group as requests name it.
//!
//! Must not: be looked up; that is target resolution's work.

use std::sync::Arc;

use crate::model::LogTime;

/// A log group to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRef {
    /// Its name.
    pub name: Arc<str>,
    /// Its ARN, without `:*`; Live Tail takes nothing else.
    pub arn: Arc<str>,
    /// Whether it is another account's, which only the ARN can name.
    pub is_linked: bool,
}

/// A time window in milliseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first millisecond.
    pub from: LogTime,
    /// The last one.
    pub to: LogTime,
}

impl Span {
    /// Its length in milliseconds; at least 1.
    pub fn millis(self) -> i64 {
        (self.to.0.saturating_sub(self.from.0)).max(0).saturating_add(1)
    }

    /// Cuts it into `count` parts that follow each other without a gap and without sharing a
    /// millisecond.
    pub fn slices(self, count: i64) -> impl Iterator<Item = Self> {
        let length = self.millis();
        let count = count.clamp(1, length);
        let step = (length + count - 1) / count;
        (0..count).filter_map(move |index| {
            let from = self.from.0 + index * step;
            let to = (from + step - 1).min(self.to.0);
            (from <= to).then_some(Self { from: LogTime(from), to: LogTime(to) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_each_millisecond_once() {
        for (from, to, count) in [(0, 0, 5), (10, 19, 3), (0, 999, 7), (5, 8, 100)] {
            let span = Span { from: LogTime(from), to: LogTime(to) };
            let slices: Vec<_> = span.slices(count).collect();
            assert_eq!(slices.first().map(|slice| slice.from.0), Some(from));
            assert_eq!(slices.last().map(|slice| slice.to.0), Some(to));
            assert!(slices.windows(2).all(|pair| pair[0].to.0 + 1 == pair[1].from.0));
        }
    }
}
