//! The query language, as far as the fake knows it: `fields`, `display`, `filter`, `parse` with a regular
//! expression, `stats`, `sort`, `limit`, `dedup`.
//!
//! Must not: let pass what it does not know; such a query is malformed.

use regex::Regex;

/// A query that was understood.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) commands: Vec<Command>,
    pub(crate) limit: Option<usize>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Fields(Vec<String>),
    Display(Vec<String>),
    Filter(Test),
    Parse(String, Regex),
    Stats(Vec<Aggregate>, Vec<By>),
    /// Fields, each with whether the greatest comes first.
    Sort(Vec<(String, bool)>),
    Dedup(Vec<String>),
}

/// What a row has to be like.
#[derive(Debug)]
pub(crate) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Like(String, Regex),
    Contains(String, String),
    Compare(String, Comparison, String),
    In(String, Vec<String>),
    IsPresent(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `count(*) as n`.
#[derive(Debug)]
pub(crate) struct Aggregate {
    pub(crate) function: Function,
    /// `None`: `*`.
    pub(crate) of: Option<String>,
    pub(crate) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    CountDistinct,
    Min,
    Max,
    Sum,
}

/// What rows are grouped by: a field, or its time in steps of so many milliseconds.
#[derive(Debug)]
pub(crate) struct By {
    pub(crate) field: String,
    pub(crate) bin: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Regex(String),
    Sign(&'static str),
}

/// Longer signs before those that they begin with.
const SIGNS: [&str; 14] =
    ["!=", "<=", ">=", "=~", "=", "<", ">", "(", ")", "[", "]", ",", "|", "*"];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '#' {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
            continue;
        }
        let (token, after) = match first {
            '"' | '\'' | '`' => {
                let (quoted, after) = quoted(rest.get(1..).unwrap_or_default(), first)?;
                let token = if first == '`' { Token::Word(quoted) } else { Token::Text(quoted) };
                (token, after)
            }
            '/' => {
                let (regex, after) = regex(rest.get(1..).unwrap_or_default())?;
                (Token::Regex(regex), after)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let is_in_word = |c: char| c.is_alphanumeric() || "@_.-$".contains(c);
                let end = rest.find(|c| !is_in_word(c)).unwrap_or(rest.len());
                match (sign, rest.split_at(end)) {
                    (Some(sign), _) => {
                        (Token::Sign(sign), rest.strip_prefix(sign).unwrap_or_default())
                    }
                    (None, ("", _)) => return Err(format!("unexpected symbol found {first}")),
                    (None, (word, after)) => (Token::Word(word.to_owned()), after),
                }
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, mark: char) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == mark {
            return Ok((value, text.get(at + c.len_utf8()..).unwrap_or_default()));
        }
        if c == '\\' {
            value.extend(chars.next().map(|(_, c)| c));
        } else {
            value.push(c);
        }
    }
    Err("a quotation mark is not closed".to_owned())
}

fn regex(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '/' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next() {
                Some((_, '/')) => value.push('/'),
                next => {
                    value.push(c);
                    value.extend(next.map(|(_, c)| c));
                }
            },
            c => value.push(c),
        }
    }
    Err("a regular expression is not closed".to_owned())
}

