//! The engine on exchanges built by hand.
//!
//! Must not: need a log; the rule files bring theirs.

use crate::model::exchange::Text;
use crate::model::{
    Acceptance, AnsweredBy, BlockReason, Browsers, Class, Confidence, Credentials, Defect,
    DefectKind, Exchange, Fact, Failure, Finding, FunctionResponse, HttpEvent, Impact, Integration,
    Invocation, InvocationOutcome, Judgement, Kind, LineKind, LogEvent, ModeVerdict, Outcome,
    Phase, Place, Places, Position, Severity, Surface,
};
use crate::rules::file::RuleFile;
use crate::rules::set::{Answer, RuleSet};

fn judgement(outcome: Outcome, reason: Option<BlockReason>) -> Judgement {
    let browsers = Browsers { chromium: outcome, firefox: outcome, safari: outcome };
    let verdict = ModeVerdict { outcome, reason, detail: None, browsers };
    Judgement {
        phase: Some(Phase::Actual),
        credentials: Credentials::Omit,
        credentials_assumed: true,
        omit: verdict.clone(),
        include: verdict,
        latent: None,
        unseen: Vec::new(),
    }
}

fn undetermined() -> Judgement {
    let mut judgement = judgement(Outcome::Undetermined, None);
    judgement.unseen = vec!["response.headers".to_owned()];
    judgement
}

fn keep(exchange: &mut Exchange, kind: LineKind, payload: &str) {
    let place = Places::default().intern(&Place::default());
    let event = LogEvent {
        time: None,
        ingested: None,
        position: Position { place, line: 1 },
        message: payload.as_bytes(),
    };
    exchange.keep(kind, &event, payload.as_bytes());
}

/// A GET with an `Origin` that a function answered.
fn answered(headers: &str) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.surface = Surface::Rest;
    exchange.status = Fact::Seen(200);
    exchange.answered_by = Fact::Seen(AnsweredBy::Integration);
    exchange.integration = Integration::Lambda;
    exchange.set_text(Text::Method, b"GET");
    keep(&mut exchange, LineKind::RequestHeaders, "{Accept=*/*, origin=https://app.example.com}");
    keep(&mut exchange, LineKind::ResponseHeaders, headers);
    exchange
}

/// An exchange that the gateway ended itself.
fn failed(failure: Failure, status: u16) -> Exchange {
    let mut exchange = Exchange::default();
    exchange.surface = Surface::Rest;
    exchange.status = Fact::Seen(status);
    exchange.answered_by = Fact::Seen(AnsweredBy::Gateway);
    exchange.failure = Some(failure);
    exchange
}

/// What the function's own log shows, without a line of the gateway.
fn lambda_only(surface: Surface, outcome: InvocationOutcome) -> Exchange {
    let event = (surface != Surface::Unknown).then(|| {
        Box::new(HttpEvent {
            surface,
            is_authorizer: false,
            gateway_request_id: None,
            extended_request_id: None,
            method: Some("GET".to_owned()),
            path: None,
            route: None,
            api: None,
            stage: None,
            headers: Vec::new(),
            headers_complete: true,
            multi_value: None,
        })
    });
    let mut exchange = Exchange::default();
    exchange.surface = surface;
    exchange.invocation = Some(Box::new(Invocation { outcome, event, ..Invocation::default() }));
    exchange
}

fn examine(exchange: &Exchange, judgement: &Judgement) -> Vec<Finding> {
    RuleSet::builtin().examine(exchange, judgement).findings
}

#[track_caller]
fn check(exchange: &Exchange, judgement: &Judgement, want: &[&str]) {
    let found = examine(exchange, judgement);
    let mut ids: Vec<_> = found.iter().map(|finding| finding.rule.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, want);
}

#[test]
fn a_healthy_exchange_has_no_finding() {
    let exchange = answered("{Access-Control-Allow-Origin=https://app.example.com, Vary=Origin}");
    check(&exchange, &judgement(Outcome::Allowed, None), &[]);
}

