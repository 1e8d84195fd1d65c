//! The book of alerts: what each run met, and what somebody is told because of it.
//!
//! ```text
//!            met in enough runs              not met for `resolve_after`,
//!  pending ---------------------->  open  ----------------------------->  over
//!                  new                      and everything was read: resolved
//! ```
//!
//! An alert that comes up for the third time within twelve times `resolve_after` is flapping: it is
//! told as such, and is over only when it was not met for four times as long.
//!
//! Must not: take silence for health: a run that could not read everything ends no alert.

use serde::{Deserialize, Serialize};

use crate::alert::event::{AlertEvent, EventKind};
use crate::alert::policy::{FLAPPING, Policy};
use crate::alert::run::{AlertCounts, OpenAlert};
use crate::alert::sighting::Sighting;
use crate::alert::stamp;
use crate::model::{Kind, LogTime, Severity};
use crate::report::fingerprint::fingerprint;

/// Alerts that are kept; open ones go last.
const MOST: usize = 8192;
/// How long an alert that is over is remembered.
const MEMORY: i64 = 7 * 24 * 60 * 60 * 1000;

/// One run, as far as alerts are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The time of the run. It may be earlier than that of the run before: clocks are set back.
    pub at: LogTime,
    /// Up to when everything was read, by the time of the log.
    pub covered_to: LogTime,
    /// Whether everything was read.
    pub is_complete: bool,
    /// What makes idempotency keys of one state file differ from those of another.
    pub id: &'a str,
    /// What the user asks of alerts.
    pub policy: &'a Policy,
}

/// What somebody is told, and what not.
#[derive(Debug, Default)]
pub struct Told {
    /// Worst first; what is over comes last.
    pub events: Vec<AlertEvent>,
    /// What happened.
    pub counts: AlertCounts,
}

/// All alerts that are known, in the order of their fingerprints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Book {
    alerts: Vec<Alert>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Pending,
    Open,
    Over,
}

