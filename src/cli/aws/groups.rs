//! `corscope groups`: what a target stands for.
//!
//! Must not: read a log.

use std::io::{self, Write as _};

use clap::Args;
use corscope::output::contract::{SCHEMA, append_json};
use corscope::output::escape::visible;
use corscope::sources::cloudwatch::target::{Problem, Resolved, ResolvedGroup, resolve};
use serde::Serialize;

use crate::cli::args::ListFormat;
use crate::cli::aws::args::{AccessOptions, TargetOptions, block_on};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::{bytes, print, table};

pub(crate) const EXAMPLES: &str = "\
Examples:
  corscope groups --api a1b2c3d4e5/prod             execution, access and function logs
  corscope groups --group '/aws/lambda/shop-*'
  corscope groups --url https://api.shop.example/v1/orders --profile shop

Exit codes:
  0  there are log groups; what could not be resolved is told on standard error
  2  usage error
  3  there are none";

/// Options of `groups`.
#[derive(Debug, Args)]
pub(crate) struct GroupsOptions {
    #[command(flatten)]
    target: TargetOptions,

    #[command(flatten)]
    access: AccessOptions,

    /// table or json.
    #[arg(
        long,
        value_name = "FORMAT",
        help_heading = "Output",
        value_enum,
        hide_possible_values = true,
        default_value = "table"
    )]
    format: ListFormat,
}

/// A log group, as printed.
#[derive(Debug, Serialize)]
pub(crate) struct GroupRow<'a> {
    name: &'a str,
    arn: Option<&'a str>,
    kind: &'static str,
    class: &'static str,
    retention_days: Option<u32>,
    stored_bytes: Option<u64>,
    created_at: Option<String>,
    because: &'a [String],
}

impl<'a> GroupRow<'a> {
    pub(crate) fn new(resolved: &'a ResolvedGroup) -> Self {
        let group = &resolved.group;
        Self {
            name: &group.name,
            arn: Some(group.arn.as_str()).filter(|arn| !arn.is_empty()),
            kind: resolved.kind.as_str(),
            class: group.class.as_str(),
            retention_days: group.retention_days,
            stored_bytes: group.stored_bytes,
            created_at: group.created.map(|time| time.to_string()),
            because: &resolved.because,
        }
    }
}

/// Something that could not be resolved, as printed.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemRow<'a> {
    target: &'a str,
    problem: &'a str,
    advice: &'a str,
    nearest: &'a [String],
    action: Option<&'static str>,
    code: Option<&'a str>,
}

impl<'a> ProblemRow<'a> {
    pub(crate) fn new(problem: &'a Problem) -> Self {
        let error = problem.error.as_ref();
        Self {
            target: &problem.target,
            problem: &problem.what,
            advice: &problem.advice,
            nearest: &problem.nearest,
            action: error.map(|error| error.action),
            code: error.and_then(|error| error.code.as_deref()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    groups: Vec<GroupRow<'a>>,
    problems: Vec<ProblemRow<'a>>,
}

/// Runs the command.
pub(crate) fn run(options: &GroupsOptions) -> Result<ExitStatus, CliError> {
    let targets = options.target.targets()?;
    let resolved = block_on(async {
        let caller = options.access.open().await?;
        Ok(resolve(&caller, &targets).await)
    })?;
    tell(&resolved.problems);
    match options.format {
        ListFormat::Table if resolved.groups.is_empty() => {}
        ListFormat::Table => {
            print(&shown(&resolved))?;
        }
        ListFormat::Json => {
            let document = Document {
                schema: SCHEMA,
                groups: resolved.groups.iter().map(GroupRow::new).collect(),
                problems: resolved.problems.iter().map(ProblemRow::new).collect(),
            };
            let mut bytes = Vec::new();
            append_json(&mut bytes, &document).map_err(CliError::Write)?;
            bytes.push(b'\n');
            print(&String::from_utf8_lossy(&bytes))?;
        }
    }
    Ok(if resolved.groups.is_empty() { ExitStatus::NotAnalyzed } else { ExitStatus::Clean })
}

/// Tells on standard error what could not be resolved.
pub(crate) fn tell(problems: &[Problem]) {
    let mut stderr = io::stderr().lock();
    for problem in problems {
        // There is nobody left to tell if this fails.
        let _ = writeln!(stderr, "warning: {}", visible(&problem.to_string()));
    }
}

/// The groups as a table.
pub(crate) fn shown(resolved: &Resolved) -> String {
    let rows = resolved.groups.iter().map(|resolved| {
        let group = &resolved.group;
        let retention = match group.retention_days {
            Some(1) => "1 day".to_owned(),
            Some(days) => format!("{days} days"),
            None => "for ever".to_owned(),
        };
        [
            group.name.clone(),
            resolved.kind.as_str().to_owned(),
            group.class.as_str().to_lowercase().replace('_', " "),
            retention,
            group.stored_bytes.map_or_else(|| "?".to_owned(), bytes),
            resolved.because.join("; "),
        ]
    });
    table(["LOG GROUP", "KIND", "CLASS", "KEPT", "SIZE", "BECAUSE OF"], rows)
}
