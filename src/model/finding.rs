//! One rule's statement on one exchange or route.
//!
//! Must not: decide when a rule speaks; that is the rule file's.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::model::headers::lossy;
use crate::model::{LineKind, LogTime, Place, Places, Position};

/// Where a finding stands between what the browser met and what made it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What the browser met.
    Symptom,
    /// What made it so.
    Cause,
    /// Works, but should change.
    Practice,
}

impl Kind {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Symptom => "symptom",
            Self::Cause => "cause",
            Self::Practice => "practice",
        }
    }
}

/// How much it matters; ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Breaks in a described circumstance.
    Warning,
    /// Broken.
    Error,
}

impl Severity {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// One step down; latent findings rank there.
    #[must_use]
    pub fn lowered(self) -> Self {
        match self {
            Self::Info | Self::Warning => Self::Info,
            Self::Error => Self::Warning,
        }
    }
}

/// How sure the statement is; ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One of several explanations.
    Possible,
    /// The logs point to it; something they never show could change it.
    Likely,
    /// The logs prove it.
    Confirmed,
}

impl Confidence {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}

/// Whether a browser's cross-origin request met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// No `Origin` in the logged request: a browser would meet it.
    Latent,
    /// A request with `Origin` met it.
    Observed,
}

impl Impact {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latent => "latent",
            Self::Observed => "observed",
        }
    }
}

/// How often a cause shows up in public reports; ordered from least to most. An order, no measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Frequency {
    /// Hardly ever.
    Rare,
    /// Now and then.
    Occasional,
    /// Often.
    Common,
    /// Among the first to think of.
    VeryCommon,
}

impl Frequency {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rare => "rare",
            Self::Occasional => "occasional",
            Self::Common => "common",
            Self::VeryCommon => "very-common",
        }
    }
}

macro_rules! classes {
    ($($variant:ident $text:literal $doc:literal,)*) => {
        /// The closed vocabulary of classes, for scripts and dashboards.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Class { $(#[doc = $doc] $variant,)* }

        impl Class {
            /// All classes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As printed in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The class of this name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|class| class.as_str() == text)
            }
        }
    };
}

classes! {
    MissingAllowOrigin "missing-allow-origin" "No `Access-Control-Allow-Origin`.",
    WrongAllowOrigin "wrong-allow-origin" "Mismatch, invalid or several values.",
    CredentialsNotAllowed "credentials-not-allowed" "Wildcard with credentials, or allow-credentials not `true`.",
    PreflightFailed "preflight-failed" "Status, redirect, or CORS check of the preflight.",
    PreflightMethodNotAllowed "preflight-method-not-allowed" "The method is not allowed.",
    PreflightHeaderNotAllowed "preflight-header-not-allowed" "A request header is not allowed.",
    ErrorResponseWithoutCors "error-response-without-cors" "The gateway answered itself; by default without CORS headers.",
    MalformedProxyResponse "malformed-proxy-response" "The gateway rejected what the function returned.",
    LambdaError "lambda-error" "The function failed.",
    LambdaTimeout "lambda-timeout" "The function ran out of time.",
    LambdaThrottled "lambda-throttled" "Lambda refused to run the function.",
    LambdaInvokePermission "lambda-invoke-permission" "The gateway may not invoke the function.",
    LambdaInitOrVpcError "lambda-init-or-vpc-error" "The function could not be started.",
    IntegrationTimeout "integration-timeout" "The integration did not answer in time.",
    IntegrationConfigurationError "integration-configuration-error" "The integration is misconfigured.",
    MockStatusCodeMissing "mock-status-code-missing" "A mock integration without `statusCode` in its request template.",
    MockIntegrationBinaryMediaTypes "mock-integration-binary-media-types" "A mock integration that cannot read a binary request.",
    OptionsNotRouted "options-not-routed" "No OPTIONS method or route.",
    OptionsReachesHandler "options-reaches-handler" "The preflight runs the function, which does not answer it as one.",
    AuthorizerDenied "authorizer-denied" "An authorizer refused.",
    AuthorizerMisconfigured "authorizer-misconfigured" "An authorizer failed.",
    ApiKeyRejected "api-key-rejected" "API key missing or not valid.",
    Forbidden "forbidden" "Signature, resource policy, missing authentication token.",
    Throttled "throttled" "The gateway throttled.",
    WafBlocked "waf-blocked" "AWS WAF refused.",
    RequestRejected "request-rejected" "400, 413 or 415 by the gateway.",
    CacheOrProxy "cache-or-proxy" "A cache or proxy changed the response.",
    Redirect "redirect" "A redirect broke the request.",
    WildcardOrigin "wildcard-origin" "Any origin may read.",
    ReflectedOrigin "reflected-origin" "The origin is echoed.",
    VaryMissing "vary-missing" "`Vary: Origin` is missing.",
    MaxAge "max-age" "`Access-Control-Max-Age` is missing or beyond the caps.",
    InconsistentCors "inconsistent-cors" "Methods or paths of one API differ.",
    ExposeHeaders "expose-headers" "Response headers that scripts cannot read.",
    LoggingInsufficient "logging-insufficient" "The logs cannot answer.",
    SideEffects "side-effects" "The browser blocked the response of a request that was carried out.",
    NotCors "not-cors" "Looks like a failure of CORS, and is none.",
}

