//! A message → what it tells of the blocked response, for each reason that it may mean.
//!
//! Must not: read a rule.

use crate::cors::check::wrong_for_every_origin;
use crate::cors::console::base;
use crate::explain::host::surfaces;
use crate::explain::message::Message;
use crate::model::BlockReason;
use crate::rules::told::Told;

/// What it tells.
pub(crate) fn told(message: &Message) -> Vec<Told<'_>> {
    use BlockReason as R;
    let mut reasons = message.reasons.clone();
    // A status is what was wrong. The other names are Chromium's, which looks at the headers first.
    if reasons.first() == Some(&R::PreflightInvalidStatus) {
        let of_status = [
            R::PreflightInvalidStatus,
            R::PreflightMissingAllowOriginHeader,
            R::PreflightDisallowedRedirect,
        ];
        reasons.retain(|reason| of_status.contains(reason));
    }
    reasons.retain(|reason| !is_ruled_out(message, *reason));
    let told = reasons.into_iter().map(|reason| Told {
        is_blocked: !message.is_warning,
        surfaces: surfaces(message.url.as_deref()),
        status: message.status,
        origin: message.origin.as_deref(),
        method: message.method.as_deref(),
        header: message.header.as_deref(),
        value: value(message, reason),
        ..Told::of(reason)
    });
    told.collect()
}

/// Whether the value would have another reason, or none.
fn is_ruled_out(message: &Message, reason: BlockReason) -> bool {
    use BlockReason as R;
    let Some(value) = message.value.as_deref() else { return false };
    let reason = base(reason);
    let is_about_one = reason == R::InvalidAllowOriginValue || reason == R::AllowOriginMismatch;
    let is_right = value == "*" || message.origin.as_deref() == Some(value);
    is_about_one && (is_right || why_wrong(value) != reason)
}

/// The whole value of the header. Of several lines Firefox shows the first one, which may be right by
/// itself.
fn value(message: &Message, reason: BlockReason) -> Option<&str> {
    let several = BlockReason::MultipleAllowOriginValues;
    let value = message.value.as_deref();
    value.filter(|value| base(reason) != several || why_wrong(value) == several)
}

fn why_wrong(value: &str) -> BlockReason {
    wrong_for_every_origin(value).unwrap_or(BlockReason::AllowOriginMismatch)
}
