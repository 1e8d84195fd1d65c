//! REST APIs: execution log, access log, and the functions behind methods and authorizers.
//!
//! Must not: take what stands in the deployment for what is configured; only the latter can be read.

use std::collections::HashMap;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::{MethodSetting, Stage};

use crate::model::nearest::nearest_few;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::Request;
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::groups::{GroupPattern, matching};
use crate::sources::cloudwatch::target::pages::all;
use crate::sources::cloudwatch::target::resolver::Resolver;
use crate::sources::cloudwatch::target::settings::{AccessLog, ApiKind, LogLevel, StageSettings};
use crate::sources::cloudwatch::target::stage::StageChoice;
use crate::sources::cloudwatch::target::{GroupKind, Problem};

/// A request to API Gateway; policies name it by its path.
pub(super) fn get(path: &str) -> Request<'_> {
    Request { action: "apigateway:GET", target: path, quota: Quota::Describe }
}

impl Resolver<'_> {
    /// Resolves an API's stages.
    pub(super) async fn rest_api(&mut self, trail: &str, id: &str, choice: StageChoice<'_>) {
        let stages = match self.rest_stages(id).await {
            Ok(stages) => stages,
            Err(error) if error.cause == Cause::NotFound => {
                let what = format!("no REST API `{id}` in {}", self.caller.account().region());
                let advice = "check the id, `--region` and `--profile`; an HTTP API is named by \
                              `--http-api`";
                let nearest = self.rest_apis_like(id).await;
                let problem = Problem::new(trail, what, advice.to_owned());
                self.problem(problem.with_nearest(nearest));
                return;
            }
            Err(error) => {
                let attempt = "cannot read the stages, so access log and functions are not known";
                let is_denied = error.cause == Cause::Denied;
                self.problem(Problem::call(trail, attempt, error));
                if is_denied {
                    self.execution_logs_alone(trail, id, choice).await;
                }
                return;
            }
        };
        self.settings().answered.insert("apigateway:GET");
        let stages = self.choose(trail, stages, choice);
        for stage in &stages {
            self.stage(trail, stage);
        }
        if stages.is_empty() {
            return;
        }
        let uris = self.rest_uris(trail, id).await;
        for stage in &stages {
            self.functions_behind(trail, stage, &uris);
        }
    }

    /// Where the API cannot be read: its execution logs have names that need no asking.
    async fn execution_logs_alone(&mut self, trail: &str, id: &str, choice: StageChoice<'_>) {
        if let StageChoice::Named(stage) | StageChoice::OfPath(stage) = choice {
            self.execution_log(trail, ApiKind::Rest, (id, stage), None);
            return;
        }
        let pattern = GroupPattern::Glob(format!("API-Gateway-Execution-Logs_{id}/*"));
        match matching(self.caller, &pattern).await {
            Ok(groups) => {
                for group in groups {
                    let stage = group.name.rsplit_once('/').map_or("", |(_, stage)| stage);
                    let because = vec![format!("{trail}: execution log of stage {stage}")];
                    self.add(group, GroupKind::Execution, because);
                }
            }
            Err(error) => {
                self.problem(Problem::call(trail, "cannot list the execution logs", error));
            }
        }
    }

    async fn rest_stages(&self, id: &str) -> Result<Vec<StageSettings>, CallError> {
        let path = format!("/restapis/{id}/stages");
        let caller = self.caller;
        let ask = || Client::new(&caller.account().config()).get_stages().rest_api_id(id).send();
        let answer = caller.any(get(&path), ask).await?;
        Ok(answer.item().iter().filter_map(|stage| settings(id, stage)).collect())
    }

    /// URIs of all integrations and authorizers.
    async fn rest_uris(&mut self, trail: &str, id: &str) -> Vec<String> {
        let found = [
            (
                "cannot read the methods, so the functions behind them are not known",
                self.integrations(id).await,
            ),
            ("cannot read the authorizers", self.rest_authorizers(id).await),
        ];
        self.uris(trail, found)
    }

    async fn integrations(&self, id: &str) -> Result<Vec<String>, CallError> {
        let path = &format!("/restapis/{id}/resources");
        let caller = self.caller;
        all(|position| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                let call = client.get_resources().rest_api_id(id).embed("methods").limit(500);
                call.set_position(position.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let methods = answer.items().iter().filter_map(|r| r.resource_methods());
            let methods = methods.flat_map(HashMap::values);
            let uris = methods.filter_map(|method| method.method_integration()?.uri());
            Ok((uris.map(str::to_owned).collect(), answer.position().map(str::to_owned)))
        })
        .await
    }

    async fn rest_authorizers(&self, id: &str) -> Result<Vec<String>, CallError> {
        let path = &format!("/restapis/{id}/authorizers");
        let caller = self.caller;
        all(|position| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                let call = client.get_authorizers().rest_api_id(id).limit(500);
                call.set_position(position.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let uris = answer.items().iter().filter_map(|a| a.authorizer_uri()).map(str::to_owned);
            Ok((uris.collect(), answer.position().map(str::to_owned)))
        })
        .await
    }

    /// Ids of APIs that are like one that there is not, or that have it as their name.
    async fn rest_apis_like(&self, text: &str) -> Vec<String> {
        let caller = self.caller;
        let apis = all(|position| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.get_rest_apis().limit(500).set_position(position.clone()).send()
            };
            let answer = caller.any(get("/restapis"), ask).await?;
            let apis = answer.items().iter().filter_map(|api| Some((api.id()?, api.name()?)));
            let apis = apis.map(|(id, name)| (id.to_owned(), name.to_owned()));
            Ok((apis.collect(), answer.position().map(str::to_owned)))
        })
        .await;
        like(text, &apis.unwrap_or_default())
    }
}

