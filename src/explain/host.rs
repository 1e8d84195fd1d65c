//! Who answers at a URL, as far as the name of its host tells.
//!
//! Must not: ask anybody, or take what somebody masked for a name.

use url::Url;

use crate::model::Surface;
use crate::rules::catalogue::CataloguePage;

/// Who answers at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// API Gateway, by its own name.
    Api { id: String, region: String },
    /// A function URL.
    FunctionUrl { id: String, region: String },
    /// CloudFront, by its own name.
    CloudFront,
    /// A load balancer, by its own name.
    LoadBalancer,
    /// A service of AWS by its own name: nothing of the reader's is in front of it.
    Service(String),
    /// A name of somebody's own.
    Custom,
    /// The reader's machine, or an address.
    Local,
    /// There is no URL, or its name is masked.
    Unknown,
}

/// The URL, if it is one.
pub(crate) fn parsed(url: Option<&str>) -> Option<Url> {
    let url = url?;
    let parse = |text: &str| Url::parse(text).ok().filter(|url| url.host().is_some());
    parse(url).or_else(|| parse(url.trim_end_matches(['.', ',', ')', ';', '\'', '"'])))
}

/// The scheme of a URL, be it as incomplete as it may.
pub(crate) fn scheme(url: &str) -> Option<String> {
    let (scheme, behind) = url.split_once(':')?;
    let is_file = scheme.eq_ignore_ascii_case("file");
    (is_file || behind.starts_with("//")).then(|| scheme.to_ascii_lowercase())
}

/// Whether a server is asked, as far as the URL tells.
pub(crate) fn has_server(url: Option<&str>) -> bool {
    let scheme = url.and_then(scheme);
    scheme.is_none_or(|scheme| ["http", "https"].contains(&scheme.as_str()))
}

/// Who answers there.
pub(crate) fn host(url: Option<&Url>) -> Host {
    let Some(url) = url else { return Host::Unknown };
    let Some(name) = url.domain() else { return Host::Local };
    let name = name.trim_end_matches('.');
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        [id, "execute-api", region, "amazonaws", "com", ..] if is_name(region) => {
            let id = id.split("-vpce-").next().unwrap_or(id);
            Host::Api { id: id_or(id, "API_ID"), region: (*region).to_owned() }
        }
        [id, "lambda-url", region, "on", "aws"] if is_name(region) => {
            Host::FunctionUrl { id: id_or(id, "URL_ID"), region: (*region).to_owned() }
        }
        [_, "cloudfront", "net"] => Host::CloudFront,
        [.., "elb", "amazonaws", "com"] => Host::LoadBalancer,
        // The last ones are machines of EC2.
        [_]
        | [.., "localhost" | "local" | "internal"]
        | [.., "compute" | "compute-1", "amazonaws", "com"] => Host::Local,
        [labels @ .., "amazonaws", "com"] => service(labels),
        _ => Host::Custom,
    }
}

/// `lambda.us-east-1`, `bucket.s3`, `s3-eu-west-1`: the service stands last, or in front of the region.
fn service(labels: &[&str]) -> Host {
    const WITHOUT_REGION: [&str; 5] = ["s3", "sts", "iam", "cloudfront", "route53"];
    let name = match labels {
        [.., name, region] if is_region(region) => name,
        [.., name] if WITHOUT_REGION.contains(name) => name,
        [.., name] if name.strip_prefix("s3-").is_some_and(is_region) => "s3",
        [..] => return Host::Unknown,
    };
    if is_name(name) { Host::Service(name.to_owned()) } else { Host::Unknown }
}

/// Names that people mask are replaced by what the reader has to fill in.
fn id_or(text: &str, placeholder: &str) -> String {
    let is_id = is_name(text) && !text.starts_with('-');
    if is_id { text.to_owned() } else { placeholder.to_owned() }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(plain)
}

/// `eu-west-1`.
fn is_region(text: &str) -> bool {
    is_name(text) && text.contains('-') && text.ends_with(|end: char| end.is_ascii_digit())
}

/// Whether what a page is about can stand behind the URL.
pub(crate) fn can_be(page: &CataloguePage, url: Option<&str>) -> bool {
    let (surfaces, foreign): (&[Surface], &[&str]) = match host(parsed(url).as_ref()) {
        Host::Api { .. } => {
            (&[Surface::Rest, Surface::Http], &["cloudfront", "alb", "custom-domain", "local"])
        }
        Host::FunctionUrl { .. } => {
            (&[Surface::FunctionUrl], &["cloudfront", "alb", "custom-domain", "local", "waf"])
        }
        Host::LoadBalancer => (&[Surface::Alb], &["cloudfront", "custom-domain", "local"]),
        // What is in the page or the browser.
        Host::Service(_) => return page.layer == "browser",
        Host::CloudFront | Host::Custom | Host::Local | Host::Unknown => (&[Surface::Unknown], &[]),
    };
    surfaces.iter().any(|surface| page.is_on(*surface)) && !foreign.contains(&page.layer.as_str())
}

