//! What a rule may ask about an exchange or a route: the closed list of facts, each with its meaning.
//!
//! A fact has a closed list of values (`ClosedFact`) or is open: text, a number, yes or no. Names
//! that end in `<name>` or `<key>` stand for one fact per header or access-log key.
//!
//! Must not: read an exchange; `reader` and `closed` do.

use crate::model::nearest::nearest;
use crate::model::{LineKind, Role, SurveyFact};
use crate::rules::closed::{ClosedFact, DEFECTS};
use crate::rules::problem::Problem;
use crate::rules::words::Scope;

/// What values a fact can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactType {
    /// Any text. `less` and `greater` read it as a number, where it is one.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Bool,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// One entry of the documented list of facts.
#[derive(Debug, Clone, Copy)]
pub struct FactEntry {
    /// Name in rule files; `<name>` and `<key>` stand for any header or access-log key.
    pub name: &'static str,
    /// What values it can have.
    pub kind: FactType,
    /// What it says.
    pub meaning: &'static str,
    /// A value that it can have.
    pub example: &'static str,
    /// The rules that can ask it: of one exchange, or of a route (and of an API stage).
    pub scope: Scope,
    /// The lines that show it; empty where it follows from several things, or is always known.
    pub lines: &'static [LineKind],
}

/// All facts, those with a closed list of values first.
pub fn facts() -> impl Iterator<Item = FactEntry> {
    let closed = ClosedFact::ALL.iter().map(|fact| FactEntry {
        name: fact.name(),
        kind: closed_type(*fact),
        meaning: fact.meaning(),
        example: fact.values().first().copied().unwrap_or_default(),
        scope: Scope::Exchange,
        lines: fact.evidence(),
    });
    let plain = PLAIN.iter().map(|plain| plain.open.entry);
    let families = FAMILIES.iter().map(|family| family.open.entry);
    let survey = SurveyFact::ALL.iter().map(|fact| FactEntry {
        name: fact.name(),
        kind: survey_type(*fact),
        meaning: fact.meaning(),
        example: fact.example(),
        scope: Scope::Route,
        lines: &[],
    });
    closed.chain(plain).chain(families).chain(survey)
}

/// `Bool` where the values are `false` and `true`.
pub(crate) fn closed_type(fact: ClosedFact) -> FactType {
    match fact.values() {
        ["false", "true"] => FactType::Bool,
        values => FactType::OneOf(values),
    }
}

/// A fact, resolved from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FactId {
    /// One with a closed list of values.
    Closed(ClosedFact),
    /// Any other.
    Open(OpenFact),
}

/// A fact without a closed list of values, or one that takes a look into headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OpenFact {
    /// One by itself.
    Plain(PlainFact),
    /// One of a family: a header (its name in lower case) or an access-log key.
    Named(Family, Box<str>),
    /// One that `survey` gathered, or its share of the requests with an `Origin`, in percent.
    Survey {
        /// The fact.
        fact: SurveyFact,
        /// Whether its share is asked for.
        share: bool,
    },
}

/// An open fact by itself; in the order of [`PLAIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainFact {
    VerdictDetail,
    Method,
    Path,
    Preflight,
    Status,
    HeadersSeen,
    HeadersComplete,
    ResponseLength,
    AllowOrigin,
    GatewayResponseType,
    Route,
    Api,
    Stage,
    FailureMessage,
    FailureError,
    SlashRedirect,
    IntegrationUri,
    DefectPath,
    FunctionStatus,
    InvocationMessage,
    LoggedSeen,
    LoggedStatus,
    AccessErrorMessage,
    AccessErrorResponseType,
    AccessIntegrationError,
    AccessAuthorizerError,
    AccessFunctionStatus,
    FunctionAcceptance,
    LoggedDefect,
    LoggedNonString,
    IntegrationStatus,
    IntegrationBody,
    MultiValueEvent,
    AuthorizerRan,
    RepeatsStage,
    Misspelled,
    AllowOriginInBody,
}

/// A family of open facts; in the order of [`FAMILIES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    RequestHeader,
    ResponseHeader,
    FunctionHeader,
    IntegrationRequestHeader,
    IntegrationResponseHeader,
    LoggedHeader,
    LoggedType,
    App,
    AccessKey,
}

