//! The words of rule files: kinds, severities, confidences, scopes, and which class is whose.
//!
//! Must not: read a file.

use crate::model::{BlockReason, Class, Confidence, Frequency, Kind, Severity};

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// One exchange.
    #[default]
    Exchange,
    /// What `survey` gathered of a route.
    Route,
    /// What `survey` gathered of all routes of an API stage.
    Api,
}

impl Scope {
    /// As written in rule files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Route => "route",
            Self::Api => "api",
        }
    }
}

/// What the link from cause to symptom rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Its log lines stand word for word in a public source.
    Verbatim,
    /// Its log lines are described in documentation.
    Documented,
    /// Its log lines follow from documented formats and were never seen in public. Such a rule is
    /// `possible` at most.
    Inferred,
}

impl Basis {
    /// As written in rule files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verbatim => "verbatim",
            Self::Documented => "documented",
            Self::Inferred => "inferred",
        }
    }
}

/// A word of a closed list.
pub(crate) trait Word: Copy + 'static {
    /// What the list is of.
    const WHAT: &'static str;
    /// The list.
    const ALL: &'static [Self];
    /// As written in rule files.
    fn word(self) -> &'static str;
}

macro_rules! word {
    ($type:ty, $what:literal, $all:expr) => {
        impl Word for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = $all;
            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    };
}

word!(Kind, "kind", &[Self::Symptom, Self::Cause, Self::Practice]);
word!(Severity, "severity", &[Self::Error, Self::Warning, Self::Info]);
word!(Confidence, "confidence", &[Self::Confirmed, Self::Likely, Self::Possible]);
word!(Scope, "scope", &[Self::Exchange, Self::Route, Self::Api]);
word!(Class, "class", Class::ALL);
word!(Frequency, "frequency", &[Self::Rare, Self::Occasional, Self::Common, Self::VeryCommon]);
word!(Basis, "basis", &[Self::Verbatim, Self::Documented, Self::Inferred]);
word!(BlockReason, "reason", BlockReason::ALL);

/// The kind that a class belongs to.
pub fn kind_of(class: Class) -> Kind {
    match class {
        Class::MissingAllowOrigin
        | Class::WrongAllowOrigin
        | Class::CredentialsNotAllowed
        | Class::PreflightFailed
        | Class::PreflightMethodNotAllowed
        | Class::PreflightHeaderNotAllowed
        | Class::ErrorResponseWithoutCors => Kind::Symptom,
        Class::MalformedProxyResponse
        | Class::LambdaError
        | Class::LambdaTimeout
        | Class::LambdaThrottled
        | Class::LambdaInvokePermission
        | Class::LambdaInitOrVpcError
        | Class::IntegrationTimeout
        | Class::IntegrationConfigurationError
        | Class::MockStatusCodeMissing
        | Class::MockIntegrationBinaryMediaTypes
        | Class::OptionsNotRouted
        | Class::OptionsReachesHandler
        | Class::AuthorizerDenied
        | Class::AuthorizerMisconfigured
        | Class::ApiKeyRejected
        | Class::Forbidden
        | Class::Throttled
        | Class::WafBlocked
        | Class::RequestRejected
        | Class::CacheOrProxy
        | Class::Redirect => Kind::Cause,
        Class::WildcardOrigin
        | Class::ReflectedOrigin
        | Class::VaryMissing
        | Class::MaxAge
        | Class::InconsistentCors
        | Class::ExposeHeaders
        | Class::LoggingInsufficient
        | Class::SideEffects
        | Class::NotCors => Kind::Practice,
    }
}
