//! Lines that add nothing to their exchange but when, and where, it ends: they pass without being read.
//!
//! Two lines of three say nothing about CORS, or what an earlier one has said.
//!
//! Must not: let a line pass that [`Assembler::push_execution`] would make anything of.

use crate::assemble::store::{FirstRead, Progress};
use crate::assemble::{Assembler, Keep};
use crate::model::{Adds, Exchange, Execution, IdText, LineKind, LogEvent, RequestId, Text};

/// What lines may add that adds nothing to an exchange as it is: a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passing(u16);

impl Passing {
    /// For an exchange to which a line was applied. It holds until the next one is, since what is known
    /// of an exchange is forgotten by applying lines only.
    pub(super) fn of(exchange: &Exchange, progress: &Progress, keep: Keep) -> Self {
        if progress.first_read == FirstRead::Nothing {
            return Self::default();
        }
        let has = |text| exchange.text_bytes(text).is_some();
        let by_authorizer = progress.authorizer_phase;
        let has_begun = progress.seen.begin && !by_authorizer;
        let keeps_request = keep.has(LineKind::EndpointRequestHeaders);
        Self::default()
            .with(Adds::Nothing, true)
            .with(Adds::Beginning, has_begun)
            .with(Adds::Stage, has_begun && has(Text::Api) && has(Text::Stage))
            .with(Adds::EndpointUri, by_authorizer || has(Text::EndpointUri))
            .with(
                Adds::EndpointRequestHeaders,
                by_authorizer
                    || !keeps_request && has(Text::Method) && exchange.request_id.is_some(),
            )
            .with(Adds::EndpointRequestBody, !by_authorizer || has(Text::Method))
            .with(Adds::Success, progress.seen.success)
    }

    /// Whether other lines may pass behind this one than before: not behind the frequent ones that tell
    /// nothing another line could repeat.
    #[inline]
    pub(super) fn may_change_behind(self, line: &Execution<'_>) -> bool {
        let changes_nothing = matches!(
            line,
            Execution::ApiKeyAuthorized(_)
                | Execution::MethodRequestHeaders(_)
                | Execution::ReceivedResponse(_)
                | Execution::EndpointResponseHeaders(_)
                | Execution::EndpointResponseBody(_)
                | Execution::EndpointResponseBodyInJson(_)
                | Execution::MethodCompleted(_)
        );
        self == Self::default() || !changes_nothing
    }

    fn with(self, adds: Adds, passes: bool) -> Self {
        Self(self.0 | u16::from(passes) << adds as u8)
    }

    /// Whether a line passes that can add no more than this.
    #[inline]
    pub(super) fn has(self, adds: Adds) -> bool {
        self.0 >> adds as u8 & 1 == 1
    }
}

impl Assembler {
    /// Whether a line that can add no more than this to its exchange adds nothing, and is done with; else
    /// [`Self::push_execution`] takes it. `is_last`: its id is [`Self::last_id`]. Where time goes on, lines
    /// are awaited, and none passes.
    #[expect(clippy::inline_always, reason = "a call for each line took as much as what it does")]
    #[inline(always)]
    pub fn passes(
        &mut self,
        event: &LogEvent<'_>,
        id: Option<IdText<'_>>,
        is_last: bool,
        adds: Adds,
    ) -> bool {
        if adds == Adds::Anything || self.store.arrival.is_some() {
            return false;
        }
        let slot = match id {
            _ if is_last => self.store.last_slot(),
            Some(id) => self.store.find(id),
            None => None,
        };
        slot.is_some_and(|slot| self.store.pass(slot, event, adds))
    }

