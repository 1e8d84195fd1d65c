//! One HTTP request with its response, as far as the logs show it.
//!
//! All text is kept in one buffer that is reused from exchange to exchange: the hot path allocates
//! per exchange at most, never per line.
//!
//! Must not: judge, or explain.

use std::borrow::Cow;

use crate::model::escapes::unescape;
use crate::model::headers::{FieldSpan, HeaderMap, Headers, IndexedMap, lossy};
use crate::model::line::Span;
use crate::model::{
    AccessRecord, Fact, FunctionResponse, HarEntry, Invocation, Line, LineKind, LogEvent, LogTime,
    Position, RequestId,
};

/// What stood between the browser and the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Surface {
    /// API Gateway REST API.
    Rest,
    /// API Gateway HTTP API.
    Http,
    /// Lambda function URL.
    FunctionUrl,
    /// Application Load Balancer.
    Alb,
    /// API Gateway WebSocket API: CORS does not apply.
    WebSocket,
    /// A call of `TestInvokeMethod` or of the console's Test tab.
    TestInvoke,
    /// A HAR file.
    Har,
    /// The logs do not tell.
    #[default]
    Unknown,
}

impl Surface {
    /// As printed in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Http => "http",
            Self::FunctionUrl => "function-url",
            Self::Alb => "alb",
            Self::WebSocket => "websocket",
            Self::TestInvoke => "test-invoke",
            Self::Har => "har",
            Self::Unknown => "unknown",
        }
    }
}

/// Texts of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Text {
    /// HTTP method.
    Method,
    /// Path as requested.
    Path,
    /// Route as configured: `ANY /{proxy+}`, or an HTTP API's route key.
    Route,
    /// API id.
    Api,
    /// Stage.
    Stage,
    /// X-Ray trace id (`1-...`).
    TraceId,
    /// Gateway response type (`DEFAULT_5XX`, `UNAUTHORIZED`, ...).
    GatewayResponseType,
    /// The text of the failure line.
    FailureMessage,
    /// URI of the integration.
    EndpointUri,
}

const TEXTS: usize = Text::EndpointUri as usize + 1;

/// What kind of integration answers behind the gateway, as far as the logs tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Integration {
    /// Lambda, proxy or not is not known.
    Lambda,
    /// An HTTP backend.
    Http,
    /// Another AWS service.
    Aws,
    /// No integration was called though the request was executed: a mock.
    Mock,
    /// The logs do not tell.
    #[default]
    Unknown,
}

/// Who made the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnsweredBy {
    /// The gateway: a gateway response, whose headers are never logged.
    Gateway,
    /// The integration: function, backend or mock.
    Integration,
}

/// What an execution or access log names as the failure. Each follows from one line's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// `Malformed Lambda proxy response`.
    MalformedProxyResponse,
    /// The function failed: an error left the handler, or it crashed.
    FunctionError,
    /// The function timed out by its own limit (`Task timed out after`).
    FunctionTimeout,
    /// Lambda refused to run it (429, `Rate Exceeded`).
    FunctionThrottled,
    /// `Invalid permissions on Lambda function`.
    InvokePermission,
    /// Lambda could not start it (ENI limit, import error, KMS, VPC).
    FunctionInit,
    /// Lambda refused the invocation, or failed at it, for a reason that its line does not tell:
    /// `Lambda invocation failed with status: 503`.
    InvocationFailed,
    /// `Execution failed due to a timeout error`: the gateway gave up.
    IntegrationTimeout,
    /// Any other `Execution failed due to configuration error`.
    IntegrationConfiguration,
    /// `statusCode should be an integer which defined in request template`.
    MockStatusCode,
    /// `Unable to transform request` of a mock whose body is `[Binary Data]`.
    MockBinary,
    /// The authorizer refused: `Unauthorized request`, Deny.
    AuthorizerDenied,
    /// The authorizer failed: `AuthorizerConfigurationException`, `Authorizer error`.
    AuthorizerConfiguration,
    /// API key missing or not valid.
    ApiKey,
    /// Rate or quota.
    Throttled,
    /// AWS WAF.
    Waf,
    /// AWS WAF could not be asked: `WAF call got timed out`.
    WafUnavailable,
    /// No route or method: `Missing Authentication Token`, 404 of an HTTP API.
    NotRouted,
    /// Signature, expired token, resource policy.
    Forbidden,
    /// Request validation, size or media type.
    RequestRejected,
}

