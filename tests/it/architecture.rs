//! Is the architecture in the document the architecture in the code?
//!
//! Reads the import table of `ARCHITECTURE.md` and every file under `src`. It reads text: a macro
//! that expands to a path is not seen (there is none). Code of test modules does not ship and is
//! free of the table. Each check is a function on strings, so that the tests at the foot of this
//! file can show it a violation.
#![expect(clippy::disallowed_methods, reason = "reads the sources it checks")]
#![expect(clippy::expect_used, reason = "a checker that cannot read its files has to fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- imports: begin -->";
const END: &str = "<!-- imports: end -->";
const MAX_LINES: usize = 500;
const DRAWERS: [&str; 9] =
    ["util", "utils", "helper", "helpers", "common", "misc", "shared", "tools", "stuff"];
const MAY_HAVE_EFFECTS: [&str; 3] = ["sources", "notify", "cli"];
const EFFECTS: [&str; 8] = [
    "tokio",
    "async",
    "await",
    "aws_config",
    "aws_sdk",
    "aws_smithy",
    "aws_credential",
    "aws_types",
];

#[test]
fn imports_follow_the_table() {
    let table = table();
    none(sources().iter().flat_map(|file| import_problems(&table, file)));
}

#[test]
fn the_table_has_no_cycle_and_no_stranger() {
    let modules = sources().iter().map(SourceFile::layer).filter(|name| name != "lib").collect();
    none(table_problems(&table(), &modules));
}

#[test]
fn every_file_says_what_it_is_and_every_layer_what_it_must_not_do() {
    none(sources().iter().flat_map(opening_problems));
}

#[test]
fn paths_are_absolute() {
    none(sources().iter().flat_map(path_problems));
}

#[test]
fn files_stay_small() {
    none(sources().iter().flat_map(size_problems));
}

#[test]
fn there_are_no_drawer_modules() {
    none(sources().iter().flat_map(name_problems));
}

#[test]
fn effects_stay_at_the_edge() {
    none(sources().iter().flat_map(effect_problems));
}

/// A file under `src`, by its path from there.
struct SourceFile {
    path: String,
    text: String,
}

impl SourceFile {
    /// `cors/check.rs` and `cors.rs` → `cors`; `main.rs` is the command line.
    fn layer(&self) -> String {
        let first = self.path.split('/').next().unwrap_or_default();
        match first.trim_end_matches(".rs") {
            "main" => "cli".to_owned(),
            name => name.to_owned(),
        }
    }

    fn is_test_module(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The part that ships, without comments, strings and the test module at the foot.
    fn code(&self) -> String {
        if self.is_test_module() {
            return String::new();
        }
        let code = code_only(&self.text);
        let shipped: Vec<&str> = code.lines().take(shipped_lines(&code)).collect();
        shipped.join("\n")
    }
}

/// Rows in the order of the document: module → what it may import; `None` for everything.
struct Table(Vec<(String, Option<BTreeSet<String>>)>);

impl Table {
    fn parse(document: &str) -> Self {
        let table = document.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
        let (table, _) = table.expect("ARCHITECTURE.md has an import table between its markers");
        let rows = table.lines().filter(|line| line.starts_with("| `")).map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(names);
            let module = cells.next().unwrap_or_default().into_iter().next().unwrap_or_default();
            let imports = cells.next().unwrap_or_default();
            (module, (!imports.contains("*")).then_some(imports))
        });
        Self(rows.collect())
    }

    fn allows(&self, module: &str, import: &str) -> bool {
        module == import
            || self.0.iter().any(|(name, imports)| {
                name == module && imports.as_ref().is_none_or(|names| names.contains(import))
            })
    }
}

/// The words in backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn table_problems(table: &Table, modules: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut above: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, (module, imports)) in table.0.iter().enumerate() {
        for import in imports.iter().flatten() {
            if !above.contains_key(import.as_str()) {
                problems.push(format!("`{module}` imports `{import}`, which is not above it"));
            }
        }
        if above.insert(module, at).is_some() {
            problems.push(format!("`{module}` has two rows"));
        }
        if !modules.contains(module) {
            problems.push(format!("`{module}` has a row, but no module"));
        }
    }
    for module in modules.iter().filter(|module| !above.contains_key(module.as_str())) {
        problems.push(format!("`{module}` is a module without a row"));
    }
    problems
}

fn import_problems(table: &Table, file: &SourceFile) -> Vec<String> {
    let module = file.layer();
    if module == "lib" {
        return Vec::new();
    }
    imports(&file.code())
        .into_iter()
        .filter(|import| !table.allows(&module, import))
        .map(|import| format!("{}: `{module}` must not import `{import}`", file.path))
        .collect()
}