impl OpenFact {
    /// What values it can have.
    pub(crate) fn kind(&self) -> FactType {
        match self {
            Self::Survey { fact, .. } => survey_type(*fact),
            Self::Plain(_) | Self::Named(..) => {
                self.listing().map_or(FactType::Text, |listing| listing.entry.kind)
            }
        }
    }

    /// The exchanges of a route that show it.
    pub(crate) fn roles(&self) -> &'static [Role] {
        match self {
            Self::Survey { fact, .. } => fact.roles(),
            Self::Plain(_) | Self::Named(..) => &[],
        }
    }

    /// The kinds of lines that show it.
    pub(crate) fn evidence(&self) -> &'static [LineKind] {
        self.listing().map_or(&[], |listing| listing.evidence)
    }

    /// Whether reading it means to look through a list.
    pub(crate) fn is_costly(&self) -> bool {
        match self {
            Self::Named(..)
            | Self::Plain(
                PlainFact::Preflight
                | PlainFact::AllowOrigin
                | PlainFact::IntegrationBody
                | PlainFact::Misspelled
                | PlainFact::AllowOriginInBody,
            ) => true,
            Self::Plain(_) | Self::Survey { .. } => false,
        }
    }

    /// Name in rule files.
    pub(crate) fn name(&self) -> String {
        let name = self.listing().map_or("", |listing| listing.entry.name);
        match self {
            Self::Named(_, parameter) => format!("{}{parameter}", prefix(name)),
            Self::Plain(_) => name.to_owned(),
            Self::Survey { fact, share: false } => fact.name().to_owned(),
            Self::Survey { fact, share: true } => format!("{}{SHARE}", fact.name()),
        }
    }

    fn listing(&self) -> Option<&'static Open> {
        match self {
            Self::Plain(fact) => PLAIN.get(*fact as usize).map(|open| &open.open),
            Self::Named(family, _) => FAMILIES.get(*family as usize).map(|open| &open.open),
            Self::Survey { .. } => None,
        }
    }
}

const SHARE: &str = ".share";

fn survey_type(fact: SurveyFact) -> FactType {
    if fact.is_number() { FactType::Number } else { FactType::Text }
}

/// The fact of this name in rules of this scope; else what is wrong, with the nearest name there is.
pub(crate) fn resolve(name: &str, scope: Scope) -> Result<FactId, Problem> {
    let (own, other) = match scope {
        Scope::Exchange => (of_exchange(name), of_survey(name).map(|_| "route")),
        Scope::Route | Scope::Api => (of_survey(name), of_exchange(name).map(|_| "exchange")),
    };
    match (own, other) {
        (Some(fact), _) => Ok(fact),
        (None, Some(other)) => {
            Err(Problem::FactOfScope { name: name.to_owned(), own: scope.as_str(), other })
        }
        (None, None) => {
            let names = facts().filter(|fact| fact.scope == family_of(scope));
            let nearest = nearest(name, names.map(|fact| fact.name));
            Err(Problem::UnknownFact { name: name.to_owned(), nearest })
        }
    }
}

/// Short for `request.header.origin`.
pub(crate) const ORIGIN: &str = "request.origin";

fn of_exchange(name: &str) -> Option<FactId> {
    if let Some(fact) = ClosedFact::ALL.iter().find(|fact| fact.name() == name) {
        return Some(FactId::Closed(*fact));
    }
    if name == ORIGIN {
        return Some(FactId::Open(OpenFact::Named(Family::RequestHeader, "origin".into())));
    }
    if let Some(plain) = PLAIN.iter().find(|plain| plain.open.entry.name == name) {
        return Some(FactId::Open(OpenFact::Plain(plain.fact)));
    }
    family(name).map(FactId::Open)
}

/// Facts that rules of scope `route` and `api` have besides those that `survey` gives.
const PLACE_FACTS: &[PlainFact] = &[PlainFact::Route, PlainFact::Api, PlainFact::Stage];

