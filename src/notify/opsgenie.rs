//! Opsgenie, Alert API.
//!
//! The alert's fingerprint is the alias: while an alert is open, creating it again is counted there, so
//! reminders do just that, and it is opened again if somebody closed it meanwhile. A test has an alias
//! of its own, and is closed at once. Messages and descriptions may hold HTML there: `<` and `>` are
//! replaced by `‹` and `›`.
//!
//! Must not: let a text be HTML.

use serde_json::{Map, Value, json};
use url::Url;

use crate::alert::event::{AlertEvent, EventKind};
use crate::model::{LogTime, Severity};
use crate::notify::http::{Endpoint, JSON, Limits};
use crate::notify::secret::Secret;
use crate::notify::settings::SecretRef;
use crate::notify::text::{cut, facts, headline, lines, place, plain, why};
use crate::notify::{DeliveryError, Message, Notifier, Retry};

/// Where it is in the United States.
const ADDRESS: &str = "https://api.opsgenie.com";
/// Characters of the message.
const MESSAGE: usize = 130;
/// Characters of the alias, and of the entity.
const ALIAS: usize = 512;
/// Characters of the description.
const DESCRIPTION: usize = 15_000;
/// Characters of a tag.
const TAG: usize = 50;
/// Characters of a detail.
const DETAIL: usize = 1_000;

/// A team or an integration of Opsgenie.
pub struct Opsgenie {
    endpoint: Endpoint,
    authorization: String,
}

impl Opsgenie {
    /// Reads the key. `now` is the time of the run.
    pub fn new(
        api_key: &SecretRef,
        url: Option<&str>,
        now: LogTime,
    ) -> Result<Self, DeliveryError> {
        let api_key: Secret = api_key.read()?;
        if !api_key.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = "Opsgenie: the API key has characters that no key has".to_owned();
            return Err(DeliveryError { problem, retry: Retry::Later });
        }
        let url = url.unwrap_or(ADDRESS);
        let mut endpoint = Endpoint::new("Opsgenie", url, Limits::default(), now)?;
        endpoint.hide(api_key.expose());
        Ok(Self { endpoint, authorization: format!("GenieKey {}", api_key.expose()) })
    }

    fn create(&self, alias: &str, event: &AlertEvent) -> Result<(), DeliveryError> {
        self.send(&self.address(&[]), &alert(alias, event))
    }

    fn close(&self, alias: &str, event: &AlertEvent) -> Result<(), DeliveryError> {
        let mut url = self.address(&[alias, "close"]);
        url.set_query(Some("identifierType=alias"));
        let note = harmless(&lines(event), DESCRIPTION);
        self.send(&url, &json!({ "user": "corscope", "source": "corscope", "note": note }))
    }

    /// `/v2/alerts` and what stands behind it.
    fn address(&self, more: &[&str]) -> Url {
        let mut url = self.endpoint.url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "alerts"]).extend(more);
        }
        url
    }

    fn send(&self, url: &Url, body: &Value) -> Result<(), DeliveryError> {
        let headers = [JSON, ("Authorization", self.authorization.as_str())];
        self.endpoint.post_to(url, &headers, &self.endpoint.json(body)?)
    }
}

impl Notifier for Opsgenie {
    fn most(&self) -> usize {
        1
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        for event in message.events {
            let alias = plain(&event.fingerprint, ALIAS);
            match event.event {
                EventKind::New | EventKind::Reminder => self.create(&alias, event)?,
                EventKind::Resolved => self.close(&alias, event)?,
                EventKind::Test => {
                    let alias = cut(&format!("corscope-test-{}", plain(&event.key, ALIAS)), ALIAS);
                    self.create(&alias, event)?;
                    self.close(&alias, event)?;
                }
            }
        }
        Ok(())
    }
}

fn alert(alias: &str, event: &AlertEvent) -> Value {
    let description = format!("{}\n{}", lines(event), why(event));
    json!({
        "message": harmless(&headline(event), MESSAGE),
        "alias": alias,
        "description": harmless(&description, DESCRIPTION),
        "tags": ["corscope", harmless(&plain(&event.class, TAG), TAG), event.severity.as_str()],
        "details": details_of(event),
        "entity": harmless(&place(event).unwrap_or_default(), ALIAS),
        "source": "corscope",
        "user": "corscope",
        "priority": priority(event),
    })
}

fn priority(event: &AlertEvent) -> &'static str {
    match (event.event, event.severity) {
        (EventKind::Test, _) | (_, Severity::Info) => "P5",
        (_, Severity::Warning) => "P3",
        (_, Severity::Error) => "P2",
    }
}

/// All of them together may have 8,000 characters.
fn details_of(event: &AlertEvent) -> Map<String, Value> {
    let details = facts(event).into_iter();
    details.map(|(name, text)| (name.to_owned(), Value::String(harmless(&text, DETAIL)))).collect()
}

/// At most `longest` characters in which nothing is HTML.
fn harmless(text: &str, longest: usize) -> String {
    // Texts are plain already; a line feed of ours stays.
    cut(&text.replace('<', "‹").replace('>', "›"), longest)
}
