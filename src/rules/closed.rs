//! Facts with a closed list of values: cheap to read, and the key by which rules are chosen.
//!
//! Each is one byte of a [`Signature`]; exchanges with the same signature can only be met by the
//! same rules, so the choice is made once per signature and not once per exchange.
//!
//! Must not: look into a line or a header; facts that need that are open ones.

use crate::model::{
    Acceptance, AnsweredBy, BlockReason, Credentials, Exchange, Fact, Integration,
    InvocationOutcome, Judgement, LineKind, ModeVerdict, Outcome, Phase, Surface,
};

/// Code of an absent fact.
pub(crate) const ABSENT: u8 = 0;
/// Code of an unseen fact.
pub(crate) const UNSEEN: u8 = 1;
/// Code of the first value of the list.
const FIRST: u8 = 2;

macro_rules! closed_facts {
    ($($variant:ident $name:literal $values:ident $evidence:ident $meaning:literal,)*) => {
        /// A fact with a closed list of values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum ClosedFact { $($variant,)* }

        impl ClosedFact {
            /// All of them, in the order of their bytes in a signature.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in rule files.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The values it can have.
            pub(crate) fn values(self) -> &'static [&'static str] {
                match self { $(Self::$variant => $values,)* }
            }

            /// The kinds of lines that show it.
            pub(crate) fn evidence(self) -> &'static [LineKind] {
                match self { $(Self::$variant => $evidence,)* }
            }
        }

        const COUNT: usize = ClosedFact::ALL.len();
    };
}

const BOOL: &[&str] = &["false", "true"];
const OUTCOMES: &[&str] = &["not-cors", "allowed", "blocked", "undetermined"];
const PHASES: &[&str] = &["preflight", "actual"];
const CREDENTIALS: &[&str] = &["omit", "include"];
const ANSWERED_BY: &[&str] = &["gateway", "integration"];
const STATUS_CLASSES: &[&str] = &["other", "1xx", "2xx", "3xx", "4xx", "5xx"];
const SURFACES: &[&str] =
    &["rest", "http", "function-url", "alb", "websocket", "test-invoke", "har", "unknown"];
const INTEGRATIONS: &[&str] = &["lambda", "http", "aws", "mock", "unknown"];
const EVENTS: &[&str] = &["none", "request", "authorizer"];
const INVOCATION_OUTCOMES: &[&str] =
    &["ended", "error", "timeout", "out-of-memory", "crash", "init-error"];
const FAILURES: &[&str] = &[
    "malformed-proxy-response",
    "function-error",
    "function-timeout",
    "function-throttled",
    "invoke-permission",
    "function-init",
    "invocation-failed",
    "integration-timeout",
    "integration-configuration",
    "mock-status-code",
    "mock-binary",
    "authorizer-denied",
    "authorizer-configuration",
    "api-key",
    "throttled",
    "waf",
    "waf-unavailable",
    "not-routed",
    "forbidden",
    "request-rejected",
];
/// Why a gateway rejects a return value.
pub(crate) const DEFECTS: &[&str] = &[
    "not-an-object",
    "null",
    "unknown-key",
    "body-not-string",
    "status-code",
    "headers",
    "multi-value-headers",
    "base64",
    "service-error",
];
const REASONS: &[&str] = &[
    "DisallowedByMode",
    "InvalidResponse",
    "WildcardOriginNotAllowed",
    "MissingAllowOriginHeader",
    "MultipleAllowOriginValues",
    "InvalidAllowOriginValue",
    "AllowOriginMismatch",
    "InvalidAllowCredentials",
    "CorsDisabledScheme",
    "PreflightInvalidStatus",
    "PreflightDisallowedRedirect",
    "PreflightWildcardOriginNotAllowed",
    "PreflightMissingAllowOriginHeader",
    "PreflightMultipleAllowOriginValues",
    "PreflightInvalidAllowOriginValue",
    "PreflightAllowOriginMismatch",
    "PreflightInvalidAllowCredentials",
    "InvalidAllowMethodsPreflightResponse",
    "InvalidAllowHeadersPreflightResponse",
    "MethodDisallowedByPreflightResponse",
    "HeaderDisallowedByPreflightResponse",
    "RedirectContainsCredentials",
];

