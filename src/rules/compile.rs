//! A condition as a rule file has it → a compiled one.
//!
//! Must not: stop at the first problem; all of them are told.

use std::fmt;
use std::rc::Rc;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::nearest::nearest;
use crate::rules::closed::ClosedFact;
use crate::rules::condition::{ABSENT_CODES, Asked, Condition, Test};
use crate::rules::expression::Expression;
use crate::rules::facts::{FactId, FactType, OpenFact, closed_type, resolve};
use crate::rules::file::Trust;
use crate::rules::placed::Placed;
use crate::rules::problem::{Problem, Problems};
use crate::rules::reader::Value;
use crate::rules::slots::Slots;
use crate::rules::words::Scope;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCondition {
    all: Option<Vec<Placed<RawCondition>>>,
    any: Option<Vec<Placed<RawCondition>>>,
    not: Option<Box<Placed<RawCondition>>>,
    is: Option<(Placed<String>, Placed<Scalar>)>,
    r#in: Option<(Placed<String>, Vec<Placed<Scalar>>)>,
    matches: Option<(Placed<String>, Placed<String>)>,
    less: Option<(Placed<String>, i64)>,
    greater: Option<(Placed<String>, i64)>,
    absent: Option<Placed<String>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Scalar {
    Bool(bool),
    Number(i64),
    Text(String),
}

/// By what it is, not by trying one after the other, which writes an error for each that fails.
impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, a whole number, or text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        let number = i64::try_from(value);
        number.map(Scalar::Number).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(value))
    }
}

/// Compiles a condition of a rule of this scope. Expressions of built-in rules are compiled when they
/// are first asked for.
pub(crate) fn compile(
    raw: &Placed<RawCondition>,
    (trust, scope): (Trust, Scope),
    slots: &mut Slots,
    problems: &mut Problems<'_>,
) -> Option<Condition> {
    Compiler { problems, slots, trust, scope }.condition(raw)
}

struct Compiler<'a, 'b> {
    problems: &'a mut Problems<'b>,
    slots: &'a mut Slots,
    trust: Trust,
    scope: Scope,
}