/// The first segments behind `crate::` and `corscope::`, alone or in a group.
fn imports(code: &str) -> BTreeSet<String> {
    let compact: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = BTreeSet::new();
    for root in ["crate::", "corscope::"] {
        for (at, _) in compact.match_indices(root) {
            let before = compact.get(..at).unwrap_or_default();
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = compact.get(at + root.len()..).unwrap_or_default().trim_start();
            match rest.strip_prefix('{') {
                Some(group) => found.extend(group_heads(group)),
                None => found.extend(head(rest)),
            }
        }
    }
    found
}

/// `model::{A, B}, cors::judge}` → `model`, `cors`.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut expected) = (0_usize, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            ',' if depth == 0 => expected = true,
            c if expected && (c.is_alphanumeric() || c == '_') => {
                heads.extend(head(group.get(at..).unwrap_or_default()));
                expected = false;
            }
            _ => {}
        }
    }
    heads
}

/// The identifier at the beginning; types and macros of the crate root do not count.
fn head(path: &str) -> Option<String> {
    let name: String =
        path.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (name != "self" && name.starts_with(|c: char| c.is_ascii_lowercase())).then_some(name)
}

fn opening_problems(file: &SourceFile) -> Vec<String> {
    let opening: Vec<&str> = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let is_root = file.path.ends_with("/mod.rs") || !file.path.contains('/');
    let is_layer = is_root && !matches!(file.path.as_str(), "lib.rs" | "main.rs");
    let mut problems = Vec::new();
    if opening.is_empty() {
        problems.push(format!("{}: does not begin with `//!`", file.path));
    } else if is_layer && file.path.matches('/').count() < 2 {
        let text = opening.join(" ").to_lowercase();
        if !text.contains("must not") {
            problems.push(format!("{}: does not say what the layer must not do", file.path));
        }
    }
    problems
}

fn path_problems(file: &SourceFile) -> Vec<String> {
    let relative = file.code().lines().any(|line| line.contains("super::"));
    if relative { vec![format!("{}: `super::` outside of `mod tests`", file.path)] } else { vec![] }
}

fn size_problems(file: &SourceFile) -> Vec<String> {
    let lines = shipped_lines(&file.text);
    if file.is_test_module() || lines <= MAX_LINES {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines, at most {MAX_LINES}", file.path)]
}

fn name_problems(file: &SourceFile) -> Vec<String> {
    let mut parts = file.path.trim_end_matches(".rs").split('/');
    let drawer = parts.find(|part| DRAWERS.contains(part));
    drawer.map(|name| format!("{}: `{name}` says nothing", file.path)).into_iter().collect()
}

fn effect_problems(file: &SourceFile) -> Vec<String> {
    if MAY_HAVE_EFFECTS.contains(&file.layer().as_str()) {
        return Vec::new();
    }
    let code = file.code();
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let banned: BTreeSet<&str> =
        words.filter(|word| EFFECTS.iter().any(|e| word_is(word, e))).collect();
    banned.iter().map(|word| format!("{}: `{word}` outside of the edge", file.path)).collect()
}

/// `aws_sdk_sns` is of the family `aws_sdk`; `awaiting` is not `await`.
fn word_is(word: &str, effect: &str) -> bool {
    word == effect
        || effect.starts_with("aws_")
            && word.strip_prefix(effect).is_some_and(|r| r.starts_with('_'))
}

/// Lines before the test module at the foot of a file.
fn shipped_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.windows(2).position(|pair| {
        let [attribute, module] = pair else { return false };
        attribute.trim() == "#[cfg(test)]" && module.starts_with("mod ") && module.ends_with('{')
    });
    tests.unwrap_or(lines.len())
}

/// The code with comments, strings and character literals blanked; lines stay lines.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = chars.get(at..).unwrap_or_default();
        let skipped = match c {
            '/' if rest.starts_with(&['/', '/']) => {
                rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())
            }
            '/' if rest.starts_with(&['/', '*']) => length_to(rest, 2, &['*', '/']),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_string(rest),
            '"' => string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if skipped == 0 {
            code.push(c);
            at += 1;
        } else {
            let blank = rest.iter().take(skipped);
            code.extend(blank.map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at += skipped;
        }
    }
    code
}

fn length_to(rest: &[char], from: usize, end: &[char]) -> usize {
    let tail = rest.get(from..).unwrap_or_default();
    let found = tail.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |at| from + at + end.len())
}

