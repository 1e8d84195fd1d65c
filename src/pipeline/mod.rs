//! The order of the layers: events in, report out.
//!
//! Push-based: a finished export is a tail that ended. How the input was cut into batches never
//! changes the report.
//!
//! Must not: do any layer's work.

use std::io;
use std::rc::Rc;

mod beside;
mod conclusions;
pub mod example;
pub mod gate;
mod intake;
mod key;
mod known;
pub mod live;
mod memo;
mod names;
mod tally;

use hashbrown::HashMap;

use crate::assemble::{AssembleSettings, Assembler, Keep, SlotId};
use crate::cors;
use crate::diagnose::diagnose;
use crate::model::{
    AnsweredBy, Candidate, Exchange, Fact, Failure, Finding, Judgement, Ledger, LineKind, LogTime,
    Outcome, Places, RouteFinding, RouteSurvey, Surface, Ticket,
};
use crate::pipeline::conclusions::Conclusions;
use crate::pipeline::gate::{Admission, Gate};
use crate::pipeline::key::Keys;
use crate::pipeline::memo::{Memo, Recalled, Said};
use crate::report::Report;
use crate::report::builder::{Judged, ReportBuilder};
use crate::report::group::{BlockedResponse, Console, Group};
use crate::rules::catalogue::Catalogue;
use crate::rules::set::RuleSet;
use crate::survey::Survey;

/// Takes each exchange once, when it is judged, examined and diagnosed.
pub trait Observer {
    /// One settled exchange. After an error it is not called again.
    fn exchange(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) -> io::Result<()>;

    /// What an exchange comes to, once it is settled or has ripened, and again when late lines change
    /// it. Only an analysis that is advanced tells; what it tells changes nothing of the report.
    fn told(&mut self, _: &Telling<'_>) -> io::Result<()> {
        Ok(())
    }

    /// What was told under this number is not so any more.
    fn withdrawn(&mut self, _: Ticket) -> io::Result<()> {
        Ok(())
    }

    /// The time of arrival moved on.
    fn advanced(&mut self, _: LogTime) -> io::Result<()> {
        Ok(())
    }

    /// What was gathered of one route, or of an API stage, and what rules say of it; after the last
    /// exchange.
    fn route(&mut self, _: &RouteSurvey, _: &[RouteFinding]) {}
}

/// An exchange as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// Its number.
    pub ticket: Ticket,
    /// The number of what it was told as before, if that is another one.
    pub replaces: Option<Ticket>,
    /// Everything said about it.
    pub judged: Judged<'a>,
    /// When it is told, by the time of arrival.
    pub at: LogTime,
    /// Whether it is the last time.
    pub is_final: bool,
}

/// An observer that looks away.
impl Observer for () {
    fn exchange(
        &mut self,
        _: &Exchange,
        _: &Judgement,
        _: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        Ok(())
    }
}

/// What of the input is analyzed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Events before this are skipped.
    pub since: Option<LogTime>,
    /// Events after this are skipped.
    pub until: Option<LogTime>,
}

/// The whole analysis. Feed it through [`Sink`](crate::decode::Sink), then call [`Analyzer::finish`].
pub struct Analyzer<'a> {
    window: Window,
    rules: &'a RuleSet,
    places: Places,
    assembler: Assembler,
    conclusions: Conclusions<'a>,
    ledger: Ledger,
    memo: Memo,
    /// Whether a rule asks for what applications write.
    waits_for_application: bool,
    /// The time of arrival, of an analysis that is advanced.
    arrival: Option<LogTime>,
    /// Present where parts of the input were analyzed before.
    gate: Option<&'a mut dyn Gate>,
}

impl<'a> Analyzer<'a> {
    /// An analysis that has read nothing yet.
    pub fn new(
        rules: &'a RuleSet,
        report: ReportBuilder,
        window: Window,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let keep: Keep = rules.inputs().lines.into_iter().collect();
        let survey = rules.looks_at_routes().then(Survey::default);
        Self {
            window,
            rules,
            places: Places::default(),
            assembler: Assembler::new(AssembleSettings { keep, ..AssembleSettings::default() }),
            waits_for_application: keep.has(LineKind::Application),
            ledger: Ledger::default(),
            memo: Memo::new(rules, survey.as_ref().map(Survey::clients)),
            conclusions: Conclusions::new(report, survey, observer),
            arrival: None,
            gate: None,
        }
    }

