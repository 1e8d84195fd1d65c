//! Compiled conditions and their three-valued logic.
//!
//! A condition on a fact that the logs do not show is unknown; `all`, `any` and `not` follow Kleene.
//!
//! Must not: parse a rule file.

use std::rc::Rc;

use crate::model::{Fact, LineKind, Role};
use crate::rules::closed::{ABSENT, ClosedFact, Signature, UNSEEN};
use crate::rules::expression::Expression;
use crate::rules::facts::{OpenFact, PlainFact};
use crate::rules::reader::{Reader, Value};
use crate::rules::slots::varies;

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

impl Truth {
    fn all(truths: impl Iterator<Item = Self>) -> Self {
        Self::decided(truths, Self::False)
    }

    fn any(truths: impl Iterator<Item = Self>) -> Self {
        Self::decided(truths, Self::True)
    }

    /// The truth that decides, if one has it; what comes behind is not asked.
    fn decided(mut truths: impl Iterator<Item = Self>, deciding: Self) -> Self {
        let mut whole = deciding.negated();
        let decides = truths.any(|truth| {
            if truth == Self::Unknown {
                whole = truth;
            }
            truth == deciding
        });
        if decides { deciding } else { whole }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::False, Self::False) => Self::False,
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
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
    Open(Rc<Asked>),
}

/// A question about an open fact.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The place of a header among those that rules ask for.
    pub(crate) place: Option<usize>,
    /// The fact.
    pub(crate) fact: OpenFact,
    /// The test.
    pub(crate) test: Test,
    /// Whether it looks at a value that differs in nearly every request.
    pub(crate) looks_at_varying: bool,
}

impl Asked {
    /// The question whether a fact, if it is a header the one at this place, passes a test.
    pub(crate) fn new(place: Option<usize>, fact: OpenFact, test: Test) -> Self {
        let looks_at_varying = test.needs_value() && varies(&fact);
        Self { place, fact, test, looks_at_varying }
    }
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

/// Where a condition's facts come from: an exchange, or what was gathered of a route.
pub(crate) trait Facts<'a> {
    /// The code of a fact with a closed list of values.
    fn code(&self, fact: ClosedFact) -> u8;

    /// Applies a test to an open fact.
    fn test(&self, asked: &Asked) -> Truth;

    /// Reads an open fact.
    fn read(&self, fact: &OpenFact) -> Fact<Value<'a>>;
}

/// Facts of one exchange.
pub(crate) struct OfExchange<'s, 'a> {
    /// Those with a closed list of values.
    pub(crate) signature: &'s Signature,
    /// The others.
    pub(crate) reader: &'s Reader<'a>,
}

impl<'a> Facts<'a> for OfExchange<'_, 'a> {
    fn code(&self, fact: ClosedFact) -> u8 {
        self.signature.code(fact)
    }

    fn test(&self, asked: &Asked) -> Truth {
        self.reader.test(asked)
    }

    fn read(&self, fact: &OpenFact) -> Fact<Value<'a>> {
        self.reader.read(fact)
    }
}

/// A fact that a condition asks for.
pub(crate) enum AskedFact<'a> {
    /// One with a closed list of values.
    Closed(ClosedFact),
    /// Any other.
    Open(&'a OpenFact),
}

