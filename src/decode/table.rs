//! Tables as they are pasted: Markdown, and what consoles and command-line tools draw with bars.
//!
//! | table | row |
//! |---|---|
//! | console and Logs Insights | `\| <time> \| <message> \|`, the time as a date or in milliseconds |
//! | `aws ... --output table` | `\|  <message>  \|` below `+-----+`, or `\|\|  <cell>\|  <cell>\|\|` below the names |
//! | with more columns | what the row with their names says: `\| @timestamp \| @message \| @logStream \|` |
//!
//! Only the message may hold bars, so the cells in front of it are told from the left and those behind it
//! from the right. Without a row that names the columns, all behind the time is the message.
//!
//! Must not: keep a row.

use memchr::{memchr, memchr_iter, memrchr};

use crate::decode::column::{Column, time};
use crate::decode::emit::Told;
use crate::decode::header::{Begin, Head, Span, copied, indentation, looks_like_stream, millis};
use crate::decode::insights;
use crate::decode::stamp::Clock;

/// What is known of the table that the text is in.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Empty where no row named them.
    columns: Vec<Column>,
    /// Whether a bar ends its rows.
    is_closed: bool,
}

/// Titles have no more cells than this.
const MOST_COLUMNS: usize = 64;

impl Table {
    /// The table whose columns this line names, if it does. A line of the AWS CLI (`+-----+`) tells that
    /// there is one; who asks for one column asks for the message.
    pub(crate) fn titled(line: &[u8]) -> Option<Self> {
        if let Some(drawn) = line.trim_ascii().strip_prefix(b"+-")
            && let Some(drawn) = drawn.strip_suffix(b"-+")
            && drawn.iter().all(|byte| matches!(byte, b'-' | b'+'))
        {
            let is_one = !drawn.contains(&b'+');
            let columns = if is_one { vec![Column::Message] } else { Vec::new() };
            return Some(Self { columns, is_closed: is_one });
        }
        let text = line.get(memchr(b'|', line)? + 1..)?.trim_ascii_end();
        let (text, is_closed) = text.strip_suffix(b"|").map_or((text, false), |text| (text, true));
        let names = || text.split(|byte| *byte == b'|').map(<[u8]>::trim_ascii);
        let has = |column: Column| names().any(|name| Column::named(name) == column);
        // One name alone may be a cell of any table: `| @message | <message> |`, a field and its value.
        let is_name = |name: &[u8]| name.starts_with(b"@") || Column::named(name) != Column::Other;
        let is_title = has(Column::Message)
            && (has(Column::Time)
                || names().any(|name| name.eq_ignore_ascii_case(b"@message"))
                    && names().all(is_name));
        if !is_title || names().count() > MOST_COLUMNS {
            return None;
        }
        Some(Self { columns: names().map(Column::named).collect(), is_closed })
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether a line that begins with `-` is one of the table's.
    pub(crate) fn is_decoration(&self, text: &[u8]) -> bool {
        is_separator_row(text)
            || self.is_known() && text.trim_ascii_end().iter().all(|byte| *byte == b'-')
    }

    /// A line that has a bar at `at`.
    pub(crate) fn row(&self, line: &[u8], at: usize, clock: &mut Clock) -> Begin {
        let text = line.get(at..).unwrap_or_default();
        if is_separator_row(text) {
            return Begin::Noise;
        }
        if Self::titled(text).is_some() {
            return Begin::Title;
        }
        if is_title_row(text) {
            return Begin::Noise;
        }
        let head = if self.is_known() {
            self.titled_row(line, at + 1, clock)
        } else {
            untitled_row(line, at + 1, clock)
        };
        head.map_or(Begin::Unknown, Begin::Stamped)
    }

    /// The cells in front of the message.
    fn titled_row(&self, line: &[u8], mut from: usize, clock: &mut Clock) -> Option<Head> {
        let mut head = Head { is_row: true, ..Head::default() };
        for column in self.columns.iter().take_while(|column| **column != Column::Message) {
            let end = from + memchr(b'|', line.get(from..)?)?;
            let cell = trimmed(line, (from, end));
            let text = line.get(cell.0..cell.1)?;
            match column {
                Column::Time => head.time = Some(time(text, clock)?),
                Column::Ingested => head.ingested = time(text, clock),
                Column::Stream => head.stream = Some(cell),
                Column::Log => head.group = Some((cell.1 - insights::group(text).len(), cell.1)),
                Column::Message | Column::Other => {}
            }
            from = end + 1;
        }
        head.message = line.len() - line.get(from..)?.trim_ascii_start().len();
        Some(head)
    }

    /// Whether a row whose last line ends in a bar has all its cells.
    pub(crate) fn is_whole(&self, row: &[u8]) -> bool {
        self.is_closed && memchr_iter(b'|', row).count() > self.columns.len()
    }

    /// Takes the cells that stand behind the message of a row from its end.
    pub(crate) fn cut<'a>(&self, told: Told<'a>, clock: &mut Clock) -> Told<'a> {
        if !self.is_known() {
            return told;
        }
        let message = told.message.trim_ascii_end();
        let whole = Told { message, ..told };
        let mut rest = match message.strip_suffix(b"|") {
            Some(rest) => rest,
            None if self.is_closed => return whole,
            None => message,
        };
        let mut cut = whole;
        for column in self.columns.iter().rev().take_while(|column| **column != Column::Message) {
            let Some(bar) = memrchr(b'|', rest) else { return whole };
            let cell = rest.get(bar + 1..).unwrap_or_default().trim_ascii();
            column.tell(cell, &mut cut, clock);
            rest = rest.get(..bar).unwrap_or_default();
        }
        Told { message: rest.trim_ascii_end(), ..cut }
    }
}

