//! Each reason in a sentence of the standard's logic, and as the consoles print it.
//!
//! Must not: name a cause; the catalogue does.

use serde::Serialize;

use crate::cors::console::{self, Blocked, base};
use crate::explain::commands::is_actual;
use crate::model::{BlockReason, Phase};

/// A URL and an origin that nobody takes for their own.
pub(crate) const EXAMPLE_URL: &str = "https://api.example.com/orders";
/// See [`EXAMPLE_URL`].
pub(crate) const EXAMPLE_ORIGIN: &str = "https://app.example.com";

/// What the three consoles print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsoleTexts {
    /// Chrome, Edge.
    pub chromium: String,
    /// Firefox.
    pub firefox: String,
    /// Safari; `None` where it prints nothing of its own.
    pub safari: Option<String>,
}

/// The texts, filled in with examples.
pub(crate) fn texts(reason: BlockReason) -> ConsoleTexts {
    let phase = phase(reason);
    let status = if reason == BlockReason::PreflightInvalidStatus {
        403
    } else if reason == BlockReason::PreflightDisallowedRedirect {
        302
    } else if phase == Phase::Preflight {
        204
    } else {
        200
    };
    let blocked = Blocked {
        url: EXAMPLE_URL,
        page_origin: EXAMPLE_ORIGIN,
        request_origin: EXAMPLE_ORIGIN,
        status,
        detail: detail(reason),
        ..Blocked::default()
    };
    let safari = console::safari(reason, &blocked);
    ConsoleTexts {
        chromium: console::chromium(reason, &blocked),
        firefox: console::firefox(reason, &blocked),
        safari: (!safari.is_empty()).then_some(safari),
    }
}

/// The response that the reason is about.
pub(crate) fn phase(reason: BlockReason) -> Phase {
    if is_actual(reason) { Phase::Actual } else { Phase::Preflight }
}

/// An example of what the reason is about.
fn detail(reason: BlockReason) -> &'static str {
    use BlockReason as R;
    match base(reason) {
        R::MultipleAllowOriginValues => "https://app.example.com, *",
        R::InvalidAllowOriginValue => "app.example.com",
        R::AllowOriginMismatch => "https://www.example.com",
        R::InvalidAllowCredentials => "True",
        R::InvalidAllowMethodsPreflightResponse => "GET;PUT",
        R::InvalidAllowHeadersPreflightResponse => "content type",
        R::MethodDisallowedByPreflightResponse => "PUT",
        R::HeaderDisallowedByPreflightResponse => "authorization",
        R::RedirectContainsCredentials => "https://user:password@www.example.com/",
        R::CorsDisabledScheme => "file:///orders.json",
        R::DisallowedByMode
        | R::InvalidResponse
        | R::WildcardOriginNotAllowed
        | R::MissingAllowOriginHeader
        | R::PreflightInvalidStatus
        | R::PreflightDisallowedRedirect
        | R::PreflightWildcardOriginNotAllowed
        | R::PreflightMissingAllowOriginHeader
        | R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch
        | R::PreflightInvalidAllowCredentials => "",
    }
}

/// What the standard says, in a sentence.
pub(crate) fn sentence(reason: BlockReason) -> &'static str {
    use BlockReason as R;
    match base(reason) {
        R::DisallowedByMode => {
            "A request in mode `same-origin` must not leave its origin, whatever the server says."
        }
        R::InvalidResponse => {
            "There is no response: what broke the connection has nothing to do with CORS headers."
        }
        R::WildcardOriginNotAllowed => {
            "With credentials, `Access-Control-Allow-Origin` must name the origin itself; `*` counts \
             as a name that differs."
        }
        R::MissingAllowOriginHeader => {
            "A response to another origin must carry `Access-Control-Allow-Origin`; without it the \
             page must not read it."
        }
        R::MultipleAllowOriginValues => {
            "All lines of `Access-Control-Allow-Origin` are joined to one value, which must be one \
             origin or `*`; a list equals no origin."
        }
        R::InvalidAllowOriginValue => {
            "`Access-Control-Allow-Origin` must equal the page's origin byte for byte; a value \
             without scheme and host never does."
        }
        R::AllowOriginMismatch => {
            "`Access-Control-Allow-Origin` must equal the page's origin byte for byte: scheme, host, \
             port, no slash behind, no pattern."
        }
        R::InvalidAllowCredentials => {
            "With credentials, `Access-Control-Allow-Credentials` must be exactly `true`, in small \
             letters."
        }
        R::CorsDisabledScheme => "Only HTTP and HTTPS have CORS; other schemes have no headers.",
        R::PreflightInvalidStatus => {
            "The answer to a preflight needs a status from 200 to 299, whatever its headers say."
        }
        R::PreflightDisallowedRedirect => {
            "A preflight is not redirected: any redirect as its answer is a failure."
        }
        R::InvalidAllowMethodsPreflightResponse => {
            "`Access-Control-Allow-Methods` must be a list of tokens with commas between them; one \
             bad element spoils the whole."
        }
        R::InvalidAllowHeadersPreflightResponse => {
            "`Access-Control-Allow-Headers` must be a list of header names with commas between them; \
             one bad element spoils the whole."
        }
        R::MethodDisallowedByPreflightResponse => {
            "A method other than GET, HEAD and POST must be in `Access-Control-Allow-Methods`, in the \
             same case; `*` does not count with credentials."
        }
        R::HeaderDisallowedByPreflightResponse => {
            "Every header of the request that is not safelisted must be in \
             `Access-Control-Allow-Headers`; `*` does not count with credentials, and does not cover \
             `Authorization`."
        }
        R::RedirectContainsCredentials => {
            "A cross-origin request is not redirected to a URL with user name or password."
        }
        R::PreflightWildcardOriginNotAllowed
        | R::PreflightMissingAllowOriginHeader
        | R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch
        | R::PreflightInvalidAllowCredentials => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::message::recognize;

    #[test]
    fn every_reason_has_a_sentence_and_texts_that_are_recognized() {
        for reason in BlockReason::ALL {
            assert!(sentence(*reason).ends_with('.'), "{reason:?}");
            let texts = texts(*reason);
            for text in [Some(texts.chromium), Some(texts.firefox), texts.safari].iter().flatten() {
                let message = recognize(text).expect(text);
                assert!(message.reasons.contains(reason), "{reason:?} {text}");
            }
        }
    }
}
