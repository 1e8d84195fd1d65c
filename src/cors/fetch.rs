//! One whole fetch: preflights, the request, redirects; against a server that the caller plays.
//! <https://fetch.spec.whatwg.org/#main-fetch>, <https://fetch.spec.whatwg.org/#http-fetch>
//!
//! Must not: do I/O. The caller answers each request from a recording, or from a real server.

use std::borrow::Cow;

use url::Url;

use crate::cors::decision::Decision;
use crate::cors::engine::{Engine, MAX_REDIRECTS};
use crate::cors::header_list::Field;
use crate::cors::origin::{serialize, without_fragment};
use crate::cors::preflight::{
    Question, check_preflight, check_trusted_preflight, proxy_status, refused_headers,
};
use crate::cors::redirect::{
    Target, check_actual, check_target, invalid_redirect, is_redirect_status, rewrite_method,
    taints_origin, target,
};
use crate::cors::response::Response;
use crate::cors::safelist::{Upload, needs_preflight, normalize_method, unsafe_header_names};
use crate::model::{BlockReason, Credentials, Fact, Phase};

/// <https://fetch.spec.whatwg.org/#concept-request-mode>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `cors`.
    Cors,
    /// `no-cors`: never blocked by CORS, and never readable.
    NoCors,
    /// `same-origin`.
    SameOrigin,
}

/// <https://fetch.spec.whatwg.org/#concept-request-redirect-mode>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectMode {
    /// `follow`.
    Follow,
    /// `error`.
    Error,
    /// `manual`.
    Manual,
}

/// What a page asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Serialized origin of the page; `null` for an opaque one.
    pub origin: String,
    /// URL.
    pub url: Url,
    /// Method, as the script wrote it.
    pub method: String,
    /// Headers that the script set, and the `Content-Type` that its body implies.
    pub headers: Vec<Field>,
    /// Credentials mode.
    pub credentials: Credentials,
    /// Mode.
    pub mode: Mode,
    /// Redirect mode.
    pub redirect: RedirectMode,
    /// What is uploaded under observation.
    pub upload: Upload,
}

/// One HTTP request of a fetch.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Redirects before it.
    pub hop: usize,
    /// Preflight or actual request.
    pub phase: Phase,
    /// Where to.
    pub url: &'a Url,
    /// Method of the actual request.
    pub method: &'a str,
    /// CORS-unsafe request-header names.
    pub unsafe_names: &'a [String],
    /// `Origin` of a request in mode `cors` to another origin.
    pub origin: Option<&'a str>,
}

/// What the server said to one [`Ask`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Header lines.
    pub fields: Vec<Field>,
}

/// How a fetch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Why it was blocked; `None` if the page got a response.
    pub blocked: Option<(BlockReason, String)>,
    /// Which response that is about; `None` if none was asked for.
    pub phase: Option<Phase>,
    /// Redirects before it.
    pub hop: usize,
    /// The URL that was asked.
    pub url: String,
    /// The `Origin` that was checked.
    pub origin: String,
    /// Status of that response.
    pub status: u16,
    /// Whether its `Access-Control-Allow-Origin` came in several lines of the canonical name.
    pub several_lines: bool,
    /// Where that response redirects to.
    pub redirects_to: Option<String>,
    /// Request headers that the preflight's answer does not cover.
    pub refused_headers: Vec<String>,
    /// Whether a preflight was sent to the first URL.
    pub preflighted: bool,
}

