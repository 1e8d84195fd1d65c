//! Do all embedded files parse, do the names in them exist, and which candidates are named?

use super::*;

/// The files of the built-in pages.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_pages.rs"));

const PAGE: &str = r#"
id = "stale"
title = "An old answer is cached"
layer = "browser"
phase = "both"
frequency = "common"
basis = "documented"
reasons = ["AllowOriginMismatch"]
surfaces = ["rest"]
why = "Because."
fix = "Change it."
logs = "Nothing."
confirm_with = "Look."
recipes = ["vary"]
seen_as = ["acao-mismatch"]
references = ["https://fetch.spec.whatwg.org/"]
since = "0.1.0"
"#;

const RECIPE: &str = r#"
id = "vary"
title = "Send Vary"
why = "Caches."
[[steps]]
place = "node"
text = "code"
"#;

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.to_owned(), text: text.to_owned() }
}

fn catalogue(page: &str, recipe: &str) -> (Catalogue, Vec<String>) {
    let pages = [file("pages/stale.toml", page)];
    let (catalogue, errors) = Catalogue::from_files(&pages, &[file("recipes/vary.toml", recipe)]);
    (catalogue, errors.iter().map(ToString::to_string).collect())
}

#[test]
fn every_embedded_file_parses() {
    let (catalogue, errors) = Catalogue::from_files(&owned(FILES), &owned(RECIPES));
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert_eq!(catalogue.pages(), Catalogue::builtin().pages());
    assert_eq!(catalogue.recipes(), Catalogue::builtin().recipes());
    assert_eq!(catalogue.pages().len(), FILES.len());
}

#[test]
fn names_in_the_catalogue_exist() {
    let (rules, catalogue) = (RuleSet::builtin(), Catalogue::builtin());
    let mut missing = Vec::new();
    for page in catalogue.pages() {
        let unknown = page.seen_as.iter().filter(|id| rules.get(id).is_none());
        missing.extend(unknown.map(|id| format!("{}: seen_as {id}", page.id)));
        let unknown = page.recipes.iter().filter(|id| catalogue.recipe(id).is_none());
        missing.extend(unknown.map(|id| format!("{}: recipe {id}", page.id)));
        if rules.get(&page.id).is_some() {
            missing.push(format!("{} is a page and a rule", page.id));
        }
    }
    for rule in rules.rules() {
        let unknown = rule.about.recipes.iter().filter(|id| catalogue.recipe(id).is_none());
        missing.extend(unknown.map(|id| format!("{}: recipe {id}", rule.id())));
        let known = |id: &&String| rules.get(id).is_none() && catalogue.page(id).is_none();
        let unknown = rule.text.candidates.iter().filter(known);
        missing.extend(unknown.map(|id| format!("{}: candidate {id}", rule.id())));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[track_caller]
fn check(page: &str, recipe: &str, want: &[&str]) {
    let (_, errors) = catalogue(page, recipe);
    assert_eq!(errors, want);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check(PAGE, RECIPE, &[]);
    check(
        &PAGE.replace("\"common\"", "\"comon\""),
        RECIPE,
        &["pages/stale.toml:6:13: no frequency `comon`; there is `common`"],
    );
    check(
        &PAGE.replace("\"rest\"", "\"rst\""),
        RECIPE,
        &["pages/stale.toml:9:13: no surface `rst`; there is `rest`"],
    );
    check(
        &PAGE.replace("\"stale\"", "\"other\""),
        &RECIPE.replace("\"node\"", "\"nod\""),
        &[
            "pages/stale.toml:2:6: the id `other` is not the name of the file",
            "recipes/vary.toml:6:9: no place `nod`; there is `node`",
        ],
    );
    let (_, errors) = catalogue(&format!("{PAGE}\nmore = 1"), RECIPE);
    assert!(errors.iter().any(|error| error.contains("unknown field `more`")), "{errors:?}");
}

#[test]
fn candidates_are_filtered_and_ordered() {
    let rules = RuleSet::builtin();
    let (catalogue, _) = catalogue(PAGE, RECIPE);
    let mut rule = (*rules.get("acao-mismatch").expect("a rule").text).clone();
    rule.candidates = vec!["vary-origin-missing".to_owned()];
    let check = |reason, surface, want: &[&str]| {
        let found = catalogue.candidates(&rules, &rule, reason, surface);
        let ids: Vec<&str> = found.iter().map(|candidate| candidate.id.as_str()).collect();
        assert_eq!(ids, want, "{reason:?} {surface:?}");
    };
    check(None, Surface::Unknown, &["stale", "vary-origin-missing"]);
    check(None, Surface::Rest, &["stale", "vary-origin-missing"]);
    check(None, Surface::Http, &["vary-origin-missing"]);
    let mismatch = Some(BlockReason::AllowOriginMismatch);
    assert!(
        catalogue
            .candidates(&rules, &rule, mismatch, Surface::Rest)
            .iter()
            .any(|candidate| candidate.id == "stale")
    );
    let missing = Some(BlockReason::MissingAllowOriginHeader);
    let found = catalogue.candidates(&rules, &rule, missing, Surface::Rest);
    assert!(found.iter().all(|candidate| candidate.id != "stale"));
}
