//! Hostile lines of logs, through the built program and out of every sink and every format: what
//! arrives is text, has no secret, and is no larger than the services take.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use corscope::output::escape::is_dangerous;
use serde_json::Value;
use tempfile::TempDir;

use crate::injection::corpus::{secrets, write_logs};
use crate::sinks::server::{Answer, Request, Server};

mod corpus;

const TIMES: [&str; 4] = ["--since", "2026-11-01", "--now", "2026-11-22T10:20:00Z"];
struct Scene {
    folder: TempDir,
    secrets: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let secrets = secrets();
        fs::create_dir(folder.path().join("logs")).unwrap();
        write_logs(&folder.path().join("logs"), &secrets);
        Self { folder, secrets }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn script(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn run(&self, arguments: &[&str], url: &str) -> Output {
        let mut command = Command::new(cargo_bin!("corscope"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOOK_KEY", &self.secrets[4]);
        command.env("SLACK", format!("{url}/slack/{}", self.secrets[5]));
        command.env("TEAMS", format!("{url}/teams"));
        command.env("ROUTING_KEY", &self.secrets[6]).env("GENIE_KEY", &self.secrets[7]);
        command.output().expect("the program runs")
    }

    /// A run of `check` with a state of its own, and with further arguments.
    fn check(&self, state: &str, arguments: &[&str], url: &str) -> Output {
        let begin = ["check", "logs", "--state", state];
        self.run(&[&begin[..], &TIMES, arguments].concat(), url)
    }

    /// Text in which nothing moves a cursor and nothing is secret.
    #[track_caller]
    fn harmless(&self, what: &str, bytes: &[u8]) -> String {
        let text = std::str::from_utf8(bytes).expect("UTF-8").to_owned();
        let shown = text.replace(['\n', '\t'], "");
        let bad = shown.char_indices().find(|(_, character)| is_dangerous(*character));
        assert_eq!(bad, None, "{what}: {}", around(&shown, bad.map_or(0, |(at, _)| at)));
        self.keeps_secrets(what, &text);
        assert!(!Path::new(&self.path("evil")).exists(), "{what}: something was run");
        text
    }

    #[track_caller]
    fn keeps_secrets(&self, what: &str, text: &str) {
        for secret in &self.secrets {
            let at = text.find(secret.as_str());
            assert_eq!(at, None, "{what}: {}", around(text, at.unwrap_or(0)));
        }
    }
}

fn around(text: &str, at: usize) -> String {
    let before = text[..at].chars().rev().take(80).collect::<Vec<_>>();
    before.into_iter().rev().chain(text[at..].chars().take(80)).collect()
}

/// All strings of a JSON value, names included.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| [vec![name.clone()], strings(value)].concat())
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn nothing_hostile_leaves_a_run() {
    let scene = Scene::new();
    let server = Server::new(vec![Answer::status(202, "ok")]);
    check_streams(&scene, &tell_all(&scene, &server.url));
    check_requests(&scene, &server.requests());
    check_told(&scene);
    check_mails(&scene);
    check_metrics(&scene);
    // The state has redacted texts, and JSON has escapes for whatever else is in them.
    let state = fs::read(scene.path("all.json")).unwrap();
    scene.keeps_secrets("state", &String::from_utf8(state).expect("UTF-8"));
    let shown = scene.run(&["state", "show", "all.json"], &server.url);
    scene.harmless("state show", &shown.stdout);
    let shown = scene.run(&["state", "show", "all.json", "--format", "json"], &server.url);
    scene.harmless("state show as JSON", &shown.stdout);
}

/// One run that tells every sink.
fn tell_all(scene: &Scene, url: &str) -> Output {
    let others = "^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=";
    let told = format!("printf 'args %s\\n' \"$#\"; env | grep -v '{others}'; echo stdin; cat");
    let program = scene.script("tell", &format!("{{ {told}; }} >> told"));
    let sendmail = scene.script("sendmail", "printf '%s\\n' \"$*\" >> recipients; cat >> mails");
    let config = format!(
        "[[sink]]\ntype = \"pagerduty\"\nrouting_key = \"env:ROUTING_KEY\"\nurl = \"{url}/pagerduty\"\n\
         [[sink]]\ntype = \"opsgenie\"\napi_key = \"env:GENIE_KEY\"\nurl = \"{url}\"\n\
         [[sink]]\ntype = \"mail\"\nto = [\"ops@example.com\"]\nsendmail = \"{sendmail}\"\n"
    );
    fs::write(scene.path("corscope.toml"), config).unwrap();
    let (hook, ping) = (format!("{url}/hook"), format!("{url}/ping"));
    let webhook = ["--webhook", &hook, "--webhook-secret", "env:HOOK_KEY"];
    let chat = ["--slack", "env:SLACK", "--teams", "env:TEAMS", "--on-finding", &program];
    let run = ["--ping-url", &ping, "--metrics-file", "metrics.prom"];
    scene.check("all.json", &[&webhook[..], &chat, &run].concat(), url)
}

#[track_caller]
fn check_streams(scene: &Scene, output: &Output) {
    let stderr = scene.harmless("stderr", &output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(!stderr.contains("sink "), "{stderr}");
    let stdout = scene.harmless("stdout", &output.stdout);
    let begins = ["NEW ", "Since ", "So far", "corscope: "];
    let is_ours = |line: &&str| {
        let begins = begins.iter().any(|begin| line.starts_with(begin));
        line.is_empty() || begins || line.contains(" requests counted (")
    };
    assert_eq!(stdout.lines().find(|line| !is_ours(line)), None, "a text began a line");
}

#[track_caller]
fn check_requests(scene: &Scene, requests: &[Request]) {
    for request in requests {
        check_head(scene, request);
    }
    let of = |path: &str| -> Vec<&Request> {
        let begin = format!("POST {path}");
        requests.iter().filter(|request| request.line.starts_with(&begin)).collect()
    };
    let all = ["/hook", "/slack/", "/teams", "/pagerduty", "/v2/alerts", "/ping"].map(of);
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), requests.len(), "an address was bent");
    let [hooks, slack, teams, pagerduty, opsgenie, pings] = all;
    let said: String = hooks.iter().map(|it| String::from_utf8_lossy(&it.body)).collect();
    let marks = said.match_indices("mark").filter_map(|(at, _)| said.get(at..at + 8));
    let marks: BTreeSet<&str> = marks.collect();
    assert!(marks.len() > 60, "only {} texts came as far as that", marks.len());
    assert!(said.contains("[redacted:"), "no secret came as far as that");
    assert_eq!([pagerduty.len(), opsgenie.len()], [hooks.len(); 2]);
    for (name, requests, largest) in [
        ("webhook", hooks, 64 << 10),
        ("Slack", slack, 40 << 10),
        ("Teams", teams, 28 << 10),
        ("PagerDuty", pagerduty, 512 << 10),
        ("Opsgenie", opsgenie, 32 << 10),
    ] {
        assert!(!requests.is_empty(), "{name} got nothing");
        for request in requests {
            let body = String::from_utf8(request.body.clone()).expect("UTF-8");
            // Its protocol has the key in the body.
            let key = if name == "PagerDuty" { scene.secrets[6].as_str() } else { "-" };
            assert!(name != "PagerDuty" || body.matches(key).count() == 1);
            let body = scene.harmless(name, body.replacen(key, "-", 1).as_bytes());
            assert!(body.len() <= largest, "{name}: {} bytes", body.len());
            check_strings(scene, name, &serde_json::from_str(&body).expect("JSON"));
        }
    }
    assert_eq!(pings.len(), 2);
    for ping in pings {
        scene.harmless("ping", &ping.body);
    }
}

#[track_caller]
fn check_head(scene: &Scene, request: &Request) {
    let names = [
        "host",
        "user-agent",
        "accept",
        "content-type",
        "content-length",
        "idempotency-key",
        "x-corscope-signature",
        "authorization",
    ];
    for (name, value) in &request.headers {
        assert!(names.contains(&name.as_str()), "a header field `{name}: {value}` came in");
        if name != "authorization" {
            scene.harmless(name, value.as_bytes());
        }
    }
    let key = request.header("idempotency-key");
    assert!(key.is_none_or(|key| key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit())));
}

/// What the strings of a payload say, when JSON is read.
#[track_caller]
fn check_strings(scene: &Scene, name: &str, value: &Value) {
    for text in strings(value) {
        // A webhook has the texts as they are, in JSON that is harmless.
        if name == "webhook" {
            continue;
        }
        let text = scene.harmless(name, text.as_bytes());
        if matches!(name, "Slack" | "Opsgenie") {
            assert!(!text.contains(['<', '>']), "{name}: {text}");
        }
    }
    // Markup is text where it is no markup.
    if name == "Slack" {
        let kinds: BTreeSet<&str> = kinds(value, "type").into_iter().collect();
        let known = ["context", "divider", "header", "plain_text", "section"];
        assert!(kinds.iter().all(|kind| known.contains(kind)), "{kinds:?}");
    }
    if name == "Teams" {
        let kinds: BTreeSet<&str> = kinds(value, "type").into_iter().collect();
        let known = ["AdaptiveCard", "Container", "RichTextBlock", "TextRun", "message"];
        assert!(kinds.iter().all(|kind| known.contains(kind)), "{kinds:?}");
    }
}

/// All values of a field, wherever it is.
fn kinds<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| kinds(value, field)).collect(),
        Value::Object(fields) => {
            let own = fields.get(field).and_then(Value::as_str);
            own.into_iter().chain(fields.values().flat_map(|value| kinds(value, field))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// What a program was told: on its standard input, and nothing elsewhere.
#[track_caller]
fn check_told(scene: &Scene) {
    let told = fs::read_to_string(scene.path("told")).unwrap();
    let runs: Vec<&str> = told.split("args ").skip(1).collect();
    assert!(runs.len() > 20, "{} runs", runs.len());
    for run in runs {
        let (head, input) = run.split_once("\nstdin\n").expect("both parts");
        assert!(head.starts_with("0\n"), "an argument came in: {head}");
        for variable in head.lines().skip(1).filter(|line| line.starts_with("CORSCOPE_")) {
            let value = variable.split('=').nth(1).unwrap_or_default();
            assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{variable}");
        }
        assert!(!head.contains("mark"), "a text is in the environment: {head}");
        let input = scene.harmless("program", input.as_bytes());
        assert_eq!(input.lines().count(), 1);
        serde_json::from_str::<Value>(&input).expect("JSON");
    }
}

#[track_caller]
fn check_mails(scene: &Scene) {
    let recipients = fs::read_to_string(scene.path("recipients")).unwrap();
    assert!(recipients.lines().all(|line| line == "-i -- ops@example.com"), "{recipients}");
    let mails = scene.harmless("mail", &fs::read(scene.path("mails")).unwrap());
    assert!(mails.lines().all(|line| line.len() <= 998), "a line is too long");
    let known = [
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "References",
        "Auto-Submitted",
        "MIME-Version",
        "X-Auto-Response-Suppress",
        "X-Corscope-Key",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    // Each mail begins with the same field, and its head ends with an empty line.
    let head = mails.split("\n\n").next().unwrap();
    for line in head.lines().filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap_or_default();
        assert!(known.contains(&name), "a header line came in: {line}");
    }
    for line in mails.lines() {
        let is_injected =
            ["X-Evil:", "Bcc:", "MAIL FROM"].iter().any(|text| line.starts_with(text));
        // A line with one dot ends nothing: `-i`.
        assert!(!is_injected, "{line}");
    }
}

#[track_caller]
fn check_metrics(scene: &Scene) {
    let page = scene.harmless("metrics", &fs::read(scene.path("metrics.prom")).unwrap());
    for line in page.lines().filter(|line| !line.starts_with("# ")) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        assert!(series.starts_with("corscope_") && !series.starts_with("corscope_evil"), "{line}");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn nothing_hostile_stands_in_any_format() {
    let scene = Scene::new();
    let nowhere = "http://127.0.0.1:9";
    let check = |state: &str, arguments: &[&str], code: i32| {
        let output = scene.check(state, arguments, nowhere);
        let stderr = scene.harmless("stderr", &output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        scene.harmless(state, &output.stdout)
    };
    let run: Value = serde_json::from_str(&check("json", &["--format", "json"], 1)).expect("JSON");
    assert!(run["events"].as_array().is_some_and(|events| events.len() > 20));
    for line in check("emf", &["--format", "emf"], 1).lines() {
        let document: Value = serde_json::from_str(line).expect("JSON");
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "corscope");
        let dimensions = strings(&directive["Dimensions"]);
        assert!(dimensions.iter().all(|name| name == "Api" || name == "Stage"), "{dimensions:?}");
        assert!(!line.contains("mark"), "a text from a log is in the metrics: {line}");
    }
    let plugin = check("nagios", &["--nagios"], 2);
    let (first, rest) = plugin.split_once('\n').expect("lines");
    assert_eq!(first.matches('|').count(), 1, "{first}");
    let (status, _) = first.split_once('|').expect("performance data");
    for text in [status, rest] {
        assert!(!text.contains(['|', '<', '>', '$', '&', '`', '"', '\\', '%', '!']), "{text}");
    }
    assert!(plugin.len() <= 8 << 10, "Nagios keeps 8 KiB");
    for arguments in [
        &["--format", "human"][..],
        &["--format", "human", "--show", "exchanges", "--color", "always"],
        &["--format", "json", "--show", "exchanges"],
        &["--format", "jsonl", "--show", "exchanges"],
    ] {
        let output = scene.run(&[&["scan", "logs"], arguments].concat(), nowhere);
        assert_eq!(output.status.code(), Some(1));
        let mut text = String::from_utf8(output.stdout).expect("UTF-8");
        if arguments.contains(&"always") {
            text = without_colors(&text);
        }
        scene.harmless(&arguments.join(" "), text.as_bytes());
    }
}

/// The text without colors: `ESC [`, digits and semicolons, `m`.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        out.push_str(rest.strip_prefix('m').expect("a color and nothing else"));
    }
    out
}
