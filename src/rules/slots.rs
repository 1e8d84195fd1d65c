//! The open facts of all rules, what they are read from, and the headers among them, which are found in
//! one pass.
//!
//! Must not: read an exchange; `reader` does.

use crate::model::headers::{Lengths, is_named};
use crate::model::{Headers, Text};
use crate::rules::body::BodyTests;
use crate::rules::facts::{Family, OpenFact, PlainFact};
use crate::rules::set::Inputs;

/// The open facts of all rules.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    facts: Vec<OpenFact>,
    /// Request headers that rules ask for.
    pub(crate) request: Wanted,
    /// Response headers that rules ask for.
    pub(crate) response: Wanted,
    /// What they ask about the integration's body.
    pub(crate) of_body: BodyTests,
}

/// Headers of one list that rules ask for. Those beyond [`WANTED`] are looked for one by one: right, but
/// slower.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// In lower case.
    names: Vec<Box<str>>,
    /// For each length of a name, the places of the names that are as long.
    by_length: Vec<u32>,
    /// How long the names are.
    lengths: Lengths,
}

/// How many headers of a list are found in one pass.
pub(crate) const WANTED: usize = 32;

/// The headers of an exchange that rules ask for.
pub(crate) struct Found<'a> {
    values: [&'a [u8]; WANTED],
    /// The places of those that are there.
    present: u32,
    /// The places of those that are there more than once.
    repeated: u32,
}

impl Wanted {
    /// The place of a name, new or known; `None` if it is one too many.
    fn add(&mut self, name: &str) -> Option<usize> {
        if let Some(at) = self.place(name) {
            return Some(at);
        }
        let at = self.names.len();
        if at >= WANTED {
            return None;
        }
        self.names.push(name.into());
        self.lengths = self.lengths.with(name.len());
        if self.by_length.len() <= name.len() {
            self.by_length.resize(name.len() + 1, 0);
        }
        if let Some(set) = self.by_length.get_mut(name.len()) {
            *set |= 1 << at;
        }
        Some(at)
    }

    /// The place of a name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.find(name.as_bytes())
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        let mut set = self.by_length.get(name.len()).copied().unwrap_or(0);
        while set != 0 {
            let at = set.trailing_zeros() as usize;
            if is_named(name, self.names.get(at)?) {
                return Some(at);
            }
            set &= set - 1;
        }
        None
    }

    /// Finds them.
    pub(crate) fn in_headers<'a>(&self, headers: &Headers<'a>) -> Found<'a> {
        let mut found = Found { values: [&[]; WANTED], present: 0, repeated: 0 };
        headers.each_as_long(self.lengths, |name, value| {
            let Some(at) = self.find(name) else { return };
            found.repeated |= found.present & 1 << at;
            found.present |= 1 << at;
            if let Some(slot) = found.values.get_mut(at) {
                *slot = value;
            }
        });
        found
    }
}

impl<'a> Found<'a> {
    /// Whether the header at a place of [`Wanted`] is there more than once.
    pub(crate) fn is_repeated(&self, at: usize) -> bool {
        self.repeated >> at & 1 == 1
    }

    /// Its last value, as logged.
    pub(crate) fn value(&self, at: usize) -> Option<&'a [u8]> {
        self.values.get(at).copied().filter(|_| self.present >> at & 1 == 1)
    }
}

impl Slots {
    /// Takes a fact in. If it is a header, its place among those that are wanted.
    pub(crate) fn of(&mut self, fact: &OpenFact) -> Option<usize> {
        if !self.facts.contains(fact) {
            self.facts.push(fact.clone());
        }
        match fact {
            OpenFact::Named(Family::RequestHeader, name) => self.request.add(name),
            OpenFact::Named(Family::ResponseHeader, name) => self.response.add(name),
            OpenFact::Named(..) | OpenFact::Plain(_) | OpenFact::Survey { .. } => None,
        }
    }

    /// What these facts are read from.
    pub(crate) fn inputs(&self) -> Inputs {
        let mut inputs = Inputs { texts: vec![Text::Method], ..Inputs::default() };
        for fact in &self.facts {
            match fact {
                OpenFact::Named(Family::RequestHeader, name) => {
                    inputs.request_headers.push((name.to_string(), varies(fact)));
                }
                OpenFact::Named(Family::ResponseHeader, name) => {
                    inputs.response_headers.push((name.to_string(), varies(fact)));
                }
                OpenFact::Named(..) | OpenFact::Survey { .. } => {
                    inputs.lines.extend(fact.evidence());
                }
                OpenFact::Plain(fact) => {
                    inputs.texts.extend(text_of(*fact));
                    inputs.lines.extend(OpenFact::Plain(*fact).evidence());
                    inputs.near_names |= *fact == PlainFact::Misspelled;
                    inputs.header_in_body |= *fact == PlainFact::AllowOriginInBody;
                }
            }
        }
        inputs
    }
}

/// The text that a fact is read from. Paths differ too much to be covered, the place is what answers
/// are kept by anyway, and the others come from the verdict, from headers, or from what only failures,
/// function logs and access logs have.
fn text_of(fact: PlainFact) -> Option<Text> {
    match fact {
        PlainFact::IntegrationUri => Some(Text::EndpointUri),
        PlainFact::VerdictDetail
        | PlainFact::Route
        | PlainFact::Api
        | PlainFact::Stage
        | PlainFact::Method
        | PlainFact::Preflight
        | PlainFact::Status
        | PlainFact::HeadersSeen
        | PlainFact::HeadersComplete
        | PlainFact::ResponseLength
        | PlainFact::AllowOrigin
        | PlainFact::GatewayResponseType
        | PlainFact::FailureMessage
        | PlainFact::FailureError
        | PlainFact::DefectPath
        | PlainFact::FunctionStatus
        | PlainFact::InvocationMessage
        | PlainFact::LoggedStatus
        | PlainFact::AccessErrorMessage
        | PlainFact::AccessErrorResponseType
        | PlainFact::AccessIntegrationError
        | PlainFact::AccessAuthorizerError
        | PlainFact::AccessFunctionStatus
        | PlainFact::FunctionAcceptance
        | PlainFact::LoggedDefect
        | PlainFact::LoggedNonString
        | PlainFact::IntegrationStatus
        | PlainFact::IntegrationBody
        | PlainFact::MultiValueEvent
        | PlainFact::AuthorizerRan
        | PlainFact::Misspelled
        | PlainFact::AllowOriginInBody
        | PlainFact::Path
        | PlainFact::SlashRedirect
        | PlainFact::RepeatsStage => None,
    }
}

/// Whether a header has another value in nearly every request. Inputs cover only whether it is
/// there; an answer that depends on its value is not general.
pub(crate) fn varies(fact: &OpenFact) -> bool {
    match fact {
        OpenFact::Named(Family::RequestHeader | Family::ResponseHeader, name) => {
            VARYING.contains(&&**name)
        }
        OpenFact::Named(..) | OpenFact::Plain(_) | OpenFact::Survey { .. } => false,
    }
}

/// Credentials, addresses, ids, times and lengths.
const VARYING: &[&str] = &[
    "apigw-requestid",
    "authorization",
    "content-disposition",
    "content-length",
    "cookie",
    "date",
    "etag",
    "last-modified",
    "link",
    "referer",
    "set-cookie",
    "user-agent",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-request-id",
    "x-total-count",
];
