//! Lines of REST and WebSocket execution logs, in all their prefix variants.
//!
//! Must not: decide what a line means for the exchange.

use crate::model::{Adds, Entry, Execution, Glance, IdText, Record, RequestId, behind_hidden};
use crate::parse::shape::{LineShape, SHAPES};
use crate::parse::{TRUNCATED, shape};

/// A message of an execution log whose shape is known or not, and of which no more was read.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The request id in front.
    pub id: Option<IdText<'a>>,
    /// Whether that is the one that was named as the last one.
    pub is_last: bool,
    /// Whether that is known to be an id. If not, it is as long as a UUID, and known to be one once it
    /// is found among those of earlier lines: see [`Look::has_id`].
    pub(crate) is_proved: bool,
    /// Whether the line ends in ` [TRUNCATED]`.
    pub truncated: bool,
    /// What it can add to its exchange, as far as its shape tells.
    pub adds: Adds,
    /// What stands behind the id.
    pub(crate) text: &'a [u8],
    /// The shape, if it is known.
    pub(crate) shape: Option<&'static LineShape>,
}

impl<'a> Look<'a> {
    /// Whether what stands in the place of the id is one. If not, the message is to be [`look`]ed at.
    #[inline]
    pub fn has_id(&self) -> bool {
        self.is_proved || self.id.is_some_and(IdText::is_uuid)
    }

    /// Reads what it says; false if that is new to us. It is written where it stays.
    #[inline]
    pub fn read(&self, line: &mut Execution<'a>) -> bool {
        let Some(shape) = self.shape else { return false };
        let payload = self.text.get(shape.pattern.len()..).unwrap_or_default();
        (shape.read)(shape::trimmed(payload), line)
    }
}

/// Reads `(<request id>) Message`, or a bare `Message` whose label marks it. `None`: not a line of
/// an execution log.
pub fn parse(message: &[u8]) -> Option<Record<'_>> {
    let look = look(message, None)?;
    let mut line = Execution::Detail;
    let entry = if look.read(&mut line) { Entry::Execution(line) } else { Entry::Other };
    Some(Record { id: look.id, truncated: look.truncated, entry })
}

/// The same for the hot path: the line is read by those who need it. `last` is any id, best that of the
/// line before.
pub fn look<'a>(message: &'a [u8], last: Option<&RequestId>) -> Option<Look<'a>> {
    let usual = look_at_usual(message, last).filter(Look::has_id);
    usual.map(|look| Look { is_proved: true, ..look }).or_else(|| look_at_other(message))
}

/// As [`look`], if the message begins with what may be a UUID, as nearly all do. Most lines belong to
/// a request that is known, so what its id is made of is not looked at.
#[expect(clippy::inline_always, reason = "a call for each line, and what it gives is large")]
#[inline(always)]
pub fn look_at_usual<'a>(message: &'a [u8], last: Option<&RequestId>) -> Option<Look<'a>> {
    let (id, text) = split_uuid(message)?;
    let is_last = last.is_some_and(|last| last.is_written(id));
    let shape = shape::numbered(text).map(|(_, shape)| shape);
    let (id, truncated) = (Some(IdText::of_longest(id)), text.ends_with(TRUNCATED));
    let adds = adds(shape, text);
    Some(Look { id, is_last, is_proved: is_last, truncated, adds, text, shape })
}

fn look_at_other(message: &[u8]) -> Option<Look<'_>> {
    let (id, text) = match split_id(message) {
        Some((id, text)) => (Some(id), text),
        // What stands where the id was hidden tells nothing.
        None => match (behind_hidden(message), split_word(message)) {
            (Some(text), _) => (None, text),
            (None, Some((id, text))) => (Some(id), text),
            (None, None) => (None, message),
        },
    };
    let shape = shape::numbered(text).map(|(_, shape)| shape);
    // An id in parentheses is the gateway's mark; what the line says may be new to us.
    if id.is_none() {
        let shape = shape?;
        if !shape.distinct && text.len() > shape.pattern.len() + 80 {
            return None;
        }
    }
    let truncated = text.ends_with(TRUNCATED);
    let adds = adds(shape, text);
    Some(Look { id, is_last: false, is_proved: true, truncated, adds, text, shape })
}

