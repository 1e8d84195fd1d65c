//! Symptom ← cause, per exchange.
//!
//! Must not: find anything new.

use std::cmp::Reverse;
use std::rc::Rc;

use crate::model::{Class, Confidence, Finding, Kind, RuleText};

/// Links each symptom with the causes that account for it, and orders: causes that explain a
/// symptom of this exchange, other causes, symptoms, practices; within these the more severe, the
/// more certain and the more frequent first. That a preflight runs the function at all comes before what becomes of it
/// there.
///
/// A cause that is less sure than another one of its class on the same exchange says nothing that
/// the other does not say better, and is dropped; but if the other names it as a candidate, it says
/// which of the candidates these logs point to, and stands behind it.
pub fn diagnose(mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() < 2 {
        return findings;
    }
    let sure: Vec<(Rc<RuleText>, Confidence)> =
        causes(&findings).map(|cause| (Rc::clone(&cause.rule), cause.confidence)).collect();
    findings.retain(|finding| {
        let better = |(other, confidence): &(Rc<RuleText>, Confidence)| {
            other.class == finding.rule.class
                && *confidence > finding.confidence
                && !other.candidates.contains(&finding.rule.id)
        };
        finding.rule.kind != Kind::Cause || !sure.iter().any(better)
    });
    let links: Vec<Rc<RuleText>> = causes(&findings).map(|cause| Rc::clone(&cause.rule)).collect();
    let mut explaining = Vec::new();
    for symptom in findings.iter_mut().filter(|finding| finding.rule.kind == Kind::Symptom) {
        for cause in &links {
            if cause.explains.contains(&symptom.rule.id) {
                symptom.caused_by.push(cause.id.clone());
                explaining.push(cause.id.as_str());
            }
        }
    }
    findings.sort_by_key(|finding| {
        let explains = explaining.contains(&finding.rule.id.as_str());
        let rank = match finding.rule.kind {
            Kind::Cause if explains => 0,
            Kind::Cause => 1,
            Kind::Symptom => 2,
            Kind::Practice => 3,
        };
        let is_first = finding.rule.class == Class::OptionsReachesHandler;
        (rank, Reverse((finding.severity, finding.confidence, is_first, finding.rule.frequency)))
    });
    // The causes of a symptom stand in the order in which they are printed.
    let order: Vec<Rc<RuleText>> = causes(&findings).map(|cause| Rc::clone(&cause.rule)).collect();
    for symptom in &mut findings {
        symptom.caused_by.sort_by_key(|id| order.iter().position(|cause| cause.id == *id));
    }
    findings
}

fn causes(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.rule.kind == Kind::Cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Impact, Severity};

    fn finding(id: &str, class: Class, kind: Kind, confidence: Confidence) -> Finding {
        let explains = match kind {
            Kind::Cause => vec!["no-headers".to_owned()],
            Kind::Symptom | Kind::Practice => Vec::new(),
        };
        let rule = RuleText {
            id: id.to_owned(),
            class,
            kind,
            title: String::new(),
            why: String::new(),
            fix: String::new(),
            explains,
            references: Vec::new(),
            frequency: None,
            confirm_with: None,
            candidates: Vec::new(),
        };
        Finding {
            rule: Rc::new(rule),
            severity: Severity::Error,
            confidence,
            impact: Impact::Observed,
            detail: None,
            caused_by: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn symptom() -> Finding {
        finding("no-headers", Class::ErrorResponseWithoutCors, Kind::Symptom, Confidence::Likely)
    }

    fn ids(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.rule.id.as_str()).collect()
    }

    #[test]
    fn a_cause_is_linked_and_stands_first() {
        let cause = finding("timeout", Class::LambdaTimeout, Kind::Cause, Confidence::Confirmed);
        let practice = finding("any", Class::WildcardOrigin, Kind::Practice, Confidence::Confirmed);
        let found = diagnose(vec![practice, symptom(), cause]);
        assert_eq!(ids(&found), ["timeout", "no-headers", "any"]);
        assert_eq!(found[1].caused_by, ["timeout"]);
    }

    #[test]
    fn a_surer_cause_of_the_same_class_is_enough() {
        let sure = finding("sure", Class::LambdaError, Kind::Cause, Confidence::Confirmed);
        let weak = finding("weak", Class::LambdaError, Kind::Cause, Confidence::Possible);
        let other = finding("other", Class::WafBlocked, Kind::Cause, Confidence::Possible);
        let found = diagnose(vec![weak, other, sure, symptom()]);
        assert_eq!(ids(&found), ["sure", "other", "no-headers"]);
        assert_eq!(found[2].caused_by, ["sure", "other"]);
    }

    #[test]
    fn a_preflight_that_runs_the_function_leads_what_becomes_of_it() {
        let sure = Confidence::Confirmed;
        let error = finding("error", Class::LambdaError, Kind::Cause, sure);
        let options = finding("options", Class::OptionsReachesHandler, Kind::Cause, sure);
        let found = diagnose(vec![error, symptom(), options]);
        assert_eq!(ids(&found), ["options", "error", "no-headers"]);
        assert_eq!(found[2].caused_by, ["options", "error"]);
    }

    #[test]
    fn a_candidate_of_a_surer_cause_stands_behind_it() {
        let mut sure = finding("sure", Class::LambdaError, Kind::Cause, Confidence::Confirmed);
        let text = Rc::get_mut(&mut sure.rule).expect("one owner");
        text.candidates = vec!["named".to_owned()];
        let named = finding("named", Class::LambdaError, Kind::Cause, Confidence::Possible);
        let other = finding("other", Class::LambdaError, Kind::Cause, Confidence::Possible);
        let found = diagnose(vec![other, named, sure, symptom()]);
        assert_eq!(ids(&found), ["sure", "named", "no-headers"]);
    }

    #[test]
    fn a_symptom_without_a_cause_stays_alone() {
        assert!(diagnose(vec![symptom()])[0].caused_by.is_empty());
    }
}
