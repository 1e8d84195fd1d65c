//! Web origins: serialization, comparison, and whether a header value parses as a URL at all.
//!
//! Must not: look at headers.

use url::{Position, Url};

/// The serialized origin of a URL: <https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin>.
pub fn serialize(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether a serialized origin is that of the server: its scheme, and the `Host` that was asked for.
/// <https://html.spec.whatwg.org/#same-origin>
pub fn is_same_origin(origin: &str, scheme: &str, host: &str) -> bool {
    let Some((origin_scheme, origin_host)) = origin.split_once("://") else { return false };
    let port = default_port(scheme);
    origin_scheme.eq_ignore_ascii_case(scheme)
        && without_port(origin_host, port).eq_ignore_ascii_case(without_port(host, port))
}

fn default_port(scheme: &str) -> &'static str {
    if scheme.eq_ignore_ascii_case("http") { ":80" } else { ":443" }
}

fn without_port<'a>(host: &'a str, port: &str) -> &'a str {
    host.strip_suffix(port).unwrap_or(host)
}

/// Whether Chromium's URL parser takes the text, without a base URL:
/// <https://url.spec.whatwg.org/#concept-url-parser>. It departs from the standard in one point:
/// blanks in a host (`%20`, or letters that map to a blank, such as U+00A0) are accepted and escaped.
pub fn parses_as_url(text: &str) -> bool {
    if is_plain_web_origin(text) || Url::parse(text).is_ok() {
        return true;
    }
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, tail) = rest.split_at(end);
    let kept = host.replace("%20", "-").replace(MAPS_TO_BLANK, "-");
    kept != host && Url::parse(&format!("{scheme}://a{kept}a{tail}")).is_ok()
}

/// Letters that UTS 46 maps to U+0020.
const MAPS_TO_BLANK: [char; 15] = [
    '\u{a0}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}',
    '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
];

/// A fast yes for what nearly all values are: `https://` and an ASCII host that no rule can refuse.
fn is_plain_web_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    !last.is_empty()
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && !host.contains("xn--")
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// User name or password: <https://url.spec.whatwg.org/#include-credentials>.
pub fn includes_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some_and(|password| !password.is_empty())
}

/// A URL as consoles print it: without its fragment.
pub fn without_fragment(url: &Url) -> &str {
    &url[..Position::AfterQuery]
}
