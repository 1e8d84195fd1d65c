//! Exchanges: records that share a request id → one exchange.
//!
//! Must not: judge, or read a clock.
