//! Output for monitoring, read by the plugin guidelines.

use corscope::alert::run::{OpenAlert, RunRecord, RunStatus};
use corscope::model::Severity;
use corscope::notify::nagios::{PluginStatus, output};
use corscope::output::escape::is_dangerous;

use crate::sinks_local::sample::{HOSTILE, alerting_run, clear_run, open_alert, open_alert_of};

/// The first line, performance data by label, and the other lines.
struct Plugin {
    status: PluginStatus,
    first: String,
    data: Vec<(String, String)>,
    long: Vec<String>,
}

impl Plugin {
    fn of(run: &RunRecord) -> Self {
        let (status, text) = output(run);
        assert!(text.ends_with('\n') && text.len() < 8192, "{}", text.len());
        assert!(!text.replace('\n', "").contains(is_dangerous), "{text:?}");
        assert_eq!(text.matches('|').count(), 1, "{text}");
        // What a shell or `printf` acts on.
        let active = ['<', '>', '"', '`', '$', '&', '\\', '%', '!'];
        assert!(!text.contains(active), "{text}");
        let (first, rest) = text.split_once('\n').expect("a line");
        let (first, data) = first.split_once('|').expect("performance data");
        assert!(!first.contains('\''), "{first}");
        let head = format!("CORSCOPE {} - ", status.as_str());
        assert!(first.starts_with(&head), "{first}");
        Self {
            status,
            first: first.to_owned(),
            data: data.split(' ').map(datum).collect(),
            long: rest.lines().map(str::to_owned).collect(),
        }
    }

    fn datum(&self, label: &str) -> &str {
        &self.data.iter().find(|datum| datum.0 == label).expect(label).1
    }
}

/// `'label'=value[UOM];[warn];[crit];[min];[max]`.
fn datum(text: &str) -> (String, String) {
    let (label, value) = text.split_once('=').expect("a value");
    let label = label.strip_prefix('\'').and_then(|label| label.strip_suffix('\''));
    let label = label.expect("a label in quotation marks");
    assert!(!label.is_empty() && label.len() <= 19 && !label.contains(['\'', '=']), "{label}");
    let parts: Vec<&str> = value.split(';').collect();
    assert!(parts.len() <= 5, "{value}");
    if parts[0] != "U" {
        let number = parts[0].trim_end_matches(['s', 'B']);
        assert!(parts[0].len() - number.len() <= 1, "{value}");
        number.parse::<f64>().expect("a number");
        assert!(number.chars().all(|c| c.is_ascii_digit() || c == '.'), "{number}");
    }
    for bound in &parts[1..] {
        assert!(bound.is_empty() || bound.parse::<f64>().is_ok(), "{value}");
    }
    (label.to_owned(), value.to_owned())
}

fn alert(severity: Severity) -> OpenAlert {
    OpenAlert { severity, ..open_alert() }
}

#[test]
fn the_status_is_that_of_the_worst_open_alert_and_then_that_of_the_run() {
    let check = |severities: &[Severity], run: RunStatus, want: (PluginStatus, u8)| {
        let open = severities.iter().map(|severity| alert(*severity)).collect();
        let plugin = Plugin::of(&RunRecord { status: run, ..alerting_run(open) });
        assert_eq!((plugin.status, plugin.status.code()), want, "{severities:?} {run:?}");
    };
    check(&[], RunStatus::Clear, (PluginStatus::Ok, 0));
    check(&[Severity::Info], RunStatus::Alerting, (PluginStatus::Warning, 1));
    check(&[Severity::Info, Severity::Warning], RunStatus::Alerting, (PluginStatus::Warning, 1));
    check(&[Severity::Info, Severity::Error], RunStatus::Alerting, (PluginStatus::Critical, 2));
    check(&[Severity::Error], RunStatus::Failed, (PluginStatus::Critical, 2));
    check(&[Severity::Warning], RunStatus::Incomplete, (PluginStatus::Warning, 1));
    check(&[], RunStatus::Incomplete, (PluginStatus::Unknown, 3));
    check(&[], RunStatus::Failed, (PluginStatus::Unknown, 3));
}

