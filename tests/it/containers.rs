//! Every container gives the same events as its text does, however the input is cut.
//!
//! Must not: contain logs of others; all fixtures are ours.

use std::io::{self, Read, Write};

use base64::Engine;
use corscope::decode::{Count, MAX_EVENT, Sink, decode};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use flate2::Compression;
use flate2::write::GzEncoder;

mod alike;
mod copies;
mod inputs;
mod joined;
mod marking;
mod pasted;
mod prose;
mod rows;
mod tables;

#[derive(Default)]
struct Seen {
    places: Places,
    events: Vec<Event>,
    counts: Vec<(Count, u64)>,
    problems: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Clone)]
struct Event {
    time: Option<String>,
    group: Option<String>,
    stream: Option<String>,
    line: u64,
    message: String,
}

impl Sink for Seen {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let place = self.places.get(event.position.place).cloned().unwrap_or_default();
        self.events.push(Event {
            time: event.time.map(|time| time.to_string()),
            group: place.log_group,
            stream: place.log_stream,
            line: event.position.line,
            message: String::from_utf8_lossy(event.message).into_owned(),
        });
    }

    fn count(&mut self, what: Count, how_many: u64) {
        if what != Count::Bytes {
            self.counts.push((what, how_many));
        }
    }

    fn problem(&mut self, note: InputNote) {
        self.problems.push(note.problem);
    }
}

/// Gives 1 to `most` bytes at a time.
struct Crumbs<'a> {
    rest: &'a [u8],
    most: usize,
    state: u64,
}

impl Read for Crumbs<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        let most = usize::try_from(self.state >> 40).unwrap_or(1) % self.most + 1;
        let count = most.min(out.len()).min(self.rest.len());
        out[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }
}

fn seen(bytes: &[u8]) -> Seen {
    let mut seen = Seen::default();
    decode(&mut &bytes[..], &Place::default(), &mut seen);
    for (most, state) in [(1, 1), (3, 2), (7, 3), (1000, 4)] {
        if bytes.len() > 50_000 * most.min(40) {
            continue;
        }
        let mut other = Seen::default();
        decode(&mut Crumbs { rest: bytes, most, state }, &Place::default(), &mut other);
        assert_eq!(seen.events, other.events, "reads of at most {most} bytes");
        assert_eq!(seen.problems, other.problems);
        assert_eq!(seen.counts, other.counts);
    }
    seen
}

fn messages(bytes: &[u8]) -> Vec<String> {
    seen(bytes).events.into_iter().map(|event| event.message).collect()
}

