//! Records that share a request id become one exchange, whatever the order of their lines.

use corscope::assemble::{AssembleSettings, Assembler};
use corscope::model::{
    AnsweredBy, Exchange, Fact, Failure, LogEvent, LogTime, Place, Places, Position, Surface, Text,
};
use corscope::parse;
use corscope::rules::set::RuleSet;

use crate::run;

const A: &str = "aaaaaaaa-1111-4111-8111-111111111111";
const B: &str = "bbbbbbbb-2222-4222-8222-222222222222";
const RUN: &str = "cccccccc-3333-4333-8333-333333333333";

/// One event a line; each place given by the text before ` | `, if there is one.
fn assemble(log: &str) -> (Vec<Exchange>, Assembler) {
    let mut places = Places::default();
    let mut assembler = Assembler::new(AssembleSettings::default());
    let mut done = Vec::new();
    for (number, line) in log.lines().enumerate() {
        let (stream, message) = line.split_once(" | ").unwrap_or(("", line));
        let place = Place { log_stream: Some(stream.to_owned()), ..Place::default() };
        let message = message.replace("\\n", "\n");
        let event = LogEvent {
            time: Some(LogTime(1_000 + i64::try_from(number).unwrap())),
            ingested: None,
            position: Position { place: places.intern(&place), line: number as u64 + 1 },
            message: message.as_bytes(),
        };
        let record = parse::parse(&event);
        if let Some(slot) = assembler.push(&event, record) {
            done.push(assembler.exchange(slot).unwrap().clone());
            assembler.release(slot);
        }
    }
    for slot in assembler.finish() {
        done.push(assembler.exchange(slot).unwrap().clone());
    }
    (done, assembler)
}

fn request(id: &str, method: &str, status: u16) -> Vec<String> {
    [
        "Extended Request Id: AbCdEfGhIjKlMno=".to_owned(),
        format!("Verifying Usage Plan for request: {id}. API Key:  API Stage: a1b2c3d4e5/prod"),
        format!("API Key  authorized because method '{method} /v1/items/{{id}}' does not require API Key. Request will not contribute to throttle or quota limits"),
        format!("Starting execution for request: {id}"),
        format!("HTTP Method: {method}, Resource Path: /v1/items/7"),
        "Method request headers: {Origin=https://shop.example, Host=api.shop.example}".to_owned(),
        format!("Endpoint response headers: {{Date=Sun, 22 Nov 2026 10:00:00 GMT, x-amzn-RequestId={RUN}, Connection=keep-alive}}"),
        "Method response headers: {Content-Type=application/json}".to_owned(),
        "Successfully completed execution".to_owned(),
        format!("Method completed with status: {status}"),
        format!("AWS Integration Endpoint RequestId : {RUN}"),
        "X-ray Tracing ID : 1-5f0e0f0e-0123456789abcdef01234567".to_owned(),
    ]
    .map(|line| format!("({id}) {line}"))
    .to_vec()
}

#[track_caller]
fn check(exchange: &Exchange, id: &str, method: &str, status: u16) {
    assert_eq!(exchange.request_id.unwrap().as_str(), id);
    assert_eq!(exchange.text(Text::Method).as_deref(), Some(method));
    assert_eq!(exchange.text(Text::Path).as_deref(), Some("/v1/items/7"));
    assert_eq!(exchange.text(Text::Route).unwrap(), format!("{method} /v1/items/{{id}}"));
    assert_eq!(exchange.text(Text::Api).as_deref(), Some("a1b2c3d4e5"));
    assert_eq!(exchange.text(Text::Stage).as_deref(), Some("prod"));
    assert_eq!(exchange.status, Fact::Seen(status));
    assert_eq!(exchange.answered_by, Fact::Seen(AnsweredBy::Integration));
    assert_eq!(exchange.lambda_request_id.unwrap().as_str(), RUN);
    assert_eq!(exchange.request_headers().get("origin"), Fact::Seen("https://shop.example".into()));
    assert_eq!(exchange.response_headers().get("Access-Control-Allow-Origin"), Fact::Absent);
    assert!(exchange.is_complete);
}

