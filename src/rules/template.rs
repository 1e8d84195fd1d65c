//! What is particular to an exchange: `{fact.name}` placeholders in a rule's `detail`.
//!
//! Must not: escape or redact; `report` and `output` do.

use crate::model::Fact;
use crate::rules::closed::ClosedFact;
use crate::rules::condition::Facts;
use crate::rules::facts::{FactId, OpenFact, resolve};
use crate::rules::problem::Problem;
use crate::rules::words::Scope;

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Closed(ClosedFact),
    Open(OpenFact),
}

impl Template {
    /// Parses it; braces that are meant literally cannot be written.
    pub(crate) fn parse(text: &str, scope: Scope) -> Result<Self, Problem> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}').ok_or(Problem::OpenPlaceholder)?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(match resolve(name, scope) {
                Ok(FactId::Closed(fact)) => Piece::Closed(fact),
                Ok(FactId::Open(fact)) => Piece::Open(fact),
                Err(problem) => return Err(problem),
            });
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// The text; `None` if one of its facts is not seen.
    pub(crate) fn fill<'a>(&self, facts: &impl Facts<'a>) -> Option<String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Closed(fact) => text.push_str(fact.value(facts.code(*fact))?),
                Piece::Open(fact) => match facts.read(fact) {
                    Fact::Seen(value) => text.push_str(&value.text()),
                    Fact::Absent | Fact::Unseen => return None,
                },
            }
        }
        Some(text)
    }
}
