//! `DescribeLogGroups`, `ListLogGroups`, `DescribeLogStreams`.
//!
//! Must not: read an event.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Asked, Refusal, name_of};
use super::state::State;
use super::world::{Group, Stream};

/// One page of a list, and the token of the next.
fn page(
    state: &State,
    asked: &Asked,
    all: Vec<Value>,
    most: usize,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let limit = asked.limit("limit", 50, most)?;
    let limit = limit.min(state.faults.page_events.unwrap_or(most)).max(1);
    let from = match asked.text("nextToken") {
        None => 0,
        Some(token) => {
            let from = token.strip_prefix("page-").and_then(|from| from.parse().ok());
            from.ok_or_else(|| Refusal::invalid("The specified nextToken is invalid."))?
        }
    };
    let next = (from + limit < all.len()).then(|| format!("page-{}", from + limit));
    Ok((all.into_iter().skip(from).take(limit).collect(), next))
}

fn answer(name: &str, (list, next): (Vec<Value>, Option<String>)) -> Value {
    let mut answer = Map::new();
    answer.insert(name.to_owned(), Value::Array(list));
    if let Some(next) = next {
        answer.insert("nextToken".to_owned(), Value::String(next));
    }
    Value::Object(answer)
}

pub(crate) fn describe_log_groups(state: &mut State, asked: &Asked) -> Answer {
    let prefix = asked.text("logGroupNamePrefix");
    let pattern = asked.text("logGroupNamePattern");
    let identifiers = asked.list("logGroupIdentifiers");
    if prefix.is_some() && pattern.is_some() {
        return Err(Refusal::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    if identifiers.len() > 50 || (!identifiers.is_empty() && (prefix.or(pattern)).is_some()) {
        return Err(Refusal::invalid(
            "LogGroupIdentifiers takes at most 50 identifiers and no other filter beside it.",
        ));
    }
    let names: Vec<&str> = identifiers.into_iter().map(name_of).collect();
    let class = asked.text("logGroupClass");
    let takes = |group: &&Group| {
        prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && pattern.is_none_or(|pattern| group.name.contains(pattern))
            && (names.is_empty() || names.contains(&&*group.name))
            && class.is_none_or(|class| group.class.as_str() == class)
    };
    let groups = state.world.groups.values().filter(takes);
    let groups = groups.map(|group| described(group, asked, pattern.is_some())).collect();
    Ok(answer("logGroups", page(state, asked, groups, 50)?))
}

fn described(group: &Group, asked: &Asked, is_short: bool) -> Value {
    let arn = asked.arn(&group.name);
    let mut value = json!({
        "logGroupName": &*group.name,
        "creationTime": group.created,
        "arn": format!("{arn}:*"),
    });
    // With a pattern AWS tells no more.
    if !is_short && let Some(value) = value.as_object_mut() {
        value.insert("logGroupArn".to_owned(), json!(arn));
        value.insert("logGroupClass".to_owned(), json!(group.class.as_str()));
        value.insert("metricFilterCount".to_owned(), json!(0));
        value.insert("storedBytes".to_owned(), json!(group.stored));
        if let Some(days) = group.retention_days {
            value.insert("retentionInDays".to_owned(), json!(days));
        }
    }
    value
}

pub(crate) fn list_log_groups(state: &mut State, asked: &Asked) -> Answer {
    let class = asked.text("logGroupClass");
    let alternatives: Vec<&str> =
        asked.text("logGroupNamePattern").map_or_else(Vec::new, |text| text.split('|').collect());
    let is_bad = |one: &&str| !(3..=24).contains(&one.trim_start_matches('^').len());
    if alternatives.len() > 5 || alternatives.iter().any(is_bad) {
        return Err(Refusal::invalid("logGroupNamePattern: 1 to 5 alternatives of 3 to 24 each."));
    }
    let takes = |group: &&Group| {
        class.is_none_or(|class| group.class.as_str() == class)
            && (alternatives.is_empty()
                || alternatives.iter().any(|one| match one.strip_prefix('^') {
                    Some(prefix) => group.name.starts_with(prefix),
                    None => group.name.contains(one),
                }))
    };
    let groups = state.world.groups.values().filter(takes).map(|group| {
        json!({
            "logGroupName": &*group.name,
            "logGroupArn": asked.arn(&group.name),
            "logGroupClass": group.class.as_str(),
        })
    });
    let groups = groups.collect();
    Ok(answer("logGroups", page(state, asked, groups, 1000)?))
}

pub(crate) fn describe_log_streams(state: &mut State, asked: &Asked) -> Answer {
    let group = state.world.groups.get(asked.group()?).ok_or_else(Refusal::no_group)?;
    let prefix = asked.text("logStreamNamePrefix");
    let by_time = asked.text("orderBy") == Some("LastEventTime");
    if prefix.is_some() && by_time {
        return Err(Refusal::invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let takes =
        |stream: &&(&Arc<str>, &Stream)| prefix.is_none_or(|prefix| stream.0.starts_with(prefix));
    let mut streams: Vec<_> = group.streams.iter().collect();
    let last = |stream: &(&Arc<str>, &Stream)| stream.1.span.map(|(_, last)| last);
    match (by_time, asked.flag("descending").unwrap_or(false)) {
        (true, true) => streams.sort_by_key(|stream| Reverse(last(stream))),
        (true, false) => streams.sort_by_key(last),
        (false, true) => streams.reverse(),
        (false, false) => {}
    }
    let streams = streams.iter().filter(takes).map(|(name, stream)| {
        let arn = asked.arn(&group.name);
        let mut value = json!({
            "logStreamName": &***name,
            "creationTime": stream.created,
            "lastIngestionTime": stream.ingested,
            "arn": format!("{arn}:log-stream:{name}"),
            "storedBytes": 0,
        });
        if let (Some((first, last)), Some(value)) = (stream.span, value.as_object_mut()) {
            value.insert("firstEventTimestamp".to_owned(), json!(first));
            value.insert("lastEventTimestamp".to_owned(), json!(last));
        }
        value
    });
    let streams = streams.collect();
    Ok(answer("logStreams", page(state, asked, streams, 50)?))
}