#[test]
fn a_missing_header_is_a_symptom() {
    let exchange = answered("{Content-Type=text/plain}");
    let judgement = judgement(Outcome::Blocked, Some(BlockReason::MissingAllowOriginHeader));
    check(&exchange, &judgement, &["lambda-proxy-missing-acao"]);
    let finding = examine(&exchange, &judgement).remove(0);
    assert_eq!(finding.rule.class, Class::MissingAllowOrigin);
    assert_eq!((finding.severity, finding.impact), (Severity::Error, Impact::Observed));
    assert!(finding.evidence.contains(&LineKind::ResponseHeaders));
}

#[test]
fn a_latent_finding_ranks_one_step_lower() {
    let mut exchange = Exchange::default();
    exchange.integration = Integration::Lambda;
    keep(&mut exchange, LineKind::RequestHeaders, "{}");
    let mut judgement = judgement(Outcome::NotCors, None);
    judgement.latent = Some(BlockReason::MissingAllowOriginHeader);
    check(&exchange, &judgement, &["lambda-proxy-missing-acao"]);
    let finding = examine(&exchange, &judgement).remove(0);
    assert_eq!((finding.severity, finding.impact), (Severity::Warning, Impact::Latent));
}

#[test]
fn an_undetermined_exchange_has_no_symptom_of_its_own() {
    let mut exchange = answered("{Content-Type=text/plain [TRUNCATED]");
    check(&exchange, &undetermined(), &["obs-truncated-1024"]);
    exchange.reset();
    check(&exchange, &undetermined(), &[]);
}

#[test]
fn a_response_of_the_gateway_has_its_symptom_and_its_cause() {
    let exchange = failed(Failure::IntegrationTimeout, 504);
    check(
        &exchange,
        &undetermined(),
        &["gateway-response-without-cors", "gw-504-integration-timeout"],
    );
    let found = crate::diagnose::diagnose(examine(&exchange, &undetermined()));
    assert_eq!(found[0].rule.kind, Kind::Cause);
    assert_eq!(found[1].confidence, Confidence::Likely);
    assert_eq!(found[1].caused_by, ["gw-504-integration-timeout"]);
}

#[test]
fn a_failure_without_a_status_line_is_enough() {
    let mut exchange = failed(Failure::AuthorizerDenied, 401);
    exchange.status = Fact::Unseen;
    exchange.answered_by = Fact::Unseen;
    let want = ["gateway-response-without-cors", "gw-401-missing-or-invalid-token"];
    check(&exchange, &undetermined(), &want);
}

#[test]
fn cors_does_not_apply_to_websockets() {
    let mut exchange = failed(Failure::FunctionError, 502);
    exchange.surface = Surface::WebSocket;
    let want = ["gw-502-function-error", "websocket-not-cors"];
    check(&exchange, &judgement(Outcome::NotCors, None), &want);
}

#[test]
fn a_specific_cause_stands_for_the_general_one() {
    let mut exchange = failed(Failure::MalformedProxyResponse, 502);
    check(
        &exchange,
        &undetermined(),
        &["gateway-response-without-cors", "malformed-proxy-response"],
    );
    let defect = Defect { path: "$.body".to_owned(), problem: DefectKind::BodyNotString };
    let acceptance = Acceptance::Malformed(defect);
    exchange.function_response =
        Some(Box::new(FunctionResponse { acceptance, ..FunctionResponse::default() }));
    check(&exchange, &undetermined(), &["gateway-response-without-cors", "malformed-body-object"]);
    let found = examine(&exchange, &undetermined());
    assert!(found.iter().any(|finding| finding.detail.as_deref() == Some("$.body")));
}

#[test]
fn a_failed_run_without_a_gateway_line_is_a_cause() {
    let cases = [
        (InvocationOutcome::Error, "gw-502-function-error"),
        (InvocationOutcome::Timeout, "gw-502-lambda-timeout"),
        (InvocationOutcome::OutOfMemory, "gw-502-lambda-oom"),
        (InvocationOutcome::Crash, "malformed-callback-not-called"),
        (InvocationOutcome::InitError, "gw-502-init-failure"),
    ];
    for (outcome, want) in cases {
        check(&lambda_only(Surface::Unknown, outcome), &undetermined(), &[want]);
        let with_event = lambda_only(Surface::Http, outcome);
        check(&with_event, &undetermined(), &["gateway-response-without-cors", want]);
    }
    check(&lambda_only(Surface::Http, InvocationOutcome::Ended), &undetermined(), &[]);
}

