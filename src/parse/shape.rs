//! The table of execution-log line shapes: pattern, example, where seen.
//!
//! AWS changes these texts without notice; a change here is one line. The test of a shape is its
//! own example.
//!
//! Must not: know what a line means for an exchange.

use std::sync::LazyLock;

use wide::u8x16;

use crate::model::{Adds, Execution};
use crate::parse::execution as read;

/// One line shape: what the message begins with, behind the request id.
#[derive(Debug)]
pub struct LineShape {
    /// The label at the beginning of the message.
    pub pattern: &'static str,
    /// Reads what stands behind the label (leading blanks trimmed) into the line. `false`: not this
    /// shape after all.
    pub read: for<'a> fn(&'a [u8], &mut Execution<'a>) -> bool,
    /// Whether the label alone marks the line: without a request id in front, the others could be
    /// anybody's text.
    pub distinct: bool,
    /// What a line of this shape can add to its exchange. Any text is of a shape that adds less than
    /// anything.
    pub adds: Adds,
    /// A message of this shape, written by us.
    pub example: &'static str,
    /// Where lines of this shape were seen.
    pub seen: &'static str,
}

const LOGS: &str = "execution logs of 2016 to 2026";
const TEST: &str = "TestInvokeMethod and TestInvokeAuthorizer logs of 2016 to 2025";
const SOCKET: &str = "WebSocket execution logs of 2026";
const DEVELOPERS: &str = "execution logs quoted in public issues";

macro_rules! shapes {
    ($($mark:ident $(($adds:ident))? $pattern:literal => $read:expr, $example:literal, $seen:expr;)*) => {
        /// All shapes, the longer of two patterns that begin alike first.
        pub const SHAPES: &[LineShape] = &[$(LineShape {
            pattern: $pattern, read: |payload, line| put($read, payload, line), distinct: shapes!(@ $mark), adds: shapes!(@ adds $($adds)?), example: $example, seen: $seen,
        },)*];
    };
    (@ adds) => { Adds::Anything };
    (@ adds $adds:ident) => { Adds::$adds };
    (@ label) => { true };
    (@ plain) => { false };
}

