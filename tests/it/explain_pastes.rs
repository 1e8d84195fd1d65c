//! What is made of what people paste beside a message of the console or in its place: several
//! messages, issues, rows of network panels, errors of the network.

use corscope::explain::answer::answer;
use corscope::explain::human::Terminal;
use corscope::explain::message::{Message, recognize};
use corscope::explain::write_human;
use corscope::rules::catalogue::Catalogue;
use corscope::rules::set::RuleSet;

fn found(text: &str) -> Message {
    recognize(text).expect(text)
}

fn reasons(text: &str) -> Vec<&'static str> {
    found(text).reasons.iter().map(|reason| reason.as_str()).collect()
}

/// A headline that stands for several reasons names them all; the row of a table names its own.
#[test]
fn an_issue_means_what_its_table_says() {
    let headline = "Ensure CORS response header values are valid\nA cross-origin resource sharing (CORS) request was blocked because of invalid or missing response headers";
    assert_eq!(
        reasons(headline),
        [
            "MissingAllowOriginHeader",
            "PreflightMissingAllowOriginHeader",
            "MultipleAllowOriginValues",
            "PreflightMultipleAllowOriginValues",
            "InvalidAllowOriginValue",
            "PreflightInvalidAllowOriginValue",
            "InvalidAllowMethodsPreflightResponse",
            "InvalidAllowHeadersPreflightResponse",
        ]
    );
    let columns = "Request\tStatus\tPreflight Request (if problematic)\tHeader\tProblem\tInvalid Value (if available)";
    for (row, want) in [
        (
            "Access-Control-Allow-Origin\tMissing Header",
            &["MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"][..],
        ),
        (
            "Access-Control-Allow-Origin\tMultiple Values\t*, *",
            &["MultipleAllowOriginValues", "PreflightMultipleAllowOriginValues"],
        ),
        (
            "Access-Control-Allow-Headers\tInvalid Value\tx y",
            &["InvalidAllowHeadersPreflightResponse"],
        ),
    ] {
        for glue in ["\t", ""] {
            let row = format!("orders\tblocked\torders\t{row}").replace('\t', glue);
            assert_eq!(reasons(&format!("{headline}\n{columns}\n{row}")), want, "{row}");
        }
    }
    let preflight = "Ensure preflight responses are valid";
    assert_eq!(reasons(preflight), ["PreflightInvalidStatus", "PreflightDisallowedRedirect"]);
    assert_eq!(
        reasons(&format!(
            "{preflight}\norders\tblocked\torders\tResponse to preflight was a redirect"
        )),
        ["PreflightDisallowedRedirect"]
    );
}

#[test]
fn the_example_of_an_issue_is_no_url_that_was_asked() {
    let issue = "A Cross-Origin Resource Sharing (CORS) request was blocked because the response was a redirect to a URL that includes credentials, i.e. redirected to a URL of the form `https://username:password@example.com`.";
    assert_eq!(found(issue).url, None);
    let asked = format!("{issue}\nhttps://api.shop.example/orders");
    assert_eq!(found(&asked).url.as_deref(), Some("https://api.shop.example/orders"));
    let scheme = "blocked because the scheme of the request’s URL doesn’t support CORS.\nTo fix this issue, ensure all CORS request URLs specify a supported scheme, e.g. most commonly https://.";
    assert_eq!(found(scheme).url, None);
}

/// Firefox announces some blocks beside others that have happened.
#[test]
fn a_warning_is_one_of_the_message_whose_reason_is_told() {
    let blocked = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/orders. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: 404.";
    let warning = "Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote resource at https://api.shop.example/cart soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the `Authorization` header is not covered. To include the `Authorization` header, it must be explicitly listed in CORS header `Access-Control-Allow-Headers`).";
    assert!(found(warning).is_warning);
    assert!(!found(blocked).is_warning);
    for text in [format!("{blocked}\n{warning}"), format!("{warning}\n{blocked}")] {
        let found = found(&text);
        assert_eq!(found.reasons.first().map(|it| it.as_str()), Some("MissingAllowOriginHeader"));
        assert_eq!(found.url.as_deref(), Some("https://api.shop.example/orders"));
        assert!(!found.is_warning, "{text}");
    }
}

