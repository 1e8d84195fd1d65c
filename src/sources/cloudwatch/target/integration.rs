//! What stands behind a method: the function in an integration's or an authorizer's URI.
//!
//! Must not: ask AWS.

use std::collections::HashMap;

use crate::sources::cloudwatch::target::function::FunctionName;

/// What a URI leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Behind {
    /// A function.
    Function(FunctionName),
    /// Something that is no function.
    Other,
    /// A stage variable that the stage does not have.
    NoVariable(String),
    /// A Lambda integration that names no function.
    Unreadable,
}

/// Reads `arn:aws:apigateway:REGION:lambda:path/DATE/functions/ARN/invocations`, as REST APIs and
/// authorizers have it, or a function's ARN, as HTTP APIs do.
pub(super) fn behind(uri: &str, variables: &HashMap<String, String>) -> Behind {
    let uri = match with_variables(uri, variables) {
        Ok(uri) => uri,
        Err(name) => return Behind::NoVariable(name),
    };
    let mut parts = uri.split(':');
    let (arn, service) = (parts.next(), parts.nth(1));
    let integrated = parts.nth(1);
    let function = match (arn, service, integrated) {
        (Some("arn"), Some("lambda"), _) => Some(uri.as_str()),
        (Some("arn"), Some("apigateway"), Some("lambda")) => {
            let behind = uri.split_once("/functions/").map(|(_, behind)| behind);
            behind.map(|behind| behind.rsplit_once('/').map_or(behind, |(function, _)| function))
        }
        _ => return Behind::Other,
    };
    function.and_then(FunctionName::parse).map_or(Behind::Unreadable, Behind::Function)
}

/// The text with its `${stageVariables.x}` replaced, or the first that there is not.
fn with_variables(text: &str, variables: &HashMap<String, String>) -> Result<String, String> {
    const BEGIN: &str = "${stageVariables.";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(BEGIN) {
        let Some((name, after)) = behind.split_once('}') else { break };
        out.push_str(before);
        out.push_str(variables.get(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, variables: &[(&str, &str)], want: Result<&str, &str>) {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let got = match behind(uri, &variables) {
            Behind::Function(function) => Ok(function.to_string()),
            Behind::Other => Err("other".to_owned()),
            Behind::NoVariable(name) => Err(name),
            Behind::Unreadable => Err("unreadable".to_owned()),
        };
        assert_eq!(got.as_deref().map_err(String::as_str), want, "{uri}");
    }

    #[test]
    fn functions_are_found_in_all_forms() {
        const PATH: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/";
        const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders";
        check(&format!("{PATH}{ARN}/invocations"), &[], Ok("orders"));
        check(&format!("{PATH}{ARN}:live/invocations"), &[], Ok("orders:live"));
        check(&format!("{PATH}{ARN}/response-streaming-invocations"), &[], Ok("orders"));
        check(ARN, &[], Ok("orders"));
        check(&format!("{ARN}:3"), &[], Ok("orders:3"));
        check(&format!("{PATH}orders/invocations"), &[], Ok("orders"));
    }

    #[test]
    fn stage_variables_are_filled_in() {
        let uri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:\
                   eu-west-1:123456789012:function:${stageVariables.fn}:${stageVariables.alias}\
                   /invocations";
        check(uri, &[("fn", "orders"), ("alias", "live")], Ok("orders:live"));
        check(uri, &[("fn", "orders")], Err("alias"));
        check(uri, &[("fn", "a b"), ("alias", "live")], Err("unreadable"));
    }

    #[test]
    fn what_is_no_function_is_none() {
        check("https://backend.example.com/orders", &[], Err("other"));
        check("arn:aws:apigateway:eu-west-1:sqs:path/123456789012/queue", &[], Err("other"));
        check("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31", &[], Err("unreadable"));
        check("", &[], Err("other"));
    }
}
