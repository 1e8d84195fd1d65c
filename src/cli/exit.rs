//! What the process tells its caller.
//!
//! Must not: report health where nothing was read.

use std::process::ExitCode;

use corscope::report::{Reading, Report};

/// `--help` lists the same codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// Analyzed; nothing at or above `--fail-on`.
    Clean = 0,
    /// Analyzed; something at or above `--fail-on`.
    Findings = 1,
    /// Usage or configuration error.
    Usage = 2,
    /// Not analyzed, or only in part, and nothing found in the rest.
    NotAnalyzed = 3,
}

impl ExitStatus {
    /// What a report amounts to.
    pub(crate) fn of(report: &Report) -> Self {
        match (report.summary.failing, report.reading()) {
            (0, Reading::Nothing | Reading::Partly) => Self::NotAnalyzed,
            (0, Reading::Whole) => Self::Clean,
            (_, Reading::Nothing | Reading::Partly | Reading::Whole) => Self::Findings,
        }
    }
}

impl ExitStatus {
    /// The same numbers, as monitoring plugins use them: OK, WARNING, CRITICAL, UNKNOWN.
    pub(crate) fn of_plugin(code: u8) -> Self {
        match code {
            0 => Self::Clean,
            1 => Self::Findings,
            2 => Self::Usage,
            _ => Self::NotAnalyzed,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

#[cfg(test)]
mod tests {
    use corscope::model::{InputNote, Ledger};

    use super::*;

    #[track_caller]
    fn check(ledger: Ledger, failing: u64, want: ExitStatus) {
        let mut report = Report { ledger, ..Report::default() };
        report.summary.failing = failing;
        assert_eq!(ExitStatus::of(&report), want);
    }

    fn read(events: u64) -> Ledger {
        Ledger { events, ..Ledger::default() }
    }

    #[test]
    fn nothing_read_is_no_all_clear() {
        check(read(0), 0, ExitStatus::NotAnalyzed);
        check(Ledger { unrecognized: 3, ..read(3) }, 0, ExitStatus::NotAnalyzed);
        check(Ledger { skipped: 3, ..read(3) }, 0, ExitStatus::NotAnalyzed);
        check(Ledger { outside_window: 3, ..read(0) }, 0, ExitStatus::NotAnalyzed);
    }

    #[test]
    fn what_was_analyzed_is_clean_or_not() {
        check(read(3), 0, ExitStatus::Clean);
        check(read(3), 1, ExitStatus::Findings);
        // A narrow window, or control messages beside what was read, make nothing unread.
        check(Ledger { outside_window: 9, ..read(3) }, 0, ExitStatus::Clean);
        check(Ledger { skipped: 9, exchanges: 1, ..read(3) }, 0, ExitStatus::Clean);
    }

    #[test]
    fn what_is_mostly_not_recognized_is_no_all_clear() {
        check(Ledger { unrecognized: 9, ..read(12) }, 0, ExitStatus::Clean);
        check(Ledger { unrecognized: 10, ..read(21) }, 0, ExitStatus::Clean);
        check(Ledger { unrecognized: 10, ..read(20) }, 0, ExitStatus::NotAnalyzed);
        check(Ledger { unrecognized: 10, ..read(20) }, 1, ExitStatus::Findings);
    }

    #[test]
    fn a_failed_input_spoils_an_all_clear_but_not_a_finding() {
        let note = InputNote { input: "a.gz".into(), problem: "cut off".into() };
        let partly = Ledger { inputs_failed: vec![note], ..read(3) };
        check(partly.clone(), 0, ExitStatus::NotAnalyzed);
        check(partly, 1, ExitStatus::Findings);
    }
}
