//! Files, folders and standard input, in a fixed order: as given, folders sorted by path.
//!
//! Must not: follow a symbolic link in a circle, or stop at a file that cannot be read.

use std::cell::Cell;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use crate::decode::{Count, Metered, SharedShelf, Sink, decode_reusing};
use crate::model::{InputNote, LogEvent, Place, PlaceId, Places};
use crate::sources::meter::Meter;

/// What [`scan`] could read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scanned {
    /// Files (and standard input) that were read, at least in part.
    pub read: u64,
    /// Files that could not be read, or only in part.
    pub failed: u64,
    /// Files that the caller did not want to be read.
    pub left: u64,
    /// Log events delivered.
    pub events: u64,
}

/// Reads all `paths`: files, folders with everything below them, `-` for standard input.
pub fn scan(paths: &[PathBuf], stdin: &mut dyn Read, sink: &mut dyn Sink) -> Scanned {
    scan_metered(paths, stdin, sink, &Meter::default())
}

/// The same; `meter` shows how far it is.
pub fn scan_metered(
    paths: &[PathBuf],
    stdin: &mut dyn Read,
    sink: &mut dyn Sink,
    meter: &Meter,
) -> Scanned {
    let mut scan = Scan::new(sink, &|_, _| true, meter);
    for path in paths {
        if is_stdin(path) {
            scan.read(stdin, Place { file: Some("-".to_owned()), ..Place::default() });
        } else {
            scan.path(path);
        }
    }
    scan.scanned
}

/// How many bytes [`scan`] has to read, by the sizes that the files have now. `None`: standard input
/// is among them, or a pipe, and nobody knows.
pub fn total(paths: &[PathBuf]) -> Option<u64> {
    if paths.iter().any(|path| is_stdin(path)) {
        return None;
    }
    let total = Cell::new(Some(0_u64));
    let weigh = |_: &Path, metadata: &Metadata| {
        let size = metadata.is_file().then_some(metadata.len());
        total.set(total.get().zip(size).map(|(total, size)| total.saturating_add(size)));
        false
    };
    scan_some(paths, &weigh, &mut Nobody(Places::default()));
    total.get()
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Where nothing is read there is nothing to take.
struct Nobody(Places);

impl Sink for Nobody {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.0.intern(place)
    }

    fn event(&mut self, _: LogEvent<'_>) {}

    fn count(&mut self, _: Count, _: u64) {}

    fn problem(&mut self, _: InputNote) {}
}

/// The same for paths only; of the files that are there, those are read which `choose` wants.
pub fn scan_some(
    paths: &[PathBuf],
    choose: &dyn Fn(&Path, &Metadata) -> bool,
    sink: &mut dyn Sink,
) -> Scanned {
    let meter = Meter::default();
    let mut scan = Scan::new(sink, choose, &meter);
    for path in paths {
        scan.path(path);
    }
    scan.scanned
}

struct Scan<'s> {
    sink: &'s mut dyn Sink,
    scanned: Scanned,
    /// Folders that were entered, by their real paths: links may lead back to them.
    folders: HashSet<PathBuf, foldhash::fast::RandomState>,
    choose: &'s dyn Fn(&Path, &Metadata) -> bool,
    meter: &'s Meter,
    /// A buffer for the next file.
    spare: Vec<u8>,
}

impl<'s> Scan<'s> {
    fn new(
        sink: &'s mut dyn Sink,
        choose: &'s dyn Fn(&Path, &Metadata) -> bool,
        meter: &'s Meter,
    ) -> Self {
        let (scanned, folders) = (Scanned::default(), HashSet::default());
        Self { sink, scanned, folders, choose, meter, spare: Vec::new() }
    }