fn lines(bytes: &[u8]) -> Vec<(Option<String>, Option<String>, String)> {
    let events = seen(bytes).events.into_iter();
    events.map(|event| (event.time, event.stream, event.message)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const ID: &str = "5cb7ee58-39e6-11e9-be7e-29aff9674701";
const STREAM: &str = "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef";

/// Three messages that every container carries.
fn expected() -> Vec<String> {
    vec![
        format!("({ID}) Starting execution for request: {ID}"),
        format!(
            "({ID}) Method request body before transformations: {{\n  \"a\": \"x, \\\"y\\\"\"\n}}"
        ),
        format!("({ID}) Method completed with status: 200"),
    ]
}

fn at(second: u32) -> String {
    format!("2026-11-22T10:00:0{second}.120Z")
}

fn export() -> String {
    let [a, b, c] = expected().try_into().unwrap();
    format!("{} {a}\n{} {b}\n\n{} {c}\n", at(0), at(1), at(2))
}

fn json_events() -> Vec<serde_json::Value> {
    let event = |(number, message): (i64, String)| {
        serde_json::json!({
            "logStreamName": STREAM, "timestamp": 1_795_341_600_120_i64 + number * 1000,
            "message": message + "\n", "ingestionTime": 1_795_341_609_000_i64, "eventId": "1",
        })
    };
    (0..).zip(expected()).map(event).collect()
}

fn check(bytes: &[u8], stream: Option<&str>) {
    let seen = seen(bytes);
    let messages: Vec<_> = seen.events.iter().map(|event| event.message.clone()).collect();
    assert_eq!(messages, expected());
    assert_eq!(seen.problems, Vec::<String>::new());
    for (event, second) in seen.events.iter().zip(0..) {
        assert_eq!(event.time, Some(at(second)));
        assert_eq!(event.stream.as_deref(), stream);
    }
}

#[test]
fn export_text_plain_and_compressed() {
    check(export().as_bytes(), None);
    check(&gzip(export().as_bytes()), None);
    check(&gzip(&gzip(export().as_bytes())), None);
    let (one, two) = export().split_at(50).map_both(|part| gzip(part.as_bytes()));
    check(&[one, two, vec![0; 512]].concat(), None);
    check(export().replace('\n', "\r\n").as_bytes(), None);
    check(format!("\u{feff}{}", export()).as_bytes(), None);
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(export().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check(&utf16, None);
    assert_eq!(seen(export().as_bytes()).events[2].line, 6);
}

#[test]
fn a_compressed_file_gives_the_events_of_its_text() {
    let long = format!("{} {}\nmore\n{} next\n", at(0), "x".repeat(MAX_EVENT * 3), at(1));
    let text = export().repeat(3000) + &long + &export().repeat(10);
    let document = serde_json::json!({ "events": vec![json_events(); 2000].concat() }).to_string();
    let utf16 = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for plain in
        [text.replace('\n', "\r\n").into_bytes(), text.into_bytes(), document.into_bytes(), utf16]
    {
        let (packed, plain) = (seen(&gzip(&plain)), seen(&plain));
        assert!(plain.events.len() > 5000, "{}", plain.events.len());
        assert!(packed.events == plain.events);
        assert_eq!(packed.counts, plain.counts);
        assert_eq!((packed.problems, plain.problems), (vec![], vec![]));
    }
}

trait MapBoth<A> {
    fn map_both<B>(self, map: impl Fn(A) -> B) -> (B, B);
}

impl<A> MapBoth<A> for (A, A) {
    fn map_both<B>(self, map: impl Fn(A) -> B) -> (B, B) {
        (map(self.0), map(self.1))
    }
}

#[test]
fn text_of_command_line_tools() {
    let [a, b, c] = expected().try_into().unwrap();
    let tool = |prefix: &dyn Fn(u32) -> String| {
        format!("{}{a}\n{}{b}\n{}{c}\n", prefix(0), prefix(1), prefix(2))
    };
    let tail = tool(&|s| format!("2026-11-22T10:00:0{s}.120000+00:00 {STREAM} "));
    check(tail.as_bytes(), Some(STREAM));
    let color = tool(&|s| {
        format!(
            "\u{1b}[32m2026-11-22T10:00:0{s}.120000+00:00\u{1b}[0m \u{1b}[36m{STREAM}\u{1b}[0m "
        )
    });
    check(color.as_bytes(), Some(STREAM));
    check(tool(&|s| format!("{STREAM} 2026-11-22T10:00:0{s}.120000 ")).as_bytes(), Some(STREAM));
    let awslogs = tool(&|s| format!("/aws/lambda/shop  {STREAM} 2026-11-22T10:00:0{s}.120Z "));
    check(awslogs.as_bytes(), Some(STREAM));
    assert_eq!(seen(awslogs.as_bytes()).events[0].group.as_deref(), Some("/aws/lambda/shop"));
    check(tool(&|s| format!("2026-11-22T12:00:0{s}.120+02:00 ")).as_bytes(), None);
    check(tool(&|s| format!("    2026-11-22T10:00:0{s}.120Z ")).as_bytes(), None);
    let json = format!("2026-11-22T10:00:00.120000+00:00 {STREAM} \n{{\n    \"a\": 1\n}}\n");
    assert_eq!(messages(json.as_bytes()), ["{\n    \"a\": 1\n}"]);
    let short = b"2026-11-22T10:00:00 (x) one\n2026-11-22T10:00:01 two\n";
    assert_eq!(messages(short), ["(x) one", "two"]);
}

#[test]
fn tables_and_console_copies() {
    let table = "| timestamp | message |\n|---|---|\n\
        | 2026-11-22T12:00:00.120+02:00 | (xmpl) one |\n | 2026-11-22T12:00:01.120+02:00 | two";
    assert_eq!(
        lines(table.as_bytes()),
        [(Some(at(0)), None, "(xmpl) one".into()), (Some(at(1)), None, "two".into())]
    );
    let long = format!("({ID}) Execution failed due to configuration error: {{\"a\":1}}");
    let pretty = long.replace("{\"a\":1}", "\n{\n    \"a\": 1\n}");
    let copy = format!("{}\n{long}\n\n{pretty}\n{}\n({ID}) next\n", at(0), at(1));
    let seen = seen(copy.as_bytes());
    assert_eq!(seen.counts, [(Count::Duplicates, 1)]);
    let events: Vec<_> = seen.events.iter().map(|e| (e.time.clone(), &*e.message)).collect();
    assert_eq!(events, [(Some(at(0)), &*pretty), (Some(at(1)), &*format!("({ID}) next"))]);
}

#[test]
fn csv_of_console_and_insights() {
    let rows: Vec<String> = expected().iter().map(|m| m.replace('"', "\"\"")).collect();
    let row = |number: usize| {
        format!("{},\"{}\"\r\n", 1_795_341_600_120_i64 + 1000 * number as i64, rows[number])
    };
    check(format!("timestamp,message\r\n{}{}{}", row(0), row(1), row(2)).as_bytes(), None);
    let row = |n: usize| format!("{STREAM},2026-11-22 10:00:0{n}.120,\"{}\n\"\n", rows[n]);
    let insights = format!("@logStream,@timestamp,@message\n{}{}{}", row(2), row(1), row(0));
    check(insights.as_bytes(), Some(STREAM));
}

#[test]
fn a_quote_in_csv_that_is_not_closed_takes_no_other_rows() {
    let row = |number: usize, message: &str| format!("179534160{number}120,{message}\n");
    let cut = format!("timestamp,message\n{}{}", row(0, "whole"), "1795341601120,\"one\ntwo");
    let open = format!(
        "timestamp,message\n{}{}{}{}",
        row(0, "\"(x) one\ntwo"),
        row(1, "\"a \"\"b\"\"\n\""),
        row(2, "last"),
        "\n",
    );
    for (text, expected, lines, what) in [
        (cut, ["whole", "one\ntwo"].as_slice(), [2, 3].as_slice(), "what follows"),
        (open, &["(x) one\ntwo", "a \"b\"", "last"], &[2, 4, 6], "the next row begins"),
    ] {
        let seen = seen(text.as_bytes());
        assert_eq!(seen.events.iter().map(|event| &event.message).collect::<Vec<_>>(), expected);
        assert_eq!(seen.events.iter().map(|event| event.line).collect::<Vec<_>>(), lines);
        let [problem] = seen.problems.as_slice() else { panic!("{:?}", seen.problems) };
        assert!(problem.contains("not closed") && problem.contains(what), "{problem}");
    }
}

#[test]
fn json_of_the_logs_api() {
    let events = json_events();
    for (before, after) in [("", ",\"nextToken\":null"), ("\"searchedLogStreams\":[],", "")] {
        let list = serde_json::to_string(&events).unwrap();
        check(format!("{{{before}\"events\":{list}{after}}}").as_bytes(), Some(STREAM));
    }
    let document = serde_json::json!({ "events": events });
    check(serde_json::to_string_pretty(&document).unwrap().as_bytes(), Some(STREAM));
    check(serde_json::to_string_pretty(&events).unwrap().as_bytes(), Some(STREAM));
    let json_lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    check(json_lines.as_bytes(), Some(STREAM));
    let row = |event: &serde_json::Value, second: usize| {
        serde_json::json!([
            {"field": "@timestamp", "value": format!("2026-11-22 10:00:0{second}.120")},
            {"field": "@message", "value": event["message"]},
            {"field": "@logStream", "value": STREAM},
        ])
    };
    let rows: Vec<_> = (0..3).rev().map(|second| row(&events[second], second)).collect();
    let insights = serde_json::json!({"results": rows, "status": "Complete"});
    check(insights.to_string().as_bytes(), Some(STREAM));
}

fn subscription() -> String {
    let list: Vec<_> = json_events()
        .into_iter()
        .map(|e| serde_json::json!({"id": "1", "timestamp": e["timestamp"], "message": e["message"]}))
        .collect();
    serde_json::json!({
        "messageType": "DATA_MESSAGE", "logEvents": list, "logGroup": "/g", "logStream": STREAM,
    })
    .to_string()
}

#[test]
fn subscriptions_and_forwarders() {
    check(subscription().as_bytes(), Some(STREAM));
    let control =
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"x"}]}"#;
    let firehose = format!("{control}{}{control}", subscription());
    let seen = seen(firehose.as_bytes());
    assert_eq!(seen.counts, [(Count::Skipped, 1), (Count::Skipped, 1)]);
    assert_eq!(seen.events.len(), 3);
    assert_eq!(seen.events[0].group.as_deref(), Some("/g"));
    let data = base64::engine::general_purpose::STANDARD.encode(gzip(subscription().as_bytes()));
    check(format!("{{\"awslogs\":{{\"data\":\"{data}\"}}}}").as_bytes(), Some(STREAM));
    for records in [
        format!("{{\"Records\":[{{\"kinesis\":{{\"data\":\"{data}\"}}}}]}}"),
        format!("{{\"records\":[{{\"recordId\":\"1\",\"data\":\"{data}\"}}]}}"),
        data.clone(),
    ] {
        check(records.as_bytes(), Some(STREAM));
    }
    let forwarded = r#"{"message":"REPORT RequestId: x\\tDuration: 1 ms\\n","timestamp":1,
        "aws":{"awslogs":{"logGroup":"/g","logStream":"s","owner":"1"}}}"#;
    assert_eq!(messages(forwarded.as_bytes()), ["REPORT RequestId: x\tDuration: 1 ms"]);
}

