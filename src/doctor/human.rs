//! An examination for people.
//!
//! Must not: leave out what is well; that something was looked at is part of the answer.

use std::io::{self, Write};

use crate::doctor::{Area, Check, Examination, Health};
use crate::output::escape::visible;

const INDENT: &str = "    ";

/// Writes an examination, in lines of so many columns.
pub fn write_human(out: &mut dyn Write, found: &Examination, width: usize) -> io::Result<()> {
    let mut area: Option<Area> = None;
    for check in &found.checks {
        if area != Some(check.area) {
            let gap = if area.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{}", check.area.title())?;
            area = Some(check.area);
        }
        write_check(out, check, width)?;
    }
    writeln!(out, "\nWhat would stay undetermined")?;
    if found.undetermined.is_empty() {
        writeln!(out, "  nothing that these settings tell")?;
    }
    for text in &found.undetermined {
        wrapped(out, "  - ", text, width)?;
    }
    writeln!(out, "\nThe change that helps most")?;
    let best = found.best_change.as_deref().unwrap_or(match found.health {
        Health::Well | Health::Improve => "none: the settings are as they should be",
        Health::Unknown => "none that can be told from here",
    });
    wrapped(out, "  ", best, width)?;
    out.flush()
}

fn write_check(out: &mut dyn Write, check: &Check, width: usize) -> io::Result<()> {
    let mark = match check.health {
        Health::Well => "  ok  ",
        Health::Improve => "  !!  ",
        Health::Unknown => "  ??  ",
    };
    wrapped(out, mark, &format!("{}: {}", check.subject, check.text), width)?;
    if let Some(fix) = &check.fix {
        wrapped(out, &format!("{INDENT}  fix: "), fix, width)?;
    }
    if let Some(paste) = &check.paste {
        // To be copied: in one piece.
        writeln!(out, "{INDENT}  {}", visible(paste))?;
    }
    Ok(())
}

/// A text behind a label, broken at blanks, escaped.
fn wrapped(out: &mut dyn Write, label: &str, text: &str, width: usize) -> io::Result<()> {
    let text = visible(text);
    let indent = " ".repeat(label.len());
    let mut line = label.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            writeln!(out, "{line}")?;
            line.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}")
}
