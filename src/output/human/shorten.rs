//! Long log lines, made short where nothing is lost that the reader came for.
//!
//! Must not: cut the end of a line without a sign.

use unicode_width::UnicodeWidthStr;

use crate::output::human::page::cut;

/// What is worth reading in header maps and JSON, in lower case.
const TELLING: &[&str] = &[
    "access-control-",
    "origin",
    "location",
    "vary",
    "statuscode",
    "errormessage",
    "function-error",
    "\"status\"",
    "error",
];

/// Fields longer than this are cut, whatever they say.
const MAX_FIELD: usize = 120;

/// `text` in about `room` columns: of its fields, which are separated by commas, the first one and
/// those that hold a telling word or one of `words` stay, and an ellipsis stands for the others.
pub(crate) fn shorten(text: &str, room: usize, words: &[String]) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut is_gap = false;
    for (at, field) in text.split_inclusive(',').enumerate() {
        let lower = field.to_lowercase();
        let is_told = TELLING.iter().any(|word| lower.contains(word))
            || words.iter().any(|word| lower.contains(word));
        if at > 0 && !is_told {
            if !is_gap {
                out.push_str(" …");
            }
            is_gap = true;
            continue;
        }
        is_gap = false;
        out.push_str(&middle(field, MAX_FIELD));
    }
    if text.ends_with("[TRUNCATED]") && !out.ends_with("[TRUNCATED]") {
        out.push_str(" [TRUNCATED]");
    }
    middle(&out, room)
}

/// `text` in `room` columns, cut in the middle.
pub(crate) fn middle(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let head = cut(text, room * 2 / 3);
    let mut tail = text;
    let room = room.saturating_sub(head.width() + 1);
    let mut characters = text.chars();
    while tail.width() > room && characters.next().is_some() {
        tail = characters.as_str();
        // Long texts are brought near at once.
        for _ in 0..(tail.len() / 4).saturating_sub(room) / 2 {
            characters.next();
        }
        tail = characters.as_str();
    }
    format!("{head} {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_telling_fields_stay() {
        let map = "Method response headers: {Content-Type=application/json, X-A=1, X-B=2, \
                   Access-Control-Allow-Origin=https://a.example, X-C=3, x-api-version=4, X-D=5}";
        let got = shorten(map, 140, &["x-api-version".to_owned()]);
        assert_eq!(
            got,
            "Method response headers: {Content-Type=application/json, … \
             Access-Control-Allow-Origin=https://a.example, … x-api-version=4, …"
        );
        assert_eq!(shorten(map, 1000, &[]), map);
    }

    #[test]
    fn a_long_text_loses_its_middle() {
        let text = format!("begin {} the end", "x".repeat(9000));
        let got = shorten(&text, 60, &[]);
        assert!(got.width() <= 61 && got.starts_with("begin x"), "{got}");
        assert!(got.ends_with("the end"), "{got}");
        assert!(middle(&"尺".repeat(500), 40).width() <= 41);
    }
}
