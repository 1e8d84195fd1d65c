//! Options of `check` and of `state`.
//!
//! Must not: name an option that does not work.

use std::path::PathBuf;
use std::time::Duration;

use chrono::FixedOffset;
use clap::{Args, Subcommand, ValueEnum};
use corscope::alert::policy::{Policy, Runs};

use crate::cli::args::{ReportOptions, RuleOptions};
#[cfg(feature = "aws")]
use crate::cli::aws::args::{AccessOptions, TargetOptions};
use crate::cli::ranges;
use crate::cli::time::{self, parse_duration};

pub(crate) const EXAMPLES: &str = "\
Examples:
  corscope check --api a1b2c3d4e5/prod --state /var/lib/corscope/shop.json --slack env:SLACK_URL
  corscope check --group '/aws/lambda/shop-*' --state shop.json --on-finding '/usr/local/bin/page'
  corscope check /var/log/api --state api.json --for 2/3 --repeat 4h
  corscope check --test-alert --pagerduty file:/etc/corscope/routing-key
  corscope state show shop.json

Exit codes:
  0  analyzed, nothing at or above --fail-on in what is new
  1  analyzed, something at or above --fail-on
  2  usage or configuration error
  3  not analyzed, or only in part, and nothing found in the rest
With --nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, by the alerts that are open.";

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// Files and folders. What was read of them is remembered; what is appended, and files that
    /// come, are new.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub(crate) targets: Option<TargetOptions>,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub(crate) access: AccessOptions,

    /// How much Logs Insights may scan in one run, which AWS bills. It is used for groups of class
    /// Infrequent Access only.
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = ranges::bytes, help_heading = "Account")]
    pub(crate) max_scan: u64,

    #[command(flatten)]
    pub(crate) state: StateOptions,

    #[command(flatten)]
    pub(crate) alerts: AlertOptions,

    #[command(flatten)]
    pub(crate) sinks: SinkOptions,

    #[command(flatten)]
    pub(crate) report: ReportOptions,

    #[command(flatten)]
    pub(crate) rules: RuleOptions,

    #[command(flatten)]
    pub(crate) output: CheckOutputOptions,
}

/// What is left from run to run, and how far a run looks back.
#[derive(Debug, Args)]
#[command(next_help_heading = "State")]
pub(crate) struct StateOptions {
    /// What one run leaves to the next: how far logs were read, which requests were counted, alerts,
    /// and what could not be delivered. Written in one step, with a file `.lock` beside it.
    #[arg(long, value_name = "FILE", required_unless_present = "test_alert")]
    pub(crate) state: Option<PathBuf>,

    /// The first run reads from then on. A log group that comes up later is read from the last run on.
    #[arg(long, value_name = "TIME", default_value = "15m", allow_hyphen_values = true)]
    pub(crate) since: String,

    /// After a pause everything is read that was missed, but no more than this. What is left out is
    /// told.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_duration)]
    pub(crate) max_catch_up: Duration,

    /// Read again so much of what was read before, for events that came late.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = parse_duration)]
    pub(crate) overlap: Duration,

    /// How long a request waits for lines of its other logs; one that may not be over is left to the
    /// next run.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = parse_duration)]
    pub(crate) join_wait: Duration,

    /// Wait for a run that uses the same state. Without it, the second one ends at once, with 0.
    #[arg(long)]
    pub(crate) wait: bool,

    /// Put a state file aside that cannot be used, as FILE.old, and begin anew.
    #[arg(long)]
    pub(crate) reset_state: bool,

    /// Offset from UTC of times without one.
    #[arg(long, value_name = "OFFSET", default_value = "UTC", value_parser = time::parse_zone, allow_hyphen_values = true)]
    pub(crate) tz: FixedOffset,

    /// Take this as the time of the run, for trying things out.
    #[arg(long, value_name = "TIME", hide = true)]
    pub(crate) now: Option<String>,
}

/// Which findings are told, and how often.
#[derive(Debug, Args)]
#[command(next_help_heading = "Alerts")]
pub(crate) struct AlertOptions {
    /// Remind of an alert that is still met; without it, it is told once.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) repeat: Option<Duration>,

    /// Only what was met in so many of the last runs: `2/3`.
    #[arg(long = "for", value_name = "N/M", default_value = "1/1", value_parser = runs)]
    pub(crate) runs: Runs,

    /// Only what so many requests of one run met.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) min_count: u64,

    /// Only what this share of the browsers' requests on its route met: `5%`, or 0.05.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_rate: Option<f64>,

    /// An alert is over when it was not met for so long, and everything was read.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = parse_duration)]
    pub(crate) resolve_after: Duration,
}

