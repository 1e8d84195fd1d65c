//! Which sinks there are: those of the command line, and those of the configuration.
//!
//! Must not: take a secret from the command line.

use std::path::PathBuf;

use corscope::model::Severity;
use corscope::notify::configured::{SENDMAIL, TIMEOUT};
use corscope::notify::settings::{SecretRef, SinkSettings, SinkTarget};

use crate::cli::check::options::SinkOptions;
use crate::cli::error::CliError;

/// All sinks; no two have the same name.
pub(crate) fn all(
    options: &SinkOptions,
    configured: Vec<SinkSettings>,
) -> Result<Vec<SinkSettings>, CliError> {
    let mut sinks = configured;
    for target in named(options)? {
        let kind = target.as_str();
        let is_taken = |name: &str| sinks.iter().any(|sink| sink.name == name);
        let mut name = kind.to_owned();
        let mut number = 2;
        while is_taken(&name) {
            name = format!("{kind}-{number}");
            number += 1;
        }
        sinks.push(SinkSettings { name, target, min_severity: Severity::Info, events: Vec::new() });
    }
    Ok(sinks)
}

/// The sinks of the command line, in the order of its help.
fn named(options: &SinkOptions) -> Result<Vec<SinkTarget>, CliError> {
    let mut targets = Vec::new();
    let secret = options.webhook_secret.as_deref();
    let key = secret.map(|text| secret_ref("--webhook-secret", text)).transpose()?;
    for text in &options.webhook {
        let url = SecretRef::parse(text)
            .map_err(|problem| CliError::Option { option: "--webhook", problem })?;
        targets.push(SinkTarget::Webhook { url, secret: key.clone(), headers: Vec::new() });
    }
    for text in &options.slack {
        targets.push(SinkTarget::Slack { url: secret_ref("--slack", text)? });
    }
    for text in &options.teams {
        targets.push(SinkTarget::Teams { url: secret_ref("--teams", text)? });
    }
    for text in &options.pagerduty {
        let routing_key = secret_ref("--pagerduty", text)?;
        targets.push(SinkTarget::PagerDuty { routing_key, url: None });
    }
    for text in &options.opsgenie {
        targets.push(SinkTarget::Opsgenie { api_key: secret_ref("--opsgenie", text)?, url: None });
    }
    #[cfg(feature = "aws")]
    {
        let sns = options.sns.iter().map(|topic| SinkTarget::Sns { topic: topic.clone() });
        targets.extend(sns);
        let buses = options.eventbridge.iter();
        targets.extend(buses.map(|bus| SinkTarget::EventBridge { bus: bus.clone() }));
    }
    if !options.mail.is_empty() {
        targets.push(SinkTarget::Mail {
            to: options.mail.clone(),
            from: None,
            sendmail: PathBuf::from(SENDMAIL),
        });
    }
    for text in &options.on_finding {
        let argv = shlex::split(text).filter(|argv| !argv.is_empty());
        let argv = argv.ok_or_else(|| CliError::Option {
            option: "--on-finding",
            problem: format!("`{text}` is no command line: a quote is not closed, or it is empty"),
        })?;
        targets.push(SinkTarget::Command { argv, timeout: TIMEOUT });
    }
    Ok(targets)
}

/// Where a secret stands; never the secret itself.
fn secret_ref(option: &'static str, text: &str) -> Result<SecretRef, CliError> {
    let problem = |problem| CliError::Option { option, problem };
    let reference = SecretRef::parse(text).map_err(problem)?;
    if reference.is_plain() {
        return Err(problem(
            "this is a secret, and everybody on this machine can see command lines; write \
             `env:NAME`, `file:PATH` or `cmd:PROGRAM`"
                .to_owned(),
        ));
    }
    Ok(reference)
}
