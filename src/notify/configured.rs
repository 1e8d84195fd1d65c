//! What `[[sink]]` tables of `corscope.toml` may say.
//!
//! Must not: read a secret, or accept one in the clear: the file is shared and kept in repositories.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::alert::event::EventKind;
use crate::model::Severity;
use crate::model::nearest::nearest;
use crate::notify::http::parse_url;
use crate::notify::settings::{SecretRef, SinkSettings, SinkTarget};
use crate::notify::text::plain;
use crate::notify::webhook::field_problem;
use crate::output::redact::Redaction;

/// Where `sendmail` is nearly everywhere.
pub const SENDMAIL: &str = "/usr/sbin/sendmail";
/// How long a command may run, if nothing is said.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may at most.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(1);
/// Characters of a sink's name.
const LONGEST_NAME: usize = 64;

/// A `[[sink]]` table as written: the keys of all types.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkTable {
    r#type: Spanned<String>,
    name: Option<Spanned<String>>,
    min_severity: Option<Spanned<String>>,
    events: Option<Spanned<Vec<Spanned<String>>>>,
    url: Option<Spanned<String>>,
    secret: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
    routing_key: Option<Spanned<String>>,
    api_key: Option<Spanned<String>>,
    topic: Option<Spanned<String>>,
    bus: Option<Spanned<String>>,
    to: Option<Spanned<Value>>,
    from: Option<Spanned<String>>,
    sendmail: Option<Spanned<PathBuf>>,
    command: Option<Spanned<Vec<String>>>,
    timeout: Option<Spanned<Value>>,
}

/// What is wrong: the byte of the file where it stands, and one sentence.
pub type SinkProblem = (usize, String);

/// The sinks that the tables describe, in their order; or everything that is wrong with them.
pub fn settings(tables: &[SinkTable]) -> Result<Vec<SinkSettings>, Vec<SinkProblem>> {
    let mut problems = Vec::new();
    let mut sinks: Vec<SinkSettings> = Vec::new();
    for table in tables {
        let mut reading = Reading { table, problems: &mut problems };
        let Some(sink) = reading.sink() else { continue };
        if sinks.iter().any(|other| other.name == sink.name) {
            let at = table.name.as_ref().unwrap_or(&table.r#type).span().start;
            let name = &sink.name;
            let advice = "give each its own `name`";
            problems.push((at, format!("two sinks are called `{name}`; {advice}")));
        }
        sinks.push(sink);
    }
    if problems.is_empty() { Ok(sinks) } else { Err(problems) }
}

/// The types of sinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SinkType {
    Webhook,
    Slack,
    Teams,
    PagerDuty,
    Opsgenie,
    Sns,
    EventBridge,
    Mail,
    Command,
}

impl SinkType {
    const ALL: [Self; 9] = [
        Self::Webhook,
        Self::Slack,
        Self::Teams,
        Self::PagerDuty,
        Self::Opsgenie,
        Self::Sns,
        Self::EventBridge,
        Self::Mail,
        Self::Command,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::PagerDuty => "pagerduty",
            Self::Opsgenie => "opsgenie",
            Self::Sns => "sns",
            Self::EventBridge => "eventbridge",
            Self::Mail => "mail",
            Self::Command => "command",
        }
    }

    /// The keys that it has beside those of all sinks.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Webhook => &["url", "secret", "headers"],
            Self::Slack | Self::Teams => &["url"],
            Self::PagerDuty => &["routing_key", "url"],
            Self::Opsgenie => &["api_key", "url"],
            Self::Sns => &["topic"],
            Self::EventBridge => &["bus"],
            Self::Mail => &["to", "from", "sendmail"],
            Self::Command => &["command", "timeout"],
        }
    }
}

/// One table, and what was found wrong so far.
struct Reading<'a> {
    table: &'a SinkTable,
    problems: &'a mut Vec<SinkProblem>,
}

