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

mod alike;
mod architecture;
mod assemble;
mod catalogue;
#[cfg(feature = "aws")]
mod check_account;
mod check_state;
#[cfg(feature = "aws")]
mod check_week;
mod chunks;
mod cli;
mod containers;
#[cfg(feature = "aws")]
mod discover;
mod docs;
mod docs_check;
#[cfg(feature = "aws")]
mod doctor;
mod escapes;
mod explain;
mod explain_cli;
mod explain_pastes;
#[cfg(feature = "aws")]
#[path = "../fake/mod.rs"]
mod fake;
#[cfg(feature = "aws")]
mod fake_cloudwatch;
mod fuzz_corpus;
mod injection;
mod lambda;
mod live;
mod log;
#[cfg(feature = "aws")]
mod moto;
#[cfg(feature = "aws")]
mod moto_logs;
mod oracle;
mod output;
mod progress;
mod properties;
mod properties_cors;
#[cfg(feature = "aws")]
mod query;
#[cfg(feature = "aws")]
#[path = "../../examples/fake-cloudwatch/replay.rs"]
mod replay;
mod report;
mod rest;
mod rules;
mod rules_cli;
mod rules_config;
mod rules_schema;
mod run;
mod samples;
#[cfg(feature = "aws")]
mod shop;
mod sink;
mod sinks;
#[cfg(feature = "aws")]
mod sinks_aws;
mod sinks_local;
mod survey;
#[cfg(feature = "aws")]
mod tail_cli;
#[cfg(feature = "aws")]
mod tail_faults;
#[cfg(feature = "aws")]
mod tail_gaps;
#[cfg(feature = "aws")]
mod tail_many;
mod threads;
mod until;
mod work;
