//! Gateway ↔ Lambda: which run answered which request; and lines that carry no request id.
//!
//! Must not: read lines.

use hashbrown::HashMap;

use crate::assemble::execution::{is_beginning, is_trailer};
use crate::assemble::run::stands_out;
use crate::assemble::store::{FirstRead, SlotId};
use crate::assemble::{Assembler, failure};
use crate::model::{
    Acceptance, AnsweredBy, Exchange, Execution, Fact, Failure, HttpEvent, Integration, Invocation,
    InvocationOutcome, LineKind, LogEvent, RequestId, Surface, Text, Ticket,
};
use crate::parse::proxy_response;

impl Assembler {
    /// Lines without a request id: logs of 2016, test calls, and excerpts. They belong to the
    /// request that is going on in their place.
    pub(super) fn push_nameless(
        &mut self,
        event: &LogEvent<'_>,
        prefix: Option<RequestId>,
        line: &Execution<'_>,
    ) -> Option<SlotId> {
        let place = event.position.place;
        let current = self.store.current(place);
        let named = line.request_id().and_then(id_of).or(prefix);
        let ended = current.is_some_and(|slot| self.store.has_ended(slot));
        let continues = current.filter(|slot| {
            let other_id = self.store.exchange(*slot).is_some_and(|exchange| {
                let known = exchange.request_id;
                let differs = named.is_some() && known.is_some() && known != named;
                // The heading of a test call names it otherwise than the line behind it.
                differs && !named.is_some_and(|id| id.is_shared())
            });
            // Above the log of a test the console shows its result.
            let restarts = matches!(line, Execution::TestResult { .. })
                || matches!(line, Execution::TestHeading(_))
                    && !self.store.is_test_without_log(*slot);
            !restarts && !other_id && (!ended || is_trailer(line))
        });
        let slot = match continues {
            Some(slot) => slot,
            None if is_trailer(line) || is_weak(line) => return None,
            None => {
                let slot = self.store.create(None);
                self.store.set_current(place, slot);
                let (exchange, progress) = self.store.both(slot)?;
                exchange.surface = Surface::Rest;
                progress.first_read = FirstRead::Beginning;
                slot
            }
        };
        self.store.touch(slot, event);
        let has_id = self.store.exchange(slot).is_some_and(|e| e.request_id.is_some());
        if let Some(id) = named.filter(|_| !has_id) {
            self.store.name(slot, id);
        }
        self.apply(slot, event, line);
        // Its last lines cannot be told by an id: it is let go when the next one begins.
        let previous = current.filter(|previous| *previous != slot);
        if let Some(previous) = previous {
            self.finish_exchange(previous);
        }
        previous.filter(|slot| !self.drop_repeated(*slot))
    }

    /// Forgets an exchange whose id was let go before: its lines were read twice.
    pub(super) fn drop_repeated(&mut self, slot: SlotId) -> bool {
        let id = self.store.exchange(slot).and_then(|exchange| exchange.request_id);
        let is_repeated = id.is_some_and(|id| self.is_finished(&id));
        if is_repeated {
            self.counts.late += 1;
            self.store.remove(slot);
        }
        is_repeated
    }

