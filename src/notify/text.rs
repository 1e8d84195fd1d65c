//! What people are told of an alert, in plain lines without markup.
//!
//! [`headline`] is one line, [`lines`] is two, [`subject`] is one for several events. Texts from logs
//! are made visible and cut: none can begin a line, steer a terminal or fill a screen.
//!
//! Must not: know a sink, or use markup; a sink escapes what it gets from here for its format.

use std::fmt::Write as _;

use chrono::SecondsFormat;

use crate::alert::event::{AlertEvent, EventKind};
use crate::model::{Confidence, Impact, Kind, LogTime};
use crate::output::escape::visible;

/// Characters of a title, an effect, a route or an origin.
const LONGEST_NAME: usize = 200;
/// Characters of what to change, and of what the browser did.
const LONGEST_PROSE: usize = 500;
/// Characters of a command. A longer one is left out: cut, it would be another one.
const LONGEST_COMMAND: usize = 700;

/// Log lines, and characters of each.
const EVIDENCE: (usize, usize) = (3, 300);

/// `text` as one line: white space is one space, whatever could steer or deceive is an escape, and
/// what is beyond `longest` characters is `…`.
pub fn plain(text: &str, longest: usize) -> String {
    // White space that breaks lines is no attack in a rule's text; nothing else needs to see it.
    let mut line = String::new();
    for word in text.split_ascii_whitespace() {
        if line.len() > longest.saturating_mul(4) {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(longest + 1));
    }
    cut(&visible(&line), longest)
}