#[test]
fn an_authorizer_that_refuses_by_an_error_does_not_fail() {
    let mut exchange = lambda_only(Surface::Rest, InvocationOutcome::Error);
    let run = exchange.invocation.as_mut().expect("a run");
    run.event.as_mut().expect("an event").is_authorizer = true;
    run.message = Some("Exception: Unauthorized".to_owned());
    check(&exchange, &undetermined(), &[]);
    exchange.invocation.as_mut().expect("a run").message = Some("KeyError: 'exp'".to_owned());
    check(&exchange, &undetermined(), &["gw-502-function-error"]);
}

#[test]
fn the_same_error_in_two_logs_is_told_once() {
    let mut exchange = failed(Failure::FunctionError, 502);
    let outcome = InvocationOutcome::Timeout;
    exchange.invocation = Some(Box::new(Invocation { outcome, ..Invocation::default() }));
    check(&exchange, &undetermined(), &["gateway-response-without-cors", "gw-502-lambda-timeout"]);
}

#[test]
fn a_preflight_with_an_error_status_failed_for_its_status() {
    let mut exchange = answered("{Content-Type=text/plain}");
    exchange.status = Fact::Seen(404);
    exchange.set_text(Text::Method, b"OPTIONS");
    let reason = Some(BlockReason::PreflightMissingAllowOriginHeader);
    let mut judgement = judgement(Outcome::Blocked, reason);
    judgement.phase = Some(Phase::Preflight);
    check(&exchange, &judgement, &["options-handler-404", "preflight-status-not-ok"]);
    exchange.status = Fact::Seen(204);
    check(&exchange, &judgement, &["preflight-acao-missing"]);
}

fn load(text: &str) -> (RuleSet, Vec<String>) {
    let file = RuleFile { name: "mine/a-rule.toml".to_owned(), text: text.to_owned() };
    let (set, errors) = RuleSet::from_files(&[file]);
    (set, errors.iter().map(ToString::to_string).collect())
}

fn rule(when: &str) -> String {
    format!(
        "id = \"a-rule\"\ntitle = \"t\"\nclass = \"max-age\"\nkind = \"practice\"\n\
         severity = \"info\"\nconfidence = \"possible\"\nwhy = \"w\"\nfix = \"f\"\n\
         since = \"0.1.0\"\n[when]\n{when}\n"
    )
}

#[track_caller]
fn refused(when: &str, want: &str) {
    assert_eq!(load(&rule(when)).1, [want]);
}

#[test]
fn what_is_wrong_has_its_place_and_the_nearest_name() {
    refused(
        "is = [\"verdict.raeson\", \"x\"]",
        "mine/a-rule.toml:11:7: no fact `verdict.raeson`; there is `verdict.reason`",
    );
    refused(
        "all = [\n  { is = [\"failure.kind\", \"function-eror\"] },\n]",
        "mine/a-rule.toml:12:27: no value of `failure.kind` `function-eror`; there is `function-error`",
    );
    refused(
        "is = [\"response.status\", \"502\"]",
        "mine/a-rule.toml:11:26: `response.status` is a number, not text",
    );
    refused(
        "not = {}",
        "mine/a-rule.toml:11:7: a condition needs a test: all, any, not, is, in, matches, less, \
         greater or absent",
    );
}

#[test]
fn a_key_that_rules_do_not_have_is_refused() {
    let (set, errors) = load(&rule("iz = [\"route\", \"x\"]"));
    assert!(set.rules().is_empty());
    assert_eq!(errors, ["mine/a-rule.toml:11:1: no key `iz`; there is `is`"]);
}

#[test]
fn several_problems_are_told_at_once() {
    let text = rule("any = [{ absent = \"a\" }, { absent = \"b\" }]").replace("max-age", "max-aeg");
    assert_eq!(load(&text).1.len(), 3);
}

#[test]
fn a_wrong_rule_does_not_stop_the_others() {
    let file = RuleFile { name: "a-rule.toml".to_owned(), text: "id = 3".to_owned() };
    let (set, errors) = RuleSet::load(&[file]);
    assert_eq!(errors.len(), 1);
    assert_eq!(set.rules().len(), RuleSet::builtin().rules().len());
}

