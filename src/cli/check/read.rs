//! What of files and log groups is new, brought into the analysis.
//!
//! Must not: look into a line.

use std::collections::BTreeMap;

use corscope::model::{InputNote, LogTime};
use corscope::pipeline::Analyzer;
use corscope::sources::resume::{self, Times};

use crate::cli::check::options::CheckOptions;
use crate::cli::check::reach::Reach;
use crate::cli::check::state::{GroupMark, State};

/// What was read, for the next run.
#[derive(Debug, Default)]
pub(crate) struct WasRead {
    /// Up to when each log group was read.
    pub(crate) groups: BTreeMap<String, GroupMark>,
    /// How far files were read.
    pub(crate) files: Vec<resume::FileMark>,
    /// When AWS took in the newest event.
    pub(crate) newest: Option<LogTime>,
    /// The earliest time that was read.
    pub(crate) from: Option<LogTime>,
    /// Something that the user should know: a long catch-up.
    pub(crate) notes: Vec<String>,
    /// Whether nothing was read before.
    pub(crate) is_first: bool,
    /// Whether everything could be read once.
    pub(crate) was_complete: bool,
    /// Up to when all log groups of this run were read.
    pub(crate) covered_to: Option<LogTime>,
    /// Inputs that were there and could be read, whether anything is new in them or not.
    pub(crate) inputs: u64,
}

/// Reads files and folders.
pub(crate) fn files(
    options: &CheckOptions,
    state: &State,
    reach: &Reach,
    analyzer: &mut Analyzer<'_>,
) -> WasRead {
    let mut done = WasRead {
        is_first: state.is_first(),
        was_complete: state.last_complete.is_some(),
        ..WasRead::default()
    };
    if options.paths.is_empty() {
        done.files.clone_from(&state.files);
        return done;
    }
    let covered_to = state.last_run.filter(|_| !state.files.is_empty());
    let from = reach.from(covered_to).time;
    let times = Times { now: reach.now, from, is_first: state.is_first() };
    let resumed = resume::scan(&options.paths, &state.files, times, analyzer);
    done.inputs = resumed.scanned.read + resumed.scanned.left;
    done.files = resumed.marks;
    done.notes = resumed
        .unfinished
        .iter()
        .map(|note| {
            let InputNote { input, problem } = note;
            format!("{input}: {problem} (it was just written to; the next run reads it again)")
        })
        .collect();
    done
}
