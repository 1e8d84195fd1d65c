//! Access-log lines of every format, by what they must be read as.
//!
//! Must not: hold a line of a real log.

use proptest::prelude::*;

use super::*;
use crate::model::Surface;

const ID: &str = "5e2f6d3a-0000-4000-8000-000000000001";
const EXTENDED: &str = "A1b2C3d4oAMFabc=";

/// A format, an example of it, and where it is documented.
struct Form {
    name: &'static str,
    example: &'static str,
    seen: &'static str,
    surface: Surface,
}

const DOCS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html";
const HTTP_DOCS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html";

/// Each says: GET /pets was answered with 403 and 23 bytes.
const FORMS: &[Form] = &[
    Form {
        name: "CLF, REST",
        example: r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET /pets HTTP/1.1" 403 23 5e2f6d3a-0000-4000-8000-000000000001 A1b2C3d4oAMFabc="#,
        seen: DOCS,
        surface: Surface::Rest,
    },
    Form {
        name: "CLF, HTTP API",
        example: r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET GET /pets HTTP/1.1" 403 23 A1b2C3d4oAMFabc="#,
        seen: HTTP_DOCS,
        surface: Surface::Http,
    },
    Form {
        name: "JSON, REST",
        example: r#"{ "requestId":"5e2f6d3a-0000-4000-8000-000000000001", "extendedRequestId":"A1b2C3d4oAMFabc=","ip": "198.51.100.7", "caller":"-", "user":"-", "requestTime":"22/Nov/2026:10:00:00 +0000", "httpMethod":"GET","resourcePath":"/pets", "status":"403","protocol":"HTTP/1.1", "responseLength":"23" }"#,
        seen: DOCS,
        surface: Surface::Rest,
    },
    Form {
        name: "JSON, HTTP API",
        example: r#"{ "requestId":"A1b2C3d4oAMFabc=", "ip": "198.51.100.7", "requestTime":"22/Nov/2026:10:00:00 +0000", "httpMethod":"GET","routeKey":"GET /pets", "status":"403","protocol":"HTTP/1.1", "responseLength":"23" }"#,
        seen: HTTP_DOCS,
        surface: Surface::Http,
    },
    Form {
        name: "JSON, nested",
        example: r#"{"request":{"id":"5e2f6d3a-0000-4000-8000-000000000001","method":"GET","path":"/pets","time":"22/Nov/2026:10:00:00 +0000"},"response":{"status":403,"length":23}}"#,
        seen: "user-made",
        surface: Surface::Rest,
    },
    Form {
        name: "JSON, broken by a quote",
        example: r#"{"userAgent":"a "quoted", agent","requestId":"5e2f6d3a-0000-4000-8000-000000000001","requestTime":"22/Nov/2026:10:00:00 +0000","httpMethod":"GET","path":"/pets","status":403,"responseLength":"23"}"#,
        seen: "text substitution without escapes",
        surface: Surface::Rest,
    },
    Form {
        name: "XML, REST",
        example: r#"<request id="5e2f6d3a-0000-4000-8000-000000000001"> <ip>198.51.100.7</ip> <caller>-</caller> <user>-</user> <requestTime>22/Nov/2026:10:00:00 +0000</requestTime> <httpMethod>GET</httpMethod> <resourcePath>/pets</resourcePath> <status>403</status> <protocol>HTTP/1.1</protocol> <responseLength>23</responseLength> </request>"#,
        seen: DOCS,
        surface: Surface::Rest,
    },
    Form {
        name: "XML, HTTP API",
        example: r#"<request id="A1b2C3d4oAMFabc="> <ip>198.51.100.7</ip> <requestTime>22/Nov/2026:10:00:00 +0000</requestTime> <httpMethod>GET</httpMethod> <routeKey>GET /pets</routeKey> <status>403</status> <protocol>HTTP/1.1</protocol> <responseLength>23</responseLength> </request>"#,
        seen: HTTP_DOCS,
        surface: Surface::Http,
    },
    Form {
        name: "CSV, REST",
        example: "198.51.100.7,-,-,22/Nov/2026:10:00:00 +0000,GET,/pets,HTTP/1.1,403,23,5e2f6d3a-0000-4000-8000-000000000001",
        seen: DOCS,
        surface: Surface::Rest,
    },
    Form {
        name: "CSV, HTTP API",
        example: "198.51.100.7,22/Nov/2026:10:00:00 +0000,GET,GET /pets,HTTP/1.1,403,23,A1b2C3d4oAMFabc=",
        seen: HTTP_DOCS,
        surface: Surface::Http,
    },
    Form {
        name: "pairs",
        example: "requestId=5e2f6d3a-0000-4000-8000-000000000001|requestTime=22/Nov/2026:10:00:00 +0000|httpMethod=GET|resourcePath=/pets|status=403|responseLength=23|identity.userAgent=curl/8 a=b",
        seen: "user-made",
        surface: Surface::Rest,
    },
    Form {
        name: "pairs with colons",
        example: "requestId: 5e2f6d3a-0000-4000-8000-000000000001, requestTime: 22/Nov/2026:10:00:00 +0000, httpMethod: GET, resourcePath: /pets, status: 403, responseLength: 23",
        seen: "user-made",
        surface: Surface::Rest,
    },
    Form {
        name: "pairs with blanks",
        example: "request_id=5e2f6d3a-0000-4000-8000-000000000001 time=\"22/Nov/2026:10:00:00 +0000\" method=GET path=/pets status=403 length=23",
        seen: "user-made",
        surface: Surface::Rest,
    },
];

