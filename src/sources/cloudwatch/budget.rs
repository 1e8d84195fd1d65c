//! How many requests a second we allow ourselves: a share of a quota that belongs to the whole account.
//!
//! Dashboards, forwarders and other people use the same quota. Each throttled request halves the rate,
//! each one that passes raises it a little, up to the share.
//!
//! Must not: retry; `call` does.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// An API operation with a quota of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quota {
    /// `FilterLogEvents`.
    Filter,
    /// `StartQuery`.
    StartQuery,
    /// `GetQueryResults`, `StopQuery`.
    QueryResults,
    /// `DescribeLogGroups` and whatever else describes.
    Describe,
    /// `StartLiveTail`.
    LiveTail,
}

/// Requests a second that AWS allows an account in a region. Source: "CloudWatch Logs service quotas",
/// read in November 2026; none of them is relied on, since throttling tells the truth.
pub fn quota(quota: Quota, region: &str) -> f64 {
    match quota {
        Quota::Filter => match region {
            "us-east-1" => 25.0,
            "ap-northeast-3" | "ap-southeast-3" | "ca-west-1" | "eu-central-1" | "il-central-1" => {
                5.0
            }
            _ => 10.0,
        },
        Quota::StartQuery | Quota::QueryResults | Quota::Describe => 10.0,
        Quota::LiveTail => 5.0,
    }
}

/// The slowest that we get.
const FLOOR: f64 = 0.2;
/// What a request that passes adds to the rate, as a share of the ceiling.
const RECOVERY: f64 = 0.05;

/// Lets requests pass at a rate that adapts.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests a second now, and at most.
    rate: f64,
    ceiling: f64,
    /// When the next request may go.
    next: Option<Instant>,
}

impl Budget {
    /// At most so many requests a second.
    pub fn new(per_second: f64) -> Self {
        let ceiling = per_second.max(0.01);
        Self { state: Mutex::new(State { rate: ceiling, ceiling, next: None }) }
    }

    /// Waits for one's turn. Turns are handed out in order and evenly spaced, so that a burst never
    /// takes what others need.
    pub async fn turn(&self) {
        let at = {
            let mut state = self.lock();
            let now = Instant::now();
            let at = state.next.map_or(now, |next| next.max(now));
            state.next = Some(at + Duration::from_secs_f64(1.0 / state.rate));
            at
        };
        sleep_until(at).await;
    }

    /// The account's quota was exceeded: half the rate from now on.
    pub fn throttled(&self) {
        let mut state = self.lock();
        state.rate = (state.rate / 2.0).max(FLOOR.min(state.ceiling));
    }

    /// A request passed.
    pub fn passed(&self) {
        let mut state = self.lock();
        state.rate = (state.rate + state.ceiling * RECOVERY).min(state.ceiling);
    }

    /// Requests a second at present.
    pub fn rate(&self) -> f64 {
        self.lock().rate
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Numbers only: whoever panicked left them whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_evenly_spaced_and_slow_down_when_throttled() {
        let budget = Budget::new(10.0);
        let began = Instant::now();
        for _ in 0..11 {
            budget.turn().await;
        }
        assert_eq!(began.elapsed().as_millis() / 10, 100);
        budget.throttled();
        assert!((budget.rate() - 5.0).abs() < 1e-9);
        for _ in 0..20 {
            budget.passed();
        }
        assert!((budget.rate() - 10.0).abs() < 1e-9);
        for _ in 0..20 {
            budget.throttled();
        }
        assert!((budget.rate() - FLOOR).abs() < 1e-9);
    }

    #[test]
    fn quotas_are_those_of_the_region() {
        assert!((quota(Quota::Filter, "eu-central-1") - 5.0).abs() < 1e-9);
        assert!((quota(Quota::Filter, "us-east-1") - 25.0).abs() < 1e-9);
        assert!((quota(Quota::Filter, "eu-west-1") - 10.0).abs() < 1e-9);
    }
}
