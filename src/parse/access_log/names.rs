//! What the names in access logs mean: `$context` names and the ones that users make of them.
//!
//! Must not: know how names and values are written.

use std::sync::LazyLock;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// What a name can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    RequestId,
    ExtendedRequestId,
    LambdaRequestId,
    TimeEpoch,
    Time,
    Api,
    Stage,
    Method,
    Path,
    ResourcePath,
    RouteKey,
    /// `GET /path`, maybe with the protocol.
    RequestLine,
    Status,
    Length,
    /// `$context.integration.status`: the function's.
    FunctionStatus,
    /// `integrationStatus`: fed by the function's status in some logs and by the Lambda service's in
    /// others.
    IntegrationStatus,
    /// `$context.integration.integrationStatus`: the Lambda service's.
    ServiceStatus,
    IntegrationLatency,
    ErrorMessage,
    /// A message, of whatever.
    Message,
    ErrorResponseType,
    IntegrationError,
    AuthorizerError,
    WafResponseCode,
    WafStatus,
    TraceId,
    EventType,
    ConnectionId,
}

/// A meaning and the names that have it, the surest first: lower case, without `$context.`, `_` and
/// `-`. Dots stand for nesting.
const NAMES: &[(Field, &[&str])] = &[
    (
        Field::RequestId,
        &[
            "requestid",
            "apirequestid",
            "gatewayrequestid",
            "apigwrequestid",
            "apigatewayrequestid",
            "request.id",
            "reqid",
        ],
    ),
    (
        Field::ExtendedRequestId,
        &["extendedrequestid", "request.extendedid", "extrequestid", "xamzapigwid", "apigwid"],
    ),
    (
        Field::LambdaRequestId,
        &[
            "integration.requestid",
            "awsendpointrequestid",
            "integrationrequestid",
            "lambdarequestid",
            "lambda.requestid",
            "endpointrequestid",
            "integreqid",
            "awsendpointrequestid2",
        ],
    ),
    (Field::TimeEpoch, &["requesttimeepoch", "timeepoch", "request.timeepoch", "epoch"]),
    (Field::Time, &["requesttime", "request.time", "time", "timestamp", "date"]),
    (Field::Api, &["apiid", "restapiid", "httpapiid", "api.id", "api"]),
    (Field::Stage, &["stage", "stagename", "apistage"]),
    (
        Field::Method,
        &[
            "httpmethod",
            "method",
            "request.method",
            "requestmethod",
            "http.method",
            "reqmethod",
            "verb",
        ],
    ),
    (
        Field::Path,
        &["path", "requestpath", "request.path", "http.path", "realpath", "uri", "request.uri"],
    ),
    (Field::RequestLine, &["request", "requestline", "httprequest"]),
    (Field::ResourcePath, &["resourcepath", "request.resourcepath", "resource", "resource.path"]),
    (Field::RouteKey, &["routekey", "route", "request.routekey", "route.key"]),
    (
        Field::Status,
        &[
            "status",
            "statuscode",
            "responsestatus",
            "response.status",
            "response.statuscode",
            "httpstatus",
            "http.status",
            "responsestatuscode",
            "httpstatuscode",
        ],
    ),
    (
        Field::Length,
        &["responselength", "response.length", "responsesize", "bytes", "bytessent", "length"],
    ),
    (
        Field::FunctionStatus,
        &["integration.status", "functionresponsestatus", "lambdastatus", "functionstatus"],
    ),
    (Field::IntegrationStatus, &["integrationstatus"]),
    (
        Field::ServiceStatus,
        &[
            "integration.integrationstatus",
            "integration.servicestatus",
            "integrationservicestatus",
            "integrationintegrationstatus",
        ],
    ),
    (Field::IntegrationLatency, &["integration.latency", "integrationlatency"]),
    (
        Field::ErrorMessage,
        &[
            "error.message",
            "errormessage",
            "error.errormessage",
            "error.messagestring",
            "error.errormessagestring",
            "errormessagestring",
            "errmsg",
            "errormsg",
            "gatewayerror",
            "gatewayerrormessage",
            "gwerror",
            "response.error",
            "responseerror",
            "error",
        ],
    ),
    (Field::Message, &["message"]),
    (
        Field::ErrorResponseType,
        &[
            "error.responsetype",
            "error.errorresponsetype",
            "errorresponsetype",
            "responsetype",
            "gatewayresponsetype",
            "errortype",
        ],
    ),
    (
        Field::IntegrationError,
        &[
            "integration.error",
            "integrationerrormessage",
            "integrationerror",
            "integrationerr",
            "integration.errormessage",
            "integration.integrationerrormessage",
            "integration.integrationerror",
            "integration.error.message",
            "integerror",
            "interrormsg",
            "lambdaerror",
        ],
    ),
    (
        Field::AuthorizerError,
        &[
            "authorizer.error",
            "authorizererror",
            "authorize.error",
            "authenticate.error",
            "autherror",
            "autherrormessage",
            "autherrmsg",
            "autherr",
            "authorizererrormessage",
            "authorizer.errormessage",
            "authorizeerror",
            "authenticateerror",
            "auth.error",
        ],
    ),
    (Field::WafResponseCode, &["wafresponsecode", "waf.responsecode"]),
    (Field::WafStatus, &["waf.status", "wafstatus"]),
    (Field::TraceId, &["xraytraceid", "traceid", "xray.traceid", "xraytrace"]),
    (Field::EventType, &["eventtype"]),
    (Field::ConnectionId, &["connectionid"]),
];

/// A normalized name to its meaning and its rank among the names of that meaning.
pub(super) static MEANINGS: LazyLock<HashMap<&'static str, (Field, usize), RandomState>> =
    LazyLock::new(|| {
        let names = NAMES.iter().flat_map(|(field, names)| {
            names.iter().enumerate().map(|(rank, name)| (*name, (*field, rank)))
        });
        names.collect()
    });

/// The table's names.
#[cfg(test)]
pub(super) fn every_name() -> impl Iterator<Item = &'static str> {
    NAMES.iter().flat_map(|(_, names)| *names).copied()
}