/// Runs a fetch. `server` answers each request; `None` is a broken connection.
pub fn run(
    engine: Engine,
    request: &Request,
    server: &mut dyn FnMut(&Ask<'_>) -> Option<Answer>,
) -> Ending {
    let mut fetch = Fetch {
        engine,
        request,
        url: request.url.clone(),
        method: normalize_method(&request.method).into_owned(),
        headers: request.headers.clone(),
        page_origin: request.origin.as_str(),
        is_cors: false,
        tainted: false,
        crossed: false,
        ending: Ending {
            blocked: None,
            phase: None,
            hop: 0,
            url: String::new(),
            origin: request.origin.clone(),
            status: 0,
            several_lines: false,
            redirects_to: None,
            refused_headers: Vec::new(),
            preflighted: false,
        },
        preflights: 0,
    };
    for hop in 0..=MAX_REDIRECTS {
        fetch.ending.hop = hop;
        if fetch.hop(server).is_break() {
            return fetch.ending;
        }
    }
    let _ended = fetch.block(BlockReason::InvalidResponse, "net::ERR_TOO_MANY_REDIRECTS");
    fetch.ending
}

struct Fetch<'a> {
    engine: Engine,
    request: &'a Request,
    url: Url,
    method: String,
    headers: Vec<Field>,
    page_origin: &'a str,
    /// Response tainting `cors`: once so, always so.
    is_cors: bool,
    /// `Origin` is `null` from now on.
    tainted: bool,
    /// A redirect has changed the origin.
    crossed: bool,
    ending: Ending,
    /// Preflights sent, to the first URL and to later ones.
    preflights: usize,
}

type Flow = std::ops::ControlFlow<()>;
type Server<'s> = dyn FnMut(&Ask<'_>) -> Option<Answer> + 's;

