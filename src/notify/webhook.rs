//! A generic webhook: one alert, as JSON, in each request.
//!
//! The body is the [`AlertEvent`](crate::alert::event::AlertEvent) as `corscope/1` has it.
//! `Idempotency-Key` is the message's key, the same when it is sent again. Where a secret is
//! configured, `X-Corscope-Signature: t=<seconds>,v1=<hex>` has the HMAC-SHA256, with the secret as
//! key, of `<seconds>.<body>`: the seconds since the Unix epoch of the run that sends it, a full stop,
//! and the body's bytes. Who receives it recomputes that over the bytes as they came, compares in
//! constant time, and refuses what is older than it takes for a run to end.
//!
//! Must not: send more than one event in a request.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::model::LogTime;
use crate::notify::http::{Endpoint, JSON, Limits};
use crate::notify::secret::Secret;
use crate::notify::settings::SecretRef;
use crate::notify::text::plain;
use crate::notify::{DeliveryError, Message, Notifier, Retry};

/// The signature's header field.
pub const SIGNATURE: &str = "X-Corscope-Signature";

/// Header fields that are not the user's to set.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "user-agent",
    "x-corscope-signature",
];

/// A generic webhook.
pub struct Webhook {
    endpoint: Endpoint,
    secret: Option<Secret>,
    headers: Vec<(String, Secret)>,
}

impl Webhook {
    /// Reads the secrets. `now` is the time of the run.
    pub fn new(
        url: &SecretRef,
        secret: Option<&SecretRef>,
        headers: &[(String, SecretRef)],
        now: LogTime,
    ) -> Result<Self, DeliveryError> {
        let url = url.read()?;
        let mut endpoint = Endpoint::new("the webhook", url.expose(), Limits::default(), now)?;
        let mut fields = Vec::new();
        for (name, value) in headers {
            let value = value.read()?;
            if let Some(problem) = field_problem(name).or_else(|| value_problem(name, &value)) {
                return Err(DeliveryError { problem, retry: Retry::Later });
            }
            endpoint.hide(value.expose());
            // `Bearer` and `Basic` stand in front of what is secret.
            endpoint.hide(value.expose().rsplit(' ').next().unwrap_or_default());
            fields.push((name.clone(), value));
        }
        let secret = secret.map(SecretRef::read).transpose()?;
        if let Some(secret) = &secret {
            endpoint.hide(secret.expose());
        }
        Ok(Self { endpoint, secret, headers: fields })
    }
}

impl Notifier for Webhook {
    fn most(&self) -> usize {
        1
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        for event in message.events {
            let body = self.endpoint.json(event)?;
            let signature =
                self.secret.as_ref().map(|secret| signature(secret, self.endpoint.now(), &body));
            let mut headers = vec![JSON, ("Idempotency-Key", event.key.as_str())];
            if let Some(signature) = &signature {
                headers.push((SIGNATURE, signature));
            }
            let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.expose()));
            headers.extend(own);
            self.endpoint.post(&headers, &body)?;
        }
        Ok(())
    }
}

/// What is wrong with a header field's name, as a sentence; `None` if it may be sent.
pub fn field_problem(name: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(format!("`{}` is no name of a header field", plain(name, 60)));
    }
    let is_reserved = RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    is_reserved.then(|| format!("the header field `{name}` is set by corscope"))
}

/// RFC 9110 5.5, without what only old servers wrote.
fn value_problem(name: &str, value: &Secret) -> Option<String> {
    let is_fine = value.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte));
    (!is_fine).then(|| format!("the header field `{name}` must be ASCII, in one line"))
}

fn signature(secret: &Secret, now: LogTime, body: &[u8]) -> String {
    let seconds = now.0.div_euclid(1000);
    let mut text = format!("t={seconds},v1=");
    // HMAC takes keys of any length: RFC 2104.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        let secret = SecretRef::Plain("key".to_owned()).read().expect("a secret");
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature(&secret, LogTime(1_700_000_000_999), b"{}"),
            "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
        );
    }

    #[test]
    fn fields_that_would_break_the_request_are_refused() {
        for name in ["", "a b", "a:", "a\r\nX-Evil", "Host", "content-LENGTH", "ä"] {
            assert!(field_problem(name).is_some(), "{name}");
        }
        assert_eq!(field_problem("X-Team"), None);
        let value = |text: &str| {
            value_problem("X", &SecretRef::Plain(text.to_owned()).read().expect("a secret"))
        };
        assert!(value("a\r\nX-Evil: 1").is_some());
        assert!(value("\u{202e}a").is_some());
        assert_eq!(value("Bearer a.b-c"), None);
    }
}
