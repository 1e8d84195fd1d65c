//! The commands that find the proof, filled in from what is known of the request.
//!
//! Must not: let anything pasted into a command unquoted.

use std::borrow::Cow;

use serde::Serialize;
use url::Url;

use crate::cors::console::base;
use crate::explain::host::{Host, has_server, host, parsed};
use crate::model::BlockReason;
use crate::output::escape::visible;
use crate::output::redact::Redaction;

/// A command, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// What it is for, as a sentence without its full stop.
    pub purpose: String,
    /// For a POSIX shell.
    pub command: String,
}

/// What is known of the request. Texts are as pasted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) url: Option<&'a str>,
    pub(crate) origin: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    pub(crate) header: Option<&'a str>,
    pub(crate) reasons: &'a [BlockReason],
    /// No log has it.
    pub(crate) is_elsewhere: bool,
}

/// From an hour ago; the console's message is fresh.
const SINCE: &str = "--start-time \"$(( ($(date +%s) - 3600) * 1000 ))\"";

/// Where the logs are, how they are read, and how the server is asked as the browser asks.
pub(crate) fn commands(asked: &Asked<'_>) -> Vec<Command> {
    if !has_server(asked.url) || (asked.is_elsewhere && asked.url.is_none()) {
        return Vec::new();
    }
    let url = parsed(asked.url);
    let mut commands = Vec::new();
    if let Host::Service(name) = host(url.as_ref()) {
        if name == "s3" {
            add(
                &mut commands,
                "Read the CORS configuration of the bucket",
                "aws s3api get-bucket-cors --bucket BUCKET".to_owned(),
            );
        }
    } else if !asked.is_elsewhere {
        read(&mut commands, url.as_ref());
        add(&mut commands, "Let corscope find the cause in it", scan(asked, url.as_ref()));
    }
    ask(&mut commands, asked, url.as_ref());
    commands
}

/// Saves the log of whoever answers there.
fn read(commands: &mut Vec<Command>, url: Option<&Url>) {
    match host(url) {
        Host::Api { id, region } => api(commands, url, &id, &region),
        Host::FunctionUrl { id, region } => function_url(commands, &id, &region),
        Host::CloudFront => cloudfront(commands, url),
        Host::Custom => custom_domain(commands, url),
        Host::LoadBalancer => add(
            commands,
            "A load balancer logs to S3, without headers. Read the log of the function behind it",
            format!(
                "aws logs filter-log-events --log-group-name /aws/lambda/FUNCTION {SINCE} > events.json"
            ),
        ),
        // None of the reader's logs has it.
        Host::Service(_) => {}
        Host::Local | Host::Unknown => add(
            commands,
            "Read the execution log of the API, with its own id and stage",
            logs("API-Gateway-Execution-Logs_API_ID/STAGE", None),
        ),
    }
}

fn add(commands: &mut Vec<Command>, purpose: &str, command: String) {
    commands.push(Command { purpose: purpose.to_owned(), command });
}

fn logs(group: &str, region: Option<&str>) -> String {
    let region = region.map(|region| format!(" --region {}", quoted(region))).unwrap_or_default();
    let group = quoted(group);
    format!("aws logs filter-log-events --log-group-name {group}{region} {SINCE} > events.json")
}

fn api(commands: &mut Vec<Command>, url: Option<&Url>, id: &str, region: &str) {
    let stage = url.and_then(first_segment).unwrap_or_else(|| "STAGE".to_owned());
    add(
        commands,
        "Read the execution log of the REST API",
        logs(&format!("API-Gateway-Execution-Logs_{id}/{stage}"), Some(region)),
    );
    let (id, region) = (quoted(id), quoted(region));
    add(
        commands,
        "If there is no such log group: an HTTP API has access logs only, in the group that this \
         names; read it in the same way, with the log of the function behind it",
        format!(
            "aws apigatewayv2 get-stages --api-id {id} --region {region} \
             --query 'Items[].[StageName,AccessLogSettings.DestinationArn]' --output text"
        ),
    );
}

