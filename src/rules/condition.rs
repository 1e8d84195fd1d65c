//! Compiled conditions and their three-valued logic.
//!
//! A condition on a fact that the logs do not show is unknown; `all`, `any` and `not` follow Kleene.
//!
//! Must not: parse a rule file.

use std::cell::OnceCell;

use regex::Regex;

use crate::model::{Fact, LineKind};
use crate::rules::closed::{ABSENT, ClosedFact, Signature, UNSEEN};
use crate::rules::facts::OpenFact;
use crate::rules::reader::{Reader, Value};

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// The logs prove it.
    True,
    /// The logs disprove it.
    False,
    /// The logs do not show enough.
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A condition whose facts are resolved and whose expressions are compiled.
#[derive(Debug)]
pub(crate) enum Condition {
    /// Each of them holds.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A fact with a closed list of values has one of these.
    Closed {
        /// The fact.
        fact: ClosedFact,
        /// A bit for each code.
        codes: u64,
    },
    /// An open fact passes a test.
    Open {
        /// Its number among the facts of all rules.
        slot: usize,
        /// The fact.
        fact: OpenFact,
        /// The test.
        test: Test,
    },
}

/// A test of an open fact.
#[derive(Debug)]
pub(crate) enum Test {
    /// It is one of these.
    In(Vec<Value<'static>>),
    /// It matches.
    Matches(Expression),
    /// It is a number below.
    Less(i64),
    /// It is a number above.
    Greater(i64),
    /// It is not there.
    Absent,
}

/// A regular expression, compiled when it is first asked for: most are never asked for, and to
/// compile them all takes longer than to read the rules.
#[derive(Debug)]
pub(crate) struct Expression {
    text: String,
    compiled: OnceCell<Option<Regex>>,
}

impl Expression {
    /// One that is known to compile.
    pub(crate) fn known(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceCell::new() }
    }

    /// Compiles it now, to tell what is wrong with it.
    pub(crate) fn checked(text: &str) -> Result<Self, regex::Error> {
        let regex = Regex::new(text)?;
        Ok(Self { text: text.to_owned(), compiled: OnceCell::from(Some(regex)) })
    }

    /// Whether it matches somewhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// Which truths a condition can still have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Possible {
    yes: bool,
    no: bool,
}

