//! Lines of execution logs, by what they must be read as.
//!
//! Must not: hold a line of a real log.

use std::fmt;

use super::*;

const ID: &str = "11111111-2222-4333-8444-555555555555";

#[track_caller]
fn check(message: &str, want: &Execution<'_>) {
    let record = parse(message.as_bytes()).expect(message);
    let Entry::Execution(got) = record.entry else { panic!("{:?}", record.entry) };
    assert_eq!(&got, want);
}

#[test]
fn the_id_in_front_may_be_a_uuid_an_extended_id_or_missing() {
    for (prefix, id) in [(format!("({ID}) "), Some(ID)), (String::new(), None)] {
        let line = format!("{prefix}HTTP Method: GET, Resource Path: /a,b");
        let record = parse(line.as_bytes()).expect("a line");
        assert_eq!(record.id.map(|id| id.to_string()).as_deref(), id);
    }
    let record = parse(b"(EP5ycFmYoAMEnvg=) Extended Request Id: EP5ycFmYoAMEnvg=");
    assert_eq!(
        record.and_then(|r| r.id).map(|id| id.to_string()).as_deref(),
        Some("EP5ycFmYoAMEnvg=")
    );
    for hidden in ["(xxxxxxxx)", "(<request-id>)", "(...)", "(8d4136c9...)", "[8d4136c9]"] {
        let line = format!("{hidden} HTTP Method: GET, Resource Path: /a");
        assert_eq!(parse(line.as_bytes()).and_then(|record| record.id), None);
        check(&line, &Execution::HttpMethod { method: b"GET", path: b"/a" });
    }
    assert!(parse(b"(xxxxxxxx) Is it a label?").is_none());
    assert!(parse(b"(see below) HTTP Method: x").is_none());
}

#[test]
fn a_path_ends_at_the_first_blank() {
    let want = Execution::HttpMethod { method: b"GET", path: b"/a%20b,c" };
    for behind in ["", " ", "\r\nand more", "   10:00:00.120", "\t<- here"] {
        check(&format!("({ID}) HTTP Method: GET, Resource Path: /a%20b,c{behind}"), &want);
    }
    let want = Execution::HttpMethod { method: b"GET", path: b"" };
    check(&format!("({ID}) HTTP Method: GET, Resource Path: \nand more"), &want);
}

#[test]
fn an_empty_api_key_may_have_lost_one_of_its_blanks() {
    for key in ["API Key  ", "API Key ", "API Key ****abcdef "] {
        check(
            &format!(
                "({ID}) {key}authorized because method 'ANY /{{proxy+}}' does not require API Key."
            ),
            &Execution::ApiKeyAuthorized(b"ANY /{proxy+}"),
        );
        check(
            &format!("({ID}) {key}not authorized because method 'GET /' requires API Key and ..."),
            &Execution::ApiKeyNotAuthorized(b"GET /"),
        );
    }
    check(&format!("({ID}) API Key: ****abcdef"), &Execution::Detail);
}

#[test]
fn a_message_of_the_function_may_contain_anything() {
    check(
        &format!(
            "({ID}) Lambda execution failed with status 200 due to customer function error: a. Lambda request id: b. Lambda request id: {ID}"
        ),
        &Execution::LambdaExecutionFailed {
            message: b"a. Lambda request id: b",
            lambda: RequestId::parse(ID.as_bytes()),
        },
    );
}

#[test]
fn a_line_of_a_guide_may_have_a_word_for_its_id() {
    for word in ["abc-123", "request_1", "42"] {
        let line = format!("({word}) Method completed with status: 200");
        let record = parse(line.as_bytes()).expect("a line");
        assert_eq!(record.id, IdText::parse(word.as_bytes()), "{line}");
        assert!(matches!(record.entry, Entry::Execution(Execution::MethodCompleted(200))));
    }
    for other in ["(abc-123) Unauthorized", "(a b) Method completed with status: 200", "(x) y"] {
        assert!(parse(other.as_bytes()).is_none(), "{other}");
    }
}

