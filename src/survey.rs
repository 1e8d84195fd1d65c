//! What holds across the exchanges of one route.
//!
//! Must not: judge a single exchange.
