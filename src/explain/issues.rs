//! What the Issues tab of Chromium's developer tools says of a blocked request: a row of its table,
//! where there is one, or the headline and first sentence of a description that fits several reasons.
//!
//! Must not: look at a text; it is a list.

use crate::explain::wording::Meaning::{Check, Exactly, Other};
use crate::explain::wording::{C, Meaning, NOT_OK, Wording};
use crate::model::BlockReason as R;

/// The rows, then the descriptions.
pub(crate) const ISSUES: &[(Meaning, &[Wording])] = &[
    (Check(&[R::MissingAllowOriginHeader]), &[(C, "Access-Control-Allow-Origin{|}Missing Header")]),
    (
        Check(&[R::MultipleAllowOriginValues]),
        &[(C, "Access-Control-Allow-Origin{|}Multiple Values")],
    ),
    (Check(&[R::InvalidAllowOriginValue]), &[(C, "Access-Control-Allow-Origin{|}Invalid Value")]),
    (
        Exactly(&[R::InvalidAllowMethodsPreflightResponse]),
        &[(C, "Access-Control-Allow-Methods{|}Invalid Value")],
    ),
    (
        Exactly(&[R::InvalidAllowHeadersPreflightResponse]),
        &[(C, "Access-Control-Allow-Headers{|}Invalid Value")],
    ),
    (
        Exactly(&[R::PreflightInvalidStatus]),
        &[(C, "HTTP status of preflight request didn't indicate success")],
    ),
    (Exactly(&[R::PreflightDisallowedRedirect]), &[(C, "Response to preflight was a redirect")]),
    (
        Exactly(&[R::HeaderDisallowedByPreflightResponse]),
        &[
            (C, "Ensure CORS request includes only allowed headers"),
            (C, "contained request headers that were neither CORS-safelisted"),
        ],
    ),
    (
        Exactly(&[R::MethodDisallowedByPreflightResponse]),
        &[
            (C, "Ensure CORS request uses allowed method"),
            (C, "it neither uses one of the CORS-safelisted methods"),
        ],
    ),
    (
        Check(&[R::WildcardOriginNotAllowed]),
        &[
            (C, "sent to CORS resources with origin wildcards"),
            (C, "configured to 'include' credentials and the 'Access-Control-Allow-Origin'"),
        ],
    ),
    (
        Check(&[R::InvalidAllowCredentials]),
        &[
            (C, "Ensure CORS requests include credentials only when allowed"),
            (C, "configured to include credentials but the 'Access-Control-Allow-Credentials'"),
        ],
    ),
    (
        Check(&[R::AllowOriginMismatch]),
        &[
            (C, "Ensure CORS requesting origin matches resource's allowed origin"),
            (C, "specified an origin different from the origin of the context that initiated"),
        ],
    ),
    (
        Exactly(NOT_OK),
        &[
            (C, "Ensure preflight responses are valid"),
            (C, "failed, had an unsuccessful HTTP status code, and/or was a redirect"),
        ],
    ),
    (
        Exactly(&[R::RedirectContainsCredentials]),
        &[
            (C, "redirected to URLs containing credentials"),
            (C, "the response was a redirect to a URL that includes credentials"),
        ],
    ),
    (
        Exactly(&[R::DisallowedByMode]),
        &[
            (C, "Ensure only same-origin resources are fetched with same-origin request mode"),
            (C, "blocked because the request mode was set to 'same-origin'"),
        ],
    ),
    (
        Exactly(&[R::CorsDisabledScheme]),
        &[
            (C, "Ensure CORS requests are made on supported schemes"),
            (C, "blocked because the scheme of the request's URL doesn't support CORS"),
        ],
    ),
    (
        Other("NoCorsRedirectModeNotFollow", None),
        &[(C, "Ensure no-cors requests configure redirect mode follow")],
    ),
    (
        Exactly(INVALID_HEADERS),
        &[
            (C, "Ensure CORS response header values are valid"),
            (C, "(CORS) request was blocked because of invalid or missing response headers"),
        ],
    ),
];

/// What is told under one headline.
const INVALID_HEADERS: &[R] = &[
    R::MissingAllowOriginHeader,
    R::PreflightMissingAllowOriginHeader,
    R::MultipleAllowOriginValues,
    R::PreflightMultipleAllowOriginValues,
    R::InvalidAllowOriginValue,
    R::PreflightInvalidAllowOriginValue,
    R::InvalidAllowMethodsPreflightResponse,
    R::InvalidAllowHeadersPreflightResponse,
];

/// What stands in front of the URLs that the descriptions have for examples.
pub(crate) const EXAMPLES: &[&str] = &["of the form ", "most commonly "];
