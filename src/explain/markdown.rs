//! A document in Markdown, and the pages of `docs/rules`.
//!
//! Must not: let a text be taken for markup that it does not mean.

use std::fmt::Write as _;

use crate::explain::document::{Block, Document};
use crate::explain::entry::{Entry, Recipes, of_recipe};
use crate::output::escape::visible;
use crate::rules::catalogue::Catalogue;
use crate::rules::set::RuleSet;

/// The document as text.
pub(crate) fn write(document: &Document) -> String {
    write_with(document, Ids::Named)
}

/// How ids of entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ids {
    Named,
    /// To their pages in the same folder.
    Linked,
}

impl Ids {
    fn write(self, id: &str) -> String {
        match self {
            Self::Named => code(id),
            Self::Linked => format!("[{}]({id}.md)", code(id)),
        }
    }
}

fn write_with(document: &Document, ids: Ids) -> String {
    let mut out = String::new();
    let mut last: Option<&Block> = None;
    for block in &document.0 {
        if last.is_some_and(|last| !is_list(last) || !is_list(block)) {
            out.push('\n');
        }
        self::block(&mut out, block, ids);
        last = Some(block);
    }
    out
}

fn is_list(block: &Block) -> bool {
    match block {
        Block::Field(..)
        | Block::Verbatim(..)
        | Block::Ids(..)
        | Block::Item(..)
        | Block::Link(_) => true,
        Block::Title(..)
        | Block::Heading(_)
        | Block::Subheading(_)
        | Block::Text(_)
        | Block::Code(..) => false,
    }
}

fn block(out: &mut String, block: &Block, ids: Ids) {
    let line = match block {
        Block::Title(text, id) => {
            let id = id.as_ref().map(|id| format!(" ({})", code(id))).unwrap_or_default();
            format!("# {}{id}", prose(text))
        }
        Block::Heading(text) => format!("## {}", prose(text)),
        Block::Subheading(text) => format!("### {}", prose(text)),
        Block::Text(text) => text.lines().map(prose).collect::<Vec<_>>().join("\n"),
        Block::Field(label, text) => {
            let lines: Vec<String> = text.trim_end().lines().map(prose).collect();
            format!("- {label}: {}", lines.join("\n  "))
        }
        Block::Verbatim(label, text) => format!("- {label}: {}", code(text)),
        Block::Ids(label, names) => {
            let names: Vec<String> = names.iter().map(|id| ids.write(id)).collect();
            format!("- {label}: {}", names.join(", "))
        }
        Block::Item(id, text) => format!("- {}: {}", ids.write(id), prose(text)),
        Block::Code(language, text) => fenced(language, text),
        Block::Link(text) => {
            if is_link(text) {
                format!("- <{text}>")
            } else {
                format!("- {}", prose(text))
            }
        }
    };
    out.push_str(&line);
    out.push('\n');
}

fn is_link(text: &str) -> bool {
    text.starts_with("https://") && !text.contains(['<', '>', ' ', '\\']) && visible(text) == text
}

