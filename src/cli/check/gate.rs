//! Which exchanges count in this run, and how many of them browsers sent.
//!
//! Must not: report anything.

use std::io;

use corscope::alert::memory::{Keys, Memory, Remembered};
use corscope::model::{Exchange, Finding, Judgement, LogTime, Places, Text};
use corscope::pipeline::Observer;
use corscope::pipeline::gate::{Admission, Gate};
use corscope::report::group::Group;
use corscope::survey::path::shape;
use std::collections::HashMap;

/// Routes whose requests are counted.
const MOST_ROUTES: usize = 4096;

/// Counts each exchange once, over all runs.
#[derive(Debug)]
pub(crate) struct Counting<'a> {
    memory: &'a mut Memory,
    patience: Patience,
    /// What was counted before.
    pub(crate) known: u64,
    /// What is left to the next run, and when the oldest of it began.
    pub(crate) open: u64,
    pub(crate) open_from: Option<LogTime>,
}

/// How long a request may go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The time of the run.
    pub(crate) now: LogTime,
    /// A request that is over waits so long for its other logs, in milliseconds.
    pub(crate) join: i64,
    /// One that is not over ends when nothing came for so long.
    pub(crate) end: i64,
}

impl<'a> Counting<'a> {
    /// Begins to count.
    pub(crate) fn new(memory: &'a mut Memory, patience: Patience) -> Self {
        Self { memory, patience, known: 0, open: 0, open_from: None }
    }

    /// Whether lines may come that belong to it.
    fn is_open(&self, exchange: &Exchange) -> bool {
        let Patience { now, join, end } = self.patience;
        let wait = if exchange.is_complete { join } else { end };
        let ended = exchange.ended.or(exchange.started);
        // What is dated far into the future is not going on now.
        ended.is_some_and(|ended| (-end..wait).contains(&now.0.saturating_sub(ended.0)))
    }
}

impl Gate for Counting<'_> {
    fn admit(&mut self, exchange: &Exchange, findings: &[Finding], waits: bool) -> Admission {
        let keys = Keys::of(exchange);
        let met = self.patience.now;
        let times = (exchange.ended.or(exchange.started).unwrap_or(met), met);
        match self.memory.recall(keys, findings) {
            Remembered::Counted(new) => {
                // It may have got a further id, and it is remembered for as long as it is met.
                self.memory.remember(keys, times, findings);
                self.known += 1;
                let new: Vec<Finding> =
                    new.iter().filter_map(|at| findings.get(*at)).cloned().collect();
                if new.is_empty() { Admission::Known } else { Admission::Amended(new) }
            }
            Remembered::Not if waits && self.is_open(exchange) => {
                self.open += 1;
                let began = exchange.started.or(exchange.ended);
                self.open_from = self.open_from.into_iter().chain(began).min();
                Admission::Open
            }
            Remembered::Not => {
                self.memory.remember(keys, times, findings);
                Admission::New
            }
        }
    }
}

/// Browsers' requests by API, stage, method and route.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    counts: HashMap<[Option<String>; 4], u64>,
}

impl Requests {
    /// Those on the route of a group; `None` where no route is known.
    pub(crate) fn of(&self, group: &Group) -> Option<u64> {
        group.route.as_ref()?;
        let key = [&group.api, &group.stage, &group.method, &group.route].map(Clone::clone);
        self.counts.get(&key).copied()
    }
}

impl Observer for Requests {
    fn exchange(
        &mut self,
        exchange: &Exchange,
        _: &Judgement,
        _: &[Finding],
        _: &Places,
    ) -> io::Result<()> {
        if exchange.request_headers().get("origin").seen().is_none() {
            return Ok(());
        }
        let text = |which| exchange.text(which).map(std::borrow::Cow::into_owned);
        // As groups have it: where the route is unknown, the shape of the path.
        let route = text(Text::Route).or_else(|| {
            let mut shape_of_path = String::new();
            shape(&text(Text::Path)?, &mut shape_of_path);
            Some(shape_of_path)
        });
        let key = [text(Text::Api), text(Text::Stage), text(Text::Method), route];
        let is_full = self.counts.len() >= MOST_ROUTES;
        if !is_full || self.counts.contains_key(&key) {
            *self.counts.entry(key).or_insert(0) += 1;
        }
        Ok(())
    }
}