const VERDICT_LINES: &[LineKind] =
    &[LineKind::HttpMethod, LineKind::RequestHeaders, LineKind::ResponseHeaders, LineKind::Status];
const RESPONSE_LINES: &[LineKind] = &[LineKind::ResponseHeaders, LineKind::Status];
const STATUS_LINES: &[LineKind] = &[LineKind::Status, LineKind::Access];
const ANSWER_LINES: &[LineKind] = &[LineKind::GatewayResponse, LineKind::Status, LineKind::Access];
const FAILURE_LINES: &[LineKind] =
    &[LineKind::Failure, LineKind::GatewayResponse, LineKind::Access, LineKind::LambdaFailure];
const BODY_LINES: &[LineKind] = &[LineKind::EndpointResponseBody];
const INVOCATION_LINES: &[LineKind] = &[LineKind::LambdaFailure];
const EVENT_LINES: &[LineKind] = &[LineKind::LambdaEvent];
const ACCESS_LINES: &[LineKind] = &[LineKind::Access];
const NO_LINES: &[LineKind] = &[];

closed_facts! {
    Outcome "verdict.outcome" OUTCOMES VERDICT_LINES "What the browser did, under the credentials mode that applies.",
    Reason "verdict.reason" REASONS VERDICT_LINES "Why it blocked, by Chromium's identifier; unseen if only the status proves the block.",
    Phase "verdict.phase" PHASES VERDICT_LINES "Which response was decided about.",
    Credentials "verdict.credentials" CREDENTIALS VERDICT_LINES "The credentials mode that applies.",
    CredentialsAssumed "verdict.credentials_assumed" BOOL NO_LINES "Whether that mode is assumed because no `Cookie` was seen.",
    OmitOutcome "verdict.omit.outcome" OUTCOMES VERDICT_LINES "What the browser does without credentials.",
    OmitReason "verdict.omit.reason" REASONS VERDICT_LINES "Why it blocks without credentials.",
    IncludeOutcome "verdict.include.outcome" OUTCOMES VERDICT_LINES "What the browser does with credentials mode `include`.",
    IncludeReason "verdict.include.reason" REASONS VERDICT_LINES "Why it blocks with credentials mode `include`.",
    Latent "verdict.latent" REASONS RESPONSE_LINES "Why a browser would block whatever the origin, where the request carried none.",
    StatusClass "response.status.class" STATUS_CLASSES STATUS_LINES "First digit of the status.",
    StatusSeen "response.status.seen" BOOL NO_LINES "Whether any line shows the status; never unseen itself.",
    AnsweredBy "response.answered_by" ANSWERED_BY ANSWER_LINES "Who made the response; headers of the gateway's own responses are never logged.",
    Surface "gateway.surface" SURFACES NO_LINES "Which service stood in front; `unknown` where the logs do not tell, never unseen.",
    Failure "failure.kind" FAILURES FAILURE_LINES "What an execution or access log names as the failure; unseen if no line shows the response either.",
    Integration "integration.kind" INTEGRATIONS NO_LINES "What answers behind the gateway; `unknown` where the logs do not tell, never unseen.",
    Defect "function_response.defect" DEFECTS BODY_LINES "Why the gateway rejects what the function returned; absent if it takes it.",
    InvocationOutcome "invocation.outcome" INVOCATION_OUTCOMES INVOCATION_LINES "How the function's run ended, by its own log.",
    InitTimeout "invocation.init_timeout" BOOL INVOCATION_LINES "Whether the initialization in front of the run took longer than ten seconds, by the function's own log.",
    InvocationEvent "invocation.event" EVENTS EVENT_LINES "Which HTTP event the function logged; unseen without a Lambda log.",
    IntegrationCalled "access.integration_called" BOOL ACCESS_LINES "Whether the access log names an integration's status; `false` if it is logged as `-`.",
    WafBlocked "access.waf_blocked" BOOL ACCESS_LINES "`true` if the access log says that AWS WAF refused; unseen otherwise.",
}

