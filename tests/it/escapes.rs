//! Bodies of events in JSON are kept as they stand there, and read when somebody asks: nothing that is
//! said depends on when their escapes are undone.

use std::borrow::Cow;

use corscope::model::{Exchange, LineKind};
use corscope::rules::set::RuleSet;
use serde_json::json;

use crate::run;

const ID: &str = "6bc4ee36-e5b8-11e8-8a6f";

/// What integrations answer: what is read of it, what ends it, and what its escapes hide.
const BODIES: [&str; 14] = [
    r#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"},"body":"{\"a\":[1,2]}"}"#,
    r#"{"statusCode":"200","headers":{"Content-Type":"text/plain"},"body":"it is well"}"#,
    r#"{"statusCode":500,"headers":null,"body":{"Access-Control-Allow-Origin":"*"}}"#,
    r#"{"statusCode":200,"body":"{\"access-control-allow-origin\":\"https://a.example\"}"}"#,
    r#"{"errorMessage":"2026-11-22T10:00:00.000Z 6bc4ee36 Task timed out after 3.00 seconds"}"#,
    r#"{"Message":"Rate Exceeded.","Type":"User","Reason":"ReservedFunctionConcurrentInvocation"}"#,
    r#"{"statusCode":200,"body":"é and \\ and \" and so on, until it is long enough [TRUNCATED]"#,
    "\n{\"statusCode\":502,\"body\":\"behind a line end, and long enough to be more than an end\"}",
    "\"",
    "{\"a\":\"b\"}",
    "{\"statusCode\":200,\"body\":\"with a line end behind it, however long it may be otherwise\"}\n",
    "{\"statusCode\":200,\"body\":\"with a tab at its end, which is written as an escape\\\"\"}\t",
    "{\"statusCode\":200,\"body\":\"with a line end that was escaped twice, at its end\"}\\n",
    "no JSON, and nothing in it is escaped",
];

const ENDS: [(&str, Option<&str>); 5] = [
    ("200", None),
    ("404", None),
    ("502", Some("Execution failed due to configuration error: Malformed Lambda proxy response")),
    ("502", Some("Lambda execution failed with status 200 due to customer function error: boom")),
    ("502", Some("Endpoint response headers: {X-Amz-Function-Error=Unhandled}")),
];

const ANSWERED: [&str; 2] = ["Content-Type=text/plain", "Access-Control-Allow-Origin=*"];

const REQUESTS: usize = BODIES.len() * ENDS.len() * ANSWERED.len() * 3;

fn messages(number: usize) -> Vec<String> {
    let body = BODIES[number % BODIES.len()];
    let (status, failure) = ENDS[number / BODIES.len() % ENDS.len()];
    let answered = ANSWERED[number / (BODIES.len() * ENDS.len()) % ANSWERED.len()];
    let body = format!("Endpoint response body before transformations: {body}");
    let mut lines = vec![
        "HTTP Method: GET, Resource Path: /orders".to_owned(),
        "Method request headers: {Host=api.example.com, Origin=https://app.example.com}".to_owned(),
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations".to_owned(),
    ];
    match number / (BODIES.len() * ENDS.len() * ANSWERED.len()) {
        // What an authorizer answers is not the response's.
        0 => {
            lines.insert(0, "Starting authorizer: auth for request: x".to_owned());
            lines.insert(1, body.clone());
            lines.insert(2, "Starting execution for request: x".to_owned());
            lines.push(body);
        }
        // It is the first line that there is.
        1 => lines.insert(0, body),
        _ => lines.push(body),
    }
    match failure {
        Some(failure) => lines.push(failure.to_owned()),
        None => lines.push(format!("Method response headers: {{{answered}}}")),
    }
    lines.push(format!("Method completed with status: {status}"));
    lines.into_iter().map(|line| format!("({ID}-{number:012x}) {line}")).collect()
}

/// JSON lines; with a member that no mold has, each event is read by itself, and its escapes undone.
fn log(own_member: &str) -> String {
    let events = (0..REQUESTS).flat_map(|number| {
        messages(number).into_iter().map(move |message| {
            let time = 1_795_341_600_000_u64 + 1000 * number as u64;
            let message = json!(message);
            format!(
                "{{{own_member}\"timestamp\":{time},\"message\":{message},\"eventId\":\"1\"}}\n"
            )
        })
    });
    events.collect()
}

#[test]
fn it_is_the_same_whether_escapes_are_undone_at_once_or_later() {
    let rules = RuleSet::builtin();
    let [(bodies, at_once), (bodies_later, later)] = ["\"own\":null,", ""].map(|own| {
        let log = log(own);
        let run = run::readers(&rules, &mut [("log.jsonl", Box::new(log.as_bytes()))]);
        let ledger = &run.report.ledger;
        assert_eq!(ledger.bytes, log.len() as u64);
        assert_eq!(run.judged.len(), REQUESTS);
        let body = |(exchange, ..): &(Exchange, _, _)| {
            exchange.payload(LineKind::EndpointResponseBody).map(Cow::into_owned)
        };
        let bodies: Vec<_> = run.judged.iter().map(body).collect();
        let bytes = format!("\"bytes\":{}", log.len());
        (bodies, run.json().replace(&bytes, "\"bytes\":0"))
    });
    for rule in [
        "headers-inside-body",
        "gw-502-lambda-timeout",
        "gw-500-lambda-throttled",
        "malformed-not-object",
    ] {
        assert!(at_once.contains(&format!("\"rule\":\"{rule}\"")), "{rule}");
    }
    assert_eq!(bodies, bodies_later);
    let rows = |json: &str| json.split("{\"type\":").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&at_once), rows(&later));
}
