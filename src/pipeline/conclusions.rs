//! Where it goes what was said of exchanges: report, survey and observer.
//!
//! Must not: say anything of an exchange.

use std::io;

use crate::model::{Exchange, Finding, Judgement, Ledger, Places};
use crate::pipeline::Observer;
use crate::pipeline::memo::Recalled;
use crate::pipeline::tally::Tallies;
use crate::report::Report;
use crate::report::builder::{Judged, ReportBuilder};
use crate::rules::set::RuleSet;
use crate::survey::Survey;

/// What is gathered of all exchanges, and who looks at each of them.
pub(super) struct Conclusions<'a> {
    report: ReportBuilder,
    /// Present where a rule looks at routes.
    survey: Option<Survey>,
    tallies: Tallies,
    observer: &'a mut dyn Observer,
    /// Of the observer. After an error it is asked no more.
    failed: io::Result<()>,
}

impl<'a> Conclusions<'a> {
    pub(super) fn new(
        report: ReportBuilder,
        survey: Option<Survey>,
        observer: &'a mut dyn Observer,
    ) -> Self {
        Self { report, survey, tallies: Tallies::default(), observer, failed: Ok(()) }
    }

    /// Takes an exchange of which everything is said.
    pub(super) fn take(&mut self, judged: &Judged<'_>, recalled: &Recalled) {
        let alike = (recalled.tally, recalled.client);
        self.tallies.take(alike, judged, &mut self.report, self.survey.as_mut());
        let &Judged { exchange, judgement, findings, places } = judged;
        self.tell(|observer| observer.exchange(exchange, judgement, findings, places));
    }

    /// Takes what is new of an exchange that was taken before.
    pub(super) fn amend(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        news: &[Finding],
        places: &Places,
    ) {
        self.report.amend(exchange, judgement, news, places);
    }

    /// Tells the observer, unless it failed.
    pub(super) fn tell(&mut self, tell: impl FnOnce(&mut dyn Observer) -> io::Result<()>) {
        if self.failed.is_ok() {
            self.failed = tell(self.observer);
        }
    }

    /// Whether the observer failed: what follows is told to nobody.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_err()
    }

    /// All exchanges are in. An error is the observer's.
    pub(super) fn finish(mut self, rules: &RuleSet, mut ledger: Ledger) -> io::Result<Report> {
        self.tallies.finish(&mut self.report, self.survey.as_mut());
        // What follows needs none of it, and can use the room.
        drop(self.tallies);
        self.failed?;
        let surveyed = self.survey.take().map(Survey::finish).unwrap_or_default();
        ledger.unsurveyed = surveyed.left_out;
        for route in &surveyed.routes {
            let findings = rules.examine_route(route);
            self.observer.route(route, &findings);
            self.report.add_route(route, &findings);
        }
        Ok(self.report.finish(ledger))
    }
}
