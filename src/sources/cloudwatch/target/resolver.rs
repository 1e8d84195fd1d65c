//! Brings together what targets stand for: each log group once, with everything that led to it.
//!
//! Must not: know how a kind of target is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::groups::{GroupPattern, LogClass, LogGroup, matching, neighbours};
use crate::sources::cloudwatch::target::{GroupKind, Problem, Resolved, ResolvedGroup, Target};

/// Names that are looked up at a time; the budget spaces the requests.
const LOOKUPS: usize = 8;

/// The state of one resolution.
pub(super) struct Resolver<'a> {
    pub(super) caller: &'a Arc<Caller>,
    /// Groups whose names are known and that were not looked up yet.
    wanted: BTreeMap<String, Wanted>,
    /// By name and ARN.
    groups: BTreeMap<(String, String), ResolvedGroup>,
    out: Resolved,
    /// What makes every further request pointless.
    fatal: Option<Problem>,
}

/// A group whose name is known.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) kind: GroupKind,
    /// What led to it.
    pub(super) because: Vec<String>,
    /// What it means if there is no such group, and what to do then.
    pub(super) absent: (String, String),
}

impl<'a> Resolver<'a> {
    pub(super) fn new(caller: &'a Arc<Caller>) -> Self {
        Self {
            caller,
            wanted: BTreeMap::new(),
            groups: BTreeMap::new(),
            out: Resolved::default(),
            fatal: None,
        }
    }

    /// Resolves one target, as far as that goes without its groups.
    pub(super) async fn target(&mut self, target: &Target) {
        let trail = target.to_string();
        if let Some(fatal) = &self.fatal {
            let problem = Problem { target: trail, ..fatal.clone() };
            self.problem(problem);
            return;
        }
        match target {
            Target::Group(pattern) => self.pattern(&trail, pattern).await,
        }
    }

    /// Looks up what is still wanted.
    pub(super) async fn finish(mut self) -> Resolved {
        let mut left = std::mem::take(&mut self.wanted).into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < LOOKUPS
                && let Some((name, wanted)) = left.next()
            {
                let caller = Arc::clone(self.caller);
                running.spawn(async move {
                    let pattern = GroupPattern::Exact(name.clone());
                    (name, wanted, matching(&caller, &pattern).await)
                });
            }
            // A lookup that was lost would be a group that is lost: it has a problem of its own.
            match running.join_next().await {
                None => break,
                Some(Ok((name, wanted, found))) => self.found(&name, &wanted, found),
                Some(Err(error)) => self.problem(Problem::new(
                    "log groups",
                    format!("a lookup did not end: {error}"),
                    "try again".to_owned(),
                )),
            }
        }
        self.out.groups = self.groups.into_values().collect();
        self.out.problems.sort_by(|a, b| (&a.target, &a.what).cmp(&(&b.target, &b.what)));
        self.out.problems.dedup();
        self.out
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        let is_fatal = problem.error.as_ref().is_some_and(|error| match error.cause {
            Cause::Expired
            | Cause::InvalidCredentials
            | Cause::NoCredentials
            | Cause::NoRegion
            | Cause::Unreachable => true,
            Cause::Throttled
            | Cause::Denied
            | Cause::NotFound
            | Cause::WrongClass
            | Cause::LimitExceeded
            | Cause::Invalid
            | Cause::Service => false,
        });
        if is_fatal && self.fatal.is_none() {
            self.fatal = Some(problem.clone());
        }
        self.out.problems.push(problem);
    }

    /// Remembers a group by name; it is looked up in the end.
    pub(super) fn want(&mut self, name: &str, wanted: Wanted) {
        match self.wanted.get_mut(name) {
            Some(known) => {
                known.kind = known.kind.min(wanted.kind);
                known.because.extend(wanted.because);
            }
            None => {
                self.wanted.insert(name.to_owned(), wanted);
            }
        }
    }

    /// A group that there is.
    pub(super) fn add(&mut self, group: LogGroup, kind: GroupKind, because: Vec<String>) {
        let key = (group.name.clone(), group.arn.clone());
        let entry = self.groups.entry(key).or_insert_with(|| ResolvedGroup {
            group,
            kind,
            because: Vec::new(),
        });
        entry.kind = entry.kind.min(kind);
        for reason in because {
            if !entry.because.contains(&reason) {
                entry.because.push(reason);
            }
        }
    }

    fn found(&mut self, name: &str, wanted: &Wanted, found: Result<Vec<LogGroup>, CallError>) {
        let target = wanted.because.first().map_or(name, String::as_str);
        match found {
            Ok(groups) if groups.is_empty() => {
                let (what, advice) = wanted.absent.clone();
                self.problem(Problem::new(target, what, advice));
            }
            Ok(groups) => {
                for group in groups {
                    self.add(group, wanted.kind, wanted.because.clone());
                }
            }
            Err(error) => self.unlisted(target, unseen(name, ""), wanted, error),
        }
    }

    /// A group that could not be looked up, but has a name: it may be readable all the same.
    fn unlisted(&mut self, target: &str, group: LogGroup, wanted: &Wanted, error: CallError) {
        if error.cause == Cause::Denied {
            self.add(group, wanted.kind, wanted.because.clone());
        }
        self.problem(Problem::call(target, "cannot look up the log group", error));
    }

    async fn pattern(&mut self, trail: &str, pattern: &GroupPattern) {
        if let GroupPattern::Arn(arn) = pattern
            && arn.region != self.caller.account().region()
        {
            let problem = other_region(trail, &arn.region, self.caller.account().region());
            self.problem(problem);
            return;
        }
        let named = |name: &str| Wanted {
            kind: GroupKind::of_name(name),
            because: vec![trail.to_owned()],
            absent: Default::default(),
        };
        match (matching(self.caller, pattern).await, pattern) {
            (Ok(groups), _) if groups.is_empty() => {
                let nearest = neighbours(self.caller, &pattern.to_string()).await;
                self.problem(nothing(trail, self.caller.account().region()).with_nearest(nearest));
            }
            (Ok(groups), _) => {
                for group in groups {
                    let Wanted { kind, because, .. } = named(&group.name);
                    self.add(group, kind, because);
                }
            }
            (Err(error), GroupPattern::Exact(name)) => {
                self.unlisted(trail, unseen(name, ""), &named(name), error);
            }
            (Err(error), GroupPattern::Arn(arn)) => {
                let group = unseen(&arn.name, &pattern.to_string());
                self.unlisted(trail, group, &named(&arn.name), error);
            }
            (Err(error), GroupPattern::Glob(_) | GroupPattern::Regex(_)) => {
                self.problem(Problem::call(trail, "cannot list the log groups", error));
            }
        }
    }
}

/// A group of which only the name is known.
fn unseen(name: &str, arn: &str) -> LogGroup {
    LogGroup {
        name: name.to_owned(),
        arn: arn.to_owned(),
        class: LogClass::Standard,
        retention_days: None,
        stored_bytes: None,
        created: None,
    }
}

fn nothing(trail: &str, region: &str) -> Problem {
    Problem::new(
        trail,
        format!("no such log group in {region}"),
        "check the name, `--region` and `--profile`".to_owned(),
    )
}

/// Something that is elsewhere.
pub(super) fn other_region(trail: &str, is_in: &str, asked: &str) -> Problem {
    Problem::new(
        trail,
        format!("it is in {is_in}, and {asked} was asked"),
        format!("run again with `--region {is_in}`"),
    )
}
