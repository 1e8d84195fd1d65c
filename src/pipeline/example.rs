//! A rule's example, run through the whole pipeline.
//!
//! Must not: know which rules are built in.

use std::io;

use crate::decode::decode;
use crate::model::{Exchange, Finding, Judgement, Place, Places, RouteFinding, RouteSurvey};
use crate::pipeline::{Analyzer, Observer, Window};
use crate::report::builder::ReportBuilder;
use crate::report::settings::ReportSettings;
use crate::rules::file::Example;
use crate::rules::set::{Answer, Rule, RuleSet};
use crate::rules::trace::Trace;

/// What came of an example.
#[derive(Debug, Default)]
pub struct ExampleRun {
    /// Exchanges that the log gives.
    pub exchanges: usize,
    /// Whether the rule's condition holds for one of them, or for a route.
    pub fires: bool,
    /// Whether a finding of the rule came out: not so where another rule supersedes it.
    pub told: bool,
    /// What the condition comes to for each exchange, or for each route.
    pub traces: Vec<Trace>,
    /// Ids of the rules that found something.
    pub found: Vec<String>,
}

impl ExampleRun {
    /// What is wrong with the example, if something is.
    pub fn problem(&self, example: &Example) -> Option<String> {
        if self.exchanges == 0 {
            return Some("the log gives no exchange".to_owned());
        }
        match (example.fires, self.fires) {
            (true, false) => Some("should fire, and does not".to_owned()),
            (false, true) => Some("should not fire, and does".to_owned()),
            (true, true) | (false, false) => None,
        }
    }
}

/// Runs one example of a rule of this set.
pub fn run(rules: &RuleSet, rule: &Rule, example: &Example) -> ExampleRun {
    let mut watch = Watch { rules, rule, run: ExampleRun::default() };
    let report = ReportBuilder::new(ReportSettings::default());
    let mut analyzer = Analyzer::new(rules, report, Window::default(), &mut watch);
    let place = Place { file: Some(example.name.clone()), ..Place::default() };
    decode(&mut example.log.as_bytes(), &place, &mut analyzer);
    // The observer has no errors.
    let _ = analyzer.finish();
    watch.run
}

struct Watch<'a> {
    rules: &'a RuleSet,
    rule: &'a Rule,
    run: ExampleRun,
}

impl Watch<'_> {
    fn note(&mut self, answer: &Answer, found: impl Iterator<Item = String>) {
        self.run.fires |= *answer == Answer::Fires;
        for id in found {
            self.run.told |= id == self.rule.id();
            if !self.run.found.contains(&id) {
                self.run.found.push(id);
            }
        }
    }
}

impl Observer for Watch<'_> {
    fn exchange(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        self.run.exchanges += 1;
        if self.rule.scope == crate::rules::words::Scope::Exchange {
            let answer = self.rules.ask(self.rule, exchange, judgement);
            self.run.traces.push(self.rules.trace(self.rule, exchange, judgement));
            self.note(&answer, findings.iter().map(|finding| finding.rule.id.clone()));
        }
        Ok(())
    }

    fn route(&mut self, survey: &RouteSurvey, findings: &[RouteFinding]) {
        if let Some(trace) = self.rules.trace_route(self.rule, survey) {
            let answer = self.rules.ask_route(self.rule, survey);
            self.run.traces.push(trace);
            self.note(&answer, findings.iter().map(|found| found.finding.rule.id.clone()));
        }
    }
}
