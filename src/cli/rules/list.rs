//! `rules list`, `rules show` and `rules facts`.
//!
//! Must not: hide a rule that is switched off.

use std::fmt::Write as _;

use corscope::model::Frequency;
use corscope::output::escape::visible;
use corscope::rules::facts::{self, FactType};
use corscope::rules::set::{Rule, RuleSet};
use corscope::rules::words::{Basis, Scope};
use serde::Serialize;

use crate::cli::args::{ListFormat, SetOptions};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::{json, print, table};
use crate::cli::setup::{self, unknown_rule};
use crate::cli::time;

#[derive(Debug, Serialize)]
struct RuleRow<'a> {
    id: &'a str,
    title: &'a str,
    kind: &'static str,
    class: &'static str,
    scope: &'static str,
    severity: &'static str,
    confidence: &'static str,
    frequency: Option<&'static str>,
    basis: Option<&'static str>,
    enabled: bool,
    file: &'a str,
    since: &'a str,
    explains: &'a [String],
    supersedes: &'a [String],
    candidates: &'a [String],
    recipes: &'a [String],
    reasons: Vec<&'static str>,
    references: &'a [String],
}

impl<'a> RuleRow<'a> {
    fn new(rule: &'a Rule) -> Self {
        let (text, about) = (&*rule.text, &rule.about);
        Self {
            id: &text.id,
            title: &text.title,
            kind: text.kind.as_str(),
            class: text.class.as_str(),
            scope: rule.scope.as_str(),
            severity: rule.severity.as_str(),
            confidence: rule.confidence.as_str(),
            frequency: text.frequency.map(Frequency::as_str),
            basis: about.basis.map(Basis::as_str),
            enabled: rule.is_enabled(),
            file: &rule.file,
            since: &rule.since,
            explains: &text.explains,
            supersedes: &rule.supersedes,
            candidates: &text.candidates,
            recipes: &about.recipes,
            reasons: about.reasons.iter().map(|reason| reason.as_str()).collect(),
            references: &text.references,
        }
    }
}

/// The rules that a run would use.
fn used(options: &SetOptions) -> Result<(RuleSet, ExitStatus), CliError> {
    let today = time::today(time::UTC);
    let setup::Rules { mut set, config, is_partial } = setup::rules(options, today)?;
    setup::check_config(&config, &set)?;
    for (id, _) in &config.disable {
        set.disable(id);
    }
    for (id, level) in &config.severity {
        if let Ok(severity) = crate::cli::ranges::severity(level) {
            set.set_severity(id, severity);
        }
    }
    Ok((set, if is_partial { ExitStatus::Usage } else { ExitStatus::Clean }))
}

/// All rules, with what they are.
pub(crate) fn list(format: ListFormat, options: &SetOptions) -> Result<ExitStatus, CliError> {
    let (set, status) = used(options)?;
    let mut rules: Vec<&Rule> = set.rules().iter().collect();
    rules.sort_by_key(|rule| (rule.text.kind, rule.text.class.as_str(), rule.id().to_owned()));
    match format {
        ListFormat::Json => {
            json(rules.iter().map(|rule| RuleRow::new(rule)))?;
        }
        ListFormat::Table => {
            let rows = rules.iter().map(|rule| {
                let state = if rule.is_enabled() { "" } else { "off" };
                [
                    rule.id().to_owned(),
                    rule.text.kind.as_str().to_owned(),
                    rule.text.class.as_str().to_owned(),
                    rule.scope.as_str().to_owned(),
                    rule.severity.as_str().to_owned(),
                    rule.confidence.as_str().to_owned(),
                    state.to_owned(),
                    rule.text.title.clone(),
                ]
            });
            let head = ["ID", "KIND", "CLASS", "SCOPE", "SEVERITY", "CONFIDENCE", "", "TITLE"];
            print(&table(head, rows))?;
        }
    }
    Ok(status)
}

/// One rule, as its file has it.
pub(crate) fn show(
    id: &str,
    with_examples: bool,
    options: &SetOptions,
) -> Result<ExitStatus, CliError> {
    let (set, status) = used(options)?;
    let Some(rule) = set.get(id) else {
        let problem = unknown_rule(&set, id).unwrap_or_default();
        return Err(CliError::Option { option: "rules show", problem });
    };
    let mut text = format!("# {}\n", rule.file);
    text.push_str(rule.source().trim());
    text.push('\n');
    for example in rule.examples() {
        if with_examples {
            let _ = write!(
                text,
                "\n[[examples]]\nname = {:?}\nfires = {}\nlog = '''\n{}'''\n",
                example.name, example.fires, example.log
            );
        } else {
            let fires = if example.fires { "fires" } else { "does not fire" };
            let _ = writeln!(text, "# example, {fires}: {}", example.name);
        }
    }
    print(&shown_lines(&text))?;
    Ok(status)
}

#[derive(Debug, Serialize)]
struct FactRow {
    name: &'static str,
    r#type: &'static str,
    values: Option<&'static [&'static str]>,
    scope: &'static str,
    seen_in: Vec<&'static str>,
    meaning: &'static str,
    example: &'static str,
    /// Whether `NAME.share` is a fact too: its percentage of the requests with an `Origin`.
    has_share: bool,
}

fn facts_rows() -> impl Iterator<Item = impl Serialize> {
    facts::facts().map(|entry| FactRow {
        name: entry.name,
        r#type: type_name(entry.kind),
        values: match entry.kind {
            FactType::OneOf(values) => Some(values),
            FactType::Text | FactType::Number | FactType::Bool => None,
        },
        scope: entry.scope.as_str(),
        seen_in: entry.lines.iter().map(|kind| kind.label()).collect(),
        meaning: entry.meaning,
        example: entry.example,
        has_share: entry.kind == FactType::Number && entry.scope == Scope::Route,
    })
}

fn type_name(kind: FactType) -> &'static str {
    match kind {
        FactType::Text => "text",
        FactType::Number => "number",
        FactType::Bool => "true or false",
        FactType::OneOf(_) => "one of",
    }
}

/// All facts.
pub(crate) fn facts(format: ListFormat) -> Result<ExitStatus, CliError> {
    if format == ListFormat::Json {
        return json(facts_rows());
    }
    let mut text = String::new();
    for scope in [Scope::Exchange, Scope::Route] {
        let title = match scope {
            Scope::Exchange => "Facts of an exchange",
            Scope::Route | Scope::Api => {
                "\nFacts of a route, and of an API stage (counts also as NAME.share, in percent of \
                 the requests with an Origin); route, api and stage are there too"
            }
        };
        let _ = writeln!(text, "{title}\n");
        for entry in facts::facts().filter(|entry| entry.scope == scope) {
            let kind = match entry.kind {
                FactType::OneOf(values) => format!("one of: {}", values.join(", ")),
                kind @ (FactType::Text | FactType::Number | FactType::Bool) => {
                    type_name(kind).to_owned()
                }
            };
            let _ = writeln!(text, "{}\n    {}\n    {kind}", entry.name, entry.meaning);
            if !matches!(entry.kind, FactType::OneOf(_) | FactType::Bool) {
                let _ = writeln!(text, "    as in: {}", entry.example);
            }
            let seen: Vec<&str> = entry.lines.iter().map(|kind| kind.label()).collect();
            if !seen.is_empty() {
                let _ = writeln!(text, "    seen in: {}", seen.join("; "));
            }
        }
    }
    print(&text)
}

/// A text of several lines, each fit for a terminal.
fn shown_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.lines() {
        shown.push_str(&visible(&line.replace('\t', "    ")));
        shown.push('\n');
    }
    shown
}