impl Compiler<'_, '_> {
    /// Several tests in one table must all hold.
    fn condition(&mut self, raw: &Placed<RawCondition>) -> Option<Condition> {
        let table = raw.as_ref();
        let mut parts = Vec::new();
        if let Some(all) = &table.all {
            parts.push(self.list(all).map(Condition::All));
        }
        if let Some(any) = &table.any {
            parts.push(self.list(any).map(Condition::Any));
        }
        if let Some(not) = &table.not {
            parts.push(self.condition(not).map(|inner| Condition::Not(Box::new(inner))));
        }
        if let Some((fact, value)) = &table.is {
            parts.push(self.equals(fact, std::slice::from_ref(value)));
        }
        if let Some((fact, values)) = &table.r#in {
            parts.push(self.equals(fact, values));
        }
        if let Some((fact, expression)) = &table.matches {
            parts.push(self.matches(fact, expression));
        }
        if let Some((fact, limit)) = &table.less {
            parts.push(self.limit(fact, Test::Less(*limit)));
        }
        if let Some((fact, limit)) = &table.greater {
            parts.push(self.limit(fact, Test::Greater(*limit)));
        }
        if let Some(fact) = &table.absent {
            parts.push(self.absent(fact));
        }
        if parts.is_empty() {
            self.problems.add(raw.start(), Problem::EmptyCondition);
            return None;
        }
        let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        let mut condition = if parts.len() == 1 { parts.pop()? } else { Condition::All(parts) };
        condition.order();
        Some(condition)
    }

    fn list(&mut self, raw: &[Placed<RawCondition>]) -> Option<Vec<Condition>> {
        // Each is compiled, so that every problem is told.
        let conditions: Vec<_> = raw.iter().map(|raw| self.condition(raw)).collect();
        conditions.into_iter().collect()
    }

    fn fact(&mut self, name: &Placed<String>) -> Option<FactId> {
        match resolve(name.as_ref(), self.scope) {
            Ok(fact) => Some(fact),
            Err(problem) => {
                self.problems.add(name.start(), problem);
                None
            }
        }
    }

    fn open(&mut self, fact: OpenFact, test: Test) -> Condition {
        let place = self.slots.of(&fact);
        let asked = Rc::new(Asked::new(place, fact, test));
        self.slots.of_body.note(&asked);
        Condition::Open(asked)
    }

    fn equals(&mut self, name: &Placed<String>, values: &[Placed<Scalar>]) -> Option<Condition> {
        match self.fact(name)? {
            FactId::Closed(fact) => {
                let mut codes = 0;
                for value in values {
                    let text = self.checked(name, closed_type(fact), value)?;
                    codes |= 1 << fact.code(&text.text())?;
                }
                Some(Condition::Closed { fact, codes })
            }
            FactId::Open(fact) => {
                let kind = fact.kind();
                let checked: Vec<_> =
                    values.iter().map(|value| self.checked(name, kind, value)).collect();
                let values = checked.into_iter().collect::<Option<Vec<_>>>()?;
                Some(self.open(fact, Test::In(values)))
            }
        }
    }

    /// The value, if the fact can have it.
    fn checked(
        &mut self,
        fact: &Placed<String>,
        kind: FactType,
        value: &Placed<Scalar>,
    ) -> Option<Value<'static>> {
        match (kind, value.as_ref()) {
            (FactType::Text, Scalar::Text(text)) => Some(Value::Text(text.clone().into())),
            (FactType::Number, Scalar::Number(number)) => Some(Value::Number(*number)),
            (FactType::Bool, Scalar::Bool(value)) => Some(Value::Bool(*value)),
            (FactType::OneOf(list), Scalar::Text(text)) => {
                if list.contains(&text.as_str()) {
                    return Some(Value::Text(text.clone().into()));
                }
                let problem = Problem::UnknownWord {
                    what: format!("value of `{}`", fact.as_ref()),
                    name: text.clone(),
                    nearest: nearest(text, list.iter().copied()),
                };
                self.problems.add(value.start(), problem);
                None
            }
            (wanted, got) => {
                let got = match got {
                    Scalar::Bool(_) => "true or false",
                    Scalar::Number(_) => "a number",
                    Scalar::Text(_) => "text",
                };
                let problem = Problem::WrongType { fact: fact.as_ref().clone(), wanted, got };
                self.problems.add(value.start(), problem);
                None
            }
        }
    }

    fn matches(&mut self, name: &Placed<String>, expression: &Placed<String>) -> Option<Condition> {
        let fact = self.fact(name)?;
        let compiled = match self.trust {
            Trust::Tested => Ok(Expression::known(expression.as_ref())),
            Trust::New => Expression::checked(expression.as_ref()),
        };
        let expression = match compiled {
            Ok(expression) => expression,
            Err(error) => {
                let problem = Problem::Expression(error.to_string());
                self.problems.add(expression.start(), problem);
                return None;
            }
        };
        Some(match fact {
            FactId::Closed(fact) => {
                let matching = fact.values().iter().filter(|value| expression.is_match(value));
                let codes = matching.filter_map(|value| fact.code(value));
                Condition::Closed { fact, codes: codes.fold(0, |codes, code| codes | 1 << code) }
            }
            FactId::Open(fact) => self.open(fact, Test::Matches(expression)),
        })
    }

    fn limit(&mut self, name: &Placed<String>, test: Test) -> Option<Condition> {
        let (wanted, open) = match self.fact(name)? {
            FactId::Closed(fact) => (closed_type(fact), None),
            FactId::Open(fact) => (fact.kind(), Some(fact)),
        };
        match (wanted, open) {
            (FactType::Text | FactType::Number, Some(fact)) => Some(self.open(fact, test)),
            (wanted, _) => {
                let fact = name.as_ref().clone();
                let problem = Problem::WrongType { fact, wanted, got: "a number" };
                self.problems.add(name.start(), problem);
                None
            }
        }
    }

    fn absent(&mut self, name: &Placed<String>) -> Option<Condition> {
        Some(match self.fact(name)? {
            FactId::Closed(fact) => absent_closed(fact),
            FactId::Open(fact) => self.open(fact, Test::Absent),
        })
    }
}

fn absent_closed(fact: ClosedFact) -> Condition {
    Condition::Closed { fact, codes: ABSENT_CODES }
}
