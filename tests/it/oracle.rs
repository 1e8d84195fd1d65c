//! Every recorded case of the browser oracle, decided by the public `cors` layer.
//!
//! Must not: know case ids other than those that `docs/browsers.md` lists with a reason.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde_json::Value;
use url::Url;

use corscope::cors::check::cors_check;
use corscope::cors::console::{self, Blocked, Initiator};
use corscope::cors::decision::Decision;
use corscope::cors::engine::Engine;
use corscope::cors::expose;
use corscope::cors::fetch::{self, Answer, Ask, Ending, Mode, RedirectMode, Request};
use corscope::cors::header_list::{self, Field};
use corscope::cors::preflight::{self, Question, check_preflight};
use corscope::cors::response::Response;
use corscope::cors::safelist::{self, Upload};
use corscope::model::{BlockReason, Credentials, Fact, Phase};

/// A recorded case, and the ways to play its server again.
struct Case(Value);

impl Case {
    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn id(&self) -> &str {
        self.text("/id")
    }

    /// A decision about CORS: the page got a response, Chromium names a CORS error, or the mode
    /// itself forbids the request. What is left was refused by something else: a bad method, CSP,
    /// mixed content, CORP, a blocked port, malformed HTTP, a broken connection.
    fn is_about_cors(&self) -> bool {
        let by_mode = self.text("/request/mode") == "same-origin" && self.text("/stage") == "none";
        self.text("/verdict") == "allowed" || self.0["chromium_error"].is_string() || by_mode
    }

    /// Firefox names its CORS decisions by category; WebKit by text.
    fn is_about_cors_in(&self, engine: Engine) -> bool {
        let recorded = &self.0[key(engine)];
        if recorded["verdict"] == "allowed" {
            return true;
        }
        let message = recorded["message"].as_str().unwrap_or_default();
        match engine {
            Engine::Chromium => true,
            Engine::Firefox => {
                recorded["category"].as_str().is_some_and(|category| category.starts_with("CORS"))
            }
            Engine::WebKit => ["Access-Control-", "Preflight response", "Cross-origin redirection"]
                .iter()
                .any(|known| message.contains(known)),
        }
    }

    fn request(&self) -> Request {
        let request = &self.0["request"];
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let has_body = request["body"].as_bool().unwrap_or_default();
        let listens = request["upload_listener"].as_bool().unwrap_or_default();
        Request {
            origin: self.text("/page_origin").to_owned(),
            url: Url::parse(text("url")).expect("a recorded URL"),
            method: text("method").to_owned(),
            headers: self.request_headers(has_body),
            credentials: match text("credentials") {
                "include" => Credentials::Include,
                _ => Credentials::Omit,
            },
            mode: match text("mode") {
                "cors" => Mode::Cors,
                "same-origin" => Mode::SameOrigin,
                _ => Mode::NoCors,
            },
            redirect: match text("redirect") {
                "error" => RedirectMode::Error,
                "manual" => RedirectMode::Manual,
                _ => RedirectMode::Follow,
            },
            upload: match (listens, has_body) {
                (false, _) => Upload::NotObserved,
                (true, true) => Upload::Observed,
                (true, false) => Upload::ObservedWithoutBody,
            },
        }
    }

    fn request_headers(&self, has_body: bool) -> Vec<Field> {
        let mut headers = fields(&self.0["request"]["headers"]);
        let implied = match self.text("/request/body_kind") {
            "blob" => self.text("/request/blob_type"),
            "arraybuffer" => "",
            "urlsearchparams" => "application/x-www-form-urlencoded;charset=UTF-8",
            "formdata" => "multipart/form-data; boundary=x",
            _ => "text/plain;charset=UTF-8",
        };
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if has_body && !has_type && !implied.is_empty() {
            headers.push(("Content-Type".to_owned(), implied.to_owned()));
        }
        headers
    }

    /// The answer that the server was configured to give, as the engine's HTTP parser reads it.
    fn answer(&self, engine: Engine, ask: &Ask<'_>) -> Option<Answer> {
        let server = &self.0["server"];
        let hop = match ask.hop {
            0 => server,
            hop => server["hops"].get(hop - 1).or_else(|| server["hops"].as_array()?.last())?,
        };
        let recorded = match ask.phase {
            Phase::Preflight => &hop["preflight"],
            Phase::Actual => &hop["response"],
        };
        if let Some(text) = recorded["garbage"].as_str() {
            return Some(parse_head(text, engine));
        }
        let status = u16::try_from(recorded["status"].as_u64()?).ok()?;
        let fields = header_list::from_wire(&fields(&recorded["raw_headers"]), engine);
        Some(Answer { status, fields })
    }