/// The services that can answer at the URL; none if its host does not tell.
pub(crate) fn surfaces(url: Option<&str>) -> &'static [Surface] {
    match host(parsed(url).as_ref()) {
        Host::Api { .. } => &[Surface::Rest, Surface::Http],
        Host::FunctionUrl { .. } => &[Surface::FunctionUrl],
        Host::LoadBalancer => &[Surface::Alb],
        Host::CloudFront | Host::Service(_) | Host::Custom | Host::Local | Host::Unknown => &[],
    }
}

/// The service of AWS that answers at the URL by its own name.
pub(crate) fn aws_service(url: Option<&str>) -> Option<String> {
    match host(parsed(url).as_ref()) {
        Host::Service(name) => Some(name),
        Host::Api { .. }
        | Host::FunctionUrl { .. }
        | Host::CloudFront
        | Host::LoadBalancer
        | Host::Custom
        | Host::Local
        | Host::Unknown => None,
    }
}

/// The service of AWS that the URL leads to: by the name of its host, or by the signature in its
/// query, whoever stands in front.
pub(crate) fn answering(url: Option<&str>) -> Option<String> {
    match host(parsed(url).as_ref()) {
        Host::Service(name) => Some(name),
        Host::Api { .. } => Some("execute-api".to_owned()),
        Host::FunctionUrl { .. } => Some("lambda".to_owned()),
        Host::LoadBalancer => Some("elasticloadbalancing".to_owned()),
        Host::CloudFront | Host::Custom | Host::Local | Host::Unknown => signed_for(&parsed(url)?),
    }
}

/// The service for which a URL was signed.
fn signed_for(url: &Url) -> Option<String> {
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    };
    if let Some(credential) = value("X-Amz-Credential") {
        let (scope, _) = credential.rsplit_once("/aws4_request")?;
        let (_, service) = scope.rsplit_once('/')?;
        return is_name(service).then(|| service.to_owned());
    }
    // The signature before that one; with a time at which it ends it is one of S3.
    let is_signed =
        ["AWSAccessKeyId", "Signature", "Expires"].iter().all(|name| value(name).is_some());
    is_signed.then(|| "s3".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, want: &Host) {
        let url = parsed(Some(&format!("https://{name}/x")));
        assert_eq!(host(url.as_ref()), *want, "{name}");
    }

    #[test]
    fn a_service_of_aws_is_no_domain_of_the_readers() {
        for (name, service) in [
            ("lambda.us-east-1.amazonaws.com", "lambda"),
            ("apigateway.eu-west-1.amazonaws.com", "apigateway"),
            ("s3.ap-south-1.amazonaws.com", "s3"),
            ("s3-eu-west-1.amazonaws.com", "s3"),
            ("photos.s3.amazonaws.com", "s3"),
            ("photos.s3.eu-west-1.amazonaws.com", "s3"),
            ("cognito-idp.us-east-1.amazonaws.com", "cognito-idp"),
        ] {
            check(name, &Host::Service(service.to_owned()));
        }
        check("api.shop.example", &Host::Custom);
        check("ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", &Host::Local);
    }

    #[test]
    fn a_masked_name_is_no_name() {
        let api = |id: &str| Host::Api { id: id.to_owned(), region: "eu-west-1".to_owned() };
        check("a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", &api("a1b2c3d4e5"));
        check("****.execute-api.eu-west-1.amazonaws.com", &api("API_ID"));
        check("apixxxx.amazonaws.com", &Host::Unknown);
    }

    #[test]
    fn a_signature_tells_the_service_whoever_stands_in_front() {
        let scope = "X-Amz-Credential=test%2F20240523%2Fus-east-2%2F";
        for (url, want) in [
            (
                format!("http://localhost:4566/b/k?{scope}s3%2Faws4_request&X-Amz-Signature=0"),
                Some("s3"),
            ),
            (
                format!("https://files.shop.example/k?{scope}iotdevicegateway%2Faws4_request"),
                Some("iotdevicegateway"),
            ),
            (
                "https://files.shop.example/k?AWSAccessKeyId=A&Expires=1&Signature=x".to_owned(),
                Some("s3"),
            ),
            (
                "https://files.shop.example/k?X-Amz-Credential=***&X-Amz-Signature=0".to_owned(),
                None,
            ),
            ("https://files.shop.example/k?Signature=x".to_owned(), None),
            (
                "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/x".to_owned(),
                Some("execute-api"),
            ),
        ] {
            assert_eq!(answering(Some(&url)).as_deref(), want, "{url}");
        }
    }
}
