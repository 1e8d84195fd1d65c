//! Microsoft Teams, by a workflow that posts the Adaptive Card it gets.
//!
//! Texts are `TextRun`s, in which nothing is markup; there are no mentions, images and actions. Version
//! 1.4 is the last that workflows show (microsoft/AdaptiveCards#8965). A message may have 28 KB.
//!
//! Must not: send a larger body, or a text as Markdown.

use serde_json::{Value, json};

use crate::alert::event::{AlertEvent, EventKind};
use crate::model::{LogTime, Severity};
use crate::notify::http::{Endpoint, JSON, Limits};
use crate::notify::settings::SecretRef;
use crate::notify::text::{cut, details, headline, plain, subject};
use crate::notify::{DeliveryError, Message, Notifier};

/// Events of one message.
const MOST: usize = 10;
/// Bytes of a body.
const LARGEST: usize = 28 * 1024;

/// A channel or chat.
pub struct Teams {
    endpoint: Endpoint,
}

impl Teams {
    /// Reads the address. `now` is the time of the run.
    pub fn new(url: &SecretRef, now: LogTime) -> Result<Self, DeliveryError> {
        let url = url.read()?;
        let endpoint = Endpoint::new("Microsoft Teams", url.expose(), Limits::default(), now)?;
        Ok(Self { endpoint })
    }

    /// The body with as many events as there is room for; the others are counted in it.
    fn body(&self, events: &[AlertEvent]) -> Result<Vec<u8>, DeliveryError> {
        for shown in (1..=events.len().min(MOST)).rev() {
            let body = self.endpoint.json(&payload(events, shown))?;
            if body.len() <= LARGEST {
                return Ok(body);
            }
        }
        let few = vec![line(&cut(&subject(events), 1_000), "Bolder")];
        self.endpoint.json(&envelope(&few))
    }
}

impl Notifier for Teams {
    fn most(&self) -> usize {
        MOST
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        let body = self.body(message.events)?;
        self.endpoint.post(&[JSON], &body)
    }
}

fn payload(events: &[AlertEvent], shown: usize) -> Value {
    let mut body = Vec::new();
    if events.len() > 1 {
        body.push(line(&subject(events), "Bolder"));
    }
    body.extend(events.iter().take(shown).map(container));
    if events.len() > shown {
        body.push(line(&format!("+{} more", events.len() - shown), "Default"));
    }
    envelope(&body)
}

fn envelope(body: &[Value]) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
            },
        }],
    })
}

fn container(event: &AlertEvent) -> Value {
    let small = format!("{} · {}", plain(&event.rule, 80), plain(&event.fingerprint, 40));
    json!({
        "type": "Container",
        "style": style(event),
        "separator": true,
        "items": [
            line(&headline(event), "Bolder"),
            line(&details(event), "Default"),
            line(&small, "Lighter"),
        ],
    })
}

fn style(event: &AlertEvent) -> &'static str {
    match (event.event, event.severity) {
        (EventKind::Resolved, _) => "good",
        (EventKind::Test, _) => "accent",
        (EventKind::New | EventKind::Reminder, Severity::Error) => "attention",
        (EventKind::New | EventKind::Reminder, Severity::Warning) => "warning",
        (EventKind::New | EventKind::Reminder, Severity::Info) => "default",
    }
}

fn line(text: &str, weight: &str) -> Value {
    json!({
        "type": "RichTextBlock",
        "inlines": [{ "type": "TextRun", "text": text, "weight": weight }],
    })
}
