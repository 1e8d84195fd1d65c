//! What is no failure of CORS, and looks like one or stands beside one; and what is said of it.
//!
//! Must not: look at a text, but for the name of what was found in it.

use crate::explain::wording::Meaning::Other;
use crate::explain::wording::{A, C, F, Meaning, S, Wording};

/// What blocks a request ahead of CORS.
pub(crate) const NOT_CORS: &[(Meaning, &[Wording])] = &[
    (
        Other("MixedContent", Some("mixed-content")),
        &[
            (C, "requested an insecure {words} '{address}'. This request has been blocked"),
            (C, "requested an insecure {words} '{*}'. This request has been blocked"),
            (
                C,
                "requested an insecure {words} '{address}'. This content should also be served over",
            ),
            (
                C,
                "requested an insecure {words} '{address}'. This request was not upgraded to HTTPS",
            ),
            (
                C,
                "connect to the insecure WebSocket endpoint '{address}'. This request has been blocked",
            ),
            (C, "requested an insecure {words} '{address}'{$}"),
            (C, "connect to the insecure WebSocket endpoint '{address}'{$}"),
            (F, "Blocked loading mixed active content '{address}'{.}"),
            (F, "Blocked loading mixed active content"),
            (F, "Blocked loading mixed display content '{address}'{.}"),
            (F, "Blocked loading mixed display content"),
            (S, "was not allowed to run insecure content from '{address}'{.}"),
            (S, "was not allowed to display insecure content from '{address}'{.}"),
            (S, "requested insecure content from '{url}'. This"),
            (C, "(blocked:mixed-content)"),
        ],
    ),
    (
        Other("ContentSecurityPolicy", None),
        &[
            (C, "Connecting to '{url}' violates the following Content Security Policy directive"),
            (C, "Refused to connect to '{url}' because it violates the "),
            (C, "Refused to connect to '{url}' … violates the Content Security Policy"),
            (C, "Refused to connect because it violates the "),
            (
                C,
                "Refused to load the {*} '{url}' because it violates the following Content Security",
            ),
            (C, "Refused to frame '{url}' because it violates the following Content Security"),
            (F, "blocked the loading of a resource (connect-src) at '{url}' because it violates"),
            (S, "Refused to connect to '{url}' because it does not appear in the connect-src"),
            (C, "(blocked:csp)"),
        ],
    ),
    (
        Other("CrossOriginResourcePolicy", None),
        &[
            (C, "ERR_BLOCKED_BY_RESPONSE.NotSame"),
            (C, "(blocked:NotSame"),
            (F, "was blocked due to its Cross-Origin-Resource-Policy header"),
            (S, "violates the resource's Cross-Origin-Resource-Policy"),
        ],
    ),
    (
        Other("BlockedByLocalNetworkAccessChecks", Some("local-network-access")),
        &[
            (
                C,
                "WebSocket connection to '{url}' failed: Error in connection establishment: net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS",
            ),
            (C, "net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS"),
            (C, "net::ERR_BLOCKED_BY_PRIVATE_NETWORK_ACCESS_CHECKS"),
        ],
    ),
    (Other("BlockedByClient", Some("extension-or-adblock")), &[(C, "net::ERR_BLOCKED_BY_CLIENT")]),
    (
        Other("NetworkFailure", Some("network-failure-as-cors")),
        &[
            (C, "net::ERR_CONNECTION_"),
            (C, "net::ERR_NAME_"),
            (C, "net::ERR_DNS_"),
            (C, "net::ERR_ADDRESS_"),
            (C, "net::ERR_NETWORK_"),
            (C, "net::ERR_INTERNET_DISCONNECTED"),
            (C, "net::ERR_PROXY_"),
            (C, "net::ERR_TUNNEL_CONNECTION_FAILED"),
            (C, "net::ERR_SOCKS_"),
            (C, "net::ERR_CERT_"),
            (C, "net::ERR_SSL_"),
            (C, "net::ERR_BAD_SSL_CLIENT_AUTH_CERT"),
            (C, "net::ERR_TIMED_OUT"),
            (C, "net::ERR_EMPTY_RESPONSE"),
            (C, "net::ERR_INVALID_HTTP_RESPONSE"),
            (C, "net::ERR_HTTP2_"),
            (C, "net::ERR_QUIC_"),
            (C, "net::ERR_INCOMPLETE_"),
            (C, "net::ERR_INVALID_CHUNKED_ENCODING"),
            (C, "net::ERR_CONTENT_"),
            (F, "can't establish a connection to the server at"),
        ],
    ),
    (Other("TooManyRedirects", None), &[(C, "net::ERR_TOO_MANY_REDIRECTS")]),
    (Other("InsufficientResources", None), &[(C, "net::ERR_INSUFFICIENT_RESOURCES")]),
    (Other("CleartextNotPermitted", None), &[(C, "net::ERR_CLEARTEXT_NOT_PERMITTED")]),
    (Other("UnsafePort", None), &[(C, "net::ERR_UNSAFE_PORT")]),
];

