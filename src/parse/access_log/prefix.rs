//! What tools write in front of a line in JSON. The formats that are no JSON are told with it, too.
//!
//! Must not: take a word of an application (`event: {...}`) for one.

use memchr::{memchr, memchr_iter};

/// More is no prefix.
const LONGEST: usize = 256;

/// The object behind the name of a file, as grep writes it, or behind a time.
pub(super) fn json(text: &[u8]) -> Option<&[u8]> {
    if matches!(text, [b'{', ..]) || !text.ends_with(b"}") {
        return None;
    }
    let at = memchr(b'{', text.get(..LONGEST).unwrap_or(text))?;
    let (prefix, object) = text.split_at_checked(at)?;
    (is_of_grep(prefix) || is_time(prefix.trim_ascii_end())).then_some(object)
}

/// `access.log:`, `logs/access:`, `access.log:12:`.
fn is_of_grep(prefix: &[u8]) -> bool {
    let Some(name) = prefix.strip_suffix(b":") else { return false };
    let number = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    let is_numbered = number.len() < name.len() && number.iter().all(u8::is_ascii_digit);
    (is_numbered || name.iter().any(|byte| matches!(byte, b'.' | b'/' | b'\\')))
        && !name.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'=' | b','))
}

/// `04/21/2022 18:27:42:`, `2026-11-22T10:00:00.120Z`, `[18:27:42.120]`.
fn is_time(prefix: &[u8]) -> bool {
    let is_part = |byte: &u8| {
        byte.is_ascii_digit()
            || matches!(
                byte,
                b'/' | b'-' | b':' | b'.' | b',' | b'+' | b' ' | b'T' | b'Z' | b'[' | b']'
            )
    };
    prefix.iter().all(is_part)
        && memchr_iter(b':', prefix).count() >= 2
        && prefix.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
}
