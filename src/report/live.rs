//! What of a running analysis is news: a group is told when it appears, again when a late line changes
//! what was told, and otherwise counted.
//!
//! Must not: format, or read a clock; times of arrival are passed in.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use crate::model::{BlockReason, Impact, Kind, LogTime, Severity, Ticket};
use crate::report::builder::{Judged, ReportBuilder, fingerprint_of};
use crate::report::group::{Group, Subject};
use crate::report::settings::ReportSettings;

/// Groups of the board beyond [`ReportSettings::max_groups`], which stand for what no longer fits.
const MAX_FOLDED: usize = 1024;

/// Between two tellings of how often a group was met again.
const PACE: i64 = 10_000;

/// What is told of an exchange.
#[derive(Debug, Default)]
pub struct News {
    /// All that is to be said of the exchange: what goes together stands together, led by its cause.
    pub groups: Vec<Group>,
    /// For each of them, whether it is told, or was told before and only stands by.
    pub why: Vec<Why>,
    /// Groups that were told of this exchange alone, and that it has no more.
    pub withdrawn: Vec<Group>,
}

impl News {
    /// Why one of [`Self::groups`] is among them.
    pub fn why(&self, group: &Group) -> Why {
        let at = self.groups.iter().position(|known| std::ptr::eq(known, group));
        at.and_then(|at| self.why.get(at).copied()).unwrap_or(Why::Known)
    }
}

/// Why a group is among the news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was never told.
    New,
    /// It was told, and a late line changed what it says.
    Amended,
    /// It was told already.
    Known,
}

/// How often a group was met since it was last told.
#[derive(Debug, Clone, Copy)]
pub struct Repeats<'a> {
    /// The group, without evidence.
    pub group: &'a Group,
    /// Exchanges since.
    pub more: u64,
    /// When it was last told.
    pub since: LogTime,
    /// Whether a cause that made it is met as often, on the same route and from the same origin.
    pub is_effect: bool,
}

/// A group that was told.
#[derive(Debug)]
struct Known {
    group: Group,
    /// Exchanges that were there when it was last told.
    told: u64,
    last_told: LogTime,
    /// The exchange that it was told with.
    example: Ticket,
    /// What was said of that.
    digest: u64,
}

/// What was told of an exchange that may be told again.
#[derive(Debug)]
struct Record {
    groups: Vec<usize>,
    at: LogTime,
}

/// Everything that was told. Bounded by the number of groups, and by the exchanges that may be amended.
#[derive(Debug)]
pub struct Board {
    scratch: ReportBuilder,
    max_groups: usize,
    fail_on: Option<Severity>,
    known: Vec<Known>,
    /// What browsers met and what they would meet have the same fingerprint, and are told apart.
    observed: HashMap<String, usize, RandomState>,
    latent: HashMap<String, usize, RandomState>,
    records: HashMap<Ticket, Record, RandomState>,
    hasher: RandomState,
    failing: u64,
    /// Findings that no group has room for.
    untold: u64,
}

impl Board {
    /// An empty board.
    pub fn new(settings: ReportSettings) -> Self {
        Self {
            max_groups: settings.max_groups,
            fail_on: settings.fail_on,
            scratch: ReportBuilder::new(settings),
            known: Vec::new(),
            observed: HashMap::default(),
            latent: HashMap::default(),
            records: HashMap::default(),
            hasher: RandomState::default(),
            failing: 0,
            untold: 0,
        }
    }

    /// Groups that were told.
    pub fn told(&self) -> u64 {
        self.known.iter().filter(|known| known.told > 0).count() as u64
    }

    /// How often something was told that fails the run; of a run that nothing fails, anything.
    pub fn failing(&self) -> u64 {
        self.failing
    }

