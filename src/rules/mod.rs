//! Facts, three-valued conditions and rule files → findings.
//!
//! Reading order: [`facts`] has what a rule may ask, [`mod@file`] how it asks, [`set`] what comes of it.
//!
//! Must not: compute a verdict.

pub(crate) mod body;
pub mod catalogue;
mod closed;
mod compile;
mod condition;
mod expression;
pub mod facts;
pub mod file;
pub(crate) mod near_names;
pub(crate) mod observed;
mod placed;
pub mod problem;
pub mod reach;
mod reader;
mod relation;
mod route;
pub mod schema;
pub mod set;
mod slots;
mod template;
pub(crate) mod told;
pub mod trace;
pub mod words;

#[cfg(test)]
mod tests;
