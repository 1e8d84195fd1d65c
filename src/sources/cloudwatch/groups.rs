//! Log groups: what they are, how they are listed, and patterns that stand for some of them.
//!
//! Must not: know what a group belongs to.

use std::fmt;
use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::{LogGroup as Described, LogGroupClass};
use regex::Regex;

use crate::model::nearest::nearest_few;
use crate::model::{Glob, LogTime};
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::error::CallError;

/// Groups that one answer has at most.
const PAGE: i32 = 50;
/// Answers that are read to find names that are like one that there is not.
const NEIGHBOUR_PAGES: usize = 10;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, without `:*`; empty where only the name is known, because describing is not allowed.
    pub arn: String,
    /// What can be asked of it.
    pub class: LogClass,
    /// Days that events are kept; `None`: for ever.
    pub retention_days: Option<u32>,
    /// Bytes stored, as AWS counts them now and then.
    pub stored_bytes: Option<u64>,
    /// When it was made.
    pub created: Option<LogTime>,
    /// Whether it is another account's: requests have to name it by its ARN.
    pub is_linked: bool,
}

/// Log classes: they decide how a group can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogClass {
    /// Everything works.
    Standard,
    /// Only Insights.
    InfrequentAccess,
    /// Nothing can be read here; events are delivered elsewhere.
    Delivery,
    /// One that is newer than this program: to be treated as `InfrequentAccess`.
    Other,
}

impl LogClass {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::InfrequentAccess => "INFREQUENT_ACCESS",
            Self::Delivery => "DELIVERY",
            Self::Other => "OTHER",
        }
    }

    fn of(class: Option<&LogGroupClass>) -> Self {
        match class {
            // Groups are older than classes, and emulators know none.
            None | Some(LogGroupClass::Standard) => Self::Standard,
            Some(LogGroupClass::InfrequentAccess) => Self::InfrequentAccess,
            Some(LogGroupClass::Delivery) => Self::Delivery,
            Some(_) => Self::Other,
        }
    }
}

impl LogGroup {
    fn of(group: &Described) -> Option<Self> {
        let name = group.log_group_name()?.to_owned();
        let arn = group.log_group_arn().or_else(|| group.arn()).unwrap_or_default();
        Some(Self {
            arn: arn.strip_suffix(":*").unwrap_or(arn).to_owned(),
            class: LogClass::of(group.log_group_class()),
            retention_days: group.retention_in_days().and_then(|days| u32::try_from(days).ok()),
            stored_bytes: group.stored_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
            created: group.creation_time().map(LogTime),
            is_linked: false,
            name,
        })
    }
}

/// Which log groups, by name.
#[derive(Debug, Clone)]
pub enum GroupPattern {
    /// The one of this name.
    Exact(String),
    /// The one of this ARN, which may be another account's.
    Arn(GroupArn),
    /// Those that a pattern with `*` fits.
    Glob(String),
    /// Those that a regular expression finds something in.
    Regex(Regex),
}

/// What the ARN of a log group says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupArn {
    /// Partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Region.
    pub region: String,
    /// Account.
    pub account: String,
    /// Name.
    pub name: String,
}

impl GroupArn {
    /// Reads `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`, with `:*` or without.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(7, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let name = parts.next()?.split(':').next()?;
        let is_group = arn == "arn" && service == "logs" && kind == "log-group";
        (is_group && !name.is_empty()).then(|| Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl GroupPattern {
    /// Reads a name, an ARN, a pattern with `*`, or a regular expression between slashes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let between_slashes = text
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'))
            .filter(|r| !r.is_empty());
        if text.is_empty() {
            Err("a log group has a name".to_owned())
        } else if let Some(regex) = between_slashes {
            Regex::new(regex).map(Self::Regex).map_err(|error| error.to_string())
        } else if text.starts_with("arn:") {
            GroupArn::parse(text).map(Self::Arn).ok_or_else(|| {
                "this is not the ARN of a log group: arn:aws:logs:REGION:ACCOUNT:log-group:NAME"
                    .to_owned()
            })
        } else if text.contains('*') {
            Ok(Self::Glob(text.to_owned()))
        } else if text.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.#".contains(c)) {
            Ok(Self::Exact(text.to_owned()))
        } else {
            Err("names of log groups have letters, digits and `_-/.#`".to_owned())
        }
    }

