//! What lines about the integration tell: where it is, how its call ended, and of the request what no
//! other line shows.
//!
//! Must not: decide whether an exchange is complete.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::assemble::execution::set_lambda_request_id;
use crate::assemble::store::Progress;
use crate::model::headers::HeaderMap;
use crate::model::{Exchange, Integration, LineKind, LogEvent, RequestId, Surface, Text};

static FUNCTIONS: LazyLock<Finder> = LazyLock::new(|| Finder::new("/functions/arn:"));

/// What answers at this address.
pub(super) fn integration_of(uri: &[u8]) -> Integration {
    let has = |needle: &str| memchr::memmem::find(uri, needle.as_bytes()).is_some();
    if FUNCTIONS.find(uri).is_some() || has(":lambda:") || is_of_lambda(uri) {
        Integration::Lambda
    } else if has(".amazonaws.com") && !has("execute-api") && !has(".elb.") {
        Integration::Aws
    } else {
        Integration::Http
    }
}

/// `https://lambda.<region>.amazonaws.com...`, however much of the path a copy left.
fn is_of_lambda(uri: &[u8]) -> bool {
    uri.strip_prefix(b"https://lambda.")
        .and_then(|rest| memchr::memmem::find(rest, b".amazonaws.com"))
        .is_some_and(|region| region < 20)
}

/// `X-Amz-Source-Arn=arn:aws:execute-api:<region>:<account>:<api>/<stage>/<METHOD>/<resource>` tells
/// method and path of a request whose first lines are not in the input; so does
/// `x-amzn-lambda-integration-tag=<request id>` its id.
pub(super) fn endpoint_request_headers(
    exchange: &mut Exchange,
    map: &[u8],
    authorizer_phase: bool,
) {
    if authorizer_phase
        || exchange.text_bytes(Text::Method).is_some() && exchange.request_id.is_some()
    {
        return;
    }
    let Some(map) = HeaderMap::parse(map) else { return };
    for (name, value) in map.iter() {
        if name.eq_ignore_ascii_case(b"x-amz-source-arn") {
            source_arn(exchange, value);
        } else if name.eq_ignore_ascii_case(b"x-amzn-lambda-integration-tag") {
            exchange.integration = Integration::Lambda;
            if exchange.request_id.is_none() {
                exchange.request_id = RequestId::parse(value);
            }
        }
    }
}

fn source_arn(exchange: &mut Exchange, arn: &[u8]) {
    // Copied from a window, the map may have a line end where a blank was.
    let arn = arn.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let arn = arn.strip_suffix(b",").unwrap_or(arn);
    let Some(tail) = arn.rsplit(|byte| *byte == b':').next() else { return };
    let mut parts = tail.splitn(4, |byte| *byte == b'/');
    let (Some(api), Some(stage), Some(method)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    exchange.set_text_once(Text::Api, api);
    // In 2015, tests had no stage.
    if stage == b"test-invoke-stage" || stage == b"null" {
        exchange.surface = Surface::TestInvoke;
    } else {
        exchange.set_text_once(Text::Stage, stage);
    }
    if method != b"ANY" && method != b"*" {
        exchange.set_text_once(Text::Method, method);
    }
    let resource = parts.next().unwrap_or_default();
    if !resource.contains(&b'{') {
        let path: Vec<u8> = [b"/", resource].concat();
        exchange.set_text_once(Text::Path, &path);
    }
}

/// The event that a REQUEST authorizer gets names the request's method and path.
pub(super) fn authorizer_request(exchange: &mut Exchange, body: &[u8]) {
    if exchange.text_bytes(Text::Method).is_some() {
        return;
    }
    let field = |name: &str| -> Option<&[u8]> {
        let at = memchr::memmem::find(body, name.as_bytes())?;
        let value = body.get(at + name.len()..)?;
        let end = memchr::memchr(b'"', value)?;
        value.get(..end)
    };
    if let Some(method) = field("\"httpMethod\":\"") {
        exchange.set_text_once(Text::Method, method);
    }
    if let Some(path) = field("\"path\":\"") {
        exchange.set_text_once(Text::Path, path);
    }
}

/// Headers of the Invoke call; API Gateway always logs them in this spelling.
static REQUEST_ID: LazyLock<Finder> = LazyLock::new(|| Finder::new("x-amzn-RequestId="));
static ERROR: LazyLock<Finder> = LazyLock::new(|| Finder::new("-Error"));
static FUNCTION_ERROR: LazyLock<Finder> = LazyLock::new(|| Finder::new("X-Amz-Function-Error="));
static ERROR_TYPE: LazyLock<Finder> = LazyLock::new(|| Finder::new("x-amzn-ErrorType="));

/// For Lambda these are the headers of the Invoke call: the run's request id, and whether it failed.
pub(super) fn endpoint_response_headers(
    exchange: &mut Exchange,
    progress: &mut Progress,
    event: &LogEvent<'_>,
    map: &[u8],
) {
    if exchange.lambda_request_id.is_none() {
        let behind = |at: usize| map.get(at + REQUEST_ID.needle().len()..)?.get(..RequestId::MAX);
        let id = REQUEST_ID.find(map).and_then(behind);
        if let Some(id) = id.filter(|id| RequestId::looks_like_uuid(id)) {
            set_lambda_request_id(exchange, id);
        }
    }
    // Nearly all runs end well, and then neither is there.
    if ERROR.find(map).is_none() {
        return;
    }
    if FUNCTION_ERROR.find(map).is_some() {
        progress.function_error = true;
        exchange.integration = Integration::Lambda;
        exchange.keep(LineKind::EndpointResponseHeaders, event, map);
    } else if ERROR_TYPE.find(map).is_some() {
        exchange.keep(LineKind::EndpointResponseHeaders, event, map);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_invoke_call_names_api_stage_method_and_path() {
        let headers = |arn: &str| format!("{{Accept=*/*, X-Amz-Source-Arn={arn}}}");
        for (arn, expected) in [
            ("arn:aws:execute-api:r:1:api/dev/PUT/x/y", ["api", "dev", "PUT", "/x/y"]),
            ("arn:aws:execute-api:r:1:api/dev/PUT/x, \nAccept=a/b", ["api", "dev", "PUT", "/x"]),
            ("arn:aws:execute-api:r:1:api/null/POST/x", ["api", "", "POST", "/x"]),
            ("arn:aws:execute-api:r:1:api/test-invoke-stage/ANY/", ["api", "", "", "/"]),
        ] {
            let mut exchange = Exchange::default();
            endpoint_request_headers(&mut exchange, headers(arn).as_bytes(), false);
            let texts = [Text::Api, Text::Stage, Text::Method, Text::Path]
                .map(|text| exchange.text(text).unwrap_or_default().into_owned());
            assert_eq!(texts, expected, "{arn}");
            assert_eq!(exchange.surface == Surface::TestInvoke, expected[1].is_empty(), "{arn}");
        }
    }
}
