//! What holds across the exchanges of one route, or of one API stage.
//!
//! Must not: gather it; `survey` does.

use crate::model::{EvidenceLine, Finding, LogTime, RequestId};

/// A value that a survey gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurveyValue {
    /// A count, or seconds.
    Number(u64),
    /// Names, or a value from logs: escape it.
    Text(String),
}

/// Which exchanges show what a survey fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A preflight that passed.
    Preflight,
    /// A response to an actual request that has `Access-Control-Allow-Origin`.
    WithAllowOrigin,
    /// One that lacks it.
    WithoutAllowOrigin,
    /// Whatever the browser blocked.
    Blocked,
}

/// Number of roles.
pub const ROLES: usize = Role::Blocked as usize + 1;

macro_rules! survey_facts {
    ($($variant:ident $name:literal $kind:ident $example:literal [$($role:ident)*] $meaning:literal,)*) => {
        /// What rules of scope `route` and `api` can ask.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SurveyFact { $(#[doc = $meaning] $variant,)* }

        impl SurveyFact {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in rule files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// A value that it can have.
            pub fn example(self) -> &'static str {
                match self { $(Self::$variant => $example,)* }
            }

            /// Whether it is a count, of which rules can ask the share as well.
            pub fn is_number(self) -> bool {
                match self { $(Self::$variant => SurveyKind::$kind == SurveyKind::Number,)* }
            }

            /// The exchanges that show it.
            pub fn roles(self) -> &'static [Role] {
                match self { $(Self::$variant => &[$(Role::$role,)*],)* }
            }
        }
    };
}

#[derive(PartialEq, Eq)]
enum SurveyKind {
    Number,
    Text,
}

survey_facts! {
    Requests "survey.requests" Number "120" [] "Exchanges.",
    BrowserRequests "survey.browser_requests" Number "80" [] "Exchanges whose request carried an `Origin`.",
    Preflights "survey.preflights" Number "30" [Preflight] "CORS-preflight requests.",
    PreflightsAllowed "survey.preflights.allowed" Number "28" [Preflight] "Preflights that passed.",
    PreflightsBlocked "survey.preflights.blocked" Number "2" [Blocked] "Preflights that the browser took for a refusal.",
    PreflightsUnfollowed "survey.preflights.unfollowed" Number "6" [Preflight] "Preflights that passed and whose method was never requested from their origin.",
    UnfollowedMethods "survey.preflights.unfollowed.names" Text "PUT" [Preflight] "The methods of these preflights.",
    PreflightsAvoidable "survey.preflights.avoidable" Number "21" [Preflight] "Preflights that came within two hours of an equal one of the same client: Chromium would have kept the first one's answer with a `Access-Control-Max-Age` of 7200.",
    PreflightsWithoutMaxAge "survey.preflights.without_max_age" Number "28" [Preflight] "Preflights that passed without `Access-Control-Max-Age`.",
    HighestMaxAge "survey.preflights.max_age.highest" Number "600" [Preflight] "The highest `Access-Control-Max-Age` in seconds; unseen where no preflight has a valid one.",
    InvalidMaxAge "survey.preflights.max_age.invalid" Number "3" [Preflight] "Preflights whose `Access-Control-Max-Age` is no whole number.",
    Actual "survey.actual" Number "50" [] "Actual requests with an `Origin`.",
    ActualAllowed "survey.actual.allowed" Number "44" [WithAllowOrigin] "Actual requests whose response the page may read.",
    ActualBlocked "survey.actual.blocked" Number "6" [Blocked] "Actual requests whose response the browser kept from the page.",
    BlockedAfterPreflight "survey.actual.blocked_after_preflight" Number "6" [Preflight Blocked] "Actual requests that were blocked though preflights from their origin passed.",
    WithAllowOrigin "survey.actual.with_allow_origin" Number "44" [WithAllowOrigin] "Successful responses (2xx) of the integration to requests with an `Origin` that have `Access-Control-Allow-Origin`.",
    WithoutAllowOrigin "survey.actual.without_allow_origin" Number "6" [WithoutAllowOrigin] "Successful responses (2xx) of the integration to requests with an `Origin` that lack it.",
    WithoutVary "survey.actual.without_vary" Number "44" [WithAllowOrigin] "Responses that name one origin and whose `Vary` does not name `Origin`.",
    MethodsWithCors "survey.methods.with_cors" Number "2" [WithAllowOrigin] "Methods whose successful responses have `Access-Control-Allow-Origin`.",
    MethodsWithCorsNames "survey.methods.with_cors.names" Text "GET, POST" [WithAllowOrigin] "Their names.",
    MethodsWithoutCors "survey.methods.without_cors" Number "1" [WithoutAllowOrigin] "Methods whose successful responses never have it.",
    MethodsWithoutCorsNames "survey.methods.without_cors.names" Text "DELETE" [WithoutAllowOrigin] "Their names.",
    Origins "survey.origins" Number "3" [] "Different values of `Origin`.",
    OriginsAllowed "survey.origins.allowed" Number "2" [WithAllowOrigin] "Origins that were allowed at least once.",
    OriginsRefused "survey.origins.refused" Number "1" [Blocked] "Origins that were blocked for the value or the lack of `Access-Control-Allow-Origin`, and never allowed.",
    OriginsEchoed "survey.origins.echoed" Number "2" [WithAllowOrigin] "Origins that were named back in `Access-Control-Allow-Origin`.",
    SitesEchoed "survey.origins.echoed.sites" Number "2" [WithAllowOrigin] "Different sites among them, told by the last two labels of the host.",
    EchoedWithCredentials "survey.origins.echoed_with_credentials" Number "2" [WithAllowOrigin] "Origins that were named back together with `Access-Control-Allow-Credentials: true`.",
    EchoedNames "survey.origins.echoed.names" Text "https://a.example, https://b.example" [WithAllowOrigin] "Origins that were named back.",
    Sibling "survey.origins.sibling" Text "https://www.shop.example" [Blocked] "A refused origin that looks like one that is allowed.",
    SiblingOf "survey.origins.sibling.of" Text "https://shop.example" [Blocked] "The origin that is allowed.",
    SiblingRelation "survey.origins.sibling.relation" Text "subdomain" [Blocked] "In what they differ: path, case, scheme, port, subdomain, or domain (the same name under another top-level domain).",
    AllowOriginValues "survey.allow_origin.values" Number "2" [WithAllowOrigin] "Different values of `Access-Control-Allow-Origin` that name one origin.",
    AllowOriginNames "survey.allow_origin.names" Text "https://a.example" [WithAllowOrigin] "Values of `Access-Control-Allow-Origin`.",
    Wildcards "survey.allow_origin.wildcards" Number "12" [WithAllowOrigin] "Responses with `Access-Control-Allow-Origin: *`.",
    AllowOriginDiffers "survey.allow_origin.differs" Number "1" [Preflight WithAllowOrigin] "Origins to which preflight and actual response name different values of `Access-Control-Allow-Origin`.",
    AllowCredentialsDiffers "survey.allow_credentials.differs" Number "1" [Preflight WithAllowOrigin] "Origins for which one of preflight and actual response allows credentials, and the other does not.",
    OfAnother "survey.allow_origin.of_another" Number "3" [Blocked] "Responses that were blocked because they name another origin that asked here too.",
    Changing "survey.answers.changing" Number "1" [WithAllowOrigin WithoutAllowOrigin] "Pairs of method and origin that got successful responses both with and without `Access-Control-Allow-Origin`.",
    Policies "survey.policies" Number "2" [] "Scope `api`: different ways in which its routes answer origins: none, `*`, one fixed origin, the request's own.",
    PolicyNames "survey.policies.names" Text "`*` on /a; none on /b" [] "Scope `api`: these ways, each with routes.",
    Routes "survey.routes" Number "7" [] "Scope `api`: routes with requests.",
    RoutesWithCors "survey.routes.with_cors" Number "5" [WithAllowOrigin] "Scope `api`: routes whose successful responses have `Access-Control-Allow-Origin`.",
    RoutesWithoutCors "survey.routes.without_cors" Number "2" [WithoutAllowOrigin] "Scope `api`: routes whose successful responses to requests with an `Origin` never have it.",
    RoutesWithoutCorsNames "survey.routes.without_cors.names" Text "/orders, /cart" [WithoutAllowOrigin] "Scope `api`: these routes.",
}

