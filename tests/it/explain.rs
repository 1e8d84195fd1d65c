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

/// Ids of the causes, in their order.
fn causes(text: &str) -> Vec<String> {
    let answer = answer(text, &RuleSet::builtin(), &Catalogue::builtin(), None);
    let answer = serde_json::to_value(answer).expect("JSON");
    let causes = answer["causes"].as_array().expect("causes").iter();
    causes.filter_map(|cause| cause["id"].as_str()).map(str::to_owned).collect()
}

/// The first cause is one of `first`, all of `near` are among the first sixteen, none of `no` is there.
#[track_caller]
fn check_causes(text: &str, first: &str, near: &[&str], no: &[&str]) {
    let causes = causes(text);
    assert_eq!(causes.first().map(String::as_str), Some(first), "{text}\n{causes:?}");
    for id in near {
        assert!(causes.iter().take(16).any(|cause| cause == id), "{id} {text}\n{causes:?}");
    }
    for id in no {
        assert!(!causes.iter().any(|cause| cause == id), "{id} {text}\n{causes:?}");
    }
}

const AT_API: &str = "Access to fetch at 'https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders' from origin 'http://shop.example' has been blocked by CORS policy:";
const AT_URL: &str = "Access to fetch at 'https://abcdefghij0123456789.lambda-url.us-east-1.on.aws/cart' from origin 'https://shop.example' has been blocked by CORS policy:";

#[test]
fn whatever_refuses_options_is_behind_a_status_that_is_not_ok() {
    check_causes(
        &format!(
            "{AT_API} Response to preflight request doesn't pass access control check: It does not have HTTP ok status."
        ),
        "options-handler-404",
        &[
            "rest-options-no-method",
            "rest-options-lambda-authorizer",
            "rest-options-cognito-authorizer",
            "rest-any-authorizer-covers-options",
            "rest-options-api-key",
            "rest-options-iam",
            "options-handler-crash",
        ],
        &["furl-no-cors-config", "preflight-acao-missing"],
    );
}

#[test]
fn a_method_or_header_that_is_not_listed_is_named_first() {
    let refused = |at: &str, what: &str, list: &str| {
        format!("{at} {what} is not allowed by {list} in preflight response.")
    };
    let header = |name: &str| {
        refused(AT_API, &format!("Request header field {name}"), "Access-Control-Allow-Headers")
    };
    let method = refused(AT_URL, "Method PUT", "Access-Control-Allow-Methods");
    check_causes(
        &method,
        "acam-missing-method",
        &["furl-allowmethods-missing"],
        &[
            "acah-wildcard-with-credentials",
            "client-patch-lowercase",
            "httpapi-allowheaders-missing",
        ],
    );
    check_causes(
        &header("x-api-version"),
        "rest-mock-missing-allow-headers",
        &["acah-missing-custom-header"],
        &["acah-missing-authorization", "acah-instrumentation-headers"],
    );
    check_causes(
        &header("authorization"),
        "acah-missing-authorization",
        &[],
        &["acah-missing-custom-header", "acah-wildcard-authorization"],
    );
    check_causes(
        &header("access-control-allow-origin"),
        "client-sends-response-header",
        &[],
        &["acah-missing-custom-header"],
    );
}

#[test]
fn the_values_of_a_message_decide() {
    let of_value = |at: &str, value: &str| {
        format!(
            "{at} The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin."
        )
    };
    let others = [
        "acao-scheme-mismatch",
        "acao-port-mismatch",
        "acao-trailing-slash",
        "acao-null",
        "acao-stale-domain",
    ];
    for (value, id) in [
        ("https://shop.example", "acao-scheme-mismatch"),
        ("http://shop.example:3000", "acao-port-mismatch"),
        ("http://shop.example/", "acao-trailing-slash"),
        ("null", "acao-null"),
        ("http://www.shop.example", "acao-stale-domain"),
    ] {
        let others: Vec<&str> = others.iter().copied().filter(|other| *other != id).collect();
        check_causes(
            &of_value(AT_API, value),
            id,
            &[],
            &[&others[..], &["acao-mismatch"]].concat(),
        );
    }
    check_causes(
        &format!(
            "{AT_URL} No 'Access-Control-Allow-Origin' header is present on the requested resource."
        ),
        "lambda-error-path-missing-acao",
        &["furl-502-function-error", "furl-403-permission"],
        &[
            "gw-401-missing-or-invalid-token",
            "gw-504-integration-timeout",
            "http-proxy-backend-missing-acao",
        ],
    );
    let several = |at: &str| {
        format!(
            "{at} The 'Access-Control-Allow-Origin' header contains multiple values '*, https://shop.example', but only one is allowed."
        )
    };
    check_causes(&several(AT_URL), "acao-list-of-origins", &["furl-duplicate-cors-headers"], &[]);
    check_causes(&several(AT_API), "acao-list-of-origins", &[], &["furl-duplicate-cors-headers"]);
    let twice = AT_URL.to_owned()
        + " The 'Access-Control-Allow-Origin' header contains multiple values '*, *', but only one is allowed.";
    check_causes(
        &twice,
        "furl-duplicate-cors-headers",
        &["headers-and-multivalueheaders-both"],
        &["acao-list-of-origins"],
    );
    let firefox = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://abcdefghij0123456789.lambda-url.us-east-1.on.aws/cart. (Reason: CORS header ‘Access-Control-Allow-Origin’ does not match ‘*, https://shop.example’).";
    check_causes(
        firefox,
        "acao-list-of-origins",
        &["furl-duplicate-cors-headers"],
        &["acao-trailing-slash", "acao-no-scheme"],
    );
}

