//! Times in state files and payloads: RFC 3339 in UTC, with milliseconds.
//!
//! Must not: accept what it would not write.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::model::LogTime;

/// The years that RFC 3339 has: 0 to 9999. Whoever writes a log may date it otherwise.
const YEARS: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

/// Writes a time.
pub fn serialize<S: Serializer>(time: &LogTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&LogTime(time.0.clamp(YEARS.0, YEARS.1)))
}

/// Reads a time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LogTime, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    LogTime::parse_rfc3339(&text)
        .ok_or_else(|| de::Error::custom(format!("`{text}` is no time; expected RFC 3339")))
}

/// The same for a time that may be unknown.
pub mod option {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::alert::stamp;
    use crate::model::LogTime;

    /// Writes a time, or `null`.
    pub fn serialize<S: Serializer>(
        time: &Option<LogTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => stamp::serialize(time, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a time, or `null`.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<LogTime>, D::Error> {
        #[derive(Deserialize)]
        struct Wrapped(#[serde(with = "crate::alert::stamp")] LogTime);
        let wrapped = Option::<Wrapped>::deserialize(deserializer)?;
        Ok(wrapped.map(|wrapped| wrapped.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_is_written_can_be_read() {
        for time in [i64::MIN, YEARS.0, 0, 1_795_341_600_000, YEARS.1, i64::MAX] {
            let mut out = Vec::new();
            serialize(&LogTime(time), &mut serde_json::Serializer::new(&mut out)).expect("JSON");
            let read = deserialize(&mut serde_json::Deserializer::from_slice(&out));
            assert_eq!(read.expect("a time").0, time.clamp(YEARS.0, YEARS.1));
        }
    }
}
