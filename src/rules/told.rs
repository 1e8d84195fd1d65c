//! What a console message tells of the exchange behind it, as conditions read it: whether a rule has
//! to be, can be or cannot be what the browser met.
//!
//! A message does not say which service answered, nor what failed in it. Every answer that is open is
//! tried in its turn; a rule that holds with none of them cannot be.
//!
//! Must not: take what a message does not tell for absent.

use std::borrow::Cow;

use crate::model::{BlockReason, Class, Fact, Failure, Phase, Surface};
use crate::rules::catalogue::is_on;
use crate::rules::closed::{ABSENT, ClosedFact, UNSEEN};
use crate::rules::condition::{Asked, Facts, Truth};
use crate::rules::facts::{Family, OpenFact, PlainFact};
use crate::rules::reader::Value;
use crate::rules::relation::relation;
use crate::rules::set::{Rule, RuleSet};

/// What is told of the response that was blocked, for one reason.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) reason: BlockReason,
    /// It is blocked, not only going to be.
    pub(crate) is_blocked: bool,
    /// The services that may have answered; none if nothing is known of them.
    pub(crate) surfaces: &'a [Surface],
    pub(crate) status: Option<u16>,
    pub(crate) origin: Option<&'a str>,
    /// The method of the actual request.
    pub(crate) method: Option<&'a str>,
    /// The request header that is not allowed.
    pub(crate) header: Option<&'a str>,
    /// The whole value of the response header that is wrong.
    pub(crate) value: Option<&'a str>,
    /// Where the response redirects to.
    pub(crate) location: Option<&'a str>,
}

/// How a rule stands to what was told, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// It holds, whatever was not told.
    Certain,
    /// It holds with one of the answers to what was not told.
    Likely,
    /// It may hold.
    Possible,
    /// It may hold with another status than the one that was told.
    OtherStatus,
    /// It does not hold.
    Impossible,
}

/// How a rule stands to it, and whether reason and status alone say as much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) fit: Fit,
    pub(crate) is_general: bool,
}

