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
