//! One POST: what is sent, what the answer means, and what is said when it fails.
//!
//! Redirects are not followed: whoever answers with one would decide where alerts and credentials go.
//! Certificates are those that the system trusts. `https` goes through the proxy that `ALL_PROXY` or
//! `HTTPS_PROXY` names, unless `NO_PROXY` or the loopback excludes the host; plain `http` never does.
//!
//! Must not: retry, or show the path of an address, which is a secret for many services.

use std::io::Read;
use std::time::Duration;

use chrono::DateTime;
use serde::Serialize;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Proxy};
use url::{Host, Url};

use crate::model::LogTime;
use crate::notify::text::plain;
use crate::notify::{DeliveryError, Retry};
use crate::output::contract::append_json;
use crate::output::redact::Redaction;

/// Bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 64 * 1024;
/// Characters of an answer that are shown.
const SHOWN_ANSWER: usize = 200;
/// Characters a part of an address must have to be looked for in answers: a shorter one is no secret.
const SHORTEST_SECRET: usize = 8;

/// `corscope/<version>`.
pub const USER_AGENT: &str = concat!("corscope/", env!("CARGO_PKG_VERSION"));

/// The header field of JSON bodies.
pub const JSON: (&str, &str) = ("Content-Type", "application/json");

/// How long a request may take: until it is connected, and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until the answer is read.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), whole: Duration::from_secs(10) }
    }
}

/// One address that is posted to.
pub struct Endpoint {
    service: &'static str,
    url: Url,
    agent: Agent,
    now: LogTime,
    secrets: Vec<String>,
}

impl Endpoint {
    /// `service` is how it is called in errors. `now` is what a `Retry-After` with a date is compared
    /// with: the time of the run.
    pub fn new(
        service: &'static str,
        url: &str,
        limits: Limits,
        now: LogTime,
    ) -> Result<Self, DeliveryError> {
        let url = parse_url(url).map_err(|problem| DeliveryError {
            problem: format!("{service}: {problem}"),
            retry: Retry::Later,
        })?;
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(proxy_for(&url))
            .user_agent(USER_AGENT)
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.whole))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build()
            .new_agent();
        let (path, query) = (url.path().to_owned(), url.query().unwrap_or_default().to_owned());
        let mut endpoint = Self { service, url, agent, now, secrets: Vec::new() };
        endpoint.hide(&path);
        endpoint.hide(&query);
        Ok(endpoint)
    }

    /// Has it taken out of whatever an answer says.
    pub fn hide(&mut self, secret: &str) {
        let parts = secret.split(['/', '&', '=']).chain([secret]);
        let long = parts.filter(|part| part.chars().count() >= SHORTEST_SECRET);
        self.secrets.extend(long.map(str::to_owned));
        // The longest first: a part must not break the whole.
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// The address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The time of the run.
    pub fn now(&self) -> LogTime {
        self.now
    }

    /// `value` as JSON in which nothing is invisible.
    pub fn json(&self, value: &impl Serialize) -> Result<Vec<u8>, DeliveryError> {
        let mut body = Vec::new();
        match append_json(&mut body, value) {
            Ok(()) => Ok(body),
            Err(error) => Err(self.problem(&format!("got nothing: {error}"), Retry::Never)),
        }
    }

    /// Sends `value` to the address as JSON.
    pub fn post_json(&self, value: &impl Serialize) -> Result<(), DeliveryError> {
        self.post(&[JSON], &self.json(value)?)
    }

    /// Sends `body` to the address.
    pub fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Result<(), DeliveryError> {
        self.post_to(&self.url, headers, body)
    }

    /// Sends `body` to another address of the same service.
    pub fn post_to(
        &self,
        url: &Url,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), DeliveryError> {
        let mut request = self.agent.post(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send(body).map_err(|error| self.unanswered(&error))?;
        let status = response.status().as_u16();
        let field = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (retry_after, location) = (field("retry-after"), field("location"));
        // An answer that breaks off is one all the same: its status has come.
        let mut answer = Vec::new();
        let _ = response.into_body().into_reader().take(LONGEST_ANSWER).read_to_end(&mut answer);
        let retry = match status {
            200..=299 => return Ok(()),
            429 | 503 => waiting_time(retry_after.as_deref(), self.now),
            408 | 425 | 500..=599 => Retry::Later,
            _ => Retry::Never,
        };
        let problem = if (300..=399).contains(&status) {
            let target = location.and_then(|target| url.join(&target).ok());
            let target =
                target.map_or_else(String::new, |target| format!(" to {}", reduced(&target)));
            format!("answered {status}, a redirect{target}, which is not followed")
        } else {
            format!("answered {status}{}", self.quoted(&answer))
        };
        Err(self.problem(&problem, retry))
    }

    fn problem(&self, what: &str, retry: Retry) -> DeliveryError {
        let problem = format!("{} at {} {what}", self.service, reduced(&self.url));
        DeliveryError { problem, retry }
    }

    /// What is said of an answer's body.
    fn quoted(&self, answer: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(answer).into_owned();
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "[secret]");
        }
        let text = plain(&Redaction::On.text(text), SHOWN_ANSWER);
        if text.is_empty() { text } else { format!(": {text}") }
    }

    /// No answer came.
    fn unanswered(&self, error: &ureq::Error) -> DeliveryError {
        if let ureq::Error::Timeout(_) = error {
            return self.problem("did not answer in time", Retry::Later);
        }
        if let ureq::Error::HostNotFound = error {
            return self.problem("cannot be reached: the host is not known", Retry::Later);
        }
        let is_hopeless = matches!(
            error,
            ureq::Error::Http(_) | ureq::Error::BadUri(_) | ureq::Error::InvalidProxyUrl
        );
        if is_hopeless {
            // What is wrong with it may be a secret.
            return self.problem("cannot be asked: the request is not valid", Retry::Never);
        }
        // `io: ` in front says nothing.
        let why =
            if let ureq::Error::Io(error) = error { error.to_string() } else { error.to_string() };
        let why = self.quoted(why.as_bytes());
        self.problem(&format!("cannot be reached{why}"), Retry::Later)
    }
}