    fn run(&self, engine: Engine) -> Ending {
        fetch::run(engine, &self.request(), &mut |ask| self.answer(engine, ask))
    }

    fn initiator(&self) -> Initiator {
        match self.text("/request/api") {
            "fetch" => Initiator::Fetch,
            "xhr" => Initiator::Xhr,
            "script" => Initiator::Script,
            "img" => Initiator::Image,
            "stylesheet" => Initiator::Stylesheet,
            _ => Initiator::Other,
        }
    }
}

fn key(engine: Engine) -> &'static str {
    match engine {
        Engine::Chromium => "chromium",
        Engine::Firefox => "firefox",
        Engine::WebKit => "webkit",
    }
}

fn fields(recorded: &Value) -> Vec<Field> {
    let pair =
        |pair: &Value| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()));
    recorded.as_array().into_iter().flatten().filter_map(pair).collect()
}

/// Status line and header lines of a response that was sent as it is.
fn parse_head(text: &str, engine: Engine) -> Answer {
    let head = text.split("\r\n\r\n").next().unwrap_or(text);
    let (first, rest) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let raw = [(header_list::RAW_LINE.to_owned(), rest.to_owned())];
    let lines: Vec<Field> = match status {
        Some(_) => raw[0].1.split("\r\n").map(|l| (raw[0].0.clone(), l.to_owned())).collect(),
        None => Vec::new(),
    };
    Answer { status: status.unwrap_or(200), fields: header_list::from_wire(&lines, engine) }
}

/// Reads a compressed JSON-lines file of `tests/data`.
fn read_lines(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("test data");
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What a case decided: outcome, phase, hop, preflight, and Chromium's reason.
type Decided = (String, String, Option<u64>, bool, Option<String>);

fn decided(ending: &Ending, engine: Engine) -> Decided {
    let stage = match (ending.blocked.is_some(), ending.phase) {
        (true, Some(Phase::Preflight)) => "preflight",
        (true, Some(Phase::Actual)) => "actual",
        (_, _) => "none",
    };
    let verdict = if ending.blocked.is_some() { "blocked" } else { "allowed" };
    let hop = (stage != "none").then_some(ending.hop as u64);
    let reason = match (engine, &ending.blocked) {
        (Engine::Chromium, Some((reason, _))) if stage != "none" => {
            Some(reason.as_str().to_owned())
        }
        _ => None,
    };
    (verdict.to_owned(), stage.to_owned(), hop, ending.preflighted, reason)
}

fn recorded(case: &Case, engine: Engine) -> Decided {
    let (from, reason) = match engine {
        Engine::Chromium => (&case.0, case.0["chromium_error"].as_str().map(str::to_owned)),
        Engine::Firefox | Engine::WebKit => (&case.0[key(engine)], None),
    };
    let text = |name: &str| from[name].as_str().unwrap_or_default().to_owned();
    let preflighted = from["preflight_sent"].as_bool().unwrap_or_default();
    (text("verdict"), text("stage"), from["hop"].as_u64(), preflighted, reason)
}

/// The console's line for the block.
fn console_line(case: &Case, engine: Engine, ending: &Ending) -> Option<String> {
    let (reason, detail) = ending.blocked.as_ref()?;
    let first = case.text("/request/url");
    let blocked = Blocked {
        initiator: case.initiator(),
        url: &ending.url,
        redirected_from: (ending.hop > 0).then_some(first),
        page_origin: case.text("/page_origin"),
        request_origin: &ending.origin,
        status: ending.status,
        detail,
        several_lines: ending.several_lines,
        redirects_to: ending.redirects_to.as_deref(),
    };
    Some(match engine {
        Engine::Chromium => console::chromium(*reason, &blocked),
        Engine::Firefox => console::firefox(*reason, &blocked),
        Engine::WebKit => console::safari(*reason, &blocked),
    })
}

/// Of several refused headers, a browser names any one; Safari as the script spelled it.
fn names_another_header(case: &Case, engine: Engine, ending: &Ending, theirs: &str) -> bool {
    let Some((BlockReason::HeaderDisallowedByPreflightResponse, _)) = ending.blocked else {
        return false;
    };
    ending.refused_headers.iter().any(|name| {
        let name = match engine {
            Engine::WebKit => name.clone(),
            Engine::Chromium | Engine::Firefox => name.to_ascii_lowercase(),
        };
        let mut ending = ending.clone();
        ending.blocked = Some((BlockReason::HeaderDisallowedByPreflightResponse, name));
        console_line(case, engine, &ending).as_deref() == Some(theirs)
    })
}

fn recorded_line(case: &Case, engine: Engine) -> &str {
    match engine {
        Engine::Chromium => case.text("/console_message"),
        Engine::Firefox => case.text("/firefox/message"),
        Engine::WebKit => case.text("/webkit/message"),
    }
}

/// Deviations that `docs/browsers.md` lists: `engine what id`.
fn listed(what: &str) -> BTreeSet<String> {
    let path = format!("{}/docs/browsers.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let id = cells.next()?.trim_end_matches('`').to_owned();
        Some((id, cells.next()?.to_owned(), cells.next()?.to_owned()))
    });
    rows.filter(|(_, _, kind)| kind == what)
        .map(|(id, engine, _)| format!("{engine} {id}"))
        .collect()
}

