//! `check --test-alert`: each sink is told once that it works.
//!
//! Must not: touch a state.

use std::io::{self, Write};

use corscope::alert::event::{AlertEvent, EventKind};
use corscope::model::{Confidence, Impact, Kind, Severity};
use corscope::output::contract::SCHEMA;
use corscope::output::escape::visible;
use corscope::report::fingerprint::fingerprint;

use crate::cli::check::outlets::Outlets;
use crate::cli::check::state::Waiting;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;

/// Runs the command.
pub(crate) fn run(outlets: &Outlets<'_>) -> Result<ExitStatus, CliError> {
    if outlets.sinks.is_empty() {
        return Err(CliError::Option {
            option: "--test-alert",
            problem: "there is no sink to test; name one by an option, or in corscope.toml"
                .to_owned(),
        });
    }
    let event = event(outlets);
    let mut outbox: Vec<Waiting> = outlets
        .sinks
        .iter()
        .map(|sink| Waiting {
            sink: sink.name.clone(),
            attempts: 0,
            refused: 0,
            event: event.clone(),
        })
        .collect();
    let mut course = outlets.course();
    outlets.delivery(&|sink| outlets.open(sink)).send(&mut outbox, &mut course, &mut |_| {});
    let mut stdout = io::stdout().lock();
    let mut is_well = true;
    for count in course.counts {
        let line = match &count.problem {
            None => format!("{}: delivered", count.sink),
            Some(problem) => {
                is_well = false;
                format!("{}: FAILED: {problem}", count.sink)
            }
        };
        writeln!(stdout, "{}", visible(&line)).map_err(CliError::Write)?;
    }
    Ok(if is_well { ExitStatus::Clean } else { ExitStatus::NotAnalyzed })
}

fn event(outlets: &Outlets<'_>) -> AlertEvent {
    let at = outlets.now;
    let process = std::process::id().to_string();
    AlertEvent {
        schema: SCHEMA.to_owned(),
        r#type: "alert".to_owned(),
        event: EventKind::Test,
        key: fingerprint(&[Some("test"), Some(&at.to_string()), Some(&process)]),
        fingerprint: fingerprint(&[Some("test")]),
        rule: "test".to_owned(),
        class: "not-cors".to_owned(),
        kind: Kind::Symptom,
        severity: Severity::Info,
        confidence: Confidence::Confirmed,
        impact: Impact::Latent,
        title: "This is a test of corscope: nothing is wrong".to_owned(),
        why: "Somebody ran `corscope check --test-alert`.".to_owned(),
        fix: "Nothing: this message has arrived.".to_owned(),
        effect: None,
        explains: Vec::new(),
        api: None,
        stage: None,
        method: None,
        route: None,
        origin: None,
        detail: None,
        status: None,
        reason: None,
        request_id: None,
        evidence: Vec::new(),
        since: Some(at),
        last_seen: Some(at),
        at,
        count: 0,
        more: 0,
        requests: None,
        held_back: 0,
        is_flapping: false,
        openings: 0,
        is_complete: true,
        command: "corscope check --help".to_owned(),
    }
}
