//! Where bytes come from: files, folders, standard input.
//!
//! Must not: look into a line.

pub mod files;
