//! Reads windows again by `FilterLogEvents` in which a stream may have left something out.
//!
//! Must not: give up in silence; what cannot be read is a gap.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::model::LogTime;
use crate::sources::cloudwatch::delivery::Note;
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::event::CloudWatchEvent;
use crate::sources::cloudwatch::filter;
use crate::sources::cloudwatch::follow::Shared;
use crate::sources::cloudwatch::follow::outbox::Pending;
use crate::sources::cloudwatch::group::{GroupRef, Span};

/// How often a window is tried whose read fails for a reason that may pass, and the pause between.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_secs(15);

/// A window to be read again.
pub(super) struct Missing {
    /// Which of the groups.
    pub(super) group: usize,
    /// The window.
    pub(super) span: Span,
    /// Until when everything was read before.
    pub(super) covered: LogTime,
    /// Not before that.
    pub(super) due: Instant,
    /// Why it is read again.
    pub(super) why: &'static str,
    /// Until then the source is not idle.
    pub(super) pending: Pending,
}

/// Windows of one group that wait.
struct Waiting {
    first: Missing,
    /// The last one that was not due with the first.
    again: Option<Missing>,
}

/// Reads what `missing` names, one window after the other; windows of one group that wait are read as
/// one.
pub(super) async fn run(
    shared: Arc<Shared>,
    groups: Vec<GroupRef>,
    mut missing: mpsc::UnboundedReceiver<Missing>,
) {
    let mut waiting: HashMap<usize, Waiting> = HashMap::new();
    let mut is_open = true;
    loop {
        let next = waiting.values().map(|it| &it.first).min_by_key(|it| it.due);
        let next = next.map(|it| (it.group, it.due));
        tokio::select! {
            more = missing.recv(), if is_open => match more {
                Some(more) => merge(&mut waiting, more),
                None if waiting.is_empty() => return,
                None => is_open = false,
            },
            () = async { if let Some((_, due)) = next { sleep_until(due).await } }, if next.is_some() => {
                if let Some((at, _)) = next
                    && let Some(Waiting { first, again }) = waiting.remove(&at)
                    && let Some(group) = groups.get(at)
                {
                    if let Some(again) = again {
                        merge(&mut waiting, again);
                    }
                    read(&shared, group, first).await;
                }
                if !is_open && waiting.is_empty() {
                    return;
                }
            }
            () = shared.outbox.closed() => return,
        }
    }
}

/// Windows of a group that wait are read as one. It is read when the first of them is due, since more
/// may come each second, and then once more from where the last of them begins.
fn merge(waiting: &mut HashMap<usize, Waiting>, more: Missing) {
    match waiting.get_mut(&more.group) {
        None => {
            waiting.insert(more.group, Waiting { first: more, again: None });
        }
        Some(known) if more.due <= known.first.due => known.first.widen(more.span),
        Some(known) => {
            known.first.widen(more.span);
            known.again = Some(more);
        }
    }
}

impl Missing {
    fn widen(&mut self, span: Span) {
        self.span.from = self.span.from.min(span.from);
        self.span.to = self.span.to.max(span.to);
    }
}

async fn read(shared: &Arc<Shared>, group: &GroupRef, missing: Missing) {
    let mut tries = 0;
    let read = loop {
        let span = missing.span;
        let span = Span { from: shared.outbox.safe(span.from, missing.covered), ..span };
        match window(shared, group, span).await {
            // A network that is gone may come back.
            Err(error) if error.may_pass() && tries < TRIES && !shared.outbox.is_closed() => {
                tries += 1;
                sleep(PAUSE).await;
            }
            read => break read,
        }
    };
    if let Err(problem) = read {
        let Span { from, to } = missing.span;
        let gap = format!("{}: from {from} to {to}, {}: {problem}", group.name, missing.why);
        shared.outbox.note(Note::Gap(gap));
    }
    drop(missing.pending);
}

/// Reads a window and delivers what is new.
pub(super) async fn window(
    shared: &Arc<Shared>,
    group: &GroupRef,
    span: Span,
) -> Result<(), CallError> {
    let pass = shared.outbox.pass();
    pages(shared, group, span, |events| shared.outbox.events(events, pass)).await
}

/// Reads a window of which nothing was delivered and nothing else is read: it need not be remembered.
pub(super) async fn past(
    shared: &Arc<Shared>,
    group: &GroupRef,
    span: Span,
) -> Result<(), CallError> {
    pages(shared, group, span, |events| shared.outbox.old_events(events)).await
}

async fn pages(
    shared: &Arc<Shared>,
    group: &GroupRef,
    span: Span,
    deliver: impl Fn(Vec<CloudWatchEvent>),
) -> Result<(), CallError> {
    let (sender, mut pages) = mpsc::channel(2);
    let (caller, of) = (Arc::clone(&shared.caller), group.clone());
    let task = tokio::spawn(async move { filter::read(&caller, &of, span, &sender).await });
    while let Some(page) = pages.recv().await {
        if page.duplicates > 0 {
            shared.outbox.note(Note::Duplicates(page.duplicates));
        }
        // The past can wait until there is room.
        while !shared.outbox.has_room() && !shared.outbox.is_closed() {
            sleep(Duration::from_millis(20)).await;
        }
        deliver(page.events);
    }
    // A task that panicked has read nothing more.
    task.await.unwrap_or(Ok(0)).map(drop)
}
