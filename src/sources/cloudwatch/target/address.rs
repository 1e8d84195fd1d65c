//! What a browser asks: which API or function answers at a URL.
//!
//! Must not: send anything to the URL itself.

use std::sync::Arc;

use url::Url;

use crate::sources::cloudwatch::budget::Quota;
use crate::sources::cloudwatch::call::{Caller, Request};
use crate::sources::cloudwatch::error::{CallError, Cause};
use crate::sources::cloudwatch::target::Problem;
use crate::sources::cloudwatch::target::function::{FunctionName, functions};
use crate::sources::cloudwatch::target::pages::all;
use crate::sources::cloudwatch::target::resolver::{Resolver, other_region};
use crate::sources::cloudwatch::target::rest_api::get;
use crate::sources::cloudwatch::target::stage::StageChoice;

/// What a host tells.
#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    /// `ID.execute-api.REGION.amazonaws.com`.
    Api { id: &'a str, region: &'a str },
    /// `ID.lambda-url.REGION.on.aws`.
    FunctionUrl { region: &'a str },
    /// A service of AWS in front of something that it does not name.
    Front(&'static str),
    /// Any other: a custom domain, if it is API Gateway's.
    Custom,
}

/// A path of a custom domain, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mapping {
    /// Empty: all paths.
    path: String,
    api: String,
    stage: Option<String>,
}

/// Reads a URL; without a scheme it is taken for HTTPS.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&whole).map_err(|error| error.to_string())?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https" | "ws" | "wss", Some(host)) if !host.is_empty() => Ok(url),
        _ => Err("write a URL that a browser asks: https://...".to_owned()),
    }
}