/// What a rule says to people, shared by all its findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    /// Rule id, kebab case.
    pub id: String,
    /// Its class.
    pub class: Class,
    /// Symptom, cause or practice.
    pub kind: Kind,
    /// One line: what is wrong.
    pub title: String,
    /// What the browser did because of it.
    pub why: String,
    /// What to change; begins with a verb.
    pub fix: String,
    /// For causes: the rule ids of the symptoms that it accounts for.
    pub explains: Vec<String>,
    /// Where the facts come from.
    pub references: Vec<String>,
    /// How often it is met.
    pub frequency: Option<Frequency>,
    /// What would confirm it, where the logs leave a doubt.
    pub confirm_with: Option<String>,
    /// Ids of other entries of the catalogue that these logs cannot tell from it.
    pub candidates: Vec<String>,
}

/// What else an observation may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Id of a rule or a page of the catalogue.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How often it is met.
    pub frequency: Option<Frequency>,
    /// What would confirm it.
    pub confirm_with: Option<String>,
}

/// One rule's statement on one exchange or route.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: Rc<RuleText>,
    /// How much it matters (already lowered when latent).
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether a browser met it.
    pub impact: Impact,
    /// What is particular to this exchange (`$.body is an object`). Text from logs: escape it.
    pub detail: Option<String>,
    /// Ids of findings on the same exchange that made this one so (for symptoms).
    pub caused_by: Vec<String>,
    /// The kinds of lines that its condition looked at, for evidence.
    pub evidence: Vec<LineKind>,
}

/// A log line that proves a finding; owned, not yet redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of line.
    pub kind: LineKind,
    /// When.
    pub time: Option<LogTime>,
    /// Where it stands.
    pub position: Position,
    /// Its text, lossy UTF-8, not redacted, not escaped.
    pub text: String,
}

/// A log line as a report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLine {
    /// What kind of line.
    pub kind: LineKind,
    /// When.
    pub time: Option<LogTime>,
    /// Where it stands.
    pub place: Place,
    /// Line of the file, or number of the event.
    pub line: u64,
    /// Its text, lossy UTF-8, at most some kilobytes. Not redacted, not escaped.
    pub text: String,
}

impl EvidenceLine {
    /// The line at a position, of whose text at most `longest` bytes are kept.
    pub fn new(
        kind: LineKind,
        time: Option<LogTime>,
        (position, places): (Position, &Places),
        text: &[u8],
        longest: usize,
    ) -> Self {
        let text = match text.get(..longest).filter(|head| head.len() < text.len()) {
            Some(head) => format!("{} [...]", lossy(head)),
            None => lossy(text).into_owned(),
        };
        let place = places.get(position.place).cloned().unwrap_or_default();
        Self { kind, time, place, line: position.line, text }
    }
}
