//! Times that applications print are told from the stamps of containers: no line is lost behind one, and
//! no message of a container is torn.
//!
//! Must not: contain logs of others; all fixtures are ours.

use super::{ID, STREAM, lines, messages};
use crate::chunks::Random;

/// Messages of a function's log as the message column has them, each an event. `ID` is a request id.
const MESSAGES: [&str; 14] = [
    "START RequestId: ID Version: $LATEST",
    "END RequestId: ID",
    "REPORT RequestId: ID\tDuration: 3.80 ms\tBilled Duration: 4 ms\tStatus: timeout",
    "REPORT RequestId: ID\tDuration: 3.80 ms\nXRAY TraceId: 1-5\tSampled: true",
    "INIT_START Runtime Version: go:1.v2\tRuntime Version ARN: arn:x",
    "INIT_REPORT Init Duration: 10.01 ms\tPhase: init\tStatus: timeout",
    "RequestId: ID Error: Runtime exited with error: exit status 2\nRuntime.ExitError",
    "2026-11-22T10:00:03.000Z ID Task timed out after 3.00 seconds",
    "2026-11-22T10:00:03.000Z\tID\tERROR\tInvoke Error \t{\"errorType\":\"Error\"}",
    "2026-11-22T10:00:03.000Z        ID    INFO    cart is empty",
    "[ERROR]\t2026-11-22T10:00:03.000Z\tID\tno cart",
    "panic: runtime error: index out of range [1] with length 0",
    "thread 'main' panicked at src/cart.rs:3:9",
    "{\"level\":\"info\",\"msg\":\"cart\"}",
];

/// What applications print with a time in front.
const PRINTED: [&str; 8] = [
    "2026-11-22T10:00:00.091Z INFO  [cart] opened",
    "2026-11-22T10:00:00.091123Z  INFO cart: opened",
    "2026-11-22T10:00:00.091Z\tinfo\tmain.go:20\tcart opened",
    "2026-11-22T10:00:00.091Z 3f1c0a2e opened",
    "2026-11-22T10:00:00.091Z <guid> Task timed out after 3.00 seconds",
    "2026-11-22T10:00:00Z main.go:20: opened",
    "2026-11-22T10:00:00.091000+00:00 worker1 opened",
    "2026-11-22T10:00:00 (cart) opened",
];

fn some(random: &mut Random, of: &[&str]) -> String {
    of[random.below(of.len())].replace("ID", ID)
}

#[test]
fn no_line_is_lost_behind_a_time_that_an_application_printed() {
    let mut random = Random(3);
    for round in 0..120 {
        let count = 1 + random.below(12);
        let mut all: Vec<String> = (0..count)
            .map(|_| match random.below(3) {
                0 => some(&mut random, &PRINTED),
                _ => some(&mut random, &MESSAGES),
            })
            .collect();
        // One line tells that this is no container.
        all.insert(random.below(all.len() + 1), some(&mut random, &MESSAGES[..11]));
        let told = messages(all.join(["\n", "\n\n"][random.below(2)]).as_bytes());
        assert_eq!(told, all, "round {round}");
    }
}

/// Messages that a container may have, some of more than one line.
const OF_CONTAINERS: [&str; 12] = [
    "START RequestId: ID Version: $LATEST",
    "END RequestId: ID",
    "REPORT RequestId: ID\tDuration: 3.80 ms\nXRAY TraceId: 1-5\tSampled: true",
    "RequestId: ID Error: Runtime exited with error: exit status 2\nRuntime.ExitError",
    "2026-11-22T10:00:03.000Z ID Task timed out after 3.00 seconds",
    "2026-11-22T10:00:03.000Z\tID\tINFO\tcart\nis\n\nempty",
    "2026-11-22T10:00:03.000Z\tID\tINFO\tthe other said:\nSTART RequestId: ID\nlines\nEND RequestId: ID\nREPORT RequestId: ID",
    "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File \"a.py\"",
    "cart\n[INFO] opened\nMethod completed with status: 200",
    "{\n\"level\": \"info\"\n}",
    "(ID) Method response body after transformations: a\nb",
    "main.go:20: opened",
];

#[test]
fn a_message_of_a_container_stays_whole() {
    let mut random = Random(5);
    for round in 0..120 {
        let container = random.below(5);
        let count = 1 + random.below(12);
        let mut all: Vec<String> = (0..count).map(|_| some(&mut random, &OF_CONTAINERS)).collect();
        // What the first line of the platform says holds for the lines before it, too.
        let at = all.iter().position(|message| message.contains("said:")).unwrap_or(all.len());
        all.insert(random.below(at + 1), some(&mut random, &OF_CONTAINERS[..6]));
        let text: String = all
            .iter()
            .enumerate()
            .map(|(second, message)| {
                let second = format!("2026-11-22T10:00:{second:02}");
                match container {
                    0 => format!("{second}.120Z {message}\n"),
                    1 => format!("{second}.120000+00:00 {STREAM} {message}\n"),
                    2 => format!("{STREAM} {second}.120000 {message}\n"),
                    3 => format!("{second}.120Z\t{message}\n"),
                    _ => format!("{second}.120Z\n{message}\n"),
                }
            })
            .collect();
        assert_eq!(messages(text.as_bytes()), all, "round {round}, container {container}");
    }
}

