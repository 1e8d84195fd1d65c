//! Options and configuration → the rules and the settings of a report.
//!
//! What is wrong with a rule file is told, and the other rules still run. If the command line named
//! the file, the run ends with the exit code of a usage error.
//!
//! Must not: analyze anything.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use corscope::notify::settings::SinkSettings;
use corscope::output::escape::visible;
use corscope::pipeline::console_texts;
use corscope::report::settings::{Glob, ReportSettings};
use corscope::rules::file::RuleFile;
use corscope::rules::problem::{Problem, RuleError};
use corscope::rules::set::RuleSet;

use crate::cli::args::{ReportOptions, RuleOptions, SetOptions};
use crate::cli::config::Config;
use crate::cli::error::CliError;
use crate::cli::{baseline, ranges};

/// What a run works with.
pub(crate) struct Setup {
    /// The rules.
    pub(crate) rules: RuleSet,
    /// What is reported.
    pub(crate) settings: ReportSettings,
    /// Whether a rule file that the command line names cannot be used.
    pub(crate) is_partial: bool,
    /// The baseline file.
    pub(crate) baseline: Option<PathBuf>,
    /// The sinks of the configuration.
    pub(crate) sinks: Vec<SinkSettings>,
}

/// The rules of a run, with what its configuration says.
pub(crate) struct Rules {
    pub(crate) set: RuleSet,
    pub(crate) config: Config,
    pub(crate) is_partial: bool,
}

/// Reads the configuration and all rule files; tells what is wrong with these.
pub(crate) fn rules(options: &SetOptions, today: NaiveDate) -> Result<Rules, CliError> {
    let config = Config::read(options.config.as_deref(), today)?;
    let configured = read_rules(&config.rules)?;
    let named = read_rules(&options.rules)?;
    let (set, errors) = RuleSet::load(&[configured, named.clone()].concat());
    tell(&errors);
    let is_named = |error: &RuleError| named.iter().any(|file| file.name == error.file);
    let is_partial = errors.iter().any(is_named);
    Ok(Rules { set, config, is_partial })
}

/// Everything that a report needs.
pub(crate) fn of(
    report: &ReportOptions,
    options: &RuleOptions,
    today: NaiveDate,
) -> Result<Setup, CliError> {
    let Rules { mut set, config, is_partial } = rules(&options.set, today)?;
    check_names(report, &config, &set)?;
    let mut settings = settings(report);
    // A rule that is switched off is not asked: it costs nothing, and silences no other.
    for id in config.disable.iter().map(|(id, _)| id).chain(&report.disable) {
        set.disable(id);
    }
    settings.rules_off = set.rules().iter().filter(|rule| !rule.is_enabled()).count();
    // What the command line says comes behind, and counts.
    let configured = config.severity.iter().filter_map(|(id, level)| {
        ranges::severity(level).ok().map(|severity| (id.clone(), severity))
    });
    settings.severities = configured.chain(report.severity.iter().cloned()).collect();
    settings.ignores = config.ignores;
    settings.expectations = config.apis;
    tell_expired(&config.expired);
    let baseline = options.baseline.clone().or(config.baseline);
    if options.write_baseline && baseline.is_none() {
        return Err(CliError::Option {
            option: "--write-baseline",
            problem: "name the file by `--baseline FILE`, or in corscope.toml".to_owned(),
        });
    }
    if let Some(path) = &baseline
        && !options.write_baseline
    {
        settings.baseline = baseline::read(path)?;
    }
    Ok(Setup { rules: set, settings, is_partial, baseline, sinks: config.sinks })
}

fn settings(options: &ReportOptions) -> ReportSettings {
    ReportSettings {
        min_severity: options.min_severity,
        fail_on: options.fail_on.0,
        routes: options.route.clone(),
        origins: options.origin.clone(),
        statuses: options.status.clone(),
        allowed_origins: options.allow_origin.clone(),
        console: console_texts,
        ..ReportSettings::default()
    }
}

