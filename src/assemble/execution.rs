//! Execution-log lines → exchange.
//!
//! Must not: classify failures (`failure`), or look at Lambda's own log (`invocations`).

use crate::assemble::integration::{
    authorizer_request, endpoint_request_headers, endpoint_response_headers, integration_of,
};
use crate::assemble::passing::Passing;
use crate::assemble::store::{FirstRead, Progress, Seen, SlotId};
use crate::assemble::{Assembler, Keep, access, failure};
use crate::model::{
    AnsweredBy, Exchange, Execution, Fact, Failure, IdText, Integration, LineKind, LogEvent,
    RequestId, Surface, Text,
};

impl Assembler {
    /// Takes one line of an execution log; names the exchange that it completes.
    #[inline]
    pub fn push_execution(
        &mut self,
        event: &LogEvent<'_>,
        id: Option<IdText<'_>>,
        line: &Execution<'_>,
    ) -> Option<SlotId> {
        let Some(id) = id.filter(|id| !id.is_shared()) else {
            return self.push_nameless(event, id.map(IdText::id), line);
        };
        // Two lines follow a completed request.
        if is_trailer(line) && self.store.is_gone(id) {
            return None;
        }
        let slot = match self.store.find(id) {
            // An exchange that nothing can change does not see them; if that turns out wrong, it does.
            Some(slot) if is_trailer(line) && self.is_settling(slot) => {
                if let (Some((_, progress)), Execution::IntegrationRequestId(run)) =
                    (self.store.both(slot), line)
                {
                    progress.run = RequestId::parse(run);
                }
                return None;
            }
            Some(slot) => {
                self.store.touch(slot, event);
                if let Some((exchange, progress)) = self.store.both(slot)
                    && progress.first_read == FirstRead::Nothing
                {
                    forget_access(exchange);
                    opened(exchange, progress, &id.id(), line);
                    self.reopen(slot);
                }
                self.count_late(slot, line);
                slot
            }
            None => self.begin(event, id, line)?,
        };
        self.apply(slot, event, line)
    }

    /// The first line of a request, or a line of one that was let go.
    fn begin(
        &mut self,
        event: &LogEvent<'_>,
        id: IdText<'_>,
        line: &Execution<'_>,
    ) -> Option<SlotId> {
        if self.is_finished(&id) {
            if !is_trailer(line) {
                self.counts.late += 1;
            }
            return None;
        }
        let id = id.id();
        let slot = self.store.create(Some(id));
        self.store.touch(slot, event);
        if let Some((exchange, progress)) = self.store.both(slot) {
            opened(exchange, progress, &id, line);
        }
        Some(slot)
    }

    /// Applies a line to its exchange; names the slot if this completes it.
    #[inline]
    pub(super) fn apply(
        &mut self,
        slot: SlotId,
        event: &LogEvent<'_>,
        line: &Execution<'_>,
    ) -> Option<SlotId> {
        let keep = self.settings.keep;
        let (exchange, progress) = self.store.both(slot)?;
        apply_line(exchange, progress, event, line);
        if keep != Keep::default() && !progress.authorizer_phase {
            keep_extra(exchange, keep, event, line);
        }
        if progress.passing.may_change_behind(line) {
            progress.passing = Passing::of(exchange, progress, keep);
        }
        let reads_forward = progress.first_read == FirstRead::Beginning;
        let refused =
            matches!(exchange.failure, Some(Failure::AuthorizerDenied | Failure::Forbidden));
        // The trace id is written after a completed request, and after a refused one, which has no
        // other end.
        let ends_here = matches!(line, Execution::MethodCompleted(_))
            || (refused && matches!(line, Execution::TraceId(_)));
        let begins_here = matches!(line, Execution::ExtendedRequestId(_)) && !reads_forward;
        let complete = (ends_here && reads_forward) || (begins_here && progress.seen.end);
        if complete {
            self.finish_execution(slot);
        }
        complete.then_some(slot)
    }

    /// What can only be said of an exchange once its lines are in.
    pub(super) fn finish_exchange(&mut self, slot: SlotId) {
        let Some((exchange, progress)) = self.store.both(slot) else { return };
        finish(exchange, progress);
    }

    /// The same for the execution log alone: an exchange that is well is told from nothing else,
    /// whatever was read before.
    pub(super) fn finish_execution(&mut self, slot: SlotId) {
        let Some((exchange, progress)) = self.store.both(slot) else { return };
        failure::settle(exchange, progress);
        exchange.is_complete = is_complete(exchange, progress.seen);
        exchange.shows_beginning = progress.seen.begin;
    }

    /// Finds the fields of an exchange's header maps, for those who read many of them.
    pub fn index_headers(&mut self, slot: SlotId) {
        if let Some(exchange) = self.store.exchange_mut(slot) {
            exchange.index_headers();
        }
    }
}