    /// The id of the line before, if its exchange is open or held.
    #[inline]
    pub fn last_id(&self) -> Option<&RequestId> {
        self.store.last_id()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::assemble::AssembleSettings;
    use crate::model::{LogTime, Place, PlaceId, Places, Position};
    use crate::parse::execution::look;
    use crate::parse::shape::SHAPES;

    const IDS: [&str; 2] =
        ["0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d", "1a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d"];
    const OTHERS: [&str; 6] = [
        "Method request body before transformations: [Binary Data]",
        "Endpoint request headers: {X-Amz-Source-Arn=arn:aws:execute-api:r:1:api/dev/PUT/x}",
        "Endpoint request body after transformations: {\"httpMethod\":\"POST\",\"path\":\"/p\"}",
        "Usage Plan check succeeded for API Key  and API Stage other/test",
        "Endpoint request URI: https://lambda.r.amazonaws.com/functions/arn:aws:lambda:r:1:x",
        "Method completed with status: 500",
    ];

    fn push(assembler: &mut Assembler, event: &LogEvent<'_>, lets_pass: bool) -> bool {
        let look = look(event.message, assembler.last_id()).expect("a line");
        if lets_pass && assembler.passes(event, look.id, look.is_last, look.adds) {
            return true;
        }
        let mut line = Execution::Detail;
        assert!(look.read(&mut line), "its shape is known");
        if let Some(slot) = assembler.push_execution(event, look.id, &line) {
            assembler.hold(slot);
        }
        false
    }

    /// All that an assembler holds in the end.
    fn told(mut assembler: Assembler) -> Vec<String> {
        let slots = assembler.finish();
        let shown = |slot| format!("{:?}", assembler.exchange(slot));
        let mut exchanges: Vec<String> = slots.into_iter().map(shown).collect();
        exchanges.sort();
        exchanges.push(format!("{:?}", assembler.counts()));
        exchanges
    }

    fn place() -> PlaceId {
        Places::default().intern(&Place::default())
    }

    proptest! {
        /// Whatever lines come, in whatever order, those that pass change nothing.
        #[test]
        fn an_exchange_is_the_same_whether_lines_pass_or_are_read(
            lines in prop::collection::vec(
                (any::<prop::sample::Index>(), 0..IDS.len(), prop::option::of(0..9_i64)),
                1..40,
            ),
            keeps: bool,
        ) {
            let keep = [LineKind::EndpointRequestHeaders, LineKind::EndpointResponseHeaders];
            let keep = keep.into_iter().filter(|_| keeps).collect();
            let settings = AssembleSettings { keep, ..AssembleSettings::default() };
            let mut assemblers = [Assembler::new(settings), Assembler::new(settings)];
            let texts: Vec<&str> =
                SHAPES.iter().map(|shape| shape.example).chain(OTHERS).collect();
            for (number, (text, id, time)) in lines.iter().enumerate() {
                let message = format!("({}) {}", IDS[*id], text.get(&texts));
                let position = Position { place: place(), line: number as u64 };
                let time = time.map(LogTime);
                let message = message.as_bytes();
                let event = LogEvent { time, ingested: None, position, message };
                let [passing, reading] = &mut assemblers;
                push(passing, &event, true);
                push(reading, &event, false);
            }
            let [passing, reading] = assemblers.map(told);
            prop_assert_eq!(passing, reading);
        }
    }

    #[test]
    fn what_says_nothing_new_passes() {
        let mut assembler = Assembler::new(AssembleSettings::default());
        let mut passes = |text: &str| {
            let message = format!("({}) {text}", IDS[0]);
            let position = Position { place: place(), line: 1 };
            let message = message.as_bytes();
            let time = Some(LogTime(1));
            push(&mut assembler, &LogEvent { time, ingested: None, position, message }, true)
        };
        let stage = "Verifying Usage Plan for request: x. API Key:  API Stage: a/prod";
        assert!(!passes(stage));
        assert!(passes(stage));
        assert!(passes("Method request path: {}"));
        assert!(passes("Starting execution for request: x"));
        assert!(!passes("Sending request to https://a.example"));
        assert!(passes("Sending request to https://a.example"));
        assert!(passes("Method request body before transformations: "));
        assert!(!passes("Method request body before transformations: [Binary Data]"));
        assert!(!passes("Successfully completed execution"));
        assert!(passes("Successfully completed execution"));
        assert!(!passes("Starting authorizer: a for request: x"));
        assert!(!passes("Starting execution for request: x"));
    }
}