#[test]
fn every_recorded_decision_is_ours() {
    let mut compared = BTreeMap::new();
    let mut excluded = BTreeMap::new();
    let mut deviations = BTreeSet::new();
    for case in read_lines("oracle.jsonl.gz").into_iter().map(Case) {
        for engine in Engine::ALL {
            if !case.is_about_cors() || !case.is_about_cors_in(engine) {
                *excluded.entry(engine).or_insert(0) += 1;
                continue;
            }
            *compared.entry(engine).or_insert(0) += 1;
            let ending = case.run(engine);
            let (ours, theirs) = (decided(&ending, engine), recorded(&case, engine));
            if ours != theirs {
                println!("{engine:?} {}: ours {ours:?}, theirs {theirs:?}", case.id());
                deviations.insert(format!("{engine:?} {}", case.id()));
            }
        }
    }
    println!("compared {compared:?}, excluded {excluded:?}, deviations {}", deviations.len());
    assert_eq!(deviations, listed("decision"));
}

#[test]
fn every_recorded_console_line_is_ours() {
    let mut compared = BTreeMap::new();
    let mut deviations = BTreeSet::new();
    for case in read_lines("oracle.jsonl.gz").into_iter().map(Case) {
        for engine in Engine::ALL {
            let theirs = recorded_line(&case, engine);
            let silent = recorded(&case, engine).0 != "blocked" || theirs.is_empty();
            if silent || !case.is_about_cors() || !case.is_about_cors_in(engine) {
                continue;
            }
            let ending = case.run(engine);
            if decided(&ending, engine) != recorded(&case, engine) {
                continue;
            }
            *compared.entry(engine).or_insert(0) += 1;
            let ours = console_line(&case, engine, &ending).unwrap_or_default();
            if ours != theirs && !names_another_header(&case, engine, &ending, theirs) {
                println!("{engine:?} {}:\n  ours   {ours}\n  theirs {theirs}", case.id());
                deviations.insert(format!("{engine:?} {}", case.id()));
            }
        }
    }
    println!("compared {compared:?}, deviations {}", deviations.len());
    assert_eq!(deviations, listed("console"));
}

/// The vectors of web-platform-tests and of the engines' own unit tests.
struct Vector(Value);

impl Vector {
    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    fn credentials(&self) -> Credentials {
        match self.text("/request/credentials") {
            "include" => Credentials::Include,
            _ => Credentials::Omit,
        }
    }

    fn response_fields(&self) -> Vec<Field> {
        fields(&self.0["response"]["headers"])
    }