fn of_survey(name: &str) -> Option<FactId> {
    let plain = PLAIN.iter().find(|plain| plain.open.entry.name == name).map(|plain| plain.fact);
    if let Some(fact) = plain.filter(|fact| PLACE_FACTS.contains(fact)) {
        return Some(FactId::Open(OpenFact::Plain(fact)));
    }
    let find = |name: &str| SurveyFact::ALL.iter().copied().find(|fact| fact.name() == name);
    let whole = find(name).map(|fact| OpenFact::Survey { fact, share: false });
    let share = || {
        let fact = find(name.strip_suffix(SHARE)?).filter(|fact| fact.is_number())?;
        Some(OpenFact::Survey { fact, share: true })
    };
    whole.or_else(share).map(FactId::Open)
}

/// `api` sees what `route` sees, over all routes.
fn family_of(scope: Scope) -> Scope {
    match scope {
        Scope::Exchange => Scope::Exchange,
        Scope::Route | Scope::Api => Scope::Route,
    }
}

fn family(name: &str) -> Option<OpenFact> {
    FAMILIES.iter().find_map(|family| {
        let key = name.strip_prefix(prefix(family.open.entry.name)).filter(|key| is_key(key))?;
        let key = match family.fact {
            Family::AccessKey | Family::LoggedType | Family::App => key.to_owned(),
            Family::RequestHeader
            | Family::ResponseHeader
            | Family::FunctionHeader
            | Family::IntegrationRequestHeader
            | Family::IntegrationResponseHeader
            | Family::LoggedHeader => key.to_ascii_lowercase(),
        };
        Some(OpenFact::Named(family.fact, key.into()))
    })
}

/// `request.header.` of `request.header.<name>`.
fn prefix(name: &str) -> &str {
    name.split_once('<').map_or(name, |(prefix, _)| prefix)
}

/// Header names and access-log keys: no blanks, and no placeholder taken literally.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>{}".contains(&byte))
}

struct Open {
    entry: FactEntry,
    evidence: &'static [LineKind],
}

struct Plain {
    fact: PlainFact,
    open: Open,
}

struct Named {
    fact: Family,
    open: Open,
}

const fn open(
    (name, kind, example): (&'static str, FactType, &'static str),
    evidence: &'static [LineKind],
    meaning: &'static str,
) -> Open {
    let (scope, lines) = (Scope::Exchange, evidence);
    Open { entry: FactEntry { name, kind, meaning, example, scope, lines }, evidence }
}

/// How the response's allowed origin stands to the request's.
pub(crate) const RELATIONS: &[&str] = &[
    "same",
    "wildcard",
    "null",
    "empty",
    "undefined",
    "repeated",
    "several",
    "list-syntax",
    "quoted",
    "pattern",
    "no-scheme",
    "path",
    "case",
    "scheme",
    "port",
    "other-host",
];

const REQUEST: &[LineKind] = &[LineKind::RequestHeaders, LineKind::LambdaEvent];
const METHOD: &[LineKind] = &[LineKind::HttpMethod, LineKind::LambdaEvent, LineKind::Access];
const RESPONSE: &[LineKind] = &[LineKind::ResponseHeaders];
const STATUS: &[LineKind] = &[LineKind::Status, LineKind::Access];
const ORIGINS: &[LineKind] = &[LineKind::RequestHeaders, LineKind::ResponseHeaders];
const VERDICT: &[LineKind] = ORIGINS;
const FAILURE: &[LineKind] = &[LineKind::Failure, LineKind::Access];
const FUNCTION: &[LineKind] = &[LineKind::EndpointResponseBody];
const INVOCATION: &[LineKind] = &[LineKind::LambdaFailure];
const LOGGED: &[LineKind] = &[LineKind::LambdaResponse];
const ACCESS: &[LineKind] = &[LineKind::Access];
const ROUTE: &[LineKind] = &[LineKind::Route];
const GATEWAY: &[LineKind] = &[LineKind::GatewayResponse, LineKind::Access];
const APP: &[LineKind] = &[LineKind::Application];
const ENDPOINT_REQUEST: &[LineKind] = &[LineKind::EndpointRequestHeaders];
const ENDPOINT_RESPONSE: &[LineKind] = &[LineKind::EndpointResponseHeaders];
const EVENT: &[LineKind] = &[LineKind::LambdaEvent];
const AUTHORIZER: &[LineKind] = &[LineKind::Authorizer];
const URI: &[LineKind] = &[LineKind::EndpointRequestHeaders];

