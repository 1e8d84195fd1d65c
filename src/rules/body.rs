//! What rules ask about the body that an integration answered with. Bodies differ from request to
//! request, the answers hardly do: of responses with an error status, whose bodies are worth a look, they
//! are what is read of the body.
//!
//! Must not: be asked for what a body says.

use std::rc::Rc;

use crate::model::{Exchange, Fact};
use crate::rules::condition::{Asked, Truth};
use crate::rules::facts::{OpenFact, PlainFact};
use crate::rules::observed;

/// The tests of all rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyTests(Vec<Rc<Asked>>);

impl BodyTests {
    /// Takes a test in, if it is one of the body.
    pub(super) fn note(&mut self, asked: &Rc<Asked>) {
        if asked.fact == OpenFact::Plain(PlainFact::IntegrationBody) {
            self.0.push(Rc::clone(asked));
        }
    }

    /// What they come to, if answers that follow from them are to hold for other exchanges.
    pub(crate) fn answers(&self, exchange: &Exchange) -> impl Iterator<Item = u8> {
        let tests = if are_covered(exchange) { self.0.as_slice() } else { &[] };
        let body = if tests.is_empty() { Fact::Unseen } else { observed::body(exchange) };
        tests.iter().map(move |asked| match asked.test.truth(&body) {
            Truth::False => 0,
            Truth::True => 1,
            Truth::Unknown => 2,
        })
    }
}

/// Whether [`Inputs`](crate::rules::set::Inputs) cover what tests of the body come to.
pub(super) fn are_covered(exchange: &Exchange) -> bool {
    matches!(exchange.status, Fact::Seen(400..600))
}
