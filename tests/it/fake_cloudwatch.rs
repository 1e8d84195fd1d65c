//! The fake CloudWatch itself, asked by the real SDK: what the tests of `query` and `tail` stand on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};
use corscope::sources::cloudwatch::access::{Access, Account};
use corscope::sources::cloudwatch::call::Caller;

use crate::fake::Fake;

mod faults;
mod history;
mod live;
mod queries;

pub(crate) const GROUP: &str = "/aws/lambda/shop";
/// 22 November 2026, 10:00 UTC.
pub(crate) const TEN: i64 = 1_795_341_600_000;

/// Gives another access key each time it is asked.
#[derive(Debug, Default)]
struct Keys(AtomicU64);

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let key = format!("AKIAFAKE{:012}", self.0.fetch_add(1, Ordering::Relaxed));
        future::ProvideCredentials::ready(Ok(Credentials::new(key, "secret", None, None, "test")))
    }
}

/// Does the work with one who may ask the fake, and fails if it takes a minute.
pub(crate) fn ask<T>(fake: &Fake, work: impl AsyncFnOnce(Arc<Caller>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let account = Account::open(Access {
            region: Some("eu-central-1".to_owned()),
            endpoint_url: Some(fake.endpoint()),
            credentials: Some(SharedCredentialsProvider::new(Keys::default())),
            ..Access::default()
        });
        let account = account.await.expect("an account");
        let work = work(Caller::new(account, Some(1000.0)));
        tokio::time::timeout(Duration::from_mins(1), work).await.expect("an answer in a minute")
    })
}

/// As [`ask`], for the client alone: no request is tried again.
pub(crate) fn with_client<T>(fake: &Fake, work: impl AsyncFnOnce(Client) -> T) -> T {
    ask(fake, async |caller: Arc<Caller>| work(caller.account().logs()).await)
}

/// The ARN of a group, as Live Tail wants it.
pub(crate) fn arn(group: &str) -> String {
    format!("arn:aws:logs:eu-central-1:123456789012:log-group:{group}")
}

/// The code of a refusal.
#[track_caller]
#[expect(clippy::panic, reason = "the test has failed")]
pub(crate) fn code<T: std::fmt::Debug, E: ProvideErrorMetadata, R>(
    answer: Result<T, SdkError<E, R>>,
) -> String {
    match answer {
        Ok(answer) => panic!("an answer instead of an error: {answer:?}"),
        Err(error) => error.code().unwrap_or("none").to_owned(),
    }
}
