//! A message → what it tells of the blocked response, for each reason that it may mean.
//!
//! Must not: read a rule.

use crate::cors::check::wrong_for_every_origin;
use crate::cors::console::base;
use crate::explain::host::{answering, can_be, has_server, scheme, surfaces};
use crate::explain::message::Message;
use crate::model::BlockReason;
use crate::rules::catalogue::CataloguePage;
use crate::rules::told::{Fit, Told};

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
    let told = reasons.iter().map(|reason| Told {
        is_blocked: !message.is_warning,
        surfaces: surfaces(message.url.as_deref()),
        status: message.status,
        origin: origin(message),
        method: message.method.as_deref(),
        header: message.header.as_deref(),
        value: value(message, *reason),
        location: message.redirects_to.as_deref(),
        ..Told::of(*reason)
    });
    // The answer that was blocked is that of a URL which nobody asked: what redirected to it is behind
    // it as well.
    let redirect = message.redirected_from.as_deref().map(|from| {
        reasons.iter().map(move |reason| Told {
            is_blocked: !message.is_warning,
            surfaces: surfaces(Some(from)),
            origin: origin(message),
            method: message.method.as_deref(),
            location: message.url.as_deref(),
            ..Told::of(*reason)
        })
    });
    told.chain(redirect.into_iter().flatten()).collect()
}

/// How a page of the catalogue stands to it.
pub(crate) fn page_fit(page: &CataloguePage, message: &Message) -> Fit {
    let asked = message.redirected_from.as_deref().or(message.url.as_deref());
    let scheme = asked.and_then(scheme);
    // The URL to which that scheme leads.
    let target = message.redirects_to.as_deref();
    let target = target.or_else(|| message.redirected_from.as_ref().and(message.url.as_deref()));
    let target = target.and_then(self::scheme);
    let is_changed = page.url_scheme.is_some() && target.is_some();
    let is_other = |own: &Option<String>, told: Option<&str>| {
        own.as_deref().is_some_and(|own| told.is_some_and(|told| told != own))
    };
    let origin = origin(message);
    let service = answering(asked);
    if !can_be(page, asked)
        || is_other(&page.url_scheme, scheme.as_deref())
        || is_other(&page.page_origin, origin)
        || is_other(&page.aws_service, service.as_deref())
        || (is_changed && target == page.url_scheme)
    {
        Fit::Impossible
    } else if (page.page_origin.is_some() && origin.is_some())
        || (page.aws_service.is_some() && service.is_some())
        || is_changed
    {
        Fit::Certain
    } else {
        Fit::Possible
    }
}

/// The origin of the page; that of a file, if it asks for one.
fn origin(message: &Message) -> Option<&str> {
    let is_file = |url: &str| scheme(url).is_some_and(|scheme| scheme == "file");
    let of_file = || message.url.as_deref().filter(|url| is_file(url)).map(|_| "null");
    message.origin.as_deref().or_else(of_file)
}

/// Whether the value would have another reason, or none.
fn is_ruled_out(message: &Message, reason: BlockReason) -> bool {
    use BlockReason as R;
    // Of several, it is not the scheme of the URL where that is right.
    if reason == R::CorsDisabledScheme && message.reasons.len() > 1 {
        return message.url.is_some() && has_server(message.url.as_deref());
    }
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
