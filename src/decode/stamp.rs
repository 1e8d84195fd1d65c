//! Timestamps as containers write them, parsed at fixed offsets.
//!
//! Must not: guess a zone. Formats without one are UTC by their producers' source code.

use chrono::NaiveDate;

use crate::model::LogTime;

/// A timestamp at the beginning of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) time: LogTime,
    /// How many bytes it takes.
    pub(crate) length: usize,
    pub(crate) separator: Separator,
    pub(crate) zone: Zone,
    /// Digits behind the decimal point.
    pub(crate) fraction: u8,
}

impl Stamp {
    /// Whether `text`, which begins with it, has it as `aws logs tail` prints times: UTC as `+00:00`, with
    /// microseconds unless they are zero.
    #[inline]
    pub(crate) fn is_of_tail(&self, text: &[u8]) -> bool {
        (self.separator, self.zone) == (Separator::T, Zone::Offset)
            && matches!(self.fraction, 0 | 6)
            && text.get(..self.length).is_some_and(|stamp| stamp.ends_with(b"+00:00"))
    }
}

/// What stands between date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    T,
    Blank,
}

/// How the zone is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// `Z`.
    Zulu,
    /// `+02:00`.
    Offset,
    /// Not at all.
    Unsaid,
}

/// Parses timestamps; remembers the last one, since neighbors often share it.
#[derive(Debug)]
pub(crate) struct Clock {
    last: [u8; EXPORT],
    last_time: Option<LogTime>,
    /// The last one as `aws logs tail` writes them.
    tail: [u8; TAIL],
    tail_stamp: Option<Stamp>,
    date: [u8; DATE],
    date_millis: i64,
    /// The second of the last one of an export, and when it began.
    second: [u8; SECOND],
    second_millis: i64,
}

const DATE: usize = 10;
/// `2026-11-22T10:00:00.`.
const SECOND: usize = 20;
/// `2026-11-22T10:00:00.000000+00:00`.
pub(crate) const TAIL: usize = 32;
/// `2026-11-22T10:00:00.000Z`.
pub(crate) const EXPORT: usize = 24;

impl Default for Clock {
    fn default() -> Self {
        Self {
            last: [0; EXPORT],
            last_time: None,
            tail: [0; TAIL],
            tail_stamp: None,
            date: [0; DATE],
            date_millis: 0,
            second: *b"1970-01-01T00:00:00.",
            second_millis: 0,
        }
    }
}

impl Clock {
    /// A time as exports write it (`2026-11-22T10:00:00.000Z`).
    #[inline]
    pub(crate) fn export(&mut self, stamp: &[u8; EXPORT]) -> Option<LogTime> {
        if *stamp == self.last {
            return self.last_time;
        }
        // Within the same second only these differ.
        let (second, [m1, m2, m3, zone]) = stamp.split_last_chunk()?;
        let [m1, m2, m3] = [m1, m2, m3].map(|digit| digit.wrapping_sub(b'0'));
        if m1.max(m2).max(m3) > 9 || *zone != b'Z' {
            return None;
        }
        if *second != self.second {
            self.begin_second(stamp)?;
        }
        let millis = i64::from(m1) * 100 + i64::from(m2) * 10 + i64::from(m3);
        self.last = *stamp;
        self.last_time = Some(LogTime(self.second_millis + millis));
        self.last_time
    }

    fn begin_second(&mut self, stamp: &[u8; EXPORT]) -> Option<()> {
        let Stamp { time, length: EXPORT, separator: Separator::T, fraction: 3, .. } =
            self.iso_uncached(stamp)?
        else {
            return None;
        };
        self.second = *stamp.first_chunk()?;
        self.second_millis = time.0 - time.0.rem_euclid(1000);
        Some(())
    }

