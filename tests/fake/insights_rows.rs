//! What a query makes of events: rows.
//!
//! Must not: know requests.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value, json};

use super::ACCOUNT;
use super::insights_query::{Aggregate, By, Command, Comparison, Function, Query, Test};
use super::world::Event;

/// The rows of a query, and what it cost.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    pub(crate) scanned: u64,
    pub(crate) bytes: u64,
    pub(crate) matched: u64,
}

/// One row: an event with what was parsed from it, or an aggregate.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) event: Option<Arc<Event>>,
    values: Vec<(String, String)>,
    /// Names of the columns to show.
    shown: Arc<[String]>,
    json: OnceCell<Value>,
}

impl Row {
    /// The value of a field, if the row has it.
    fn get(&self, field: &str) -> Option<String> {
        if let Some((_, value)) = self.values.iter().find(|(name, _)| name == field) {
            return Some(value.clone());
        }
        let event = self.event.as_ref()?;
        match field {
            "@timestamp" => Some(time(event.key.timestamp)),
            "@ingestionTime" => Some(time(event.key.ingestion)),
            "@message" => Some(event.message.clone()),
            "@logStream" => Some(event.stream.to_string()),
            "@log" => Some(format!("{ACCOUNT}:{}", event.group)),
            "@ptr" => Some(pointer(event)),
            _ => self.discovered(&event.message, field),
        }
    }

    /// A field of a message that is JSON.
    fn discovered(&self, message: &str, field: &str) -> Option<String> {
        let json = self.json.get_or_init(|| serde_json::from_str(message).unwrap_or_default());
        let value = field.split('.').try_fold(json, |value, name| value.get(name))?;
        match value {
            Value::Null | Value::Object(_) | Value::Array(_) => None,
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(u8::from(*flag).to_string()),
            Value::Number(number) => Some(number.to_string()),
        }
    }

    /// As `GetQueryResults` tells it; what the row does not have is left out.
    pub(crate) fn cells(&self) -> Vec<Value> {
        let mut names: Vec<&str> = self.shown.iter().map(String::as_str).collect();
        if self.event.is_some() && !names.contains(&"@ptr") {
            names.push("@ptr");
        }
        let cell = |name| Some(json!({ "field": name, "value": self.get(name)? }));
        names.into_iter().filter_map(cell).collect()
    }
}

fn time(millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// What tells a row apart in all queries.
fn pointer(event: &Event) -> String {
    use base64::Engine as _;
    let text = format!("{ACCOUNT}:{}|{}", event.group, event.key.id());
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}

/// Evaluates a query over events in order.
pub(crate) fn evaluate(query: &Query, events: Vec<Arc<Event>>, limit: usize) -> Found {
    let bytes = events.iter().map(|event| event.message.len() as u64).sum();
    let scanned = events.len() as u64;
    let mut rows: Vec<Row> =
        events.into_iter().map(|event| Row { event: Some(event), ..Row::default() }).collect();
    let mut columns: Vec<String> = Vec::new();
    let (mut is_sorted, mut matched) = (false, None);
    for command in &query.commands {
        match command {
            Command::Fields(fields) => add_new(&mut columns, fields),
            Command::Display(fields) => columns.clone_from(fields),
            Command::Filter(test) => rows.retain(|row| passes(test, row)),
            Command::Parse(field, regex) => {
                let names: Vec<String> =
                    regex.capture_names().flatten().map(str::to_owned).collect();
                parse(&mut rows, field, regex);
                add_new(&mut columns, &names);
            }
            Command::Stats(aggregates, by) => {
                matched.get_or_insert(rows.len() as u64);
                columns = by.iter().map(|by| by.field.clone()).collect();
                columns.extend(aggregates.iter().map(|one| one.name.clone()));
                rows = aggregate(&rows, aggregates, by);
                is_sorted = true;
            }
            Command::Sort(fields) => {
                sort(&mut rows, fields);
                is_sorted = true;
            }
            Command::Dedup(fields) => {
                matched.get_or_insert(rows.len() as u64);
                if !is_sorted {
                    rows.reverse();
                    is_sorted = true;
                }
                dedup(&mut rows, fields);
            }
        }
    }
    let matched = matched.unwrap_or(rows.len() as u64);
    if !is_sorted {
        // The newest come first unless the query says otherwise.
        rows.reverse();
    }
    rows.truncate(limit);
    if columns.is_empty() {
        columns = ["@timestamp", "@message"].map(str::to_owned).to_vec();
    }
    let shown: Arc<[String]> = columns.into();
    for row in &mut rows {
        row.shown = Arc::clone(&shown);
    }
    Found { rows, scanned, bytes, matched }
}

fn add_new(columns: &mut Vec<String>, fields: &[String]) {
    for field in fields {
        if !columns.contains(field) {
            columns.push(field.clone());
        }
    }
}

fn parse(rows: &mut [Row], field: &str, regex: &regex::Regex) {
    for row in rows {
        let Some(text) = row.get(field) else { continue };
        let Some(captures) = regex.captures(&text) else { continue };
        for name in regex.capture_names().flatten() {
            if let Some(found) = captures.name(name) {
                row.values.push((name.to_owned(), found.as_str().to_owned()));
            }
        }
    }
}

fn passes(test: &Test, row: &Row) -> bool {
    match test {
        Test::All(tests) => tests.iter().all(|test| passes(test, row)),
        Test::Any(tests) => tests.iter().any(|test| passes(test, row)),
        Test::Not(test) => !passes(test, row),
        Test::IsPresent(field) => row.get(field).is_some(),
        Test::Like(field, regex) => row.get(field).is_some_and(|value| regex.is_match(&value)),
        Test::Contains(field, part) => row.get(field).is_some_and(|value| value.contains(part)),
        Test::In(field, values) => row
            .get(field)
            .is_some_and(|value| values.iter().any(|one| compare(&value, one).is_eq())),
        Test::Compare(field, comparison, value) => {
            let Some(order) = row.get(field).map(|found| compare(&found, value)) else {
                return *comparison == Comparison::NotEqual;
            };
            match comparison {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            }
        }
    }
}

/// Numbers by value, anything else as text.
fn compare(one: &str, other: &str) -> Ordering {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other),
        _ => one.cmp(other),
    }
}

