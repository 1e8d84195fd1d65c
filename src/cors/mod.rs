//! The browser: the Fetch standard's algorithms → a verdict.
//!
//! [`judge`] decides on an exchange from logs. The modules below decide on raw header lines and can
//! be used alone: [`check`] and [`preflight`] on one response, [`fetch`] on a whole fetch.
//! `docs/browsers.md` lists where engines depart from the standard.
//!
//! Must not: explain.

/// Request headers that [`judge`] reads.
pub const REQUEST_HEADERS_READ: &[&str] = &[
    "Host",
    "Origin",
    "Cookie",
    "If-None-Match",
    "If-Modified-Since",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "X-Forwarded-Proto",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
];

/// Response headers that [`judge`] reads.
pub const RESPONSE_HEADERS_READ: &[&str] = &[
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Location",
];

pub mod check;
pub mod console;
pub mod decision;
pub mod engine;
pub mod exchange;
pub mod expose;
pub mod fetch;
pub mod header_list;
pub mod origin;
pub mod preflight;
pub mod redirect;
pub mod response;
pub mod safelist;

use crate::model::{Exchange, Judgement};

/// What browsers did with an exchange, under both credentials modes.
pub fn judge(exchange: &Exchange) -> Judgement {
    exchange::judge(exchange)
}