/// Of two messages about the same request, the one that says more.
#[test]
fn what_says_more_goes_before_what_says_less() {
    let asked = "Access to XMLHttpRequest at 'https://localhost:6176/' from origin 'https://shop.example' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Private-Network' header was present in the preflight response for this private network request targeting the `local` address space.";
    let failed = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://localhost:6176/. (Reason: CORS request did not succeed). Status code: (null).";
    for text in [format!("{asked}\n{failed}"), format!("{failed}\n{asked}")] {
        let other = found(&text).other.map(|other| other.name);
        assert_eq!(other, Some("PreflightMissingAllowPrivateNetwork"), "{text}");
    }
    let status = "Error: Preflight response is not successful. Status code: 405";
    let origin =
        "Error: Origin http://localhost:1420 is not allowed by Access-Control-Allow-Origin";
    for text in [format!("{status}\n{origin}"), format!("{origin}\n{status}")] {
        let found = found(&text);
        assert_eq!(found.reasons.first().map(|it| it.as_str()), Some("PreflightInvalidStatus"));
        assert_eq!(found.origin.as_deref(), Some("http://localhost:1420"));
        assert_eq!(found.status, Some(405), "{text}");
    }
}

/// Chrome's panel has the preflight in a row of its own; of two, that of the same request is taken.
#[test]
fn rows_of_a_network_panel_give_the_status_of_the_preflight() {
    let blocked = "signup\tCORS error\txhr\tbundle.js:1\t0.0 kB\t765 ms";
    let refused = "signup\t403\tpreflight\tPreflight";
    for text in
        [format!("{blocked}\n{refused}"), format!("{refused}\n{blocked}"), refused.to_owned()]
    {
        let found = found(&text);
        assert_eq!(found.reasons.first().map(|it| it.as_str()), Some("PreflightInvalidStatus"));
        assert_eq!((found.status, found.is_hidden), (Some(403), false), "{text}");
    }
    let ok = refused.replace("403", "204");
    let other = refused.replace("signup", "orders");
    for text in [blocked.to_owned(), format!("{ok}\n{blocked}"), format!("{other}\n{blocked}")] {
        let found = found(&text);
        assert_eq!((found.reasons.as_slice(), found.status), (&[][..], None), "{text}");
        assert!(found.is_hidden && found.is_row, "{text}");
    }
    for text in [
        "signup\t200\tpreflight\tPreflight",
        "The server answers 403 preflight requests an hour.",
        "Is there a CORS error other people see?",
    ] {
        assert_eq!(recognize(text), None, "{text}");
    }
}

#[test]
fn what_a_network_panel_hides_is_told_with_the_place_where_it_stands() {
    for text in ["CORS error", "(blocked:cors)", "login\tCORS error\tfetch\tindex.js:76"] {
        let answer = answer(text, &RuleSet::builtin(), &Catalogue::builtin(), None);
        let mut out = Vec::new();
        write_human(&mut out, &answer, Terminal { width: 1000, color: false }).expect("memory");
        let printed = String::from_utf8(out).expect("UTF-8");
        let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "The network panel shows that CORS blocked the request, and hides the reason",
            "in the panel where the pointer rests on `CORS error`",
        ] {
            assert!(printed.contains(part), "{part}\n{printed}");
        }
    }
}

/// An event of Chromium's protocol has what the reason is about.
#[test]
fn an_event_gives_the_reason_and_what_it_is_about() {
    let event = |reason: &str, parameter: &str| {
        format!(
            "{{\"errorText\":\"net::ERR_FAILED\",\"corsErrorStatus\":{{\"corsError\":\"{reason}\",\"failedParameter\":\"{parameter}\"}}}}"
        )
    };
    let missing = found(&event("MissingAllowOriginHeader", ""));
    assert_eq!((missing.is_hidden, missing.value), (false, None));
    let header = found(&event("HeaderDisallowedByPreflightResponse", "x-api-version"));
    assert_eq!(header.header.as_deref(), Some("x-api-version"));
    let method = found(&event("MethodDisallowedByPreflightResponse", "PUT"));
    assert_eq!(method.method.as_deref(), Some("PUT"));
    let value = found(&event("AllowOriginMismatch", "https://www.shop.example"));
    assert_eq!(value.value.as_deref(), Some("https://www.shop.example"));
    let other = found(&event("InsecurePrivateNetwork", "")).other.map(|other| other.name);
    assert_eq!(other, Some("InsecureLocalNetwork"));
    assert_eq!(recognize("corsError is what I called the variable"), None);
}