impl Reading<'_> {
    fn sink(&mut self) -> Option<SinkSettings> {
        let table = self.table;
        let kind = self.kind()?;
        let before = self.problems.len();
        self.refuse_foreign_keys(kind);
        let name = self.name(kind);
        let min_severity = self.min_severity();
        let events = self.events();
        let target = match kind {
            SinkType::Webhook => self.webhook(),
            SinkType::Slack => {
                self.secret("url", table.url.as_ref(), kind).map(|url| SinkTarget::Slack { url })
            }
            SinkType::Teams => {
                self.secret("url", table.url.as_ref(), kind).map(|url| SinkTarget::Teams { url })
            }
            SinkType::PagerDuty => self
                .secret("routing_key", table.routing_key.as_ref(), kind)
                .map(|routing_key| SinkTarget::PagerDuty { routing_key, url: self.place() }),
            SinkType::Opsgenie => self
                .secret("api_key", table.api_key.as_ref(), kind)
                .map(|api_key| SinkTarget::Opsgenie { api_key, url: self.place() }),
            SinkType::Sns => self.topic(),
            SinkType::EventBridge => Some(self.bus()),
            SinkType::Mail => self.mail(),
            SinkType::Command => self.command(),
        };
        let target = target.filter(|_| self.problems.len() == before)?;
        Some(SinkSettings { name, target, min_severity, events })
    }

    fn wrong(&mut self, at: usize, sentence: impl Into<String>) {
        self.problems.push((at, sentence.into()));
    }

    fn missing(&mut self, kind: SinkType, example: &str) {
        let sentence = format!("a sink of type `{}` needs `{example}`", kind.as_str());
        self.wrong(self.table.r#type.span().start, sentence);
    }

    fn kind(&mut self) -> Option<SinkType> {
        let written = &self.table.r#type;
        let kind = SinkType::ALL.into_iter().find(|kind| kind.as_str() == written.as_ref());
        if kind.is_none() {
            let names = || SinkType::ALL.into_iter().map(SinkType::as_str);
            self.unknown(written, "no sink is of the type", &names().collect::<Vec<_>>());
        }
        kind
    }

    /// A word that there is not.
    fn unknown(&mut self, written: &Spanned<String>, what: &str, names: &[&str]) {
        let word = plain(written.as_ref(), LONGEST_NAME);
        let near = nearest(&word, names.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let sentence = format!("{what} `{word}`; {near}there are: {}", names.join(", "));
        self.wrong(written.span().start, sentence);
    }

    /// Keys of other types.
    fn refuse_foreign_keys(&mut self, kind: SinkType) {
        for (key, at) in self.given() {
            if !kind.keys().contains(&key) {
                let own: Vec<String> = kind.keys().iter().map(|key| format!("`{key}`")).collect();
                let (name, own) = (kind.as_str(), own.join(", "));
                self.wrong(at, format!("a sink of type `{name}` has no `{key}`; it has {own}"));
            }
        }
    }

    /// The keys that not all sinks have, and where their values stand.
    fn given(&self) -> Vec<(&'static str, usize)> {
        let table = self.table;
        let start = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.span().start);
        let value = |value: &Option<Spanned<Value>>| value.as_ref().map(|value| value.span().start);
        let keys = [
            ("url", start(&table.url)),
            ("secret", start(&table.secret)),
            ("headers", table.headers.keys().next().map(|name| name.span().start)),
            ("routing_key", start(&table.routing_key)),
            ("api_key", start(&table.api_key)),
            ("topic", start(&table.topic)),
            ("bus", start(&table.bus)),
            ("to", value(&table.to)),
            ("from", start(&table.from)),
            ("sendmail", table.sendmail.as_ref().map(|path| path.span().start)),
            ("command", table.command.as_ref().map(|argv| argv.span().start)),
            ("timeout", value(&table.timeout)),
        ];
        keys.into_iter().filter_map(|(key, at)| Some((key, at?))).collect()
    }

    fn name(&mut self, kind: SinkType) -> String {
        let Some(name) = &self.table.name else { return kind.as_str().to_owned() };
        let text = name.as_ref();
        let is_name = (1..=LONGEST_NAME).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if !is_name {
            let sentence = "the name of a sink is letters, digits, `.`, `_` and `-`, at most 64";
            self.wrong(name.span().start, sentence);
        }
        text.clone()
    }

    fn min_severity(&mut self) -> Severity {
        let Some(written) = &self.table.min_severity else { return Severity::Info };
        let all = [Severity::Info, Severity::Warning, Severity::Error];
        let severity = all.into_iter().find(|severity| severity.as_str() == written.as_ref());
        if severity.is_none() {
            self.unknown(written, "no severity is called", &all.map(Severity::as_str));
        }
        severity.unwrap_or(Severity::Info)
    }

    fn events(&mut self) -> Vec<EventKind> {
        let Some(written) = &self.table.events else { return Vec::new() };
        if written.as_ref().is_empty() {
            self.wrong(written.span().start, "`events` is empty; without it everything is told");
        }
        let all = [EventKind::New, EventKind::Reminder, EventKind::Resolved];
        let mut events = Vec::new();
        for word in written.as_ref() {
            match all.into_iter().find(|kind| kind.as_str() == word.as_ref()) {
                Some(kind) if events.contains(&kind) => {}
                Some(kind) => events.push(kind),
                None => self.unknown(word, "no event is called", &all.map(EventKind::as_str)),
            }
        }
        events
    }

    fn webhook(&mut self) -> Option<SinkTarget> {
        let table = self.table;
        let Some(url) = &table.url else {
            self.missing(SinkType::Webhook, "url = \"https://host.example/path\"");
            return None;
        };
        let url = self.reference("url", url)?;
        if let (SecretRef::Plain(text), Some(written)) = (&url, &table.url)
            && let Err(problem) = parse_url(text)
        {
            self.wrong(written.span().start, problem);
        }
        let secret = match &table.secret {
            Some(_) => Some(self.secret("secret", table.secret.as_ref(), SinkType::Webhook)?),
            None => None,
        };
        let mut headers = Vec::new();
        for (name, value) in &table.headers {
            if let Some(problem) = field_problem(name.as_ref()) {
                self.wrong(name.span().start, problem);
                continue;
            }
            let Some(reference) = self.reference("headers", value) else { continue };
            if let SecretRef::Plain(text) = &reference
                && Redaction::On.header(name.as_ref(), Cow::Borrowed(text)) != text.as_str()
            {
                self.refuse_clear(value, &format!("the header field `{}`", name.as_ref()));
            }
            headers.push((name.as_ref().clone(), reference));
        }
        Some(SinkTarget::Webhook { url, secret, headers })
    }

    /// A value that must not stand in the file itself.
    fn secret(
        &mut self,
        key: &str,
        written: Option<&Spanned<String>>,
        kind: SinkType,
    ) -> Option<SecretRef> {
        let Some(written) = written else {
            let (name, key_upper) = (kind.as_str().to_uppercase(), key.to_uppercase());
            self.missing(kind, &format!("{key} = \"env:{name}_{key_upper}\""));
            return None;
        };
        let reference = self.reference(key, written)?;
        if reference.is_plain() {
            self.refuse_clear(written, &format!("`{key}` of a sink of type `{}`", kind.as_str()));
            return None;
        }
        Some(reference)
    }

    fn refuse_clear(&mut self, written: &Spanned<String>, what: &str) {
        let advice = "write `env:NAME`, `file:PATH` or `cmd:PROGRAM`, where it is read when needed";
        self.wrong(written.span().start, format!("{what} is a secret; {advice}"));
    }

    fn reference(&mut self, key: &str, written: &Spanned<String>) -> Option<SecretRef> {
        let reference = SecretRef::parse(written.as_ref());
        reference
            .map_err(|problem| self.wrong(written.span().start, format!("`{key}`: {problem}")))
            .ok()
    }

    /// Where a service is, if not where it is for most.
    fn place(&mut self) -> Option<String> {
        let written = self.table.url.as_ref()?;
        if let Err(problem) = parse_url(written.as_ref()) {
            self.wrong(written.span().start, problem);
        }
        Some(written.as_ref().clone())
    }

    fn topic(&mut self) -> Option<SinkTarget> {
        let Some(topic) = &self.table.topic else {
            self.missing(SinkType::Sns, "topic = \"arn:aws:sns:eu-west-1:123456789012:alerts\"");
            return None;
        };
        let mut parts = topic.as_ref().splitn(6, ':');
        let (arn, _, service) = (parts.next(), parts.next(), parts.next());
        if (arn, service) != (Some("arn"), Some("sns"))
            || parts.filter(|part| !part.is_empty()).count() != 3
        {
            let sentence = "a topic is an ARN, as in `arn:aws:sns:eu-west-1:123456789012:alerts`";
            self.wrong(topic.span().start, sentence);
        }
        Some(SinkTarget::Sns { topic: topic.as_ref().clone() })
    }

    fn bus(&mut self) -> SinkTarget {
        let Some(bus) = &self.table.bus else {
            return SinkTarget::EventBridge { bus: "default".to_owned() };
        };
        let is_name =
            !bus.as_ref().is_empty() && bus.as_ref().bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name {
            self.wrong(bus.span().start, "a bus is a name or an ARN; without one it is `default`");
        }
        SinkTarget::EventBridge { bus: bus.as_ref().clone() }
    }

    fn mail(&mut self) -> Option<SinkTarget> {
        let table = self.table;
        let Some(to) = &table.to else {
            self.missing(SinkType::Mail, "to = [\"team@host.example\"]");
            return None;
        };
        let recipients: Option<Vec<&str>> = match to.as_ref() {
            Value::String(one) => Some(vec![one]),
            Value::Array(several) => several.iter().map(Value::as_str).collect(),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Table(_) => None,
        };
        let recipients = recipients.filter(|recipients| {
            !recipients.is_empty() && recipients.iter().all(|address| is_address(address))
        });
        if recipients.is_none() {
            let sentence = "`to` is a list of mail addresses, as in `[\"team@host.example\"]`";
            self.wrong(to.span().start, sentence);
        }
        if let Some(from) = table.from.as_ref().filter(|from| !is_address(from.as_ref())) {
            self.wrong(
                from.span().start,
                "`from` is one mail address, as in `corscope@host.example`",
            );
        }
        Some(SinkTarget::Mail {
            to: recipients?.into_iter().map(str::to_owned).collect(),
            from: table.from.as_ref().map(|from| from.as_ref().clone()),
            sendmail: table
                .sendmail
                .as_ref()
                .map_or_else(|| PathBuf::from(SENDMAIL), |path| path.as_ref().clone()),
        })
    }

    fn command(&mut self) -> Option<SinkTarget> {
        let Some(argv) = &self.table.command else {
            self.missing(SinkType::Command, "command = [\"/usr/local/bin/tell\", \"--cors\"]");
            return None;
        };
        if argv.as_ref().first().is_none_or(String::is_empty) {
            self.wrong(argv.span().start, "`command` begins with a program; no shell reads it");
        }
        let timeout = match &self.table.timeout {
            None => TIMEOUT,
            Some(written) => duration(written.as_ref()).unwrap_or_else(|| {
                let sentence = "`timeout` is 1 second to 1 hour, as in `\"30s\"` or `\"5m\"`";
                self.wrong(written.span().start, sentence);
                TIMEOUT
            }),
        };
        Some(SinkTarget::Command { argv: argv.as_ref().clone(), timeout })
    }
}

