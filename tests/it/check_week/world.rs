//! What happens in the simulated time: requests on some routes, most of them well, and incidents.
//!
//! Must not: know a run.

use crate::check_week::plan::{Ill, Plan};
use crate::fake::{Batch, Fake};
use crate::log::{GET, Request};

pub(crate) const GATEWAY: &str = "API-Gateway-Execution-Logs_abc123defg/prod";
pub(crate) const FUNCTION: &str = "/aws/lambda/orders";
/// Monday, 16 November 2026, 00:00 UTC.
pub(crate) const START: i64 = 1_794_787_200_000;
pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

pub(crate) const ROUTES: [&str; 5] = ["/checkout", "/cart", "/stores", "/orders", "/search"];

/// Numbers that look like chance and are the same in each run (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (value ^ value >> 31) % most
    }
}

/// One request that was put into the account.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    /// Its first line.
    pub(crate) time: i64,
    /// When all of it can be read.
    pub(crate) visible: i64,
    pub(crate) is_late: bool,
}

/// The account's traffic, minute by minute.
pub(crate) struct World {
    dice: Dice,
    pub(crate) requests: Vec<Put>,
    pub(crate) events: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice(seed), requests: Vec::new(), events: 0 }
    }

    /// Puts what happens in this minute.
    pub(crate) fn minute(&mut self, fake: &Fake, plan: &Plan, begin: i64) {
        for (at, route) in (0_i64..).zip(ROUTES) {
            if (begin / MINUTE + at) % 3 == 0 {
                let time = begin + (10 + 3 * at) * SECOND;
                self.request(fake, plan, route, time);
            }
        }
    }

    fn request(&mut self, fake: &Fake, plan: &Plan, route: &'static str, time: i64) {
        let number = self.requests.len() as u32 + 1;
        let ill = plan.ill_at(route, time);
        let (gateway, function) = lines(number, route, ill, time);
        // Most of it can be read after 20 seconds, some at once, and some minutes later: all of it, or
        // what one of the two groups has.
        let chance = self.dice.below(100);
        let is_calm = plan.is_calm(time);
        let minutes = (1 + self.dice.below(8) as i64) * MINUTE;
        let (delay, function_delay) = match chance {
            0..4 if is_calm => (minutes, minutes),
            4..8 if is_calm => (minutes, 5 * SECOND),
            8..12 if is_calm && ill.is_none() => (20 * SECOND, minutes),
            12..20 => (2 * SECOND, 2 * SECOND),
            20..50 => (30 * SECOND, 5 * SECOND),
            _ => (20 * SECOND, 20 * SECOND),
        };
        let is_late = delay.max(function_delay) >= MINUTE;
        // One in ten goes on for ten seconds.
        let lasts = if chance >= 90 && is_calm { 10 * SECOND } else { 0 };
        let half = gateway.len() / 2;
        let (head, tail) = gateway.split_at(half);
        self.put(fake, GATEWAY, head, (time, time + delay));
        let end = time + lasts;
        self.put(fake, GATEWAY, tail, (end, end + delay));
        self.put(fake, FUNCTION, &function, (time + 1, end + function_delay));
        self.requests.push(Put { time, visible: end + delay, is_late });
    }

    fn put(&mut self, fake: &Fake, group: &str, lines: &[String], (time, visible): (i64, i64)) {
        self.events += lines.len() as u64;
        fake.put_batch(Batch {
            group: group.to_owned(),
            stream: format!("stream-{}", time / HOUR % 4),
            ingestion: Some(visible.min(time + SECOND)),
            visible: Some(visible),
            events: (time..).zip(lines.iter().cloned()).collect(),
        });
    }
}

/// What the gateway and the function log of a request.
fn lines(number: u32, path: &str, ill: Option<Ill>, time: i64) -> (Vec<String>, Vec<String>) {
    let gets = match ill {
        None => "Access-Control-Allow-Origin=https://app.example.com",
        Some(Ill::Missing | Ill::Timeout | Ill::Error) => "Content-Type=application/json",
        Some(Ill::Stale) => "Access-Control-Allow-Origin=https://old.example.com",
    };
    let request = Request { number, path, gets, ..GET };
    let unstamped = |text: String| -> Vec<String> {
        let line = |line: &str| line.split_once(' ').expect("a time").1.to_owned();
        text.lines().map(line).collect()
    };
    let mut gateway = unstamped(request.log());
    let clock = corscope::model::LogTime(time).to_string();
    let said = match ill {
        None | Some(Ill::Missing | Ill::Stale) => "handled".to_owned(),
        Some(Ill::Timeout) => format!("{clock} LAMBDA-ID Task timed out after 3.00 seconds"),
        Some(Ill::Error) => format!(
            "{clock}\tLAMBDA-ID\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\
             \"errorMessage\":\"x is undefined\",\"stack\":[\"TypeError: x is undefined\"]}}"
        ),
    };
    if matches!(ill, Some(Ill::Timeout | Ill::Error)) {
        let says = |line: &String| {
            !["Method response", "Successfully", "Endpoint response"]
                .iter()
                .any(|it| line.contains(it))
        };
        gateway.retain(says);
        for line in &mut gateway {
            *line = line.replace("completed with status: 200", "completed with status: 502");
        }
    }
    (gateway, unstamped(request.function_log(&said)))
}
