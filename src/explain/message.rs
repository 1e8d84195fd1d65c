//! A pasted console message → whose it is, what it may mean, and what it tells of the request.
//!
//! Must not: fail over a quote or a line break, or take what is no CORS message for one.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::cors::check::wrong_for_every_origin;
use crate::cors::console::base;
use crate::cors::decision::in_phase;
use crate::explain::localized::LOCALIZED;
use crate::explain::names::{CATEGORIES, EDGE, HIDING, HIDING_ALONE};
use crate::explain::normal::{one_line, pattern};
use crate::explain::wording::{Browser, ENVELOPES, Meaning, REASONS, Wording};
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
    /// It announces a block, and is none yet.
    pub is_warning: bool,
    /// The URL that was asked.
    pub url: Option<String>,
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

/// A compiled wording.
struct Known {
    browser: Option<Browser>,
    expression: Regex,
    meaning: Meaning,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let all = REASONS.iter().chain(EDGE).chain(LOCALIZED);
    let all = all.flat_map(|(meaning, texts)| texts.iter().map(|text| (*meaning, text)));
    let known = all.filter_map(|(meaning, (browser, text))| {
        Some(Known { browser: *browser, expression: pattern(text)?, meaning })
    });
    known.collect()
});

static AROUND: LazyLock<Vec<(Option<Browser>, Regex)>> = LazyLock::new(|| {
    ENVELOPES.iter().filter_map(|(browser, text)| Some((*browser, pattern(text)?))).collect()
});

/// What stands in texts of several browsers, beside the reason.
static BESIDE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    const TEXTS: [&str; 16] = [
        "The origin '{origin}' did not find ",
        "Origin '{origin}' not found in Access-Control-Allow-Origin",
        "Request header '{header}' was not present in the",
        "Request method '{method}' was not present in the",
        "XMLHttpRequest for '{url}' required ",
        "Origin '{origin}' is therefore not allowed access",
        "Origin '{origin}' is not allowed by Access-Control-Allow-Origin",
        "Status code: {status}",
        "Statuscode: {status}",
        "Code d'état : {status}",
        "Código de estado: {status}",
        "状态码：{status}",
        "ステータスコード: {status}",
        "HTTP status code {status}",
        "net::ERR_FAILED {status}",
        "responded with a status of {status}",
    ];
    TEXTS.iter().filter_map(|text| pattern(text)).collect()
});

/// The line about a request that stands beside the message: `POST https://... 504 (Gateway Timeout)`.
static REQUESTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let method = r"(?P<method>GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)";
    let status = r"(?P<status>[1-5]\d\d)";
    let expression =
        format!(r"{method} (?P<url>https?://\S+)(?: (?:net::ERR_FAILED )?{status}(?: |$))?");
    Regex::new(&expression).ok()
});

/// Any URL; the file and line that a console puts in front are none that was asked.
static URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"https?://[^\s"'‘’<>]+"#).ok());

/// What the text means, if it is a CORS message.
pub fn recognize(text: &str) -> Option<Message> {
    let text = one_line(text);
    let mut message = reason(&text)
        .or_else(|| named(&text))
        .or_else(|| hidden(&text))
        .or_else(|| category(&text))?;
    around(&text, &mut message);
    for expression in BESIDE.iter() {
        if let Some(found) = expression.captures(&text) {
            fill(&found, &mut message);
        }
    }
    requested(&text, &mut message);
    if message.url.is_none() {
        message.url = stray_url(&text, message.origin.as_deref());
    }
    narrow(&mut message);
    Some(message)
}