#[test]
fn what_shippers_read_is_told_by_what_it_is() {
    let access = r#"{"requestId":"a","status":403}"#;
    let node = format!("2026-11-22T10:00:00.000Z\t{ID}\tINFO\thi");
    let clf = format!("::1 - - [22/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 2 {ID}");
    let start = format!("START RequestId: {ID} Version: $LATEST");
    for line in &[start, node, access.to_owned()] {
        let quoted = serde_json::to_string(line).expect("text");
        for shipped in [
            format!(
                r#"{{"@timestamp":"2026-11-22T10:00:00.120Z","@version":"1","host":"h","message":{quoted}}}"#
            ),
            format!(
                r#"{{"file":"/var/log/x","message":{quoted},"source_type":"file","timestamp":"2026-11-22T10:00:00.120Z"}}"#
            ),
        ] {
            assert_eq!(messages(shipped.as_bytes()), [line.as_str()], "{shipped}");
        }
        // Who says where events are from has lines of any kind.
        for text in [line.as_str(), &clf, "status=200 requestId=a"] {
            let quoted = serde_json::to_string(text).expect("text");
            for shipped in [
                format!(
                    r#"{{"message":{quoted},"source_type":"aws_kinesis_firehose","timestamp":"2026-11-22T10:00:00.120Z"}}"#
                ),
                format!(
                    r#"[{{"id":"a","content":{{"timestamp":"2026-11-22T10:00:00.120Z","message":{quoted}}}}}]"#
                ),
                format!("_raw,_time\n\"{}\",2026-11-22T10:00:00.120Z\n", text.replace('"', "\"\"")),
            ] {
                assert_eq!(messages(shipped.as_bytes()), [text], "{shipped}");
            }
        }
        // What an application says of another document is its own line.
        let logged = format!(
            r#"{{"level":"INFO","message":{quoted},"timestamp":"2026-11-22T10:00:00.120Z"}}"#
        );
        if line == access {
            assert_eq!(messages(logged.as_bytes()), [logged.as_str()]);
        }
    }
}

