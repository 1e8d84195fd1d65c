//! Exchanges of a key of the memo, told to report and survey once they are all known: what the first
//! one left there says what each of the others adds, so they are a number and two times.
//!
//! Must not: count exchanges that add anything else.

use crate::model::{Judgement, LogTime, Repeats};
use crate::pipeline::memo::KEPT;
use crate::report::builder::{Counted, Judged, ReportBuilder};
use crate::report::settings::Selection;
use crate::survey::{Observed, Survey};

/// Exchanges that followed the first one of a key. Small, since one is touched by each exchange.
#[derive(Debug)]
struct Tally {
    repeats: Repeats,
    /// No exchange that ends later can be an example of anything.
    examples_until: LogTime,
    /// Of which selection they are; `None`: there are no traces.
    selection: Option<Selection>,
    survey: Surveyed,
}

/// What the survey wants of exchanges that follow the first one of a key.
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

/// What the first exchange of a key left in the layers behind, for those that follow.
#[derive(Debug)]
struct Traces {
    /// What the report counted it as.
    counted: Counted,
    /// What it added to the survey.
    observed: Option<Observed>,
}

/// Tallies by the places of their keys.
#[derive(Debug)]
pub(super) struct Tallies {
    tallies: Vec<Tally>,
    traces: Vec<Option<Traces>>,
}

impl Default for Tallies {
    /// There is room for all keys from the start, as in the memo.
    fn default() -> Self {
        Self { tallies: Vec::with_capacity(KEPT), traces: Vec::with_capacity(KEPT) }
    }
}

impl Tallies {
    /// Gives an exchange to report and survey, or counts it for them.
    pub(super) fn take(
        &mut self,
        place: Option<u32>,
        judged: &Judged<'_>,
        report: &mut ReportBuilder,
        mut survey: Option<&mut Survey>,
    ) {
        let &Judged { exchange, judgement, findings, places } = judged;
        let selection = report.settings().select(exchange, judgement);
        let place = place.map(|place| place as usize);
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
                        survey.stamp(observed, exchange);
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
        if let Some(place) = place.filter(|_| counted.is_general()) {
            self.begin(
                place,
                is_surveyed,
                Traces { counted, observed },
                (report, survey.as_deref()),
            );
        }
    }

    /// The exchanges that follow at this place are counted from now on.
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
            && slot.is_none()
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

    /// Tells report and survey what was counted; `said` gives what was said of the key at a place.
    pub(super) fn finish<'s>(
        &self,
        said: impl Fn(u32) -> Option<&'s Judgement>,
        report: &mut ReportBuilder,
        mut survey: Option<&mut Survey>,
    ) {
        for (place, (tally, traces)) in (0..).zip(self.tallies.iter().zip(&self.traces)) {
            if let Some(Traces { counted, observed }) = traces
                && let Some(judgement) = said(place)
            {
                report.repeat(counted, judgement, &tally.repeats);
                if let (Some(survey), Some(observed)) = (survey.as_deref_mut(), observed) {
                    survey.repeat(observed, &tally.repeats);
                }
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