#[test]
fn interleaved_requests_are_told_apart() {
    let (a, b) = (request(A, "GET", 200), request(B, "POST", 500));
    let log: Vec<String> = a.iter().zip(&b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
    let (done, assembler) = assemble(&log.join("\n"));
    assert_eq!(done.len(), 2);
    check(&done[0], A, "GET", 200);
    check(&done[1], B, "POST", 500);
    assert_eq!(assembler.counts().late, 0);
}

#[test]
fn newest_first_gives_the_same_exchange() {
    let mut log = request(A, "GET", 200);
    log.reverse();
    let (done, _) = assemble(&log.join("\n"));
    assert_eq!(done.len(), 1);
    check(&done[0], A, "GET", 200);
}

#[test]
fn a_line_that_comes_too_late_is_counted_and_makes_no_ghost() {
    let mut log = request(A, "GET", 200);
    log.push(format!("({A}) Method response headers: {{A=b}}"));
    let (done, assembler) = assemble(&log.join("\n"));
    assert_eq!(done.len(), 1);
    assert_eq!(assembler.counts().late, 1);
}

#[test]
fn a_refusal_without_a_status_line_ends_with_its_trace_id() {
    let log = format!(
        "({A}) Extended Request Id: AbCdEfGhIjKlMno=\n\
         ({A}) Starting authorizer: abc123 for request: {A}\n\
         ({A}) Unauthorized request: {A}\n\
         ({A}) X-ray Tracing ID : Root=1-5f0e0f0e-0123456789abcdef01234567"
    );
    let (done, _) = assemble(&log);
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].failure, Some(Failure::AuthorizerDenied));
    assert_eq!(done[0].answered_by, Fact::Seen(AnsweredBy::Gateway));
    assert_eq!(done[0].status, Fact::Unseen);
}

#[test]
fn the_authorizers_endpoint_lines_are_not_the_integrations() {
    let mut log = request(A, "GET", 200);
    let authorizer = [
        format!("({A}) Starting authorizer: abc123 for request: {A}"),
        format!(
            "({A}) Endpoint request URI: https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:auth/invocations"
        ),
        format!(
            "({A}) Endpoint response headers: {{x-amzn-RequestId={B}, X-Amz-Function-Error=Unhandled}}"
        ),
        format!("({A}) Successfully completed authorizer execution"),
    ];
    log.splice(1..1, authorizer);
    let (done, _) = assemble(&log.join("\n"));
    check(&done[0], A, "GET", 200);
    assert_eq!(done[0].failure, None);
    assert_eq!(done[0].text(Text::EndpointUri), None);
}

#[test]
fn lines_without_ids_belong_to_the_request_that_is_going_on() {
    let bare = |id: &str, method: &str, status| {
        request(id, method, status).iter().map(|l| l[39..].to_owned()).collect::<Vec<_>>()
    };
    let log = [bare(A, "GET", 200), bare(B, "POST", 500)].concat().join("\n");
    let (mut done, _) = assemble(&log);
    assert_eq!(done.len(), 2);
    done.sort_by_key(|exchange| exchange.request_id);
    check(&done[0], A, "GET", 200);
    check(&done[1], B, "POST", 500);
}

#[test]
fn test_calls_share_their_literal_id_and_stay_apart() {
    let call = "Execution log for request test-request\n\
        Starting execution for request: test-invoke-request\n\
        HTTP Method: GET, Resource Path: /a\n\
        Execution failed due to configuration error: Invalid permissions on Lambda function\n\
        Method completed with status: 500";
    let (done, _) = assemble(&format!("{call}\n{call}"));
    assert_eq!(done.len(), 2);
    for exchange in done {
        assert_eq!(exchange.request_id.unwrap().as_str(), "test-request");
        assert_eq!(exchange.surface, Surface::TestInvoke);
        assert_eq!(exchange.failure, Some(Failure::InvokePermission));
    }
}

#[test]
fn a_service_error_reported_as_malformed_is_no_malformed_response() {
    let log = format!(
        "({A}) Endpoint response body before transformations: {{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\"Type\":\"User\",\"message\":\"Rate Exceeded.\"}}\n\
         ({A}) Execution failed due to configuration error: Malformed Lambda proxy response\n\
         ({A}) Method completed with status: 502"
    );
    let (done, _) = assemble(&log);
    assert_eq!(done[0].failure, Some(Failure::FunctionThrottled));
}

