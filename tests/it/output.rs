//! Whole outputs of hand-built exchanges, in every format.

use corscope::model::{InputNote, Ledger, Outcome, Places};
use corscope::output::escape::is_dangerous;
use corscope::output::human::exchange::ExchangeLine;
use corscope::output::human::{self, HumanSettings};
use corscope::output::redact::Redaction;
use corscope::output::rows::{ExchangeRows, RowForm};
use corscope::output::spool::{DEFAULT_MEMORY, Spool};
use corscope::output::{json, jsonl};
use corscope::report::Report;
use proptest::prelude::*;

use crate::report::{CAUSE, Made, PRACTICE, SYMPTOM, report, settings};

fn rows(exchanges: &[Made], form: RowForm) -> Spool {
    let mut places = Places::default();
    let mut rows = ExchangeRows::new(form, settings(), DEFAULT_MEMORY);
    for made in exchanges {
        let exchange = made.exchange(&mut places);
        let added = rows.add(&exchange, &made.judgement(), &made.findings(), &places);
        assert!(added.is_ok());
    }
    rows.into_spool()
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    assert!(write(&mut out).is_ok());
    String::from_utf8_lossy(&out).into_owned()
}

fn human(report: &Report, settings: &HumanSettings) -> String {
    text(|out| human::write(out, report, None, settings))
}

fn all_formats(exchanges: &[Made]) -> [String; 3] {
    let report = report(exchanges, settings());
    let people = HumanSettings::default();
    let lines = rows(exchanges, RowForm::Human(ExchangeLine::new(&people)));
    let json = || Some(rows(exchanges, RowForm::Json(Redaction::On)));
    [
        text(|out| human::write(out, &report, Some(lines), &people)),
        text(|out| json::write(out, &report, json(), Redaction::On)),
        text(|out| jsonl::write(out, &report, json(), Redaction::On)),
    ]
}

fn incident() -> Vec<Made> {
    let mut made: Vec<Made> = (1..=12).map(|id| Made::new(id, &[SYMPTOM, CAUSE])).collect();
    made.extend((13..=20).map(|id| Made::new(id, &[SYMPTOM, CAUSE]).from("https://b.example")));
    made.push(Made::new(21, &[PRACTICE]).with_outcome(Outcome::Allowed));
    made.push(Made::new(22, &[]).with_outcome(Outcome::Undetermined));
    made
}

