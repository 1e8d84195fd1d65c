//! A reason by Chromium's own name for it: alone, where a pointer rests on its network panel, or in an
//! event of its protocol for tools.
//!
//! Must not: take a word of a sentence for a name.

use crate::explain::issues::ISSUES;
use crate::explain::message::{Message, OtherReason};
use crate::explain::not_cors::{ELSEWHERE, NO_ERROR, NOT_CORS};
use crate::explain::wording::Browser::Chromium;
use crate::explain::wording::{Meaning, REASONS};
use crate::model::BlockReason;

/// What stands in front of a name.
const MARKS: [&str; 3] = ["Cross-Origin Resource Sharing error:", "corsError", "CorsError"];

/// What stands in front of what the reason is about.
const PARAMETER: &str = "\"failedParameter\":\"";

/// Names that Chromium has given up, and those that it has in their place.
const OLDER: [(&str, &str); 2] = [
    ("InsecurePrivateNetwork", "InsecureLocalNetwork"),
    ("InvalidPrivateNetworkAccess", "InvalidLocalNetworkAccess"),
];

/// The reason that a text gives by name.
pub(crate) fn named(text: &str) -> Option<Message> {
    let behind =
        MARKS.iter().flat_map(|mark| text.match_indices(mark).map(|(at, mark)| at + mark.len()));
    let mut names = behind.filter_map(|at| {
        let name = text.get(at..)?.trim_start_matches([' ', ':', '"', '\'', '\\', '=']);
        name.split(|c: char| !c.is_ascii_alphanumeric()).next()
    });
    let mut message = names.find_map(by_name).or_else(|| alone(text))?;
    if let Some(parameter) = parameter(text) {
        take(parameter, &mut message);
    }
    Some(message)
}

/// A text that is a name and nothing else. Those of [`BlockReason`] are asked for on their own.
fn alone(text: &str) -> Option<Message> {
    let name = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    other(name).map(|other| Message { other: Some(other), ..Message::default() })
}

fn by_name(name: &str) -> Option<Message> {
    let message = Message { browser: Some(Chromium), ..Message::default() };
    let exact = |name: &str| {
        let reason = BlockReason::ALL.iter().find(|reason| reason.as_str() == name);
        match reason {
            Some(reason) => Some(Message { reasons: vec![*reason], ..message.clone() }),
            None => Some(Message { other: Some(other(name)?), ..message.clone() }),
        }
    };
    exact(name).or_else(|| exact(name.strip_prefix('k')?))
}

/// A reason that is no [`BlockReason`], in any case.
fn other(name: &str) -> Option<OtherReason> {
    let older = OLDER.iter().find(|(older, _)| older.eq_ignore_ascii_case(name));
    let name = older.map_or(name, |(_, newer)| newer);
    others().find(|other| other.name.eq_ignore_ascii_case(name))
}

/// All reasons that are none, once or more often.
fn others() -> impl Iterator<Item = OtherReason> {
    let all = REASONS.iter().chain(ISSUES).chain(NOT_CORS).chain(ELSEWHERE).chain(NO_ERROR);
    all.filter_map(|(meaning, _)| match meaning {
        Meaning::Other(name, page) => Some(OtherReason { name, page: *page }),
        Meaning::Check(_) | Meaning::Exactly(_) => None,
    })
}

/// What an event says that the reason is about.
fn parameter(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once(PARAMETER)?;
    let (parameter, _) = behind.split_once('"')?;
    (!parameter.is_empty()).then_some(parameter)
}

fn take(parameter: &str, message: &mut Message) {
    use BlockReason as R;
    let slot = match message.reasons.first() {
        Some(R::HeaderDisallowedByPreflightResponse) => &mut message.header,
        Some(R::MethodDisallowedByPreflightResponse) => &mut message.method,
        Some(_) => &mut message.value,
        None => return,
    };
    *slot = Some(parameter.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::message::recognize;
    use crate::explain::query::{Subject, resolve};
    use crate::rules::catalogue::Catalogue;
    use crate::rules::set::RuleSet;

    /// What is printed as a reason can be asked for.
    #[test]
    fn every_name_of_a_reason_is_known() {
        let (rules, catalogue) = (RuleSet::default(), Catalogue::default());
        for reason in BlockReason::ALL {
            let name = reason.as_str();
            assert!(
                matches!(resolve(name, &rules, &catalogue), Subject::Reason(found) if found == *reason),
                "{name}"
            );
            let event = format!("{{\"corsErrorStatus\":{{\"corsError\":\"{name}\"}}}}");
            assert_eq!(recognize(&event).expect(name).reasons, [*reason]);
        }
        for other in others() {
            let Subject::Message(found) = resolve(other.name, &rules, &catalogue) else {
                panic!("{}", other.name);
            };
            assert_eq!(found.other, Some(other));
        }
    }
}
