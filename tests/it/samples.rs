//! Whole runs over `sample-logs` and one file per container: what is expected of each request, and
//! the complete outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use corscope::model::{Exchange, Finding, Judgement, Kind, Text};
use corscope::rules::set::RuleSet;
use serde_json::Value;

use crate::run;

/// One file of each container, and the folder of an S3 export.
pub(crate) const CONTAINERS: &[&str] = &[
    "browser.har",
    "console-copy.txt",
    "console.csv",
    "data-message.json",
    "filter-log-events.json",
    "firehose-object",
    "get-log-events.json",
    "insights.json",
    "s3-export",
    "sam-logs.txt",
    "tail-detailed.txt",
    "tail-short.txt",
    "test-invoke.json",
    "test-invoke.txt",
];

/// The parts of the sample incident.
const SAMPLES: &[(&str, &[&str])] = &[
    (
        "rest-api",
        &[
            "sample-logs/rest-api/access-log.jsonl",
            "sample-logs/rest-api/execution-log.txt",
            "sample-logs/rest-api/shop-api-export",
            "sample-logs/rest-api/shop-orders-filter-log-events.json",
        ],
    ),
    ("http-api", &["sample-logs/http-api"]),
    ("console-test", &["sample-logs/rest-api/console-test.txt"]),
];

#[test]
fn every_container_is_listed() {
    let entries = fs::read_dir("tests/data/containers").expect("the containers");
    let names: BTreeSet<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    assert_eq!(names, CONTAINERS.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn the_sample_logs_give_what_is_expected_of_each_request() {
    check("", &["sample-logs"]);
}

#[test]
fn the_containers_give_what_is_expected_of_each_request() {
    for name in CONTAINERS {
        check(&format!("containers/{name}"), &[&format!("tests/data/containers/{name}")]);
    }
}

#[test]
fn whole_outputs_of_the_sample_logs() {
    for (name, paths) in SAMPLES {
        snapshots(name, paths);
    }
}

#[test]
fn whole_outputs_of_the_containers() {
    for name in CONTAINERS {
        let path = format!("tests/data/containers/{name}");
        snapshots(&format!("container-{name}"), &[&path]);
    }
}

#[test]
fn the_exchanges_of_the_sample_logs_for_people() {
    let run = run::paths(&RuleSet::builtin(), &["sample-logs"]);
    insta::assert_snapshot!("sample-logs-exchanges", run.outputs().0);
}

fn snapshots(name: &str, paths: &[&str]) {
    let run = run::paths(&RuleSet::builtin(), paths);
    insta::assert_snapshot!(format!("{name}.human"), run.human());
    let report: Value = serde_json::from_str(&run.json()).expect("JSON");
    insta::assert_snapshot!(format!("{name}.json"), pretty(&report));
}

/// One row of a list a line, so that a change of one finding is a change of one line.
fn pretty(report: &Value) -> String {
    let mut out: Vec<String> = Vec::new();
    for (name, part) in report.as_object().expect("a document") {
        match part.as_array() {
            Some(rows) => {
                out.push(format!("{name}:"));
                out.extend(rows.iter().map(|row| format!("  {row}")));
            }
            None => out.push(format!("{name}: {part}")),
        }
    }
    out.join("\n")
}

/// Holds the exchanges of `paths` against the rows whose note begins with `part`.
fn check(part: &str, paths: &[&str]) {
    let run = run::paths(&RuleSet::builtin(), paths);
    let rows = expected(part);
    assert!(!rows.is_empty(), "nothing is expected of {part}");
    let mut wrong = Vec::new();
    for row in &rows {
        let id = row["id"].as_str();
        let found = match id {
            Some(id) => run.find(id),
            None => run.judged.iter().find(|(exchange, _, _)| is_row(exchange, row)),
        };
        let Some((exchange, judgement, findings)) = found else {
            wrong.push(format!("{row}: there is no such exchange"));
            continue;
        };
        let got = outcome(exchange, judgement, findings);
        let want = BTreeMap::from(
            ["method", "path", "status", "outcome", "reason", "classes"]
                .map(|field| (field, row[field].clone())),
        );
        if got != want {
            wrong.push(format!("{}:\n  got  {got:?}\n  want {want:?}", id.unwrap_or("-")));
        }
        if let Some(impact) = row.get("impact") {
            let impacts = findings.iter().map(|finding| finding.impact.as_str());
            assert!(impacts.clone().all(|got| got == impact), "{id:?}: {row}");
        }
    }
    assert!(wrong.is_empty(), "{part}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(run.judged.len(), rows.len(), "{part}: exchanges that nobody expects");
}

fn expected(part: &str) -> Vec<Value> {
    let text = fs::read_to_string("tests/data/expected.jsonl").expect("the expectations");
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    rows.filter(|row| {
        let note = row["note"].as_str().unwrap_or_default();
        let of = note.split(';').next().filter(|of| of.starts_with("containers/"));
        of.unwrap_or_default() == part
    })
    .collect()
}

fn is_row(exchange: &Exchange, row: &Value) -> bool {
    let same = |which, field: &str| exchange.text(which).as_deref() == row[field].as_str();
    same(Text::Method, "method") && same(Text::Path, "path")
}

fn outcome<'a>(
    exchange: &Exchange,
    judgement: &Judgement,
    findings: &[Finding],
) -> BTreeMap<&'a str, Value> {
    let verdict = judgement.applying();
    let text = |which| exchange.text(which).map_or(Value::Null, Into::into);
    let classes: BTreeSet<_> = findings
        .iter()
        .filter(|finding| finding.rule.kind != Kind::Practice)
        .map(|finding| finding.rule.class.as_str())
        .collect();
    BTreeMap::from([
        ("method", text(Text::Method)),
        ("path", text(Text::Path)),
        ("status", exchange.status.seen().map_or(Value::Null, Value::from)),
        ("outcome", verdict.outcome.as_str().into()),
        ("reason", verdict.reason.map_or(Value::Null, |reason| reason.as_str().into())),
        ("classes", classes.into_iter().collect()),
    ])
}