#[test]
fn an_incident_on_one_screen() {
    let report = report(&incident(), settings());
    insta::assert_snapshot!(human(&report, &HumanSettings::default()), @r#"
    1 problem and 1 suggestion found. 22 exchanges: 20 blocked, 1 allowed, 1 undetermined (why: see
    below).

    ERROR  The function returned a response that the gateway rejects [lambda-proxy-malformed]
      what     $.body is an object
      effect   The response has no Access-Control-Allow-Origin header [lambda-proxy-missing-acao]
      browser  blocked (MissingAllowOriginHeader): no Access-Control-Allow-Origin, because the function
               returned a response that the gateway rejects ($.body is an object)
      where    GET /orders/{id} (oo8kadh853/prod) from https://app.example.com, 12 times, 2017-06-05
               13:57:48 to 13:57:59
               GET /orders/{id} (oo8kadh853/prod) from https://b.example, 8 times, 2017-06-05 13:58:00
               to 13:58:07
      Chrome   Access to fetch at 'https://api.example.com/orders/1' from origin
               'https://app.example.com' has been blocked by CORS policy: No
               'Access-Control-Allow-Origin' header is present on the requested resource.
      Firefox  Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote
               resource.
      Safari   Origin https://app.example.com is not allowed.
      proof    logs/1.gz:11  2017-06-05 13:57:48.001
                 Method request headers: {Accept=*/*, Host=api.example.com,
                 Origin=https://app.example.com}
               logs/1.gz:12  13:57:48.002
                 Execution failed due to configuration error: Malformed Lambda proxy response
      why      The gateway answered 502 in its place, and its own answers carry no CORS headers.
      fix      Return `body` as a string: JSON.stringify(...) in Node, json.dumps(...) in Python.
      example  request request-1

    Works, but should change
      warning  Any origin may read the response [wildcard-origin]
               GET /orders/{id} (oo8kadh853/prod) from https://app.example.com, once, 2017-06-05
               13:58:08
               fix: Name the origins that need it.

    Undetermined: 1 exchange. The logs do not show
               response.headers (once): REST API: execution logs at level INFO with data tracing;
               elsewhere, and for lines that were cut: ask the endpoint itself

      read     88 events (10.3 KiB), 22 exchanges, 2017-06-05 13:57:48 UTC
      of these 1 exchange undetermined
    "#);
}

#[test]
fn nothing_read_is_said_first() {
    let failed = InputNote { input: "a.gz".into(), problem: "no such file".into() };
    let ledger = Ledger { inputs_failed: vec![failed], ..Ledger::default() };
    let report = Report { ledger, ..Report::default() };
    insta::assert_snapshot!(human(&report, &HumanSettings::default()), @r#"
    Nothing was read. This is not an all-clear.

      read     0 events (0 bytes), 0 exchanges
      failed   a.gz: no such file
    "#);
}

#[test]
fn what_a_console_printed_is_explained_elsewhere() {
    let message = "Access to fetch at 'https://a.example/' from origin 'https://b.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.\n";
    let run = crate::run::text(&corscope::rules::set::RuleSet::builtin(), message.as_bytes());
    insta::assert_snapshot!(human(&run.report, &HumanSettings::default()), @r#"
    Nothing was recognized in 1 event. This is not an all-clear.

      read     1 event (183 bytes), 0 exchanges
      of these 1 event not recognized
      see also 1 event of a browser's console: `corscope explain -` says what such a message means
    "#);
}

#[test]
fn what_was_not_judged_is_no_all_clear() {
    let report = report(&[Made::new(1, &[]).with_outcome(Outcome::Undetermined)], settings());
    insta::assert_snapshot!(human(&report, &HumanSettings::default()), @r#"
    No problem proven, and none ruled out. 1 exchange: 1 undetermined (why: see below).

    Undetermined: 1 exchange. The logs do not show
               response.headers (once): REST API: execution logs at level INFO with data tracing;
               elsewhere, and for lines that were cut: ask the endpoint itself

      read     4 events (480 bytes), 1 exchange, 2017-06-05 13:57:48 UTC
      of these 1 exchange undetermined
    "#);
}

#[test]
fn quiet_says_nothing_when_all_is_well() {
    let quiet = HumanSettings { quiet: true, ..HumanSettings::default() };
    let well = report(&[Made::new(1, &[]).with_outcome(Outcome::Allowed)], settings());
    assert_eq!(human(&well, &quiet), "");
    assert_ne!(human(&Report::default(), &quiet), "");
    assert_ne!(human(&well, &HumanSettings::default()), "");
}

#[test]
fn rows_as_people_read_them() {
    let exchanges = [Made::new(2, &[SYMPTOM]), Made::new(1, &[]).with_outcome(Outcome::Allowed)];
    let lines = rows(&exchanges, RowForm::Human(ExchangeLine::new(&HumanSettings::default())));
    let mut out = String::new();
    let drained = lines.drain(|row| {
        out.push_str(&String::from_utf8_lossy(row));
        out.push('\n');
        Ok(())
    });
    assert!(drained.is_ok());
    insta::assert_snapshot!(out, @r#"
    13:57:48.021  allowed      502  GET /orders/1 from https://app.example.com  request-1
    13:57:49.021  blocked      502  GET /orders/2 from https://app.example.com  MissingAllowOriginHeader  [lambda-proxy-missing-acao]  request-2
    "#);
}

#[test]
fn the_contract_of_json_lines() {
    let exchanges = [Made {
        header: ("Authorization".into(), "Bearer abc".into()),
        ..Made::new(1, &[SYMPTOM, CAUSE])
    }];
    let [_, _, lines] = all_formats(&exchanges);
    insta::assert_snapshot!(lines, @r#"
    {"type":"exchange","request_id":"request-1","extended_request_id":null,"lambda_request_id":null,"trace_id":null,"surface":"unknown","api":"oo8kadh853","stage":"prod","started_at":"2017-06-05T13:57:48.000Z","ended_at":"2017-06-05T13:57:48.021Z","method":"GET","path":"/orders/1","route":null,"status":502,"origin":"https://app.example.com","preflight":false,"request_headers":[["Authorization","Bearer [redacted:3]"],["Host","api.example.com"],["Origin","https://app.example.com"]],"response_headers":null,"response_headers_complete":false,"verdict":{"outcome":"blocked","reason":"MissingAllowOriginHeader","phase":"actual","detail":null,"credentials":"omit","credentials_assumed":true},"verdicts":{"omit":{"outcome":"blocked","reason":"MissingAllowOriginHeader","detail":null,"browsers":{"chromium":"blocked","firefox":"blocked","safari":"blocked"}},"include":{"outcome":"blocked","reason":"MissingAllowOriginHeader","detail":null,"browsers":{"chromium":"blocked","firefox":"blocked","safari":"blocked"}}},"findings":[{"rule":"lambda-proxy-missing-acao","class":"missing-allow-origin","kind":"symptom","severity":"error","impact":"observed"},{"rule":"lambda-proxy-malformed","class":"malformed-proxy-response","kind":"cause","severity":"error","impact":"observed"}],"unseen":[],"place":{"log_group":null,"log_stream":null,"file":"logs/1.gz","line":10}}
    {"type":"finding","rule":"lambda-proxy-malformed","class":"malformed-proxy-response","kind":"cause","severity":"error","confidence":"confirmed","impact":"observed","title":"The function returned a response that the gateway rejects","why":"The gateway answered 502 in its place, and its own answers carry no CORS headers.","fix":"Return `body` as a string: JSON.stringify(...) in Node, json.dumps(...) in Python.","references":[],"frequency":null,"confirm_with":null,"candidates":[],"api":"oo8kadh853","stage":"prod","method":"GET","route":"/orders/{id}","origin":"https://app.example.com","reason":"MissingAllowOriginHeader","detail":"$.body is an object","explains":["lambda-proxy-missing-acao"],"caused_by":[],"count":1,"first_seen":"2017-06-05T13:57:48.000Z","last_seen":"2017-06-05T13:57:48.021Z","example_request_id":"request-1","fingerprint":"bd96d3d6472d748d26e6bb86e6587c5b","console":{"chromium":"Access to fetch at 'https://api.example.com/orders/1' from origin 'https://app.example.com' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.","firefox":"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource.","safari":"Origin https://app.example.com is not allowed."},"evidence":[{"time":"2017-06-05T13:57:48.001Z","place":{"log_group":null,"log_stream":null,"file":"logs/1.gz","line":11},"text":"(request-1) Method request headers: {Authorization=Bearer [redacted:3], Host=api.example.com, Origin=https://app.example.com}"},{"time":"2017-06-05T13:57:48.002Z","place":{"log_group":null,"log_stream":null,"file":"logs/1.gz","line":12},"text":"(request-1) Execution failed due to configuration error: Malformed Lambda proxy response"}]}
    {"type":"finding","rule":"lambda-proxy-missing-acao","class":"missing-allow-origin","kind":"symptom","severity":"error","confidence":"confirmed","impact":"observed","title":"The response has no Access-Control-Allow-Origin header","why":"Without it no page of another origin may read the response.","fix":"Return Access-Control-Allow-Origin on every path.","references":[],"frequency":null,"confirm_with":null,"candidates":[],"api":"oo8kadh853","stage":"prod","method":"GET","route":"/orders/{id}","origin":"https://app.example.com","reason":"MissingAllowOriginHeader","detail":null,"explains":[],"caused_by":["lambda-proxy-malformed"],"count":1,"first_seen":"2017-06-05T13:57:48.000Z","last_seen":"2017-06-05T13:57:48.021Z","example_request_id":"request-1","fingerprint":"3a7fe460de58fcab9195131c96302f47","console":{"chromium":"Access to fetch at 'https://api.example.com/orders/1' from origin 'https://app.example.com' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.","firefox":"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource.","safari":"Origin https://app.example.com is not allowed."},"evidence":[{"time":"2017-06-05T13:57:48.001Z","place":{"log_group":null,"log_stream":null,"file":"logs/1.gz","line":11},"text":"(request-1) Method request headers: {Authorization=Bearer [redacted:3], Host=api.example.com, Origin=https://app.example.com}"},{"time":"2017-06-05T13:57:48.002Z","place":{"log_group":null,"log_stream":null,"file":"logs/1.gz","line":12},"text":"(request-1) Execution failed due to configuration error: Malformed Lambda proxy response"}]}
    {"type":"ledger","events":4,"bytes":480,"unrecognized":0,"truncated":0,"duplicates":0,"late":0,"sampled":0,"throttled":0,"skipped":0,"outside_window":0,"unjoined":0,"unsurveyed":0,"gaps":[],"exchanges":1,"undetermined":0,"incomplete_exchanges":0,"inputs_failed":[],"window":{"from":"2017-06-05T13:57:48.000Z","to":null}}
    {"type":"summary","exchanges":1,"left_out":0,"outcomes":{"not-cors":0,"allowed":0,"blocked":1,"undetermined":0},"browser_requests":1,"routes":0,"findings":{"error":2,"warning":0,"info":0},"observed":2,"latent":0,"groups":{"error":2,"warning":0,"info":0},"failing":2,"hidden":0,"disabled":0,"rules_off":0,"ignored":0,"baselined":0,"refused_as_intended":0,"folded":0,"dropped":0,"unseen":[],"gateway_answers":0}
    "#);
}

#[test]
fn the_document_has_the_rows_of_the_lines() {
    let [_, document, lines] = all_formats(&incident());
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |kind: &str| -> Vec<&serde_json::Value> {
        lines.iter().filter(|row| row["type"] == kind).collect()
    };
    assert_eq!(document["schema"], "corscope/1");
    for (key, kind) in [("exchanges", "exchange"), ("findings", "finding")] {
        let rows: Vec<_> = document[key].as_array().expect("an array").iter().collect();
        assert_eq!(rows, of(kind));
        assert!(!rows.is_empty());
    }
    assert_eq!(&document["ledger"], of("ledger")[0]);
    assert_eq!(&document["summary"], of("summary")[0]);
}

#[test]
fn colors_are_decoration() {
    let report = report(&incident(), settings());
    let colored = HumanSettings { color: true, ..HumanSettings::default() };
    let colored = human(&report, &colored);
    assert!(colored.contains('\u{1b}'));
    let mut plain = String::new();
    for (at, part) in colored.split('\u{1b}').enumerate() {
        plain.push_str(if at == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, rest)| rest)
        });
    }
    assert_eq!(plain, human(&report, &HumanSettings::default()));
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let report = report(&incident(), settings());
    for width in [40, 60, 80, 120] {
        let narrow = HumanSettings { width, ..HumanSettings::default() };
        for line in human(&report, &narrow).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

const SECRET: &str = "s3cr3ts3cr3ts3cr3t";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_control_character_reaches_the_reader(
        path in "/[\u{0}-\u{ff}\u{2000}-\u{20ff}a-z]{0,20}",
        value in "[\u{0}-\u{ff}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200b}a-z]{0,20}",
        failure in "\\PC{0,20}[\u{0}-\u{ff}\u{feff}]{0,20}",
    ) {
        let made = Made {
            path,
            origin: Some(format!("https://{value}")),
            header: ("X-Any".into(), value),
            failure,
            ..Made::new(1, &[SYMPTOM, CAUSE, PRACTICE])
        };
        for out in all_formats(&[made]) {
            let dangerous = out.chars().find(|c| *c != '\n' && is_dangerous(*c));
            prop_assert_eq!(dangerous, None, "{}", out);
        }
    }

    #[test]
    fn no_secret_reaches_the_reader(
        name in prop::sample::select(vec![
            "Authorization", "Cookie", "x-api-key", "X-Amz-Security-Token", "set-cookie",
        ]),
        scheme in prop::sample::select(vec!["", "Bearer ", "Basic "]),
        key in prop::sample::select(vec!["access_token", "password", "apiKey", "clientSecret"]),
    ) {
        let made = Made {
            path: format!("/callback?{key}={SECRET}"),
            header: (name.into(), format!("{scheme}{SECRET}")),
            failure: format!("body: {{\"{key}\":\"{SECRET}\",\"n\":{{\"{name}\":\"{scheme}{SECRET}\"}}}}"),
            ..Made::new(1, &[SYMPTOM, CAUSE, PRACTICE])
        };
        for out in all_formats(&[made]) {
            prop_assert!(!out.contains(SECRET), "{}", out);
        }
    }
}

fn corscope(arguments: &[&str]) -> assert_cmd::assert::Assert {
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_corscope"))
        .args(arguments)
        .env_clear()
        .write_stdin("")
        .assert()
}

#[test]
fn usage_errors_exit_with_2_and_say_what_there_is() {
    let stderr = |arguments: &[&str]| {
        let assert = corscope(arguments).code(2);
        String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
    };
    assert!(stderr(&["scan", "--format", "sarif", "x"]).contains("not built yet"));
    assert!(stderr(&["scan", "--since", "soon", "x"]).contains("`soon` is no time"));
    assert!(stderr(&["scan", "--severity", "x", "y"]).contains("ID=LEVEL"));
    assert!(stderr(&["scan", "--output", "no/such/folder/x", "y"]).contains("cannot write"));
    assert!(stderr(&["scan", "--since", "2026-01-02", "--until", "2026-01-01"]).contains("before"));
    let message = stderr(&["scan", "--disable", "acao-misssing", "y"]);
    assert!(message.contains("did you mean `acao-missing`?"), "{message}");
    let message = stderr(&["scan", "--severity", "NOSUCHRULEATALL=info", "y"]);
    assert!(message.contains("no rule `NOSUCHRULEATALL`"), "{message}");
    assert!(stderr(&["scan", "--no-such-option"]).contains("--no-such-option"));
    assert!(stderr(&[]).contains("Usage"));
}

#[test]
fn an_input_is_not_replaced_by_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("api.log");
    std::fs::write(&log, "a line").expect("a file");
    let name = log.to_str().expect("UTF-8");
    for input in [name, folder.path().to_str().expect("UTF-8")] {
        let assert = corscope(&["scan", input, "--output", name]).code(2);
        let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(stderr.contains("is one of the inputs"), "{stderr}");
        assert_eq!(std::fs::read_to_string(&log).expect("a file"), "a line");
    }
}

#[test]
fn help_lists_the_exit_codes_and_only_what_works() {
    let assert = corscope(&["scan", "--help"]).success();
    let help = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(help.contains("Exit codes:") && help.contains("  3  not analyzed"));
    assert!(!help.contains("sarif") && help.contains("--rules"));
}

#[test]
fn reading_nothing_exits_with_3() {
    let assert = corscope(&["scan", "--format", "jsonl"]).code(3);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.contains("not an all-clear"), "{stderr}");
    corscope(&["scan", "--fail-on", "never", "--", "--no-such-file"]).code(3);
}
