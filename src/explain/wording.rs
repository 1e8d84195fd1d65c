//! What browsers have been printing since they know CORS, and which of Chromium's reasons it means.
//!
//! Must not: look at a text; it is a list.

use crate::model::BlockReason;
use crate::model::BlockReason as R;

/// Whose text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// Chrome, Edge, Opera and others of Blink.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari.
    Safari,
    /// Edge before it was built on Chromium, and Internet Explorer.
    EdgeLegacy,
}

impl Browser {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Chromium, Self::Firefox, Self::Safari, Self::EdgeLegacy];

    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Safari => "safari",
            Self::EdgeLegacy => "edge-legacy",
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chrome, Edge or another browser built on Chromium",
            Self::Firefox => "Firefox",
            Self::Safari => "Safari",
            Self::EdgeLegacy => "Edge before version 79, or Internet Explorer",
        }
    }
}

/// What a wording means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meaning {
    /// One of these, of the actual response or, each in its turn, of the preflight.
    Check(&'static [BlockReason]),
    /// One of these, as they are.
    Exactly(&'static [BlockReason]),
    /// A reason that is not about CORS headers: its name, and its page in the catalogue.
    Other(&'static str, Option<&'static str>),
}

/// A wording: whose, and its text in the form of [`crate::explain::normal::pattern`].
pub(crate) type Wording = (Option<Browser>, &'static str);

use Browser::{Chromium, Firefox, Safari};
use Meaning::{Check, Exactly, Other};

/// Chromium's, Firefox's, Safari's, anybody's.
pub(crate) const C: Option<Browser> = Some(Chromium);
pub(crate) const F: Option<Browser> = Some(Firefox);
pub(crate) const S: Option<Browser> = Some(Safari);
pub(crate) const A: Option<Browser> = None;

const LOCAL: Option<&str> = Some("local-network-access");

/// What stands around the reason, most telling first; captures URL and origin.
pub(crate) const ENVELOPES: &[Wording] = &[
    (
        C,
        "Access to {*} at '{url}' (redirected from '{from}') from origin '{origin}' has been blocked by CORS policy",
    ),
    (C, "Access to {*} at '{url}' from origin '{origin}' has been blocked by CORS policy"),
    (C, "Access to {*} at '{url}' from origin '{origin}' blocked by CORS policy"),
    (C, "Access to {*} at '{url}' has been blocked by CORS policy"),
    (C, "Redirect from '{url}' to '{to}' has been blocked by CORS policy"),
    (C, "Redirect at '{url}' from origin '{origin}' has been blocked by "),
    (C, "Access to {*} at '{address}' "),
    (C, "origin '{origin}' has been blocked by CORS policy"),
    (C, " from origin '{url}' has been blocked from loading by C"),
    (F, "disallows reading the remote resource at '{url}'. (Reason"),
    (F, "will disallow reading the remote resource at '{url}' soon. (Reason"),
    (F, "disallows reading the remote resource at '{url}'. This can be fixed by"),
    (F, "disallows reading the remote resource at '{url}'."),
    (S, "Cross-origin redirection to '{url}' denied by Cross-Origin Resource Sharing policy"),
    (S, "cannot load '{url}' due to access control checks"),
    (S, "Cannot load image '{url}' due to access control checks"),
    (F, "bad URI or cross-site access not allowed source: '{url}' "),
    (A, "XMLHttpRequest cannot load '{url}'. "),
    (A, "Fetch API cannot load '{url}'. "),
    (A, "Fetch API cannot load '{url}' Refused to connect"),
    (A, "EventSource cannot load '{url}'. "),
    (C, "Failed to load '{address}': "),
];

/// What announces a block.
pub(crate) const WARNINGS: &[&str] = &[
    "Cross-Origin Request Warning",
    "[Deprecation] The website requested a subresource from a network",
    "This content should also be served over",
    "This request was not upgraded to HTTPS",
];

/// The reasons, each as it was worded over the years.
pub(crate) const REASONS: &[(Meaning, &[Wording])] = &[
    // Missing.
    (
        Check(&[R::MissingAllowOriginHeader]),
        &[
            (C, "No 'Access-Control-Allow-Origin' header is present"),
            (C, "No 'Access-Control-Allow-Origin' header was present"),
            (F, "CORS header 'Access-Control-Allow-Origin' missing"),
        ],
    ),
    // Another origin, several.
    (
        Check(ANY_VALUE),
        &[
            (F, "CORS header 'Access-Control-Allow-Origin' does not match '{value}')."),
            (F, "CORS header 'Access-Control-Allow-Origin' does not match"),
        ],
    ),
    (
        Check(&[R::MultipleAllowOriginValues]),
        &[
            (F, "Multiple CORS header 'Access-Control-Allow-Origin' not allowed"),
            (
                C,
                "'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one",
            ),
            (S, "Access-Control-Allow-Origin cannot contain more than one origin"),
        ],
    ),
    (
        Check(&[R::InvalidAllowOriginValue]),
        &[
            (C, "'Access-Control-Allow-Origin' header contains the invalid value '{value}'."),
            (C, "'Access-Control-Allow-Origin' header contains the invalid value '{value}'"),
        ],
    ),
    (
        Check(&[R::AllowOriginMismatch]),
        &[(C, "'Access-Control-Allow-Origin' header has a value '{value}' that is not equal")],
    ),
    // Credentials.
    (
        Check(&[R::WildcardOriginNotAllowed]),
        &[
            (C, "'Access-Control-Allow-Origin' header in the response must not be the wildcard"),
            (
                C,
                "A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials flag is true",
            ),
            (F, "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is"),
            (S, "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true"),
        ],
    ),
    (
        Check(&[R::InvalidAllowCredentials]),
        &[
            (
                C,
                "'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true'",
            ),
            (
                C,
                "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is '{value}'. It must be",
            ),
            (C, "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header"),
            (F, "expected 'true' in CORS header 'Access-Control-Allow-Credentials'"),
            (S, "Credentials flag is true, but Access-Control-Allow-Credentials is not 'true'"),
        ],
    ),
    // The preflight's status, and redirects.
    (
        Exactly(&[R::PreflightInvalidStatus]),
        &[
            (C, "It does not have HTTP ok status"),
            (C, "Response for preflight does not have HTTP ok status"),
            (C, "Response for preflight has invalid HTTP status code {status}"),
            (C, "cannot load '{url}'. Invalid HTTP status code {status}"),
        ],
    ),
    (Exactly(UNSUCCESSFUL), &[(S, "Preflight response is not successful")]),
    (
        Exactly(NOT_OK),
        &[
            (F, "CORS preflight response did not succeed"),
            (F, "CORS preflight channel did not succeed"),
        ],
    ),
    (
        Exactly(&[R::PreflightDisallowedRedirect]),
        &[
            (C, "Redirect is not allowed for a preflight request"),
            (C, "Response for preflight is invalid (redirect)"),
            (C, "which is disallowed for cross-origin requests that require preflight"),
            (C, "ERR_INVALID_REDIRECT on the CORS preflight"),
            (F, "CORS request external redirect not allowed"),
        ],
    ),
    // Methods and headers.
    (
        Exactly(&[R::InvalidAllowMethodsPreflightResponse]),
        &[
            (A, "Cannot parse Access-Control-Allow-Methods response header field"),
            (F, "invalid token '{value}' in CORS header 'Access-Control-Allow-Methods'"),
            (S, "Header Access-Control-Allow-Methods has an invalid value"),
        ],
    ),
    (
        Exactly(&[R::InvalidAllowHeadersPreflightResponse]),
        &[
            (A, "Cannot parse Access-Control-Allow-Headers response header field"),
            (F, "invalid token '{value}' in CORS header 'Access-Control-Allow-Headers'"),
            (S, "Header Access-Control-Allow-Headers has an invalid value"),
        ],
    ),
    (
        Exactly(&[R::MethodDisallowedByPreflightResponse]),
        &[
            (
                C,
                "Method '{method}' is not allowed by Access-Control-Allow-Methods in preflight response",
            ),
            (S, "Method '{method}' is not allowed by 'Access-Control-Allow-Methods'"),
            (F, "Did not find method in CORS header 'Access-Control-Allow-Methods'"),
        ],
    ),
    (
        Exactly(&[R::HeaderDisallowedByPreflightResponse]),
        &[
            (
                C,
                "Request header field '{header}' is not allowed by Access-Control-Allow-Headers in preflight response",
            ),
            (S, "Request header field '{header}' is not allowed by 'Access-Control-Allow-Headers'"),
            (
                F,
                "header '{header}' is not allowed according to header 'Access-Control-Allow-Headers'",
            ),
            (F, "missing token '{header}' in CORS header 'Access-Control-Allow-Headers'"),
            (
                F,
                "When the 'Access-Control-Allow-Headers' is '*', the '{header}' header is not covered",
            ),
        ],
    ),
    // What a request may not be, and redirects of actual requests.
    (
        Exactly(&[R::RedirectContainsCredentials]),
        &[
            (C, "contains a username and password, which is disallowed for cross-origin requests"),
            (S, "redirection URL '{url}' has credentials"),
        ],
    ),
    (
        Exactly(&[R::CorsDisabledScheme]),
        &[
            (C, "Cross{*}origin requests are only support{*} protocol schemes"),
            (A, "Cross origin requests are only supported for HTTP"),
            (C, "has a disallowed scheme for cross-origin requests"),
            (S, "not allowed to follow a cross-origin CORS redirection with non CORS scheme"),
            (F, "CORS request not http"),
        ],
    ),
    (
        Exactly(&[R::DisallowedByMode]),
        &[
            (C, "Cross origin requests are not allowed by request mode"),
            (S, "Cross origin requests are not allowed when using same-origin fetch mode"),
            (F, "(Reason: CORS disabled"),
        ],
    ),
    (Other("CORSOriginHeaderNotAdded", None), &[(F, "CORS header 'Origin' cannot be added")]),
    // Access to local networks, of which Chromium has changed name and wording several times.
    (
        Other("LocalNetworkAccessPermissionDenied", LOCAL),
        &[
            (C, "Permission was denied for this request to access the '{value}' address space"),
            (C, "Ensure that local network requests are compatible with restrictions"),
        ],
    ),
    (
        Other("InsecureLocalNetwork", LOCAL),
        &[
            (
                C,
                "The request client is not a secure context and the resource is in more-private address space",
            ),
            (C, "because of its users' privileged network position"),
            (C, "Ensure private network requests are"),
        ],
    ),
    (
        Other("InvalidLocalNetworkAccess", LOCAL),
        &[(
            C,
            "Request had a target IP address space of '{value}' yet the resource is in address space",
        )],
    ),
    (
        Other("PrivateNetworkAccessPermissionUnavailable", LOCAL),
        &[(C, "Unable to ask for permission to access the '{value}' IP address space")],
    ),
    (
        Other("UnexpectedPrivateNetworkAccess", LOCAL),
        &[(C, "target IP address space, yet the resource is in address space")],
    ),
    (
        Other("PreflightMissingAllowPrivateNetwork", LOCAL),
        &[(
            C,
            "No 'Access-Control-Allow-Private-Network' header was present in the preflight response",
        )],
    ),
    (
        Other("PreflightInvalidAllowPrivateNetwork", LOCAL),
        &[(C, "'Access-Control-Allow-Private-Network' header in the preflight response")],
    ),
    (
        Other("PreflightMissingAllowExternal", LOCAL),
        &[(C, "No 'Access-Control-Allow-External' header was present in the preflight response")],
    ),
    (
        Other("PreflightInvalidAllowExternal", LOCAL),
        &[(C, "'Access-Control-Allow-External' header in the preflight response")],
    ),
    (
        Other("PreflightMissingPrivateNetworkAccessId", LOCAL),
        &[(C, "'Private-Network-Access-ID' header")],
    ),
    (
        Other("PreflightMissingPrivateNetworkAccessName", LOCAL),
        &[(C, "'Private-Network-Access-Name' header")],
    ),
    // What somebody shortened, or cut off in front.
    (
        Check(&[R::MissingAllowOriginHeader]),
        &[
            (C, "No 'Access-Control-Allow-Origin' header"),
            (C, "{^}'Access-Control-Allow-Origin' header is present on the requested resource"),
        ],
    ),
    // What fits several reasons: Safari prints it beside one that says more.
    (
        Check(ANY_ORIGIN),
        &[
            (S, "Origin '{origin}' is not allowed by Access-Control-Allow-Origin. Status code"),
            (A, "Origin '{origin}' is not allowed by Access-Control-Allow-Origin"),
            (A, "Cross-origin redirection denied by Cross-Origin Resource Sharing policy"),
        ],
    ),
];

/// Those that say the least: whatever else stands in a text goes before them.
pub(crate) const GENERAL: &[(Meaning, &[Wording])] = &[
    (
        Exactly(FAILED),
        &[(F, "(Reason: CORS request did not succeed"), (F, "(Reason: CORS request failed")],
    ),
    (
        Exactly(&[R::InvalidResponse]),
        &[(C, "CORS policy: The response is invalid."), (C, "Invalid response. Origin")],
    ),
    (
        Check(ANY),
        &[
            (F, "bad URI or cross-site access not allowed"),
            (F, "This can be fixed by moving the resource to the same domain or enabling CORS"),
            (
                F,
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource",
            ),
            (S, "denied by Cross-Origin Resource Sharing policy"),
            (C, "Response to preflight request doesn't pass access control check"),
            (C, "blocked by CORS policy"),
            (C, "blocked from loading by Cross-Origin Resource Sharing policy"),
            (S, "due to access control checks"),
        ],
    ),
];

/// Firefox says of any wrong value that it does not match.
pub(crate) const ANY_VALUE: &[BlockReason] =
    &[R::AllowOriginMismatch, R::InvalidAllowOriginValue, R::MultipleAllowOriginValues];

/// Safari, and Chrome of old, say of any origin that it is not allowed.
pub(crate) const ANY_ORIGIN: &[BlockReason] = &[
    R::MissingAllowOriginHeader,
    R::AllowOriginMismatch,
    R::InvalidAllowOriginValue,
    R::MultipleAllowOriginValues,
];

/// The text does not tell.
pub(crate) const ANY: &[BlockReason] = &[
    R::MissingAllowOriginHeader,
    R::AllowOriginMismatch,
    R::InvalidAllowOriginValue,
    R::MultipleAllowOriginValues,
    R::WildcardOriginNotAllowed,
    R::InvalidAllowCredentials,
];

/// Safari looks at the status first. Chromium names what the headers lack before it does.
pub(crate) const UNSUCCESSFUL: &[BlockReason] = &[
    R::PreflightInvalidStatus,
    R::PreflightMissingAllowOriginHeader,
    R::PreflightDisallowedRedirect,
    R::PreflightAllowOriginMismatch,
    R::PreflightInvalidAllowOriginValue,
    R::PreflightMultipleAllowOriginValues,
    R::PreflightWildcardOriginNotAllowed,
    R::PreflightInvalidAllowCredentials,
];

/// Firefox looks at the headers first, as Chromium does.
pub(crate) const NOT_OK: &[BlockReason] =
    &[R::PreflightInvalidStatus, R::PreflightDisallowedRedirect];

/// Firefox says it of everything that broke before a header was looked at.
pub(crate) const FAILED: &[BlockReason] = &[
    R::InvalidResponse,
    R::RedirectContainsCredentials,
    R::CorsDisabledScheme,
    R::DisallowedByMode,
];
