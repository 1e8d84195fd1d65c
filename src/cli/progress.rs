//! How far a long scan is: one line on standard error that is rewritten while it runs.
//!
//! Reading and analysis only add to counters; a thread of its own looks at them now and then.
//!
//! Must not: show a name of a file or anything else that a log holds, or keep the end waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use corscope::sources::meter::Meter;

use crate::cli::ranges;
use crate::cli::terminal::{rewrite_line, stderr_width};
use crate::cli::time::Stopwatch;

/// What takes less shows nothing.
const FIRST: Duration = Duration::from_secs(1);
/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

/// What a scan counts while it runs.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Bytes that were read.
    pub(crate) meter: Meter,
    /// Exchanges with findings.
    found: AtomicU64,
}

impl Progress {
    /// An exchange with findings.
    pub(crate) fn found(&self) {
        self.found.fetch_add(1, Ordering::Relaxed);
    }

    /// `1.2 GB of 4.0 GB, 30 %, 850.0 MB/s, about 3 s left, findings in 17 requests`. What nobody can
    /// know is left out: the total of a pipe, and of files that have grown since.
    fn line(&self, total: Option<u64>, elapsed: Duration) -> String {
        let read = self.meter.bytes();
        let millis = elapsed.as_millis().max(1);
        let rate = u64::try_from(u128::from(read) * 1000 / millis).unwrap_or(u64::MAX);
        let (read_size, rate_size) = (ranges::size(read), ranges::size(rate));
        let far = match total.filter(|total| *total >= read) {
            Some(total) if read > 0 => {
                let percent = u128::from(read) * 100 / u128::from(total);
                let left = u128::from(total - read) * millis / u128::from(read);
                let (total, left) = (ranges::size(total), duration(left.div_ceil(1000)));
                format!("{read_size} of {total}, {percent} %, {rate_size}/s, about {left} left")
            }
            Some(_) | None => format!("{read_size}, {rate_size}/s"),
        };
        match self.found.load(Ordering::Relaxed) {
            0 => format!("{far}, no findings so far"),
            1 => format!("{far}, findings in 1 request"),
            found => format!("{far}, findings in {found} requests"),
        }
    }
}

/// Does `work`, and shows meanwhile on standard error how far it is. `total` is asked for when there
/// is something to show: for what is over soon nobody has to look at all files.
pub(crate) fn show<T>(
    progress: &Progress,
    total: impl FnOnce() -> Option<u64> + Send,
    work: impl FnOnce() -> T,
) -> T {
    let watch = Stopwatch::start();
    thread::scope(|scope| {
        let (end, ended) = channel::<()>();
        let ticker = thread::Builder::new().name("progress".to_owned());
        // Without a thread there is nothing to see, and that is all.
        let _ = ticker.spawn_scoped(scope, move || {
            let total = std::cell::LazyCell::new(total);
            tick(&ended, [FIRST, EVERY], &mut |is_over| {
                if is_over {
                    return rewrite_line("");
                }
                let line = progress.line(*total, watch.elapsed());
                rewrite_line(&fitting(line, stderr_width()));
            });
        });
        let done = work();
        // This wakes the thread, and the scope waits until its line is gone.
        drop(end);
        done
    })
}

/// Calls `look` after the first pause and then after each further one, until the other end of
/// `ended` is gone; then once more with `true`, if there is something to take away.
fn tick(ended: &Receiver<()>, [first, every]: [Duration; 2], look: &mut dyn FnMut(bool)) {
    let mut pause = first;
    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        look(false);
        pause = every;
    }
    if pause == every {
        look(true);
    }
}

/// A line that the terminal would wrap could not be rewritten.
fn fitting(mut line: String, width: usize) -> String {
    // The text is ASCII.
    line.truncate(width.saturating_sub(1));
    line
}

/// `7 s`, `2 min 5 s`, `3 h 0 min`.
fn duration(seconds: u128) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: u64, total: Option<u64>, found: u64, millis: u64, want: &str) {
        let progress = Progress::default();
        progress.meter.add(read);
        (0..found).for_each(|_| progress.found());
        assert_eq!(progress.line(total, Duration::from_millis(millis)), want);
    }

    #[test]
    fn the_line_says_how_far_how_fast_how_long_and_what_was_found() {
        check(
            1_200_000_000,
            Some(4_000_000_000),
            17,
            1500,
            "1.2 GB of 4.0 GB, 30 %, 800.0 MB/s, about 4 s left, findings in 17 requests",
        );
        check(
            1_000_000,
            Some(200_000_000),
            1,
            1000,
            "1.0 MB of 200.0 MB, 0 %, 1.0 MB/s, about 3 min 19 s left, findings in 1 request",
        );
        check(
            500,
            Some(500),
            0,
            2000,
            "500 bytes of 500 bytes, 100 %, 250 bytes/s, about 0 s left, no findings so far",
        );
    }

    #[test]
    fn without_a_total_there_is_no_end_in_sight() {
        check(3_000_000, None, 2, 1000, "3.0 MB, 3.0 MB/s, findings in 2 requests");
    }

    #[test]
    fn what_has_grown_beyond_its_total_has_none() {
        check(3_000_000, Some(2_999_999), 0, 1000, "3.0 MB, 3.0 MB/s, no findings so far");
    }

    #[test]
    fn numbers_at_their_bounds_are_no_trouble() {
        check(0, Some(0), 0, 0, "0 bytes, 0 bytes/s, no findings so far");
        check(
            u64::MAX,
            Some(u64::MAX),
            0,
            0,
            "18446744.0 TB of 18446744.0 TB, 100 %, 18446744.0 TB/s, about 0 s left, \
             no findings so far",
        );
        check(
            1,
            Some(u64::MAX),
            0,
            1000,
            "1 bytes of 18446744.0 TB, 0 %, 1 bytes/s, about 5124095576030431 h 0 min left, \
             no findings so far",
        );
    }

    #[test]
    fn a_line_fits_into_its_terminal() {
        assert_eq!(fitting("0123456789".to_owned(), 8), "0123456");
        assert_eq!(fitting("0123456789".to_owned(), 80), "0123456789");
        assert_eq!(fitting("0123456789".to_owned(), 0), "");
    }

    /// The looks of a ticker whose work ends after so many of them.
    fn looks(until: usize) -> Vec<bool> {
        let (end, ended) = channel();
        let mut end = (until > 0).then_some(end);
        let mut looks = Vec::new();
        // A second pause of nothing tells the first look from the others.
        let pauses = [Duration::from_nanos(1), Duration::ZERO];
        tick(&ended, pauses, &mut |is_over| {
            looks.push(is_over);
            if looks.len() >= until {
                end.take();
            }
        });
        looks
    }

    #[test]
    fn what_was_shown_is_taken_away_at_the_end() {
        assert_eq!(looks(3), [false, false, false, true]);
    }

    #[test]
    fn work_that_is_over_soon_shows_nothing() {
        assert!(looks(0).is_empty());
    }
}
