//! Every request to the account goes through here: at its turn, again if that may help, and with
//! everything counted.
//!
//! Must not: know what a request is about.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::sleep;

use crate::sources::cloudwatch::access::Account;
use crate::sources::cloudwatch::budget::{Budget, Quota, quota};
use crate::sources::cloudwatch::error::{CallError, Cause};

/// How often a request is tried that fails for a reason that may pass.
const TRIES: u32 = 5;
/// How often one is tried that is throttled: the rate falls each time, so this is minutes.
const THROTTLED_TRIES: u32 = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_mins(1);

/// The share of the account's quota that is taken unless told otherwise.
pub const SHARE: f64 = 0.5;

/// Asks an account, within a budget.
#[derive(Debug)]
pub struct Caller {
    account: Account,
    budgets: [Budget; 5],
    throttled: AtomicU64,
}

/// One request: what policies call it, what it is about, and which quota it takes from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `logs:FilterLogEvents`.
    pub action: &'static str,
    /// The log group or whatever else it is about.
    pub target: &'a str,
    /// The quota.
    pub quota: Quota,
}

impl Caller {
    /// Takes half of the quota of the account's region, or `max_tps` requests a second.
    pub fn new(account: Account, max_tps: Option<f64>) -> Arc<Self> {
        let rate = |of| match max_tps {
            Some(most) => most,
            None => quota(of, account.region()) * SHARE,
        };
        let budgets = [
            Quota::Filter,
            Quota::StartQuery,
            Quota::QueryResults,
            Quota::Describe,
            Quota::LiveTail,
        ]
        .map(|of| Budget::new(rate(of)));
        Arc::new(Self { account, budgets, throttled: AtomicU64::new(0) })
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The budget of a quota.
    fn budget(&self, quota: Quota) -> Option<&Budget> {
        self.budgets.get(quota as usize)
    }

    /// Requests that were throttled since this was asked last.
    pub fn take_throttled(&self) -> u64 {
        self.throttled.swap(0, Ordering::Relaxed)
    }

    /// Makes a request to CloudWatch Logs. `send` is called again where trying again may help: after
    /// throttling, failures of the network or the service, and once with new credentials.
    pub async fn logs<T, E, R, F>(
        &self,
        request: Request<'_>,
        mut send: impl FnMut(aws_sdk_cloudwatchlogs::Client) -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug,
    {
        self.any(request, || send(self.account.logs())).await
    }

    /// Where credentials are missing, whose they were to be.
    fn named(&self, mut error: CallError) -> CallError {
        let is_about_them = matches!(error.cause, Cause::NoCredentials | Cause::Expired);
        if let Some(profile) = self.account.profile().filter(|_| is_about_them) {
            error.message = format!("profile `{profile}`: {}", error.message);
        }
        error
    }

    /// As [`Self::logs`], for any service: `send` makes its client from [`Account::config`].
    pub async fn any<T, E, R, F>(
        &self,
        request: Request<'_>,
        mut send: impl FnMut() -> F,
    ) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug,
    {
        let (mut tries, mut throttled, mut renewed) = (0, 0, false);
        let mut pause = FIRST_PAUSE;
        let budget = self.budget(request.quota);
        loop {
            if let Some(budget) = budget {
                budget.turn().await;
            }
            let error = match tokio::time::timeout(ANSWER, send()).await {
                Ok(Ok(answer)) => {
                    if let Some(budget) = budget {
                        budget.passed();
                    }
                    return Ok(answer);
                }
                Ok(Err(error)) => {
                    self.named(CallError::new(request.action, request.target, &error))
                }
                Err(_) => CallError {
                    action: request.action,
                    target: request.target.to_owned(),
                    cause: Cause::Unreachable,
                    code: None,
                    message: "no answer in 60 seconds".to_owned(),
                },
            };
            match error.cause {
                Cause::Throttled => {
                    self.throttled.fetch_add(1, Ordering::Relaxed);
                    if let Some(budget) = budget {
                        budget.throttled();
                    }
                    throttled += 1;
                    if throttled >= THROTTLED_TRIES {
                        return Err(error);
                    }
                }
                Cause::Unreachable | Cause::Service => {
                    tries += 1;
                    if tries >= TRIES {
                        return Err(error);
                    }
                }
                Cause::Expired | Cause::InvalidCredentials if !renewed => {
                    renewed = true;
                    self.account.renew().await;
                    continue;
                }
                Cause::Expired
                | Cause::InvalidCredentials
                | Cause::Denied
                | Cause::NoCredentials
                | Cause::NoRegion
                | Cause::NotFound
                | Cause::WrongClass
                | Cause::LimitExceeded
                | Cause::Invalid => return Err(error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
