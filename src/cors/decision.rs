//! A decision on one response: allowed, blocked with a reason, or not decidable from what is seen.
//!
//! Must not: name a cause.

use std::borrow::Cow;

use crate::model::{BlockReason, Phase};

/// What an engine decides about one response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The step passes.
    Allowed,
    /// A network error.
    Blocked {
        /// In Chromium's vocabulary.
        reason: BlockReason,
        /// The header value, method, header name or URL that the reason is about.
        detail: Cow<'a, str>,
    },
    /// The first step that could not be taken needs this fact.
    Unseen(&'static str),
}

impl<'a> Decision<'a> {
    /// A block without a value to show.
    pub fn blocked(reason: BlockReason) -> Self {
        Self::Blocked { reason, detail: Cow::Borrowed("") }
    }

    /// A block about a value.
    pub fn blocked_by(reason: BlockReason, detail: impl Into<Cow<'a, str>>) -> Self {
        Self::Blocked { reason, detail: detail.into() }
    }

    /// The same decision, where it is not `Allowed`; for `?`-like chaining of steps.
    #[must_use]
    pub fn or_else(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Allowed => next(),
            Self::Blocked { .. } | Self::Unseen(_) => self,
        }
    }
}

/// The CORS check's reasons by phase: Chromium has two names for each.
pub fn in_phase(reason: BlockReason, phase: Phase) -> BlockReason {
    use BlockReason as R;
    match (phase, reason) {
        (Phase::Preflight, R::WildcardOriginNotAllowed) => R::PreflightWildcardOriginNotAllowed,
        (Phase::Preflight, R::MissingAllowOriginHeader) => R::PreflightMissingAllowOriginHeader,
        (Phase::Preflight, R::MultipleAllowOriginValues) => R::PreflightMultipleAllowOriginValues,
        (Phase::Preflight, R::InvalidAllowOriginValue) => R::PreflightInvalidAllowOriginValue,
        (Phase::Preflight, R::AllowOriginMismatch) => R::PreflightAllowOriginMismatch,
        (Phase::Preflight, R::InvalidAllowCredentials) => R::PreflightInvalidAllowCredentials,
        (_, other) => other,
    }
}
