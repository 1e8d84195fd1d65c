//! The open facts of all rules, what they are read from, and the headers among them, which are found in
//! one pass.
//!
//! Must not: read an exchange; `reader` does.

use crate::model::Text;
use crate::model::headers::HeaderNames;
use crate::rules::body::BodyTests;
use crate::rules::facts::{Family, OpenFact, PlainFact};
use crate::rules::set::Inputs;

/// The open facts of all rules.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    facts: Vec<OpenFact>,
    /// Request headers that rules ask for, as far as there is room. Others are looked for one by one:
    /// right, but slower.
    pub(crate) request: HeaderNames,
    /// Response headers, likewise.
    pub(crate) response: HeaderNames,
    /// What they ask about the integration's body.
    pub(crate) of_body: BodyTests,
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
        | PlainFact::LoggedSeen
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
