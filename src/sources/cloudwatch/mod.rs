//! CloudWatch Logs: an account's log groups, read by `FilterLogEvents`, Logs Insights or Live Tail.
//!
//! Reading order: `access` opens an account, `call` makes every request to it (one budget, one way to
//! fail), `event` is what comes back. Everything here is asynchronous and knows no layer behind it:
//! what is read goes into a channel as [`Delivery`](delivery::Delivery), and whoever analyzes takes it
//! from there.
//!
//! Must not: look into a message, or lose one without a note.

pub mod access;
pub mod batches;
pub mod budget;
pub mod call;
pub mod delivery;
pub mod error;
pub mod event;
pub mod feed;
pub mod filter;
pub mod follow;
pub mod group;
pub mod groups;
pub mod history;
pub mod insights;
pub mod permissions;
pub mod seen;
pub mod select;
pub mod target;
