//! `rules new`, `rules lint` and `rules test`.
//!
//! Must not: replace a file that is there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use corscope::output::escape::visible;
use corscope::output::redact::Redaction;
use corscope::pipeline::example;
use corscope::rules::catalogue::Catalogue;
use corscope::rules::file::{Example, RuleFile};
use corscope::rules::schema;
use corscope::rules::set::{Rule, RuleSet};
use corscope::rules::trace::{Trace, Verdict};
use corscope::rules::words::Scope;

use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::rules::print;
use crate::cli::setup::{read_rules, tell};

const EXCHANGE: &str = include_str!("template-exchange.toml");
const ROUTE: &str = include_str!("template-route.toml");

/// Writes a template that passes its tests, and the schema beside it.
pub(crate) fn new(id: &str, dir: &Path, scope: Scope) -> Result<ExitStatus, CliError> {
    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !id.bytes().all(kebab) || id.split('-').any(str::is_empty) {
        let problem = format!("`{id}` is no rule id; write small letters, digits and hyphens");
        return Err(CliError::Option { option: "rules new", problem });
    }
    if RuleSet::builtin().get(id).is_some() {
        let problem = format!(
            "there is a built-in rule `{id}`; `corscope rules show {id}` prints it, and a file \
             with `override = true` replaces it"
        );
        return Err(CliError::Option { option: "rules new", problem });
    }
    let template = match scope {
        Scope::Exchange => EXCHANGE,
        Scope::Route | Scope::Api => ROUTE,
    };
    let text = template.replace("RULE-ID", id).replace("RULE-SCOPE", scope.as_str());
    let path = dir.join(format!("{id}.toml"));
    create(&path, &text)?;
    let schema = dir.join(schema::FILE);
    if !schema.exists() {
        create(&schema, &schema::document())?;
    }
    let path = visible(&path.display().to_string()).into_owned();
    print(&format!("{path}\n"))?;
    // There is nobody left to tell if this fails.
    let _ = writeln!(
        std::io::stderr().lock(),
        "corscope: change the condition and the examples, then: corscope rules test {path}",
    );
    Ok(ExitStatus::Clean)
}

fn create(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source| CliError::Output { path: path.display().to_string(), source };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Tells what is wrong with rule files: errors, and what a team would miss later.
pub(crate) fn lint(paths: &[PathBuf]) -> Result<ExitStatus, CliError> {
    let files = read_rules(paths)?;
    let (set, errors) = RuleSet::load(&files);
    tell(&errors);
    let catalogue = Catalogue::builtin();
    let mut text = String::new();
    let mut warnings = 0;
    let own = |rule: &&Rule| files.iter().any(|file| file.name == rule.file);
    for rule in set.rules().iter().filter(own) {
        for problem in style(rule, &set, &catalogue) {
            warnings += 1;
            let _ = writeln!(text, "{}: warning: {problem}", visible(&rule.file));
        }
    }
    let _ = writeln!(
        text,
        "{} in {}: {}, {}",
        count(files.len() - broken(&files, &errors), "rule"),
        count(files.len(), "file"),
        count(errors.len(), "error"),
        count(warnings, "warning"),
    );
    print(&text)?;
    Ok(if errors.is_empty() && warnings == 0 { ExitStatus::Clean } else { ExitStatus::Findings })
}

fn broken(files: &[RuleFile], errors: &[corscope::rules::problem::RuleError]) -> usize {
    files.iter().filter(|file| errors.iter().any(|error| error.file == file.name)).count()
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What loads, and should be better.
fn style(rule: &Rule, set: &RuleSet, catalogue: &Catalogue) -> Vec<String> {
    let mut problems = Vec::new();
    let mut warn = |problem: &str| problems.push(problem.to_owned());
    let examples = rule.examples();
    if !examples.iter().any(|example| example.fires) {
        warn("no example fires it");
    }
    if !examples.iter().any(|example| !example.fires) {
        warn("no example is a near miss, a log that looks like it and does not fire it");
    }
    if rule.text.title.chars().count() > 90 || rule.text.title.ends_with('.') {
        warn("the title is one line of at most 90 characters, without a full stop");
    }
    if rule.text.references.is_empty() {
        warn("no reference says where its facts come from");
    }
    for id in &rule.text.candidates {
        if set.get(id).is_none() && catalogue.page(id).is_none() {
            warn(&format!("the candidate `{id}` is no entry of the catalogue"));
        }
    }
    problems
}

/// Runs the examples of rule files, or of all built-in rules.
pub(crate) fn test(paths: &[PathBuf]) -> Result<ExitStatus, CliError> {
    let files = read_rules(paths)?;
    let (set, errors) = RuleSet::load(&files);
    tell(&errors);
    let is_meant =
        |rule: &&Rule| paths.is_empty() || files.iter().any(|file| file.name == rule.file);
    let mut text = String::new();
    let (mut passed, mut failed) = (0, errors.len());
    for rule in set.rules().iter().filter(is_meant) {
        for example in rule.examples() {
            match failure(&set, rule, &example) {
                None => passed += 1,
                Some(problem) => {
                    failed += 1;
                    text.push_str(&problem);
                }
            }
        }
    }
    let _ =
        writeln!(text, "{}: {passed} passed, {failed} failed", count(passed + failed, "example"));
    print(&text)?;
    Ok(if failed == 0 { ExitStatus::Clean } else { ExitStatus::Findings })
}

fn failure(set: &RuleSet, rule: &Rule, example: &Example) -> Option<String> {
    let run = example::run(set, rule, example);
    let problem = run.problem(example)?;
    let mut text =
        format!("FAILED {}: {}\n  {problem}\n", visible(rule.id()), visible(&example.name));
    let traces = run.traces.len();
    for (number, trace) in run.traces.iter().enumerate() {
        if traces > 1 {
            let what = if rule.scope == Scope::Exchange { "exchange" } else { "route" };
            let _ = writeln!(text, "  {what} {} of {traces}:", number + 1);
        }
        append(&mut text, trace, 1, Redaction::On);
    }
    if !run.found.is_empty() {
        let _ = writeln!(text, "  rules that fired: {}", visible(&run.found.join(", ")));
    }
    Some(text)
}

/// A condition with what each of its parts comes to, indented.
pub(crate) fn append(text: &mut String, trace: &Trace, depth: usize, redaction: Redaction) {
    let indent = "  ".repeat(depth);
    let mark = match trace.truth {
        Verdict::True => "true   ",
        Verdict::False => "false  ",
        Verdict::Unknown => "unknown",
    };
    let _ = write!(text, "{indent}{mark}  {}", visible(&trace.test));
    if trace.parts.is_empty() {
        match &trace.value {
            Some(value) => {
                let value = redaction.text(value.as_str());
                let shown: String = visible(&value).chars().take(200).collect();
                let _ = write!(text, "   (is: {shown})");
            }
            None => text.push_str("   (no line shows it)"),
        }
    }
    text.push('\n');
    for part in &trace.parts {
        append(text, part, depth + 1, redaction);
    }
}