impl Failure {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::MalformedProxyResponse,
        Self::FunctionError,
        Self::FunctionTimeout,
        Self::FunctionThrottled,
        Self::InvokePermission,
        Self::FunctionInit,
        Self::InvocationFailed,
        Self::IntegrationTimeout,
        Self::IntegrationConfiguration,
        Self::MockStatusCode,
        Self::MockBinary,
        Self::AuthorizerDenied,
        Self::AuthorizerConfiguration,
        Self::ApiKey,
        Self::Throttled,
        Self::Waf,
        Self::WafUnavailable,
        Self::NotRouted,
        Self::Forbidden,
        Self::RequestRejected,
    ];

    /// Kebab case, as rules name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedProxyResponse => "malformed-proxy-response",
            Self::FunctionError => "function-error",
            Self::FunctionTimeout => "function-timeout",
            Self::FunctionThrottled => "function-throttled",
            Self::InvokePermission => "invoke-permission",
            Self::FunctionInit => "function-init",
            Self::InvocationFailed => "invocation-failed",
            Self::IntegrationTimeout => "integration-timeout",
            Self::IntegrationConfiguration => "integration-configuration",
            Self::MockStatusCode => "mock-status-code",
            Self::MockBinary => "mock-binary",
            Self::AuthorizerDenied => "authorizer-denied",
            Self::AuthorizerConfiguration => "authorizer-configuration",
            Self::ApiKey => "api-key",
            Self::Throttled => "throttled",
            Self::Waf => "waf",
            Self::WafUnavailable => "waf-unavailable",
            Self::NotRouted => "not-routed",
            Self::Forbidden => "forbidden",
            Self::RequestRejected => "request-rejected",
        }
    }
}

/// Bytes of an X-Ray trace id, and some more.
const TRACE_ID_ROOM: usize = 48;

/// One HTTP exchange, as far as the logs show it.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// Gateway request id.
    pub request_id: Option<RequestId>,
    /// Extended request id.
    pub extended_request_id: Option<RequestId>,
    /// Lambda request id.
    pub lambda_request_id: Option<RequestId>,
    /// Which service.
    pub surface: Surface,
    /// First line.
    pub started: Option<LogTime>,
    /// Last line.
    pub ended: Option<LogTime>,
    /// Position of the first line.
    pub position: Option<Position>,
    /// Position of the last line.
    pub end_position: Option<Position>,
    /// Status of the response as the client got it.
    pub status: Fact<u16>,
    /// Who made the response.
    pub answered_by: Fact<AnsweredBy>,
    /// What answers behind the gateway.
    pub integration: Integration,
    /// What the logs name as the failure.
    pub failure: Option<Failure>,
    /// Whether its beginning and its end were seen, as far as this log level shows them.
    pub is_complete: bool,
    /// Whether lines of the execution log show it from its beginning.
    pub shows_beginning: bool,
    /// Status that the integration answered the gateway with; 200 for Lambda even when it failed.
    pub integration_status: Option<u16>,
    /// What the function returned, where a line of the gateway shows it.
    pub function_response: Option<Box<FunctionResponse>>,
    /// The function's own log of this request.
    pub invocation: Option<Box<Invocation>>,
    /// The access-log line.
    pub access: Option<Box<AccessRecord>>,
    /// The HAR entry, where the exchange comes from a HAR file.
    pub har: Option<Box<HarEntry>>,
    /// Kept lines, in the order in which they were read.
    lines: Vec<Line>,
    texts: [Option<Span>; TEXTS],
    buffer: Vec<u8>,
    /// Fields of the request's and of the response's header map, once they were indexed.
    index: Option<Box<Index>>,
}

/// Fields of header maps, found once for the layers that read them.
#[derive(Debug, Clone, Default)]
struct Index {
    request: Vec<FieldSpan>,
    response: Vec<FieldSpan>,
    /// How many lines were kept when they were found.
    lines: usize,
}