impl Query {
    /// Reads a query; `Err` says what is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 10_000 {
            return Err("a query has 1 to 10,000 characters".to_owned());
        }
        let tokens = tokens(text)?;
        let mut query = Self::default();
        for tokens in tokens.split(|token| *token == Token::Sign("|")) {
            query.command(&mut Reader { tokens })?;
        }
        Ok(query)
    }

    fn command(&mut self, reader: &mut Reader<'_>) -> Result<(), String> {
        let name = reader.word()?;
        let command = match name.as_str() {
            "fields" => Command::Fields(reader.words()?),
            "display" => Command::Display(reader.words()?),
            "dedup" => Command::Dedup(reader.words()?),
            "filter" | "where" => Command::Filter(reader.any()?),
            "parse" => Command::Parse(reader.word()?, reader.regex()?),
            "stats" => reader.stats()?,
            "sort" | "order" => Command::Sort(reader.sort()?),
            "limit" | "head" => {
                let number = reader.word()?;
                let number = number.parse().map_err(|_| format!("`{number}` is no limit"))?;
                self.limit = Some(number);
                return reader.end();
            }
            other => return Err(format!("unexpected symbol found {other}")),
        };
        self.commands.push(command);
        reader.end()
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes the next token if it is this word or sign.
    fn takes(&mut self, text: &str) -> bool {
        let is_it = match self.tokens.first() {
            Some(Token::Word(word)) => word.eq_ignore_ascii_case(text),
            Some(Token::Sign(sign)) => *sign == text,
            Some(Token::Text(_) | Token::Regex(_)) | None => false,
        };
        if is_it {
            self.next();
        }
        is_it
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.takes(text) { Ok(()) } else { Err(format!("`{text}` is missing: {self}")) }
    }

    fn end(&self) -> Result<(), String> {
        if self.tokens.is_empty() { Ok(()) } else { Err(format!("unexpected symbol found {self}")) }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word.clone()),
            other => Err(format!("a name is missing before {other:?}")),
        }
    }

    fn regex(&mut self) -> Result<Regex, String> {
        match self.next() {
            Some(Token::Regex(text)) => Regex::new(text).map_err(|error| error.to_string()),
            other => Err(format!("a regular expression is missing before {other:?}")),
        }
    }

    /// A word, a text or a number, as a value.
    fn value(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text.clone()),
            Some(Token::Word(word)) if word.parse::<f64>().is_ok() => Ok(word.clone()),
            other => Err(format!("a value is missing before {other:?}")),
        }
    }

    fn words(&mut self) -> Result<Vec<String>, String> {
        let mut words = vec![self.word()?];
        while self.takes(",") {
            words.push(self.word()?);
        }
        Ok(words)
    }

    fn any(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.all()?];
        while self.takes("or") {
            tests.push(self.all()?);
        }
        Ok(Test::Any(tests))
    }

    fn all(&mut self) -> Result<Test, String> {
        let mut tests = vec![self.one()?];
        while self.takes("and") {
            tests.push(self.one()?);
        }
        Ok(Test::All(tests))
    }

    fn one(&mut self) -> Result<Test, String> {
        if self.takes("not") {
            return Ok(Test::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let test = self.any()?;
            self.expect(")")?;
            return Ok(test);
        }
        let field = self.word()?;
        if field.eq_ignore_ascii_case("ispresent") {
            self.expect("(")?;
            let field = self.word()?;
            self.expect(")")?;
            return Ok(Test::IsPresent(field));
        }
        let is_negated = self.takes("not");
        let test = self.comparison(field)?;
        Ok(if is_negated { Test::Not(Box::new(test)) } else { test })
    }

    fn comparison(&mut self, field: String) -> Result<Test, String> {
        if self.takes("like") {
            return Ok(match self.tokens.first() {
                Some(Token::Regex(_)) => Test::Like(field, self.regex()?),
                _ => Test::Contains(field, self.value()?),
            });
        }
        if self.takes("=~") {
            return Ok(Test::Like(field, self.regex()?));
        }
        if self.takes("in") {
            self.expect("[")?;
            let mut values = vec![self.value()?];
            while self.takes(",") {
                values.push(self.value()?);
            }
            self.expect("]")?;
            return Ok(Test::In(field, values));
        }
        let comparison = match self.next() {
            Some(Token::Sign("=")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            other => return Err(format!("unexpected symbol found {other:?}")),
        };
        Ok(Test::Compare(field, comparison, self.value()?))
    }

    fn sort(&mut self) -> Result<Vec<(String, bool)>, String> {
        self.takes("by");
        let mut fields = Vec::new();
        loop {
            let field = self.word()?;
            let is_descending = self.takes("desc") || !self.takes("asc");
            fields.push((field, is_descending));
            if !self.takes(",") {
                return Ok(fields);
            }
        }
    }

    fn stats(&mut self) -> Result<Command, String> {
        let mut aggregates = vec![self.aggregate()?];
        while self.takes(",") {
            aggregates.push(self.aggregate()?);
        }
        let mut by = Vec::new();
        if self.takes("by") {
            by.push(self.by()?);
            while self.takes(",") {
                by.push(self.by()?);
            }
        }
        Ok(Command::Stats(aggregates, by))
    }

    fn aggregate(&mut self) -> Result<Aggregate, String> {
        let name = self.word()?;
        let function = match name.as_str() {
            "count" => Function::Count,
            "count_distinct" => Function::CountDistinct,
            "min" => Function::Min,
            "max" => Function::Max,
            "sum" => Function::Sum,
            other => return Err(format!("unknown function {other}")),
        };
        self.expect("(")?;
        let of =
            if function == Function::Count && self.takes("*") { None } else { Some(self.word()?) };
        self.expect(")")?;
        let name = if self.takes("as") {
            self.word()?
        } else {
            format!("{name}({})", of.as_deref().unwrap_or("*"))
        };
        Ok(Aggregate { function, of, name })
    }

    fn by(&mut self) -> Result<By, String> {
        let field = self.word()?;
        if field != "bin" || !self.takes("(") {
            return Ok(By { field, bin: None });
        }
        let step = self.word()?;
        self.expect(")")?;
        let digits = step.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match step.strip_prefix(digits).unwrap_or_default() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            other => return Err(format!("unknown unit {other}")),
        };
        let number: i64 = digits.parse().map_err(|_| format!("`{step}` is no time"))?;
        if number < 1 {
            return Err(format!("`{step}` is no time"));
        }
        Ok(By { field: format!("bin({step})"), bin: Some(number * unit) })
    }
}

impl std::fmt::Display for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.tokens.first() {
            Some(Token::Word(text) | Token::Text(text) | Token::Regex(text)) => f.write_str(text),
            Some(Token::Sign(sign)) => f.write_str(sign),
            None => f.write_str("the end"),
        }
    }
}