fn function_url(commands: &mut Vec<Command>, id: &str, region: &str) {
    let (id, region) = (quoted(id), quoted(region));
    add(
        commands,
        "Find the function that has this URL",
        format!(
            "for name in $(aws lambda list-functions --region {region} \
             --query 'Functions[].FunctionName' --output text); do \
             aws lambda get-function-url-config --region {region} --function-name \"$name\" \
             --query FunctionUrl --output text 2>/dev/null | grep -q {id} && echo \"$name\"; done"
        ),
    );
    add(
        commands,
        "Read its log; a preflight that the URL's own CORS configuration answered is in no log",
        format!(
            "aws logs filter-log-events --log-group-name /aws/lambda/FUNCTION --region {region} \
             {SINCE} > events.json"
        ),
    );
}

fn custom_domain(commands: &mut Vec<Command>, url: Option<&Url>) {
    let name = quoted(url.and_then(Url::domain).unwrap_or("DOMAIN"));
    add(
        commands,
        "Find the REST API and the stage behind the domain",
        format!("aws apigateway get-base-path-mappings --domain-name {name}"),
    );
    add(
        commands,
        "The same for an HTTP API",
        format!("aws apigatewayv2 get-api-mappings --domain-name {name}"),
    );
    add(
        commands,
        "Read the execution log, with the id and the stage found",
        logs("API-Gateway-Execution-Logs_API_ID/STAGE", None),
    );
}

fn cloudfront(commands: &mut Vec<Command>, url: Option<&Url>) {
    // JMESPath has its own quotes; a host name of CloudFront holds none.
    let name = url.and_then(Url::domain).unwrap_or_default();
    let query = format!(
        "DistributionList.Items[?DomainName=='{}'].Origins.Items[].[DomainName,OriginPath]",
        name.replace(['\'', '\\'], "")
    );
    add(
        commands,
        "Find the API behind the distribution; CloudFront's own logs have no headers",
        format!("aws cloudfront list-distributions --query {} --output text", quoted(&query)),
    );
    add(
        commands,
        "Read its execution log, with the id and the stage found",
        logs("API-Gateway-Execution-Logs_API_ID/STAGE", None),
    );
}

/// Reads what the other commands saved.
fn scan(asked: &Asked<'_>, url: Option<&Url>) -> String {
    let mut command = "corscope scan events.json".to_owned();
    if let Some(origin) = asked.origin.and_then(origin) {
        command = format!("{command} --origin {}", quoted(&origin));
    }
    if let Some(route) = url.and_then(route) {
        command = format!("{command} --route {}", quoted(&route));
    }
    command.push_str(" --show exchanges");
    command
}

/// The path as the log has it: behind the stage, where the host shows that there is one.
fn route(url: &Url) -> Option<String> {
    let path = match host(Some(url)) {
        Host::Api { .. } => {
            let rest = url.path().trim_start_matches('/').split_once('/')?.1;
            format!("/{rest}")
        }
        Host::FunctionUrl { .. } => url.path().to_owned(),
        // A mapping may have its own prefix.
        Host::CloudFront
        | Host::LoadBalancer
        | Host::Service(_)
        | Host::Custom
        | Host::Local
        | Host::Unknown => {
            format!("*{}", last_segments(url)?)
        }
    };
    (path != "/").then(|| redacted_path(&path))
}

fn first_segment(url: &Url) -> Option<String> {
    let first = url.path_segments()?.next()?;
    (!first.is_empty()).then(|| redacted_path(first))
}

fn last_segments(url: &Url) -> Option<String> {
    let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    Some(format!("/{last}"))
}

/// The preflight, and the request itself, as a browser sends them.
fn ask(commands: &mut Vec<Command>, asked: &Asked<'_>, url: Option<&Url>) {
    let target = url.map_or_else(|| "https://API/PATH".to_owned(), without_secrets);
    let origin = asked.origin.and_then(origin).unwrap_or_else(|| "https://PAGE".to_owned());
    let (target, origin) = (quoted(&target), quoted(&format!("Origin: {origin}")));
    let method = asked.method.filter(|method| *method != "OPTIONS").unwrap_or("POST");
    let names = asked.header.unwrap_or("content-type").to_ascii_lowercase();
    let wants_method = quoted(&format!("Access-Control-Request-Method: {}", clean(method)));
    let wants_names = quoted(&format!("Access-Control-Request-Headers: {}", clean(&names)));
    add(
        commands,
        "Ask the server what the browser asks first",
        format!("curl -i -X OPTIONS {target} -H {origin} -H {wants_method} -H {wants_names}"),
    );
    if asked.reasons.iter().any(|reason| is_actual(*reason)) {
        add(commands, "Ask it for the answer itself", format!("curl -i {target} -H {origin}"));
    }
}