    /// The same, of an input that earlier analyses have read in part: `gate` says what counts.
    #[must_use]
    pub fn gated(mut self, gate: &'a mut dyn Gate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// A time, or a part of the input, in which events are known to be missing.
    pub fn gap(&mut self, what: String) {
        self.ledger.gaps.push(what);
    }

    /// Inputs that could not be read, or only in part, so far.
    pub fn failed_inputs(&self) -> impl Iterator<Item = &str> {
        self.ledger.inputs_failed.iter().map(|note| note.input.as_str())
    }

    /// The input ended: settles what is open, and reports. An error is the observer's.
    pub fn finish(mut self) -> io::Result<Report> {
        for slot in self.assembler.settling() {
            self.decide(slot);
        }
        for slot in self.assembler.finish() {
            self.settle(slot);
        }
        let counts = self.assembler.counts();
        if let Some(now) = self.arrival {
            self.conclusions.tell(|observer| observer.advanced(now));
        }
        // What follows needs none of it, and can use the room.
        drop((self.assembler, self.memo));
        self.ledger.late = counts.late;
        self.ledger.unjoined = counts.unjoined;
        self.ledger.inputs_failed.sort();
        let mut report = self.conclusions.finish(self.rules, self.ledger)?;
        name_candidates(&mut report.groups, self.rules);
        Ok(report)
    }

    /// An exchange is complete: settles it, unless a line of another log could change the answer, or,
    /// while the input goes on, lines may come in disorder.
    fn completed(&mut self, slot: SlotId) {
        if self.arrival.is_none() {
            return self.decide(slot);
        }
        match self.join(slot) {
            Some((Join::Nothing, _)) if self.assembler.settle_later(slot) => {}
            Some((join, _)) => self.hold(slot, join),
            None => {}
        }
        self.shed();
    }

    /// The same, for good.
    fn decide(&mut self, slot: SlotId) {
        let Some((join, said)) = self.join(slot) else { return };
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        match join {
            Join::Nothing if exchange.access.is_some() && shows_execution(exchange) => {
                self.assembler.drop_access(slot);
                self.settle(slot);
            }
            Join::Nothing => match said {
                Some(Ok(recalled)) => self.conclude(slot, &recalled),
                Some(Err(keys)) => self.conclude_unknown(slot, keys),
                None => self.settle(slot),
            },
            Join::Evidence | Join::Answer => self.hold(slot, join),
        }
        self.shed();
    }

    /// Keeps it for lines of other logs.
    fn hold(&mut self, slot: SlotId, join: Join) {
        match join {
            Join::Nothing => {}
            Join::Evidence => {
                if let Some(slot) = self.assembler.hold_for_evidence(slot) {
                    self.settle(slot);
                }
            }
            Join::Answer => self.assembler.hold(slot),
        }
    }

    /// What a line that may still come could change, and what was said of exchanges like it, if that was
    /// asked for.
    fn join(&mut self, slot: SlotId) -> Option<(Join, Option<Result<Recalled, Keys>>)> {
        let exchange = self.assembler.exchange(slot)?;
        let waits = self.waits_for_application && exchange.lambda_request_id.is_some();
        // Of an exchange that may wait, rules are asked once it does so no more.
        let asks = !waits && key::is_plain(exchange);
        let said = if asks { Some(self.memo.recall(exchange)) } else { None };
        let join = match &said {
            _ if waits => Join::Answer,
            Some(Ok(recalled)) => join_of(exchange, || recalled.outcome),
            Some(Err(_)) | None => join_of(exchange, || cors::judge(exchange).applying().outcome),
        };
        Some((join, said))
    }

    fn settle(&mut self, slot: SlotId) {
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        match self.memo.recall(exchange) {
            Ok(recalled) => self.conclude(slot, &recalled),
            Err(keys) => self.conclude_unknown(slot, keys),
        }
    }

    /// Judges, examines and diagnoses; reports, and lets go.
    fn conclude_unknown(&mut self, slot: SlotId, keys: Keys) {
        self.assembler.index_headers(slot);
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        let recalled = self.memo.learn(keys, say(self.rules, exchange));
        self.conclude(slot, &recalled);
    }

    /// Reports, and lets go.
    fn conclude(&mut self, slot: SlotId, recalled: &Recalled) {
        if self.arrival.is_some() {
            self.tell(slot, recalled);
        }
        if self.gate.is_some() && !self.is_admitted(slot, recalled) {
            self.assembler.release(slot);
            return;
        }
        let Some(exchange) = self.assembler.exchange(slot) else { return };
        if let Some(Said { judgement, findings, .. }) = self.memo.said(recalled) {
            let judged = Judged { exchange, judgement, findings, places: &self.places };
            self.conclusions.take(&judged, recalled);
        }
        self.assembler.release(slot);
    }

    /// Whether an exchange counts in full. What is new of one that was counted before is reported here.
    fn is_admitted(&mut self, slot: SlotId, recalled: &Recalled) -> bool {
        let Some(gate) = &mut self.gate else { return true };
        let Some(exchange) = self.assembler.exchange(slot) else { return false };
        let Some(Said { judgement, findings, .. }) = self.memo.said(recalled) else { return false };
        let waits =
            !exchange.is_complete || join_of(exchange, || recalled.outcome) != Join::Nothing;
        match gate.admit(exchange, findings, waits) {
            Admission::New => true,
            Admission::Known | Admission::Open => false,
            Admission::Amended(news) => {
                self.conclusions.amend(exchange, judgement, &news, &self.places);
                false
            }
        }
    }
}

fn say(rules: &RuleSet, exchange: &Exchange) -> Said {
    let judgement = cors::judge(exchange);
    let examined = rules.examine(exchange, &judgement);
    let findings = diagnose(examined.findings).into();
    Said::new(judgement, findings, examined.reach)
}

/// What else may be behind each group.
pub fn name_candidates(groups: &mut [Group], rules: &RuleSet) {
    let catalogue = Catalogue::builtin();
    let mut known: HashMap<_, Rc<[Candidate]>, foldhash::fast::RandomState> = HashMap::default();
    for group in groups {
        let (reason, surface) = (group.example.reason, group.example.surface);
        let key = (group.rule.id.clone(), reason, surface);
        let found = known
            .entry(key)
            .or_insert_with(|| catalogue.candidates(rules, &group.rule, reason, surface).into());
        group.candidates = Rc::clone(found);
    }
}

/// Whether lines of the execution log are among those of the exchange.
fn shows_execution(exchange: &Exchange) -> bool {
    exchange.lines().iter().any(|line| line.kind != LineKind::Access)
}

/// What a line that may still come, of this log or another, could change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Nothing.
    Nothing,
    /// Verdict or cause.
    Answer,
    /// Neither; the function's own log may show how it failed.
    Evidence,
}

