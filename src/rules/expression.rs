//! Regular expressions of conditions. They are compiled when a text has what each match has, which
//! most texts have not, and many are plain texts, for which nothing is compiled at all: to compile one
//! takes as long as to read hundreds of facts.
//!
//! Must not: answer otherwise than the compiled expression.

use std::cell::OnceCell;

use regex::Regex;

/// A regular expression.
#[derive(Debug)]
pub(crate) struct Expression {
    text: String,
    compiled: OnceCell<Option<Regex>>,
    needs: OnceCell<Option<Needs>>,
}

impl Expression {
    /// One that is known to compile.
    pub(crate) fn known(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceCell::new(), needs: OnceCell::new() }
    }

    /// Compiles it now, to tell what is wrong with it.
    pub(crate) fn checked(text: &str) -> Result<Self, regex::Error> {
        let regex = Regex::new(text)?;
        Ok(Self { compiled: OnceCell::from(Some(regex)), ..Self::known(text) })
    }

    /// As the rule file has it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches somewhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self.needs.get_or_init(|| Needs::of(&self.text)).as_ref().map(|it| it.answer(text)) {
            Some(Answer::Is(matches)) => matches,
            Some(Answer::MayMatch) | None => {
                let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
                compiled.as_ref().is_some_and(|regex| regex.is_match(text))
            }
        }
    }
}

/// What each match of an expression has.
#[derive(Debug, PartialEq, Eq)]
struct Needs {
    /// Whether letters stand for themselves in any case.
    any_case: bool,
    /// One of these.
    one_of: Vec<Need>,
}

/// A text that matches of one alternative have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Need {
    text: Vec<u8>,
    /// The place of the byte that is looked for first.
    rarest: usize,
    /// What stands in front of it, if that matters.
    before: Option<Edge>,
    /// What stands behind it, if that matters.
    behind: Option<Edge>,
    /// Whether what has it matches.
    is_all: bool,
}

/// Where the text ends, or one of these bytes.
type Edge = Vec<u8>;

/// What is known of a match without the expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Whether there is one.
    Is(bool),
    /// The expression is to be asked.
    MayMatch,
}

impl Needs {
    /// Those of an expression; `None` if it is not understood, or needs nothing.
    fn of(expression: &str) -> Option<Self> {
        let (any_case, rest) = match expression.strip_prefix("(?i)") {
            Some(rest) => (true, rest),
            None => (false, expression),
        };
        let mut parser = Parser { rest: rest.as_bytes() };
        let sequences = parser.alternatives()?;
        if !rest.is_ascii() || !parser.rest.is_empty() {
            return None;
        }
        let one_of: Vec<Need> =
            sequences.iter().map(|pieces| need(pieces)).collect::<Option<_>>()?;
        let edges = one_of.iter().flat_map(|need| need.before.iter().chain(&need.behind).flatten());
        let has_letters = edges.into_iter().any(u8::is_ascii_alphabetic);
        (!any_case || !has_letters).then_some(Self { any_case, one_of })
    }

    fn answer(&self, text: &str) -> Answer {
        if self.any_case && !text.is_ascii() && self.has_others() {
            return Answer::MayMatch;
        }
        let mut answer = Answer::Is(false);
        for need in self.one_of.iter().filter(|need| need.is_in(text.as_bytes(), self.any_case)) {
            if need.is_all {
                return Answer::Is(true);
            }
            answer = Answer::MayMatch;
        }
        answer
    }

    /// Whether letters beyond ASCII stand for some of these in any case: U+212A for k, U+017F for s.
    /// <https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt>
    fn has_others(&self) -> bool {
        let mut letters = self.one_of.iter().flat_map(|need| &need.text);
        letters.any(|byte| matches!(byte.to_ascii_lowercase(), b'k' | b's'))
    }
}

impl Need {
    fn is_in(&self, text: &[u8], any_case: bool) -> bool {
        let wanted = self.text.as_slice();
        let Some(&byte) = wanted.get(self.rarest) else { return false };
        let (lower, upper) = if any_case {
            (byte.to_ascii_lowercase(), byte.to_ascii_uppercase())
        } else {
            (byte, byte)
        };
        let is_edge = |edge: &Option<Edge>, byte: Option<&u8>| match (edge, byte) {
            (Some(edge), Some(byte)) => edge.contains(byte),
            (None, _) | (_, None) => true,
        };
        let is_here = |at: usize| {
            let (head, rest) = text.split_at_checked(at)?;
            let (part, tail) = rest.split_at_checked(wanted.len())?;
            let is_it = part == wanted || (any_case && part.eq_ignore_ascii_case(wanted));
            Some(is_it && is_edge(&self.before, head.last()) && is_edge(&self.behind, tail.first()))
        };
        let rest = text.get(self.rarest..).unwrap_or_default();
        memchr::memchr2_iter(lower, upper, rest).any(|at| is_here(at) == Some(true))
    }
}

