//! Lambda lines of every runtime, by what they must be read as.
//!
//! Must not: hold a line of a real log.

use proptest::prelude::*;

use super::*;
use crate::model::ReportStatus;

mod failures;

const ID: &str = "5e2f6d3a-0000-4000-8000-000000000001";
const EVENT: &str = r#"{"resource":"/pets","path":"/pets","httpMethod":"GET","headers":{"Origin":"https://shop.example"},"requestContext":{"resourcePath":"/pets","requestId":"aaaaaaaa-0000-4000-8000-000000000002","stage":"prod"}}"#;
const RESPONSE: &str =
    r#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*"},"body":"{\"a\":1}"}"#;

/// What a line is, in short.
fn summary(record: &Record<'_>) -> String {
    let Entry::Lambda(_, line) = &record.entry else { panic!("not a Lambda line") };
    match line {
        LambdaLine::InitStart => "init-start".to_owned(),
        LambdaLine::Start { trace } => format!("start{}", traced(*trace)),
        LambdaLine::End => "end".to_owned(),
        LambdaLine::Report { status, error, trace } => {
            let kind = error.map(|kind| format!(" {}", String::from_utf8_lossy(kind)));
            format!("report {status:?}{}{}", kind.unwrap_or_default(), traced(*trace))
        }
        LambdaLine::Timeout(seconds) => format!("timeout {}", String::from_utf8_lossy(seconds)),
        LambdaLine::Crash { out_of_memory: true, .. } => "out-of-memory".to_owned(),
        LambdaLine::Crash { out_of_memory: false, .. } => "crash".to_owned(),
        LambdaLine::Unhandled(message) => format!("unhandled {message}"),
        LambdaLine::LoggedError(message) => format!("logged {message}"),
        LambdaLine::InitError(message) => format!("init-error {message}"),
        LambdaLine::Application { event, response } => {
            let event = if event.is_some() { " event" } else { "" };
            let response = if response.is_some() { " response" } else { "" };
            format!("application{event}{response}")
        }
        LambdaLine::UnknownError { message, is_of_loading: true } => {
            format!("not-loaded {message}")
        }
        LambdaLine::UnknownError { message, is_of_loading: false } => format!("unknown {message}"),
        LambdaLine::InitTimeout => "init-timeout".to_owned(),
        LambdaLine::Platform => "platform".to_owned(),
    }
}

fn traced(trace: Option<&[u8]>) -> String {
    trace.map(|trace| format!(" trace {}", String::from_utf8_lossy(trace))).unwrap_or_default()
}

/// `<id>` stands for the request id; a line without it must carry none.
#[track_caller]
fn check(line: &str, want: &str) {
    let text = line.replace("<id>", ID);
    let record = parse(text.as_bytes()).unwrap_or_else(|| panic!("not recognized: {text}"));
    assert_eq!(summary(&record), want, "{text}");
    let Entry::Lambda(id, _) = &record.entry else { panic!("not a Lambda line") };
    let id = id.map(|id| id.to_string());
    assert_eq!(id.as_deref(), line.contains("<id>").then_some(ID), "{text}");
}

#[track_caller]
fn check_none(line: &str) {
    if let Some(record) = parse(line.as_bytes()) {
        panic!("{}: {line}", summary(&record));
    }
}

