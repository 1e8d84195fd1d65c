//! Tables that were copied, by what their rows must be read as.

use corscope::decode::Count;

use super::{ID, at, seen};

const GROUP: &str = "API-Gateway-Execution-Logs_xmpl/prod";

/// Time, group, stream and message.
pub(super) type Expected<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, &'a str);

/// Checks the events in a text; what else was counted of it.
pub(super) fn check(text: &str, expected: &[Expected<'_>]) -> Vec<(Count, u64)> {
    let mut counts = Vec::new();
    for text in [text.replace('\n', "\r\n"), text.to_owned()] {
        let seen = seen(text.as_bytes());
        let messages: Vec<_> =
            seen.events.iter().map(|event| event.message.replace('\r', "")).collect();
        let events = seen.events.iter().zip(&messages).map(|(event, message)| {
            let part = Option::<String>::as_deref;
            (part(&event.time), part(&event.group), part(&event.stream), message.as_str())
        });
        assert_eq!(events.collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(seen.problems, Vec::<String>::new());
        counts = seen.counts;
    }
    counts
}

#[test]
fn tables_of_the_console_have_times_in_milliseconds() {
    let (one, two) = (at(0), at(1));
    let blanks = " ".repeat(60);
    let line = format!("({ID}) Method completed with status: 200");
    check(
        &format!(
            "|   timestamp   |{blanks}message{blanks}|\n|---------------|{0}|\n\
             | 1795341600120 | START RequestId: {ID} Version: $LATEST   |\n\
             | 1795341601120 | {line} |\n{0}\nbehind\n",
            "-".repeat(130),
        ),
        &[
            (Some(&one), None, None, &format!("START RequestId: {ID} Version: $LATEST")),
            (Some(&two), None, None, &line),
            (None, None, None, "behind"),
        ],
    );
    let bare = format!("| 1795341600120 | {line} |\n| 1795341601120 | {{\"a\":1}} | b");
    check(&bare, &[(Some(&one), None, None, &line), (Some(&two), None, None, "{\"a\":1} | b")]);
}

#[test]
fn the_title_of_a_table_says_what_its_cells_are() {
    let (one, two) = (at(0), at(1));
    let stream = "0123456789abcdef0123456789abcdef";
    check(
        &format!(
            "| @timestamp | @message | @logStream | @log |\n| --- | --- | --- | --- |\n\
             | 2026-11-22 10:00:01.120 | ({ID}) body: {{\"a\": \"x|y\"}} | {stream} | 1:{GROUP} |\n\
             | 2026-11-22 10:00:00.120 | one\n  two | {stream} | 1:{GROUP} |\n---\nbehind | it |\n\
             | @message | x |\n",
        ),
        &[
            (Some(&two), Some(GROUP), Some(stream), &format!("({ID}) body: {{\"a\": \"x|y\"}}")),
            (Some(&one), Some(GROUP), Some(stream), "one\n  two"),
            (None, None, None, "behind | it |"),
            (None, None, None, "| @message | x |"),
        ],
    );
    check(
        "|@message|\n|---|\n| { \"a\": 1 } |\n|{ \"b\": 2 }|\n\nbehind\n| it |\n",
        &[
            (None, None, None, "{ \"a\": 1 }"),
            (None, None, None, "{ \"b\": 2 }"),
            (None, None, None, "behind"),
            (None, None, None, "| it |"),
        ],
    );
}

#[test]
fn tables_of_the_aws_cli() {
    let (one, two) = (at(0), at(1));
    let (line, stream) =
        (format!("({ID}) Method completed with status: 200"), "0123456789abcdef".repeat(2));
    let rule = |cells: &str| format!("+{}+\n", cells.replace(' ', &"-".repeat(9)));
    let of_one = format!(
        "{}{}|  {line}  |\n|  {{\"a\":\"|\"}}|\n{}",
        "|   FilterLogEvents   |\n",
        rule(" "),
        rule(" ")
    );
    let events = [
        (None, None, None, "|   FilterLogEvents   |"),
        (None, None, None, &*line),
        (None, None, None, "{\"a\":\"|\"}"),
    ];
    check(&of_one, &events);
    let rows = format!(
        "{0}|  1795341600120  |  {line}  |\n|  {stream}|  {line}|\n|  None|  {line}|\n{0}",
        rule(" + ")
    );
    let events = [
        (Some(&*one), None, None, &*line),
        (None, None, Some(&*stream), &*line),
        (None, None, None, &*line),
    ];
    check(&rows, &events);
    let whole = format!(
        "|+{0}+{0}+{0}|\n||  logStreamName|  message  |  timestamp  ||\n|+{0}+{0}+{0}|\n\
         ||  {stream}|  {line}|  1795341601120||\n|+{0}+{0}+{0}|\nbehind\n",
        "-".repeat(9)
    );
    let events = [(Some(&*two), None, Some(&*stream), &*line), (None, None, None, "behind")];
    check(&whole, &events);
    // Fields and their values, as of `get-query-results`: no row is lost.
    let fields = "||  field  |  value  ||\n||  @message|  a b  ||\n||  @message|  c  ||\n";
    let rows = fields.lines().map(|row| (None, None, None, row)).collect::<Vec<_>>();
    check(fields, &rows);
    // Within a message it is the message's.
    let text = format!("{one} a\n+---+\n| @message |\n| b |\n+---+\n{two} c\n");
    let message = "a\n+---+\n| @message |\n| b |\n+---+";
    check(&text, &[(Some(&one), None, None, message), (Some(&two), None, None, "c")]);
}

#[test]
fn what_queries_make_of_events_in_json() {
    let (one, two) = (at(0), at(1));
    let (line, stream) = (format!("({ID}) body: {{\"a\": 1}}"), "0123456789abcdef".repeat(2));
    let rows = serde_json::json!([
        [1_795_341_600_120_i64, line],
        [line, 1_795_341_601_120_i64],
        [stream, line],
        [null, line],
        [1_795_341_600_120_i64, 1_795_341_600_120_i64, line],
        [line, line],
        [5, line],
        [1_795_341_600_120_i64],
    ]);
    let events = [
        (Some(&*one), None, None, &*line),
        (Some(&*two), None, None, &*line),
        (None, None, Some(&*stream), &*line),
        (None, None, None, &*line),
    ];
    for text in [rows.to_string(), format!("{rows:#}")] {
        assert_eq!(check(&text, &events), [(Count::Skipped, 1); 4]);
    }
    let json = "{\"requestId\":\"a\"}";
    let strings = serde_json::json!([json, line, "other"]);
    let strings = strings.as_array().unwrap().iter().map(|value| format!("{value}\n"));
    let events =
        [(None, None, None, json), (None, None, None, &*line), (None, None, None, "other")];
    check(&strings.collect::<String>(), &events);
    let quote = "\"a\" b\n\"c\"\n";
    check(quote, &[(None, None, None, "\"a\" b"), (None, None, None, "\"c\"")]);
}
