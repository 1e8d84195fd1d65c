//! One JSON document with everything, a row a line, so that it can be read by eye and by `diff`.
//!
//! Must not: differ from the JSON lines in any row.

use std::io::{self, Write};

use serde::Serialize;

use crate::output::contract::{LedgerRow, SCHEMA, SummaryRow, append_json};
use crate::output::finding_row::FindingRow;
use crate::output::redact::Redaction;
use crate::output::rule_json::RuleJsons;
use crate::output::spool::Spool;
use crate::report::Report;

/// Bytes that a row takes, about.
const ROW: usize = 4096;

/// Writes a report; `exchanges` holds rows in JSON.
pub fn write(
    out: &mut dyn Write,
    report: &Report,
    exchanges: Option<Spool>,
    redaction: Redaction,
) -> io::Result<()> {
    write!(out, "{{\"schema\":\"{SCHEMA}\",\n\"findings\":[")?;
    let mut separator = "\n";
    let mut texts = RuleJsons::default();
    let mut bytes = Vec::with_capacity(ROW);
    for group in &report.groups {
        bytes.clear();
        bytes.extend(separator.as_bytes());
        FindingRow::new(group, texts.of(group)?, redaction).append(&mut bytes);
        out.write_all(&bytes)?;
        separator = ",\n";
    }
    out.write_all(b"],\n\"exchanges\":[")?;
    if let Some(spool) = exchanges {
        let mut separator = "\n";
        spool.drain(|row| {
            out.write_all(separator.as_bytes())?;
            separator = ",\n";
            out.write_all(row)
        })?;
    }
    out.write_all(b"],\n\"ledger\":")?;
    value(out, &LedgerRow::new(&report.ledger, redaction))?;
    out.write_all(b",\n\"summary\":")?;
    value(out, &SummaryRow::new(&report.summary))?;
    out.write_all(b"}\n")?;
    out.flush()
}

fn value(out: &mut dyn Write, row: &impl Serialize) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(ROW);
    append_json(&mut bytes, row)?;
    out.write_all(&bytes)
}
