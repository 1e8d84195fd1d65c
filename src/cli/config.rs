//! `corscope.toml`: what a team decided about rules, findings and origins.
//!
//! Must not: apply it; `setup` does.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use corscope::notify::configured::{self, SinkTable};
use corscope::notify::settings::SinkSettings;
use corscope::report::settings::{Expectation, Glob, Ignore};
use corscope::rules::problem::{Problem, RuleError};
use serde::Deserialize;
use toml::Spanned;

use crate::cli::error::CliError;
use crate::cli::ranges;

/// The file that is read where it lies in the current folder.
pub(crate) const FILE: &str = "corscope.toml";

/// The whole file, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// Rule files and folders of them, relative to this file.
    #[serde(default)]
    rules: Vec<PathBuf>,
    #[serde(default)]
    disable: Vec<Spanned<String>>,
    #[serde(default)]
    severity: toml::map::Map<String, toml::Value>,
    baseline: Option<PathBuf>,
    #[serde(default)]
    ignore: Vec<Spanned<RawIgnore>>,
    #[serde(default)]
    api: Vec<Spanned<RawApi>>,
    #[serde(default)]
    sink: Vec<SinkTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIgnore {
    rule: Spanned<String>,
    route: Option<String>,
    origin: Option<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApi {
    id: String,
    stage: Option<String>,
    #[serde(default)]
    origins: Vec<Spanned<String>>,
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    headers: Vec<String>,
}

/// What a configuration says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Rule files and folders of them, from the current folder.
    pub(crate) rules: Vec<PathBuf>,
    /// Rules that are not to report, each with where it stands.
    pub(crate) disable: Vec<(String, usize)>,
    /// Rules with another severity.
    pub(crate) severity: Vec<(String, String)>,
    /// The baseline file.
    pub(crate) baseline: Option<PathBuf>,
    /// The rules that ignores name, each with where it stands.
    pub(crate) ignored: Vec<(String, usize)>,
    /// Findings to live with.
    pub(crate) ignores: Vec<Ignore>,
    /// Those whose day has passed: what they said, and that day.
    pub(crate) expired: Vec<(String, NaiveDate)>,
    /// What APIs are meant to allow.
    pub(crate) apis: Vec<Expectation>,
    /// Who is told of alerts.
    pub(crate) sinks: Vec<SinkSettings>,
    /// The file's name and text, for messages.
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Config {
    /// Reads the file that the command line names, or the one in the current folder, if there is one.
    /// `today` decides which ignores have expired.
    pub(crate) fn read(named: Option<&Path>, today: NaiveDate) -> Result<Self, CliError> {
        let path = named.unwrap_or(Path::new(FILE));
        #[expect(clippy::disallowed_methods, reason = "the command line reads its configuration")]
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => {
                return Err(CliError::Read { path: path.display().to_string(), source });
            }
        };
        Self::parse(path, &text, today).map_err(CliError::Config)
    }

    fn parse(path: &Path, text: &str, today: NaiveDate) -> Result<Self, Vec<RuleError>> {
        let file = path.display().to_string();
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            vec![RuleError::at(&file, text, offset, Problem::of_toml(error.message()))]
        })?;
        let mut errors = Vec::new();
        let mut wrong = |offset: usize, problem: String| {
            errors.push(RuleError::at(&file, text, offset, Problem::Syntax(problem)));
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut config = Self {
            rules: raw.rules.iter().map(|path| folder.join(path)).collect(),
            baseline: raw.baseline.map(|path| folder.join(path)),
            disable: raw
                .disable
                .into_iter()
                .map(|id| (id.as_ref().clone(), id.span().start))
                .collect(),
            file: file.clone(),
            text: text.to_owned(),
            ..Self::default()
        };
        for (id, level) in raw.severity {
            match level.as_str().map(ranges::severity) {
                Some(Ok(_)) => {
                    config.severity.push((id, level.as_str().unwrap_or_default().to_owned()));
                }
                Some(Err(problem)) => {
                    wrong(offset_of(text, &id), format!("severity of `{id}`: {problem}"));
                }
                None => wrong(
                    offset_of(text, &id),
                    format!("severity of `{id}`: there are: info, warning, error"),
                ),
            }
        }
        for raw in raw.ignore {
            let raw = raw.into_inner();
            if raw.reason.as_ref().trim().is_empty() {
                wrong(raw.reason.span().start, "an ignore needs a reason".to_owned());
            }
            config.ignored.push((raw.rule.as_ref().clone(), raw.rule.span().start));
            let origin = raw.origin.as_ref().map(|origin| glob(origin, &mut wrong));
            let ignore = Ignore {
                rule: Glob::new(raw.rule.as_ref()),
                route: raw.route.as_deref().map(Glob::new),
                origin,
                reason: raw.reason.into_inner(),
            };
            match raw.expires.map(|expires| day(&expires, &mut wrong)) {
                Some(Some(day)) if day < today => {
                    let what = format!("{}: {}", raw.rule.as_ref(), ignore.reason);
                    config.expired.push((what, day));
                }
                Some(_) | None => config.ignores.push(ignore),
            }
        }
        for raw in raw.api {
            let raw = raw.into_inner();
            config.apis.push(Expectation {
                api: Glob::new(&raw.id),
                stage: raw.stage.as_deref().map(Glob::new),
                origins: raw.origins.iter().map(|origin| glob(origin, &mut wrong)).collect(),
                methods: raw.methods,
                headers: raw.headers,
            });
        }
        match configured::settings(&raw.sink) {
            Ok(sinks) => config.sinks = sinks,
            Err(problems) => problems.into_iter().for_each(|(at, problem)| wrong(at, problem)),
        }
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }
}

