//! Rows of the console that were expanded: the message is there twice, and a button's text before it.
//!
//! Must not: leave a message out that is not there twice.

use memchr::{memchr, memmem, memrchr};

use crate::decode::Count;
use crate::decode::emit::{Emitter, Told};
use crate::decode::header::starts_with_id;
use crate::decode::wrapped::emit;

/// A row of the console. Where it was expanded, the message is there twice, the second time with
/// its JSON pretty-printed.
pub(crate) fn row(emitter: &mut Emitter<'_>, told: Told<'_>) {
    let message = before_number(behind_button(told.message.trim_ascii_end()));
    if message.is_empty() {
        return;
    }
    let told = Told { message, ..told };
    let first_end = memchr(b'\n', message);
    let two = first_end
        .and_then(|_| memmem::find(message, b"\n\n"))
        .or(first_end)
        .and_then(|at| Some((message.get(..at)?, message.get(at..)?.trim_ascii_start())));
    match two {
        Some((first, second)) if is_cut_of(first, second) => {
            emitter.count(Count::Duplicates, 1);
            emit(emitter, Told { message: second, ..told });
        }
        Some((first, second)) if is_cut_of(second, first) => {
            emitter.count(Count::Duplicates, 1);
            emit(emitter, Told { message: first, ..told });
        }
        Some((first, second)) if starts_with_id(second) => {
            emit(emitter, Told { message: first, ..told });
            emit(emitter, Told { message: second, ..told });
        }
        Some(_) | None => emit(emitter, told),
    }
}

/// Whether `short` is the beginning of `long` but for blanks, and long enough to be no accident.
pub(crate) fn is_cut_of(short: &[u8], long: &[u8]) -> bool {
    const NO_ACCIDENT: usize = 24;
    let mut long = long.iter().filter(|byte| !byte.is_ascii_whitespace());
    let mut same = 0;
    for byte in short.iter().filter(|byte| !byte.is_ascii_whitespace()) {
        if long.next() != Some(byte) {
            return false;
        }
        same += 1;
    }
    same >= NO_ACCIDENT || long.next().is_none()
}

/// A line of an execution log without the number of the next row, which Logs Insights has on a line of
/// its own.
fn before_number(message: &[u8]) -> &[u8] {
    const MOST_DIGITS: usize = 5;
    let end = memrchr(b'\n', message).filter(|_| starts_with_id(message));
    let Some(end) = end else { return message };
    let (before, last) = message.split_at_checked(end).unwrap_or_default();
    let number = last.trim_ascii();
    let is_number = number.len() <= MOST_DIGITS && number.iter().all(u8::is_ascii_digit);
    if is_number { before.trim_ascii_end() } else { message }
}

/// The button that copies a message.
pub(crate) fn is_button(line: &[u8]) -> bool {
    line.trim_ascii() == b"Copy"
}

/// A message without the line of the button that copies it.
pub(crate) fn behind_button(message: &[u8]) -> &[u8] {
    let line = message.trim_ascii_start().strip_prefix(b"Copy");
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    let behind = line.and_then(|behind| {
        let blanks = behind.iter().take_while(|byte| is_blank(byte)).count();
        behind.get(blanks..)?.strip_prefix(b"\n")
    });
    behind.map_or(message, <[u8]>::trim_ascii_start)
}

/// The two cells of an expanded row, told as one message: `<message> | <message>`.
pub(crate) fn cell(emitter: &mut Emitter<'_>, told: Told<'_>) {
    // A message that has this more often is no row of the console.
    const MOST_BARS: usize = 64;
    let message = told.message.trim_ascii_end();
    let parts = memmem::find_iter(message, b" | ").take(MOST_BARS).find_map(|bar| {
        let (first, second) = (message.get(..bar)?, message.get(bar + 3..)?);
        is_cut_of(first, second).then_some(second)
    });
    emitter.count(Count::Duplicates, u64::from(parts.is_some()));
    emit(emitter, Told { message: parts.unwrap_or(message), ..told });
}
