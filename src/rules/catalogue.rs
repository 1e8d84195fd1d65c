//! The rest of the catalogue: pages about what no log proves, and recipes for what fixes ask for.
//!
//! Must not: parse anything before it is asked; a run without findings does not pay for it.

use std::cell::OnceCell;
use std::cmp::Reverse;

use serde::Deserialize;

use crate::model::{BlockReason, Candidate, Frequency, RuleText, Surface};
use crate::rules::file::{RuleFile, check_id, word};
use crate::rules::placed::Placed;
use crate::rules::problem::{Problem, Problems, RuleError};
use crate::rules::set::RuleSet;
use crate::rules::words::{Basis, PageSurface, PhaseOfPage, Place};

/// The embedded pages, as `MessagePack`: a run with findings reads them all.
static PAGES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin_pages.bin"));

/// The embedded recipes, as `build.rs` found them.
const RECIPES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_recipes.rs"));

/// An entry of the catalogue without a rule: logs do not show it, or not it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguePage {
    /// Its id, kebab case.
    pub id: String,
    /// One line: what is wrong.
    pub title: String,
    /// Where it happens: `browser`, `cloudfront`, ...
    pub layer: String,
    /// Which response it breaks.
    pub phase: PhaseOfPage,
    /// How often it is met.
    pub frequency: Frequency,
    /// What it rests on.
    pub basis: Basis,
    /// The reasons that a browser gives for it.
    pub reasons: Vec<BlockReason>,
    /// The surfaces that it happens on; none for all.
    pub surfaces: Vec<PageSurface>,
    /// The scheme that the URL has where it happens; none for all.
    pub url_scheme: Option<String>,
    /// The origin that the page has where it happens; none for all.
    pub page_origin: Option<String>,
    /// The service of AWS that answers by its own name where it happens; none for all.
    pub aws_service: Option<String>,
    /// What the browser did because of it.
    pub why: String,
    /// What to change.
    pub fix: String,
    /// What the logs show of it.
    pub logs: String,
    /// What would confirm it.
    pub confirm_with: String,
    /// Ids of recipes.
    pub recipes: Vec<String>,
    /// Ids of the symptom rules as which it appears.
    pub seen_as: Vec<String>,
    /// Whether a request that meets it leaves lines in the logs of API and function. Otherwise it is
    /// no candidate for what such lines show.
    pub leaves_lines: bool,
    /// Where the facts come from.
    pub references: Vec<String>,
    /// Version of corscope that had it first.
    pub since: String,
}

/// How to do what a fix says, place by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Its id.
    pub id: String,
    /// One line: what it brings about.
    pub title: String,
    /// Why it is done this way.
    pub why: String,
    /// What to do.
    pub steps: Vec<Step>,
}

/// What to do in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The place.
    pub place: Place,
    /// Commands, code, or where to click.
    pub text: String,
}

