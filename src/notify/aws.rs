//! How a sink in an AWS account is told: one request, on a runtime of its own, for a limited time; and
//! what is said when it fails.
//!
//! Must not: repeat a request. Whoever delivers does, and knows how often.

use std::error::Error;
use std::fmt;
use std::thread;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use tokio::runtime::{Builder, Runtime};

use crate::notify::text::plain;
use crate::notify::{DeliveryError, Retry};
use crate::output::redact::Redaction;

/// How long a request may take, credentials included.
const LIMIT: Duration = Duration::from_secs(30);
/// Characters of what AWS says.
const LONGEST: usize = 300;

/// What is asked of whom, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// As policies name it: `sns:Publish`.
    pub(crate) action: &'static str,
    /// The ARN or the name of a topic or a bus.
    pub(crate) target: &'a str,
}

/// Runs requests. It may be used and dropped anywhere, within another runtime too; who calls waits.
#[derive(Debug)]
pub(crate) struct Courier {
    runtime: Option<Runtime>,
}

impl Courier {
    pub(crate) fn new() -> Result<Self, DeliveryError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(lost)?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// The answer to `work`, or why there is none.
    pub(crate) fn run<T, E, F>(
        &self,
        request: Request<'_>,
        work: impl FnOnce() -> F + Send,
    ) -> Result<T, DeliveryError>
    where
        T: Send,
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, Response>>>,
    {
        let Some(runtime) = &self.runtime else { return Err(lost("it has ended")) };
        let asked = || {
            runtime.block_on(async {
                match tokio::time::timeout(LIMIT, work()).await {
                    Ok(answer) => answer.map_err(|error| request.failed(&error)),
                    Err(_) => Err(request.said(Why::Unreachable, None, "no answer in 30 seconds")),
                }
            })
        };
        // A runtime cannot wait for another one on the same thread.
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("courier".to_owned());
            let running = thread.spawn_scoped(scope, asked).map_err(lost)?;
            running.join().unwrap_or_else(|_| Err(lost("it broke off")))
        })
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // The usual end waits, which is forbidden within another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What clients are made from: a request is made once.
pub(crate) fn once(config: &SdkConfig) -> SdkConfig {
    config.to_builder().retry_config(RetryConfig::disabled()).build()
}

/// The region of an ARN of this service whose last part begins so, and the last part; `None`: it is
/// no such ARN.
pub(crate) fn parse_arn<'a>(arn: &'a str, service: &str) -> Option<(&'a str, &'a str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [scheme, partition, of, region, account, name] = parts.as_slice() else { return None };
    let is_word = |text: &str, other: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || other.contains(c))
    };
    let is_fine = *scheme == "arn"
        && partition.starts_with("aws")
        && is_word(partition, "-")
        && *of == service
        && is_word(region, "-")
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && is_word(name, "-_./");
    is_fine.then_some((region, name))
}

/// Why AWS did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Throttled,
    Denied,
    Credentials,
    NotFound,
    Invalid,
    Unreachable,
    Service,
}

impl Why {
    /// By the code of the answer, and where that says nothing, by its status.
    pub(crate) fn of(code: &str, status: u16) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
        if has(&["Throttl", "TooManyRequests", "LimitExceeded", "SlowDown"]) || status == 429 {
            Self::Throttled
        } else if has(&[
            "ExpiredToken",
            "RequestExpired",
            "UnrecognizedClient",
            "InvalidClientTokenId",
            "InvalidSignature",
            "SignatureDoesNotMatch",
            "MissingAuthentication",
            "IncompleteSignature",
            "InvalidAccessKeyId",
        ]) {
            Self::Credentials
        } else if has(&["AccessDenied", "NotAuthorized", "AuthorizationError", "Forbidden"]) {
            Self::Denied
        } else if has(&["NotFound"]) || status == 404 {
            Self::NotFound
        } else if has(&["Internal", "Unavailable"])
            || !(400..500).contains(&status)
            || status == 408
        {
            Self::Service
        } else if status == 403 {
            Self::Denied
        } else {
            Self::Invalid
        }
    }

    pub(crate) fn retry(self) -> Retry {
        match self {
            Self::Throttled | Self::Credentials | Self::Unreachable | Self::Service => Retry::Later,
            Self::Denied | Self::NotFound | Self::Invalid => Retry::Never,
        }
    }
}

