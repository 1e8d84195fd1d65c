//! What the consoles of Chrome, Firefox and Safari print for a block, word for word.
//!
//! Must not: decide; the reason is given.

use crate::model::{BlockReason, Phase};

/// Which API the page called; it appears in Chrome's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initiator {
    /// `fetch()`.
    #[default]
    Fetch,
    /// `XMLHttpRequest`.
    Xhr,
    /// `<script>`.
    Script,
    /// `<img>`.
    Image,
    /// `<link rel=stylesheet>`.
    Stylesheet,
    /// `@font-face`.
    Font,
    /// `EventSource` and others.
    Other,
}

impl Initiator {
    /// As Chrome names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Xhr => "XMLHttpRequest",
            Self::Script => "script",
            Self::Image => "image",
            Self::Stylesheet => "CSS stylesheet",
            Self::Font => "font",
            Self::Other => "resource",
        }
    }
}

/// What the texts are filled in with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blocked<'a> {
    /// Who asked.
    pub initiator: Initiator,
    /// The URL that was asked.
    pub url: &'a str,
    /// Where the fetch began, if it was redirected.
    pub redirected_from: Option<&'a str>,
    /// The page's origin.
    pub page_origin: &'a str,
    /// The `Origin` of the request: `null` once a redirect has tainted it.
    pub request_origin: &'a str,
    /// Status of the response.
    pub status: u16,
    /// The value, method, header or URL that the reason is about.
    pub detail: &'a str,
    /// Several lines named exactly `Access-Control-Allow-Origin`, over HTTP/1.
    pub several_lines: bool,
    /// Where the response of an actual request would have redirected to.
    pub redirects_to: Option<&'a str>,
}

/// Chrome's line.
pub fn chromium(reason: BlockReason, blocked: &Blocked<'_>) -> String {
    let Blocked { initiator, url, page_origin, detail, .. } = *blocked;
    let (url, from) = match (reason, blocked.redirected_from) {
        (BlockReason::CorsDisabledScheme, from) => (detail, Some(from.unwrap_or(url))),
        (_, from) => (url, from),
    };
    let from = from.map(|from| format!(" (redirected from '{from}')")).unwrap_or_default();
    let what = initiator.as_str();
    let text = chromium_reason(reason, blocked);
    format!(
        "Access to {what} at '{url}'{from} from origin '{page_origin}' has been blocked by CORS \
         policy: {text}"
    )
}

/// Schemes that Chrome lists; they depend on its build.
const CHROMIUM_SCHEMES: &str = "chrome, chrome-experimental-site-token-provider, chrome-extension, \
     chrome-untrusted, data, http, https, isolated-app";

/// Chrome's text behind `has been blocked by CORS policy: `.
pub fn chromium_reason(reason: BlockReason, blocked: &Blocked<'_>) -> String {
    use BlockReason as R;
    let value = escape(blocked.detail);
    let text = match reason {
        R::DisallowedByMode => "Cross origin requests are not allowed by request mode.".to_owned(),
        R::InvalidResponse => "The response is invalid.".to_owned(),
        R::WildcardOriginNotAllowed | R::PreflightWildcardOriginNotAllowed => {
            "The value of the 'Access-Control-Allow-Origin' header in the response must not be the \
             wildcard '*' when the request's credentials mode is 'include'."
                .to_owned()
        }
        R::MissingAllowOriginHeader | R::PreflightMissingAllowOriginHeader => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource."
                .to_owned()
        }
        R::MultipleAllowOriginValues | R::PreflightMultipleAllowOriginValues => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only \
             one is allowed."
        ),
        R::InvalidAllowOriginValue | R::PreflightInvalidAllowOriginValue => format!(
            "The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'."
        ),
        R::AllowOriginMismatch | R::PreflightAllowOriginMismatch => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to \
             the supplied origin."
        ),
        R::InvalidAllowCredentials | R::PreflightInvalidAllowCredentials => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is \
             '{value}' which must be 'true' when the request's credentials mode is 'include'."
        ),
        R::CorsDisabledScheme => format!(
            "Cross origin requests are only supported for protocol schemes: {CHROMIUM_SCHEMES}."
        ),
        R::PreflightInvalidStatus => "It does not have HTTP ok status.".to_owned(),
        R::PreflightDisallowedRedirect => {
            "Redirect is not allowed for a preflight request.".to_owned()
        }
        R::InvalidAllowMethodsPreflightResponse => {
            "Cannot parse Access-Control-Allow-Methods response header field in preflight response."
                .to_owned()
        }
        R::InvalidAllowHeadersPreflightResponse => {
            "Cannot parse Access-Control-Allow-Headers response header field in preflight response."
                .to_owned()
        }
        R::MethodDisallowedByPreflightResponse => format!(
            "Method {value} is not allowed by Access-Control-Allow-Methods in preflight response."
        ),
        R::HeaderDisallowedByPreflightResponse => format!(
            "Request header field {value} is not allowed by Access-Control-Allow-Headers in \
             preflight response."
        ),
        // Chromium leaves the location out, on purpose or not.
        R::RedirectContainsCredentials => {
            "Redirect location '' contains a username and password, which is disallowed for \
             cross-origin requests."
                .to_owned()
        }
    };
    format!("{}{text}{}", chromium_prefix(reason), chromium_hint(reason, blocked.initiator))
}