#[rustfmt::skip]
static PLAIN: &[Plain] = &[
    Plain { fact: PlainFact::VerdictDetail, open: open(("verdict.detail", FactType::Text, "x-api-version"), VERDICT, "The header value, method or header name that the reason is about.") },
    Plain { fact: PlainFact::Method, open: open(("request.method", FactType::Text, "OPTIONS"), METHOD, "HTTP method.") },
    Plain { fact: PlainFact::Path, open: open(("request.path", FactType::Text, "/orders/7"), METHOD, "Path as requested.") },
    Plain { fact: PlainFact::Preflight, open: open(("request.preflight", FactType::Bool, "true"), REQUEST, "Whether it is OPTIONS with `Origin` and `Access-Control-Request-Method`.") },
    Plain { fact: PlainFact::Status, open: open(("response.status", FactType::Number, "502"), STATUS, "Status of the response as the client got it.") },
    Plain { fact: PlainFact::HeadersSeen, open: open(("response.headers.seen", FactType::Bool, "true"), &[], "Whether any line shows the response headers; never unseen itself.") },
    Plain { fact: PlainFact::HeadersComplete, open: open(("response.headers.complete", FactType::Bool, "false"), RESPONSE, "Whether the response headers are shown to their end; unseen if no line shows them.") },
    Plain { fact: PlainFact::ResponseLength, open: open(("response.length", FactType::Number, "36"), ACCESS, "Length of the response body in bytes, from the access log.") },
    Plain { fact: PlainFact::AllowOrigin, open: open(("response.allow_origin.relation", FactType::OneOf(RELATIONS), "path"), ORIGINS, "How `Access-Control-Allow-Origin` stands to the request's `Origin`; absent where either header is.") },
    Plain { fact: PlainFact::GatewayResponseType, open: open(("gateway.response_type", FactType::Text, "DEFAULT_5XX"), GATEWAY, "Gateway response type, from the execution or the access log.") },
    Plain { fact: PlainFact::Route, open: open(("route", FactType::Text, "ANY /{proxy+}"), ROUTE, "Route as configured, or an HTTP API's route key.") },
    Plain { fact: PlainFact::Api, open: open(("api", FactType::Text, "oo8kadh853"), ROUTE, "API id.") },
    Plain { fact: PlainFact::Stage, open: open(("stage", FactType::Text, "prod"), ROUTE, "Stage.") },
    Plain { fact: PlainFact::FailureMessage, open: open(("failure.message", FactType::Text, "Invalid permissions on Lambda function"), FAILURE, "The text of the line that names the failure.") },
    Plain { fact: PlainFact::FailureError, open: open(("failure.error", FactType::Text, "Task timed out after 3.00 seconds"), FAILURE, "The error that the function or the gateway names, without times and request ids.") },
    Plain { fact: PlainFact::SlashRedirect, open: open(("redirect.trailing_slash", FactType::Bool, "true"), RESPONSE, "Whether `Location` is the requested path with or without a slash at its end.") },
    Plain { fact: PlainFact::IntegrationUri, open: open(("integration.uri", FactType::Text, "https://backend.example/orders"), URI, "URI that the gateway called.") },
    Plain { fact: PlainFact::DefectPath, open: open(("function_response.defect.path", FactType::Text, "$.body"), FUNCTION, "JSON path of the value that makes the proxy response malformed.") },
    Plain { fact: PlainFact::FunctionStatus, open: open(("function_response.status", FactType::Number, "200"), FUNCTION, "`statusCode` that the function returned to the gateway.") },
    Plain { fact: PlainFact::InvocationMessage, open: open(("invocation.message", FactType::Text, "TypeError: x is not a function"), INVOCATION, "The error's message, or the seconds after which the function timed out.") },
    Plain { fact: PlainFact::LoggedSeen, open: open(("logged_response.seen", FactType::Bool, "false"), LOGGED, "Whether the function logged a proxy response itself; never unseen itself.") },
    Plain { fact: PlainFact::LoggedStatus, open: open(("logged_response.status", FactType::Number, "700"), LOGGED, "`statusCode` of the proxy response that the function logged itself; no proof of what it returned.") },
    Plain { fact: PlainFact::AccessErrorMessage, open: open(("access.error_message", FactType::Text, "Unauthorized"), ACCESS, "`$context.error.message`, whatever its key.") },
    Plain { fact: PlainFact::AccessErrorResponseType, open: open(("access.error_response_type", FactType::Text, "UNAUTHORIZED"), ACCESS, "`$context.error.responseType`, whatever its key.") },
    Plain { fact: PlainFact::AccessIntegrationError, open: open(("access.integration_error", FactType::Text, "Lambda invocation failed"), ACCESS, "`$context.integrationErrorMessage`, whatever its key.") },
    Plain { fact: PlainFact::AccessAuthorizerError, open: open(("access.authorizer_error", FactType::Text, "The request is not signed"), ACCESS, "`$context.authorizer.error`, `authorize.error` or `authenticate.error`.") },
    Plain { fact: PlainFact::AccessFunctionStatus, open: open(("access.function_status", FactType::Number, "503"), ACCESS, "Status that the function returned, from the access log.") },
    Plain { fact: PlainFact::FunctionAcceptance, open: open(("function_response.acceptance", FactType::OneOf(ACCEPTANCES), "inferred"), FUNCTION, "What the gateway makes of what the function returned: takes it, makes a 200 response of it, or rejects it.") },
    Plain { fact: PlainFact::LoggedDefect, open: open(("logged_response.defect", FactType::OneOf(DEFECTS), "body-not-string"), LOGGED, "Why the gateway would reject the proxy response that the function logged itself; absent if it would take it.") },
    Plain { fact: PlainFact::LoggedNonString, open: open(("logged_response.header.non_string", FactType::Text, "Access-Control-Max-Age"), LOGGED, "Name of the first header of the logged proxy response whose value is not text; absent if there is none.") },
    Plain { fact: PlainFact::IntegrationStatus, open: open(("integration.status", FactType::Number, "200"), STATUS, "Status that the integration answered the gateway with; 200 for Lambda even when the function failed.") },
    Plain { fact: PlainFact::IntegrationBody, open: open(("integration.response.body", FactType::Text, "{\"statusCode\":200}"), FUNCTION, "The body that the integration answered with, as logged; may be cut off.") },
    Plain { fact: PlainFact::MultiValueEvent, open: open(("invocation.event.multi_value", FactType::Bool, "true"), EVENT, "Whether the event that the function logged has its headers in `multiValueHeaders` alone; unseen if it has them in both places.") },
    Plain { fact: PlainFact::AuthorizerRan, open: open(("authorizer.ran", FactType::Bool, "true"), AUTHORIZER, "Whether the execution log shows a Lambda authorizer at work; `false` needs the request's first lines.") },
    Plain { fact: PlainFact::RepeatsStage, open: open(("request.path.repeats_stage", FactType::Bool, "true"), METHOD, "Whether the stage stands once too often at the beginning of the path.") },
    Plain { fact: PlainFact::Misspelled, open: open(("response.header.misspelled", FactType::Text, "Access-Control-Allow-Orgin"), RESPONSE, "Name of a response header that is nearly a CORS response header; absent if there is none.") },
    Plain { fact: PlainFact::AllowOriginInBody, open: open(("response.allow_origin.in_body", FactType::Bool, "true"), FUNCTION, "Whether the body that the integration answered with has an `Access-Control-Allow-Origin` field; absent if the response has the header itself.") },
];