#[test]
fn a_hidden_id_is_none_and_hides_nothing_else() {
    for form in FORMS.iter().filter(|form| !form.name.contains("CSV")) {
        for hidden in ["xxxxxxxxxxxxxxxx", "***", "REDACTED", "<request-id>", "8d4136c9..."] {
            // In XML the id in angle brackets would be a tag.
            if hidden.starts_with('<') && form.example.starts_with('<') {
                continue;
            }
            let line = form.example.replace(ID, hidden).replace(EXTENDED, hidden);
            let got = parse(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((got.request_id, got.extended_request_id), (None, None), "{line}");
            assert_eq!(got.method.as_deref(), Some("GET"), "{line}");
            assert_eq!(got.path.as_deref(), Some("/pets"), "{line}");
            assert_eq!((got.status, got.response_length), (Some(403), Some(23)), "{line}");
        }
    }
}

#[test]
fn the_formats_of_aws_are_told_without_an_id() {
    for form in
        FORMS.iter().filter(|form| form.seen != "user-made" && form.example.starts_with('{'))
    {
        let line = form.example.replace(ID, "-").replace(EXTENDED, "-");
        let is_whole = line.contains("protocol");
        let (id, extended) = (r#""requestId":"-","#, r#""extendedRequestId":"-","#);
        for line in [line.replace(id, "").replace(extended, ""), line] {
            let got = parse(line.as_bytes());
            assert_eq!(got.and_then(|got| got.status), is_whole.then_some(403), "{line}");
        }
    }
    for line in [
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET /pets HTTP/1.1" 403 23 "-" "curl/8""#,
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET /pets HTTP/1.1" 403 23 -"#,
        r#"{"requestId":"","method":"GET","path":"/pets","status":403}"#,
        r#"{"requestId":"see above","method":"GET","path":"/pets","status":403}"#,
    ] {
        assert!(parse(line.as_bytes()).is_none(), "{line}");
    }
}

#[test]
fn fields_and_messages_may_stand_around_those_of_aws() {
    let denied = "The IAM role configured on the integration doesn't have permissions";
    for (line, path, message) in [
        (
            format!(
                r#"[22/Nov/2026:10:00:00 +0000] "GET $default HTTP/1.1" 500 35 {EXTENDED} {denied}"#
            ),
            None,
            Some(denied),
        ),
        (
            format!(
                "198.51.100.7,22/Nov/2026:10:00:00 +0000,GET,ANY /{{proxy+}},HTTP/1.1,500,35,{EXTENDED},/pets,{denied}"
            ),
            Some("/pets"),
            Some(denied),
        ),
        (
            format!(
                "{ID} 198.51.100.7 22/Nov/2026:10:00:00 +0000 GET /pets 500 Internal Server Error INTEGRATION_FAILURE - -"
            ),
            Some("/pets"),
            None,
        ),
        (
            format!("2026-11-22T10:00:00.000Z\t{ID}\tGET\t/pets\t500\tInternal Server Error"),
            Some("/pets"),
            None,
        ),
        (
            format!(
                r#"{{"api_gateway_request_id":"{ID}","method":"GET","path":"/pets","status":500}}"#
            ),
            Some("/pets"),
            None,
        ),
    ] {
        let got = read(&line);
        assert_eq!(got.method.as_deref(), Some("GET"), "{line}");
        assert_eq!((got.path.as_deref(), got.status), (path, Some(500)), "{line}");
        assert_eq!(got.integration_error.as_deref(), message, "{line}");
        assert!(got.request_id.is_some(), "{line}");
    }
    // What SDKs give of an answer is none, cut off or not.
    let answer = format!(r#"{{"ResponseMetadata":{{"HTTPStatusCode":400,"RequestId":"{ID}","#);
    for line in [format!("{answer}\"Error\":{{\"Message\":\"no"), format!("{answer}\"a\":1}}}}")] {
        assert!(parse(line.as_bytes()).is_none(), "{line}");
    }
}

#[test]
fn every_form_is_read_alike() {
    for form in FORMS {
        let got = parse(form.example.as_bytes()).unwrap_or_else(|| panic!("{}", form.name));
        let got = *got;
        let name = form.name;
        assert_eq!(got.surface, form.surface, "{name}");
        assert_eq!(got.method.as_deref(), Some("GET"), "{name}");
        assert_eq!(got.path.as_deref(), Some("/pets"), "{name}");
        assert_eq!(got.status, Some(403), "{name}");
        assert_eq!(got.response_length, Some(23), "{name}");
        let id = if form.surface == Surface::Http { EXTENDED } else { ID };
        assert_eq!(got.request_id.map(|id| id.to_string()).as_deref(), Some(id), "{name}");
        let time = got.time.map(|time| time.to_string());
        assert_eq!(time.as_deref(), Some("2026-11-22T10:00:00.000Z"), "{name}");
        assert!(!form.seen.is_empty());
    }
}

#[track_caller]
fn read(text: &str) -> AccessRecord {
    *parse(text.as_bytes()).expect("an access record")
}

/// A REST line with these members.
fn rest(members: &str) -> AccessRecord {
    read(&format!(
        r#"{{"requestId":"{ID}","httpMethod":"GET","resourcePath":"/pets/{{id}}",{members}}}"#
    ))
}

#[test]
fn routes_and_paths() {
    let got = rest(r#""status":"200","path":"/prod/pets/1","stage":"prod""#);
    assert_eq!(got.route.as_deref(), Some("GET /pets/{id}"));
    assert_eq!(got.path.as_deref(), Some("/prod/pets/1"));
    assert_eq!(rest(r#""status":"200""#).path, None);
    let got = read(&format!(
        r#"{{"requestId":"{EXTENDED}","httpMethod":"OPTIONS","routeKey":"$default","status":"404"}}"#
    ));
    assert_eq!((got.route.as_deref(), got.path), (Some("$default"), None));
    let got =
        read(&format!(r#"{{"requestId":"{EXTENDED}","routeKey":"ANY /a/{{b}}","status":"200"}}"#));
    assert_eq!((got.method, got.path), (None, None));
}

#[test]
fn the_epoch_is_in_seconds_or_milliseconds() {
    let want = Some("2026-11-22T10:00:00.000Z");
    for epoch in ["1795341600", "1795341600000"] {
        let got = rest(&format!(r#""status":"200","requestTimeEpoch":"{epoch}""#));
        assert_eq!(got.time.map(|time| time.to_string()).as_deref(), want);
    }
    for time in ["22/Nov/2026:11:30:00 +0130", "22/Nov/2026:09:00:00 -0100", "2026-11-22T10:00:00Z"]
    {
        let got = rest(&format!(r#""status":"200","requestTime":"{time}""#));
        assert_eq!(got.time.map(|time| time.to_string()).as_deref(), want);
    }
    assert_eq!(rest(r#""status":"200","requestTime":"31/Feb/2026:10:00:00 +0000""#).time, None);
}

#[test]
fn whether_the_integration_was_called() {
    for (members, called, function) in [
        (r#""status":"401","integrationStatus":"-""#, Some(false), None),
        (r#""status":"403","integrationStatus":"403""#, Some(true), Some(403)),
        (r#""status":"502","integrationStatus":"200""#, Some(true), None),
        (r#""status":"200","integrationStatus":"200""#, Some(true), Some(200)),
        (r#""status":"200""#, None, None),
        (
            r#""status":"502","integration.status":"-","integration.integrationStatus":"200","integrationStatus":"200""#,
            Some(true),
            None,
        ),
        (
            r#""status":"400","integration.status":"400","integration.integrationStatus":"200""#,
            Some(true),
            Some(400),
        ),
        (
            r#""status":"401","functionResponseStatus":"-","integrationServiceStatus":"-","integrationLatency":"-""#,
            Some(false),
            None,
        ),
        (
            r#""status":502,"functionResponseStatus":"-","integrationServiceStatus":"200""#,
            Some(true),
            None,
        ),
        (
            r#""status":400,"functionResponseStatus":"400","integrationServiceStatus":"200""#,
            Some(true),
            Some(400),
        ),
        (
            r#""status":"400","integration_integrationStatus":"200","integration_status":"400""#,
            Some(true),
            Some(400),
        ),
        (
            r#""status":"403","integration.status":"-","integrationLatency":"-","integration.error":"-""#,
            Some(false),
            None,
        ),
    ] {
        let got = rest(members);
        assert_eq!(got.integration_called, called, "{members}");
        assert_eq!(got.function_status, function, "{members}");
    }
}

#[test]
fn errors_by_many_names() {
    let got = rest(
        r#""status":"403","error.message":"Forbidden","error.responseType":"ACCESS_DENIED","integrationErrorMessage":"boom","authError":"no match","wafResponseCode":"WAF_BLOCK""#,
    );
    assert_eq!(got.error_message.as_deref(), Some("Forbidden"));
    assert_eq!(got.error_response_type.as_deref(), Some("ACCESS_DENIED"));
    assert_eq!(got.integration_error.as_deref(), Some("boom"));
    assert_eq!(got.authorizer_error.as_deref(), Some("no match"));
    assert!(got.waf_blocked);
    let got = rest(
        r#""httpStatusCode":"403","integrationErr":"boom","error":{"errorMessage":"Forbidden","errorResponseType":"ACCESS_DENIED"}"#,
    );
    assert_eq!(got.status, Some(403));
    assert_eq!(got.error_message.as_deref(), Some("Forbidden"));
    assert_eq!(got.error_response_type.as_deref(), Some("ACCESS_DENIED"));
    assert_eq!(got.integration_error.as_deref(), Some("boom"));
    // `$context.error.messageString` has quotes of its own, be they in the JSON's or in place of them.
    for members in [
        r#""status":"403","errMsg":"-","error":{"messageString":"Forbidden"}"#,
        r#""status":"403","error.messageString":""Forbidden"""#,
        r#""status":"403","errorMessage":"Forbidden","wafStatus":"200""#,
    ] {
        let got = rest(members);
        assert_eq!(got.error_message.as_deref(), Some("Forbidden"), "{members}");
        assert!(!got.waf_blocked);
    }
}

#[test]
fn a_message_beside_members_of_the_context_is_the_gateways() {
    let got = |members: &str| rest(members).error_message;
    let forbidden = r#""resourcePath":"/pets","status":"403","message":"Missing Authentication Token","responseLength":"42""#;
    assert_eq!(got(forbidden).as_deref(), Some("Missing Authentication Token"));
    assert_eq!(got(&forbidden.replace("403", "200")), None);
    assert_eq!(got(&forbidden.replace("responseLength", "size")), None);
    let both = forbidden.replace("\"message\"", "\"errorMessage\":\"Forbidden\",\"message\"");
    assert_eq!(got(&both).as_deref(), Some("Forbidden"));
}

#[test]
fn names_of_files_and_times_may_stand_in_front_of_json() {
    let line = format!(r#"{{ "requestId":"{ID}", "httpMethod":"GET","status":"401" }}"#);
    for prefix in [
        "",
        "access.log:",
        "logs/2026/access:12:",
        "access:7:",
        "11/22/2026 10:00:00: ",
        "[10:00:00.120] ",
        "2026-11-22 10:00:00,120 ",
    ] {
        assert_eq!(read(&format!("{prefix}{line}")).status, Some(401), "{prefix}");
    }
    for prefix in ["event:", "event: ", "3: ", "see access.log: ", "a={}.", ":", "12:"] {
        assert_eq!(parse(format!("{prefix}{line}").as_bytes()), None, "{prefix}");
    }
}

#[test]
fn sentences_in_pairs_are_one_value() {
    let error = "The Lambda function returned the following error: bad: 'x'. Check your code.";
    for separator in [" ", "|", "; "] {
        let members = ["httpMethod=POST", "status=500", "error.message=Internal Server Error"];
        let got = read(&format!(
            "requestId={EXTENDED}{separator}{}{separator}integrationErrorMessage={error}",
            members.join(separator)
        ));
        assert_eq!(got.integration_error.as_deref(), Some(error));
        assert_eq!(got.error_message.as_deref(), Some("Internal Server Error"));
        let got = read(&format!(
            "requestId: {EXTENDED}, httpMethod: POST, status: 500, integrationErrorMessage: {error}"
        ));
        assert_eq!(got.integration_error.as_deref(), Some(error));
    }
    // A word in front of the pairs is none of them.
    let got = read(&format!("access: requestId={EXTENDED} httpMethod=POST status=500"));
    assert_eq!((got.status, got.method.as_deref()), (Some(500), Some("POST")));
}

#[test]
fn a_text_at_the_end_of_clf_is_named_by_its_wording() {
    let integration = "The IAM role configured on the integration or API Gateway doesn't have \
        permissions to call the integration. Check the permissions and try again.";
    let function = r#"The Lambda function returned the following error: "a" is no b. Check it."#;
    let authorizer = "The IAM role configured on the authorizer or API Gateway doesn't have \
        permissions to call the authorizer.";
    for (behind, texts, extended) in [
        (format!("{EXTENDED} {integration}"), [None, Some(integration), None], false),
        (format!("{ID} {EXTENDED} {function}"), [None, Some(function), None], true),
        (format!("{ID} - {authorizer}"), [None, None, Some(authorizer)], false),
        (format!("{ID} {EXTENDED} Forbidden"), [Some("Forbidden"), None, None], true),
        (format!(r#"{ID} "Not Found""#), [Some("Not Found"), None, None], false),
        (format!("{ID} {EXTENDED} curl/8 on a train"), [None; 3], true),
        (format!("{ID} {EXTENDED}"), [None; 3], true),
    ] {
        let got = read(&format!(
            "198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] \"GET $default HTTP/1.1\" 500 35 {behind}"
        ));
        assert_eq!((got.status, got.route.as_deref()), (Some(500), Some("$default")));
        let told = [got.error_message, got.integration_error, got.authorizer_error];
        assert_eq!(told.each_ref().map(Option::as_deref), texts, "{behind}");
        assert_eq!(got.extended_request_id.is_some(), extended, "{behind}");
    }
}

#[test]
fn however_deep_objects_are_nested_the_line_is_read() {
    let depth = 100_000;
    let (open, close) = (r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let got = rest(&format!(r#""status":"200","x":{open}1{close}"#));
    assert_eq!(got.status, Some(200));
}

#[test]
fn values_that_are_not_set_are_left_out() {
    let got = rest(r#""status":"200","authorizer":{"error":"-","principalId":"me"}"#);
    assert_eq!(got.authorizer_error, None);
    assert!(got.fields.get("authorizer.principalId") == Some("me"));
    assert!(got.fields.iter().all(|(_, value)| value != "-"));
}

#[test]
fn web_sockets() {
    let got = read(&format!(
        "requestId={EXTENDED}|httpMethod=-|routeKey=echo|eventType=MESSAGE|status=200|connectionId=Ab=="
    ));
    assert_eq!(got.surface, Surface::WebSocket);
    assert_eq!((got.method, got.route.as_deref()), (None, Some("echo")));
    let got = read(
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "MESSAGE echo abc=" 502 - AbCdEfGhIjKlMno="#,
    );
    assert_eq!(got.surface, Surface::WebSocket);
    assert_eq!((got.status, got.route.as_deref()), (Some(502), Some("echo")));
    assert_eq!(got.request_id.map(|id| id.to_string()).as_deref(), Some("AbCdEfGhIjKlMno="));
    let before = "198.51.100.7 - - [22/Nov/2026:10:00:00 +0000]";
    for (event, status) in [
        (r#""CONNECT $connect abc=" AbCdEfGhIjKlMno="#, None),
        (r#""CONNECT $connect" 403 AbCdEfGhIjKlMno= -"#, Some(403)),
        (r#""CONNECT $connect" 502 AbCdEfGhIjKlMno= Lambda Customer Function Error:no"#, Some(502)),
    ] {
        let got = read(&format!("{before} {event}"));
        assert_eq!(got.surface, Surface::WebSocket);
        assert_eq!((got.status, got.route.as_deref()), (status, Some("$connect")), "{event}");
        assert_eq!(got.request_id.map(|id| id.to_string()).as_deref(), Some("AbCdEfGhIjKlMno="));
    }
}

#[test]
fn members_may_be_wrapped() {
    for (before, after) in [(r#"{"accessLog":"#, "}"), (r#"{"a":{"apigw":"#, "}}"), ("", "")] {
        let got = read(&format!(
            r#"{before}{{"request":{{"requestId":"{ID}","httpMethod":"GET","path":"/pets"}},"response":{{"status":403}},"error":{{"message":"no","responseType":"ACCESS_DENIED"}},"authorizer":{{"status":200,"path":"/x"}},"integration":{{"status":"-"}}}}{after}"#
        ));
        assert_eq!((got.status, got.function_status), (Some(403), None));
        assert_eq!((got.method.as_deref(), got.path.as_deref()), (Some("GET"), Some("/pets")));
        assert_eq!(got.error_message.as_deref(), Some("no"));
        assert_eq!(got.error_response_type.as_deref(), Some("ACCESS_DENIED"));
    }
    assert_eq!(rest(r#""status":"200","body":"-","headers":"-""#).status, Some(200));
}

#[test]
fn broken_json_is_read_key_by_key() {
    let got = read(&format!(
        r#"{{"requestId":"{ID}","userAgent":"x", "y": "z","error":"say "no", please","status":"403","ip":"1"}}"#
    ));
    assert_eq!(got.status, Some(403));
    assert_eq!(got.error_message.as_deref(), Some(r#"say "no", please"#));
}

#[test]
fn other_lines_are_no_access_log() {
    for text in [
        String::new(),
        "hello".to_owned(),
        r#"{"a":1}"#.to_owned(),
        format!(r#"{{"requestId":"{ID}","status":"done"}}"#),
        format!(r#"{{"requestId":"{ID}","message":"x"}}"#),
        r#"{"requestId":"abc","status":"200"}"#.to_owned(),
        format!(
            r#"{{"level":"INFO","message":"m","requestId":"{ID}","status":200,"httpMethod":"GET"}}"#
        ),
        format!(r#"{{"type":"platform.report","record":{{"requestId":"{ID}"}},"status":"200"}}"#),
        format!(r#"{{"requestId":"{ID}","httpMethod":"GET","headers":{{}},"path":"/"}}"#),
        format!(r#"{{"event":{{"requestId":"{ID}"}},"user":{{"status":200}}}}"#),
        format!(r#"{{"metric":{{"requestId":"{ID}"}},"job":{{"result":{{"status":200}}}}}}"#),
        format!("START RequestId: {ID} Version: $LATEST"),
        format!("REPORT RequestId: {ID}\tDuration: 3.00 ms\tStatus: timeout"),
        format!("2026-11-22T10:00:00.000Z\t{ID}\tINFO\trequestId={ID} status=200 method=GET"),
        format!("({ID}) Method request headers: {{requestId={ID}, status=200}}"),
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 23 "-" "curl""#
            .to_owned(),
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 23 a b c"#.to_owned(),
    ] {
        assert_eq!(parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn names_in_the_table_are_normalized_and_unique() {
    let mut seen = std::collections::BTreeSet::new();
    for name in names::every_name() {
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'2'));
        assert!(seen.insert(name), "{name} stands twice");
    }
}

#[test]
fn no_cut_makes_it_panic() {
    for form in FORMS {
        for end in 0..form.example.len() {
            let _ = parse(&form.example.as_bytes()[..end]);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&text);
    }

    #[test]
    fn nothing_that_resembles_a_line_makes_it_panic(
        text in r#"(\{"requestId":|<request id="|requestId=|1 - - \[)[a-z{}<>/\[\]:",=|\\ -]{0,60}( HTTP/1.1" 200 1 x)?"#,
    ) {
        let _ = parse(text.as_bytes());
    }
}

#[test]
fn a_request_line_holds_method_and_path() {
    for request in ["OPTIONS /pets", "OPTIONS /pets?x=1 HTTP/1.1"] {
        let got =
            read(&format!(r#"{{"requestId":"{EXTENDED}","request":"{request}","status":"403"}}"#));
        assert_eq!((got.method.as_deref(), got.path.as_deref()), (Some("OPTIONS"), Some("/pets")));
    }
    let got = rest(r#""status":"200","request":"something else""#);
    assert_eq!(got.method.as_deref(), Some("GET"));
}

#[test]
fn no_query_is_part_of_a_route() {
    let line = format!(
        "198.51.100.4 - - [22/Nov/2026:10:00:00 +0000] \"GET /pets?token=abc HTTP/1.1\" 500 35 {ID}"
    );
    let got = read(&line);
    assert_eq!((got.route.as_deref(), got.path.as_deref()), (Some("GET /pets"), Some("/pets")));
}

#[test]
fn what_no_route_took_is_told_by_its_key() {
    let of = |members: &str| read(&format!(r#"{{"httpMethod":"GET","status":"404",{members}}}"#));
    assert!(of(&format!(r#""requestId":"{EXTENDED}","routeKey":"-""#)).is_unrouted);
    assert!(!of(&format!(r#""requestId":"{EXTENDED}","routeKey":"$default""#)).is_unrouted);
    assert!(!of(&format!(r#""requestId":"{EXTENDED}""#)).is_unrouted);
    // REST APIs have no route keys.
    assert!(!of(&format!(r#""requestId":"{ID}","routeKey":"-""#)).is_unrouted);
}

#[test]
fn a_pair_within_one_string_hides_no_other_member() {
    let got = read(&format!(
        r#"{{ "requestId":"{ID}", "stage:prod", "httpMethod":"GET", "status":"429",  "errorMessage:Too Many Requests", "errorResponseType:THROTTLED" }}"#
    ));
    assert_eq!((got.status, got.stage.as_deref()), (Some(429), Some("prod")));
    assert_eq!(got.error_message.as_deref(), Some("Too Many Requests"));
    assert_eq!(got.error_response_type.as_deref(), Some("THROTTLED"));
}

#[test]
fn short_names_mean_the_same() {
    let got = read(&format!(
        r#"{{"date":"22/Nov/2026:10:00:00 +0000","reqId":"{ID}","reqMethod":"GET","path":"/pets/{{id}}","realPath":"/prod/pets/7","status":"502","gwError":"Internal server error","integError":"boom"}}"#
    ));
    assert_eq!(got.method.as_deref(), Some("GET"));
    assert_eq!(got.path.as_deref(), Some("/prod/pets/7"));
    assert_eq!(got.time.map(|time| time.to_string()).as_deref(), Some("2026-11-22T10:00:00.000Z"));
    assert_eq!(got.error_message.as_deref(), Some("Internal server error"));
    assert_eq!(got.integration_error.as_deref(), Some("boom"));
    let nested = rest(r#""status":"502","integration":{"integrationErrorMessage":"boom"}"#);
    assert_eq!(nested.integration_error.as_deref(), Some("boom"));
}

#[test]
fn a_response_type_and_its_message_may_stand_behind_the_ids() {
    let clf = format!(
        r#"198.51.100.7 - - [22/Nov/2026:10:00:00 +0000] "GET /pets HTTP/1.1" 401 26 {ID} {EXTENDED} UNAUTHORIZED "Unauthorized""#
    );
    let got = parse(clf.as_bytes()).expect("a line");
    assert_eq!(got.error_response_type.as_deref(), Some("UNAUTHORIZED"));
    assert_eq!(got.error_message.as_deref(), Some("Unauthorized"));
    let got = parse(clf.replace(r#"UNAUTHORIZED "Unauthorized""#, r#"- "-""#).as_bytes());
    assert_eq!(got.expect("a line").error_response_type, None);
}

#[test]
fn a_line_may_stand_in_quotes() {
    let line = format!(
        "\"requestId: {ID}, ip: 198.51.100.7, httpMethod: GET, resourcePath: /pets, status: 404\""
    );
    let got = parse(line.as_bytes()).expect("a line");
    assert_eq!((got.status, got.method.as_deref()), (Some(404), Some("GET")));
    assert_eq!(got.path.as_deref(), Some("/pets"));
}

#[test]
fn a_comma_that_was_forgotten_spoils_no_member() {
    for (members, path) in [
        (r#""httpMethod":"GET""resourcePath":"/pets","status":"502""#, Some("/pets")),
        (r#""httpMethod":"GET" "resourcePath":"/pets" "status":"502""#, Some("/pets")),
        (r#""httpMethod":"GET","resourcePath","/pets","status":"502""#, None),
    ] {
        let line = format!(r#"{{"requestId":"{ID}",{members}}}"#);
        let got = parse(line.as_bytes()).expect("a line");
        assert_eq!((got.status, got.method.as_deref()), (Some(502), Some("GET")), "{line}");
        assert_eq!(got.path.as_deref(), path, "{line}");
    }
}

#[test]
fn names_of_variables_tell_a_line_whose_id_is_none() {
    let line = r#"{"requestId":"abc123","httpMethod":"GET","resourcePath":"/pets","status":"401","error.message":"Unauthorized","error.messageString":"x"}"#;
    assert_eq!(parse(line.as_bytes()).and_then(|got| got.status), Some(401));
    let line = r#"{"status":"403","httpMethod":"POST","path":"/cv","responseLatency":"11","integrationStatus":"-","responseLength":"101"}"#;
    assert_eq!(parse(line.as_bytes()).and_then(|got| got.status), Some(403));
    let line = r#"{"status":"403","httpMethod":"POST","path":"/cv","latency":"11","responseLength":"101"}"#;
    assert!(parse(line.as_bytes()).is_none());
}

#[test]
fn a_word_in_the_place_of_the_id_joins_no_lines() {
    let line = r#"{"requestId":"abc123","httpMethod":"GET","resourcePath":"/pets","status":"401","error.message":"Unauthorized","error.messageString":"x"}"#;
    assert_eq!(parse(line.as_bytes()).expect("a line").request_id, None);
}
