//! An EventBridge bus: one event for every alert, the whole alert as its detail.
//!
//! Must not: take a request for done of which only a part was taken.

use std::collections::BTreeSet;

use aws_config::{Region, SdkConfig};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::alert::event::AlertEvent;
use crate::notify::aws::{Courier, Request, Why, once, parse_arn};
use crate::notify::text::{cut, plain};
use crate::notify::{DeliveryError, Message, Notifier, Retry};
use crate::output::contract::append_json;

/// The source of all events, for patterns of rules.
pub const SOURCE: &str = "corscope";
/// Their detail type.
pub const DETAIL_TYPE: &str = "corscope alert";

/// Entries of a request.
const MOST_ENTRIES: usize = 10;
/// Bytes of a request's entries: 256 KB, less what EventBridge itself puts around a detail.
const MOST_BYTES: usize = 250 * 1024;
/// Characters that are left of each text of an alert that is too long, and texts of each list.
const CUTS: [usize; 3] = [2000, 500, 100];
const MOST_TEXTS: usize = 20;

/// A bus.
#[derive(Debug)]
pub struct EventBridgeSink {
    courier: Courier,
    client: Client,
    bus: String,
    /// Keys of events of a message that was not taken as a whole; they are not sent again.
    taken: BTreeSet<String>,
}

impl EventBridgeSink {
    /// The bus of this name in the region of `config`, or of this ARN in its own. Nothing is asked yet.
    pub fn new(config: &SdkConfig, bus: String) -> Result<Self, DeliveryError> {
        let never = |problem| DeliveryError { problem, retry: Retry::Never };
        let is_name = |text: &str| {
            (1..=256).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
        };
        let mut builder = aws_sdk_eventbridge::config::Builder::from(&once(config));
        match parse_arn(&bus, "events") {
            Some((region, name)) if name.strip_prefix("event-bus/").is_some_and(is_name) => {
                builder = builder.region(Region::new(region.to_owned()));
            }
            Some(_) | None if is_name(&bus) => {
                if config.region().is_none() {
                    let problem = format!(
                        "no region is set for the bus `{bus}`: give its ARN, `--region` or AWS_REGION"
                    );
                    return Err(never(problem));
                }
            }
            Some(_) | None => {
                let shown = plain(&bus, 300);
                return Err(never(format!("`{shown}` is neither the name nor the ARN of a bus")));
            }
        }
        let client = Client::from_conf(builder.build());
        Ok(Self { courier: Courier::new()?, client, bus, taken: BTreeSet::new() })
    }

    fn put(&mut self, batch: &[(&AlertEvent, String)]) -> Result<(), DeliveryError> {
        let entry = |(event, detail): &(&AlertEvent, String)| {
            PutEventsRequestEntry::builder()
                .source(SOURCE)
                .detail_type(DETAIL_TYPE)
                .time(DateTime::from_millis(event.at.0))
                .event_bus_name(&self.bus)
                .detail(detail)
                .build()
        };
        let put = self.client.put_events().set_entries(Some(batch.iter().map(entry).collect()));
        let request = Request { action: "events:PutEvents", target: &self.bus };
        let answer = self.courier.run(request, || put.send())?;
        let events = batch.iter().map(|(event, _)| *event);
        let (taken, problem) = read_answer(request, events, &answer);
        self.taken.extend(taken);
        problem.map_or(Ok(()), Err)
    }
}

impl Notifier for EventBridgeSink {
    fn most(&self) -> usize {
        MOST_ENTRIES
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        let mut details = Vec::new();
        for event in message.events.iter().filter(|event| !self.taken.contains(&event.key)) {
            details.push((event, detail(event)?));
        }
        let mut result = Ok(());
        for batch in batches(details) {
            // The others may be taken all the same.
            result = merged(result, self.put(&batch));
        }
        if result.is_ok() {
            self.taken.clear();
        }
        result
    }
}

/// The alert as JSON (`corscope/1`, type `alert`), as far as it fits; texts that are too long are cut.
pub fn detail(event: &AlertEvent) -> Result<String, DeliveryError> {
    let mut json = written(event)?;
    for longest in CUTS {
        if json.len() <= MOST_BYTES {
            break;
        }
        json = written(&shortened(event, longest))?;
    }
    Ok(json)
}