    /// ISO 8601 with seconds, at the beginning of `bytes`.
    pub(crate) fn iso(&mut self, bytes: &[u8]) -> Option<Stamp> {
        let export = bytes.first_chunk::<EXPORT>();
        if let Some(time) = self.last_time
            && export == Some(&self.last)
        {
            return Some(Stamp {
                time,
                length: EXPORT,
                separator: Separator::T,
                zone: Zone::Zulu,
                fraction: 3,
            });
        }
        let tail = bytes.first_chunk();
        if let Some(stamp) = self.tail_stamp
            && tail == Some(&self.tail)
        {
            return Some(stamp);
        }
        let stamp = self.iso_uncached(bytes)?;
        if let Some(tail) = tail.filter(|_| stamp.length == TAIL) {
            (self.tail, self.tail_stamp) = (*tail, Some(stamp));
        }
        if let Some(chunk) = export
            && (stamp.length, stamp.zone, stamp.separator) == (EXPORT, Zone::Zulu, Separator::T)
            && stamp.fraction == 3
        {
            self.last = *chunk;
            self.last_time = Some(stamp.time);
        }
        Some(stamp)
    }

    fn iso_uncached(&mut self, bytes: &[u8]) -> Option<Stamp> {
        let [
            y1,
            y2,
            y3,
            y4,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            t,
            h1,
            h2,
            b':',
            i1,
            i2,
            b':',
            s1,
            s2,
            rest @ ..,
        ] = bytes
        else {
            return None;
        };
        let separator = match t {
            b'T' => Separator::T,
            b' ' => Separator::Blank,
            _ => return None,
        };
        let date = [*y1, *y2, *y3, *y4, b'-', *m1, *m2, b'-', *d1, *d2];
        if date != self.date {
            let year = number(*y1, *y2)? * 100 + number(*y3, *y4)?;
            self.date_millis = date_millis(year, number(*m1, *m2)?, number(*d1, *d2)?)?;
            self.date = date;
        }
        let (hour, minute, second) = (number(*h1, *h2)?, number(*i1, *i2)?, number(*s1, *s2)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction, millis) = fraction(rest);
        let rest = rest.get(usize::from(fraction) + usize::from(fraction > 0)..)?;
        let (zone, zone_length, offset) = zone(rest);
        let of_day = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
        Some(Stamp {
            time: LogTime(self.date_millis + of_day - offset),
            length: bytes.len() - rest.len() + zone_length,
            separator,
            zone,
            fraction,
        })
    }
}

