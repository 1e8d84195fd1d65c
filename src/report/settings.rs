//! What is shown, what fails a run, and what counts as intended.
//!
//! Must not: count; that is the builder's work.

use std::collections::BTreeSet;

use crate::model::{
    BlockReason, Exchange, Fact, Finding, Impact, Judgement, Kind, Outcome, Severity, Text,
};
use crate::report::group::{BlockedResponse, Console, Group};

pub use crate::model::Glob;

/// Writes what browsers print about a blocked response.
pub type ConsoleTexts = fn(&BlockedResponse<'_>) -> Option<Console>;

/// Settings of a report. The default shows everything and fails on errors.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// Findings below it are counted, not shown.
    pub min_severity: Severity,
    /// Findings at or above it fail the run; `None`: nothing does.
    pub fail_on: Option<Severity>,
    /// Rules that are asked and not to report: their findings are counted.
    pub disabled: Vec<String>,
    /// How many rules are switched off, and so were never asked.
    pub rules_off: usize,
    /// Rules with a severity of the user's own. Latent findings rank one lower, as always.
    pub severities: Vec<(String, Severity)>,
    /// Only exchanges on one of these routes; empty: all. Matches the configured route, its path
    /// part, or the requested path.
    pub routes: Vec<Glob>,
    /// Only exchanges from one of these origins; empty: all.
    pub origins: Vec<Glob>,
    /// Only exchanges with one of these statuses; empty: all.
    pub statuses: Vec<StatusRange>,
    /// Origins that should work; refusals of all others are as intended. Empty: not stated.
    pub allowed_origins: Vec<Glob>,
    /// What single APIs are meant to allow; refusals of anything else are as intended.
    pub expectations: Vec<Expectation>,
    /// Findings that somebody decided to live with. Expired ones are not to be given.
    pub ignores: Vec<Ignore>,
    /// Fingerprints of findings that were known before.
    pub baseline: BTreeSet<String>,
    /// Gives the console texts of a group's example.
    pub console: ConsoleTexts,
    /// How many groups are kept apart. Beyond it, findings of a rule on one API stage share a
    /// group without method, route and origin.
    pub max_groups: usize,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            min_severity: Severity::Info,
            fail_on: Some(Severity::Error),
            disabled: Vec::new(),
            rules_off: 0,
            severities: Vec::new(),
            routes: Vec::new(),
            origins: Vec::new(),
            statuses: Vec::new(),
            allowed_origins: Vec::new(),
            expectations: Vec::new(),
            ignores: Vec::new(),
            baseline: BTreeSet::new(),
            console: |_| None,
            max_groups: 4096,
        }
    }
}

/// What the settings make of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// A filter leaves it out.
    LeftOut,
    /// It is reported.
    Selected,
    /// It is reported, but what it asks is none that should work (another origin, method or
    /// header): what refused it is no failure.
    Unexpected,
}

/// What an API is meant to allow. An empty list says nothing.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// API ids.
    pub api: Glob,
    /// Stages; `None`: all.
    pub stage: Option<Glob>,
    /// Origins.
    pub origins: Vec<Glob>,
    /// Methods, as browsers send them.
    pub methods: Vec<String>,
    /// Request headers, in any case.
    pub headers: Vec<String>,
}

/// A finding that somebody decided to live with. What is `None` fits anything.
#[derive(Debug, Clone)]
pub struct Ignore {
    /// Rule ids.
    pub rule: Glob,
    /// Routes, as `--route` takes them.
    pub route: Option<Glob>,
    /// Origins.
    pub origin: Option<Glob>,
    /// Why.
    pub reason: String,
}

impl Ignore {
    /// Whether it is meant.
    pub(crate) fn covers(&self, group: &Group) -> bool {
        let fits = |glob: &Option<Glob>, text: Option<&str>| {
            glob.as_ref().is_none_or(|glob| text.is_some_and(|text| glob.matches(text)))
        };
        let route = group.route.as_deref();
        let with_method = match (group.method.as_deref(), route) {
            (Some(method), Some(route)) => Some(format!("{method} {}", path_of(route))),
            (None, _) | (_, None) => None,
        };
        self.rule.matches(&group.rule.id)
            && (fits(&self.route, route)
                || fits(&self.route, route.map(path_of))
                || fits(&self.route, with_method.as_deref()))
            && fits(&self.origin, group.origin.as_deref())
    }
}

/// `/orders` of `GET /orders`.
fn path_of(route: &str) -> &str {
    route.split_once(' ').map_or(route, |(_, path)| path)
}

impl ReportSettings {
    /// Whether and how an exchange is reported.
    pub fn select(&self, exchange: &Exchange, judgement: &Judgement) -> Selection {
        if !self.has_filters() && self.allowed_origins.is_empty() && self.expectations.is_empty() {
            return Selection::Selected;
        }
        if !self.matches_status(exchange) || !self.matches_route(exchange) {
            return Selection::LeftOut;
        }
        let origin = || exchange.request_headers().get("origin");
        let is_one_of = |globs: &[Glob]| match origin() {
            Fact::Seen(origin) => Some(globs.iter().any(|glob| glob.matches(&origin))),
            Fact::Absent | Fact::Unseen => None,
        };
        if !self.origins.is_empty() && is_one_of(&self.origins) != Some(true) {
            return Selection::LeftOut;
        }
        let is_foreign = |globs: &[Glob]| !globs.is_empty() && is_one_of(globs) == Some(false);
        if judgement.applying().outcome == Outcome::Allowed {
            // Nothing was refused, whoever asked.
            return Selection::Selected;
        }
        let is_unexpected = is_foreign(&self.allowed_origins)
            || self
                .expectations
                .iter()
                .filter(|it| it.is_about(exchange))
                .any(|expected| is_foreign(&expected.origins) || expected.refuses(judgement));
        if is_unexpected { Selection::Unexpected } else { Selection::Selected }
    }

