//! What can be wrong with a rule file, and where.
//!
//! Must not: stop the other rules.

use crate::model::nearest::nearest;
use crate::rules::facts::FactType;

/// What is wrong with a rule file, or with the configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct RuleError {
    /// The file as it was named.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML, a key that rules do not have, or one that lacks.
    #[error("{0}")]
    Syntax(String),
    /// A key that there is not.
    #[error("no key `{name}`{}", suggestion(nearest.as_deref()))]
    UnknownKey {
        /// The key as written.
        name: String,
        /// The nearest one that there is.
        nearest: Option<String>,
    },
    /// The id is not the name of the file.
    #[error("the id `{id}` is not the name of the file")]
    IdIsNotFileName {
        /// The id.
        id: String,
    },
    /// Two rules have one id.
    #[error("there is a rule `{id}` already, in {first}")]
    Duplicate {
        /// The id.
        id: String,
        /// The file of the first one.
        first: String,
    },
    /// There is no such fact.
    #[error("no fact `{name}`{}", suggestion(nearest.as_deref()))]
    UnknownFact {
        /// The name as written.
        name: String,
        /// The nearest name that there is.
        nearest: Option<String>,
    },
    /// A fact of rules with another scope.
    #[error("`{name}` is a fact of scope `{other}`, and this rule has scope `{own}`")]
    FactOfScope {
        /// The name as written.
        name: String,
        /// The scope of the rule.
        own: &'static str,
        /// The scope that has the fact.
        other: &'static str,
    },
    /// A key that only rules about routes can have.
    #[error("`count` is for rules of scope `route` and `api`, and names a count of the survey")]
    Count,
    /// A word that is not of its closed list.
    #[error("no {what} `{name}`{}", suggestion(nearest.as_deref()))]
    UnknownWord {
        /// What the list is of.
        what: String,
        /// The word as written.
        name: String,
        /// The nearest word that there is.
        nearest: Option<String>,
    },
    /// A value that the fact can never have.
    #[error("`{fact}` is {}, not {got}", type_name(*wanted))]
    WrongType {
        /// The fact.
        fact: String,
        /// What it is.
        wanted: FactType,
        /// What it is compared with.
        got: &'static str,
    },
    /// An expression that does not compile.
    #[error("no regular expression: {}", last_error(.0))]
    Expression(String),
    /// A condition without a test.
    #[error("a condition needs a test: all, any, not, is, in, matches, less, greater or absent")]
    EmptyCondition,
    /// A `{` without its `}`.
    #[error("`{{` without `}}`")]
    OpenPlaceholder,
    /// The class belongs to another kind.
    #[error("the class `{class}` is a {kind}'s")]
    KindOfClass {
        /// The class.
        class: &'static str,
        /// The kind that it belongs to.
        kind: &'static str,
    },
    /// A cause that explains nothing, or another rule that does.
    #[error("`explains` is for causes, and a cause needs it")]
    Explains,
    /// More certain than what it rests on.
    #[error("a rule whose basis is `inferred` is `possible` at most")]
    Inferred,
}

impl Problem {
    /// What a TOML reader says, with the nearest name where it says that there is no such key.
    pub fn of_toml(message: &str) -> Self {
        let unknown = || {
            let rest = message.strip_prefix("unknown field `")?;
            let (name, expected) = rest.split_once("`, expected ")?;
            // Every second piece between backquotes is a name.
            let names = expected.split('`').skip(1).step_by(2);
            Some(Self::UnknownKey { name: name.to_owned(), nearest: nearest(name, names) })
        };
        unknown().unwrap_or_else(|| Self::Syntax(message.to_owned()))
    }

    /// One line that helps, printed as `hint: ...`.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownFact { .. } => Some("`corscope rules facts` lists all facts"),
            Self::Duplicate { .. } => Some("`override = true` replaces the rule that is there"),
            Self::WrongType { wanted: FactType::Text, .. } => Some(
                "header values and access-log values are text; `less` and `greater` read them as numbers",
            ),
            Self::Syntax(_)
            | Self::UnknownKey { .. }
            | Self::IdIsNotFileName { .. }
            | Self::FactOfScope { .. }
            | Self::Count
            | Self::UnknownWord { .. }
            | Self::WrongType { .. }
            | Self::Expression(_)
            | Self::EmptyCondition
            | Self::OpenPlaceholder
            | Self::KindOfClass { .. }
            | Self::Explains
            | Self::Inferred => None,
        }
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; there is `{nearest}`")).unwrap_or_default()
}

/// What is wrong, without the expression and the mark below it, which need lines of their own.
fn last_error(message: &str) -> &str {
    message.rsplit("error: ").next().unwrap_or(message).trim()
}

fn type_name(kind: FactType) -> &'static str {
    match kind {
        FactType::Text => "text",
        FactType::Number => "a number",
        FactType::Bool => "true or false",
        FactType::OneOf(_) => "one of a list of texts",
    }
}

impl RuleError {
    /// A problem at a byte offset of a text.
    pub fn at(file: &str, text: &str, offset: usize, problem: Problem) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count() + 1;
        Self { file: file.to_owned(), line, column, problem }
    }
}

/// Collects what is wrong with one file.
pub(crate) struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    errors: Vec<RuleError>,
}

impl<'a> Problems<'a> {
    /// For a file and its text.
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, errors: Vec::new() }
    }

    /// Notes a problem at a byte offset.
    pub(crate) fn add(&mut self, offset: usize, problem: Problem) {
        self.errors.push(RuleError::at(self.file, self.text, offset, problem));
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// What is wrong, in the order of the file.
    pub(crate) fn into_errors(mut self) -> Vec<RuleError> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors
    }
}