shapes! {
    label "Access denied. Reason:" => read::certificate_refused, "Access denied. Reason: Could not find issuer for certificate", DEVELOPERS;
    label "API Key " => read::api_key, "API Key  authorized because method 'GET /items' does not require API Key. Request will not contribute to throttle or quota limits", LOGS;
    label(Nothing) "API Key:" => |_| Some(Execution::Detail), "API Key: ****abcdef", LOGS;
    label "AWS Integration Endpoint RequestId" => read::integration_request_id, "AWS Integration Endpoint RequestId : 11111111-2222-4333-8444-555555555555", LOGS;
    label "Authorizer result body before parsing:" => |p| Some(Execution::AuthorizerResult(p)), "Authorizer result body before parsing: null", LOGS;
    label "AuthorizerConfigurationException" => |_| Some(Execution::AuthorizerConfigurationException), "AuthorizerConfigurationException", TEST;
    label "Client [" => |p| Some(Execution::WebSocket(p)), "Client [Connection Id: abc=] connected to API [a1b2c3d4e5] successfully.", SOCKET;
    label(EndpointUri) "Endpoint request URI:" => |p| Some(Execution::EndpointUri(p)), "Endpoint request URI: https://backend.example/items", LOGS;
    label(EndpointRequestBody) "Endpoint request body after transformations:" => |p| Some(Execution::EndpointRequestBody(p)), "Endpoint request body after transformations: {}", LOGS;
    label(EndpointRequestHeaders) "Endpoint request headers:" => |p| Some(Execution::EndpointRequestHeaders(p)), "Endpoint request headers: {Accept=application/json}", LOGS;
    label "Endpoint response body before transformations:" => |p| Some(Execution::EndpointResponseBody(p)), "Endpoint response body before transformations: {\"statusCode\":200}", LOGS;
    label "Endpoint response headers:" => |p| Some(Execution::EndpointResponseHeaders(p)), "Endpoint response headers: {Content-Type=application/json}", LOGS;
    label "Execution failed due to" => |p| Some(Execution::ExecutionFailed(p)), "Execution failed due to a timeout error", LOGS;
    label "Execution log for request" => |p| Some(Execution::TestHeading(p)), "Execution log for request test-request", TEST;
    label "Extended Request Id:" => |p| Some(Execution::ExtendedRequestId(p)), "Extended Request Id: AbCdEfGhIjKlMno=", LOGS;
    label "Gateway response type:" => read::gateway_response, "Gateway response type: DEFAULT_5XX with status code: 500", LOGS;
    label "HTTP Method:" => read::http_method, "HTTP Method: GET, Resource Path: /items/7", LOGS;
    label(Nothing) "Incoming identity:" => |p| Some(Execution::IncomingIdentity(p)), "Incoming identity: ******abcdef", LOGS;
    label "Key quota limit exceeded" => |p| Some(read::throttle(p, true)), "Key quota limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource abc123, HttpMethod GET.", DEVELOPERS;
    label "Key throttle limit exceeded" => |p| Some(read::throttle(p, false)), "Key throttle limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource abc123, HttpMethod GET. Limit: 1.00 Burst: 1", LOGS;
    label "Lambda execution failed with status" => |p| Some(read::lambda_execution_failed(p)), "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: 11111111-2222-4333-8444-555555555555", LOGS;
    label "Lambda invocation failed with status:" => read::lambda_invocation_failed, "Lambda invocation failed with status: 429. Lambda request id: 11111111-2222-4333-8444-555555555555", LOGS;
    label "Message from client [" => |p| Some(Execution::WebSocket(p)), "Message from client [Connection Id: abc=] sent to API [a1b2c3d4e5] with response status code [502].", SOCKET;
    label "Method completed with status:" => read::method_completed, "Method completed with status: 200", LOGS;
    label(RequestBody) "Method request body before transformations:" => |p| Some(Execution::MethodRequestBody(p)), "Method request body before transformations: ", LOGS;
    label "Method request headers:" => |p| Some(Execution::MethodRequestHeaders(p)), "Method request headers: {Accept=*/*}", LOGS;
    label(Nothing) "Method request path:" => |_| Some(Execution::Detail), "Method request path: {id=7}", LOGS;
    label(Nothing) "Method request query string:" => |_| Some(Execution::Detail), "Method request query string: {}", LOGS;
    label(Nothing) "Method response body after transformations:" => |p| Some(Execution::MethodResponseBody(p)), "Method response body after transformations: {}", LOGS;
    label "Method response headers:" => |p| Some(Execution::MethodResponseHeaders(p)), "Method response headers: {Content-Type=application/json}", LOGS;
    label "Rate limit exceeded for RestApi" => |p| Some(read::throttle(p, false)), "Rate limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource abc123, HttpMethod GET.", DEVELOPERS;
    label "Received response." => |p| Some(read::received_response(p)), "Received response. Status: 200, Integration latency: 46 ms", LOGS;
    label(Nothing) "Request validation succeeded for content type" => |_| Some(Execution::Detail), "Request validation succeeded for content type application/json", TEST;
    label "Request body does not match model schema" => |p| Some(Execution::RequestRejected(p)), "Request body does not match model schema for content type application/json: [object has missing required properties]", DEVELOPERS;
    label "Missing required request parameters" => |p| Some(Execution::RequestRejected(p)), "Missing required request parameters: [id]", DEVELOPERS;
    label "Unsupported Media Type" => |p| Some(Execution::RequestRejected(p)), "Unsupported Media Type: text/xml", DEVELOPERS;
    label(EndpointUri) "Sending request to" => |p| Some(Execution::EndpointUri(p)), "Sending request to https://backend.example/items", LOGS;
    label "Starting authorizer:" => read::starting_authorizer, "Starting authorizer: abc123 for request: 11111111-2222-4333-8444-555555555555", LOGS;
    label(Beginning) "Starting execution for request:" => |p| Some(Execution::StartingExecution(p)), "Starting execution for request: 11111111-2222-4333-8444-555555555555", LOGS;
    label "Successfully completed authorizer execution" => |_| Some(Execution::AuthorizerCompleted), "Successfully completed authorizer execution", LOGS;
    label(Success) "Successfully completed execution" => |_| Some(Execution::SuccessfullyCompleted), "Successfully completed execution", LOGS;
    plain "The client is not authorized to perform this operation" => |_| Some(Execution::ClientNotAuthorized), "The client is not authorized to perform this operation.", DEVELOPERS;
    label "There was an internal error while executing your request" => |p| Some(Execution::ExecutionFailed(p)), "There was an internal error while executing your request", DEVELOPERS;
    label "Unauthorized request:" => |p| Some(Execution::Unauthorized(p)), "Unauthorized request: 11111111-2222-4333-8444-555555555555", LOGS;
    plain "Unauthorized" => |p| p.is_empty().then_some(Execution::Unauthorized(p)), "Unauthorized", TEST;
    label(Nothing) "Usage Plan check failed due to an internal error" => |_| Some(Execution::Detail), "Usage Plan check failed due to an internal error", DEVELOPERS;
    label(Stage) "Usage Plan check succeeded for API Key" => |p| Some(read::usage_plan(p)), "Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/prod", LOGS;
    plain "User is not authorized to access this resource" => |_| Some(Execution::AccessDenied), "User is not authorized to access this resource with an explicit deny", DEVELOPERS;
    label(Nothing) "Using valid authorizer policy for principal:" => |p| Some(Execution::AuthorizerPolicy(p)), "Using valid authorizer policy for principal: ****abcdef", LOGS;
    label(Stage) "Verifying Usage Plan for request:" => |p| Some(read::verifying_usage_plan(p)), "Verifying Usage Plan for request: 11111111-2222-4333-8444-555555555555. API Key:  API Stage: a1b2c3d4e5/prod", LOGS;
    label "WAF call got timed out" => |_| Some(Execution::WafTimeout), "WAF call got timed out", DEVELOPERS;
    label "WebSocket API [" => |p| Some(Execution::WebSocket(p)), "WebSocket API [a1b2c3d4e5] received message from client [Connection Id: abc=].", SOCKET;
    label "WebSocket Request Route:" => |p| Some(Execution::WebSocket(p)), "WebSocket Request Route: [$connect]", SOCKET;
    label "X-ray Tracing ID" => read::trace_id, "X-ray Tracing ID : Root=1-5f0e0f0e-0123456789abcdef01234567", LOGS;
}

