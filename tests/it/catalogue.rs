//! Is every entry of the catalogue there, and is its documentation what the catalogue says?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use corscope::explain::markdown;
use corscope::rules::catalogue::Catalogue;
use corscope::rules::set::RuleSet;

/// Entries that logs decide are rules, or candidates of one; the others at least pages.
#[test]
fn every_entry_is_a_rule_a_candidate_or_a_page() {
    let (rules, catalogue) = (RuleSet::builtin(), Catalogue::builtin());
    let is_rule = |id: &str| rules.get(id).is_some();
    let is_candidate = |id: &str| {
        let is_named =
            rules.rules().iter().any(|rule| rule.text.candidates.iter().any(|it| it == id));
        is_named || catalogue.page(id).is_some_and(|page| !page.seen_as.is_empty())
    };
    let mut missing = Vec::new();
    for line in include_str!("../data/catalogue_ids.txt").lines() {
        let (id, decided_from) = line.split_once(' ').expect("an id and a word");
        let is_there = match decided_from {
            "logs" => is_rule(id) || is_candidate(id),
            "none" => is_rule(id) || catalogue.page(id).is_some(),
            other => panic!("{other} is neither `logs` nor `none`"),
        };
        if !is_there {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "{} are missing:\n{}", missing.len(), missing.join("\n"));
}

/// `CORSCOPE_BLESS=1 cargo test docs_rules` writes the documentation anew.
#[test]
fn docs_rules_say_what_the_catalogue_says() {
    let wanted: BTreeMap<String, String> =
        markdown::pages(&RuleSet::builtin(), &Catalogue::builtin()).into_iter().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
    if std::env::var_os("CORSCOPE_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(&folder).expect("a folder");
        for path in files(&folder) {
            fs::remove_file(path).expect("a file goes");
        }
        for (name, text) in &wanted {
            fs::write(folder.join(name), text).expect("a file");
        }
    }
    let there = files(&folder).into_iter().map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a file"))
    });
    let there: BTreeMap<String, String> = there.collect();
    let names = wanted.keys().chain(there.keys());
    let differ: Vec<&String> = names.filter(|name| wanted.get(*name) != there.get(*name)).collect();
    assert!(
        differ.is_empty(),
        "{} files of docs/rules differ, such as {}; `CORSCOPE_BLESS=1 cargo test docs_rules` writes them",
        differ.len(),
        differ[0]
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}
