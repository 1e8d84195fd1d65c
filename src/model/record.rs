//! What one line says: the result of `parse`, borrowed from the line wherever it can be.
//!
//! Must not: say what several lines mean together; that is an exchange.

use crate::model::{HttpEvent, IdText, LogTime, RequestId, Surface};

/// One recognized log event.
#[derive(Debug)]
pub struct Record<'a> {
    /// The request id in front of a line of an execution log.
    pub id: Option<IdText<'a>>,
    /// Whether the line ends in ` [TRUNCATED]`.
    pub truncated: bool,
    /// What it says.
    pub entry: Entry<'a>,
}

/// The producers of log lines.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A line of an API Gateway execution log.
    Execution(Execution<'a>),
    /// A line of an API Gateway access log.
    Access(Box<AccessRecord>),
    /// An entry of a HAR file.
    Har(Box<HarEntry>),
    /// A line of a Lambda log, with the request id of the run that it carries.
    Lambda(Option<RequestId>, LambdaLine<'a>),
    /// No log data: a delivery probe of CloudWatch or S3.
    Probe,
    /// No parser took the line. It is kept and counted.
    Other,
}

/// Execution-log lines, in the order in which they are emitted. Payloads are what stands behind the
/// label, ` [TRUNCATED]` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution<'a> {
    /// `Execution log for request <id>`: heading of a test call.
    TestHeading(&'a [u8]),
    /// What the console shows of a test call above its log.
    TestResult {
        /// HTTP method.
        method: &'a [u8],
        /// The path as requested; empty where it is not shown.
        path: &'a [u8],
        /// The status of the response.
        status: Option<u16>,
        /// Whether the response has the header that the gateway puts on those that it makes itself.
        is_made_by_gateway: bool,
    },
    /// `Extended Request Id: <id>`.
    ExtendedRequestId(&'a [u8]),
    /// `Starting authorizer: <authorizer> for request: <id>`.
    StartingAuthorizer {
        /// Authorizer id.
        authorizer: &'a [u8],
        /// Request id.
        request: &'a [u8],
    },
    /// `Incoming identity: ...`.
    IncomingIdentity(&'a [u8]),
    /// `Authorizer result body before parsing: ...`.
    AuthorizerResult(&'a [u8]),
    /// `Using valid authorizer policy for principal: ...` (for a Deny policy as well).
    AuthorizerPolicy(&'a [u8]),
    /// `Successfully completed authorizer execution`.
    AuthorizerCompleted,
    /// `Unauthorized request: <id>`; or the bare `Unauthorized` of test calls.
    Unauthorized(&'a [u8]),
    /// `AuthorizerConfigurationException`.
    AuthorizerConfigurationException,
    /// `The client is not authorized to perform this operation.`: a policy refuses, that of an authorizer,
    /// of the caller or of the API.
    ClientNotAuthorized,
    /// `User is not authorized to access this resource`: the policy of an authorizer refuses.
    AccessDenied,
    /// `Verifying Usage Plan for request: <id>. API Key: <key> API Stage: <api>/<stage>`.
    VerifyingUsagePlan {
        /// Request id.
        request: &'a [u8],
        /// `<api>/<stage>`.
        api_stage: &'a [u8],
    },
    /// `API Key <key> authorized because method '<METHOD> <resource>' does not require API Key. ...`
    ApiKeyAuthorized(&'a [u8]),
    /// `API Key <key> not authorized because method '<METHOD> <resource>' requires API Key ...`;
    /// the route.
    ApiKeyNotAuthorized(&'a [u8]),
    /// `Usage Plan check succeeded for API Key <key> and API Stage <api>/<stage>`; the stage.
    UsagePlanSucceeded(&'a [u8]),
    /// `Access denied. Reason: <reason>`: mutual TLS refuses the client's certificate.
    CertificateRefused(&'a [u8]),
    /// `WAF call got timed out`.
    WafTimeout,
    /// `Key throttle limit exceeded for RestApi <api>, Stage <stage>, Resource <id>, HttpMethod <M>`
    /// and the quota's line alike; `API Key <key> exceeded quota limit for API Stage <api>/<stage>: ...`.
    ThrottleExceeded {
        /// API id.
        api: &'a [u8],
        /// Stage.
        stage: &'a [u8],
        /// HTTP method.
        method: &'a [u8],
        /// Whether it is the quota and not the rate.
        quota: bool,
    },
    /// `Starting execution for request: <id>`.
    StartingExecution(&'a [u8]),
    /// `HTTP Method: <M>, Resource Path: <path as requested>`.
    HttpMethod {
        /// HTTP method.
        method: &'a [u8],
        /// The path as requested, despite its name.
        path: &'a [u8],
    },
    /// `Method request headers: {...}`.
    MethodRequestHeaders(&'a [u8]),
    /// `Method request body before transformations: ...`.
    MethodRequestBody(&'a [u8]),
    /// `Endpoint request URI: ...` or `Sending request to ...`.
    EndpointUri(&'a [u8]),
    /// `Endpoint request headers: {...}`.
    EndpointRequestHeaders(&'a [u8]),
    /// `Endpoint request body after transformations: ...`.
    EndpointRequestBody(&'a [u8]),
    /// `Received response. [Status: <n>, ]Integration latency: <n> ms`; the status of the
    /// integration call (200 for Lambda even when the function failed).
    ReceivedResponse(Option<u16>),
    /// `Endpoint response headers: {...}`: those of the Lambda Invoke call, or of the HTTP backend.
    EndpointResponseHeaders(&'a [u8]),
    /// `Endpoint response body before transformations: ...`: for Lambda proxy the raw proxy
    /// response.
    EndpointResponseBody(&'a [u8]),
    /// The same as it stands in a string of JSON, with its escapes: they are undone when it is read.
    EndpointResponseBodyInJson(&'a [u8]),
    /// `Method response body after transformations: ...`.
    MethodResponseBody(&'a [u8]),
    /// `Method response headers: {...}`: what went on the wire.
    MethodResponseHeaders(&'a [u8]),
    /// `Successfully completed execution`: the integration made the response, whatever its status.
    SuccessfullyCompleted,
    /// `Method completed with status: <n>`.
    MethodCompleted(u16),
    /// `AWS Integration Endpoint RequestId : <lambda request id>`.
    IntegrationRequestId(&'a [u8]),
    /// `X-ray Tracing ID : [Root=]<id>`.
    TraceId(&'a [u8]),
    /// `Gateway response type: <TYPE> with status code: <n>`.
    GatewayResponse {
        /// Gateway response type, such as `DEFAULT_5XX`.
        kind: &'a [u8],
        /// Its status.
        status: u16,
    },
    /// `Execution failed due to ...`: the whole text; what it means, `assemble` decides.
    ExecutionFailed(&'a [u8]),
    /// `Lambda execution failed with status 200 due to customer function error: <message>. Lambda
    /// request id: <id>`.
    LambdaExecutionFailed {
        /// The function's error message.
        message: &'a [u8],
        /// Lambda request id, where the line has it.
        lambda: Option<RequestId>,
    },
    /// `Lambda invocation failed with status: <n>. Lambda request id: <id>`.
    LambdaInvocationFailed {
        /// Status of the Invoke call.
        status: u16,
        /// Lambda request id, where the line has it.
        lambda: Option<RequestId>,
    },
    /// A refusal by request validation: parameters, body, media type.
    RequestRejected(&'a [u8]),
    /// A line that only WebSocket APIs write.
    WebSocket(&'a [u8]),
    /// A line whose content no verdict or cause needs (`Method request path`, ...).
    Detail,
}

/// What a line of an execution log can add to its exchange, as far as its shape tells: whoever knows the
/// exchange need not read a line that adds nothing to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Adds {
    /// Anything; the line has to be read.
    Anything,
    /// Nothing.
    Nothing,
    /// That the request begins, and that no authorizer is at work any more.
    Beginning,
    /// Both, and API and stage.
    Stage,
    /// The URI of the integration.
    EndpointUri,
    /// What [`Execution::EndpointRequestHeaders`] shows.
    EndpointRequestHeaders,
    /// What [`Execution::EndpointRequestBody`] shows.
    EndpointRequestBody,
    /// That the request's body is binary, for which the line ends in a bracket.
    RequestBody,
    /// That the integration made the response.
    Success,
}

impl<'a> Execution<'a> {
    /// The request id that the line names in its text.
    pub fn request_id(&self) -> Option<&'a [u8]> {
        if let Self::TestHeading(id)
        | Self::StartingExecution(id)
        | Self::StartingAuthorizer { request: id, .. }
        | Self::VerifyingUsagePlan { request: id, .. } = *self
        {
            Some(id)
        } else {
            None
        }
    }
}

/// What an access-log line says, whatever its format and key names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessRecord {
    /// REST or HTTP API, as far as the line tells.
    pub surface: Surface,
    /// `$context.requestId`.
    pub request_id: Option<RequestId>,
    /// `$context.extendedRequestId`.
    pub extended_request_id: Option<RequestId>,
    /// `$context.awsEndpointRequestId` or `$context.integration.requestId`.
    pub lambda_request_id: Option<RequestId>,
    /// `$context.requestTimeEpoch` or `$context.requestTime`.
    pub time: Option<LogTime>,
    /// API id.
    pub api: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// Path as requested (may hold the stage), or the resource path where only that is logged and
    /// it has no `{`.
    pub path: Option<String>,
    /// `METHOD /resource`, or an HTTP API's route key.
    pub route: Option<String>,
    /// Whether the line says that no route of an HTTP API took the request: its route key is `-`.
    pub is_unrouted: bool,
    /// Status of the response.
    pub status: Option<u16>,
    /// Length of the response body, bytes.
    pub response_length: Option<u64>,
    /// Whether an integration was called: `Some(false)` if its status field is logged as `-`.
    pub integration_called: Option<bool>,
    /// Status that the function returned, where the line has it.
    pub function_status: Option<u16>,
    /// `$context.error.message`.
    pub error_message: Option<String>,
    /// `$context.error.responseType`.
    pub error_response_type: Option<String>,
    /// `$context.integrationErrorMessage` or `$context.integration.error`.
    pub integration_error: Option<String>,
    /// `$context.authorizer.error`, or `authorize.error` or `authenticate.error`.
    pub authorizer_error: Option<String>,
    /// Whether AWS WAF refused: `wafResponseCode` `WAF_BLOCK`, or a WAF status of 403.
    pub waf_blocked: bool,
    /// X-Ray trace id.
    pub trace_id: Option<String>,
    /// Every key as logged (nested ones with dots), values without `-`.
    pub fields: LoggedFields,
}

impl AccessRecord {
    /// Bytes that it holds on to.
    pub fn size(&self) -> usize {
        let texts = [
            &self.api,
            &self.stage,
            &self.method,
            &self.path,
            &self.route,
            &self.error_message,
            &self.error_response_type,
            &self.integration_error,
            &self.authorizer_error,
            &self.trace_id,
        ];
        let texts: usize = texts.into_iter().flatten().map(String::capacity).sum();
        let LoggedFields { text, ends } = &self.fields;
        size_of::<Self>() + texts + text.capacity() + ends.capacity() * size_of::<(u32, u32)>()
    }
}

/// Keys and values in order, in one piece: many lines of access logs wait for a request's other lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedFields {
    text: String,
    /// Where each key ends, and its value.
    ends: Vec<(u32, u32)>,
}

impl LoggedFields {
    /// Key and value of each field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        begins.zip(&self.ends).map(|(begin, (key_end, end))| {
            let part = |from: u32, to: u32| self.text.get(from as usize..to as usize);
            (part(begin, *key_end).unwrap_or_default(), part(*key_end, *end).unwrap_or_default())
        })
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for LoggedFields {
    /// As many as fit in 4 GiB, which no line is as long as.
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(fields: T) -> Self {
        // What most lines hold, so that it need not grow.
        let mut all = Self { text: String::with_capacity(512), ends: Vec::with_capacity(32) };
        for (key, value) in fields {
            let key_end = all.text.len() + key.len();
            let ends = (u32::try_from(key_end), u32::try_from(key_end + value.len()));
            let (Ok(key_end), Ok(end)) = ends else { break };
            all.text.push_str(key);
            all.text.push_str(value);
            all.ends.push((key_end, end));
        }
        all.text.shrink_to_fit();
        all.ends.shrink_to_fit();
        all
    }
}

/// What a line of a Lambda log says.
#[derive(Debug)]
pub enum LambdaLine<'a> {
    /// `INIT_START ...` or `platform.initStart`.
    InitStart,
    /// `START RequestId: <id> ...` or `platform.start`.
    Start {
        /// X-Ray trace id, where the line has it.
        trace: Option<&'a [u8]>,
    },
    /// `END RequestId: <id>` or `platform.runtimeDone`.
    End,
    /// `REPORT RequestId: <id> ...` or `platform.report`.
    Report {
        /// How the run ended, where the line says so (JSON `status`, `Status: timeout`).
        status: ReportStatus,
        /// The type of the error of a run that failed (`Error Type: ...`, JSON `errorType`).
        error: Option<&'a [u8]>,
        /// X-Ray trace id, where the line has it.
        trace: Option<&'a [u8]>,
    },
    /// `... Task timed out after <n> seconds`; the seconds.
    Timeout(&'a [u8]),
    /// `RequestId: <id> Error: Runtime exited ...`, `Process exited before completing request`,
    /// `platform.fault`.
    Crash {
        /// Whether memory ran out (`signal: killed`).
        out_of_memory: bool,
        /// The text.
        message: &'a [u8],
    },
    /// An error that left the handler: Node `Invoke Error`, Python `[ERROR] Type: message` with its
    /// traceback, and the other runtimes' forms; `Type: message`.
    Unhandled(String),
    /// An error that looks the same whether it left the handler or the application logged it (Node
    /// and .NET in JSON format); the report's status tells. `Type: message`.
    LoggedError(String),
    /// The code could not be loaded: `Runtime.ImportModuleError`, `INIT_REPORT ... Status: error`.
    InitError(String),
    /// `Unknown application error occurred`, which stands behind the report of a run that failed, and
    /// carries no id.
    UnknownError {
        /// `Type: message`.
        message: String,
        /// Whether the code could not be loaded.
        is_of_loading: bool,
    },
    /// The initialization ran out of its ten seconds, and is repeated in the invocation.
    InitTimeout,
    /// Anything that the application wrote.
    Application {
        /// An HTTP event in it.
        event: Option<Box<HttpEvent>>,
        /// A proxy response in it.
        response: Option<Box<serde_json::Value>>,
    },
    /// A platform line that no verdict or cause needs (extensions, restore, telemetry).
    Platform,
}

/// How a report line says that the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    /// It does not say.
    Unsaid,
    /// `success`.
    Success,
    /// `timeout`.
    Timeout,
    /// `error` or `failure`.
    Failure,
    /// The same, with an error type of code that could not be loaded.
    NotLoaded,
    /// The same, with `Runtime.OutOfMemory`.
    OutOfMemory,
    /// The same, with `Runtime.ExitError`: the process ended.
    Exit,
}

/// One entry of a HAR file: a whole exchange as the browser's tools recorded it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HarEntry {
    /// `startedDateTime`.
    pub time: Option<LogTime>,
    /// HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Status; `None` for 0, which browsers record when the response was kept from the page.
    pub status: Option<u16>,
    /// Request headers.
    pub request_headers: Vec<(String, String)>,
    /// Response headers; empty with status 0 means unseen.
    pub response_headers: Vec<(String, String)>,
}
