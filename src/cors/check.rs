//! The CORS check: <https://fetch.spec.whatwg.org/#concept-cors-check>.
//!
//! Must not: read the status, or anything but the two headers.

use crate::cors::decision::{Decision, in_phase};
use crate::cors::engine::Engine;
use crate::cors::origin::parses_as_url;
use crate::cors::response::Response;
use crate::model::{BlockReason, Credentials, Fact, Phase};

/// Fact names of the two headers.
pub const ALLOW_ORIGIN_FACT: &str = "response.header.access-control-allow-origin";
/// See [`ALLOW_ORIGIN_FACT`].
pub const ALLOW_CREDENTIALS_FACT: &str = "response.header.access-control-allow-credentials";

/// The CORS check for a request with this `Origin` and credentials mode.
pub fn cors_check<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    origin: &str,
    credentials: Credentials,
    phase: Phase,
) -> Decision<'a> {
    let include = credentials == Credentials::Include;
    if engine.refuses_several_allow_origin_lines()
        && let Fact::Seen(value) = &response.allow_origin
        && value.has_several_canonical_lines()
    {
        let reason = in_phase(BlockReason::MultipleAllowOriginValues, phase);
        return Decision::blocked_by(reason, value.text(engine));
    }
    // Step 1.
    let allow_origin = match &response.allow_origin {
        Fact::Seen(value) => value.text(engine),
        // Step 2.
        Fact::Absent => {
            return Decision::blocked(in_phase(BlockReason::MissingAllowOriginHeader, phase));
        }
        Fact::Unseen => return Decision::Unseen(ALLOW_ORIGIN_FACT),
    };
    // Step 3.
    if !include && allow_origin == "*" {
        return Decision::Allowed;
    }
    // Step 4: a byte comparison; no case folding, no trailing slash.
    if allow_origin != origin {
        let reason = in_phase(why_not_equal(allow_origin), phase);
        return match allow_origin {
            "*" => Decision::blocked(reason),
            _ => Decision::blocked_by(reason, allow_origin),
        };
    }
    // Step 5.
    if !include {
        return Decision::Allowed;
    }
    // Steps 6 to 8: `true` is case-sensitive.
    let blocked = in_phase(BlockReason::InvalidAllowCredentials, phase);
    match &response.allow_credentials {
        Fact::Seen(value) if value.text(engine) == "true" => Decision::Allowed,
        Fact::Seen(value) => Decision::blocked_by(blocked, value.text(engine)),
        Fact::Absent => Decision::blocked(blocked),
        Fact::Unseen => Decision::Unseen(ALLOW_CREDENTIALS_FACT),
    }
}

/// Which of its names Chromium gives to a value that is not the origin.
fn why_not_equal(allow_origin: &str) -> BlockReason {
    if allow_origin == "*" {
        return BlockReason::WildcardOriginNotAllowed;
    }
    wrong_for_every_origin(allow_origin).unwrap_or(BlockReason::AllowOriginMismatch)
}

/// Why a value matches no origin at all; `None` for one that some page may match, or that looks so.
/// Chromium: `null`, then a blank or a comma, then "does not parse as a URL".
pub fn wrong_for_every_origin(allow_origin: &str) -> Option<BlockReason> {
    if allow_origin == "*" || allow_origin == "null" {
        None
    } else if allow_origin.contains([' ', ',']) {
        Some(BlockReason::MultipleAllowOriginValues)
    } else if parses_as_url(allow_origin) {
        None
    } else {
        Some(BlockReason::InvalidAllowOriginValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://app.example.com";

    #[track_caller]
    fn check(
        allow_origin: &[&str],
        allow_credentials: Option<&str>,
        credentials: Credentials,
        want: Option<BlockReason>,
    ) {
        let origins = allow_origin.iter().map(|value| ("Access-Control-Allow-Origin", *value));
        let others = allow_credentials.map(|value| ("Access-Control-Allow-Credentials", value));
        let fields: Vec<_> = origins
            .chain(others)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let response = Response::from_fields(200, &fields);
        let decision = cors_check(Engine::Chromium, &response, ORIGIN, credentials, Phase::Actual);
        let reason = match decision {
            Decision::Blocked { reason, .. } => Some(reason),
            Decision::Allowed | Decision::Unseen(_) => None,
        };
        assert_eq!(reason, want);
    }

    #[test]
    fn step_2_a_missing_header_fails() {
        check(&[], None, Credentials::Omit, Some(BlockReason::MissingAllowOriginHeader));
    }

    #[test]
    fn step_3_a_wildcard_passes_without_credentials_only() {
        check(&["*"], None, Credentials::Omit, None);
        let blocked = Some(BlockReason::WildcardOriginNotAllowed);
        check(&["*"], Some("true"), Credentials::Include, blocked);
        let several = Some(BlockReason::MultipleAllowOriginValues);
        check(&["*", "*"], None, Credentials::Omit, several);
    }

    #[test]
    fn step_4_compares_bytes() {
        check(&[" https://app.example.com\t"], None, Credentials::Omit, None);
        let mismatch = Some(BlockReason::AllowOriginMismatch);
        for value in ["https://app.example.com/", "https://APP.example.com", "null"] {
            check(&[value], None, Credentials::Omit, mismatch);
        }
        let invalid = Some(BlockReason::InvalidAllowOriginValue);
        for value in ["", "app.example.com", "*.example.com", "'*'", "undefined"] {
            check(&[value], None, Credentials::Omit, invalid);
        }
    }

    #[test]
    fn steps_6_to_8_want_exactly_true() {
        check(&[ORIGIN], Some("true"), Credentials::Include, None);
        let blocked = Some(BlockReason::InvalidAllowCredentials);
        check(&[ORIGIN], Some("True"), Credentials::Include, blocked);
        check(&[ORIGIN], None, Credentials::Include, blocked);
        check(&[ORIGIN], None, Credentials::Omit, None);
    }
}
