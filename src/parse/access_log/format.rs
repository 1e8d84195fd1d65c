//! Access-log formats: what a line in a format will tell, before any is written, and the format that
//! tells everything.
//!
//! Must not: have an opinion of its own on names; a sample line is read as any line is.

use crate::model::AccessRecord;
use crate::parse::access_log::parse;

/// For REST APIs: everything that a line can tell about CORS.
pub const REST: &str = r#"{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","apiId":"$context.apiId","stage":"$context.stage","requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod","resourcePath":"$context.resourcePath","path":"$context.path","status":"$context.status","responseLength":"$context.responseLength","errorMessage":"$context.error.message","errorResponseType":"$context.error.responseType","integrationStatus":"$context.integration.integrationStatus","functionStatus":"$context.integration.status","integrationRequestId":"$context.integration.requestId","integrationLatency":"$context.integration.latency","integrationError":"$context.integration.error","authorizerError":"$context.authorizer.error","wafResponseCode":"$context.wafResponseCode","xrayTraceId":"$context.xrayTraceId"}"#;

/// For HTTP APIs, which have other variables.
pub const HTTP: &str = r#"{"requestId":"$context.requestId","apiId":"$context.apiId","stage":"$context.stage","requestTimeEpoch":"$context.requestTimeEpoch","httpMethod":"$context.httpMethod","routeKey":"$context.routeKey","path":"$context.path","status":"$context.status","responseLength":"$context.responseLength","errorMessage":"$context.error.message","errorResponseType":"$context.error.responseType","integrationStatus":"$context.integration.integrationStatus","functionStatus":"$context.integration.status","integrationRequestId":"$context.integration.requestId","integrationLatency":"$context.integration.latency","integrationError":"$context.integration.error","authorizerError":"$context.authorizer.error"}"#;

/// Which variables there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variables {
    /// Those of REST APIs.
    Rest,
    /// Those of HTTP APIs.
    Http,
}

impl Variables {
    /// The format that tells everything.
    pub fn recommended(self) -> &'static str {
        match self {
            Self::Rest => REST,
            Self::Http => HTTP,
        }
    }
}

/// A variable, and whether a line told what it holds.
type Told = (&'static str, fn(&AccessRecord) -> bool);

const BOTH: &[Told] = &[
    ("$context.apiId", |record| record.api.is_some()),
    ("$context.stage", |record| record.stage.is_some()),
    ("$context.requestTimeEpoch", |record| record.time.is_some()),
    ("$context.httpMethod", |record| record.method.is_some()),
    ("$context.path", |record| record.path.is_some()),
    ("$context.status", |record| record.status.is_some()),
    ("$context.responseLength", |record| record.response_length.is_some()),
    ("$context.error.message", |record| record.error_message.is_some()),
    ("$context.error.responseType", |record| record.error_response_type.is_some()),
    ("$context.integration.status", |record| record.function_status.is_some()),
    ("$context.integration.requestId", |record| record.lambda_request_id.is_some()),
    ("$context.integration.error", |record| record.integration_error.is_some()),
    ("$context.authorizer.error", |record| record.authorizer_error.is_some()),
];
const REST_ONLY: &[Told] = &[
    ("$context.extendedRequestId", |record| record.extended_request_id.is_some()),
    ("$context.resourcePath", |record| record.route.is_some()),
    ("$context.wafResponseCode", |record| record.waf_blocked),
];
const HTTP_ONLY: &[Told] = &[("$context.routeKey", |record| record.route.is_some())];

/// The variables of the recommended format that lines of this one will not tell; `None`: its lines
/// will not even be recognized.
pub fn lacking(format: &str, variables: Variables) -> Option<Vec<&'static str>> {
    let record = parse(sample(format, variables).as_bytes())?;
    let own = match variables {
        Variables::Rest => REST_ONLY,
        Variables::Http => HTTP_ONLY,
    };
    let untold = BOTH.iter().chain(own).filter(|(_, is_told)| !is_told(&record));
    Some(untold.map(|(variable, _)| *variable).collect())
}