impl Resolver<'_> {
    /// Resolves a URL.
    pub(super) async fn url(&mut self, trail: &str, url: &Url) {
        let name = url.host_str().unwrap_or_default().to_owned();
        let asked = self.caller.account().region().to_owned();
        let region = match host(&name) {
            Host::Api { region, .. } | Host::FunctionUrl { region } => Some(region),
            Host::Front(_) | Host::Custom => None,
        };
        if let Some(region) = region.filter(|region| *region != asked) {
            let problem = other_region(trail, region, &asked);
            self.problem(problem);
            return;
        }
        match host(&name) {
            Host::Api { id, .. } => {
                let step = first_step(url.path());
                let choice = step.map_or(StageChoice::OfPath(""), StageChoice::OfPath);
                self.any_api(trail, id, choice).await;
            }
            Host::FunctionUrl { .. } => self.function_url(trail, &name).await,
            Host::Front(what) => {
                let what = format!("`{name}` is {what}, which does not tell what is behind it");
                let advice = "name the API or the function behind it".to_owned();
                self.problem(Problem::new(trail, what, advice));
            }
            Host::Custom => self.custom_domain(trail, &name, url.path()).await,
        }
    }

    /// An API of which only the id is known.
    async fn any_api(&mut self, trail: &str, id: &str, choice: StageChoice<'_>) {
        match self.http_kind(id).await {
            Ok(kind) => {
                let trail = format!("{trail}: {} {id}", kind.as_str());
                self.http_api_of(&trail, id, kind, choice).await;
            }
            Err(error) if matches!(error.cause, Cause::NotFound | Cause::Denied) => {
                let choice = match choice {
                    // A REST API has no stage that answers without being named.
                    StageChoice::OfPath("") | StageChoice::All => StageChoice::All,
                    StageChoice::OfPath(name) | StageChoice::Named(name) => {
                        StageChoice::Named(name)
                    }
                };
                self.rest_api(&format!("{trail}: REST API {id}"), id, choice).await;
            }
            Err(error) => self.problem(Problem::call(trail, "cannot read the API", error)),
        }
    }

    async fn custom_domain(&mut self, trail: &str, domain: &str, path: &str) {
        let (mut mappings, mut failed) = (Vec::new(), None);
        for found in [self.api_mappings(domain).await, self.base_paths(domain).await] {
            match found {
                Ok(found) => mappings.extend(found),
                Err(error) if error.cause == Cause::NotFound => {}
                Err(error) => failed = Some(error),
            }
        }
        if let Some(mapping) = longest(&mappings, path) {
            let choice = mapping.stage.as_deref().map_or(StageChoice::All, StageChoice::Named);
            let trail = format!("{trail}: domain {domain}");
            let (id, choice) = (mapping.api.clone(), choice);
            self.any_api(&trail, &id, choice).await;
        } else if let Some(error) = failed {
            self.problem(Problem::call(trail, "cannot read the custom domain", error));
        } else if mappings.is_empty() {
            let region = self.caller.account().region();
            let what = format!("`{domain}` is no custom domain of API Gateway in {region}");
            let advice = "check `--region` and `--profile`; behind CloudFront or a load balancer, \
                          name the API or the function";
            self.problem(Problem::new(trail, what, advice.to_owned()));
        } else {
            let paths: Vec<String> =
                mappings.iter().map(|mapping| format!("/{}", mapping.path)).collect();
            let what = format!("`{domain}` maps no API to the path {path}");
            let problem = Problem::new(trail, what, "give a path that it maps".to_owned());
            self.problem(problem.with_nearest(paths));
        }
    }

    async fn api_mappings(&self, domain: &str) -> Result<Vec<Mapping>, CallError> {
        let path = &format!("/domainnames/{domain}/apimappings");
        let caller = self.caller;
        all(|token| async move {
            let ask = || {
                let client = aws_sdk_apigatewayv2::Client::new(&caller.account().config());
                client.get_api_mappings().domain_name(domain).set_next_token(token.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let mappings = answer.items().iter().filter_map(|mapping| {
                Some(Mapping {
                    path: mapping.api_mapping_key().unwrap_or_default().to_owned(),
                    api: mapping.api_id()?.to_owned(),
                    stage: mapping.stage().map(str::to_owned),
                })
            });
            Ok((mappings.collect(), answer.next_token().map(str::to_owned)))
        })
        .await
    }

    async fn base_paths(&self, domain: &str) -> Result<Vec<Mapping>, CallError> {
        let path = &format!("/domainnames/{domain}/basepathmappings");
        let caller = self.caller;
        all(|position| async move {
            let ask = || {
                let client = aws_sdk_apigateway::Client::new(&caller.account().config());
                let call = client.get_base_path_mappings().domain_name(domain).limit(500);
                call.set_position(position.clone()).send()
            };
            let answer = caller.any(get(path), ask).await?;
            let mappings = answer.items().iter().filter_map(|mapping| {
                let path = mapping.base_path().filter(|path| *path != "(none)");
                Some(Mapping {
                    path: path.unwrap_or_default().to_owned(),
                    api: mapping.rest_api_id()?.to_owned(),
                    stage: mapping.stage().map(str::to_owned),
                })
            });
            Ok((mappings.collect(), answer.position().map(str::to_owned)))
        })
        .await
    }

    /// Looks for the function that has this URL. There is no way to ask for it: each function is asked
    /// for its URLs, until one fits.
    async fn function_url(&mut self, trail: &str, host: &str) {
        let mut marker = None;
        let mut asked = 0;
        let mut way = UrlsBy::List;
        loop {
            let (names, next) = match functions(self.caller, marker.clone()).await {
                Ok(page) => page,
                Err(error) => {
                    self.problem(Problem::call(trail, "cannot list the functions", error));
                    return;
                }
            };
            self.settings().answered.insert("lambda:ListFunctions");
            for name in names {
                asked += 1;
                match url_of(self.caller, &name, host, &mut way).await {
                    Ok(Some(function)) => {
                        self.function(&format!("{trail}: function {function}"), &function);
                        return;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let attempt = format!("cannot read the URLs of function `{name}`");
                        self.problem(Problem::call(trail, &attempt, error));
                        return;
                    }
                }
            }
            if next.is_none() || next == marker {
                break;
            }
            marker = next;
        }
        let what = format!(
            "none of the {asked} functions in {} has this URL",
            self.caller.account().region()
        );
        let advice = "check the URL and `--profile`".to_owned();
        self.problem(Problem::new(trail, what, advice));
    }
}

/// How URLs of functions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UrlsBy {
    /// All of a function, those of its aliases too.
    List,
    /// The function's own, where the list may not be asked for or is not known to what answers.
    Function,
}

/// A URL, and the ARN of the function or alias that it belongs to.
type FunctionUrl = (String, String);

/// The function, with its alias, if one of its URLs has this host.
async fn url_of(
    caller: &Arc<Caller>,
    name: &str,
    host: &str,
    way: &mut UrlsBy,
) -> Result<Option<FunctionName>, CallError> {
    let is_meant = |url: &str| parse(url).is_ok_and(|url| url.host_str() == Some(host));
    let listed = match way {
        UrlsBy::List => Some(all_urls(caller, name).await),
        UrlsBy::Function => None,
    };
    let urls = match listed {
        Some(Ok(urls)) => urls,
        Some(Err(error)) if error.code.is_some() && !is_refused(&error) => return Err(error),
        Some(Err(_)) | None => {
            *way = UrlsBy::Function;
            own_url(caller, name).await?
        }
    };
    let arn = urls.into_iter().find(|(url, _)| is_meant(url)).map(|(_, arn)| arn);
    Ok(arn.and_then(|arn| FunctionName::parse(&arn)))
}

