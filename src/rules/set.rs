//! A set of rules, and what it finds in an exchange.
//!
//! Must not: compute a verdict, link findings, or hide one.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use hashbrown::HashMap;

use crate::model::nearest::nearest;
use crate::model::{
    Class, Confidence, Exchange, Finding, Impact, Judgement, Kind, LineKind, Outcome, RouteFinding,
    RouteSurvey, RuleText, Severity, SurveyFact, Text,
};
use crate::rules::body::BodyTests;
use crate::rules::closed::Signature;
use crate::rules::condition::{Condition, Facts, OfExchange, Residual, Truth};
use crate::rules::file::{
    About, Draft, EXAMPLES, Embedded, Example, Examples, RuleFile, embedded, parse,
};
use crate::rules::observed;
use crate::rules::problem::{Problem, Problems, RuleError};
use crate::rules::reach::Reach;
use crate::rules::reader::Reader;
use crate::rules::route::OfRoute;
use crate::rules::slots::Slots;
use crate::rules::template::Template;
use crate::rules::trace::Trace;
use crate::rules::words::{Scope, kind_of};

/// The built-in rule files, as `build.rs` found them.
const BUILTIN: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/builtin_rules.rs"));

/// What they are without examples and comments, one behind the other.
static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin_rules.bin"));

/// Signatures whose rules are remembered. Real logs have a few hundred; crafted ones cannot make
/// the table grow without end.
const REMEMBERED: usize = 4096;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// What it says to people.
    pub text: Rc<RuleText>,
    /// The file that it stands in.
    pub file: String,
    /// What it looks at.
    pub scope: Scope,
    /// How much an observed finding matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Version of corscope that had it first.
    pub since: String,
    /// Ids of rules that need not be told where this one fires.
    pub supersedes: Vec<String>,
    /// What is told about it beside its findings.
    pub about: About,
    superseded: Vec<usize>,
    source: Cow<'static, str>,
    examples: Examples,
    detail: Option<Template>,
    count: Option<SurveyFact>,
    pub(crate) condition: Condition,
    enabled: bool,
}

impl Rule {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.text.id
    }

    /// Whether it reports.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Its file without the examples, as it was written.
    pub fn source(&self) -> &str {
        self.source.split(EXAMPLES).next().unwrap_or_default()
    }

    /// Logs that show what it is about, and what it is not about.
    pub fn examples(&self) -> Vec<Example> {
        self.examples.get()
    }
}

/// What one rule says about one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It fires.
    Fires,
    /// It does not.
    DoesNotFire,
    /// The logs do not show these facts, one of which decides.
    Unknown(Vec<String>),
}

/// What rules read of an exchange, beside what verdict and closed facts cover.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Names of request headers; `true` for those of which only the presence is covered.
    pub request_headers: Vec<(String, bool)>,
    /// Names of response headers, likewise.
    pub response_headers: Vec<(String, bool)>,
    /// Whether names of response headers are asked for that are nearly those of CORS.
    pub near_names: bool,
    /// Whether the integration's body has the field that the response lacks.
    pub header_in_body: bool,
    /// Texts.
    pub texts: Vec<Text>,
    /// Kinds of lines that show facts which only some rules ask for.
    pub lines: Vec<LineKind>,
}

/// What the rules find in one exchange.
#[derive(Debug)]
pub struct Examined {
    /// In the order of the rules.
    pub findings: Vec<Finding>,
    /// Which exchanges get the same.
    pub reach: Reach,
}

/// A rule that can fire on exchanges of a signature.
#[derive(Debug)]
struct CanFire {
    /// Its place among the rules.
    rule: usize,
    /// On what it depends.
    residual: Residual,
}

/// A set of rules.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    slots: Slots,
    /// Which rules can fire on a signature, and what that still depends on.
    candidates: RefCell<HashMap<Signature, Rc<[CanFire]>, foldhash::fast::RandomState>>,
}

impl RuleSet {
    /// The built-in rules.
    pub fn builtin() -> Self {
        Self::load(&[]).0
    }

    /// The built-in rules and those of `files`, with what is wrong with any of them. A rule that is
    /// wrong is left out; the others are used.
    pub fn load(files: &[RuleFile]) -> (Self, Vec<RuleError>) {
        Self::read(BUILTIN, files.iter())
    }

