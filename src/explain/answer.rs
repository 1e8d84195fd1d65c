//! The answer to a question: for people as a document, for scripts as an object.
//!
//! Must not: hold pasted text that is not redacted.

use serde::Serialize;

use crate::explain::causes::{Cause, causes};
use crate::explain::commands::{Asked, Command, commands};
use crate::explain::document::Document;
use crate::explain::entry::Entry;
use crate::explain::host::aws_service;
use crate::explain::message::Message;
use crate::explain::not_cors::is_aside;
use crate::explain::pasted::{Pasted, write_message};
use crate::explain::proof::{page_fit, told};
use crate::explain::query::{Subject, resolve};
use crate::explain::standard::{ConsoleTexts, phase, sentence, texts};
use crate::explain::wording::Browser;
use crate::model::{BlockReason, Class, Phase};
use crate::rules::catalogue::Catalogue;
use crate::rules::set::RuleSet;
use crate::rules::told::{Fit, Told};
use crate::rules::words::{Place, kind_of};

/// Causes that are shown to people before the rest is counted.
pub(crate) const SHOWN_CAUSES: usize = 16;

/// What is known of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Answer {
    /// A rule or a page.
    Entry(Box<Entry>),
    /// A reason of Chromium's.
    Reason(ReasonAnswer),
    /// A class of rules.
    Class(ClassAnswer),
    /// A console message.
    Message(Box<MessageAnswer>),
    /// No CORS message, and nothing that the catalogue knows.
    Unknown {
        /// The nearest that there is.
        nearest: Option<String>,
    },
}

/// What a reason means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonAnswer {
    /// Chromium's name.
    pub reason: &'static str,
    /// The response that it is about.
    pub phase: &'static str,
    /// What the standard says.
    pub standard: &'static str,
    /// What the consoles print.
    pub console: ConsoleTexts,
    /// What may be behind it.
    pub causes: Vec<Cause>,
    /// How to find the proof.
    pub commands: Vec<Command>,
}

/// The rules of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassAnswer {
    /// Its name.
    pub class: &'static str,
    /// Symptom, cause or practice.
    pub kind: &'static str,
    /// Its rules.
    pub rules: Vec<Cause>,
}

/// What a console message means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageAnswer {
    /// Whose text it is.
    pub browser: Option<&'static str>,
    /// What it may mean, the likeliest first.
    pub reasons: Vec<&'static str>,
    /// A reason that is none of CORS headers.
    pub other_reason: Option<&'static str>,
    /// The page's error, which hides the reason.
    pub hides_reason: bool,
    /// It is what a network panel shows that hides the reason.
    #[serde(skip)]
    pub is_row: bool,
    /// Nothing is blocked yet.
    pub is_warning: bool,
    /// The service of AWS that answers at the URL by its own name: nothing of the reader's does.
    pub aws_service: Option<String>,
    /// What the text tells of the request, redacted.
    #[serde(flatten)]
    pub pasted: Pasted,
    /// What the standard says.
    pub standard: Vec<&'static str>,
    /// What may be behind it.
    pub causes: Vec<Cause>,
    /// How to find the proof.
    pub commands: Vec<Command>,
}

/// Answers.
pub fn answer(text: &str, rules: &RuleSet, catalogue: &Catalogue, place: Option<Place>) -> Answer {
    match resolve(text, rules, catalogue) {
        Subject::Rule(rule) => {
            Answer::Entry(Box::new(Entry::of_rule(rule, rules, catalogue, place)))
        }
        Subject::Page(page) => Answer::Entry(Box::new(Entry::of_page(page, catalogue, place))),
        Subject::Reason(reason) => Answer::Reason(of_reason(reason, rules, catalogue)),
        Subject::Class(class) => Answer::Class(of_class(class, rules)),
        Subject::Message(message) => {
            Answer::Message(Box::new(of_message(&message, rules, catalogue)))
        }
        Subject::Nothing(nearest) => Answer::Unknown { nearest },
    }
}

fn of_reason(reason: BlockReason, rules: &RuleSet, catalogue: &Catalogue) -> ReasonAnswer {
    let reasons = [reason];
    ReasonAnswer {
        reason: reason.as_str(),
        phase: phase(reason).as_str(),
        standard: sentence(reason),
        console: texts(reason),
        causes: causes(rules, catalogue, &[Told::of(reason)], |_| Fit::Possible),
        commands: commands(&Asked { reasons: &reasons, ..Asked::default() }),
    }
}

