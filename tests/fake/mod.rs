//! A CloudWatch Logs of our own: the real wire protocol on loopback, over log groups that a test fills,
//! with the faults that a test wishes, and with a record of every call.
//!
//! ```ignore
//! let fake = Fake::start();
//! fake.change(|faults| faults.throttle_next = 3);
//! fake.put("/aws/lambda/shop", "stream", &[(fake.now(), "hello")]);
//! // ... ask `fake.endpoint()` ...
//! assert!(fake.most_per_second("FilterLogEvents") <= 5);
//! assert_eq!(fake.delivered("FilterLogEvents"), 1);
//! ```
//!
//! Reading order: `world` is what the account holds, `faults` what goes wrong, `calls` what is written
//! down; `server` takes requests, `operations`, `events`, `insights` and `live_tail` answer them.
//!
//! Must not: be kinder than AWS; what it does not understand it refuses.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use self::state::State;

mod answer;
mod calls;
mod events;
pub(crate) mod faults;
mod filter;
mod insights;
mod insights_query;
mod insights_rows;
mod live_tail;
mod operations;
mod pipe;
mod server;
mod state;
mod world;

pub(crate) use self::calls::{Call, Outcome};
pub(crate) use self::faults::Faults;
pub(crate) use self::world::{Batch, Class};

/// The account that everything belongs to.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A running fake. It ends when this is dropped.
pub(crate) struct Fake {
    shared: Arc<Shared>,
    server: server::Server,
}

/// What requests and the test share.
pub(crate) struct Shared {
    started: Instant,
    /// When the fake was started, as it believes, in milliseconds since 1970.
    epoch: i64,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that failed has said so already.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::disallowed_methods, reason = "the fake's clock is this one")]
    pub(crate) fn elapsed(&self) -> Duration {
        Instant::now().duration_since(self.started)
    }

    /// Locks, sets the clock, and shows what has become visible.
    pub(crate) fn at_work(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.elapsed = self.elapsed();
        let going_on = self.epoch + millis(state.elapsed + state.advanced);
        state.now = state.stopped.unwrap_or(going_on);
        let now = state.now;
        state.world.settle(now);
        state
    }
}

impl Fake {
    /// Starts one at a free port of 127.0.0.1, whose clock is right.
    #[expect(clippy::expect_used, reason = "a test without its server has failed")]
    pub(crate) fn start() -> Self {
        Self::start_on(0).expect("a port of 127.0.0.1")
    }

    /// As [`Self::start`], at a port of one's choice.
    pub(crate) fn start_on(port: u16) -> io::Result<Self> {
        Self::begin(right_now(), port)
    }

    /// Starts one that believes it is that time, in milliseconds since 1970; its clock goes on from
    /// there.
    #[expect(clippy::expect_used, reason = "a test without its server has failed")]
    pub(crate) fn start_at(epoch: i64) -> Self {
        Self::begin(epoch, 0).expect("a port of 127.0.0.1")
    }

    #[expect(clippy::disallowed_methods, reason = "the fake's clock begins here")]
    fn begin(epoch: i64, port: u16) -> io::Result<Self> {
        let shared = Shared { started: Instant::now(), epoch, state: Mutex::default() };
        let shared = Arc::new(shared);
        let server = server::Server::start(Arc::clone(&shared), port)?;
        Ok(Self { shared, server })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Milliseconds since 1970, as the fake believes.
    pub(crate) fn now(&self) -> i64 {
        self.shared.at_work().now
    }

    /// Sets the clock forward. Quotas go by real time all the same.
    pub(crate) fn advance(&self, by: Duration) {
        self.shared.lock().advanced += by;
        drop(self.shared.at_work());
    }

    /// Stops the clock at that time, in milliseconds since 1970: what takes its time happens at once.
    /// Quotas go by real time all the same.
    pub(crate) fn stop_at(&self, time: i64) {
        self.shared.lock().stopped = Some(time);
        drop(self.shared.at_work());
    }

    /// Changes what goes wrong, from now on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.lock().faults);
    }

    /// How often live tails send an update; AWS: every second.
    pub(crate) fn update_every(&self, every: Duration) {
        self.shared.lock().update_every = every.max(Duration::from_millis(20));
    }

    /// Makes a log group, or changes one: its class, and for how many days it keeps events.
    pub(crate) fn group(&self, name: &str, class: Class, retention_days: Option<i64>) {
        let mut state = self.shared.at_work();
        let now = state.now;
        let group = state.world.group(name, now);
        (group.class, group.retention_days) = (class, retention_days);
    }

    /// Puts events (timestamp, message) that can be read at once. Gives their ids.
    pub(crate) fn put(&self, group: &str, stream: &str, events: &[(i64, &str)]) -> Vec<String> {
        let events = events.iter().map(|(time, text)| (*time, (*text).to_owned())).collect();
        let (group, stream) = (group.to_owned(), stream.to_owned());
        self.put_batch(Batch { group, stream, events, ..Batch::default() })
    }

    /// Puts events, with a say in when they are ingested and become visible. Gives their ids.
    pub(crate) fn put_batch(&self, batch: Batch) -> Vec<String> {
        let mut state = self.shared.at_work();
        let keys = state.put(batch);
        keys.iter().map(world::Key::id).collect()
    }

    /// Lets go of older events and of what is known of them, counts apart: for tests that go on for
    /// long.
    pub(crate) fn forget_before(&self, timestamp: i64) {
        let mut state = self.shared.at_work();
        state.world.forget_before(timestamp);
        for delivered in state.record.delivered.values_mut() {
            delivered.forget_before(timestamp);
        }
    }

    /// Events that are not visible yet.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.at_work().world.waiting()
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.lock().record.calls.clone()
    }

    /// The most calls of an operation within any second, throttled ones included.
    pub(crate) fn most_per_second(&self, operation: &str) -> usize {
        self.shared.lock().record.most_per_second(operation)
    }

    /// How many distinct events an operation handed out: `FilterLogEvents`, `GetLogEvents`,
    /// `GetQueryResults` or `StartLiveTail`, the latter with what it then dropped since nobody read.
    pub(crate) fn delivered(&self, operation: &str) -> usize {
        self.shared.lock().record.delivered.get(operation).map_or(0, calls::Delivered::count)
    }

    /// Events that live tails withheld: those that were sampled away, and those that were dropped
    /// since nobody read.
    pub(crate) fn withheld(&self) -> (u64, u64) {
        let state = self.shared.lock();
        (state.record.sampled, state.record.dropped)
    }

    /// Live tails that are open.
    pub(crate) fn sessions(&self) -> usize {
        self.shared.lock().sessions
    }

    /// Queries that run or wait to.
    pub(crate) fn open_queries(&self) -> usize {
        self.shared.lock().insights.open()
    }
}

#[expect(clippy::disallowed_methods, reason = "the fake's clock begins here")]
fn right_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
