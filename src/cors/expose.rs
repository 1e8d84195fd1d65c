//! Which response headers a page may read:
//! <https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name>.
//!
//! Must not: decide whether the page may read the response at all.

use crate::cors::header_list::Field;
use crate::cors::header_list::{TokenList, get};
use crate::model::Credentials;

/// Names of readable headers, in lower case, sorted. `fields` is the whole header list.
pub fn readable_names(fields: &[Field], credentials: Credentials) -> Vec<String> {
    let expose = get(fields, "access-control-expose-headers");
    // One element that is no token voids the list.
    let exposed = expose.as_deref().and_then(|text| TokenList::parse(text).ok());
    let exposed = exposed.unwrap_or_default();
    let all = credentials == Credentials::Omit && exposed.contains("*");
    let mut names: Vec<String> = fields
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| !is_forbidden(name))
        .filter(|name| all || is_safelisted(name) || exposed.contains_ignoring_case(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// <https://fetch.spec.whatwg.org/#forbidden-response-header-name>
fn is_forbidden(name: &str) -> bool {
    matches!(name, "set-cookie" | "set-cookie2")
}

fn is_safelisted(name: &str) -> bool {
    matches!(
        name,
        "cache-control"
            | "content-language"
            | "content-length"
            | "content-type"
            | "expires"
            | "last-modified"
            | "pragma"
    )
}
