//! The command line: exit codes, streams, formats and options of the built program, without any
//! environment.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command as Process, Output, Stdio};

use assert_cmd::Command;
use corscope::output::escape::is_dangerous;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

const ID: &str = "6bc4ee36-e5b8-11e8-8a6f-c1a9b0a4f1e2";
const SECRET: &str = "FAKE-SESSION-0123456789abcdef";

/// An exchange as an S3 export shows it.
fn log(response_headers: &str) -> String {
    [
        "Extended Request Id: EP5ycFmYoAMEnvg=".to_owned(),
        format!("Verifying Usage Plan for request: {ID}. API Key:  API Stage: abc123defg/prod"),
        format!("Starting execution for request: {ID}"),
        "HTTP Method: GET, Resource Path: /orders".to_owned(),
        format!("Method request headers: {{Host=api.example.com, Origin=https://app.example.com, Cookie=session={SECRET}}}"),
        format!("Method response headers: {{{response_headers}}}"),
        "Successfully completed execution".to_owned(),
        "Method completed with status: 200".to_owned(),
    ]
    .map(|line| format!("2026-11-22T10:00:00.000Z ({ID}) {line}\n"))
    .concat()
}

fn clean() -> String {
    log(
        "Access-Control-Allow-Origin=https://app.example.com, Access-Control-Allow-Credentials=true, Vary=Origin",
    )
}

fn broken() -> String {
    log("Content-Type=application/json")
}

fn corscope() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.env_clear().env("TMPDIR", std::env::temp_dir());
    command
}

fn scan(arguments: &[&str]) -> Output {
    corscope().arg("scan").args(arguments).output().expect("the program runs")
}

fn scan_text(text: impl Into<Vec<u8>>, arguments: &[&str]) -> Output {
    corscope().arg("scan").args(arguments).write_stdin(text).output().expect("the program runs")
}

#[track_caller]
fn check(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// A folder of its own with these files; kept as long as it is held.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("UTF-8").to_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("bytes");
    encoder.finish().expect("bytes")
}

#[test]
fn a_clean_log_is_0_and_findings_are_1() {
    let out = check(&scan_text(clean(), &[]), 0);
    assert!(out.contains("1 exchange: 1 allowed"), "{out}");
    let out = check(&scan_text(broken(), &[]), 1);
    assert!(out.contains("lambda-proxy-missing-acao") || out.contains("acao-missing"), "{out}");
}

#[test]
fn fail_on_says_what_fails() {
    check(&scan_text(broken(), &["--fail-on", "never"]), 0);
    check(&scan_text(broken(), &["--fail-on", "error"]), 1);
    let reflected = log("Access-Control-Allow-Origin=*").replace("Cookie=", "X-Other=");
    check(&scan_text(reflected.clone(), &["--fail-on", "error"]), 0);
    check(&scan_text(reflected, &["--fail-on", "info"]), 1);
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        &["--no-such-option"][..],
        &["--format", "yaml"],
        &["--since", "when?"],
        &["--fail-on", "much"],
        &["--status", "9"],
        &["--output", "/no/such/folder/report"],
        &["--since", "2026-11-23", "--until", "2026-11-22"],
    ] {
        let output = scan_text(broken(), arguments);
        assert_eq!(check(&output, 2), "", "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    check(&corscope().arg("scam").output().expect("the program runs"), 2);
}

#[test]
fn nothing_read_is_3() {
    let folder =
        folder(&[("empty.log", b""), ("prose.txt", b"nothing that a gateway would say\n")]);
    let nothing = tempfile::tempdir().expect("a folder");
    for input in [
        path(&folder, "empty.log"),
        path(&folder, "prose.txt"),
        path(&folder, "no-such-file"),
        nothing.path().to_str().expect("UTF-8").to_owned(),
    ] {
        let output = scan(&[&input]);
        check(&output, 3);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("not an all-clear"), "{input}: {stderr}");
    }
    check(&scan_text("", &[]), 3);
}