/// How each rule stands to what was told, in the order of the rules.
pub(crate) fn standings(rules: &RuleSet, told: &[Told<'_>]) -> Vec<Standing> {
    let of = |change: fn(Told<'_>) -> Told<'_>| {
        let told: Vec<Told<'_>> = told.iter().map(|told| change(*told)).collect();
        tallies(rules, &told)
    };
    let whole = of(|told| told);
    let without_status = of(|told| Told { status: None, ..told });
    let bare = of(|told| Told { status: told.status, ..Told::of(told.reason) });
    let all = whole.into_iter().zip(without_status).zip(bare);
    let all = all.map(|((whole, without_status), bare)| {
        let is_general = bare.fit() == Fit::Certain;
        let mut fit = whole.fit();
        if is_general {
            fit = fit.max(Fit::Possible);
        }
        if fit == Fit::Impossible && without_status.fit() != Fit::Impossible {
            fit = Fit::OtherStatus;
        }
        Standing { fit, is_general }
    });
    all.collect()
}

/// What a rule came to with the answers that were tried.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    holds: bool,
    is_open: bool,
    fails: bool,
}

impl Tally {
    fn add(&mut self, truth: Truth) {
        match truth {
            Truth::True => self.holds = true,
            Truth::Unknown => self.is_open = true,
            Truth::False => self.fails = true,
        }
    }

    fn fit(self) -> Fit {
        match self {
            Self { holds: true, is_open: false, fails: false } => Fit::Certain,
            Self { holds: true, .. } => Fit::Likely,
            Self { is_open: true, .. } => Fit::Possible,
            Self { .. } => Fit::Impossible,
        }
    }
}

fn tallies(rules: &RuleSet, told: &[Told<'_>]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); rules.rules().len()];
    for world in told.iter().flat_map(worlds) {
        let truths: Vec<Truth> = rules.rules().iter().map(|rule| world.truth(rule)).collect();
        let holds = rules.rules().iter().zip(&truths).filter(|(_, truth)| **truth == Truth::True);
        let silenced: Vec<&str> =
            holds.flat_map(|(rule, _)| rule.supersedes.iter().map(String::as_str)).collect();
        let all = tallies.iter_mut().zip(rules.rules()).zip(truths);
        for ((tally, rule), truth) in all.filter(|((_, rule), _)| world.is_given_by(rule)) {
            // What says the same more precisely stands in its place.
            tally.add(if silenced.contains(&rule.id()) { Truth::False } else { truth });
        }
    }
    tallies
}

/// What was told, with one answer to each thing that was not.
#[derive(Clone, Copy)]
struct World<'a> {
    told: &'a Told<'a>,
    kind: Kind,
    surface: Option<Surface>,
    failure: Fact<Failure>,
}

/// Only the status tells of failures, by leaving some out.
fn worlds<'a>(told: &'a Told<'a>) -> Vec<World<'a>> {
    const ALL: &[Surface] = &[Surface::Rest, Surface::Http, Surface::FunctionUrl, Surface::Alb];
    let surfaces = match (told.surfaces, told.status) {
        // They answer the same failure with different statuses.
        ([], Some(_)) => ALL,
        (surfaces, _) => surfaces,
    };
    let unknown = surfaces.is_empty().then_some(None);
    let surfaces = surfaces.iter().copied().map(Some).chain(unknown);
    let mut worlds = Vec::new();
    for surface in surfaces {
        let world = |failure| World { told, kind: kind(told.reason), surface, failure };
        match told.status {
            // What fails does not redirect.
            None if told.location.is_some() => worlds.push(world(Fact::Absent)),
            None => worlds.push(world(Fact::Unseen)),
            Some(status) => {
                let own = Failure::ALL.iter().copied();
                let own = own.filter(|failure| gives(*failure, surface, status));
                worlds.extend(own.map(Fact::Seen).chain([Fact::Absent]).map(world));
            }
        }
    }
    worlds
}

/// Whether a failure is answered with this status, unless somebody changed it.
fn gives(failure: Failure, surface: Option<Surface>, status: u16) -> bool {
    use Failure as F;
    let statuses: &[u16] = match failure {
        F::MalformedProxyResponse | F::FunctionError | F::FunctionInit => &[500, 502],
        F::FunctionTimeout => match surface {
            Some(Surface::FunctionUrl) => &[502, 504],
            Some(_) | None => &[500, 502],
        },
        F::FunctionThrottled => &[429, 500, 502, 503],
        F::InvokePermission => &[403, 500],
        F::InvocationFailed => &[500, 502, 503],
        F::IntegrationTimeout => &[503, 504],
        F::IntegrationConfiguration => &[500, 502, 503, 504],
        F::MockStatusCode | F::MockBinary | F::AuthorizerConfiguration | F::WafUnavailable => {
            &[500]
        }
        F::AuthorizerDenied => &[401, 403],
        F::ApiKey | F::Forbidden => &[403],
        F::Throttled => &[429, 503],
        F::Waf => &[202, 403, 405, 429],
        F::NotRouted => match surface {
            Some(Surface::Rest) => &[403],
            Some(Surface::Http) => &[404],
            Some(Surface::Alb) => &[404, 503],
            Some(_) | None => &[403, 404],
        },
        F::RequestRejected => &[400, 413, 414, 415, 431],
    };
    statuses.contains(&status)
}

/// What a reason is about.
#[derive(Clone, Copy)]
struct Kind {
    phase: Phase,
    about: About,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    NoOrigin,
    AnyOrigin,
    OtherOrigin,
    Credentials,
    Status,
    Redirect,
    /// Methods or headers: the preflight's status was right.
    Allowed,
    Nothing,
}

fn kind(reason: BlockReason) -> Kind {
    use BlockReason as R;
    let (phase, about) = match reason {
        R::MissingAllowOriginHeader => (Phase::Actual, About::NoOrigin),
        R::WildcardOriginNotAllowed => (Phase::Actual, About::AnyOrigin),
        R::MultipleAllowOriginValues | R::InvalidAllowOriginValue | R::AllowOriginMismatch => {
            (Phase::Actual, About::OtherOrigin)
        }
        R::InvalidAllowCredentials => (Phase::Actual, About::Credentials),
        R::PreflightMissingAllowOriginHeader => (Phase::Preflight, About::NoOrigin),
        R::PreflightWildcardOriginNotAllowed => (Phase::Preflight, About::AnyOrigin),
        R::PreflightMultipleAllowOriginValues
        | R::PreflightInvalidAllowOriginValue
        | R::PreflightAllowOriginMismatch => (Phase::Preflight, About::OtherOrigin),
        R::PreflightInvalidAllowCredentials => (Phase::Preflight, About::Credentials),
        R::PreflightInvalidStatus => (Phase::Preflight, About::Status),
        R::PreflightDisallowedRedirect => (Phase::Preflight, About::Redirect),
        R::InvalidAllowMethodsPreflightResponse
        | R::InvalidAllowHeadersPreflightResponse
        | R::MethodDisallowedByPreflightResponse
        | R::HeaderDisallowedByPreflightResponse => (Phase::Preflight, About::Allowed),
        R::DisallowedByMode
        | R::InvalidResponse
        | R::CorsDisabledScheme
        | R::RedirectContainsCredentials => (Phase::Actual, About::Nothing),
    };
    Kind { phase, about }
}

impl<'a> Told<'a> {
    /// The reason, and nothing else.
    pub(crate) fn of(reason: BlockReason) -> Self {
        Self {
            reason,
            is_blocked: true,
            surfaces: &[],
            status: None,
            origin: None,
            method: None,
            header: None,
            value: None,
            location: None,
        }
    }

    /// Whether the answer is known to redirect.
    pub(crate) fn is_redirect(&self) -> bool {
        let by_status = matches!(self.status, Some(300..=303 | 305..=399));
        by_status || self.location.is_some()
    }

    /// Header and method are named one at a time: the message is about one of them.
    fn detail(&self) -> Option<&'a str> {
        if self.reason == BlockReason::HeaderDisallowedByPreflightResponse {
            self.header
        } else if self.reason == BlockReason::MethodDisallowedByPreflightResponse {
            self.method
        } else {
            None
        }
    }
}

