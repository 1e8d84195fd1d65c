//! Recorded answers as API Gateway would log them, whole and cut off, and what `judge` makes of them.
//!
//! Must not: accept a wrong verdict; from a cut line the answer is the browser's or undetermined.

use serde_json::Value;

use corscope::cors::engine::Engine;
use corscope::cors::fetch;
use corscope::cors::judge;
use corscope::model::{
    Credentials, Exchange, Fact, LineKind, LogEvent, Outcome, Phase, Place, Places, Position, Text,
};

use crate::oracle::{Case, cases, fields};

/// One request of a case with its answer, and what Chromium, Firefox and Safari did.
struct Logged {
    exchange: Exchange,
    phase: Phase,
    credentials: Credentials,
    reason: Option<String>,
    /// Of Firefox and Safari; `None` where they never came to this request.
    others: [Option<Outcome>; 2],
}

/// Header lines as the gateway logs them: one entry a name, values joined.
fn header_map(lines: &[(String, String)]) -> Option<String> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, value) in lines {
        let is_plain =
            |text: &str| text.trim() == text && text.bytes().all(|b| (b' '..0x7f).contains(&b));
        let repeated = lines.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count() > 1;
        // An execution log cannot express these.
        if !is_plain(name)
            || !is_plain(value)
            || value.contains(['{', '}', '='])
            || name.starts_with('\0')
            || (repeated && value.is_empty())
        {
            return None;
        }
        match joined.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, first)) => *first = format!("{first}, {value}"),
            None => joined.push((name.clone(), value.clone())),
        }
    }
    let entries: Vec<String> =
        joined.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Some(format!("{{{}}}", entries.join(", ")))
}

fn keep(exchange: &mut Exchange, kind: LineKind, payload: &str) {
    let position = Position { place: Places::default().intern(&Place::default()), line: 1 };
    let event = LogEvent { time: None, ingested: None, position, message: payload.as_bytes() };
    exchange.keep(kind, &event, payload.as_bytes());
}

fn logged(case: &Case, phase: Phase) -> Option<Logged> {
    let request = case.request();
    let name = match phase {
        Phase::Preflight => "preflight",
        Phase::Actual => "response",
    };
    let answer = &case.0["server"][name];
    let status = u16::try_from(answer["status"].as_u64()?).ok()?;
    let mut ask = None;
    let ending = fetch::run(Engine::Chromium, &request, &mut |asked| {
        if asked.hop == 0 && asked.phase == phase {
            let names = asked.unsafe_names.join(",");
            ask = asked.origin.map(|origin| (origin.to_owned(), asked.method.to_owned(), names));
        }
        case.answer(Engine::Chromium, asked)
    });
    let (origin, method, names) = ask?;
    let mut lines = vec![
        ("Host".to_owned(), request.url.host_str()?.to_owned()),
        ("Origin".to_owned(), origin),
        ("X-Forwarded-Proto".to_owned(), request.url.scheme().to_owned()),
    ];
    let mut exchange = Exchange::default();
    exchange.status = Fact::Seen(status);
    match phase {
        Phase::Preflight => {
            exchange.set_text(Text::Method, b"OPTIONS");
            lines.push(("Access-Control-Request-Method".to_owned(), method));
            if !names.is_empty() {
                lines.push(("Access-Control-Request-Headers".to_owned(), names));
            }
        }
        Phase::Actual => exchange.set_text(Text::Method, method.as_bytes()),
    }
    keep(&mut exchange, LineKind::RequestHeaders, &header_map(&lines)?);
    keep(&mut exchange, LineKind::ResponseHeaders, &header_map(&fields(&answer["raw_headers"]))?);
    let at_this = ending.hop == 0 && ending.phase == Some(phase);
    let reason = case.0["chromium_error"].as_str().filter(|_| at_this).map(str::to_owned);
    let others = ["firefox", "webkit"].map(|engine| recorded_outcome(&case.0[engine], phase));
    Some(Logged { exchange, phase, credentials: request.credentials, reason, others })
}

/// What an engine did with the answer in this phase, as far as it came to it.
fn recorded_outcome(recorded: &Value, phase: Phase) -> Option<Outcome> {
    if recorded["verdict"] == "allowed" {
        return Some(Outcome::Allowed);
    }
    let stage = recorded["stage"].as_str()?;
    let here = stage == phase.as_str() && recorded["hop"] == 0;
    let before =
        stage == "none" || (stage == "preflight" && phase == Phase::Actual && recorded["hop"] == 0);
    match (here, before) {
        (true, _) => Some(Outcome::Blocked),
        (false, true) => None,
        (false, false) => Some(Outcome::Allowed),
    }
}

fn all_logged() -> Vec<Logged> {
    let cases = cases();
    let cases = cases.filter(|case| case.is_about_cors() && case.text("/request/mode") == "cors");
    cases
        .flat_map(|case| [logged(&case, Phase::Preflight), logged(&case, Phase::Actual)])
        .flatten()
        .collect()
}

#[test]
fn logged_answers_are_judged_as_chromium_did() {
    let logged = all_logged();
    assert_eq!(logged.len(), 5926);
    let mut others_differ = 0;
    for case in &logged {
        let judgement = judge(&case.exchange);
        let verdict = match case.credentials {
            Credentials::Omit => &judgement.omit,
            Credentials::Include => &judgement.include,
        };
        assert_eq!(judgement.phase, Some(case.phase));
        assert_eq!(
            verdict.reason.map(|r| r.as_str().to_owned()),
            case.reason,
            "{:?}",
            case.exchange
                .payload(LineKind::ResponseHeaders)
                .map(|map| String::from_utf8_lossy(&map).into_owned())
        );
        let want = if case.reason.is_some() { Outcome::Blocked } else { Outcome::Allowed };
        assert_eq!(verdict.outcome, want);
        assert!(judgement.unseen.is_empty());
        let ours = [verdict.browsers.firefox, verdict.browsers.safari];
        for (ours, theirs) in ours.into_iter().zip(case.others) {
            let differs = theirs.is_some_and(|theirs| theirs != ours);
            others_differ += usize::from(differs);
        }
    }
    // One preflight that WebKit, to which `Bytes=` is a safelisted range unit, never sent; and the
    // malformed body that `docs/browsers.md` lists.
    assert_eq!(others_differ, 2);
}

#[test]
fn a_cut_line_never_gives_a_wrong_verdict() {
    // Every seventh case, or the test takes a minute.
    for case in all_logged().into_iter().step_by(7) {
        let whole = judge(&case.exchange);
        let payload =
            case.exchange.payload(LineKind::ResponseHeaders).expect("a header map").to_vec();
        for cut in (1..payload.len()).step_by(41) {
            let mut exchange = case.exchange.clone();
            let text = String::from_utf8_lossy(&payload[..cut]).into_owned();
            keep(&mut exchange, LineKind::ResponseHeaders, &format!("{text} [TRUNCATED]"));
            let part = judge(&exchange);
            for (part, whole) in [(&part.omit, &whole.omit), (&part.include, &whole.include)] {
                let same = (part.outcome, part.reason) == (whole.outcome, whole.reason);
                let proven = part.outcome == Outcome::Blocked
                    && part.reason.is_none()
                    && whole.outcome == Outcome::Blocked;
                assert!(same || proven || part.outcome == Outcome::Undetermined, "{text}");
            }
        }
    }
}