#[test]
fn a_reason_of_an_application_is_none_of_mutual_tls() {
    let own = parse(b"Access denied. Reason: no seat left");
    assert!(own.is_none_or(|record| matches!(record.entry, Entry::Other)));
}

#[test]
fn the_limits_of_a_key_name_stage_and_method() {
    let key = "API Key ****F0yrv6 exceeded";
    check(
        &format!(
            "({ID}) {key} quota limit for API Stage abc123/dev: Key quota exhausted for Usage Plan ID nnpegc. Limit: 500 Period: DAY"
        ),
        &Execution::ThrottleExceeded { api: b"abc123", stage: b"dev", method: b"", quota: true },
    );
    check(
        &format!(
            "({ID}) {key} throttle limit for API Stage abc123/dev: Key throttle limit exceeded for Usage Plan ID nnpegc, RestApi abc123, Stage dev, Resource f646q2, HttpMethod GET. Limit: 5.00 Burst: 10"
        ),
        &Execution::ThrottleExceeded {
            api: b"abc123",
            stage: b"dev",
            method: b"GET",
            quota: false,
        },
    );
}

#[test]
fn a_path_ends_with_its_line() {
    check(
        &format!("({ID}) HTTP Method: GET, Resource Path: /items\n10"),
        &Execution::HttpMethod { method: b"GET", path: b"/items" },
    );
}

#[test]
fn a_payload_may_stand_on_its_own_line() {
    check("Method response headers:\n{A=b}", &Execution::MethodResponseHeaders(b"{A=b}"));
}

fn read<'a>(look: Look<'a>, line: &mut Execution<'a>) -> impl PartialEq + fmt::Debug + use<'a> {
    (look.id, look.truncated, look.adds, look.read(line))
}

#[test]
fn a_first_look_changes_nothing() {
    let no_uuid = "(11111111-2222-4333-8444-55555555555/) ";
    let test = "(test-1111111111111111111111111111111) ";
    let usual = [format!("({ID}) "), no_uuid.into(), test.into()];
    let others = [format!("({ID})"), "(EP5ycFmYoAMEnvg=) ".into(), String::new()];
    let ids: Vec<String> = usual.iter().chain(&others).cloned().collect();
    let tails = ["", " [TRUNCATED]", "\n", "x"];
    let others = ["", " ", "Somebody else's line", "Method", "()", "(x) y"];
    for text in SHAPES.iter().map(|shape| shape.example).chain(others) {
        for (id, tail) in ids.iter().flat_map(|id| tails.map(|tail| (id, tail))) {
            let message = format!("{id}{text}{tail}");
            let (mut once, mut twice) = (Execution::Detail, Execution::Detail);
            let first = look(message.as_bytes(), None).map(|look| read(look, &mut once));
            let glanced = glance(message.as_bytes());
            let second = look_glanced(message.as_bytes(), glanced, None)
                .filter(Look::has_id)
                .or_else(|| look(message.as_bytes(), None));
            let second = second.map(|look| read(look, &mut twice));
            assert_eq!((second, twice), (first, once), "{message}");
            let is_usual = usual.contains(id) && SHAPES.iter().any(|it| it.example == text);
            assert_eq!(glanced != Glance::default(), is_usual, "{message}");
        }
    }
}

#[test]
fn truncation_is_told_by_its_literal_mark_only() {
    let cut = format!("({ID}) Method response headers: {{A=b [TRUNCATED]");
    assert!(parse(cut.as_bytes()).expect("a line").truncated);
    let whole = format!("({ID}) Method response headers: {{A=b");
    assert!(!parse(whole.as_bytes()).expect("a line").truncated);
}

#[test]
fn throttling_names_api_stage_and_method() {
    check(
        "Key throttle limit exceeded for RestApi a1, Stage prod, Resource x, HttpMethod POST. Limit: 1.00 Burst: 1",
        &Execution::ThrottleExceeded { api: b"a1", stage: b"prod", method: b"POST", quota: false },
    );
}
