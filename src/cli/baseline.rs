//! The baseline: findings that were known when it was written, by their fingerprints.
//!
//! Must not: decide what is known; the report does.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use corscope::output::contract::append_json;
use corscope::output::redact::Redaction;
use corscope::report::group::Group;
use serde::{Deserialize, Serialize};

use crate::cli::error::CliError;
use crate::cli::sink::Sink;

const SCHEMA: &str = "corscope-baseline/1";

/// Read before the rest, whose form it names.
#[derive(Debug, Deserialize)]
struct Head {
    schema: String,
}

#[derive(Debug, Deserialize)]
struct Document {
    findings: Vec<Known>,
}

#[derive(Debug, Deserialize)]
struct Known {
    fingerprint: String,
}

/// A finding as it is written: the fingerprint for the program, the rest for people.
#[derive(Debug, Serialize)]
struct Row<'a> {
    fingerprint: &'a str,
    rule: &'a str,
    api: Option<&'a str>,
    stage: Option<&'a str>,
    method: Option<&'a str>,
    route: Option<String>,
    origin: Option<String>,
}

/// The fingerprints of a baseline file.
pub(crate) fn read(path: &Path) -> Result<BTreeSet<String>, CliError> {
    let name = || path.display().to_string();
    #[expect(clippy::disallowed_methods, reason = "the command line reads its own files")]
    let text =
        std::fs::read_to_string(path).map_err(|source| CliError::Read { path: name(), source })?;
    let damaged =
        |error: serde_json::Error| CliError::Baseline { path: name(), problem: error.to_string() };
    let Head { schema } = serde_json::from_str(&text).map_err(damaged)?;
    if schema != SCHEMA {
        let problem = format!("its schema is `{schema}`, and this version reads `{SCHEMA}`");
        return Err(CliError::Baseline { path: name(), problem });
    }
    let document: Document = serde_json::from_str(&text).map_err(damaged)?;
    Ok(document.findings.into_iter().map(|known| known.fingerprint).collect())
}

/// Writes one, in the order of fingerprints, so that two versions can be compared.
pub(crate) fn write(path: &Path, groups: &[Group], redaction: Redaction) -> Result<(), CliError> {
    let mut groups: Vec<&Group> = groups.iter().collect();
    groups.sort_by(|one, other| one.fingerprint.cmp(&other.fingerprint));
    groups.dedup_by(|one, other| one.fingerprint == other.fingerprint);
    let mut sink = Sink::open(Some(path))?;
    let mut text = format!("{{\"schema\":\"{SCHEMA}\",\n\"findings\":[").into_bytes();
    for (number, group) in groups.iter().enumerate() {
        text.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
        let shown =
            |text: &Option<String>| text.as_deref().map(|text| redaction.text(text).into_owned());
        let row = Row {
            fingerprint: &group.fingerprint,
            rule: &group.rule.id,
            api: group.api.as_deref(),
            stage: group.stage.as_deref(),
            method: group.method.as_deref(),
            route: shown(&group.route),
            origin: shown(&group.origin),
        };
        append_json(&mut text, &row).map_err(|source| sink.failure(source))?;
    }
    text.extend_from_slice(b"]}\n");
    sink.write_all(&text).map_err(|source| sink.failure(source))?;
    sink.finish()
}
