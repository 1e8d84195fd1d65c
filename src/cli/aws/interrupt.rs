//! Ctrl-C, from the moment at which somebody begins to listen. The first one ends the work in order, the
//! second one the process.
//!
//! Must not: miss one that comes between the beginning of the work and the first wait.

use std::io;
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

/// Listens for Ctrl-C.
#[derive(Debug)]
pub(crate) struct Interrupt {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
    /// Whether the next one ends the process: nobody waits for it.
    #[cfg(unix)]
    is_heard: Arc<AtomicBool>,
}

/// The exit code of a process that Ctrl-C ended, as shells have it.
#[cfg(unix)]
const INTERRUPTED: i32 = 130;

impl Interrupt {
    /// Begins to listen, now.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        let kind = tokio::signal::unix::SignalKind::interrupt();
        let is_heard = Arc::default();
        let ends = Arc::clone(&is_heard);
        signal_hook::flag::register_conditional_shutdown(
            signal_hook::consts::SIGINT,
            INTERRUPTED,
            ends,
        )?;
        Ok(Self { signal: tokio::signal::unix::signal(kind)?, is_heard })
    }

    /// Begins to listen with the first wait.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for it.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        {
            self.signal.recv().await;
            self.is_heard.store(true, Ordering::Relaxed);
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler Ctrl-C ends the process anyhow.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
impl Drop for Interrupt {
    fn drop(&mut self) {
        self.is_heard.store(true, Ordering::Relaxed);
    }
}