/// As [`look`], at the beginning of a message, and at its end as it stands in a string of JSON. What is
/// between is not read.
pub fn look_at_beginning<'a>(
    beginning: &'a [u8],
    written: &[u8],
    last: Option<&RequestId>,
) -> Option<Look<'a>> {
    let look = look_at_usual(beginning, last).or_else(|| look_at_other(beginning))?;
    Some(Look { truncated: written.ends_with(TRUNCATED), adds: adds(look.shape, written), ..look })
}

/// The line whose beginning was looked at, if it can be taken as it stands in a string of JSON: if a body
/// begins in the beginning.
pub fn taken_as_written<'a>(
    look: &Look<'_>,
    beginning: &[u8],
    written: &'a [u8],
) -> Option<Execution<'a>> {
    let mut line = Execution::Detail;
    if look.read(&mut line)
        && let Execution::EndpointResponseBody(body) = line
        && !body.is_empty()
    {
        let body = written.get(beginning.len() - body.len()..)?;
        return Some(Execution::EndpointResponseBodyInJson(body));
    }
    None
}

/// What a line of this shape, with this end, can add.
#[inline]
fn adds(shape: Option<&LineShape>, end: &[u8]) -> Adds {
    let adds = shape.map_or(Adds::Anything, |shape| shape.adds);
    let is_text = adds == Adds::RequestBody && end.last() != Some(&b']');
    if is_text { Adds::Nothing } else { adds }
}

/// A look at a message, on a thread that has time for it: what makes [`look_glanced`] quick. Nothing is
/// told of messages that are no usual lines of an execution log.
pub fn glance(message: &[u8]) -> Glance {
    let Some((_, text)) = split_uuid(message) else { return Glance::default() };
    let truncated = text.ends_with(TRUNCATED);
    let number = shape::numbered(text).map(|(number, _)| number + 1);
    match number.and_then(|number| u32::try_from(number).ok()) {
        Some(number) => Glance(number << 1 | u32::from(truncated)),
        None => Glance::default(),
    }
}

/// As [`look`], at a message that was looked at, if that told anything.
#[inline]
pub fn look_glanced<'a>(
    message: &'a [u8],
    glance: Glance,
    last: Option<&RequestId>,
) -> Option<Look<'a>> {
    let shape = SHAPES.get((glance.0 >> 1).checked_sub(1)? as usize)?;
    let (prefix, text) = message.split_first_chunk::<UUID_PREFIX>()?;
    let [_, id @ .., _, _] = prefix;
    let is_last = last.is_some_and(|last| last.is_written(id));
    let (id, shape, truncated) = (Some(IdText::of_longest(id)), Some(shape), glance.0 & 1 == 1);
    let adds = adds(shape, text);
    Some(Look { id, is_last, is_proved: is_last, truncated, adds, text, shape })
}

/// Length of `(<UUID>) `.
const UUID_PREFIX: usize = RequestId::MAX + 3;

/// Splits `(<id>) Message` where the id is as long as a UUID, which it may be. Nearly all lines are
/// written so.
#[inline]
fn split_uuid(message: &[u8]) -> Option<(&[u8; RequestId::MAX], &[u8])> {
    let (prefix, text) = message.split_first_chunk::<UUID_PREFIX>()?;
    let [b'(', id @ .., b')', b' '] = prefix else { return None };
    text.first()?.is_ascii_graphic().then_some((id, text))
}

/// Splits `(<id>) Message`.
fn split_id(message: &[u8]) -> Option<(IdText<'_>, &[u8])> {
    let (id, text) = behind_parentheses(message)?;
    let id = IdText::parse(id).filter(|_| {
        RequestId::looks_like_uuid(id)
            || RequestId::looks_like_extended(id)
            || id == b"UUID_REPLACED_INVALID_REQUEST_ID"
            || id.starts_with(b"test-")
    })?;
    Some((id, text.trim_ascii_start()))
}