/// Where the byte stands that is least common in messages and JSON, of which few places are to be
/// compared then.
fn rarest(text: &[u8]) -> usize {
    const COMMON: &[u8] = b"\" etaoinsr:,clhdupmg./-";
    let common = |byte: u8| COMMON.iter().position(|other| *other == byte.to_ascii_lowercase());
    let rarest =
        text.iter().enumerate().max_by_key(|(_, byte)| common(**byte).unwrap_or(COMMON.len()));
    rarest.map_or(0, |(at, _)| at)
}

/// How many alternatives are told apart.
const MOST: usize = 24;

/// A part of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    Before(Edge),
    Behind(Edge),
    /// Anything, or nothing.
    Gap,
}

/// The longest text in what a match of one alternative is made of; `None` if there is none.
fn need(pieces: &[Piece]) -> Option<Need> {
    let mut longest: Option<Need> = None;
    let mut parts = 0;
    for part in pieces.split(|piece| *piece == Piece::Gap) {
        parts += 1;
        let mut need = Need::default();
        for piece in part {
            match piece {
                Piece::Byte(byte) if need.behind.is_none() => need.text.push(*byte),
                Piece::Before(edge) if need.text.is_empty() && need.before.is_none() => {
                    need.before = Some(edge.clone());
                }
                Piece::Behind(edge) if need.behind.is_none() => need.behind = Some(edge.clone()),
                Piece::Byte(_) | Piece::Before(_) | Piece::Behind(_) | Piece::Gap => return None,
            }
        }
        if longest.as_ref().is_none_or(|longest| longest.text.len() < need.text.len()) {
            longest = Some(need);
        }
    }
    let longest = longest.filter(|longest| !longest.text.is_empty())?;
    Some(Need { is_all: parts == 1, rarest: rarest(&longest.text), ..longest })
}

/// Reads the part of the syntax that rules use: <https://docs.rs/regex/latest/regex/#syntax>.
struct Parser<'e> {
    rest: &'e [u8],
}

type Alternatives = Vec<Vec<Piece>>;

