//! Can the logs answer? What an account and the settings of its stages and functions let be seen of
//! CORS, what they do not, and the one change that helps most.
//!
//! Reading order: this file has the words and the whole; `logging` judges stages and functions,
//! `access` the account; `human` prints.
//!
//! Must not: ask AWS, or read a log.

mod access;
mod human;
mod logging;

pub use human::write_human;

use serde::Serialize;

use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::permissions::{GatewayResponse, Identity, Permission};
use crate::sources::cloudwatch::target::Resolved;

/// What was asked, with its answers.
#[derive(Debug)]
pub struct Answers {
    /// Who asks.
    pub identity: Result<Identity, CallError>,
    /// The region.
    pub region: String,
    /// What may be asked.
    pub permissions: Vec<Permission>,
    /// What the targets come to.
    pub resolved: Resolved,
    /// Gateway responses by REST API.
    pub gateway_responses: Vec<(String, Result<Vec<GatewayResponse>, CallError>)>,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Well,
    /// It could be better, and `fix` says how.
    Improve,
    /// It cannot be told.
    Unknown,
}

/// What a check is about, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Credentials.
    Account,
    /// What may be asked.
    Permissions,
    /// The targets.
    Targets,
    /// Execution logs.
    ExecutionLog,
    /// Access logs.
    AccessLog,
    /// Functions' own logs.
    Function,
    /// What the gateway answers itself.
    GatewayResponses,
}

impl Area {
    /// As a heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Permissions => "Permissions",
            Self::Targets => "Targets",
            Self::ExecutionLog => "Execution logs",
            Self::AccessLog => "Access logs",
            Self::Function => "Functions",
            Self::GatewayResponses => "Gateway responses",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// Which one: an action, a stage, a function.
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// The same in words.
    pub text: String,
    /// What to change.
    pub fix: Option<String>,
    /// The command that changes it, or the text to paste.
    pub paste: Option<String>,
}

impl Check {
    fn well(area: Area, subject: &str, text: impl Into<String>) -> Self {
        let (subject, text) = (subject.to_owned(), text.into());
        Self { area, subject, health: Health::Well, text, fix: None, paste: None }
    }

    fn unknown(area: Area, subject: &str, text: impl Into<String>) -> Self {
        Self { health: Health::Unknown, ..Self::well(area, subject, text) }
    }

    fn improve(area: Area, subject: &str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        let fix = Some(fix.into());
        Self { health: Health::Improve, fix, ..Self::well(area, subject, text) }
    }

    fn with_paste(self, paste: impl Into<String>) -> Self {
        Self { paste: Some(paste.into()), ..self }
    }
}

/// Something to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is about.
    pub area: Area,
    /// Which one.
    pub subject: String,
    /// What to change.
    pub fix: String,
    /// The command that changes it, or the text to paste.
    pub paste: Option<String>,
}

impl Change {
    fn of(check: &Check) -> Option<Self> {
        let fix = check.fix.clone()?;
        let (area, subject) = (check.area, check.subject.clone());
        Some(Self { area, subject, fix, paste: check.paste.clone() })
    }
}

/// Everything that was looked at, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// By area.
    pub checks: Vec<Check>,
    /// What no log would show, as things are.
    pub undetermined: Vec<String>,
    /// The change that helps most.
    pub best_change: Option<Change>,
    /// How it is on the whole.
    pub health: Health,
}

/// Looks at everything.
pub fn examine(answers: &Answers) -> Examination {
    let mut checks = access::checks(answers);
    let mut undetermined = Vec::new();
    for stage in &answers.resolved.settings.stages {
        checks.extend(logging::stage(stage));
        undetermined.extend(logging::unseen_of_stage(stage));
    }
    let has_stages = !answers.resolved.settings.stages.is_empty();
    for function in &answers.resolved.settings.functions {
        checks.push(logging::function(function));
        undetermined.extend(logging::unseen_of_function(function, has_stages));
    }
    for (api, responses) in &answers.gateway_responses {
        checks.push(logging::gateway_responses(api, responses));
    }
    undetermined.extend(logging::unseen_of_gateway(answers));
    checks.sort_by(|a, b| (a.area, &a.subject).cmp(&(b.area, &b.subject)));
    undetermined.dedup();
    // Areas are in the order of their importance.
    let best = checks.iter().find(|check| check.health == Health::Improve);
    Examination {
        best_change: best.and_then(Change::of),
        health: on_the_whole(answers, &checks),
        checks,
        undetermined,
    }
}

/// Without any log group nothing can be told; else what can be improved is the answer.
fn on_the_whole(answers: &Answers, checks: &[Check]) -> Health {
    let has = |health| checks.iter().any(|check| check.health == health);
    if answers.resolved.groups.is_empty() {
        Health::Unknown
    } else if has(Health::Improve) {
        Health::Improve
    } else if has(Health::Unknown) {
        Health::Unknown
    } else {
        Health::Well
    }
}

#[cfg(test)]
mod tests;
