//! A run as metrics of CloudWatch, in its Embedded Metric Format: one JSON document a line, on a
//! standard output that CloudWatch Logs gets (Lambda, ECS, the agent).
//!
//! Must not: make dimensions from anything but API and stage. Every combination is a metric, and costs.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::alert::run::{OpenAlert, RunRecord, RunStatus};
use crate::model::Severity;
use crate::notify::text::plain;
use crate::output::contract::append_json;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "corscope";
/// API stages that get a document of their own, those with the worst alerts.
pub const MOST_STAGES: usize = 20;
/// Characters of a dimension's value.
const LONGEST_DIMENSION: usize = 250;

/// The run's document, without dimensions, and one for each API stage that has open alerts, with the
/// dimensions `Api` and `Stage`. A stage whose last alert is over gets none: alarms on it should take
/// missing data as good.
pub fn documents(run: &RunRecord) -> Vec<Value> {
    let mut documents = vec![whole(run)];
    let mut stages: Vec<(String, String, Vec<&OpenAlert>)> = Vec::new();
    for alert in &run.open {
        let (api, stage) = (dimension(alert.api.as_deref()), dimension(alert.stage.as_deref()));
        if let Some(known) = stages.iter_mut().find(|known| known.0 == api && known.1 == stage) {
            known.2.push(alert);
        } else if stages.len() < MOST_STAGES {
            stages.push((api, stage, vec![alert]));
        }
    }
    documents.extend(stages.into_iter().map(|(api, stage, alerts)| {
        let dimensions = [("Api", api), ("Stage", stage)];
        document(run, &dimensions, &open(&alerts))
    }));
    documents
}

/// Writes them, one a line.
pub fn write(out: &mut impl Write, run: &RunRecord) -> io::Result<()> {
    for document in documents(run) {
        let mut line = Vec::with_capacity(4096);
        append_json(&mut line, &document)?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()
}

/// Name, unit, value.
type Metric = (&'static str, &'static str, u64);

fn whole(run: &RunRecord) -> Value {
    let (reading, alerts) = (&run.reading, &run.alerts);
    let count = |name, value| (name, "Count", value);
    let deliveries = |of: fn(&_) -> u64| run.deliveries.iter().map(of).sum();
    let mut metrics = open(&run.open.iter().collect::<Vec<_>>());
    metrics.extend([
        count("Failed", u64::from(run.status == RunStatus::Failed)),
        count("Incomplete", u64::from(run.status == RunStatus::Incomplete)),
        count("Problems", u64::try_from(run.problems.len()).unwrap_or(u64::MAX)),
        ("Duration", "Milliseconds", later(run.began.0, run.ended.0)),
        count("NewAlerts", alerts.new),
        count("Reminders", alerts.reminded),
        count("ResolvedAlerts", alerts.resolved),
        count("SuppressedAlerts", alerts.suppressed()),
        count("Events", reading.events),
        ("Read", "Bytes", reading.bytes),
        count("Unrecognized", reading.unrecognized),
        count("Truncated", reading.truncated),
        count("Late", reading.late),
        count("Throttled", reading.throttled),
        count("Gaps", reading.gaps),
        count("FailedInputs", reading.failed_inputs),
        count("Exchanges", reading.exchanges),
        count("Blocked", reading.blocked),
        count("Allowed", reading.allowed),
        count("Undetermined", reading.undetermined),
        count("Errors", reading.errors),
        count("Warnings", reading.warnings),
        count("Infos", reading.infos),
        count("Delivered", deliveries(|sink| sink.delivered)),
        count("Waiting", deliveries(|sink| sink.waiting)),
        count("Dropped", deliveries(|sink| sink.dropped)),
    ]);
    if let Some(covered) = run.covered_to {
        metrics.push(("Lag", "Milliseconds", later(covered.0, run.ended.0)));
    }
    document(run, &[], &metrics)
}

/// Open alerts, by severity.
fn open(alerts: &[&OpenAlert]) -> Vec<Metric> {
    let of = |severity| {
        let count = alerts.iter().filter(|alert| alert.severity == severity).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    };
    let counts = [of(Severity::Error), of(Severity::Warning), of(Severity::Info)];
    let names = ["OpenErrors", "OpenWarnings", "OpenInfos"];
    let mut metrics = vec![("OpenAlerts", "Count", counts.iter().sum())];
    metrics.extend(names.into_iter().zip(counts).map(|(name, count)| (name, "Count", count)));
    metrics
}

fn document(run: &RunRecord, dimensions: &[(&str, String)], metrics: &[Metric]) -> Value {
    let names: Vec<&str> = dimensions.iter().map(|(name, _)| *name).collect();
    let definitions: Vec<Value> =
        metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut root = Map::new();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [names], "Metrics": definitions});
    let timestamp = run.ended.0.max(0);
    root.insert(
        "_aws".to_owned(),
        json!({"Timestamp": timestamp, "CloudWatchMetrics": [directive]}),
    );
    // No metrics: what a query in Logs Insights wants to know.
    root.insert("Run".to_owned(), json!(run.id));
    root.insert("Status".to_owned(), json!(run.status.as_str()));
    for (name, value) in dimensions {
        root.insert((*name).to_owned(), json!(value));
    }
    for (name, _, value) in metrics {
        root.insert((*name).to_owned(), json!(value));
    }
    Value::Object(root)
}

/// A dimension's value is ASCII without control characters, has something in it, and does not begin
/// with a colon.
fn dimension(text: Option<&str>) -> String {
    let text = plain(text.unwrap_or_default(), LONGEST_DIMENSION);
    let ascii = text.chars().map(|c| if c.is_ascii() { c } else { '?' });
    let value: String = ascii.skip_while(|c| matches!(c, ':' | ' ')).collect();
    if value.is_empty() { "unknown".to_owned() } else { value }
}

/// Milliseconds from one to the other; a clock may have been set back.
fn later(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or_default()
}