    /// The severity at which a finding is reported; `None`: not at all.
    pub fn severity(&self, finding: &Finding, selection: Selection) -> Option<Severity> {
        let is_intended = selection == Selection::Unexpected
            && finding.rule.kind == Kind::Symptom
            && finding.impact == Impact::Observed;
        if is_intended || self.disabled.contains(&finding.rule.id) {
            return None;
        }
        let own = self.severities.iter().rev().find(|(rule, _)| *rule == finding.rule.id);
        Some(match (own, finding.impact) {
            (None, Impact::Observed | Impact::Latent) => finding.severity,
            (Some((_, severity)), Impact::Observed) => *severity,
            (Some((_, severity)), Impact::Latent) => severity.lowered(),
        })
    }

    /// The findings of one exchange that are shown, with their severities.
    pub fn shown<'a>(
        &'a self,
        findings: &'a [Finding],
        selection: Selection,
    ) -> impl Iterator<Item = (&'a Finding, Severity)> {
        findings
            .iter()
            .filter_map(move |finding| Some((finding, self.severity(finding, selection)?)))
            .filter(|(_, severity)| *severity >= self.min_severity)
    }

    /// Whether a refusal is one that works: blocked, and nothing that should work.
    pub fn is_intended_refusal(selection: Selection, judgement: &Judgement) -> bool {
        selection == Selection::Unexpected && judgement.applying().outcome == Outcome::Blocked
    }

    /// Whether any filter is set.
    pub fn has_filters(&self) -> bool {
        !(self.routes.is_empty() && self.origins.is_empty() && self.statuses.is_empty())
    }

    fn matches_status(&self, exchange: &Exchange) -> bool {
        self.statuses.is_empty()
            || exchange
                .status
                .seen()
                .is_some_and(|status| self.statuses.iter().any(|range| range.contains(status)))
    }

    fn matches_route(&self, exchange: &Exchange) -> bool {
        if self.routes.is_empty() {
            return true;
        }
        let route = exchange.text(Text::Route);
        let path = exchange.text(Text::Path);
        let part = route.as_deref().and_then(|route| route.split_once(' ')).map(|(_, path)| path);
        let candidates = [route.as_deref(), part, path.as_deref()];
        candidates
            .into_iter()
            .flatten()
            .any(|text| self.routes.iter().any(|glob| glob.matches(text)))
    }
}

impl Expectation {
    fn is_about(&self, exchange: &Exchange) -> bool {
        let fits =
            |glob: &Glob, which| exchange.text(which).is_some_and(|text| glob.matches(&text));
        fits(&self.api, Text::Api) && self.stage.as_ref().is_none_or(|it| fits(it, Text::Stage))
    }

    /// Whether the browser refused a method or a header that is not meant to be allowed.
    fn refuses(&self, judgement: &Judgement) -> bool {
        let verdict = judgement.applying();
        let Some(detail) = verdict.detail.as_deref() else { return false };
        let lacks = |list: &[String]| {
            !list.is_empty() && !list.iter().any(|known| known.eq_ignore_ascii_case(detail))
        };
        match verdict.reason {
            Some(BlockReason::MethodDisallowedByPreflightResponse) => lacks(&self.methods),
            Some(BlockReason::HeaderDisallowedByPreflightResponse) => lacks(&self.headers),
            Some(_) | None => false,
        }
    }
}

/// Statuses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    from: u16,
    to: u16,
}

impl StatusRange {
    /// Parses `502`, `5xx` or `500-599`.
    pub fn parse(text: &str) -> Option<Self> {
        let range = if let Some(hundreds) = text.to_ascii_lowercase().strip_suffix("xx") {
            let from = hundreds.parse::<u16>().ok()?.checked_mul(100)?;
            Self { from, to: from.checked_add(99)? }
        } else if let Some((from, to)) = text.split_once('-') {
            Self { from: from.trim().parse().ok()?, to: to.trim().parse().ok()? }
        } else {
            let status = text.parse().ok()?;
            Self { from: status, to: status }
        };
        (100 <= range.from && range.from <= range.to && range.to <= 599).then_some(range)
    }

    /// Whether `status` lies in it.
    pub fn contains(self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_classes_or_ranges() {
        let parse = |text| StatusRange::parse(text).map(|range| (range.from, range.to));
        assert_eq!(parse("502"), Some((502, 502)));
        assert_eq!(parse("5xx"), Some((500, 599)));
        assert_eq!(parse("4XX"), Some((400, 499)));
        assert_eq!(parse("400-504"), Some((400, 504)));
        for bad in ["", "xx", "99", "600", "504-400", "5x", "-", "9999xx"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