fn is_refused(error: &CallError) -> bool {
    matches!(error.cause, Cause::NotFound | Cause::Denied)
}

async fn all_urls(caller: &Arc<Caller>, name: &str) -> Result<Vec<FunctionUrl>, CallError> {
    let request =
        Request { action: "lambda:ListFunctionUrlConfigs", target: name, quota: Quota::Describe };
    all(|marker| async move {
        let ask = || {
            let client = aws_sdk_lambda::Client::new(&caller.account().config());
            let call = client.list_function_url_configs().function_name(name);
            call.set_marker(marker.clone()).send()
        };
        let answer = caller.any(request, ask).await?;
        let urls = answer.function_url_configs().iter();
        let urls = urls.map(|url| (url.function_url().to_owned(), url.function_arn().to_owned()));
        Ok((urls.collect(), answer.next_marker().map(str::to_owned)))
    })
    .await
}

async fn own_url(caller: &Arc<Caller>, name: &str) -> Result<Vec<FunctionUrl>, CallError> {
    let request =
        Request { action: "lambda:GetFunctionUrlConfig", target: name, quota: Quota::Describe };
    let ask = || {
        let client = aws_sdk_lambda::Client::new(&caller.account().config());
        client.get_function_url_config().function_name(name).send()
    };
    match caller.any(request, ask).await {
        Ok(url) => Ok(vec![(url.function_url().to_owned(), url.function_arn().to_owned())]),
        Err(error) if error.cause == Cause::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn host(name: &str) -> Host<'_> {
    let name = name.trim_end_matches('.');
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        // Private APIs have the id of a VPC endpoint behind theirs.
        [id, "execute-api", region, "amazonaws", ..] => {
            Host::Api { id: id.split_once("-vpce").map_or(id, |(id, _)| id), region }
        }
        [_, "lambda-url", region, "on", "aws"] => Host::FunctionUrl { region },
        [_, "cloudfront", "net"] => Host::Front("a CloudFront distribution"),
        [.., "elb", "amazonaws", "com"] => Host::Front("a load balancer"),
        _ => Host::Custom,
    }
}

fn first_step(path: &str) -> Option<&str> {
    path.trim_start_matches('/').split('/').next().filter(|step| !step.is_empty())
}

/// The mapping with the longest path that a path begins with.
fn longest<'a>(mappings: &'a [Mapping], path: &str) -> Option<&'a Mapping> {
    let path = path.trim_start_matches('/');
    let is_under = |key: &str| {
        let rest = path.strip_prefix(key);
        key.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let under = mappings.iter().filter(|mapping| is_under(&mapping.path));
    under.max_by_key(|mapping| mapping.path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_by_their_form() {
        let api = |id, region| Host::Api { id, region };
        assert_eq!(host("a1b2.execute-api.eu-west-1.amazonaws.com"), api("a1b2", "eu-west-1"));
        assert_eq!(host("a1b2.execute-api.cn-north-1.amazonaws.com.cn"), api("a1b2", "cn-north-1"));
        let private = "a1b2-vpce-0123.execute-api.eu-west-1.amazonaws.com";
        assert_eq!(host(private), api("a1b2", "eu-west-1"));
        let url = "abcdefgh.lambda-url.us-east-1.on.aws";
        assert_eq!(host(url), Host::FunctionUrl { region: "us-east-1" });
        assert_eq!(host("d1.cloudfront.net"), Host::Front("a CloudFront distribution"));
        assert_eq!(host("a.eu-west-1.elb.amazonaws.com"), Host::Front("a load balancer"));
        assert_eq!(host("api.example.com"), Host::Custom);
    }

    #[test]
    fn the_longest_mapping_counts() {
        let mapping = |path: &str| Mapping { path: path.into(), api: path.into(), stage: None };
        let mappings = [mapping(""), mapping("v1"), mapping("v1/shop")];
        let of = |path| longest(&mappings, path).map(|mapping| mapping.path.as_str());
        assert_eq!(of("/v1/shop/orders"), Some("v1/shop"));
        assert_eq!(of("/v1/shopping"), Some("v1"));
        assert_eq!(of("/v10"), Some(""));
        let only = mappings.get(1..).expect("two");
        assert_eq!(longest(only, "/v2"), None);
    }

    #[test]
    fn a_scheme_may_be_left_out() {
        assert_eq!(
            parse("api.example.com/v1").map(|url| url.to_string()),
            Ok("https://api.example.com/v1".to_owned())
        );
        assert!(parse("ftp://api.example.com").is_err());
        assert!(parse("https://").is_err());
    }
}