fn raw_string(rest: &[char]) -> usize {
    let hashes = rest.iter().skip(1).take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut end = vec!['"'];
    end.resize(1 + hashes, '#');
    length_to(rest, 2 + hashes, &end)
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at) {
        match c {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character literal; 0 for a lifetime.
fn character(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => length_to(rest, 3, &['\'']),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

fn table() -> Table {
    Table::parse(&fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<SourceFile> {
    let src = root().join("src");
    let mut files = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src") {
            let path = entry.expect("an entry of src").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(SourceFile { path: relative(&path, &src), text: read(&path) });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn relative(path: &Path, root: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file")
}

#[track_caller]
fn none(problems: impl IntoIterator<Item = String>) {
    let text = problems.into_iter().collect::<Vec<_>>().join("\n");
    assert!(text.is_empty(), "\n{text}\n");
}

// The checker, shown violations.

const SMALL: &str = "<!-- imports: begin -->
| module | may import | owns |
|---|---|---|
| `model` | | words |
| `cors` | `model` | verdicts |
| `cli` | `*` | the process |
<!-- imports: end -->";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

#[track_caller]
fn check(problems: impl IntoIterator<Item = String>, want: &[&str]) {
    assert_eq!(problems.into_iter().collect::<Vec<_>>(), want);
}

fn modules(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_forbidden_import_is_found() {
    let table = Table::parse(SMALL);
    let found = |path, text| import_problems(&table, &file(path, text));
    check(found("cors/check.rs", "use crate::model::Fact;"), &[]);
    let want = ["cors/check.rs: `cors` must not import `output`"];
    check(found("cors/check.rs", "use crate::output;"), &want);
    check(found("cors/check.rs", "fn f() { crate::output::print() }"), &want);
    check(found("cors/check.rs", "use crate::{\n    model::{A, B},\n    output::C,\n};"), &want);
    check(found("cors/check.rs", "use crate::{self as us, output};"), &want);
    check(found("cors/check.rs", "use ::corscope::output;"), &want);
    check(found("cors.rs", "// crate::output\nconst A: &str = \"crate::output\";"), &[]);
    check(found("cors.rs", "#[cfg(test)]\nmod tests {\n    use crate::output;\n}"), &[]);
    check(found("main.rs", "use corscope::cors;"), &[]);
    check(
        found("model/a.rs", "use crate::cors::X;"),
        &["model/a.rs: `model` must not import `cors`"],
    );
}

#[test]
fn a_cycle_and_a_stranger_are_found() {
    let table = Table::parse(SMALL);
    check(table_problems(&table, &modules(&["model", "cors", "cli"])), &[]);
    check(
        table_problems(&table, &modules(&["model", "cli", "notify"])),
        &["`cors` has a row, but no module", "`notify` is a module without a row"],
    );
    let ring = SMALL.replace("| `model` | |", "| `model` | `cors` |");
    check(
        table_problems(&Table::parse(&ring), &modules(&["model", "cors", "cli"])),
        &["`model` imports `cors`, which is not above it"],
    );
}

#[test]
fn a_file_that_does_not_introduce_itself_is_found() {
    check(opening_problems(&file("cors/check.rs", "//! The CORS check.\n")), &[]);
    check(
        opening_problems(&file("cors/check.rs", "use std::fmt;\n")),
        &["cors/check.rs: does not begin with `//!`"],
    );
    check(
        opening_problems(&file("cors/mod.rs", "//! The browser.\n")),
        &["cors/mod.rs: does not say what the layer must not do"],
    );
    check(opening_problems(&file("survey.rs", "//! Routes.\n//!\n//! Must not: judge.\n")), &[]);
}

#[test]
fn a_relative_path_is_found() {
    check(
        path_problems(&file("a.rs", "use super::b;")),
        &["a.rs: `super::` outside of `mod tests`"],
    );
    check(path_problems(&file("a.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n}")), &[]);
    check(path_problems(&file("a.rs", "/// See super::b.\nfn a() -> char { '\"' }")), &[]);
}

#[test]
fn a_long_file_is_found() {
    let long = "fn a() {}\n".repeat(MAX_LINES + 1);
    check(size_problems(&file("a.rs", &long)), &["a.rs: 501 lines, at most 500"]);
    let tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    check(size_problems(&file("a.rs", &tests)), &[]);
}

#[test]
fn a_drawer_is_found() {
    check(name_problems(&file("cors/utils.rs", "")), &["cors/utils.rs: `utils` says nothing"]);
    check(name_problems(&file("common/mod.rs", "")), &["common/mod.rs: `common` says nothing"]);
    check(name_problems(&file("cors/check.rs", "")), &[]);
}

#[test]
fn an_effect_in_the_core_is_found() {
    check(effect_problems(&file("sources/a.rs", "use tokio::fs;")), &[]);
    check(
        effect_problems(&file("parse/a.rs", "use tokio::fs;")),
        &["parse/a.rs: `tokio` outside of the edge"],
    );
    check(
        effect_problems(&file("cors.rs", "use aws_sdk_sns::Client;")),
        &["cors.rs: `aws_sdk_sns` outside of the edge"],
    );
    check(effect_problems(&file("parse/a.rs", "let aws_request_id = \"async\"; // await")), &[]);
}

#[test]
fn comments_and_strings_are_no_code() {
    assert_eq!(code_only("a /* b\n */ c"), "a     \n    c");
    assert_eq!(code_only("r#\"a\"b\"# + \"\\\"\""), "         +     ");
    assert_eq!(
        code_only("fn f<'a>(x: &'a str, c: char) -> bool { c == '\"' }").matches('"').count(),
        0
    );
}
