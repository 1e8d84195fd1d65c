//! The three browser engines, and each measured place where one departs from the Fetch standard or
//! from the others, as a named question.
//!
//! Measured on Chromium 156, Firefox 153 ESR and `WebKitGTK` 2.50; see `docs/browsers.md`.
//!
//! Must not: decide about a response; the steps ask here.

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// Blink with Chromium's network service: Chrome, Edge, Opera.
    Chromium,
    /// Gecko: Firefox.
    Firefox,
    /// WebKit: Safari.
    WebKit,
}

impl Engine {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// WebKit looks at a preflight's status before its headers; a redirect is to it a status like
    /// any other.
    pub fn reads_preflight_status_first(self) -> bool {
        self == Self::WebKit
    }

    /// Chromium refuses a redirected preflight before it reads headers; Firefox after the CORS
    /// check.
    pub fn reads_preflight_redirect_first(self) -> bool {
        self == Self::Chromium
    }

    /// Firefox settles `Access-Control-Allow-Methods` (parse, then match) before it looks at
    /// `Access-Control-Allow-Headers`; the others parse both first.
    pub fn matches_method_before_parsing_headers(self) -> bool {
        self == Self::Firefox
    }

    /// Firefox drops empty lines when it combines several lines of one name.
    pub fn drops_empty_lines(self) -> bool {
        self == Self::Firefox
    }

    /// Before anything else, Firefox counts the lines named exactly `Access-Control-Allow-Origin`:
    /// two are too many, even if one is empty. Over HTTP/2, where names are in lower case, it finds
    /// none.
    pub fn refuses_several_allow_origin_lines(self) -> bool {
        self == Self::Firefox
    }

    /// Chromium's HTTP/1 parser accepts blanks between a header's name and the colon.
    pub fn accepts_blank_before_colon(self) -> bool {
        self == Self::Chromium
    }

    /// Chromium's HTTP/1 parser ends a line at a lone CR.
    pub fn ends_lines_at_bare_cr(self) -> bool {
        self == Self::Chromium
    }

    /// To Chromium, a redirect with an empty `Location` is an ordinary response.
    pub fn ignores_empty_location(self) -> bool {
        self == Self::Chromium
    }

    /// Chromium treats a 407 that a server sent as a network error.
    pub fn refuses_proxy_status(self) -> bool {
        self == Self::Chromium
    }

    /// Chromium safelists well-formed client hints and `Intervention`.
    pub fn safelists_client_hints(self) -> bool {
        self == Self::Chromium
    }

    /// Chromium ignores a `User-Agent` that a script set.
    pub fn ignores_script_user_agent(self) -> bool {
        self == Self::Chromium
    }

    /// Chromium and WebKit join request headers of one name before the safelist test.
    pub fn joins_request_headers(self) -> bool {
        match self {
            Self::Chromium | Self::WebKit => true,
            Self::Firefox => false,
        }
    }

    /// WebKit compares the range unit `bytes` without case.
    pub fn folds_range_unit(self) -> bool {
        self == Self::WebKit
    }

    /// Firefox also refuses bytes beyond ASCII in `Accept`, and a comma in `Content-Type`.
    pub fn has_stricter_safelist(self) -> bool {
        self == Self::Firefox
    }

    /// Largest bound of a safelisted `Range`; the standard knows none. Chromium reads it into a
    /// signed 64-bit integer. For the others, only values beyond 64 bits were measured.
    pub fn largest_range_bound(self) -> u64 {
        match self {
            Self::Chromium => i64::MAX.unsigned_abs() - 1,
            Self::Firefox | Self::WebKit => u64::MAX,
        }
    }

    /// The standard preflights whenever an upload listener is registered; Chromium only if there is
    /// a body to upload.
    pub fn preflights_upload_listener_without_body(self) -> bool {
        self != Self::Chromium
    }

    /// Firefox and WebKit preflight again after every redirect once a fetch has been preflighted.
    pub fn preflights_again_after_redirect(self) -> bool {
        self != Self::Chromium
    }

    /// After a cross-origin redirect, Firefox still sends (and checks) the page's origin in
    /// preflights; the actual request says `null`.
    pub fn preflights_with_page_origin(self) -> bool {
        self == Self::Firefox
    }

    /// Firefox does not apply the CORS check to preflights to the page's own origin.
    pub fn trusts_preflight_to_page_origin(self) -> bool {
        self == Self::Firefox
    }

    /// WebKit keeps `Authorization` in the preflight after a cross-origin redirect.
    pub fn keeps_authorization_in_redirected_preflight(self) -> bool {
        self == Self::WebKit
    }

    /// Longest time that a preflight is cached, seconds.
    pub fn max_age_cap(self) -> u64 {
        match self {
            Self::Chromium => 7_200,
            Self::Firefox => 86_400,
            Self::WebKit => 600,
        }
    }
}

/// `Access-Control-Allow-Headers: *` covers `Authorization` (without credentials) in all three
/// engines. The standard refuses: <https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name>.
pub const WILDCARD_COVERS_AUTHORIZATION: bool = true;

/// Chromium, a response header section longer than this is `net::ERR_RESPONSE_HEADERS_TOO_BIG`.
pub const CHROMIUM_MAX_HEADER_BYTES: usize = 256 * 1024;

/// Redirects that are followed: <https://fetch.spec.whatwg.org/#http-redirect-fetch> step 5.
pub const MAX_REDIRECTS: usize = 20;
