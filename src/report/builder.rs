//! Takes exchanges as they are finished, in any order; gives out the report.
//!
//! An exchange without findings changes counters and nothing else.
//!
//! Must not: keep an exchange.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::model::end_key::EndKey;
use crate::model::{
    AnsweredBy, Exchange, Fact, Finding, Impact, Judgement, Ledger, LogTime, Outcome, Places,
    Repeats, RouteFinding, RouteSurvey, Severity, Text,
};
use crate::report::Report;
use crate::report::fingerprint::fingerprint;
use crate::report::group::{Group, GroupKey, Sighting, Subject};
use crate::report::order;
use crate::report::settings::{ReportSettings, Selection};
use crate::report::summary::Summary;
use crate::report::table::{GroupTable, Slot};
use crate::survey::path::shape;

/// Distinct routes beyond it are no longer told apart in the count.
const MAX_ROUTES: usize = 100_000;

/// Whether a group is shown; counts it if it is ignored or was known before.
fn is_told(group: &Group, settings: &ReportSettings, summary: &mut Summary) -> bool {
    let is_ignored = settings.ignores.iter().any(|ignore| ignore.covers(group));
    let is_known = settings.baseline.contains(&group.fingerprint);
    if !is_ignored && !is_known {
        return true;
    }
    let counter = if is_ignored { &mut summary.ignored } else { &mut summary.baselined };
    *counter += group.findings;
    summary.failing = summary.failing.saturating_sub(group.failing);
    false
}

/// The fingerprint of what a rule says of a subject.
pub(crate) fn fingerprint_of(of: Subject<'_>, rule: &str) -> String {
    fingerprint(&[Some(rule), of.api, of.stage, of.method, of.route, of.origin])
}

/// An exchange with everything said about it.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The verdict on it.
    pub judgement: &'a Judgement,
    /// What rules say of it.
    pub findings: &'a [Finding],
    /// Where its lines stand.
    pub places: &'a Places,
}

/// What an exchange was counted as; see [`ReportBuilder::repeat`].
#[derive(Debug, Clone)]
pub struct Counted {
    /// What the settings made of it.
    pub selection: Selection,
    /// The first finding; few exchanges have more.
    first: Option<Told>,
    others: Box<[Told]>,
    /// The outcome of the verdict that applies.
    outcome: Outcome,
    by_gateway: bool,
    is_complete: bool,
    is_general: bool,
}

/// What a finding was counted as: all that those like it need.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// `None`: it is not told.
    weight: Option<Weight>,
    /// Whether its rule is to be silent.
    is_disabled: bool,
    /// The place of its group, if it has one of its own.
    group: Option<u32>,
}

/// How much a finding that is told matters.
#[derive(Debug, Clone, Copy)]
struct Weight {
    severity: Severity,
    impact: Impact,
    /// Whether it fails the run.
    fails: bool,
    /// Whether it is more than a number.
    is_shown: bool,
}

impl Counted {
    /// What an exchange is counted as, but for its findings.
    fn new(exchange: &Exchange, judgement: &Judgement, selection: Selection) -> Self {
        Self {
            selection,
            first: None,
            others: Box::default(),
            outcome: judgement.applying().outcome,
            by_gateway: exchange.answered_by == Fact::Seen(AnsweredBy::Gateway),
            is_complete: exchange.is_complete,
            is_general: true,
        }
    }

    /// Whether it serves for others like it.
    pub fn is_general(&self) -> bool {
        self.is_general
    }

    /// What its findings were counted as, in their order.
    fn told(&self) -> impl Iterator<Item = &Told> {
        self.first.iter().chain(&self.others)
    }
}

impl Told {
    /// Its group, if it has one of its own and is more than a number.
    fn shown(&self) -> Option<(Weight, u32)> {
        self.weight.filter(|weight| weight.is_shown).zip(self.group)
    }
}

/// A report in the making.
#[derive(Debug)]
pub struct ReportBuilder {
    settings: ReportSettings,
    table: GroupTable,
    summary: Summary,
    /// Counts of the ledger that only this layer can know.
    counted: Ledger,
    hasher: RandomState,
    routes: HashSet<u64, RandomState>,
    /// The shape of a path, reused from exchange to exchange.
    shape: String,
}

impl ReportBuilder {
    /// An empty report.
    pub fn new(settings: ReportSettings) -> Self {
        Self {
            table: GroupTable::new(settings.max_groups),
            settings,
            summary: Summary::default(),
            counted: Ledger::default(),
            hasher: RandomState::default(),
            routes: HashSet::default(),
            shape: String::new(),
        }
    }

