//! From targets to log groups: the command line against an account of moto.

use std::fs;

use aws_sdk_apigateway::types::IntegrationType;
use aws_sdk_lambda::types::FunctionUrlAuthType;

use crate::moto::shop::{Shop, function, group};
use crate::moto::{self, names};

#[tokio::test]
async fn a_rest_api_comes_to_its_execution_access_and_function_logs() {
    let Some(place) = moto::region("eu-west-1") else { return };
    let shop = Shop::open(&place).await;
    for name in ["/shop/access", "/aws/lambda/shop-cart", "/aws/lambda/shop-orders", "/aws/other"] {
        group(&shop.config, name).await;
    }
    group(&shop.config, &format!("API-Gateway-Execution-Logs_{}/prod", shop.api)).await;

    let output = shop.corscope(&["groups", "--api", &format!("{}/prod", shop.api)]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(output.err, "");
    insta::assert_snapshot!("groups-rest-api", shop.normal(&output.out));
}

#[tokio::test]
async fn all_stages_are_meant_where_none_is_named_and_what_is_missing_is_said() {
    let Some(place) = moto::region("eu-west-2") else { return };
    let shop = Shop::open(&place).await;
    for name in ["/shop/access", "/aws/lambda/shop-orders"] {
        group(&shop.config, name).await;
    }
    group(&shop.config, &format!("API-Gateway-Execution-Logs_{}/prod", shop.api)).await;
    let output = shop.corscope(&["groups", "--api", &shop.api]);
    assert_eq!(output.code, Some(0), "{output:?}");
    // What could be resolved is listed; the rest is said, each with what to do.
    assert_eq!(names(&output.out).len(), 3, "{output:?}");
    insta::assert_snapshot!("groups-rest-api-missing", shop.normal(&output.err));
}

#[tokio::test]
async fn an_http_api_has_an_access_log_and_functions_and_no_execution_log() {
    let Some(place) = moto::region("eu-west-3") else { return };
    let config = place.config().await;
    let gateway = aws_sdk_apigatewayv2::Client::new(&config);
    let protocol = aws_sdk_apigatewayv2::types::ProtocolType::Http;
    let api = gateway.create_api().name("events").protocol_type(protocol).send().await;
    let api = api.expect("an API").api_id().expect("an id").to_owned();
    let feed = function(&config, "feed").await;
    gateway
        .create_integration()
        .api_id(&api)
        .integration_type(aws_sdk_apigatewayv2::types::IntegrationType::AwsProxy)
        .integration_uri(feed)
        .send()
        .await
        .expect("an integration");
    for (stage, destination) in [
        ("$default", "arn:aws:logs:eu-west-3:123456789012:log-group:/events/access"),
        ("beta", "arn:aws:firehose:eu-west-3:123456789012:deliverystream/amazon-apigateway-beta"),
    ] {
        let settings = aws_sdk_apigatewayv2::types::AccessLogSettings::builder()
            .destination_arn(destination)
            .format("$context.requestId $context.status")
            .build();
        let made = gateway.create_stage().api_id(&api).stage_name(stage);
        made.access_log_settings(settings).send().await.expect("a stage");
    }
    for name in ["/events/access", "/aws/lambda/feed"] {
        group(&config, name).await;
    }

    let output = place.corscope(&["groups", "--http-api", &api]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(names(&output.out), ["/aws/lambda/feed", "/events/access"]);
    assert!(output.err.contains("deliverystream/amazon-apigateway-beta`, which is no log group"));

    // The default endpoint of an HTTP API has `$default`, unless the path begins with a stage.
    for (path, has_problem) in [("/feed", false), ("/beta/feed", true)] {
        let url = format!("https://{api}.execute-api.eu-west-3.amazonaws.com{path}");
        let output = place.corscope(&["groups", "--url", &url]);
        assert!(names(&output.out).contains(&"/aws/lambda/feed"), "{output:?}");
        assert_eq!(output.err.contains("firehose"), has_problem, "{output:?}");
    }

    let output = place.corscope(&["doctor", "--http-api", &format!("{api}/$default")]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.out.contains(&format!("ok  {api}/$default: HTTP APIs have none")), "{output:?}");
    assert!(output.out.contains("lines in this format will not be recognized"), "{output:?}");
    assert!(output.out.contains(corscope::parse::access_log::format::HTTP), "{output:?}");

    let output = place.corscope(&["groups", "--http-api", &format!("{api}/gama")]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("the API has no stage `gama`; there is `$default`, `beta`"));
}

#[tokio::test]
async fn authorizers_are_functions_and_websocket_apis_have_an_execution_log() {
    let Some(place) = moto::region("ap-northeast-1") else { return };
    let config = place.config().await;
    let guard = function(&config, "guard").await;
    group(&config, "/aws/lambda/guard").await;
    let uri = format!(
        "arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/{guard}/invocations"
    );

    let gateway = aws_sdk_apigatewayv2::Client::new(&config);
    let protocol = aws_sdk_apigatewayv2::types::ProtocolType::Websocket;
    let made = gateway.create_api().name("chat").protocol_type(protocol);
    let made = made.route_selection_expression("$request.body.action").send().await;
    let api = made.expect("an API").api_id().expect("an id").to_owned();
    gateway.create_stage().api_id(&api).stage_name("live").send().await.expect("a stage");
    let kind = aws_sdk_apigatewayv2::types::IntegrationType::AwsProxy;
    let made = gateway.create_integration().api_id(&api).integration_type(kind);
    made.integration_uri(&uri).send().await.expect("an integration");
    group(&config, &format!("/aws/apigateway/{api}/live")).await;
    let output = place.corscope(&["groups", "--http-api", &api]);
    assert_eq!(names(&output.out), [&format!("/aws/apigateway/{api}/live"), "/aws/lambda/guard"]);
    assert!(output.out.contains("execution"), "{output:?}");

    let gateway = aws_sdk_apigateway::Client::new(&config);
    let made = gateway.create_rest_api().name("guarded").send().await.expect("an API");
    let (api, root) = (made.id().expect("an id"), made.root_resource_id().expect("a root"));
    let method = gateway.put_method().rest_api_id(api).resource_id(root).http_method("GET");
    method.authorization_type("NONE").send().await.expect("a method");
    let mock = gateway.put_integration().rest_api_id(api).resource_id(root).http_method("GET");
    mock.r#type(IntegrationType::Mock).send().await.expect("an integration");
    let deployment = gateway.create_deployment().rest_api_id(api).stage_name("live");
    deployment.send().await.expect("a deployment");
    gateway
        .create_authorizer()
        .rest_api_id(api)
        .name("guard")
        .r#type(aws_sdk_apigateway::types::AuthorizerType::Request)
        .authorizer_uri(&uri)
        .identity_source("method.request.header.Authorization")
        .send()
        .await
        .expect("an authorizer");
    let output = place.corscope(&["groups", "--api", &format!("{api}/live")]);
    assert_eq!(names(&output.out), ["/aws/lambda/guard"], "{output:?}");
    assert!(output.err.contains("execution logging of the stage is off"), "{output:?}");
}

#[tokio::test]
async fn a_stack_comes_to_what_is_in_it() {
    const TEMPLATE: &str = r#"{"Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "stacked"}},
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/stacked/app"}},
        "Orders": {"Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": "stacked-orders", "Runtime": "nodejs22.x", "Handler": "index.handler",
            "Role": "arn:aws:iam::123456789012:role/logs", "Code": {"ZipFile": "x"}}},
        "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "URL"}}
    }}"#;
    const NESTED: &str = r#"{"Resources": {
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/stacked/nested"}}
    }}"#;
    let Some(place) = moto::region("eu-central-1") else { return };
    let config = place.config().await;
    let nested = place.put_object("shop-templates", "nested.json", NESTED);
    let stacks = aws_sdk_cloudformation::Client::new(&config);
    let made = stacks
        .create_stack()
        .stack_name("shop-stack")
        .template_body(TEMPLATE.replace("URL\"}", &format!("{nested}\"}}")));
    made.send().await.expect("a stack");
    group(&config, "/aws/lambda/stacked-orders").await;

    let output = place.corscope(&["groups", "--stack", "shop-stack"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(
        names(&output.out),
        ["/aws/lambda/stacked-orders", "/stacked/app", "/stacked/nested"]
    );
    assert!(output.out.contains("stack shop-stack: function stacked-orders"), "{output:?}");
    // The API in it was never deployed.
    assert!(output.err.contains("the API has no stage"), "{output:?}");

    let output = place.corscope(&["groups", "--stack", "shop-stak"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("no stack `shop-stak` in eu-central-1; there is `shop-stack`"));
}

#[tokio::test]
async fn a_url_comes_to_the_function_or_the_api_behind_it() {
    let Some(place) = moto::region("us-west-2") else { return };
    let shop = Shop::open(&place).await;
    group(&shop.config, "/aws/lambda/shop-cart").await;
    let lambda = aws_sdk_lambda::Client::new(&shop.config);
    let made = lambda.create_function_url_config().function_name("shop-cart");
    let made = made.auth_type(FunctionUrlAuthType::None).send().await.expect("a URL");

    let output = shop.corscope(&["groups", "--url", made.function_url()]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(names(&output.out), ["/aws/lambda/shop-cart"]);

    let unknown = "https://abcdefghij.lambda-url.us-west-2.on.aws/";
    let output = shop.corscope(&["groups", "--url", unknown]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("none of the 2 functions in us-west-2 has this URL"), "{output:?}");

    let elsewhere = format!("https://{}.execute-api.eu-north-1.amazonaws.com/prod/cart", shop.api);
    let output = shop.corscope(&["groups", "--url", &elsewhere]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("run again with `--region eu-north-1`"), "{output:?}");

    let here = format!("https://{}.execute-api.us-west-2.amazonaws.com/prod/cart", shop.api);
    let output = shop.corscope(&["groups", "--url", &here]);
    assert_eq!(names(&output.out), ["/aws/lambda/shop-cart"], "{output:?}");

    let gateway = aws_sdk_apigateway::Client::new(&shop.config);
    let domain = "api.shop.example";
    gateway.create_domain_name().domain_name(domain).send().await.expect("a domain");
    let mapped = gateway.create_base_path_mapping().domain_name(domain).base_path("v1");
    mapped.rest_api_id(&shop.api).stage("prod").send().await.expect("a mapping");
    let output = shop.corscope(&["groups", "--url", "https://api.shop.example/v1/cart"]);
    assert_eq!(names(&output.out), ["/aws/lambda/shop-cart"], "{output:?}");
    let output = shop.corscope(&["groups", "--url", "https://api.shop.example/v2/cart"]);
    assert!(output.err.contains("maps no API to the path /v2/cart; there is `/v1`"), "{output:?}");
    let output = shop.corscope(&["groups", "--url", "https://app.shop.example/"]);
    assert!(output.err.contains("is no custom domain of API Gateway in us-west-2"), "{output:?}");
}

#[tokio::test]
async fn groups_are_named_by_name_arn_glob_and_regex() {
    let Some(place) = moto::region("us-east-2") else { return };
    let config = place.config().await;
    // More than one answer of `DescribeLogGroups` holds.
    for number in 0..120 {
        group(&config, &format!("/paged/group-{number:03}")).await;
    }
    group(&config, "/aws/lambda/orders").await;
    group(&config, "/aws/lambda/orders-2").await;
    let count = |pattern: &str| {
        let output = place.corscope(&["groups", "--group", pattern]);
        assert_eq!(output.code, Some(0), "{output:?}");
        names(&output.out).len()
    };
    assert_eq!(count("/paged/*"), 120);
    assert_eq!(count("*-11*"), 10);
    assert_eq!(count(r"/^\/paged\/group-0[0-4]\d$/"), 50);
    assert_eq!(count("/aws/lambda/orders"), 1);
    let arn = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/orders";
    assert_eq!(count(&format!("{arn}:*")), 1);

    let input = "/aws/lambda/orders\n\n/paged/group-007\n/aws/lambda/orders\n";
    let output = place.corscope_reading(&["groups", "--group", "-"], input);
    assert_eq!(names(&output.out), ["/aws/lambda/orders", "/paged/group-007"], "{output:?}");

    let output = place.corscope(&["groups", "--group", "/aws/lambda/ordesr"]);
    assert_eq!((output.code, output.out.as_str()), (Some(3), ""));
    assert!(output.err.contains("no such log group in us-east-2; there is `/aws/lambda/orders`"));

    let output = place.corscope(&["groups", "--group", &arn.replace("us-east-2", "eu-south-1")]);
    assert!(output.err.contains("run again with `--region eu-south-1`"), "{output:?}");
}

#[tokio::test]
async fn names_that_there_are_not_have_neighbours() {
    let Some(place) = moto::region("ca-central-1") else { return };
    let shop = Shop::open(&place).await;
    group(&shop.config, "/aws/lambda/shop-cart").await;
    let arguments = ["groups", "--function", "shop-card", "--function", "shop-cart:live"];
    let output =
        shop.corscope(&[&arguments[..], &["--api", "shop", "--http-api", "zzzzzz"]].concat());
    assert_eq!(output.code, Some(3), "{output:?}");
    insta::assert_snapshot!("groups-neighbours", shop.normal(&output.err));

    // Beside what there is, what there is not is no failure.
    let output = shop.corscope(&["groups", "--function", "shop-card", "--function", "shop-cart"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(names(&output.out), ["/aws/lambda/shop-cart"]);
    assert!(output.err.contains("no function `shop-card`"), "{output:?}");
}

#[tokio::test]
async fn json_says_the_same() {
    let Some(place) = moto::region("sa-east-1") else { return };
    let config = place.config().await;
    group(&config, "/aws/lambda/orders").await;
    let arguments = ["groups", "--group", "/aws/lambda/orders", "--function", "order"];
    let output = place.corscope(&[&arguments[..], &["--format", "json"]].concat());
    let document: serde_json::Value = serde_json::from_str(&output.out).expect("JSON");
    assert_eq!(document["schema"], "corscope/1");
    let group = &document["groups"][0];
    let arn = "arn:aws:logs:sa-east-1:123456789012:log-group:/aws/lambda/orders";
    assert_eq!((&group["arn"], &group["kind"]), (&arn.into(), &"function".into()));
    assert_eq!((&group["class"], &group["stored_bytes"]), (&"STANDARD".into(), &0.into()));
    assert_eq!(document["problems"][0]["target"], "function order");
}

#[tokio::test]
async fn the_environment_and_the_profiles_of_the_aws_cli_count() {
    let Some(place) = moto::region("ap-southeast-2") else { return };
    group(&place.config().await, "/aws/lambda/orders").await;
    let arguments = ["groups", "--group", "/aws/lambda/orders"];
    let keys = [("AWS_ACCESS_KEY_ID", "AKIATEST"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let endpoint = place.endpoint.as_str();

    let there = [("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", place.name)];
    let output = moto::corscope(&arguments, &[&keys[..], &there].concat(), "");
    assert_eq!(output.code, Some(0), "{output:?}");
    // The endpoint of one service counts more than that of all.
    let there = [("AWS_ENDPOINT_URL_LOGS", endpoint), ("AWS_ENDPOINT_URL", "http://127.0.0.1:9")];
    let region = [("AWS_REGION", place.name)];
    let output = moto::corscope(&arguments, &[&keys[..], &there, &region].concat(), "");
    assert_eq!(output.code, Some(0), "{output:?}");

    let file = tempfile::NamedTempFile::new().expect("a file");
    let profile = format!(
        "[profile shop]\nregion = {}\nendpoint_url = {endpoint}\naws_access_key_id = AKIATEST\n\
         aws_secret_access_key = secret\n",
        place.name
    );
    fs::write(file.path(), profile).expect("a file");
    let file = [("AWS_CONFIG_FILE", file.path().to_str().expect("UTF-8"))];
    let output = moto::corscope(&[&arguments[..], &["--profile", "shop"]].concat(), &file, "");
    assert_eq!(output.code, Some(0), "{output:?}");

    let output = moto::corscope(&arguments, &keys, "");
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("no region is set; name it by `--region`"), "{output:?}");
}

#[test]
fn a_target_is_needed_and_must_be_one() {
    let output = moto::corscope(&["groups"], &[], "");
    assert_eq!(output.code, Some(2), "{output:?}");
    let output = moto::corscope(&["groups", "--api", "a1/b/c", "--region", "eu-west-1"], &[], "");
    assert_eq!(output.code, Some(2), "{output:?}");
    assert!(output.err.contains("`a1/b/c`: write the API's id"), "{output:?}");
}