/// What can only be said of an exchange once its lines are in.
pub(super) fn finish(exchange: &mut Exchange, progress: &mut Progress) {
    failure::settle(exchange, progress);
    access::settle(exchange);
    exchange.is_complete = is_complete(exchange, progress.seen);
    exchange.shows_beginning = progress.seen.begin;
}

/// Keeps what only some sets of rules ask for.
#[inline]
fn keep_extra(exchange: &mut Exchange, keep: Keep, event: &LogEvent<'_>, line: &Execution<'_>) {
    let (kind, map) = if let Execution::EndpointRequestHeaders(map) = *line {
        (LineKind::EndpointRequestHeaders, map)
    } else if let Execution::EndpointResponseHeaders(map) = *line {
        (LineKind::EndpointResponseHeaders, map)
    } else {
        return;
    };
    if keep.has(kind) && exchange.payload(kind).is_none() {
        exchange.keep(kind, event, map);
    }
}

/// Whether beginning and end are there.
fn is_complete(exchange: &Exchange, seen: Seen) -> bool {
    let answered = seen.success || seen.end || exchange.status.seen().is_some();
    let headless = seen.success && exchange.text_bytes(Text::Method).is_none();
    answered && !headless
}

/// The first line of the execution log is read.
fn opened(exchange: &mut Exchange, progress: &mut Progress, id: &RequestId, line: &Execution<'_>) {
    // Lines of WebSocket APIs carry the extended id in front, those of REST APIs a UUID.
    let is_extended = RequestId::looks_like_extended(id.as_bytes());
    exchange.surface = if is_extended { Surface::WebSocket } else { Surface::Rest };
    progress.first_read = if is_ending(line) { FirstRead::End } else { FirstRead::Beginning };
}

/// What an access log says counts less than the execution log, whichever is read first; it is asked
/// again for exchanges that are kept.
fn forget_access(exchange: &mut Exchange) {
    exchange.failure = None;
    exchange.answered_by = Fact::Unseen;
    exchange.status = Fact::Unseen;
    exchange.extended_request_id = None;
    exchange.lambda_request_id = None;
    for which in access::TEXTS {
        exchange.clear_text(which);
    }
}

/// Lines that follow `Method completed`.
pub(super) fn is_trailer(line: &Execution<'_>) -> bool {
    matches!(line, Execution::IntegrationRequestId(_) | Execution::TraceId(_))
}

/// Lines that stand at the end of a request: if one of them is read first, the input is newest
/// first (the default of Insights), or the request's lines are out of order.
fn is_ending(line: &Execution<'_>) -> bool {
    is_trailer(line)
        || matches!(line, Execution::MethodCompleted(_) | Execution::SuccessfullyCompleted)
}

/// Lines that stand at the beginning of a request.
pub(super) fn is_beginning(line: &Execution<'_>) -> bool {
    matches!(
        line,
        Execution::TestHeading(_)
            | Execution::ExtendedRequestId(_)
            | Execution::StartingAuthorizer { .. }
            | Execution::VerifyingUsagePlan { .. }
            | Execution::StartingExecution(_)
    )
}

