//! Tells findings as they come: asks the board what is news, and has it written.
//!
//! Must not: decide what is news, or format it.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use corscope::assemble::Patience;
use corscope::model::{Exchange, Finding, Judgement, LogTime, Places, Ticket};
use corscope::output::live::LiveForm;
use corscope::pipeline::{Observer, Telling, name_candidates};
use corscope::report::Report;
use corscope::report::live::{Board, News};
use corscope::rules::set::RuleSet;

use crate::cli::aws::outlet::Outlet;

/// As long as so much is not written yet, counters wait.
const BACKLOG: usize = 64 << 10;
/// Milliseconds between two looks at the counters.
const LOOK: i64 = 1000;

/// What the loop wants to know while the analysis holds the teller.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Groups that were told.
    pub(crate) told: Cell<u64>,
    /// Tellings that fail the run.
    pub(crate) failing: Cell<u64>,
    /// Whether nobody reads what is told.
    pub(crate) is_closed: Cell<bool>,
}

/// The observer of a tail.
pub(crate) struct Teller<'a> {
    board: Board,
    form: LiveForm,
    rules: &'a RuleSet,
    outlet: Outlet,
    tally: Rc<Tally>,
    /// What was told longer ago is not told again.
    memory: i64,
    next_look: Option<LogTime>,
}

impl<'a> Teller<'a> {
    /// Tells through `outlet`.
    pub(crate) fn new(
        board: Board,
        form: LiveForm,
        rules: &'a RuleSet,
        outlet: Outlet,
        patience: &Patience,
    ) -> Self {
        let memory = i64::try_from((patience.amend * 2 + patience.end).as_millis());
        let memory = memory.unwrap_or(i64::MAX);
        Self { board, form, rules, outlet, tally: Rc::default(), memory, next_look: None }
    }

    /// What the loop wants to know.
    pub(crate) fn tally(&self) -> Rc<Tally> {
        Rc::clone(&self.tally)
    }

    /// Writes what it came to, and waits until all of it is written.
    pub(crate) fn close(mut self, report: &Report, now: LogTime) -> io::Result<()> {
        let mut out = Vec::new();
        for repeats in self.board.repeats(now, true) {
            self.form.repeats(&mut out, &repeats, now)?;
        }
        self.form.close(&mut out, report, |group| self.board.was_told(group))?;
        self.outlet.send(out)?;
        self.outlet.finish()
    }

    fn write(&mut self, mut news: News) -> io::Result<()> {
        name_candidates(&mut news.groups, self.rules);
        let mut out = Vec::new();
        self.form.news(&mut out, &news)?;
        self.tally.told.set(self.board.told());
        self.tally.failing.set(self.board.failing());
        self.outlet.send(out)
    }
}

impl Observer for Teller<'_> {
    fn exchange(
        &mut self,
        _: &Exchange,
        _: &Judgement,
        _: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        Ok(())
    }

    fn told(&mut self, telling: &Telling<'_>) -> io::Result<()> {
        let Telling { ticket, replaces, judged, at, is_final } = telling;
        match self.board.tell((*ticket, *replaces), judged, *at, *is_final) {
            Some(news) => self.write(news),
            None => Ok(()),
        }
    }

    fn withdrawn(&mut self, ticket: Ticket) -> io::Result<()> {
        match self.board.withdraw(ticket) {
            Some(news) => self.write(news),
            None => Ok(()),
        }
    }

    fn advanced(&mut self, now: LogTime) -> io::Result<()> {
        if self.next_look.is_some_and(|next| now < next) {
            return Ok(());
        }
        self.next_look = Some(LogTime(now.0.saturating_add(LOOK)));
        self.board.forget(LogTime(now.0.saturating_sub(self.memory)));
        self.tally.is_closed.set(self.outlet.is_closed());
        if self.outlet.queued() > BACKLOG {
            return Ok(());
        }
        let mut out = Vec::new();
        for repeats in self.board.repeats(now, false) {
            self.form.repeats(&mut out, &repeats, now)?;
        }
        self.outlet.send(out)
    }
}
