//! HTTP and WebSocket APIs: access log, the functions behind integrations and authorizers, and the
//! execution log that WebSocket APIs have.
//!
//! Must not: look for the execution log of an HTTP API; there is none.

use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::types::{LoggingLevel, ProtocolType, RouteSettings, Stage};

use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::target::Problem;
use crate::sources::cloudwatch::target::pages::all;
use crate::sources::cloudwatch::target::resolver::Resolver;
use crate::sources::cloudwatch::target::rest_api::{get, like};
use crate::sources::cloudwatch::target::settings::{AccessLog, ApiKind, LogLevel, StageSettings};
use crate::sources::cloudwatch::target::stage::StageChoice;

impl Resolver<'_> {
    /// Resolves an API's stages.
    pub(super) async fn http_api(&mut self, trail: &str, id: &str, choice: StageChoice<'_>) {
        match self.http_kind(id).await {
            Ok(kind) => self.http_api_of(trail, id, kind, choice).await,
            Err(error) if error.cause == Cause::NotFound => {
                let region = self.caller.account().region();
                let what = format!("no HTTP or WebSocket API `{id}` in {region}");
                let advice =
                    "check the id, `--region` and `--profile`; a REST API is named by `--api`";
                let nearest = self.http_apis_like(id).await;
                let problem = Problem::new(trail, what, advice.to_owned());
                self.problem(problem.with_nearest(nearest));
            }
            Err(error) => self.problem(Problem::call(trail, "cannot read the API", error)),
        }
    }

    /// The same where the kind is known.
    pub(super) async fn http_api_of(
        &mut self,
        trail: &str,
        id: &str,
        kind: ApiKind,
        choice: StageChoice<'_>,
    ) {
        let stages = match self.http_stages(id, kind).await {
            Ok(stages) => stages,
            Err(error) => {
                let attempt = "cannot read the stages, so access log and functions are not known";
                self.problem(Problem::call(trail, attempt, error));
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
        let uris = self.http_uris(trail, id).await;
        for stage in &stages {
            self.functions_behind(trail, stage, &uris);
        }
    }

    /// What kind of API an id names.
    pub(super) async fn http_kind(&self, id: &str) -> Result<ApiKind, CallError> {
        let path = format!("/apis/{id}");
        let caller = self.caller;
        let ask = || Client::new(&caller.account().config()).get_api().api_id(id).send();
        let answer = caller.any(get(&path), ask).await?;
        let is_websocket = answer.protocol_type() == Some(&ProtocolType::Websocket);
        Ok(if is_websocket { ApiKind::WebSocket } else { ApiKind::Http })
    }

    async fn http_stages(&self, id: &str, kind: ApiKind) -> Result<Vec<StageSettings>, CallError> {
        let path = &format!("/apis/{id}/stages");
        let caller = self.caller;
        all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.get_stages().api_id(id).set_next_token(token.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let stages = answer.items().iter().filter_map(|stage| settings(id, kind, stage));
            Ok((stages.collect(), answer.next_token().map(str::to_owned)))
        })
        .await
    }

    /// URIs of all integrations and authorizers.
    async fn http_uris(&mut self, trail: &str, id: &str) -> Vec<String> {
        let found = [
            (
                "cannot read the integrations, so the functions behind them are not known",
                self.http_integrations(id).await,
            ),
            ("cannot read the authorizers", self.http_authorizers(id).await),
        ];
        self.uris(trail, found)
    }

    async fn http_integrations(&self, id: &str) -> Result<Vec<String>, CallError> {
        let path = &format!("/apis/{id}/integrations");
        let caller = self.caller;
        all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.get_integrations().api_id(id).set_next_token(token.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let uris = answer.items().iter().filter_map(|item| item.integration_uri());
            Ok((uris.map(str::to_owned).collect(), answer.next_token().map(str::to_owned)))
        })
        .await
    }

    async fn http_authorizers(&self, id: &str) -> Result<Vec<String>, CallError> {
        let path = &format!("/apis/{id}/authorizers");
        let caller = self.caller;
        all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.get_authorizers().api_id(id).set_next_token(token.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let uris = answer.items().iter().filter_map(|item| item.authorizer_uri());
            Ok((uris.map(str::to_owned).collect(), answer.next_token().map(str::to_owned)))
        })
        .await
    }

    async fn http_apis_like(&self, text: &str) -> Vec<String> {
        let caller = self.caller;
        let apis = all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.get_apis().set_next_token(token.clone()).send()
            };
            let answer = caller.any(get("/apis"), ask).await?;
            let apis = answer.items().iter().filter_map(|api| Some((api.api_id()?, api.name()?)));
            let apis = apis.map(|(id, name)| (id.to_owned(), name.to_owned()));
            Ok((apis.collect(), answer.next_token().map(str::to_owned)))
        })
        .await;
        like(text, &apis.unwrap_or_default())
    }
}

fn settings(api: &str, kind: ApiKind, stage: &Stage) -> Option<StageSettings> {
    let general = stage.default_route_settings();
    let level = |level: Option<&LoggingLevel>| LogLevel::of(level.map(LoggingLevel::as_str));
    let log_level = level(general.and_then(|route| route.logging_level()));
    let data_trace = general.and_then(RouteSettings::data_trace_enabled).unwrap_or_default();
    let mut exceptions: Vec<String> = stage
        .route_settings()
        .into_iter()
        .flatten()
        .filter(|(_, route)| {
            let own =
                (level(route.logging_level()), route.data_trace_enabled().unwrap_or_default());
            // HTTP APIs have no execution log, whatever a route says.
            kind == ApiKind::WebSocket && own != (log_level, data_trace)
        })
        .map(|(route, _)| route.clone())
        .collect();
    exceptions.sort();
    let access = stage.access_log_settings();
    Some(StageSettings {
        kind,
        api: api.to_owned(),
        stage: stage.stage_name()?.to_owned(),
        log_level,
        data_trace,
        exceptions,
        access_log: access.and_then(|log| AccessLog::of(log.destination_arn(), log.format())),
        variables: vec![stage.stage_variables().cloned().unwrap_or_default()],
    })
}