#[test]
fn a_status_puts_what_is_answered_with_it_in_front() {
    let missing = |status: &str| {
        format!(
            "{AT_API} No 'Access-Control-Allow-Origin' header is present on the requested resource.\nPOST https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders {status}"
        )
    };
    let text = missing("net::ERR_FAILED 404");
    check_causes(&text, "httpapi-404-route-missing", &["lambda-error-path-missing-acao"], &[]);
    let all = causes(&text);
    let at = |id: &str| all.iter().position(|cause| cause == id).expect(id);
    for id in
        ["gw-502-function-error", "gw-504-integration-timeout", "gw-401-missing-or-invalid-token"]
    {
        assert!(at(id) > at("http-proxy-backend-missing-acao"), "{id} {all:?}");
    }
    let text = missing("504 (Gateway Timeout)");
    check_causes(&text, "gateway-response-without-cors", &["gw-504-integration-timeout"], &[]);
}

#[test]
fn a_redirect_that_is_told_stands_in_front() {
    let missing = "has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.";
    // The answer of the first URL was blocked.
    check_causes(
        &format!(
            "Redirect from 'https://api.shop.example/card' to 'https://www.shop.example/card' {missing} Origin 'https://shop.example' is therefore not allowed access."
        ),
        "redirect-blocked",
        &["lambda-proxy-missing-acao"],
        &["redirect-http-to-https", "gw-502-function-error", "gw-401-missing-or-invalid-token"],
    );
    // That of the second, which is a login page.
    check_causes(
        &format!(
            "Access to XMLHttpRequest at 'http://localhost:20021/login' (redirected from 'http://localhost:5173/api/v1/orders') from origin 'http://localhost:5173' {missing}"
        ),
        "redirect-to-login-page",
        &["redirect-blocked", "lambda-proxy-missing-acao"],
        &["redirect-http-to-https"],
    );
    check_causes(
        &format!(
            "Access to fetch at 'https://api.shop.example/orders/' (redirected from 'http://api.shop.example/orders/') from origin 'https://shop.example' {missing}"
        ),
        "redirect-http-to-https",
        &["redirect-blocked"],
        &[],
    );
    check_causes(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at http://api.shop.example/orders. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 301.",
        "redirect-to-login-page",
        &["redirect-http-to-https", "redirect-blocked", "lambda-proxy-missing-acao"],
        &[],
    );
}

#[test]
fn a_page_without_an_origin_is_named_first() {
    let at_null = AT_API.replace("http://shop.example", "null");
    let preflight = "Response to preflight request doesn't pass access control check:";
    let missing = "No 'Access-Control-Allow-Origin' header is present on the requested resource.";
    check_causes(&format!("{at_null} {missing}"), "file-origin", &["acao-missing"], &[]);
    check_causes(&format!("{at_null} {preflight} {missing}"), "file-origin", &[], &[]);
    check_causes(
        &format!("{AT_API} {missing}"),
        "lambda-error-path-missing-acao",
        &[],
        &["file-origin"],
    );
    let module = "Access to script at 'file:///C:/site/app.js' from origin 'null' has been blocked by CORS policy: Cross origin requests are only supported for protocol schemes: http, data, chrome, https.";
    let own = answer(module, &RuleSet::builtin(), &Catalogue::builtin(), None);
    let own = serde_json::to_value(own).expect("JSON");
    assert_eq!(own["causes"][0]["id"], "file-origin");
    assert_eq!(own["commands"], serde_json::json!([]), "no server is asked");
}

