//! Requests for which nothing comes for long.

use std::fmt::Write as _;

use assert_cmd::Command;
use corscope::model::Ledger;
use corscope::rules::set::RuleSet;
use serde_json::Value;

use crate::run;

const ID: &str = "0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d";

/// A line of a request's execution log.
fn line(log: &mut String, id: &str, text: &str) {
    writeln!(log, "2026-11-22T10:00:00.000Z ({id}) {text}").expect("memory");
}

/// The id of one of many requests.
fn id(number: u64) -> String {
    format!("{number:08x}-4e5f-6a7b-8c9d-0e1f2a3b4c5d")
}

/// What is said of the request, wherever its lines stand.
fn said(log: &str) -> (Value, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("execution.log");
    std::fs::write(&path, log).expect("a file");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
    command.args(["scan", "--format", "jsonl", "--show", "exchanges"]).arg(&path);
    let output = command.output().expect("it runs");
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let rows: Vec<Value> = lines.map(|row| serde_json::from_slice(row).expect("JSON")).collect();
    let of_type = |row: &Value, kind: &str| row["type"] == kind;
    let mut exchange = rows
        .iter()
        .find(|row| of_type(row, "exchange") && row["request_id"] == ID)
        .expect("the request is told")
        .clone();
    // The file is another one.
    if let Some(fields) = exchange.as_object_mut() {
        fields.remove("place");
    }
    let of_it = |row: &&Value| of_type(row, "finding") && row["example"]["request_id"] == ID;
    let findings = rows.iter().filter(of_it).map(|row| row["rule"].clone()).collect();
    (exchange, findings)
}

#[test]
fn a_request_that_rests_for_long_is_told_like_any_other() {
    let begin = |log: &mut String| {
        line(log, ID, "Extended Request Id: EP5ycFmYoAMEnvg=");
        line(log, ID, "HTTP Method: GET, Resource Path: /orders");
        line(
            log,
            ID,
            "Method request headers: {Origin=https://app.example.com, Host=api.example.org}",
        );
    };
    let end = |log: &mut String| {
        line(log, ID, "Method response headers: {Content-Type=application/json}");
        line(log, ID, "Successfully completed execution");
        line(log, ID, "Method completed with status: 200");
    };
    let mut together = String::new();
    begin(&mut together);
    end(&mut together);
    let mut apart = String::new();
    begin(&mut apart);
    // More lines than a request is taken to rest for, of requests that are let go at once.
    for number in 0..20_000 {
        let id = id(number);
        line(&mut apart, &id, "HTTP Method: GET, Resource Path: /stores");
        line(&mut apart, &id, "Method request headers: {Host=api.example.org}");
        line(&mut apart, &id, "Method response headers: {Access-Control-Allow-Origin=*}");
        line(&mut apart, &id, "Method completed with status: 200");
    }
    end(&mut apart);
    let (exchange, findings) = said(&together);
    assert_eq!(exchange["verdict"]["outcome"], "blocked", "{exchange}");
    assert_eq!(said(&apart), (exchange, findings));
}

/// The ledger of as many requests, each with one line: what `line` writes of its id.
fn ledger_of(requests: u64, line: impl Fn(&mut String, &str)) -> Ledger {
    let mut log = String::new();
    for number in 0..requests {
        line(&mut log, &id(number));
    }
    run::text(&RuleSet::builtin(), log.as_bytes()).report.ledger
}

/// What a query found may be one line of each request, and none of its end.
#[test]
fn requests_whose_ends_are_not_in_the_log_are_let_go_by_the_bound() {
    let requests = 6_000;
    let ledger = ledger_of(requests, |log, id| {
        line(log, id, "Method response headers: {Access-Control-Allow-Origin=*}");
    });
    assert_eq!(ledger.exchanges, requests);
    // As many as fit in 20 MiB, with 4 KiB each, are kept to the end.
    assert_eq!(ledger.unjoined, requests - 5_120);
}

#[test]
fn runs_that_never_end_are_let_go_by_the_bound() {
    let runs = 60_000;
    let ledger = ledger_of(runs, |log, id| {
        writeln!(log, "2026-11-22T10:00:00.000Z START RequestId: {id} Version: $LATEST").unwrap();
    });
    // Each takes some hundred bytes of 12 MiB.
    assert!((10_000..runs).contains(&ledger.unjoined), "{}", ledger.unjoined);
}

#[test]
fn lines_of_an_access_log_count_with_all_that_is_kept_of_them() {
    let lines = 30_000;
    let ledger = ledger_of(lines, |log, id| {
        writeln!(log, r#"{{"requestId":"{id}","httpMethod":"GET","path":"/a","status":"200"}}"#)
            .unwrap();
    });
    assert_eq!(ledger.exchanges, lines);
    // An exchange alone takes more than half a KiB of 20 MiB, and so does what the line said.
    assert!(ledger.unjoined > lines - (20 << 10), "{}", ledger.unjoined);
}
