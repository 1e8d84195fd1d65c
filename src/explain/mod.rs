//! From what somebody pastes or asks (a console message, a reason, a rule) to what it means and how
//! the logs prove it.
//!
//! Reading order: [`message`] recognizes, `query` finds what is meant, [`mod@answer`] says what is
//! known of it, [`human`] and [`markdown`] print it.
//!
//! Must not: read a log, or let pasted text through unescaped.

pub mod answer;
pub mod causes;
pub mod commands;
mod document;
pub mod entry;
mod host;
pub mod human;
mod issues;
mod lines;
mod localized;
pub mod markdown;
mod markup;
pub mod message;
mod named;
mod names;
mod normal;
mod not_cors;
mod panel;
pub mod pasted;
mod proof;
mod query;
mod request;
pub mod standard;
pub mod wording;

use std::io::{self, Write};

use serde::Serialize;

use crate::explain::answer::Answer;
use crate::explain::human::Terminal;
use crate::output::contract::{SCHEMA, append_json};

/// Writes an answer for people.
pub fn write_human(out: &mut dyn Write, answer: &Answer, terminal: Terminal) -> io::Result<()> {
    out.write_all(human::write(&answer.document(), terminal).as_bytes())
}

/// Writes an answer in Markdown.
pub fn write_markdown(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    out.write_all(markdown::write(&answer.document()).as_bytes())
}

/// Writes an answer as one object.
pub fn write_json(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        schema: &'static str,
        #[serde(flatten)]
        answer: &'a Answer,
    }
    let mut bytes = Vec::new();
    append_json(&mut bytes, &Row { schema: SCHEMA, answer })?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}
