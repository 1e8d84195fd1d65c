//! Names that stand for a wording (Firefox's categories, the codes of Edge), and the errors that hide
//! the reason from the page.
//!
//! Must not: look at a text; these are lists.

use crate::explain::wording::Browser;
use crate::explain::wording::Browser::EdgeLegacy;
use crate::explain::wording::Meaning::{Check, Exactly, Other};
use crate::explain::wording::{
    A, ANY, ANY_ORIGIN, ANY_VALUE, C, F, FAILED, Meaning, NOT_OK, S, Wording,
};
use crate::model::BlockReason as R;

const E: Option<Browser> = Some(EdgeLegacy);

/// The codes of Edge before it was built on Chromium, in whatever language the text is.
pub(crate) const EDGE: &[(Meaning, &[Wording])] = &[
    (Check(ANY_ORIGIN), &[(E, "SEC7120")]),
    (Check(&[R::WildcardOriginNotAllowed]), &[(E, "SEC7121")]),
    (Check(&[R::InvalidAllowCredentials]), &[(E, "SEC7122"), (E, "SEC7129")]),
    (Exactly(&[R::HeaderDisallowedByPreflightResponse]), &[(E, "SEC7123")]),
    (Exactly(&[R::MethodDisallowedByPreflightResponse]), &[(E, "SEC7124")]),
    (Exactly(UNPARSED), &[(E, "SEC7125")]),
    (Exactly(&[R::PreflightDisallowedRedirect]), &[(E, "SEC7126")]),
    (Exactly(REDIRECTED), &[(E, "SEC7127")]),
    (Check(&[R::MultipleAllowOriginValues]), &[(E, "SEC7128")]),
    // These go with another one, which says more.
    (Check(ANY), &[(E, "SEC7118"), (E, "SEC7119")]),
];

const UNPARSED: &[R] = &[
    R::InvalidAllowHeadersPreflightResponse,
    R::InvalidAllowMethodsPreflightResponse,
    R::InvalidResponse,
];

const REDIRECTED: &[R] =
    &[R::PreflightDisallowedRedirect, R::RedirectContainsCredentials, R::CorsDisabledScheme];

/// What a page gets to see in place of the reason.
pub(crate) const HIDING: &[Wording] = &[
    (C, "TypeError: Failed to fetch"),
    (C, "net::ERR_FAILED"),
    (C, "{address} ERR_FAILED"),
    (F, "NetworkError when attempting to fetch resource"),
    (S, "TypeError: Load failed"),
    (A, "AxiosError: Network Error"),
    (A, "Error: Network Error"),
    (A, "TypeError: Network request failed"),
    (A, "Http failure response for {*}: 0 Unknown Error"),
    (A, "Error: XMLHttpRequest error"),
    (A, "Exception: XMLHttpRequest error"),
    (A, "Failed to fetch. Possible Reasons:"),
    (A, "message: 'Network Error'"),
    (E, "SCRIPT7002: XMLHttpRequest: Network Error 0x80070005"),
    (E, "SCRIPT5: Access is denied"),
    (A, "status: 0, statusText: 'Unknown Error'"),
    (A, "code: 'ERR_NETWORK',"),
    (A, "ApolloError: Failed to fetch"),
    (A, "Error: Network request failed"),
    (
        A,
        "the network is offline, Origin is not allowed by Access-Control-Allow-Origin, the page is",
    ),
];

/// Short texts that mean the same only where nothing stands around them.
pub(crate) const HIDING_ALONE: &[Wording] = &[
    (C, "Failed to fetch"),
    (C, "ERR_FAILED"),
    (S, "Load failed"),
    (A, "Network Error"),
    (A, "Network request failed"),
];

/// Firefox's categories, as its documentation and, in part, its network panel name them. A digit may
/// follow.
pub(crate) const CATEGORIES: &[(&str, Meaning)] = &[
    ("CORSMissingAllowOrigin", Check(&[R::MissingAllowOriginHeader])),
    ("CORSMultipleAllowOriginNotAllowed", Check(&[R::MultipleAllowOriginValues])),
    ("CORSAllowOriginNotMatchingOrigin", Check(ANY_VALUE)),
    ("CORSNotSupportingCredentials", Check(&[R::WildcardOriginNotAllowed])),
    ("CORSMissingAllowCredentials", Check(&[R::InvalidAllowCredentials])),
    ("CORSPreflightDidNotSucceed", Exactly(NOT_OK)),
    ("CORSExternalRedirectNotAllowed", Exactly(&[R::PreflightDisallowedRedirect])),
    ("CORSInvalidAllowMethod", Exactly(&[R::InvalidAllowMethodsPreflightResponse])),
    ("CORSInvalidAllowHeader", Exactly(&[R::InvalidAllowHeadersPreflightResponse])),
    ("CORSMethodNotFound", Exactly(&[R::MethodDisallowedByPreflightResponse])),
    ("CORSMissingAllowHeaderFromPreflight", Exactly(&[R::HeaderDisallowedByPreflightResponse])),
    ("CORSRequestNotHttp", Exactly(&[R::CorsDisabledScheme])),
    ("CORSNotHttp", Exactly(&[R::CorsDisabledScheme])),
    ("CORSDisabled", Exactly(&[R::DisallowedByMode])),
    ("CORSDidNotSucceed", Exactly(FAILED)),
    ("CORSFailed", Exactly(FAILED)),
    ("CORSOriginHeaderNotAdded", Other("CORSOriginHeaderNotAdded", None)),
];