#[test]
fn what_tools_put_before_a_line() {
    let message = format!("({ID}) Method completed with status: 200");
    let line = |time: Option<&str>, message: &str| {
        vec![(time.map(str::to_owned), None, message.to_owned())]
    };
    let time = "2026-11-22T10:00:00.120Z";
    for text in [
        format!("exec.log:{time} {message}"),
        format!("dir/exec.log:12:{time} {message}"),
        format!("2026-11-22 10:00:00.120 {message}"),
        format!("1795341600120\t{message}"),
        format!("> {time} {message}"),
        format!("{{\"date\":1795341600.120,\"log\":\"{message}\"}}"),
        format!("{{\"log\":\"{message}\\n\",\"stream\":\"stdout\",\"time\":\"{time}\"}}"),
        format!("{{\"host\":\"a\",\"message\":\"{message}\",\"timestamp\":\"{time}\"}}"),
        format!("{{\"date\":1.5,\"log\":\"{time} {message}\"}}"),
    ] {
        let text = format!("{text}\n");
        let twice = [line(Some(time), &message), line(Some(time), &message)].concat();
        assert_eq!(lines(text.repeat(2).as_bytes()), twice, "{text}");
    }
    for text in [
        format!("Nov 22 10:00:00 host gateway[1]: {message}\n"),
        format!("gateway_1  | {message}\n"),
        format!("> {message}\n"),
    ] {
        let twice = [line(None, &message), line(None, &message)].concat();
        assert_eq!(lines(text.repeat(2).as_bytes()), twice, "{text}");
    }
    let own = format!("we saw '({ID}) Method completed'\n");
    assert_eq!(messages(own.as_bytes()), [own.trim_end()]);
}