fn chromium_prefix(reason: BlockReason) -> &'static str {
    match phase_of(reason) {
        Some(Phase::Preflight) => {
            "Response to preflight request doesn't pass access control check: "
        }
        Some(Phase::Actual) | None => "",
    }
}

/// Phase of the reasons that the access control check gives; `None` for the others.
fn phase_of(reason: BlockReason) -> Option<Phase> {
    use BlockReason as R;
    match reason {
        R::PreflightWildcardOriginNotAllowed
        | R::PreflightMissingAllowOriginHeader
        | R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch
        | R::PreflightInvalidAllowCredentials
        | R::PreflightInvalidStatus
        | R::PreflightDisallowedRedirect => Some(Phase::Preflight),
        R::WildcardOriginNotAllowed
        | R::MissingAllowOriginHeader
        | R::MultipleAllowOriginValues
        | R::InvalidAllowOriginValue
        | R::AllowOriginMismatch
        | R::InvalidAllowCredentials => Some(Phase::Actual),
        R::DisallowedByMode
        | R::InvalidResponse
        | R::CorsDisabledScheme
        | R::InvalidAllowMethodsPreflightResponse
        | R::InvalidAllowHeadersPreflightResponse
        | R::MethodDisallowedByPreflightResponse
        | R::HeaderDisallowedByPreflightResponse
        | R::RedirectContainsCredentials => None,
    }
}

fn chromium_hint(reason: BlockReason, initiator: Initiator) -> &'static str {
    match (base(reason), initiator) {
        (
            BlockReason::MultipleAllowOriginValues
            | BlockReason::InvalidAllowOriginValue
            | BlockReason::AllowOriginMismatch,
            Initiator::Fetch,
        ) => " Have the server send the header with a valid value.",
        (
            BlockReason::WildcardOriginNotAllowed | BlockReason::InvalidAllowCredentials,
            Initiator::Xhr,
        ) => {
            " The credentials mode of requests initiated by the XMLHttpRequest is controlled by \
             the withCredentials attribute."
        }
        _ => "",
    }
}

/// The reason without its phase: `PreflightMissingAllowOriginHeader` → `MissingAllowOriginHeader`.
pub fn base(reason: BlockReason) -> BlockReason {
    use BlockReason as R;
    match reason {
        R::PreflightWildcardOriginNotAllowed => R::WildcardOriginNotAllowed,
        R::PreflightMissingAllowOriginHeader => R::MissingAllowOriginHeader,
        R::PreflightMultipleAllowOriginValues => R::MultipleAllowOriginValues,
        R::PreflightInvalidAllowOriginValue => R::InvalidAllowOriginValue,
        R::PreflightAllowOriginMismatch => R::AllowOriginMismatch,
        R::PreflightInvalidAllowCredentials => R::InvalidAllowCredentials,
        R::WildcardOriginNotAllowed
        | R::MissingAllowOriginHeader
        | R::MultipleAllowOriginValues
        | R::InvalidAllowOriginValue
        | R::AllowOriginMismatch
        | R::InvalidAllowCredentials
        | R::DisallowedByMode
        | R::InvalidResponse
        | R::CorsDisabledScheme
        | R::PreflightInvalidStatus
        | R::PreflightDisallowedRedirect
        | R::InvalidAllowMethodsPreflightResponse
        | R::InvalidAllowHeadersPreflightResponse
        | R::MethodDisallowedByPreflightResponse
        | R::HeaderDisallowedByPreflightResponse
        | R::RedirectContainsCredentials => reason,
    }
}

