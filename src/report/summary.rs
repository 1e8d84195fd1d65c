//! Counts over all exchanges that were selected, whether anything is shown of them or not.
//!
//! Must not: allocate for an exchange that is well.

use crate::model::{Impact, Judgement, Outcome, Severity};

/// The report in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Exchanges that the filters let through.
    pub exchanges: u64,
    /// Exchanges that a filter left out.
    pub left_out: u64,
    /// What Chromium did, or would do, with them.
    pub outcomes: Outcomes,
    /// Exchanges whose request carried an `Origin` as cross-origin requests do.
    pub browser_requests: u64,
    /// Different routes.
    pub routes: u64,
    /// Findings, hidden ones included.
    pub findings: BySeverity,
    /// Findings that a browser's request met.
    pub observed: u64,
    /// Findings that no browser's request met yet.
    pub latent: u64,
    /// Groups shown.
    pub groups: BySeverity,
    /// Findings at or above the threshold that fails the run.
    pub failing: u64,
    /// Findings below the severity that is shown.
    pub hidden: u64,
    /// Findings of disabled rules.
    pub disabled: u64,
    /// Rules that are switched off, and were not asked.
    pub rules_off: u64,
    /// Findings that the settings say to ignore.
    pub ignored: u64,
    /// Findings that were known before, by the baseline.
    pub baselined: u64,
    /// Exchanges blocked that asked for nothing that should work.
    pub refused_as_intended: u64,
    /// Findings that share a group because there were too many groups.
    pub folded: u64,
    /// Findings without any group because there were too many.
    pub dropped: u64,
    /// For undetermined exchanges: what was unseen and how often, most frequent first.
    pub unseen: Vec<(String, u64)>,
    /// Undetermined exchanges that the gateway answered itself, with headers that are never logged.
    pub gateway_answers: u64,
}

/// Exchanges by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// No CORS decision was made.
    pub not_cors: u64,
    /// The page may read the response.
    pub allowed: u64,
    /// The browser refused.
    pub blocked: u64,
    /// The logs do not show enough.
    pub undetermined: u64,
}

/// A count per severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BySeverity {
    /// Broken.
    pub error: u64,
    /// Breaks in a described circumstance.
    pub warning: u64,
    /// Worth knowing.
    pub info: u64,
}

impl BySeverity {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.error + self.warning + self.info
    }

    /// Counts as many.
    pub(crate) fn add(&mut self, severity: Severity, times: u64) {
        match severity {
            Severity::Error => self.error += times,
            Severity::Warning => self.warning += times,
            Severity::Info => self.info += times,
        }
    }
}

/// Whether `unseen` names a response header, or all of them.
pub fn is_response_header(unseen: &str) -> bool {
    unseen.starts_with("response.header")
}

impl Summary {
    /// Counts as many exchanges and what was decided about them. `outcome` is that of the verdict that
    /// applies.
    pub(crate) fn add_judgement(
        &mut self,
        judgement: &Judgement,
        outcome: Outcome,
        by_gateway: bool,
        times: u64,
    ) {
        self.exchanges += times;
        // A decision needs an `Origin`; without one there is none, or it was unseen.
        let has_origin = match outcome {
            Outcome::NotCors => {
                self.outcomes.not_cors += times;
                false
            }
            Outcome::Allowed => {
                self.outcomes.allowed += times;
                true
            }
            Outcome::Blocked => {
                self.outcomes.blocked += times;
                true
            }
            Outcome::Undetermined => {
                self.outcomes.undetermined += times;
                judgement.unseen.iter().for_each(|what| self.add_unseen(what, times));
                let lacks = judgement.unseen.iter().any(|what| is_response_header(what));
                self.gateway_answers += u64::from(lacks && by_gateway) * times;
                !judgement.unseen.iter().any(|what| what == "request.header.origin")
            }
        };
        self.browser_requests += u64::from(has_origin) * times;
    }

    /// Counts as many findings that are reported.
    pub(crate) fn add_finding(&mut self, severity: Severity, impact: Impact, times: u64) {
        self.findings.add(severity, times);
        match impact {
            Impact::Observed => self.observed += times,
            Impact::Latent => self.latent += times,
        }
    }

    fn add_unseen(&mut self, what: &str, times: u64) {
        match self.unseen.iter_mut().find(|(known, _)| known == what) {
            Some((_, count)) => *count += times,
            None => self.unseen.push((what.to_owned(), times)),
        }
    }
}