#[expect(clippy::too_many_lines, reason = "one arm a line shape; it reads as the table it is")]
#[inline]
pub(super) fn apply_line(
    exchange: &mut Exchange,
    progress: &mut Progress,
    event: &LogEvent<'_>,
    line: &Execution<'_>,
) {
    progress.seen.begin |= is_beginning(line);
    match *line {
        Execution::ExtendedRequestId(id) => exchange.extended_request_id = RequestId::parse(id),
        Execution::StartingAuthorizer { .. } => {
            progress.authorizer_phase = true;
            exchange.keep(LineKind::Authorizer, event, &[]);
        }
        Execution::AuthorizerResult(body) => {
            progress.denied = is_denial(body);
            exchange.keep(LineKind::Authorizer, event, body);
        }
        Execution::VerifyingUsagePlan { api_stage, .. } => {
            progress.authorizer_phase = false;
            set_stage(exchange, api_stage);
        }
        Execution::UsagePlanSucceeded(api_stage) => set_stage(exchange, api_stage),
        Execution::AuthorizerCompleted | Execution::StartingExecution(_) => {
            progress.authorizer_phase = false;
        }
        Execution::ApiKeyAuthorized(route) => set_route(exchange, route),
        Execution::ApiKeyNotAuthorized(route) => {
            set_route(exchange, route);
            set_method_of_route(exchange, route);
            fail(exchange, event, Failure::ApiKey);
        }
        Execution::ThrottleExceeded { api, stage, method, quota } => {
            if quota {
                exchange.set_text_once(Text::FailureMessage, QUOTA.as_bytes());
            }
            exchange.set_text_once(Text::Api, api);
            exchange.set_text_once(Text::Stage, stage);
            exchange.set_text_once(Text::Method, method);
            fail(exchange, event, Failure::Throttled);
        }
        Execution::HttpMethod { method, path } => {
            exchange.set_text(Text::Method, method);
            exchange.set_text(Text::Path, path);
            exchange.keep(LineKind::HttpMethod, event, &[]);
        }
        Execution::MethodRequestHeaders(map) => exchange.keep(LineKind::RequestHeaders, event, map),
        Execution::MethodRequestBody(body) => {
            if body == b"[Binary Data]" {
                exchange.keep(LineKind::HttpMethod, event, body);
            }
        }
        Execution::EndpointUri(uri) if !progress.authorizer_phase => {
            if exchange.text_bytes(Text::EndpointUri).is_none() {
                exchange.set_text(Text::EndpointUri, uri);
                exchange.integration = integration_of(uri);
                if exchange.integration == Integration::Aws {
                    exchange.lambda_request_id = None;
                }
            }
        }
        Execution::EndpointRequestHeaders(map) => {
            endpoint_request_headers(exchange, map, progress.authorizer_phase);
        }
        Execution::EndpointRequestBody(body) if progress.authorizer_phase => {
            authorizer_request(exchange, body);
        }
        Execution::EndpointResponseHeaders(map) if !progress.authorizer_phase => {
            endpoint_response_headers(exchange, progress, event, map);
        }
        Execution::EndpointResponseBody(body) if !progress.authorizer_phase => {
            exchange.keep(LineKind::EndpointResponseBody, event, body);
        }
        Execution::EndpointResponseBodyInJson(body) if !progress.authorizer_phase => {
            exchange.keep_with_escapes(LineKind::EndpointResponseBody, event, body);
        }
        Execution::MethodResponseHeaders(map) => {
            progress.seen.success = true;
            exchange.keep(LineKind::ResponseHeaders, event, map);
        }
        Execution::SuccessfullyCompleted => progress.seen.success = true,
        Execution::MethodCompleted(status) => {
            progress.seen.end = true;
            exchange.status = Fact::Seen(status);
            exchange.keep(LineKind::Status, event, &[]);
        }
        Execution::IntegrationRequestId(id) => set_lambda_request_id(exchange, id),
        Execution::TraceId(id) => exchange.set_text_once(Text::TraceId, id),
        Execution::GatewayResponse { kind, status } => {
            exchange.set_text(Text::GatewayResponseType, kind);
            exchange.keep(LineKind::GatewayResponse, event, &[]);
            exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
            if exchange.status.is_unseen() {
                exchange.status = Fact::Seen(status);
            }
            progress.seen.end = true;
        }
        Execution::ExecutionFailed(text) => {
            let failure = failure::of_text(text, progress.authorizer_phase);
            // The more telling of two lines stays: `Lambda invocation failed` says what the
            // `Rate Exceeded.` behind it means.
            if exchange.failure == Some(Failure::InvocationFailed) && !text.is_empty() {
                exchange.set_text_once(Text::FailureMessage, text);
            }
            if exchange.failure.is_none() || failure != Failure::IntegrationConfiguration {
                exchange.set_text_once(Text::FailureMessage, text);
                exchange.failure = Some(failure);
            }
            exchange.keep(LineKind::Failure, event, text);
        }
        Execution::LambdaExecutionFailed { message, .. } if progress.authorizer_phase => {
            exchange.set_text_once(Text::FailureMessage, message);
            fail(exchange, event, Failure::AuthorizerConfiguration);
        }
        Execution::LambdaExecutionFailed { message, lambda } => {
            exchange.set_text_once(Text::FailureMessage, message);
            exchange.lambda_request_id = exchange.lambda_request_id.or(lambda);
            exchange.integration = Integration::Lambda;
            fail(exchange, event, failure::of_function(message));
        }
        Execution::LambdaInvocationFailed { status, lambda } => {
            exchange.lambda_request_id = exchange.lambda_request_id.or(lambda);
            exchange.integration = Integration::Lambda;
            exchange.integration_status = exchange.integration_status.or(Some(status));
            fail(exchange, event, failure::of_invocation(status));
        }
        Execution::Unauthorized(_) => {
            progress.seen.end = true;
            fail(exchange, event, Failure::AuthorizerDenied);
        }
        Execution::AccessDenied => {
            progress.seen.end = true;
            exchange.set_text_once(Text::FailureMessage, ACCESS_DENIED.as_bytes());
            fail(exchange, event, Failure::AuthorizerDenied);
        }
        Execution::ClientNotAuthorized => {
            progress.seen.end = true;
            exchange.set_text_once(Text::FailureMessage, failure::CLIENT_NOT_AUTHORIZED.as_bytes());
            let failure = failure::of_policy(exchange, progress);
            fail(exchange, event, failure);
        }
        Execution::AuthorizerConfigurationException => {
            progress.seen.end = true;
            // Tests of an authorizer end with the exception that they answer with; this one's
            // status is 500.
            if exchange.status.is_unseen() {
                exchange.status = Fact::Seen(500);
            }
            fail(exchange, event, Failure::AuthorizerConfiguration);
        }
        Execution::CertificateRefused(reason) => {
            progress.seen.end = true;
            exchange.set_text_once(Text::FailureMessage, reason);
            fail(exchange, event, Failure::Forbidden);
        }
        Execution::WafTimeout => fail(exchange, event, Failure::WafUnavailable),
        Execution::RequestRejected(text) => {
            exchange.set_text_once(Text::FailureMessage, text);
            fail(exchange, event, Failure::RequestRejected);
        }
        Execution::WebSocket(text) => {
            exchange.surface = Surface::WebSocket;
            if let Some(status) = socket_status(text) {
                exchange.status = Fact::Seen(status);
                exchange.keep(LineKind::Status, event, &[]);
            }
        }
        Execution::TestHeading(_) => exchange.surface = Surface::TestInvoke,
        Execution::TestResult { .. } => show_result(exchange, event, line),
        Execution::ReceivedResponse(status) if !progress.authorizer_phase => {
            exchange.integration_status = status.or(exchange.integration_status);
        }
        Execution::ReceivedResponse(_)
        | Execution::EndpointUri(_)
        | Execution::EndpointRequestBody(_)
        | Execution::EndpointResponseHeaders(_)
        | Execution::EndpointResponseBody(_)
        | Execution::EndpointResponseBodyInJson(_)
        | Execution::IncomingIdentity(_)
        | Execution::AuthorizerPolicy(_)
        | Execution::MethodResponseBody(_)
        | Execution::Detail => {}
    }
}