/// What a console prints of other things than a blocked request, too.
pub(crate) const ELSEWHERE: &[(Meaning, &[Wording])] = &[
    (
        Other("OpaqueResponseBlocking", Some("no-cors-mode")),
        &[
            (
                C,
                "Cross-Origin Read Blocking (CORB) blocked cross-origin response '{url}' with MIME",
            ),
            (C, "Cross-Origin Read Blocking (CORB) blocked"),
            (C, "net::ERR_BLOCKED_BY_ORB"),
            (F, "esource at '{url}' was blocked by OpaqueResponseBlocking"),
            (F, "A resource is blocked by OpaqueResponseBlocking"),
        ],
    ),
    (
        Other("TaintedCanvas", None),
        &[
            (C, "Tainted canvases may not be"),
            (C, "The cross-origin image at '{url}' may not be loaded"),
        ],
    ),
    (
        Other("SubresourceIntegrity", None),
        &[(
            C,
            "The resource '{url}' has an integrity attribute, but the resource requires the request to be CORS enabled",
        )],
    ),
    (
        Other("UnexposedHeader", Some("expose-headers-missing")),
        &[(C, "Refused to get unsafe header \"{header}\"")],
    ),
    (
        Other("WebSocket", Some("websocket-not-cors")),
        &[
            (
                C,
                "WebSocket connection to '{url}' failed: Error during WebSocket handshake: Unexpected response code: {status}",
            ),
            (C, "WebSocket connection to '{url}' failed"),
        ],
    ),
    (
        Other("ServiceWorker", Some("service-worker-interference")),
        &[
            (C, "The FetchEvent for '{url}' resulted in a network error response"),
            (C, "an object that was not a Response was passed to respondWith()"),
            (
                F,
                "Failed to load '{url}'. A ServiceWorker passed a promise to FetchEvent.respondWith()",
            ),
            (S, "Response served by service worker is opaque"),
            (C, "'only-if-cached' can be set only with 'same-origin' mode"),
        ],
    ),
    (Other("FrameAccess", None), &[(C, "Blocked a frame with origin '{origin}' from accessing a")]),
    (Other("Aborted", None), &[(C, "net::ERR_ABORTED")]),
    (Other("ScriptError", None), &[(A, "an uncaught error was thrown from a cross origin script")]),
    (Other("EventSourceType", None), &[(C, "EventSource's response has a MIME type")]),
    (
        Other("ReactNative", Some("network-failure-as-cors")),
        &[
            (A, "Network request failed{*}node_modules/react-native/"),
            (A, "Network request failed{*}callFunctionReturnFlushedQueue"),
        ],
    ),
];

/// What is no error at all, and is pasted with one.
pub(crate) const NO_ERROR: &[(Meaning, &[Wording])] = &[
    (
        Other("MixedContentUpgraded", Some("mixed-content")),
        &[
            (
                C,
                "requested an insecure {words} '{address}'. This request was automatically upgraded",
            ),
            (C, "insecure WebSocket endpoint '{address}'. This request was automatically upgraded"),
            (F, "Mixed Content: Upgrading insecure display request '{address}' to use 'https'"),
        ],
    ),
    (Other("ReferrerPolicy", None), &[(C, "Referrer Policy: strict-origin-when-cross-origin")]),
    (
        Other("PreloadCredentials", None),
        &[(
            C,
            "A preload for '{url}' is found, but is not used because the request credentials mode does not match",
        )],
    ),
];