#[test]
fn a_built_in_rule_is_replaced_only_on_demand() {
    let text = rule("is = [\"route\", \"x\"]").replace("a-rule", "max-age-missing");
    let file =
        |text: &str| RuleFile { name: "max-age-missing.toml".to_owned(), text: text.to_owned() };
    let (_, errors) = RuleSet::load(&[file(&text)]);
    assert_eq!(
        errors[0].to_string(),
        "max-age-missing.toml:1:6: there is a rule `max-age-missing` already, in \
         rules/route/max-age-missing.toml"
    );
    let (set, errors) = RuleSet::load(&[file(&format!("override = true\n{text}"))]);
    assert!(errors.is_empty());
    assert_eq!(set.get("max-age-missing").expect("a rule").text.title, "t");
}

#[track_caller]
fn answers(when: &str, exchange: &Exchange, want: &Answer) {
    let (set, errors) = load(&rule(when));
    assert!(errors.is_empty(), "{errors:?}");
    let judgement = judgement(Outcome::Allowed, None);
    let rule = set.get("a-rule").expect("a rule");
    assert_eq!(set.ask(rule, exchange, &judgement), *want, "{when}");
    let fired = !set.examine(exchange, &judgement).findings.is_empty();
    assert_eq!(fired, *want == Answer::Fires, "{when}");
}

#[test]
fn three_answers() {
    let exchange = answered("{Access-Control-Max-Age=600, Vary=Origin}");
    let cut = answered("{Access-Control-Max-Age=600, Var [TRUNCATED]");
    let max_age = "response.header.Access-Control-Max-Age";
    answers(&format!("less = [\"{max_age}\", 601]"), &exchange, &Answer::Fires);
    answers(&format!("greater = [\"{max_age}\", 600]"), &exchange, &Answer::DoesNotFire);
    answers("absent = \"response.header.x-a\"", &exchange, &Answer::Fires);
    answers("not = { absent = \"response.header.vary\" }", &exchange, &Answer::Fires);
    let unseen = Answer::Unknown(vec!["response.header.vary".to_owned()]);
    answers("absent = \"response.header.vary\"", &cut, &unseen);
    answers("not = { absent = \"response.header.vary\" }", &cut, &unseen);
    answers("is = [\"response.header.vary\", \"Origin\"]", &cut, &unseen);
}

#[test]
fn unknown_parts_do_not_hide_known_ones() {
    let exchange = answered("{}");
    let unknown = "{ is = [\"api\", \"x\"] }";
    let yes = "{ is = [\"request.method\", \"GET\"] }";
    let no = "{ in = [\"request.method\", [\"PUT\", \"POST\"]] }";
    let api = Answer::Unknown(vec!["api".to_owned()]);
    answers(&format!("any = [{unknown}, {yes}]"), &exchange, &Answer::Fires);
    answers(&format!("any = [{unknown}, {no}]"), &exchange, &api);
    answers(&format!("all = [{unknown}, {no}]"), &exchange, &Answer::DoesNotFire);
    answers(&format!("all = [{unknown}, {yes}]"), &exchange, &api);
    answers(&format!("not = {unknown}"), &exchange, &api);
    answers("matches = [\"verdict.outcome\", \"^all\"]", &exchange, &Answer::Fires);
    answers("is = [\"request.preflight\", false]", &exchange, &Answer::Fires);
}

#[test]
fn several_tests_in_one_table_must_all_hold() {
    let exchange = answered("{}");
    let both = "is = [\"request.method\", \"GET\"]\nabsent = \"response.header.vary\"";
    answers(both, &exchange, &Answer::Fires);
    answers(&both.replace("GET", "PUT"), &exchange, &Answer::DoesNotFire);
}

#[test]
fn silenced_and_reweighted() {
    let mut set = RuleSet::builtin();
    let exchange = failed(Failure::IntegrationTimeout, 504);
    assert!(set.disable("gateway-response-without-cors"));
    assert!(set.set_severity("gw-504-integration-timeout", Severity::Info));
    assert!(!set.disable("no-such-rule"));
    let found = set.examine(&exchange, &undetermined()).findings;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Info);
}