/// A line in a format, of a request that met everything.
fn sample(format: &str, variables: Variables) -> String {
    const BEGIN: &str = "$context.";
    let mut line = String::with_capacity(format.len());
    let mut rest = format;
    while let Some((before, behind)) = rest.split_once(BEGIN) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let end = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
        let (name, after) = behind.split_at_checked(end).unwrap_or((behind, ""));
        line.push_str(before);
        line.push_str(value(name, variables));
        rest = after;
    }
    line.push_str(rest);
    line
}

fn value(name: &str, variables: Variables) -> &'static str {
    match (name, variables) {
        ("requestId", Variables::Rest) => "374bba7b-351b-48ec-ae60-07109e5ca4ef",
        ("requestId" | "extendedRequestId", _) => "TD7muQGBWHnCwRA=",
        ("awsEndpointRequestId" | "integration.requestId", _) => {
            "fd258877-e5d4-4b0f-ad1f-a647f299c59b"
        }
        ("requestTimeEpoch", _) => "1795341602114",
        ("requestTime", _) => "22/Nov/2026:10:00:02 +0000",
        ("apiId", _) => "a1b2c3d4e5",
        ("stage", _) => "prod",
        ("httpMethod", _) => "POST",
        ("resourcePath", _) => "/orders/{id}",
        ("routeKey", _) => "ANY /orders/{id}",
        ("path", _) => "/prod/orders/1",
        ("protocol", _) => "HTTP/1.1",
        ("status" | "integration.status" | "integrationStatus", _) => "502",
        ("integration.integrationStatus", _) => "200",
        ("responseLength", _) => "36",
        ("integration.latency" | "integrationLatency" | "responseLatency", _) => "17",
        ("error.message", _) => "Internal server error",
        ("error.messageString", _) => "\"Internal server error\"",
        ("error.responseType", _) => "INTEGRATION_FAILURE",
        (
            "integration.error"
            | "integrationErrorMessage"
            | "authorizer.error"
            | "authorize.error"
            | "authenticate.error",
            _,
        ) => "failed",
        ("wafResponseCode", Variables::Rest) => "WAF_BLOCK",
        ("waf.status", Variables::Rest) => "403",
        _ => "-",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recommended_formats_tell_everything() {
        assert_eq!(lacking(REST, Variables::Rest), Some(vec![]));
        assert_eq!(lacking(HTTP, Variables::Http), Some(vec![]));
    }

    #[test]
    fn what_a_format_leaves_out_is_named() {
        // Every variable of the recommended format counts, taken away one by one.
        for (variable, _) in BOTH.iter().chain(REST_ONLY) {
            let format = REST.replace(&format!("\"{variable}\""), "\"-\"");
            assert_eq!(lacking(&format, Variables::Rest), Some(vec![*variable]), "{format}");
        }
        for (variable, _) in BOTH.iter().chain(HTTP_ONLY) {
            let format = HTTP.replace(&format!("\"{variable}\""), "\"-\"");
            assert_eq!(lacking(&format, Variables::Http), Some(vec![*variable]), "{format}");
        }
    }

    #[test]
    fn keys_may_have_names_of_their_own() {
        let format = r#"{"api_request_id":"$context.requestId","http":{"status":$context.status}}"#;
        let lacking = lacking(format, Variables::Rest).expect("recognized");
        assert!(!lacking.contains(&"$context.status"), "{lacking:?}");
        assert!(lacking.contains(&"$context.httpMethod"), "{lacking:?}");
    }

    #[test]
    fn clf_of_the_console_is_recognized() {
        let format = "$context.identity.sourceIp $context.identity.caller $context.identity.user \
                      [$context.requestTime] \"$context.httpMethod $context.resourcePath \
                      $context.protocol\" $context.status $context.responseLength \
                      $context.requestId $context.extendedRequestId";
        let lacking = lacking(format, Variables::Rest).expect("recognized");
        assert!(!lacking.contains(&"$context.status"), "{lacking:?}");
        assert!(lacking.contains(&"$context.integration.requestId"), "{lacking:?}");
    }

    #[test]
    fn a_format_without_request_id_is_not_recognized() {
        assert_eq!(lacking(r#"{"status":"$context.status"}"#, Variables::Rest), None);
        assert_eq!(lacking("$context.status", Variables::Http), None);
    }
}