#[test]
fn text_and_yaml_of_the_logs_api() {
    let (id, ingested) = ("3".repeat(56), 1_795_341_609_000_i64);
    let row = |number: usize| 1_795_341_600_120_i64 + 1000 * number as i64;
    let mut filter = format!("SEARCHEDLOGSTREAMS\t{STREAM}\tTrue\n");
    let mut get = String::new();
    let mut yaml = "events:\n".to_owned();
    for (number, message) in expected().iter().enumerate() {
        let time = row(number);
        filter = format!("{filter}EVENTS\t{id}\t{ingested}\t{STREAM}\t{message}\t{time}\n");
        get = format!("{get}EVENTS\t{ingested}\t{message}\n\t{time}\n");
        yaml = format!(
            "{yaml}- eventId: '{id}'\n  ingestionTime: {ingested}\n  logStreamName: {}\n  message: {}\n  timestamp: {time}\n",
            serde_json::json!(STREAM),
            serde_json::json!(message),
        );
    }
    check(filter.as_bytes(), Some(STREAM));
    check(get.as_bytes(), None);
    check(yaml.as_bytes(), Some(STREAM));
    let array = serde_json::to_string_pretty(&expected()).unwrap();
    assert_eq!(messages(array.as_bytes()), expected());
    assert_eq!(messages(expected().join("\t").as_bytes()), expected());
}

#[test]
fn an_xml_element_is_one_event() {
    let one = format!("<request id=\"{ID}\">\n  <ip>1</ip>\n<status>200</status>\n</request>");
    assert_eq!(messages(format!("{one}\n{one}\nnext\n").as_bytes()), [&*one, &*one, "next"]);
}

#[test]
fn test_invocations() {
    let text = "Execution log for request test-request\n\
        Sun Nov 22 10:00:00 UTC 2026 : Method request body before transformations: {\n  \"a\": 1\n}\n\
        Sun Nov 22 10:00:01 UTC 2026 : Method completed with status: 200\n";
    let wanted = [
        "Execution log for request test-request",
        "Method request body before transformations: {\n  \"a\": 1\n}",
        "Method completed with status: 200",
    ];
    assert_eq!(messages(text.as_bytes()), wanted);
    let json = serde_json::json!([
        {"status": 200, "log": text}, {"status": 200, "log": text, "latency": 3},
    ]);
    let yaml =
        format!("- log: {}\n  status: 200\n- body: x\n  log: {}\n", json[0]["log"], json[1]["log"]);
    for document in [json.to_string(), yaml] {
        let events = seen(document.as_bytes()).events;
        assert_eq!(
            events.iter().map(|e| &*e.message).collect::<Vec<_>>(),
            [wanted, wanted].concat()
        );
        assert_eq!(events[2].stream.as_deref(), Some("test-invoke-1"));
        assert_eq!(events[3].stream.as_deref(), Some("test-invoke-2"));
        for at in [0, 1, 3] {
            assert_eq!(events[at].time.as_deref(), Some("2026-11-22T10:00:00.000Z"));
        }
    }
}

#[test]
fn har_and_logged_json() {
    let har = r#"{"log": {"version": "1.2", "pages": [], "entries": [
        {"startedDateTime": "2026-11-22T10:00:00.120Z", "request": {}}, {"request": {}}]}}"#;
    assert_eq!(
        lines(har.as_bytes()),
        [
            (
                Some(at(0)),
                None,
                r#"{"startedDateTime": "2026-11-22T10:00:00.120Z", "request": {}}"#.into()
            ),
            (None, None, r#"{"request": {}}"#.into())
        ]
    );
    let logged = "{\"requestId\":\"a\",\"status\":\"200\"}\n{\"ua\":\"x \" y\"}\n{\"b\":[1,{}]}\n";
    assert_eq!(messages(logged.as_bytes()), logged.lines().collect::<Vec<_>>());
    let app = "{\"timestamp\":\"2026-11-22T10:00:00.120Z\",\"message\":\"m\",\"level\":\"INFO\"}\n";
    assert_eq!(lines(app.as_bytes()), [(Some(at(0)), None, app.trim_end().into())]);
}

