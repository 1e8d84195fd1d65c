//! What pasting does to a text, undone: colors, line breaks, odd blanks, markup; and patterns that do
//! not mind which quotes somebody's editor made of the browser's.
//!
//! Must not: know what a browser says.

use regex::Regex;

use crate::explain::lines::joined;
use crate::explain::markup::{without_entities, without_links};

/// Longer texts are cut: no console line comes near.
const LONGEST: usize = 64 * 1024;

/// Any quote, also escaped for JSON, or none.
const QUOTE: &str = r#"(?:\\*["'‘’‚‛“”„«»「」´`′]|\\u201[89cd])?"#;

/// The text on one line, with plain blanks, without escape sequences and markup.
pub(crate) fn one_line(text: &str) -> String {
    let cut = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let text = without_entities(text.get(..cut).unwrap_or_default());
    let text = joined(&without_escapes(&text));
    let words: Vec<&str> = text.split_whitespace().collect();
    without_links(&words.join(" "))
}

/// Without escape sequences, and without characters that nobody sees.
fn without_escapes(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                while rest.next().is_some_and(|next| !next.is_ascii_alphabetic()) {}
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            other => out.push(other),
        }
    }
    out
}

/// A pattern as the browser's text has it: `'` is any quote or none, `{name}` is captured.
pub(crate) fn pattern(text: &str) -> Option<Regex> {
    let mut expression = String::from("(?i)");
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '{']) {
        let (before, from) = rest.split_at(at);
        expression.push_str(&literal(before));
        if let Some(behind) = from.strip_prefix('\'') {
            expression.push_str(QUOTE);
            rest = behind;
        } else {
            let (name, behind) = from.trim_start_matches('{').split_once('}')?;
            expression.push_str(&capture(name));
            rest = behind;
        }
    }
    expression.push_str(&literal(rest));
    Regex::new(&expression).ok()
}

/// A text as it is; where lines were broken behind a hyphen, a blank stands.
fn literal(text: &str) -> String {
    regex::escape(text).replace(r"\-", r"\- ?")
}

/// URLs and tokens hold no blank; values may hold anything.
fn capture(name: &str) -> String {
    match name {
        "url" | "from" | "to" | "origin" | "method" => format!(r"(?P<{name}>\S+?)"),
        // A URL where something else can stand as well.
        "address" => r"(?P<url>[a-z][a-z0-9+.-]*://\S+?)".to_owned(),
        "status" => r"(?P<status>\d{3})".to_owned(),
        "header" => r"(?P<header>[^\s,;:]+?)".to_owned(),
        "*" => ".*?".to_owned(),
        // Where the text begins.
        "^" => r"^\W*".to_owned(),
        "words" => "[A-Za-z ]+?".to_owned(),
        // Where a sentence or the text ends.
        "." => r"\.?(?: |$)".to_owned(),
        // Where the text ends, but for what quotes it.
        "$" => r#"\.?["'”’) ]*$"#.to_owned(),
        // What stands between the cells of a table, if anything does.
        "|" => "[ :|]*".to_owned(),
        name => format!("(?P<{name}>.*?)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(one_line(text), want);
    }

    #[test]
    fn pasting_is_undone() {
        check("a\n  b\tc\u{a0}d", "a b c d");
        check("\u{1b}[31mred\u{1b}[0m", "red");
        check("  \u{feff}a\u{200b}b ", "ab");
        check("\u{1b}[", "");
        check("> a &#39;b&#39;\n> c [d](https://e.example)", "a 'b' c d");
    }

    #[test]
    fn quotes_are_any_or_none() {
        let known = pattern("No 'X' is {value}.").expect("a pattern");
        for text in
            ["No 'X' is 1.", "no ‘X’ is 1.", "No \\\"X\\\" is 1.", "No X is 1.", "No `X´ is 1."]
        {
            let found = known.captures(text).map(|found| found["value"].to_owned());
            assert_eq!(found.as_deref(), Some("1"), "{text}");
        }
    }
}
