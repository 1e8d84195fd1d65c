//! `StartLiveTail`: an event stream of what becomes visible while it is open.
//!
//! Must not: send what was visible before it began.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::answer::{Asked, Refusal, name_of};
use super::faults::take;
use super::filter::Pattern;
use super::pipe::{End, Pipe};
use super::state::State;
use super::world::{Class, Event, scramble};
use super::{ACCOUNT, Shared};

const MOST_GROUPS: usize = 10;
const MOST_SESSIONS: usize = 15;
const MOST_EVENTS: usize = 500;
const LASTS: Duration = Duration::from_hours(3);
/// The update at which a session ends that is to go wrong.
const FATEFUL: u64 = 3;

/// An open session.
pub(crate) struct Session {
    /// How many events of each group had become visible when it last looked.
    seen: BTreeMap<String, usize>,
    streams: Vec<String>,
    prefixes: Vec<String>,
    pattern: Pattern,
    /// Events that come again in the next update.
    again: Vec<Arc<Event>>,
    began: i64,
    updates: u64,
    fate: Option<Fate>,
    every: Duration,
    start: Value,
}

/// How a session goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Error,
    Cut,
    Silence,
}

/// Opens a session.
pub(crate) fn start(state: &mut State, asked: &Asked) -> Result<Session, Refusal> {
    let identifiers = asked.list("logGroupIdentifiers");
    let (streams, prefixes) = (asked.list("logStreamNames"), asked.list("logStreamNamePrefixes"));
    if !(1..=MOST_GROUPS).contains(&identifiers.len()) {
        return Err(Refusal::invalid("logGroupIdentifiers takes 1 to 10 ARNs."));
    }
    if !streams.is_empty() && !prefixes.is_empty()
        || (!streams.is_empty() || !prefixes.is_empty()) && identifiers.len() != 1
    {
        return Err(Refusal::invalid("Log streams can be named with exactly one log group."));
    }
    let mut seen = BTreeMap::new();
    for identifier in &identifiers {
        if !identifier.starts_with("arn:") || identifier.ends_with('*') {
            let message = format!("{identifier} is not the ARN of a log group.");
            return Err(Refusal::invalid(message));
        }
        let group = state.world.groups.get(name_of(identifier)).ok_or_else(Refusal::no_group)?;
        if group.class == Class::InfrequentAccess {
            return Err(Refusal::wrong_class("StartLiveTail"));
        }
        seen.insert(group.name.to_string(), group.arrivals.all());
    }
    let filter = asked.text("logEventFilterPattern").unwrap_or_default();
    let pattern = Pattern::parse(filter).map_err(Refusal::invalid)?;
    if state.sessions >= state.faults.live.most_sessions.unwrap_or(MOST_SESSIONS) {
        let message = "The maximum number of concurrent Live Tail sessions has been reached.";
        return Err(Refusal::new("LimitExceededException", message));
    }
    state.sessions += 1;
    state.sessions_begun += 1;
    let id = format!("{:016x}", scramble(state.sessions_begun));
    let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    Ok(Session {
        seen,
        streams: owned(&streams),
        prefixes: owned(&prefixes),
        pattern,
        again: Vec::new(),
        began: state.now,
        updates: 0,
        fate: fate(state),
        every: state.update_every,
        start: json!({
            "requestId": id,
            "sessionId": id,
            "logGroupIdentifiers": identifiers,
            "logStreamNames": streams,
            "logStreamNamePrefixes": prefixes,
            "logEventFilterPattern": filter,
        }),
    })
}

fn fate(state: &mut State) -> Option<Fate> {
    let live = &mut state.faults.live;
    if take(&mut live.streaming_error_next) {
        Some(Fate::Error)
    } else if take(&mut live.cut_next) {
        Some(Fate::Cut)
    } else if take(&mut live.silent_next) {
        Some(Fate::Silence)
    } else {
        None
    }
}

