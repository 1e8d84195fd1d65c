//! What tells the client of one exchange from those of others.
//!
//! Must not: keep an address.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::model::Exchange;
use crate::model::headers::{Lengths, is_named};

/// The request headers that tell one client from another: browser, and addresses.
pub const CLIENT_HEADERS: [&str; 2] = ["User-Agent", "X-Forwarded-For"];

/// A client, as far as the last values of these headers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(u64);

/// Tells clients from one another, within one run.
#[derive(Debug, Clone)]
pub struct Clients(RandomState);

impl Clients {
    pub(super) fn new(hasher: &RandomState) -> Self {
        Self(hasher.clone())
    }

    /// The client of these values, as logged.
    pub fn with(&self, values: [Option<&[u8]>; 2]) -> Client {
        Client(self.0.hash_one(values))
    }

    /// The client of an exchange.
    pub fn of(&self, exchange: &Exchange) -> Client {
        let mut values = [None; 2];
        exchange.request_headers().each_as_long(Lengths::of(&CLIENT_HEADERS), |name, value| {
            let mut slots = CLIENT_HEADERS.iter().zip(&mut values);
            if let Some((_, slot)) = slots.find(|(known, _)| is_named(name, known)) {
                *slot = Some(value);
            }
        });
        self.with(values)
    }
}