fn sort(rows: &mut [Row], fields: &[(String, bool)]) {
    for (field, is_descending) in fields.iter().rev() {
        if *is_descending {
            rows.reverse();
        }
        rows.sort_by_cached_key(|row| SortKey(row.get(field)));
        if *is_descending {
            rows.reverse();
        }
    }
}

#[derive(PartialEq, Eq)]
struct SortKey(Option<String>);

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => compare(one, other),
            (one, other) => one.is_some().cmp(&other.is_some()),
        }
    }
}

fn dedup(rows: &mut Vec<Row>, fields: &[String]) {
    let mut known = BTreeSet::new();
    // Rows without a value are all kept, as AWS does.
    rows.retain(|row| {
        let values: Vec<_> = fields.iter().map(|field| row.get(field)).collect();
        values.iter().any(Option::is_none) || known.insert(values)
    });
}

fn aggregate(rows: &[Row], aggregates: &[Aggregate], by: &[By]) -> Vec<Row> {
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let key = by.iter().map(|by| match (by.bin, &row.event) {
            (Some(step), Some(event)) => Some(time(event.key.timestamp.div_euclid(step) * step)),
            _ => row.get(&by.field),
        });
        groups.entry(key.collect()).or_default().push(row);
    }
    if by.is_empty() {
        groups.entry(Vec::new()).or_default();
    }
    let row = |(key, rows): (Vec<Option<String>>, Vec<&Row>)| {
        let names = by.iter().map(|by| by.field.clone());
        let mut values: Vec<_> =
            names.zip(key).filter_map(|(name, value)| Some((name, value?))).collect();
        for one in aggregates {
            values.extend(value(one, &rows).map(|value| (one.name.clone(), value)));
        }
        Row { values, ..Row::default() }
    };
    groups.into_iter().map(row).collect()
}

fn value(aggregate: &Aggregate, rows: &[&Row]) -> Option<String> {
    let Some(field) = &aggregate.of else { return Some(rows.len().to_string()) };
    let values: Vec<String> = rows.iter().filter_map(|row| row.get(field)).collect();
    let numbers = || values.iter().filter_map(|value| value.parse::<f64>().ok());
    match aggregate.function {
        Function::Count => Some(values.len().to_string()),
        Function::CountDistinct => Some(values.iter().collect::<BTreeSet<_>>().len().to_string()),
        Function::Sum => Some(numbers().sum::<f64>().to_string()),
        Function::Min => values.into_iter().min_by(|one, other| compare(one, other)),
        Function::Max => values.into_iter().max_by(|one, other| compare(one, other)),
    }
}
