//! All integration tests, in one binary.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that fails may panic; tests read their data and make files"
)]

mod architecture;
mod assemble;
mod catalogue;
mod chunks;
mod cli;
mod containers;
#[cfg(feature = "aws")]
mod discover;
mod docs;
#[cfg(feature = "aws")]
mod doctor;
mod explain;
mod explain_cli;
mod fuzz_corpus;
mod log;
#[cfg(feature = "aws")]
mod moto;
mod oracle;
mod output;
mod properties;
mod properties_cors;
mod report;
mod rules;
mod rules_cli;
mod rules_config;
mod rules_schema;
mod run;
mod samples;
mod survey;
mod work;