impl Request<'_> {
    /// One sentence: the action, the target, the code, what AWS said, what to do.
    pub(crate) fn said(self, why: Why, code: Option<&str>, message: &str) -> DeliveryError {
        let code = code.map_or_else(String::new, |code| format!("{}: ", plain(code, 100)));
        let message = Redaction::On.text(message);
        let message = plain(message.trim_end_matches('.'), LONGEST);
        let advice = self.advice(why, &code);
        let Self { action, target } = self;
        let target = plain(target, LONGEST);
        let problem = format!("{action} on `{target}`: {code}{message}; {advice}");
        DeliveryError { problem, retry: why.retry() }
    }

    fn advice(self, why: Why, code: &str) -> String {
        match why {
            Why::Denied if code.starts_with("KMS") || code.starts_with("Kms") => {
                "allow `kms:GenerateDataKey*` and `kms:Decrypt` on its key to this identity"
                    .to_owned()
            }
            Why::Denied => format!("allow `{}` on it to this identity", self.action),
            Why::Credentials => {
                "renew the credentials (`aws sso login`), or check `--profile` and \
                                 `aws sts get-caller-identity`"
                    .to_owned()
            }
            Why::NotFound => "check the name, the region and the account".to_owned(),
            Why::Invalid => "this is what AWS says about the request".to_owned(),
            Why::Throttled => "the quota is used up by others".to_owned(),
            Why::Unreachable => "check the network, the region and `--endpoint-url`".to_owned(),
            Why::Service => "AWS, or what stands before it, failed".to_owned(),
        }
    }

    fn failed<E>(self, error: &SdkError<E, Response>) -> DeliveryError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                let (code, message) = (context.err().code(), context.err().message());
                let message = message.map_or_else(|| format!("status {status}"), str::to_owned);
                self.said(Why::of(code.unwrap_or_default(), status), code, &message)
            }
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                let message = format!("an answer that cannot be read, status {status}");
                self.said(Why::Service, None, &message)
            }
            SdkError::DispatchFailure(failure) => {
                let message = failure
                    .as_connector_error()
                    .map_or_else(|| "the request could not be sent".to_owned(), |e| chain(e));
                self.said(unsent(&message, Why::Unreachable), None, &message)
            }
            SdkError::TimeoutError(_) => self.said(Why::Unreachable, None, "no answer in time"),
            SdkError::ConstructionFailure(_) => {
                let message = chain(error);
                self.said(unsent(&message, Why::Invalid), None, &message)
            }
            _ => self.said(Why::Service, None, &chain(error)),
        }
    }
}

/// That there are no credentials is told by words alone.
fn unsent(message: &str, otherwise: Why) -> Why {
    let lower = message.to_ascii_lowercase();
    let is_about_them =
        ["credential", "sso ", "token", "identity"].iter().any(|word| lower.contains(word));
    if is_about_them { Why::Credentials } else { otherwise }
}

/// An error with what stands behind it, each part once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        source = error.source();
    }
    text
}

fn lost(error: impl fmt::Display) -> DeliveryError {
    let problem = format!("requests to AWS cannot be made: {error}");
    DeliveryError { problem, retry: Retry::Later }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again() {
        let check = |code: &str, status: u16, why: Why, retry: Retry| {
            assert_eq!((Why::of(code, status), why.retry()), (why, retry), "{code} {status}");
        };
        check("Throttling", 400, Why::Throttled, Retry::Later);
        check("ThrottlingException", 400, Why::Throttled, Retry::Later);
        check("KMSThrottling", 400, Why::Throttled, Retry::Later);
        check("", 429, Why::Throttled, Retry::Later);
        check("InternalError", 500, Why::Service, Retry::Later);
        check("InternalFailure", 400, Why::Service, Retry::Later);
        check("", 503, Why::Service, Retry::Later);
        check("ExpiredToken", 403, Why::Credentials, Retry::Later);
        check("AuthorizationError", 403, Why::Denied, Retry::Never);
        check("AccessDeniedException", 400, Why::Denied, Retry::Never);
        check("KMSAccessDenied", 400, Why::Denied, Retry::Never);
        check("", 403, Why::Denied, Retry::Never);
        check("NotFound", 404, Why::NotFound, Retry::Never);
        check("ResourceNotFoundException", 400, Why::NotFound, Retry::Never);
        check("InvalidParameter", 400, Why::Invalid, Retry::Never);
        check("ValidationException", 400, Why::Invalid, Retry::Never);
    }

    #[test]
    fn the_region_is_that_of_the_arn() {
        let sns = |arn| parse_arn(arn, "sns");
        let topic = "arn:aws:sns:eu-west-1:123456789012:alerts.fifo";
        assert_eq!(sns(topic), Some(("eu-west-1", "alerts.fifo")));
        let topic = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:alerts";
        assert_eq!(sns(topic), Some(("us-gov-west-1", "alerts")));
        for bad in [
            "alerts",
            "arn:aws:sqs:eu-west-1:123456789012:alerts",
            "arn:aws:sns::123456789012:alerts",
            "arn:aws:sns:eu-west-1:12345:alerts",
            "arn:aws:sns:eu-west-1:123456789012:",
            "arn:aws:sns:eu-west-1:123456789012:alerts:11111111-2222-3333-4444-555555555555",
            "arn:aws:sns:evil.example/:123456789012:alerts",
        ] {
            assert_eq!(sns(bad), None, "{bad}");
        }
    }
}
