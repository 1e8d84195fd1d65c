//! Exchanges that are alike are judged, examined and counted together: what is said of one, and what a
//! report counts, is what comes of each by itself.

use std::collections::BTreeMap;

use corscope::model::Finding;
use corscope::rules::set::RuleSet;

use crate::chunks::{Random, shuffle};
use crate::run::{self, Run};

const BODIES: [Option<&str>; 5] = [
    None,
    Some("{\"statusCode\":404,\"body\":\"no\"}"),
    Some("{\"message\":\"no\"}"),
    Some("{\"a\":\"Access-Control-Allow-Origin\",\"access-control-allow-origin\":\"*\"}"),
    Some("{\"n\":\"\u{e9}\"} [TRUNCATED]"),
];

/// What an integration answers, and what a gateway makes of it; without a status no line tells one.
const ENDS: [(&str, Option<&str>); 14] = [
    ("200", None),
    ("201", None),
    ("400", None),
    ("403", None),
    ("404", None),
    ("413", None),
    ("500", None),
    ("503", None),
    ("502", Some("Execution failed due to configuration error: Malformed Lambda proxy response")),
    ("502", Some("Lambda execution failed with status 200 due to customer function error: boom")),
    (
        "502",
        Some(
            "Lambda execution failed with status 200 due to customer function error: KeyError: 'origin'",
        ),
    ),
    ("429", Some("Method request rate exceeded")),
    ("504", Some("Execution failed due to a timeout error")),
    ("", Some("User is not authorized to access this resource with an explicit deny")),
];

/// Where a route is configured, and the path that is asked for; `{}` is another number in each request.
const PATHS: [(Option<&str>, &str); 5] = [
    (Some("/orders"), "/orders"),
    (Some("/cart"), "/cart"),
    (Some("/{proxy+}"), "/v1/users/{}"),
    (Some("/{proxy+}"), "/v1/health"),
    (None, "/{}/items"),
];

const REQUESTS: usize = 14 * 6 * 5 * 2 * 5;

const ASKED: [&str; 6] = [
    "Origin=https://app.example.com, User-Agent=a",
    "Origin=https://app.example.com, User-Agent=b, X-Forwarded-For=192.0.2.1, X-Forwarded-For=192.0.2.2",
    "Origin=https://www.example.com, Authorization=Bearer x",
    "Origin=https://app.example.com, origin=https://www.example.com",
    "User-Agent=a",
    "Origin=https://app.example.com, Cookie=a [TRUNCATED]",
];

const ANSWERED: [&str; 5] = [
    "Content-Type=application/json",
    "Access-Control-Allow-Origin=*",
    "Access-Control-Allow-Origin=https://app.example.com, Vary=Origin",
    "Acess-Control-Allow-Origin=*, Content-Encoding=gzip",
    "Access-Control-Allow-Origin=*, access-control-allow-origin=*",
];

fn log(number: usize) -> String {
    let id = format!("6bc4ee36-e5b8-11e8-8a6f-{number:012x}");
    let mut rest = number;
    let mut one_of = |many: usize| {
        let one = rest % many;
        rest /= many;
        one
    };
    let (status, failure) = ENDS[one_of(ENDS.len())];
    let asks = ASKED[one_of(ASKED.len())];
    let gets = ANSWERED[one_of(ANSWERED.len())];
    let method = ["GET", "OPTIONS"][one_of(2)];
    let asks_first = if method == "GET" { "" } else { "Access-Control-Request-Method=PUT, " };
    let (route, path) = PATHS[one_of(PATHS.len())];
    let path = path.replace("{}", &number.to_string());
    let body = BODIES[number % BODIES.len()];
    let route = route.map(|route| {
        format!("API Key  authorized because method '{method} {route}' does not require API Key. Request will not contribute to throttle or quota limits")
    });
    let mut lines: Vec<String> = route.into_iter().collect();
    lines.extend([
        format!("Starting execution for request: {id}"),
        format!("HTTP Method: {method}, Resource Path: {path}"),
        format!("Method request headers: {{{asks_first}Host=api.example.com, {asks}}}"),
        "Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations".to_owned(),
    ]);
    lines.extend(body.map(|body| format!("Endpoint response body before transformations: {body}")));
    match failure {
        Some(failure) => lines.push(failure.to_owned()),
        None => lines.push(format!("Method response headers: {{{gets}}}")),
    }
    if !status.is_empty() {
        lines.push(format!("Method completed with status: {status}"));
    }
    // No two end at a time.
    let (minute, second) = (number / 60, number % 60);
    let time = format!("2026-11-22T{:02}:{:02}:{second:02}.000Z", 10 + minute / 60, minute % 60);
    lines.iter().map(|line| format!("{time} ({id}) {line}\n")).collect()
}

/// What is told of each exchange, by its id.
fn said(run: &Run) -> BTreeMap<String, String> {
    let told = |finding: &Finding| {
        let Finding { severity, confidence, impact, detail, caused_by, evidence, .. } = finding;
        let id = &finding.rule.id;
        format!("{id} {severity:?} {confidence:?} {impact:?} {detail:?} {caused_by:?} {evidence:?}")
    };
    let judged = run.judged.iter().map(|(exchange, judgement, findings)| {
        let id = exchange.request_id.expect("an id").as_str().to_owned();
        let findings: Vec<String> = findings.iter().map(told).collect();
        (id, format!("{judgement:?} {findings:#?}"))
    });
    judged.collect()
}

/// How often each finding of a single exchange is counted, by its fingerprint.
fn counted(run: &Run) -> BTreeMap<(String, String), u64> {
    let groups = run.report.groups.iter().filter(|group| !group.is_survey);
    groups.map(|group| ((group.rule.id.clone(), group.fingerprint.clone()), group.count)).collect()
}

#[test]
fn exchanges_that_are_alike_come_to_what_each_comes_to_by_itself() {
    let rules = RuleSet::builtin();
    let mut logs: Vec<String> = (0..REQUESTS).map(log).collect();
    let (mut want_said, mut want_counted) = (BTreeMap::new(), BTreeMap::new());
    for log in &logs {
        let run = run::text(&rules, log.as_bytes());
        want_said.extend(said(&run));
        for (finding, count) in counted(&run) {
            *want_counted.entry(finding).or_default() += count;
        }
    }
    assert!(want_counted.len() > 50, "{}", want_counted.len());
    let mut json = None;
    for seed in 0..3 {
        let run = run::text(&rules, logs.concat().as_bytes());
        assert_eq!(said(&run), want_said);
        assert_eq!(counted(&run), want_counted);
        let routes = run.report.groups.iter().filter(|group| group.is_survey);
        let routes: Vec<_> = routes
            .map(|it| (it.fingerprint.clone(), it.count, it.example.detail.clone()))
            .collect();
        assert_eq!(*json.get_or_insert_with(|| routes.clone()), routes);
        shuffle(&mut logs, &mut Random(seed));
    }
}
