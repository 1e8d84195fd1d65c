//! PagerDuty, Events API v2.
//!
//! The alert's fingerprint is `dedup_key`: an alert and its reminders are one incident, which ends when
//! the alert is over. A test has a key of its own, and is resolved at once.
//!
//! Must not: send a link; PagerDuty would show it as ours.

use serde_json::{Map, Value, json};
use url::Url;

use crate::alert::event::{AlertEvent, EventKind};
use crate::model::{LogTime, Severity};
use crate::notify::http::{Endpoint, Limits};
use crate::notify::secret::Secret;
use crate::notify::settings::SecretRef;
use crate::notify::text::{cut, facts, headline, place, plain};
use crate::notify::{DeliveryError, Message, Notifier, Retry};

/// Where it is in the United States.
const ADDRESS: &str = "https://events.pagerduty.com/v2/enqueue";
/// Where events go, if the user only says where PagerDuty is.
const PATH: &str = "/v2/enqueue";
/// Characters of an integration key.
const KEY: usize = 32;
/// Characters of `summary`.
const SUMMARY: usize = 1_024;
/// Characters of `dedup_key`, and of the fields for which no limit is documented.
const FIELD: usize = 255;

/// A service of PagerDuty.
pub struct PagerDuty {
    endpoint: Endpoint,
    routing_key: Secret,
}

impl PagerDuty {
    /// Reads the key. `now` is the time of the run.
    pub fn new(
        routing_key: &SecretRef,
        url: Option<&str>,
        now: LogTime,
    ) -> Result<Self, DeliveryError> {
        let routing_key = routing_key.read()?;
        let length = routing_key.expose().chars().count();
        if length != KEY {
            let problem = format!("PagerDuty: the routing key has {length} characters, not {KEY}");
            return Err(DeliveryError { problem, retry: Retry::Later });
        }
        let mut url = url.unwrap_or(ADDRESS).to_owned();
        if Url::parse(&url).is_ok_and(|url| url.path() == "/") {
            url = format!("{}{PATH}", url.trim_end_matches('/'));
        }
        let mut endpoint = Endpoint::new("PagerDuty", &url, Limits::default(), now)?;
        endpoint.hide(routing_key.expose());
        Ok(Self { endpoint, routing_key })
    }

    fn trigger(&self, dedup_key: &str, event: &AlertEvent) -> Result<(), DeliveryError> {
        self.endpoint.post_json(&json!({
            "routing_key": self.routing_key.expose(),
            "event_action": "trigger",
            "dedup_key": dedup_key,
            "client": "corscope",
            "payload": payload(event),
        }))
    }

    fn resolve(&self, dedup_key: &str) -> Result<(), DeliveryError> {
        self.endpoint.post_json(&json!({
            "routing_key": self.routing_key.expose(),
            "event_action": "resolve",
            "dedup_key": dedup_key,
        }))
    }
}

impl Notifier for PagerDuty {
    fn most(&self) -> usize {
        1
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        for event in message.events {
            let key = plain(&event.fingerprint, FIELD);
            match event.event {
                EventKind::New | EventKind::Reminder => self.trigger(&key, event)?,
                EventKind::Resolved => self.resolve(&key)?,
                EventKind::Test => {
                    let key = cut(&format!("corscope-test-{}", plain(&event.key, FIELD)), FIELD);
                    self.trigger(&key, event)?;
                    self.resolve(&key)?;
                }
            }
        }
        Ok(())
    }
}

fn payload(event: &AlertEvent) -> Value {
    let api = [&event.api, &event.stage].into_iter().flatten();
    let api: Vec<String> = api.map(|text| plain(text, 120)).collect();
    let source = if api.is_empty() { "corscope".to_owned() } else { api.join("/") };
    let mut payload = Map::new();
    let mut push = |name: &str, text: &str, longest| {
        payload.insert(name.to_owned(), Value::String(cut(text, longest)));
    };
    push("summary", &headline(event), SUMMARY);
    push("source", &source, FIELD);
    push("severity", severity(event), FIELD);
    push("timestamp", &event.last_seen.unwrap_or(event.at).to_string(), FIELD);
    if let Some(place) = place(event) {
        push("component", &place, FIELD);
    }
    if let Some(api) = &event.api {
        push("group", &plain(api, FIELD), FIELD);
    }
    push("class", &plain(&event.class, FIELD), FIELD);
    let details = facts(event).into_iter();
    let details = details.map(|(name, text)| (name.to_owned(), Value::String(text))).collect();
    payload.insert("custom_details".to_owned(), Value::Object(details));
    Value::Object(payload)
}

fn severity(event: &AlertEvent) -> &'static str {
    match (event.event, event.severity) {
        (EventKind::Test, _) | (_, Severity::Info) => "info",
        (_, Severity::Warning) => "warning",
        (_, Severity::Error) => "error",
    }
}