impl<'a> World<'a> {
    fn is_given_by(&self, rule: &Rule) -> bool {
        rule.about.reasons.contains(&self.told.reason)
    }

    fn truth(&self, rule: &Rule) -> Truth {
        let is_on = self.surface.is_none_or(|surface| is_on(&rule.about.surfaces, surface));
        if !is_on || !self.is_given_by(rule) {
            Truth::False
        } else if rule.text.class == Class::CacheOrProxy {
            // What it lets through is what the logs have, and not what the browser sent and got.
            Truth::Unknown
        } else {
            rule.condition.truth(self)
        }
    }

    fn allow_origin(&self) -> Fact<&'a str> {
        match self.kind.about {
            About::NoOrigin => Fact::Absent,
            About::AnyOrigin => Fact::Seen("*"),
            About::OtherOrigin => Fact::from_option(self.told.value),
            About::Credentials
            | About::Status
            | About::Redirect
            | About::Allowed
            | About::Nothing => Fact::Unseen,
        }
    }

    /// Chromium prints what is not there as nothing.
    fn allow_credentials(&self) -> Fact<&'a str> {
        match self.told.value.filter(|_| self.kind.about == About::Credentials) {
            Some("") => Fact::Absent,
            value => Fact::from_option(value),
        }
    }

    fn relation(&self) -> Fact<&'static str> {
        let origin = Fact::from_option(self.told.origin.map(Cow::Borrowed));
        match self.allow_origin() {
            Fact::Seen(allowed) => relation(allowed, origin.as_ref()),
            Fact::Absent => Fact::Absent,
            Fact::Unseen => Fact::Unseen,
        }
    }

    fn method(&self) -> Option<&'a str> {
        match self.kind.phase {
            Phase::Preflight => Some("OPTIONS"),
            Phase::Actual => self.told.method.filter(|method| *method != "OPTIONS"),
        }
    }

    fn status_class(&self) -> Option<&'static str> {
        match self.told.status {
            Some(100..200) => Some("1xx"),
            Some(200..300) => Some("2xx"),
            Some(300..400) => Some("3xx"),
            Some(400..500) => Some("4xx"),
            Some(500..600) => Some("5xx"),
            Some(_) => Some("other"),
            // The status is looked at before methods and headers are.
            None if self.kind.about == About::Allowed => Some("2xx"),
            None if self.kind.about == About::Redirect || self.told.location.is_some() => {
                Some("3xx")
            }
            None => None,
        }
    }

    /// The word for a closed fact.
    fn word(&self, fact: ClosedFact) -> Fact<&'static str> {
        match fact {
            ClosedFact::Outcome if self.told.is_blocked => Fact::Seen("blocked"),
            ClosedFact::Reason => Fact::Seen(self.told.reason.as_str()),
            ClosedFact::Phase => Fact::Seen(self.kind.phase.as_str()),
            ClosedFact::Credentials
                if matches!(self.kind.about, About::AnyOrigin | About::Credentials) =>
            {
                Fact::Seen("include")
            }
            // The request had an origin.
            ClosedFact::Latent => Fact::Absent,
            ClosedFact::StatusClass => Fact::from_option(self.status_class()),
            // What rules make of an answer that no line shows is not asked where it was told.
            ClosedFact::StatusSeen if self.told.status.is_some() => Fact::Seen("true"),
            ClosedFact::Surface => Fact::from_option(self.surface.map(Surface::as_str)),
            ClosedFact::Failure => self.failure.map(Failure::as_str),
            // A run that fails is never answered with less than 500.
            ClosedFact::InvocationOutcome
                if self.told.location.is_some() || self.told.status.is_some_and(|it| it < 500) =>
            {
                Fact::Seen("ended")
            }
            ClosedFact::Outcome
            | ClosedFact::Credentials
            | ClosedFact::CredentialsAssumed
            | ClosedFact::OmitOutcome
            | ClosedFact::OmitReason
            | ClosedFact::IncludeOutcome
            | ClosedFact::IncludeReason
            | ClosedFact::StatusSeen
            | ClosedFact::AnsweredBy
            | ClosedFact::Integration
            | ClosedFact::Defect
            | ClosedFact::InvocationOutcome
            | ClosedFact::InitTimeout
            | ClosedFact::InvocationEvent
            | ClosedFact::IntegrationCalled
            | ClosedFact::WafBlocked => Fact::Unseen,
        }
    }
}

