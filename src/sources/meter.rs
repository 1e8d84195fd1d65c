//! How many bytes were read so far, for whoever watches from another thread.
//!
//! Must not: cost anything per event; it counts by whole reads.

use std::io::{self, Read};
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

/// A reader whose reads a meter counts.
pub(crate) struct Metered<'a> {
    reader: &'a mut dyn Read,
    meter: &'a Meter,
}

impl<'a> Metered<'a> {
    pub(crate) fn new(reader: &'a mut dyn Read, meter: &'a Meter) -> Self {
        Self { reader, meter }
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.meter.add(count as u64);
        Ok(count)
    }
}
