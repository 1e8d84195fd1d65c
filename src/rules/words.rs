//! The words of rule files: kinds, severities, confidences, scopes, and which class is whose.
//!
//! Must not: read a file.

use crate::model::nearest::nearest;
use crate::model::{BlockReason, Class, Confidence, Frequency, Kind, Severity, Surface};

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

/// Which response an entry of the catalogue breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseOfPage {
    /// The preflight's.
    Preflight,
    /// The actual request's.
    Actual,
    /// Either.
    Both,
}

impl PhaseOfPage {
    /// As written in pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
            Self::Both => "both",
        }
    }
}

/// A surface that pages may name: those behind which a browser's request can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSurface(pub Surface);

impl PageSurface {
    /// As written in pages.
    pub fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

macro_rules! places {
    ($($variant:ident $text:literal $doc:literal,)*) => {
        /// Where a step of a recipe is done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Place { $(#[doc = $doc] $variant,)* }

        impl Place {
            /// All places, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As written in recipes.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

places! {
    Console "console" "The AWS console.",
    Cli "cli" "The AWS CLI.",
    Sam "sam" "AWS SAM and `CloudFormation`.",
    Cdk "cdk" "AWS CDK.",
    Terraform "terraform" "Terraform.",
    Serverless "serverless" "Serverless Framework.",
    Node "node" "A function in `JavaScript` or `TypeScript`.",
    Python "python" "A function in Python.",
    Java "java" "A function in Java.",
    Go "go" "A function in Go.",
    Csharp "csharp" "A function in C#.",
    FunctionUrl "function-url" "The CORS configuration of a function URL.",
    HttpApi "http-api" "The CORS configuration of an HTTP API.",
    Cloudfront "cloudfront" "A `CloudFront` distribution.",
    Alb "alb" "A load balancer.",
    Client "client" "The page that asks.",
    Other "other" "Anywhere else.",
}

impl Place {
    /// The place of this name; common other names are understood.
    pub fn parse(text: &str) -> Result<Self, Option<&'static str>> {
        let name = text.trim().to_ascii_lowercase();
        let name = match name.as_str() {
            "js" | "javascript" | "ts" | "typescript" | "nodejs" | "node.js" => "node",
            "py" | "python3" => "python",
            "dotnet" | ".net" | "c#" | "cs" => "csharp",
            "golang" => "go",
            "kotlin" | "jvm" => "java",
            "sls" => "serverless",
            "tf" | "opentofu" => "terraform",
            "cloudformation" | "cfn" => "sam",
            "aws" | "aws-cli" | "awscli" => "cli",
            "furl" | "lambda-url" => "function-url",
            "httpapi" => "http-api",
            "browser" | "frontend" => "client",
            other => other,
        };
        let found = Self::ALL.iter().copied().find(|place| place.as_str() == name);
        found.ok_or_else(|| {
            let near = nearest(name, Self::ALL.iter().map(|place| place.as_str()));
            let names = Self::ALL.iter().map(|place| place.as_str());
            near.and_then(|near| names.into_iter().find(|name| *name == near))
        })
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
word!(PhaseOfPage, "phase", &[Self::Preflight, Self::Actual, Self::Both]);
word!(Place, "place", Place::ALL);
word!(
    PageSurface,
    "surface",
    &[Self(Surface::Rest), Self(Surface::Http), Self(Surface::FunctionUrl), Self(Surface::Alb)]
);

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