#[test]
fn an_unreadable_file_spoils_an_all_clear_and_hides_no_finding() {
    let folder = folder(&[("good.log", clean().as_bytes()), ("bad.log", broken().as_bytes())]);
    let (good, bad, gone) =
        (path(&folder, "good.log"), path(&folder, "bad.log"), path(&folder, "gone"));
    let output = scan(&[&gone, &good]);
    let out = check(&output, 3);
    assert!(out.contains("1 exchange: 1 allowed"), "the rest is analyzed: {out}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("gone"));
    check(&scan(&[&gone, &bad]), 1);
    check(&scan(&[&good, &gone, "--fail-on", "never"]), 3);
}

#[test]
fn a_cut_archive_is_read_as_far_as_it_goes() {
    let whole = gzip(broken().repeat(50).as_bytes());
    let folder = folder(&[("cut.gz", &whole[..whole.len() - 20]), ("whole.gz", &whole)]);
    check(&scan(&[&path(&folder, "whole.gz")]), 1);
    let out = check(&scan(&["--format", "json", &path(&folder, "cut.gz")]), 1);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["ledger"]["inputs_failed"].as_array().map(Vec::len), Some(1), "{out}");
}

#[test]
fn a_closed_pipe_is_success() {
    let mut child = Process::new(assert_cmd::cargo::cargo_bin!("corscope"))
        .args(["scan", "sample-logs", "--format", "jsonl", "--show", "exchanges"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    assert_eq!((child.wait().expect("an end").code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_read_with_a_dash_and_without_a_path() {
    let with_dash = check(&scan_text(broken(), &["-", "--format", "json"]), 1);
    let without = check(&scan_text(broken(), &["--format", "json"]), 1);
    assert_eq!(with_dash, without);
    assert!(with_dash.contains(ID));
}

#[test]
fn a_name_behind_two_dashes_is_a_file() {
    let folder = folder(&[("--format", broken().as_bytes()), ("-", broken().as_bytes())]);
    let mut command = corscope();
    command.current_dir(folder.path()).args(["scan", "--", "--format"]);
    check(&command.output().expect("the program runs"), 1);
    let mut command = corscope();
    command.current_dir(folder.path()).args(["scan", "./-"]);
    check(&command.output().expect("the program runs"), 1);
}

#[test]
fn output_goes_to_a_file_and_nothing_to_standard_output() {
    let folder = folder(&[]);
    let report = path(&folder, "report.json");
    let out = check(&scan_text(broken(), &["--format", "json", "--output", &report]), 1);
    assert_eq!(out, "");
    let printed = check(&scan_text(broken(), &["--format", "json"]), 1);
    assert_eq!(fs::read_to_string(&report).expect("a report"), printed);
}

#[test]
fn since_and_until_bound_the_events() {
    let events = |arguments: &[&str]| {
        let output = scan_text(broken(), &[&["--format", "json"], arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (
            output.status.code(),
            report["ledger"]["events"].as_u64(),
            report["ledger"]["outside_window"].as_u64(),
        )
    };
    assert_eq!(events(&["--since", "2026-11-22T10:00:00Z"]), (Some(1), Some(8), Some(0)));
    assert_eq!(events(&["--since", "2026-11-22T10:00:01Z"]), (Some(3), Some(0), Some(8)));
    assert_eq!(events(&["--until", "2026-11-22T10:00:00Z"]), (Some(1), Some(8), Some(0)));
    assert_eq!(events(&["--until", "2026-11-22T09:59:59Z"]), (Some(3), Some(0), Some(8)));
    assert_eq!(
        events(&["--until", "2026-11-22 11:00", "--tz", "+02:00"]),
        (Some(3), Some(0), Some(8))
    );
}

#[test]
fn colors_are_for_terminals_or_whoever_asks() {
    let colored = |output: Output| output.stdout.contains(&0x1b);
    assert!(!colored(scan_text(broken(), &[])));
    assert!(colored(scan_text(broken(), &["--color", "always"])));
    assert!(!colored(scan_text(broken(), &["--color", "never"])));
    let run = |variables: &[(&str, &str)]| {
        let mut command = corscope();
        command.arg("scan").envs(variables.iter().copied()).write_stdin(broken());
        colored(command.output().expect("the program runs"))
    };
    assert!(run(&[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn secrets_are_shown_only_to_whoever_asks() {
    for format in ["human", "json", "jsonl"] {
        let arguments = ["--show", "exchanges", "--format", format];
        let out = check(&scan_text(broken(), &arguments), 1);
        assert!(!out.contains(SECRET) && out.contains("/orders"), "{out}");
        let out = check(&scan_text(broken(), &[&arguments[..], &["--no-redact"]].concat()), 1);
        assert!(out.contains(SECRET) || format == "human", "{out}");
    }
}

#[test]
fn what_steers_a_terminal_never_reaches_it() {
    let text = broken()
        .replace("/orders", "/or\u{1b}[2J\u{9b}31mders\u{202e}\u{2066}")
        .replace("application/json", "a\u{1b}]0;owned\u{7}\u{8}b");
    for format in ["human", "json", "jsonl"] {
        let output = scan_text(text.clone(), &["--show", "exchanges", "--format", format]);
        let out = check(&output, 1);
        assert_eq!(out.chars().find(|char| *char != '\n' && is_dangerous(*char)), None, "{out}");
        assert!(out.contains("ders"), "{out}");
    }
    let name = "no\u{1b}[2Jfile";
    let output = scan(&[name]);
    check(&output, 3);
    assert!(!output.stderr.contains(&0x1b) && !output.stdout.contains(&0x1b));
}

#[test]
fn a_line_of_a_megabyte_harms_nothing() {
    let long = format!("2026-11-22T10:00:00.000Z ({ID}) {}\n", "x".repeat(1 << 20));
    let out = check(&scan_text(format!("{long}{}{long}", broken()), &["--format", "json"]), 1);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["ledger"]["events"], 10);
    assert_eq!(report["summary"]["outcomes"]["blocked"], 1);
}

#[test]
fn help_and_version_are_data() {
    for argument in ["--help", "--version"] {
        let output = corscope().arg(argument).output().expect("the program runs");
        assert!(check(&output, 0).contains("corscope"));
    }
    assert!(check(&scan(&["--help"]), 0).contains("Exit codes:"));
}

/// The fields of `corscope/1`, as scripts know them.
const EXCHANGE: &[&str] = &[
    "type",
    "request_id",
    "extended_request_id",
    "lambda_request_id",
    "trace_id",
    "surface",
    "api",
    "stage",
    "started_at",
    "ended_at",
    "method",
    "path",
    "route",
    "status",
    "origin",
    "preflight",
    "request_headers",
    "response_headers",
    "response_headers_complete",
    "verdict",
    "verdicts",
    "findings",
    "unseen",
    "place",
];
const VERDICT: &[&str] =
    &["outcome", "reason", "phase", "detail", "credentials", "credentials_assumed"];
const MODE_VERDICT: &[&str] = &["outcome", "reason", "detail", "browsers"];
const BROWSERS: &[&str] = &["chromium", "firefox", "safari"];
const FINDING_MARK: &[&str] = &["rule", "class", "kind", "severity", "impact"];
const PLACE: &[&str] = &["log_group", "log_stream", "file", "line"];
const FINDING: &[&str] = &[
    "type",
    "rule",
    "class",
    "kind",
    "severity",
    "confidence",
    "impact",
    "title",
    "why",
    "fix",
    "api",
    "stage",
    "method",
    "route",
    "origin",
    "explains",
    "caused_by",
    "count",
    "first_seen",
    "last_seen",
    "example_request_id",
    "fingerprint",
    "console",
    "evidence",
];
const EVIDENCE: &[&str] = &["time", "place", "text"];
const LEDGER: &[&str] = &[
    "type",
    "events",
    "bytes",
    "unrecognized",
    "truncated",
    "duplicates",
    "late",
    "sampled",
    "throttled",
    "gaps",
    "exchanges",
    "undetermined",
    "incomplete_exchanges",
    "inputs_failed",
    "window",
];

#[track_caller]
fn has(row: &Value, fields: &[&str]) {
    let object = row.as_object().expect("an object");
    for field in fields {
        assert!(object.contains_key(*field), "{field} in {row}");
    }
}

fn check_exchange(row: &Value) {
    has(row, EXCHANGE);
    has(&row["verdict"], VERDICT);
    for mode in ["omit", "include"] {
        has(&row["verdicts"][mode], MODE_VERDICT);
        has(&row["verdicts"][mode]["browsers"], BROWSERS);
    }
    for mark in row["findings"].as_array().expect("a list") {
        has(mark, FINDING_MARK);
    }
    has(&row["place"], PLACE);
}

fn check_finding(row: &Value) {
    has(row, FINDING);
    for line in row["evidence"].as_array().expect("a list") {
        has(line, EVIDENCE);
        has(&line["place"], PLACE);
    }
    if !row["console"].is_null() {
        has(&row["console"], BROWSERS);
    }
}

fn check_ledger(row: &Value) {
    has(row, LEDGER);
    has(&row["window"], &["from", "to"]);
}

#[test]
fn a_json_document_has_the_fields_of_the_contract() {
    let out = check(&scan(&["sample-logs", "--format", "json", "--show", "exchanges"]), 1);
    let report: Value = serde_json::from_str(&out).expect("JSON");
    has(&report, &["schema", "findings", "exchanges", "ledger", "summary"]);
    assert_eq!(report["schema"], "corscope/1");
    let rows = |name: &str| report[name].as_array().expect("a list").clone();
    assert_eq!(rows("exchanges").len() as u64, report["summary"]["exchanges"].as_u64().unwrap());
    assert!(!rows("findings").is_empty());
    rows("exchanges").iter().for_each(check_exchange);
    rows("findings").iter().for_each(check_finding);
    check_ledger(&report["ledger"]);
    let ended: Vec<_> = rows("exchanges").iter().map(|row| row["ended_at"].to_string()).collect();
    assert!(ended.is_sorted(), "{ended:#?}");
    let prints = rows("findings");
    let prints: std::collections::BTreeSet<_> =
        prints.iter().map(|row| format!("{} {}", row["fingerprint"], row["impact"])).collect();
    assert_eq!(prints.len(), rows("findings").len(), "a fingerprint names one finding");
}

#[test]
fn json_lines_hold_the_same_rows_as_the_document() {
    let document = check(&scan(&["sample-logs", "--format", "json", "--show", "exchanges"]), 1);
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let out = check(&scan(&["sample-logs", "--format", "jsonl", "--show", "exchanges"]), 1);
    let rows: Vec<Value> =
        out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |kind: &str| -> Vec<Value> {
        rows.iter().filter(|row| row["type"] == kind).cloned().collect()
    };
    assert_eq!(Value::from(of("exchange")), document["exchanges"]);
    assert_eq!(Value::from(of("finding")), document["findings"]);
    assert_eq!(of("ledger"), [document["ledger"].clone()]);
    assert_eq!(of("summary").len(), 1);
    assert_eq!(rows.last().map(|row| row["type"].clone()), Some("summary".into()));
}

#[test]
fn exchanges_are_printed_only_when_asked_for() {
    let out = check(&scan(&["sample-logs", "--format", "jsonl"]), 1);
    assert!(!out.contains("\"type\":\"exchange\""));
    let short = check(&scan(&["sample-logs"]), 1);
    let long = check(&scan(&["sample-logs", "--show", "exchanges"]), 1);
    assert!(long.ends_with(&short) && long.len() > short.len());
}
