//! What is known of one entry of the catalogue: a rule, or a page.
//!
//! Must not: leave a place of a recipe out without saying so.

use serde::Serialize;

use crate::explain::document::Document;
use crate::model::{Candidate, Confidence, Frequency, Severity, Surface};
use crate::rules::catalogue::{Catalogue, CataloguePage, Recipe};
use crate::rules::set::{Rule, RuleSet};
use crate::rules::words::{Basis, Place};

/// A rule or a page, with what the catalogue has about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `symptom`, `cause`, `practice` or `page`.
    pub kind: &'static str,
    /// Its class, if it is a rule.
    pub class: Option<&'static str>,
    /// How much it matters, if it is a rule.
    pub severity: Option<&'static str>,
    /// How sure it is, if it is a rule.
    pub confidence: Option<&'static str>,
    /// How often it is met.
    pub frequency: Option<&'static str>,
    /// What it rests on.
    pub basis: Option<&'static str>,
    /// Where it happens, if it is a page.
    pub layer: Option<String>,
    /// Which response it breaks, if it is a page.
    pub phase: Option<&'static str>,
    /// The surfaces that it happens on; none for all.
    pub surfaces: Vec<&'static str>,
    /// What the browser did because of it.
    pub why: String,
    /// The reasons that a browser gives.
    pub reasons: Vec<&'static str>,
    /// What the logs show of it, if it is a page.
    pub logs: Option<String>,
    /// Rules: the symptoms behind which it stands.
    pub seen_as: Vec<String>,
    /// What else it may be.
    pub candidates: Vec<OtherEntry>,
    /// What would confirm it.
    pub confirm_with: Option<String>,
    /// What to change.
    pub fix: String,
    /// How, by place.
    pub recipes: Vec<EntryRecipe>,
    /// The place that was asked for and has no step.
    pub missing_place: Option<&'static str>,
    /// The places that there are.
    pub places: Vec<&'static str>,
    /// Where the facts come from.
    pub references: Vec<String>,
    /// Version that had it first.
    pub since: String,
}

/// Another entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherEntry {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How often it is met.
    pub frequency: Option<&'static str>,
    /// What would confirm it.
    pub confirm_with: Option<String>,
}

/// A recipe with the steps that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryRecipe {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Why it is done this way.
    pub why: String,
    /// What to do.
    pub steps: Vec<EntryStep>,
}

/// What to do in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryStep {
    /// The place.
    pub place: &'static str,
    /// What to do.
    pub text: String,
}

/// How much a document says of recipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipes {
    /// All steps.
    Whole,
    /// Names of their pages.
    Named,
}

impl Entry {
    /// A rule, with the steps for `place`, or for all.
    pub fn of_rule(
        rule: &Rule,
        rules: &RuleSet,
        catalogue: &Catalogue,
        place: Option<Place>,
    ) -> Self {
        let text = &rule.text;
        let candidates = catalogue.candidates(rules, text, None, Surface::Unknown);
        let (recipes, places) = recipes(catalogue, &rule.about.recipes, place);
        Self {
            id: text.id.clone(),
            title: text.title.clone(),
            kind: text.kind.as_str(),
            class: Some(text.class.as_str()),
            severity: Some(Severity::as_str(rule.severity)),
            confidence: Some(Confidence::as_str(rule.confidence)),
            frequency: text.frequency.map(Frequency::as_str),
            basis: rule.about.basis.map(Basis::as_str),
            layer: None,
            phase: None,
            surfaces: Vec::new(),
            why: text.why.clone(),
            reasons: rule.about.reasons.iter().map(|reason| reason.as_str()).collect(),
            logs: None,
            seen_as: text.explains.clone(),
            candidates: candidates.into_iter().map(OtherEntry::from).collect(),
            confirm_with: text.confirm_with.clone(),
            fix: text.fix.clone(),
            missing_place: missing(place, &places),
            recipes,
            places,
            references: text.references.clone(),
            since: rule.since.clone(),
        }
    }

    /// A page, likewise.
    pub fn of_page(page: &CataloguePage, catalogue: &Catalogue, place: Option<Place>) -> Self {
        let (recipes, places) = recipes(catalogue, &page.recipes, place);
        Self {
            id: page.id.clone(),
            title: page.title.clone(),
            kind: "page",
            class: None,
            severity: None,
            confidence: None,
            frequency: Some(page.frequency.as_str()),
            basis: Some(page.basis.as_str()),
            layer: Some(page.layer.clone()),
            phase: Some(page.phase.as_str()),
            surfaces: page.surfaces.iter().map(|surface| surface.as_str()).collect(),
            why: page.why.clone(),
            reasons: page.reasons.iter().map(|reason| reason.as_str()).collect(),
            logs: Some(page.logs.clone()),
            seen_as: page.seen_as.clone(),
            candidates: Vec::new(),
            confirm_with: Some(page.confirm_with.clone()),
            fix: page.fix.clone(),
            missing_place: missing(place, &places),
            recipes,
            places,
            references: page.references.clone(),
            since: page.since.clone(),
        }
    }

    /// All of it.
    pub(crate) fn document(&self) -> Document {
        self.document_with(Recipes::Whole)
    }

