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