/// The first `longest` characters, the last of which is `…` where there are more.
pub fn cut(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A time to the second, RFC 3339 in UTC: `2026-11-22T10:00:00Z`.
pub fn moment(time: LogTime) -> String {
    match time.calendar() {
        Some(calendar) => calendar.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => time.to_string(),
    }
}

/// One line: what is broken for whom. At most some 900 characters.
pub fn headline(event: &AlertEvent) -> String {
    let mut line = format!("{}: {}", label(event), what(event));
    if let Some(place) = place(event) {
        let _ = write!(line, "; {place}");
    }
    if let Some(origin) = &event.origin {
        let _ = write!(line, ", for {}", plain(origin, LONGEST_NAME));
    }
    line
}

/// One line: since when, how many, what to change, and the command that shows more.
pub fn details(event: &AlertEvent) -> String {
    let mut sentences = vec![course(event)];
    sentences.extend(reservations(event).into_iter().map(str::to_owned));
    match event.event {
        EventKind::New | EventKind::Reminder => {
            sentences.push(format!("Fix: {}", sentence(&fix(event))));
        }
        EventKind::Resolved | EventKind::Test => {}
    }
    if let Some(command) = command(event) {
        sentences.push(format!("More: {command}"));
    }
    sentences.join(" ")
}

/// Both lines, with a line feed between them and none at the end.
pub fn lines(event: &AlertEvent) -> String {
    format!("{}\n{}", headline(event), details(event))
}

/// One line for several events: that of the first, and how many more there are.
pub fn subject(events: &[AlertEvent]) -> String {
    let Some((first, others)) = events.split_first() else { return String::new() };
    if others.is_empty() {
        return headline(first);
    }
    let counted = [
        (EventKind::New, "new"),
        (EventKind::Reminder, "still there"),
        (EventKind::Resolved, "resolved"),
        (EventKind::Test, "test"),
    ]
    .into_iter()
    .filter_map(|(kind, word)| {
        let count = events.iter().filter(|event| event.event == kind).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    let counted: Vec<String> = counted.collect();
    format!("{} CORS alerts ({}): {}", events.len(), counted.join(", "), headline(first))
}

/// `NEW error`, `STILL error`, `RESOLVED`, `TEST`.
pub fn label(event: &AlertEvent) -> String {
    match event.event {
        EventKind::New => format!("NEW {}", event.severity.as_str()),
        EventKind::Reminder => format!("STILL {}", event.severity.as_str()),
        EventKind::Resolved => "RESOLVED".to_owned(),
        EventKind::Test => "TEST".to_owned(),
    }
}

/// The cause and, behind a colon, the symptom that it made; or the finding alone.
pub fn what(event: &AlertEvent) -> String {
    let title = plain(&event.title, LONGEST_NAME);
    match &event.effect {
        Some(effect) => format!("{title}: {}", plain(effect, LONGEST_NAME)),
        None => title,
    }
}

/// `GET /orders of a1b2c3d4e5/prod`, as far as it is known; `None` where nothing is.
pub fn place(event: &AlertEvent) -> Option<String> {
    let joined = |first: &Option<String>, between: &str, second: &Option<String>| {
        let both = [first, second].into_iter().flatten();
        let both: Vec<String> = both.map(|text| plain(text, LONGEST_NAME)).collect();
        both.join(between)
    };
    let route = asked(event.method.as_deref(), event.route.as_deref(), LONGEST_NAME);
    let api = joined(&event.api, "/", &event.stage);
    match (route.is_empty(), api.is_empty()) {
        (true, true) => None,
        (false, true) => Some(route),
        (true, false) => Some(api),
        (false, false) => Some(format!("{route} of {api}")),
    }
}

/// `GET /orders`, as far as it is known: what was asked names the method, where the route is
/// `GET /orders` or `ANY /{proxy+}` itself.
pub fn asked(method: Option<&str>, route: Option<&str>, longest: usize) -> String {
    let path = route.and_then(|route| route.split_once(' ')).map(|(_, path)| path);
    let path = path.filter(|_| method.is_some()).or(route);
    let both = [method, path].into_iter().flatten();
    both.map(|text| plain(text, longest)).collect::<Vec<_>>().join(" ")
}

/// What the browser did because of it, as one line.
pub fn why(event: &AlertEvent) -> String {
    plain(&event.why, LONGEST_PROSE)
}

/// What to change, as one line.
pub fn fix(event: &AlertEvent) -> String {
    plain(&event.fix, LONGEST_PROSE)
}

/// The command that shows more; `None` if it is too long to be shown whole.
pub fn command(event: &AlertEvent) -> Option<String> {
    let command = visible(&event.command);
    let is_shown = !command.is_empty() && command.chars().count() <= LONGEST_COMMAND;
    is_shown.then(|| command.into_owned())
}

/// One sentence: since when it is so, and how many requests met it.
pub fn course(event: &AlertEvent) -> String {
    match event.event {
        EventKind::New => format!("{} {}.", began(event), met(event)),
        EventKind::Reminder => {
            let last = event
                .last_seen
                .map_or_else(String::new, |last| format!(", the last one at {}", moment(last)));
            let more = event.more;
            format!("{} {}, {more} of them since the last message{last}.", began(event), met(event))
        }
        EventKind::Resolved => {
            let since = event
                .since
                .map_or_else(String::new, |since| format!(" It began at {}.", moment(since)));
            let last = event.last_seen.map_or_else(
                || "It is not met any more.".to_owned(),
                |last| format!("It was met for the last time at {}.", moment(last)),
            );
            format!("{last}{since} {} met it in all.", requests(event.count))
        }
        EventKind::Test => {
            "Somebody tries whether messages arrive. Nothing is broken, nothing is to be done."
                .to_owned()
        }
    }
}

/// What a reader should know before believing it, one sentence each.
pub fn reservations(event: &AlertEvent) -> Vec<&'static str> {
    let mut sentences = Vec::new();
    if event.event == EventKind::Test {
        return sentences;
    }
    if event.impact == Impact::Latent {
        sentences.push("No browser was seen to meet it yet.");
    }
    match (event.confidence, event.kind) {
        (Confidence::Possible, Kind::Cause) => sentences.push("The cause is one of several."),
        (Confidence::Likely, Kind::Cause) => {
            sentences.push("The cause is likely, the logs do not prove it.");
        }
        (Confidence::Possible | Confidence::Likely, Kind::Symptom | Kind::Practice) => {
            sentences.push("The logs point to it and do not prove it.");
        }
        (Confidence::Confirmed, Kind::Symptom | Kind::Cause | Kind::Practice) => {}
    }
    if event.is_flapping {
        sentences.push("It comes and goes: until it stays away, its going is not told.");
    }
    if !event.is_complete {
        sentences.push("Not everything could be read: there may be more of it.");
    }
    sentences
}

/// What is known, by name, for services that show a table. Some 5,000 characters at most.
pub fn facts(event: &AlertEvent) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.as_deref().map(|text| plain(text, LONGEST_NAME));
    let (lines, longest) = EVIDENCE;
    let evidence: Vec<String> =
        event.evidence.iter().take(lines).map(|line| plain(line, longest)).collect();
    let facts = [
        ("course", Some(course(event))),
        ("why", Some(why(event))),
        ("fix", Some(fix(event))),
        ("more", command(event)),
        ("rule", Some(plain(&event.rule, LONGEST_NAME))),
        ("confidence", Some(event.confidence.as_str().to_owned())),
        ("origin", text(&event.origin)),
        ("detail", text(&event.detail)),
        ("reason", text(&event.reason)),
        ("status", event.status.map(|status| status.to_string())),
        ("request_id", text(&event.request_id)),
        ("since", event.since.map(moment)),
        ("last_seen", event.last_seen.map(moment)),
        ("complete", Some(event.is_complete.to_string())),
        ("evidence", (!evidence.is_empty()).then(|| evidence.join("\n"))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn began(event: &AlertEvent) -> String {
    event.since.map_or_else(|| "So far,".to_owned(), |since| format!("Since {}:", moment(since)))
}

/// `14 of 20 requests`, where the numbers are of the same requests; otherwise `14 requests`.
fn met(event: &AlertEvent) -> String {
    match event.requests {
        Some(all)
            if event.held_back == 0 && event.event == EventKind::New && all >= event.count =>
        {
            format!("{} of {}", event.count, requests(all))
        }
        Some(_) | None => requests(event.count),
    }
}

fn requests(count: u64) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

/// With a full stop, if it has no end.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Severity;
    use crate::output::escape::is_dangerous;

    fn event() -> AlertEvent {
        let time = LogTime::parse_rfc3339;
        AlertEvent {
            schema: "corscope/1".to_owned(),
            r#type: "alert".to_owned(),
            event: EventKind::New,
            key: "0".repeat(32),
            fingerprint: "f".repeat(32),
            rule: "lambda-own-timeout".to_owned(),
            class: "lambda-timeout".to_owned(),
            kind: Kind::Cause,
            severity: Severity::Error,
            confidence: Confidence::Confirmed,
            impact: Impact::Observed,
            title: "The function runs into its own timeout".to_owned(),
            why: "The gateway answers 504 itself".to_owned(),
            fix: "Raise the timeout".to_owned(),
            effect: Some("No Access-Control-Allow-Origin".to_owned()),
            explains: vec!["acao-missing".to_owned()],
            api: Some("a1b2c3d4e5".to_owned()),
            stage: Some("prod".to_owned()),
            method: Some("GET".to_owned()),
            route: Some("/orders".to_owned()),
            origin: Some("https://shop.example".to_owned()),
            detail: None,
            status: Some(504),
            reason: None,
            request_id: None,
            evidence: Vec::new(),
            since: time("2026-11-22T10:00:00.123Z"),
            last_seen: time("2026-11-22T10:14:00Z"),
            at: LogTime(0),
            count: 14,
            more: 14,
            requests: Some(20),
            held_back: 0,
            is_flapping: false,
            openings: 1,
            is_complete: true,
            command: "corscope scan --origin https://shop.example".to_owned(),
        }
    }

    #[test]
    fn a_new_alert_says_what_is_broken_for_whom_and_what_to_do() {
        assert_eq!(
            lines(&event()),
            "NEW error: The function runs into its own timeout: No Access-Control-Allow-Origin; \
             GET /orders of a1b2c3d4e5/prod, for https://shop.example\n\
             Since 2026-11-22T10:00:00Z: 14 of 20 requests. Fix: Raise the timeout. \
             More: corscope scan --origin https://shop.example"
        );
    }

    #[test]
    fn every_kind_has_its_own_words() {
        let of = |kind| AlertEvent { event: kind, count: 140, more: 12, ..event() };
        assert_eq!(
            course(&of(EventKind::Reminder)),
            "Since 2026-11-22T10:00:00Z: 140 requests, 12 of them since the last message, the \
             last one at 2026-11-22T10:14:00Z."
        );
        assert_eq!(
            course(&of(EventKind::Resolved)),
            "It was met for the last time at 2026-11-22T10:14:00Z. It began at \
             2026-11-22T10:00:00Z. 140 requests met it in all."
        );
        let labels = [EventKind::Reminder, EventKind::Resolved, EventKind::Test];
        let labels: Vec<String> = labels.into_iter().map(|kind| label(&of(kind))).collect();
        assert_eq!(labels, ["STILL error", "RESOLVED", "TEST"]);
        for kind in [EventKind::Resolved, EventKind::Test] {
            assert!(!lines(&of(kind)).contains("Fix:"), "{kind:?}");
        }
        assert!(course(&of(EventKind::Test)).contains("Nothing is broken"));
    }

    #[test]
    fn what_makes_it_less_sure_is_said() {
        let doubtful = AlertEvent {
            confidence: Confidence::Possible,
            impact: Impact::Latent,
            is_flapping: true,
            is_complete: false,
            ..event()
        };
        assert_eq!(reservations(&doubtful).len(), 4);
        assert_eq!(reservations(&event()), [""; 0]);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let bare = AlertEvent {
            effect: None,
            api: None,
            stage: None,
            method: None,
            route: None,
            origin: None,
            since: None,
            requests: None,
            count: 1,
            ..event()
        };
        assert_eq!(headline(&bare), "NEW error: The function runs into its own timeout");
        assert!(details(&bare).starts_with("So far, 1 request. Fix: "), "{}", details(&bare));
    }

    #[test]
    fn several_events_are_counted_in_one_line() {
        let over = AlertEvent { event: EventKind::Resolved, ..event() };
        let subject = subject(&[event(), event(), over]);
        assert!(subject.starts_with("3 CORS alerts (2 new, 1 resolved): NEW error: The function"));
    }

    #[test]
    fn a_command_is_shown_whole_or_not_at_all() {
        let long = AlertEvent { command: "x".repeat(LONGEST_COMMAND + 1), ..event() };
        assert_eq!(command(&long), None);
    }

    proptest! {
        #[test]
        fn nothing_from_a_log_begins_a_line_or_grows(text in "[\u{0}-\u{2fff}]{0,300}|.*") {
            let hostile = AlertEvent {
                title: text.clone(),
                effect: Some(text.clone()),
                fix: text.repeat(50),
                route: Some(text.clone()),
                origin: Some(text.repeat(50)),
                command: text,
                ..event()
            };
            let lines = lines(&hostile);
            prop_assert_eq!(lines.matches('\n').count(), 1);
            prop_assert!(!lines.replace('\n', "").contains(is_dangerous));
            prop_assert!(lines.chars().count() < 3_000);
        }
    }
}
