//! Functions: the log group that each one is configured with.
//!
//! Must not: take the usual name for the true one without saying so.

use std::fmt;
use std::sync::Arc;

use aws_sdk_lambda::Client;

use crate::model::nearest::nearest_few;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::target::resolver::{Resolver, Wanted, other_region};
use crate::sources::cloudwatch::target::settings::FunctionSettings;
use crate::sources::cloudwatch::target::{GroupKind, Problem};

/// Answers of `ListFunctions` that are read to find a name, of 50 functions each.
const NAME_PAGES: usize = 10;

/// How a function is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionName {
    /// Its name.
    pub name: String,
    /// An alias, or a version.
    pub qualifier: Option<String>,
    /// Where its ARN says that it is.
    pub region: Option<String>,
    /// What AWS is asked with: a name or an ARN, without the qualifier.
    asked: String,
}

impl FunctionName {
    /// Reads a name or an ARN, with a qualifier or without.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (region, name, qualifier) = match parts.as_slice() {
            [name] => (None, *name, None),
            [name, qualifier] => (None, *name, Some(*qualifier)),
            ["arn", _, "lambda", region, _, "function", name] => (Some(*region), *name, None),
            ["arn", _, "lambda", region, _, "function", name, qualifier] => {
                (Some(*region), *name, Some(*qualifier))
            }
            _ => return None,
        };
        let is_word = |text: &str, others: &str| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        let is_valid = is_word(name, "-_") && qualifier.is_none_or(|text| is_word(text, "-_$"));
        let asked = match qualifier {
            Some(qualifier) => text.strip_suffix(qualifier)?.strip_suffix(':')?,
            None => text,
        };
        is_valid.then(|| Self {
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
            region: region.map(str::to_owned),
            asked: asked.to_owned(),
        })
    }
}

/// `orders`, `orders:live`.
impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.qualifier {
            Some(qualifier) => write!(f, ":{qualifier}"),
            None => Ok(()),
        }
    }
}

/// Asks how a function logs.
pub(super) async fn settings(
    caller: Arc<Caller>,
    function: FunctionName,
) -> Result<FunctionSettings, CallError> {
    let named = function.to_string();
    let request = Request {
        action: "lambda:GetFunctionConfiguration",
        target: &named,
        quota: Quota::Describe,
    };
    let answer = caller
        .any(request, || {
            Client::new(&caller.account().config())
                .get_function_configuration()
                .function_name(&function.asked)
                .set_qualifier(function.qualifier.clone())
                .send()
        })
        .await?;
    let logging = answer.logging_config();
    let group = logging.and_then(|logging| logging.log_group()).filter(|group| !group.is_empty());
    let name = answer.function_name().unwrap_or(&function.name);
    Ok(FunctionSettings {
        log_group: group.map_or_else(|| usual_group(name), str::to_owned),
        log_format: logging.and_then(|l| l.log_format()).map(|format| format.as_str().to_owned()),
        system_log_level: logging.and_then(|l| l.system_log_level()).map(|l| l.as_str().to_owned()),
        name: named,
    })
}

/// The group of functions that are configured with none.
fn usual_group(name: &str) -> String {
    format!("/aws/lambda/{name}")
}

impl Resolver<'_> {
    /// Remembers a function; how it logs is asked in the end, once.
    pub(super) fn function(&mut self, trail: &str, function: &FunctionName) {
        let asked = self.caller.account().region();
        match &function.region {
            Some(region) if region != asked => {
                let mut problem = other_region(trail, region, asked);
                problem.what = format!("function `{function}`: {}", problem.what);
                self.problem(problem);
            }
            Some(_) | None => self.want_function(function.clone(), trail.to_owned()),
        }
    }

    /// Takes what AWS says of a function.
    pub(super) async fn function_known(
        &mut self,
        function: &FunctionName,
        because: Vec<String>,
        settings: Result<FunctionSettings, CallError>,
    ) {
        let trail = because.first().cloned().unwrap_or_default();
        let group = match settings {
            Ok(settings) => {
                let group = settings.log_group.clone();
                self.settings().functions.push(settings);
                self.settings().answered.insert("lambda:GetFunctionConfiguration");
                group
            }
            Err(error) if error.cause == Cause::Denied => {
                let attempt = format!(
                    "cannot read how function `{function}` logs, so its log group is taken to be \
                     the usual one"
                );
                self.problem(Problem::call(&trail, &attempt, error));
                usual_group(&function.name)
            }
            Err(error) if error.cause == Cause::NotFound => {
                let what =
                    format!("no function `{function}` in {}", self.caller.account().region());
                let nearest = self.functions_like(function).await;
                let problem = Problem::new(&trail, what, error.advice());
                self.problem(problem.with_nearest(nearest));
                return;
            }
            Err(error) => {
                let attempt = format!("cannot read how function `{function}` logs");
                self.problem(Problem::call(&trail, &attempt, error));
                return;
            }
        };
        let absent = (
            format!("log group `{group}` of function `{function}` is not there"),
            "nothing was logged yet, or the function's role must not write logs: call it once, and \
             see that its role has AWSLambdaBasicExecutionRole"
                .to_owned(),
        );
        self.want(&group, Wanted { kind: GroupKind::Function, because, absent });
    }

    async fn functions_like(&self, function: &FunctionName) -> Vec<String> {
        let mut names = Vec::new();
        let mut marker = None;
        for _ in 0..NAME_PAGES {
            let Ok((page, next)) = functions(self.caller, marker.clone()).await else { break };
            names.extend(page);
            if next.is_none() || next == marker {
                break;
            }
            marker = next;
        }
        if names.contains(&function.name) {
            // Then it is the alias or version that there is not.
            return vec![function.name.clone()];
        }
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        nearest_few(&function.name, &known, 3)
    }
}

/// Names of functions, one answer of them, and what to ask for the next with.
pub(super) async fn functions(
    caller: &Arc<Caller>,
    marker: Option<String>,
) -> Result<(Vec<String>, Option<String>), CallError> {
    let request = Request { action: "lambda:ListFunctions", target: "", quota: Quota::Describe };
    let answer = caller
        .any(request, || {
            let client = Client::new(&caller.account().config());
            client.list_functions().set_marker(marker.clone()).send()
        })
        .await?;
    let names = answer.functions().iter().filter_map(|f| f.function_name()).map(str::to_owned);
    let next = answer.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned);
    Ok((names.collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_are_read() {
        let read = |text: &str| {
            let function = FunctionName::parse(text)?;
            Some((function.to_string(), function.asked, function.region))
        };
        let some = |name: &str, asked: &str, region: Option<&str>| {
            Some((name.to_owned(), asked.to_owned(), region.map(str::to_owned)))
        };
        assert_eq!(read("orders"), some("orders", "orders", None));
        assert_eq!(read("orders:live"), some("orders:live", "orders", None));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        assert_eq!(read(arn), some("orders", arn, Some("eu-west-1")));
        let latest = format!("{arn}:$LATEST");
        assert_eq!(read(&latest), some("orders:$LATEST", arn, Some("eu-west-1")));
        for wrong in ["", "a b", "a:", "arn:aws:lambda:eu-west-1:1:layer:a", "a:b:c"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