/// Who is told; more, and several of a kind, in `corscope.toml`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sinks")]
pub(crate) struct SinkOptions {
    /// Post each alert as JSON to this address; `env:NAME`, `file:PATH` or `cmd:PROGRAM` if it is a
    /// secret.
    #[arg(long, value_name = "URL|REF")]
    pub(crate) webhook: Vec<String>,

    /// Sign what is posted to webhooks with this key.
    #[arg(long, value_name = "REF", requires = "webhook")]
    pub(crate) webhook_secret: Option<String>,

    /// A Slack incoming webhook.
    #[arg(long, value_name = "REF")]
    pub(crate) slack: Vec<String>,

    /// A Microsoft Teams workflow that takes Adaptive Cards.
    #[arg(long, value_name = "REF")]
    pub(crate) teams: Vec<String>,

    /// A PagerDuty integration key, Events API v2.
    #[arg(long, value_name = "REF")]
    pub(crate) pagerduty: Vec<String>,

    /// An Opsgenie API key.
    #[arg(long, value_name = "REF")]
    pub(crate) opsgenie: Vec<String>,

    /// An SNS topic.
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "ARN")]
    pub(crate) sns: Vec<String>,

    /// An EventBridge bus.
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "NAME|ARN")]
    pub(crate) eventbridge: Vec<String>,

    /// A mail address, through the local `sendmail`.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mail: Vec<String>,

    /// A program that gets each alert as JSON on its standard input. No shell.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) on_finding: Vec<String>,

    /// Metrics of the run, for Prometheus's textfile collector.
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics_file: Option<PathBuf>,

    /// A dead man's switch as healthchecks.io has it: told that a run begins, and how it ended.
    #[arg(long, value_name = "URL|REF")]
    pub(crate) ping_url: Option<String>,

    /// Send a test alert to each sink, and do nothing else.
    #[arg(long)]
    pub(crate) test_alert: bool,

    /// Wait at most so long, in all, before a sink is tried again; what is left waits for the next
    /// run.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub(crate) retry_for: Duration,

    /// Keep at most so much of what a sink could not be told; what matters least goes first, and that
    /// is told.
    #[arg(long, value_name = "SIZE", default_value = "4MB", value_parser = ranges::bytes)]
    pub(crate) spool_size: u64,
}

/// What is printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CheckOutputOptions {
    /// human (nothing where there is nothing to say), json (one object, always), or emf (metrics in
    /// CloudWatch's Embedded Metric Format, for runs in Lambda and ECS).
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        default_value = "human"
    )]
    pub(crate) format: CheckFormat,

    /// Print a monitoring plugin's line, and exit as such: 0, 1, 2 or 3.
    #[arg(long, conflicts_with = "format")]
    pub(crate) nagios: bool,

    /// Print what has this very command line run from time to time, and run nothing: systemd (a
    /// service and a timer) or crontab (a line).
    #[arg(
        long,
        value_name = "SCHEDULER",
        value_enum,
        hide_possible_values = true,
        conflicts_with_all = ["test_alert", "now"]
    )]
    pub(crate) print: Option<Scheduler>,

    /// How often, with --print; 5 minutes unless told otherwise.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "print")]
    pub(crate) every: Option<Duration>,

    /// Print nothing of alerts.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Show tokens, cookies and other secrets as they were logged, and send them.
    #[arg(long)]
    pub(crate) no_redact: bool,
}

/// Forms of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people, and for the mail that cron sends.
    Human,
    /// One object.
    Json,
    /// Metrics.
    Emf,
}

/// What runs a command line from time to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheduler {
    /// A service and a timer.
    Systemd,
    /// A line for cron.
    Crontab,
}

/// Forms of what a state file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateFormat {
    /// For people.
    Human,
    /// One object.
    Json,
}

/// What to do with a state file.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Say what a state file holds: how far logs were read, alerts, what waits for delivery.
    Show {
        /// The file.
        file: PathBuf,
        /// human, or json (the file's own form, without the ids of requests).
        #[arg(long, value_enum, default_value = "human")]
        format: StateFormat,
    },
}

impl AlertOptions {
    /// What is asked of alerts.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            repeat: self.repeat,
            runs: self.runs,
            min_count: self.min_count,
            min_rate: self.min_rate,
            resolve_after: self.resolve_after,
        }
    }
}

fn runs(text: &str) -> Result<Runs, String> {
    Runs::parse(text)
        .ok_or_else(|| format!("write `2/3`: in two of three runs, of at most {}", Runs::MOST))
}

fn share(text: &str) -> Result<f64, String> {
    let (number, of) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().ok().map(|number| number / of);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "write a share from 0 to 1, or `5%`".to_owned())
}
