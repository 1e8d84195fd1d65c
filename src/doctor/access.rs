//! The account: who asks, what may be asked, and what the targets come to.
//!
//! Must not: take what was not tried for allowed.

use crate::doctor::{Answers, Area, Check};
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::permissions::{Answer, Permission};
use crate::sources::cloudwatch::target::{GroupKind, Problem};

/// What there is to say of it.
pub(super) fn checks(answers: &Answers) -> Vec<Check> {
    let mut checks = vec![account(answers)];
    checks.extend(answers.permissions.iter().map(permission));
    checks.extend(configuration(answers));
    checks.extend(answers.resolved.problems.iter().map(problem));
    checks.extend(groups(answers));
    checks
}

fn account(answers: &Answers) -> Check {
    let region = answers.region.as_str();
    match &answers.identity {
        Ok(identity) => {
            let expiry = match identity.expires {
                Some(time) => format!("the credentials end at {time}"),
                None => "the credentials have no end that they tell".to_owned(),
            };
            let text = format!("{} in account {}; {expiry}", identity.arn, identity.account);
            Check::well(Area::Account, region, text)
        }
        Err(error) => {
            let text = format!("cannot tell who asks: {}", said(error));
            Check { fix: Some(error.advice()), ..Check::unknown(Area::Account, region, text) }
        }
    }
}

fn permission(permission: &Permission) -> Check {
    let action = permission.action;
    match &permission.answer {
        Answer::Allowed => Check::well(Area::Permissions, action, "allowed"),
        Answer::Denied(error) => Check::improve(
            Area::Permissions,
            action,
            format!("denied: {}", said(error)),
            error.advice(),
        ),
        Answer::Unknown(error) => {
            let text = format!("cannot be told: {}", said(error));
            Check { fix: Some(error.advice()), ..Check::unknown(Area::Permissions, action, text) }
        }
        Answer::NotNeeded(why) => {
            Check::well(Area::Permissions, action, format!("not needed: {why}"))
        }
        Answer::NotTried(why) => {
            Check::unknown(Area::Permissions, action, format!("not tried: {why}"))
        }
    }
}

/// The permissions that finding the log groups took; those that were denied are problems of targets.
fn configuration(answers: &Answers) -> Vec<Check> {
    let has_failed = |action: &str| {
        let problems = answers.resolved.problems.iter();
        problems.filter_map(|problem| problem.error.as_ref()).any(|error| error.action == action)
    };
    let answered = answers.resolved.settings.answered.iter();
    let allowed = answered.filter(|action| !has_failed(action));
    allowed.map(|action| Check::well(Area::Permissions, action, "allowed")).collect()
}

fn problem(problem: &Problem) -> Check {
    let text = match problem.nearest.as_slice() {
        [] => problem.what.clone(),
        nearest => format!("{}; there is {}", problem.what, nearest.join(", ")),
    };
    Check::improve(Area::Targets, &problem.target, text, problem.advice.clone())
}

fn groups(answers: &Answers) -> Option<Check> {
    let groups = &answers.resolved.groups;
    let count = |kind| groups.iter().filter(|group| group.kind == kind).count();
    let kinds = [GroupKind::Execution, GroupKind::Access, GroupKind::Function, GroupKind::Other];
    let counts: Vec<_> = kinds
        .into_iter()
        .filter(|kind| count(*kind) > 0)
        .map(|kind| format!("{} {}", count(kind), kind.as_str()))
        .collect();
    let text = format!("found: {}", counts.join(", "));
    (!groups.is_empty()).then(|| Check::well(Area::Targets, "log groups", text))
}

/// What AWS said, without the advice.
pub(super) fn said(error: &CallError) -> String {
    let message = error.message.trim_end_matches('.');
    match &error.code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    }
}