impl Fetch<'_> {
    fn hop(&mut self, server: &mut Server<'_>) -> Flow {
        let is_other_origin = serialize(&self.url) != self.page_origin;
        match self.request.mode {
            Mode::SameOrigin if is_other_origin => {
                return self.block(BlockReason::DisallowedByMode, "");
            }
            Mode::SameOrigin | Mode::NoCors => {}
            Mode::Cors => self.is_cors |= is_other_origin,
        }
        if self.is_cors {
            self.preflight(server)?;
        }
        self.actual(server)
    }

    fn preflight(&mut self, server: &mut Server<'_>) -> Flow {
        let again = self.preflights > 0 && self.engine.preflights_again_after_redirect();
        let upload = self.request.upload;
        if !again && !needs_preflight(self.engine, &self.method, &self.headers, upload) {
            return Flow::Continue(());
        }
        let from_page = self.engine.preflights_with_page_origin();
        let origin = if from_page { self.page_origin } else { self.origin() }.to_owned();
        let mut names = unsafe_header_names(self.engine, &self.headers);
        if self.crossed && !self.engine.keeps_authorization_in_redirected_preflight() {
            names.retain(|name| name != "authorization");
        }
        let ask = Ask {
            hop: self.ending.hop,
            phase: Phase::Preflight,
            url: &self.url,
            method: &self.method,
            unsafe_names: &names,
            origin: Some(&origin),
        };
        let answer = server(&ask);
        self.preflights += 1;
        self.ending.preflighted |= self.ending.hop == 0;
        let joined = names.join(",");
        let question = Question {
            origin: &origin,
            method: &self.method,
            headers: Fact::Seen(Cow::Borrowed(&joined)),
            credentials: self.request.credentials,
        };
        let Some(answer) = answer else {
            self.note(Phase::Preflight, None);
            return self.block(BlockReason::InvalidResponse, "");
        };
        let response = Response::from_fields(answer.status, &answer.fields);
        let trusted = self.engine.trusts_preflight_to_page_origin()
            && serialize(&self.url) == self.page_origin;
        let decision = if trusted {
            check_trusted_preflight(self.engine, &response, &question)
        } else {
            check_preflight(self.engine, &response, &question)
        };
        let refused = refused_headers(&response, &question);
        let refused = refused.into_iter().map(|name| self.spelling(name)).collect();
        let blocked = blocked(decision);
        self.ending.refused_headers = refused;
        self.ending.origin = origin;
        self.note(Phase::Preflight, Some(&response));
        self.settle(blocked)
    }

    fn actual(&mut self, server: &mut Server<'_>) -> Flow {
        let origin = self.origin().to_owned();
        let ask = Ask {
            hop: self.ending.hop,
            phase: Phase::Actual,
            url: &self.url,
            method: &self.method,
            unsafe_names: &[],
            origin: self.is_cors.then_some(origin.as_str()),
        };
        let Some(answer) = server(&ask) else {
            self.note(Phase::Actual, None);
            return self.block(BlockReason::InvalidResponse, "");
        };
        let response = Response::from_fields(answer.status, &answer.fields);
        self.note(Phase::Actual, Some(&response));
        self.ending.origin.clone_from(&origin);
        let decision = if self.is_cors {
            let credentials = self.request.credentials;
            check_actual(self.engine, &response, &origin, credentials, Some(&self.url))
        } else if self.engine.refuses_proxy_status() && answer.status == 407 {
            proxy_status()
        } else {
            Decision::Allowed
        };
        self.settle(blocked(decision))?;
        self.redirect(&response)
    }

    fn redirect(&mut self, response: &Response<'_>) -> Flow {
        let Fact::Seen(status) = response.status else { return Flow::Break(()) };
        let Fact::Seen(location) = &response.location else { return Flow::Break(()) };
        if !is_redirect_status(status) {
            return Flow::Break(());
        }
        let next = match target(self.engine, &self.url, location.text(self.engine)) {
            Target::None => return Flow::Break(()),
            Target::Invalid => return self.settle(blocked(invalid_redirect())),
            Target::Url(next) => next,
        };
        match self.request.redirect {
            RedirectMode::Follow => {}
            RedirectMode::Error => return self.block(BlockReason::InvalidResponse, ""),
            RedirectMode::Manual => return Flow::Break(()),
        }
        let leaves = self.request.mode == Mode::Cors && serialize(&next) != self.page_origin;
        if leaves {
            self.settle(blocked(check_target(&next)))?;
        }
        self.tainted |= taints_origin(self.page_origin, &self.url, &next);
        if serialize(&next) != serialize(&self.url) {
            self.crossed = true;
            if !self.engine.keeps_authorization_in_redirected_preflight() {
                self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            }
        }
        if let Some(method) = rewrite_method(status, &self.method, &mut self.headers) {
            method.clone_into(&mut self.method);
        }
        self.url = next;
        Flow::Continue(())
    }

    /// A request header as the script spelled it.
    fn spelling(&self, name: &str) -> String {
        let known = self.request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or_else(|| name.to_owned(), |(known, _)| known.clone())
    }

    /// <https://fetch.spec.whatwg.org/#append-a-request-origin-header>
    fn origin(&self) -> &str {
        if self.tainted { "null" } else { self.page_origin }
    }

    fn note(&mut self, phase: Phase, response: Option<&Response<'_>>) {
        self.ending.phase = Some(phase);
        without_fragment(&self.url).clone_into(&mut self.ending.url);
        self.ending.redirects_to = None;
        let Some(response) = response else { return };
        if let (Phase::Actual, Fact::Seen(status), Fact::Seen(location)) =
            (phase, response.status, &response.location)
            && is_redirect_status(status)
            && let Target::Url(mut to) = target(self.engine, &self.url, location.text(self.engine))
        {
            // A URL that cannot have a user name has none.
            let _ = (to.set_username(""), to.set_password(None));
            self.ending.redirects_to = Some(without_fragment(&to).to_owned());
        }
        self.ending.status = response.status.seen().unwrap_or(0);
        self.ending.several_lines = matches!(
            &response.allow_origin,
            Fact::Seen(value) if value.has_several_canonical_lines()
        );
    }

    fn settle(&mut self, blocked: Option<(BlockReason, String)>) -> Flow {
        match blocked {
            None => Flow::Continue(()),
            Some((reason, detail)) => self.block(reason, &detail),
        }
    }

    fn block(&mut self, reason: BlockReason, detail: &str) -> Flow {
        self.ending.blocked = Some((reason, detail.to_owned()));
        Flow::Break(())
    }
}

/// Everything is seen in a fetch, so nothing is undecidable.
fn blocked(decision: Decision<'_>) -> Option<(BlockReason, String)> {
    match decision {
        Decision::Allowed => None,
        Decision::Blocked { reason, detail } => Some((reason, detail.into_owned())),
        Decision::Unseen(fact) => Some((BlockReason::InvalidResponse, fact.to_owned())),
    }
}
