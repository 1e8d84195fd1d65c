//! The vectors of web-platform-tests and of the engines' own unit tests, decided by `cors`.
//!
//! Must not: know vector ids; `docs/browsers.md` lists those that measurement contradicts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use corscope::cors::check::cors_check;
use corscope::cors::decision::Decision;
use corscope::cors::engine::Engine;
use corscope::cors::expose;
use corscope::cors::fetch::{self, Answer, Mode, RedirectMode, Request};
use corscope::cors::header_list::{self, Field};
use corscope::cors::preflight::{self, Question, check_preflight};
use corscope::cors::response::Response;
use corscope::cors::safelist::{self, Upload};
use corscope::model::{Credentials, Fact, Phase};

use crate::oracle::{fields, key, listed, read_lines};

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
        let names = self.0["request"]["access_control_request_headers"].as_str();
        let names = names.map_or(Fact::Absent, |names| Fact::Seen(Cow::Borrowed(names)));
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
    let counts: Vec<usize> = compared.into_values().collect();
    assert_eq!(counts, [160, 16, 19, 139, 105, 123]);
    assert_eq!(deviations, listed("vector"));
}
