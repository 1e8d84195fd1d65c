//! What a survey reads of an exchange, and what that adds to its route.
//!
//! Must not: keep anything.

use std::borrow::Cow;

use crate::model::headers::HeaderNames;
use crate::model::survey::ROLES;
use crate::model::{
    AnsweredBy, BlockReason, Exchange, Fact, Judgement, Outcome, Phase, Role, Text,
};
use crate::survey::{REQUEST_HEADERS_READ, RESPONSE_HEADERS_READ};

/// Headers that a survey reads, to look for them.
#[derive(Debug)]
pub(super) struct HeadersRead {
    request: HeaderNames,
    response: HeaderNames,
}

impl Default for HeadersRead {
    fn default() -> Self {
        // There is room for so few.
        let names =
            |names: &[&'static str]| HeaderNames::new(names.iter().copied()).unwrap_or_default();
        Self { request: names(&REQUEST_HEADERS_READ), response: names(&RESPONSE_HEADERS_READ) }
    }
}

/// What a survey reads of an exchange.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub(super) phase: Phase,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<BlockReason>,
    /// The method that the browser asks for: of a preflight the one that is to follow.
    pub(super) method: Cow<'a, str>,
    pub(super) origin: Fact<Cow<'a, str>>,
    /// The request headers of a preflight that it asks for.
    pub(super) asked_headers: Fact<Cow<'a, str>>,
    pub(super) allow_origin: Fact<Cow<'a, str>>,
    pub(super) allows_credentials: bool,
    pub(super) max_age: Fact<Cow<'a, str>>,
    pub(super) vary: Fact<Cow<'a, str>>,
    /// A response that the integration made with a status of 200 to 299.
    pub(super) is_success: bool,
}

impl<'a> Sample<'a> {
    /// `None` for what tells nothing of a route: exchanges without a method.
    pub(super) fn of(
        exchange: &'a Exchange,
        judgement: &Judgement,
        read: &HeadersRead,
    ) -> Option<Self> {
        let verdict = judgement.applying();
        let phase = judgement.phase?;
        let [origin, asked, asked_headers] = exchange.request_headers().get_first(&read.request);
        let method = match phase {
            Phase::Preflight => asked.seen()?,
            Phase::Actual => exchange.text(Text::Method)?,
        };
        let by_integration =
            exchange.answered_by == Fact::Seen(AnsweredBy::Integration) || exchange.har.is_some();
        let [allow_origin, credentials, max_age, vary] =
            exchange.response_headers().get_first(&read.response);
        Some(Self {
            phase,
            outcome: verdict.outcome,
            reason: verdict.reason,
            method,
            origin,
            asked_headers,
            allow_origin,
            allows_credentials: credentials.seen().as_deref() == Some("true"),
            max_age,
            vary,
            is_success: by_integration && matches!(exchange.status, Fact::Seen(200..300)),
        })
    }
}

/// What an exchange counts as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Flag {
    BrowserRequests,
    Allowed,
    Blocked,
    Refused,
    OfUnseenOrigin,
    With,
    Without,
    WithoutVary,
    Wildcards,
    /// A list had no room for its method, origin or pair of both.
    LeftOut,
}

/// What an exchange adds to its route: the same for all that are alike in verdict, headers and
/// route. Entries of lists are named by their places.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    pub(super) phase: Phase,
    pub(super) flags: u16,
    pub(super) max_age: Option<MaxAge>,
    pub(super) method: Option<u16>,
    pub(super) origin: Option<u16>,
    pub(super) pair: Option<u16>,
    pub(super) of_another: Option<u16>,
    pub(super) roles: [bool; ROLES],
    /// What a preflight asks for, hashed, if its answer is not kept for long.
    pub(super) asks: Option<u64>,
}

impl Effect {
    /// Sets a flag.
    pub(super) fn set(&mut self, flag: Flag, is_set: bool) {
        self.flags |= u16::from(is_set) << flag as u16;
    }

    /// One where a flag is set, else none.
    pub(super) fn count(&self, flag: Flag) -> u64 {
        u64::from(self.flags >> flag as u16 & 1)
    }
}

impl Default for Effect {
    fn default() -> Self {
        Self {
            phase: Phase::Actual,
            flags: 0,
            max_age: None,
            method: None,
            origin: None,
            pair: None,
            of_another: None,
            roles: [false; ROLES],
            asks: None,
        }
    }
}

/// What a preflight response says of how long it may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaxAge {
    Absent,
    Invalid,
    Seconds(u32),
}

impl MaxAge {
    /// `None` where the header may stand behind a cut.
    pub(super) fn of(header: &Fact<Cow<'_, str>>) -> Option<Self> {
        match header {
            Fact::Absent => Some(Self::Absent),
            Fact::Unseen => None,
            Fact::Seen(value) => Some(match value.trim().parse::<i64>() {
                Ok(seconds) => Self::Seconds(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)),
                Err(_) => Self::Invalid,
            }),
        }
    }

    /// Whether browsers would have kept it for longer.
    pub(super) fn is_short(self) -> bool {
        match self {
            Self::Absent | Self::Invalid => true,
            Self::Seconds(seconds) => seconds < LONGEST_KEPT,
        }
    }
}

/// Seconds for which Chromium keeps the answer to a preflight at most.
/// <https://source.chromium.org/chromium/chromium/src/+/main:services/network/public/cpp/cors/preflight_result.cc>
pub(super) const LONGEST_KEPT: u32 = 7_200;

/// The roles that an exchange can show, by [`Role`].
pub(super) fn roles(sample: &Sample<'_>) -> [bool; ROLES] {
    let mut roles = [false; ROLES];
    let is_actual = sample.phase == Phase::Actual;
    let mut set = |role: Role, has: bool| {
        if let Some(slot) = roles.get_mut(role as usize) {
            *slot = has;
        }
    };
    set(Role::Preflight, !is_actual && sample.outcome == Outcome::Allowed);
    set(Role::WithAllowOrigin, is_actual && matches!(sample.allow_origin, Fact::Seen(_)));
    let lacks = sample.is_success && sample.allow_origin.is_absent();
    set(Role::WithoutAllowOrigin, is_actual && lacks);
    set(Role::Blocked, sample.outcome == Outcome::Blocked);
    roles
}

/// Whether a reason is about the value, or the lack, of `Access-Control-Allow-Origin`.
pub(super) fn is_of_origin(reason: BlockReason) -> bool {
    use BlockReason as B;
    matches!(
        reason,
        B::MissingAllowOriginHeader
            | B::PreflightMissingAllowOriginHeader
            | B::AllowOriginMismatch
            | B::PreflightAllowOriginMismatch
            | B::InvalidAllowOriginValue
            | B::PreflightInvalidAllowOriginValue
    )
}

/// Whether `Vary` is shown and names neither `Origin` nor everything.
pub(super) fn lacks_vary(header: &Fact<Cow<'_, str>>) -> bool {
    match header {
        Fact::Absent => true,
        Fact::Unseen => false,
        Fact::Seen(value) => !value
            .split(',')
            .map(str::trim)
            .any(|name| name == "*" || name.eq_ignore_ascii_case("origin")),
    }
}