/// What the console shows of a test call above its log.
#[cold]
fn show_result(exchange: &mut Exchange, event: &LogEvent<'_>, line: &Execution<'_>) {
    let Execution::TestResult { method, path, status, is_made_by_gateway } = *line else { return };
    exchange.surface = Surface::TestInvoke;
    exchange.set_text(Text::Method, method);
    if !path.is_empty() {
        exchange.set_text(Text::Path, path);
    }
    if let Some(status) = status {
        exchange.status = Fact::Seen(status);
        exchange.keep(LineKind::Status, event, &[]);
    }
    if is_made_by_gateway {
        exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
    }
}

/// What a line that tells of the quota of an API key is about.
const QUOTA: &str = "Key quota limit exceeded";

/// The refusal by an authorizer's policy, as it is logged.
const ACCESS_DENIED: &str = "User is not authorized to access this resource";

fn fail(exchange: &mut Exchange, event: &LogEvent<'_>, failure: Failure) {
    exchange.failure = Some(failure);
    exchange.keep(LineKind::Failure, event, &[]);
}

/// Whether a policy denies and allows nothing. The lines behind it do not tell: a valid policy is
/// reported alike whatever it says.
fn is_denial(policy: &[u8]) -> bool {
    let has = |effect: &str| memchr::memmem::find(policy, effect.as_bytes()).is_some();
    has("\"Deny\"") && !has("\"Allow\"")
}

/// `... status code [502] ...` of WebSocket lines.
fn socket_status(text: &[u8]) -> Option<u16> {
    const LABEL: &str = "status code [";
    let at = memchr::memmem::find(text, LABEL.as_bytes())?;
    let digits = text.get(at + LABEL.len()..)?.get(..3)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `<api>/<stage>`.
fn set_stage(exchange: &mut Exchange, api_stage: &[u8]) {
    if let Some(slash) = memchr::memchr(b'/', api_stage) {
        exchange.set_text_once(Text::Api, api_stage.get(..slash).unwrap_or_default());
        exchange.set_text_once(Text::Stage, api_stage.get(slash + 1..).unwrap_or_default());
    }
}

/// What answered gave the call this id. Services that are no functions have ids, too.
pub(super) fn set_lambda_request_id(exchange: &mut Exchange, id: &[u8]) {
    if exchange.integration != Integration::Aws {
        exchange.lambda_request_id = exchange.lambda_request_id.or(RequestId::parse(id));
    }
}

/// `METHOD /resource`; a WebSocket API names a route key without a method.
fn set_route(exchange: &mut Exchange, route: &[u8]) {
    exchange.set_text(Text::Route, route);
    if !route.contains(&b' ') {
        exchange.surface = Surface::WebSocket;
    }
}

fn set_method_of_route(exchange: &mut Exchange, route: &[u8]) {
    let method = route.split(|byte| *byte == b' ').next().unwrap_or_default();
    if method != b"ANY" {
        exchange.set_text_once(Text::Method, method);
    }
}