    /// The rules of these files alone.
    pub fn from_files<'f>(files: impl IntoIterator<Item = &'f RuleFile>) -> (Self, Vec<RuleError>) {
        Self::read(&[], files.into_iter())
    }

    fn read<'f>(
        built_in: &[Embedded],
        files: impl Iterator<Item = &'f RuleFile>,
    ) -> (Self, Vec<RuleError>) {
        let mut slots = Slots::default();
        let mut drafts: Vec<Draft> = Vec::with_capacity(built_in.len());
        let mut errors = Vec::new();
        for rule in built_in {
            match embedded(rule, &mut slots) {
                // A test sees to it that no two have one id.
                Ok(draft) => drafts.push(draft),
                Err(found) => errors.extend(found),
            }
        }
        for file in files {
            match parse(file, &mut slots) {
                Ok(draft) => errors.extend(add(&mut drafts, draft)),
                Err(found) => errors.extend(found),
            }
        }
        let rules = resolve_names(drafts, &mut errors);
        (Self { rules, slots, candidates: RefCell::default() }, errors)
    }

    /// All rules, in the order of their files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id() == id)
    }

    /// The id that is nearest to one that there is not.
    pub fn nearest_id(&self, id: &str) -> Option<String> {
        nearest(id, self.rules.iter().map(Rule::id))
    }

    /// Silences a rule. `false` if there is none with this id.
    pub fn disable(&mut self, id: &str) -> bool {
        self.change(id, |rule| rule.enabled = false)
    }

    /// Gives a rule another severity. `false` if there is none with this id.
    pub fn set_severity(&mut self, id: &str, severity: Severity) -> bool {
        self.change(id, |rule| rule.severity = severity)
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Rule)) -> bool {
        self.candidates.get_mut().clear();
        match self.rules.iter_mut().find(|rule| rule.id() == id) {
            Some(rule) => {
                change(rule);
                true
            }
            None => false,
        }
    }

    /// What the rules of scope `exchange` find.
    pub fn examine(&self, exchange: &Exchange, judgement: &Judgement) -> Examined {
        let signature = Signature::of(exchange, judgement);
        let candidates = self.candidates(&signature);
        if candidates.is_empty() {
            return Examined { findings: Vec::new(), reach: Reach::AnyStatus };
        }
        let reader = Reader::new(exchange, judgement, &self.slots);
        let facts = OfExchange { signature: &signature, reader: &reader };
        let mut fired: Vec<(usize, &Rule)> = Vec::new();
        for candidate in candidates.iter() {
            if candidate.residual.truth(&facts) == Truth::True
                && let Some(rule) = self.rules.get(candidate.rule)
            {
                fired.push((candidate.rule, rule));
            }
        }
        let told = |index: usize| !fired.iter().any(|(_, rule)| rule.superseded.contains(&index));
        let told = fired.iter().filter(|(index, _)| told(*index));
        if fired.is_empty() {
            return Examined { findings: Vec::new(), reach: reader.reach() };
        }
        let impact = impact(&reader, judgement);
        // They may be kept for long.
        let mut findings = Vec::with_capacity(fired.len());
        findings.extend(told.map(|(_, rule)| {
            let found = finding(rule, &facts, impact);
            let most = observed::most_confident(exchange, rule.text.class);
            Finding { confidence: found.confidence.min(most), ..found }
        }));
        Examined { findings, reach: reader.reach() }
    }

    /// What the rules read of an exchange without failure, function log or access-log line.
    pub fn inputs(&self) -> Inputs {
        self.slots.inputs()
    }

    /// What they ask about the body of an error, which is covered too.
    pub(crate) fn body_tests(&self) -> BodyTests {
        self.slots.of_body.clone()
    }

    /// What one rule says, and, where it cannot tell, which facts it would need.
    pub fn ask(&self, rule: &Rule, exchange: &Exchange, judgement: &Judgement) -> Answer {
        let signature = Signature::of(exchange, judgement);
        let reader = Reader::new(exchange, judgement, &self.slots);
        answer(rule, &OfExchange { signature: &signature, reader: &reader })
    }

    /// What each part of a rule's condition comes to.
    pub fn trace(&self, rule: &Rule, exchange: &Exchange, judgement: &Judgement) -> Trace {
        let signature = Signature::of(exchange, judgement);
        let reader = Reader::new(exchange, judgement, &self.slots);
        rule.condition.trace(&OfExchange { signature: &signature, reader: &reader })
    }

    /// The same for a rule about routes or API stages; `None` if it looks at the other kind.
    pub fn trace_route(&self, rule: &Rule, survey: &RouteSurvey) -> Option<Trace> {
        (rule.scope == scope_of(survey)).then(|| rule.condition.trace(&OfRoute(survey)))
    }

    /// As [`Self::ask`], for a rule about routes or API stages.
    pub fn ask_route(&self, rule: &Rule, survey: &RouteSurvey) -> Answer {
        if rule.scope == scope_of(survey) {
            answer(rule, &OfRoute(survey))
        } else {
            Answer::DoesNotFire
        }
    }

    /// Whether any rule looks at routes.
    pub fn looks_at_routes(&self) -> bool {
        self.rules.iter().any(|rule| rule.enabled && rule.scope != Scope::Exchange)
    }

    /// What the rules about routes (or about API stages, if it is one) find, in the order of the
    /// rules.
    pub fn examine_route(&self, survey: &RouteSurvey) -> Vec<RouteFinding> {
        let facts = OfRoute(survey);
        let all = self.rules.iter().enumerate();
        let fired: Vec<(usize, &Rule)> = all
            .filter(|(_, rule)| rule.enabled && rule.scope == scope_of(survey))
            .filter(|(_, rule)| rule.condition.truth(&facts) == Truth::True)
            .collect();
        let told = |index: usize| !fired.iter().any(|(_, rule)| rule.superseded.contains(&index));
        let impact = match survey.number(SurveyFact::BrowserRequests) {
            0 => Impact::Latent,
            _ => Impact::Observed,
        };
        let told = fired.iter().filter(|(index, _)| told(*index));
        told.map(|(_, rule)| {
            let mut shown_by = Vec::new();
            rule.condition.roles(&facts, &mut shown_by);
            shown_by.sort_unstable();
            shown_by.dedup();
            let count = rule.count.unwrap_or(SurveyFact::Requests);
            RouteFinding {
                finding: finding(rule, &facts, impact),
                roles: shown_by,
                count: survey.number(count),
            }
        })
        .collect()
    }

    fn candidates(&self, signature: &Signature) -> Rc<[CanFire]> {
        let mut remembered = self.candidates.borrow_mut();
        if let Some(found) = remembered.get(signature) {
            return Rc::clone(found);
        }
        let rules = self.rules.iter().enumerate();
        let candidates: Rc<[CanFire]> = rules
            .filter(|(_, rule)| rule.enabled && rule.scope == Scope::Exchange)
            .filter(|(_, rule)| rule.condition.can_hold(signature))
            .map(|(index, rule)| CanFire { rule: index, residual: rule.condition.given(signature) })
            .collect();
        if remembered.len() < REMEMBERED {
            remembered.insert(signature.clone(), Rc::clone(&candidates));
        }
        candidates
    }
}

