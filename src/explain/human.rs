//! A document for a terminal.
//!
//! Must not: take text past [`visible`], or break a line of code.

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use crate::explain::document::{Block, Document};
use crate::output::escape::visible;

/// Columns of the labels.
const INDENT: usize = 11;
/// Lines of prose get hard to read beyond it.
const MAX_PROSE: usize = 110;

const STRONG: Style = Style::new().bold();

/// How to write.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Its columns.
    pub width: usize,
    /// Whether to use colors.
    pub color: bool,
}

/// The document as text.
pub(crate) fn write(document: &Document, terminal: Terminal) -> String {
    let mut out = String::new();
    let mut last: Option<&Block> = None;
    for block in &document.0 {
        if last.is_some_and(|last| wants_blank(last, block)) {
            out.push('\n');
        }
        self::block(&mut out, block, terminal);
        last = Some(block);
    }
    out
}

fn wants_blank(last: &Block, block: &Block) -> bool {
    match block {
        Block::Heading(_) | Block::Subheading(_) | Block::Title(..) => true,
        Block::Text(_) => !matches!(last, Block::Heading(_) | Block::Subheading(_)),
        Block::Field(..) | Block::Verbatim(..) | Block::Ids(..) => !matches!(
            last,
            Block::Field(..) | Block::Verbatim(..) | Block::Ids(..) | Block::Heading(_)
        ),
        Block::Item(..) => matches!(last, Block::Text(_) | Block::Code(..)),
        Block::Code(..) | Block::Link(_) => false,
    }
}

fn block(out: &mut String, block: &Block, terminal: Terminal) {
    match block {
        Block::Title(text, id) => {
            let id = id.as_ref().map(|id| format!(" [{id}]")).unwrap_or_default();
            wrapped(out, ("", ""), &strong(&format!("{text}{id}"), terminal), terminal);
        }
        Block::Heading(text) | Block::Subheading(text) => {
            wrapped(out, ("", ""), &strong(text, terminal), terminal);
        }
        Block::Text(text) => {
            for line in text.lines() {
                wrapped(out, ("", ""), &visible(line), terminal);
            }
        }
        Block::Field(label, text) | Block::Verbatim(label, text) => {
            field(out, label, text, terminal);
        }
        Block::Ids(label, ids) => field(out, label, &ids.join(", "), terminal),
        Block::Item(id, text) => {
            wrapped(out, ("  ", "      "), &visible(&format!("{id}: {text}")), terminal);
        }
        Block::Code(_, text) => {
            for line in text.lines() {
                out.push_str("    ");
                // A tab is what code may hold and a line may not.
                out.push_str(&visible(&line.replace('\t', "    ")));
                out.push('\n');
            }
        }
        Block::Link(text) => {
            out.push_str("  ");
            out.push_str(&visible(text));
            out.push('\n');
        }
    }
}

fn field(out: &mut String, label: &str, text: &str, terminal: Terminal) {
    let mut label = format!("  {label}");
    for line in text.trim_end().lines() {
        let pad = INDENT.saturating_sub(label.width()).max(1);
        label.push_str(&" ".repeat(pad));
        wrapped(out, (&label, &" ".repeat(INDENT)), &visible(line), terminal);
        label.clear();
    }
}

fn strong(text: &str, terminal: Terminal) -> String {
    let text = visible(text);
    if terminal.color { format!("{STRONG}{text}{STRONG:#}") } else { text.into_owned() }
}

/// Words up to the width; `first` stands before the first line, `rest` before the others.
fn wrapped(out: &mut String, (first, rest): (&str, &str), text: &str, terminal: Terminal) {
    let limit = terminal.width.min(MAX_PROSE);
    let mut column = first.width();
    let mut is_start = true;
    out.push_str(first);
    for word in text.split_whitespace() {
        let width = anstyle_width(word);
        if !is_start && column + 1 + width > limit {
            out.push('\n');
            out.push_str(rest);
            column = rest.width();
            is_start = true;
        }
        if !is_start {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
        is_start = false;
    }
    out.push('\n');
}

/// The width of a word, without the escape sequences of its style.
fn anstyle_width(word: &str) -> usize {
    let bold = STRONG.render().to_string();
    let reset = STRONG.render_reset().to_string();
    word.replace(&bold, "").replace(&reset, "").width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        let mut document = Document::default();
        document.title("A title\u{1b}[31m", Some("an-id"));
        document.field("why", &"word ".repeat(12));
        document.code("sh", &format!("\tcode {}", "x".repeat(60)));
        let text = write(&document, Terminal { width: 40, color: false });
        let want = format!(
            "A title\\x1b[31m [an-id]\n\n  why      word word word word word word\n           word word word word word word\n        code {}\n",
            "x".repeat(60)
        );
        assert_eq!(text, want);
        let text = write(&document, Terminal { width: 40, color: true });
        assert!(text.starts_with("\u{1b}[1mA title\\x1b[31m [an-id]\u{1b}[0m\n"), "{text:?}");
    }
}