impl<'a> Facts<'a> for World<'a> {
    fn code(&self, fact: ClosedFact) -> u8 {
        match self.word(fact) {
            Fact::Seen(word) => fact.code(word).unwrap_or(UNSEEN),
            Fact::Absent => ABSENT,
            Fact::Unseen => UNSEEN,
        }
    }

    fn test(&self, asked: &Asked) -> Truth {
        asked.test.truth(&self.read(&asked.fact))
    }

    fn read(&self, fact: &OpenFact) -> Fact<Value<'a>> {
        let text = |text: Option<&'a str>| Fact::from_option(text).map(value);
        match fact {
            OpenFact::Plain(PlainFact::VerdictDetail) => text(self.told.detail()),
            OpenFact::Plain(PlainFact::Method) => text(self.method()),
            OpenFact::Plain(PlainFact::Status) => {
                Fact::from_option(self.told.status).map(|status| Value::Number(status.into()))
            }
            OpenFact::Plain(PlainFact::Preflight) => {
                Fact::Seen(Value::Bool(self.kind.phase == Phase::Preflight))
            }
            OpenFact::Plain(PlainFact::AllowOrigin) => self.relation().map(value),
            OpenFact::Named(Family::RequestHeader, name) => match name.as_ref() {
                "origin" => text(self.told.origin),
                "access-control-request-method" if self.kind.phase == Phase::Preflight => {
                    text(self.told.method.filter(|method| *method != "OPTIONS"))
                }
                _ => Fact::Unseen,
            },
            OpenFact::Named(Family::ResponseHeader, name) => match name.as_ref() {
                "access-control-allow-origin" => self.allow_origin().map(value),
                "access-control-allow-credentials" => self.allow_credentials().map(value),
                "location" => text(self.told.location),
                _ => Fact::Unseen,
            },
            OpenFact::Plain(_) | OpenFact::Named(..) | OpenFact::Survey { .. } => Fact::Unseen,
        }
    }
}