/// A console shows many requests; none lends its status to another's message.
#[test]
fn what_is_told_of_another_request_is_not_taken() {
    let check = |text: &str, status: Option<u16>, method: Option<&str>| {
        let found = recognize(text).expect("a message");
        assert_eq!((found.status, found.method.as_deref()), (status, method), "{text}");
    };
    let missing = format!(
        "{AT_API} No 'Access-Control-Allow-Origin' header is present on the requested resource."
    );
    let url = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders";
    check(
        &format!("{missing}\nGET {url} net::ERR_FAILED 504 (Gateway Timeout)"),
        Some(504),
        Some("GET"),
    );
    check(&format!("{missing}\nGET {url}/7 net::ERR_FAILED 504 (Gateway Timeout)"), None, None);
    check(&format!("PUT {url}?a=b 504\n{missing}"), None, None);
    let failed = "Failed to load resource: the server responded with a status of 403 ()";
    check(&format!("{missing}\norders:1 {failed}"), Some(403), None);
    check(&format!("{missing}\n12:31:00 {failed}"), Some(403), None);
    check(&format!("{missing}\nfavicon.ico:1 {failed}"), None, None);
    check(&format!("{missing}\n[Error] {failed} (rders, line 0)"), None, None);
    let firefox = |path: &str, reason: &str| {
        format!(
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/{path}. (Reason: {reason})."
        )
    };
    let wildcard =
        firefox("a", "Did not find method in CORS header ‘Access-Control-Allow-Methods’");
    let missing = firefox("b", "CORS header ‘Access-Control-Allow-Origin’ missing");
    let text = format!("{wildcard}\n{missing} Status code: 502.\n{wildcard}\nStatus code: 403.");
    check(&text, Some(502), None);
    let found = recognize(&text).expect("a message");
    assert_eq!(found.url.as_deref(), Some("https://api.shop.example/b"));
}

/// What is said of it, in the words that people read, and the commands.
fn told(text: &str) -> (String, Value) {
    let answer = answer(text, &RuleSet::builtin(), &Catalogue::builtin(), None);
    let mut out = Vec::new();
    write_human(&mut out, &answer, Terminal { width: 1000, color: false }).expect("memory");
    let commands = serde_json::to_value(&answer).expect("JSON")["commands"].clone();
    let printed = String::from_utf8(out).expect("UTF-8");
    (printed.split_whitespace().collect::<Vec<_>>().join(" "), commands)
}

#[test]
fn what_is_none_of_cors_is_told_so() {
    let check = |text: &str, parts: &[&str]| {
        let (found, commands) = told(text);
        for part in parts {
            assert!(found.contains(part), "{part}\n{found}");
        }
        assert_eq!(commands, serde_json::json!([]), "{text}");
    };
    check(
        "Refused to get unsafe header \"X-Total-Count\"",
        &["No request was blocked", "header X-Total-Count", "expose-headers-missing"],
    );
    check(
        "WebSocket connection to 'wss://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod' failed: Error during WebSocket handshake: Unexpected response code: 403",
        &["which is not about CORS", "status 403", "websocket-not-cors"],
    );
    check(
        "Cross-Origin Read Blocking (CORB) blocked cross-origin response https://api.shop.example/orders with MIME type application/json. See https://www.chromestatus.com/feature/5629709824032768 for more details.",
        &["https://api.shop.example/orders", "only if the page asks by CORS", "no-cors-mode"],
    );
    check(
        "Uncaught DOMException: Failed to execute 'toDataURL' on 'HTMLCanvasElement': Tainted canvases may not be exported.",
        &["loaded the image without CORS"],
    );
    check(
        "The FetchEvent for \"http://localhost:8002/\" resulted in a network error response: the promise was rejected.",
        &["service-worker-interference"],
    );
    check(
        "TypeError: Network request failed\n- node_modules/react-native/Libraries/vendor/core/whatwg-fetch.js:504:29 in onerror",
        &["React Native knows no CORS"],
    );
    check("Referrer Policy: strict-origin-when-cross-origin", &["This is no error"]);
}

#[test]
fn what_a_console_prints_beside_a_reason_does_not_hide_it() {
    let missing = format!(
        "{AT_API} No 'Access-Control-Allow-Origin' header is present on the requested resource."
    );
    for beside in [
        "Referrer Policy: strict-origin-when-cross-origin",
        "WebSocket connection to 'ws://localhost:3000/ws' failed",
        "Refused to get unsafe header \"ETag\"",
        "The FetchEvent for \"https://a.example/\" resulted in a network error response: the promise was rejected.",
        "Uncaught (in promise) TypeError: Failed to fetch",
    ] {
        let found = recognize(&format!("{beside}\n{missing}\n{beside}")).expect("a message");
        assert_eq!(reasons(&found), ["MissingAllowOriginHeader"], "{beside}");
        assert_eq!(found.origin.as_deref(), Some("http://shop.example"), "{beside}");
    }
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
