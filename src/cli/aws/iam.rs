//! `corscope iam`: the policy that all commands together need.
//!
//! Must not: allow anything that writes, or that unmasks what was masked.

use clap::{Args, ValueEnum};

use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::print;

/// Options of `iam`.
#[derive(Debug, Args)]
pub(crate) struct IamOptions {
    /// json: a policy document.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        default_value = "json"
    )]
    format: PolicyFormat,
}

/// Formats of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PolicyFormat {
    /// As IAM takes it.
    Json,
}

/// What the program asks, service by service. `tests/it/doctor.rs` compares it with the requests in
/// the code.
const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadLogs",
      "Effect": "Allow",
      "Action": [
        "logs:DescribeLogGroups",
        "logs:FilterLogEvents",
        "logs:GetQueryResults",
        "logs:StartLiveTail",
        "logs:StartQuery",
        "logs:StopQuery"
      ],
      "Resource": "*"
    },
    {
      "Sid": "FindTheLogsOfApis",
      "Effect": "Allow",
      "Action": "apigateway:GET",
      "Resource": [
        "arn:aws:apigateway:*::/apis",
        "arn:aws:apigateway:*::/apis/*",
        "arn:aws:apigateway:*::/domainnames/*",
        "arn:aws:apigateway:*::/restapis",
        "arn:aws:apigateway:*::/restapis/*"
      ]
    },
    {
      "Sid": "FindTheLogsOfFunctionsAndStacks",
      "Effect": "Allow",
      "Action": [
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionUrlConfig",
        "lambda:ListFunctionUrlConfigs",
        "lambda:ListFunctions"
      ],
      "Resource": "*"
    }
  ]
}
"#;

/// Runs the command.
pub(crate) fn run(options: &IamOptions) -> Result<ExitStatus, CliError> {
    match options.format {
        PolicyFormat::Json => print(POLICY),
    }
}
