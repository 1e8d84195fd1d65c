//! Stages, functions and gateway responses: what their settings let be seen.
//!
//! Must not: call a setting wrong that hides nothing about CORS.

use crate::doctor::access::said;
use crate::doctor::{Answers, Area, Check};
use crate::parse::access_log::format::{Variables, lacking};
use crate::sources::cloudwatch::error::CallError;
use crate::sources::cloudwatch::permissions::GatewayResponse;
use crate::sources::cloudwatch::target::settings::{
    ApiKind, FunctionSettings, LogLevel, StageSettings,
};

/// What a stage logs.
pub(super) fn stage(stage: &StageSettings) -> Vec<Check> {
    match stage.kind {
        ApiKind::Rest => {
            vec![execution_log(stage), access_log(stage, Variables::Rest)]
        }
        ApiKind::Http => vec![
            Check::well(
                Area::ExecutionLog,
                &named(stage),
                "HTTP APIs have none: headers are seen only where the function logs them",
            ),
            access_log(stage, Variables::Http),
        ],
        ApiKind::WebSocket => vec![Check::well(
            Area::ExecutionLog,
            &named(stage),
            "a WebSocket API, to which CORS does not apply",
        )],
    }
}

fn named(stage: &StageSettings) -> String {
    format!("{}/{}", stage.api, stage.stage)
}

fn shows_headers(stage: &StageSettings) -> bool {
    stage.log_level == LogLevel::Info && stage.data_trace
}

fn execution_log(stage: &StageSettings) -> Check {
    let trace = if stage.data_trace { "with" } else { "without" };
    let mut text = match stage.log_level {
        LogLevel::Off => "off: no request is logged".to_owned(),
        LogLevel::Error => {
            format!("level ERROR, {trace} data tracing: only requests that fail are logged")
        }
        LogLevel::Info if stage.data_trace => "level INFO with data tracing".to_owned(),
        LogLevel::Info => {
            "level INFO without data tracing: requests are logged without headers".to_owned()
        }
    };
    if !stage.exceptions.is_empty() {
        text.push_str("; set otherwise for ");
        text.push_str(&stage.exceptions.join(", "));
    }
    let subject = named(stage);
    if shows_headers(stage) {
        return Check::well(Area::ExecutionLog, &subject, text);
    }
    let fix = "set execution logging to INFO with data tracing while you look into it: requests and \
               responses are then logged whole, with whatever is secret in them";
    Check::improve(Area::ExecutionLog, &subject, text, fix).with_paste(format!(
        "aws apigateway update-stage --rest-api-id {} --stage-name {} --patch-operations \
         'op=replace,path=/*/*/logging/loglevel,value=INFO' \
         'op=replace,path=/*/*/logging/dataTrace,value=true'",
        stage.api, stage.stage
    ))
}

fn access_log(stage: &StageSettings, variables: Variables) -> Check {
    let subject = named(stage);
    let improve = |text: String, fix: &str| {
        Check::improve(Area::AccessLog, &subject, text, fix).with_paste(variables.recommended())
    };
    let Some(access) = &stage.access_log else {
        let fix = "log accesses to a log group, in this format";
        return improve("off: how requests ended is not logged".to_owned(), fix);
    };
    match lacking(&access.format, variables) {
        Some(lacking) if lacking.is_empty() => {
            Check::well(Area::AccessLog, &subject, "the format has everything")
        }
        Some(lacking) => {
            let text = format!("the format lacks {}", lacking.join(", "));
            improve(text, "use this format, or add what is missing to yours")
        }
        None => {
            let text = "lines in this format will not be recognized: they need \
                        $context.requestId, and a status, a method or a route";
            improve(text.to_owned(), "use this format")
        }
    }
}

/// What a function logs of its runs.
pub(super) fn function(function: &FunctionSettings) -> Check {
    let format = function.log_format.as_deref().unwrap_or("Text");
    let text = format!("format {format}, to {}", function.log_group);
    if function.system_log_level.as_deref() == Some("WARN") {
        return Check::improve(
            Area::Function,
            &function.name,
            format!("{text}; system log level WARN hides how runs ended"),
            "set the system log level to INFO",
        );
    }
    Check::well(Area::Function, &function.name, text)
}

/// Which answers of the gateway itself a browser can read.
pub(super) fn gateway_responses(
    api: &str,
    responses: &Result<Vec<GatewayResponse>, CallError>,
) -> Check {
    let responses = match responses {
        Ok(responses) => responses,
        Err(error) => {
            let text = format!("cannot be read: {}", said(error));
            return Check::improve(Area::GatewayResponses, api, text, error.advice());
        }
    };
    let without = without_cors(responses);
    if without.is_empty() {
        let text = "DEFAULT_4XX and DEFAULT_5XX have Access-Control-Allow-Origin";
        return Check::well(Area::GatewayResponses, api, text);
    }
    let text = format!(
        "no Access-Control-Allow-Origin in {}: pages cannot read what the gateway answers itself",
        without.join(", ")
    );
    let fix = "add CORS headers to these gateway responses, and deploy the API again \
               (`corscope explain gateway-response-without-cors`)";
    Check::improve(Area::GatewayResponses, api, text, fix)
}

/// The two that stand for all others, and the others that were changed.
fn without_cors(responses: &[GatewayResponse]) -> Vec<&str> {
    let has = |kind: &str| responses.iter().any(|r| r.kind == kind && r.allows_origin);
    let general = ["DEFAULT_4XX", "DEFAULT_5XX"];
    let mut without: Vec<&str> = general.into_iter().filter(|kind| !has(kind)).collect();
    let changed = responses.iter().filter(|r| !r.is_default && !r.allows_origin);
    without.extend(changed.map(|r| r.kind.as_str()).filter(|kind| !general.contains(kind)));
    without.sort_unstable();
    without
}

/// What stays undetermined on a stage.
pub(super) fn unseen_of_stage(stage: &StageSettings) -> Option<String> {
    let subject = named(stage);
    match stage.kind {
        ApiKind::Rest if shows_headers(stage) => None,
        ApiKind::Rest => Some(format!(
            "{subject}: every verdict that takes a header, since no line shows any; responses that \
             the function logs itself apart"
        )),
        ApiKind::Http => Some(format!(
            "{subject}: every verdict that takes a header, unless the function logs its event and \
             its response"
        )),
        ApiKind::WebSocket => None,
    }
}

/// What stays undetermined of a function that is called without a gateway.
pub(super) fn unseen_of_function(function: &FunctionSettings, has_stages: bool) -> Option<String> {
    (!has_stages).then(|| {
        format!(
            "{}: every verdict that takes a header, unless the function logs its event and its \
             response",
            function.name
        )
    })
}

/// What no log shows, however the stage is set.
pub(super) fn unseen_of_gateway(answers: &Answers) -> Vec<String> {
    let stages = &answers.resolved.settings.stages;
    let mut unseen = Vec::new();
    if stages.iter().any(|stage| stage.kind == ApiKind::Rest) {
        unseen.push(
            "headers of responses that the gateway makes itself (401, 403, 429, 5xx): no log has \
             them"
                .to_owned(),
        );
    }
    if stages.iter().any(|stage| stage.kind == ApiKind::Rest && shows_headers(stage)) {
        unseen.push(
            "headers behind the 1024th character of a line of the execution log, where it is cut"
                .to_owned(),
        );
    }
    unseen
}