/// The scope of rules that look at it.
fn scope_of(survey: &RouteSurvey) -> Scope {
    if survey.path.is_some() { Scope::Route } else { Scope::Api }
}

fn answer<'a>(rule: &Rule, facts: &impl Facts<'a>) -> Answer {
    match rule.condition.truth(facts) {
        Truth::True => Answer::Fires,
        Truth::False => Answer::DoesNotFire,
        Truth::Unknown => {
            let mut names = Vec::new();
            rule.condition.unknown(facts, &mut names);
            names.sort();
            names.dedup();
            Answer::Unknown(names)
        }
    }
}

fn finding<'a>(rule: &Rule, facts: &impl Facts<'a>, impact: Impact) -> Finding {
    let mut evidence = Vec::new();
    rule.condition.evidence(facts, &mut evidence);
    evidence.sort_unstable();
    evidence.dedup();
    Finding {
        rule: Rc::clone(&rule.text),
        severity: match impact {
            Impact::Observed => rule.severity,
            Impact::Latent => rule.severity.lowered(),
        },
        confidence: rule.confidence,
        impact,
        detail: rule.detail.as_ref().and_then(|detail| detail.fill(facts)),
        caused_by: Vec::new(),
        evidence,
    }
}

/// A browser met it if the request carries an `Origin`, which is what a decision needs too.
fn impact(reader: &Reader<'_>, judgement: &Judgement) -> Impact {
    let decided = match judgement.applying().outcome {
        Outcome::Allowed | Outcome::Blocked => true,
        Outcome::NotCors | Outcome::Undetermined => false,
    };
    if decided || reader.has_origin() { Impact::Observed } else { Impact::Latent }
}

