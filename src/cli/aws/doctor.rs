//! `corscope doctor`: asks, and has the answers examined.
//!
//! Must not: judge.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use corscope::doctor::{Answers, Examination, Health, examine, write_human};
use corscope::output::contract::{SCHEMA, append_json};
use corscope::sources::cloudwatch::call::Caller;
use corscope::sources::cloudwatch::error::CallError;
use corscope::sources::cloudwatch::groups::LogGroup;
use corscope::sources::cloudwatch::permissions::{self, Identity};
use corscope::sources::cloudwatch::target::settings::ApiKind;
use corscope::sources::cloudwatch::target::{Target, resolve};
use serde::Serialize;

use crate::cli::aws::args::{AccessOptions, TargetOptions, block_on};
use crate::cli::aws::groups::{GroupRow, ProblemRow, shown};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::terminal::Environment;
use crate::cli::time;

pub(crate) const EXAMPLES: &str = "\
Examples:
  corscope doctor --api a1b2c3d4e5/prod
  corscope doctor --stack shop --format json

Each permission is tried with a request that reads next to nothing; a query over one second is
started and stopped, and a live tail opened and closed.

Exit codes:
  0  all is well
  1  something could be better
  2  usage error
  3  it cannot be told";

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    target: TargetOptions,

    #[command(flatten)]
    access: AccessOptions,

    /// human or json (one object).
    #[arg(
        long,
        value_name = "FORMAT",
        help_heading = "Output",
        value_enum,
        hide_possible_values = true,
        default_value = "human"
    )]
    format: DoctorFormat,
}

/// Formats of an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DoctorFormat {
    /// For people.
    Human,
    /// One object.
    Json,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    region: &'a str,
    identity: Option<IdentityRow<'a>>,
    groups: Vec<GroupRow<'a>>,
    problems: Vec<ProblemRow<'a>>,
    #[serde(flatten)]
    found: &'a Examination,
}

#[derive(Debug, Serialize)]
struct IdentityRow<'a> {
    account: &'a str,
    arn: &'a str,
    expires_at: Option<String>,
}

impl<'a> IdentityRow<'a> {
    fn new(identity: &'a Identity) -> Self {
        Self {
            account: &identity.account,
            arn: &identity.arn,
            expires_at: identity.expires.map(|time| time.to_string()),
        }
    }
}

/// Runs the command.
pub(crate) fn run(options: &DoctorOptions) -> Result<ExitStatus, CliError> {
    let targets = options.target.targets()?;
    let answers = block_on(async {
        let caller = options.access.open().await?;
        Ok(ask(&caller, &targets).await)
    })?;
    let found = examine(&answers);
    let mut out = io::stdout().lock();
    let written = match options.format {
        DoctorFormat::Human => {
            let width = Environment::read().width();
            let groups = match answers.resolved.groups.as_slice() {
                [] => String::new(),
                [..] => format!("\n{}", shown(&answers.resolved)),
            };
            write_human(&mut out, &found, width).and_then(|()| out.write_all(groups.as_bytes()))
        }
        DoctorFormat::Json => {
            let document = Document {
                schema: SCHEMA,
                region: &answers.region,
                identity: answers.identity.as_ref().ok().map(IdentityRow::new),
                groups: answers.resolved.groups.iter().map(GroupRow::new).collect(),
                problems: answers.resolved.problems.iter().map(ProblemRow::new).collect(),
                found: &found,
            };
            let mut bytes = Vec::new();
            append_json(&mut bytes, &document).and_then(|()| {
                bytes.push(b'\n');
                out.write_all(&bytes)
            })
        }
    };
    written.and_then(|()| out.flush()).map_err(CliError::Write)?;
    Ok(match found.health {
        Health::Well => ExitStatus::Clean,
        Health::Improve => ExitStatus::Findings,
        Health::Unknown => ExitStatus::NotAnalyzed,
    })
}

/// Asks everything; what fails is an answer, too.
async fn ask(caller: &Arc<Caller>, targets: &[Target]) -> Answers {
    let region = caller.account().region().to_owned();
    let identity = permissions::identity(caller).await;
    let resolved = resolve(caller, targets).await;
    // Without credentials, or a network, every further answer would be the same.
    let errors = resolved.problems.iter().filter_map(|problem| problem.error.as_ref());
    let is_pointless = errors.into_iter().any(CallError::is_about_everything);
    let permissions = if is_pointless {
        Vec::new()
    } else {
        let groups: Vec<LogGroup> =
            resolved.groups.iter().map(|resolved| resolved.group.clone()).collect();
        permissions::reading(caller, &groups, time::now()).await
    };
    let stages = resolved.settings.stages.iter().filter(|stage| stage.kind == ApiKind::Rest);
    let apis: BTreeSet<String> = stages.map(|stage| stage.api.clone()).collect();
    let mut gateway_responses = Vec::new();
    for api in apis {
        let responses = permissions::gateway_responses(caller, &api).await;
        gateway_responses.push((api, responses));
    }
    Answers { identity, region, permissions, resolved, gateway_responses }
}
