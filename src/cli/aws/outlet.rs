//! Standard output that nobody has to wait for: a thread of its own writes what is queued.
//!
//! Must not: drop what was given to it, or make the analysis wait.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What both sides know.
#[derive(Debug, Default)]
struct Shared {
    /// Bytes that are not written yet.
    queued: AtomicUsize,
    /// Why writing ended, until somebody asks.
    failure: Mutex<Option<io::Error>>,
}

/// The side that is written to.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: Sender<Vec<u8>>,
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

impl Outlet {
    /// Writes to `out` from now on.
    pub(crate) fn new(mut out: impl Write + Send + 'static) -> Self {
        let (queue, waiting) = channel::<Vec<u8>>();
        let shared = Arc::new(Shared::default());
        let of_writer = Arc::clone(&shared);
        let writer = std::thread::spawn(move || {
            for bytes in waiting {
                let written = out.write_all(&bytes).and_then(|()| out.flush());
                of_writer.queued.fetch_sub(bytes.len(), Ordering::Relaxed);
                if let Err(error) = written {
                    let mut failure =
                        of_writer.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    *failure = Some(error);
                    return;
                }
            }
        });
        Self { queue, shared, writer }
    }

    /// Queues bytes. An error is that of what was queued before.
    pub(crate) fn send(&self, bytes: Vec<u8>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.shared.queued.fetch_add(bytes.len(), Ordering::Relaxed);
        self.queue.send(bytes).map_err(|_| self.failure())
    }

    /// Bytes that nobody took yet.
    pub(crate) fn queued(&self) -> usize {
        self.shared.queued.load(Ordering::Relaxed)
    }

    /// Whether nothing can be written any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.writer.is_finished()
    }

    /// Waits until everything is written.
    pub(crate) fn finish(self) -> io::Result<()> {
        let Self { queue, shared, writer } = self;
        drop(queue);
        // A thread that panicked has said so.
        let _ = writer.join();
        let failure = shared.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    fn failure(&self) -> io::Error {
        let mut failure = self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner);
        let told = failure.take();
        told.unwrap_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
