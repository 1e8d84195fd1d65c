//! What can go wrong with a request to AWS, in words: what was tried, on what, why it failed, what to do.
//!
//! Must not: show a debug dump.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// A request that failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// The operation: `logs:FilterLogEvents`, as policies name it.
    pub action: &'static str,
    /// What it was about: a log group, an API, a function.
    pub target: String,
    /// Why it failed.
    pub cause: Cause,
    /// The code that AWS gave.
    pub code: Option<String>,
    /// What AWS, or the network, said.
    pub message: String,
}

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The quota of the account is used up.
    Throttled,
    /// A permission is missing.
    Denied,
    /// The credentials were valid once.
    Expired,
    /// The credentials are none that AWS knows, or the signature is wrong.
    InvalidCredentials,
    /// There are no credentials.
    NoCredentials,
    /// There is no region.
    NoRegion,
    /// It does not exist, in this region and account.
    NotFound,
    /// Not for this log class.
    WrongClass,
    /// Too many sessions or queries at a time.
    LimitExceeded,
    /// Something in the request is not valid.
    Invalid,
    /// No connection.
    Unreachable,
    /// An error of the service, or an answer that is none.
    Service,
}

impl Cause {
    fn of(code: &str, message: &str) -> Self {
        match code {
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown" => Self::Throttled,
            "AccessDeniedException"
            | "AccessDenied"
            | "UnauthorizedOperation"
            | "NotAuthorized"
            | "ForbiddenException"
            | "AuthorizationError" => Self::Denied,
            "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => Self::Expired,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature"
            | "InvalidAccessKeyId" => Self::InvalidCredentials,
            "ResourceNotFoundException" | "NotFoundException" | "NotFound" => Self::NotFound,
            // CloudFormation has no code of its own for it.
            "ValidationError" if message.contains("does not exist") => Self::NotFound,
            "InvalidOperationException" => Self::WrongClass,
            "LimitExceededException" => Self::LimitExceeded,
            "InvalidParameterException"
            | "MalformedQueryException"
            | "ValidationException"
            | "ValidationError"
            | "BadRequestException"
            | "InvalidParameterValueException" => Self::Invalid,
            _ => Self::Service,
        }
    }
}

impl CallError {
    /// What went wrong with a request.
    pub fn new<E, R>(action: &'static str, target: &str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: fmt::Debug,
    {
        let failed = |cause, code: Option<&str>, message: String| Self {
            action,
            target: target.to_owned(),
            cause,
            code: code.map(str::to_owned),
            message,
        };
        match error {
            SdkError::ServiceError(context) => {
                let error = context.err();
                let message = error.message().unwrap_or_default();
                match error.code() {
                    Some(code) => failed(Cause::of(code, message), Some(code), message.to_owned()),
                    None => failed(Cause::Service, None, "an answer without a code".to_owned()),
                }
            }
            SdkError::DispatchFailure(failure) => {
                let message = failure.as_connector_error().map_or_else(
                    || "the request could not be sent".to_owned(),
                    |error| chain(error),
                );
                let cause = cause_of_dispatch(&message);
                failed(cause, None, plain(cause, message))
            }
            SdkError::TimeoutError(_) => {
                failed(Cause::Unreachable, None, "no answer in time".to_owned())
            }
            SdkError::ResponseError(_) => {
                failed(Cause::Service, None, "the answer cannot be read".to_owned())
            }
            SdkError::ConstructionFailure(_) => {
                let message = chain(error);
                failed(cause_of_dispatch(&message), None, message)
            }
            _ => failed(Cause::Service, None, chain(error)),
        }
    }

    /// Where no region is set.
    pub fn no_region() -> Self {
        Self {
            action: "configuration",
            target: String::new(),
            cause: Cause::NoRegion,
            code: None,
            message: "no region is set".to_owned(),
        }
    }

    /// Whether any other request would fail for the same reason.
    pub fn is_about_everything(&self) -> bool {
        match self.cause {
            Cause::Expired
            | Cause::InvalidCredentials
            | Cause::NoCredentials
            | Cause::NoRegion
            | Cause::Unreachable => true,
            Cause::Throttled
            | Cause::Denied
            | Cause::NotFound
            | Cause::WrongClass
            | Cause::LimitExceeded
            | Cause::Invalid
            | Cause::Service => false,
        }
    }

    /// Whether it may be better the next time: it worked before, or nobody refused it.
    pub fn may_pass(&self) -> bool {
        match self.cause {
            Cause::Throttled
            | Cause::Expired
            | Cause::InvalidCredentials
            | Cause::NoCredentials
            | Cause::LimitExceeded
            | Cause::Unreachable
            | Cause::Service => true,
            Cause::Denied
            | Cause::NoRegion
            | Cause::NotFound
            | Cause::WrongClass
            | Cause::Invalid => false,
        }
    }

    /// What to do about it; one sentence.
    pub fn advice(&self) -> String {
        match self.cause {
            Cause::Throttled => {
                "the account's quota is used up by others: try later, or with a lower `--max-tps`"
                    .to_owned()
            }
            Cause::Denied => format!(
                "allow `{}` to this identity (`corscope iam` prints the whole policy)",
                self.action
            ),
            Cause::Expired => {
                "the session has expired: log in again (`aws sso login`), or renew the credentials"
                    .to_owned()
            }
            Cause::InvalidCredentials => {
                "these credentials are not valid: check `--profile` and `aws sts \
                 get-caller-identity`"
                    .to_owned()
            }
            Cause::NoCredentials => {
                "no credentials were found: name a `--profile`, run `aws configure` or `aws sso \
                 login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned()
            }
            Cause::NoRegion => "name it by `--region`, AWS_REGION, or in the profile".to_owned(),
            Cause::NotFound => "check the name, the region and the account".to_owned(),
            Cause::WrongClass => {
                "this log class cannot be read that way: `--engine insights` can".to_owned()
            }
            Cause::LimitExceeded => "too many run at a time in this account: try later".to_owned(),
            Cause::Invalid => "this is what AWS says about the request".to_owned(),
            Cause::Unreachable => "check the network, the region and `--endpoint-url`".to_owned(),
            Cause::Service => "try again; AWS, or what stands before it, failed".to_owned(),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        if !self.target.is_empty() {
            write!(f, " on `{}`", self.target)?;
        }
        write!(f, ": ")?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        write!(f, "{}; {}", self.message.trim_end_matches('.'), self.advice())
    }
}

impl Error for CallError {}

/// The last place that is asked for credentials is the metadata service of EC2; that it is not there is
/// no news outside of EC2.
fn plain(cause: Cause, message: String) -> String {
    if cause == Cause::NoCredentials && message.contains("IMDS") {
        return "neither environment, profile, web identity, container nor instance has credentials"
            .to_owned();
    }
    message.strip_prefix("other: ").map(str::to_owned).unwrap_or(message)
}

fn cause_of_dispatch(message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if speaks_of(&["credential", "sso session", "sso token", "access token", "session token"]) {
        // The SDK tells expired sessions and absent ones by text alone.
        if lower.contains("expired") { Cause::Expired } else { Cause::NoCredentials }
    } else if lower.contains("region") {
        Cause::NoRegion
    } else {
        Cause::Unreachable
    }
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