/// What stands in parentheses in front of a message, no longer than an id, and what is behind them.
fn behind_parentheses(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = message.strip_prefix(b"(")?;
    let close = memchr::memchr(b')', rest.get(..=RequestId::MAX).unwrap_or(rest))?;
    Some((rest.get(..close)?, rest.get(close + 1..)?))
}

/// Splits `(abc-123) Message`, as guides write it, if the label marks the line.
fn split_word(message: &[u8]) -> Option<(IdText<'_>, &[u8])> {
    let (word, text) = behind_parentheses(message)?;
    let text = text.strip_prefix(b" ")?;
    let is_word = word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte));
    let is_line = || shape::numbered(text).is_some_and(|(_, shape)| shape.distinct);
    Some((IdText::parse(word).filter(|_| is_word && is_line())?, text))
}

/// Finds `needle` and gives what stands before and behind it.
fn split<'a>(text: &'a [u8], needle: &str) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, needle.as_bytes())?;
    Some((text.get(..at)?, text.get(at + needle.len()..)?))
}

fn number(text: &[u8]) -> Option<u16> {
    text.first().filter(|byte| byte.is_ascii_digit())?;
    let mut digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0_u16, |all, digit| all.checked_mul(10)?.checked_add(u16::from(digit - b'0')))
}

/// `<key>`, `ID: <id>`, `authorized because ...`, `not authorized because ...`, and `<key> exceeded ...`.
pub(crate) fn api_key(rest: &[u8]) -> Option<Execution<'_>> {
    // Nearly all lines name a method between quotes.
    let Some((before, behind)) = split_at_byte(rest, b'\'') else {
        return Some(exceeded(rest).unwrap_or(Execution::Detail));
    };
    let (route, _) = split_at_byte(behind, b'\'')?;
    let words = before.strip_suffix(b"method ").or_else(|| before.strip_suffix(b"route "));
    let because = words.and_then(|words| words.strip_suffix(b"authorized because "));
    Some(match because {
        Some(before) if before.ends_with(b"not ") => Execution::ApiKeyNotAuthorized(route),
        Some(_) => Execution::ApiKeyAuthorized(route),
        None => Execution::Detail,
    })
}

/// `<key> exceeded quota limit for API Stage <api>/<stage>: Key quota exhausted for Usage Plan ID <id>. Limit:
/// 500 Period: DAY`, or the throttle limit alike.
#[cold]
fn exceeded(rest: &[u8]) -> Option<Execution<'_>> {
    let (_, limit) = split(rest, " exceeded ")?;
    let quota = limit.starts_with(b"quota");
    let (_, behind) = split(limit, " limit for API Stage ")?;
    if !quota && !limit.starts_with(b"throttle") {
        return None;
    }
    let (api_stage, said) = split_at_byte(behind, b':').unwrap_or((behind, &[]));
    let (api, stage) = split_at_byte(api_stage, b'/').unwrap_or((api_stage, &[]));
    let method = field(said, "HttpMethod ").unwrap_or_default();
    Some(Execution::ThrottleExceeded { api, stage, method, quota })
}

fn split_at_byte(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// What stands before the first blank: people paste text behind a line.
fn first_word(text: &[u8]) -> Option<&[u8]> {
    text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())
}

/// What stands behind the last blank.
fn last_word(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let start = memchr::memrchr(b' ', text).map_or(0, |blank| blank + 1);
    text.get(start..).unwrap_or_default()
}

pub(crate) fn integration_request_id(rest: &[u8]) -> Option<Execution<'_>> {
    let id = rest.strip_prefix(b":")?;
    Some(Execution::IntegrationRequestId(first_word(id).unwrap_or_default()))
}

pub(crate) fn trace_id(rest: &[u8]) -> Option<Execution<'_>> {
    let id = rest.strip_prefix(b":")?.trim_ascii();
    Some(Execution::TraceId(id.strip_prefix(b"Root=").unwrap_or(id)))
}

pub(crate) fn gateway_response(rest: &[u8]) -> Option<Execution<'_>> {
    let (kind, status) = split(rest, " with status code: ")?;
    Some(Execution::GatewayResponse { kind, status: number(status)? })
}

