//! Lines that a copy joined to one: they are told apart where nothing else tells where events end, and
//! nowhere else.

use super::tables::check;
use super::{ID, at, seen};

/// Lines of an execution log, the second of which holds what looks like one.
fn quoting(mark: &str) -> [String; 4] {
    [
        format!("{mark}HTTP Method: GET, Resource Path: /a"),
        format!(
            "{mark}Method request headers: {{X-Log=b {mark}Method completed with status: 200, A=c}}"
        ),
        format!("{mark}Endpoint response body before transformations: {{\"a\": \"b\"}}"),
        format!("{mark}Method completed with status: 502"),
    ]
}

#[test]
fn lines_that_a_copy_joined_are_events_each() {
    let (id, time) = (format!("({ID}) "), "Sun Nov 22 10:00:00 UTC 2026 : ");
    let at = "2026-11-22T10:00:00.000Z";
    let heading = format!("Execution log for request {ID}");
    for (mark, cut, when) in [(&*id, 0, None), (time, time.len(), Some(at))] {
        let lines = quoting(mark);
        for blank in [" ", "  ", "\n"] {
            for (before, behind) in
                [("", "\n"), ("> ", "\n"), ("`", "`\n"), ("\"", "\"\n"), ("> `", "`\n")]
            {
                // A mark of quoting stands in front of every line.
                let text =
                    lines.join(if blank == "\n" && !before.is_empty() { " " } else { blank });
                let expected: Vec<_> =
                    lines.iter().map(|line| (when, None, None, &line[cut..])).collect();
                check(&format!("{before}{text}{behind}"), &expected);
            }
        }
    }
    let text = format!("{heading} {}", quoting(time).join(" "));
    let lines = quoting(time);
    let lines = lines.iter().map(|line| &line[time.len()..]);
    let expected: Vec<_> =
        [&*heading].into_iter().chain(lines).map(|line| (Some(at), None, None, line)).collect();
    check(&text, &expected);
}

#[test]
fn what_a_container_marks_is_not_parted() {
    let (one, two) = (at(0), at(1));
    for mark in [format!("({ID}) "), "Sun Nov 22 10:00:00 UTC 2026 : ".to_owned()] {
        let line = quoting(&mark).join(" ");
        for text in [
            format!("{one} {line}\n{two} end\n"),
            format!("{one}\t{line}\n{two}\tend\n"),
            format!("1795341600120\t{line}\n1795341601120\tend\n"),
        ] {
            let events = [(Some(&*one), None, None, &*line), (Some(&*two), None, None, "end")];
            check(&text, &events);
        }
        if mark.starts_with('(') {
            let events = [(Some(&*one), None, None, &*line), (Some(&*two), None, None, "end")];
            check(&format!("{one}\n{line}\n{two}\nend\n"), &events);
        }
        // A log in a document has its line ends.
        let log = format!("Execution log for request {ID}\n{line}\n");
        let document = serde_json::json!({ "log": log, "status": 200 });
        assert_eq!(seen(document.to_string().as_bytes()).events.len(), 2);
    }
}

#[test]
fn a_long_line_of_joined_lines_is_read_in_time_that_grows_with_it() {
    let time = "Sun Nov 22 10:00:00 UTC 2026 : ";
    let line = quoting(time).join(" ");
    let text = [&*line].repeat(3_000).join(" ");
    let seen = seen(text.as_bytes());
    assert!(seen.events.len() > 1_000, "{}", seen.events.len());
    assert!(seen.events.iter().all(|event| event.message.len() < 200));
}
