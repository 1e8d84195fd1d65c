//! Rows copied from the console, and what `aws logs tail` printed, are told alike whether the line behind
//! them is seen or not.

use super::{ID, STREAM, messages, seen};
use crate::chunks::Random;

/// Messages that end a row, go on, or stand where one is expected; `ID` is an id in parentheses.
const MESSAGES: [&str; 13] = [
    "ID HTTP Method: GET, Resource Path: /orders",
    "ID Method request headers: {Host=a.example, Origin=https://b.example}",
    "ID Method response headers: {Content-Type=text/plain}  ",
    "ID Method completed with status: 200",
    "ID Method completed with status: 200\tID Method request path: {}",
    "ID Endpoint response body before transformations: {\"a\":1}\n{\n  \"a\": 1\n}",
    "ID Endpoint response body before transformations: a\tb",
    "(nobody) 2026-11-22T10:00:00.000Z ID Method request path: {}",
    "(nobody) knows",
    "ID",
    "",
    "{\"level\":\"info\"}",
    "2026-11-22T10:00:00.000Z",
];

#[test]
fn a_row_is_the_same_whether_the_next_one_is_seen() {
    let mut random = Random(7);
    for ends in ["\n", "\r\n"] {
        let rows = (0..500).map(|number| {
            let message = MESSAGES[random.below(MESSAGES.len())].replace("ID", &format!("({ID})"));
            let zone = ["Z", "Z", "Z", "Z ", "+00:00"][random.below(5)];
            let (minute, second) = (number / 60, number % 60);
            format!("2026-11-22T10:{minute:02}:{second:02}.007{zone}\n{message}\n")
        });
        let text: String = rows.collect();
        let told = seen(text.replace('\n', ends).as_bytes());
        assert!(told.events.len() > 300, "{}", told.events.len());
        assert!(told.events.iter().any(|event| event.message.contains('\t')));
    }
}

#[test]
fn a_line_of_a_tail_is_the_same_whether_the_next_one_is_seen() {
    const STREAMS: [&str; 6] = [
        "611e90351b93973d8fa5e163391d0111",
        "611e90351b93973d8fa5e163391d0111",
        "611e90351b93973d8fa5e163391d0112",
        STREAM,
        ID,
        "undefined",
    ];
    let mut random = Random(11);
    for ends in ["\n", "\r\n"] {
        let mut stream = STREAMS[0];
        let lines = (0..700).map(|number| {
            let message = MESSAGES[random.below(MESSAGES.len())].replace("ID", &format!("({ID})"));
            if random.below(4) == 0 {
                stream = STREAMS[random.below(STREAMS.len())];
            }
            let zones = [".007000+00:00", ".007000+00:00", "+00:00", ".007000+02:00", ".007Z"];
            let zone = zones[[0, 0, 0, 0, random.below(5)][random.below(5)]];
            let (minute, second) = (number / 60, number % 60);
            format!("2026-11-22T10:{minute:02}:{second:02}{zone} {stream} {message}\n")
        });
        let text: String = lines.collect();
        let told = seen(text.replace('\n', ends).as_bytes());
        let of_stream = |name: &str| {
            told.events.iter().filter(|event| event.stream.as_deref() == Some(name)).count()
        };
        assert!(of_stream(STREAMS[0]) > 100 && of_stream(STREAMS[2]) > 20);
        assert_eq!(of_stream(ID) + of_stream("undefined"), 0);
    }
}

#[test]
fn text_behind_the_last_line_is_no_part_of_it() {
    let stamp = "2026-11-22T10:00:00.000Z";
    let failed =
        format!("({ID}) Execution failed due to configuration error: Unable to transform request");
    let error = format!("RequestId: {ID} Error: exit code 0 Extension.Crash");
    let access = r#"{"requestId":"x","status":"500"}"#;
    for line in [&*failed, &error, access] {
        for text in ["Invalid permissions on Lambda function, I think", "{\"a\": 1}", "$ curl x"] {
            let log = format!("{stamp} {line}\n\n{text}\n");
            assert_eq!(messages(log.as_bytes()), [line, text], "{log}");
        }
    }
    // A body has empty lines of its own, and so have what others say in other lines and objects.
    for event in [
        format!(
            "({ID}) Endpoint response body before transformations: \"GET / HTTP/1.1\" 2\n\n</p>"
        ),
        format!("({ID}) Method request path: {{a=b\n\nMethod completed with status: 504}}"),
        format!(
            "({ID}) Lambda execution failed with status 200 due to customer function error: a. Lambda request id: 1\n\nMethod completed with status: 504. Lambda request id: {ID}"
        ),
        "{\"msg\":\"fetched\"}\n\nRuntime.ImportModuleError: a page".to_owned(),
    ] {
        assert_eq!(messages(format!("{stamp} {event}\n").as_bytes()), [event]);
    }
}

#[test]
fn the_log_of_the_function_may_follow_that_of_the_gateway() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    let error = "[ERROR] KeyError: 'a'";
    let end = format!("END RequestId: {ID}");
    for (stamp, before) in [
        ("2026-11-22T10:00:00.000Z ", format!("({ID}) ")),
        ("Sun Nov 22 10:00:00 UTC 2026 : ", String::new()),
    ] {
        let status = format!("{before}Method completed with status: 502");
        let log = format!("{stamp}{status}\n{start}\n{error}\n{end}\n");
        assert_eq!(messages(log.as_bytes()), [&*status, &start, error, &end], "{log}");
    }
}

#[test]
fn a_level_in_brackets_behind_json_is_no_list() {
    for text in ["[ERROR] KeyError: 'a'", "[INFO] hello", "[/aws/lambda/a] hello", "[17] hello"] {
        let log = format!("{{\"message\": \"Internal server error\"}}\n{text}\nhello\n");
        let told = seen(log.as_bytes());
        assert_eq!(told.problems, Vec::<String>::new(), "{log}");
        assert_eq!(told.events.len(), 3, "{log}");
    }
    let list = "{\"a\": 1}\n[{\"timestamp\": 1, \"message\": \"x\"}]\n";
    assert_eq!(messages(list.as_bytes()), ["{\"a\": 1}", "x"]);
}
