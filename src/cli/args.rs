//! The options, and nothing else.
//!
//! Must not: name an option that does not work.

use std::path::PathBuf;

use chrono::FixedOffset;
use clap::{Args, Parser, Subcommand, ValueEnum};
use corscope::model::Severity;
use corscope::report::settings::{Glob, StatusRange};
use corscope::rules::words::{Place, Scope};

#[cfg(feature = "aws")]
use crate::cli::aws;
use crate::cli::check;
use crate::cli::ranges::{self, FailOn};
use crate::cli::time;

const EXAMPLES: &str = "\
Examples:
  corscope scan export/                             an S3 export, with all its folders
  corscope scan api.log lambda.log.gz               what belongs together is joined by request id
  aws logs tail GROUP --since 2h | corscope scan    from a pipe
  corscope scan logs/ --format jsonl --show exchanges --output report.jsonl
  corscope scan logs/ --allow-origin https://app.example.com --fail-on warning

Exit codes:
  0  analyzed, nothing at or above --fail-on
  1  analyzed, something at or above --fail-on
  2  usage or configuration error
  3  not analyzed, or only in part, and nothing found in the rest";

#[cfg(feature = "aws")]
const QUERY_EXAMPLES: &str = "\
Examples:
  corscope query --group 'API-Gateway-Execution-Logs_abc123/prod' --since 2h
  corscope query --group '/aws/lambda/shop-*' --since 'yesterday 14:00' --until 'yesterday 15:00'
  corscope query --group NAME --since 7d --engine insights --max-scan 20GB --format jsonl

Exit codes:
  0  analyzed, nothing at or above --fail-on
  1  analyzed, something at or above --fail-on
  2  usage or configuration error
  3  not analyzed, or only in part, and nothing found in the rest";

#[cfg(feature = "aws")]
const TAIL_EXAMPLES: &str = "\
Examples:
  corscope tail --api a1b2c3d4e5/prod               an API with everything behind it
  corscope tail --group '/aws/lambda/shop-*' --since 1h
  corscope tail --stack shop --format jsonl --exit-on-finding --max-duration 10m
  corscope tail --function orders --until-idle 1m   in a script: until nothing more comes

Exit codes:
  0  analyzed, nothing at or above --fail-on
  1  analyzed, something at or above --fail-on
  2  usage or configuration error
  3  not analyzed, or only in part, and nothing found in the rest";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  corscope explain PreflightInvalidStatus           what a reason means, and what may be behind it
  corscope explain lambda-timeout                   the rules of a class
  corscope explain acao-mismatch --for node         one rule, and its fix in a function for Node.js
  pbpaste | corscope explain -                      a console message from the clipboard

Exit codes:
  0  explained
  2  usage error, or nothing that is known";

