//! What is made of a pasted console message: texts of our own file, and every recorded one.

use std::collections::BTreeSet;

use corscope::cors::engine::Engine;
use corscope::explain::answer::answer;
use corscope::explain::human::Terminal;
use corscope::explain::message::{Message, recognize};
use corscope::explain::wording::Browser;
use corscope::explain::{write_human, write_json, write_markdown};
use corscope::output::escape::is_dangerous;
use corscope::rules::catalogue::Catalogue;
use corscope::rules::set::RuleSet;
use proptest::prelude::*;
use serde_json::Value;

use crate::oracle::{cases, recorded_line};

fn messages() -> Vec<Value> {
    let text = include_str!("../data/console-messages.jsonl");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn reasons(message: &Message) -> Vec<&'static str> {
    message.reasons.iter().map(|reason| reason.as_str()).collect()
}

/// What differs from what the line of the file expects.
fn difference(want: &Value) -> Option<String> {
    let Some(got) = recognize(want["text"].as_str().expect("a text")) else {
        return Some("not recognized".to_owned());
    };
    let text = |name: &str| want[name].as_str();
    let is_same = |name: &str, got: Option<&str>| want[name].is_null() || text(name) == got;
    let has_reason = text("reason").is_none_or(|reason| reasons(&got).contains(&reason));
    let all = text("browser") == got.browser.map(Browser::as_str)
        && has_reason
        && text("other") == got.other.map(|other| other.name)
        && want["hidden"].as_bool().unwrap_or_default() == got.is_hidden
        && is_same("url", got.url.as_deref())
        && is_same("origin", got.origin.as_deref())
        && is_same("method", got.method.as_deref())
        && is_same("header", got.header.as_deref())
        && is_same("value", got.value.as_deref())
        && (want["status"].is_null() || want["status"].as_u64() == got.status.map(u64::from));
    (!all).then(|| format!("{got:?}"))
}

#[test]
fn every_wording_is_recognized() {
    let mut problems = Vec::new();
    for want in messages() {
        if let Some(difference) = difference(&want) {
            problems.push(format!("{want}\n  {difference}"));
        }
    }
    assert!(problems.is_empty(), "{}\n{} differ", problems.join("\n"), problems.len());
}

/// Chromium's must mean exactly the recorded reason; Firefox's and Safari's, among others, the one
/// that the engine decided for.
#[test]
fn every_recorded_message_is_recognized() {
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for case in cases().filter(|case| case.0["chromium_error"].is_string()) {
        for engine in Engine::ALL {
            let text = recorded_line(&case, engine);
            if text.is_empty() || !case.is_about_cors_in(engine) {
                continue;
            }
            let reason = match engine {
                Engine::Chromium => case.0["chromium_error"].as_str().unwrap_or_default(),
                Engine::Firefox | Engine::WebKit => {
                    case.run(engine).blocked.map_or("", |(reason, _)| reason.as_str())
                }
            };
            if !seen.insert((text.to_owned(), reason)) {
                continue;
            }
            let got = recognize(text).unwrap_or_default();
            let is_right = match engine {
                Engine::Chromium => reasons(&got) == [reason],
                Engine::Firefox | Engine::WebKit => reasons(&got).contains(&reason),
            };
            if !is_right {
                problems.push(format!(
                    "{engine:?} {} {reason} {:?} {text}",
                    case.id(),
                    got.reasons
                ));
            }
        }
    }
    assert!(seen.len() > 7000, "{} messages", seen.len());
    assert!(problems.is_empty(), "{}\n{} differ", problems.join("\n"), problems.len());
}

proptest! {
    /// Whatever is pasted: nothing breaks, and nothing in what is printed steers a terminal.
    #[test]
    fn any_paste_is_harmless(part in "\\PC{0,40}|[\u{0}-\u{2ff}]{0,40}|['\"`$();&|<> \\\\a-z]{0,40}") {
        let (rules, catalogue) = (RuleSet::default(), Catalogue::default());
        let texts = [
            part.clone(),
            format!("Access to fetch at 'https://api.example/{part}' from origin 'https://{part}' has been blocked by CORS policy: Method {part} is not allowed by Access-Control-Allow-Methods in preflight response."),
            format!("(Reason: CORS header ‘Access-Control-Allow-Origin’ does not match ‘{part}’)."),
        ];
        for text in texts {
            let answer = answer(&text, &rules, &catalogue, None);
            let mut out = Vec::new();
            write_human(&mut out, &answer, Terminal { width: 60, color: false }).expect("memory");
            write_json(&mut out, &answer).expect("memory");
            write_markdown(&mut out, &answer).expect("memory");
            let printed = String::from_utf8(out).expect("UTF-8");
            let steers = |c: char| is_dangerous(c) && c != '\n';
            prop_assert!(!printed.contains(steers), "{printed:?}");
        }
    }
}
