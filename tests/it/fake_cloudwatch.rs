//! The fake CloudWatch itself, asked by the real SDK: what the tests of `query` and `tail` stand on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use aws_sdk_cloudwatchlogs::types::StartLiveTailResponseStream as Update;
use corscope::sources::cloudwatch::access::{Access, Account};
use corscope::sources::cloudwatch::budget::Quota;
use corscope::sources::cloudwatch::call::{Caller, Request};
use corscope::sources::cloudwatch::event::EventId;

use crate::fake::{Class, Fake};

const GROUP: &str = "/aws/lambda/shop";
/// 22 November 2026, 10:00 UTC.
const TEN: i64 = 1_795_341_600_000;

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
fn ask<T>(fake: &Fake, work: impl AsyncFnOnce(Arc<Caller>) -> T) -> T {
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
fn with_client<T>(fake: &Fake, work: impl AsyncFnOnce(Client) -> T) -> T {
    ask(fake, async |caller: Arc<Caller>| work(caller.account().logs()).await)
}

#[test]
fn an_event_comes_back_as_it_was_put() {
    let fake = Fake::start_at(TEN);
    let ids = fake.put(GROUP, "one", &[(TEN, "hello")]);
    with_client(&fake, async |client| {
        let answer = client.filter_log_events().log_group_name(GROUP).send().await.expect("events");
        let event = &answer.events()[0];
        assert_eq!(event.message(), Some("hello"));
        assert_eq!(event.event_id(), Some(ids[0].as_str()));
    });
}

#[test]
fn a_live_tail_tells_what_is_put() {
    let fake = Fake::start_at(TEN);
    fake.update_every(Duration::from_millis(20));
    fake.put(GROUP, "one", &[(TEN, "before")]);
    with_client(&fake, async |client| {
        let arn = format!("arn:aws:logs:eu-central-1:123456789012:log-group:{GROUP}");
        let answer = client.start_live_tail().log_group_identifiers(arn).send().await;
        let mut stream = answer.expect("a session").response_stream;
        assert!(matches!(stream.recv().await, Ok(Some(Update::SessionStart(_)))));
        fake.put(GROUP, "one", &[(TEN + 1, "hello")]);
        loop {
            let Ok(Some(Update::SessionUpdate(update))) = stream.recv().await else {
                panic!("no update");
            };
            if let Some(event) = update.session_results().first() {
                assert_eq!(event.message(), Some("hello"));
                break;
            }
        }
    });
}
