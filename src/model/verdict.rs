//! What a browser did with an exchange.
//!
//! Must not: decide; `cors` does.

/// A browser's decision, or why it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Not a cross-origin request in mode `cors`: no CORS decision was made.
    NotCors,
    /// The page may read the response (or, for a preflight, the request may follow).
    Allowed,
    /// The browser refused.
    Blocked,
    /// The logs do not show enough.
    Undetermined,
}

impl Outcome {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotCors => "not-cors",
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Undetermined => "undetermined",
        }
    }
}

/// Which response was decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The response to a CORS-preflight request.
    Preflight,
    /// The response to the actual request.
    Actual,
}

impl Phase {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
        }
    }
}

/// Credentials mode of the actual request. `same-origin`, the default of `fetch`, sends no
/// credentials to another origin and so decides like `omit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Credentials {
    /// `omit`, and `same-origin` towards another origin.
    Omit,
    /// `include`.
    Include,
}

impl Credentials {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Omit => "omit",
            Self::Include => "include",
        }
    }
}

/// Why Chromium blocked: its `network::mojom::CorsError`, by its own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockReason {
    /// Mode `same-origin` with a cross-origin URL.
    DisallowedByMode,
    /// The response is a network error.
    InvalidResponse,
    /// `*` with credentials mode `include`.
    WildcardOriginNotAllowed,
    /// No `Access-Control-Allow-Origin`.
    MissingAllowOriginHeader,
    /// More than one value in `Access-Control-Allow-Origin` (Chromium: a blank or a comma in it).
    MultipleAllowOriginValues,
    /// `Access-Control-Allow-Origin` does not parse as a URL.
    InvalidAllowOriginValue,
    /// `Access-Control-Allow-Origin` names another origin.
    AllowOriginMismatch,
    /// `Access-Control-Allow-Credentials` is not exactly `true`.
    InvalidAllowCredentials,
    /// Not an HTTP(S) scheme.
    CorsDisabledScheme,
    /// The preflight's status is not in 200 to 299.
    PreflightInvalidStatus,
    /// The preflight was answered with a redirect.
    PreflightDisallowedRedirect,
    /// [`Self::WildcardOriginNotAllowed`] on the preflight.
    PreflightWildcardOriginNotAllowed,
    /// [`Self::MissingAllowOriginHeader`] on the preflight.
    PreflightMissingAllowOriginHeader,
    /// [`Self::MultipleAllowOriginValues`] on the preflight.
    PreflightMultipleAllowOriginValues,
    /// [`Self::InvalidAllowOriginValue`] on the preflight.
    PreflightInvalidAllowOriginValue,
    /// [`Self::AllowOriginMismatch`] on the preflight.
    PreflightAllowOriginMismatch,
    /// [`Self::InvalidAllowCredentials`] on the preflight.
    PreflightInvalidAllowCredentials,
    /// `Access-Control-Allow-Methods` is not a list of tokens.
    InvalidAllowMethodsPreflightResponse,
    /// `Access-Control-Allow-Headers` is not a list of tokens.
    InvalidAllowHeadersPreflightResponse,
    /// The method is not in `Access-Control-Allow-Methods`.
    MethodDisallowedByPreflightResponse,
    /// A request header is not in `Access-Control-Allow-Headers`.
    HeaderDisallowedByPreflightResponse,
    /// A redirect to a URL with user name or password.
    RedirectContainsCredentials,
}

impl BlockReason {
    /// All reasons.
    pub const ALL: &[Self] = &[
        Self::DisallowedByMode,
        Self::InvalidResponse,
        Self::WildcardOriginNotAllowed,
        Self::MissingAllowOriginHeader,
        Self::MultipleAllowOriginValues,
        Self::InvalidAllowOriginValue,
        Self::AllowOriginMismatch,
        Self::InvalidAllowCredentials,
        Self::CorsDisabledScheme,
        Self::PreflightInvalidStatus,
        Self::PreflightDisallowedRedirect,
        Self::PreflightWildcardOriginNotAllowed,
        Self::PreflightMissingAllowOriginHeader,
        Self::PreflightMultipleAllowOriginValues,
        Self::PreflightInvalidAllowOriginValue,
        Self::PreflightAllowOriginMismatch,
        Self::PreflightInvalidAllowCredentials,
        Self::InvalidAllowMethodsPreflightResponse,
        Self::InvalidAllowHeadersPreflightResponse,
        Self::MethodDisallowedByPreflightResponse,
        Self::HeaderDisallowedByPreflightResponse,
        Self::RedirectContainsCredentials,
    ];