/// What holds across the exchanges of one route, or, without a path, of one API stage.
#[derive(Debug, Clone, Default)]
pub struct RouteSurvey {
    /// API id.
    pub api: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Path of the route; `None` for a whole API stage.
    pub path: Option<String>,
    /// Values by [`SurveyFact`], in the order of [`SurveyFact::ALL`].
    pub values: Vec<Option<SurveyValue>>,
    /// The earliest exchange of each [`Role`].
    pub examples: [Option<RouteExample>; ROLES],
    /// Start of the earliest exchange.
    pub first_seen: Option<LogTime>,
    /// End of the latest one.
    pub last_seen: Option<LogTime>,
}

impl RouteSurvey {
    /// The value of a fact; `None` where the exchanges do not show it.
    pub fn value(&self, fact: SurveyFact) -> Option<&SurveyValue> {
        self.values.get(fact as usize)?.as_ref()
    }

    /// A count; 0 where the exchanges do not show it.
    pub fn number(&self, fact: SurveyFact) -> u64 {
        match self.value(fact) {
            Some(SurveyValue::Number(number)) => *number,
            Some(SurveyValue::Text(_)) | None => 0,
        }
    }
}

/// An exchange that shows what is said of a route.
#[derive(Debug, Clone, Default)]
pub struct RouteExample {
    /// The gateway's request id, else Lambda's.
    pub request_id: Option<RequestId>,
    /// Its lines. Texts from logs: redact and escape them.
    pub lines: Vec<EvidenceLine>,
}

/// What a rule finds in a route or an API stage.
#[derive(Debug, Clone)]
pub struct RouteFinding {
    /// What it says.
    pub finding: Finding,
    /// The exchanges that show it.
    pub roles: Vec<Role>,
    /// How many exchanges it is about.
    pub count: u64,
}
