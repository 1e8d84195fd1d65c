//! What was copied from consoles and terminals, and pasted where others read it.

use corscope::decode::Count;

use super::tables::check;
use super::{ID, at};

#[test]
fn the_text_of_the_copy_button_is_no_part_of_a_message() {
    let (one, two) = (at(0), at(1));
    let late = format!("{two} {ID} Task timed out after 3.00 seconds");
    let json = "{\"level\":\"error\",\"a|b\":\"c | d\"}";
    let counts = check(
        &format!(
            "  | 2026-11-22T12:00:00.120+02:00 | START RequestId: {ID} | x\n\
               | 2026-11-22T12:00:01.120+02:00Copy{late} | {late}\n\
             2026-11-22T12:00:01.120+02:00Copyone | two\n\
             2026-11-22T12:00:01.120+02:00Copy{json} | {{\n  \"level\": \"error\",\n  \
             \"a|b\": \"c | d\"\n}}\n\
             2026-11-22T12:00:01.120+02:00\n\nCopy\n{late}\n\
             2026-11-22T12:00:01.120+02:00\nCopy\n({ID}) one\n\
             2026-11-22T12:00:01.120+02:00\nCopying\n\
             2026-11-22T12:00:01.120+02:00\nCopy\n"
        ),
        &[
            (Some(&one), None, None, &format!("START RequestId: {ID} | x")),
            (Some(&two), None, None, &late),
            (Some(&two), None, None, "one | two"),
            (Some(&two), None, None, "{\n  \"level\": \"error\",\n  \"a|b\": \"c | d\"\n}"),
            (Some(&two), None, None, &late),
            (Some(&two), None, None, &format!("({ID}) one")),
            (Some(&two), None, None, "Copying"),
            (Some(&two), None, None, "Copy"),
        ],
    );
    assert_eq!(counts, [(Count::Duplicates, 1), (Count::Duplicates, 1)]);
}

#[test]
fn the_number_of_the_next_row_is_no_part_of_a_line_of_the_gateway() {
    let (one, two) = (at(0), at(1));
    let map = format!("({ID}) Method response headers: {{A=b}}");
    check(
        &format!(
            "{one}\n({ID}) HTTP Method: GET, Resource Path: /a\n2\t\n{two}\n{map}\n10\n{two}\nprinted\n10\n"
        ),
        &[
            (Some(&one), None, None, &format!("({ID}) HTTP Method: GET, Resource Path: /a")),
            (Some(&two), None, None, &map),
            (Some(&two), None, None, "printed\n10"),
        ],
    );
}

#[test]
fn groups_of_access_logs_have_any_name() {
    let (one, two) = (at(0), at(1));
    let (group, stream) = ("shop-access", "0123456789abcdef0123456789abcdef");
    let json = "{\"requestId\":\"x\",\"status\":\"401\"}";
    check(
        &format!(
            "{group} {stream} {one} {json}\n{group}  {stream} {two} {one} ({ID}) a\n\
             {group} {stream} {json}\nsum {stream} of it\nx: {stream} {json}\n"
        ),
        &[
            (Some(&one), Some(group), Some(stream), json),
            (Some(&two), Some(group), Some(stream), &format!("({ID}) a")),
            (
                None,
                Some(group),
                Some(stream),
                &format!("{json}\nsum {stream} of it\nx: {stream} {json}"),
            ),
        ],
    );
    check(
        &format!("sum {stream} of it\nx: {stream} {json}\n"),
        &[
            (None, None, None, &format!("sum {stream} of it")),
            (None, None, None, &format!("x: {stream} {json}")),
        ],
    );
}

#[test]
fn lines_that_markdown_marks_are_those_between_the_marks() {
    let one = at(0);
    let line = format!("({ID}) Method completed with status: 200");
    let test = "Sun Nov 22 10:00:00 UTC 2026 : Method completed with status: 200";
    check(
        &format!(
            "`{line}`\n**{line}** \n  `{one} {line}`\n**{test}**\nit says `{line}`\n`{line}\n\
             `` ` ``\n**\n"
        ),
        &[
            (None, None, None, &line),
            (None, None, None, &line),
            (Some(&one), None, None, &line),
            (Some("2026-11-22T10:00:00.000Z"), None, None, "Method completed with status: 200"),
            (None, None, None, &format!("it says `{line}`")),
            // The mark may be closed lines later.
            (None, None, None, &line),
            (None, None, None, "`` ` ``"),
            (None, None, None, "**"),
        ],
    );
}

