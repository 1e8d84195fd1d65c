//! One run of a function, as its log shows it.
//!
//! Must not: decide whose run it was; `assemble` joins.

use serde_json::Value;

use crate::model::{Evidence, LogTime, Position, RequestId, Surface};

/// What stands for a part that a dump leaves out: Node's `[Object]`, `<Buffer 41>`, Python's
/// `Decimal('1')`.
pub const UNSEEN: &str = "[Object]";

/// The key under which a dump says that it left members out (`... 3 more items`).
pub const MORE: &str = "...";

/// What Express prints where its middleware `cors` has a list of origins, as its documentation shows it, and
/// the page's is not in it.
pub const REFUSED_ORIGIN: &str = "Error: Not allowed by CORS";

/// Whether a value stands for something that the dump does not show.
pub fn is_unseen(value: &Value) -> bool {
    value.as_str() == Some(UNSEEN)
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InvocationOutcome {
    /// Its end is not in the input.
    #[default]
    Unseen,
    /// It returned something; what, the platform does not log.
    Ended,
    /// An error left the handler.
    Error,
    /// It ran out of its configured time.
    Timeout,
    /// It was killed for memory.
    OutOfMemory,
    /// The process ended without an answer.
    Crash,
    /// The code could not be loaded or initialized.
    InitError,
}

impl InvocationOutcome {
    /// Kebab case, as rules name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Ended => "ended",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::Crash => "crash",
            Self::InitError => "init-error",
        }
    }

    /// Whether the gateway got an error instead of an answer.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Unseen | Self::Ended => false,
            Self::Error | Self::Timeout | Self::OutOfMemory | Self::Crash | Self::InitError => true,
        }
    }
}

/// An HTTP event that the function logged: the request as it got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpEvent {
    /// Which service made the event.
    pub surface: Surface,
    /// Whether it is an authorizer's event (`methodArn` or `routeArn`), not a backend's.
    pub is_authorizer: bool,
    /// `requestContext.requestId`: the gateway's request id (a function URL's is Lambda's).
    pub gateway_request_id: Option<RequestId>,
    /// `requestContext.extendedRequestId`.
    pub extended_request_id: Option<RequestId>,
    /// HTTP method.
    pub method: Option<String>,
    /// Path as requested, without query.
    pub path: Option<String>,
    /// `METHOD /resource`, or an HTTP API's route key.
    pub route: Option<String>,
    /// API id (a function URL's is its URL id).
    pub api: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Request headers, names as logged.
    pub headers: Vec<(String, String)>,
    /// Whether the header list is known to be whole.
    pub headers_complete: bool,
    /// Whether the headers stand in `multiValueHeaders` alone; `None` if they stand in both places,
    /// or the dump does not show it.
    pub multi_value: Option<bool>,
}

/// One run of a function.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// Lambda's request id.
    pub id: Option<RequestId>,
    /// How it ended.
    pub outcome: InvocationOutcome,
    /// The error's message, or the seconds after which it timed out. Text from logs: escape it.
    pub message: Option<String>,
    /// The type of the error as the report names it, which says less than the message.
    pub error_type: Option<String>,
    /// The HTTP event, if it logged it.
    pub event: Option<Box<HttpEvent>>,
    /// What it logged of its own response, as JSON; not proof of what it returned.
    pub response: Option<Box<serde_json::Value>>,
    /// X-Ray root id.
    pub trace_id: Option<String>,
    /// First line.
    pub started: Option<LogTime>,
    /// Last line.
    pub ended: Option<LogTime>,
    /// First line.
    pub position: Option<Position>,
    /// Last line.
    pub end_position: Option<Position>,
    /// Whether the initialization in front of it ran out of its ten seconds.
    pub init_timeout: bool,
    /// Whether its `START` and its `REPORT` (or `END`) were seen.
    pub is_complete: bool,
    /// Lines worth showing: failures, the event, the response.
    pub lines: Vec<Evidence>,
}