    fn status(&self) -> u16 {
        self.0["response"]["status"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or(200)
    }

    /// `None` if decided as expected, else what we decided.
    fn deviation(&self) -> Option<String> {
        match self.text("/kind") {
            "cors_check" | "preflight" => self.check_deviation(),
            "preflight_needed" => self.trigger_deviation(),
            "redirect" => self.redirect_deviation(),
            "max_age" => self.max_age_deviation(),
            "expose_headers" => {
                let mut fields = self.response_fields();
                let header = self.text("/expect/header");
                fields.push((header.to_owned(), "1".to_owned()));
                let names = expose::readable_names(&fields, self.credentials());
                let exposed = names.iter().any(|name| name == header);
                (self.0["expect"]["exposed"] != exposed).then(|| format!("{names:?}"))
            }
            other => Some(format!("unknown kind {other}")),
        }
    }

    fn check_deviation(&self) -> Option<String> {
        let fields = self.response_fields();
        let response = Response::from_fields(self.status(), &fields);
        let (origin, credentials) = (self.text("/request/origin"), self.credentials());
        let names = match &self.0["request"]["access_control_request_headers"] {
            Value::String(names) => Fact::Seen(Cow::Borrowed(names.as_str())),
            _ => Fact::Absent,
        };
        let method = self.text("/request/method");
        let question = Question { origin, method, headers: names, credentials };
        let decision = match self.text("/kind") {
            "preflight" => check_preflight(Engine::Chromium, &response, &question),
            _ => cors_check(Engine::Chromium, &response, origin, credentials, Phase::Actual),
        };
        let (pass, reason) = match &decision {
            Decision::Allowed => (true, None),
            Decision::Blocked { reason, .. } => (false, Some(reason.as_str())),
            Decision::Unseen(_) => (false, None),
        };
        let expect = &self.0["expect"];
        let known = expect["chromium"].as_str();
        let agrees = expect["pass"] == pass && (known.is_none() || known == reason);
        (!agrees).then(|| format!("{decision:?}"))
    }

    fn trigger_deviation(&self) -> Option<String> {
        let headers = fields(&self.0["request"]["headers"]);
        let method = safelist::normalize_method(self.text("/request/method"));
        let needed =
            safelist::needs_preflight(Engine::Chromium, &method, &headers, Upload::NotObserved);
        let names = safelist::unsafe_header_names(Engine::Chromium, &headers).join(",");
        let agrees = self.0["expect"]["preflight"] == needed
            && self.text("/expect/access_control_request_headers") == names;
        (!agrees).then(|| format!("{needed} {names}"))
    }

    fn redirect_deviation(&self) -> Option<String> {
        let page = self.text("/request/origin");
        let path = self.text("/request/path");
        let (first, second) = match path.split_once(" to ") {
            Some((first, second)) => (first, second),
            None => (self.text("/request/hop1"), self.text("/request/hop2")),
        };
        let place = |name: &str| match name {
            "local" | "same origin" => page,
            "remote2" | "another remote" | "another cors" => "http://www2.web-platform.test:8000",
            _ => "http://www1.web-platform.test:8000",
        };
        let userinfo = self.text("/response/location_userinfo");
        let target = place(second).replacen("://", &format!("://{userinfo}"), 1);
        let allow = |pointer: &str| match self.0.pointer(pointer).and_then(Value::as_str) {
            Some("none") => Vec::new(),
            Some(value) => vec![("Access-Control-Allow-Origin".to_owned(), value.to_owned())],
            None => vec![("Access-Control-Allow-Origin".to_owned(), "*".to_owned())],
        };
        let request = Request {
            origin: page.to_owned(),
            url: Url::parse(place(first)).expect("a URL"),
            method: "GET".to_owned(),
            headers: Vec::new(),
            credentials: self.credentials(),
            mode: Mode::Cors,
            redirect: RedirectMode::Follow,
            upload: Upload::NotObserved,
        };
        let status = if self.status() == 200 { 302 } else { self.status() };
        let mut second_origin = None;
        let ending = fetch::run(Engine::Chromium, &request, &mut |ask| {
            if ask.hop > 0 {
                second_origin = ask.origin.map(str::to_owned);
                return Some(Answer { status: 200, fields: allow("/response/hop2_acao") });
            }
            let mut fields = allow("/response/hop1_acao");
            fields.push(("Location".to_owned(), target.clone()));
            Some(Answer { status, fields })
        });
        let reason = ending.blocked.as_ref().map(|(reason, _)| reason.as_str());
        let expect = &self.0["expect"];
        let origin = expect["origin_header_on_hop2"].as_str();
        let agrees = expect["pass"] == reason.is_none()
            && (origin.is_none() || origin == second_origin.as_deref())
            && expect["chromium"].as_str().is_none_or(|known| Some(known) == reason);
        (!agrees).then(|| format!("{reason:?} {second_origin:?}"))
    }

    fn max_age_deviation(&self) -> Option<String> {
        let fields = self.response_fields();
        let value = header_list::get(&fields, "access-control-max-age");
        let differs = |engine: &Engine| {
            let ours = preflight::max_age(*engine, value.as_deref());
            self.0["expect"]["effective_seconds"][key(*engine)] != ours
        };
        Engine::ALL.iter().find(|engine| differs(engine)).map(|engine| format!("{engine:?}"))
    }
}

#[test]
fn every_vector_of_web_platform_tests_is_decided_as_expected() {
    let mut compared = BTreeMap::new();
    let mut deviations = BTreeSet::new();
    for vector in read_lines("wpt_vectors.jsonl.gz").into_iter().map(Vector) {
        *compared.entry(vector.text("/kind").to_owned()).or_insert(0) += 1;
        if let Some(ours) = vector.deviation() {
            println!("{}: ours {ours}, expected {}", vector.text("/id"), vector.0);
            deviations.insert(format!("Chromium {}", vector.text("/id")));
        }
    }
    println!("compared {compared:?}, deviations {}", deviations.len());
    assert_eq!(deviations, listed("vector"));
}
