//! The body of an answer: whole, or frames that come as they are made.
//!
//! Must not: hold more than AWS does for a client that does not read.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use hyper::body::{Body, Bytes, Frame};

/// Updates, and events in them, that wait for a client at most.
const MOST_UPDATES: usize = 10;
const MOST_EVENTS: usize = 5_000;

/// A body.
pub(crate) enum Reply {
    Whole(Option<Bytes>),
    Live(Arc<Pipe>),
}

/// Frames between a live tail and its client.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Frames, with the number of events in each.
    frames: VecDeque<(Bytes, usize)>,
    waker: Option<Waker>,
    end: End,
    /// Nobody reads any more.
    is_abandoned: bool,
}

/// How a body ends once its frames are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum End {
    #[default]
    Open,
    /// As it should.
    Regular,
    /// With the connection.
    Cut,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a frame with so many events. Gives the number of events that had to go to make room: the
    /// oldest, as at AWS.
    pub(crate) fn push(&self, frame: Bytes, events: usize) -> usize {
        let mut inner = self.lock();
        inner.frames.push_back((frame, events));
        let mut dropped = 0;
        while inner.frames.len() > MOST_UPDATES
            || inner.frames.iter().map(|(_, events)| events).sum::<usize>() > MOST_EVENTS
        {
            dropped += inner.frames.pop_front().map_or(0, |(_, events)| events);
        }
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
        dropped
    }

    pub(crate) fn end(&self, end: End) {
        let mut inner = self.lock();
        inner.end = end;
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.lock().is_abandoned
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let pipe = match self.get_mut() {
            Self::Whole(bytes) => return Poll::Ready(bytes.take().map(|it| Ok(Frame::data(it)))),
            Self::Live(pipe) => pipe,
        };
        let mut inner = pipe.lock();
        if let Some((bytes, _)) = inner.frames.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match inner.end {
            End::Open => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
            End::Regular => Poll::Ready(None),
            End::Cut => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Self::Live(pipe) = self {
            pipe.lock().is_abandoned = true;
        }
    }
}
