//! Every recorded case of the browser oracle, decided by the public `cors` layer.
//!
//! Must not: know case ids other than those that `docs/browsers.md` lists with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::LazyLock;

use serde_json::Value;
use url::Url;

use corscope::cors::console::{self, Blocked, Initiator};
use corscope::cors::engine::Engine;
use corscope::cors::fetch::{self, Answer, Ask, Ending, Mode, RedirectMode, Request};
use corscope::cors::header_list::{self, Field};
use corscope::cors::safelist::Upload;
use corscope::model::{BlockReason, Credentials, Phase};

mod judged;
mod vectors;

/// A recorded case, and the ways to play its server again.
pub(crate) struct Case(pub(crate) &'static Value);

impl Case {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("/id")
    }

    /// A decision about CORS: the page got a response, Chromium names a CORS error, or the mode
    /// itself forbids the request. What is left was refused by something else: a bad method, CSP,
    /// mixed content, CORP, a blocked port, malformed HTTP, a broken connection.
    pub(crate) fn is_about_cors(&self) -> bool {
        let by_mode = self.text("/request/mode") == "same-origin" && self.text("/stage") == "none";
        self.text("/verdict") == "allowed" || self.0["chromium_error"].is_string() || by_mode
    }

    /// Firefox names its CORS decisions by category; WebKit by text.
    pub(crate) fn is_about_cors_in(&self, engine: Engine) -> bool {
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

    pub(crate) fn request(&self) -> Request {
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
    pub(crate) fn answer(&self, engine: Engine, ask: &Ask<'_>) -> Option<Answer> {
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

    pub(crate) fn run(&self, engine: Engine) -> Ending {
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

pub(crate) fn key(engine: Engine) -> &'static str {
    match engine {
        Engine::Chromium => "chromium",
        Engine::Firefox => "firefox",
        Engine::WebKit => "webkit",
    }
}

pub(crate) fn fields(recorded: &Value) -> Vec<Field> {
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

/// All recorded cases; read once for all tests.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    static CASES: LazyLock<Vec<Value>> = LazyLock::new(|| read_lines("oracle.jsonl.gz"));
    CASES.iter().map(Case)
}

/// Reads a compressed JSON-lines file of `tests/data`.
pub(crate) fn read_lines(name: &str) -> Vec<Value> {
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
        Engine::Chromium => (case.0, case.0["chromium_error"].as_str().map(str::to_owned)),
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

pub(crate) fn recorded_line(case: &Case, engine: Engine) -> &str {
    match engine {
        Engine::Chromium => case.text("/console_message"),
        Engine::Firefox => case.text("/firefox/message"),
        Engine::WebKit => case.text("/webkit/message"),
    }
}

/// Deviations that `docs/browsers.md` lists: `engine what id`.
pub(crate) fn listed(what: &str) -> BTreeSet<String> {
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
    for case in cases() {
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
    let per_engine = |counts: &BTreeMap<Engine, usize>| Engine::ALL.map(|engine| counts[&engine]);
    assert_eq!(per_engine(&compared), [6068, 6048, 6030]);
    assert_eq!(per_engine(&excluded), [75, 95, 113]);
    assert_eq!(deviations, listed("decision"));
}

#[test]
fn every_recorded_console_line_is_ours() {
    let mut compared = BTreeMap::new();
    let mut deviations = BTreeSet::new();
    for case in cases() {
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
    assert_eq!(Engine::ALL.map(|engine| compared[&engine]), [3694, 3700, 3684]);
    assert_eq!(deviations, listed("console"));
}
