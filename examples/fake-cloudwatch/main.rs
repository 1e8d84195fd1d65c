//! An account without AWS: a CloudWatch Logs on loopback in which an incident happens now.
//!
//! ```text
//! cargo run --example fake-cloudwatch -- sample-logs
//! cargo run --example fake-cloudwatch -- sample-logs --over 5m --ingestion-delay 20s
//! cargo run --example fake-cloudwatch -- sample-logs --throttle 2 --empty-pages 3 --sampled 5
//! ```
//!
//! It reads logs as `corscope scan` does, moves them so that they happen from now on, within `--over`,
//! and prints its address and a command line to try. It runs until Ctrl-C or for `--for`, and then
//! says what it was asked. Any credentials are right.
//!
//! Lines of an execution log go to `API-Gateway-Execution-Logs_<api>/<stage>`, those of an access log
//! that tells its API to `/access-logs/<api>/<stage>`, everything else to `/aws/lambda/<file>`, unless
//! the files name their log group.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::fake::{Class, Fake, millis};
use crate::replay::{Logs, Timing};

#[path = "../../tests/fake/mod.rs"]
#[expect(dead_code, reason = "tests do more with it")]
mod fake;
mod replay;

/// A CloudWatch Logs on loopback in which an incident happens now.
#[derive(Debug, Parser)]
struct Options {
    /// Logs, as `corscope scan` takes them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,

    /// How long the incident takes.
    #[arg(long, default_value = "60s", value_parser = duration)]
    over: Duration,

    /// How long it takes until an event can be read.
    #[arg(long, default_value = "2s", value_parser = duration)]
    ingestion_delay: Duration,

    /// Ends after so long; without it on Ctrl-C.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    lasts: Option<Duration>,

    /// The port; without it any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// All groups are of the class Infrequent Access: only Insights can read them.
    #[arg(long)]
    infrequent_access: bool,

    #[command(flatten)]
    faults: FaultOptions,
}

/// What goes wrong.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Faults")]
struct FaultOptions {
    /// So many calls of an operation pass in a second, the others are throttled.
    #[arg(long, value_name = "NUMBER")]
    throttle: Option<usize>,

    /// So many empty pages stand before each page of events.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    empty_pages: u32,

    /// A live tail shows only so many events of each second.
    #[arg(long, value_name = "NUMBER")]
    sampled: Option<usize>,

    /// A session of a live tail ends after so long.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    session: Option<Duration>,

    /// Every tenth event can be read only so long after its ingestion.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    late: Option<Duration>,

    /// Every so many-th event comes twice.
    #[arg(long, value_name = "NUMBER")]
    duplicates: Option<u64>,

    /// How long each answer takes.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    slow: Duration,
}

/// `90s`, `2m`, `250ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        _ => 0,
    };
    let number: Option<u64> = digits.parse().ok().filter(|_| unit > 0);
    let millis = number.and_then(|number| number.checked_mul(unit));
    millis.map(Duration::from_millis).ok_or_else(|| "write it like 90s, 2m or 250ms".to_owned())
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Without a terminal there is nobody to tell.
            let _ = writeln!(io::stderr().lock(), "fake-cloudwatch: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<ExitCode> {
    let logs = Logs::read(&options.paths);
    for note in &logs.problems {
        writeln!(io::stderr().lock(), "{}: {}", note.input, note.problem)?;
    }
    let timeless = logs.timeless;
    let fake = Fake::start_on(options.port)?;
    let faults = &options.faults;
    fake.change(|all| {
        for operation in ["FilterLogEvents", "DescribeLogGroups", "StartQuery", "GetQueryResults"] {
            all.quotas.extend(faults.throttle.map(|quota| (operation, quota)));
        }
        all.empty_pages = faults.empty_pages;
        all.live.most_events = faults.sampled;
        all.live.session = faults.session;
        all.late = faults.late.map(|by| (10, by));
        all.duplicate_every = faults.duplicates;
        all.slow = faults.slow;
    });
    let timing = Timing {
        begins: fake.now(),
        over: millis(options.over),
        delay: millis(options.ingestion_delay),
    };
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for batch in logs.batches(&timing) {
        if options.infrequent_access {
            fake.group(&batch.group, Class::InfrequentAccess, None);
        }
        *groups.entry(batch.group.clone()).or_default() += batch.events.len();
        fake.put_batch(batch);
    }
    if groups.is_empty() {
        let message = "none of these files holds an event with a time";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    introduce(&fake, &groups, timeless)?;
    wait(options.lasts)?;
    conclude(&fake)?;
    Ok(ExitCode::SUCCESS)
}

fn introduce(fake: &Fake, groups: &BTreeMap<String, usize>, timeless: u64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "CloudWatch Logs at {}", fake.endpoint())?;
    for (group, events) in groups {
        writeln!(out, "{events:>8} events to come in {group}")?;
    }
    if timeless > 0 {
        writeln!(out, "{timeless:>8} events have no time and are left out")?;
    }
    writeln!(out, "\nIn another terminal:\n")?;
    writeln!(
        out,
        "AWS_ACCESS_KEY_ID=fake AWS_SECRET_ACCESS_KEY=fake AWS_REGION=eu-central-1 \
         corscope tail --endpoint-url {} --group '*'",
        fake.endpoint()
    )?;
    out.flush()
}

fn wait(lasts: Option<Duration>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let end = async {
            match lasts {
                Some(lasts) => tokio::time::sleep(lasts).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            () = end => Ok(()),
        }
    })
}

fn conclude(fake: &Fake) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut operations: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for call in fake.calls() {
        let (all, throttled) = operations.entry(call.operation).or_default();
        *all += 1;
        *throttled += usize::from(call.outcome == fake::Outcome::Throttled);
    }
    writeln!(out)?;
    for (operation, (all, throttled)) in operations {
        writeln!(
            out,
            "{operation}: {all} calls, {throttled} throttled, at most {} a second, {} events",
            fake.most_per_second(&operation),
            fake.delivered(&operation)
        )?;
    }
    let (sampled, dropped) = fake.withheld();
    writeln!(out, "Live tails withheld {sampled} events and dropped {dropped} that were not read.")
}