    /// Joins everything that is left, and names it.
    pub(super) fn join_all(&mut self) -> Vec<SlotId> {
        let mut slots: Vec<SlotId> = self.store.all().collect();
        for slot in &slots {
            self.finish_exchange(*slot);
        }
        slots.retain(|slot| !self.drop_repeated(*slot));
        let mut by_lambda: HashMap<_, _, foldhash::fast::RandomState> = HashMap::default();
        for slot in &slots {
            let id = self.store.exchange(*slot).and_then(|exchange| exchange.lambda_request_id);
            if let Some(id) = id {
                by_lambda.insert(id, *slot);
            }
        }
        for (run, told) in self.invocations.take_all() {
            let event = run.event.as_ref();
            let gateway = event.and_then(|event| event.gateway_request_id);
            let extended = event.and_then(|event| event.extended_request_id);
            let slot = gateway
                .and_then(|id| self.store.lookup(&id))
                .or_else(|| extended.and_then(|id| self.store.lookup(&id)))
                .or_else(|| run.id.and_then(|id| by_lambda.get(&id).copied()));
            let slot = match slot {
                Some(slot) => {
                    if let Some(exchange) = self.store.exchange_mut(slot) {
                        attach(exchange, Box::new(run));
                    }
                    Some(slot)
                }
                None if !self.stands_alone(&run) => None,
                None => {
                    let slot = self.exchange_of(run);
                    slots.extend(slot);
                    slot
                }
            };
            if let (Some(told), Some(slot)) = (told, slot) {
                self.replaced.insert(slot, Ticket::of_run(told));
            }
        }
        slots
    }

    /// Whether a run that no exchange claims is told as one of its own.
    pub(super) fn stands_alone(&self, run: &Invocation) -> bool {
        let is_at_ease = is_authorizer(run) && !is_refusal(run) && !run.outcome.is_failure();
        !self.is_of_finished(run) && stands_out(run) && !is_at_ease
    }

    /// Whether the exchange of a run was let go.
    pub(super) fn is_of_finished(&self, run: &Invocation) -> bool {
        let gateway = run.event.as_ref().and_then(|event| event.gateway_request_id);
        gateway.is_some_and(|id| self.is_finished(&id))
            || run.id.is_some_and(|id| self.is_finished(&id))
            || self.is_of_aged(run)
    }

    /// A run that no gateway line mentions, as an exchange of its own.
    pub(super) fn exchange_of(&mut self, run: Invocation) -> Option<SlotId> {
        let position = run.end_position.or(run.position)?;
        let last = LogEvent { time: run.ended, ingested: None, position, message: &[] };
        let id = run.event.as_ref().and_then(|event| event.gateway_request_id);
        let slot = self.store.create(id);
        self.store.touch(slot, &last);
        let exchange = self.store.exchange_mut(slot)?;
        exchange.started = run.started;
        exchange.position = run.position;
        exchange.is_complete = run.outcome != InvocationOutcome::Unseen;
        exchange.lambda_request_id = run.id;
        attach(exchange, Box::new(run));
        Some(slot)
    }
}

fn id_of(text: &[u8]) -> Option<RequestId> {
    let text = text.trim_ascii();
    RequestId::parse(text).filter(|id| {
        id.is_test_literal()
            || RequestId::looks_like_uuid(text)
            || RequestId::looks_like_extended(text)
    })
}

/// Lines that say too little to begin an exchange with.
fn is_weak(line: &Execution<'_>) -> bool {
    !is_beginning(line)
        && matches!(
            line,
            Execution::Detail
                | Execution::Unauthorized(b"")
                | Execution::IncomingIdentity(_)
                | Execution::SuccessfullyCompleted
        )
}

fn is_authorizer(run: &Invocation) -> bool {
    run.event.as_ref().is_some_and(|event| event.is_authorizer)
}

/// An authorizer that raises `Unauthorized` answers 401: that is its work, not a crash.
fn is_refusal(run: &Invocation) -> bool {
    run.message.as_ref().is_some_and(|message| message.contains("Unauthorized"))
}

/// Adds what the function's own log says.
pub(super) fn attach(exchange: &mut Exchange, run: Box<Invocation>) {
    if is_authorizer(&run) && exchange.invocation.is_some() {
        return;
    }
    if !is_authorizer(&run) {
        exchange.lambda_request_id = exchange.lambda_request_id.or(run.id);
        exchange.integration = Integration::Lambda;
    }
    if let Some(trace) = &run.trace_id {
        exchange.set_text_once(Text::TraceId, trace.as_bytes());
    }
    if let Some(event) = &run.event {
        request_of(exchange, event);
    }
    if is_authorizer(&run) {
        if run.outcome.is_failure() && exchange.failure.is_none() && !is_refusal(&run) {
            exchange.failure = Some(Failure::AuthorizerConfiguration);
        }
    } else {
        outcome_of(exchange, &run);
    }
    exchange.invocation = Some(run);
}