    /// Whether a group of this name is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Arn(arn) => arn.name == name,
            Self::Glob(glob) => Glob::new(glob).matches(name),
            Self::Regex(regex) => regex.is_match(name),
        }
    }

    /// What all names begin with that it can stand for.
    pub fn prefix(&self) -> String {
        match self {
            Self::Exact(name) => name.clone(),
            Self::Arn(arn) => arn.name.clone(),
            Self::Glob(glob) => glob.split('*').next().unwrap_or_default().to_owned(),
            Self::Regex(regex) => literal_prefix(regex.as_str()),
        }
    }
}

impl fmt::Display for GroupPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) | Self::Glob(name) => f.write_str(name),
            Self::Arn(GroupArn { partition, region, account, name }) => {
                write!(f, "arn:{partition}:logs:{region}:{account}:log-group:{name}")
            }
            Self::Regex(regex) => write!(f, "/{regex}/"),
        }
    }
}

/// The text that every match begins with; empty where that takes more than reading to `^`.
fn literal_prefix(regex: &str) -> String {
    let mut prefix = String::new();
    let Some(rest) = regex.strip_prefix('^').filter(|rest| !rest.contains('|')) else {
        return prefix;
    };
    let mut characters = rest.chars().peekable();
    while let Some(character) = characters.next() {
        let literal = match character {
            '\\' => characters.next_if(char::is_ascii_punctuation),
            '.' | '[' | '(' | '$' | '^' | '{' | '*' | '+' | '?' => None,
            other => Some(other),
        };
        let is_repeated = matches!(characters.peek(), Some('*' | '?' | '{' | '+'));
        match literal {
            Some(literal) if !is_repeated => prefix.push(literal),
            Some(_) | None => break,
        }
    }
    prefix
}

/// The groups that a pattern stands for, by name.
pub async fn matching(
    caller: &Arc<Caller>,
    pattern: &GroupPattern,
) -> Result<Vec<LogGroup>, CallError> {
    let account = match pattern {
        GroupPattern::Arn(arn) => Some(arn.account.as_str()),
        GroupPattern::Exact(_) | GroupPattern::Glob(_) | GroupPattern::Regex(_) => None,
    };
    let is_one = matches!(pattern, GroupPattern::Exact(_) | GroupPattern::Arn(_));
    let is_meant = |group: &LogGroup| {
        let is_account = account.is_none_or(|account| account_of(&group.arn) == Some(account));
        pattern.matches(&group.name) && is_account
    };
    let mut found = Vec::new();
    let mut pages = Pages::new(caller, pattern.prefix());
    while let Some(page) = pages.next().await? {
        found.extend(page.into_iter().filter(is_meant));
        if is_one && !found.is_empty() {
            break;
        }
    }
    if let (Some(account), true) = (account, found.is_empty()) {
        // A linked account's: only a monitoring account may ask for them, and only by id.
        let mut pages = Pages::new(caller, pattern.prefix()).of_account(account);
        while let Some(page) = pages.next().await? {
            let linked = page.into_iter().filter(is_meant);
            found.extend(linked.map(|group| LogGroup { is_linked: true, ..group }));
        }
    }
    found.sort_by(|a, b| (&a.name, &a.arn).cmp(&(&b.name, &b.arn)));
    Ok(found)
}

