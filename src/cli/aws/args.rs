//! Options that commands share which ask an AWS account.
//!
//! Must not: name an option that does not work.

use std::future::Future;
use std::io::{self, Read as _};
use std::sync::Arc;

use clap::Args;
use corscope::sources::cloudwatch::access::{Access, Account};
use corscope::sources::cloudwatch::call::Caller;
use corscope::sources::cloudwatch::target::Target;

use crate::cli::error::CliError;

/// Where the logs are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
#[group(multiple = true)]
pub(crate) struct TargetOptions {
    /// A log group: its name or ARN, a pattern with `*`, or a regular expression between slashes
    /// (`/^\/aws\/lambda\/shop-/`); `-` reads names from standard input. Repeatable.
    #[arg(long, value_name = "NAME|ARN|GLOB|/REGEX/")]
    pub(crate) group: Vec<String>,

    /// A REST API, with its stage or all of them: execution log, access log, and the logs of the
    /// functions behind it. Repeatable.
    #[arg(long, value_name = "ID[/STAGE]")]
    pub(crate) api: Vec<String>,

    /// An HTTP or WebSocket API, likewise. HTTP APIs have no execution log. Repeatable.
    #[arg(long, value_name = "ID[/STAGE]")]
    pub(crate) http_api: Vec<String>,

    /// A Lambda function: the log group that it is configured with. Repeatable.
    #[arg(long, value_name = "NAME|ARN")]
    pub(crate) function: Vec<String>,

    /// A CloudFormation stack: its APIs and functions, nested stacks included. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Vec<String>,

    /// What a browser asks: an address of API Gateway, a custom domain, or a function URL. Repeatable.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Vec<String>,
}

/// What is read of standard input: names of all log groups that an account can have.
const LONGEST: u64 = 64 * 1024 * 1024;

impl TargetOptions {
    /// The targets, in the order of the options. `--group -` reads standard input.
    pub(crate) fn targets(&self) -> Result<Vec<Target>, CliError> {
        let mut targets = Vec::new();
        for text in &self.group {
            if text == "-" {
                let mut names = String::new();
                let stdin = io::stdin().lock();
                stdin.take(LONGEST).read_to_string(&mut names).map_err(CliError::Stdin)?;
                let names = names.lines().map(str::trim).filter(|name| !name.is_empty());
                read(&mut targets, "--group -", names, Target::group)?;
            } else {
                read(&mut targets, "--group", [text.as_str()], Target::group)?;
            }
        }
        read(&mut targets, "--api", texts(&self.api), Target::rest_api)?;
        read(&mut targets, "--http-api", texts(&self.http_api), Target::http_api)?;
        read(&mut targets, "--function", texts(&self.function), Target::function)?;
        read(&mut targets, "--stack", texts(&self.stack), Target::stack)?;
        read(&mut targets, "--url", texts(&self.url), Target::url)?;
        if targets.is_empty() { Err(CliError::NoTarget) } else { Ok(targets) }
    }
}

fn texts(values: &[String]) -> impl Iterator<Item = &str> {
    values.iter().map(String::as_str)
}

/// Reads the values of an option.
fn read<'a>(
    targets: &mut Vec<Target>,
    option: &'static str,
    texts: impl IntoIterator<Item = &'a str>,
    parse: fn(&str) -> Result<Target, String>,
) -> Result<(), CliError> {
    for text in texts {
        let problem =
            |problem| CliError::Option { option, problem: format!("`{text}`: {problem}") };
        targets.push(parse(text).map_err(problem)?);
    }
    Ok(())
}

/// How the account is reached, as in the AWS CLI.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct AccessOptions {
    /// A profile of the AWS configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// The region.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Where to send all requests, instead of to AWS.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// Where to send requests to CloudWatch Logs.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL_LOGS", hide = true)]
    pub(crate) logs_endpoint_url: Option<String>,

    /// At most so many requests a second for each operation; without it half of what AWS allows the
    /// account in the region.
    #[arg(long, value_name = "NUMBER", value_parser = max_tps)]
    pub(crate) max_tps: Option<f64>,
}

fn max_tps(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| (0.1..=1000.0).contains(number))
        .ok_or_else(|| "write a number from 0.1 to 1000".to_owned())
}

impl AccessOptions {
    /// Opens the account. Nothing is asked yet.
    pub(crate) async fn open(&self) -> Result<Arc<Caller>, CliError> {
        let access = Access {
            profile: self.profile.clone(),
            region: self.region.clone(),
            // An option counts more than the environment, for every service.
            logs_endpoint_url: match &self.endpoint_url {
                Some(_) => None,
                None => self.logs_endpoint_url.clone(),
            },
            endpoint_url: self.endpoint_url.clone(),
            credentials: None,
        };
        let account = Account::open(access).await.map_err(CliError::Aws)?;
        Ok(Caller::new(account, self.max_tps))
    }
}

/// Runs a command that waits for answers: one thread takes them, this one does the rest.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().map_err(CliError::Runtime)?;
    let done = runtime.block_on(work);
    // Requests that nobody waits for any more are let go.
    runtime.shutdown_background();
    done
}
