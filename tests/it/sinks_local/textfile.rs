//! The metrics file, read as strictly as the format says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use corscope::alert::run::{AlertCounts, DeliveryCounts, OpenAlert, RunRecord, RunStatus};
use corscope::model::{LogTime, Severity};
use corscope::notify::textfile::{MOST_ALERTS, exposition, write};
use corscope::output::escape::is_dangerous;
use tempfile::TempDir;

use crate::sinks_local::sample::{
    HOSTILE, alerting_run, clear_run, open_alert, open_alert_of, time,
};

/// Samples by name and labels.
type Samples = BTreeMap<String, (BTreeMap<String, String>, f64)>;

/// Reads the text exposition format 0.0.4, and what `node_exporter` asks beside: HELP and TYPE once
/// and before the samples, no timestamps, no series twice, all samples of a metric together.
fn parse(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line has no end");
    assert!(!text.replace('\n', "").contains(is_dangerous));
    let (mut samples, mut seen) = (Samples::new(), BTreeSet::new());
    let (mut helped, mut typed) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            assert!(seen.insert(name.to_owned()), "{name} begins twice");
            assert!(!help.is_empty() && !help.contains('\\'));
            name.clone_into(&mut helped);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!((name, kind), (helped.as_str(), "gauge"));
            name.clone_into(&mut typed);
        } else {
            let (name, labels, value) = sample(line);
            assert_eq!(name, typed, "a sample without its TYPE: {line}");
            assert!(!name.ends_with("_total"), "a gauge is no counter");
            let key = line.rsplit_once(' ').expect("a value").0.to_owned();
            assert!(samples.insert(key, (labels, value)).is_none(), "twice: {line}");
        }
    }
    samples
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let is_word =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let end = line.find(['{', ' ']).expect("a value");
    let (name, mut rest) = line.split_at(end);
    assert!(is_word(name) && name.starts_with("corscope_"), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, quoted) = rest.split_once("=\"").expect("a label");
            assert!(is_word(label), "{line}");
            let (value, tail) = label_value(quoted);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            if let Some(tail) = tail.strip_prefix('}') {
                rest = tail;
                break;
            }
            rest = tail.strip_prefix(',').expect("a comma");
        }
    }
    let value = rest.strip_prefix(' ').expect("a blank before the value");
    assert!(!value.contains(' '), "a timestamp: {line}");
    (name.to_owned(), labels, value.parse().expect("a number"))
}

/// The value up to its quotation mark, and what follows.
fn label_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next().expect("a closing quotation mark") {
            '"' => return (value, characters.as_str()),
            '\\' => value.push(match characters.next().expect("an escape") {
                '\\' => '\\',
                '"' => '"',
                'n' => '\n',
                other => unreachable!("\\{other} is no escape"),
            }),
            other => value.push(other),
        }
    }
}

fn samples(run: &RunRecord) -> Samples {
    parse(&exposition(run, run.covered_to))
}

#[track_caller]
fn check(samples: &Samples, series: &str, want: f64) {
    let (_, value) = samples.get(series).unwrap_or_else(|| unreachable!("{series}: {samples:#?}"));
    assert!((value - want).abs() < 1e-6, "{series}: {value}");
}

#[test]
fn a_run_is_told_in_gauges() {
    let warning = OpenAlert {
        severity: Severity::Warning,
        fingerprint: "1".to_owned(),
        api: None,
        ..open_alert()
    };
    let run = RunRecord {
        problems: vec!["a".to_owned(), "b".to_owned()],
        ..alerting_run(vec![open_alert(), warning])
    };
    let text = exposition(&run, Some(time("2026-11-22T10:00:02.007Z")));
    let samples = parse(&text);
    let begin = 1_795_341_600.0; // 2026-11-22T10:00:00Z
    check(&samples, "corscope_up", 1.0);
    check(&samples, "corscope_run_status{status=\"alerting\"}", 1.0);
    check(&samples, "corscope_run_status{status=\"failed\"}", 0.0);
    check(&samples, "corscope_last_run_timestamp_seconds", begin + 902.5);
    check(&samples, "corscope_last_success_timestamp_seconds", begin + 2.007);
    check(&samples, "corscope_covered_to_timestamp_seconds", begin + 870.0);
    check(&samples, "corscope_run_duration_seconds", 2.5);
    check(&samples, "corscope_run_problems", 2.0);
    check(&samples, "corscope_run_events_read", 1200.0);
    check(&samples, "corscope_run_exchanges{verdict=\"blocked\"}", 14.0);
    check(&samples, "corscope_run_findings{severity=\"error\"}", 14.0);
    check(&samples, "corscope_alerts_open{severity=\"error\"}", 1.0);
    check(&samples, "corscope_alerts_open{severity=\"warning\"}", 1.0);
    check(&samples, "corscope_alerts_open{severity=\"info\"}", 0.0);
    check(&samples, "corscope_run_alerts_told{event=\"new\"}", 1.0);
    check(&samples, "corscope_run_alerts_suppressed{reason=\"repeat\"}", 2.0);
    check(&samples, "corscope_run_deliveries{sink=\"ops\",outcome=\"waiting\"}", 2.0);
    let alert = "corscope_alert{rule=\"lambda-own-timeout\",api=\"a1b2c3d4e5\",stage=\"prod\",\
                 method=\"GET\",route=\"/orders\",severity=\"error\",\
                 fingerprint=\"fedcba9876543210fedcba9876543210\"}";
    check(&samples, alert, 1.0);
}

