//! One rule file → one rule, its condition compiled.
//!
//! Must not: touch the file system; whoever has a folder of rules brings their texts.

use serde::Deserialize;

use crate::model::nearest::nearest;
use crate::model::{BlockReason, Class, Confidence, Kind, RuleText, Severity, SurveyFact};
use crate::rules::compile::{RawCondition, compile};
use crate::rules::condition::Condition;
use crate::rules::facts::{FactId, OpenFact, resolve};
use crate::rules::placed::Placed;
use crate::rules::problem::{Problem, Problems, RuleError};
use crate::rules::slots::Slots;
use crate::rules::template::Template;
use crate::rules::words::{Basis, PageSurface, Scope, Word, kind_of};

/// A rule file's name and text.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// As it is to be named in messages; its last part without `.toml` is the rule's id.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// A log that shows what a rule is about, or what it is not about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Whether the rule fires on it.
    pub fires: bool,
    /// Log lines as exported.
    pub log: String,
}

/// How the examples of a rule file begin; they stand behind everything else.
pub(crate) const EXAMPLES: &str = "\n[[examples]]";

/// Examples are most of a rule's text and are wanted only when rules are shown or tested.
#[derive(Debug)]
pub(crate) enum Examples {
    /// Read with the rule.
    Read(Vec<Example>),
    /// The text of the file that holds them: that of a built-in rule, which tests have read.
    Text(&'static str),
}

impl Examples {
    /// The examples, read now if they were not before.
    pub(crate) fn get(&self) -> Vec<Example> {
        #[derive(Deserialize)]
        struct Tail {
            examples: Vec<Example>,
        }
        match self {
            Self::Read(examples) => examples.clone(),
            Self::Text(text) => {
                let at = text.find(EXAMPLES).unwrap_or(text.len());
                let tail = text.get(at..).and_then(|tail| toml::from_str(tail).ok());
                tail.map_or(Vec::new(), |tail: Tail| tail.examples)
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: Placed<String>,
    title: String,
    class: Placed<String>,
    kind: Placed<String>,
    scope: Option<Placed<String>>,
    severity: Placed<String>,
    confidence: Placed<String>,
    why: String,
    fix: String,
    detail: Option<Placed<String>>,
    count: Option<Placed<String>>,
    #[serde(default)]
    explains: Vec<Placed<String>>,
    #[serde(default)]
    supersedes: Vec<Placed<String>>,
    #[serde(default)]
    references: Vec<String>,
    frequency: Option<Placed<String>>,
    basis: Option<Placed<String>>,
    #[serde(default)]
    reasons: Vec<Placed<String>>,
    confirm_with: Option<String>,
    #[serde(default)]
    candidates: Vec<Placed<String>>,
    #[serde(default)]
    recipes: Vec<Placed<String>>,
    #[serde(default)]
    surfaces: Vec<Placed<String>>,
    since: String,
    #[serde(default)]
    r#override: bool,
    when: Placed<RawCondition>,
    #[serde(default)]
    examples: Vec<Example>,
}

/// A rule as its file has it; what names other rules is not resolved yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) file: RuleFile,
    pub(crate) text: RuleText,
    pub(crate) scope: Scope,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) detail: Option<Template>,
    /// For rules about routes: how many exchanges a finding is about.
    pub(crate) count: Option<SurveyFact>,
    pub(crate) condition: Condition,
    pub(crate) since: String,
    pub(crate) examples: Examples,
    pub(crate) replaces: bool,
    /// Where `id` stands.
    pub(crate) place: usize,
    /// Symptom classes and rule ids, with where they stand.
    pub(crate) explains: Vec<(usize, String)>,
    /// Rule ids, with where they stand.
    pub(crate) supersedes: Vec<(usize, String)>,
    pub(crate) about: About,
    /// The text of a built-in rule.
    pub(crate) built_in: Option<&'static str>,
}

/// What is told about a rule beside its findings.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// What its link from cause to symptom rests on.
    pub basis: Option<Basis>,
    /// The reasons that a browser gives for what it causes.
    pub reasons: Vec<BlockReason>,
    /// Ids of recipes: how to do what `fix` says, by place.
    pub recipes: Vec<String>,
    /// The surfaces that it happens on; none for all. Candidates of other surfaces are left out.
    pub surfaces: Vec<PageSurface>,
}

/// Whether a file has been read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// A built-in one, whose expressions a test has compiled.
    Tested,
    /// Any other.
    New,
}

/// Reads one file. `slots` numbers the open facts of all rules.
pub(crate) fn parse(file: &RuleFile, slots: &mut Slots) -> Result<Draft, Vec<RuleError>> {
    let mut problems = Problems::new(&file.name, &file.text);
    match toml::from_str(&file.text) {
        Ok(raw) => draft(file, raw, Trust::New, slots),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            problems.add(offset, Problem::of_toml(error.message()));
            Err(problems.into_errors())
        }
    }
}

/// Reads a built-in rule in the form that the build script gave it. Its text comes with its examples.
pub(crate) fn embedded(rule: &Embedded, slots: &mut Slots) -> Result<Draft, Vec<RuleError>> {
    let file = RuleFile { name: rule.name.to_owned(), text: String::new() };
    match rmp_serde::from_slice(rule.rule) {
        Ok(raw) => {
            let mut draft = draft(&file, raw, Trust::Tested, slots)?;
            draft.examples = Examples::Text(rule.text);
            draft.built_in = Some(rule.text);
            Ok(draft)
        }
        Err(error) => {
            let mut problems = Problems::new(&file.name, rule.text);
            problems.add(0, Problem::Syntax(error.to_string()));
            Err(problems.into_errors())
        }
    }
}