/// A rule that is misspelled would report on, and nobody would know why.
fn check_names(options: &ReportOptions, config: &Config, rules: &RuleSet) -> Result<(), CliError> {
    let disabled = options.disable.iter().map(|id| ("--disable", id));
    let severities = options.severity.iter().map(|(id, _)| ("--severity", id));
    for (option, id) in disabled.chain(severities) {
        if let Some(problem) = unknown_rule(rules, id) {
            return Err(CliError::Option { option, problem });
        }
    }
    check_config(config, rules)
}

/// The same for the names in a configuration.
pub(crate) fn check_config(config: &Config, rules: &RuleSet) -> Result<(), CliError> {
    let configured = config.disable.iter().map(|(id, at)| (id, *at));
    let severities =
        config.severity.iter().map(|(id, _)| (id, config.text.find(id.as_str()).unwrap_or(0)));
    let named = configured.chain(severities).filter_map(|(id, at)| {
        let problem = Problem::Syntax(unknown_rule(rules, id)?);
        Some(RuleError::at(&config.file, &config.text, at, problem))
    });
    let ignored = config.ignored.iter().filter_map(|(pattern, at)| {
        let glob = Glob::new(pattern);
        if rules.rules().iter().any(|rule| glob.matches(rule.id())) {
            return None;
        }
        let problem = unknown_rule(rules, pattern).unwrap_or_default();
        Some(RuleError::at(&config.file, &config.text, *at, Problem::Syntax(problem)))
    });
    let errors: Vec<RuleError> = named.chain(ignored).collect();
    if errors.is_empty() { Ok(()) } else { Err(CliError::Config(errors)) }
}

/// What to say of a rule id that there is not.
pub(crate) fn unknown_rule(rules: &RuleSet, id: &str) -> Option<String> {
    if rules.get(id).is_some() {
        return None;
    }
    Some(match rules.nearest_id(id) {
        Some(nearest) => format!("there is no rule `{id}`; did you mean `{nearest}`?"),
        None => format!("there is no rule `{id}`"),
    })
}

/// Rule files by their paths; of a folder all that end in `.toml`, with those in folders below.
pub(crate) fn read_rules(paths: &[PathBuf]) -> Result<Vec<RuleFile>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |source| CliError::Read { path: path.display().to_string(), source };
        let before = files.len();
        collect(path, true, &mut files).map_err(failed)?;
        if files.len() == before {
            return Err(CliError::Option {
                option: "--rules",
                problem: format!("`{}` holds no rule file (*.toml)", path.display()),
            });
        }
    }
    Ok(files)
}

fn collect(path: &Path, is_named: bool, files: &mut Vec<RuleFile>) -> io::Result<()> {
    if path.is_dir() {
        #[expect(clippy::disallowed_methods, reason = "the command line reads rule files")]
        let entries = std::fs::read_dir(path)?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| collect(path, false, files));
    }
    if is_named || (path.extension().is_some_and(|it| it == "toml") && !is_of_catalogue(path)) {
        #[expect(clippy::disallowed_methods, reason = "the command line reads rule files")]
        let bytes = std::fs::read(path)?;
        // What is no text is no TOML either; its place is told with the other problems.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        files.push(RuleFile { name: path.display().to_string(), text });
    }
    Ok(())
}

/// Pages and recipes of the built-in catalogue stand in folders of their own beside the rules.
fn is_of_catalogue(path: &Path) -> bool {
    path.parent().is_some_and(|it| it.ends_with("rules/pages") || it.ends_with("rules/recipes"))
}

/// Tells what is wrong with rule files.
pub(crate) fn tell(errors: &[RuleError]) {
    let mut stderr = io::stderr().lock();
    for error in errors {
        // There is nobody left to tell if this fails.
        let _ = writeln!(stderr, "error: {}", visible(&error.to_string()));
        if let Some(hint) = error.problem.hint() {
            let _ = writeln!(stderr, "hint: {hint}");
        }
    }
}

fn tell_expired(expired: &[(String, NaiveDate)]) {
    let mut stderr = io::stderr().lock();
    for (what, day) in expired {
        // There is nobody left to tell if this fails.
        let _ = writeln!(
            stderr,
            "corscope: an ignore expired on {day}, and counts no more: {}",
            visible(what)
        );
    }
}
