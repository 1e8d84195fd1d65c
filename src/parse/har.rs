//! HAR files: one entry, as the browser's tools recorded it.
//! <http://www.softwareishard.com/blog/har-12-spec/>
//!
//! Must not: judge whether the browser let the page see the response.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::model::{HarEntry, LogTime};

static STARTED: LazyLock<Finder> = LazyLock::new(|| Finder::new("\"startedDateTime\""));

/// Reads one element of `log.entries`.
pub fn parse(message: &[u8]) -> Option<Box<HarEntry>> {
    let text = message.trim_ascii();
    if !text.starts_with(b"{") || STARTED.find(text).is_none() {
        return None;
    }
    let entry: Entry = serde_json::from_slice(text).ok()?;
    Some(Box::new(HarEntry {
        time: LogTime::parse_rfc3339(&entry.started_date_time),
        method: entry.request.method,
        url: entry.request.url,
        status: u16::try_from(entry.response.status).ok().filter(|status| *status != 0),
        request_headers: fields(entry.request.headers),
        response_headers: fields(entry.response.headers),
    }))
}

/// Without the pseudo-headers of HTTP/2 (`:authority`), which are no headers to Fetch.
fn fields(headers: Vec<Field>) -> Vec<(String, String)> {
    let headers = headers.into_iter().filter(|field| !field.name.starts_with(':'));
    headers.map(|field| (field.name, field.value)).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    request: Request,
    #[serde(default)]
    response: Response,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize, Default)]
struct Response {
    /// Firefox leaves it empty, Safari writes -1 for no response.
    #[serde(default, deserialize_with = "number")]
    status: i64,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    #[serde(default)]
    value: String,
}

fn number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    serde_json::Value::deserialize(from).map(|value| value.as_i64().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENTRY: &str = r#"{"startedDateTime":"2026-11-22T10:00:00.000Z","time":12.5,
        "request":{"method":"GET","url":"https://api.example/a?b=c","httpVersion":"h2",
            "headers":[{"name":":authority","value":"api.example"},{"name":"origin","value":"https://shop.example"}]},
        "response":{"status":200,"statusText":"","headers":[{"name":"vary","value":"origin"}]}}"#;

    #[test]
    fn an_entry_is_a_whole_exchange() {
        let got = parse(ENTRY.as_bytes()).expect("an entry");
        assert_eq!(
            got.time.map(|time| time.to_string()).as_deref(),
            Some("2026-11-22T10:00:00.000Z")
        );
        assert_eq!(got.status, Some(200));
        assert_eq!(got.request_headers, [("origin".to_owned(), "https://shop.example".to_owned())]);
        assert_eq!(got.response_headers, [("vary".to_owned(), "origin".to_owned())]);
    }

    #[test]
    fn a_response_that_was_kept_from_the_page_has_no_status() {
        for status in ["0", "-1", "null", "\"\""] {
            let entry = ENTRY.replace("\"status\":200", &format!("\"status\":{status}"));
            assert_eq!(parse(entry.as_bytes()).expect("an entry").status, None);
        }
    }

    #[test]
    fn nothing_else_is_an_entry() {
        for end in 0..ENTRY.len() {
            assert_eq!(parse(&ENTRY.as_bytes()[..end]), None);
        }
        assert_eq!(parse(br#"{"startedDateTime":"x"}"#), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&text);
        }
    }
}