/// Seconds as a number, or a number and `s`, `m` or `h`.
fn duration(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Integer(seconds) => u64::try_from(*seconds).ok()?,
        Value::String(text) => {
            let (number, unit) = [("s", 1), ("m", 60), ("h", 3600)]
                .into_iter()
                .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
            number.trim_end().parse::<u64>().ok()?.checked_mul(unit)?
        }
        Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => return None,
    };
    let duration = Duration::from_secs(seconds);
    (Duration::from_secs(1)..=LONGEST_TIMEOUT).contains(&duration).then_some(duration)
}

/// What a mail program takes for one recipient, and not for an option or a list.
fn is_address(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b",;<>()\"\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        sink: Vec<SinkTable>,
    }

    fn read(text: &str) -> Result<Vec<SinkSettings>, Vec<SinkProblem>> {
        let file: File = toml::from_str(text).expect("TOML with known keys");
        settings(&file.sink)
    }

    fn target(text: &str) -> SinkTarget {
        let mut sinks = read(&format!("[[sink]]\n{text}")).expect("settings");
        sinks.pop().expect("a sink").target
    }

    /// The sentence, behind what stands where it points.
    #[track_caller]
    fn check(table: &str, want: &str) {
        let text = format!("[[sink]]\n{table}");
        let problems = read(&text).expect_err("a problem");
        let told: Vec<String> = problems
            .iter()
            .map(|(at, sentence)| {
                format!("{} -> {sentence}", text.split_at(*at).1.lines().next().unwrap())
            })
            .collect();
        assert_eq!(told, [want]);
    }

    #[test]
    fn every_type_can_be_said() {
        let env = |name: &str| SecretRef::Env(name.to_owned());
        assert_eq!(
            target("type = \"slack\"\nurl = \"env:SLACK_URL\""),
            SinkTarget::Slack { url: env("SLACK_URL") }
        );
        assert_eq!(
            target("type = \"teams\"\nurl = \"file:/run/teams\""),
            SinkTarget::Teams { url: SecretRef::File("/run/teams".into()) }
        );
        assert_eq!(
            target(
                "type = \"webhook\"\nurl = \"https://a.example/x\"\nsecret = \"env:S\"\n\
                 headers = { Authorization = \"env:A\", X-Team = \"web\" }"
            ),
            SinkTarget::Webhook {
                url: SecretRef::Plain("https://a.example/x".to_owned()),
                secret: Some(env("S")),
                headers: vec![
                    ("Authorization".to_owned(), env("A")),
                    ("X-Team".to_owned(), SecretRef::Plain("web".to_owned())),
                ],
            }
        );
        assert_eq!(
            target("type = \"pagerduty\"\nrouting_key = \"env:PD\""),
            SinkTarget::PagerDuty { routing_key: env("PD"), url: None }
        );
        assert_eq!(
            target(
                "type = \"opsgenie\"\napi_key = \"env:OG\"\nurl = \"https://api.eu.opsgenie.com\""
            ),
            SinkTarget::Opsgenie {
                api_key: env("OG"),
                url: Some("https://api.eu.opsgenie.com".to_owned()),
            }
        );
        let topic = "arn:aws:sns:eu-west-1:123456789012:alerts";
        assert_eq!(
            target(&format!("type = \"sns\"\ntopic = \"{topic}\"")),
            SinkTarget::Sns { topic: topic.to_owned() }
        );
        assert_eq!(
            target("type = \"eventbridge\""),
            SinkTarget::EventBridge { bus: "default".to_owned() }
        );
        assert_eq!(
            target("type = \"mail\"\nto = \"team@a.example\""),
            SinkTarget::Mail {
                to: vec!["team@a.example".to_owned()],
                from: None,
                sendmail: SENDMAIL.into(),
            }
        );
        assert_eq!(
            target("type = \"command\"\ncommand = [\"tell\", \"-x\"]\ntimeout = \"2m\""),
            SinkTarget::Command {
                argv: vec!["tell".to_owned(), "-x".to_owned()],
                timeout: Duration::from_mins(2),
            }
        );
    }

    #[test]
    fn what_is_not_said_is_everything() {
        let sinks = read("[[sink]]\ntype = \"eventbridge\"").expect("settings");
        let [sink] = sinks.as_slice() else { panic!("one sink") };
        assert_eq!((sink.name.as_str(), sink.min_severity), ("eventbridge", Severity::Info));
        assert_eq!(sink.events, []);
        let sinks = read(
            "[[sink]]\ntype = \"eventbridge\"\nname = \"a\"\nmin_severity = \"error\"\n\
             events = [\"resolved\", \"new\", \"new\"]",
        );
        let sinks = sinks.expect("settings");
        let [sink] = sinks.as_slice() else { panic!("one sink") };
        assert_eq!((sink.name.as_str(), sink.min_severity), ("a", Severity::Error));
        assert_eq!(sink.events, [EventKind::Resolved, EventKind::New]);
    }

    #[test]
    fn words_that_there_are_not_come_with_the_nearest() {
        check(
            "type = \"slak\"",
            "\"slak\" -> no sink is of the type `slak`; did you mean `slack`? there are: webhook, \
             slack, teams, pagerduty, opsgenie, sns, eventbridge, mail, command",
        );
        check(
            "type = \"eventbridge\"\nmin_severity = \"high\"",
            "\"high\" -> no severity is called `high`; there are: info, warning, error",
        );
        check(
            "type = \"eventbridge\"\nevents = [\"new\", \"resolve\"]",
            "\"resolve\"] -> no event is called `resolve`; did you mean `resolved`? there are: \
             new, reminder, resolved",
        );
    }

    #[test]
    fn a_key_of_another_type_is_refused() {
        check(
            "type = \"slack\"\nurl = \"env:U\"\nrouting_key = \"env:K\"",
            "\"env:K\" -> a sink of type `slack` has no `routing_key`; it has `url`",
        );
        check(
            "type = \"mail\"\nto = [\"a@b.example\"]\nheaders = { X-A = \"b\" }",
            "X-A = \"b\" } -> a sink of type `mail` has no `headers`; it has `to`, `from`, `sendmail`",
        );
    }

    #[test]
    fn what_lacks_is_shown() {
        check(
            "type = \"pagerduty\"",
            "\"pagerduty\" -> a sink of type `pagerduty` needs `routing_key = \
             \"env:PAGERDUTY_ROUTING_KEY\"`",
        );
        check(
            "type = \"slack\"",
            "\"slack\" -> a sink of type `slack` needs `url = \"env:SLACK_URL\"`",
        );
    }

    #[test]
    fn secrets_in_the_clear_are_refused_and_not_repeated() {
        let advice = "write `env:NAME`, `file:PATH` or `cmd:PROGRAM`, where it is read when needed";
        check(
            "type = \"slack\"\nurl = \"https://hooks.example/s3cret\"",
            &format!(
                "\"https://hooks.example/s3cret\" -> `url` of a sink of type `slack` is a secret; \
                 {advice}"
            ),
        );
        let webhook = "type = \"webhook\"\nurl = \"https://a.example/\"";
        check(
            &format!("{webhook}\nsecret = \"s3cret\""),
            &format!("\"s3cret\" -> `secret` of a sink of type `webhook` is a secret; {advice}"),
        );
        for name in ["Authorization", "X-Api-Key", "Cookie"] {
            check(
                &format!("{webhook}\nheaders = {{ {name} = \"s3cret\" }}"),
                &format!("\"s3cret\" }} -> the header field `{name}` is a secret; {advice}"),
            );
        }
    }

    #[test]
    fn names_are_unique_and_simple() {
        let twice = "type = \"eventbridge\"\n[[sink]]\ntype = \"eventbridge\"";
        check(
            twice,
            "\"eventbridge\" -> two sinks are called `eventbridge`; give each its own `name`",
        );
        let sentence = "the name of a sink is letters, digits, `.`, `_` and `-`, at most 64";
        check("type = \"eventbridge\"\nname = \"a b\"", &format!("\"a b\" -> {sentence}"));
    }

    #[test]
    fn values_that_cannot_be_meant_are_refused() {
        let refused = [
            "type = \"webhook\"\nurl = \"ftp://a.example\"",
            "type = \"webhook\"\nurl = \"env:\"",
            "type = \"webhook\"\nurl = \"https://a.example\"\nheaders = { Host = \"b\" }",
            "type = \"pagerduty\"\nrouting_key = \"env:K\"\nurl = \"eu\"",
            "type = \"sns\"\ntopic = \"alerts\"",
            "type = \"sns\"\ntopic = \"arn:aws:sqs:eu-west-1:123456789012:alerts\"",
            "type = \"eventbridge\"\nbus = \"\"",
            "type = \"eventbridge\"\nevents = []",
            "type = \"mail\"\nto = []",
            "type = \"mail\"\nto = [\"a b\"]",
            "type = \"mail\"\nto = \"-oQ/tmp\"",
            "type = \"mail\"\nto = \"a@b.example\"\nfrom = \"x\\nBcc: y\"",
            "type = \"command\"\ncommand = []",
            "type = \"command\"\ncommand = [\"a\"]\ntimeout = 0",
            "type = \"command\"\ncommand = [\"a\"]\ntimeout = \"2 weeks\"",
        ];
        for table in refused {
            let problems = read(&format!("[[sink]]\n{table}")).expect_err(table);
            assert_eq!(problems.len(), 1, "{table}: {problems:?}");
        }
    }
}
