//! What stands around a reason: URL, origin and browser; and, in the lines that a console prints
//! beside it, method and status of the same request.
//!
//! Must not: take anything from the line of another request.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::explain::issues::EXAMPLES;
use crate::explain::localized::{LOCALIZED_ENVELOPES, LOCALIZED_WARNINGS, STATUS_CODES};
use crate::explain::message::Message;
use crate::explain::normal::pattern;
use crate::explain::wording::{Browser, ENVELOPES, WARNINGS};

static AROUND: LazyLock<Vec<(Option<Browser>, Regex)>> = LazyLock::new(|| {
    let all = ENVELOPES.iter().chain(LOCALIZED_ENVELOPES);
    all.filter_map(|(browser, text)| Some((*browser, pattern(text)?))).collect()
});

/// What stands in texts of several browsers, beside the reason.
static BESIDE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    const TEXTS: [&str; 7] = [
        "The origin '{origin}' did not find ",
        "Origin '{origin}' not found in Access-Control-Allow-Origin",
        "Request header '{header}' was not present in the",
        "Request method '{method}' was not present in the",
        "XMLHttpRequest for '{url}' required ",
        "Origin '{origin}' is therefore not allowed access",
        "Origin '{origin}' is not allowed by Access-Control-Allow-Origin",
    ];
    TEXTS.iter().filter_map(|text| pattern(text)).collect()
});

/// The status, behind the reason.
static STATUS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    const TEXTS: [&str; 2] = ["Status code: {status}", "HTTP status code {status}"];
    TEXTS.iter().chain(STATUS_CODES).filter_map(|text| pattern(text)).collect()
});

/// The line about a request: `POST https://... 504 (Gateway Timeout)`; Firefox puts no blanks in it.
static REQUESTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let method = "(?:^|[^A-Za-z]|XHR)(?P<method>GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)";
    Regex::new(&format!(r#"{method} ?["'`]?(?P<url>https?://[^\s"'`<>]+)["'`]?"#)).ok()
});

/// The status behind its URL.
static ANSWERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let before = r"^ ?(?:(?:net::)?(?P<error>ERR_[A-Z0-9_.]+) |\[HTTP/[0-9.]+ )?";
    Regex::new(&format!(r"{before}(?P<status>[1-5]\d\d)(?: |$)")).ok()
});

/// The line about an answer that could not be used; the request stands in front, or behind.
static FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let failed = r"(?:(?P<place>\S+) )?(?:\S*Failed to load resource: )?";
    let why = r"(?:net::(?P<error>ERR_[A-Z0-9_.]+)|the server responded with a status of)";
    let status = r"(?P<status>[1-5]\d\d)";
    let file = r"(?: \([^()]*\))?(?: \((?P<file>[^(),]+), line \d+\))?";
    Regex::new(&format!(r"{failed}{why} {status}\b{file}")).ok()
});

/// The errors of requests that were blocked for their headers, or given up then.
const OF_BLOCKED: [&str; 2] = ["ERR_FAILED", "ERR_ABORTED"];

/// Any URL; the file and line that a console puts in front are none that was asked.
static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"https?://[^\s"'`‘’<>]+|file:$"#).ok());

/// Adds to a message what stands around its reason, which begins `at` a place in the text.
pub(crate) fn complete(text: &str, at: usize, message: &mut Message) {
    for (browser, expression) in AROUND.iter() {
        if let Some(found) = nearest(expression, text, at) {
            message.fill(&found);
            message.browser = message.browser.or(*browser);
        }
    }
    let own = text.get(at..next(text, at)).unwrap_or_default();
    for expression in STATUS.iter() {
        if let Some(found) = expression.captures(own) {
            message.fill(&found);
        }
    }
    for expression in BESIDE.iter() {
        if let Some(found) = nearest(expression, text, at) {
            message.fill(&found);
        }
    }
    requested(text, message);
    failed(text, message);
    if message.url.is_none() {
        message.url = stray_url(text, message);
    }
}

/// Whether a message announces a block. What says so stands in it: behind the URL of the message
/// before, and not behind its reason, which stands at a place in the text.
pub(crate) fn is_warning(text: &str, reason: &Range<usize>) -> bool {
    let all = AROUND.iter().flat_map(|(_, expression)| expression.captures_iter(text));
    let mut urls: Vec<usize> = all.map(|found| begins(&found)).collect();
    urls.retain(|url| *url < reason.start);
    urls.sort_unstable();
    urls.dedup();
    let before = urls.iter().rev().nth(1).copied().unwrap_or_default();
    let own = text.get(before..reason.end).unwrap_or_default();
    WARNINGS.iter().chain(LOCALIZED_WARNINGS).any(|warning| own.contains(warning))
}

/// Where the first part begins that is captured.
fn begins(found: &Captures<'_>) -> usize {
    let mut parts = found.iter().skip(1).flatten();
    parts.next().map_or(0, |part| part.start())
}

/// Where there are several, the one that a reason ends, or else the first one behind it.
fn nearest<'a>(expression: &Regex, text: &'a str, at: usize) -> Option<Captures<'a>> {
    let mut before = None;
    for found in expression.captures_iter(text) {
        if begins(&found) > at {
            return before.or(Some(found));
        }
        before = Some(found);
    }
    before
}