impl Condition {
    /// Whether it holds.
    pub(crate) fn truth(&self, signature: &Signature, reader: &Reader<'_>) -> Truth {
        match self {
            Self::All(conditions) => {
                let mut truth = Truth::True;
                for condition in conditions {
                    match condition.truth(signature, reader) {
                        Truth::True => {}
                        Truth::False => return Truth::False,
                        Truth::Unknown => truth = Truth::Unknown,
                    }
                }
                truth
            }
            Self::Any(conditions) => {
                let mut truth = Truth::False;
                for condition in conditions {
                    match condition.truth(signature, reader) {
                        Truth::True => return Truth::True,
                        Truth::False => {}
                        Truth::Unknown => truth = Truth::Unknown,
                    }
                }
                truth
            }
            Self::Not(condition) => match condition.truth(signature, reader) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            },
            Self::Closed { fact, codes } => closed(*codes, signature.code(*fact)),
            Self::Open { slot, fact, test } => reader.with(*slot, fact, |value| test.truth(value)),
        }
    }

    /// Whether it can hold for any exchange of this signature.
    pub(crate) fn can_hold(&self, signature: &Signature) -> bool {
        self.possible(signature).yes
    }

    fn possible(&self, signature: &Signature) -> Possible {
        match self {
            Self::All(conditions) => Possible {
                yes: conditions.iter().all(|condition| condition.possible(signature).yes),
                no: conditions.iter().any(|condition| condition.possible(signature).no),
            },
            Self::Any(conditions) => Possible {
                yes: conditions.iter().any(|condition| condition.possible(signature).yes),
                no: conditions.iter().all(|condition| condition.possible(signature).no),
            },
            Self::Not(condition) => {
                let inner = condition.possible(signature);
                Possible { yes: inner.no, no: inner.yes }
            }
            Self::Closed { fact, codes } => {
                let truth = closed(*codes, signature.code(*fact));
                Possible { yes: truth == Truth::True, no: truth == Truth::False }
            }
            Self::Open { .. } => Possible { yes: true, no: true },
        }
    }

    /// The kinds of lines that show the facts of its true parts.
    pub(crate) fn evidence(
        &self,
        signature: &Signature,
        reader: &Reader<'_>,
        kinds: &mut Vec<LineKind>,
    ) {
        if self.truth(signature, reader) != Truth::True {
            return;
        }
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.evidence(signature, reader, kinds);
                }
            }
            Self::Not(condition) => condition.each_fact(&mut |_, evidence| kinds.extend(evidence)),
            Self::Closed { fact, .. } => kinds.extend(fact.evidence()),
            Self::Open { fact, .. } => kinds.extend(fact.evidence()),
        }
    }

    /// The names of the facts that keep it from being decided.
    pub(crate) fn unknown(
        &self,
        signature: &Signature,
        reader: &Reader<'_>,
        names: &mut Vec<String>,
    ) {
        if self.truth(signature, reader) != Truth::Unknown {
            return;
        }
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.unknown(signature, reader, names);
                }
            }
            Self::Not(condition) => condition.unknown(signature, reader, names),
            Self::Closed { fact, .. } => names.push(fact.name().to_owned()),
            Self::Open { fact, .. } => names.push(fact.name()),
        }
    }

    /// Calls `f` with the name and the evidence of each fact that it asks for.
    fn each_fact(&self, f: &mut impl FnMut(&str, &'static [LineKind])) {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.each_fact(f);
                }
            }
            Self::Not(condition) => condition.each_fact(f),
            Self::Closed { fact, .. } => f(fact.name(), fact.evidence()),
            Self::Open { fact, .. } => f(&fact.name(), fact.evidence()),
        }
    }

    /// Puts what is cheap to ask in front; the truth does not depend on the order.
    pub(crate) fn order(&mut self) {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter_mut().for_each(Self::order);
                conditions.sort_by_key(Self::cost);
            }
            Self::Not(condition) => condition.order(),
            Self::Closed { .. } | Self::Open { .. } => {}
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().map(Self::cost).sum()
            }
            Self::Not(condition) => condition.cost(),
            Self::Closed { .. } => 1,
            Self::Open { fact, test: Test::Matches(_), .. } => {
                60 + 100 * u32::from(fact.is_costly())
            }
            Self::Open { fact, .. } => 10 + 100 * u32::from(fact.is_costly()),
        }
    }
}

fn closed(codes: u64, code: u8) -> Truth {
    if code == UNSEEN {
        return Truth::Unknown;
    }
    Truth::from(codes >> code & 1 == 1)
}

/// The codes of a closed fact that is not there.
pub(crate) const ABSENT_CODES: u64 = 1 << ABSENT;

impl Test {
    fn truth(&self, fact: &Fact<Value<'_>>) -> Truth {
        match (self, fact) {
            (_, Fact::Unseen) => Truth::Unknown,
            (Self::Absent, fact) => Truth::from(fact.is_absent()),
            (_, Fact::Absent) => Truth::False,
            (Self::In(values), Fact::Seen(value)) => Truth::from(values.contains(value)),
            (Self::Matches(expression), Fact::Seen(value)) => {
                Truth::from(expression.is_match(&value.text()))
            }
            (Self::Less(limit), Fact::Seen(value)) => {
                Truth::from(value.number().is_some_and(|number| number < *limit))
            }
            (Self::Greater(limit), Fact::Seen(value)) => {
                Truth::from(value.number().is_some_and(|number| number > *limit))
            }
        }
    }
}