/// Chrome prints bytes beyond ASCII, and controls, as `\u00XX`.
fn escape(value: &str) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if (0x20..0x7f).contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{byte:04X}");
        }
    }
    text
}

/// Firefox's console category for a reason.
pub fn firefox_category(reason: BlockReason, several_lines: bool) -> &'static str {
    use BlockReason as R;
    match base(reason) {
        R::MissingAllowOriginHeader => "CORSMissingAllowOrigin2",
        R::MultipleAllowOriginValues if several_lines => "CORSMultipleAllowOriginNotAllowed",
        R::MultipleAllowOriginValues | R::InvalidAllowOriginValue | R::AllowOriginMismatch => {
            "CORSAllowOriginNotMatchingOrigin"
        }
        R::WildcardOriginNotAllowed => "CORSNotSupportingCredentials",
        R::InvalidAllowCredentials => "CORSMissingAllowCredentials",
        R::PreflightInvalidStatus => "CORSPreflightDidNotSucceed3",
        R::PreflightDisallowedRedirect => "CORSExternalRedirectNotAllowed",
        R::InvalidAllowMethodsPreflightResponse => "CORSInvalidAllowMethod",
        R::InvalidAllowHeadersPreflightResponse => "CORSInvalidAllowHeader",
        R::MethodDisallowedByPreflightResponse => "CORSMethodNotFound",
        R::HeaderDisallowedByPreflightResponse => "CORSMissingAllowHeaderFromPreflight2",
        R::DisallowedByMode
        | R::InvalidResponse
        | R::CorsDisabledScheme
        | R::RedirectContainsCredentials
        | R::PreflightWildcardOriginNotAllowed
        | R::PreflightMissingAllowOriginHeader
        | R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch
        | R::PreflightInvalidAllowCredentials => "CORSDidNotSucceed2",
    }
}

/// Firefox's line.
pub fn firefox(reason: BlockReason, blocked: &Blocked<'_>) -> String {
    let category = firefox_category(reason, blocked.several_lines);
    let Blocked { url, detail, status, .. } = *blocked;
    let (text, tail) = match category {
        "CORSMissingAllowOrigin2" => (
            "CORS header ‘Access-Control-Allow-Origin’ missing".to_owned(),
            format!(" Status code: {status}."),
        ),
        "CORSMultipleAllowOriginNotAllowed" => (
            "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed".to_owned(),
            String::new(),
        ),
        "CORSAllowOriginNotMatchingOrigin" => (
            format!("CORS header ‘Access-Control-Allow-Origin’ does not match ‘{detail}’"),
            String::new(),
        ),
        "CORSNotSupportingCredentials" => (
            "Credential is not supported if the CORS header ‘Access-Control-Allow-Origin’ is ‘*’"
                .to_owned(),
            String::new(),
        ),
        "CORSMissingAllowCredentials" => (
            "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’".to_owned(),
            String::new(),
        ),
        "CORSPreflightDidNotSucceed3" => (
            "CORS preflight response did not succeed".to_owned(),
            format!(" Status code: {status}."),
        ),
        "CORSExternalRedirectNotAllowed" => {
            ("CORS request external redirect not allowed".to_owned(), String::new())
        }
        "CORSInvalidAllowMethod" => (invalid_token(detail, "Methods"), String::new()),
        "CORSInvalidAllowHeader" => (invalid_token(detail, "Headers"), String::new()),
        "CORSMethodNotFound" => (
            "Did not find method in CORS header ‘Access-Control-Allow-Methods’".to_owned(),
            String::new(),
        ),
        "CORSMissingAllowHeaderFromPreflight2" => (
            format!(
                "header ‘{detail}’ is not allowed according to header \
                 ‘Access-Control-Allow-Headers’ from CORS preflight response"
            ),
            String::new(),
        ),
        _ => ("CORS request did not succeed".to_owned(), " Status code: (null).".to_owned()),
    };
    // This one message has the URL in quotes.
    let url = match category {
        "CORSNotSupportingCredentials" => format!("‘{url}’"),
        _ => url.to_owned(),
    };
    format!(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource \
         at {url}. (Reason: {text}).{tail}"
    )
}

