//! Values of options, parsed once.
//!
//! Must not: print.

use corscope::model::Severity;
use corscope::report::settings::{Glob, StatusRange};
use corscope::rules::words::Scope;

use corscope::rules::words::Place;

use crate::cli::args::Format;

const BUILT: &str = "human, json, jsonl";

/// A format that is built, or why not.
pub(crate) fn format(text: &str) -> Result<Format, String> {
    match text {
        "human" => Ok(Format::Human),
        "json" => Ok(Format::Json),
        "jsonl" => Ok(Format::Jsonl),
        "sarif" | "markdown" | "html" | "csv" | "github" | "junit" => {
            Err(format!("`{text}` is not built yet; there are: {BUILT}"))
        }
        _ => Err(format!("there are: {BUILT}")),
    }
}

/// A place of recipes.
pub(crate) fn place(text: &str) -> Result<Place, String> {
    Place::parse(text).map_err(|nearest| {
        let all: Vec<&str> = Place::ALL.iter().map(|place| place.as_str()).collect();
        let nearest = nearest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
        format!("{nearest}there are: {}", all.join(", "))
    })
}

/// `ID=LEVEL`.
pub(crate) fn rule_severity(text: &str) -> Result<(String, Severity), String> {
    let (id, level) =
        text.split_once('=').ok_or("write ID=LEVEL, as in `max-age-missing=error`")?;
    if id.is_empty() {
        return Err("the rule id is missing".to_owned());
    }
    Ok((id.to_owned(), severity(level)?))
}

/// `exchange`, `route`, `api`.
pub(crate) fn scope(text: &str) -> Result<Scope, String> {
    [Scope::Exchange, Scope::Route, Scope::Api]
        .into_iter()
        .find(|scope| scope.as_str() == text)
        .ok_or_else(|| "there are: exchange, route, api".to_owned())
}

/// `info`, `warning`, `error`.
pub(crate) fn severity(text: &str) -> Result<Severity, String> {
    [Severity::Info, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|severity| severity.as_str() == text)
        .ok_or_else(|| "there are: info, warning, error".to_owned())
}

/// `info`, `warning`, `error`, `never`.
pub(crate) fn fail_on(text: &str) -> Result<FailOn, String> {
    if text == "never" {
        return Ok(FailOn(None));
    }
    match severity(text) {
        Ok(severity) => Ok(FailOn(Some(severity))),
        Err(_) => Err("there are: info, warning, error, never".to_owned()),
    }
}

/// The severity that fails a run. Not a bare `Option`, which clap would take for an optional value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FailOn(pub(crate) Option<Severity>);

/// `502`, `5xx`, `500-599`.
pub(crate) fn status(text: &str) -> Result<StatusRange, String> {
    StatusRange::parse(text).ok_or_else(|| "write `502`, `5xx` or `500-599`".to_owned())
}

/// A text with `*`.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
pub(crate) fn glob(text: &str) -> Result<Glob, String> {
    Ok(Glob::new(text))
}

/// An origin with or without `*`: scheme and host, nothing behind.
pub(crate) fn origin(text: &str) -> Result<Glob, String> {
    let problem = || {
        Err("an origin is a scheme and a host, as in `https://app.example.com`; no path, no \
             slash at the end"
            .to_owned())
    };
    match text.split_once("://") {
        None if matches!(text, "null" | "*") => Ok(Glob::new(text)),
        Some((scheme, host)) if !scheme.is_empty() && !host.is_empty() && !host.contains('/') => {
            Ok(Glob::new(text))
        }
        None | Some(_) => problem(),
    }
}

/// `500MB`, `5GB`, `1.5 TB`; powers of ten, as AWS bills.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let problem = || format!("`{text}` is no size; write `500MB`, `5GB` or `1TB`");
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(number.len()..).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" | "k" => 1e3,
        "mb" | "m" => 1e6,
        "gb" | "g" => 1e9,
        "tb" | "t" => 1e12,
        _ => return Err(problem()),
    };
    let number: f64 = number.trim().parse().map_err(|_| problem())?;
    if !(0.0..1e6).contains(&number) {
        return Err(problem());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
    let bytes = (number * factor) as u64;
    Ok(bytes)
}

/// A size for people: `1.5 GB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    for (unit, factor) in units {
        if bytes >= factor {
            return format!("{}.{} {unit}", bytes / factor, bytes % factor * 10 / factor);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_do_not_exist_are_named_as_such() {
        assert!(matches!(format("jsonl"), Ok(Format::Jsonl)));
        assert_eq!(
            format("sarif").err().as_deref(),
            Some("`sarif` is not built yet; there are: human, json, jsonl"),
        );
        assert!(format("xml").is_err());
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(rule_severity("max-age=error"), Ok(("max-age".into(), Severity::Error)));
        assert!(rule_severity("max-age").is_err());
        assert!(rule_severity("=error").is_err());
        assert!(origin("https://app.example.com").is_ok());
        assert!(origin("https://*.example.com:8443").is_ok());
        assert!(origin("null").is_ok());
        assert!(origin("https://app.example.com/").is_err());
        assert!(origin("app.example.com").is_err());
        assert!(fail_on("never").is_ok_and(|fail_on| fail_on.0.is_none()));
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, want) in [("5GB", 5_000_000_000), ("1.5 mb", 1_500_000), ("700", 700)] {
            assert_eq!(bytes(text), Ok(want));
        }
        for text in ["", "GB", "5XB", "-1GB", "nan", "1e300GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(size(1_540_000_000), "1.5 GB");
        assert_eq!(size(999), "999 bytes");
    }
}