pub(crate) fn http_method(rest: &[u8]) -> Option<Execution<'_>> {
    let (method, behind) = split_at_byte(rest, b',')?;
    let mut path = behind.strip_prefix(b" Resource Path:")?;
    while let [b' ' | b'\t', behind @ ..] = path {
        path = behind;
    }
    // A path holds no blank: what a copy put behind it, or on the next line, is no part of it.
    let path = path.split(u8::is_ascii_whitespace).next()?;
    Some(Execution::HttpMethod { method, path })
}

/// Why mutual TLS refuses a certificate. Applications give reasons of their own.
pub(crate) fn certificate_refused(reason: &[u8]) -> Option<Execution<'_>> {
    let has = |word: &str| memchr::memmem::find(reason, word.as_bytes()).is_some();
    let is_of_certificate = has("certificate") || has("Signature Algorithm");
    is_of_certificate.then_some(Execution::CertificateRefused(reason))
}

/// The word behind a label.
fn field<'a>(text: &'a [u8], label: &str) -> Option<&'a [u8]> {
    let (_, value) = split(text, label)?;
    let end = value.iter().position(|b| matches!(b, b',' | b'.' | b' ')).unwrap_or(value.len());
    value.get(..end)
}

/// `... for RestApi <api>, Stage <stage>, Resource <id>, HttpMethod <M>. ...`
pub(crate) fn throttle(rest: &[u8], quota: bool) -> Execution<'_> {
    Execution::ThrottleExceeded {
        api: field(rest, "RestApi ").unwrap_or_else(|| {
            // `Rate limit exceeded for RestApi` has the word in its label.
            rest.split(|b| *b == b',').next().unwrap_or_default().trim_ascii()
        }),
        stage: field(rest, "Stage ").unwrap_or_default(),
        method: field(rest, "HttpMethod ").unwrap_or_default(),
        quota,
    }
}

pub(crate) fn lambda_execution_failed(rest: &[u8]) -> Execution<'_> {
    let message = match split(rest, "due to customer function error:") {
        Some((_, message)) => message.trim_ascii_start(),
        None => &[],
    };
    let (message, lambda) = lambda_id(message);
    Execution::LambdaExecutionFailed { message, lambda }
}

pub(crate) fn lambda_invocation_failed(rest: &[u8]) -> Option<Execution<'_>> {
    let (_, lambda) = lambda_id(rest);
    Some(Execution::LambdaInvocationFailed { status: number(rest)?, lambda })
}

/// Splits `<text>. Lambda request id: <id>`.
fn lambda_id(text: &[u8]) -> (&[u8], Option<RequestId>) {
    const LABEL: &[u8] = b". Lambda request id: ";
    match memchr::memmem::rfind(text, LABEL) {
        Some(at) => {
            let id = text.get(at + LABEL.len()..).and_then(|id| RequestId::parse(first_word(id)?));
            (text.get(..at).unwrap_or_default(), id)
        }
        None => (text, None),
    }
}

pub(crate) fn method_completed(rest: &[u8]) -> Option<Execution<'_>> {
    number(rest).map(Execution::MethodCompleted)
}

pub(crate) fn received_response(rest: &[u8]) -> Execution<'_> {
    let status = rest.strip_prefix(b"Status:").and_then(|status| number(status.trim_ascii_start()));
    Execution::ReceivedResponse(status)
}

pub(crate) fn starting_authorizer(rest: &[u8]) -> Option<Execution<'_>> {
    let (authorizer, request) = split(rest, " for request: ")?;
    Some(Execution::StartingAuthorizer { authorizer, request: request.trim_ascii_end() })
}

pub(crate) fn usage_plan(rest: &[u8]) -> Execution<'_> {
    Execution::UsagePlanSucceeded(last_word(rest))
}

pub(crate) fn verifying_usage_plan(rest: &[u8]) -> Execution<'_> {
    let (request, behind) = split_at_byte(rest, b'.').unwrap_or((rest, &[]));
    Execution::VerifyingUsagePlan { request, api_stage: last_word(behind) }
}

#[cfg(test)]
mod tests;
