//! Time by the clock of the log events; never the clock of this machine.
//!
//! Must not: read a clock.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

const MILLIS_OF_DAY: i64 = 86_400_000;

/// Milliseconds since the Unix epoch (UTC), as CloudWatch stamps log events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogTime(pub i64);

impl LogTime {
    /// Milliseconds between two times, whichever is later.
    pub fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }

    /// As a calendar time; `None` outside the years that chrono can express.
    pub fn calendar(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }

    /// RFC 3339 in UTC with milliseconds; `None` where the year does not have four digits. Dates are
    /// counted from March on, as <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
    /// does, which takes a tenth of the time that chrono takes.
    pub fn rfc3339(self) -> Option<[u8; 24]> {
        let (days, millis) = (self.0.div_euclid(MILLIS_OF_DAY), self.0.rem_euclid(MILLIS_OF_DAY));
        let since_march = days + 719_468;
        let (era, day) = (since_march.div_euclid(146_097), since_march.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        if !(0..=9999).contains(&year) {
            return None;
        }
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let date = (year * 100 + month) * 100 + day;
        let mut digits = ((date * 100 + hour) * 100 + minute) * 100_000 + second * 1000 + millis;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for digit in text.iter_mut().rev().filter(|byte| **byte == b'0') {
            *digit += u8::try_from(digits % 10).unwrap_or_default();
            digits /= 10;
        }
        Some(text)
    }

    /// Parses RFC 3339 (`2026-11-22T10:00:00.000Z`, any offset).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-22T10:00:00.000Z`.
impl fmt::Display for LogTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.rfc3339() {
            return f.write_str(std::str::from_utf8(&text).unwrap_or_default());
        }
        match self.calendar() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(time: i64) {
        let text = LogTime(time).rfc3339().map(|text| String::from_utf8_lossy(&text).into_owned());
        let calendar = LogTime(time).calendar();
        let want = calendar.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
        assert_eq!(text, want.filter(|want| want.len() == 24), "{time}");
    }

    #[test]
    fn times_are_written_as_by_chrono() {
        let day = MILLIS_OF_DAY;
        (0..1000).for_each(|days| check(days * day * 146 - 1));
        for time in [0, -1, 951_782_400_000, 1_582_934_400_000, 253_402_300_799_999] {
            check(time);
        }
        for time in
            [253_402_300_800_000, -62_167_219_200_000, -62_167_219_200_001, i64::MAX, i64::MIN]
        {
            check(time);
        }
    }

    proptest! {
        #[test]
        fn any_time_is_written_as_by_chrono(time in -62_167_219_300_000_i64..253_402_300_900_000) {
            check(time);
        }
    }
}
