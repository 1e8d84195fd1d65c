//! How many bytes were read so far, for whoever watches from another thread.
//!
//! Must not: cost anything per event; it counts by whole reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count of bytes.
#[derive(Debug, Default)]
pub struct Meter(AtomicU64);

impl Meter {
    /// Bytes that were read, as stored (compressed where they are).
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// That many more were read.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}
