//! The present: what log groups are given, as it comes.
//!
//! Live Tail where it can be had, `FilterLogEvents` again and again where it cannot, Logs Insights for
//! groups that nothing else reads. Whatever a stream may have left out (before it began, between two
//! sessions, in seconds that it sampled, when the analysis was behind) is read again by
//! `FilterLogEvents`, and `seen` sees to it that each event is delivered once.
//!
//! Reading order: `outbox` takes events in, `live` and `poll` bring them, `reread` fills what is missing.
//!
//! Must not: let a slow reader keep a stream waiting; the service drops the oldest without a word.

mod live;
mod outbox;
mod poll;
mod reread;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::model::LogTime;
use crate::sources::cloudwatch::call::Caller;
use crate::sources::cloudwatch::delivery::{Delivery, Note};
use crate::sources::cloudwatch::follow::outbox::Outbox;
use crate::sources::cloudwatch::group::GroupRef;
use crate::sources::cloudwatch::insights::Insights;

/// How groups are followed.
#[derive(Debug, Clone, Copy)]
pub struct FollowOptions {
    /// Events from then on.
    pub since: LogTime,
    /// Never Live Tail.
    pub polls: bool,
    /// The time by the clock of this machine.
    pub clock: fn() -> LogTime,
    /// How long a session may last; AWS ends it after 3 hours, so it is renewed before.
    pub session: Duration,
    /// How long a stream may be silent: it sends something each second.
    pub silence: Duration,
    /// How long after its ingestion an event can be read by `FilterLogEvents`, at the latest.
    pub settle: Duration,
}

impl FollowOptions {
    /// As AWS wants it.
    pub fn new(since: LogTime, polls: bool, clock: fn() -> LogTime) -> Self {
        Self {
            since,
            polls,
            clock,
            session: Duration::from_mins(175),
            silence: Duration::from_secs(10),
            settle: Duration::from_secs(10),
        }
    }
}

/// How a group can be read, by its log class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readable {
    /// Any way.
    Freely,
    /// By Logs Insights only.
    ByInsights,
}

/// A group to follow.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The group.
    pub group: GroupRef,
    /// How it can be read.
    pub readable: Readable,
}

/// Events of the past that may still come: what CloudWatch takes in at most in advance.
const FUTURE: i64 = 2 * 60 * 60 * 1000;
/// How far back an overlap reaches: ingestion takes up to a minute as a rule.
const OVERLAP: i64 = 2 * 60 * 1000;
/// Groups of one session, and sessions at a time; an account may have 15.
const GROUPS_A_SESSION: usize = 10;
const SESSIONS: usize = 10;

/// What all that follow share.
struct Shared {
    caller: Arc<Caller>,
    insights: Arc<Insights>,
    options: FollowOptions,
    outbox: Arc<Outbox>,
}

/// Follows groups, and those that `more` brings, until nobody takes what is delivered.
pub async fn follow(
    insights: Arc<Insights>,
    groups: Vec<Followed>,
    mut more: mpsc::Receiver<Vec<Followed>>,
    options: FollowOptions,
    out: mpsc::Sender<Delivery>,
) {
    let shared = Arc::new(Shared {
        caller: Arc::clone(insights.caller()),
        insights,
        options,
        outbox: Outbox::new(out, options.clock),
    });
    let mut sessions = shared.begin(groups, 0);
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                shared.beat();
                shared.outbox.forget();
            }
            Some(groups) = more.recv() => sessions = shared.begin(groups, sessions),
            () = shared.outbox.closed() => break,
        }
    }
}

impl Shared {
    /// Begins to follow groups; gives how many sessions there are.
    fn begin(self: &Arc<Self>, groups: Vec<Followed>, sessions: usize) -> usize {
        let (freely, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|it| it.readable == Readable::Freely);
        for Followed { group, .. } in rest {
            tokio::spawn(poll::by_insights(Arc::clone(self), group, self.options.since));
        }
        let (freely, nameless): (Vec<_>, Vec<_>) =
            freely.into_iter().partition(|it| !it.group.arn.is_empty());
        let nameless = nameless.into_iter().map(|it| it.group).collect();
        poll::begin(self, nameless, self.options.since);
        let mut sessions = sessions;
        for groups in spread(freely.into_iter().map(|it| it.group).collect()) {
            if self.options.polls || sessions >= SESSIONS {
                poll::begin(self, groups, self.options.since);
            } else {
                sessions += 1;
                tokio::spawn(live::follow(Arc::clone(self), groups));
            }
        }
        sessions
    }

    fn beat(&self) {
        let throttled = self.caller.take_throttled();
        if throttled > 0 {
            self.outbox.note(Note::Throttled(throttled));
        }
        self.outbox.beat();
    }

    fn now(&self) -> LogTime {
        (self.options.clock)()
    }
}

/// Groups for each session. Neighbours by name are alike, and a session shows 500 events a second: the
/// execution logs of many APIs are not to share one while their functions' logs leave others idle.
fn spread(groups: Vec<GroupRef>) -> Vec<Vec<GroupRef>> {
    let mut sessions = vec![Vec::new(); groups.len().div_ceil(GROUPS_A_SESSION)];
    let mut groups = groups.into_iter();
    while groups.len() > 0 {
        for (session, group) in sessions.iter_mut().zip(&mut groups) {
            session.push(group);
        }
    }
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_are_alike_are_spread_over_the_sessions() {
        let name = |at: usize| format!("group-{at:02}");
        let group = |at| GroupRef { name: name(at).into(), arn: name(at).into(), is_linked: false };
        let sessions = spread((0..23).map(group).collect());
        let sizes: Vec<usize> = sessions.iter().map(Vec::len).collect();
        assert_eq!(sizes, [8, 8, 7]);
        let first: Vec<&str> = sessions[0].iter().map(|group| &*group.name).collect();
        assert_eq!(first[..3], ["group-00", "group-03", "group-06"]);
        let mut all: Vec<&str> = sessions.iter().flatten().map(|group| &*group.name).collect();
        all.sort_unstable();
        assert_eq!(all, (0..23).map(name).collect::<Vec<_>>());
        assert!(spread(Vec::new()).is_empty());
    }
}
