//! Lines that an exchange keeps, and what kinds of them there are.
//!
//! Must not: hold text.

use crate::model::{LogTime, Position};

/// Kinds of lines that are kept because they prove something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// `HTTP Method: ..., Resource Path: ...`.
    HttpMethod,
    /// The line that names the route.
    Route,
    /// `Method request headers`.
    RequestHeaders,
    /// `Endpoint request headers`.
    EndpointRequestHeaders,
    /// `Authorizer result body`, `Starting authorizer`.
    Authorizer,
    /// `Endpoint response headers`.
    EndpointResponseHeaders,
    /// `Endpoint response body`.
    EndpointResponseBody,
    /// `Method response headers`.
    ResponseHeaders,
    /// Whatever names the failure.
    Failure,
    /// `Gateway response type`.
    GatewayResponse,
    /// `Method completed with status`.
    Status,
    /// The access-log line.
    Access,
    /// A Lambda line that tells how the run ended badly.
    LambdaFailure,
    /// A logged HTTP event.
    LambdaEvent,
    /// A logged proxy response.
    LambdaResponse,
    /// A line that the application wrote in JSON; kept only where a rule asks for its fields.
    Application,
}

impl LineKind {
    /// How its line begins, or what it is, for people who look for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::HttpMethod => "HTTP Method",
            Self::Route => "API Key ... authorized",
            Self::RequestHeaders => "Method request headers",
            Self::EndpointRequestHeaders => "Endpoint request headers",
            Self::Authorizer => "Starting authorizer, Authorizer result body",
            Self::EndpointResponseHeaders => "Endpoint response headers",
            Self::EndpointResponseBody => "Endpoint response body before transformations",
            Self::ResponseHeaders => "Method response headers",
            Self::Failure => "Execution failed, Lambda execution failed, Unauthorized request",
            Self::GatewayResponse => "Gateway response type",
            Self::Status => "Method completed with status",
            Self::Access => "access log",
            Self::LambdaFailure => "function log: error, timeout, REPORT",
            Self::LambdaEvent => "function log: the event",
            Self::LambdaResponse => "function log: the response",
            Self::Application => "function log: JSON lines",
        }
    }
}

/// A kept line of an exchange; its text is in the exchange's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What kind of line.
    pub kind: LineKind,
    /// When.
    pub time: Option<LogTime>,
    /// Where it stands.
    pub position: Position,
    /// The whole message.
    pub(super) span: Span,
    /// Where its payload (the text behind the label) begins, within the message.
    pub(super) payload: u32,
    /// Whether the message stands there as in a string of JSON, with its escapes.
    pub(super) has_escapes: bool,
}

/// A part of the exchange's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}