impl ClosedFact {
    /// The code of a value.
    pub(crate) fn code(self, value: &str) -> Option<u8> {
        let index = self.values().iter().position(|known| *known == value)?;
        u8::try_from(index).ok().map(|index| FIRST + index)
    }

    /// The value of a code.
    pub(crate) fn value(self, code: u8) -> Option<&'static str> {
        self.values().get(usize::from(code.checked_sub(FIRST)?)).copied()
    }

    /// Reads it.
    fn read(self, exchange: &Exchange, judgement: &Judgement) -> u8 {
        let applying = judgement.applying();
        match self {
            Self::Outcome => FIRST + applying.outcome as u8,
            Self::Reason => reason(applying),
            Self::Phase => judgement.phase.map_or(UNSEEN, |phase: Phase| FIRST + phase as u8),
            Self::Credentials => FIRST + credentials(judgement.credentials),
            Self::CredentialsAssumed => truth(judgement.credentials_assumed),
            Self::OmitOutcome => FIRST + judgement.omit.outcome as u8,
            Self::OmitReason => reason(&judgement.omit),
            Self::IncludeOutcome => FIRST + judgement.include.outcome as u8,
            Self::IncludeReason => reason(&judgement.include),
            Self::Latent => latent(exchange, judgement),
            Self::StatusClass => status_class(exchange.status),
            Self::StatusSeen => truth(!exchange.status.is_unseen()),
            Self::AnsweredBy => match exchange.answered_by {
                Fact::Seen(AnsweredBy::Gateway) => FIRST,
                Fact::Seen(AnsweredBy::Integration) => FIRST + 1,
                Fact::Absent => ABSENT,
                Fact::Unseen => UNSEEN,
            },
            Self::Surface => FIRST + exchange.surface as u8,
            Self::Failure => match exchange.failure {
                Some(failure) => FIRST + failure as u8,
                None if exchange.status.is_unseen() => UNSEEN,
                None => ABSENT,
            },
            Self::Integration => FIRST + integration(exchange.integration),
            Self::Defect => defect(exchange),
            Self::InvocationOutcome => match exchange.invocation.as_ref().map(|run| run.outcome) {
                None | Some(InvocationOutcome::Unseen) => UNSEEN,
                // The list has no `unseen`, the enum's first variant.
                Some(outcome) => FIRST + (outcome as u8).saturating_sub(1),
            },
            Self::InitTimeout => {
                exchange.invocation.as_ref().map_or(UNSEEN, |run| truth(run.init_timeout))
            }
            Self::InvocationEvent => match exchange.invocation.as_ref().map(|run| &run.event) {
                None => UNSEEN,
                Some(None) => FIRST,
                Some(Some(event)) => FIRST + 1 + u8::from(event.is_authorizer),
            },
            Self::IntegrationCalled => exchange
                .access
                .as_ref()
                .and_then(|access| access.integration_called)
                .map_or(UNSEEN, truth),
            Self::WafBlocked => match &exchange.access {
                Some(access) if access.waf_blocked => truth(true),
                Some(_) | None => UNSEEN,
            },
        }
    }
}

fn truth(value: bool) -> u8 {
    FIRST + u8::from(value)
}

fn credentials(mode: Credentials) -> u8 {
    mode as u8
}

fn reason(verdict: &ModeVerdict) -> u8 {
    match (verdict.outcome, verdict.reason) {
        (_, Some(reason)) => FIRST + reason as u8,
        (Outcome::NotCors | Outcome::Allowed, None) => ABSENT,
        (Outcome::Blocked | Outcome::Undetermined, None) => UNSEEN,
    }
}

/// With nothing unseen, no reason means that some origin would be allowed. A HAR file is the
/// browser's own record: without an `Origin` the request was no cross-origin one.
fn latent(exchange: &Exchange, judgement: &Judgement) -> u8 {
    match judgement.latent {
        _ if exchange.surface == Surface::Har => ABSENT,
        Some(reason) => FIRST + reason_index(reason),
        None if judgement.unseen.is_empty() => ABSENT,
        None => UNSEEN,
    }
}

fn reason_index(reason: BlockReason) -> u8 {
    reason as u8
}