#[test]
fn continuations_in_plain_text() {
    let events = [
        format!("({ID}) Method request path:\n{{}}"),
        format!(
            "({ID}) Endpoint response body before transformations:\n{{\n\"a\": [\n1,\n2\n]\n}}"
        ),
        "Method request body before transformations:".to_owned(),
        "Endpoint request headers: {A=b,\n    C=d,\n    E=f [TRUNCATED]".to_owned(),
        "Method completed with status: 200".to_owned(),
        format!("START RequestId: {ID} Version: $LATEST"),
        format!("2026-11-22T10:00:00.120Z\t{ID}\tERROR\tInvoke Error \t\n{{\n  \"a\": \"}}\"\n}}"),
        format!("2026-11-22T10:00:00.120Z {ID} Task timed out after 3.00 seconds"),
        "[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"a.py\""
            .to_owned(),
        format!("REPORT RequestId: {ID}\tDuration: 1 ms\nXRAY TraceId: 1-5\tSampled: true"),
        format!("REPORT RequestId: {ID}\nDuration: 1 ms\nMax Memory Used: 9 MB\nStatus: timeout"),
        "Unknown application error occurred\nRuntime.UserCodeSyntaxError".to_owned(),
        format!("END RequestId: {ID}"),
        "Status: of the application".to_owned(),
        format!(
            "RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
        ),
        "it: broke: java.lang.Error\njava.lang.Error: it: broke\n\tat shop.App.handle(App.java:12)"
            .to_owned(),
        "Error: no\nat new Server (_http_server.js:234:10)\nat Object.<anonymous> (/var/task/index.js:3:37)"
            .to_owned(),
        "Shop.Error: no\n---> System.ArgumentException: x\nat Shop.App.Handle(String x) in C:\\App.cs:line 4\n--- End of inner exception stack trace ---"
            .to_owned(),
        "at once (or later)".to_owned(),
        "at 10:00".to_owned(),
        "{\"a\":1}".to_owned(),
        "a line".to_owned(),
        "loaded: shop.App".to_owned(),
        "shop.App.Cart: is next".to_owned(),
        "another line".to_owned(),
    ];
    // A header map is put together.
    let expected = events.clone().map(|event| event.replace(",\n    ", ", "));
    assert_eq!(messages(events.join("\n").as_bytes()), expected);
}

#[test]
fn borders_of_code_blocks_are_part_of_no_event() {
    let stamped = ["HTTP Method: GET, Resource Path: /a", "Method completed with status: 500"];
    let text = stamped.map(|text| format!("Sun Oct 15 13:41:13 UTC 2023 : {text}\n")).concat();
    assert_eq!(messages(format!("```log\n{text}```\n").as_bytes()), stamped);
    // One that no line before opened is of the message.
    let logged = "Sun Oct 15 13:41:13 UTC 2023 : Endpoint response body before transformations: a\n```sh\nls\n```\n";
    let message = logged.trim_end().get(31..).expect("a message");
    assert_eq!(
        messages(format!("{logged}{text}").as_bytes()).first().map(String::as_str),
        Some(message)
    );
}

/// Objects of applications that have names of containers.
#[test]
fn what_an_application_logs_is_not_taken_apart() {
    let time = "2026-11-22T10:00:00.120Z";
    let long = "https://shop.example/".repeat(4);
    for line in [
        format!(
            r#"{{"timestamp":"{time}","source_type":"s3","level":"error","message":"x failed"}}"#
        ),
        format!(
            r#"{{"level":"error","content":{{"message":"START RequestId: {ID} Version: 1","timestamp":2026}}}}"#
        ),
        format!(
            r#"{{"requestId":"{ID}","status":403,"content":{{"message":"no","timestamp":"{time}"}}}}"#
        ),
        format!(r#"{{"level":"info","records":[{{"id":1,"data":"{long}"}}]}}"#),
    ] {
        let seen = seen(line.as_bytes());
        assert_eq!(seen.problems, Vec::<String>::new(), "{line}");
        let messages: Vec<_> = seen.events.iter().map(|event| &*event.message).collect();
        assert_eq!(messages, [line.as_str()]);
    }
    // A sentence names no columns.
    let line = format!("({ID}) Method completed with status: 504");
    for first in ["Missing requestId, unexpected status", "INFO checking requestId, status, path"] {
        assert_eq!(messages(format!("{first}\n{line}\n").as_bytes()), [first, &line]);
    }
    // Copies have blanks behind quotes.
    let table = format!("timestamp,message\n1795341600120,\"{line}\"  \n");
    assert_eq!(messages(table.as_bytes()), [line]);
}
