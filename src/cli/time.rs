//! Times as people type them: `2h ago`, `90m`, `yesterday 14:00`, RFC 3339, dates, epoch.
//!
//! Must not: guess. What can be read in two ways is refused.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use corscope::model::LogTime;

/// No offset.
pub(crate) const UTC: FixedOffset = match FixedOffset::east_opt(0) {
    Some(utc) => utc,
    None => unreachable!(),
};

/// The time by the clock of this machine.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
pub(crate) fn now() -> LogTime {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    LogTime(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// How long something takes, whatever happens to the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Until now.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The day by the clock of this machine, in a zone.
pub(crate) fn today(zone: FixedOffset) -> NaiveDate {
    now().calendar().map_or(NaiveDate::MIN, |now| now.with_timezone(&zone).date_naive())
}

/// Which end of the period that a text names is meant: `2017-06-05` begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// `--since`.
    First,
    /// `--until`: the last millisecond.
    Last,
}

/// Parses a time.
pub(crate) fn parse(
    text: &str,
    now: LogTime,
    zone: FixedOffset,
    end: End,
) -> Result<LogTime, String> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let known = match lower.as_str() {
        "now" => Some(now),
        _ => None,
    };
    known
        .or_else(|| LogTime::parse_rfc3339(text))
        .or_else(|| epoch(text))
        .or_else(|| ago(&lower, now))
        .or_else(|| day_and_time(&lower, now, zone, end))
        .ok_or_else(|| {
            format!(
                "`{text}` is no time; write `90m`, `1h30m`, `2h ago`, `yesterday 14:00`, \
                 `2026-11-22`, `2026-11-22 14:00`, `2026-11-22T14:00:00Z`, or an epoch in \
                 seconds or milliseconds"
            )
        })
}

/// Parses an offset from UTC: `Z`, `UTC`, `+02:00`, `-0530`, `+2`.
pub(crate) fn parse_zone(text: &str) -> Result<FixedOffset, String> {
    let problem = || format!("`{text}` is no offset from UTC; write `UTC`, `+02:00` or `-0530`");
    if matches!(text.to_ascii_lowercase().as_str(), "z" | "utc" | "gmt") {
        return FixedOffset::east_opt(0).ok_or_else(problem);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (None, Some(rest)) => (-1, rest),
        (None, None) => return Err(problem()),
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => rest.split_at_checked(2).ok_or_else(problem)?,
        None => (rest, "0"),
    };
    let hours = two_digits(hours).filter(|hours| *hours <= 14).ok_or_else(problem)?;
    let minutes = two_digits(minutes).filter(|minutes| *minutes < 60).ok_or_else(problem)?;
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)).ok_or_else(problem)
}

fn two_digits(text: &str) -> Option<i32> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Nine or ten digits are seconds (1973 to 2286), twelve or thirteen milliseconds.
fn epoch(text: &str) -> Option<LogTime> {
    let number: i64 =
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        9 | 10 => Some(LogTime(number * 1000)),
        12 | 13 => Some(LogTime(number)),
        _ => None,
    }
}

/// `90m`, `-90m`, `1h30m`, `2h ago`, `2 hours ago`.
fn ago(text: &str, now: LogTime) -> Option<LogTime> {
    let text = text.strip_suffix("ago").unwrap_or(text);
    let text = text.trim().trim_start_matches('-');
    Some(LogTime(now.0.checked_sub(duration(text)?)?))
}

/// Milliseconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(unit_at);
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let milliseconds = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
            "h" | "hour" | "hours" => 3_600_000,
            "d" | "day" | "days" => 86_400_000,
            "w" | "week" | "weeks" => 604_800_000,
            _ => return None,
        };
        let number: i64 = number.parse().ok()?;
        sum = sum.checked_add(number.checked_mul(milliseconds)?)?;
        rest = tail.trim_start();
    }
    (sum > 0).then_some(sum)
}

/// A length of time: `15s`, `2m`, `1h30m`; `0s` is one.
pub(crate) fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    let lower = text.trim().to_ascii_lowercase();
    let milliseconds = if lower == "0s" || lower == "0" { Some(0) } else { duration(&lower) };
    milliseconds
        .and_then(|milliseconds| u64::try_from(milliseconds).ok())
        .map(std::time::Duration::from_millis)
        .ok_or_else(|| format!("`{text}` is no length of time; write `15s`, `2m` or `1h30m`"))
}