#[test]
fn a_log_behind_another_one_is_read() {
    let function = ["START RequestId: ID Version: $LATEST", "cart", "END RequestId: ID"];
    let unmarked = function.map(|message| message.replace("ID", ID));
    let stamped = |message: &String| format!("2026-11-22T10:00:00.120Z {message}");
    let printed = stamped(&"cart\nis empty".to_owned());
    let (plain, marked) = (unmarked.join("\n"), unmarked.each_ref().map(stamped).join("\n"));
    let twice = [unmarked.clone(), unmarked.clone()].concat();
    assert_eq!(messages(format!("{plain}\n{marked}").as_bytes()), twice);
    assert_eq!(messages(format!("{marked}\n{plain}").as_bytes()), twice);
    assert_eq!(messages(format!("{marked}\n\n{plain}").as_bytes()), twice);
    let behind =
        |between: &str| messages(format!("{marked}\n{printed}{between}{plain}").as_bytes());
    assert_eq!(behind("\n\n").len(), 7);
    assert_eq!(behind("\n```\n").len(), 7);
    // A container's message may hold a log.
    assert_eq!(behind("\n").len(), 4);
}

#[test]
fn a_container_may_have_a_message_that_begins_with_an_id() {
    let all = [
        format!("START RequestId: {ID} Version: 3"),
        format!("{ID}\tInvoke Error\t{{\"errorType\":\"Exception\"}}"),
        format!("{ID} INFO  App:20 - cart"),
        format!("2026-11-22T10:00:03.000Z {ID} Task timed out after 3.00 seconds"),
        format!("END RequestId: {ID}"),
    ];
    for before in [
        format!("{STREAM} 2026-11-22T10:00:00.120000 "),
        format!("2026-11-22T10:00:00.120000+00:00 {STREAM} "),
        "2026-11-22T10:00:00.120Z ".to_owned(),
    ] {
        let text = all.each_ref().map(|message| format!("{before}{message}\n")).concat();
        assert_eq!(messages(text.as_bytes()), all, "{before}");
    }
    // `awslogs` prints streams in front of what has no time but Lambda's.
    let own = format!("2026-11-22T10:00:03.000Z {ID} Task timed out after 3.00 seconds");
    let told = messages(format!("shop {STREAM} {own}\n").as_bytes());
    assert!(told.iter().all(|message| message.ends_with(&own)), "{told:?}");
}

#[test]
fn lines_behind_one_time_are_messages_of_it() {
    let log = ["HTTP Method: GET, Resource Path: /cart", "Method completed with status: 403"];
    let log = log.map(|message| format!("({ID}) {message}"));
    let time = Some("2026-11-22T10:00:00.000Z".to_owned());
    let all: Vec<_> =
        [&log[0], &log[1], &log[0]].map(|message| (time.clone(), None, message.clone())).into();
    let text = all.iter().map(|(_, _, message)| message.as_str()).collect::<Vec<_>>().join("\n");
    assert_eq!(lines(format!("2026-11-22T10:00:00.000Z\n{text}\n").as_bytes()), all);
    // The console has a button in front of a message, and a message twice where the row was expanded.
    let invoke = format!("2026-11-22T10:00:00.000Z\t{ID}\tERROR\tInvoke Error");
    let row = format!(
        "2026-11-22T10:00:00.000Z\n\nCopy\n{invoke} \t\n{{\n    \"a\": 1\n}}\n\n{} {{\"a\":1}}\n",
        invoke.replace('\t', " ")
    );
    let told = messages(row.repeat(2).as_bytes());
    assert_eq!(told.len(), 2, "{told:?}");
    // An application may print a time and nothing else.
    let printed = "START RequestId: ID Version: 3\n2026-11-22T10:00:00.091123\nEND RequestId: ID\nREPORT RequestId: ID\tDuration: 1 ms";
    let told = messages(printed.replace("ID", ID).as_bytes());
    assert_eq!(told.len(), 3);
    assert!(told[2].starts_with("REPORT "));
}

#[test]
fn lambda_in_json_is_no_part_of_what_an_application_printed() {
    let platform = |kind: &str| {
        format!(
            "{{\"time\":\"2026-11-22T10:00:00.000Z\",\"type\":\"platform.{kind}\",\"record\":{{}}}}"
        )
    };
    let printed = "2026-11-22T10:00:00.091Z INFO cart opened".to_owned();
    let (start, report) = (platform("start"), platform("report"));
    let logged = "{\"level\":\"INFO\",\"message\":\"cart\"}".to_owned();
    for all in [
        vec![start.clone(), printed.clone(), logged.clone(), report.clone()],
        vec![printed.clone(), logged.clone(), start.clone(), report.clone()],
        vec![logged.clone(), printed.clone(), logged.clone(), logged.clone()],
    ] {
        assert_eq!(messages(all.join("\n").as_bytes()), all);
    }
}