/// The wording that the list has first.
fn reason(text: &str) -> Option<Message> {
    let (known, found) =
        KNOWN.iter().find_map(|known| Some((known, known.expression.captures(text)?)))?;
    let mut message = Message { browser: known.browser, ..Message::default() };
    let warnings = ["Cross-Origin Request Warning", "Avertissement de requête multiorigine"];
    message.is_warning = warnings.iter().any(|warning| text.contains(warning));
    fill(&found, &mut message);
    meaning(known.meaning, text, &mut message);
    Some(message)
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

/// Chromium's own name for the reason, as its network panel has it.
fn named(text: &str) -> Option<Message> {
    let (_, behind) = text.split_once("Cross-Origin Resource Sharing error: ")?;
    let name = behind.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let mut message = Message { browser: Some(Browser::Chromium), ..Message::default() };
    if let Some(reason) = BlockReason::ALL.iter().find(|reason| reason.as_str() == name) {
        message.reasons = vec![*reason];
        return Some(message);
    }
    let other = REASONS.iter().find_map(|(meaning, _)| match meaning {
        Meaning::Other(own, page) => {
            (*own == name).then_some(OtherReason { name: own, page: *page })
        }
        Meaning::Check(_) | Meaning::Exactly(_) => None,
    });
    message.other = Some(other?);
    Some(message)
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

/// The name of a category of Firefox, with or without blanks.
fn category(text: &str) -> Option<Message> {
    let name: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let name = name.trim_end_matches(|end: char| !end.is_ascii_alphabetic());
    let (_, found) = CATEGORIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let mut message = Message { browser: Some(Browser::Firefox), ..Message::default() };
    meaning(*found, text, &mut message);
    Some(message)
}

/// URL and origin from what stands around the reason.
fn around(text: &str, message: &mut Message) {
    for (browser, expression) in AROUND.iter() {
        if let Some(found) = expression.captures(text) {
            fill(&found, message);
            message.browser = message.browser.or(*browser);
        }
    }
}

/// Method and status from the line about the same request; a console has those of others too.
fn requested(text: &str, message: &mut Message) {
    let Some(expression) = REQUESTED.as_ref() else { return };
    let lines: Vec<_> = expression.captures_iter(text).collect();
    let is_preflight =
        |found: &&Captures<'_>| found.name("method").is_some_and(|it| it.as_str() == "OPTIONS");
    // The method of the request says more than that of its preflight.
    let (preflights, others): (Vec<_>, Vec<_>) = lines.iter().partition(is_preflight);
    for found in others.into_iter().chain(preflights) {
        let url = found.name("url").map(|url| url.as_str());
        if message.url.is_none() || message.url.as_deref() == url {
            fill(found, message);
        }
    }
}

/// Takes over what is not known yet.
fn fill(found: &Captures<'_>, message: &mut Message) {
    let take = |slot: &mut Option<String>, name: &str| {
        if slot.is_none() {
            let text = found.name(name).map(|text| text.as_str().trim());
            *slot = text.filter(|text| !text.is_empty()).map(str::to_owned);
        }
    };
    take(&mut message.url, "url");
    take(&mut message.origin, "origin");
    take(&mut message.method, "method");
    take(&mut message.header, "header");
    if message.value.is_none() {
        message.value = found.name("value").map(|value| value.as_str().to_owned());
    }
    if message.status.is_none() {
        message.status = found.name("status").and_then(|status| status.as_str().parse().ok());
    }
}

fn stray_url(text: &str, origin: Option<&str>) -> Option<String> {
    let is_script = |url: &str| {
        let path = url.trim_end_matches(|end: char| end.is_ascii_digit() || end == ':');
        path.len() < url.len()
            && [".js", ".ts", ".mjs", ".jsx", ".tsx"].iter().any(|end| path.ends_with(end))
    };
    let urls = URL
        .as_ref()?
        .find_iter(text)
        .map(|url| url.as_str().trim_end_matches(['.', ',', ')', ';', ':']));
    let mut asked = urls.filter(|url| Some(*url) != origin && !is_script(url));
    asked.next().map(str::to_owned)
}

/// Safari looks at a preflight's status before its headers: with another one it is not the preflight.
fn narrow(message: &mut Message) {
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
