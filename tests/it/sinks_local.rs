//! Sinks on this machine: programs, mail, and what other programs read of a run.

mod emf;
mod nagios;
mod programs;
pub(crate) mod sample;
mod textfile;
