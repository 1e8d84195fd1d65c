//! Why did the browser say "blocked by CORS policy"? The answer, from CloudWatch Logs.
//!
//! Reading order: [`model`] has the vocabulary; then follow the data: [`sources`], [`decode`],
//! [`parse`], [`assemble`], [`cors`], [`survey`], [`rules`], [`diagnose`], [`report`], [`output`].
//! [`pipeline`] alone knows that order. What many runs found becomes an [`alert`], and [`notify`] tells
//! it. [`explain`] answers questions without any log.

pub mod alert;
pub mod assemble;
pub mod cors;
pub mod decode;
pub mod diagnose;
#[cfg(feature = "aws")]
pub mod doctor;
pub mod explain;
pub mod model;
pub mod notify;
pub mod output;
pub mod parse;
pub mod pipeline;
pub mod report;
pub mod rules;
pub mod sources;
pub mod survey;