#[test]
fn a_run_that_failed_keeps_the_time_of_the_last_that_did_not() {
    let run = RunRecord { status: RunStatus::Failed, covered_to: None, ..clear_run() };
    let samples = parse(&exposition(&run, Some(LogTime(5_000))));
    check(&samples, "corscope_up", 0.0);
    check(&samples, "corscope_last_success_timestamp_seconds", 5.0);
    let never = parse(&exposition(&run, None));
    assert!(!never.contains_key("corscope_last_success_timestamp_seconds"));
    assert!(!never.contains_key("corscope_covered_to_timestamp_seconds"));
    assert!(!never.keys().any(|series| series.starts_with("corscope_alert{")));
}

#[test]
fn no_text_ends_a_label_or_makes_a_metric() {
    let long = "x\"\\\n".repeat(25_000);
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        let run = RunRecord {
            deliveries: vec![DeliveryCounts { sink: text.to_owned(), ..DeliveryCounts::default() }],
            ..alerting_run(vec![open_alert_of(text)])
        };
        let hostile = samples(&run);
        let mut plain = alerting_run(vec![open_alert()]);
        plain.deliveries = vec![DeliveryCounts::default()];
        assert_eq!(hostile.len(), samples(&plain).len(), "{text:?}");
        let alert = hostile.iter().find(|(series, _)| series.starts_with("corscope_alert{"));
        let (labels, _) = alert.expect("the alert").1;
        assert_eq!(labels.len(), 7);
        assert!(labels.values().all(|value| value.chars().count() <= 200), "{labels:?}");
    }
}

#[test]
fn series_are_bounded_and_none_is_there_twice() {
    let alert = |at: usize| OpenAlert { fingerprint: format!("{at:032x}"), ..open_alert() };
    let mut open: Vec<OpenAlert> = (0..MOST_ALERTS + 50).map(alert).collect();
    let many = samples(&alerting_run(open.clone()));
    let listed = many.keys().filter(|series| series.starts_with("corscope_alert{")).count();
    assert_eq!(listed, MOST_ALERTS);
    check(&many, "corscope_alerts_unlisted", 50.0);
    check(&many, "corscope_alerts_open{severity=\"error\"}", 250.0);
    open.truncate(1);
    open.push(open[0].clone());
    let twins = samples(&alerting_run(open));
    assert_eq!(twins.keys().filter(|series| series.starts_with("corscope_alert{")).count(), 1);
}

#[test]
fn every_reason_why_nobody_was_told_has_a_series() {
    let mut run = clear_run();
    run.alerts = AlertCounts {
        held_by_repeat: 1,
        held_by_runs: 2,
        held_by_count: 4,
        held_by_rate: 8,
        held_by_flapping: 16,
        held_by_cause: 32,
        ..AlertCounts::default()
    };
    let samples = samples(&run);
    let held =
        samples.iter().filter(|(name, _)| name.starts_with("corscope_run_alerts_suppressed"));
    let sum: f64 = held.map(|(_, (_, value))| value).sum();
    assert!((sum - f64::from(u32::try_from(run.alerts.suppressed()).expect("63"))).abs() < 1e-6);
}

#[test]
fn the_file_is_replaced_whole_and_readable_by_the_collector() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("corscope.prom");
    write(&path, "old\n").expect("a file");
    let link = folder.path().join("link.prom");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    let text = exposition(&clear_run(), None);
    write(&link, &text).expect("a file");
    assert_eq!(fs::read_to_string(&path).expect("the file"), text);
    assert!(link.symlink_metadata().expect("a link").is_symlink());
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("the file").permissions());
    assert_eq!(mode & 0o7777, 0o644);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2, "something is left");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = TempDir::new().expect("a folder");
    let absent = folder.path().join("no/such/corscope.prom");
    let problem = write(&absent, "").expect_err("no folder").to_string();
    assert!(problem.starts_with("cannot write metrics to `"), "{problem}");
    assert!(
        problem.contains("no/such/corscope.prom") && problem.contains("No such file"),
        "{problem}"
    );
    for place in [folder.path(), Path::new("/dev/null")] {
        let problem = write(place, "").expect_err("no file").to_string();
        assert!(problem.ends_with("it is no regular file"), "{problem}");
    }
    // Not even root can make files there.
    let problem = write(Path::new("/proc/corscope.prom"), "").expect_err("read-only").to_string();
    assert!(problem.starts_with("cannot write metrics to `/proc/corscope.prom`"), "{problem}");
}