    /// Every group that was told, without evidence, with the count that holds now.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.known.iter().filter(|known| known.told > 0).map(|known| &known.group)
    }

    /// Whether a group was told.
    pub fn was_told(&self, group: &Group) -> bool {
        let known = self.find(group).and_then(|place| self.known.get(place));
        known.is_some_and(|known| known.told > 0)
    }

    /// Findings that were not told, for there are too many groups.
    pub fn untold(&self) -> u64 {
        self.untold
    }

    /// Exchanges that may be told again.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// Takes what an exchange comes to; says what of it is news. What is not final may come again
    /// under the same ticket, or under another one that replaces it.
    pub fn tell(
        &mut self,
        (ticket, replaces): (Ticket, Option<Ticket>),
        judged: &Judged<'_>,
        at: LogTime,
        is_final: bool,
    ) -> Option<News> {
        let earlier = self.take_record(ticket, replaces);
        if judged.findings.is_empty() && earlier.is_empty() {
            return None;
        }
        let Judged { exchange, judgement, findings, places } = *judged;
        self.scratch.add(exchange, judgement, findings, places);
        let mut news = News { groups: self.scratch.take_groups(), ..News::default() };
        let mut places = Vec::new();
        for group in &mut news.groups {
            let (why, place) = self.take(group, (ticket, replaces), &earlier, at);
            news.why.push(why);
            places.extend(place);
        }
        for gone in earlier.iter().filter(|gone| !places.contains(gone)) {
            news.withdrawn.extend(self.uncount(*gone));
        }
        if !is_final && !places.is_empty() {
            self.records.insert(ticket, Record { groups: places, at });
        }
        let is_news = news.why.iter().any(|why| *why != Why::Known);
        (is_news || !news.withdrawn.is_empty()).then_some(news)
    }

    /// What was told under this number is not so any more.
    pub fn withdraw(&mut self, ticket: Ticket) -> Option<News> {
        let places = self.take_record(ticket, None);
        let withdrawn: Vec<Group> =
            places.into_iter().filter_map(|place| self.uncount(place)).collect();
        (!withdrawn.is_empty()).then(|| News { withdrawn, ..News::default() })
    }

    /// Groups that were met again since they were told, each at most every ten seconds, or all of
    /// them; in the order in which they were first told.
    pub fn repeats(&mut self, now: LogTime, is_last: bool) -> Vec<Repeats<'_>> {
        let is_due = |known: &Known| {
            let more = known.group.count.saturating_sub(known.told);
            more > 0 && (is_last || known.last_told.0.saturating_add(PACE) <= now.0)
        };
        let mut due = Vec::new();
        for (place, known) in self.known.iter_mut().enumerate().filter(|(_, it)| is_due(it)) {
            let more = known.group.count - known.told;
            let since = std::mem::replace(&mut known.last_told, now);
            known.told = known.group.count;
            due.push((place, more, since));
        }
        let of = |(place, more, since): &(usize, u64, LogTime)| {
            let group = &self.known.get(*place)?.group;
            Some(Repeats { group, more: *more, since: *since, is_effect: false })
        };
        let mut repeats: Vec<Repeats<'_>> = due.iter().filter_map(of).collect();
        let causes: HashSet<_, RandomState> = repeats
            .iter()
            .filter(|it| it.group.rule.kind == Kind::Cause)
            .map(|it| (it.group.subject(), it.group.rule.id.as_str(), it.more))
            .collect();
        for it in &mut repeats {
            let is_of =
                |cause: &String| causes.contains(&(it.group.subject(), cause.as_str(), it.more));
            it.is_effect = it.group.caused_by.iter().any(is_of);
        }
        repeats
    }

    /// Forgets what was told of single exchanges before this: nobody tells them again.
    pub fn forget(&mut self, before: LogTime) {
        self.records.retain(|_, record| record.at >= before);
    }

    fn take_record(&mut self, ticket: Ticket, replaces: Option<Ticket>) -> Vec<usize> {
        if self.records.is_empty() {
            return Vec::new();
        }
        let mut groups = Vec::new();
        for record in [Some(ticket), replaces].into_iter().flatten() {
            groups.extend(self.records.remove(&record).into_iter().flat_map(|it| it.groups));
        }
        groups
    }

    /// Counts a group of one exchange among those that are known; gives it their count.
    fn take(
        &mut self,
        group: &mut Group,
        (ticket, replaces): (Ticket, Option<Ticket>),
        earlier: &[usize],
        at: LogTime,
    ) -> (Why, Option<usize>) {
        let digest = self.digest(group);
        let Some(place) = self.find_or_insert(group, (ticket, digest), at) else {
            self.untold += 1;
            return (Why::Known, None);
        };
        let fail_on = self.fail_on;
        let Some(known) = self.known.get_mut(place) else { return (Why::Known, None) };
        let is_same_exchange = earlier.contains(&place);
        known.group.count += u64::from(!is_same_exchange);
        known.group.last_seen = known.group.last_seen.max(group.last_seen);
        let is_example = known.example == ticket || Some(known.example) == replaces;
        let why = if known.told == 0 {
            Why::New
        } else if is_same_exchange && is_example && known.digest != digest {
            Why::Amended
        } else {
            Why::Known
        };
        if why != Why::Known || (is_same_exchange && is_example) {
            known.example = ticket;
            known.digest = digest;
        }
        if why != Why::Known {
            let count = known.group.count;
            let first_seen = known.group.first_seen.filter(|_| count > 1).or(group.first_seen);
            known.group = without_evidence(group);
            known.group.count = count;
            known.group.first_seen = first_seen;
            known.told = count;
            known.last_told = at;
            let fails = fail_on.is_none_or(|threshold| group.severity >= threshold);
            self.failing += u64::from(fails);
        }
        group.count = known.group.count;
        (why, Some(place))
    }

    fn find_or_insert(
        &mut self,
        group: &mut Group,
        (example, digest): (Ticket, u64),
        at: LogTime,
    ) -> Option<usize> {
        if let Some(place) = self.find(group) {
            return Some(place);
        }
        if self.known.len() >= self.max_groups {
            fold(group);
            if let Some(place) = self.find(group) {
                return Some(place);
            }
            if self.known.len() >= self.max_groups + MAX_FOLDED {
                return None;
            }
        }
        let place = self.known.len();
        let mut own = without_evidence(group);
        own.count = 0;
        let map = match group.impact {
            Impact::Observed => &mut self.observed,
            Impact::Latent => &mut self.latent,
        };
        map.insert(group.fingerprint.clone(), place);
        self.known.push(Known { group: own, told: 0, last_told: at, example, digest });
        Some(place)
    }

    fn find(&self, group: &Group) -> Option<usize> {
        let map = match group.impact {
            Impact::Observed => &self.observed,
            Impact::Latent => &self.latent,
        };
        map.get(&group.fingerprint).copied()
    }

    /// An exchange has this finding no more; the group, if no other exchange has it.
    fn uncount(&mut self, place: usize) -> Option<Group> {
        let known = self.known.get_mut(place)?;
        known.group.count = known.group.count.saturating_sub(1);
        known.told = known.told.min(known.group.count);
        (known.group.count == 0).then(|| known.group.clone())
    }

    /// What is said of an exchange, as a number.
    fn digest(&self, group: &Group) -> u64 {
        let mut state = self.hasher.build_hasher();
        let example = &group.example;
        (group.severity, group.confidence, group.impact).hash(&mut state);
        (&group.caused_by, &group.explains, &group.together).hash(&mut state);
        (&example.detail, example.status, example.reason.map(BlockReason::as_str)).hash(&mut state);
        for line in &example.evidence {
            (line.time, line.line, &line.text).hash(&mut state);
        }
        state.finish()
    }
}

/// A group for what no longer fits: it is about a rule on one API stage.
fn fold(group: &mut Group) {
    (group.method, group.route, group.origin) = (None, None, None);
    let of =
        Subject { api: group.api.as_deref(), stage: group.stage.as_deref(), ..Subject::default() };
    group.fingerprint = fingerprint_of(of, &group.rule.id);
}

fn without_evidence(group: &Group) -> Group {
    let mut own = group.clone();
    own.example.evidence = Vec::new();
    own.example.console = None;
    own
}
