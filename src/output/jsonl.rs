//! JSON lines: one object a line, each with its `type`.
//!
//! Exchanges first, in the order in which they end in the log; then findings, worst first; then the
//! ledger; the summary last.
//!
//! Must not: buffer what can be written.

use std::io::{self, Write};

use serde::Serialize;

use crate::output::contract::{LedgerRow, SummaryRow, append_json};
use crate::output::finding_row::FindingRow;
use crate::output::redact::Redaction;
use crate::output::rule_json::RuleJsons;
use crate::output::spool::Spool;
use crate::report::Report;

/// Writes a report; `exchanges` holds rows in JSON.
pub fn write(
    out: &mut dyn Write,
    report: &Report,
    exchanges: Option<Spool>,
    redaction: Redaction,
) -> io::Result<()> {
    if let Some(spool) = exchanges {
        spool.drain(|row| {
            out.write_all(row)?;
            out.write_all(b"\n")
        })?;
    }
    let mut texts = RuleJsons::default();
    for group in &report.groups {
        finding(out, FindingRow::new(group, texts.of(group)?, redaction))?;
    }
    line(out, &LedgerRow::new(&report.ledger, redaction))?;
    line(out, &SummaryRow::new(&report.summary))?;
    out.flush()
}

pub(crate) fn line(out: &mut dyn Write, row: &impl Serialize) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(1024);
    append_json(&mut bytes, row)?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}

pub(crate) fn finding(out: &mut dyn Write, row: FindingRow<'_>) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4096);
    row.append(&mut bytes);
    bytes.push(b'\n');
    out.write_all(&bytes)
}
