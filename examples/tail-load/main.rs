//! `corscope tail` under load: how long a finding takes, and what memory stays.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example tail-load -- --for 10m
//! cargo run --release --example tail-load -- --for 2m --groups 100 --update-every 1s --rate 4000 --unpaced
//! cargo run --release --example tail-load -- --for 2m --unpaced -- --poll
//! ```
//!
//! A fake CloudWatch is given healthy requests at a rate, in lines as gateways and functions write them,
//! and each second one request that a browser blocks, on a route of its own. The binary beside this one
//! follows it. From when the last line of such a request could be read until its finding was read from
//! the tail's output is what a finding took. Ends with status 1 if one took more than 2 seconds, or if
//! the ledger does not know every event.
//!
//! AWS sends up to 500 events in an update and an update a second, so a session shows 500 events a
//! second, and what is beyond is read again 10 seconds later. To put the whole load into one session,
//! updates come twenty times a second here unless `--update-every` says otherwise, and no more is put
//! than the next one can show, unless `--unpaced` says so.
//!
//! Linux only: memory and CPU time are read from `/proc`.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::fake::{Class, Fake, millis};
use crate::tailed::Tailed;
use crate::traffic::Traffic;

#[path = "../../tests/fake/mod.rs"]
#[expect(dead_code, unused_imports, reason = "tests do more with it")]
mod fake;
mod tailed;
mod traffic;

/// `corscope tail` under load.
#[derive(Debug, Parser)]
struct Options {
    /// Events a second.
    #[arg(long, default_value_t = 5_000)]
    rate: u64,

    /// How long the load lasts.
    #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    lasts: Duration,

    /// Log groups that share it.
    #[arg(long, default_value_t = 2)]
    groups: u32,

    /// How often a live tail sends an update; AWS: every second.
    #[arg(long, value_name = "DURATION", default_value = "50ms", value_parser = duration)]
    update_every: Duration,

    /// Put events whether or not the next update can show them.
    #[arg(long)]
    unpaced: bool,

    /// The binary; without it the one that is built beside this.
    #[arg(long)]
    corscope: Option<PathBuf>,

    /// Further options of `corscope tail`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// `90s`, `10m`, `250ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        _ => 0,
    };
    let number: Option<u64> = digits.parse().ok().filter(|_| unit > 0);
    let millis = number.and_then(|number| number.checked_mul(unit));
    millis.map(Duration::from_millis).ok_or_else(|| "write it like 90s, 10m or 250ms".to_owned())
}

/// What a finding may take.
const MOST: Duration = Duration::from_secs(2);
/// How long the last ones are waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// And the end of the tail.
const LONGEST_END: Duration = Duration::from_mins(3);
/// Between two looks at what is due.
const STEP: Duration = Duration::from_millis(10);
const SECOND: Duration = Duration::from_secs(1);
/// Events that wait for the next update at most.
const UPDATE: u64 = 450;
/// What the fake keeps: more than any overlap reaches back.
const KEPT: i64 = 3 * 60 * 1000;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Without a terminal there is nobody to tell.
            let _ = writeln!(io::stderr().lock(), "tail-load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all was as it should be.
fn run(options: &Options) -> io::Result<bool> {
    let mut traffic = Traffic::new(options.groups)?;
    let fake = Fake::start();
    fake.update_every(options.update_every);
    for group in traffic.groups() {
        fake.group(&group, Class::Standard, None);
    }
    let mut tailed = Tailed::start(&fake.endpoint(), options)?;
    wait(PATIENCE, || fake.calls().iter().any(|call| is_reading(&call.operation)));
    if !options.arguments.iter().any(|argument| argument == "--poll") {
        // What is put before a session begins is no matter of its speed.
        wait(PATIENCE, || fake.sessions() >= traffic.groups().len().div_ceil(10));
    }
    writeln!(io::stdout().lock(), "{:>8}  {:>10}  {:>7}  findings", "time", "memory", "CPU")?;
    let put = load(options, &fake, &mut traffic, &tailed)?;
    wait(PATIENCE, || put.faults.keys().all(|id| tailed.told(id).is_some()));
    let at_end = tailed.usage();
    // It ends by itself once everything was read.
    wait(LONGEST_END, || tailed.has_ended());
    let ledger = tailed.stop()?;
    conclude(&put, &tailed, (at_end, &ledger))
}

fn is_reading(operation: &str) -> bool {
    operation == "StartLiveTail" || operation == "FilterLogEvents"
}

/// Waits for something, though not forever.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn wait(most: Duration, mut is_there: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_there() && began.elapsed() < most {
        std::thread::sleep(STEP);
    }
}

/// Whether the next update can show one more request.
fn has_room(fake: &Fake, put: u64) -> bool {
    put < fake.delivered("StartLiveTail") as u64 + UPDATE
}

/// What was put.
#[derive(Default)]
struct Put {
    events: u64,
    /// Blocked requests, and when their last line could be read.
    faults: HashMap<String, Instant>,
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn load(options: &Options, fake: &Fake, traffic: &mut Traffic, tailed: &Tailed) -> io::Result<Put> {
    let began = Instant::now();
    let mut put = Put::default();
    let (mut next_fault, mut next_look, mut shown) = (SECOND, Duration::ZERO, 0);
    while began.elapsed() < options.lasts {
        let elapsed = began.elapsed();
        let due = u64::try_from(elapsed.as_millis()).unwrap_or(0) * options.rate / 1_000;
        while put.events < due && (options.unpaced || has_room(fake, put.events)) {
            let is_fault = elapsed >= next_fault;
            let (id, batches) = traffic.request(fake.now(), is_fault);
            for batch in batches {
                put.events += batch.events.len() as u64;
                fake.put_batch(batch);
            }
            if is_fault {
                next_fault += SECOND;
                put.faults.insert(id, Instant::now());
            }
        }
        if elapsed >= next_look {
            next_look += SECOND * 10;
            fake.forget_before(fake.now() - KEPT);
            if shown % 6 == 0 || shown == 1 {
                tailed.show(elapsed)?;
            }
            shown += 1;
        }
        std::thread::sleep(STEP);
    }
    tailed.show(began.elapsed())?;
    Ok(put)
}

fn conclude(
    put: &Put,
    tailed: &Tailed,
    (usage, ledger): ((u64, f64), &serde_json::Value),
) -> io::Result<bool> {
    let mut took: Vec<Duration> = put
        .faults
        .iter()
        .filter_map(|(id, at)| Some(tailed.told(id)?.saturating_duration_since(*at)))
        .collect();
    took.sort_unstable();
    let of = |share: usize| took.get((took.len() * share / 100).min(took.len().max(1) - 1));
    let ms = |took: Option<&Duration>| took.map_or(-1, |took| millis(*took));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\nA finding took: median {} ms, p99 {} ms, at most {} ms ({} of {} blocked requests told)",
        ms(of(50)),
        ms(of(99)),
        ms(took.last()),
        took.len(),
        put.faults.len()
    )?;
    let (kib, cpu) = usage;
    writeln!(out, "At the end {kib} KiB resident, {cpu:.1} s of CPU time")?;
    let events = ledger.get("events").and_then(serde_json::Value::as_u64);
    writeln!(out, "{} events put, {} analyzed", put.events, events.unwrap_or(0))?;
    writeln!(out, "{ledger}")?;
    let is_fast = took.len() == put.faults.len() && took.last().is_none_or(|most| *most <= MOST);
    Ok(is_fast && events == Some(put.events))
}
