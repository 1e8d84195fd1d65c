//! What the console's test of a method shows above the log: resource, method, path, latency, status, body
//! and headers of the response.
//!
//! Must not: read the log below it.

use crate::model::Execution;

const HEADING: &[u8] = b" method test results";

/// Reads `/orders - GET method test results` and what stands below it, up to the log.
pub(super) fn parse(message: &[u8]) -> Option<Execution<'_>> {
    let mut lines = message
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let (resource, method) = heading(lines.next()?)?;
    let mut path = resource;
    let mut status = None;
    while let Some(line) = lines.next() {
        match line {
            b"Request" => {
                let target = lines.next().unwrap_or_default();
                path = target.split(|byte| *byte == b'?').next().unwrap_or(target);
            }
            b"Status" => {
                status = lines.next().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
            }
            // What is below was written by others.
            b"Response body" => break,
            _ => {}
        }
    }
    // A body may hold the like; what is behind the last label was written by the console.
    let headers = memchr::memmem::rfind(message, b"\nResponse headers");
    let headers = headers.and_then(|at| message.get(at..)).unwrap_or_default();
    let is_made_by_gateway = memchr::memmem::find(headers, b"\"x-amzn-ErrorType\": \"").is_some();
    Some(Execution::TestResult { method, path, status, is_made_by_gateway })
}

/// `/orders - GET method test results`; until 2022 without the resource.
fn heading(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(HEADING)?;
    let at = memchr::memrchr(b' ', line).map_or(0, |blank| blank + 1);
    let (before, method) = line.split_at_checked(at)?;
    let resource = before.strip_suffix(b" - ").unwrap_or_default();
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    (is_method && (before.is_empty() || resource.starts_with(b"/"))).then_some((resource, method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_read_and_no_body() {
        let page = "/v1/{id} - GET method test results\nRequest\n/v1/7?a=b\n\nLatency ms\n4173\n\nStatus\n500\nResponse body\nStatus\n200\nResponse headers\n{\n  \"x-amzn-ErrorType\": \"InternalServerErrorException\"\n}\nLogs";
        let want = |path: &'static str, is_made_by_gateway| {
            let (method, path, status) = (b"GET".as_slice(), path.as_bytes(), Some(500));
            Some(Execution::TestResult { method, path, status, is_made_by_gateway })
        };
        assert_eq!(parse(page.as_bytes()), want("/v1/7", true));
        let body = page.replace("Status\n200", "{\"x-amzn-ErrorType\": \"x\"}");
        let own = body.replace("  \"x-amzn-ErrorType\": \"InternalServerErrorException\"\n", "");
        assert_eq!(parse(own.as_bytes()), want("/v1/7", false));
        let old = "GET method test results\nStatus\n500\nResponse body\n{}";
        assert_eq!(parse(old.as_bytes()), want("", false));
        for text in ["my method test results", "see GET method test results", ""] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