/// `today`, `yesterday 14:00`, `14:00`, `2026-11-22`, `2026-11-22 14:00:05`.
fn day_and_time(text: &str, now: LogTime, zone: FixedOffset, end: End) -> Option<LogTime> {
    let today = now.calendar()?.with_timezone(&zone).date_naive();
    // `2026-11-22t14:00`; the `t` of `today` separates nothing.
    let begins_with_year = text.starts_with(|c: char| c.is_ascii_digit());
    let (first, rest) = text
        .split_once(' ')
        .or_else(|| if begins_with_year { text.split_once('t') } else { None })
        .unwrap_or((text, ""));
    let rest = rest.trim();
    let day = match first {
        "today" => Some(today),
        "yesterday" => today.checked_sub_days(Days::new(1)),
        _ => NaiveDate::parse_from_str(first, "%Y-%m-%d").ok(),
    };
    let (start, length) = match (day, rest) {
        (Some(day), "") => (day.and_time(NaiveTime::MIN), 86_400_000),
        (Some(day), rest) => at(day, rest)?,
        (None, "") => at(today, first)?,
        (None, _) => return None,
    };
    let start = zone.from_local_datetime(&start).single()?.timestamp_millis();
    match end {
        End::First => Some(LogTime(start)),
        End::Last => Some(LogTime(start + length - 1)),
    }
}

/// A time of day, and how long the period is that it names.
fn at(day: NaiveDate, text: &str) -> Option<(NaiveDateTime, i64)> {
    let formats = [("%H:%M", 60_000), ("%H:%M:%S", 1000), ("%H:%M:%S%.f", 1)];
    formats.into_iter().find_map(|(format, length)| {
        let time = NaiveTime::parse_from_str(text, format).ok()?;
        Some((day.and_time(time), length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T10:00:00.000Z";

    #[track_caller]
    fn check(text: &str, want: &str) {
        check_in(text, "UTC", End::First, want);
    }

    #[track_caller]
    fn check_in(text: &str, zone: &str, end: End, want: &str) {
        let now = LogTime::parse_rfc3339(NOW).expect("a time");
        let zone = parse_zone(zone).expect("a zone");
        let got = parse(text, now, zone, end).expect("a time");
        assert_eq!(got.to_string(), want, "{text}");
    }

    #[test]
    fn durations_count_back_from_now() {
        check("90m", "2026-11-22T08:30:00.000Z");
        check("1h30m", "2026-11-22T08:30:00.000Z");
        check("-90m", "2026-11-22T08:30:00.000Z");
        check("2h ago", "2026-11-22T08:00:00.000Z");
        check("2 hours ago", "2026-11-22T08:00:00.000Z");
        check("1d", "2026-11-21T10:00:00.000Z");
        check("now", NOW);
    }

    #[test]
    fn days_and_times_of_day_are_in_the_zone() {
        check("yesterday", "2026-11-21T00:00:00.000Z");
        check("yesterday 14:00", "2026-11-21T14:00:00.000Z");
        check("today 09:30:05", "2026-11-22T09:30:05.000Z");
        check("09:30", "2026-11-22T09:30:00.000Z");
        check("2026-11-20", "2026-11-20T00:00:00.000Z");
        check("2026-11-20 14:00", "2026-11-20T14:00:00.000Z");
        check("2026-11-20T14:00:01", "2026-11-20T14:00:01.000Z");
        check_in("2026-11-20 14:00", "+02:00", End::First, "2026-11-20T12:00:00.000Z");
        check_in("today", "-1100", End::First, "2026-11-21T11:00:00.000Z");
    }

    #[test]
    fn until_a_day_means_to_its_end() {
        check_in("2026-11-20", "UTC", End::Last, "2026-11-20T23:59:59.999Z");
        check_in("2026-11-20 14:00", "UTC", End::Last, "2026-11-20T14:00:59.999Z");
    }

    #[test]
    fn exact_times() {
        check("2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000Z");
        check("1700000000", "2023-11-14T22:13:20.000Z");
        check("1700000000123", "2023-11-14T22:13:20.123Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let now = LogTime(0);
        let zone = parse_zone("UTC").expect("a zone");
        for bad in [
            "",
            "soon",
            "5",
            "12345",
            "1x",
            "0m",
            "h",
            "25:00",
            "2026-13-01",
            "ago",
            "1h yesterday",
        ] {
            assert!(parse(bad, now, zone, End::First).is_err(), "{bad}");
        }
        for bad in ["", "2", "+25:00", "+1:99", "Europe/Berlin", "+é:00", "+é1"] {
            assert!(parse_zone(bad).is_err(), "{bad}");
        }
    }
}