    /// Chromium's identifier, as printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DisallowedByMode => "DisallowedByMode",
            Self::InvalidResponse => "InvalidResponse",
            Self::WildcardOriginNotAllowed => "WildcardOriginNotAllowed",
            Self::MissingAllowOriginHeader => "MissingAllowOriginHeader",
            Self::MultipleAllowOriginValues => "MultipleAllowOriginValues",
            Self::InvalidAllowOriginValue => "InvalidAllowOriginValue",
            Self::AllowOriginMismatch => "AllowOriginMismatch",
            Self::InvalidAllowCredentials => "InvalidAllowCredentials",
            Self::CorsDisabledScheme => "CorsDisabledScheme",
            Self::PreflightInvalidStatus => "PreflightInvalidStatus",
            Self::PreflightDisallowedRedirect => "PreflightDisallowedRedirect",
            Self::PreflightWildcardOriginNotAllowed => "PreflightWildcardOriginNotAllowed",
            Self::PreflightMissingAllowOriginHeader => "PreflightMissingAllowOriginHeader",
            Self::PreflightMultipleAllowOriginValues => "PreflightMultipleAllowOriginValues",
            Self::PreflightInvalidAllowOriginValue => "PreflightInvalidAllowOriginValue",
            Self::PreflightAllowOriginMismatch => "PreflightAllowOriginMismatch",
            Self::PreflightInvalidAllowCredentials => "PreflightInvalidAllowCredentials",
            Self::InvalidAllowMethodsPreflightResponse => "InvalidAllowMethodsPreflightResponse",
            Self::InvalidAllowHeadersPreflightResponse => "InvalidAllowHeadersPreflightResponse",
            Self::MethodDisallowedByPreflightResponse => "MethodDisallowedByPreflightResponse",
            Self::HeaderDisallowedByPreflightResponse => "HeaderDisallowedByPreflightResponse",
            Self::RedirectContainsCredentials => "RedirectContainsCredentials",
        }
    }
}

/// What Firefox and Safari do where it is the same question that Chromium answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Browsers {
    /// Blink.
    pub chromium: Outcome,
    /// Gecko.
    pub firefox: Outcome,
    /// WebKit.
    pub safari: Outcome,
}

/// The verdict under one credentials mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeVerdict {
    /// What Chromium does.
    pub outcome: Outcome,
    /// Why it blocks; `None` when it does not, or when the status alone proves the block and the
    /// headers that would name the reason are unseen.
    pub reason: Option<BlockReason>,
    /// The header value, method or header name that the reason is about, or, where the reason is
    /// `None` or the outcome undetermined, what is still possible. Text from logs: escape it.
    pub detail: Option<String>,
    /// The three engines side by side.
    pub browsers: Browsers,
}

/// The verdict on an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Preflight or actual response; `None` when not known (no method seen).
    pub phase: Option<Phase>,
    /// The credentials mode that applies.
    pub credentials: Credentials,
    /// Whether that mode is assumed: no `Cookie` header was seen, and the mode is never logged.
    pub credentials_assumed: bool,
    /// Without credentials.
    pub omit: ModeVerdict,
    /// With credentials mode `include`.
    pub include: ModeVerdict,
    /// What a browser would decide if the request had come from another origin: for requests that
    /// carry no `Origin`. `Some` only where every origin would be blocked (or, for `NotCors`
    /// requests of pages, never). The reason is in the vocabulary of the phase.
    pub latent: Option<BlockReason>,
    /// What the verdict needed and the logs do not show: `request.header.origin`,
    /// `response.headers`, `response.status`, `request.method`, ...
    pub unseen: Vec<String>,
}

impl Judgement {
    /// The verdict under the credentials mode that applies.
    pub fn applying(&self) -> &ModeVerdict {
        match self.credentials {
            Credentials::Omit => &self.omit,
            Credentials::Include => &self.include,
        }
    }
}
