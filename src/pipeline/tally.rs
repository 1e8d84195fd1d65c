//! Exchanges that are alike in all that report and survey read, told to them once they are all known:
//! what the first one left there says what each of the others adds, so they are a number and two times.
//!
//! Must not: count exchanges that add anything else.

use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::HashMap;

use crate::model::{Judgement, LogTime, Repeats};
use crate::pipeline::key::Key;
use crate::pipeline::memo::Said;
use crate::pipeline::names::append;
use crate::report::builder::{Counted, Judged, ReportBuilder};
use crate::report::settings::Selection;
use crate::survey::{Client, Observed, Survey};

/// Tallies that are kept; exchanges beyond are counted one by one.
const KEPT: u32 = 8192;

/// Gives tallies their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Whether there is a survey.
    is_surveyed: bool,
    given: u32,
    /// By 128 bits of two hashers, as in the memo.
    known: HashMap<[u64; 2], u32, foldhash::fast::RandomState>,
    hashers: [foldhash::quality::RandomState; 2],
    /// What is read of what was said, reused from one exchange to the next.
    said: Vec<u8>,
}

impl Numbers {
    /// For an analysis with or without a survey.
    pub(super) fn new(is_surveyed: bool) -> Self {
        Self { is_surveyed, ..Self::default() }
    }

    /// The number for exchanges of which report and survey read the same, by its hash. `None`: there is
    /// no room for another, there are none, or it is not worth looking for them.
    pub(super) fn of(&mut self, read: Key, said: &Said) -> Option<u32> {
        if !self.is_surveyed && said.findings.is_empty() {
            // It adds so little that to look for others like it would cost more.
            return None;
        }
        self.said.clear();
        append_said(&mut self.said, said);
        let key =
            self.hashers.each_ref().map(|hasher| hasher.hash_one((read, self.said.as_slice())));
        if let Some(number) = self.known.get(&key) {
            return Some(*number);
        }
        let number = self.next()?;
        self.known.insert(key, number);
        Some(number)
    }

    /// A number that no other exchange has.
    pub(super) fn next(&mut self) -> Option<u32> {
        let number = self.given;
        self.given = number + u32::from(number < KEPT);
        (number < KEPT).then_some(number)
    }
}

/// Appends what they read of what was said about it. Details are for examples, which are shown each by
/// itself.
fn append_said(read: &mut Vec<u8>, said: &Said) {
    let Judgement { phase, unseen, .. } = &*said.judgement;
    let verdict = said.judgement.applying();
    let phase = phase.map_or(0, |phase| 1 + phase as u8);
    let reason = verdict.reason.map_or(0, |reason| 1 + reason as u8);
    read.extend([phase, verdict.outcome as u8, reason]);
    append_texts(read, unseen);
    for finding in said.findings.iter() {
        // Rules stay where they are.
        read.extend(Rc::as_ptr(&finding.rule).addr().to_ne_bytes());
        let (severity, confidence) = (finding.severity as u8, finding.confidence as u8);
        read.extend([severity, confidence, finding.impact as u8]);
        append_texts(read, &finding.caused_by);
    }
}

fn append_texts(read: &mut Vec<u8>, texts: &[String]) {
    read.extend(texts.len().to_ne_bytes());
    for text in texts {
        append(read, Some(text.as_bytes()));
    }
}

/// Exchanges that followed the first one. Small, since one is touched by each exchange.
#[derive(Debug)]
struct Tally {
    repeats: Repeats,
    /// No exchange that ends later can be an example of anything.
    examples_until: LogTime,
    /// Of which selection they are; `None`: there are no traces.
    selection: Option<Selection>,
    survey: Surveyed,
}

/// What the survey wants of exchanges that follow the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surveyed {
    /// Nothing.
    No,
    /// How many there are, and when.
    Counted,
    /// Their clients as well.
    Stamped,
    /// Each of them.
    Anew,
}

/// What the first exchange left in the layers behind, for those that follow.
#[derive(Debug)]
struct Traces {
    judgement: Judgement,
    /// What the report counted it as.
    counted: Counted,
    /// What it added to the survey.
    observed: Option<Observed>,
}

/// Tallies by their numbers.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    tallies: Vec<Tally>,
    traces: Vec<Option<Traces>>,
}

