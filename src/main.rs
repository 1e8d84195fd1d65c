//! The command line. See `cli`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
