//! Every form in which a secret has been seen in logs, and many in which it has not.

use proptest::prelude::*;

use super::*;

const SECRET: &str = "hunter2hunter2";

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(Redaction::On.text(text), want);
    assert_eq!(Redaction::Off.text(text), text);
}

#[test]
fn java_maps_keep_the_headers_around_a_secret() {
    check(
        "Method request headers: {Accept=*/*, Authorization=Bearer abc.def, Origin=https://a.example}",
        "Method request headers: {Accept=*/*, Authorization=Bearer [redacted:7], Origin=https://a.example}",
    );
    check(
        "{Set-Cookie=s=x; Expires=Wed, 12 Oct 2022 13:14:40 GMT; Path=/,B=y, Server=s}",
        "{Set-Cookie=[redacted:54], Server=s}",
    );
    check(
        "{authorization=AWS4-HMAC-SHA256 Credential=AKIAXXXXXXXX/20260101, SignedHeaders=host, Signature=ff, Host=h}",
        "{authorization=AWS4-HMAC-SHA256 [redacted:66], Host=h}",
    );
    check("{x-api-key=abcdef [TRUNCATED]", "{x-api-key=[redacted:18]");
}

#[test]
fn json_in_any_depth_of_escaping() {
    check(r#"{"Authorization":"Bearer abc"}"#, r#"{"Authorization":"Bearer [redacted:3]"}"#);
    check(r#"{"password": "a\"b", "n": 1}"#, r#"{"password": "[redacted:4]", "n": 1}"#);
    check(
        r#"{"body":"{\"token\":\"abc\",\"n\":1}"}"#,
        r#"{"body":"{\"token\":\"[redacted:3]\",\"n\":1}"}"#,
    );
    check(r#"{"token":12345,"n":1}"#, r#"{"token":[redacted:5],"n":1}"#);
    check(r#"{"set-cookie":["a=b","c=d"],"n":1}"#, r#"{"set-cookie":[redacted:13],"n":1}"#);
    check(r#"{"cookies":["a=b","#, r#"{"cookies":[redacted:7]"#);
    check(r#"{"token":null,"secret":true}"#, r#"{"token":null,"secret":true}"#);
    check("{ token: 'abc', n: 1 }", "{ token: '[redacted:3]', n: 1 }");
    check(r#"{"password":"cut o"#, r#"{"password":"[redacted:5]"#);
}

#[test]
fn elements_of_xml() {
    check(
        "<ip>1.2.3.4</ip> <apiKey>abc d</apiKey>",
        "<ip>1.2.3.4</ip> <apiKey>[redacted:5]</apiKey>",
    );
    check(
        "<Authorization>Bearer abc</Authorization>",
        "<Authorization>Bearer [redacted:3]</Authorization>",
    );
    check("<token>cut o", "<token>[redacted:5]");
    check("<token></token> token>a token->b", "<token></token> token>a token->b");
    check("{:token=>\"abc\"}", "{:token=>\"[redacted:3]\"}");
}

#[test]
fn query_strings_urls_and_header_lines() {
    check("/cb?access_token=abc&x=1", "/cb?access_token=[redacted:3]&x=1");
    check(
        "?X-Amz-Credential=a%2Fb&X-Amz-Signature=ff",
        "?X-Amz-Credential=[redacted:5]&X-Amz-Signature=[redacted:2]",
    );
    check("https://user:pass@host/p", "https://[redacted:9]@host/p");
    check("Cookie: a=b; c=d\nHost: h", "Cookie: [redacted:8]\nHost: h");
    check("key AKIAIOSFODNN7EXAMPLE used", "key [redacted:20] used");
    check("sent eyJhbGciOi.eyJzdWIi.sig_-1 on", "sent [redacted:26] on");
    check("with bearer abcdefgh12", "with bearer [redacted:10]");
}

#[test]
fn credentials_behind_a_scheme_and_addresses_of_webhooks() {
    check("x-api-key: Bearer 63cc94ab, and", "x-api-key: Bearer [redacted:8], and");
    check("token: basic 63cc94ab", "token: basic [redacted:8]");
    check("token=Bearer", "token=[redacted:6]");
    for (host, secret) in [
        ("https://hooks.slack.com/", "services/T0/B0/abc"),
        ("https://x.webhook.office.com/", "webhookb2/a@b/IncomingWebhook/c/d"),
        ("https://discord.com/api/webhooks/", "12/ab-c"),
        ("https://api.telegram.org/bot", "12:AB/sendMessage"),
    ] {
        let length = secret.len();
        check(&format!("to '{host}{secret}' it"), &format!("to '{host}[redacted:{length}]' it"));
    }
    check("https://api.slack.com/docs", "https://api.slack.com/docs");
}

#[test]
fn parameters_of_sign_in_flows() {
    check(
        "{Referer=https://a.example/cb?code=abc&state=xyz, Host=h}",
        "{Referer=https://a.example/cb?code=[redacted:3]&state=[redacted:3], Host=h}",
    );
    check(
        "/f?sig=a%2Bb&session=q&jwt=e&auth=u&x=1",
        "/f?sig=[redacted:5]&session=[redacted:1]&jwt=[redacted:1]&auth=[redacted:1]&x=1",
    );
    check(r#""rawQueryString":"code=abc&x=1""#, r#""rawQueryString":"code=[redacted:3]&x=1""#);
    check(
        r#"{"queryStringParameters": {"x": "1", "code": "abc"}, "state": "ok"}"#,
        r#"{"queryStringParameters": {"x": "1", "code": "[redacted:3]"}, "state": "ok"}"#,
    );
    check(
        "Method request query string: {code=abc}",
        "Method request query string: {code=[redacted:3]}",
    );
    for text in [r#"{"code":"ENOENT","state":"open"}"#, "status code: 502", "{statusCode=200}"] {
        check(text, text);
    }
}

#[test]
fn a_path_loses_its_query() {
    assert_eq!(Redaction::On.path("/reset?x=SECRET".into()), "/reset");
    assert_eq!(Redaction::On.path("/reset".into()), "/reset");
    assert_eq!(Redaction::Off.path("/reset?x=SECRET".into()), "/reset?x=SECRET");
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "{Access-Control-Allow-Credentials=true, Access-Control-Allow-Headers=Authorization,X-Api-Key, Vary=Origin}",
        r#"{"Access-Control-Allow-Headers":"Content-Type,Authorization","x":"y"}"#,
        "Access-Control-Allow-Headers: authorization, x-api-key",
        r#"{"message":"Missing Authentication Token"}"#,
        "Access-Control-Allow-Credentials: true",
        "https://example.com:8443/a@b",
    ] {
        check(text, text);
    }
}

#[test]
fn headers_by_name() {
    let header = |name: &str, value: &'static str| Redaction::On.header(name, value.into());
    assert_eq!(header("Authorization", "Bearer abc"), "Bearer [redacted:3]");
    assert_eq!(header("cookie", "a=b; c=d"), "[redacted:8]");
    assert_eq!(header("X-Amz-Security-Token", "abc"), "[redacted:3]");
    assert_eq!(header("Access-Control-Allow-Credentials", "true"), "true");
    assert_eq!(header("Referer", "https://a/?token=abc"), "https://a/?token=[redacted:3]");
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "set-cookie",
        "x-api-key",
        "X-Amz-Security-Token",
        "access_token",
        "refreshToken",
        "id_token",
        "password",
        "client_secret",
        "apiKey",
        "X-Amz-Signature",
        "aws_secret_access_key",
    ])
}

fn around(name: &str, secret: &str) -> Vec<String> {
    let json = serde_json::json!({ "a": "b", name: secret, "z": [1] }).to_string();
    let nested = serde_json::json!({ "body": json, "n": { "m": json } }).to_string();
    let thrice = serde_json::json!({ "log": nested }).to_string();
    vec![
        format!("Method request headers: {{Accept=*/*, {name}={secret}, Host=h}}"),
        format!("{{{name}={secret}}}"),
        format!("{{{name}={secret}"),
        format!("/path?x=1&{name}={secret}&y=2"),
        format!("{{\"{name}\":[\"{secret}\",\"{secret}\"],\"x\":1}}"),
        format!("{{ {name}: '{secret}', x: 1 }}"),
        format!("{{'{name}': '{secret}'}}"),
        format!("{name}: {secret}"),
        json,
        nested,
        thrice,
    ]
}

proptest! {
    #[test]
    fn what_has_no_hint_has_no_secret_by_form(
        before in "[a-zA-Z:/ _-]{0,6}",
        start in prop::sample::select(vec![
            "eyJ", "AKIA", "ASIA", "bearer", "Bearer ", "BASIC  ", "basic", "://", "ghp_", "gho_",
            "ghu_", "ghs_", "ghr_", "github_pat_", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-",
            "sk_live_", "sk-", "glpat-", "hooks.slack.com/", "a.webhook.office.com/",
            "/api/webhooks/", "telegram.org/bot",
        ]),
        rest in "[A-Za-z0-9_.:@ -]{0,16}",
    ) {
        let text = format!("{before}{start}{rest}");
        let formed = FORMED.as_ref().expect("a valid expression");
        prop_assert!(!formed.is_match(&text) || hints::may_hold_secret(text.as_bytes()), "{}", text);
    }

    #[test]
    fn a_planted_secret_is_never_seen(name in names(), lead in "[a-z0-9 ,;=]{0,8}", tail in "[a-z0-9]{0,5}") {
        // In the forms that do not delimit a value, a blank ends it: there the secret comes first.
        for text in around(name, &format!("{SECRET}{tail}")) {
            prop_assert!(!Redaction::On.text(text.as_str()).contains(SECRET), "{}", text);
        }
        let json = serde_json::json!({ name: format!("{lead}{SECRET}{tail}") }).to_string();
        prop_assert!(!Redaction::On.text(json.as_str()).contains(SECRET), "{}", json);
        let cut: String = json.chars().take(json.len().saturating_sub(3)).collect();
        prop_assert!(!Redaction::On.text(cut.as_str()).contains(SECRET), "{}", cut);
    }

    #[test]
    fn any_text_can_be_redacted(text in "[\\[\\]{}:='\"\\\\, a-zA-Z.\u{e9}]*(token|Cookie)[\\[\\]{}:='\"\\\\, a-z\u{e9}]*") {
        let _ = Redaction::On.text(text.as_str());
    }
}