impl AskedFact<'_> {
    fn evidence(&self) -> &'static [LineKind] {
        match self {
            Self::Closed(fact) => fact.evidence(),
            Self::Open(fact) => fact.evidence(),
        }
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
    pub(crate) fn truth<'a>(&self, facts: &impl Facts<'a>) -> Truth {
        match self {
            Self::All(conditions) => Truth::all(conditions.iter().map(|it| it.truth(facts))),
            Self::Any(conditions) => Truth::any(conditions.iter().map(|it| it.truth(facts))),
            Self::Not(condition) => condition.truth(facts).negated(),
            Self::Closed { fact, codes } => closed(*codes, facts.code(*fact)),
            Self::Open(asked) => facts.test(asked),
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
            Self::Open(asked) => {
                let may_be_seen = signature.may_show(asked.fact.evidence());
                Possible { yes: may_be_seen, no: may_be_seen }
            }
        }
    }

    /// What is left of it for exchanges of this signature.
    pub(crate) fn given(&self, signature: &Signature) -> Residual {
        match self {
            Self::All(conditions) => {
                Residual::of_parts(conditions, signature, Truth::False, Residual::All)
            }
            Self::Any(conditions) => {
                Residual::of_parts(conditions, signature, Truth::True, Residual::Any)
            }
            Self::Not(condition) => {
                let inner = condition.given(signature);
                let decided = inner.decided().map(|truth| Residual::Decided(truth.negated()));
                decided.unwrap_or_else(|| Residual::Not(Box::new(inner)))
            }
            Self::Closed { fact, codes } => {
                Residual::Decided(closed(*codes, signature.code(*fact)))
            }
            Self::Open(asked) if signature.may_show(asked.fact.evidence()) => {
                Residual::Open(Rc::clone(asked))
            }
            Self::Open(_) => Residual::Decided(Truth::Unknown),
        }
    }

    /// Whether it holds; if so, adds the kinds of lines that show the facts of its true parts. Each part
    /// is asked once.
    pub(crate) fn evidence<'a>(&self, facts: &impl Facts<'a>, kinds: &mut Vec<LineKind>) -> Truth {
        let known = kinds.len();
        let truth = match self {
            Self::All(conditions) => {
                Truth::all(conditions.iter().map(|it| it.evidence(facts, kinds)))
            }
            Self::Any(conditions) => {
                let truths = conditions.iter().map(|it| it.evidence(facts, kinds));
                // None is left out: each that holds has lines to show.
                truths.fold(Truth::False, Truth::or)
            }
            Self::Not(condition) => {
                let truth = condition.truth(facts).negated();
                if truth == Truth::True {
                    condition.each_fact(&mut |fact| kinds.extend(fact.evidence()));
                }
                truth
            }
            Self::Closed { fact, codes } => {
                kinds.extend(fact.evidence());
                closed(*codes, facts.code(*fact))
            }
            Self::Open(asked) => {
                kinds.extend(asked.fact.evidence());
                facts.test(asked)
            }
        };
        if truth != Truth::True {
            kinds.truncate(known);
        }
        truth
    }

    /// The names of the facts that keep it from being decided.
    pub(crate) fn unknown<'a>(&self, facts: &impl Facts<'a>, names: &mut Vec<String>) {
        if self.truth(facts) != Truth::Unknown {
            return;
        }
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.unknown(facts, names);
                }
            }
            Self::Not(condition) => condition.unknown(facts, names),
            Self::Closed { fact, .. } => names.push(fact.name().to_owned()),
            Self::Open(asked) => names.push(asked.fact.name()),
        }
    }

    /// The exchanges that show the survey facts of its true parts.
    pub(crate) fn roles<'a>(&self, facts: &impl Facts<'a>, roles: &mut Vec<Role>) {
        if self.truth(facts) != Truth::True {
            return;
        }
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.roles(facts, roles);
                }
            }
            Self::Not(_) | Self::Closed { .. } => {}
            Self::Open(asked) => roles.extend(asked.fact.roles()),
        }
    }

    /// Calls `f` with each fact that it asks for.
    pub(crate) fn each_fact(&self, f: &mut impl FnMut(AskedFact<'_>)) {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.each_fact(f);
                }
            }
            Self::Not(condition) => condition.each_fact(f),
            Self::Closed { fact, .. } => f(AskedFact::Closed(*fact)),
            Self::Open(asked) => f(AskedFact::Open(&asked.fact)),
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
            Self::Closed { .. } | Self::Open(_) => {}
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().map(Self::cost).sum()
            }
            Self::Not(condition) => condition.cost(),
            Self::Closed { .. } => 1,
            Self::Open(asked) => {
                let test = if matches!(asked.test, Test::Matches(_)) { 60 } else { 10 };
                // What follows from it holds for one status alone, so it comes last.
                let is_status = asked.fact == OpenFact::Plain(PlainFact::Status);
                test + 100 * u32::from(asked.fact.is_costly()) + 200 * u32::from(is_status)
            }
        }
    }
}

/// What is left of a condition where the facts with closed lists of values are known. Exchanges of one
/// signature are many, and all that the signature decides is decided once.
#[derive(Debug)]
pub(crate) enum Residual {
    /// Nothing.
    Decided(Truth),
    /// Each of them holds.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A question about an open fact.
    Open(Rc<Asked>),
}

impl Residual {
    /// Whether the condition holds.
    pub(crate) fn truth<'a>(&self, facts: &impl Facts<'a>) -> Truth {
        match self {
            Self::Decided(truth) => *truth,
            Self::All(parts) => Truth::all(parts.iter().map(|part| part.truth(facts))),
            Self::Any(parts) => Truth::any(parts.iter().map(|part| part.truth(facts))),
            Self::Not(part) => part.truth(facts).negated(),
            Self::Open(asked) => facts.test(asked),
        }
    }

    /// The truth, if nothing is left to ask.
    fn decided(&self) -> Option<Truth> {
        if let Self::Decided(truth) = self { Some(*truth) } else { None }
    }

    /// Of a list in which one truth decides.
    fn of_parts(
        conditions: &[Condition],
        signature: &Signature,
        deciding: Truth,
        whole: fn(Vec<Self>) -> Self,
    ) -> Self {
        let mut parts = Vec::new();
        for condition in conditions {
            let part = condition.given(signature);
            let decided = part.decided();
            if decided == Some(deciding) {
                return part;
            }
            // The opposite changes nothing.
            if decided != Some(deciding.negated()) {
                parts.push(part);
            }
        }
        match parts.as_slice() {
            [] => Self::Decided(deciding.negated()),
            [_] => parts.remove(0),
            _ => whole(parts),
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
    /// Whether it needs the value, and not only whether there is one.
    pub(crate) fn needs_value(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// What it comes to.
    pub(crate) fn truth(&self, fact: &Fact<Value<'_>>) -> Truth {
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
