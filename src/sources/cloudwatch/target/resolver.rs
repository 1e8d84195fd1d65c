//! Brings together what targets stand for: each log group once, with everything that led to it.
//!
//! Must not: know how a kind of target is read.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::groups::{GroupPattern, LogClass, LogGroup, matching, neighbours};
use crate::sources::cloudwatch::target::function::{FunctionName, settings};
use crate::sources::cloudwatch::target::settings::{Settings, StageSettings};
use crate::sources::cloudwatch::target::stage::StageChoice;
use crate::sources::cloudwatch::target::{GroupKind, Problem, Resolved, ResolvedGroup, Target};

/// Requests at a time; the budget spaces them.
const AT_A_TIME: usize = 8;

/// The state of one resolution.
pub(super) struct Resolver<'a> {
    pub(super) caller: &'a Arc<Caller>,
    /// Groups whose names are known and that were not looked up yet.
    wanted: BTreeMap<String, Wanted>,
    /// Functions whose settings were not asked for yet, and what led to them.
    functions: BTreeMap<FunctionName, Vec<String>>,
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
            functions: BTreeMap::new(),
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
            Target::RestApi { id, stage } => {
                let choice = stage.as_deref().map_or(StageChoice::All, StageChoice::Named);
                self.rest_api(&trail, id, choice).await;
            }
            Target::HttpApi { id, stage } => {
                let choice = stage.as_deref().map_or(StageChoice::All, StageChoice::Named);
                self.http_api(&trail, id, choice).await;
            }
            Target::Function(function) => self.function(&trail, function),
            Target::Stack(name) => self.stack(&trail, name).await,
            Target::Url(url) => self.url(&trail, url).await,
        }
    }

    /// Asks what is still to be asked: how functions log, then which groups there are.
    pub(super) async fn finish(mut self) -> Resolved {
        let functions = std::mem::take(&mut self.functions);
        let asked = functions.into_iter().map(|(function, because)| {
            let caller = Arc::clone(self.caller);
            async move {
                let answer = settings(caller, function.clone()).await;
                (function, because, answer)
            }
        });
        for (function, because, answer) in self.together(asked).await {
            self.function_known(&function, because, answer).await;
        }
        let wanted = std::mem::take(&mut self.wanted);
        let asked = wanted.into_iter().map(|(name, wanted)| {
            let caller = Arc::clone(self.caller);
            async move {
                let answer = matching(&caller, &GroupPattern::Exact(name.clone())).await;
                (name, wanted, answer)
            }
        });
        for (name, wanted, answer) in self.together(asked).await {
            self.found(&name, &wanted, answer);
        }
        self.out.groups = self.groups.into_values().collect();
        self.out.problems.sort_by(|a, b| (&a.target, &a.what).cmp(&(&b.target, &b.what)));
        self.out.problems.dedup();
        self.out.settings.functions.sort_by(|a, b| a.name.cmp(&b.name));
        let key = |stage: &StageSettings| (stage.kind, stage.api.clone(), stage.stage.clone());
        self.out.settings.stages.sort_by_key(key);
        self.out.settings.stages.dedup_by_key(|stage| key(stage));
        self.out
    }

    /// Runs requests side by side, a few at a time.
    async fn together<T, F>(&mut self, work: impl Iterator<Item = F>) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let work: Vec<F> = work.collect();
        let mut left = work.into_iter();
        let (mut running, mut done) = (JoinSet::new(), Vec::new());
        loop {
            while running.len() < AT_A_TIME
                && let Some(next) = left.next()
            {
                running.spawn(next);
            }
            match running.join_next().await {
                None => return done,
                Some(Ok(answer)) => done.push(answer),
                // A request that is lost would be a group that is lost.
                Some(Err(error)) => self.problem(Problem::new(
                    "log groups",
                    format!("a request did not end: {error}"),
                    "try again".to_owned(),
                )),
            }
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        let is_fatal = problem.error.as_ref().is_some_and(CallError::is_about_everything);
        if is_fatal && self.fatal.is_none() {
            self.fatal = Some(problem.clone());
        }
        self.out.problems.push(problem);
    }

    /// Whether something went wrong with a target.
    pub(super) fn has_problem(&self, trail: &str) -> bool {
        self.out.problems.iter().any(|problem| problem.target.starts_with(trail))
    }

    /// What was learned so far.
    pub(super) fn settings(&mut self) -> &mut Settings {
        &mut self.out.settings
    }

    /// Remembers a function.
    pub(super) fn want_function(&mut self, function: FunctionName, because: String) {
        let known = self.functions.entry(function).or_default();
        if !known.contains(&because) {
            known.push(because);
        }
    }

    /// URIs of integrations and authorizers, each once; what could not be read is a problem.
    pub(super) fn uris(
        &mut self,
        trail: &str,
        found: [(&str, Result<Vec<String>, CallError>); 2],
    ) -> Vec<String> {
        let mut uris = Vec::new();
        for (what, found) in found {
            match found {
                Ok(found) => uris.extend(found),
                Err(error) => self.problem(Problem::call(trail, what, error)),
            }
        }
        uris.sort();
        uris.dedup();
        uris
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
                let nearest = match pattern {
                    GroupPattern::Exact(name) => neighbours(self.caller, name).await,
                    GroupPattern::Arn(arn) => neighbours(self.caller, &arn.name).await,
                    // Nobody mistypes a pattern by a letter; its beginning is what is wrong.
                    GroupPattern::Glob(_) | GroupPattern::Regex(_) => Vec::new(),
                };
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
        // Whose it is cannot be told, and an ARN means that one account's.
        is_linked: !arn.is_empty(),
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