/// Prose whose backticks mean code; whatever else could be markup is escaped.
fn prose(text: &str) -> String {
    let text = visible(text);
    let is_balanced = text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len());
    let mut is_code = false;
    for character in text.chars() {
        match character {
            '`' if is_balanced => {
                is_code = !is_code;
                out.push('`');
            }
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '~' | '&' if !is_code => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

/// A span of code, whatever is in it.
fn code(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Prose in a cell of a table, which a bar would end, in code too.
fn cell(text: &str) -> String {
    prose(text).replace('|', "\\|")
}

fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    let lines: Vec<String> =
        text.lines().map(|line| visible(&line.replace('\t', "    ")).into_owned()).collect();
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The documentation of the catalogue: file names and texts, `README.md` first.
pub fn pages(rules: &RuleSet, catalogue: &Catalogue) -> Vec<(String, String)> {
    let mut entries: Vec<Entry> = Vec::new();
    let of_rules = rules.rules().iter();
    entries.extend(of_rules.map(|rule| Entry::of_rule(rule, rules, catalogue, None)));
    let of_pages = catalogue.pages().iter();
    entries.extend(of_pages.map(|page| Entry::of_page(page, catalogue, None)));
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    let mut files = vec![("README.md".to_owned(), index(&entries))];
    files.extend(entries.iter().map(|entry| {
        let text = write_with(&entry.document_with(Recipes::Named), Ids::Linked);
        (format!("{}.md", entry.id), format!("{text}\n[All entries](README.md)\n"))
    }));
    files.extend(catalogue.recipes().iter().map(|recipe| {
        let recipe = of_recipe(recipe, None);
        let text = write_with(&recipe.document(), Ids::Linked);
        (format!("{}.md", recipe.page()), format!("{text}\n[All entries](README.md)\n"))
    }));
    files
}

/// The table of all entries.
fn index(entries: &[Entry]) -> String {
    let mut out = String::from(
        "# The catalogue\n\n\
         Generated from `rules/`; a test compares. *Rule*: logs prove it, or point to it. *Candidate*: \
         logs show what the named rule says, of which this is one explanation. *Page*: no log shows \
         it.\n\n\
         | id | what | state | frequency | kind | class | severity |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for entry in entries {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| [{id}]({id}.md) | {title} | {state} | {frequency} | {kind} | {class} | {severity} |",
            id = entry.id,
            title = cell(&entry.title),
            state = state(entry, entries),
            frequency = entry.frequency.unwrap_or_default(),
            kind = if entry.kind == "page" { "" } else { entry.kind },
            class = entry.class.unwrap_or_default(),
            severity = entry.severity.unwrap_or_default(),
        );
    }
    out
}

/// `rule`, `candidate of X`, `page`.
fn state(entry: &Entry, entries: &[Entry]) -> String {
    if entry.kind != "page" {
        return "rule".to_owned();
    }
    let names = |other: &&Entry| other.candidates.iter().any(|other| other.id == entry.id);
    let of: Vec<String> = entries
        .iter()
        .filter(names)
        .map(|other| format!("[{id}]({id}.md)", id = other.id))
        .collect();
    if of.is_empty() { "page".to_owned() } else { format!("candidate of {}", of.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(got: &str, want: &str) {
        assert_eq!(got, want);
    }

    #[test]
    fn text_is_no_markup() {
        check(
            &prose("a `*.x` b * <c> [d](e) f_g | h"),
            "a `*.x` b \\* \\<c\\> \\[d\\](e) f\\_g | h",
        );
        check(&cell("a `b|c`"), "a `b\\|c`");
        check(&prose("one ` alone"), "one \\` alone");
        check(&prose("a\u{1b}[31m"), "a\\\\x1b\\[31m");
        check(&code("a`b"), "``a`b``");
        check(&code("`"), "`` ` ``");
        check(&fenced("sh", "```\nx"), "````sh\n```\nx\n````");
    }

    #[test]
    fn a_link_is_a_link() {
        let mut document = Document::default();
        document.link("https://fetch.spec.whatwg.org/");
        document.link("javascript:alert(1)");
        check(&write(&document), "- <https://fetch.spec.whatwg.org/>\n- javascript:alert(1)\n");
    }

    #[test]
    fn every_entry_has_a_page_and_a_row() {
        let (rules, catalogue) = (RuleSet::builtin(), Catalogue::builtin());
        let pages = pages(&rules, &catalogue);
        let entries = rules.rules().len() + catalogue.pages().len();
        assert_eq!(pages.len(), 1 + entries + catalogue.recipes().len());
        let index = &pages[0].1;
        for (name, text) in &pages[1..] {
            assert!(text.starts_with("# "), "{name}");
        }
        for (name, _) in &pages[1..=entries] {
            assert!(index.contains(&format!("]({name})")), "{name}");
        }
        // Every recipe is somebody's, and every link between the pages leads somewhere.
        let all: String = pages.iter().map(|(_, text)| text.as_str()).collect();
        for recipe in catalogue.recipes() {
            assert!(all.contains(&format!("](recipe-{}.md)", recipe.id)), "{}", recipe.id);
        }
        for (target, _) in all.split("](").skip(1).filter_map(|rest| rest.split_once(".md)")) {
            let is_link = !target.contains([' ', '\n', ')']);
            let is_page = pages.iter().any(|(name, _)| name.strip_suffix(".md") == Some(target));
            assert!(is_page || !is_link, "{target}");
        }
    }
}
