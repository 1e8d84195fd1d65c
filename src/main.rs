//! The command line. See `cli`.
//!
//! Must not: hold anything but the call.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