/// Where the next message begins, behind the reason of one.
fn next(text: &str, at: usize) -> usize {
    let start = |found: Captures<'_>| {
        let mut parts = found.iter().flatten().map(|part| part.start());
        // Behind the reason of Safari stands what it is about.
        parts.next().filter(|_| parts.next().is_some_and(|url| url > at))
    };
    let starts = AROUND.iter().filter_map(|(browser, expression)| {
        let mut all = expression.captures_iter(text).filter_map(start);
        all.find(|start| *start > at && *browser != Some(Browser::Safari))
    });
    starts.min().unwrap_or(text.len())
}

/// Method and status from the line about the same request.
fn requested(text: &str, message: &mut Message) {
    let Some(expression) = REQUESTED.as_ref() else { return };
    let lines: Vec<_> = expression.captures_iter(text).collect();
    let mut urls = lines.iter().filter_map(|found| found.name("url")).map(|url| url.as_str());
    let first = urls.next();
    // Which of several it is, nobody knows.
    if message.url.is_none() && urls.any(|url| Some(url) != first) {
        return;
    }
    let is_preflight =
        |found: &&Captures<'_>| found.name("method").is_some_and(|it| it.as_str() == "OPTIONS");
    // The method of the request says more than that of its preflight.
    let (preflights, others): (Vec<_>, Vec<_>) = lines.iter().partition(is_preflight);
    for found in others.into_iter().chain(preflights) {
        let Some(url) = found.name("url") else { continue };
        let end = found.get(0).map_or(text.len(), |whole| whole.end());
        let behind = text.get(end..).unwrap_or_default();
        let behind = match message.url.as_deref() {
            None => Some(behind),
            Some(known) => behind_url(known, url.as_str(), behind),
        };
        let Some(behind) = behind else { continue };
        message.fill(found);
        if let Some(status) = ANSWERED.as_ref().and_then(|answered| answered.captures(behind))
            && has_failed_so(&status, message)
        {
            message.fill(&status);
        }
    }
}

/// What stands behind a URL, if it is the known one: whole, or broken into parts with blanks between.
fn behind_url<'a>(known: &str, url: &str, behind: &'a str) -> Option<&'a str> {
    let trimmed = url.trim_end_matches(['.', ',', ';']);
    if known == url || known == trimmed {
        return Some(behind);
    }
    let mut rest = known.strip_prefix(url)?;
    let mut behind = behind;
    while !rest.is_empty() {
        let part = behind.strip_prefix(' ')?;
        let end = part.find(' ').unwrap_or(part.len());
        let (part, after) = part.split_at(end);
        rest = rest.strip_prefix(part).filter(|_| !part.is_empty())?;
        behind = after;
    }
    Some(behind)
}

/// The status from the line about an answer that could not be used, unless it names another request.
fn failed(text: &str, message: &mut Message) {
    let Some(expression) = FAILED.as_ref() else { return };
    for found in expression.captures_iter(text) {
        let place = found.name("place").map_or("", |place| place.as_str());
        let file = found.name("file").map(|file| file.as_str());
        let names = [named(place), file].into_iter().flatten();
        let url = message.url.as_deref().unwrap_or_default();
        if names.into_iter().all(|name| is_part(name, url)) && has_failed_so(&found, message) {
            message.fill(&found);
        }
    }
}

/// Whether the request of a line can be that of the message, by the error that the line has.
fn has_failed_so(line: &Captures<'_>, message: &Message) -> bool {
    let error = line.name("error").map(|error| error.as_str());
    message.reasons.is_empty() || error.is_none_or(|error| OF_BLOCKED.contains(&error))
}

/// Whether a name is that of a URL: the whole of it, or its last parts.
fn is_part(name: &str, url: &str) -> bool {
    let name = name.trim_matches('/');
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ends = |url: &str| {
        let before = url.trim_end_matches('/').strip_suffix(name);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    ends(url) || ends(path)
}

/// The request that a word in front of a line names: a URL, or the end of one with a line number.
fn named(place: &str) -> Option<&str> {
    let name = place.trim_end_matches(|end: char| end.is_ascii_digit()).strip_suffix(':');
    match name {
        // Times have no letter.
        Some(name) => Some(name).filter(|name| name.contains(char::is_alphabetic)),
        None => place.contains("://").then_some(place),
    }
}

/// A URL that may be the one that was asked: no script in which an error was, no page that asked or
/// is to be read, and no example.
fn stray_url(text: &str, message: &Message) -> Option<String> {
    let is_script = |url: &str| {
        let path = url.trim_end_matches(|end: char| end.is_ascii_digit() || end == ':');
        // Of an error that the page sees, the console shows where it was thrown.
        (message.is_hidden || path.len() < url.len())
            && [".js", ".ts", ".mjs", ".jsx", ".tsx"].iter().any(|end| path.ends_with(end))
    };
    let mut asked = URL.as_ref()?.find_iter(text).filter_map(|found| {
        let url = match found.as_str() {
            "file:" => "file:",
            url => url.trim_end_matches(['.', ',', ')', ';', ':']),
        };
        let before = text.get(..found.start()).unwrap_or_default().trim_end_matches(['`', '\'']);
        let mut others = ["See ", "see ", "The page at "].iter().chain(EXAMPLES);
        let is_other = others.any(|other| before.ends_with(other)) || is_script(url);
        let is_asked = message.origin.as_deref() != Some(url) && !is_other;
        is_asked.then_some(url)
    });
    asked.next().map(str::to_owned)
}