/// Where the caller wants it: to move what is just written costs more than to write it.
#[inline]
fn put<'a>(
    read: impl Fn(&'a [u8]) -> Option<Execution<'a>>,
    payload: &'a [u8],
    line: &mut Execution<'a>,
) -> bool {
    match read(payload) {
        Some(read) => {
            *line = read;
            true
        }
        None => false,
    }
}

/// Bytes that are compared together.
const BLOCK: usize = 16;
/// Bytes of a beginning that is told from others at once: `Endpoint request ` and a letter.
const BEGINNING: usize = 18;

/// A shape whose pattern is as long as a beginning or longer. It is compared at three places that are at
/// fixed offsets: a comparison of its whole length takes a branch that no processor foresees, since
/// lines of several requests are mixed.
struct Long {
    shape: &'static LineShape,
    /// Its place in [`SHAPES`].
    number: usize,
    length: usize,
    beginning: u8x16,
    /// Bytes behind the beginning, or the last ones.
    middle: (usize, u8x16),
    end: u8x16,
}

impl Long {
    fn new(number: usize, shape: &'static LineShape) -> Option<Self> {
        let pattern = shape.pattern.as_bytes();
        let last = pattern.len().checked_sub(BLOCK)?;
        let middle = last.min(BLOCK);
        Some(Self {
            shape,
            number,
            length: pattern.len(),
            beginning: block(pattern, 0)?,
            middle: (middle, block(pattern, middle)?),
            end: block(pattern, last)?,
        })
    }

    /// Whether the message begins with the pattern; `beginning` is its first block.
    #[inline]
    fn is_of(&self, message: &[u8], beginning: u8x16) -> bool {
        let (at, middle) = self.middle;
        let Some(label) = message.get(..self.length) else { return false };
        let (Some(in_middle), Some(end)) = (block(label, at), label.last_chunk()) else {
            return false;
        };
        let differ =
            (beginning ^ self.beginning) | (in_middle ^ middle) | (u8x16::new(*end) ^ self.end);
        differ == u8x16::splat(0)
            && (self.length <= 3 * BLOCK || label == self.shape.pattern.as_bytes())
    }
}