/// An address as the user wrote it. The error says what is wrong with it, and not what it is.
pub fn parse_url(text: &str) -> Result<Url, String> {
    if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
        return Err("the address has a space or a line end in it".to_owned());
    }
    let url = Url::parse(text)
        .map_err(|_| "the address is no URL, as in `https://host.example/path`".to_owned())?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err("the address must begin with `https://` or `http://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address must not hold a password; use `headers`".to_owned());
    }
    Ok(url)
}

/// Scheme, host and port: the rest may be a secret.
fn reduced(url: &Url) -> String {
    plain(&url.origin().ascii_serialization(), 200)
}

/// What the environment says for `https`; nothing for the loopback.
fn proxy_for(url: &Url) -> Option<Proxy> {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if is_local || url.scheme() != "https" { None } else { Proxy::try_from_env() }
}

/// `Retry-After`, RFC 9110 10.2.3: seconds, or a date.
fn waiting_time(field: Option<&str>, now: LogTime) -> Retry {
    let Some(field) = field.map(str::trim) else { return Retry::Later };
    if let Ok(seconds) = field.parse() {
        return Retry::After(Duration::from_secs(seconds));
    }
    let Ok(date) = DateTime::parse_from_rfc2822(field) else { return Retry::Later };
    let wait = u64::try_from(date.timestamp_millis().saturating_sub(now.0)).unwrap_or(0);
    Retry::After(Duration::from_millis(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = LogTime::parse_rfc3339("2026-11-22T10:00:00Z").expect("a time");
        let after = |seconds| Retry::After(Duration::from_secs(seconds));
        assert_eq!(waiting_time(Some(" 30 "), now), after(30));
        assert_eq!(waiting_time(Some("Sun, 22 Nov 2026 10:01:00 GMT"), now), after(60));
        assert_eq!(waiting_time(Some("Sun, 22 Nov 2026 09:00:00 GMT"), now), after(0));
        for text in [None, Some("-1"), Some("soon"), Some("")] {
            assert_eq!(waiting_time(text, now), Retry::Later);
        }
    }

    #[test]
    fn an_address_is_refused_without_being_shown() {
        for text in [
            "hooks.example/s3cret",
            "ftp://a.example/s3cret",
            "https://me:s3cret@a.example/",
            "https://a.example/s3cret\nx",
            "file:///s3cret",
        ] {
            let error = Endpoint::new("Slack", text, Limits::default(), LogTime(0)).err();
            let error = error.expect("refused");
            assert!(error.problem.starts_with("Slack: the address "), "{error}");
            assert!(!error.problem.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn an_answer_does_not_give_secrets_away() {
        let url = "https://hooks.example/services/T0000/B0000/abcdefgh?key=ijklmnop";
        let mut endpoint =
            Endpoint::new("Slack", url, Limits::default(), LogTime(0)).expect("an endpoint");
        endpoint.hide("qrstuvwx");
        assert_eq!(
            endpoint
                .quoted(b" no /services/T0000/B0000/abcdefgh, abcdefgh, ijklmnop; qrstuvwx\x1b[2J"),
            ": no [secret], [secret], [secret]; [secret]\\x1b[2J"
        );
        assert_eq!(endpoint.quoted(b" \r\n"), "");
        let long = endpoint.quoted(&[b'x'; 1000]);
        assert_eq!(long.chars().count(), 2 + SHOWN_ANSWER);
    }

    #[test]
    fn the_loopback_needs_no_proxy() {
        for url in
            ["https://localhost/", "https://127.0.0.1:8080/", "https://[::1]/", "http://a.example"]
        {
            assert_eq!(proxy_for(&Url::parse(url).expect("a URL")), None);
        }
    }
}
