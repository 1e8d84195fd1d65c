//! The browser: the Fetch standard's algorithms → a verdict.
//!
//! Must not: explain.
