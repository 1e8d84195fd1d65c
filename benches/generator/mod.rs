//! Execution logs of our own: the same calls give the same bytes.
//!
//! Must not: read files, so that the disk is not measured.

use std::fmt::Write as _;

/// Containers of the same events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The text of an S3 export.
    Text,
    /// One object a line, as subscriptions and queries are saved.
    Lines,
    /// What `aws logs filter-log-events` prints.
    Document,
}

/// Requests in flight at the same time.
const IN_FLIGHT: usize = 16;

/// Writes execution logs.
pub(crate) struct Generator {
    state: u64,
    requests: u64,
}

impl Default for Generator {
    fn default() -> Self {
        Self { state: 0x2026_1122, requests: 0 }
    }
}

impl Generator {
    /// A log in which the text of an S3 export would have at least `size` bytes; lines of requests
    /// interleave.
    pub(crate) fn log(&mut self, size: usize, form: Form) -> String {
        let mut text = String::with_capacity(size + 4096);
        let mut written = 0;
        if form == Form::Document {
            text.push_str("{\n    \"events\": [");
        }
        let mut open: Vec<std::vec::IntoIter<String>> = Vec::new();
        let mut clock = 0;
        while written < size {
            if open.len() < IN_FLIGHT {
                open.push(self.request().into_iter());
            }
            let at = self.below(open.len());
            match open.get_mut(at).and_then(Iterator::next) {
                Some(line) => {
                    clock += self.below(3);
                    let is_first = written == 0;
                    written += line.len() + 26;
                    append(&mut text, form, clock, &line, is_first);
                }
                None => drop(open.swap_remove(at)),
            }
        }
        if form == Form::Document {
            text.push_str("\n    ],\n    \"searchedLogStreams\": []\n}\n");
        }
        text
    }

    /// The lines of one request, each with its prefix; one in eight lacks the header.
    fn request(&mut self) -> Vec<String> {
        self.requests += 1;
        let (n, lambda) = (self.requests, self.next());
        let id = format!("{n:08x}-0000-4000-8000-{:012x}", self.next() >> 16);
        let invocation = format!("{:08x}-1111-4111-9111-{:012x}", lambda >> 32, lambda >> 16);
        let allow = if n.is_multiple_of(8) {
            ""
        } else {
            "Access-Control-Allow-Origin=https://shop.example, Vary=Origin, "
        };
        let body =
            format!("{{\"order\":{n},\"note\":\"{}\"}}", "lorem ipsum ".repeat(self.below(40)));
        let lines = [
            format!("Extended Request Id: {:014x}A=", self.next() >> 8),
            format!("Verifying Usage Plan for request: {id}. API Key:  API Stage: a1b2c3d4e5/prod"),
            "API Key  authorized because method 'GET /v1/orders/{id}' does not require API Key. \
             Request will not contribute to throttle or quota limits"
                .to_owned(),
            "Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/prod".to_owned(),
            format!("Starting execution for request: {id}"),
            format!("HTTP Method: GET, Resource Path: /v1/orders/{n}"),
            format!("Method request path: {{id={n}}}"),
            "Method request query string: {}".to_owned(),
            "Method request headers: {origin=https://shop.example, sec-fetch-mode=cors, Accept=*/*, \
             User-Agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/156.0.0.0 Safari/537.36, X-Forwarded-For=203.0.113.7, 198.51.100.2}"
                .to_owned(),
            "Method request body before transformations: ".to_owned(),
            format!("Endpoint request headers: {{x-amzn-lambda-integration-tag={id}, {}", "*".repeat(900)),
            "Received response. Status: 200, Integration latency: 21 ms".to_owned(),
            format!("Endpoint response headers: {{x-amzn-RequestId={invocation}}}"),
            format!("Endpoint response body before transformations: {{\"statusCode\":200,\"body\":{body:?}}}"),
            format!("Method response body after transformations: {body}"),
            format!("Method response headers: {{{allow}Content-Type=application/json}}"),
            "Successfully completed execution".to_owned(),
            "Method completed with status: 200".to_owned(),
            format!("AWS Integration Endpoint RequestId : {invocation}"),
        ];
        lines.into_iter().map(|line| cut(format!("({id}) {line}"))).collect()
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// As the gateway cuts a line.
fn cut(mut line: String) -> String {
    if line.len() > 1024 {
        line.truncate(1024);
        line.push_str(" [TRUNCATED]");
    }
    line
}

/// One event, so many milliseconds after midnight.
fn append(text: &mut String, form: Form, clock: usize, line: &str, is_first: bool) {
    /// 2026-11-22T00:00:00Z.
    const MIDNIGHT: usize = 1_795_305_600_000;
    let at = MIDNIGHT + clock;
    // Writing to a `String` cannot fail.
    let _ = match form {
        Form::Text => {
            let (hours, minutes) = (clock / 3_600_000 % 24, clock / 60_000 % 60);
            let (seconds, millis) = (clock / 1_000 % 60, clock % 1_000);
            writeln!(text, "2026-11-22T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z {line}")
        }
        Form::Lines => writeln!(
            text,
            "{{\"logStreamName\":\"d848b3ad02f868da6b3fbb0848a6c5db\",\"timestamp\":{at},\
             \"message\":\"{}\",\"ingestionTime\":{at},\"eventId\":\"{at:056}\"}}",
            escaped(line),
        ),
        Form::Document => write!(
            text,
            "{}\n        {{\n            \"logStreamName\": \"d848b3ad02f868da6b3fbb0848a6c5db\",\n            \
             \"timestamp\": {at},\n            \"message\": \"{}\",\n            \
             \"ingestionTime\": {at},\n            \"eventId\": \"{at:056}\"\n        }}",
            if is_first { "" } else { "," },
            escaped(line),
        ),
    };
}

/// As inside of a JSON string; there are no control characters.
fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('"', "\\\"")
}