fn of_class(class: Class, rules: &RuleSet) -> ClassAnswer {
    let rules = rules.rules().iter().filter(|rule| rule.text.class == class);
    let rules = rules.map(Cause::of_rule).collect();
    ClassAnswer { class: class.as_str(), kind: kind_of(class).as_str(), rules }
}

fn of_message(message: &Message, rules: &RuleSet, catalogue: &Catalogue) -> MessageAnswer {
    let asked = Asked {
        url: message.url.as_deref(),
        origin: message.origin.as_deref(),
        method: message.method.as_deref(),
        header: message.header.as_deref(),
        reasons: &message.reasons,
        is_elsewhere: message.other.is_some(),
    };
    let mut standard: Vec<&str> = Vec::new();
    for reason in &message.reasons {
        if !standard.contains(&sentence(*reason)) {
            standard.push(sentence(*reason));
        }
    }
    let mut found = causes(rules, catalogue, &told(message), |page| page_fit(page, message));
    let aws_service = aws_service(asked.url);
    if aws_service.is_some() {
        found.retain(|cause| cause.told_by == "page");
    }
    let is_aside = message.other.is_some_and(|other| is_aside(other.name));
    if let Some(id) = message.other.and_then(|other| other.page) {
        found.extend(catalogue.page(id).map(Cause::of_page));
        found.extend(rules.get(id).map(Cause::of_rule));
    }
    MessageAnswer {
        browser: message.browser.map(Browser::as_str),
        reasons: message.reasons.iter().map(|reason| reason.as_str()).collect(),
        other_reason: message.other.map(|other| other.name),
        hides_reason: message.is_hidden,
        is_row: message.is_row,
        is_warning: message.is_warning,
        aws_service,
        pasted: Pasted::new(message),
        standard,
        causes: found,
        commands: if is_aside { Vec::new() } else { commands(&asked) },
    }
}

impl Answer {
    /// All of it, for people.
    pub(crate) fn document(&self) -> Document {
        match self {
            Self::Entry(entry) => entry.document(),
            Self::Reason(reason) => reason.document(),
            Self::Class(class) => class.document(),
            Self::Message(message) => write_message(message),
            Self::Unknown { nearest } => {
                let mut document = Document::default();
                document.text(&unknown(nearest.as_deref()));
                document
            }
        }
    }
}

/// What is said of a text that means nothing here.
pub fn unknown(nearest: Option<&str>) -> String {
    let nearest = nearest.map(|name| format!("; the nearest is `{name}`")).unwrap_or_default();
    format!("not a CORS message, and no rule, reason or class{nearest}")
}

impl ReasonAnswer {
    fn document(&self) -> Document {
        let mut document = Document::default();
        document.title(self.reason, None);
        document.field(
            "phase",
            match self.phase {
                name if name == Phase::Preflight.as_str() => "the answer to the preflight",
                _ => "the answer to the request itself",
            },
        );
        document.field("standard", self.standard);
        document.verbatim("Chrome", &self.console.chromium);
        document.verbatim("Firefox", &self.console.firefox);
        document.verbatim("Safari", self.console.safari.as_deref().unwrap_or_default());
        write_causes(&mut document, &self.causes, usize::MAX, "");
        write_commands(&mut document, &self.commands);
        document
    }
}

impl ClassAnswer {
    fn document(&self) -> Document {
        let mut document = Document::default();
        document.title(&format!("Class {}", self.class), None);
        document.field("kind", self.kind);
        if self.rules.is_empty() {
            document.text("No rule has this class yet.");
        } else {
            document.heading("Rules");
        }
        for rule in &self.rules {
            document.item(&rule.id, &rule.title);
        }
        document
    }
}

/// The first causes, and how many there are beyond; `all` says where to find them.
pub(crate) fn write_causes(document: &mut Document, causes: &[Cause], most: usize, all: &str) {
    if causes.is_empty() {
        return;
    }
    document.heading("Likely causes, the likeliest first");
    for cause in causes.iter().take(most) {
        document.item(&cause.id, &cause.in_words());
    }
    let more = causes.len().saturating_sub(most);
    if more > 0 {
        document.text(&format!("{more} more: {all}"));
    }
}

/// The commands, each behind what it is for.
pub(crate) fn write_commands(document: &mut Document, commands: &[Command]) {
    if commands.is_empty() {
        return;
    }
    document.heading("Find the proof");
    for command in commands {
        document.text(&format!("{}:", command.purpose));
        document.code("sh", &command.command);
    }
}

#[cfg(test)]
mod tests;
