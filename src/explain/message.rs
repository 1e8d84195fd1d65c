//! A pasted console message → whose it is, what it may mean, and what it tells of the request.
//!
//! Must not: fail over a quote or a line break, or take what is no CORS message for one.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::cors::check::wrong_for_every_origin;
use crate::cors::console::base;
use crate::cors::decision::in_phase;
use crate::explain::host::scheme;
use crate::explain::issues::ISSUES;
use crate::explain::localized::LOCALIZED;
use crate::explain::named::named;
use crate::explain::names::{CATEGORIES, EDGE, HIDING, HIDING_ALONE};
use crate::explain::normal::{one_line, pattern};
use crate::explain::not_cors::{ELSEWHERE, NO_ERROR, NOT_CORS};
use crate::explain::panel::{PANEL, rows};
use crate::explain::request::{complete, is_warning};
use crate::explain::wording::{Browser, GENERAL, Meaning, REASONS, Wording};
use crate::model::{BlockReason, Phase};

/// A message that was recognized. All texts are as pasted: redact and escape them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Whose text it is, if only one browser words it so.
    pub browser: Option<Browser>,
    /// What it may mean in Chromium's terms, the likeliest first.
    pub reasons: Vec<BlockReason>,
    /// A reason that is none of CORS headers, or not Chromium's.
    pub other: Option<OtherReason>,
    /// It is the error that the page sees, which hides the reason.
    pub is_hidden: bool,
    /// It is what a network panel shows, which hides the reason.
    pub is_row: bool,
    /// It announces a block, and is none yet.
    pub is_warning: bool,
    /// The URL whose answer was blocked.
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

/// A reason that is no [`BlockReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherReason {
    /// The browser's name for it.
    pub name: &'static str,
    /// Its page in the catalogue.
    pub page: Option<&'static str>,
}

impl Message {
    /// Takes over what is not known yet.
    pub(crate) fn fill(&mut self, found: &Captures<'_>) {
        let take = |slot: &mut Option<String>, name: &str| {
            if slot.is_none() {
                let text = found.name(name).map(|text| text.as_str().trim());
                *slot = text.filter(|text| !text.is_empty()).map(with_ellipsis);
            }
        };
        take(&mut self.url, "url");
        take(&mut self.redirected_from, "from");
        take(&mut self.redirects_to, "to");
        take(&mut self.origin, "origin");
        take(&mut self.method, "method");
        take(&mut self.header, "header");
        if self.value.is_none() {
            self.value = found.name("value").map(|value| value.as_str().to_owned());
        }
        if self.status.is_none() {
            self.status = found.name("status").and_then(|status| status.as_str().parse().ok());
        }
    }
}

/// The third dot of an ellipsis is not the end of the sentence that a pattern takes it for.
fn with_ellipsis(text: &str) -> String {
    let is_cut = text.ends_with("..") && !text.ends_with("...");
    if is_cut { format!("{text}.") } else { text.to_owned() }
}

/// A compiled wording.
struct Known {
    browser: Option<Browser>,
    expression: Regex,
    meaning: Meaning,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let all = REASONS.iter().chain(EDGE).chain(LOCALIZED).chain(ISSUES);
    let all = all.chain(PANEL).chain(NOT_CORS).chain(GENERAL).chain(ELSEWHERE);
    let all = all.flat_map(|(meaning, texts)| texts.iter().map(|text| (*meaning, text)));
    let known = all.filter_map(|(meaning, (browser, text))| {
        Some(Known { browser: *browser, expression: pattern(text)?, meaning })
    });
    known.collect()
});

/// What the text means, if it is a CORS message.
pub fn recognize(text: &str) -> Option<Message> {
    let text = one_line(text);
    let without_place = |message| (0, message);
    let (at, mut message) = reason(&text)
        .or_else(|| named(&text).map(without_place))
        .or_else(|| rows(&text).map(without_place))
        .or_else(|| hidden(&text).map(without_place))
        .or_else(|| category(&text).map(without_place))
        .or_else(|| no_error(&text).map(without_place))?;
    complete(&text, at, &mut message);
    narrow(&mut message);
    Some(message)
}

/// The wording that the list has first, and where it begins.
fn reason(text: &str) -> Option<(usize, Message)> {
    let (known, found) =
        KNOWN.iter().find_map(|known| Some((known, known.expression.captures(text)?)))?;
    let place = found.get(0).map_or(0..0, |whole| whole.range());
    let mut message = Message { browser: known.browser, ..Message::default() };
    message.is_warning = is_warning(text, &place);
    message.fill(&found);
    meaning(known.meaning, text, &mut message);
    Some((place.start, message))
}

