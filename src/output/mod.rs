//! One file per output format.
//!
//! Must not: decide what is shown.