#[test]
fn every_shape_is_recognized_by_its_example() {
    for shape in platform::SHAPES {
        assert!(shape.example.as_bytes().starts_with(shape.begins));
        assert_eq!(find_shape(platform::SHAPES, shape.example.as_bytes()), Some(shape.meaning));
        assert!(parse(shape.example.as_bytes()).is_some(), "{}", shape.example);
        assert!(!shape.seen.is_empty());
    }
    for shape in json::SHAPES {
        assert!(shape.example.contains(std::str::from_utf8(shape.begins).expect("ASCII")));
        let record = parse(shape.example.as_bytes()).expect(shape.example);
        assert!(!summary(&record).starts_with("application"), "{}", shape.example);
        assert!(!shape.seen.is_empty());
    }
    for shape in failure::BARE_SHAPES {
        let record = parse(shape.example.as_bytes()).expect(shape.example);
        let got = summary(&record);
        assert!(got.starts_with("unhandled ") || got.starts_with("init-error "), "{got}");
        assert!(!shape.seen.is_empty());
    }
    for shape in failure::NODE_SHAPES {
        let line = format!("2026-11-22T10:00:00.000Z\t{ID}\tERROR\t{}", shape.example);
        let record = parse(line.as_bytes()).expect(shape.example);
        assert!(summary(&record).starts_with("unhandled "), "{line}");
        assert!(!shape.seen.is_empty());
    }
}

#[test]
fn platform_lines_in_text() {
    check("START RequestId: <id> Version: $LATEST", "start");
    check("START RequestId: <id>\\n", "start");
    check("END RequestId: <id>\n", "end");
    check("REPORT RequestId: <id>\tDuration: 1 ms\tBilled Duration: 1 ms \t", "report Unsaid");
    check("REPORT RequestId: <id>    Duration: 3000.00 ms    Status: timeout", "report Timeout");
    check(
        "REPORT RequestId: <id>\tDuration: 3 ms\tStatus: error\tError Type: Runtime.ExitError",
        "report Exit Runtime.ExitError",
    );
    check(
        "REPORT RequestId: <id>\tDuration: 3 ms\tStatus: error\tError Type: Runtime.InvalidEntrypoint",
        "report NotLoaded Runtime.InvalidEntrypoint",
    );
    check(
        "REPORT RequestId: <id>\tDuration: 3 ms\tStatus: error\tError Type: Runtime.OutOfMemory",
        "report OutOfMemory Runtime.OutOfMemory",
    );
    check(
        "REPORT RequestId: <id>\tDuration: 3 ms\tStatus: error\tError Type: Runtime.Unknown",
        "report Failure Runtime.Unknown",
    );
    check(
        "INIT_REPORT Init Duration: 206 ms\tPhase: init\tStatus: error\tError Type: Runtime.OutOfMemory",
        "out-of-memory",
    );
    check(
        "REPORT RequestId: <id>\tDuration: 3 ms\t\nXRAY TraceId: 1-5d9d007f-0a8c7fd0200000000000000a\tSegmentId: 3d75\tSampled: true\t",
        "report Unsaid trace 1-5d9d007f-0a8c7fd0200000000000000a",
    );
    check("INIT_REPORT Init Duration: 9999.11 ms\tPhase: init\tStatus: timeout", "init-timeout");
    check(
        "INIT_REPORT Init Duration: 206 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError",
        "init-error Runtime.ExitError",
    );
    check("RESTORE_REPORT Restore Duration: 341.22 ms", "platform");
}