/// Types of JSON values.
pub(crate) const JSON_TYPES: &[&str] = &["object", "array", "string", "number", "boolean", "null"];

/// What a gateway makes of a return value.
pub(crate) const ACCEPTANCES: &[&str] = &["accepted", "inferred", "malformed"];

#[rustfmt::skip]
static FAMILIES: &[Named] = &[
    Named { fact: Family::RequestHeader, open: open(("request.header.<name>", FactType::Text, "https://app.example"), REQUEST, "A request header, its fields combined with `, `; `request.origin` is short for `request.header.origin`.") },
    Named { fact: Family::ResponseHeader, open: open(("response.header.<name>", FactType::Text, "*"), RESPONSE, "A response header as it went over the wire; only `Method response headers` and HAR files show it.") },
    Named { fact: Family::FunctionHeader, open: open(("function_response.header.<name>", FactType::Text, "*"), FUNCTION, "A header of the proxy response that the gateway logged.") },
    Named { fact: Family::IntegrationRequestHeader, open: open(("integration.request.header.<name>", FactType::Text, "abc123defg"), ENDPOINT_REQUEST, "A header of the gateway's call to the integration.") },
    Named { fact: Family::IntegrationResponseHeader, open: open(("integration.response.header.<name>", FactType::Text, "Unhandled"), ENDPOINT_RESPONSE, "A header that the integration answered with; for Lambda one of the Invoke call, not the function's own.") },
    Named { fact: Family::LoggedHeader, open: open(("logged_response.header.<name>", FactType::Text, "*"), LOGGED, "A header of the proxy response that the function logged itself.") },
    Named { fact: Family::LoggedType, open: open(("logged_response.type.<key>", FactType::OneOf(JSON_TYPES), "null"), LOGGED, "JSON type of a member of the proxy response that the function logged itself.") },
    Named { fact: Family::App, open: open(("app.<path>", FactType::Text, "order.id"), APP, "A member of the JSON lines that the application logged during this request, its path with dots; the first line that has it counts.") },
    Named { fact: Family::AccessKey, open: open(("access.<key>", FactType::Text, "RESOURCE_NOT_FOUND"), ACCESS, "A key of the access log as its format names it.") },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_resolves_to_itself() {
        for entry in facts() {
            let name = entry.name.replace("<name>", "x-a").replace("<key>", "someKey");
            let name = name.replace("<path>", "a.b");
            let found = match resolve(&name, entry.scope) {
                Ok(FactId::Closed(fact)) => fact.name().to_owned(),
                Ok(FactId::Open(fact)) => fact.name(),
                Err(problem) => panic!("{name} does not resolve: {problem}"),
            };
            assert_eq!(found, name);
        }
    }

    #[test]
    fn a_family_is_listed_at_its_place() {
        for (index, family) in FAMILIES.iter().enumerate() {
            assert_eq!(family.fact as usize, index);
        }
    }

    #[track_caller]
    fn check(name: &str, scope: Scope, want: &str) {
        let problem = resolve(name, scope).expect_err("no fact");
        assert_eq!(problem.to_string(), want);
    }

    #[test]
    fn an_unknown_name_has_a_nearest() {
        let own = Scope::Exchange;
        check("verdict.raeson", own, "no fact `verdict.raeson`; there is `verdict.reason`");
        let name = "request.header.<name>";
        check(name, own, "no fact `request.header.<name>`; there is `request.header.<name>`");
        check("survey.origin", Scope::Route, "no fact `survey.origin`; there is `survey.origins`");
    }

    #[test]
    fn a_fact_of_the_other_scope_is_told() {
        check(
            "survey.origins",
            Scope::Exchange,
            "`survey.origins` is a fact of scope `route`, and this rule has scope `exchange`",
        );
        check(
            "response.status",
            Scope::Api,
            "`response.status` is a fact of scope `exchange`, and this rule has scope `api`",
        );
    }

    #[test]
    fn counts_have_shares_and_names_have_none() {
        let fact = SurveyFact::ActualBlocked;
        let share = OpenFact::Survey { fact, share: true };
        assert_eq!(resolve("survey.actual.blocked.share", Scope::Route), Ok(FactId::Open(share)));
        assert!(resolve("survey.origins.sibling.share", Scope::Route).is_err());
    }

    #[test]
    fn header_names_lose_their_case_and_access_keys_keep_it() {
        let header = OpenFact::Named(Family::ResponseHeader, "vary".into());
        assert_eq!(resolve("response.header.Vary", Scope::Exchange), Ok(FactId::Open(header)));
        let key = OpenFact::Named(Family::AccessKey, "wafStatus".into());
        assert_eq!(resolve("access.wafStatus", Scope::Exchange), Ok(FactId::Open(key)));
    }
}