#[test]
fn code_in_a_list_is_the_line_in_it() {
    let one = at(0);
    let line = format!("({ID}) Method completed with status: 200");
    let test = "Sun Nov 22 10:00:00 UTC 2026 : Method completed with status: 200";
    let tested = (Some("2026-11-22T10:00:00.000Z"), None, None, &test[31..]);
    check(
        &format!(
            "* `{line}`\n -  `{line}`  \n1. `{one} {line}`\n- `{one} {line}`\nLogs: `{test}`\n- Logs: `{test}`\n\
             - `it` said `{line}`\n- `Method completed with status: 200`\n"
        ),
        &[
            (None, None, None, &line),
            (None, None, None, &line),
            (Some(&one), None, None, &line),
            (Some(&one), None, None, &line),
            tested,
            tested,
            (None, None, None, &format!("- `it` said `{line}`")),
            (None, None, None, "- `Method completed with status: 200`"),
        ],
    );
}

#[test]
fn chalice_has_a_stream_in_front_or_its_end_behind_the_time() {
    let (one, two) = (at(0), at(1));
    let stream = "2026/11/22/[$LATEST]28c82b8ae895449c9e162a6d897b856a";
    let (start, end) =
        (format!("START RequestId: {ID} Version: 1"), format!("END RequestId: {ID}"));
    check(
        &format!("{stream} {start}\n{stream}     a['b']\n{stream} {end}\n"),
        &[
            (None, None, Some(stream), &start),
            (None, None, Some(stream), "    a['b']"),
            (None, None, Some(stream), &end),
        ],
    );
    check(
        &format!(
            "2026-11-22 10:00:00.120000 dcd6c3 {start}\n\
             2026-11-22 10:00:00.120000 dcd6c3 no: KeyError\nTraceback (most recent call last):\n  \
             File \"a.py\"\nKeyError: no\n\n2026-11-22 10:00:01.120000 dcd6c3 {end}\n"
        ),
        &[
            (Some(&one), None, None, &start),
            (
                Some(&one),
                None,
                None,
                "no: KeyError\nTraceback (most recent call last):\n  File \"a.py\"\nKeyError: no",
            ),
            (Some(&two), None, None, &end),
        ],
    );
    // What a logger prints is no such line.
    for line in [
        "2026-11-22 10:00:00.120 dcd6c3 opened",
        "2026-11-22 10:00:00,120000 opened it",
        "2026-11-22 10:00:00.120000 opened it",
    ] {
        check(line, &[(None, None, None, line)]);
    }
}

#[test]
fn lines_are_told_though_their_ids_were_hidden() {
    let one = at(0);
    let label = "Method completed with status: 200";
    for hidden in ["xxxxxxxx", "***", "<request-id>", "8d4136c9..."] {
        let line = format!("({hidden}) {label}");
        check(
            &format!(
                "{line}\nAPI-Gateway-Execution-Logs_***/dev **** {one} {line}\n{one} a\n{line}\n"
            ),
            &[
                (None, None, None, &line),
                (Some(&one), None, None, &line),
                // Anybody may have written that.
                (Some(&one), None, None, &format!("a\n{line}")),
            ],
        );
    }
}

#[test]
fn marks_of_quoting_stand_in_front_of_every_line_of_an_event() {
    let (one, two) = (at(0), at(1));
    let body = format!("({ID}) Endpoint response body before transformations:");
    let line = format!("({ID}) Method completed with status: 200");
    let json = "{\n\"a\": \"> b\",\n\n\"c\": 1\n}";
    let plain = format!("{line}\n{body}\n{json}\n\n{line}\n");
    let stamped = format!("{one} {line}\n{two} {body}\n{json}\n{two}\n{line}\n");
    let access = "{\n\"requestId\": \"a\"\n}\n{\"requestId\":\"b\"}\n";
    for mark in ["> ", ">", "> > ", ">> ", "// ", "    // ", "# ", "#"] {
        let quoted =
            |text: &str| text.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
        let whole = format!("{body}\n{json}");
        check(
            &quoted(&plain),
            &[(None, None, None, &*line), (None, None, None, &whole), (None, None, None, &line)],
        );
        check(
            &format!("he wrote:\n{}no\n", quoted(&stamped)),
            &[
                (None, None, None, "he wrote:"),
                (Some(&*one), None, None, &*line),
                (Some(&two), None, None, &whole),
                (Some(&two), None, None, &format!("{line}\nno")),
            ],
        );
        check(
            &quoted(access),
            &[
                (None, None, None, "{\n\"requestId\": \"a\"\n}"),
                (None, None, None, "{\"requestId\":\"b\"}"),
            ],
        );
    }
    // What is no quote stays as it is.
    let own = format!("{one} npm\n> build\n> {{}}\n{two} a\n");
    let events = [(Some(&*one), None, None, "npm\n> build\n> {}"), (Some(&two), None, None, "a")];
    check(&own, &events);
    check("> build\n> it\n", &[(None, None, None, "> build"), (None, None, None, "> it")]);
}
