//! Whether logs can answer, what is allowed, and what is not: the command line against an account.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::moto::gate::Refusal;
use crate::moto::shop::{ACCOUNT, Shop, group};
use crate::moto::{self, names};

#[tokio::test]
async fn the_doctor_judges_a_rest_api() {
    let Some(place) = moto::region("ap-south-1") else { return };
    let shop = Shop::open(&place).await;
    for name in ["/shop/access", "/aws/lambda/shop-cart", "/aws/lambda/shop-orders"] {
        group(&shop.config, name).await;
    }
    group(&shop.config, &format!("API-Gateway-Execution-Logs_{}/prod", shop.api)).await;
    let target = format!("{}/prod", shop.api);
    let output = shop.corscope(&["doctor", "--api", &target]);
    assert_eq!((output.code, output.err.as_str()), (Some(1), ""), "{output:?}");
    insta::assert_snapshot!("doctor-rest-api", shop.normal(&output.out));

    let output = shop.corscope(&["doctor", "--api", &target, "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&output.out).expect("JSON");
    assert_eq!(document["identity"]["account"], ACCOUNT);
    assert_eq!(document["health"], "improve");
    let checks = document["checks"].as_array().expect("checks");
    let access = checks.iter().find(|check| check["area"] == "access-log").expect("the access log");
    assert_eq!(access["paste"], corscope::parse::access_log::format::REST);
}

#[tokio::test]
async fn without_any_group_the_doctor_cannot_tell() {
    let Some(place) = moto::region("ap-south-1") else { return };
    let output = place.corscope(&["doctor", "--group", "/no/such/group"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.out.contains("no such log group in ap-south-1"), "{output:?}");
}

#[test]
fn the_policy_has_what_the_program_asks_and_nothing_else() {
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("corscope"))
        .arg("iam")
        .env_clear()
        .output()
        .expect("corscope runs");
    let policy: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut allowed = BTreeSet::new();
    for statement in policy["Statement"].as_array().expect("statements") {
        assert_eq!(statement["Effect"], "Allow");
        let action = &statement["Action"];
        let several = action.as_array().map_or(std::slice::from_ref(action), Vec::as_slice);
        allowed.extend(several.iter().map(|action| action.as_str().expect("text").to_owned()));
    }
    let mut asked = BTreeSet::new();
    actions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/cloudwatch"), &mut asked);
    // Everybody may ask who they are.
    assert!(asked.remove("sts:GetCallerIdentity"), "{asked:?}");
    assert_eq!(allowed, asked);
}

/// The actions that a folder of sources names.
fn actions(folder: &Path, found: &mut BTreeSet<String>) {
    let action = regex::Regex::new(r#""((?:logs|apigateway|lambda|cloudformation|sts):[A-Z]\w+)""#);
    let action = action.expect("a regular expression");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            actions(&path, found);
        } else {
            let text = fs::read_to_string(&path).expect("a source file");
            found.extend(action.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
}

/// All that may be read is events, as in many accounts.
const EVENTS_ALONE: &[Refusal] = &[
    ("Logs_20140328.DescribeLogGroups", "AccessDeniedException"),
    ("Logs_20140328.Start", "AccessDeniedException"),
    ("/apigateway/aws4_request", "AccessDeniedException"),
    ("/lambda/aws4_request", "AccessDeniedException"),
    ("/cloudformation/aws4_request", "AccessDenied"),
];

#[tokio::test]
async fn what_is_denied_is_named_and_what_needs_no_asking_goes_on() {
    let Some(place) = moto::region("eu-north-1") else { return };
    group(&place.config().await, "/aws/lambda/orders").await;
    let place = place.refusing(EVENTS_ALONE);
    let output = place.corscope(&["groups", "--group", "/aws/lambda/orders"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(names(&output.out), ["/aws/lambda/orders"]);
    assert!(output.err.contains("AccessDeniedException"), "{output:?}");
    assert!(output.err.contains("allow `logs:DescribeLogGroups` to this identity"), "{output:?}");

    let output = place.corscope(&["groups", "--api", "a1b2c3d4e5/prod"]);
    assert_eq!(names(&output.out), ["API-Gateway-Execution-Logs_a1b2c3d4e5/prod"], "{output:?}");
    assert!(output.err.contains("allow `apigateway:GET` to this identity"), "{output:?}");

    let output = place.corscope(&["groups", "--function", "orders"]);
    assert_eq!(names(&output.out), ["/aws/lambda/orders"], "{output:?}");
    assert!(output.err.contains("so its log group is taken to be the usual one"), "{output:?}");
    assert!(output.err.contains("allow `lambda:GetFunctionConfiguration`"), "{output:?}");

    let output = place.corscope(&["groups", "--stack", "shop"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("allow `cloudformation:ListStackResources`"), "{output:?}");

    let output = place.corscope(&["doctor", "--group", "/aws/lambda/orders"]);
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.out.contains("ok  logs:FilterLogEvents: allowed"), "{output:?}");
    assert!(
        output.out.contains("!!  logs:StartQuery: denied: AccessDeniedException"),
        "{output:?}"
    );
}

#[test]
fn without_valid_credentials_each_target_says_what_to_do() {
    let Some(place) = moto::region("eu-north-1") else { return };
    let refusing = place.refusing(&[("", "UnrecognizedClientException")]);
    let output = refusing.corscope(&["groups", "--group", "/a", "--group", "/b"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("log group /a: cannot look up"), "{output:?}");
    assert!(output.err.contains("log group /b: cannot look up"), "{output:?}");
    assert!(output.err.contains("these credentials are not valid"), "{output:?}");

    let output = place.with_key("", "").corscope(&["groups", "--api", "a1b2c3d4e5"]);
    assert_eq!(output.code, Some(3), "{output:?}");
    assert!(output.err.contains("no credentials were found: name a `--profile`"), "{output:?}");
}