fn value(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(id: &str, told: &Told<'_>) -> Fit {
        let rules = RuleSet::builtin();
        let standings = standings(&rules, &[*told]);
        let at = rules.rules().iter().position(|rule| rule.id() == id).expect("a rule");
        standings[at].fit
    }

    /// Otherwise nothing that a message tells could ever lead to it. Only what is announced and not
    /// blocked yet may be.
    #[test]
    fn a_rule_can_be_behind_each_reason_that_it_gives() {
        let rules = RuleSet::builtin();
        let mut problems = Vec::new();
        for reason in BlockReason::ALL {
            let blocked = standings(&rules, &[Told::of(*reason)]);
            let warned = standings(&rules, &[Told { is_blocked: false, ..Told::of(*reason) }]);
            for ((rule, blocked), warned) in rules.rules().iter().zip(blocked).zip(warned) {
                let is_given = rule.about.reasons.contains(reason);
                let can_be = [blocked.fit, warned.fit].iter().any(|fit| *fit != Fit::Impossible);
                if is_given != can_be {
                    problems.push(format!("{} {}", rule.id(), reason.as_str()));
                }
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    #[test]
    fn the_values_decide_which_mistake_it_is() {
        let told = |origin, value| Told {
            origin: Some(origin),
            value: Some(value),
            ..Told::of(BlockReason::AllowOriginMismatch)
        };
        let site = "http://www.a.example";
        for (value, id) in [
            ("https://www.a.example", "acao-scheme-mismatch"),
            ("http://www.a.example:8080", "acao-port-mismatch"),
            ("http://www.a.example/", "acao-trailing-slash"),
            ("null", "acao-null"),
            ("http://b.example", "acao-stale-domain"),
        ] {
            let all = [
                "acao-scheme-mismatch",
                "acao-port-mismatch",
                "acao-trailing-slash",
                "acao-null",
                "acao-stale-domain",
                "acao-mismatch",
            ];
            for other in all {
                let want = if other == id { Fit::Certain } else { Fit::Impossible };
                assert_eq!(fit(other, &told(site, value)), want, "{value} {other}");
            }
        }
    }

    #[test]
    fn a_status_speaks_for_what_is_answered_with_it() {
        let told = |status| Told {
            status: Some(status),
            surfaces: &[Surface::Rest, Surface::Http],
            ..Told::of(BlockReason::MissingAllowOriginHeader)
        };
        for (status, id, want) in [
            (404, "httpapi-404-route-missing", Fit::Likely),
            (403, "httpapi-404-route-missing", Fit::OtherStatus),
            (404, "gw-502-function-error", Fit::OtherStatus),
            (404, "gw-504-integration-timeout", Fit::OtherStatus),
            (404, "lambda-error-path-missing-acao", Fit::Possible),
            (504, "gw-504-integration-timeout", Fit::Likely),
            (504, "gw-502-lambda-timeout", Fit::Possible),
            (502, "gw-502-lambda-timeout", Fit::Likely),
            (502, "malformed-body-object", Fit::Possible),
            (404, "furl-502-function-error", Fit::Impossible),
        ] {
            assert_eq!(fit(id, &told(status)), want, "{status} {id}");
        }
    }

    #[test]
    fn the_header_decides_which_rule_of_headers_it_is() {
        let told = |header| Told {
            header: Some(header),
            ..Told::of(BlockReason::HeaderDisallowedByPreflightResponse)
        };
        for (header, id, want) in [
            ("x-trace", "acah-missing-custom-header", Fit::Possible),
            ("x-trace", "acah-missing-authorization", Fit::Impossible),
            ("Authorization", "acah-missing-authorization", Fit::Certain),
            ("Authorization", "acah-missing-custom-header", Fit::Impossible),
            ("traceparent", "acah-instrumentation-headers", Fit::Certain),
            ("Access-Control-Allow-Origin", "client-sends-response-header", Fit::Certain),
        ] {
            assert_eq!(fit(id, &told(header)), want, "{header} {id}");
        }
    }
}
