//! Who asks, and what may be asked: each request tried once, as cheaply as it can be.
//!
//! Must not: leave a query or a session running.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use aws_credential_types::provider::ProvideCredentials;

use crate::model::LogTime;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::groups::{LogClass, LogGroup};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// Who, in it.
    pub arn: String,
    /// When the credentials end, where they tell.
    pub expires: Option<LogTime>,
}

/// A request that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// As policies name it.
    pub action: &'static str,
    /// What came of it.
    pub answer: Answer,
}

/// What came of a request that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was answered, or refused for a reason that only comes behind the permission.
    Allowed,
    /// It is not allowed.
    Denied(CallError),
    /// Nobody can tell.
    Unknown(CallError),
    /// Nothing that was found takes it.
    NotNeeded(&'static str),
    /// It was not tried, because there is nothing to try it on.
    NotTried(&'static str),
}

impl Answer {
    /// What an error tells about the permission.
    pub fn of(error: CallError) -> Self {
        match error.cause {
            Cause::Denied => Self::Denied(error),
            Cause::NotFound
            | Cause::WrongClass
            | Cause::LimitExceeded
            | Cause::Invalid
            | Cause::Throttled => Self::Allowed,
            Cause::Expired
            | Cause::InvalidCredentials
            | Cause::NoCredentials
            | Cause::NoRegion
            | Cause::Unreachable
            | Cause::Service => Self::Unknown(error),
        }
    }

    fn of_result<T>(result: Result<T, CallError>) -> Self {
        result.map_or_else(Self::of, |_| Self::Allowed)
    }
}

/// Asks who asks. Everybody may.
pub async fn identity(caller: &Arc<Caller>) -> Result<Identity, CallError> {
    let request = Request { action: "sts:GetCallerIdentity", target: "", quota: Quota::Describe };
    let answer = caller
        .any(request, || {
            aws_sdk_sts::Client::new(&caller.account().config()).get_caller_identity().send()
        })
        .await?;
    Ok(Identity {
        account: answer.account().unwrap_or_default().to_owned(),
        arn: answer.arn().unwrap_or_default().to_owned(),
        expires: expiry(caller).await,
    })
}

async fn expiry(caller: &Arc<Caller>) -> Option<LogTime> {
    let config = caller.account().config();
    let credentials = config.credentials_provider()?.provide_credentials().await.ok()?;
    let since = credentials.expiry()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(LogTime)
}

/// Tries what reading takes, on the groups that were found. `now` is the window of a query that ends
/// at once.
pub async fn reading(caller: &Arc<Caller>, groups: &[LogGroup], now: LogTime) -> Vec<Permission> {
    let standard = groups.iter().find(|group| group.class == LogClass::Standard);
    let any = groups.iter().find(|group| group.class != LogClass::Delivery);
    let mut tried = vec![Permission {
        action: "logs:DescribeLogGroups",
        answer: Answer::of_result(describe(caller).await),
    }];
    let nothing = match any {
        Some(_) => Answer::NotNeeded("no log group is of class standard"),
        None => Answer::NotTried("no log group was found"),
    };
    let (filter, live) = match standard {
        Some(group) => (filter(caller, group).await, live_tail(caller, group).await),
        None => (nothing.clone(), nothing),
    };
    tried.push(Permission { action: "logs:FilterLogEvents", answer: filter });
    tried.push(Permission { action: "logs:StartLiveTail", answer: live });
    match any {
        Some(group) => tried.extend(query(caller, group, now).await),
        None => tried.extend(QUERY.map(|action| Permission {
            action,
            answer: Answer::NotTried("no log group was found"),
        })),
    }
    tried
}

const QUERY: [&str; 3] = ["logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery"];

async fn describe(caller: &Arc<Caller>) -> Result<(), CallError> {
    let request = Request { action: "logs:DescribeLogGroups", target: "", quota: Quota::Describe };
    caller.logs(request, |client| client.describe_log_groups().limit(1).send()).await.map(drop)
}

async fn filter(caller: &Arc<Caller>, group: &LogGroup) -> Answer {
    let request =
        Request { action: "logs:FilterLogEvents", target: &group.name, quota: Quota::Filter };
    let answer = caller.logs(request, |client| {
        let call = client.filter_log_events().limit(1);
        let call = if group.is_linked {
            call.log_group_identifier(&group.arn)
        } else {
            call.log_group_name(&group.name)
        };
        call.send()
    });
    Answer::of_result(answer.await)
}

async fn live_tail(caller: &Arc<Caller>, group: &LogGroup) -> Answer {
    if group.arn.is_empty() {
        return Answer::NotTried("the ARN of the log group is not known");
    }
    let request =
        Request { action: "logs:StartLiveTail", target: &group.name, quota: Quota::LiveTail };
    // The session ends when its connection does: here, with the answer that is dropped.
    let answer = caller
        .logs(request, |client| client.start_live_tail().log_group_identifiers(&group.arn).send());
    Answer::of_result(answer.await)
}

/// Starts a query over one second, looks at it, and stops it.
async fn query(caller: &Arc<Caller>, group: &LogGroup, now: LogTime) -> Vec<Permission> {
    let seconds = now.0 / 1000;
    let target = group.name.as_str();
    let request = |action, quota| Request { action, target, quota };
    let [start, results, stop] = QUERY;
    let started = caller
        .logs(request(start, Quota::StartQuery), |client| {
            let call = client.start_query().start_time(seconds - 1).end_time(seconds);
            let call = if group.is_linked {
                call.log_group_identifiers(&group.arn)
            } else {
                call.log_group_name(target)
            };
            call.query_string("fields @timestamp | limit 1").send()
        })
        .await;
    let id = match started {
        Ok(answer) => answer.query_id().map(str::to_owned),
        Err(error) => {
            let not_tried = Answer::NotTried("no query could be started");
            return vec![
                Permission { action: start, answer: Answer::of(error) },
                Permission { action: results, answer: not_tried.clone() },
                Permission { action: stop, answer: not_tried },
            ];
        }
    };
    let got = caller.logs(request(results, Quota::QueryResults), |client| {
        client.get_query_results().set_query_id(id.clone()).send()
    });
    let got = Answer::of_result(got.await);
    let stopped = caller.logs(request(stop, Quota::QueryResults), |client| {
        client.stop_query().set_query_id(id.clone()).send()
    });
    // A query that has ended cannot be stopped, which is as good.
    let stopped = Answer::of_result(stopped.await);
    vec![
        Permission { action: start, answer: Answer::Allowed },
        Permission { action: results, answer: got },
        Permission { action: stop, answer: stopped },
    ]
}

/// A gateway response of a REST API, as far as it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayResponse {
    /// `DEFAULT_4XX`, `UNAUTHORIZED`, ...
    pub kind: String,
    /// Whether it has a header `Access-Control-Allow-Origin`.
    pub allows_origin: bool,
    /// Whether nobody changed it.
    pub is_default: bool,
}

/// The gateway responses of a REST API.
pub async fn gateway_responses(
    caller: &Arc<Caller>,
    api: &str,
) -> Result<Vec<GatewayResponse>, CallError> {
    const HEADER: &str = "gatewayresponse.header.access-control-allow-origin";
    let path = format!("/restapis/{api}/gatewayresponses");
    let request = Request { action: "apigateway:GET", target: &path, quota: Quota::Describe };
    // There are about twenty kinds, fewer than one answer holds.
    let answer = caller
        .any(request, || {
            let client = aws_sdk_apigateway::Client::new(&caller.account().config());
            client.get_gateway_responses().rest_api_id(api).limit(500).send()
        })
        .await?;
    let responses = answer.items().iter().filter_map(|response| {
        let mut headers = response.response_parameters().into_iter().flatten();
        Some(GatewayResponse {
            kind: response.response_type()?.as_str().to_owned(),
            allows_origin: headers.any(|(name, _)| name.eq_ignore_ascii_case(HEADER)),
            is_default: response.default_response(),
        })
    });
    Ok(responses.collect())
}