impl Parser<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes a byte, if it is the next one.
    fn take(&mut self, byte: u8) -> bool {
        let rest = self.rest.strip_prefix(&[byte]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Up to the end, or to the parenthesis that closes them.
    fn alternatives(&mut self) -> Option<Alternatives> {
        let mut all = self.sequence()?;
        while self.take(b'|') {
            all.extend(self.sequence()?);
        }
        (all.len() <= MOST).then_some(all)
    }

    fn sequence(&mut self) -> Option<Alternatives> {
        let mut all: Alternatives = vec![Vec::new()];
        while !matches!(self.rest.first(), None | Some(b'|' | b')')) {
            let element = self.element()?;
            if all.len() * element.len() > MOST {
                return None;
            }
            let joined = all.iter().flat_map(|head| {
                element.iter().map(move |tail| head.iter().chain(tail).cloned().collect())
            });
            all = joined.collect();
        }
        Some(all)
    }

    /// One element with how often it stands there.
    fn element(&mut self) -> Option<Alternatives> {
        let mut element = match self.next()? {
            b'^' => vec![vec![Piece::Before(Vec::new())]],
            b'$' => vec![vec![Piece::Behind(Vec::new())]],
            b'.' => vec![vec![Piece::Gap]],
            b'\\' => match self.next()? {
                b'b' | b'd' | b's' | b'w' | b'W' => vec![vec![Piece::Gap]],
                byte if byte.is_ascii_punctuation() => vec![vec![Piece::Byte(byte)]],
                _ => return None,
            },
            b'[' => self.class()?,
            b'(' if self.rest.first() != Some(&b'?') => {
                let group = self.alternatives()?;
                if !self.take(b')') {
                    return None;
                }
                edge(&group).map_or(group, |edge| vec![vec![edge]])
            }
            b'(' | b'*' | b'+' | b'?' | b'{' => return None,
            byte => vec![vec![Piece::Byte(byte)]],
        };
        if self.take(b'?') {
            element.push(Vec::new());
        } else if self.take(b'*') {
            element = vec![vec![Piece::Gap]];
        } else if self.take(b'+') {
            for pieces in &mut element {
                pieces.push(Piece::Gap);
            }
        }
        let is_quantified = matches!(self.rest.first(), Some(b'?' | b'*' | b'+' | b'{'));
        (!is_quantified).then_some(element)
    }

    /// A class of bytes. Ranges, and all but some, may be anything.
    fn class(&mut self) -> Option<Alternatives> {
        let end = memchr::memchr(b']', self.rest)?;
        let (class, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.get(1..)?;
        if class.is_empty() || class == b"^" || class.contains(&b'[') || class.contains(&b'\\') {
            return None;
        }
        let inner = class.strip_suffix(b"-").unwrap_or(class);
        if class.starts_with(b"^") || inner.iter().any(|byte| b"-&~".contains(byte)) {
            return Some(vec![vec![Piece::Gap]]);
        }
        Some(class.iter().map(|byte| vec![Piece::Byte(*byte)]).collect())
    }
}

/// `(^|[ ,])` and `([ ,]|$)`.
fn edge(group: &[Vec<Piece>]) -> Option<Piece> {
    let mut bytes = Vec::new();
    let (mut before, mut behind) = (false, false);
    for pieces in group {
        match pieces.as_slice() {
            [Piece::Byte(byte)] => bytes.push(*byte),
            [Piece::Before(edge)] if edge.is_empty() => before = true,
            [Piece::Behind(edge)] if edge.is_empty() => behind = true,
            _ => return None,
        }
    }
    match (before, behind) {
        (true, false) => Some(Piece::Before(bytes)),
        (false, true) => Some(Piece::Behind(bytes)),
        (true, true) | (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(expression: &str, text: &str, want: Option<Answer>) {
        let got = Needs::of(expression).map(|needs| needs.answer(text));
        assert_eq!(got, want, "{expression} in {text}");
        let is_match = Regex::new(expression).expect("an expression").is_match(text);
        assert_eq!(
            Expression::known(expression).is_match(text),
            is_match,
            "{expression} in {text}"
        );
    }

    #[test]
    fn plain_texts_are_found_without_the_expression() {
        let is = |is| Some(Answer::Is(is));
        check("certificate|network error", "a network error", is(true));
        check("certificate|network error", "a Network error", is(false));
        check("(?i)quota", "the QUOTA", is(true));
        check("^http://", "http://a.example", is(true));
        check("^http://", "https://http://", is(false));
        check("(?i)^(gzip|br)$", "BR", is(true));
        check("(?i)^(gzip|br)$", "brotli", is(false));
        check("log-?in", "login", is(true));
        check("(^|[ ,])ANY([ ,]|$)", "GET,ANY", is(true));
        check("(^|[ ,])ANY([ ,]|$)", "GET,MANY,ANYS", is(false));
        check(r"(^|[ ,])\*([ ,]|$)", "*, a", is(true));
    }

    #[test]
    fn what_matches_need_is_asked_before_the_expression() {
        let is = |is| Some(Answer::Is(is));
        let may_be = Some(Answer::MayMatch);
        check(r"(?i)\b(x-amz-[a-z0-9-]+|amz-sdk-[a-z-]+)\b", "x-api-key", is(false));
        check(r"(?i)\b(x-amz-[a-z0-9-]+|amz-sdk-[a-z-]+)\b", "X-Amz-Date", may_be);
        check(r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$", "https://a.example", is(false));
        check(r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$", "http://localhost:80", may_be);
        check("a.*b", "ab", may_be);
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_expression() {
        for expression in
            ["", "^", "[a-z]+", "a|", "a{2}", "(?:a)", "a+?", "(a|b)?", "\u{e9}", "[[:alpha:]]a"]
        {
            check(expression, "aa", None);
        }
        check("(?i)k", "\u{212a}", Some(Answer::MayMatch));
        check("(?i)s", "\u{17f}", Some(Answer::MayMatch));
        check("(?i)quota", "\u{17f}quOta", Some(Answer::Is(true)));
        check("(?i)\"content-type\"", "\"\u{fc}\", \"Content-Types\"", Some(Answer::Is(false)));
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_the_expression(
            expression in r"(\(\?i\))?([abk]|\^|\$|\.|\[ab\]|\[\^a\]|\((a|\^|\$|b)(\|[ab])?\)|\|)([abk?*+]|\^|\$|\.|\[ab\]|\((a|\^|\$|b)(\|[ab])?\)|\||\\b){0,6}",
            text in "[abkABK\u{212a}\u{e9} ,.]{0,6}",
        ) {
            if let Ok(regex) = Regex::new(&expression) {
                let got = Expression::known(&expression).is_match(&text);
                prop_assert_eq!(got, regex.is_match(&text), "{} in {}", expression, text);
            }
        }
    }
}