/// Where a key of a table stands, near enough for a message.
fn offset_of(text: &str, key: &str) -> usize {
    text.find(key).unwrap_or(0)
}

fn glob(origin: &Spanned<String>, wrong: &mut impl FnMut(usize, String)) -> Glob {
    ranges::origin(origin.as_ref()).unwrap_or_else(|problem| {
        wrong(origin.span().start, problem);
        Glob::new(origin.as_ref())
    })
}

fn day(
    expires: &Spanned<toml::value::Datetime>,
    wrong: &mut impl FnMut(usize, String),
) -> Option<NaiveDate> {
    let date = expires.as_ref().date.as_ref();
    let day = date.and_then(|date| {
        NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
    });
    if day.is_none() {
        wrong(expires.span().start, "write a day, as in `expires = 2027-03-31`".to_owned());
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 26).expect("a day");
        Config::parse(Path::new("team/corscope.toml"), text, today)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(parse(text).err().as_deref(), Some(want));
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config =
            parse("rules = [\"own\"]\nbaseline = \"known.json\"").expect("a configuration");
        assert_eq!(config.rules, [Path::new("team/own")]);
        assert_eq!(config.baseline.as_deref(), Some(Path::new("team/known.json")));
    }

    #[test]
    fn an_ignore_ends_after_its_last_day() {
        let ignore =
            |day: &str| format!("[[ignore]]\nrule = \"acao-*\"\nreason = \"old\"\nexpires = {day}");
        let config = parse(&ignore("2026-11-26")).expect("a configuration");
        assert_eq!((config.ignores.len(), config.expired.len()), (1, 0));
        let config = parse(&ignore("2026-11-25")).expect("a configuration");
        assert_eq!((config.ignores.len(), config.expired.len()), (0, 1));
    }

    #[test]
    fn problems_have_their_place_and_the_nearest_name() {
        check("rulez = []", "team/corscope.toml:1:1: no key `rulez`; there is `rules`");
        check(
            "[[ignore]]\nrule = \"a\"\nreson = \"x\"",
            "team/corscope.toml:3:1: no key `reson`; there is `reason`",
        );
        check(
            "[[ignore]]\nrule = \"a\"\nreason = \" \"",
            "team/corscope.toml:3:10: an ignore needs a reason",
        );
        check(
            "[severity]\nacao-missing = \"high\"",
            "team/corscope.toml:2:1: severity of `acao-missing`: there are: info, warning, error",
        );
        check(
            "[[api]]\nid = \"a\"\norigins = [\"app.example.com\"]",
            "team/corscope.toml:3:12: an origin is a scheme and a host, as in \
             `https://app.example.com`; no path, no slash at the end",
        );
    }
}
