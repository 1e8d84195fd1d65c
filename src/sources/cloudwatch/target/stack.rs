//! CloudFormation stacks: the APIs, functions and log groups in them, nested stacks included.
//!
//! Must not: look at what was deleted.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::ResourceStatus;

use crate::model::nearest::nearest_few;
use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::Request;
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::target::function::FunctionName;
use crate::sources::cloudwatch::target::pages::all;
use crate::sources::cloudwatch::target::resolver::{Resolver, Wanted};
use crate::sources::cloudwatch::target::stage::StageChoice;
use crate::sources::cloudwatch::target::{GroupKind, Problem};

/// What a stack has of one resource.
struct Resource {
    kind: String,
    /// Its physical id: a name, an id, or an ARN.
    id: String,
}

impl Resolver<'_> {
    /// Resolves a stack and those that are nested in it.
    pub(super) async fn stack(&mut self, trail: &str, name: &str) {
        let mut seen = BTreeSet::new();
        let mut left = vec![name.to_owned()];
        let mut count = 0;
        while let Some(stack) = left.pop() {
            if !seen.insert(stack.clone()) {
                continue;
            }
            let resources = match self.resources(&stack).await {
                Ok(resources) => resources,
                Err(error) if error.cause == Cause::NotFound && stack == name => {
                    let region = self.caller.account().region();
                    let what = format!("no stack `{name}` in {region}");
                    let nearest = self.stacks_like(name).await;
                    let problem = Problem::new(trail, what, error.advice());
                    self.problem(problem.with_nearest(nearest));
                    return;
                }
                Err(error) => {
                    let attempt = format!("cannot read the resources of stack `{stack}`");
                    self.problem(Problem::call(trail, &attempt, error));
                    continue;
                }
            };
            self.settings().answered.insert("cloudformation:ListStackResources");
            let nested = resources.iter().filter(|r| r.kind == "AWS::CloudFormation::Stack");
            left.extend(nested.map(|resource| resource.id.clone()));
            for resource in &resources {
                count += usize::from(self.resource(trail, resource).await);
            }
            self.stages_alone(trail, &resources);
        }
        if count == 0 && seen.len() == 1 && !self.has_problem(trail) {
            let what = "it has no API, function or log group".to_owned();
            let advice = "name the stack that has them, or the log groups by `--group`".to_owned();
            self.problem(Problem::new(trail, what, advice));
        }
    }

    /// Resolves a resource; `false` if it is none that logs.
    async fn resource(&mut self, trail: &str, resource: &Resource) -> bool {
        let id = resource.id.as_str();
        match resource.kind.as_str() {
            "AWS::ApiGateway::RestApi" => {
                self.rest_api(&format!("{trail}: REST API {id}"), id, StageChoice::All).await;
            }
            "AWS::ApiGatewayV2::Api" => {
                self.http_api(&format!("{trail}: API {id}"), id, StageChoice::All).await;
            }
            "AWS::Lambda::Function" => {
                if let Some(function) = FunctionName::parse(id) {
                    self.function(&format!("{trail}: function {id}"), &function);
                }
            }
            "AWS::Logs::LogGroup" => {
                let absent = (
                    format!("log group `{id}` is not there, though the stack has it"),
                    "somebody deleted it: deploy the stack again".to_owned(),
                );
                let because = vec![format!("{trail}: log group")];
                let kind = GroupKind::of_name(id);
                self.want(id, Wanted { kind, because, absent });
            }
            _ => return false,
        }
        true
    }

    /// Stages whose API is in another stack: a stage's id alone does not tell which.
    fn stages_alone(&mut self, trail: &str, resources: &[Resource]) {
        for (kind, api, option) in [
            ("AWS::ApiGateway::Stage", "AWS::ApiGateway::RestApi", "--api"),
            ("AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Api", "--http-api"),
        ] {
            if resources.iter().any(|resource| resource.kind == api) {
                continue;
            }
            for stage in resources.iter().filter(|resource| resource.kind == kind) {
                let what = format!("stage `{}` belongs to an API of another stack", stage.id);
                let advice = format!("name it by `{option} ID/{}`", stage.id);
                self.problem(Problem::new(trail, what, advice));
            }
        }
    }

    async fn resources(&self, stack: &str) -> Result<Vec<Resource>, CallError> {
        let caller = self.caller;
        let request = Request {
            action: "cloudformation:ListStackResources",
            target: stack,
            quota: Quota::Describe,
        };
        all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.list_stack_resources().stack_name(stack).set_next_token(token.clone()).send()
            };
            let answer = caller.any(request, ask).await?;
            let summaries = answer.stack_resource_summaries().iter();
            let resources = summaries.filter_map(|resource| {
                let is_gone = resource.resource_status() == Some(&ResourceStatus::DeleteComplete);
                let id = resource.physical_resource_id().filter(|id| !id.is_empty() && !is_gone)?;
                Some(Resource { kind: resource.resource_type()?.to_owned(), id: id.to_owned() })
            });
            Ok((resources.collect(), answer.next_token().map(str::to_owned)))
        })
        .await
    }

    async fn stacks_like(&self, name: &str) -> Vec<String> {
        let caller = self.caller;
        let request =
            Request { action: "cloudformation:DescribeStacks", target: "", quota: Quota::Describe };
        let names = all(|token| async move {
            let ask = || {
                let client = Client::new(&caller.account().config());
                client.describe_stacks().set_next_token(token.clone()).send()
            };
            let answer = caller.any(request, ask).await?;
            let names = answer.stacks().iter().filter_map(|stack| stack.stack_name());
            Ok((names.map(str::to_owned).collect(), answer.next_token().map(str::to_owned)))
        })
        .await
        .unwrap_or_default();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        nearest_few(name, &names, 3)
    }
}