impl Exchange {
    /// Empties it for the next exchange; keeps its buffers.
    pub fn reset(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let buffer = std::mem::take(&mut self.buffer);
        let index = self.index.take();
        *self = Self::default();
        self.index = index;
        if let Some(index) = &mut self.index {
            index.lines = 0;
        }
        self.lines = lines;
        self.lines.clear();
        self.buffer = buffer;
        self.buffer.clear();
    }

    /// Sets a text unless it is set already.
    pub fn set_text_once(&mut self, which: Text, text: &[u8]) {
        if !text.is_empty() && self.text_bytes(which).is_none() {
            self.set_text(which, text);
        }
    }

    /// Forgets a text.
    pub fn clear_text(&mut self, which: Text) {
        if let Some(slot) = self.texts.get_mut(which as usize) {
            *slot = None;
        }
    }

    /// Sets a text. A later text replaces an earlier one.
    pub fn set_text(&mut self, which: Text, text: &[u8]) {
        let span = self.append(text);
        if let Some(slot) = self.texts.get_mut(which as usize) {
            *slot = span;
        }
    }

    /// A text, lossy where it is not UTF-8. Text from logs: escape it.
    pub fn text(&self, which: Text) -> Option<Cow<'_, str>> {
        self.text_bytes(which).map(lossy)
    }

    /// A text as logged.
    pub fn text_bytes(&self, which: Text) -> Option<&[u8]> {
        let span = (*self.texts.get(which as usize)?)?;
        self.buffer.get(span.start as usize..span.end as usize)
    }

    /// Keeps a line; `payload` is the part of its message behind the label. Messages are at most a
    /// few kilobytes in practice and 1 MiB by CloudWatch's limit.
    pub fn keep(&mut self, kind: LineKind, event: &LogEvent<'_>, payload: &[u8]) {
        self.keep_line(kind, event, payload, false);
    }

    /// The same for a message that stands there as in a string of JSON: its escapes are undone when it
    /// is read, as few are.
    pub fn keep_with_escapes(&mut self, kind: LineKind, event: &LogEvent<'_>, payload: &[u8]) {
        self.keep_line(kind, event, payload, true);
    }

    #[inline]
    fn keep_line(
        &mut self,
        kind: LineKind,
        event: &LogEvent<'_>,
        payload: &[u8],
        has_escapes: bool,
    ) {
        let label = event.message.len().saturating_sub(payload.len());
        let (time, position) = (event.time, event.position);
        if let (Some(span), Ok(payload)) = (self.append(event.message), u32::try_from(label)) {
            self.lines.push(Line { kind, time, position, span, payload, has_escapes });
        }
    }

    /// Drops the kept lines that `keep` refuses, and the memory that they and the buffers' reserves
    /// hold.
    pub fn compact(&mut self, keep: impl Fn(LineKind) -> bool) {
        let kept = self.lines.iter().filter(|line| keep(line.kind)).map(|line| line.span);
        let spans = kept.chain(self.texts.iter().flatten().copied());
        let size: u32 = spans.map(|span| span.end.saturating_sub(span.start)).sum();
        // The trace id is written after everything else; without room for it all would be moved.
        let mut buffer = Vec::with_capacity(size as usize + TRACE_ID_ROOM);
        let mut moved = |span: Span, old: &[u8]| {
            let start = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
            buffer.extend_from_slice(
                old.get(span.start as usize..span.end as usize).unwrap_or_default(),
            );
            Span { start, end: u32::try_from(buffer.len()).unwrap_or(u32::MAX) }
        };
        self.lines.retain(|line| keep(line.kind));
        for line in &mut self.lines {
            line.span = moved(line.span, &self.buffer);
        }
        for span in self.texts.iter_mut().flatten() {
            *span = moved(*span, &self.buffer);
        }
        self.buffer = buffer;
        self.lines.shrink_to_fit();
        self.index = None;
    }

    /// Drops the access-log line and what was read of it.
    pub fn drop_access(&mut self) {
        if self.access.take().is_some() {
            self.lines.retain(|line| line.kind != LineKind::Access);
        }
    }

    /// Finds the fields of its header maps. Those who read headers work without it, only slower.
    pub fn index_headers(&mut self) {
        let mut index = self.index.take().unwrap_or_default();
        match self.header_map(LineKind::RequestHeaders) {
            Some(map) => map.index(&mut index.request),
            None => index.request.clear(),
        }
        match self.header_map(LineKind::ResponseHeaders) {
            Some(map) => map.index(&mut index.response),
            None => index.response.clear(),
        }
        index.lines = self.lines.len();
        self.index = Some(index);
    }

    /// The fields that were found, if no line came since.
    fn indexed(&self) -> Option<&Index> {
        self.index.as_deref().filter(|index| index.lines > 0 && index.lines == self.lines.len())
    }

    /// Kept lines, in the order in which they were read.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The whole message of a kept line.
    pub fn line_text(&self, line: &Line) -> Cow<'_, [u8]> {
        read(self.kept(line), line)
    }

    /// The payload of the last kept line of a kind.
    pub fn payload(&self, kind: LineKind) -> Option<Cow<'_, [u8]>> {
        let line = self.last_line(kind)?;
        Some(read(self.kept(line).get(line.payload as usize..)?, line))
    }

    /// The header map that is the payload of the last kept line of a kind.
    pub fn header_map(&self, kind: LineKind) -> Option<HeaderMap<'_>> {
        let line = self.last_line(kind).filter(|line| !line.has_escapes)?;
        HeaderMap::parse(self.kept(line).get(line.payload as usize..)?)
    }

    fn last_line(&self, kind: LineKind) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.kind == kind)
    }

    /// A line as it is kept.
    fn kept(&self, line: &Line) -> &[u8] {
        self.buffer.get(line.span.start as usize..line.span.end as usize).unwrap_or_default()
    }

    /// HTTP method. Every request has one, so it is never absent.
    pub fn method(&self) -> Fact<Cow<'_, str>> {
        Fact::from_option(self.text(Text::Method))
    }

    /// Request headers: the execution log's, else those of the event that the function logged.
    pub fn request_headers(&self) -> Headers<'_> {
        if let Some(har) = &self.har {
            return Headers::List { fields: &har.request_headers, complete: true };
        }
        if let Some(map) = self.header_map(LineKind::RequestHeaders) {
            return match self.indexed() {
                Some(index) => Headers::Indexed(IndexedMap::new(map, &index.request)),
                None => Headers::Map(map),
            };
        }
        let event = self.invocation.as_ref().and_then(|run| run.event.as_ref());
        match event.filter(|event| !event.is_authorizer) {
            Some(event) => {
                Headers::List { fields: &event.headers, complete: event.headers_complete }
            }
            None => Headers::Unseen,
        }
    }

    /// Response headers as they went over the wire: only the gateway's own line shows them.
    pub fn response_headers(&self) -> Headers<'_> {
        if let Some(har) = self.har.as_ref().filter(|har| har.status.is_some()) {
            return Headers::List { fields: &har.response_headers, complete: true };
        }
        match self.header_map(LineKind::ResponseHeaders) {
            Some(map) => match self.indexed() {
                Some(index) => Headers::Indexed(IndexedMap::new(map, &index.response)),
                None => Headers::Map(map),
            },
            None => Headers::Unseen,
        }
    }

    /// Bytes that the exchange holds on to.
    pub fn size(&self) -> usize {
        let lines = self.buffer.capacity() + self.lines.capacity() * size_of::<Line>();
        size_of::<Self>() + lines + self.access.as_ref().map_or(0, |access| access.size())
    }

    fn append(&mut self, text: &[u8]) -> Option<Span> {
        let start = u32::try_from(self.buffer.len()).ok()?;
        let end = u32::try_from(self.buffer.len() + text.len()).ok()?;
        self.buffer.extend_from_slice(text);
        Some(Span { start, end })
    }
}

/// Undoes the escapes of a part of a line, if it has any.
fn read<'a>(text: &'a [u8], line: &Line) -> Cow<'a, [u8]> {
    if !line.has_escapes {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    unescape(text, &mut plain);
    Cow::Owned(plain)
}
