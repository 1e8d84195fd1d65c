//! How an account is reached: profile, region, endpoint and credentials, as the AWS CLI takes them.
//!
//! Must not: be opened by a command that works offline.

use std::sync::{Arc, PoisonError, RwLock};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;

use crate::sources::cloudwatch::error::CallError;

/// What the user says of the account.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A profile of the AWS configuration; `None`: `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// `None`: `AWS_REGION`, else that of the profile.
    pub region: Option<String>,
    /// Where all services are; `None`: `AWS_ENDPOINT_URL`, else AWS.
    pub endpoint_url: Option<String>,
    /// Where CloudWatch Logs is, if elsewhere.
    pub logs_endpoint_url: Option<String>,
    /// Where credentials come from; `None`: from wherever the AWS CLI takes them.
    pub credentials: Option<SharedCredentialsProvider>,
}

/// An account that can be asked.
#[derive(Debug)]
pub struct Account {
    access: Access,
    region: String,
    current: RwLock<Arc<SdkConfig>>,
}

impl Account {
    /// Reads the configuration. Credentials are asked for by the first request.
    pub async fn open(access: Access) -> Result<Self, CallError> {
        let config = load(&access).await;
        let region = config.region().map(ToString::to_string).ok_or_else(CallError::no_region)?;
        Ok(Self { access, region, current: RwLock::new(Arc::new(config)) })
    }

    /// The region, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Reads credentials anew: those that were used have expired.
    pub async fn renew(&self) {
        let config = Arc::new(load(&self.access).await);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// What clients of services other than CloudWatch Logs are made from.
    pub fn config(&self) -> Arc<SdkConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A client for CloudWatch Logs.
    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        let mut config = aws_sdk_cloudwatchlogs::config::Builder::from(&*self.config());
        if let Some(url) = &self.access.logs_endpoint_url {
            config.set_endpoint_url(Some(url.clone()));
        }
        let config = config.interceptor(NoHostPrefix).build();
        aws_sdk_cloudwatchlogs::Client::from_conf(config)
    }
}

async fn load(access: &Access) -> SdkConfig {
    // Requests are retried by `call`, which knows the budget. A live tail lasts for hours: only
    // connecting has a time limit here.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).build());
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(credentials) = &access.credentials {
        loader = loader.credentials_provider(credentials.clone());
    }
    if let Some(url) = &access.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

/// `StartLiveTail` is served at `stream-logs.<region>`, and the SDK puts `stream-` before any host.
/// Endpoints of one's own have no such second name.
#[derive(Debug)]
struct NoHostPrefix;

#[dyn_dispatch_hint]
impl Intercept for NoHostPrefix {
    fn name(&self) -> &'static str {
        "NoHostPrefix"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        if let Some(uri) = without_prefix(request.uri()) {
            request.set_uri(uri)?;
        }
        Ok(())
    }
}

/// The address without a prefix that its host cannot have.
fn without_prefix(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let host = rest.strip_prefix("stream-").or_else(|| rest.strip_prefix("streaming-"))?;
    let is_of_aws = host.starts_with("logs.") || host.starts_with("logs-fips.");
    (!is_of_aws).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::without_prefix;

    #[test]
    fn only_hosts_of_aws_have_a_streaming_name() {
        assert_eq!(without_prefix("https://stream-logs.eu-west-1.amazonaws.com/"), None);
        assert_eq!(without_prefix("https://logs.eu-west-1.amazonaws.com/"), None);
        assert_eq!(
            without_prefix("http://stream-127.0.0.1:4566/"),
            Some("http://127.0.0.1:4566/".to_owned())
        );
        assert_eq!(
            without_prefix("https://stream-vpce-1.logs.eu-west-1.vpce.amazonaws.com/"),
            Some("https://vpce-1.logs.eu-west-1.vpce.amazonaws.com/".to_owned())
        );
    }
}
