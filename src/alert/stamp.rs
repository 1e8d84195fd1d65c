//! Times in state files and payloads: RFC 3339 in UTC, with milliseconds.
//!
//! Must not: accept what it would not write.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::model::LogTime;

/// Writes a time.
pub fn serialize<S: Serializer>(time: &LogTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
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