fn meaning(meaning: Meaning, text: &str, message: &mut Message) {
    match meaning {
        Meaning::Exactly(reasons) => message.reasons = reasons.to_vec(),
        Meaning::Other(name, page) => message.other = Some(OtherReason { name, page }),
        Meaning::Check(reasons) => {
            for reason in decided(reasons, message) {
                let phases = phases(text, message.browser);
                message.reasons.extend(phases.iter().map(|phase| in_phase(reason, *phase)));
            }
        }
    }
}

/// Chromium names the phase since version 42 or so, in front of the reason; no other browser does.
fn phases(text: &str, browser: Option<Browser>) -> &'static [Phase] {
    let lower = text.to_ascii_lowercase();
    let names_preflight = ["response to preflight request", "response for preflight"];
    if names_preflight.iter().any(|name| lower.contains(name)) {
        &[Phase::Preflight]
    } else if browser == Some(Browser::Chromium) && lower.contains("blocked by cors policy") {
        &[Phase::Actual]
    } else {
        &[Phase::Actual, Phase::Preflight]
    }
}

/// Of several reasons the one that the value decides, where the text has a value.
fn decided(reasons: &[BlockReason], message: &Message) -> Vec<BlockReason> {
    let all = || reasons.to_vec();
    let [_, _, ..] = reasons else { return all() };
    match message.value.as_deref() {
        // Firefox of old wrote so what was not there.
        Some("(null)") => vec![BlockReason::MissingAllowOriginHeader],
        // No origin holds a comma, and pasting makes none.
        Some(value) if value.contains(',') => vec![BlockReason::MultipleAllowOriginValues],
        // It joins lines with a blank and a comma, but shows the first one only.
        Some(value) if !value.is_empty() => {
            let first = wrong_for_every_origin(value).unwrap_or(BlockReason::AllowOriginMismatch);
            let others = reasons.iter().copied().filter(|reason| *reason != first);
            std::iter::once(first).chain(others).collect()
        }
        Some(_) | None => all(),
    }
}

/// What the page sees in place of the reason.
fn hidden(text: &str) -> Option<Message> {
    let matches = |(_, known): &&Wording| pattern(known).is_some_and(|known| known.is_match(text));
    let is_all = |(_, known): &&Wording| {
        text.trim_matches(|c: char| !c.is_alphanumeric()).eq_ignore_ascii_case(known)
    };
    let found = HIDING.iter().find(matches).or_else(|| HIDING_ALONE.iter().find(is_all))?;
    Some(Message { browser: found.0, is_hidden: true, ..Message::default() })
}

/// What is no error, where nothing else is.
fn no_error(text: &str) -> Option<Message> {
    let all = NO_ERROR.iter();
    let mut all = all.flat_map(|(meaning, texts)| texts.iter().map(move |text| (meaning, text)));
    all.find_map(|(known, (browser, wording))| {
        let expression = pattern(wording)?;
        let found = expression.captures(text)?;
        let mut message = Message { browser: *browser, ..Message::default() };
        message.fill(&found);
        meaning(*known, text, &mut message);
        Some(message)
    })
}

/// The name of a category of Firefox, with or without blanks.
fn category(text: &str) -> Option<Message> {
    let name: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let name = name.trim_end_matches(|end: char| !end.is_ascii_alphabetic());
    let (_, found) = CATEGORIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let mut message = Message { browser: Some(Browser::Firefox), ..Message::default() };
    meaning(*found, text, &mut message);
    Some(message)
}

/// A file has no headers. Safari looks at a preflight's status before its headers: with another one
/// it is not the preflight.
fn narrow(message: &mut Message) {
    let is_file = message.url.as_deref().and_then(scheme).is_some_and(|scheme| scheme == "file");
    if is_file && !message.reasons.is_empty() {
        message.reasons = vec![BlockReason::CorsDisabledScheme];
    }
    let not_ok = message.status.is_some_and(|status| !(200..300).contains(&status));
    if message.browser == Some(Browser::Safari) && not_ok {
        let is_actual = |reason: &BlockReason| base(*reason) == *reason;
        if message.reasons.iter().any(is_actual)
            && !message.reasons.contains(&BlockReason::PreflightInvalidStatus)
        {
            message.reasons.retain(is_actual);
        }
    }
}