impl Tallies {
    /// Gives an exchange to report and survey, or counts it for them: under this number, if it has one,
    /// and with what tells its client from others, if that is known.
    pub(super) fn take(
        &mut self,
        (number, client): (Option<u32>, Option<Client>),
        judged: &Judged<'_>,
        report: &mut ReportBuilder,
        mut survey: Option<&mut Survey>,
    ) {
        let &Judged { exchange, judgement, findings, places } = judged;
        let selection = report.settings().select(exchange, judgement);
        let place = number.map(|number| number as usize);
        if let Some(place) = place
            && let Some(tally) = self.tallies.get_mut(place)
            && tally.selection == Some(selection)
            && let Some(times) = exchange.times()
        {
            let traces = || self.traces.get(place).and_then(Option::as_ref);
            if tally.may_give_example(times)
                && let Some(traces) = traces()
            {
                traces.renew(judged, report, survey.as_deref_mut());
                tally.examples_until = traces.examples_until(report, survey.as_deref());
            }
            tally.repeats.add(times);
            match (tally.survey, survey) {
                (Surveyed::Stamped, Some(survey)) => {
                    if let Some(observed) = traces().and_then(|traces| traces.observed.as_ref()) {
                        survey.stamp(observed, exchange, client);
                    }
                }
                (Surveyed::Anew, Some(survey)) => {
                    survey.observe(exchange, judgement, places);
                }
                (Surveyed::No | Surveyed::Counted, _) | (_, None) => {}
            }
            return;
        }
        let counted = report.add(exchange, judgement, findings, places);
        let is_surveyed = selection == Selection::Selected && survey.is_some();
        let observed = match survey.as_deref_mut().filter(|_| is_surveyed) {
            Some(survey) => survey.observe(exchange, judgement, places),
            None => None,
        };
        let is_new = |place: &usize| self.traces.get(*place).is_none_or(Option::is_none);
        if let Some(place) = place.filter(is_new).filter(|_| counted.is_general()) {
            let traces = Traces { judgement: judgement.clone(), counted, observed };
            self.begin(place, is_surveyed, traces, (report, survey.as_deref()));
        }
    }

    /// The exchanges that follow in this place are counted from now on.
    fn begin(
        &mut self,
        place: usize,
        is_surveyed: bool,
        traces: Traces,
        (report, survey): (&ReportBuilder, Option<&Survey>),
    ) {
        while self.tallies.len() <= place {
            self.tallies.push(Tally::NONE);
            self.traces.push(None);
        }
        let survey_wants = match &traces.observed {
            _ if !is_surveyed => Surveyed::No,
            Some(observed) if observed.is_stamped() => Surveyed::Stamped,
            Some(_) => Surveyed::Counted,
            None => Surveyed::Anew,
        };
        if let (Some(tally), Some(slot)) = (self.tallies.get_mut(place), self.traces.get_mut(place))
        {
            *tally = Tally {
                examples_until: traces.examples_until(report, survey),
                selection: Some(traces.counted.selection),
                survey: survey_wants,
                ..Tally::NONE
            };
            *slot = Some(traces);
        }
    }

    /// Tells report and survey what was counted.
    pub(super) fn finish(&self, report: &mut ReportBuilder, mut survey: Option<&mut Survey>) {
        for (tally, traces) in self.tallies.iter().zip(&self.traces) {
            let Some(Traces { judgement, counted, observed }) = traces else { continue };
            report.repeat(counted, judgement, &tally.repeats);
            if let (Some(survey), Some(observed)) = (survey.as_deref_mut(), observed) {
                survey.repeat(observed, &tally.repeats);
            }
        }
    }
}

impl Tally {
    const NONE: Self = Self {
        repeats: Repeats::NONE,
        examples_until: LogTime(i64::MAX),
        selection: None,
        survey: Surveyed::No,
    };

    fn may_give_example(&self, (_, ended): (LogTime, LogTime)) -> bool {
        ended <= self.examples_until
    }
}

impl Traces {
    /// Has the exchange taken for an example where it is the earliest one.
    fn renew(&self, judged: &Judged<'_>, report: &mut ReportBuilder, survey: Option<&mut Survey>) {
        report.renew(&self.counted, judged);
        if let (Some(survey), Some(observed)) = (survey, &self.observed) {
            survey.renew(observed, judged.exchange, judged.places);
        }
    }

    fn examples_until(&self, report: &ReportBuilder, survey: Option<&Survey>) -> LogTime {
        let of_report = report.examples_until(&self.counted);
        match survey.zip(self.observed.as_ref()) {
            Some((survey, observed)) => of_report.max(survey.examples_until(observed)),
            None => of_report,
        }
    }
}