/// A rule file as it is embedded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Embedded {
    /// Its path from the package's root.
    pub(crate) name: &'static str,
    /// The rule without its examples, as `MessagePack`.
    pub(crate) rule: &'static [u8],
    /// The whole file.
    pub(crate) text: &'static str,
}

fn draft(
    file: &RuleFile,
    raw: RawRule,
    trust: Trust,
    slots: &mut Slots,
) -> Result<Draft, Vec<RuleError>> {
    let mut problems = Problems::new(&file.name, &file.text);
    let scope = match &raw.scope {
        Some(scope) => word(scope, &mut problems),
        None => Some(Scope::Exchange),
    };
    let facts_of = scope.unwrap_or_default();
    let condition = compile(&raw.when, (trust, facts_of), slots, &mut problems);
    let detail = raw.detail.as_ref().and_then(|detail| {
        let template = Template::parse(detail.as_ref(), facts_of);
        template.map_err(|problem| problems.add(detail.start(), problem)).ok()
    });
    check_id(file, &raw.id, &mut problems);
    let class = word::<Class>(&raw.class, &mut problems);
    let kind = word::<Kind>(&raw.kind, &mut problems);
    let severity = word(&raw.severity, &mut problems);
    let confidence = word(&raw.confidence, &mut problems);
    let count = raw.count.as_ref().and_then(|name| counted(name, facts_of, &mut problems));
    if let (Some(class), Some(kind)) = (class, kind) {
        let own = kind_of(class);
        if own != kind {
            let problem = Problem::KindOfClass { class: class.as_str(), kind: own.as_str() };
            problems.add(raw.class.start(), problem);
        }
        if (kind == Kind::Cause) == raw.explains.is_empty() {
            problems.add(raw.kind.start(), Problem::Explains);
        }
    }
    let frequency = raw.frequency.as_ref().and_then(|text| word(text, &mut problems));
    let basis = raw.basis.as_ref().and_then(|text| word::<Basis>(text, &mut problems));
    if basis == Some(Basis::Inferred) && confidence.is_some_and(|it| it > Confidence::Possible) {
        problems.add(raw.confidence.start(), Problem::Inferred);
    }
    let reasons = raw.reasons.iter().filter_map(|text| word(text, &mut problems)).collect();
    let surfaces = raw.surfaces.iter().filter_map(|text| word(text, &mut problems)).collect();
    let about = About { basis, reasons, recipes: names(raw.recipes), surfaces };
    let place = raw.id.start();
    match (condition, class, kind, severity.zip(confidence), scope) {
        (Some(condition), Some(class), Some(kind), Some((severity, confidence)), Some(scope))
            if problems.is_empty() =>
        {
            Ok(Draft {
                file: file.clone(),
                text: RuleText {
                    id: raw.id.into_inner(),
                    class,
                    kind,
                    title: raw.title,
                    why: raw.why,
                    fix: raw.fix,
                    explains: Vec::new(),
                    references: raw.references,
                    frequency,
                    confirm_with: raw.confirm_with,
                    candidates: names(raw.candidates),
                },
                scope,
                severity,
                confidence,
                detail,
                count,
                condition,
                since: raw.since,
                examples: Examples::Read(raw.examples),
                replaces: raw.r#override,
                place,
                explains: placed(raw.explains),
                supersedes: placed(raw.supersedes),
                about,
                built_in: None,
            })
        }
        _ => Err(problems.into_errors()),
    }
}

/// The count that says how many exchanges a finding is about.
fn counted(name: &Placed<String>, scope: Scope, problems: &mut Problems<'_>) -> Option<SurveyFact> {
    let problem = match resolve(name.as_ref(), scope) {
        Ok(FactId::Open(OpenFact::Survey { fact, share: false })) if fact.is_number() => {
            return Some(fact);
        }
        Ok(FactId::Closed(_) | FactId::Open(_)) => Problem::Count,
        Err(problem) => problem,
    };
    problems.add(name.start(), problem);
    None
}

fn placed(names: Vec<Placed<String>>) -> Vec<(usize, String)> {
    names.into_iter().map(|name| (name.start(), name.into_inner())).collect()
}

fn names(names: Vec<Placed<String>>) -> Vec<String> {
    names.into_iter().map(Placed::into_inner).collect()
}

/// A file has the name of the entry that it holds.
pub(super) fn check_id(file: &RuleFile, id: &Placed<String>, problems: &mut Problems<'_>) {
    let name = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.strip_suffix(".toml") != Some(id.as_ref()) {
        let problem = Problem::IdIsNotFileName { id: id.as_ref().clone() };
        problems.add(id.start(), problem);
    }
}

/// The word that a text is, or a problem with the nearest one.
pub(super) fn word<T: Word>(text: &Placed<String>, problems: &mut Problems<'_>) -> Option<T> {
    let found = T::ALL.iter().copied().find(|word| word.word() == text.as_ref());
    if found.is_none() {
        let problem = Problem::UnknownWord {
            what: T::WHAT.to_owned(),
            name: text.as_ref().clone(),
            nearest: nearest(text.as_ref(), T::ALL.iter().map(|word| word.word())),
        };
        problems.add(text.start(), problem);
    }
    found
}