/// Whether the reason is one of the actual response.
pub(crate) fn is_actual(reason: BlockReason) -> bool {
    use BlockReason as R;
    base(reason) == reason
        && !matches!(
            reason,
            R::PreflightInvalidStatus
                | R::PreflightDisallowedRedirect
                | R::InvalidAllowMethodsPreflightResponse
                | R::InvalidAllowHeadersPreflightResponse
                | R::MethodDisallowedByPreflightResponse
                | R::HeaderDisallowedByPreflightResponse
        )
}

/// An origin, if it is one: `null`, or a scheme and a host.
fn origin(text: &str) -> Option<String> {
    let is_origin = text == "null"
        || text.split_once("://").is_some_and(|(scheme, host)| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(plain)
                && !host.contains(['/', '?', '#', '@'])
        });
    is_origin.then(|| clean(text))
}

/// The URL without query, fragment, user and password, none of which CORS looks at.
fn without_secrets(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let path = redacted_path(url.path());
    clean(&format!("{}://{host}{port}{path}", url.scheme()))
}

fn redacted_path(path: &str) -> String {
    visible(&Redaction::On.path(Cow::Borrowed(path))).into_owned()
}

fn clean(text: &str) -> String {
    visible(&Redaction::On.text(text)).into_owned()
}

/// For a POSIX shell: bare where nothing in it means anything to one, else in single quotes.
pub(crate) fn quoted(text: &str) -> String {
    let text = visible(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, want: &[&str]) {
        let asked =
            Asked { url: Some(url), origin: Some("https://shop.example"), ..Asked::default() };
        let all = commands(&asked);
        let all: Vec<&str> = all.iter().map(|command| command.command.as_str()).collect();
        for part in want {
            assert!(all.iter().any(|command| command.contains(part)), "{part}\n{all:#?}");
        }
    }

    #[test]
    fn hosts_tell_where_the_logs_are() {
        check(
            "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders/7?token=x",
            &[
                "--log-group-name API-Gateway-Execution-Logs_a1b2c3d4e5/prod --region eu-west-1 --start-time",
                "corscope scan events.json --origin https://shop.example --route /orders/7 --show exchanges",
                "curl -i -X OPTIONS https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders/7 -H 'Origin: https://shop.example'",
            ],
        );
        check(
            "https://abcdefghij0123456789.lambda-url.us-east-1.on.aws/cart",
            &[
                "grep -q abcdefghij0123456789",
                "/aws/lambda/FUNCTION --region us-east-1",
                "--route /cart",
            ],
        );
        check(
            "https://api.shop.example/v1/orders",
            &[
                "aws apigateway get-base-path-mappings --domain-name api.shop.example",
                "aws apigatewayv2 get-api-mappings --domain-name api.shop.example",
                "--route '*/orders'",
            ],
        );
        check("https://d111111abcdef8.cloudfront.net/x", &["DomainName==", "list-distributions"]);
        check("http://localhost:3000/x", &["API-Gateway-Execution-Logs_API_ID/STAGE"]);
        check("nothing", &["curl -i -X OPTIONS https://API/PATH"]);
    }

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        for (text, want) in [
            ("plain/text-1", "plain/text-1"),
            ("", "''"),
            ("-x", "'-x'"),
            ("a b", "'a b'"),
            ("'; rm -rf ~; '", r"''\''; rm -rf ~; '\'''"),
            ("$(id)`id`", "'$(id)`id`'"),
            ("a\nb\u{1b}[31m", r"'a\nb\x1b[31m'"),
        ] {
            assert_eq!(quoted(text), want);
        }
    }
}
