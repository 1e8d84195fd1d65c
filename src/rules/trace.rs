//! What each part of a condition comes to: for those who write rules, and wonder.
//!
//! Must not: escape or redact; whoever prints it does.

use crate::model::Fact;
use crate::rules::closed::{ABSENT, ClosedFact, UNSEEN};
use crate::rules::condition::{ABSENT_CODES, Condition, Facts, Test, Truth};
use crate::rules::facts::OpenFact;

/// One part of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The test as a rule file has it; `all`, `any` or `not` where there are parts.
    pub test: String,
    /// What it comes to.
    pub truth: Verdict,
    /// What the fact was seen to be. Text from logs: redact and escape it.
    pub value: Option<String>,
    /// Parts of `all`, `any` and `not`.
    pub parts: Vec<Self>,
}

/// What a part of a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The logs prove it.
    True,
    /// The logs disprove it.
    False,
    /// The logs do not show the fact.
    Unknown,
}

impl Verdict {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Truth> for Verdict {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Unknown => Self::Unknown,
        }
    }
}

impl Condition {
    /// What each of its parts comes to.
    pub(crate) fn trace<'a>(&self, facts: &impl Facts<'a>) -> Trace {
        let truth = self.truth(facts).into();
        let parts = |test: &str, conditions: &[Self]| Trace {
            test: test.to_owned(),
            truth,
            value: None,
            parts: conditions.iter().map(|condition| condition.trace(facts)).collect(),
        };
        match self {
            Self::All(conditions) => parts("all", conditions),
            Self::Any(conditions) => parts("any", conditions),
            Self::Not(condition) => parts("not", std::slice::from_ref(&**condition)),
            Self::Closed { fact, codes } => Trace {
                test: closed_test(*fact, *codes),
                truth,
                value: closed_value(*fact, facts.code(*fact)),
                parts: Vec::new(),
            },
            Self::Open(asked) => Trace {
                test: open_test(&asked.fact, &asked.test),
                truth,
                value: match facts.read(&asked.fact) {
                    Fact::Seen(value) => Some(value.text().into_owned()),
                    Fact::Absent => Some("(absent)".to_owned()),
                    Fact::Unseen => None,
                },
                parts: Vec::new(),
            },
        }
    }
}

fn closed_test(fact: ClosedFact, codes: u64) -> String {
    if codes == ABSENT_CODES {
        return format!("absent {}", fact.name());
    }
    let has = |value: &&&str| fact.code(value).is_some_and(|code| codes >> code & 1 == 1);
    let values: Vec<&str> = fact.values().iter().filter(has).copied().collect();
    match values.as_slice() {
        [value] => format!("{} is {value}", fact.name()),
        values => format!("{} in {}", fact.name(), values.join(", ")),
    }
}

fn closed_value(fact: ClosedFact, code: u8) -> Option<String> {
    match code {
        UNSEEN => None,
        ABSENT => Some("(absent)".to_owned()),
        code => fact.value(code).map(str::to_owned),
    }
}

fn open_test(fact: &OpenFact, test: &Test) -> String {
    let name = fact.name();
    match test {
        Test::In(values) => match values.as_slice() {
            [value] => format!("{name} is {}", value.text()),
            values => {
                let values: Vec<_> = values.iter().map(|value| value.text()).collect();
                format!("{name} in {}", values.join(", "))
            }
        },
        Test::Matches(expression) => format!("{name} matches {}", expression.as_str()),
        Test::Less(limit) => format!("{name} less {limit}"),
        Test::Greater(limit) => format!("{name} greater {limit}"),
        Test::Absent => format!("absent {name}"),
    }
}
