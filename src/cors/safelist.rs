//! Is a preflight needed? Safelisted methods and request headers.
//! <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>
//!
//! Must not: look at a response.

use std::borrow::Cow;

use crate::cors::engine::Engine;
use crate::cors::header_list::{Field, is_token, trim};

/// What is uploaded, and whether anyone listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// No listener on `XMLHttpRequest.upload`.
    NotObserved,
    /// A listener, and a body.
    Observed,
    /// A listener, but no body.
    ObservedWithoutBody,
}

/// Whether a cross-origin request in mode `cors` is preceded by a preflight (no cache entry):
/// <https://fetch.spec.whatwg.org/#main-fetch>, the branch on the use-CORS-preflight flag.
pub fn needs_preflight(engine: Engine, method: &str, headers: &[Field], upload: Upload) -> bool {
    let observed = match upload {
        Upload::NotObserved => false,
        Upload::Observed => true,
        Upload::ObservedWithoutBody => engine.preflights_upload_listener_without_body(),
    };
    observed || !is_safelisted_method(method) || !unsafe_header_names(engine, headers).is_empty()
}

/// <https://fetch.spec.whatwg.org/#cors-safelisted-method>
pub fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// <https://fetch.spec.whatwg.org/#concept-method-normalize>: `patch` stays as it is.
pub fn normalize_method(method: &str) -> Cow<'_, str> {
    const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    match NORMALIZED.iter().find(|known| known.eq_ignore_ascii_case(method)) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Borrowed(method),
    }
}

/// CORS-unsafe request-header names, sorted, in lower case:
/// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names>.
pub fn unsafe_header_names(engine: Engine, headers: &[Field]) -> Vec<String> {
    let mut unsafe_names = Vec::new();
    let mut potentially_unsafe = Vec::new();
    let mut safelisted_bytes = 0;
    for (name, value) in request_headers(engine, headers) {
        if is_safelisted_header(engine, &name, &value) {
            safelisted_bytes += byte_length(&value);
            potentially_unsafe.push(name);
        } else {
            unsafe_names.push(name);
        }
    }
    if safelisted_bytes > 1024 {
        unsafe_names.append(&mut potentially_unsafe);
    }
    unsafe_names.sort_unstable();
    unsafe_names.dedup();
    unsafe_names
}

/// The headers that a script may set, names in lower case, duplicates joined where the engine does.
fn request_headers(engine: Engine, headers: &[Field]) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = trim(value);
        let ignored = engine.ignores_script_user_agent() && name == "user-agent";
        if ignored || is_forbidden_header(&name, value) {
            continue;
        }
        match kept.iter_mut().find(|(known, _)| *known == name) {
            Some((_, first)) if engine.joins_request_headers() => {
                first.push_str(", ");
                first.push_str(value);
            }
            Some(_) | None => kept.push((name, value.to_owned())),
        }
    }
    kept
}

/// <https://fetch.spec.whatwg.org/#forbidden-request-header>; `name` in lower case.
pub fn is_forbidden_header(name: &str, value: &str) -> bool {
    const FORBIDDEN: [&str; 21] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    match name {
        "x-http-method" | "x-http-method-override" | "x-method-override" => {
            value.split(',').any(|method| is_forbidden_method(trim(method)))
        }
        _ => name.starts_with("proxy-") || name.starts_with("sec-") || FORBIDDEN.contains(&name),
    }
}

/// <https://fetch.spec.whatwg.org/#forbidden-method>
pub fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|known| known.eq_ignore_ascii_case(method))
}

/// <https://fetch.spec.whatwg.org/#cors-safelisted-request-header>; `name` in lower case.
pub fn is_safelisted_header(engine: Engine, name: &str, value: &str) -> bool {
    // Step 1.
    if byte_length(value) > 128 {
        return false;
    }
    // Step 2.
    match name {
        "accept" => {
            !has_unsafe_byte(value) && (!engine.has_stricter_safelist() || value.is_ascii())
        }
        "accept-language" | "content-language" => value.bytes().all(is_language_byte),
        "content-type" => {
            !has_unsafe_byte(value)
                && (!engine.has_stricter_safelist() || !value.contains(','))
                && has_form_essence(value)
        }
        "range" => is_simple_range(engine, value),
        _ => engine.safelists_client_hints() && is_client_hint(name, value),
    }
}

/// Header values are Latin-1: one byte a letter.
fn byte_length(value: &str) -> usize {
    value.chars().count()
}

/// <https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte>
fn has_unsafe_byte(value: &str) -> bool {
    value.bytes().any(|byte| {
        (byte < 0x20 && byte != b'\t') || byte == 0x7f || b"\"():<>?@[\\]{}".contains(&byte)
    })
}

fn is_language_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte)
}

/// Whether the MIME type's essence is one that an HTML form can send. The part behind `;` never
/// makes a MIME type unparsable: <https://mimesniff.spec.whatwg.org/#parse-a-mime-type>.
fn has_form_essence(value: &str) -> bool {
    const FORM: [&str; 3] =
        ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    let essence = value.split(';').next().unwrap_or_default();
    let essence = essence.trim_matches([' ', '\t', '\r', '\n']);
    let is_mime = essence.split_once('/').is_some_and(|(t, s)| is_token(t) && is_token(s));
    is_mime && FORM.iter().any(|form| form.eq_ignore_ascii_case(essence))
}

/// A single range with a start: <https://fetch.spec.whatwg.org/#simple-range-header-value>.
fn is_simple_range(engine: Engine, value: &str) -> bool {
    let Some((unit, range)) = value.split_once('=') else { return false };
    let unit_fits =
        unit == "bytes" || (engine.folds_range_unit() && unit.eq_ignore_ascii_case("bytes"));
    let Some((start, end)) = range.split_once('-') else { return false };
    if !unit_fits || start.is_empty() || !is_digits(start) || !is_digits(end) {
        return false;
    }
    let bound = |text: &str| {
        text.parse::<u64>().ok().filter(|bound| *bound <= engine.largest_range_bound())
    };
    match (bound(start), bound(end)) {
        (Some(start), Some(end)) => start <= end,
        (Some(_), None) => end.is_empty(),
        (None, _) => false,
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Chromium: client hints describe the device, not the page, and are safe if well formed.
/// <https://source.chromium.org/chromium/chromium/src/+/main:services/network/public/cpp/cors/cors.cc>
fn is_client_hint(name: &str, value: &str) -> bool {
    match name {
        "save-data" => value.eq_ignore_ascii_case("on"),
        "dpr" | "device-memory" | "downlink" => is_decimal(value),
        "width" | "viewport-width" | "rtt" => !value.is_empty() && is_digits(value),
        "ect" => matches!(value, "slow-2g" | "2g" | "3g" | "4g"),
        "intervention" => true,
        _ => false,
    }
}

fn is_decimal(value: &str) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    !whole.is_empty() && !fraction.is_empty() && is_digits(whole) && is_digits(fraction)
}
