//! HTTP-redirect fetch: <https://fetch.spec.whatwg.org/#http-redirect-fetch>.
//!
//! Must not: decide about headers other than `Location`.

use url::Url;

use crate::cors::check::cors_check;
use crate::cors::decision::Decision;
use crate::cors::engine::Engine;
use crate::cors::header_list::Field;
use crate::cors::origin::{includes_credentials, serialize, without_fragment};
use crate::cors::preflight::{LOCATION_FACT, proxy_status};
use crate::cors::response::Response;
use crate::model::{BlockReason, Credentials, Fact, Phase};

/// <https://fetch.spec.whatwg.org/#redirect-status>
pub fn is_redirect_status(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The response to an actual request: the CORS check, whatever the status, then, on a redirect, the
/// rules for its location. `base` is the URL that answered; it matters to redirects only.
pub fn check_actual<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    origin: &str,
    credentials: Credentials,
    base: Option<&Url>,
) -> Decision<'a> {
    if engine.refuses_proxy_status() && response.status == Fact::Seen(407) {
        return proxy_status();
    }
    cors_check(engine, response, origin, credentials, Phase::Actual)
        .or_else(|| check_location(engine, response, base))
}

fn check_location<'a>(
    engine: Engine,
    response: &'a Response<'_>,
    base: Option<&Url>,
) -> Decision<'a> {
    let Fact::Seen(status) = response.status else { return Decision::Allowed };
    if !is_redirect_status(status) {
        return Decision::Allowed;
    }
    match &response.location {
        Fact::Absent => Decision::Allowed,
        Fact::Unseen => Decision::Unseen(LOCATION_FACT),
        Fact::Seen(value) => match base.map(|base| target(engine, base, value.text(engine))) {
            Some(Target::None) | None => Decision::Allowed,
            Some(Target::Invalid) => invalid_redirect(),
            Some(Target::Url(url)) => check_target(&url),
        },
    }
}

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nowhere: the response is an ordinary one.
    None,
    /// The location does not parse.
    Invalid,
    /// Here.
    Url(Url),
}

/// <https://fetch.spec.whatwg.org/#concept-response-location-url>
pub fn target(engine: Engine, base: &Url, location: &str) -> Target {
    if location.is_empty() {
        return if engine.ignores_empty_location() { Target::None } else { Target::Invalid };
    }
    match base.join(location) {
        Ok(mut url) => {
            if url.fragment().is_none() {
                url.set_fragment(base.fragment());
            }
            Target::Url(url)
        }
        Err(_) => Target::Invalid,
    }
}

/// What a cross-origin request may be redirected to.
pub fn check_target<'a>(url: &Url) -> Decision<'a> {
    match url.scheme() {
        "http" | "https" => {}
        // Chromium's network stack refuses these before CORS is asked.
        "data" | "about" | "blob" | "file" | "filesystem" => {
            return Decision::blocked_by(BlockReason::InvalidResponse, "net::ERR_UNSAFE_REDIRECT");
        }
        // Step 4: not an HTTP(S) scheme.
        _ => {
            return Decision::blocked_by(
                BlockReason::CorsDisabledScheme,
                without_fragment(url).to_owned(),
            );
        }
    }
    // Steps 7 and 8.
    if includes_credentials(url) {
        let url = without_fragment(url).to_owned();
        return Decision::blocked_by(BlockReason::RedirectContainsCredentials, url);
    }
    Decision::Allowed
}

/// A redirect whose location does not parse (step 3).
pub fn invalid_redirect<'a>() -> Decision<'a> {
    Decision::blocked_by(BlockReason::InvalidResponse, "net::ERR_INVALID_REDIRECT")
}

/// Whether the redirect taints the origin, so that `Origin` is `null` from then on (step 10): from
/// one origin that is not the page's to another.
pub fn taints_origin(page_origin: &str, from: &Url, to: &Url) -> bool {
    let from_origin = serialize(from);
    from_origin != serialize(to) && from_origin != page_origin
}

/// Steps 11 and 12: the method of the next request; `GET` drops the body's headers.
pub fn rewrite_method(status: u16, method: &str, headers: &mut Vec<Field>) -> Option<&'static str> {
    const BODY_HEADERS: [&str; 4] =
        ["content-encoding", "content-language", "content-location", "content-type"];
    let becomes_get = match status {
        301 | 302 => method == "POST",
        303 => method != "GET" && method != "HEAD",
        _ => false,
    };
    if !becomes_get {
        return None;
    }
    headers.retain(|(name, _)| !BODY_HEADERS.iter().any(|h| h.eq_ignore_ascii_case(name)));
    Some("GET")
}