/// `| <time or stream> | <message> |`, with or without the last bar.
fn untitled_row(line: &[u8], from: usize, clock: &mut Clock) -> Option<Head> {
    let cell = from + line.get(from..).map_or(0, indentation);
    let rest = line.get(cell..)?;
    let mut head = Head { is_row: true, ..Head::default() };
    let behind = if let Some(stamp) = clock.iso(rest) {
        head.time = Some(stamp.time);
        rest.get(stamp.length..)?
    } else if let Some((digits, behind)) = rest.split_first_chunk::<13>()
        && let Some(time) = millis(digits)
    {
        head.time = Some(time);
        behind
    } else {
        let end = memchr(b'|', rest)?;
        let stream = rest.get(..end)?.trim_ascii_end();
        if looks_like_stream(stream) {
            head.stream = Some((cell, cell + stream.len()));
        } else if stream != NOTHING {
            return None;
        }
        rest.get(end..)?
    };
    if let Some(message) = copied(behind) {
        let message = line.len() - message.len();
        return Some(Head { message, is_copied: true, ..head });
    }
    let behind = behind.trim_ascii_start().strip_prefix(b"|")?;
    let message = line.len() - behind.trim_ascii_start().len();
    let tail = match line.trim_ascii_end().strip_suffix(b"|") {
        Some(body) if body.len() > message => line.len() - body.trim_ascii_end().len(),
        Some(_) | None => 0,
    };
    Some(Head { message, tail, ..head })
}

/// A cell of the AWS CLI for a value that is not there: get-log-events names no streams.
const NOTHING: &[u8] = b"None";

/// A cell without the blanks around it.
fn trimmed(line: &[u8], (from, end): Span) -> Span {
    let text = line.get(from..end).unwrap_or_default();
    let begin = end - text.trim_ascii_start().len();
    (begin, begin + text.trim_ascii().len())
}

/// `|---|---|` and `-- | --`.
fn is_separator_row(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t' | b'+'))
        && memchr(b'|', text).is_some()
        && memchr(b'-', text).is_some()
}

/// `| Timestamp (UTC) | Message |`: names that tell no column.
fn is_title_row(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let has = |name: &[u8]| memchr::memmem::find(&lower, name).is_some();
    lower.len() < 80 && has(b"timestamp") && has(b"message")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time, group, stream and message of a row below a title.
    fn check(title: &str, row: &str, expected: Option<(Option<i64>, &str, &str, &str)>) {
        let mut clock = Clock::default();
        let table = Table::titled(title.as_bytes()).unwrap_or_default();
        let Begin::Stamped(head) = table.row(row.as_bytes(), 0, &mut clock) else {
            assert_eq!(None, expected, "{title} {row}");
            return;
        };
        let part = |span: Option<Span>| span.map(|(from, to)| &row.as_bytes()[from..to]);
        let message = &row.as_bytes()[head.message..row.len() - head.tail];
        let (group, stream) = (part(head.group), part(head.stream));
        let told = Told { time: head.time, group, stream, message, ..Told::default() };
        let told = if head.is_row { table.cut(told, &mut clock) } else { told };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let [group, stream, message] =
            [told.group.unwrap_or_default(), told.stream.unwrap_or_default(), told.message]
                .map(text);
        let got = (told.time.map(|time| time.0), &*group, &*stream, &*message);
        assert_eq!(Some(got), expected, "{title} {row}");
    }

    #[test]
    fn a_row_is_cut_as_the_title_says() {
        let time = Some(1_795_341_600_120);
        let all = "| @timestamp | @message | @logStream | @log |";
        for (title, row, expected) in [
            ("", "| 1795341600120 | a | b |", Some((time, "", "", "a | b"))),
            ("", "| 1795341600120 | a", Some((time, "", "", "a"))),
            ("", "| 179534160012 | a |", None),
            ("", "| 17953416001200 | a |", None),
            ("", "| a | b |", None),
            ("| timestamp | message |", "| 1795341600120 | a | b |", Some((time, "", "", "a | b"))),
            (
                all,
                "| 2026-11-22 10:00:00.120 | a | b | s | 1:/g |",
                Some((time, "/g", "s", "a | b")),
            ),
            (all, "| 2026-11-22 10:00:00.120 |  |  |  |", Some((time, "", "", ""))),
            // What stands behind a row that was cut is not told apart.
            (all, "| 2026-11-22 10:00:00.120 | a | s", Some((time, "", "", "a | s"))),
            (all, "| yesterday | a | s | g |", None),
            ("|@message|", "|{ \"a\": 1 }|", Some((None, "", "", "{ \"a\": 1 }"))),
            (
                "| @logStream | @message | @requestId | @timestamp |",
                "| s | a | x | 2026-11-22 10:00:00.120 |",
                Some((time, "", "s", "a")),
            ),
            (
                "| @log | @timestamp | @message",
                "| 012:/g | 2026-11-22 10:00:00.120 | a",
                Some((time, "/g", "", "a")),
            ),
        ] {
            check(title, row, expected);
        }
    }

    #[test]
    fn a_title_has_a_cell_for_the_message() {
        for title in
            ["|   timestamp   |     message     |", "|@message|", "  | Message | Timestamp"]
        {
            assert!(Table::titled(title.as_bytes()).is_some(), "{title}");
        }
        for row in [
            "| message |",
            "| the timestamp | the message |",
            "@message",
            "| @timestamp |",
            "",
            "||  @message  |  a  ||",
            "| @message | a |",
        ] {
            assert!(Table::titled(row.as_bytes()).is_none(), "{row}");
        }
    }
}