#[test]
fn the_first_line_says_what_matters() {
    assert_eq!(
        Plugin::of(&clear_run()).first,
        "CORSCOPE OK - no alert is open; 1200 events, 300 exchanges, 0 blocked, read to \
         2026-11-22T10:14:30Z"
    );
    let second = OpenAlert {
        title: "Another one".to_owned(),
        route: Some("ANY /{proxy+}".to_owned()),
        count: 1,
        ..open_alert()
    };
    let open = vec![alert(Severity::Warning), alert(Severity::Error), second];
    let plugin = Plugin::of(&alerting_run(open));
    assert_eq!(
        plugin.first,
        "CORSCOPE CRITICAL - 2 errors, 1 warning open, 1 new: The function runs into its own \
         timeout, GET /orders of a1b2c3d4e5/prod, for https://shop.example"
    );
    assert_eq!(
        plugin.long[1],
        "error: The function runs into its own timeout, GET /orders of a1b2c3d4e5/prod, for \
         https://shop.example; since 2026-11-22T10:00:00Z 14 requests"
    );
    assert_eq!(
        plugin.long[2],
        "error: Another one, GET /{proxy+} of a1b2c3d4e5/prod, for https://shop.example; since \
         2026-11-22T10:00:00Z 1 request"
    );
    assert_eq!(plugin.long.len(), 3);
    let failed = RunRecord {
        status: RunStatus::Failed,
        problems: vec!["logs:FilterLogEvents on `/aws/x`: AccessDenied".to_owned()],
        ..clear_run()
    };
    let plugin = Plugin::of(&failed);
    assert_eq!(
        plugin.first,
        "CORSCOPE UNKNOWN - nothing was analyzed: logs:FilterLogEvents on ’/aws/x’: AccessDenied"
    );
    assert_eq!(plugin.long, ["not read: logs:FilterLogEvents on ’/aws/x’: AccessDenied"]);
    let incomplete = RunRecord { status: RunStatus::Incomplete, ..clear_run() };
    assert!(Plugin::of(&incomplete).first.contains("not everything could be read"));
}

#[test]
fn performance_data_have_units_and_thresholds_where_there_are_any() {
    let plugin = Plugin::of(&alerting_run(vec![open_alert()]));
    assert_eq!(plugin.datum("alerts_error"), "1;;0;0");
    assert_eq!(plugin.datum("alerts_warning"), "0;0;;0");
    assert_eq!(plugin.datum("bytes"), "345678B;;;0");
    assert_eq!(plugin.datum("duration"), "2.500s;;;0");
    assert_eq!(plugin.datum("lag"), "32.500s;;;0");
    let unknown = RunRecord { covered_to: None, ..clear_run() };
    assert_eq!(Plugin::of(&unknown).datum("lag"), "U");
}

#[test]
fn no_text_makes_performance_data_or_a_line_or_steers_what_monitoring_calls() {
    let long = "long | ".repeat(15_000);
    let plain = Plugin::of(&alerting_run(vec![open_alert(); 30]));
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        let mut run = alerting_run(vec![open_alert_of(text); 30]);
        run.problems = vec![text.to_owned(); 30];
        let plugin = Plugin::of(&run);
        assert_eq!(plugin.data, plain.data, "{text:?}");
        assert!(plugin.long.len() <= 20 + 1 + 5 + 1, "{text:?}: {}", plugin.long.len());
        assert!(plugin.long.iter().any(|line| line.ends_with("more alerts")), "{text:?}");
        assert!(plugin.long.iter().any(|line| line.ends_with("more problems")), "{text:?}");
        assert!(plugin.first.chars().count() < 1_000);
        let known = |line: &String| {
            ["error: ", "not read: ", "and "].iter().any(|head| line.starts_with(head))
        };
        assert!(plugin.long.iter().all(known), "{text:?}: {:?}", plugin.long);
    }
}