#[test]
fn a_time_of_day_is_no_part_of_a_message() {
    let own = format!("2026-11-22T10:00:03.000Z {ID} Task timed out after 3.00 seconds");
    let report =
        format!("REPORT RequestId: {ID}\tDuration: 1 ms\nXRAY TraceId: 1-5\tSampled: true");
    let all = [
        format!("START RequestId: {ID} Version: 3"),
        own,
        report,
        format!("RequestId: {ID} Error: Runtime exited with error: signal: killed"),
    ];
    for blank in ["\t", " ", "  "] {
        let text = all.each_ref().map(|message| format!("10:00:00{blank}{message}\n")).concat();
        assert_eq!(messages(text.as_bytes()), all);
    }
    // A logger's time is its own.
    let printed = ["10:00:00 cart opened", "10:00:61: START RequestId: 1", "10:00 is late"];
    assert_eq!(messages(printed.join("\n").as_bytes()), printed);
}

#[test]
fn a_line_of_apilogs_is_a_message() {
    let all = [
        "Verifying Usage Plan for request: 1. API Key: **1b2c3d API Stage: a1/b",
        "API Key **1b2c3d not authorized because method 'GET /' requires API Key",
        "Method completed with status: 403",
    ];
    let text = all.map(|message| format!("[d4675a] [2026-11-22 10:00:00] {message}\n")).concat();
    assert_eq!(messages(text.as_bytes()), all);
    let other = "[d4675a] [2026-11-22 10:00:00] cart opened";
    assert_eq!(messages(other.as_bytes()), [other]);
}

#[test]
fn events_in_json_may_have_the_time_of_the_event() {
    let text = format!(
        "[{{\"eventTime\":1795341600120,\"message\":\"START RequestId: {ID} Version: 3\\n\"}},\
         {{\"eventTime\":1795341601120,\"message\":\"END RequestId: {ID}\\n\"}}]"
    );
    let time = |second| Some(format!("2026-11-22T10:00:0{second}.120Z"));
    assert_eq!(
        lines(text.as_bytes()),
        [
            (time(0), None, format!("START RequestId: {ID} Version: 3")),
            (time(1), None, format!("END RequestId: {ID}")),
        ]
    );
}

#[test]
fn each_line_of_an_access_log_is_an_event() {
    for line in [
        "[22/Nov/2026:10:00:00 +0000] GET /cart HTTP/1.1 200 1532 JKJaXmPLvHcESHA=",
        "22/Nov/2026:10:00:00 +0000 \"GET /cart HTTP/1.1\" 504 198.51.100.4 JKJaXmPLvHcESHA=",
        "5cb7ee58-39e6-11e9-be7e-29aff9674701: GET /v1/cart 502 3012",
        "5cb7ee58-39e6-11e9-be7e-29aff9674701 22/Nov/2026:10:00:00 +0000 GET /cart 403 2",
        "JKJaXmPLvHcESHA= 198.51.100.4 GET /cart 401 26",
        "JKJaXmPLvHcESHA= 22/Nov/2026:10:00:00 +0000 \"OPTIONS /cart HTTP/1.1\" 403 23 - ACCESS_DENIED",
        "198.51.100.4 - - [22/Nov/2026:10:00:00 +0000] \"GET /cart HTTP/1.1\" 200 5 JKJaXmPLvHcESHA=",
    ] {
        assert_eq!(messages(format!("{line}\n").repeat(3).as_bytes()), [line; 3]);
    }
}

#[test]
fn a_quotation_may_have_several_lines() {
    let log =
        ["Execution failed due to configuration error: Bad", "Method completed with status: 500"];
    for (before, message) in [
        ("Sun Nov 22 10:00:00 UTC 2026 : ".to_owned(), String::new()),
        (String::new(), format!("({ID}) ")),
        ("2026-11-22T10:00:00.000Z ".to_owned(), format!("({ID}) ")),
    ] {
        let all = log.map(|line| format!("{message}{line}"));
        let quoted = all.each_ref().map(|line| format!("{before}{line}")).join("\n");
        for (mark, between) in [("\"", "\n"), ("`", "\n"), ("\"", "\n\n"), ("`", "\n\n")] {
            let text = format!("It says:{between}{mark}{quoted}{mark}{between}So I looked.");
            let told = messages(text.as_bytes());
            let expected =
                ["It says:".to_owned(), all[0].clone(), all[1].clone(), "So I looked.".to_owned()];
            assert_eq!(told, expected, "{text}");
        }
    }
    // Text within a message is the message's.
    let list = format!(
        "2026-11-22T10:00:00.000Z ({ID}) Endpoint response body before transformations: [\n  \"({ID}) {}\"\n]",
        log[1]
    );
    assert_eq!(messages(list.as_bytes()).len(), 1);
}