/// Takes a rule in, or tells why not.
fn add(drafts: &mut Vec<Draft>, draft: Draft) -> Option<RuleError> {
    let old = drafts.iter_mut().find(|old| old.text.id == draft.text.id);
    match old {
        None => drafts.push(draft),
        Some(old) if draft.replaces || is_own_file(&draft.file.name, &old.file.name) => {
            *old = draft;
        }
        Some(old) => {
            let (id, first) = (draft.text.id.clone(), old.file.name.clone());
            let problem = Problem::Duplicate { id, first };
            return error(&draft, draft.place, problem);
        }
    }
    None
}

/// Whether a file is the one that a built-in rule was built from, maybe in a newer version: who works
/// on the built-in rules names their folder.
fn is_own_file(file: &str, built_in: &str) -> bool {
    file.strip_suffix(built_in).is_some_and(|folder| folder.ends_with('/'))
        || (file == built_in && built_in.starts_with("rules/"))
}

fn error(draft: &Draft, offset: usize, problem: Problem) -> Option<RuleError> {
    let mut problems = Problems::new(&draft.file.name, &draft.file.text);
    problems.add(offset, problem);
    problems.into_errors().pop()
}

/// Turns classes and ids in `explains` and `supersedes` into the rules that there are. A name that
/// is neither is told, and the rule stays.
fn resolve_names(drafts: Vec<Draft>, errors: &mut Vec<RuleError>) -> Vec<Rule> {
    let known: Vec<(String, Class)> =
        drafts.iter().map(|draft| (draft.text.id.clone(), draft.text.class)).collect();
    let is_symptom = |(_, class): &&(String, Class)| kind_of(*class) == Kind::Symptom;
    let symptoms: Vec<_> = known.iter().filter(is_symptom).collect();
    let mut rules = Vec::new();
    for mut draft in drafts {
        draft.text.explains = explained(&draft, &symptoms, errors);
        let superseded = superseded(&draft, &known, errors);
        rules.push(Rule {
            text: Rc::new(draft.text),
            file: draft.file.name,
            source: draft.built_in.map_or(Cow::Owned(draft.file.text), Cow::Borrowed),
            scope: draft.scope,
            severity: draft.severity,
            confidence: draft.confidence,
            since: draft.since,
            examples: draft.examples,
            supersedes: draft.supersedes.into_iter().map(|(_, id)| id).collect(),
            about: draft.about,
            superseded,
            detail: draft.detail,
            count: draft.count,
            condition: draft.condition,
            enabled: true,
        });
    }
    rules
}

/// Ids of the symptom rules that a cause names, by class or by id.
fn explained(
    draft: &Draft,
    symptoms: &[&(String, Class)],
    errors: &mut Vec<RuleError>,
) -> Vec<String> {
    for (offset, name) in &draft.explains {
        let class = Class::parse(name).filter(|class| kind_of(*class) == Kind::Symptom);
        if class.is_none() && !symptoms.iter().any(|(id, _)| id == name) {
            let ids = symptoms.iter().map(|(id, _)| id.as_str());
            let classes = symptoms.iter().map(|(_, class)| class.as_str());
            let problem = Problem::UnknownWord {
                what: "symptom".to_owned(),
                name: name.clone(),
                nearest: nearest(name, ids.chain(classes)),
            };
            errors.extend(error(draft, *offset, problem));
        }
    }
    let named = |text: &str| draft.explains.iter().any(|(_, name)| name == text);
    let symptoms = symptoms.iter().filter(|(id, class)| named(id) || named(class.as_str()));
    symptoms.map(|(id, _)| id.clone()).collect()
}

fn superseded(draft: &Draft, known: &[(String, Class)], errors: &mut Vec<RuleError>) -> Vec<usize> {
    let mut found = Vec::new();
    for (offset, name) in &draft.supersedes {
        if let Some(index) = known.iter().position(|(id, _)| id == name) {
            found.push(index);
        } else {
            let problem = Problem::UnknownWord {
                what: "rule".to_owned(),
                name: name.clone(),
                nearest: nearest(name, known.iter().map(|(id, _)| id.as_str())),
            };
            errors.extend(error(draft, *offset, problem));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checks that [`RuleSet::load`] spares itself.
    #[test]
    fn built_in_rules_hold_as_new_ones() {
        let files = BUILTIN
            .iter()
            .map(|rule| RuleFile { name: rule.name.to_owned(), text: rule.text.to_owned() })
            .collect::<Vec<_>>();
        let (set, errors) = RuleSet::from_files(&files);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(set.rules().len(), BUILTIN.len());
        for (built_in, new) in RuleSet::builtin().rules().iter().zip(set.rules()) {
            assert_eq!(built_in.examples(), new.examples(), "{}", new.id());
        }
    }
}
