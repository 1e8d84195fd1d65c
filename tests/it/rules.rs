//! The built-in rule files: form, completeness, stable ids, and whether their examples fire.

use std::collections::BTreeSet;

use corscope::model::{Class, Kind};
use corscope::pipeline::example;
use corscope::rules::file::Example;
use corscope::rules::set::{Rule, RuleSet};
use corscope::rules::words::kind_of;

#[test]
fn every_built_in_rule_loads() {
    let (_, errors) = RuleSet::load(&[]);
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn every_class_has_a_rule() {
    let rules = RuleSet::builtin();
    let have: BTreeSet<Class> = rules.rules().iter().map(|rule| rule.text.class).collect();
    for class in Class::ALL {
        assert!(have.contains(class), "{}", class.as_str());
    }
}

#[test]
fn every_rule_has_examples_for_and_against() {
    for rule in RuleSet::builtin().rules() {
        let examples = rule.examples();
        for fires in [true, false] {
            let there = examples.iter().any(|example| example.fires == fires);
            assert!(there, "{} has no example with fires = {fires}", rule.id());
        }
        let names: BTreeSet<_> = examples.iter().map(|example| &example.name).collect();
        assert_eq!(names.len(), examples.len(), "{}: names of examples repeat", rule.id());
        for example in &examples {
            assert!(!example.log.trim().is_empty(), "{}: {}", rule.id(), example.name);
        }
    }
}

#[test]
fn texts_have_their_form() {
    for rule in RuleSet::builtin().rules() {
        let (id, text) = (rule.id(), &rule.text);
        let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(id.bytes().all(kebab), "{id} is not in kebab case");
        assert!(!["no-", "check-", "should-"].iter().any(|bad| id.starts_with(bad)), "{id}");
        assert!(text.title.len() <= 90 && !text.title.contains('\n'), "{id}: {}", text.title);
        assert!(!text.title.ends_with('.'), "{id}: the title ends in a full stop");
        assert!(!text.references.is_empty(), "{id} has no reference");
        let sentences = text.why.matches(". ").count() + 1;
        assert!(sentences <= 4, "{id}: why has {sentences} sentences");
        for part in [&text.why, &text.fix] {
            assert!(part.ends_with('.') && !part.contains('\n'), "{id}: {part}");
            for word in ["simply", "please", "just "] {
                assert!(!part.to_lowercase().contains(word), "{id} says `{word}`");
            }
        }
        assert_ne!(text.why, text.fix, "{id}");
    }
}

#[test]
fn a_fix_begins_with_a_verb() {
    let verbs: BTreeSet<_> = include_str!("rules_verbs.txt").split_whitespace().collect();
    for rule in RuleSet::builtin().rules() {
        let first = rule.text.fix.split([' ', ',']).next().unwrap_or_default();
        assert!(verbs.contains(first), "{}: `{first}` is not in rules_verbs.txt", rule.id());
    }
}

#[test]
fn kinds_follow_classes_and_causes_explain_symptoms() {
    let rules = RuleSet::builtin();
    for rule in rules.rules() {
        assert_eq!(rule.text.kind, kind_of(rule.text.class), "{}", rule.id());
        assert_eq!(rule.text.kind == Kind::Cause, !rule.text.explains.is_empty(), "{}", rule.id());
        for id in &rule.text.explains {
            let symptom = rules.get(id).expect("a rule");
            assert_eq!(symptom.text.kind, Kind::Symptom, "{} explains {id}", rule.id());
        }
    }
}

#[test]
fn a_rule_supersedes_rules_of_its_kind() {
    let rules = RuleSet::builtin();
    for rule in rules.rules() {
        for id in &rule.supersedes {
            let general = rules.get(id).expect("a rule");
            assert_eq!(general.text.kind, rule.text.kind, "{} supersedes {id}", rule.id());
            assert_ne!(general.id(), rule.id());
        }
    }
}

#[test]
fn ids_are_never_lost() {
    let rules = RuleSet::builtin();
    let mut ids: Vec<_> = rules.rules().iter().map(|rule| rule.id().to_owned()).collect();
    ids.sort();
    let known: Vec<_> = include_str!("rules_ids.txt").lines().map(str::to_owned).collect();
    assert_eq!(ids, known, "a released id is never removed or renamed; new ones go into the list");
}

#[test]
fn every_text_of_a_closed_fact_is_documented() {
    for fact in corscope::rules::facts::facts() {
        assert!(!fact.meaning.is_empty() && !fact.example.is_empty(), "{}", fact.name);
    }
}

#[test]
fn every_example_fires_as_it_says() {
    let rules = RuleSet::builtin();
    let mut wrong = Vec::new();
    for rule in rules.rules() {
        for example in rule.examples() {
            let problem = example_problem(&rules, rule, &example);
            wrong.extend(
                problem.map(|problem| format!("{}: {}: {problem}", rule.id(), example.name)),
            );
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs an example through the whole pipeline and tells what is not as it says.
fn example_problem(rules: &RuleSet, rule: &Rule, example: &Example) -> Option<String> {
    let run = example::run(rules, rule, example);
    if let Some(problem) = run.problem(example) {
        return Some(format!("{problem}; found {:?}; {:#?}", run.found, run.traces));
    }
    // A more precise rule, or a surer one of the class, says it better.
    let is_better = |other: &Rule| {
        other.supersedes.iter().any(|id| id == rule.id()) || other.text.class == rule.text.class
    };
    let hidden =
        run.fires && !run.told && !run.found.iter().filter_map(|id| rules.get(id)).any(is_better);
    hidden.then(|| format!("it fires, and no finding comes of it; found {:?}", run.found))
}
