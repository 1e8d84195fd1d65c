//! What tests put into an account.

use aws_config::SdkConfig;
use aws_sdk_apigateway::types::{IntegrationType, Op, PatchOperation};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};

use crate::moto::{Output, Place};

/// An archive without files.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
pub(crate) const ACCOUNT: &str = "123456789012";
const ROLE: &str = "arn:aws:iam::123456789012:role/logs";

/// A shop: a REST API with two functions, one of them called through stage variables.
pub(crate) struct Shop {
    place: Place,
    pub(crate) config: SdkConfig,
    pub(crate) api: String,
}

impl Shop {
    pub(crate) async fn open(place: &Place) -> Self {
        let config = place.config().await;
        let api = rest_api(&config, place.name).await;
        Self { place: place.clone(), config, api }
    }

    pub(crate) fn corscope(&self, arguments: &[&str]) -> Output {
        self.place.corscope(arguments)
    }

    /// Output without what differs from run to run.
    pub(crate) fn normal(&self, text: &str) -> String {
        text.replace(&self.api, "a1b2c3d4e5").replace(&self.place.endpoint, "ENDPOINT")
    }
}

/// Makes a log group.
pub(crate) async fn group(config: &SdkConfig, name: &str) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(config);
    logs.create_log_group().log_group_name(name).send().await.expect("a log group");
}

/// Makes a function; its ARN.
pub(crate) async fn function(config: &SdkConfig, name: &str) -> String {
    let lambda = aws_sdk_lambda::Client::new(config);
    let code = FunctionCode::builder().zip_file(Blob::new(EMPTY_ZIP)).build();
    let made = lambda
        .create_function()
        .function_name(name)
        .runtime(Runtime::Nodejs22x)
        .role(ROLE)
        .handler("index.handler")
        .code(code)
        .publish(true)
        .send()
        .await
        .expect("a function");
    made.function_arn().expect("an ARN").to_owned()
}

async fn rest_api(config: &SdkConfig, region: &str) -> String {
    let api = aws_sdk_apigateway::Client::new(config);
    let made = api.create_rest_api().name("shop").send().await.expect("an API");
    let id = made.id().expect("an id").to_owned();
    let root = made.root_resource_id().expect("a root").to_owned();

    let cart = function(config, "shop-cart").await;
    function(config, "shop-orders").await;
    let lambda = aws_sdk_lambda::Client::new(config);
    let live =
        lambda.create_alias().function_name("shop-orders").name("live").function_version("1");
    live.send().await.expect("an alias");
    let by_variables = format!(
        "arn:aws:lambda:{region}:{ACCOUNT}:function:${{stageVariables.fn}}:${{stageVariables.alias}}"
    );

    for (path, function) in [("cart", cart), ("orders", by_variables)] {
        let resource =
            api.create_resource().rest_api_id(&id).parent_id(&root).path_part(path).send().await;
        let resource = resource.expect("a resource").id().expect("an id").to_owned();
        api.put_method()
            .rest_api_id(&id)
            .resource_id(&resource)
            .http_method("POST")
            .authorization_type("NONE")
            .send()
            .await
            .expect("a method");
        let uri = format!(
            "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
        );
        api.put_integration()
            .rest_api_id(&id)
            .resource_id(&resource)
            .http_method("POST")
            .r#type(IntegrationType::AwsProxy)
            .integration_http_method("POST")
            .uri(uri)
            .send()
            .await
            .expect("an integration");
    }
    let deployed = api.create_deployment().rest_api_id(&id).send().await.expect("a deployment");
    for stage in ["prod", "test"] {
        let mut call = api
            .create_stage()
            .rest_api_id(&id)
            .stage_name(stage)
            .deployment_id(deployed.id().expect("an id"));
        if stage == "prod" {
            call = call.variables("fn", "shop-orders").variables("alias", "live");
        }
        call.send().await.expect("a stage");
    }
    let set = |path: &str, value: &str| {
        PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
    };
    api.update_stage()
        .rest_api_id(&id)
        .stage_name("prod")
        .patch_operations(set("/*/*/logging/loglevel", "INFO"))
        .patch_operations(set("/*/*/logging/dataTrace", "true"))
        .patch_operations(set(
            "/accessLogSettings/destinationArn",
            &format!("arn:aws:logs:{region}:{ACCOUNT}:log-group:/shop/access"),
        ))
        .patch_operations(set(
            "/accessLogSettings/format",
            r#"{"requestId":"$context.requestId","status":"$context.status"}"#,
        ))
        .send()
        .await
        .expect("settings");
    id
}
