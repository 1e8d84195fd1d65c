//! Are the documents true? What they show of the output, of the options and of the code is looked up.

#[cfg(feature = "aws")]
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use corscope::alert::memory;
use corscope::assemble::AssembleSettings;
use corscope::output::spool::DEFAULT_MEMORY;
use corscope::report::settings::ReportSettings;

#[test]
fn the_readme_shows_the_true_output() {
    let output = corscope(&["scan", "sample-logs"]);
    let readme = read("README.md");
    let mut rest = output.text.lines();
    let excerpt = between(&readme, "<!-- excerpt: begin -->", "<!-- excerpt: end -->");
    let shown = excerpt.trim().trim_start_matches("```text").trim_end_matches("```");
    for line in shown.lines().filter(|line| !line.is_empty() && *line != "[...]") {
        assert!(rest.any(|true_line| true_line == line), "not in the output, in order: {line}");
    }
}

// What asks an AWS account is there only with the feature.
#[cfg(feature = "aws")]
#[test]
fn options_in_the_readme_are_there() {
    let readme = read("README.md");
    let (before, missing) = readme.split_once("## Not there yet").expect("the honest list");
    let (missing, after) = missing.split_once("\n## ").expect("a section behind it");
    let commands = [
        "scan",
        "tail",
        "explain",
        "rules list",
        "rules show",
        "rules new",
        "rules lint",
        "rules test",
    ]
    .into_iter()
    .chain(["rules facts", "rules why", "rules schema"])
    .chain(["query", "groups", "doctor", "iam", "check", "state show"]);
    let help_of = |command: &str| {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        corscope(&words).text
    };
    let help: String = commands.map(help_of).collect();
    let known = options(&help);
    // Options of other programs stand on lines of their own, in front of a pipe.
    let is_foreign = |line: &&str| line.starts_with("cargo ") || line.starts_with("aws ");
    for text in [before, after] {
        for line in text.lines().filter(|line| !is_foreign(line)) {
            let unknown: Vec<_> = options(line).difference(&known).cloned().collect();
            assert!(unknown.is_empty(), "{unknown:?} is no option of `corscope`: {line}");
        }
    }
    let there: Vec<_> = options(missing).intersection(&known).cloned().collect();
    assert!(there.is_empty(), "{there:?} is there by now");
}

#[test]
fn commands_that_are_not_there_are_not_there() {
    let readme = read("README.md");
    let line = readme.lines().find(|line| line.starts_with("- Commands: ")).expect("the list");
    let (commands, _) = line.split_once(". Until then").expect("what to do until then");
    for command in quoted(commands) {
        let output = corscope(&[command, "--help"]);
        assert_eq!(output.code, Some(2), "`corscope {command}` is there by now");
    }
}

#[test]
fn exit_codes_are_those_of_the_readme() {
    let readme = read("README.md");
    let check = |arguments: &[&str], code: i32| {
        assert_eq!(corscope(arguments).code, Some(code), "{arguments:?}");
        assert!(readme.contains(&format!("\n| {code} | ")), "{code} is not in the table");
    };
    check(&["scan", "sample-logs", "--fail-on", "never"], 0);
    check(&["scan", "sample-logs"], 1);
    check(&["scan", "--no-such-option"], 2);
    check(&["scan", "sample-logs/rest-api/shop-api-export/aws-logs-write-test"], 3);
}

#[test]
fn every_entry_of_the_import_table_is_used() {
    let document = read("ARCHITECTURE.md");
    let table = between(&document, "<!-- imports: begin -->", "<!-- imports: end -->");
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(quoted);
        let module = cells.next().unwrap_or_default().remove(0);
        let code = code_of(module);
        for import in cells.next().unwrap_or_default().into_iter().filter(|name| *name != "*") {
            let used = code.contains(&format!("crate::{import}"));
            assert!(used, "`{module}` has an entry `{import}` that it does not use");
        }
    }
}