    /// A path of the command line: whatever its name, it is meant.
    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => {
                self.folders.clear();
                let before = self.scanned;
                self.folder(path);
                if self.scanned == before {
                    self.note(path, "this folder holds no log files; name a folder of an export");
                }
            }
            Ok(kind) => self.file(path, &kind),
            Err(error) => self.failed(path, "opening it", &error),
        }
    }

    fn folder(&mut self, folder: &Path) {
        match folder.canonicalize() {
            Ok(real) => {
                if !self.folders.insert(real) {
                    return;
                }
            }
            Err(error) => return self.failed(folder, "following the path", &error),
        }
        #[expect(clippy::disallowed_methods, reason = "`sources` is where folders are read")]
        let entries = fs::read_dir(folder);
        let entries: io::Result<Vec<PathBuf>> = match entries {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
            Err(error) => Err(error),
        };
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.failed(folder, "listing the folder", &error),
        };
        entries.sort();
        for path in entries {
            match fs::metadata(&path) {
                _ if is_no_log(&path) => self.sink.count(Count::Skipped, 1),
                Ok(kind) if kind.is_dir() => self.folder(&path),
                Ok(kind) if kind.is_file() => self.file(&path, &kind),
                // Sockets, pipes and devices do not end.
                Ok(_) => self.sink.count(Count::Skipped, 1),
                Err(error) => self.failed(&path, "opening it", &error),
            }
        }
    }

    fn file(&mut self, path: &Path, metadata: &Metadata) {
        if !(self.choose)(path, metadata) {
            self.scanned.left += 1;
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "`sources` is where files are opened")]
        let opened = File::open(path);
        match opened {
            Ok(mut file) => self.read(&mut file, place_of(path)),
            Err(error) => self.failed(path, "opening it", &error),
        }
    }

    fn read(&mut self, reader: &mut dyn Read, place: Place) {
        let mut watch = Watch { sink: self.sink, events: 0, bytes: 0, skipped: 0, problems: 0 };
        let mut reader = Metered::new(reader, |count| self.meter.add(count));
        decode_reusing(&mut reader, &place, &mut watch, &mut self.spare);
        let Watch { events, bytes, skipped, problems, .. } = watch;
        if events == 0 && problems == 0 && skipped == 0 {
            let problem = if bytes == 0 {
                "it is empty: nothing to analyze; check that the export had finished"
            } else {
                "it holds no log event; give the log as it was exported"
            };
            let input = place.file.unwrap_or_default();
            self.sink.problem(InputNote { input, problem: problem.to_owned() });
        }
        self.scanned.events += events;
        self.scanned.read += u64::from(bytes > 0);
        self.scanned.failed += u64::from(problems > 0 || bytes == 0);
    }

    fn failed(&mut self, path: &Path, doing: &str, error: &io::Error) {
        let hint = if error.kind() == io::ErrorKind::NotFound {
            "check the spelling; the shell expands patterns such as `*.gz` only if something matches"
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            "make it readable for you, or run as its owner"
        } else {
            "the other inputs are analyzed"
        };
        self.note(path, &format!("{doing} failed: {error}; {hint}"));
    }

    fn note(&mut self, path: &Path, problem: &str) {
        self.scanned.failed += 1;
        let input = path.to_string_lossy().into_owned();
        self.sink.problem(InputNote { input, problem: problem.to_owned() });
    }
}

/// Passes everything on and keeps count.
struct Watch<'s> {
    sink: &'s mut dyn Sink,
    events: u64,
    bytes: u64,
    skipped: u64,
    problems: u64,
}

impl Sink for Watch<'_> {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.sink.place(place)
    }

    fn event(&mut self, event: LogEvent<'_>) {
        self.events += 1;
        self.sink.event(event);
    }

    fn begun(&mut self, event: LogEvent<'_>, written: &[u8]) -> bool {
        let is_enough = self.sink.begun(event, written);
        self.events += u64::from(is_enough);
        is_enough
    }

    fn count(&mut self, what: Count, how_many: u64) {
        match what {
            Count::Bytes => self.bytes += how_many,
            Count::Skipped => self.skipped += how_many,
            Count::Duplicates | Count::Truncated | Count::Sampled | Count::Throttled => {}
        }
        self.sink.count(what, how_many);
    }

    fn problem(&mut self, note: InputNote) {
        self.problems += 1;
        self.sink.problem(note);
    }

    fn shelf(&self) -> Option<SharedShelf> {
        self.sink.shelf()
    }
}

/// Files in folders that are no logs: hidden ones, the probe that an S3 export writes, and
/// documents that lie beside logs.
fn is_no_log(path: &Path) -> bool {
    const NAMES: &[&str] = &["aws-logs-write-test", "LICENSE", "Makefile", "README"];
    const ENDINGS: &[&str] = &["md", "rst", "html", "pdf", "png", "toml", "sha256", "tmp"];
    let Some(name) = path.file_name().map(|name| name.to_string_lossy()) else { return true };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    name.starts_with('.')
        || NAMES.contains(&name.as_ref())
        || ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The place of a file. In an S3 export, `<prefix>/<task id>/<stream>/000000.gz`, the folder names
/// the stream.
fn place_of(path: &Path) -> Place {
    let file = Some(path.to_string_lossy().into_owned());
    Place { file, log_stream: export_stream(path), ..Place::default() }
}

fn export_stream(path: &Path) -> Option<String> {
    let number = path.file_name()?.to_str()?.strip_suffix(".gz")?;
    if number.len() != 6 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let stream = path.parent()?.file_name()?.to_str()?;
    (!stream.is_empty()).then(|| stream.to_owned())
}
