//! Targets: what a user names (a log group, an API, a function, a stack, a URL) and the log groups that
//! belong to it, read from the account's configuration.
//!
//! Reading order: this file has the words, `resolver` brings them together, then one file per kind of
//! target.
//!
//! Must not: guess where AWS can be asked, or stop at the first target that fails.

use std::fmt;
use std::sync::Arc;

use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::groups::{GroupPattern, LogGroup};
use crate::sources::cloudwatch::target::resolver::Resolver;

mod resolver;

/// What a user names.
#[derive(Debug, Clone)]
pub enum Target {
    /// Log groups, by name.
    Group(GroupPattern),
}

impl Target {
    /// Reads the name, ARN or pattern of log groups.
    pub fn group(text: &str) -> Result<Self, String> {
        GroupPattern::parse(text).map(Self::Group)
    }
}

/// What was named, in words: `log group /aws/lambda/orders`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(pattern @ (GroupPattern::Exact(_) | GroupPattern::Arn(_))) => {
                write!(f, "log group {pattern}")
            }
            Self::Group(pattern) => write!(f, "log groups {pattern}"),
        }
    }
}

/// What targets come to.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// The log groups, each once, by name.
    pub groups: Vec<ResolvedGroup>,
    /// What could not be resolved.
    pub problems: Vec<Problem>,
}

/// A log group that a target stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedGroup {
    /// The group.
    pub group: LogGroup,
    /// What is logged in it.
    pub kind: GroupKind,
    /// Which targets brought it, in words.
    pub because: Vec<String>,
}

/// What is logged in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    /// Execution logs of an API's stage.
    Execution,
    /// Access logs.
    Access,
    /// A function's own log.
    Function,
    /// Nobody says.
    Other,
}

impl GroupKind {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Access => "access",
            Self::Function => "function",
            Self::Other => "other",
        }
    }

    /// What the name of a group tells.
    pub fn of_name(name: &str) -> Self {
        if name.starts_with("API-Gateway-Execution-Logs_") {
            Self::Execution
        } else if name.starts_with("/aws/lambda/") {
            Self::Function
        } else {
            Self::Other
        }
    }
}

/// Something that could not be resolved. The rest goes on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The target, in words.
    pub target: String,
    /// What is wrong.
    pub what: String,
    /// What to do; one sentence.
    pub advice: String,
    /// Names that there are, and that are like the one that there is not.
    pub nearest: Vec<String>,
    /// The request that failed, if one did.
    pub error: Option<CallError>,
}

impl Problem {
    /// Something that AWS did not have to be asked for, or told itself.
    pub(crate) fn new(target: &str, what: String, advice: String) -> Self {
        Self { target: target.to_owned(), what, advice, nearest: Vec::new(), error: None }
    }

    /// A request that failed; `attempt` is what it was for: `cannot read the stages`.
    pub(crate) fn call(target: &str, attempt: &str, error: CallError) -> Self {
        let code = error.code.as_ref().map(|code| format!("{code}: ")).unwrap_or_default();
        let message = error.message.trim_end_matches('.');
        Self {
            target: target.to_owned(),
            what: format!("{attempt}: {code}{message}"),
            advice: error.advice(),
            nearest: Vec::new(),
            error: Some(error),
        }
    }

    pub(crate) fn with_nearest(self, nearest: Vec<String>) -> Self {
        Self { nearest, ..self }
    }
}

/// One line: the target, what is wrong, what to do.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.what)?;
        if !self.nearest.is_empty() {
            let names: Vec<_> = self.nearest.iter().map(|name| format!("`{name}`")).collect();
            write!(f, "; there is {}", names.join(", "))?;
        }
        write!(f, "; {}", self.advice)
    }
}

/// Finds the log groups of targets.
pub async fn resolve(caller: &Arc<Caller>, targets: &[Target]) -> Resolved {
    let mut resolver = Resolver::new(caller);
    for target in targets {
        resolver.target(target).await;
    }
    resolver.finish().await
}