/// Whether a reason is one of those that a server has no part in.
pub(crate) fn is_aside(name: &str) -> bool {
    let mut all = ELSEWHERE.iter().chain(NO_ERROR);
    all.any(|(meaning, _)| matches!(meaning, Other(own, _) if *own == name))
}

/// What is said of a reason that is none of CORS headers: in a line, and in a paragraph.
pub(crate) fn said(name: &str) -> (&'static str, &'static str) {
    const NO_HELP: &str = "CORS headers neither cause this nor help.";
    match name {
        "OpaqueResponseBlocking" => (
            "The browser kept an answer back that the page did not ask for by CORS",
            "Scripts, images and `no-cors` requests get no HTML and no JSON of another origin. CORS \
             headers help only if the page asks by CORS.",
        ),
        "TaintedCanvas" => (
            "The page loaded the image without CORS, so no script may read it",
            "CORS headers help only if the page asks for them: by `crossorigin` on the element, or \
             `crossOrigin` before `src` is set.",
        ),
        "SubresourceIntegrity" => (
            "The browser blocked a resource that the page asked for without CORS",
            "The element has `integrity` and lacks `crossorigin`. CORS headers help only together \
             with that.",
        ),
        "UnexposedHeader" => (
            "The answer came, but a script may not read this header of it",
            "No request was blocked. The answer lists in `Access-Control-Expose-Headers` which of \
             its headers scripts may read.",
        ),
        "NetworkFailure" => ("The connection failed, which is not about CORS", NO_HELP),
        "TooManyRedirects" => {
            ("The answers redirect the browser in a circle, which is not about CORS", NO_HELP)
        }
        "InsufficientResources" => (
            "The page asks more at once than the browser can send, which is not about CORS",
            NO_HELP,
        ),
        "CleartextNotPermitted" => (
            "Android lets the app ask at no `http://` address, which is not about CORS",
            "Ask at the `https://` address, or allow the other one in the app's network security \
             configuration.",
        ),
        "UnsafePort" => (
            "The browser asks nothing at this port, which is not about CORS",
            "It is that of another protocol. Let the server listen at another one.",
        ),
        "Aborted" => (
            "The request was given up, by the page or the browser, which is not about CORS",
            "The page was left, the script ended the request, or the answer was of no use. A status \
             beside it is that of the answer.",
        ),
        "WebSocket" => ("A WebSocket could not be opened, which is not about CORS", NO_HELP),
        "ServiceWorker" => (
            "A service worker of the page failed at the request",
            "The browser did not block this one for its CORS headers. If it blocked the worker's own \
             request, the console has a line about that: paste it.",
        ),
        "FrameAccess" => (
            "The browser let no script look into a frame of another origin",
            "CORS headers neither cause this nor help; frames talk by `postMessage`.",
        ),
        "ScriptError" => (
            "A script of another origin failed, and the page does not get to see how",
            "No request was blocked. The page sees the error of a script that it loads with \
             `crossorigin` and that is answered with CORS headers.",
        ),
        "EventSourceType" => ("The page may read the answer, but it is no event stream", NO_HELP),
        "ReactNative" => (
            "The connection of an app failed, which is not about CORS",
            "React Native knows no CORS. There was no connection, a wrong certificate, or an address \
             such as `localhost`, which on a phone is the phone.",
        ),
        "MixedContentUpgraded" => (
            "The browser asks at `https://` in place of `http://`, and has blocked nothing",
            "If nobody answers there, the request fails for that, and not for CORS headers.",
        ),
        "ReferrerPolicy" => (
            "This is no error",
            "It says how much of the page's address goes into `Referer`, which has nothing to do \
             with CORS.",
        ),
        "PreloadCredentials" => ("This is a warning; nothing was blocked", NO_HELP),
        _ => ("The browser blocked the request, but not for its CORS headers", NO_HELP),
    }
}