#[test]
fn bounds_in_the_documents_are_those_of_the_code() {
    let settings = AssembleSettings::default();
    let mebibytes = |bytes: usize| format!("{} MiB", bytes >> 20);
    let document = read("ARCHITECTURE.md");
    let check = |kept: &str, bound: &str| {
        let row = document.lines().find(|line| line.starts_with(&format!("| {kept}")));
        assert!(row.is_some_and(|row| row.contains(&format!("| {bound}"))), "{kept}: {bound}");
    };
    check("exchanges, open or held", &mebibytes(settings.max_exchange_bytes));
    check("runs of functions", &mebibytes(settings.max_invocation_bytes));
    check("ids of exchanges", &thousands(settings.max_finished_ids));
    check("groups of the report", &thousands(ReportSettings::default().max_groups));
    check("rows of", &mebibytes(DEFAULT_MEMORY));
    check("ids of counted exchanges", &thousands(memory::MOST));
    let readme = read("README.md");
    for bytes in [settings.max_exchange_bytes, settings.max_invocation_bytes] {
        assert!(readme.contains(&mebibytes(bytes)), "the README says otherwise than {bytes}");
    }
}

#[test]
fn tests_that_check_an_invariant_exist() {
    let document = read("ARCHITECTURE.md");
    let invariants = between(&document, "## Invariants", "\n## ");
    let tests = [code_of("../tests/it"), code_of(".")].concat();
    let is_test = |name: &&str| name.contains('_') && !name.contains(['/', ':', '.']);
    let last_cells = invariants.lines().filter_map(|line| line.rsplit('|').nth(1));
    let names: Vec<&str> = last_cells.flat_map(quoted).filter(is_test).collect();
    assert!(names.len() > 8, "the table has no tests");
    for name in names.into_iter().filter(|name| *name != "iter_over_hash_type") {
        assert!(tests.contains(&format!("fn {name}(")), "there is no test `{name}`");
    }
}

#[test]
fn paths_in_the_documents_exist() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = read(document);
        let folders = ["src/", "tests/", "rules/", "docs/", "fuzz/", "benches/", ".ci/", "sample-"];
        let is_path = |name: &&str| {
            folders.iter().any(|folder| name.starts_with(folder)) && !name.contains(['<', ' '])
        };
        for path in quoted(&text).into_iter().chain(linked(&text)).filter(is_path) {
            assert!(root().join(path).exists(), "{document}: there is no {path}");
        }
    }
}

#[test]
fn every_file_says_what_it_must_not_do() {
    for (path, text) in files_of("src") {
        let is_test_module = path.ends_with("tests.rs");
        // `lib.rs` is the list of the modules.
        if is_test_module || path.ends_with("src/lib.rs") {
            continue;
        }
        let opening = text.lines().take_while(|line| line.starts_with("//!"));
        let says = opening.collect::<String>().contains("Must not");
        assert!(says, "{} does not say what it must not do", path.display());
    }
}

struct Output {
    text: String,
    code: Option<i32>,
}

/// Runs the binary as the README does: from the root of the package, into a pipe.
fn corscope(arguments: &[&str]) -> Output {
    let mut command = Command::new(cargo_bin!("corscope"));
    command.args(arguments).current_dir(root()).env_remove("COLUMNS");
    let output = command.output().expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("text");
    Output { text, code: output.status.code() }
}

/// `--like-this`, wherever they stand.
#[cfg(feature = "aws")]
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let long = words.filter(|word| word.starts_with("--") && word.len() > 3);
    long.filter(|word| !word.trim_matches('-').is_empty()).map(str::to_owned).collect()
}

/// What stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// Targets of links.
fn linked(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).map(|(_, rest)| rest);
    let found = rest.and_then(|rest| rest.split_once(end)).map(|(found, _)| found);
    found.expect("both markers")
}

/// 1048576 → `1,048,576`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).filter_map(|g| str::from_utf8(g).ok()).collect();
    groups.into_iter().rev().collect::<Vec<_>>().join(",")
}

/// All code of a module, or of a folder.
fn code_of(module: &str) -> String {
    let folder = files_of(&format!("src/{module}"));
    let file = fs::read_to_string(root().join(format!("src/{module}.rs"))).unwrap_or_default();
    folder.into_iter().map(|(_, text)| text).chain([file]).collect()
}

fn files_of(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    found
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).expect("a document")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