    /// The settings, for those who print exchanges.
    pub fn settings(&self) -> &ReportSettings {
        &self.settings
    }

    /// Takes one finished exchange. Each is to be given once.
    pub fn add(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) -> Counted {
        let selection = self.settings.select(exchange, judgement);
        let mut counted = Counted::new(exchange, judgement, selection);
        self.count_exchanges(&counted, judgement, 1);
        if selection != Selection::LeftOut {
            self.count_route(exchange);
        }
        if selection != Selection::LeftOut && !findings.is_empty() {
            let key = EndKey::of(exchange, places);
            let seen = Sighting { exchange, judgement, findings, places, key };
            self.add_findings(&seen, &mut counted);
        }
        counted
    }

    /// Takes what an exchange that was counted in another report came to since: findings that it did not
    /// have then. It is no further exchange.
    pub fn amend(
        &mut self,
        exchange: &Exchange,
        judgement: &Judgement,
        findings: &[Finding],
        places: &Places,
    ) {
        let selection = self.settings.select(exchange, judgement);
        if selection != Selection::LeftOut && !findings.is_empty() {
            let key = EndKey::of(exchange, places);
            let seen = Sighting { exchange, judgement, findings, places, key };
            self.add_findings(&seen, &mut Counted::new(exchange, judgement, selection));
        }
    }

    /// Takes exchanges whose verdict, findings, API, stage, method, origin, route and, without one, the
    /// shape of their path are those of one that was added before, and gave `known`. Each of them is to
    /// be given to [`Self::renew`] too where it does not end after [`Self::examples_until`].
    pub fn repeat(&mut self, known: &Counted, judgement: &Judgement, repeats: &Repeats) {
        let times = repeats.count();
        self.count_exchanges(known, judgement, times);
        for told in known.told() {
            self.count(told, times);
            if let Some((weight, group)) = told.shown()
                && let Some(group) = self.table.get_mut(group)
            {
                group.repeat(repeats, weight.fails);
            }
        }
    }

    /// No exchange like the one that gave `known` that ends later can be the example of a group.
    pub fn examples_until(&self, known: &Counted) -> LogTime {
        let groups = known.told().filter_map(Told::shown).map(|(_, group)| group);
        let ends = groups.filter_map(|group| self.table.get(group)?.example.ended());
        ends.max().unwrap_or(LogTime(i64::MIN))
    }

    /// Takes an exchange like the one that gave `known` for an example where it is the earliest one.
    pub fn renew(&mut self, known: &Counted, judged: &Judged<'_>) {
        let Judged { exchange, judgement, findings, places } = *judged;
        let key = EndKey::of(exchange, places);
        let seen = Sighting { exchange, judgement, findings, places, key };
        for (told, finding) in known.told().zip(findings) {
            if let Some((_, group)) = told.shown()
                && let Some(group) = self.table.get_mut(group)
            {
                group.renew(finding, &seen, self.settings.console);
            }
        }
    }

    /// Counts exchanges, whatever their findings.
    fn count_exchanges(&mut self, known: &Counted, judgement: &Judgement, times: u64) {
        let &Counted { selection, outcome, .. } = known;
        self.counted.exchanges += times;
        self.counted.undetermined += u64::from(outcome == Outcome::Undetermined) * times;
        self.counted.incomplete_exchanges += u64::from(!known.is_complete) * times;
        if selection == Selection::LeftOut {
            self.summary.left_out += times;
            return;
        }
        self.summary.add_judgement(judgement, outcome, known.by_gateway, times);
        if ReportSettings::is_intended_refusal(selection, judgement) {
            self.summary.refused_as_intended += times;
        }
    }

    /// Takes what rules say of one route, or of one API stage.
    pub fn add_route(&mut self, survey: &RouteSurvey, findings: &[RouteFinding]) {
        let subject = Subject {
            api: survey.api.as_deref(),
            stage: survey.stage.as_deref(),
            route: survey.path.as_deref(),
            ..Subject::default()
        };
        for found in findings {
            let finding = &found.finding;
            let told = self.told(finding, Selection::Selected);
            self.count(&told, 1);
            if let Some(weight) = told.weight.filter(|weight| weight.is_shown)
                && let (Some(group), _) = self.group(finding, subject)
            {
                group.failing += u64::from(weight.fails);
                group.add_route(found, weight.severity, survey);
            }
        }
    }