#[test]
fn bad_ends() {
    check("2026-11-22T10:00:03.000Z <id> Task timed out after 3.00 seconds\n\n", "timeout 3.00");
    check("RequestId: <id> Error: Task timed out after 1.00 seconds", "timeout 1.00");
    check(
        "RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        "out-of-memory",
    );
    check("RequestId: <id> Error: Runtime exited with error: exit status 1", "crash");
    check("RequestId: <id> Error: Runtime exited without providing a reason", "crash");
    check("RequestId: <id> Process exited before completing request\n", "crash");
    check(
        "RequestId: <id> Error: fork/exec /var/task/bootstrap: no such file or directory\nRuntime.InvalidEntrypoint",
        "init-error Runtime.InvalidEntrypoint: fork/exec /var/task/bootstrap: no such file or directory",
    );
    check(
        "RequestId: <id> Error: exit code 0\nExtension.InitError\n",
        "init-error Extension.InitError: exit code 0",
    );
    check(
        "RequestId: <id> Error: signal: terminated Extension.Crash",
        "init-error signal: terminated Extension.Crash",
    );
    check(
        "RequestId: <id> Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\nRuntime.ExitError",
        "init-error Runtime.ExitError: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    );
    check("RequestId: <id> Error: no /opt/My.Extension.dll", "crash");
    let unknown = "Unknown application error occurred";
    check(
        &format!("{unknown}\nInit<LoadError>\n"),
        &format!("not-loaded Init<LoadError>: {unknown}"),
    );
    check(&format!("{unknown}\nFunction<E>\n"), &format!("unknown Function<E>: {unknown}"));
    check(unknown, &format!("unknown {unknown}"));
    check("2026-11-22T10:00:03.000Z\t<id>\tINFO\tTask timed out after 3.00 seconds", "application");
}

#[test]
fn platform_events_in_json() {
    check(
        r#"{"time":"t","type":"platform.start","record":{"requestId":"<id>","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-68183818-4eab;Parent=03c3;Sampled=1"}}}"#,
        "start trace 1-68183818-4eab",
    );
    check(
        r#"{"type":"platform.runtimeDone","record":{"requestId":"<id>","status":"failure","errorType":"Runtime.OutOfMemory"}}"#,
        "out-of-memory",
    );
    check(
        r#"{"type":"platform.runtimeDone","record":{"requestId":"<id>","status":"error","errorType":"KeyError"}}"#,
        "unhandled KeyError",
    );
    for (word, want) in [
        ("success", "end"),
        ("timeout", "report Timeout"),
        ("error", "report Failure"),
        ("failure", "report Failure"),
    ] {
        check(
            &format!(
                r#"{{"type":"platform.runtimeDone","record":{{"requestId":"<id>","status":"{word}"}}}}"#
            ),
            want,
        );
    }
    for (word, want) in [
        ("success", "Success"),
        ("timeout", "Timeout"),
        ("error", "Failure"),
        ("failure", "Failure"),
    ] {
        check(
            &format!(
                r#"{{"type":"platform.report","record":{{"requestId":"<id>","status":"{word}"}}}}"#
            ),
            &format!("report {want}"),
        );
    }
    check(
        r#"{"type":"platform.report","record":{"requestId":"<id>","status":"error","errorType":"Runtime.ImportModuleError"}}"#,
        "report NotLoaded Runtime.ImportModuleError",
    );
    check(
        r#"{"type":"platform.report","record":{"requestId":"<id>","status":"error","errorType":"KeyError"}}"#,
        "report Failure KeyError",
    );
    check(
        r#"{"type":"platform.runtimeDone","record":{"requestId":"<id>","status":"error","errorType":"Runtime.ImportModuleError"}}"#,
        "init-error Runtime.ImportModuleError",
    );
    check(
        r#"{"type":"platform.fault","record":"RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError"}"#,
        "out-of-memory",
    );
    check(
        r#"{"type":"platform.initReport","record":{"phase":"init","status":"error","errorType":"Runtime.ExitError"}}"#,
        "init-error Runtime.ExitError",
    );
    check(r#"{"type":"platform.logsDropped","record":{"reason":"x"}}"#, "platform");
}

#[test]
fn application_lines_carry_ids_in_many_ways() {
    for line in [
        "2026-11-22T10:00:00.000Z\t<id>\tINFO\thello",
        "2026-11-22T10:00:00.000Z    <id>    INFO    hello",
        "2026-11-22T10:00:00.00Z\t<id>\thello",
        "2026-11-22T10:00:00.000Z\tundefined\tINFO\tloading",
        "2026-11-22T10:00:00.000Z\t-\tINFO\thello",
        "2026-11-22T10:00:00.000Z\t<id>\tINFO\t",
        "[INFO]\t2026-11-22T10:00:00.000Z\t<id>\thello",
        "[WARNING]\t2026-11-22T10:00:00.000Z\t\thello",
        "[ERROR]\t2026-11-22T10:00:00.000Z\t<id>\tmy error\nTraceback (most recent call last):\n",
        "2026-11-22 10:00:00 <id> INFO  App:12 - hello",
        "2026-11-22T10:00:00.000Z\t<id>\tERROR\tcould not load: Invoke Error",
        "2026-11-22T10:00:00.000Z\t<id>\tinfo\thello",
        r#"{"timestamp":"t","level":"INFO","requestId":"<id>","message":"hello"}"#,
        r#"{"timestamp":"t","message":"hello","level":"UNDEFINED","AWSRequestId":"<id>"}"#,
        r#"{"level":"INFO","location":"f:1","message":"m","service":"s","function_request_id":"<id>"}"#,
        "{\n  \"_aws\": {\n    \"Timestamp\": 1\n  },\n  \"function_request_id\": \"<id>\"\n}",
    ] {
        check(line, "application");
    }
}

#[test]
fn events_and_responses_stand_anywhere() {
    let id = "2026-11-22T10:00:00.000Z\t<id>\tINFO\t";
    for line in [
        format!("{id}{EVENT}"),
        format!("{id}Incoming event: {EVENT}"),
        format!("{id}{{\"token\":1,\"event\":{EVENT}}}"),
        format!(r#"{{"level":"INFO","requestId":"<id>","message":{EVENT}}}"#),
        format!(r#"{{"level":"INFO","requestId":"<id>","message":{}}}"#, quoted(EVENT)),
        format!(
            r#"{{"level":"INFO","requestId":"<id>","message":{}}}"#,
            quoted(&format!("Event: {EVENT}"))
        ),
    ] {
        check(&line, "application event");
    }
    for line in [
        format!("{id}{RESPONSE}"),
        format!("{id}{{\"result\":{RESPONSE}}}"),
        format!(r#"{{"level":"INFO","requestId":"<id>","message":{}}}"#, quoted(RESPONSE)),
        format!("{id}returning: {{\"statusCode\": 204}}").replace("returning", "return value"),
        format!("{id}{{\r  statusCode: 200,\r  headers: [Object],\r  body: '{{}}'\r}}"),
        format!(r#"{id}{{"headers":{{"access-control-allow-origin":"*"}},"body":"[]"}}"#),
        "2026-11-22T10:00:00.00Z\t<id>\t{'body': '{\"message\": \"e\"}', 'Cache-Control': 'x', 'ok': None, 'statusCode': 405}".to_owned(),
    ] {
        check(&line, "application response");
    }
    check(
        &format!("{id}{{\"event\":{EVENT},\"response\":{RESPONSE}}}"),
        "application event response",
    );
    check(&format!("10:00:00.000 [main] INFO  shop.App - {EVENT}"), "application event");
    check(&format!("Incoming event: {EVENT}"), "application event");
    check(&format!("{{\"invocation_id\":\"<id>\",\"event\":{EVENT}}}"), "application event");
}

#[test]
fn a_function_url_event_tells_the_id() {
    let event = r#"{"version":"2.0","rawPath":"/","headers":{},"requestContext":{"http":{"method":"GET"},"domainName":"x.lambda-url.eu-west-1.on.aws","requestId":"<id>"}}"#;
    check(&format!("event {event}"), "application event");
}

#[test]
fn the_applications_own_json_is_no_response() {
    let id = "2026-11-22T10:00:00.000Z\t<id>\tINFO\t";
    for json in [
        r#"Response: {"message":"hello","statusCodes":[1]}"#,
        r#"{"statusCode":200}"#,
        r#"{"statusCode":200,"body":"x","request":{"uri":"https://api.example"}}"#,
        r#"{"method":"GET","url":"/x","statusCode":200,"headers":{}}"#,
        r#"{"message":"bad","code":"E","statusCode":400,"retryable":false}"#,
        "{ status: 422, headers: { a: 'b' }, statusCodeText: 'x' }",
        "{ statusCode: [Function: statusCode], ",
        r#"{"headers":{"Access-Control-Allow-Origin":"*"},"body":"x","status":200}"#,
        r#"{"headers":{"accept":"*/*"},"body":"x"}"#,
    ] {
        check(&format!("{id}{json}"), "application");
    }
}

#[test]
fn lines_without_a_mark_of_lambda_are_none() {
    for line in [
        "",
        " ",
        "hello",
        "{\"a\": 1}",
        "Picked up JAVA_TOOL_OPTIONS: -XX:+TieredCompilation",
        "2026/11/22 10:00:00 hello",
        "2026-11-22T10:00:00.000Z hello",
        "2026-11-22 10:00:00,000 - INFO - hello",
        "2026-11-22T10:00:00.000Z - ERROR - could not save",
        "2026-11-22T10:00:00.000Z\t-\thello",
        "[INFO] hello",
        "[ERROR] could not save: x",
        "5e2f6d3a-0000-4000-8000-000000000001 GET /x 401 26",
        "5e2f6d3a-0000-4000-8000-000000000001\tInvoke Error was caught",
        "Traceback (most recent call last):",
        "{ status: 200, key: 'value' }",
    ] {
        check_none(line);
    }
}

#[test]
fn lines_of_the_gateway_are_none() {
    for line in [
        format!("({ID}) Endpoint response body before transformations: {RESPONSE}"),
        format!("(A1b2C3d4oAMFabc=) Endpoint request body after transformations: {EVENT}"),
        format!("Endpoint response body before transformations: {RESPONSE}"),
        format!(
            "exec.log:2026-11-22T10:00:00.000Z ({ID}) Endpoint response body before transformations: {RESPONSE}"
        ),
        format!("gw[1]: ({ID}) Endpoint request body after transformations: {EVENT}"),
        format!(
            r#"{{"date":1,"log":{}}}"#,
            quoted(&format!("({ID}) Endpoint response body before transformations: {RESPONSE}"))
        ),
        format!(
            "Sun Nov 22 10:00:00 UTC 2026 : Endpoint response body before transformations: {RESPONSE}"
        ),
        format!(
            r#"{{"requestId":"{ID}","status":"200","httpMethod":"GET","resourcePath":"/pets"}}"#
        ),
    ] {
        check_none(&line);
    }
}

#[test]
fn a_truncated_line_says_so() {
    let line = format!("2026-11-22T10:00:00.000Z\t{ID}\tINFO\thello [TRUNCATED]");
    assert!(parse(line.as_bytes()).expect("a line").truncated);
}

#[test]
fn reports_say_how_the_run_ended() {
    let line = format!("REPORT RequestId: {ID}\tStatus: timeout");
    let Some(Entry::Lambda(_, LambdaLine::Report { status, .. })) =
        parse(line.as_bytes()).map(|record| record.entry)
    else {
        panic!("no report")
    };
    assert_eq!(status, ReportStatus::Timeout);
}

#[test]
fn no_cut_makes_it_panic() {
    let lines = [
        format!(
            "2026-11-22T10:00:00.000Z\t{ID}\tINFO\t{{\"event\":{EVENT},\"response\":{RESPONSE}}}"
        ),
        format!(r#"{{"level":"INFO","requestId":"{ID}","message":{}}}"#, quoted(EVENT)),
        format!(
            r#"{{"type":"platform.report","record":{{"requestId":"{ID}","status":"timeout"}}}}"#
        ),
        format!("LAMBDA_WARNING: x\r[ERROR] KeyError: 'a'\nTraceback {RESPONSE}"),
    ];
    for line in &lines {
        for end in 0..line.len() {
            let _ = parse(&line.as_bytes()[..end]);
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&text);
    }

    #[test]
    fn nothing_that_resembles_a_line_makes_it_panic(
        text in r#"(START RequestId: |RequestId: |\[ERROR\] |2026-11-22T10:00:00Z\t|\{"type":"platform\.|INIT_REPORT |LAMBDA_WARNING: )[a-z{}\[\]:",'\\ \t\n.-]{0,40}(statusCode)?[{}":,a0]{0,20}"#,
    ) {
        let _ = parse(text.as_bytes());
    }
}