fn request_of(exchange: &mut Exchange, event: &HttpEvent) {
    if exchange.surface == Surface::Unknown {
        exchange.surface = event.surface;
    }
    exchange.request_id = exchange.request_id.or(event.gateway_request_id);
    exchange.extended_request_id = exchange.extended_request_id.or(event.extended_request_id);
    let texts = [
        (Text::Api, &event.api),
        (Text::Stage, &event.stage),
        (Text::Method, &event.method),
        (Text::Path, &event.path),
        (Text::Route, &event.route),
    ];
    for (which, text) in texts {
        if let Some(text) = text {
            exchange.set_text_once(which, text.as_bytes());
        }
    }
}

/// The gateway is told only that the process ended; the function's own log may say of what.
fn error_behind_exit<'a>(exchange: &Exchange, run: &'a Invocation) -> Option<&'a str> {
    let is_told = matches!(run.outcome, InvocationOutcome::Error | InvocationOutcome::InitError);
    let said = exchange.text_bytes(Text::FailureMessage).filter(|said| failure::is_exit(said));
    let is_asked = exchange.failure == Some(Failure::FunctionError) && said.is_some();
    let error = run.message.as_deref().filter(|error| !failure::is_exit(error.as_bytes()));
    error.filter(|_| is_told && is_asked)
}

/// The error's message, or at least its type.
fn said(run: &Invocation) -> Option<&str> {
    run.message.as_deref().or(run.error_type.as_deref())
}

/// How the run ended, and what it says that it returned.
fn outcome_of(exchange: &mut Exchange, run: &Invocation) {
    let failed = match run.outcome {
        InvocationOutcome::Unseen | InvocationOutcome::Ended => None,
        InvocationOutcome::Timeout => Some(Failure::FunctionTimeout),
        InvocationOutcome::InitError => Some(Failure::FunctionInit),
        InvocationOutcome::Error | InvocationOutcome::OutOfMemory | InvocationOutcome::Crash => {
            Some(failure::of_function(said(run).unwrap_or_default().as_bytes()))
        }
    };
    let answered_well = matches!(exchange.status, Fact::Seen(..400));
    if let Some(failure) = failed.filter(|_| !answered_well) {
        if exchange.failure.is_none() {
            exchange.failure = Some(failure);
            if let Some(message) = said(run) {
                exchange.set_text_once(Text::FailureMessage, message.as_bytes());
            }
        } else if let Some(error) = error_behind_exit(exchange, run) {
            exchange.set_text(Text::FailureMessage, error.as_bytes());
        }
        if exchange.answered_by.is_unseen() && exchange.surface != Surface::Unknown {
            exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
        }
        return;
    }
    let Some(value) = run.response.as_deref() else { return };
    let known = exchange.function_response.as_ref();
    let tells = known.is_some_and(|known| known.acceptance != Acceptance::Unknown);
    if tells || exchange.payload(LineKind::ResponseHeaders).is_some() {
        return;
    }
    let mut response = proxy_response::examine(value, exchange.surface);
    let alone = exchange.status.is_unseen();
    match &response.acceptance {
        Acceptance::Malformed(_) if alone && exchange.failure.is_none() => {
            exchange.failure = Some(Failure::MalformedProxyResponse);
            exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
            response.is_claim = true;
        }
        Acceptance::Accepted | Acceptance::Inferred
            if alone && run.outcome == InvocationOutcome::Ended =>
        {
            exchange.status = response.status;
            exchange.answered_by = Fact::Seen(AnsweredBy::Integration);
        }
        Acceptance::Malformed(_)
        | Acceptance::Accepted
        | Acceptance::Inferred
        | Acceptance::Unknown => {}
    }
    exchange.function_response = Some(Box::new(response));
}
