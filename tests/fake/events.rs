//! `FilterLogEvents` and `GetLogEvents`.
//!
//! Must not: hand out what is not visible yet.

use std::sync::Arc;

use corscope::sources::cloudwatch::event::EventId;
use serde_json::{Value, json};

use super::answer::{Answer, Asked, Refusal};
use super::filter::Pattern;
use super::state::{State, Token};
use super::world::{Class, Event, Group, Key};

/// What AWS puts on one page at most.
const MOST_EVENTS: usize = 10_000;
const MOST_BYTES: usize = 1 << 20;

/// Which events of a group are asked for.
struct Selection<'a> {
    from: Key,
    to: Key,
    streams: Vec<&'a str>,
    prefix: Option<&'a str>,
    pattern: Pattern,
}

impl Selection<'_> {
    fn takes(&self, event: &Event) -> bool {
        (self.streams.is_empty() || self.streams.contains(&&*event.stream))
            && self.prefix.is_none_or(|prefix| event.stream.starts_with(prefix))
            && self.pattern.matches(&event.message)
    }
}

/// Some events, and whether there are more.
struct Page {
    events: Vec<Arc<Event>>,
    is_last: bool,
}

pub(crate) fn filter_log_events(state: &mut State, asked: &Asked) -> Answer {
    let name = asked.group()?;
    let (most, now) = (asked.limit("limit", MOST_EVENTS, MOST_EVENTS)?, state.now);
    let most = most.min(state.faults.page_events.unwrap_or(MOST_EVENTS)).max(1);
    let request = asked.without_page();
    let token = match asked.text("nextToken") {
        Some(text) => state.token(text, &request)?,
        None => Token { request, empty: state.faults.empty_pages, ..Token::default() },
    };
    let group = readable(state, name, "FilterLogEvents")?;
    let selection = selection(asked, group, now)?;
    if token.empty > 0 {
        let empty = token.empty - 1;
        let next = state.keep_token(Token { empty, ..token });
        return Ok(json!({ "events": [], "searchedLogStreams": [], "nextToken": next }));
    }
    let page = page(group, &selection, token.after, most, asked.flag("startFromHead"));
    let again = state.hand_out("FilterLogEvents", &page.events);
    let after = page.events.last().map(|event| event.key).or(token.after);
    let mut events: Vec<_> = token.again.into_iter().chain(page.events).collect();
    let mut next = None;
    if page.is_last {
        events.extend(again);
    } else {
        let empty = state.faults.empty_pages;
        let (request, fresh) = (token.request, Token::default());
        next = Some(state.keep_token(Token { request, after, empty, again, ..fresh }));
    }
    if state.faults.reordered {
        events.reverse();
    }
    let events: Vec<Value> = events.iter().map(|event| filtered(event)).collect();
    let mut answer = json!({ "events": events, "searchedLogStreams": [] });
    if let (Some(next), Some(answer)) = (next, answer.as_object_mut()) {
        answer.insert("nextToken".to_owned(), Value::String(next));
    }
    Ok(answer)
}

fn filtered(event: &Event) -> Value {
    json!({
        "logStreamName": &*event.stream,
        "timestamp": event.key.timestamp,
        "message": event.message,
        "ingestionTime": event.key.ingestion,
        "eventId": event.key.id(),
    })
}

/// A group that exists and whose class can be read this way.
fn readable<'a>(state: &'a State, name: &str, operation: &str) -> Result<&'a Group, Refusal> {
    let group = state.world.groups.get(name).ok_or_else(Refusal::no_group)?;
    match group.class {
        Class::Standard => Ok(group),
        Class::InfrequentAccess => Err(Refusal::wrong_class(operation)),
    }
}

fn selection<'a>(asked: &'a Asked, group: &Group, now: i64) -> Result<Selection<'a>, Refusal> {
    let streams = asked.list("logStreamNames");
    let prefix = asked.text("logStreamNamePrefix");
    if streams.len() > 100 || (!streams.is_empty() && prefix.is_some()) {
        return Err(Refusal::invalid(
            "logStreamNames takes at most 100 names, and no logStreamNamePrefix beside it.",
        ));
    }
    if streams.iter().any(|stream| !group.streams.contains_key(*stream)) {
        return Err(Refusal::no_stream());
    }
    let start = asked.number("startTime").unwrap_or(0).max(group.kept_since(now));
    let end = asked.number("endTime").unwrap_or(i64::MAX);
    let pattern = asked.text("filterPattern").unwrap_or_default();
    Ok(Selection {
        from: Key { timestamp: start, ..Key::LEAST },
        to: Key { timestamp: end, ..Key::MOST },
        streams,
        prefix,
        pattern: Pattern::parse(pattern).map_err(Refusal::invalid)?,
    })
}