fn number(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

fn date_millis(year: i64, month: i64, day: i64) -> Option<i64> {
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// How many digits follow the decimal point, and the milliseconds they say.
fn fraction(rest: &[u8]) -> (u8, i64) {
    let Some((b'.' | b',', digits)) = rest.split_first() else { return (0, 0) };
    let (mut count, mut millis) = (0, 0);
    for digit in digits.iter().take(9).take_while(|byte| byte.is_ascii_digit()) {
        if count < 3 {
            millis = millis * 10 + i64::from(digit - b'0');
        }
        count += 1;
    }
    let scale = match count {
        1 => 100,
        2 => 10,
        _ => 1,
    };
    (count, millis * scale)
}

/// The zone, its length, and its offset in milliseconds.
fn zone(rest: &[u8]) -> (Zone, usize, i64) {
    match rest {
        [b'Z', ..] => (Zone::Zulu, 1, 0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => offset(*sign, [*h1, *h2, *m1, *m2], 6),
        [sign @ (b'+' | b'-'), h1, h2, m1, m2, ..] => offset(*sign, [*h1, *h2, *m1, *m2], 5),
        _ => (Zone::Unsaid, 0, 0),
    }
}

fn offset(sign: u8, [h1, h2, m1, m2]: [u8; 4], length: usize) -> (Zone, usize, i64) {
    let (Some(hours), Some(minutes)) = (number(h1, h2), number(m1, m2)) else {
        return (Zone::Unsaid, 0, 0);
    };
    let millis = (hours * 60 + minutes) * 60_000;
    (Zone::Offset, length, if sign == b'-' { -millis } else { millis })
}

/// `Tue Oct 12 21:09:59 UTC 2021`, as test invocations write it: the time, and how many bytes.
pub(crate) fn test_invoke(bytes: &[u8]) -> Option<(LogTime, usize)> {
    const LENGTH: usize = 28;
    let [
        _,
        _,
        _,
        b' ',
        mon1,
        mon2,
        mon3,
        b' ',
        d1,
        d2,
        b' ',
        h1,
        h2,
        b':',
        i1,
        i2,
        b':',
        s1,
        s2,
        b' ',
        b'U',
        b'T',
        b'C',
        b' ',
        y1,
        y2,
        y3,
        y4,
        ..,
    ] = bytes
    else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == [*mon1, *mon2, *mon3])?;
    let day = number(if *d1 == b' ' { b'0' } else { *d1 }, *d2)?;
    let year = number(*y1, *y2)? * 100 + number(*y3, *y4)?;
    let date = date_millis(year, i64::try_from(month).ok()? + 1, day)?;
    let seconds = (number(*h1, *h2)? * 60 + number(*i1, *i2)?) * 60 + number(*s1, *s2)?;
    Some((LogTime(date + seconds * 1000), LENGTH))
}

const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<(i64, usize)> {
        Clock::default().iso(text.as_bytes()).map(|stamp| (stamp.time.0, stamp.length))
    }

    #[test]
    fn every_way_to_write_a_time() {
        let expected = 1_795_341_600_120;
        for (text, length) in [
            ("2026-11-22T10:00:00.120Z x", 24),
            ("2026-11-22T10:00:00.12Z", 23),
            ("2026-11-22T10:00:00.120000+00:00 s", 32),
            ("2026-11-22T12:00:00.120+02:00", 29),
            ("2026-11-22T05:30:00.120-0430 ", 28),
            ("2026-11-22 10:00:00.120", 23),
            ("2026-11-22T10:00:00.120999", 26),
        ] {
            assert_eq!(iso(text), Some((expected, length)), "{text}");
        }
        assert_eq!(iso("2026-11-22T10:00:00"), Some((1_795_341_600_000, 19)));
        for text in ["2026-13-22T10:00:00Z", "2026-11-22", "2026-11-22T25:00:00Z", "0000000"] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_that_knows_a_time_reads_others_as_a_new_one() {
        let mut clock = Clock::default();
        for text in [
            "2026-11-22T10:00:00.120000+00:00 s",
            "2026-11-22T10:00:00.120000+00:00",
            "2026-11-22T10:00:00.120000+00:01 s",
            "2026-11-22T10:00:00.120001+00:00 s",
            "2026-11-22T10:00:00.1200000+0000 s",
            "2026-11-22T10:00:00.120000+00:00:30",
            "2026-11-22 10:00:00.120000+00:00 s",
            "2026-11-22T10:00:00.120Z",
            "2026-11-22T10:00:00.120000+00:00 s",
            "2026-11-22T10:00:00.120000+00:0",
        ] {
            let new = Clock::default().iso(text.as_bytes());
            assert_eq!(clock.iso(text.as_bytes()), new, "{text}");
            assert_eq!(clock.iso(text.as_bytes()), new, "{text}, again");
        }
    }

    #[test]
    fn what_exports_write_is_what_iso_says() {
        let mut clock = Clock::default();
        for stamp in [
            b"2026-11-22T10:00:00.120Z",
            b"2026-11-22T10:00:00.121Z",
            b"2026-11-22T10:00:00.1x1Z",
            b"2026-11-22T10:00:00.121z",
            b"2026-11-22 10:00:00.121Z",
            b"2026-11-22T10:00:00,121Z",
            b"2026-11-22T10:00:01.999Z",
            b"2026-11-22T10:00:01.12ZZ",
            b"1969-12-31T23:59:59.001Z",
            b"1970-01-01T00:00:00.000Z",
            b"2026-13-22T10:00:00.000Z",
            &[0; EXPORT],
        ] {
            let written = iso(&String::from_utf8_lossy(stamp)).filter(|_| stamp[10] == b'T');
            let written = written.filter(|(_, length)| *length == EXPORT).map(|(time, _)| time);
            assert_eq!(clock.export(stamp).map(|time| time.0), written, "{stamp:?}");
        }
    }

    #[test]
    fn the_cache_does_not_change_the_answer() {
        let mut clock = Clock::default();
        for text in
            ["2026-11-22T10:00:00.120Z", "2026-11-22T10:00:00.120Z", "2026-11-22T10:00:00.121Z"]
        {
            let fresh = Clock::default().iso(text.as_bytes());
            assert_eq!(clock.iso(text.as_bytes()), fresh);
        }
    }

    #[test]
    fn test_invoke_time() {
        let time = test_invoke(b"Tue Oct 12 21:09:59 UTC 2021 : x");
        assert_eq!(time, Some((LogTime(1_634_072_999_000), 28)));
        assert_eq!(test_invoke(b"Tue Okt 12 21:09:59 UTC 2021 : x"), None);
    }
}