/// Firefox names the first element that is no token.
fn invalid_token(value: &str, which: &str) -> String {
    let token = crate::cors::header_list::TokenList::parse(value).err().unwrap_or(value);
    format!("invalid token ‘{token}’ in CORS header ‘Access-Control-Allow-{which}’")
}

/// Safari's first line; its second is `Fetch API cannot load ... due to access control checks.`
pub fn safari(reason: BlockReason, blocked: &Blocked<'_>) -> String {
    let text = safari_reason(reason, blocked);
    match blocked.redirects_to {
        Some(target) => format!(
            "Cross-origin redirection to {target} denied by Cross-Origin Resource Sharing policy: \
             {text}"
        ),
        None => text,
    }
}

fn safari_reason(reason: BlockReason, blocked: &Blocked<'_>) -> String {
    use BlockReason as R;
    let Blocked { request_origin, status, detail, .. } = *blocked;
    match base(reason) {
        R::MultipleAllowOriginValues if detail.contains(',') => {
            "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
        }
        R::MissingAllowOriginHeader
        | R::MultipleAllowOriginValues
        | R::InvalidAllowOriginValue
        | R::AllowOriginMismatch => format!(
            "Origin {request_origin} is not allowed by Access-Control-Allow-Origin. Status code: \
             {status}"
        ),
        R::WildcardOriginNotAllowed => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
                .to_owned()
        }
        R::InvalidAllowCredentials => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\"."
                .to_owned()
        }
        R::PreflightInvalidStatus | R::PreflightDisallowedRedirect => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        R::InvalidAllowMethodsPreflightResponse => {
            let value = latin1(detail);
            format!("Header Access-Control-Allow-Methods has an invalid value: {value}")
        }
        R::InvalidAllowHeadersPreflightResponse => {
            let value = latin1(detail);
            format!("Header Access-Control-Allow-Headers has an invalid value: {value}")
        }
        R::MethodDisallowedByPreflightResponse => {
            format!("Method {detail} is not allowed by Access-Control-Allow-Methods.")
        }
        R::HeaderDisallowedByPreflightResponse => {
            let name = safari_spelling(detail);
            format!("Request header field {name} is not allowed by Access-Control-Allow-Headers.")
        }
        R::RedirectContainsCredentials => format!("redirection URL {detail} has credentials"),
        R::CorsDisabledScheme => {
            "not allowed to follow a cross-origin CORS redirection with non CORS scheme".to_owned()
        }
        R::DisallowedByMode => {
            "Cross origin requests are not allowed when using same-origin fetch mode.".to_owned()
        }
        R::InvalidResponse
        | R::PreflightWildcardOriginNotAllowed
        | R::PreflightMissingAllowOriginHeader
        | R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch
        | R::PreflightInvalidAllowCredentials => String::new(),
    }
}

/// Safari prints well-known names in their usual spelling, others as the script wrote them (which
/// servers do not get to see).
fn safari_spelling(name: &str) -> &str {
    const WELL_KNOWN: [&str; 20] = [
        "Accept",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-Type",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Last-Event-ID",
        "Pragma",
        "Range",
        "Upgrade-Insecure-Requests",
        "User-Agent",
        "X-Requested-With",
    ];
    WELL_KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}

/// Safari reads a value's bytes as Latin-1.
fn latin1(value: &str) -> String {
    value.bytes().map(char::from).collect()
}
