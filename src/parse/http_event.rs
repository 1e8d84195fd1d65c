//! The events with which API Gateway, function URLs and load balancers invoke a function.
//!
//! Must not: take a value for an event that only resembles one in passing.

use serde_json::{Map, Value};

use crate::model::{HttpEvent, RequestId, Surface};
use crate::parse::value::{MORE, UNSEEN, is_unseen};

/// Reads an event: REST, HTTP API (1.0 and 2.0), function URL, load balancer, WebSocket, and the
/// events of Lambda authorizers. `None` for anything else.
pub fn read(value: &Value) -> Option<HttpEvent> {
    let event = value.as_object()?;
    let context = event.get("requestContext").and_then(Value::as_object);
    let arn = text(event, "methodArn").or_else(|| text(event, "routeArn"));
    let is_authorizer = arn.is_some() && matches!(text(event, "type"), Some("TOKEN" | "REQUEST"));
    if !is_authorizer && !is_request(event, context) {
        return None;
    }
    let empty = Map::new();
    let context = context.unwrap_or(&empty);
    let surface = surface(event, context);
    let arn = arn.filter(|_| is_authorizer).map(MethodArn::parse).unwrap_or_default();
    let method = method(event, context).or(arn.method);
    let (headers, headers_complete) = headers(event);
    Some(HttpEvent {
        surface,
        is_authorizer,
        gateway_request_id: id(context, "requestId"),
        extended_request_id: id(context, "extendedRequestId"),
        method: method.map(str::to_owned),
        path: path(event, context).map(str::to_owned).or(arn.path),
        route: route(event, context, surface, method),
        api: text(context, "apiId").or(arn.api).map(str::to_owned),
        stage: text(context, "stage").or(arn.stage).map(str::to_owned),
        headers,
        headers_complete,
        multi_value: multi_value(event),
    })
}

/// A `requestContext` with something of HTTP (or of a WebSocket) in it; or, where that is not
/// logged, the fields of a REST event beside each other.
fn is_request(event: &Map<String, Value>, context: Option<&Map<String, Value>>) -> bool {
    const OF_A_CONTEXT: &[&str] =
        &["http", "httpMethod", "resourcePath", "elb", "connectionId", "apiId", "routeKey"];
    let has_context =
        context.is_some_and(|context| OF_A_CONTEXT.iter().any(|key| context.contains_key(*key)));
    let has_fields = text(event, "httpMethod").is_some()
        && (event.contains_key("headers") || event.contains_key("multiValueHeaders"))
        && (text(event, "path").is_some() || text(event, "resource").is_some());
    has_context || has_fields
}

fn surface(event: &Map<String, Value>, context: &Map<String, Value>) -> Surface {
    let version = text(event, "version");
    if context.contains_key("elb") {
        Surface::Alb
    } else if text(context, "domainName").is_some_and(|name| name.contains(".lambda-url.")) {
        Surface::FunctionUrl
    } else if context.contains_key("connectionId") {
        Surface::WebSocket
    } else if text(context, "stage") == Some("test-invoke-stage")
        || id(context, "requestId").is_some_and(|id| id.is_test_literal())
    {
        Surface::TestInvoke
    } else if matches!(version, Some("1.0" | "2.0"))
        || context.contains_key("http")
        || event.contains_key("routeArn")
    {
        Surface::Http
    } else if context.contains_key("resourcePath")
        || context.contains_key("resourceId")
        || text(event, "resource").is_some()
        || text(event, "type") == Some("TOKEN")
    {
        Surface::Rest
    } else {
        Surface::Unknown
    }
}

fn method<'a>(event: &'a Map<String, Value>, context: &'a Map<String, Value>) -> Option<&'a str> {
    let http = context.get("http").and_then(Value::as_object);
    http.and_then(|http| text(http, "method"))
        .or_else(|| text(event, "httpMethod"))
        .or_else(|| text(context, "httpMethod"))
}

/// The path as requested; those of HTTP APIs hold the stage.
fn path<'a>(event: &'a Map<String, Value>, context: &'a Map<String, Value>) -> Option<&'a str> {
    let http = context.get("http").and_then(Value::as_object);
    text(event, "rawPath")
        .or_else(|| http.and_then(|http| text(http, "path")))
        .or_else(|| text(event, "path"))
        .or_else(|| text(context, "path"))
}