fn join_of(exchange: &Exchange, outcome: impl FnOnce() -> Outcome) -> Join {
    if matches!(exchange.surface, Surface::WebSocket | Surface::TestInvoke | Surface::Har) {
        return Join::Nothing;
    }
    let shows_request = exchange.request_headers().is_seen();
    let Some(failure) = exchange.failure else {
        let by_gateway = exchange.answered_by == Fact::Seen(AnsweredBy::Gateway);
        let by_integration = exchange.answered_by == Fact::Seen(AnsweredBy::Integration);
        // Why the gateway answered, the access log may say; who asked, the function's own log.
        // What the integration answered is on the gateway's lines or nowhere.
        let is_settled = !by_gateway
            && ((shows_request && by_integration) || outcome() != Outcome::Undetermined);
        return if is_settled { Join::Nothing } else { Join::Answer };
    };
    let failed_in_function = matches!(
        failure,
        Failure::FunctionError
            | Failure::FunctionTimeout
            | Failure::FunctionInit
            | Failure::InvocationFailed
    );
    if !shows_request {
        Join::Answer
    } else if failed_in_function && exchange.invocation.is_none() {
        Join::Evidence
    } else {
        Join::Nothing
    }
}

/// What the consoles of Chrome, Firefox and Safari print about a blocked response.
pub fn console_texts(blocked: &BlockedResponse<'_>) -> Option<Console> {
    let reason = blocked.reason?;
    let filled = cors::console::Blocked {
        url: &blocked.url,
        page_origin: &blocked.origin,
        request_origin: &blocked.origin,
        status: blocked.status.unwrap_or_default(),
        detail: blocked.detail.unwrap_or_default(),
        ..cors::console::Blocked::default()
    };
    Some(Console {
        chromium: Some(cors::console::chromium(reason, &filled)),
        firefox: Some(cors::console::firefox(reason, &filled)),
        safari: Some(cors::console::safari(reason, &filled)),
    })
}