/// Explains CORS failures from CloudWatch Logs: what the browser decided, what caused it, what to
/// change.
#[derive(Debug, Parser)]
#[command(name = "corscope", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Analyze exports and saved output: files, folders, standard input.
    ///
    /// The container is detected: S3 exports, AWS CLI output (JSON or text), Insights results,
    /// subscription payloads, HAR files, plain text; gzip and zstd are unpacked. On a terminal, a scan
    /// that takes long shows on standard error how far it is.
    #[command(after_help = EXAMPLES)]
    Scan(Box<ScanOptions>),
    /// Analyze what log groups of an AWS account hold of a time window.
    ///
    /// Targets are log groups, APIs, functions, stacks or addresses; what belongs to them is looked up.
    /// Without `--since` the last hour is read.
    #[cfg(feature = "aws")]
    #[command(after_help = QUERY_EXAMPLES)]
    Query(Box<crate::cli::aws::query::QueryOptions>),
    /// Follow log groups of an AWS account, and tell findings as they come.
    ///
    /// A finding is told when its request is complete, or when nothing more came for `--join-wait`;
    /// repeats are counted. Ctrl-C ends it with a summary.
    #[cfg(feature = "aws")]
    #[command(after_help = TAIL_EXAMPLES)]
    Tail(Box<crate::cli::aws::tail::TailOptions>),
    /// Analyze what is new since the last run, and alert: for cron.
    ///
    /// What one run read, counted and told is in the state file. Alerts are findings at or above
    /// `--fail-on`; each is told when it comes up, again if asked for, and when it is over.
    #[command(after_help = check::options::EXAMPLES)]
    Check(Box<check::options::CheckOptions>),
    /// Show what a state file of `check` holds.
    #[command(subcommand)]
    State(check::options::StateCommand),
    /// List, show, write, check and test rules, and ask why one did not fire.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Say what a console message, a reason, a rule or a class means, and how to find the proof.
    ///
    /// Put the message in quotes, or pipe it in: what Chrome, Edge, Firefox and Safari print, of any
    /// version. It is recognized, not executed; commands that are printed quote what came from it.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainOptions),
    /// Show which log groups a target stands for: what they hold, their class, retention and size.
    #[cfg(feature = "aws")]
    #[command(after_help = aws::groups::EXAMPLES)]
    Groups(Box<aws::groups::GroupsOptions>),
    /// Check whether the logs of a target can answer: credentials, permissions, logging settings.
    #[cfg(feature = "aws")]
    #[command(after_help = aws::doctor::EXAMPLES)]
    Doctor(Box<aws::doctor::DoctorOptions>),
    /// Print the least that an identity must be allowed, as an IAM policy.
    ///
    /// Everything in it reads; it needs no account to print.
    #[cfg(feature = "aws")]
    Iam(aws::iam::IamOptions),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// Rule id, page id, reason, class, or a console message; several words are joined; `-` reads
    /// standard input.
    #[arg(value_name = "QUERY")]
    pub(crate) query: Vec<String>,

    /// Only fixes for this place: console, cli, sam, cdk, terraform, serverless, node, python, java,
    /// go, csharp, function-url, http-api, cloudfront, alb, client, other.
    #[arg(long = "for", value_name = "PLACE", value_parser = ranges::place)]
    pub(crate) place: Option<Place>,

    /// human, json (one object), or markdown.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        default_value = "human"
    )]
    pub(crate) format: ExplainFormat,

    /// When to use colors.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// Formats of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people.
    Human,
    /// One object.
    Json,
    /// For a ticket.
    Markdown,
}

/// Options of `scan`.
#[derive(Debug, Args)]
pub(crate) struct ScanOptions {
    /// Files and folders; `-` is standard input, which is also read when no path is given.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Threads to use at most: with 2, one reads and decodes ahead of the other, which analyzes; more
    /// are not used. The report is the same. Without it, 2 where there are two processors, and 1 for a
    /// single short file.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    #[command(flatten)]
    pub(crate) analysis: AnalysisOptions,
}

/// What every analysis takes, whatever it reads.
#[derive(Debug, Args)]
pub(crate) struct AnalysisOptions {
    #[command(flatten)]
    pub(crate) window: WindowOptions,

    #[command(flatten)]
    pub(crate) report: ReportOptions,

    #[command(flatten)]
    pub(crate) rules: RuleOptions,

    #[command(flatten)]
    pub(crate) output: OutputOptions,
}

/// Which rules, and which of their findings are news.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleOptions {
    #[command(flatten)]
    pub(crate) set: SetOptions,

    /// Report only findings that are not in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Write this run's findings to the baseline, in place of what it held.
    #[arg(long)]
    pub(crate) write_baseline: bool,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// All rules that a run would use.
    List {
        /// table or json.
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
        #[command(flatten)]
        rules: SetOptions,
    },
    /// One rule as its file has it: a start for a rule of your own, or for replacing it.
    Show {
        /// The rule's id.
        id: String,
        /// With the logs of its examples.
        #[arg(long)]
        examples: bool,
        #[command(flatten)]
        rules: SetOptions,
    },
    /// Write a rule file that passes its tests, and the JSON Schema of rule files beside it.
    New {
        /// The rule's id: small letters, digits and hyphens.
        id: String,
        /// The folder to write to.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
        /// What it looks at: exchange, route, api.
        #[arg(long, default_value = "exchange", value_parser = ranges::scope)]
        scope: Scope,
    },
    /// Say what is wrong with rule files, and what they lack.
    Lint {
        /// Rule files and folders of them.
        #[arg(value_name = "DIR", required = true)]
        paths: Vec<PathBuf>,
    },
    /// Run the examples of rule files; without any, those of the built-in rules.
    Test {
        /// Rule files and folders of them.
        #[arg(value_name = "DIR")]
        paths: Vec<PathBuf>,
    },
    /// All facts that conditions can ask: type, meaning, where they are seen, an example.
    Facts {
        /// table or json.
        #[arg(long, value_enum, default_value = "table")]
        format: ListFormat,
    },
    /// Why a rule did, or did not, fire on a request: each part of its condition.
    Why(WhyOptions),
    /// Print the JSON Schema of rule files, for editors.
    Schema,
}