fn route(
    event: &Map<String, Value>,
    context: &Map<String, Value>,
    surface: Surface,
    method: Option<&str>,
) -> Option<String> {
    match surface {
        Surface::FunctionUrl | Surface::Alb => return None,
        Surface::Rest
        | Surface::Http
        | Surface::WebSocket
        | Surface::TestInvoke
        | Surface::Har
        | Surface::Unknown => {}
    }
    if let Some(key) = text(context, "routeKey").or_else(|| text(event, "routeKey")) {
        return Some(key.to_owned());
    }
    let resource = text(event, "resource").or_else(|| text(context, "resourcePath"))?;
    // An HTTP API's route key stands there with payload format 1.0.
    if resource.contains(' ') {
        return Some(resource.to_owned());
    }
    method.map(|method| format!("{method} {resource}"))
}

/// A load balancer writes the one or the other, as its target group is set; REST APIs write both.
fn multi_value(event: &Map<String, Value>) -> Option<bool> {
    let has = |key| event.get(key).is_some_and(|value| value.is_object() || is_unseen(value));
    match (has("multiValueHeaders"), has("headers")) {
        (true, true) => None,
        _ if event.contains_key(MORE) => None,
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// The header list, and whether it is known to be whole. `multiValueHeaders` has all values of a
/// name, `headers` the last one only; payload format 2.0 keeps cookies apart.
fn headers(event: &Map<String, Value>) -> (Vec<(String, String)>, bool) {
    let mut fields = Vec::new();
    let mut complete = true;
    let multi = event.get("multiValueHeaders").and_then(Value::as_object);
    match multi.filter(|multi| !multi.is_empty()) {
        Some(multi) => {
            for (name, values) in multi {
                complete &= name != MORE && !is_unseen(values);
                for value in values.as_array().into_iter().flatten() {
                    complete &= !is_unseen(value);
                    push(name, value, &mut fields);
                }
            }
        }
        None => match event.get("headers") {
            Some(Value::Object(single)) => {
                for (name, value) in single {
                    complete &= name != MORE && !is_unseen(value);
                    push(name, value, &mut fields);
                }
            }
            // Test events have null.
            Some(Value::Null) => {}
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None => {
                complete = false;
            }
        },
    }
    let has_cookie = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    if let Some(Value::Array(cookies)) = event.get("cookies").filter(|_| !has_cookie) {
        let cookies: Vec<_> = cookies.iter().filter_map(Value::as_str).collect();
        if !cookies.is_empty() {
            fields.push(("cookie".to_owned(), cookies.join("; ")));
        }
    } else if event.get("cookies").is_some_and(is_unseen) {
        complete = false;
    }
    (fields, complete)
}

fn push(name: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text != UNSEEN => fields.push((name.to_owned(), text.clone())),
        Value::Number(number) => fields.push((name.to_owned(), number.to_string())),
        Value::String(_) | Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty() && *text != UNSEEN)
}

fn id(object: &Map<String, Value>, key: &str) -> Option<RequestId> {
    text(object, key).and_then(|id| RequestId::parse(id.as_bytes()))
}

/// `arn:aws:execute-api:<region>:<account>:<api>/<stage>/<METHOD>/<path>`.
#[derive(Default)]
struct MethodArn<'a> {
    api: Option<&'a str>,
    stage: Option<&'a str>,
    method: Option<&'a str>,
    path: Option<String>,
}

