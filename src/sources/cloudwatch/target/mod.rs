//! Targets: what a user names (a log group, an API, a function, a stack, a URL) and the log groups that
//! belong to it, read from the account's configuration.
//!
//! Reading order: this file has the words, `resolver` brings them together, then one file per kind of
//! target.
//!
//! Must not: guess where AWS can be asked, or stop at the first target that fails.

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::groups::{GroupPattern, LogGroup};
use crate::sources::cloudwatch::target::function::FunctionName;
use crate::sources::cloudwatch::target::resolver::Resolver;
use crate::sources::cloudwatch::target::settings::Settings;

mod address;
pub mod function;
mod http_api;
mod integration;
mod pages;
mod resolver;
mod rest_api;
pub mod settings;
mod stack;
mod stage;

/// What a user names.
#[derive(Debug, Clone)]
pub enum Target {
    /// Log groups, by name.
    Group(GroupPattern),
    /// A REST API.
    RestApi {
        /// Its id.
        id: String,
        /// A stage; `None`: all.
        stage: Option<String>,
    },
    /// An HTTP or WebSocket API.
    HttpApi {
        /// Its id.
        id: String,
        /// A stage; `None`: all.
        stage: Option<String>,
    },
    /// A function.
    Function(FunctionName),
    /// A CloudFormation stack: its name or ARN.
    Stack(String),
    /// What a browser asks.
    Url(Url),
}

impl Target {
    /// Reads the name, ARN or pattern of log groups.
    pub fn group(text: &str) -> Result<Self, String> {
        GroupPattern::parse(text).map(Self::Group)
    }

    /// Reads `ID` or `ID/STAGE`.
    pub fn rest_api(text: &str) -> Result<Self, String> {
        api(text).map(|(id, stage)| Self::RestApi { id, stage })
    }

    /// Reads `ID` or `ID/STAGE`.
    pub fn http_api(text: &str) -> Result<Self, String> {
        api(text).map(|(id, stage)| Self::HttpApi { id, stage })
    }

    /// Reads a function's name or ARN, with an alias or version or without.
    pub fn function(text: &str) -> Result<Self, String> {
        let function = FunctionName::parse(text).map(Self::Function);
        function.ok_or_else(|| "write a function's name or ARN, as in `orders:live`".to_owned())
    }

    /// Reads a stack's name or ARN.
    pub fn stack(text: &str) -> Result<Self, String> {
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || "-:/".contains(c));
        if text.is_empty() || !is_name {
            return Err("write a stack's name or ARN".to_owned());
        }
        Ok(Self::Stack(text.to_owned()))
    }

    /// Reads a URL.
    pub fn url(text: &str) -> Result<Self, String> {
        address::parse(text).map(Self::Url)
    }
}

fn api(text: &str) -> Result<(String, Option<String>), String> {
    let (id, stage) = match text.split_once('/') {
        Some((id, stage)) => (id, Some(stage)),
        None => (text, None),
    };
    let is_id = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
    let is_stage = |stage: &str| {
        !stage.is_empty() && stage.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
    };
    if !is_id || !stage.is_none_or(is_stage) {
        return Err("write the API's id, or id and stage: `a1b2c3d4e5/prod`".to_owned());
    }
    Ok((id.to_owned(), stage.map(str::to_owned)))
}

/// What was named, in words: `log group /aws/lambda/orders`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(pattern @ (GroupPattern::Exact(_) | GroupPattern::Arn(_))) => {
                write!(f, "log group {pattern}")
            }
            Self::Group(pattern) => write!(f, "log groups {pattern}"),
            Self::RestApi { id, stage: None } => write!(f, "REST API {id}"),
            Self::RestApi { id, stage: Some(stage) } => write!(f, "REST API {id}/{stage}"),
            Self::HttpApi { id, stage: None } => write!(f, "HTTP API {id}"),
            Self::HttpApi { id, stage: Some(stage) } => write!(f, "HTTP API {id}/{stage}"),
            Self::Function(function) => write!(f, "function {function}"),
            Self::Stack(name) => write!(f, "stack {name}"),
            Self::Url(url) => write!(f, "URL {url}"),
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
    /// What was learned on the way.
    pub settings: Settings,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever follows logs resolves targets again and again, in a task of its own.
    #[test]
    fn resolving_can_go_on_in_a_task() {
        fn is_send<T: Send>(_: impl FnOnce(&'static Arc<Caller>, &'static [Target]) -> T) {}
        is_send(resolve);
    }

    #[test]
    fn targets_are_read() {
        let words = |target: Result<Target, String>| target.map(|target| target.to_string());
        assert_eq!(words(Target::rest_api("a1/prod")), Ok("REST API a1/prod".to_owned()));
        assert_eq!(words(Target::http_api("a1/$default")), Ok("HTTP API a1/$default".to_owned()));
        assert_eq!(words(Target::function("orders:live")), Ok("function orders:live".to_owned()));
        assert_eq!(words(Target::stack("shop")), Ok("stack shop".to_owned()));
        for wrong in ["", "/prod", "a1/", "a1/a/b", "a 1"] {
            assert!(Target::rest_api(wrong).is_err(), "{wrong}");
        }
        assert!(Target::stack("a b").is_err());
    }
}
