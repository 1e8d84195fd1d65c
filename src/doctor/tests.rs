//! What settings let be seen.

use crate::doctor::{Area, Health, logging};
use crate::parse::access_log::format;
use crate::sources::cloudwatch::permissions::GatewayResponse;
use crate::sources::cloudwatch::target::settings::{
    AccessLog, ApiKind, FunctionSettings, LogLevel, StageSettings,
};

fn stage(log_level: LogLevel, data_trace: bool, format: Option<&str>) -> StageSettings {
    let access_log = format.map(|format| AccessLog {
        destination: "arn:aws:logs:eu-west-1:123456789012:log-group:access".to_owned(),
        format: format.to_owned(),
    });
    StageSettings {
        kind: ApiKind::Rest,
        api: "a1".to_owned(),
        stage: "prod".to_owned(),
        log_level,
        data_trace,
        exceptions: Vec::new(),
        access_log,
        variables: Vec::new(),
    }
}

#[track_caller]
fn check(stage: &StageSettings, area: Area, health: Health, text: &str) {
    let checks = logging::stage(stage);
    let found = checks.iter().find(|check| check.area == area).expect("a check");
    assert_eq!(found.health, health, "{found:?}");
    assert!(found.text.contains(text), "{found:?}");
    assert_eq!(found.fix.is_some(), health == Health::Improve, "{found:?}");
}

#[test]
fn only_info_with_data_tracing_shows_headers() {
    use Area::ExecutionLog;
    use Health::{Improve, Well};
    check(&stage(LogLevel::Off, true, None), ExecutionLog, Improve, "no request is logged");
    check(&stage(LogLevel::Error, true, None), ExecutionLog, Improve, "only requests that fail");
    check(&stage(LogLevel::Info, false, None), ExecutionLog, Improve, "without headers");
    check(&stage(LogLevel::Info, true, None), ExecutionLog, Well, "with data tracing");
    assert!(logging::unseen_of_stage(&stage(LogLevel::Info, true, None)).is_none());
    assert!(logging::unseen_of_stage(&stage(LogLevel::Info, false, None)).is_some());
}

#[test]
fn access_logs_are_judged_by_what_their_lines_tell() {
    use Health::{Improve, Well};
    let with = |format| stage(LogLevel::Info, true, format);
    check(&with(None), Area::AccessLog, Improve, "off");
    check(&with(Some(format::REST)), Area::AccessLog, Well, "everything");
    check(&with(Some("$context.status")), Area::AccessLog, Improve, "not be recognized");
    let short = r#"{"requestId":"$context.requestId","status":"$context.status"}"#;
    check(&with(Some(short)), Area::AccessLog, Improve, "lacks $context.apiId");
}

#[test]
fn gateway_responses_need_the_header_in_both_defaults() {
    let response = |kind: &str, allows_origin| GatewayResponse {
        kind: kind.to_owned(),
        allows_origin,
        is_default: false,
    };
    let text = |responses: Vec<GatewayResponse>| {
        let check = logging::gateway_responses("a1", &Ok(responses));
        (check.health, check.text)
    };
    let both = || vec![response("DEFAULT_4XX", true), response("DEFAULT_5XX", true)];
    assert_eq!(text(both()).0, Health::Well);
    let (health, said) = text(vec![response("DEFAULT_4XX", true)]);
    assert_eq!(health, Health::Improve);
    assert!(said.contains("in DEFAULT_5XX:"), "{said}");
    let mut three = both();
    three.push(response("UNAUTHORIZED", false));
    assert!(text(three).1.contains("in UNAUTHORIZED:"));
}

#[test]
fn a_function_that_hides_how_runs_ended_is_told() {
    let function = |level: &str| FunctionSettings {
        name: "orders".to_owned(),
        log_group: "/aws/lambda/orders".to_owned(),
        log_format: Some("JSON".to_owned()),
        system_log_level: Some(level.to_owned()),
    };
    assert_eq!(logging::function(&function("INFO")).health, Health::Well);
    assert_eq!(logging::function(&function("WARN")).health, Health::Improve);
}