/// Names of groups that are like one that there is not. Looking for them is no reason to fail.
pub async fn neighbours(caller: &Arc<Caller>, name: &str) -> Vec<String> {
    // Most names are paths, and the last step is the one that is mistyped.
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut names = listed(caller, folder).await;
    if names.is_empty() && !folder.is_empty() {
        names = listed(caller, "").await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    nearest_few(name, &names, 3)
}

async fn listed(caller: &Arc<Caller>, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut pages = Pages::new(caller, prefix.to_owned());
    for _ in 0..NEIGHBOUR_PAGES {
        let Ok(Some(page)) = pages.next().await else { break };
        names.extend(page.into_iter().map(|group| group.name));
    }
    names
}

fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

/// Answers of `DescribeLogGroups`, one after the other.
struct Pages<'a> {
    caller: &'a Arc<Caller>,
    prefix: String,
    account: Option<String>,
    token: Option<String>,
    is_done: bool,
}

impl<'a> Pages<'a> {
    fn new(caller: &'a Arc<Caller>, prefix: String) -> Self {
        Self { caller, prefix, account: None, token: None, is_done: false }
    }

    fn of_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    async fn next(&mut self) -> Result<Option<Vec<LogGroup>>, CallError> {
        if self.is_done {
            return Ok(None);
        }
        let request = Request {
            action: "logs:DescribeLogGroups",
            target: &self.prefix,
            quota: Quota::Describe,
        };
        let prefix = (!self.prefix.is_empty()).then_some(&self.prefix);
        let answer = self
            .caller
            .logs(request, |client| {
                let mut call = client
                    .describe_log_groups()
                    .limit(PAGE)
                    .set_log_group_name_prefix(prefix.cloned())
                    .set_next_token(self.token.clone());
                if let Some(account) = &self.account {
                    call = call.include_linked_accounts(true).account_identifiers(account);
                }
                call.send()
            })
            .await?;
        let next = answer.next_token().map(str::to_owned);
        // The same token again would go on for ever.
        self.is_done = next.is_none() || next == self.token;
        self.token = next;
        Ok(Some(answer.log_groups().iter().filter_map(LogGroup::of).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_by_their_form() {
        let kind = |text: &str| match GroupPattern::parse(text) {
            Ok(GroupPattern::Exact(_)) => "exact",
            Ok(GroupPattern::Arn(_)) => "arn",
            Ok(GroupPattern::Glob(_)) => "glob",
            Ok(GroupPattern::Regex(_)) => "regex",
            Err(_) => "error",
        };
        assert_eq!(kind("/aws/lambda/orders"), "exact");
        assert_eq!(kind("API-Gateway-Execution-Logs_a1/prod"), "exact");
        assert_eq!(kind("/aws/lambda/shop-*"), "glob");
        assert_eq!(kind("/^\\/aws\\/lambda\\/shop-/"), "regex");
        assert_eq!(kind("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a:*"), "arn");
        for wrong in ["", "/(/", "arn:aws:lambda:eu-west-1:1:function:a", "a b", "a:b"] {
            assert_eq!(kind(wrong), "error", "{wrong}");
        }
    }

    #[test]
    fn an_arn_tells_region_account_and_name() {
        let arn =
            GroupArn::parse("arn:aws-cn:logs:cn-north-1:123:log-group:/a/b:*").expect("an ARN");
        assert_eq!((&*arn.region, &*arn.account, &*arn.name), ("cn-north-1", "123", "/a/b"));
    }

    #[test]
    fn what_all_matches_begin_with_is_asked_for() {
        let prefix = |text: &str| GroupPattern::parse(text).expect("a pattern").prefix();
        assert_eq!(prefix("/aws/lambda/shop-*"), "/aws/lambda/shop-");
        assert_eq!(prefix("*shop*"), "");
        assert_eq!(prefix("/^\\/aws\\/lambda\\/shop-/"), "/aws/lambda/shop-");
        assert_eq!(prefix("/^\\/aws\\/lambdas?\\/shop/"), "/aws/lambda");
        assert_eq!(prefix("/^a.c/"), "a");
        assert_eq!(prefix("/^a\\d/"), "a");
        assert_eq!(prefix("/^abc|x/"), "");
        assert_eq!(prefix("/shop/"), "");
    }
}