    /// All of it; the steps of a recipe may stand elsewhere.
    pub(crate) fn document_with(&self, recipes: Recipes) -> Document {
        let mut document = Document::default();
        document.title(&self.title, Some(&self.id));
        document.field("kind", self.kind);
        document.field("class", self.class.unwrap_or_default());
        document.field("severity", self.severity.unwrap_or_default());
        document.field("sure", self.confidence.unwrap_or_default());
        document.field("layer", self.layer.as_deref().unwrap_or_default());
        document.field("phase", self.phase.unwrap_or_default());
        document.field("met", self.frequency.unwrap_or_default());
        document.field("basis", self.basis.unwrap_or_default());
        document.field("only on", &self.surfaces.join(", "));
        document.field("why", &self.why);
        document.field("browser", &self.reasons.join(", "));
        document.field("logs", self.logs.as_deref().unwrap_or_default());
        document.ids("seen as", &self.seen_as);
        document.field("confirm", self.confirm_with.as_deref().unwrap_or_default());
        document.field("fix", &self.fix);
        self.write_candidates(&mut document);
        match recipes {
            Recipes::Whole => self.write_recipes(&mut document),
            Recipes::Named => self.name_recipes(&mut document),
        }
        if !self.references.is_empty() {
            document.heading("References");
        }
        for reference in &self.references {
            document.link(reference);
        }
        document
    }

    fn write_candidates(&self, document: &mut Document) {
        if self.candidates.is_empty() {
            return;
        }
        document.heading("It may also be");
        for other in &self.candidates {
            let met = other.frequency.map(|met| format!(" ({met})")).unwrap_or_default();
            let confirm = other.confirm_with.as_deref().unwrap_or_default();
            let confirm = if confirm.is_empty() { String::new() } else { format!(". {confirm}") };
            document.item(&other.id, &format!("{}{met}{confirm}", other.title));
        }
    }

    fn write_recipes(&self, document: &mut Document) {
        if let Some(place) = self.missing_place {
            document.text(&match self.places.as_slice() {
                [] => "There is no recipe for this.".to_owned(),
                places => {
                    let there = places.join(", ");
                    format!("No recipe for this has steps for `{place}`; there are: {there}.")
                }
            });
        }
        for recipe in self.recipes.iter().filter(|recipe| !recipe.steps.is_empty()) {
            document.heading(&recipe.title);
            recipe.write(document);
        }
    }

    fn name_recipes(&self, document: &mut Document) {
        if !self.recipes.is_empty() {
            document.heading("How");
        }
        for recipe in &self.recipes {
            document.item(&recipe.page(), &recipe.title);
        }
    }
}

impl EntryRecipe {
    /// Name of its page in the documentation, where it stands beside the entries.
    pub(crate) fn page(&self) -> String {
        format!("recipe-{}", self.id)
    }

    /// The recipe as a document of its own.
    pub(crate) fn document(&self) -> Document {
        let mut document = Document::default();
        document.title(&self.title, Some(&self.id));
        self.write(&mut document);
        document
    }

    fn write(&self, document: &mut Document) {
        document.text(&self.why);
        for step in &self.steps {
            document.subheading(step.place);
            document.code(language(step.place), &step.text);
        }
    }
}

impl From<Candidate> for OtherEntry {
    fn from(candidate: Candidate) -> Self {
        Self {
            id: candidate.id,
            title: candidate.title,
            frequency: candidate.frequency.map(Frequency::as_str),
            confirm_with: candidate.confirm_with,
        }
    }
}

/// The recipes with the steps for the place, and all places that they have.
fn recipes(
    catalogue: &Catalogue,
    ids: &[String],
    place: Option<Place>,
) -> (Vec<EntryRecipe>, Vec<&'static str>) {
    let found: Vec<&Recipe> = ids.iter().filter_map(|id| catalogue.recipe(id)).collect();
    let steps = found.iter().flat_map(|recipe| &recipe.steps);
    let mut places: Vec<Place> = steps.map(|step| step.place).collect();
    places.sort();
    places.dedup();
    let recipes = found.into_iter().map(|recipe| of_recipe(recipe, place)).collect();
    (recipes, places.into_iter().map(Place::as_str).collect())
}

pub(crate) fn of_recipe(recipe: &Recipe, place: Option<Place>) -> EntryRecipe {
    let steps = recipe.steps.iter().filter(|step| place.is_none_or(|place| place == step.place));
    let steps = steps.map(|step| EntryStep { place: step.place.as_str(), text: step.text.clone() });
    EntryRecipe {
        id: recipe.id.clone(),
        title: recipe.title.clone(),
        why: recipe.why.clone(),
        steps: steps.collect(),
    }
}

/// What the steps for a place are written in, as Markdown names it.
fn language(place: &str) -> &'static str {
    match place {
        "cli" => "sh",
        "sam" | "serverless" => "yaml",
        "cdk" => "ts",
        "terraform" => "hcl",
        "node" => "js",
        "python" => "python",
        "java" => "java",
        "go" => "go",
        "csharp" => "csharp",
        _ => "text",
    }
}

fn missing(place: Option<Place>, places: &[&str]) -> Option<&'static str> {
    place.map(Place::as_str).filter(|place| !places.contains(place))
}