/// The block that begins here.
#[inline]
fn block(text: &[u8], at: usize) -> Option<u8x16> {
    text.get(at..)?.first_chunk().copied().map(u8x16::new)
}

/// Shapes by the beginning of their messages, so that a line is compared with one or two.
struct Index {
    /// For each hash of a beginning, the shapes of patterns that long or longer; the longest first.
    long: [Vec<Long>; 256],
    /// Those of the other patterns, the longest first, by their first bytes.
    short: [Vec<(usize, &'static LineShape)>; 256],
}

/// Mixes the first bytes of a message.
#[inline]
fn hash(beginning: &[u8; BEGINNING]) -> usize {
    let [high, low] = [beginning.first_chunk(), beginning.last_chunk()]
        .map(|half| half.copied().map_or(0, u64::from_le_bytes));
    let mixed = (high ^ low.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::from(mixed.to_be_bytes()[0])
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { long: [const { Vec::new() }; 256], short: [const { Vec::new() }; 256] };
    let mut shapes: Vec<_> = SHAPES.iter().enumerate().collect();
    shapes.sort_by_key(|(_, shape)| std::cmp::Reverse(shape.pattern.len()));
    for (number, shape) in shapes {
        if let Some(beginning) = shape.pattern.as_bytes().first_chunk() {
            if let Some(list) = index.long.get_mut(hash(beginning)) {
                list.extend(Long::new(number, shape));
            }
        } else if let Some(first) = shape.pattern.bytes().next()
            && let Some(list) = index.short.get_mut(usize::from(first))
        {
            list.push((number, shape));
        }
    }
    index
});

/// The shape of a message (without its request id), and its place in [`SHAPES`].
#[expect(clippy::inline_always, reason = "a call for each line took as much as what it does")]
#[inline(always)]
pub(super) fn numbered(message: &[u8]) -> Option<(usize, &'static LineShape)> {
    let index = &*INDEX;
    if let Some(first) = message.first_chunk()
        && let Some(list) = index.long.get(hash(first))
        && let Some(beginning) = block(first, 0)
    {
        for long in list {
            if long.is_of(message, beginning) {
                return Some((long.number, long.shape));
            }
        }
    }
    let list = index.short.get(usize::from(*message.first()?))?;
    list.iter().copied().find(|(_, shape)| message.starts_with(shape.pattern.as_bytes()))
}

/// Without white space in front: of which there is nearly always one blank.
#[inline]
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    match text {
        [b' ', rest @ ..] if rest.first().is_some_and(u8::is_ascii_graphic) => rest,
        _ => text.trim_ascii_start(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_its_own_shape() {
        for (number, shape) in SHAPES.iter().enumerate() {
            let found = numbered(shape.example.as_bytes()).map(|(number, _)| number);
            assert_eq!(found, Some(number), "{}", shape.example);
            assert!(shape.pattern.len() >= 8, "{}", shape.pattern);
            let payload = shape.example.get(shape.pattern.len()..).unwrap_or_default();
            let mut line = Execution::Detail;
            assert!((shape.read)(payload.trim_start().as_bytes(), &mut line), "{}", shape.example);
            assert!(!shape.seen.is_empty());
        }
    }

    /// Of a line whose beginning alone is looked at, what follows must not make another shape.
    #[test]
    fn no_shape_that_adds_less_than_anything_begins_like_another() {
        for shape in SHAPES.iter().filter(|shape| shape.adds != Adds::Anything) {
            for other in SHAPES.iter().filter(|other| other.pattern != shape.pattern) {
                assert!(!other.pattern.starts_with(shape.pattern), "{}", other.pattern);
            }
        }
    }

    /// Lines that are not read count as known, so none of them may turn out to be something else.
    #[test]
    fn any_text_is_of_a_shape_that_adds_less_than_anything() {
        for shape in SHAPES.iter().filter(|shape| shape.adds != Adds::Anything) {
            for text in ["", " ", ":", "x", "{", "a b. c/d", "'", "\u{fffd}", "[Binary Data]"] {
                let mut line = Execution::Detail;
                assert!((shape.read)(text.as_bytes(), &mut line), "{} {text}", shape.pattern);
            }
        }
    }
}
