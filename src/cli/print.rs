//! Lists and texts on standard output; sentences for people on standard error.
//!
//! Must not: choose what is in them.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use corscope::output::contract::append_json;
use corscope::output::escape::visible;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;

/// Writes a whole text to standard output.
pub(crate) fn print(text: &str) -> Result<ExitStatus, CliError> {
    io::stdout().lock().write_all(text.as_bytes()).map_err(CliError::Write)?;
    Ok(ExitStatus::Clean)
}

/// One sentence for people, on standard error.
pub(crate) fn say(text: &str) {
    // There is nobody left to tell if this fails.
    let _ = writeln!(io::stderr().lock(), "corscope: {}", visible(text));
}

/// One array, a row a line.
pub(crate) fn json(rows: impl Iterator<Item = impl Serialize>) -> Result<ExitStatus, CliError> {
    let mut bytes = vec![b'['];
    for (number, row) in rows.enumerate() {
        bytes.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
        append_json(&mut bytes, &row).map_err(CliError::Write)?;
    }
    bytes.extend_from_slice(b"\n]\n");
    print(&String::from_utf8_lossy(&bytes))
}

/// Columns as wide as their widest cell; the last one as it is.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(&visible(line.trim_end()));
        text.push('\n');
    }
    text
}

/// A number of bytes, for people.
#[cfg(feature = "aws")]
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, size) in UNITS {
        if number >= size {
            let tenths = number / (size / 10);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{number} B")
}