/// Ids (with names) of APIs, of which a text is nearly the id or the name.
pub(super) fn like(text: &str, apis: &[(String, String)]) -> Vec<String> {
    let words: Vec<&str> =
        apis.iter().flat_map(|(id, name)| [id.as_str(), name.as_str()]).collect();
    let mut found = Vec::new();
    for word in nearest_few(text, &words, 3) {
        let named = apis.iter().filter(|(id, name)| *id == word || *name == word);
        found.extend(named.map(|(id, name)| format!("{id} ({name})")));
    }
    found.dedup();
    found
}

fn settings(api: &str, stage: &Stage) -> Option<StageSettings> {
    let methods = stage.method_settings();
    let general = methods.and_then(|methods| methods.get("*/*"));
    let log_level = LogLevel::of(general.and_then(|method| method.logging_level()));
    let data_trace = general.is_some_and(MethodSetting::data_trace_enabled);
    let mut exceptions: Vec<String> = methods
        .into_iter()
        .flatten()
        .filter(|(path, method)| {
            let level = LogLevel::of(method.logging_level());
            *path != "*/*" && (level, method.data_trace_enabled()) != (log_level, data_trace)
        })
        .map(|(path, _)| path.clone())
        .collect();
    exceptions.sort();
    let variables = stage.variables().cloned().unwrap_or_default();
    let replaced = stage.canary_settings().and_then(|canary| canary.stage_variable_overrides());
    let canary = replaced.filter(|replaced| !replaced.is_empty()).map(|replaced| {
        let mut variables = variables.clone();
        variables.extend(replaced.clone());
        variables
    });
    let access = stage.access_log_settings();
    Some(StageSettings {
        kind: ApiKind::Rest,
        api: api.to_owned(),
        stage: stage.stage_name()?.to_owned(),
        log_level,
        data_trace,
        exceptions,
        access_log: access.and_then(|log| AccessLog::of(log.destination_arn(), log.format())),
        variables: std::iter::once(variables).chain(canary).collect(),
    })
}
