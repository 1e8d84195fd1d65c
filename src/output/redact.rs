//! Secrets, taken out of everything that is printed. Names stay, and the length of what was there.
//!
//! Two passes: values of names that hold secrets (headers, JSON, Java maps, query strings, log
//! prose), then strings that are secrets by their own form, whatever they are called.
//!
//! Must not: let a secret through for the sake of a nicer line. What is cut off in the middle of a
//! secret is redacted to the end.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::output::redact::names::{Secrecy, is_secret_header, is_secret_name, secrecy};
use crate::output::redact::values::{Form, Value};

mod hints;
mod names;
mod values;

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redaction {
    /// They are replaced by `[redacted:<length>]`.
    #[default]
    On,
    /// The user asked to see them.
    Off,
}

impl Redaction {
    /// A header's value.
    pub fn header<'a>(self, name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
        match self {
            Self::Off => value,
            Self::On if is_secret_name(name.as_bytes()) => Cow::Owned(replacement(&value)),
            Self::On => secrets(value),
        }
    }

    /// A path. Whatever stands in its query may be a secret, and tells nothing of CORS.
    pub fn path(self, path: Cow<'_, str>) -> Cow<'_, str> {
        match (self, path.find(['?', '#'])) {
            (Self::Off, _) => path,
            (Self::On, None) => secrets(path),
            (Self::On, Some(end)) => {
                Cow::Owned(secrets(Cow::Borrowed(path.get(..end).unwrap_or_default())).into_owned())
            }
        }
    }

    /// Any text from a log: lines, paths, details.
    pub fn text<'a>(self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        match self {
            Self::Off => text.into(),
            Self::On => secrets(text.into()),
        }
    }
}

/// What stands for a secret. The scheme of an `Authorization` value is none and helps.
fn replacement(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, rest)) if values::is_scheme(scheme) => {
            format!("{scheme} [redacted:{}]", rest.len())
        }
        _ => format!("[redacted:{}]", value.len()),
    }
}

fn secrets(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = match named_secrets(&text) {
        Some(redacted) => Cow::Owned(redacted),
        None => text,
    };
    match formed_secrets(&text) {
        Some(redacted) => Cow::Owned(redacted),
        None => text,
    }
}

/// Replaces the values of names that hold secrets.
fn named_secrets(text: &str) -> Option<String> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut from = 0;
    while let Some(rest) = text.as_bytes().get(from..)
        && let Some(at) = memchr::memchr3(b':', b'=', b'>', rest)
    {
        let separator = from + at;
        from = separator + 1;
        if text.as_bytes().get(..separator).is_some_and(names::is_open_before) {
            continue;
        }
        let Some(name) = values::name_before(text, separator) else { continue };
        let is_secret = match secrecy(name.text.as_bytes()) {
            Secrecy::Secret => true,
            Secrecy::Parameter => values::is_parameter(text, separator, &name),
            Secrecy::Open => false,
        };
        if !is_secret {
            continue;
        }
        let value = if text.as_bytes().get(separator) == Some(&b'>') {
            values::content(text, separator, &name)
        } else if is_secret_header(name.text.as_bytes()) {
            values::value_after(text, separator, &name, Form::Header)
        } else {
            values::value_after(text, separator, &name, Form::Plain)
        };
        let Some(Value { start, end }) = value else { continue };
        let (Some(before), Some(value)) = (text.get(copied..start), text.get(start..end)) else {
            continue;
        };
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(before);
        out.push_str(&replacement(value));
        copied = end;
        from = end;
    }
    let mut out = out?;
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// JSON web tokens, AWS key ids, bearer and basic credentials, credentials in URLs, tokens with the
/// well-known prefixes of their issuers, and addresses of webhooks whose path is the secret.
static FORMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<jwt>eyJ[A-Za-z0-9_\-]{6,}(?:\.[A-Za-z0-9_\-]*)*)",
        r"|(?P<key>(?-u:\b)(?:AKIA|ASIA)[A-Z0-9]{8,})",
        r"|(?P<scheme>(?-u:\b)(?i-u:bearer|basic) +)(?P<credentials>[A-Za-z0-9+/_~.\-]{8,}=*)",
        r"|(?P<slashes>://)(?P<user>[^/?#\s@:]*:[^/?#\s@]*)@",
        r"|(?P<issued>(?-u:\b)(?:gh[pousr]_|github_pat_|xox[abprs]-|sk_live_|sk-|glpat-)[A-Za-z0-9_\-]{10,})",
        r"|(?P<host>hooks\.slack\.com/|\.webhook\.office\.com/|/api/webhooks/|telegram\.org/bot)",
        r"(?P<path>[!#-&(-;=?-\[\]-~]+)",
    ))
    .ok()
});

fn formed_secrets(text: &str) -> Option<String> {
    // Few texts have anything of the kind. Where none has, the expression need not even be compiled.
    if !hints::may_hold_secret(text.as_bytes()) {
        return None;
    }
    let formed = FORMED.as_ref()?;
    match formed.replace_all(text, |found: &Captures<'_>| {
        let part = |name| found.name(name).map(|part| part.as_str());
        let redacted = |secret: &str| format!("[redacted:{}]", secret.len());
        if let (Some(scheme), Some(secret)) = (part("scheme"), part("credentials")) {
            format!("{scheme}{}", redacted(secret))
        } else if let (Some(slashes), Some(secret)) = (part("slashes"), part("user")) {
            format!("{slashes}{}@", redacted(secret))
        } else if let (Some(host), Some(secret)) = (part("host"), part("path")) {
            format!("{host}{}", redacted(secret))
        } else {
            found.get(0).map_or_else(String::new, |secret| redacted(secret.as_str()))
        }
    }) {
        Cow::Borrowed(_) => None,
        Cow::Owned(redacted) => Some(redacted),
    }
}

#[cfg(test)]
mod tests;
