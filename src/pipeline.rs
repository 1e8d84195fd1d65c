//! The order of the layers: `push`, `finish`.
//!
//! Must not: do any layer's work.