fn status_class(status: Fact<u16>) -> u8 {
    match status {
        Fact::Seen(status @ 100..600) => FIRST + u8::try_from(status / 100).unwrap_or(0),
        Fact::Seen(_) => FIRST,
        Fact::Absent => ABSENT,
        Fact::Unseen => UNSEEN,
    }
}

fn integration(kind: Integration) -> u8 {
    kind as u8
}

fn defect(exchange: &Exchange) -> u8 {
    match exchange.function_response.as_ref().map(|response| &response.acceptance) {
        Some(Acceptance::Malformed(defect)) => FIRST + defect.problem as u8,
        Some(Acceptance::Accepted | Acceptance::Inferred) => ABSENT,
        Some(Acceptance::Unknown) | None => UNSEEN,
    }
}

/// The codes of all closed facts of one exchange, and whether an access log shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Signature {
    codes: [u8; COUNT],
    has_access: bool,
}

impl Signature {
    /// Reads them all.
    pub(crate) fn of(exchange: &Exchange, judgement: &Judgement) -> Self {
        let mut codes = [UNSEEN; COUNT];
        for (code, fact) in codes.iter_mut().zip(ClosedFact::ALL) {
            *code = fact.read(exchange, judgement);
        }
        Self { codes, has_access: exchange.access.is_some() }
    }

    /// The code of one fact.
    pub(crate) fn code(&self, fact: ClosedFact) -> u8 {
        self.codes.get(fact as usize).copied().unwrap_or(UNSEEN)
    }

    /// Whether a fact that lines of these kinds show can be seen.
    pub(crate) fn may_show(&self, kinds: &[LineKind]) -> bool {
        self.has_access || kinds != ACCESS_LINES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DefectKind, Failure};

    #[track_caller]
    fn check(fact: ClosedFact, index: u8, name: &str) {
        assert_eq!(fact.value(FIRST + index), Some(name), "{}", fact.name());
        assert_eq!(fact.code(name), Some(FIRST + index), "{}", fact.name());
    }

    #[test]
    fn names_follow_the_order_of_the_enums() {
        use BlockReason as B;
        for reason in [
            B::DisallowedByMode,
            B::MissingAllowOriginHeader,
            B::InvalidAllowCredentials,
            B::CorsDisabledScheme,
            B::PreflightInvalidStatus,
            B::PreflightMissingAllowOriginHeader,
            B::PreflightInvalidAllowCredentials,
            B::MethodDisallowedByPreflightResponse,
            B::RedirectContainsCredentials,
        ] {
            check(ClosedFact::Reason, reason as u8, reason.as_str());
        }
        for outcome in [Outcome::NotCors, Outcome::Allowed, Outcome::Blocked, Outcome::Undetermined]
        {
            check(ClosedFact::Outcome, outcome as u8, outcome.as_str());
        }
        for mode in [Credentials::Omit, Credentials::Include] {
            check(ClosedFact::Credentials, mode as u8, mode.as_str());
        }
        for phase in [Phase::Preflight, Phase::Actual] {
            check(ClosedFact::Phase, phase as u8, phase.as_str());
        }
        for surface in [Surface::Rest, Surface::Http, Surface::Alb, Surface::Har, Surface::Unknown]
        {
            check(ClosedFact::Surface, surface as u8, surface.as_str());
        }
    }

    #[test]
    fn names_of_failures_follow_the_order_of_the_enums() {
        assert_eq!(Failure::ALL.len(), FAILURES.len());
        for failure in Failure::ALL.iter().copied() {
            check(ClosedFact::Failure, failure as u8, failure.as_str());
        }
        for defect in [DefectKind::NotAnObject, DefectKind::Base64, DefectKind::ServiceError] {
            check(ClosedFact::Defect, defect as u8, defect.as_str());
        }
        for outcome in [InvocationOutcome::Ended, InvocationOutcome::InitError] {
            check(ClosedFact::InvocationOutcome, outcome as u8 - 1, outcome.as_str());
        }
    }

    #[test]
    fn a_list_fits_into_the_bits_of_a_mask() {
        for fact in ClosedFact::ALL {
            assert!(fact.values().len() + usize::from(FIRST) <= 64, "{}", fact.name());
        }
    }
}