/// Forms of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people.
    Table,
    /// One array.
    Json,
}

/// Which rules there are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct SetOptions {
    /// A rule file, or a folder of them, beside the built-in rules. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,

    /// The configuration; without it `corscope.toml`, if the current folder has one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Options of `rules why`.
#[derive(Debug, Args)]
pub(crate) struct WhyOptions {
    /// The request: the gateway's id, its extended id, or Lambda's.
    #[arg(value_name = "REQUEST_ID")]
    pub(crate) request: String,

    /// The rule's id.
    #[arg(value_name = "RULE")]
    pub(crate) rule: String,

    /// The log: files and folders; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Show tokens, cookies and other secrets as they were logged.
    #[arg(long)]
    pub(crate) no_redact: bool,

    #[command(flatten)]
    pub(crate) set: SetOptions,
}

/// Which part of the log.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct WindowOptions {
    /// Only events from then on: `90m`, `2h ago`, `yesterday 14:00`, RFC 3339, a date, epoch.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,

    /// Only events up to then, in the same forms.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,

    /// Offset from UTC of times without one, and of times shown to people.
    #[arg(long, value_name = "OFFSET", default_value = "UTC", value_parser = time::parse_zone, allow_hyphen_values = true)]
    pub(crate) tz: FixedOffset,
}

/// What is reported, and what fails.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct ReportOptions {
    /// Exit with 1 if there is a finding of this severity or a worse one: info, warning, error,
    /// never.
    #[arg(long, value_name = "LEVEL", default_value = "error", value_parser = ranges::fail_on)]
    pub(crate) fail_on: FailOn,

    /// Show only findings of this severity or a worse one: info, warning, error.
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = ranges::severity)]
    pub(crate) min_severity: Severity,

    /// Only exchanges on this route or path; `*` stands for anything. Repeatable.
    #[arg(long, value_name = "ROUTE", value_parser = ranges::glob)]
    pub(crate) route: Vec<Glob>,

    /// Only exchanges from this origin; `*` stands for anything. Repeatable.
    #[arg(long, value_name = "ORIGIN", value_parser = ranges::origin)]
    pub(crate) origin: Vec<Glob>,

    /// Only exchanges with this status: `502`, `5xx`, `500-599`. Repeatable.
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = ranges::status)]
    pub(crate) status: Vec<StatusRange>,

    /// An origin that should work; then refusing any other is as intended, and no failure.
    /// Repeatable.
    #[arg(long, value_name = "ORIGIN", value_parser = ranges::origin)]
    pub(crate) allow_origin: Vec<Glob>,

    /// A rule that is not to report. Repeatable.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) disable: Vec<String>,

    /// Another severity for a rule. Repeatable.
    #[arg(long, value_name = "ID=LEVEL", value_delimiter = ',', value_parser = ranges::rule_severity)]
    pub(crate) severity: Vec<(String, Severity)>,
}

/// How it is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// human, json (one document), or jsonl (one object a line).
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = ranges::format)]
    pub(crate) format: Format,

    /// Write to this file, which is replaced only when the report is complete.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Show more than findings.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) show: Vec<Show>,

    /// When to use colors.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// In format human, print nothing when all is well and everything was read; never show how far a
    /// scan is.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Show tokens, cookies and other secrets as they were logged.
    #[arg(long)]
    pub(crate) no_redact: bool,
}

/// Formats of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One document.
    Json,
    /// One object a line.
    Jsonl,
}

/// What can be shown besides findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// Every exchange with its verdict.
    Exchanges,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
