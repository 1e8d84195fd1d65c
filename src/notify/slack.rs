//! Slack, by an incoming webhook.
//!
//! Blocks hold all texts as `plain_text`, in which nothing is markup, with `&`, `<` and `>` escaped as
//! Slack asks; `text` is what notifications show. Limits, as Slack documents them: 50 blocks, 150
//! characters in a header, 3,000 in a section; and some 13,000 in all, which it does not document
//! (slackapi/bolt-js#2509).
//!
//! Must not: let a text mention somebody, link somewhere, or be markup.

use std::time::Duration;

use serde_json::{Value, json};

use crate::alert::event::AlertEvent;
use crate::model::LogTime;
use crate::notify::http::{Endpoint, Limits};
use crate::notify::settings::SecretRef;
use crate::notify::text::{details, headline, label, plain, subject, what, why};
use crate::notify::{DeliveryError, Message, Notifier};

/// How long to wait between two messages to one webhook.
pub const PACE: Duration = Duration::from_secs(1);

/// Events of one message.
const MOST: usize = 10;
/// Characters of a header.
const HEADER: usize = 150;
/// Characters of a section.
const SECTION: usize = 3_000;
/// Characters of the text for notifications.
const FALLBACK: usize = 1_000;
/// Characters of all sections together.
const ALL_SECTIONS: usize = 9_000;

/// A channel.
pub struct Slack {
    endpoint: Endpoint,
}

impl Slack {
    /// Reads the address. `now` is the time of the run.
    pub fn new(url: &SecretRef, now: LogTime) -> Result<Self, DeliveryError> {
        let url = url.read()?;
        Ok(Self { endpoint: Endpoint::new("Slack", url.expose(), Limits::default(), now)? })
    }
}

impl Notifier for Slack {
    fn most(&self) -> usize {
        MOST
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        self.endpoint.post_json(&payload(message.events))
    }
}

fn payload(events: &[AlertEvent]) -> Value {
    let shown = events.get(..MOST).unwrap_or(events);
    let mut blocks = vec![json!({ "type": "header", "text": text_object(&title(events), HEADER) })];
    let most = SECTION.min(ALL_SECTIONS / shown.len().max(1));
    for (number, event) in shown.iter().enumerate() {
        if number > 0 {
            blocks.push(json!({ "type": "divider" }));
        }
        let text = format!("{}\n{}", headline(event), details(event));
        blocks.push(json!({ "type": "section", "text": text_object(&text, most) }));
        if events.len() == 1 {
            blocks.push(json!({ "type": "section", "text": text_object(&why(event), SECTION) }));
        }
        let small = format!("{} · {}", plain(&event.rule, 80), plain(&event.fingerprint, 40));
        blocks.push(json!({ "type": "context", "elements": [text_object(&small, HEADER)] }));
    }
    if events.len() > shown.len() {
        let more = format!("+{} more", events.len() - shown.len());
        blocks.push(json!({ "type": "section", "text": text_object(&more, HEADER) }));
    }
    json!({
        "text": escaped(&subject(events), FALLBACK),
        "mrkdwn": false,
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

/// What stands in large letters.
fn title(events: &[AlertEvent]) -> String {
    match events {
        [event] => format!("{}: {}", label(event), what(event)),
        _ => subject(events),
    }
}

/// A text object; never empty, which Slack refuses.
fn text_object(text: &str, longest: usize) -> Value {
    let text = escaped(text, longest);
    let text = if text.is_empty() { "-".to_owned() } else { text };
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// `text` escaped for Slack: at most `longest` characters, no escape cut through.
fn escaped(text: &str, longest: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let mut buffer = [0; 4];
        let piece = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            other => other.encode_utf8(&mut buffer),
        };
        let room = usize::from(characters.peek().is_some());
        length += piece.chars().count();
        if length + room > longest {
            out.push('…');
            break;
        }
        out.push_str(piece);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_whole() {
        assert_eq!(escaped("<!channel> & co", 100), "&lt;!channel&gt; &amp; co");
        assert_eq!(escaped("ab<c", 6), "ab…");
        assert_eq!(escaped("ab<", 6), "ab&lt;");
        assert_eq!(escaped("abc", 3), "abc");
        assert_eq!(escaped("abcd", 3), "ab…");
        for longest in 1..40 {
            let text = escaped("&&&&&<<<<<", longest);
            assert!(text.chars().count() <= longest, "{longest}: {text}");
        }
    }
}