#[test]
fn the_gateway_answered_what_no_integration_did() {
    let failed = [
        ("Execution failed due to a timeout error", 504, Failure::IntegrationTimeout),
        (
            "Execution failed due to configuration error: Rate Exceeded.",
            500,
            Failure::FunctionThrottled,
        ),
        (
            "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: x",
            502,
            Failure::FunctionError,
        ),
        (
            "Lambda execution failed with status 200 due to customer function error: 2026-11-22T10:00:00.000Z x Task timed out after 3.00 seconds. Lambda request id: x",
            502,
            Failure::FunctionTimeout,
        ),
        (
            "Execution failed due to configuration error: Unable to parse statusCode. It should be an integer that is defined in the request template.",
            500,
            Failure::MockStatusCode,
        ),
    ];
    for (line, status, failure) in failed {
        let log = format!("({A}) {line}\n({A}) Method completed with status: {status}");
        let (done, _) = assemble(&log);
        assert_eq!(done.len(), 1, "{line}");
        assert_eq!(done[0].failure, Some(failure), "{line}");
        assert_eq!(done[0].answered_by, Fact::Seen(AnsweredBy::Gateway), "{line}");
    }
}

#[test]
fn the_functions_own_log_finds_its_request_in_any_order() {
    let gateway = format!(
        "g | ({A}) Verifying Usage Plan for request: {A}. API Key:  API Stage: a1b2c3d4e5/prod\n\
         g | ({A}) HTTP Method: GET, Resource Path: /v1/items/7\n\
         g | ({A}) Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: {RUN}\n\
         g | ({A}) Method completed with status: 502"
    );
    let lambda = format!(
        "l | START RequestId: {RUN} Version: $LATEST\n\
         l | 2026-11-22T10:00:00.000Z\t{RUN}\tERROR\tInvoke Error \t{{\"errorType\":\"Error\",\"errorMessage\":\"boom\",\"stack\":[]}}\n\
         l | END RequestId: {RUN}\n\
         l | REPORT RequestId: {RUN}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB"
    );
    for log in [format!("{lambda}\n{gateway}"), format!("{gateway}\n{lambda}")] {
        let (done, _) = assemble(&log);
        // The completed gateway exchange was released here; the run is reported with it or alone.
        assert!(done.iter().any(|e| e.failure == Some(Failure::FunctionError)));
        assert!(done.iter().all(|e| e.lambda_request_id.unwrap().as_str() == RUN));
    }
}

#[test]
fn what_the_console_shows_above_the_log_of_a_test_is_of_the_test() {
    let page = |status: u16, log: &str| {
        format!(
            "/a - GET method test results\nRequest\n/a?b=c\nLatency ms\n41\nStatus\n{status}\nResponse body\n{{\"message\": \"Internal server error\"}}\nResponse headers\n{{\n  \"x-amzn-ErrorType\": \"InternalServerErrorException\"\n}}\nLogs\n{log}"
        )
    };
    let line = |text: &str| format!("Tue Nov 21 19:43:56 UTC 2023 : {text}\n");
    let heading = "Execution log for request e542f871-6bfe-49aa-a4ca-3c390284751b\n";
    let cut = format!("{heading}{}", line("HTTP Method: GET, Resource Path: /a"));
    let whole = format!("{cut}{}", line("Method completed with status: 502"));
    for (text, statuses) in [
        (page(500, ""), vec![500]),
        (page(500, &cut), vec![500]),
        (page(502, &whole), vec![502]),
        (page(502, &whole) + &page(500, &cut.replace("e542", "f542")), vec![502, 500]),
    ] {
        let run = run::text(&RuleSet::builtin(), text.as_bytes());
        let told: Vec<_> = run
            .judged
            .iter()
            .map(|(exchange, ..)| {
                (
                    exchange.status,
                    exchange.text(Text::Path).map(std::borrow::Cow::into_owned),
                    exchange.answered_by,
                )
            })
            .collect();
        let by_gateway = Fact::Seen(AnsweredBy::Gateway);
        let want: Vec<_> = statuses
            .iter()
            .map(|status| (Fact::Seen(*status), Some("/a".to_owned()), by_gateway))
            .collect();
        assert_eq!(told, want, "{text}");
        assert_eq!(run.report.ledger.unrecognized, 0, "{text}");
    }
}
