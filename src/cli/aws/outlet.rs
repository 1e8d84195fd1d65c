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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes when it may.
    struct Slow {
        permits: std::sync::mpsc::Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.permits.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            self.written.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_slow_reader_and_nothing_is_lost() {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (permit, permits) = channel();
        let outlet = Outlet::new(Slow { permits, written: Arc::clone(&written) });
        for _ in 0..1000 {
            outlet.send(vec![b'x'; 100]).expect("room");
        }
        assert_eq!(outlet.queued(), 100_000);
        for _ in 0..1000 {
            permit.send(()).expect("a writer");
        }
        outlet.finish().expect("everything written");
        assert_eq!(written.lock().expect("no panic").len(), 100_000);
    }

    #[test]
    fn a_reader_that_goes_away_is_told_of() {
        let (permit, permits) = channel();
        drop(permit);
        let outlet = Outlet::new(Slow { permits, written: Arc::default() });
        outlet.send(vec![b'x']).expect("nobody knows yet");
        let error = outlet.finish().expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
