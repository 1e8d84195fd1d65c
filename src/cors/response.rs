//! What the CORS steps read of a response, as facts.
//!
//! Must not: decide.

use std::borrow::Cow;

use crate::cors::engine::Engine;
use crate::cors::header_list::{Field, trim};
use crate::model::headers::lossy;
use crate::model::{Fact, Headers};

/// All lines of one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value<'a> {
    /// Combined with `, ` ([`get`](https://fetch.spec.whatwg.org/#concept-header-list-get)).
    combined: Cow<'a, str>,
    /// Combined without empty lines, where that is something else.
    without_empty: Option<Cow<'a, str>>,
    /// Lines whose name is written in the one way that Firefox counts.
    canonical_lines: u16,
}

impl<'a> Value<'a> {
    /// The value of a single line.
    pub fn single(text: impl Into<Cow<'a, str>>) -> Self {
        Self { combined: text.into(), without_empty: None, canonical_lines: 1 }
    }

    /// As an engine combines the lines.
    pub fn text(&self, engine: Engine) -> &str {
        match &self.without_empty {
            Some(text) if engine.drops_empty_lines() => text,
            Some(_) | None => &self.combined,
        }
    }

    /// Whether there are several lines named exactly as the standard writes it: over HTTP/1,
    /// Firefox counts those and no others.
    pub fn has_several_canonical_lines(&self) -> bool {
        self.canonical_lines > 1
    }

    fn add(&mut self, value: &str, canonical: bool) {
        let kept = self.without_empty.take().unwrap_or_else(|| self.combined.clone());
        let kept = match (kept.is_empty(), value.is_empty()) {
            (true, _) => Cow::Owned(value.to_owned()),
            (false, true) => kept,
            (false, false) => Cow::Owned(format!("{kept}, {value}")),
        };
        self.combined = Cow::Owned(format!("{}, {value}", self.combined));
        self.without_empty = (kept != self.combined).then_some(kept);
        self.canonical_lines += u16::from(canonical);
    }
}

/// A response, as far as it is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response<'a> {
    /// Status.
    pub status: Fact<u16>,
    /// `Access-Control-Allow-Origin`.
    pub allow_origin: Fact<Value<'a>>,
    /// `Access-Control-Allow-Credentials`.
    pub allow_credentials: Fact<Value<'a>>,
    /// `Access-Control-Allow-Methods`.
    pub allow_methods: Fact<Value<'a>>,
    /// `Access-Control-Allow-Headers`.
    pub allow_headers: Fact<Value<'a>>,
    /// `Location`.
    pub location: Fact<Value<'a>>,
}

/// Names as the standard writes them, in the order of [`Response::slot`].
const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const ALLOW_METHODS: &str = "Access-Control-Allow-Methods";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";
const LOCATION: &str = "Location";

impl<'a> Response<'a> {
    /// From raw header lines, all of them seen.
    pub fn from_fields(status: u16, fields: &'a [Field]) -> Self {
        Self::from_headers(Fact::Seen(status), &Headers::List { fields, complete: true })
    }

    /// From logs.
    pub fn from_headers(status: Fact<u16>, headers: &Headers<'a>) -> Self {
        let mut response = Self { status, ..Self::default() };
        for (name, value) in headers.raw() {
            if let Some((slot, canonical)) = response.slot(name) {
                add(slot, lossy(value), name == canonical.as_bytes());
            }
        }
        if headers.is_complete() {
            response.seal();
        }
        response
    }

    fn slot(&mut self, name: &[u8]) -> Option<(&mut Fact<Value<'a>>, &'static str)> {
        // Five comparisons for each header would be the costliest part of a judgement.
        let (slot, canonical) = match name.len() {
            8 => (&mut self.location, LOCATION),
            27 => (&mut self.allow_origin, ALLOW_ORIGIN),
            32 => (&mut self.allow_credentials, ALLOW_CREDENTIALS),
            28 if name.get(21).is_some_and(|byte| byte.eq_ignore_ascii_case(&b'm')) => {
                (&mut self.allow_methods, ALLOW_METHODS)
            }
            28 => (&mut self.allow_headers, ALLOW_HEADERS),
            _ => return None,
        };
        name.eq_ignore_ascii_case(canonical.as_bytes()).then_some((slot, canonical))
    }

    /// The list is whole: what was not found is absent.
    fn seal(&mut self) {
        let slots = [
            &mut self.allow_origin,
            &mut self.allow_credentials,
            &mut self.allow_methods,
            &mut self.allow_headers,
            &mut self.location,
        ];
        for slot in slots {
            if slot.is_unseen() {
                *slot = Fact::Absent;
            }
        }
    }
}

fn add<'a>(slot: &mut Fact<Value<'a>>, value: Cow<'a, str>, canonical: bool) {
    match slot {
        Fact::Seen(seen) => seen.add(trim(&value), canonical),
        Fact::Absent | Fact::Unseen => {
            let combined = match value {
                Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
                Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
            };
            let canonical_lines = u16::from(canonical);
            *slot = Fact::Seen(Value { combined, without_empty: None, canonical_lines });
        }
    }
}
