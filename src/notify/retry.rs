//! Trying again: how often, how long between, and when to leave it to the next run.
//!
//! Must not: read a clock, sleep by itself, or draw random numbers.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::notify::{DeliveryError, Message, Notifier, Retry};

/// How much is waited for deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// How often one message is tried; at least once.
    pub attempts: u32,
    /// The wait before the second attempt, more or less; it doubles each time.
    pub first: Duration,
    /// The longest wait of our own; a service may ask for more.
    pub longest: Duration,
    /// What is left to be waited, for all messages together. What would need more is not tried again.
    pub budget: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 4,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(15),
            budget: Duration::from_mins(1),
        }
    }
}

/// Delivers one message, again and again while that may help. `sleep` is called with each wait, which
/// `patience.budget` pays for. The error is that of the last attempt.
pub fn deliver(
    notifier: &mut dyn Notifier,
    message: &Message<'_>,
    patience: &mut Patience,
    sleep: &dyn Fn(Duration),
) -> Result<(), DeliveryError> {
    let mut attempt = 1;
    loop {
        let Err(error) = notifier.deliver(message) else { return Ok(()) };
        let own = wait(message.key, attempt, patience);
        let wait = match error.retry {
            Retry::Never => return Err(counted(error, attempt)),
            Retry::Later => own,
            Retry::After(asked) => own.max(asked),
        };
        let left = patience.budget.checked_sub(wait);
        let Some(left) = left.filter(|_| attempt < patience.attempts) else {
            return Err(counted(error, attempt));
        };
        patience.budget = left;
        sleep(wait);
        attempt += 1;
    }
}

/// Between a half and the whole of an interval that doubles. Which part it is depends on the message,
/// so that many machines that fail together do not come back together.
fn wait(key: &str, attempt: u32, patience: &Patience) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let whole = patience.first.saturating_mul(factor).min(patience.longest);
    let hash = Sha256::digest(format!("{key}/{attempt}"));
    let part = hash.first().copied().unwrap_or_default();
    whole / 2 + (whole / 510).saturating_mul(u32::from(part))
}

fn counted(error: DeliveryError, attempts: u32) -> DeliveryError {
    if attempts == 1 {
        return error;
    }
    DeliveryError { problem: format!("{}; tried {attempts} times", error.problem), ..error }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Fails as told, then succeeds.
    struct Failing(Vec<Retry>);

    impl Notifier for Failing {
        fn most(&self) -> usize {
            1
        }

        fn deliver(&mut self, _: &Message<'_>) -> Result<(), DeliveryError> {
            match self.0.pop() {
                Some(retry) => Err(DeliveryError { problem: "no".to_owned(), retry }),
                None => Ok(()),
            }
        }
    }

    /// The outcome and the waits.
    fn run(failures: &[Retry], patience: &mut Patience) -> (Result<(), String>, Vec<Duration>) {
        let waits = RefCell::new(Vec::new());
        let mut notifier = Failing(failures.iter().rev().copied().collect());
        let message = Message { key: "0123", events: &[] };
        let outcome =
            deliver(&mut notifier, &message, patience, &|wait| waits.borrow_mut().push(wait));
        (outcome.map_err(|error| error.problem), waits.into_inner())
    }

    #[test]
    fn what_works_is_not_repeated() {
        assert_eq!(run(&[], &mut Patience::default()), (Ok(()), vec![]));
    }

    #[test]
    fn waits_double_and_stay_within_their_interval() {
        let (outcome, waits) = run(&[Retry::Later; 3], &mut Patience::default());
        assert_eq!(outcome, Ok(()));
        for (wait, whole) in waits.iter().zip([1, 2, 4]) {
            let whole = Duration::from_secs(whole);
            assert!((whole / 2..=whole).contains(wait), "{wait:?} of {whole:?}");
        }
        assert_eq!(run(&[Retry::Later; 3], &mut Patience::default()).1, waits, "no chance in it");
    }

    #[test]
    fn attempts_are_bounded() {
        let (outcome, waits) = run(&[Retry::Later; 9], &mut Patience::default());
        assert_eq!(outcome, Err("no; tried 4 times".to_owned()));
        assert_eq!(waits.len(), 3);
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        let (outcome, waits) = run(&[Retry::Never], &mut Patience::default());
        assert_eq!((outcome, waits), (Err("no".to_owned()), vec![]));
    }

    #[test]
    fn a_service_says_how_long() {
        let asked = Duration::from_secs(20);
        let mut patience = Patience::default();
        assert_eq!(run(&[Retry::After(asked)], &mut patience), (Ok(()), vec![asked]));
        assert_eq!(patience.budget, Duration::from_secs(40));
        let hours = Duration::from_hours(2);
        assert_eq!(run(&[Retry::After(hours)], &mut patience), (Err("no".to_owned()), vec![]));
    }

    #[test]
    fn the_budget_is_that_of_all_messages() {
        let mut patience = Patience { budget: Duration::from_secs(2), ..Patience::default() };
        assert_eq!(run(&[Retry::Later], &mut patience).0, Ok(()));
        let (outcome, waits) = run(&[Retry::Later; 9], &mut patience);
        assert!(outcome.is_err());
        assert!(waits.len() < 2, "{waits:?}");
    }

    #[test]
    fn nothing_overflows() {
        let patience =
            Patience { first: Duration::MAX, longest: Duration::MAX, ..Patience::default() };
        let _ = wait("k", u32::MAX, &Patience::default());
        let _ = patience;
    }
}