fn written(event: &AlertEvent) -> Result<String, DeliveryError> {
    let never = |problem| DeliveryError { problem, retry: Retry::Never };
    let mut json = Vec::with_capacity(2048);
    append_json(&mut json, event)
        .map_err(|error| never(format!("the alert cannot be written as JSON: {error}")))?;
    String::from_utf8(json).map_err(|error| never(format!("the alert is not UTF-8: {error}")))
}

fn shortened(event: &AlertEvent, longest: usize) -> AlertEvent {
    let mut short = event.clone();
    let texts = [
        &mut short.rule,
        &mut short.class,
        &mut short.title,
        &mut short.why,
        &mut short.fix,
        &mut short.command,
    ];
    let options = [
        &mut short.effect,
        &mut short.api,
        &mut short.stage,
        &mut short.method,
        &mut short.route,
        &mut short.origin,
        &mut short.detail,
        &mut short.reason,
        &mut short.request_id,
    ];
    short.explains.truncate(MOST_TEXTS);
    short.evidence.truncate(MOST_TEXTS);
    let lists = short.explains.iter_mut().chain(&mut short.evidence);
    for text in texts.into_iter().chain(options.into_iter().flatten()).chain(lists) {
        *text = cut(text, longest);
    }
    short
}

/// As many of a request as it takes.
fn batches(details: Vec<(&AlertEvent, String)>) -> Vec<Vec<(&AlertEvent, String)>> {
    let mut batches: Vec<Vec<(&AlertEvent, String)>> = Vec::new();
    let mut bytes = 0;
    for (event, detail) in details {
        // The time counts as 14 bytes.
        let size = detail.len() + SOURCE.len() + DETAIL_TYPE.len() + 14;
        match batches.last_mut() {
            Some(batch) if batch.len() < MOST_ENTRIES && bytes + size <= MOST_BYTES => {
                bytes += size;
                batch.push((event, detail));
            }
            Some(_) | None => {
                bytes = size;
                batches.push(vec![(event, detail)]);
            }
        }
    }
    batches
}

/// Keys of the events that were taken, and what is wrong with the others: the answer has one entry for
/// each of the request, in its order.
fn read_answer<'a>(
    request: Request<'_>,
    events: impl ExactSizeIterator<Item = &'a AlertEvent>,
    answer: &PutEventsOutput,
) -> (Vec<String>, Option<DeliveryError>) {
    let all = events.len();
    let mut taken = Vec::new();
    let mut result = Ok(());
    let mut failed = 0;
    let mut entries = answer.entries().iter();
    for event in events {
        let refusal = match entries.next() {
            Some(entry) if entry.error_code().is_none() && entry.event_id().is_some() => {
                taken.push(event.key.clone());
                continue;
            }
            Some(entry) => {
                let code = entry.error_code();
                // Entries have codes, and no status of their own.
                let why = code.map_or(Why::Service, |code| Why::of(code, 400));
                request.said(why, code, entry.error_message().unwrap_or("no reason is given"))
            }
            None => request.said(Why::Service, None, "the answer does not say whether"),
        };
        failed += 1;
        result = merged(result, Err(refusal));
    }
    let problem = result.err().map(|error| DeliveryError {
        problem: format!("{failed} of {all} alerts not taken: {}", error.problem),
        retry: error.retry,
    });
    (taken, problem)
}

/// The first problem; tried again if that helps any of them.
fn merged(
    first: Result<(), DeliveryError>,
    second: Result<(), DeliveryError>,
) -> Result<(), DeliveryError> {
    match (first, second) {
        (Ok(()), result) | (result, Ok(())) => result,
        (Err(first), Err(second)) => match (first.retry, second.retry) {
            (Retry::Never, Retry::Later | Retry::After(_)) => Err(second),
            (Retry::Never, Retry::Never) | (Retry::Later | Retry::After(_), _) => Err(first),
        },
    }
}