/// Pages and recipes.
#[derive(Debug, Default)]
pub struct Catalogue {
    pages: OnceCell<Vec<CataloguePage>>,
    recipes: OnceCell<Vec<Recipe>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPage {
    id: Placed<String>,
    title: String,
    layer: String,
    phase: Placed<String>,
    frequency: Placed<String>,
    basis: Placed<String>,
    reasons: Vec<Placed<String>>,
    #[serde(default)]
    surfaces: Vec<Placed<String>>,
    #[serde(default)]
    url_scheme: Option<String>,
    #[serde(default)]
    page_origin: Option<String>,
    #[serde(default)]
    aws_service: Option<String>,
    why: String,
    fix: String,
    logs: String,
    confirm_with: String,
    #[serde(default)]
    recipes: Vec<String>,
    #[serde(default)]
    seen_as: Vec<String>,
    #[serde(default = "yes")]
    leaves_lines: bool,
    references: Vec<String>,
    since: String,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRecipe {
    id: Placed<String>,
    title: String,
    why: String,
    steps: Vec<RawStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    place: Placed<String>,
    text: String,
}

impl Catalogue {
    /// The built-in catalogue; nothing is parsed yet.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The catalogue of these files, with what is wrong with them. What is wrong is left out.
    pub fn from_files(pages: &[RuleFile], recipes: &[RuleFile]) -> (Self, Vec<RuleError>) {
        let mut errors = Vec::new();
        let pages = pages_of(pages, &mut errors).into();
        let recipes = recipes_of(recipes, &mut errors).into();
        (Self { pages, recipes }, errors)
    }

    /// All pages, by id.
    pub fn pages(&self) -> &[CataloguePage] {
        self.pages.get_or_init(embedded_pages)
    }

    /// The page with this id.
    pub fn page(&self, id: &str) -> Option<&CataloguePage> {
        self.pages().iter().find(|page| page.id == id)
    }

    /// All recipes, by id.
    pub fn recipes(&self) -> &[Recipe] {
        self.recipes.get_or_init(|| recipes_of(&owned(RECIPES), &mut Vec::new()))
    }

    /// The recipe with this id.
    pub fn recipe(&self, id: &str) -> Option<&Recipe> {
        self.recipes().iter().find(|recipe| recipe.id == id)
    }

    /// What else may be behind a finding of `rule`: what the rule names, and the pages that appear
    /// as it; most frequent first.
    pub fn candidates(
        &self,
        rules: &RuleSet,
        rule: &RuleText,
        reason: Option<BlockReason>,
        surface: Surface,
    ) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for other in rules.rules() {
            let gives = fits(&other.about.reasons, reason) && is_on(&other.about.surfaces, surface);
            if gives && other.id() != rule.id && rule.candidates.iter().any(|id| id == other.id()) {
                found.push(Candidate {
                    id: other.id().to_owned(),
                    title: other.text.title.clone(),
                    frequency: other.text.frequency,
                    confirm_with: other.text.confirm_with.clone(),
                });
            }
        }
        for page in self.pages() {
            let is_named = rule.candidates.contains(&page.id)
                || (page.leaves_lines && page.seen_as.contains(&rule.id));
            if is_named && fits(&page.reasons, reason) && page.is_on(surface) {
                found.push(Candidate {
                    id: page.id.clone(),
                    title: page.title.clone(),
                    frequency: Some(page.frequency),
                    confirm_with: Some(page.confirm_with.clone()),
                });
            }
        }
        found.sort_by(|one, other| {
            (Reverse(one.frequency), &one.id).cmp(&(Reverse(other.frequency), &other.id))
        });
        found.dedup_by(|one, other| one.id == other.id);
        found
    }
}

impl CataloguePage {
    /// Whether it happens on `surface`, as far as that is known.
    pub fn is_on(&self, surface: Surface) -> bool {
        is_on(&self.surfaces, surface)
    }
}

/// Whether one of these is `surface`, as far as that is known; none stand for all.
pub(crate) fn is_on(surfaces: &[PageSurface], surface: Surface) -> bool {
    surface == Surface::Unknown
        || surfaces.is_empty()
        || surfaces.iter().any(|own| own.0 == surface)
}

fn fits(reasons: &[BlockReason], reason: Option<BlockReason>) -> bool {
    reason.is_none_or(|reason| reasons.is_empty() || reasons.contains(&reason))
}

fn owned(files: &[(&str, &str)]) -> Vec<RuleFile> {
    let file = |(name, text): &(&str, &str)| RuleFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    files.iter().map(file).collect()
}

/// The pages of these files, by id.
fn pages_of(files: &[RuleFile], errors: &mut Vec<RuleError>) -> Vec<CataloguePage> {
    let mut pages = read(files, page, errors);
    pages.sort_by(|one, other| one.id.cmp(&other.id));
    pages
}

/// The built-in pages, by id. A test compares them with their files.
fn embedded_pages() -> Vec<CataloguePage> {
    let raw: Vec<RawPage> = rmp_serde::from_slice(PAGES).unwrap_or_default();
    let mut problems = Problems::new("", "");
    let mut pages: Vec<_> = raw.into_iter().filter_map(|raw| page_of(raw, &mut problems)).collect();
    pages.sort_by(|one, other| one.id.cmp(&other.id));
    pages
}

/// The recipes of these files, by id.
fn recipes_of(files: &[RuleFile], errors: &mut Vec<RuleError>) -> Vec<Recipe> {
    let mut recipes = read(files, recipe, errors);
    recipes.sort_by(|one, other| one.id.cmp(&other.id));
    recipes
}

fn read<T>(
    files: &[RuleFile],
    parse: impl Fn(&RuleFile, &mut Problems<'_>) -> Option<T>,
    errors: &mut Vec<RuleError>,
) -> Vec<T> {
    let mut read = Vec::new();
    for file in files {
        let mut problems = Problems::new(&file.name, &file.text);
        let parsed = parse(file, &mut problems);
        let is_right = problems.is_empty();
        errors.extend(problems.into_errors());
        read.extend(parsed.filter(|_| is_right));
    }
    read
}

fn toml_of<T: serde::de::DeserializeOwned>(
    file: &RuleFile,
    problems: &mut Problems<'_>,
) -> Option<T> {
    toml::from_str(&file.text)
        .map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            problems.add(offset, Problem::Syntax(error.message().to_owned()));
        })
        .ok()
}

fn page(file: &RuleFile, problems: &mut Problems<'_>) -> Option<CataloguePage> {
    let raw: RawPage = toml_of(file, problems)?;
    check_id(file, &raw.id, problems);
    page_of(raw, problems)
}

fn page_of(raw: RawPage, problems: &mut Problems<'_>) -> Option<CataloguePage> {
    let phase = word(&raw.phase, problems);
    let frequency = word(&raw.frequency, problems);
    let basis = word(&raw.basis, problems);
    let reasons = raw.reasons.iter().filter_map(|text| word(text, problems)).collect();
    let surfaces = raw.surfaces.iter().filter_map(|text| word(text, problems)).collect();
    Some(CataloguePage {
        id: raw.id.into_inner(),
        title: raw.title,
        layer: raw.layer,
        phase: phase?,
        frequency: frequency?,
        basis: basis?,
        reasons,
        surfaces,
        url_scheme: raw.url_scheme,
        page_origin: raw.page_origin,
        aws_service: raw.aws_service,
        why: raw.why,
        fix: raw.fix,
        logs: raw.logs,
        confirm_with: raw.confirm_with,
        recipes: raw.recipes,
        seen_as: raw.seen_as,
        leaves_lines: raw.leaves_lines,
        references: raw.references,
        since: raw.since,
    })
}

fn recipe(file: &RuleFile, problems: &mut Problems<'_>) -> Option<Recipe> {
    let raw: RawRecipe = toml_of(file, problems)?;
    check_id(file, &raw.id, problems);
    let steps = raw
        .steps
        .into_iter()
        .filter_map(|step| Some(Step { place: word(&step.place, problems)?, text: step.text }));
    let steps = steps.collect();
    Some(Recipe { id: raw.id.into_inner(), title: raw.title, why: raw.why, steps })
}

#[cfg(test)]
mod tests;