#[test]
fn mixed_content_is_told_without_the_url_of_the_page() {
    let message = |what: &str| {
        format!(
            "app.js:5 Mixed Content: The page at 'https://shop.example/' was loaded over HTTPS, but requested an insecure {what}"
        )
    };
    let masked = message(
        "XMLHttpRequest endpoint 'http: (removed my IP address)'. This request has been blocked; the content must be served over HTTPS.",
    );
    assert_eq!(found(&masked).other.map(|other| other.name), Some("MixedContent"));
    assert_eq!((found(&masked).url, found(&masked).is_warning), (None, false));
    let upgraded = message(
        "element 'http://a.example/a.png'. This request was automatically upgraded to HTTPS.",
    );
    let blocked = message(
        "script 'http://a.example/a.js'. This request has been blocked; the content must be served over HTTPS.",
    );
    for text in [format!("{upgraded}\n{blocked}"), format!("{blocked}\n{upgraded}")] {
        assert_eq!(found(&text).url.as_deref(), Some("http://a.example/a.js"), "{text}");
        assert_eq!(found(&text).other.map(|other| other.name), Some("MixedContent"));
    }
    let passed =
        message("image 'http://a.example/a.png'. This content should also be served over HTTPS.");
    assert!(found(&passed).is_warning);
}

/// What was left off a message does not change its reason; what was left out of it hides it.
#[test]
fn shortened_messages_keep_their_reason() {
    let head = "Access to fetch at 'https://...' from origin 'https://localhost:5174'";
    let lines = "POST https://... net::ERR_FAILED 504 (Gateway Timeout)\n\nPOST https://... net::ERR_HTTP2_PROTOCOL_ERROR 200 (OK)";
    let text = format!(
        "{head} \n   has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header\n\n{lines}"
    );
    assert_eq!(reasons(&text), ["MissingAllowOriginHeader"]);
    assert_eq!(found(&text).status, Some(504));
    assert_eq!(
        reasons("No 'Access-Control-Allow-Origin' header"),
        ["MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"]
    );
    assert!(reasons("Access to XMLHttpRequest blocked by CORS policy").len() > 1);
    assert_eq!(
        recognize(
            "Make sure that the 'Access-Control-Allow-Origin' header is present on the requested resource."
        ),
        None
    );
}

/// The address of a bucket is told by its host or its signature; no other service is one.
#[test]
fn a_bucket_is_named_where_one_is_asked_and_nowhere_else() {
    let causes = |url: &str| -> Vec<String> {
        let text = format!(
            "Access to fetch at '{url}' from origin 'http://localhost:3000' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested resource."
        );
        let answer = answer(&text, &RuleSet::builtin(), &Catalogue::builtin(), None);
        let answer = serde_json::to_value(answer).expect("JSON");
        let causes = answer["causes"].as_array().expect("causes").iter();
        causes.filter_map(|cause| cause["id"].as_str()).map(str::to_owned).collect()
    };
    for url in [
        "https://orders.s3.eu-west-1.amazonaws.com/7",
        "http://s3.localhost.localstack.cloud:4566/orders/7?X-Amz-Credential=test%2F20240523%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Signature=0",
        "https://files.shop.example/7?AWSAccessKeyId=A&Signature=x&Expires=1",
    ] {
        assert_eq!(causes(url).first().map(String::as_str), Some("s3-presigned-cors"), "{url}");
    }
    for url in [
        "https://rekognition.us-east-1.amazonaws.com/DetectText",
        "https://lambda.us-east-1.amazonaws.com/2014-11-13/functions/f/invoke-async/",
        "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders",
    ] {
        assert!(!causes(url).iter().any(|id| id == "s3-presigned-cors"), "{url}");
    }
}
