//! Filter patterns: terms, phrases, `?any`, `-none`, `%regex%`. What else AWS knows is refused.
//!
//! Must not: match what it does not understand.

use regex::Regex;

/// A pattern that was understood.
#[derive(Debug, Default)]
pub(crate) struct Pattern {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl Pattern {
    /// Reads a pattern; `Err` says what is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pattern = Self::default();
        let mut rest = text.trim_start();
        if rest.starts_with(['{', '[']) {
            return Err(format!("this fake knows no JSON or space-delimited patterns: {text}"));
        }
        while !rest.is_empty() {
            let (list, after) = if let Some(after) = rest.strip_prefix('?') {
                (&mut pattern.any, after)
            } else if let Some(after) = rest.strip_prefix('-') {
                (&mut pattern.none, after)
            } else {
                (&mut pattern.all, rest)
            };
            let (term, after) = term(after)?;
            list.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    pub(crate) fn matches(&self, message: &str) -> bool {
        self.all.iter().all(|term| term.is_in(message))
            && (self.any.is_empty() || self.any.iter().any(|term| term.is_in(message)))
            && !self.none.iter().any(|term| term.is_in(message))
    }
}

fn term(text: &str) -> Result<(Term, &str), String> {
    if let Some(after) = text.strip_prefix('"') {
        let (phrase, after) = after.split_once('"').ok_or("a quotation mark is not closed")?;
        return Ok((Term::Text(phrase.to_owned()), after));
    }
    if let Some(after) = text.strip_prefix('%') {
        let (regex, after) = after.split_once('%').ok_or("a regular expression is not closed")?;
        let regex = Regex::new(regex).map_err(|error| error.to_string())?;
        return Ok((Term::Regex(regex), after));
    }
    let (word, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // Anything else has to stand in quotation marks.
    let is_plain = |c: char| c.is_alphanumeric() || c == '_';
    if word.is_empty() || !word.chars().all(is_plain) {
        return Err(format!("Invalid character(s) in term '{word}'"));
    }
    Ok((Term::Text(word.to_owned()), after))
}
