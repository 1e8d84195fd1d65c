//! How far back a run reads.
//!
//! Must not: leave out a time without a word.

use corscope::model::LogTime;

/// What decides from when on something is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// The time of the run; that of the run before, where the clock was set back since.
    pub(crate) now: LogTime,
    /// Whether it was.
    pub(crate) is_set_back: bool,
    /// Up to when something can have been read: the time of the run. Where the clock was set back, it was
    /// wrong before or is now, and what AWS took in last is all that is sure.
    pub(crate) read_to: LogTime,
    /// Where a first run begins.
    pub(crate) since: LogTime,
    /// Where the first run began: what is older was left out, and stays so.
    pub(crate) floor: Option<LogTime>,
    /// Milliseconds that are read again.
    pub(crate) overlap: i64,
    /// Milliseconds that are caught up with at most.
    pub(crate) max_catch_up: i64,
    /// When the oldest request began that was not over.
    pub(crate) open_from: Option<LogTime>,
}

/// From when on something is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) time: LogTime,
    /// Up to then nothing is read, for it is too long ago.
    pub(crate) missed: Option<(LogTime, LogTime)>,
}

impl Reach {
    /// From when on to read what was read up to `covered_to`.
    pub(crate) fn from(&self, covered_to: Option<LogTime>) -> From {
        let Some(covered_to) = covered_to else {
            return From { time: self.since, missed: None };
        };
        let covered_to = covered_to.min(self.read_to);
        let limit = LogTime(self.read_to.0.saturating_sub(self.max_catch_up));
        // A request that was not over is missed from its beginning.
        let missed_from = self.open_from.map_or(covered_to, |open| open.min(covered_to));
        let missed = (covered_to < limit).then_some((missed_from, limit));
        let time = LogTime(covered_to.max(limit).0.saturating_sub(self.overlap));
        // A request that was not over is read from its beginning, but no request takes for ever.
        let open = self.open_from.filter(|_| missed.is_none());
        let open = open.map(|open| LogTime(open.0.max(time.0.saturating_sub(LONGEST_REQUEST))));
        let time = open.map_or(time, |open| open.min(time));
        From { time: self.floor.map_or(time, |floor| time.max(floor)), missed }
    }
}

impl Reach {
    /// Up to when something must have been read for the next run to begin at `from`.
    #[cfg(feature = "aws")]
    pub(crate) fn covered_by(&self, from: LogTime) -> LogTime {
        LogTime(from.0.saturating_add(self.overlap))
    }
}

/// A function runs for a quarter of an hour at most.
const LONGEST_REQUEST: i64 = 20 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn reach(open_from: Option<i64>) -> Reach {
        Reach {
            now: LogTime(1000 * MINUTE),
            is_set_back: false,
            read_to: LogTime(1000 * MINUTE),
            since: LogTime(985 * MINUTE),
            floor: Some(LogTime(0)),
            overlap: 10 * MINUTE,
            max_catch_up: 100 * MINUTE,
            open_from: open_from.map(|minute| LogTime(minute * MINUTE)),
        }
    }

    #[track_caller]
    fn check(open: Option<i64>, covered: Option<i64>, want: i64, missed: Option<(i64, i64)>) {
        let time = |minute: i64| LogTime(minute * MINUTE);
        let from = reach(open).from(covered.map(time));
        let missed = missed.map(|(from, to)| (time(from), time(to)));
        assert_eq!(from, From { time: time(want), missed });
    }

    #[test]
    fn a_run_begins_where_the_one_before_ended_and_somewhat_earlier() {
        check(None, None, 985, None);
        check(None, Some(995), 985, None);
        // Where a request began that was not over.
        check(Some(980), Some(995), 980, None);
        check(Some(990), Some(995), 985, None);
        check(Some(1), Some(995), 965, None);
    }

    #[test]
    fn by_a_clock_that_is_not_to_be_trusted_what_was_read_counts() {
        // The clock was hours ahead: nothing of what came since the minute 940 was read.
        let reach = Reach { is_set_back: true, read_to: LogTime(940 * MINUTE), ..reach(None) };
        let from = reach.from(Some(LogTime(1000 * MINUTE)));
        assert_eq!(from, From { time: LogTime(930 * MINUTE), missed: None });
    }

    #[test]
    fn a_long_pause_is_caught_up_with_as_far_as_allowed() {
        check(None, Some(901), 891, None);
        check(None, Some(800), 890, Some((800, 900)));
        check(Some(799), Some(800), 890, Some((799, 900)));
    }
}
