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
    match (&found.best_change, found.health) {
        (Some(change), _) => {
            let title = change.area.title();
            let text = format!("{title}, {}: {}", change.subject, change.fix);
            wrapped(out, "  ", &text, width)?;
            write_paste(out, "  ", change.paste.as_deref())?;
        }
        (None, Health::Well | Health::Improve) => {
            writeln!(out, "  none: the settings are as they should be")?;
        }
        (None, Health::Unknown) => writeln!(out, "  none that can be told from here")?,
    }
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
    write_paste(out, &format!("{INDENT}  "), check.paste.as_deref())
}

/// What is to be copied: in one piece.
fn write_paste(out: &mut dyn Write, indent: &str, paste: Option<&str>) -> io::Result<()> {
    paste.map_or(Ok(()), |paste| writeln!(out, "{indent}{}", visible(paste)))
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