    /// The input has ended. The ledger's counts of exchanges are set to what was given to
    /// [`Self::add`].
    pub fn finish(mut self, ledger: Ledger) -> Report {
        self.summary.rules_off = self.settings.rules_off as u64;
        let groups = self.take_groups();
        for group in &groups {
            self.summary.groups.add(group.severity, 1);
        }
        self.summary.routes = self.routes.len() as u64;
        self.summary.unseen.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        let ledger = Ledger {
            exchanges: self.counted.exchanges,
            undetermined: self.counted.undetermined,
            incomplete_exchanges: self.counted.incomplete_exchanges,
            ..ledger
        };
        Report { groups, summary: self.summary, ledger }
    }

    /// The groups so far, as the report would have them; then there are none. For those who tell each
    /// exchange by itself.
    pub(crate) fn take_groups(&mut self) -> Vec<Group> {
        let mut groups = self.table.take_groups();
        for group in &mut groups {
            group.fingerprint = fingerprint_of(group.subject(), &group.rule.id);
        }
        groups.retain(|group| is_told(group, &self.settings, &mut self.summary));
        order::arrange(groups)
    }

    fn count_route(&mut self, exchange: &Exchange) {
        let text = |which| exchange.text_bytes(which);
        if let Some(route) = text(Text::Route)
            && self.routes.len() < MAX_ROUTES
        {
            let key = (text(Text::Api), text(Text::Stage), route);
            self.routes.insert(self.hasher.hash_one(key));
        }
    }

    fn add_findings(&mut self, seen: &Sighting<'_>, counted: &mut Counted) {
        let text = |which| seen.exchange.text(which);
        let (api, stage) = (text(Text::Api), text(Text::Stage));
        let (method, route) = (text(Text::Method), text(Text::Route));
        let origin = seen.exchange.request_headers().get("Origin").seen();
        let path = if route.is_none() { text(Text::Path) } else { None };
        let mut shape_of_path = std::mem::take(&mut self.shape);
        shape(path.as_deref().unwrap_or_default(), &mut shape_of_path);
        let subject = Subject {
            api: api.as_deref(),
            stage: stage.as_deref(),
            method: method.as_deref(),
            route: route.as_deref().or(path.is_some().then_some(shape_of_path.as_str())),
            origin: origin.as_deref(),
        };
        let mut others = Vec::new();
        for (number, finding) in seen.findings.iter().enumerate() {
            let mut told = self.told(finding, counted.selection);
            self.count(&told, 1);
            if let Some(weight) = told.weight.filter(|weight| weight.is_shown) {
                let console = self.settings.console;
                let (group, at) = self.group(finding, subject);
                told.group = at.and_then(|at| u32::try_from(at).ok());
                counted.is_general &= told.group.is_some();
                if let Some(group) = group {
                    group.failing += u64::from(weight.fails);
                    group.add(finding, weight.severity, seen, console);
                }
            }
            if number == 0 {
                counted.first = Some(told);
            } else {
                others.push(told);
            }
        }
        counted.others = others.into_boxed_slice();
        self.shape = shape_of_path;
    }

    /// What a finding is to be counted as; its group is not looked up.
    fn told(&self, finding: &Finding, selection: Selection) -> Told {
        let weight = self.settings.severity(finding, selection).map(|severity| Weight {
            severity,
            impact: finding.impact,
            fails: self.settings.fail_on.is_some_and(|threshold| severity >= threshold),
            is_shown: severity >= self.settings.min_severity,
        });
        let is_disabled = weight.is_none() && self.settings.disabled.contains(&finding.rule.id);
        Told { weight, is_disabled, group: None }
    }

    /// Counts as many findings.
    fn count(&mut self, told: &Told, times: u64) {
        self.summary.disabled += u64::from(told.is_disabled) * times;
        let Some(weight) = told.weight else { return };
        self.summary.add_finding(weight.severity, weight.impact, times);
        self.summary.failing += u64::from(weight.fails) * times;
        self.summary.hidden += u64::from(!weight.is_shown) * times;
    }

    /// The group of a finding, and its place if it is the finding's own.
    fn group(
        &mut self,
        finding: &Finding,
        subject: Subject<'_>,
    ) -> (Option<&mut Group>, Option<usize>) {
        let key = GroupKey { rule: &finding.rule.id, subject, impact: finding.impact };
        match self.table.slot(&finding.rule, key) {
            Slot::Own(group, at) => (Some(group), Some(at)),
            Slot::Folded(group) => {
                self.summary.folded += 1;
                (Some(group), None)
            }
            Slot::Full => {
                self.summary.dropped += 1;
                (None, None)
            }
        }
    }
}
