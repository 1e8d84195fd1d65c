//! Embedded metrics, checked against the rules of the specification.

use std::collections::BTreeSet;

use corscope::alert::run::{OpenAlert, RunRecord, RunStatus};
use corscope::model::Severity;
use corscope::notify::emf::{MOST_STAGES, write};
use corscope::output::escape::is_dangerous;
use serde_json::Value;

use crate::sinks_local::sample::{HOSTILE, alerting_run, clear_run, open_alert, open_alert_of};

const UNITS: [&str; 5] = ["Count", "Seconds", "Milliseconds", "Bytes", "Percent"];

/// The documents, each of which obeys the specification.
fn documents(run: &RunRecord) -> Vec<Value> {
    let mut bytes = Vec::new();
    write(&mut bytes, run).expect("bytes");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.ends_with('\n'));
    assert!(!text.replace('\n', "").contains(is_dangerous));
    let documents: Vec<Value> = text
        .lines()
        .inspect(|line| assert!(line.len() < 256 * 1024))
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    documents.iter().for_each(obeys);
    documents
}

/// The JSON schema of the specification, and the limits of dimensions.
fn obeys(document: &Value) {
    let root = document.as_object().expect("an object");
    let metadata = root["_aws"].as_object().expect("metadata");
    assert!(metadata["Timestamp"].as_u64().is_some(), "milliseconds");
    for directive in metadata["CloudWatchMetrics"].as_array().expect("directives") {
        assert_eq!(directive["Namespace"], "corscope");
        let sets = directive["Dimensions"].as_array().expect("dimension sets");
        assert!(!sets.is_empty());
        for set in sets {
            let set = set.as_array().expect("a dimension set");
            assert!(set.len() <= 30);
            for dimension in set {
                let dimension = dimension.as_str().expect("a name");
                assert!((1..=250).contains(&dimension.len()));
                let value = root[dimension].as_str().expect("a value");
                assert!((1..=1024).contains(&value.len()), "{value}");
                assert!(value.is_ascii() && !value.contains(|c: char| c.is_ascii_control()));
                assert!(!value.starts_with(':') && !value.trim().is_empty(), "{value}");
            }
        }
        let metrics = directive["Metrics"].as_array().expect("metrics");
        assert!((1..=100).contains(&metrics.len()));
        let mut names = BTreeSet::new();
        for metric in metrics {
            let name = metric["Name"].as_str().expect("a name");
            assert!(names.insert(name), "{name} is there twice");
            assert!(UNITS.contains(&metric["Unit"].as_str().expect("a unit")));
            assert!(root[name].is_number(), "{name} is no root member");
        }
    }
}

#[test]
fn a_run_is_one_document_without_dimensions() {
    let documents = documents(&clear_run());
    assert_eq!(documents.len(), 1);
    let document = &documents[0];
    assert_eq!(document["_aws"]["Timestamp"], 1_795_342_502_500_u64);
    assert_eq!(document["_aws"]["CloudWatchMetrics"][0]["Dimensions"], serde_json::json!([[]]));
    for (name, want) in [
        ("OpenAlerts", 0),
        ("Events", 1200),
        ("Read", 345_678),
        ("Duration", 2500),
        ("Lag", 32_500),
        ("Failed", 0),
        ("Undetermined", 10),
    ] {
        assert_eq!(document[name], want, "{name}");
    }
    assert_eq!(document["Status"], "clear");
    let failed = RunRecord { status: RunStatus::Failed, covered_to: None, ..clear_run() };
    let failed = &self::documents(&failed)[0];
    assert_eq!(failed["Failed"], 1);
    assert!(failed.get("Lag").is_none(), "what is unknown is not told");
}

#[test]
fn every_stage_with_open_alerts_is_a_document_up_to_a_bound() {
    let on =
        |api: &str, severity| OpenAlert { api: Some(api.to_owned()), severity, ..open_alert() };
    let open = vec![on("a", Severity::Error), on("b", Severity::Warning), on("a", Severity::Info)];
    let found = documents(&alerting_run(open));
    assert_eq!(found.len(), 3);
    assert_eq!(found[0]["OpenAlerts"], 3);
    let dimensions = &found[1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(*dimensions, serde_json::json!([["Api", "Stage"]]));
    let of_a = [&found[1]["Api"], &found[1]["Stage"], &found[1]["OpenAlerts"]];
    assert_eq!(of_a, [&Value::from("a"), &Value::from("prod"), &Value::from(2)]);
    assert_eq!((&found[1]["OpenErrors"], &found[1]["OpenInfos"]), (&1.into(), &1.into()));
    assert_eq!(found[2]["OpenWarnings"], 1);
    let many = (0..100).map(|at| on(&at.to_string(), Severity::Error)).collect();
    assert_eq!(documents(&alerting_run(many)).len(), 1 + MOST_STAGES);
    let unknown = OpenAlert { api: None, stage: None, ..open_alert() };
    assert_eq!(documents(&alerting_run(vec![unknown]))[1]["Api"], "unknown");
}

#[test]
fn no_text_makes_a_metric_or_an_invalid_dimension() {
    let long = "x".repeat(100_000);
    for text in HOSTILE.into_iter().chain(["", " ", "::", "尺寸", long.as_str()]) {
        let documents = documents(&alerting_run(vec![open_alert_of(text)]));
        assert_eq!(documents.len(), 2);
        let members = |document: &Value| document.as_object().expect("an object").len();
        assert_eq!(members(&documents[1]), 1 + 2 + 2 + 4, "{text:?}");
        let line = documents[1].to_string();
        assert!(line.len() < 2_000, "{}", line.len());
    }
}
