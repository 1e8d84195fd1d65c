//! What a pasted message tells of the request, made fit to be shown.
//!
//! Must not: show a URL's query, or anything that is not redacted.

use std::borrow::Cow;

use serde::Serialize;
use url::Url;

use crate::explain::answer::{MessageAnswer, SHOWN_CAUSES, write_causes, write_commands};
use crate::explain::document::Document;
use crate::explain::message::Message;
use crate::explain::not_cors::said;
use crate::explain::wording::Browser;
use crate::output::redact::Redaction;

/// Texts of the message. They are redacted, not escaped: whoever prints them does that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pasted {
    /// The URL whose answer was blocked, without query and fragment.
    pub url: Option<String>,
    /// The URL that redirected to it.
    pub redirected_from: Option<String>,
    /// The URL that it redirects to.
    pub redirects_to: Option<String>,
    /// The origin of the page.
    pub origin: Option<String>,
    /// Status of the response.
    pub status: Option<u16>,
    /// Method of the request.
    pub method: Option<String>,
    /// The request header that is not allowed.
    pub header: Option<String>,
    /// The value of the response header that is wrong.
    pub value: Option<String>,
}

impl Pasted {
    pub(crate) fn new(message: &Message) -> Self {
        let text = |text: &Option<String>| {
            text.as_deref().map(|text| Redaction::On.text(text).into_owned())
        };
        Self {
            url: message.url.as_deref().map(url),
            redirected_from: message.redirected_from.as_deref().map(url),
            redirects_to: message.redirects_to.as_deref().map(url),
            origin: text(&message.origin),
            status: message.status,
            method: text(&message.method),
            header: text(&message.header),
            value: text(&message.value),
        }
    }
}

fn url(text: &str) -> String {
    let text = match Url::parse(text) {
        Ok(mut url) => {
            // They fail for URLs that have neither.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            Cow::Owned(url.to_string())
        }
        Err(_) => Cow::Borrowed(text),
    };
    Redaction::On.path(text).into_owned()
}

/// The answer for people.
pub(crate) fn write_message(answer: &MessageAnswer) -> Document {
    let mut document = Document::default();
    let pasted = &answer.pasted;
    document.title(&title(answer), None);
    let browser = answer
        .browser
        .and_then(|name| Browser::ALL.iter().find(|browser| browser.as_str() == name));
    document.field("browser", browser.map_or("", |browser| browser.name()));
    document.field("reason", &answer.reasons.join(", "));
    document.field("reason", answer.other_reason.unwrap_or_default());
    document.verbatim("url", pasted.url.as_deref().unwrap_or_default());
    let from = pasted.redirected_from.as_deref().unwrap_or_default();
    document.verbatim("via", from);
    document.verbatim("leads to", pasted.redirects_to.as_deref().unwrap_or_default());
    document.verbatim("origin", pasted.origin.as_deref().unwrap_or_default());
    document.verbatim("method", pasted.method.as_deref().unwrap_or_default());
    document.verbatim("header", pasted.header.as_deref().unwrap_or_default());
    document.verbatim("value", pasted.value.as_deref().unwrap_or_default());
    let status = pasted.status.map(|status| status.to_string());
    document.verbatim("status", status.as_deref().unwrap_or_default());
    for sentence in answer.standard.iter().take(3) {
        document.field("standard", sentence);
    }
    if answer.is_row {
        document.text(
            "The reason stands in the console, in the line that begins with `Access to fetch at`, \
             and in the panel where the pointer rests on `CORS error`. Paste that.",
        );
    } else if answer.hides_reason {
        document.text(
            "A page never gets to see why a request was blocked. The console has the reason, in the \
             line above this one: in Chrome it begins with `Access to fetch at`, in Firefox with \
             `Cross-Origin Request Blocked`; in Safari it ends in `access control checks` and the \
             reason stands before it. Paste that line. If there is none, the request failed for \
             another reason than CORS: no connection, a wrong certificate, an extension.",
        );
    }
    if answer.is_warning {
        document.text("This is a warning: a later version of the browser may block the request.");
    }
    if let Some(name) = answer.other_reason {
        document.text(said(name).1);
    }
    if let Some(service) = &answer.aws_service {
        let rest = match service.as_str() {
            "s3" => "What it allows stands in the CORS configuration of the bucket.",
            _ => "What it allows is not yours to configure: call it from an API of your own.",
        };
        document.text(&format!(
            "The URL is the endpoint of an AWS service itself, `{service}`: no API Gateway and no \
             function of yours answers there, and none of your logs has the answer. {rest}"
        ));
    }
    let all = answer.reasons.iter().map(|reason| format!("`corscope explain {reason}`"));
    let all = all.collect::<Vec<_>>().join(", ");
    write_causes(&mut document, &answer.causes, SHOWN_CAUSES, &all);
    write_commands(&mut document, &answer.commands);
    document
}

fn title(answer: &MessageAnswer) -> String {
    match (answer.reasons.len(), answer.other_reason) {
        (1, _) => "The browser blocked the request, and says why".to_owned(),
        (0, Some(_)) if answer.is_warning => {
            "The browser warns of the request, and has not blocked it".to_owned()
        }
        (0, Some(name)) => said(name).0.to_owned(),
        (0, None) if answer.is_row => {
            "The network panel shows that CORS blocked the request, and hides the reason".to_owned()
        }
        (0, None) => "This is the page's error, which hides the reason".to_owned(),
        (count, _) => {
            format!("The browser blocked the request; its text fits {count} of Chromium's reasons")
        }
    }
}
