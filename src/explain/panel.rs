//! What network panels show of a blocked request: Firefox names the reason in a row, Chromium says no
//! more than `CORS error`, but shows the preflight in a row of its own.
//!
//! Must not: take a row about another request, or a status of 200 to 299 for a reason.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::explain::message::Message;
use crate::explain::wording::Browser::Chromium;
use crate::explain::wording::Meaning::{Check, Exactly, Other};
use crate::explain::wording::{ANY_VALUE, F, FAILED, Meaning, NOT_OK, UNSUCCESSFUL, Wording};
use crate::model::BlockReason as R;

/// Firefox's names for the reasons. Those that other texts can hold count behind a URL only.
pub(crate) const PANEL: &[(Meaning, &[Wording])] = &[
    (Check(&[R::MissingAllowOriginHeader]), &[(F, "CORS Missing Allow Origin")]),
    (Check(&[R::MultipleAllowOriginValues]), &[(F, "CORS Multiple Origin Not Allowed")]),
    (Check(ANY_VALUE), &[(F, "CORS Allow Origin Not Matching Origin")]),
    (Check(&[R::WildcardOriginNotAllowed]), &[(F, "CORS No Allow Credentials")]),
    (Check(&[R::InvalidAllowCredentials]), &[(F, "CORS Missing Allow Credentials")]),
    (Exactly(NOT_OK), &[(F, "CORS Preflight Did Not Succeed")]),
    (Exactly(&[R::PreflightDisallowedRedirect]), &[(F, "CORS External Redirect Not Allowed")]),
    (Exactly(&[R::InvalidAllowMethodsPreflightResponse]), &[(F, "CORS Invalid Allow Method")]),
    (Exactly(&[R::InvalidAllowHeadersPreflightResponse]), &[(F, "CORS Invalid Allow Header")]),
    (Exactly(&[R::MethodDisallowedByPreflightResponse]), &[(F, "CORS Method Not Found")]),
    (Exactly(&[R::HeaderDisallowedByPreflightResponse]), &[(F, "CORS Missing Allow Header")]),
    (Other("CORSOriginHeaderNotAdded", None), &[(F, "CORS Origin Header Missing")]),
    (Exactly(&[R::CorsDisabledScheme]), &[(F, "{address} CORS Not HTTP")]),
    (Exactly(&[R::DisallowedByMode]), &[(F, "{address} CORS disabled")]),
    (Exactly(FAILED), &[(F, "{address} CORS Failed")]),
];

/// The row of a request that was blocked: its name, and behind the status its type.
static BLOCKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let kind = "xhr|fetch|script|stylesheet|font|image|media|manifest|eventsource|preflight";
    Regex::new(&format!(r"(?P<name>\S+) CORS error (?:{kind})\b")).ok()
});

/// The row of a preflight: its name, status, type, and what began it.
static PREFLIGHT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?P<name>\S+) (?P<status>[1-5]\d\d) preflight(?P<initiator> Preflight)?\b").ok()
});

/// What stands in the column of the status, alone.
const STATUS: [&str; 2] = ["CORS error", "blocked:cors"];

/// What rows of Chromium's panel tell: the status of the preflight, or that the reason is hidden.
pub(crate) fn rows(text: &str) -> Option<Message> {
    let message = Message { browser: Some(Chromium), ..Message::default() };
    let all = |expression: &'static Option<Regex>| {
        expression.iter().flat_map(|expression| expression.captures_iter(text))
    };
    let blocked: Vec<&str> = all(&BLOCKED).filter_map(|row| name(&row)).collect();
    let refused = all(&PREFLIGHT).find(|row| {
        let is_ok = row.name("status").is_some_and(|status| status.as_str().starts_with('2'));
        let is_row = row.name("initiator").is_some();
        let is_of_blocked = name(row).is_some_and(|name| blocked.contains(&name));
        !is_ok && (is_of_blocked || (is_row && blocked.is_empty()))
    });
    if let Some(row) = refused {
        let mut message = Message { reasons: UNSUCCESSFUL.to_vec(), ..message };
        message.fill(&row);
        return Some(message);
    }
    let alone = text.trim_matches(|c: char| !c.is_alphanumeric());
    let is_status = STATUS.iter().any(|status| alone.eq_ignore_ascii_case(status));
    let is_cell = text.to_ascii_lowercase().contains("(blocked:cors)");
    let is_row = !blocked.is_empty() || is_status || is_cell;
    is_row.then_some(Message { is_hidden: true, is_row, ..message })
}

fn name<'a>(row: &Captures<'a>) -> Option<&'a str> {
    row.name("name").map(|name| name.as_str())
}