/// Why nobody is told of an open alert that a run met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Cause,
    Flapping,
    Repeat,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Alert {
    status: Status,
    /// What is said of it, with what holds now.
    event: AlertEvent,
    /// Whether each of the last runs met it, newest last.
    met: Vec<bool>,
    /// When a run met it last.
    #[serde(with = "stamp")]
    met_at: LogTime,
    /// When somebody was told last.
    #[serde(with = "stamp::option")]
    told_at: Option<LogTime>,
    /// Requests that were there when somebody was told.
    told: u64,
    /// How bad it was then.
    told_as: Severity,
    /// Events so far.
    serial: u64,
    /// When it came up.
    openings: Vec<Opening>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Opening(#[serde(with = "stamp")] LogTime);

impl Book {
    /// Takes what a run met, each fingerprint once.
    pub fn turn(&mut self, met: Vec<Sighting>, turn: &Turn<'_>) -> Told {
        let mut told = Told::default();
        self.set_back(turn.at);
        let mut fingerprints = Vec::new();
        for mut sighting in met {
            fingerprints.push(sighting.event.fingerprint.clone());
            sighting.is_effect |= self.is_explained(&sighting.event);
            if let Some(alert) = self.alert(&sighting, turn) {
                alert.meet(sighting, turn, &mut told);
            } else {
                told.counts.held_by_cause += 1;
            }
        }
        fingerprints.sort_unstable();
        for alert in &mut self.alerts {
            if fingerprints.binary_search(&alert.event.fingerprint).is_err() {
                alert.miss(turn, &mut told);
            }
        }
        self.forget(turn.at);
        told.counts.open = self.alerts.iter().filter(|it| it.status == Status::Open).count() as u64;
        let rank = |event: &AlertEvent| {
            let is_over = event.event == EventKind::Resolved;
            (is_over, std::cmp::Reverse(event.severity), event.fingerprint.clone())
        };
        told.events.sort_by_cached_key(rank);
        told
    }

    /// Alerts that are open, worst first.
    pub fn open(&self) -> Vec<OpenAlert> {
        let mut open: Vec<&Alert> =
            self.alerts.iter().filter(|alert| alert.status == Status::Open).collect();
        open.sort_by_key(|alert| std::cmp::Reverse(alert.event.severity));
        open.into_iter().map(Alert::summary).collect()
    }

    /// How many alerts are known, open or not.
    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// The alert of a sighting. An effect of another one has none, unless it had one before.
    fn alert(&mut self, sighting: &Sighting, turn: &Turn<'_>) -> Option<&mut Alert> {
        let key = sighting.event.fingerprint.as_str();
        let at = match self.alerts.binary_search_by(|it| it.event.fingerprint.as_str().cmp(key)) {
            Ok(at) if sighting.is_effect => {
                return self.alerts.get_mut(at).filter(|alert| alert.status == Status::Open);
            }
            Ok(at) => at,
            Err(_) if sighting.is_effect => return None,
            Err(at) => {
                let event = AlertEvent { count: 0, ..sighting.event.clone() };
                self.alerts.insert(at, Alert::new(event, turn.at));
                at
            }
        };
        self.alerts.get_mut(at)
    }

    /// Whether an open alert says already what made it. Of a single request the function's log may come
    /// later than the run.
    fn is_explained(&self, effect: &AlertEvent) -> bool {
        self.alerts.iter().any(|alert| {
            let cause = &alert.event;
            alert.status == Status::Open
                && cause.kind == Kind::Cause
                && cause.explains.contains(&effect.rule)
                && subject(cause) == subject(effect)
        })
    }

    /// What happened in the future, by a clock that was set back since, happened now.
    fn set_back(&mut self, now: LogTime) {
        for alert in &mut self.alerts {
            alert.told_at = alert.told_at.map(|at| at.min(now));
            alert.met_at = alert.met_at.min(now);
            alert.openings.iter_mut().for_each(|opening| opening.0 = opening.0.min(now));
        }
    }

    fn forget(&mut self, now: LogTime) {
        let is_old = |alert: &Alert| alert.met_at.0.saturating_add(MEMORY) < now.0;
        self.alerts.retain(|alert| alert.status == Status::Open || !is_old(alert));
        if self.alerts.len() > MOST {
            let mut ages: Vec<_> =
                self.alerts.iter().map(|it| (it.status == Status::Open, it.met_at)).collect();
            ages.sort_unstable();
            if let Some(limit) = ages.get(self.alerts.len() - MOST).copied() {
                self.alerts.retain(|it| (it.status == Status::Open, it.met_at) >= limit);
                self.alerts.truncate(MOST);
            }
        }
    }
}

impl Alert {
    fn new(event: AlertEvent, at: LogTime) -> Self {
        Self {
            status: Status::Over,
            event,
            met: Vec::new(),
            met_at: at,
            told_at: None,
            told: 0,
            told_as: Severity::Info,
            serial: 0,
            openings: Vec::new(),
        }
    }

    /// A run met it.
    fn meet(&mut self, seen: Sighting, turn: &Turn<'_>, told: &mut Told) {
        let share = (seen.event.count, seen.event.requests);
        let is_often = seen.event.count >= turn.policy.min_count;
        let is_much = turn.policy.min_rate.is_none_or(|rate| reaches(share, rate));
        let was_quiet = self.event.last_seen.zip(seen.event.since).is_some_and(|(last, first)| {
            first.0.saturating_sub(last.0) >= millis(turn.policy.quiet(false))
        });
        self.met_at = turn.at;
        self.take(seen.event);
        if self.status == Status::Open {
            let why = if seen.is_effect {
                Held::Cause
            } else if self.event.is_flapping && was_quiet {
                Held::Flapping
            } else {
                Held::Repeat
            };
            return self.stay(why, turn, told);
        }
        self.status = Status::Pending;
        self.note(is_often && is_much, turn);
        if turn.policy.runs.is_enough(&self.met) {
            self.come_up(turn, told);
        } else if !is_often {
            told.counts.held_by_count += 1;
        } else if !is_much {
            told.counts.held_by_rate += 1;
        } else {
            told.counts.held_by_runs += 1;
        }
    }

    /// It was told, and is met again.
    fn stay(&mut self, why: Held, turn: &Turn<'_>, told: &mut Told) {
        if self.event.severity > self.told_as && why != Held::Cause {
            // Some are told only of what is bad enough.
            told.counts.new += 1;
            self.tell(EventKind::New, turn, told);
            return;
        }
        let is_due = self
            .told_at
            .zip(turn.policy.repeat)
            .is_some_and(|(at, repeat)| turn.at.0.saturating_sub(at.0) >= millis(repeat));
        if is_due && why != Held::Cause {
            told.counts.reminded += 1;
            self.tell(EventKind::Reminder, turn, told);
            return;
        }
        let counts = &mut told.counts;
        let counter = match why {
            Held::Cause => &mut counts.held_by_cause,
            Held::Flapping => &mut counts.held_by_flapping,
            Held::Repeat => &mut counts.held_by_repeat,
        };
        *counter += 1;
        self.event.held_back += 1;
    }

    fn come_up(&mut self, turn: &Turn<'_>, told: &mut Told) {
        self.status = Status::Open;
        let from = turn.at.0.saturating_sub(millis(turn.policy.window()));
        self.openings.retain(|opening| opening.0.0 >= from);
        self.openings.push(Opening(turn.at));
        self.event.openings = u32::try_from(self.openings.len()).unwrap_or(u32::MAX);
        self.event.is_flapping = self.openings.len() >= FLAPPING;
        told.counts.new += 1;
        self.tell(EventKind::New, turn, told);
    }

    /// A run did not meet it.
    fn miss(&mut self, turn: &Turn<'_>, told: &mut Told) {
        if !turn.is_complete {
            return;
        }
        match self.status {
            Status::Over => {}
            Status::Pending => {
                self.note(false, turn);
                if !self.met.contains(&true) {
                    self.status = Status::Over;
                }
            }
            Status::Open => {
                // An export may tell today of what happened yesterday.
                let last = self.event.last_seen.unwrap_or(self.met_at);
                let since_last = turn.covered_to.0.saturating_sub(last.0);
                let quiet = since_last.min(turn.at.0.saturating_sub(self.met_at.0));
                if quiet >= millis(turn.policy.quiet(self.event.is_flapping)) {
                    self.status = Status::Over;
                    told.counts.resolved += 1;
                    self.tell(EventKind::Resolved, turn, told);
                    if std::mem::take(&mut self.event.is_flapping) {
                        self.openings.clear();
                    }
                    self.met.clear();
                }
            }
        }
    }

    /// What a run said of it; counts go on while it is open or pending.
    fn take(&mut self, seen: AlertEvent) {
        let known = &self.event;
        let is_first = self.status == Status::Over;
        let (since, count) = if is_first { (None, 0) } else { (known.since, known.count) };
        let (severity, confidence) = if is_first {
            (seen.severity, seen.confidence)
        } else {
            (seen.severity.max(known.severity), seen.confidence.max(known.confidence))
        };
        if is_first {
            (self.told, self.told_at) = (0, None);
        }
        self.event = AlertEvent {
            since: since.into_iter().chain(seen.since).min(),
            last_seen: known.last_seen.max(seen.last_seen),
            count: count + seen.count,
            impact: seen.impact.max(known.impact),
            severity,
            confidence,
            held_back: if is_first { 0 } else { known.held_back },
            is_flapping: known.is_flapping,
            openings: known.openings,
            ..seen
        };
    }

    fn note(&mut self, is_met: bool, turn: &Turn<'_>) {
        self.met.push(is_met);
        let old = self.met.len().saturating_sub(turn.policy.runs.of());
        self.met.drain(..old);
    }

    fn tell(&mut self, kind: EventKind, turn: &Turn<'_>, told: &mut Told) {
        self.serial += 1;
        let since = self.event.since.map(|since| since.to_string());
        let serial = self.serial.to_string();
        let key = fingerprint(&[
            Some(turn.id),
            Some(&self.event.fingerprint),
            Some(kind.as_str()),
            since.as_deref(),
            Some(&serial),
        ]);
        self.event.more = self.event.count.saturating_sub(self.told);
        let event = AlertEvent {
            event: kind,
            key,
            at: turn.at,
            is_complete: turn.is_complete,
            ..self.event.clone()
        };
        told.events.push(event);
        self.told_at = Some(turn.at);
        self.told = self.event.count;
        self.told_as = self.event.severity;
        self.event.held_back = 0;
    }

    fn summary(&self) -> OpenAlert {
        let event = self.event.clone();
        OpenAlert {
            fingerprint: event.fingerprint,
            rule: event.rule,
            severity: event.severity,
            title: event.title,
            api: event.api,
            stage: event.stage,
            method: event.method,
            route: event.route,
            origin: event.origin,
            since: event.since,
            last_seen: event.last_seen,
            count: event.count,
        }
    }
}

/// What an alert is about, its rule apart.
fn subject(event: &AlertEvent) -> [&Option<String>; 5] {
    [&event.api, &event.stage, &event.method, &event.route, &event.origin]
}

/// Whether a share is reached; an unknown one counts as reached.
fn reaches((count, requests): (u64, Option<u64>), rate: f64) -> bool {
    match requests {
        None | Some(0) => true,
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        Some(requests) => count as f64 >= rate * requests as f64,
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
