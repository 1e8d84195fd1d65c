//! Lines of execution logs as people cite them: behind an elision or the mark of a list, between quotation
//! marks, behind a few words and a colon.
//!
//! Must not: take a line for one that goes on as a sentence, or whose label anybody may write.

use crate::decode::continuation::{is_label, is_usual_start};
use crate::decode::header::{Begin, Head};
use crate::decode::quote::is_bullet;

/// Marks that a quotation stands between. What is code in Markdown may be a mention.
const PAIRS: &[(&str, &[&str])] = &[
    ("\"", &["\""]),
    ("'", &["'"]),
    ("\u{2018}", &["\u{2019}"]),
    ("\u{201c}", &["\u{201d}"]),
    ("\u{201e}", &["\u{201c}", "\u{201d}"]),
    ("\u{ab}", &["\u{bb}"]),
    ("\u{300c}", &["\u{300d}"]),
    ("\u{300e}", &["\u{300f}"]),
];
/// Words in front of a line that is cited.
const MOST_WORDS: usize = 4;
/// What only execution logs say. It may stand behind other words.
const DISTINCT: &[&[u8]] = &[
    b"Execution failed due to ",
    b"Lambda execution failed with status ",
    b"Lambda invocation failed with status: ",
    b"Method completed with status: ",
    b"There was an internal error while executing ",
];

/// What a line is that cites one, without blanks in front.
pub(super) fn begin(line: &[u8], at: usize) -> Option<Begin> {
    let text = line.get(at..)?.trim_ascii_end();
    let bare = behind_elision(text).or_else(|| behind_bullet(text)).unwrap_or(text);
    let (label, rest) = match behind_words(bare) {
        Some(rest) => (true, rest),
        None => (false, bare),
    };
    let is_distinct = |message: &[u8]| DISTINCT.iter().any(|start| message.starts_with(start));
    // What is deeper may be a dump.
    let (message, behind) = match within(rest) {
        Some(_) if label && text.ends_with(b",") => None,
        Some(quoted) => Some(quoted).filter(|(message, _)| at == 0 && is_distinct(message)),
        None if label => (at == 0 && is_distinct(rest)).then_some((rest, 0)),
        None => (bare.len() < text.len() && is_usual_start(bare)).then_some((rest, 0)),
    }?;
    let tail = line.len() - at - text.len() + behind;
    let message = at + text.len() - behind - message.len();
    Some(Begin::Usual(Head { tail, ..Head::at(message) }))
}

/// The message behind the time of a test invocation: ` : ` is written there, and people lose some of it.
pub(super) fn behind_time(text: &[u8]) -> Option<&[u8]> {
    if let Some(message) = text.strip_prefix(b" :") {
        return Some(message.strip_prefix(b" ").unwrap_or(message));
    }
    let message = text.strip_prefix(b": ").or_else(|| text.strip_prefix(b" "))?;
    is_usual_start(message).then_some(message)
}

/// What stands behind `...`.
fn behind_elision(text: &[u8]) -> Option<&[u8]> {
    let marks = ["...", "\u{2026}"];
    let behind = marks.iter().find_map(|mark| text.strip_prefix(mark.as_bytes()))?;
    let behind = behind.trim_ascii_start();
    Some(behind.strip_prefix(b": ").unwrap_or(behind))
}

/// What stands behind `- ` or `1. `.
fn behind_bullet(text: &[u8]) -> Option<&[u8]> {
    let blank = text.iter().position(|byte| *byte == b' ')?;
    let (word, behind) = text.split_at_checked(blank)?;
    is_bullet(word).then(|| behind.trim_ascii_start())
}

/// What stands behind `API Gateway execution log: `: a few words of letters.
fn behind_words(text: &[u8]) -> Option<&[u8]> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (words, behind) = text.split_at_checked(colon)?;
    let is_words = words.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b' ')
        && words.split(|byte| *byte == b' ').count() <= MOST_WORDS;
    let behind = behind.strip_prefix(b": ")?;
    (is_words && !is_label(text)).then(|| behind.trim_ascii_start())
}

/// What stands between quotation marks, and how long the closing mark and the punctuation behind it are.
fn within(text: &[u8]) -> Option<(&[u8], usize)> {
    let (open, closing) = PAIRS.iter().find(|(open, _)| text.starts_with(open.as_bytes()))?;
    let inner = text.get(open.len()..)?;
    let bare = match inner {
        [bare @ .., b',' | b';' | b'.'] => bare,
        _ => inner,
    };
    let message = closing.iter().find_map(|close| bare.strip_suffix(close.as_bytes()))?;
    Some((message, inner.len() - message.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str =
        "Execution failed due to configuration error: Malformed Lambda proxy response";

    #[track_caller]
    fn message(line: &str) -> Option<&str> {
        let Begin::Usual(head) = begin(line.as_bytes(), 0)? else { panic!("{line}") };
        line.get(head.message..line.len() - head.tail)
    }

    #[test]
    fn a_message_is_told_behind_what_people_write_in_front() {
        for (before, behind) in [
            ("...", ""),
            ("... ", " \r"),
            ("\u{2026} ", ""),
            ("... : ", ""),
            ("- ", ""),
            ("*   ", ""),
            ("2. ", ""),
            ("\"", "\";"),
            ("'", "'"),
            ("\u{201c}", "\u{201d}."),
            ("\u{201e}", "\u{201c}"),
            ("\u{ab}", "\u{bb}"),
            ("\u{300c}", "\u{300d}"),
            ("- \"", "\","),
            ("CloudWatch: ", ""),
            ("API Gateway execution log: \"", "\""),
        ] {
            let line = format!("{before}{FAILED}{behind}");
            assert_eq!(message(&line), Some(FAILED), "{line}");
        }
        let error = "There was an internal error while executing your request";
        assert_eq!(message(&format!("- log: '{error}'")), Some(error));
    }

    #[test]
    fn sentences_and_what_anybody_may_write_are_left() {
        for line in [
            "",
            "...",
            "- ",
            "\"",
            "hello",
            "... hello",
            "- Unauthorized",
            "Error: Unauthorized",
            "Error: API Key missing",
            &format!("we saw {FAILED}"),
            &format!("the log of the gateway says this: {FAILED}"),
            &format!("\"{FAILED}\" is what it says"),
            &format!("\"msg\": \"{FAILED}\""),
            &format!("message: '{FAILED}',"),
            "level: \"Unauthorized\"",
            &format!("2024: {FAILED}"),
        ] {
            assert_eq!(message(line), None, "{line}");
        }
    }

    #[test]
    fn some_of_what_stands_behind_a_time_may_be_lost() {
        for text in [" : ", " :", ": ", " "] {
            let line = format!("{text}{FAILED}");
            assert_eq!(behind_time(line.as_bytes()), Some(FAILED.as_bytes()), "{line}");
        }
        for text in [": hello", " hello", FAILED, ""] {
            assert_eq!(behind_time(text.as_bytes()), None, "{text}");
        }
    }
}
