//! Ctrl-C, from the moment at which somebody begins to listen.
//!
//! Must not: miss one that comes between the beginning of the work and the first wait.

use std::io;

/// Listens for Ctrl-C.
#[derive(Debug)]
pub(crate) struct Interrupt {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Interrupt {
    /// Begins to listen, now.
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        let kind = tokio::signal::unix::SignalKind::interrupt();
        Ok(Self { signal: tokio::signal::unix::signal(kind)? })
    }

    /// Begins to listen with the first wait.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for it.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        self.signal.recv().await;
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler Ctrl-C ends the process anyhow.
            std::future::pending::<()>().await;
        }
    }
}
