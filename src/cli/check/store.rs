//! The state file: locked, read, and replaced in one step.
//!
//! Must not: leave half a state, or lose one that cannot be read.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use corscope::report::fingerprint::fingerprint;
use tempfile::NamedTempFile;

use crate::cli::check::state::{Frozen, State, StateError, Waiting};
use crate::cli::error::CliError;

/// The state file, while no other run may use it.
#[derive(Debug)]
pub(crate) struct Store {
    /// As it was named.
    named: PathBuf,
    /// The same for all names of the file: links lead to it, and stay links.
    path: PathBuf,
    /// Held; the lock ends with it, whatever ends the process.
    _lock: File,
}

/// Whether the state could be had.
#[derive(Debug)]
pub(crate) enum Locked {
    /// It is ours.
    Ours(Box<Store>, Box<State>),
    /// Another run uses it.
    Busy,
}

impl Store {
    /// Locks the state and reads it. `waits`: until another run is done with it. `resets`: a file that
    /// cannot be used is put aside.
    pub(crate) fn open(named: &Path, (waits, resets): (bool, bool)) -> Result<Locked, CliError> {
        let path = resolved(named);
        let lock_path = beside(&path, ".lock");
        let failed = |doing, source| CliError::State {
            path: named.display().to_string(),
            problem: StateProblem::Io { doing, source },
        };
        // `--reset-state` would put a device aside.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(failed("reading it", io::Error::other("it is no file")));
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|source| failed("locking it", source))?;
        if waits {
            lock.lock().map_err(|source| failed("waiting for it", source))?;
        } else {
            match lock.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => return Ok(Locked::Busy),
                Err(std::fs::TryLockError::Error(source)) => {
                    return Err(failed("locking it", source));
                }
            }
        }
        let store = Box::new(Self { named: named.to_owned(), path, _lock: lock });
        store.tidy();
        let state = match read(&store.path) {
            Ok(Some(state)) => state,
            Ok(None) => store.fresh(),
            Err(StateProblem::Io { doing, source }) => return Err(failed(doing, source)),
            Err(StateProblem::Form(_)) if resets => {
                let old = store.old();
                std::fs::rename(&store.path, old)
                    .map_err(|source| failed("putting it aside", source))?;
                store.fresh()
            }
            Err(problem @ StateProblem::Form(_)) => {
                return Err(CliError::State { path: named.display().to_string(), problem });
            }
        };
        Ok(Locked::Ours(store, Box::new(state)))
    }

    /// The state before the first run. As long as it cannot be saved, each run begins with it: its id,
    /// from which come the keys of what is told, is made of what is the same in all of them.
    fn fresh(&self) -> State {
        State::new(fingerprint(&[Some(&self.path.to_string_lossy())]))
    }

    /// Writes the state: to a file beside it, down to the disk, and then under its name.
    pub(crate) fn save(&self, state: &State) -> Result<(), CliError> {
        self.write(state.to_json())
    }

    /// Writes a state of which only what waits has changed.
    pub(crate) fn save_outbox(&self, state: &Frozen, outbox: &[Waiting]) -> Result<(), CliError> {
        self.write(state.with(outbox))
    }

    fn write(&self, text: Result<Vec<u8>, serde_json::Error>) -> Result<(), CliError> {
        let written = text.map_err(io::Error::from).and_then(|text| self.replace(&text));
        written.map_err(|source| CliError::State {
            path: self.named.display().to_string(),
            problem: StateProblem::Io { doing: "writing it", source },
        })
    }

    /// A name for what is put aside, under which nothing was put aside before.
    fn old(&self) -> PathBuf {
        let first = beside(&self.path, ".old");
        let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let others = (2..u64::MAX).map(|number| beside(&self.path, &format!(".old.{number}")));
        std::iter::once(first.clone()).chain(others).find(|path| !is_there(path)).unwrap_or(first)
    }

    /// Removes what runs left that were killed while they wrote this state.
    fn tidy(&self) {
        let prefix = draft_prefix(&self.path);
        #[expect(clippy::disallowed_methods, reason = "the command line writes its own files")]
        let Ok(entries) = std::fs::read_dir(folder(&self.path)) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let middle = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
            let middle = middle.and_then(|rest| rest.strip_suffix(DRAFT.as_bytes()));
            // Drafts of another state whose name begins alike have a full stop more.
            if middle.is_some_and(|middle| middle.iter().all(u8::is_ascii_alphanumeric)) {
                // Whatever cannot be removed is in nobody's way.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        let folder = folder(&self.path);
        let mut builder = tempfile::Builder::new();
        let prefix = draft_prefix(&self.path);
        builder.prefix(&prefix).suffix(DRAFT);
        let mut file: NamedTempFile = builder.tempfile_in(folder)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        sync_folder(folder)
    }
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateProblem {
    /// The system.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// What is in it.
    #[error("{0}")]
    Form(StateError),
}

/// The state of a file; `None`: there is none.
pub(crate) fn read(path: &Path) -> Result<Option<State>, StateProblem> {
    #[expect(clippy::disallowed_methods, reason = "the command line reads its own files")]
    match std::fs::read(path) {
        Ok(text) => State::parse(&text).map(Some).map_err(StateProblem::Form),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StateProblem::Io { doing: "reading it", source }),
    }
}

/// What a name leads to, which may not be there yet.
fn resolved(named: &Path) -> PathBuf {
    let mut path = named.to_owned();
    // As many links as systems follow.
    for _ in 0..40 {
        if let Ok(path) = path.canonicalize() {
            return path;
        }
        let folder = folder(&path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let here = folder.join(path.file_name().unwrap_or_default());
        match here.read_link() {
            Ok(to) => path = folder.join(to),
            Err(_) => return here,
        }
    }
    named.to_owned()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Ends the name of a file that is to become a state.
const DRAFT: &str = ".corscope-new";

/// Begins it.
fn draft_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// The name is on the disk only when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the command line writes its own files")]
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "there is nothing to do")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