impl<'a> MethodArn<'a> {
    fn parse(arn: &'a str) -> Self {
        let mut parts = arn.splitn(6, ':').nth(5).unwrap_or_default().splitn(4, '/');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        Self {
            api: part(),
            stage: part(),
            // WebSocket routes stand there as well.
            method: part().filter(|method| method.bytes().all(|byte| byte.is_ascii_uppercase())),
            path: part().map(|path| format!("/{path}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value) -> HttpEvent {
        read(value).expect("an event")
    }

    #[test]
    fn rest_events() {
        let got = check(&json!({"resource": "/pets/{id}", "path": "/pets/1", "httpMethod": "GET",
            "headers": {"Origin": "https://shop.example", "A": "2"},
            "multiValueHeaders": {"Origin": ["https://shop.example"], "A": ["1", "2"]},
            "requestContext": {"resourcePath": "/pets/{id}", "httpMethod": "GET", "stage": "prod",
                "path": "/prod/pets/1", "apiId": "a1b2c3d4e5", "extendedRequestId": "A1b2C3d4oAMFabc=",
                "requestId": "5e2f6d3a-0000-4000-8000-000000000001"}}));
        assert_eq!(got.surface, Surface::Rest);
        assert!(!got.is_authorizer);
        assert_eq!(got.route.as_deref(), Some("GET /pets/{id}"));
        assert_eq!(got.path.as_deref(), Some("/pets/1"));
        assert_eq!(got.stage.as_deref(), Some("prod"));
        assert_eq!(got.headers.len(), 3);
        assert!(got.headers_complete);
        assert_eq!(
            got.gateway_request_id.map(|id| id.to_string()).as_deref(),
            Some("5e2f6d3a-0000-4000-8000-000000000001")
        );
    }

    #[test]
    fn http_api_events_of_both_formats() {
        let got = check(&json!({"version": "2.0", "routeKey": "GET /pets", "rawPath": "/dev/pets",
            "cookies": ["a=b", "c=d"], "headers": {"origin": "https://shop.example"},
            "requestContext": {"http": {"method": "GET", "path": "/dev/pets"}, "apiId": "a1b2",
                "domainName": "a1b2.execute-api.eu-west-1.amazonaws.com", "stage": "dev",
                "requestId": "A1b2C3d4oAMFabc="}}));
        assert_eq!(got.surface, Surface::Http);
        assert_eq!(got.route.as_deref(), Some("GET /pets"));
        assert_eq!(got.method.as_deref(), Some("GET"));
        assert_eq!(got.headers.last(), Some(&("cookie".to_owned(), "a=b; c=d".to_owned())));
        let got = check(&json!({"version": "1.0", "resource": "/pets", "path": "/pets",
            "httpMethod": "OPTIONS", "headers": {}, "requestContext": {"resourcePath": "/pets"}}));
        assert_eq!(got.surface, Surface::Http);
        assert_eq!(got.route.as_deref(), Some("OPTIONS /pets"));
    }

    #[test]
    fn function_urls_and_load_balancers_have_no_route() {
        let got = check(&json!({"version": "2.0", "routeKey": "$default", "rawPath": "/",
            "headers": {}, "requestContext": {"http": {"method": "GET", "path": "/"},
            "domainName": "abc.lambda-url.us-east-1.on.aws", "apiId": "abc"}}));
        assert_eq!((got.surface, got.route), (Surface::FunctionUrl, None));
        let got = check(&json!({"requestContext": {"elb": {"targetGroupArn": "arn:aws:x"}},
            "httpMethod": "GET", "path": "/", "multiValueHeaders": {"host": ["a"]}}));
        assert_eq!((got.surface, got.route), (Surface::Alb, None));
        assert_eq!(got.headers, [("host".to_owned(), "a".to_owned())]);
    }

    #[test]
    fn web_socket_events() {
        let got = check(&json!({"requestContext": {"routeKey": "$connect", "connectionId": "x=",
            "eventType": "CONNECT", "stage": "dev", "apiId": "a1"}, "isBase64Encoded": false}));
        assert_eq!(got.surface, Surface::WebSocket);
        assert_eq!(got.route.as_deref(), Some("$connect"));
        assert!(!got.headers_complete);
    }

    #[test]
    fn authorizer_events() {
        let got = check(&json!({"type": "TOKEN", "authorizationToken": "x",
            "methodArn": "arn:aws:execute-api:eu-west-1:111122223333:a1b2/prod/GET/pets/1"}));
        assert!(got.is_authorizer);
        assert_eq!(got.surface, Surface::Rest);
        assert_eq!(
            (got.method.as_deref(), got.path.as_deref(), got.api.as_deref()),
            (Some("GET"), Some("/pets/1"), Some("a1b2"))
        );
        assert!(!got.headers_complete);
        let got = check(&json!({"version": "2.0", "type": "REQUEST", "routeKey": "GET /pets",
            "routeArn": "arn:aws:execute-api:eu-west-1:111122223333:a1b2/dev/GET/pets",
            "headers": {"a": "b"}, "requestContext": {"http": {"method": "GET"}}}));
        assert!(got.is_authorizer && got.headers_complete);
        assert_eq!(got.surface, Surface::Http);
    }

    #[test]
    fn headers_that_a_dump_leaves_out_are_unseen() {
        let event = json!({"httpMethod": "GET", "path": "/", "headers": UNSEEN});
        let got = check(&event);
        assert!(got.headers.is_empty() && !got.headers_complete);
        assert!(
            check(&json!({"httpMethod": "GET", "path": "/", "headers": null})).headers_complete
        );
    }

    #[test]
    fn other_json_is_no_event() {
        for value in [
            json!({"httpMethod": "GET", "requestId": "x", "status": "200"}),
            json!({"requestContext": {"user": "me"}}),
            json!({"Records": [{"eventSource": "aws:s3"}]}),
            json!({"type": "REQUEST", "id": 1}),
            json!("text"),
        ] {
            assert_eq!(read(&value), None, "{value}");
        }
    }
}