fn page(
    group: &Group,
    selection: &Selection<'_>,
    after: Option<Key>,
    most: usize,
    from_head: Option<bool>,
) -> Page {
    let mut page = Page { events: Vec::new(), is_last: true };
    if selection.from > selection.to {
        return page;
    }
    let range = group.events.range(selection.from..=selection.to).map(|(_, event)| event);
    let is_from_head = from_head.unwrap_or(true);
    let range: Box<dyn Iterator<Item = &Arc<Event>>> = match (is_from_head, after) {
        (true, None) => Box::new(range),
        (false, None) => Box::new(range.rev()),
        (true, Some(after)) if after > selection.to => return page,
        (true, Some(after)) => {
            let range = group.events.range(after.max(selection.from)..=selection.to);
            Box::new(range.map(|(_, event)| event).filter(move |event| event.key > after))
        }
        (false, Some(after)) => Box::new(range.rev().skip_while(move |event| event.key >= after)),
    };
    let mut bytes = 0;
    for event in range.filter(|event| selection.takes(event)) {
        bytes += event.message.len();
        if page.events.len() >= most || (bytes > MOST_BYTES && !page.events.is_empty()) {
            page.is_last = false;
            break;
        }
        page.events.push(Arc::clone(event));
    }
    page
}

pub(crate) fn get_log_events(state: &mut State, asked: &Asked) -> Answer {
    let name = asked.group()?;
    let most = asked.limit("limit", MOST_EVENTS, MOST_EVENTS)?;
    let most = most.min(state.faults.page_events.unwrap_or(MOST_EVENTS)).max(1);
    let group = readable(state, name, "GetLogEvents")?;
    let stream = asked.text("logStreamName").unwrap_or_default();
    if !group.streams.contains_key(stream) {
        return Err(Refusal::no_stream());
    }
    let start = asked.number("startTime").unwrap_or(0).max(group.kept_since(state.now));
    let end = asked.number("endTime").unwrap_or(i64::MAX);
    let selection = Selection {
        from: Key { timestamp: start, ..Key::LEAST },
        // The end does not belong to it.
        to: Key { timestamp: end.saturating_sub(1), ..Key::MOST },
        streams: vec![stream],
        prefix: None,
        pattern: Pattern::default(),
    };
    let (is_forward, after) = match asked.text("nextToken") {
        None => (asked.flag("startFromHead").unwrap_or(false), None),
        Some(text) => position(text)?,
    };
    let mut page = page(group, &selection, after, most, Some(is_forward));
    if !is_forward {
        page.events.reverse();
    }
    let first = page.events.first().map(|event| event.key).or(after);
    let last = page.events.last().map(|event| event.key).or(after);
    state.hand_out("GetLogEvents", &page.events);
    let events = page.events.iter().map(|event| {
        let (timestamp, ingestion) = (event.key.timestamp, event.key.ingestion);
        json!({ "timestamp": timestamp, "message": event.message, "ingestionTime": ingestion })
    });
    let token = |way: &str, key: Option<Key>| {
        format!("{way}/{}", key.map_or_else(|| "0".to_owned(), |key| key.id()))
    };
    Ok(json!({
        "events": events.collect::<Vec<Value>>(),
        "nextForwardToken": token("f", last),
        "nextBackwardToken": token("b", first),
    }))
}

/// What a token of `GetLogEvents` says: whether forward, and after which event.
fn position(text: &str) -> Result<(bool, Option<Key>), Refusal> {
    let invalid = || Refusal::invalid("The specified nextToken is invalid.");
    let (way, id) = text.split_once('/').ok_or_else(invalid)?;
    let key = match (id, EventId::parse(id)) {
        ("0", _) => None,
        (_, EventId::Structured { time, ingested, batch, index }) => {
            Some(Key { timestamp: time.0, ingestion: ingested.0, batch, index })
        }
        (_, EventId::Opaque(_)) => return Err(invalid()),
    };
    match way {
        "f" => Ok((true, key)),
        "b" => Ok((false, key)),
        _ => Err(invalid()),
    }
}
