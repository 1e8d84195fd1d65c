//! What the browser did with a response, and because of what: the symptom as the effect of its cause.
//!
//! Must not: sound sure of what the logs do not prove.

use std::fmt::Write as _;

use crate::model::{BlockReason, Class, Confidence, Impact, Kind, Surface};
use crate::output::human::Topic;
use crate::output::redact::Redaction;
use crate::report::group::Group;

/// One sentence; `None` where no browser met it.
pub(crate) fn sentence(topic: &Topic<'_>, redaction: Redaction) -> Option<String> {
    let symptoms: Vec<&Group> = topic
        .with_effects()
        .filter(|group| group.rule.kind == Kind::Symptom && group.impact == Impact::Observed)
        .collect();
    let reason = topic.with_effects().find_map(|group| group.example.reason);
    let by_gateway =
        symptoms.iter().any(|group| group.rule.class == Class::ErrorResponseWithoutCors);
    let is_proven =
        symptoms.iter().any(|group| group.rule.class != Class::ErrorResponseWithoutCors);
    let mut text = match reason {
        Some(reason) => format!("blocked ({}): {}", reason.as_str(), in_words(reason)),
        None if is_proven => "blocked".to_owned(),
        None if by_gateway => format!("blocked, unless {}", unseen_headers(topic).0),
        None => return None,
    };
    if let Some(because) = because(topic, by_gateway, redaction) {
        let _ = write!(text, ", because {because}");
    }
    if by_gateway {
        let _ = write!(text, ". {}", unseen_headers(topic).1);
    }
    Some(text)
}

/// What could bring CORS headers to a response of the gateway's own, and that no log shows it.
fn unseen_headers(topic: &Topic<'_>) -> (&'static str, &'static str) {
    let surface = topic.lead().map_or(Surface::Unknown, |lead| lead.example.surface);
    match surface {
        Surface::Http => (
            "the HTTP API's CORS configuration adds the headers",
            "That configuration is visible in no log",
        ),
        Surface::FunctionUrl => (
            "the function URL's CORS configuration adds the headers",
            "That configuration is visible in no log",
        ),
        Surface::Alb => (
            "something in front of the load balancer adds the headers",
            "Its own responses have none",
        ),
        Surface::Rest
        | Surface::WebSocket
        | Surface::TestInvoke
        | Surface::Har
        | Surface::Unknown => (
            "this gateway response has CORS headers",
            "Custom gateway responses are visible in no log",
        ),
    }
}

/// The cause, as far as it is known, and who answered.
fn because(topic: &Topic<'_>, by_gateway: bool, redaction: Redaction) -> Option<String> {
    let lead = topic.lead().filter(|lead| lead.rule.kind == Kind::Cause);
    let answered = by_gateway.then(|| {
        let status = topic.with_effects().find_map(|group| group.example.status);
        match status {
            Some(status) => format!("the gateway answered {status} itself"),
            None => "the gateway answered itself".to_owned(),
        }
    });
    let cause = lead.map(|lead| {
        let perhaps = match lead.confidence {
            Confidence::Confirmed => "",
            Confidence::Likely => "in all likelihood ",
            Confidence::Possible => "perhaps ",
        };
        let mut text = format!("{perhaps}{}", lowered(&lead.rule.title));
        if let Some(detail) = &lead.example.detail {
            let _ = write!(text, " ({})", redaction.text(detail.as_str()));
        }
        text
    });
    match (cause, answered) {
        (Some(cause), Some(answered)) => Some(format!("{cause}, and {answered}")),
        (Some(cause), None) => Some(cause),
        (None, Some(answered)) => Some(answered),
        (None, None) => None,
    }
}

/// A title within a sentence: `AWS WAF ...` and `OPTIONS ...` keep their capitals.
fn lowered(title: &str) -> String {
    let word = title.split(' ').next().unwrap_or_default();
    let is_word = word.chars().skip(1).all(char::is_lowercase);
    let is_name = matches!(word, "Lambda" | "Chrome" | "Firefox" | "Safari");
    match title.chars().next() {
        Some(first) if is_word && !is_name => {
            first.to_lowercase().chain(title.chars().skip(1)).collect()
        }
        Some(_) | None => title.to_owned(),
    }
}

/// Why the browser blocks, in a few words.
pub(crate) fn in_words(reason: BlockReason) -> &'static str {
    use BlockReason as B;
    match reason {
        B::DisallowedByMode => "the page's mode allows its own origin only",
        B::InvalidResponse => "no valid response",
        B::WildcardOriginNotAllowed => "`*` does not do for a request with credentials",
        B::MissingAllowOriginHeader => "no Access-Control-Allow-Origin",
        B::MultipleAllowOriginValues => "more than one value in Access-Control-Allow-Origin",
        B::InvalidAllowOriginValue => "Access-Control-Allow-Origin is no origin",
        B::AllowOriginMismatch => "Access-Control-Allow-Origin names another origin",
        B::InvalidAllowCredentials => "Access-Control-Allow-Credentials is not `true`",
        B::CorsDisabledScheme => "not an http or https address",
        B::PreflightInvalidStatus => "the preflight's status is not 200 to 299",
        B::PreflightDisallowedRedirect => "the preflight was redirected",
        B::PreflightWildcardOriginNotAllowed => {
            "on the preflight, `*` does not do for a request with credentials"
        }
        B::PreflightMissingAllowOriginHeader => "no Access-Control-Allow-Origin on the preflight",
        B::PreflightMultipleAllowOriginValues => {
            "more than one value in the preflight's Access-Control-Allow-Origin"
        }
        B::PreflightInvalidAllowOriginValue => {
            "the preflight's Access-Control-Allow-Origin is no origin"
        }
        B::PreflightAllowOriginMismatch => {
            "the preflight's Access-Control-Allow-Origin names another origin"
        }
        B::PreflightInvalidAllowCredentials => {
            "the preflight's Access-Control-Allow-Credentials is not `true`"
        }
        B::InvalidAllowMethodsPreflightResponse => {
            "Access-Control-Allow-Methods is no list of methods"
        }
        B::InvalidAllowHeadersPreflightResponse => {
            "Access-Control-Allow-Headers is no list of headers"
        }
        B::MethodDisallowedByPreflightResponse => "the preflight does not allow the method",
        B::HeaderDisallowedByPreflightResponse => "the preflight does not allow a request header",
        B::RedirectContainsCredentials => "a redirect to an address with a password",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_clauses() {
        assert_eq!(lowered("The function times out"), "the function times out");
        assert_eq!(lowered("A header is cut"), "a header is cut");
        assert_eq!(lowered("OPTIONS asks for a key"), "OPTIONS asks for a key");
        assert_eq!(lowered("AWS WAF blocks"), "AWS WAF blocks");
        assert_eq!(lowered("Lambda throttles"), "Lambda throttles");
    }
}