/// Sends updates until the session ends or nobody listens any more.
pub(crate) async fn run(mut session: Session, shared: Arc<Shared>, pipe: Arc<Pipe>) {
    // The SDK for Rust can do without the first, others cannot.
    pipe.push(frame("event", "initial-response", &json!({})), 0);
    pipe.push(frame("event", "sessionStart", &session.start), 0);
    let mut ticks = interval(session.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        if pipe.is_abandoned() || session.update(&mut shared.at_work(), &pipe) {
            break;
        }
    }
    shared.lock().sessions -= 1;
}

impl Session {
    /// Sends one update; whether it was the last.
    fn update(&mut self, state: &mut State, pipe: &Pipe) -> bool {
        let lasts = state.faults.live.session.unwrap_or(LASTS);
        if state.now - self.began >= super::millis(lasts) {
            let message = json!({ "message": "The session has timed out." });
            pipe.push(frame("exception", "SessionTimeoutException", &message), 0);
            pipe.end(End::Regular);
            return true;
        }
        self.updates += 1;
        let fate = self.fate.filter(|_| self.updates >= FATEFUL);
        if fate == Some(Fate::Silence) {
            return false;
        }
        if fate == Some(Fate::Error) {
            let message = json!({ "message": "An internal error occurred." });
            pipe.push(frame("exception", "SessionStreamingException", &message), 0);
            pipe.end(End::Regular);
            return true;
        }
        let (events, is_sampled) = self.events(state);
        let results: Vec<Value> = events.iter().map(|event| live(event)).collect();
        let update = json!({
            "sessionMetadata": { "sampled": is_sampled },
            "sessionResults": results,
        });
        let frame = frame("event", "sessionUpdate", &update);
        if fate == Some(Fate::Cut) {
            pipe.push(frame.slice(..frame.len() / 2), 0);
            pipe.end(End::Cut);
            return true;
        }
        self.again = state.hand_out("StartLiveTail", &events);
        state.record.dropped += pipe.push(frame, events.len()) as u64;
        false
    }

    /// What has become visible since the last update, and whether not all of it is here.
    fn events(&mut self, state: &mut State) -> (Vec<Arc<Event>>, bool) {
        let mut events = Vec::new();
        for (name, seen) in &mut self.seen {
            let Some(group) = state.world.groups.get(name) else { continue };
            events.extend(group.arrivals.since(*seen).cloned());
            *seen = group.arrivals.all();
        }
        events.retain(|event| self.takes(event));
        let most = state.faults.live.most_events.unwrap_or(MOST_EVENTS).min(MOST_EVENTS);
        let all = events.len();
        if all > most {
            // Evenly spread over the second.
            events = (0..most).filter_map(|at| events.get(at * all / most).cloned()).collect();
            state.record.sampled += (all - most) as u64;
        }
        let mut events: Vec<_> =
            std::mem::take(&mut self.again).into_iter().chain(events).collect();
        if state.faults.reordered {
            events.reverse();
        }
        (events, all > most)
    }

    fn takes(&self, event: &Event) -> bool {
        (self.streams.is_empty() || self.streams.iter().any(|name| **name == *event.stream))
            && (self.prefixes.is_empty()
                || self.prefixes.iter().any(|prefix| event.stream.starts_with(prefix)))
            && self.pattern.matches(&event.message)
    }
}

fn live(event: &Event) -> Value {
    json!({
        "logGroupIdentifier": format!("{ACCOUNT}:{}", event.group),
        "logStreamName": &*event.stream,
        "timestamp": event.key.timestamp,
        "ingestionTime": event.key.ingestion,
        "message": event.message,
    })
}

fn frame(kind: &str, name: &str, payload: &Value) -> Bytes {
    let header = |name: &'static str, value: &str| {
        Header::new(name, HeaderValue::String(value.to_owned().into()))
    };
    let message = Message::new(payload.to_string().into_bytes())
        .add_header(header(":message-type", kind))
        .add_header(match kind {
            "exception" => header(":exception-type", name),
            _ => header(":event-type", name),
        })
        .add_header(header(":content-type", "application/json"));
    let mut bytes = Vec::new();
    // A frame that does not fit in 24 MB is none that AWS would send.
    if write_message_to(&message, &mut bytes).is_err() {
        bytes.clear();
    }
    bytes.into()
}
