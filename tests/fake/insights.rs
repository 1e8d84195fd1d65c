//! `StartQuery`, `GetQueryResults`, `StopQuery`.
//!
//! Must not: answer a query that it does not understand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::{Answer, Asked, Refusal};
use super::faults::take;
use super::insights_query::Query;
use super::insights_rows::{Found, evaluate};
use super::state::State;
use super::world::{Class, Event, scramble};

const MOST_GROUPS: usize = 50;
const MOST_ROWS: usize = 100_000;
const DEFAULT_ROWS: usize = 10_000;
const MOST_ON_PAGE: usize = 10_000;
const CONCURRENT: usize = 100;

/// All queries.
#[derive(Debug, Default)]
pub(crate) struct Insights {
    queries: BTreeMap<String, Started>,
}

#[derive(Debug)]
struct Started {
    found: Found,
    /// How it ends: `Complete`, `Failed`, `Timeout`.
    end: &'static str,
    status: &'static str,
    /// Polls that find it so.
    scheduled: u32,
    running: u32,
    groups: usize,
}

impl Insights {
    /// Queries that have not ended.
    pub(crate) fn open(&self) -> usize {
        self.queries
            .values()
            .filter(|query| matches!(query.status, "Scheduled" | "Running"))
            .count()
    }
}

pub(crate) fn start_query(state: &mut State, asked: &Asked) -> Answer {
    let names = asked.groups();
    if !(1..=MOST_GROUPS).contains(&names.len()) {
        return Err(Refusal::invalid("A query takes 1 to 50 log groups."));
    }
    if asked.text("queryLanguage").is_some_and(|language| language != "CWLI") {
        return Err(Refusal::invalid("This fake speaks no query language but CWLI."));
    }
    let text = asked.text("queryString").unwrap_or_default();
    let malformed = |message| Refusal::new("MalformedQueryException", message);
    let query = Query::parse(text).map_err(malformed)?;
    let limit = asked.limit("limit", DEFAULT_ROWS, MOST_ROWS)?;
    let (Some(start), Some(end)) = (asked.number("startTime"), asked.number("endTime")) else {
        return Err(Refusal::invalid("startTime and endTime are required."));
    };
    if start > end {
        return Err(Refusal::invalid("End time should not be before start time."));
    }
    if state.insights.open() >= state.faults.insights.concurrent.unwrap_or(CONCURRENT) {
        let message = "Account maximum query concurrency limit of [100] reached.";
        return Err(Refusal::new("LimitExceededException", message));
    }
    let events = events(state, &names, start, end)?;
    let limit = query.limit.unwrap_or(limit).min(MOST_ROWS);
    let limit = state.faults.insights.most_rows.map_or(limit, |most| limit.min(most));
    let found = evaluate(&query, events, limit);
    let faults = &mut state.faults.insights;
    let end = if take(&mut faults.fail_next) {
        "Failed"
    } else if take(&mut faults.timeout_next) {
        "Timeout"
    } else {
        "Complete"
    };
    let (scheduled, running) = (faults.scheduled_polls, faults.running_polls);
    let id = scramble(state.insights.queries.len() as u64 + 1);
    let id = format!("{:08x}-0000-4000-8000-{:012x}", id >> 32, id & 0xffff_ffff);
    let groups = names.len();
    let query = Started { found, end, status: "Scheduled", scheduled, running, groups };
    state.insights.queries.insert(id.clone(), query);
    Ok(json!({ "queryId": id }))
}

/// Events from second to second, both ends included, in order.
fn events(
    state: &State,
    names: &[String],
    start: i64,
    end: i64,
) -> Result<Vec<Arc<Event>>, Refusal> {
    let ingested_by = state.now - super::millis(state.faults.insights.lag);
    let mut events = Vec::new();
    for name in names {
        let group = state.world.groups.get(name).ok_or_else(Refusal::no_group)?;
        let from = (start.saturating_mul(1000)).max(group.kept_since(state.now));
        let rest = if state.faults.insights.end_is_exact { 0 } else { 999 };
        let to = end.saturating_mul(1000).saturating_add(rest);
        let events_of_group = group.events.values().filter(|event| {
            (from..=to).contains(&event.key.timestamp) && event.key.ingestion <= ingested_by
        });
        events.extend(events_of_group.cloned());
    }
    let classes = names.iter().filter_map(|name| state.world.groups.get(name));
    let mut classes = classes.map(|group| group.class);
    if let Some(first) = classes.next()
        && classes.any(|class| class != first)
    {
        let (one, other) = (Class::Standard.as_str(), Class::InfrequentAccess.as_str());
        let message = format!("Log groups of the classes {one} and {other} in one query.");
        return Err(Refusal::invalid(message));
    }
    events.sort_by_key(|event| event.key);
    Ok(events)
}

pub(crate) fn get_query_results(state: &mut State, asked: &Asked) -> Answer {
    let most = asked.limit("maxItems", MOST_ON_PAGE, MOST_ON_PAGE)?;
    let id = asked.text("queryId").unwrap_or_default();
    let query = state.insights.queries.get_mut(id).ok_or_else(no_query)?;
    let from = match asked.text("nextToken") {
        None => 0,
        Some(token) => {
            let from = token.strip_prefix("rows-").and_then(|from| from.parse().ok());
            from.ok_or_else(|| Refusal::invalid("The specified nextToken is invalid."))?
        }
    };
    if matches!(query.status, "Scheduled" | "Running") {
        query.status = if take(&mut query.scheduled) {
            "Scheduled"
        } else if take(&mut query.running) {
            "Running"
        } else {
            query.end
        };
    }
    // While a query runs, it has some of its rows.
    let known = match query.status {
        "Complete" => query.found.rows.len(),
        "Running" => query.found.rows.len() / 2,
        _ => 0,
    };
    let page: Vec<_> = query.found.rows.iter().take(known).skip(from).take(most).collect();
    let results: Vec<Value> = page.iter().map(|row| Value::Array(row.cells())).collect();
    let whole = query.status == "Complete";
    let count = |number: u64| if whole { number } else { number / 2 };
    let mut answer = json!({
        "queryLanguage": "CWLI",
        "status": query.status,
        "results": results,
        "statistics": {
            "recordsMatched": count(query.found.matched),
            "recordsScanned": count(query.found.scanned),
            "bytesScanned": count(query.found.bytes),
            "estimatedRecordsSkipped": 0,
            "estimatedBytesSkipped": 0,
            "logGroupsScanned": query.groups,
        },
    });
    if whole
        && from + page.len() < known
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("nextToken".to_owned(), json!(format!("rows-{}", from + page.len())));
    }
    let events: Vec<_> = page.iter().filter_map(|row| row.event.clone()).collect();
    state.hand_out("GetQueryResults", &events);
    Ok(answer)
}

pub(crate) fn stop_query(state: &mut State, asked: &Asked) -> Answer {
    let id = asked.text("queryId").unwrap_or_default();
    let query = state.insights.queries.get_mut(id).ok_or_else(no_query)?;
    if !matches!(query.status, "Scheduled" | "Running") {
        return Err(Refusal::invalid("The query has ended already."));
    }
    query.status = "Cancelled";
    Ok(json!({ "success": true }))
}

fn no_query() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified query does not exist.")
}
