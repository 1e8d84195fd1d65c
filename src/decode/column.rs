//! Columns of CSV and of tables: what their names mean.
//!
//! Must not: know how rows are written.

use crate::decode::emit::Told;
use crate::decode::insights;
use crate::decode::number::whole;
use crate::decode::stamp::Clock;
use crate::model::LogTime;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Time,
    Message,
    Ingested,
    Stream,
    /// `@log`: account and group.
    Log,
    Other,
}

impl Column {
    /// The column of this name, as the console, Logs Insights and the API write them.
    pub(crate) fn named(name: &[u8]) -> Self {
        const NAMES: &[(&[u8], Column)] = &[
            (b"timestamp", Column::Time),
            (b"@timestamp", Column::Time),
            (b"message", Column::Message),
            (b"@message", Column::Message),
            (b"ingestiontime", Column::Ingested),
            (b"@ingestiontime", Column::Ingested),
            (b"logstreamname", Column::Stream),
            (b"logstream", Column::Stream),
            (b"@logstream", Column::Stream),
            (b"@log", Column::Log),
            // Splunk's.
            (b"_time", Column::Time),
            (b"_raw", Column::Message),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or(Self::Other, |(_, column)| *column)
    }

    /// Tells what a cell of this column says of its event.
    #[inline]
    pub(crate) fn tell<'a>(self, cell: &'a [u8], told: &mut Told<'a>, clock: &mut Clock) {
        match self {
            Self::Time => told.time = time(cell, clock),
            Self::Ingested => told.ingested = time(cell, clock),
            Self::Message => told.message = cell,
            Self::Stream => told.stream = Some(cell),
            Self::Log => told.group = Some(insights::group(cell)),
            Self::Other => {}
        }
    }
}

/// Milliseconds since the epoch, or a date.
pub(crate) fn time(field: &[u8], clock: &mut Clock) -> Option<LogTime> {
    let text = field.trim_ascii();
    let any = || std::str::from_utf8(text).ok()?.parse().ok();
    whole(text)
        .map(LogTime)
        .or_else(|| clock.iso(text).map(|stamp| stamp.time))
        .or_else(|| any().map(LogTime))
}
