//! The recorded facts, one by one.
//!
//! Must not: hold a fact without a recording or documentation.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn check(surface: Surface, value: &Value, want: &Acceptance) -> FunctionResponse {
    let got = examine(value, surface);
    assert_eq!(&got.acceptance, want, "{value}");
    let text = examine_text(value.to_string().as_bytes(), false, surface).expect("a value");
    assert_eq!(got, text, "the text of {value}");
    got
}

fn malformed(path: &str, problem: DefectKind) -> Acceptance {
    Acceptance::Malformed(Defect { path: path.to_owned(), problem })
}

fn pairs(response: &FunctionResponse) -> Vec<(&str, &str)> {
    response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

const REST: Surface = Surface::Rest;
const HTTP: Surface = Surface::Http;
const URL: Surface = Surface::FunctionUrl;

#[test]
fn rest_takes_what_was_recorded_as_200() {
    let ok = Acceptance::Accepted;
    assert_eq!(check(REST, &json!({"statusCode": 200}), &ok).status, Fact::Seen(200));
    let got = check(REST, &json!({"statusCode": 200, "headers": {"a": "v", "b": true}}), &ok);
    assert_eq!(pairs(&got), [("a", "v"), ("b", "true")]);
    check(REST, &json!({"statusCode": 200, "headers": null, "multiValueHeaders": null}), &ok);
    assert_eq!(check(REST, &json!({"headers": {"a": "b"}}), &ok).status, Fact::Seen(200));
    assert_eq!(check(REST, &json!({"statusCode": "201"}), &ok).status, Fact::Seen(201));
    check(REST, &json!({"statusCode": 200, "isBase64Encoded": true, "body": "aGk="}), &ok);
}

#[test]
fn rest_rejects_what_was_recorded_as_502() {
    check(REST, &json!({"statusCode": "test"}), &malformed("$.statusCode", DefectKind::StatusCode));
    for (value, path) in [
        (json!({"statusCode": 200, "wrongValue": "x"}), "$.wrongValue"),
        (json!({"statusCode": 405, "Cache-Control": "no-store"}), r#"$["Cache-Control"]"#),
        (json!({"statusCode": 200, "cookies": ["a=b"]}), "$.cookies"),
        (json!({"menu": 1}), "$.menu"),
    ] {
        check(REST, &value, &malformed(path, DefectKind::UnknownKey));
    }
    check(REST, &json!("hello"), &malformed("$", DefectKind::NotAnObject));
    check(REST, &json!([1]), &malformed("$", DefectKind::NotAnObject));
    check(REST, &json!(42), &malformed("$", DefectKind::NotAnObject));
    check(REST, &json!(null), &malformed("$", DefectKind::Null));
    for body in [json!({"a": 1}), json!([])] {
        check(
            REST,
            &json!({"statusCode": 200, "body": body}),
            &malformed("$.body", DefectKind::BodyNotString),
        );
    }
    check(
        REST,
        &json!({"statusCode": 200, "multiValueHeaders": {"Set-Cookie": "a=b"}}),
        &malformed(r#"$.multiValueHeaders["Set-Cookie"]"#, DefectKind::MultiValueHeaders),
    );
}

#[test]
fn multi_values_come_first_and_their_spelling_wins() {
    let value = json!({"statusCode": 200, "headers": {"X-One": "solo", "Other": "o", "same": "s"},
        "multiValueHeaders": {"x-one": ["multi", "second"], "same": ["s"]}});
    let got = check(REST, &value, &Acceptance::Accepted);
    assert_eq!(pairs(&got), [("x-one", "multi, second, solo"), ("same", "s"), ("Other", "o")]);
    assert!(got.headers_complete);
}

#[test]
fn what_was_never_recorded_is_unknown() {
    let unknown = Acceptance::Unknown;
    for value in [
        json!({}),
        json!({"statusCode": 200, "headers": {"Access-Control-Max-Age": 600}}),
        json!({"statusCode": 200, "headers": {"a": null}}),
        json!({"statusCode": 200, "headers": {"a": ["*"]}}),
        json!({"statusCode": 200, "headers": []}),
        json!({"statusCode": 700}),
        json!({"statusCode": 200, "body": "!!", "isBase64Encoded": true}),
    ] {
        check(REST, &value, &unknown);
    }
    let got = check(
        REST,
        &json!({"statusCode": 200, "headers": {"Access-Control-Max-Age": 600}}),
        &unknown,
    );
    assert_eq!(pairs(&got), [("Access-Control-Max-Age", "600")]);
    check(HTTP, &json!(null), &unknown);
    check(URL, &json!({"statusCode": "200"}), &unknown);
    check(Surface::Unknown, &json!({"statusCode": 200, "extra": 1}), &unknown);
    check(Surface::Unknown, &json!({"statusCode": 200, "body": "x"}), &Acceptance::Accepted);
}

#[test]
fn errors_of_the_service_are_no_responses() {
    let error = malformed("$", DefectKind::ServiceError);
    let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
    check(REST, &json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."}), &error);
    check(REST, &json!({"Message": "no ENI", "Type": "User"}), &error);
}

#[test]
fn errors_of_the_function_are_no_responses() {
    let value = json!({"errorMessage": "boom", "errorType": "Error", "trace": []});
    for surface in [REST, HTTP, URL, Surface::Alb, Surface::Unknown] {
        let got = check(surface, &value, &Acceptance::Unknown);
        assert_eq!(got.status, Fact::Unseen);
        assert!(!got.headers_complete);
    }
}

#[test]
fn an_http_api_infers_what_has_no_status() {
    for value in [json!({"hello": "world"}), json!("hello"), json!({"headers": {"a": "b"}})] {
        let got = check(HTTP, &value, &Acceptance::Inferred);
        assert_eq!(got.status, Fact::Seen(200));
        assert_eq!(pairs(&got), [("content-type", "application/json")]);
    }
    let value = json!({"statusCode": 200, "headers": {"a": "b"}, "cookies": ["c=d"], "body": "x"});
    let got = check(HTTP, &value, &Acceptance::Accepted);
    assert_eq!(pairs(&got), [("a", "b"), ("set-cookie", "c=d")]);
    check(
        HTTP,
        &json!({"statusCode": 200, "body": {"a": 1}}),
        &malformed("$.body", DefectKind::BodyNotString),
    );
}

#[test]
fn a_function_url_is_lenient_but_for_the_status() {
    for value in [json!({"a": 1}), json!(["hello", 3, true]), json!(3.1), json!("hello")] {
        check(URL, &value, &Acceptance::Inferred);
    }
    let ok = Acceptance::Accepted;
    check(URL, &json!({"statusCode": 200, "body": {"not": "string"}}), &ok);
    check(URL, &json!({"statusCode": 200, "body": "!!!", "isBase64Encoded": true}), &ok);
    let got =
        check(URL, &json!({"statusCode": 200, "headers": {"x": {"bad": true, "b": [1]}}}), &ok);
    assert_eq!(pairs(&got), [("x", "{bad=true, b=[1]}")]);
    let bad = malformed("$.statusCode", DefectKind::StatusCode);
    assert_eq!(check(URL, &json!({"statusCode": 700, "body": "x"}), &bad).status, Fact::Seen(700));
}

#[test]
fn a_load_balancer_needs_a_status() {
    let value = json!({"statusCode": 200, "statusDescription": "200 OK", "body": ""});
    check(Surface::Alb, &value, &Acceptance::Accepted);
    check(Surface::Alb, &json!({"body": "x"}), &malformed("$", DefectKind::StatusCode));
    check(REST, &value, &malformed("$.statusDescription", DefectKind::UnknownKey));
}

#[track_caller]
fn check_cut(text: &str, want: &Acceptance) -> FunctionResponse {
    let got = examine_text(text.as_bytes(), true, REST).expect("a value");
    assert_eq!(&got.acceptance, want);
    got
}

#[test]
fn what_stands_before_the_cut_counts() {
    let text = r#"{"statusCode": 200, "headers": {"A": "b", "Access-Contr [TRUNCATED]"#;
    let got = check_cut(text, &Acceptance::Unknown);
    assert_eq!(got.status, Fact::Seen(200));
    assert_eq!(pairs(&got), [("A", "b")]);
    assert!(!got.headers_complete);
    // `multiValueHeaders` may follow.
    let text = r#"{"statusCode": 200, "headers": {"A": "b"}, "body": "xyz [TRUNCATED]"#;
    assert!(!check_cut(text, &Acceptance::Unknown).headers_complete);
    let text = r#"{"headers":{"A":"b"},"multiValueHeaders":null,"body":"xyz [TRUNCATED]"#;
    assert!(check_cut(text, &Acceptance::Unknown).headers_complete);
    let text = r#"{"body": "xyz [TRUNCATED]"#;
    assert_eq!(check_cut(text, &Acceptance::Unknown).status, Fact::Unseen);
}

#[test]
fn a_cut_document_can_be_malformed_already() {
    check_cut("\"hel [TRUNCATED]", &malformed("$", DefectKind::NotAnObject));
    check_cut("[{\"a\": [TRUNCATED]", &malformed("$", DefectKind::NotAnObject));
    check_cut(r#"{"items":[{"id [TRUNCATED]"#, &malformed("$.items", DefectKind::UnknownKey));
    check_cut(
        r#"{"statusCode":200,"body":{"a":"b [TRUNCATED]"#,
        &malformed("$.body", DefectKind::BodyNotString),
    );
    check_cut(r#"{"errorMessage":"boo [TRUNCATED]"#, &Acceptance::Unknown);
}

#[test]
fn text_that_is_no_value_is_nothing() {
    for text in ["", " ", "<html></html>", "Hello", "true story"] {
        assert_eq!(examine_text(text.as_bytes(), false, REST), None, "{text}");
    }
}

#[test]
fn parts_that_a_dump_leaves_out_are_unseen() {
    let (value, _) =
        value::parse_prefix(b"{ statusCode: 200, headers: [Object], body: '' }").expect("a value");
    let got = examine(&value, REST);
    assert_eq!(got.acceptance, Acceptance::Unknown);
    assert!(!got.headers_complete);
}

#[test]
fn no_cut_makes_an_accepted_response_malformed() {
    let text = json!({"statusCode": 200, "headers": {"A": "b", "C": "d"},
        "multiValueHeaders": {"E": ["f", "g"]}, "body": "{\"a\": \"\\u00e9\"}",
        "isBase64Encoded": false})
    .to_string();
    for end in 1..text.len() {
        for surface in [REST, HTTP, URL, Surface::Alb, Surface::Unknown] {
            let got = examine_text(&text.as_bytes()[..end], true, surface).expect("a value");
            assert_eq!(got.acceptance, Acceptance::Unknown, "cut at {end}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = examine_text(&text, true, Surface::Rest);
    }
}
