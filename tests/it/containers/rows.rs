//! Rows and lines that end elsewhere than they seem to.

use corscope::decode::Count;

use super::tables::check;
use super::{ID, at, messages};

#[test]
fn quotes_in_a_field_that_does_not_begin_with_one_are_text() {
    let (one, two, three) = (at(0), at(1), at(2));
    let open = format!("({ID}) Method response headers: {{a=\"b, c [TRUNCATED]");
    let whole = format!("({ID}) body: {{\"a\":\"b\"}}");
    let quoted = "a, \"b\"\nc";
    let stamp = |second: u32| format!("2026-11-22 10:00:0{second}.120");
    let tabs = format!(
        "@timestamp\t@message\n{}\t{open}\n{}\t\"a, \"\"b\"\"\nc\"\n{}\t{whole}\n{}\t{open}\n",
        stamp(0),
        stamp(1),
        stamp(2),
        stamp(2),
    );
    check(
        &tabs,
        &[
            (Some(&one), None, None, &open),
            (Some(&two), None, None, quoted),
            (Some(&three), None, None, &whole),
            (Some(&three), None, None, &open),
        ],
    );
    let numbers = format!(
        "#,@timestamp,@message,@logStream\n1,{},5\" x,a\n2,{},{{\"a\":\"b}},a\n3,{},c,b\n",
        stamp(0),
        stamp(1),
        stamp(2),
    );
    check(
        &numbers,
        &[
            (Some(&one), None, Some("a"), "5\" x"),
            (Some(&two), None, Some("a"), "{\"a\":\"b}"),
            (Some(&three), None, Some("b"), "c"),
        ],
    );
}

#[test]
fn lines_may_end_in_a_carriage_return() {
    let (one, two) = (at(0), at(1));
    let line = format!("({ID}) Method completed with status: 200");
    let export = format!("{one} {line}\r{two} a\rb\r\r{two} {line}\r");
    let events = [
        (Some(&*one), None, None, &*line),
        (Some(&two), None, None, "a\nb"),
        (Some(&two), None, None, &line),
    ];
    check(&export, &events);
    let access = "{\"requestId\":\"a\"}\r{\"requestId\":\"b\"}\r";
    check(
        access,
        &[(None, None, None, "{\"requestId\":\"a\"}"), (None, None, None, "{\"requestId\":\"b\"}")],
    );
    // Within a message it is the message's.
    assert_eq!(messages(format!("{one} a\rb\rc").as_bytes()), ["a\rb\rc"]);
}

#[test]
fn rows_of_an_access_log_have_no_message() {
    let (one, two) = (at(0), at(1));
    let object = |status: u32| {
        format!("{{\"requestId\":\"{ID}\",\"status\":\"{status}\",\"error\":\"a, b\"}}")
    };
    let (first, second) = (object(403), object(200));
    let expected = [(Some(&*one), None, None, &*first), (Some(&*two), None, None, &*second)];
    check(
        &format!(
            "@timestamp,requestId,status,error\n2026-11-22 10:00:00.120,{ID},403,\"a, b\"\n2026-11-22 10:00:01.120,{ID},200,\"a, b\"\n"
        ),
        &expected,
    );
    let row = |time: &str, status: u32| {
        format!(
            "[{{\"field\":\"@timestamp\",\"value\":\"{time}\"}},{{\"field\":\"requestId\",\"value\":\"{ID}\"}},\
             {{\"field\":\"status\",\"value\":\"{status}\"}},{{\"field\":\"error\",\"value\":\"a, b\"}}]"
        )
    };
    let rows = [row("2026-11-22 10:00:00.120", 403), row("2026-11-22 10:00:01.120", 200)];
    check(&format!("{{\"results\":[{}]}}", rows.join(",")), &expected);
    // Rows of other queries are none.
    let counts = check("{\"results\":[[{\"field\":\"count(*)\",\"value\":\"7\"}]]}", &[]);
    assert_eq!(counts, [(Count::Skipped, 1)]);
}
