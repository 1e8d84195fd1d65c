//! Files that were read before: which of them may hold something new, and which of their events are.
//!
//! A file is read again if it changed, or if it holds events so recent that requests may go on in it.
//! Events that were read before and are older than that are passed over. A file that was renamed, also
//! packed on the way, is known by its first event.
//!
//! Must not: take a file for read because another one has its name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::decode::{Count, Sink};
use crate::model::stable_hash::stable_hash;
use crate::model::{InputNote, LogEvent, LogTime, Place, PlaceId};
use crate::sources::files::{Scanned, scan_some};

/// Bytes of the first event that tell it from others.
const LONGEST_HEAD: usize = 1024;
/// A file that was written to within so many milliseconds may be written to still.
const FRESH: i64 = 30_000;

/// How far a file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// Its path as it was given or found.
    pub path: String,
    /// Device and inode, where the system has them.
    pub inode: Option<(u64, u64)>,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the Unix epoch.
    pub modified: Option<u64>,
    /// Tells its first event from that of another file; `None`: it has none.
    pub head: Option<u64>,
    /// Lines, or events, that were read.
    pub lines: u64,
    /// Bytes of the last of them.
    #[serde(default)]
    pub last: Option<u64>,
    /// Time of its newest event, in milliseconds since the Unix epoch.
    pub newest: Option<i64>,
    /// How many lines earlier runs had read, oldest first: what tells recent lines without a time.
    #[serde(default)]
    pub history: Vec<(i64, u64)>,
}

/// Times of a run.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// When it runs.
    pub now: LogTime,
    /// What is older was read, and is over.
    pub from: LogTime,
    /// Whether nothing was read before; what is there now without a time is old from then on.
    pub is_first: bool,
}

/// What came of reading.
#[derive(Debug, Default)]
pub struct Resumed {
    /// What is wrong with files that were written to just now; the next run reads them again.
    pub unfinished: Vec<InputNote>,
    /// What of all files is known now; those that are gone are forgotten.
    pub marks: Vec<FileMark>,
    /// Files and events.
    pub scanned: Scanned,
    /// Events that were passed over, for they were read before.
    pub known_events: u64,
}

/// Reads what is new in files and folders, and what is not older than `times.from`.
pub fn scan(paths: &[PathBuf], marks: &[FileMark], times: Times, sink: &mut dyn Sink) -> Resumed {
    let known: BTreeMap<&str, &FileMark> = marks.iter().map(|it| (it.path.as_str(), it)).collect();
    let found = RefCell::new(BTreeMap::new());
    let choose = |path: &Path, metadata: &Metadata| {
        let name = path.to_string_lossy().into_owned();
        let now = FileMark::new(name.clone(), metadata);
        let before = known.get(name.as_str()).filter(|mark| mark.is_same(&now));
        let is_wanted = before.is_none_or(|mark| mark.is_recent(times.from));
        let mark = before.map_or(now, |mark| (*mark).clone());
        found.borrow_mut().insert(name, Found { mark, is_read: is_wanted });
        is_wanted
    };
    let mut reader = Reader {
        sink,
        known: marks,
        found: &found,
        from: times.from,
        places: HashMap::default(),
        files: Vec::new(),
        known_events: 0,
        now: times.now,
        failed: Vec::new(),
        unfinished: Vec::new(),
    };
    let scanned = scan_some(paths, &choose, &mut reader);
    let Reader { files, known_events, failed, unfinished, .. } = reader;
    let mut marks: BTreeMap<String, Found> = found.into_inner();
    for file in files {
        if let Some(Found { mark, is_read: true }) = marks.get_mut(&file.path) {
            mark.head = mark.head.filter(|_| file.head.is_none()).or(file.head);
            if file.lines >= mark.lines {
                (mark.lines, mark.last) = (file.lines, file.last);
            }
            mark.newest = mark.newest.max(file.newest);
            mark.history = file.before.history;
        }
    }
    // What could not be read, or only in part, is read again, whether it changes or not.
    for path in &failed {
        let Some(found) = marks.get_mut(path) else { continue };
        if found.mark.lines == 0
            && let Some(mark) = known.get(path.as_str())
        {
            found.mark = (*mark).clone();
        }
        found.mark.modified = None;
    }
    let marks = marks.into_values().map(|found| found.mark.aged(times)).collect();
    Resumed { unfinished, marks, scanned, known_events }
}

struct Found {
    mark: FileMark,
    is_read: bool,
}

impl FileMark {
    fn new(path: String, metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        Self {
            path,
            inode: inode(metadata),
            size: metadata.len(),
            modified: modified.and_then(|it| u64::try_from(it.as_nanos()).ok()),
            head: None,
            lines: 0,
            last: None,
            newest: None,
            history: Vec::new(),
        }
    }

    /// Whether requests may go on in what was read of it.
    fn is_recent(&self, from: LogTime) -> bool {
        self.newest.is_some_and(|newest| newest >= from.0) || self.lines_before(from) < self.lines
    }

    /// Lines that were read before `time`.
    fn lines_before(&self, time: LogTime) -> u64 {
        let before = self.history.iter().filter(|(at, _)| *at < time.0);
        before.map(|(_, lines)| *lines).max().unwrap_or(0)
    }

    /// The mark that this run leaves.
    fn aged(mut self, times: Times) -> Self {
        // The last one before the overlap says what is older than that.
        let old = self.history.iter().filter(|(at, _)| *at < times.from.0).count();
        self.history.drain(..old.saturating_sub(1));
        let at = if times.is_first { times.from.0.saturating_sub(1) } else { times.now.0 };
        self.history.push((at, self.lines));
        self
    }

    /// Whether nothing was written since.
    fn is_same(&self, now: &Self) -> bool {
        (self.inode, self.size, self.modified) == (now.inode, now.size, now.modified)
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn inode(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Passes on what is new.
struct Reader<'a> {
    sink: &'a mut dyn Sink,
    known: &'a [FileMark],
    found: &'a RefCell<BTreeMap<String, Found>>,
    from: LogTime,
    /// Which file a place is in; a file may have several.
    places: HashMap<PlaceId, usize, foldhash::fast::RandomState>,
    files: Vec<Reading>,
    known_events: u64,
    now: LogTime,
    /// Files that could not be read, or only in part.
    failed: Vec<String>,
    unfinished: Vec<InputNote>,
}

/// A file that is being read.
#[derive(Default)]
struct Reading {
    path: String,
    head: Option<u64>,
    /// Whether an event was there.
    has_begun: bool,
    before: Before,
    lines: u64,
    last: Option<u64>,
    newest: Option<i64>,
}

/// What of a file was read before.
#[derive(Debug, Clone, Default)]
struct Before {
    lines: u64,
    /// Those of them that are older than what is read again.
    old: u64,
    /// Bytes that the last of them had then.
    last: Option<u64>,
    history: Vec<(i64, u64)>,
}

impl Reader<'_> {
    /// What was read of a file before, under this name or another one.
    fn before(&self, path: &str, (head, has_time): (Option<u64>, bool)) -> Before {
        let before = |mark: &FileMark| Before {
            lines: mark.lines,
            old: mark.lines_before(self.from),
            last: mark.last,
            history: mark.history.clone(),
        };
        let size = self.found.borrow().get(path).map_or(0, |found| found.mark.size);
        let named = self.known.iter().find(|mark| mark.path == path);
        // A file that has shrunk is another one, even if it begins with the same line; and so is one of
        // lines without a time that is not the same for the system.
        let found = self.found.borrow();
        let inode = found.get(path).and_then(|found| found.mark.inode);
        let is_same = |mark: &&FileMark| {
            mark.head == head && mark.size <= size && (has_time || mark.inode == inode)
        };
        if let Some(mark) = named.filter(is_same) {
            return before(mark);
        }
        // Log rotation moves `api.log` to `api.log.1` and on to `api.log.2.gz`.
        let stem = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.split('.').next().unwrap_or_default().to_owned()
        };
        // Without a time, many files may begin with the same line.
        let moved = self.known.iter().filter(|mark| has_time && mark.head == head);
        let moved = moved.filter(|mark| stem(&mark.path) == stem(path) && mark.path != path);
        moved.max_by_key(|mark| mark.lines).map(before).unwrap_or_default()
    }
}

/// Tells an event from others.
fn head_of(event: &LogEvent<'_>) -> u64 {
    let time = event.time.map_or(0, |time| time.0).to_le_bytes();
    let message = event.message.get(..LONGEST_HEAD).unwrap_or(event.message);
    stable_hash(&[&time, message])
}

impl Sink for Reader<'_> {
    fn place(&mut self, place: &Place) -> PlaceId {
        let id = self.sink.place(place);
        let path = place.file.clone().unwrap_or_default();
        // Files are read one behind the other.
        if self.files.last().is_none_or(|file| file.path != path) {
            self.files.push(Reading { path, ..Reading::default() });
        }
        self.places.insert(id, self.files.len() - 1);
        id
    }

    fn event(&mut self, event: LogEvent<'_>) {
        let at = self.places.get(&event.position.place).copied();
        if let Some(file) = at.and_then(|at| self.files.get_mut(at))
            && !file.has_begun
        {
            file.has_begun = true;
            file.head = Some(head_of(&event));
            let (path, head) = (file.path.clone(), file.head);
            let before = self.before(&path, (head, event.time.is_some()));
            if let Some(file) = at.and_then(|at| self.files.get_mut(at)) {
                file.before = before;
            }
        }
        if let Some(file) = at.and_then(|at| self.files.get_mut(at)) {
            if event.position.line >= file.lines {
                (file.lines, file.last) = (event.position.line, Some(event.message.len() as u64));
            }
            let time = event.time.map(|time| time.0);
            file.newest = file.newest.max(time);
            let is_old = match time {
                Some(time) => time < self.from.0,
                None => event.position.line <= file.before.old,
            };
            // The last line of then may have been half written.
            let is_whole = event.position.line != file.before.lines
                || file.before.last.is_none_or(|last| last == event.message.len() as u64);
            if event.position.line <= file.before.lines && is_whole && is_old {
                self.known_events += 1;
                return;
            }
        }
        self.sink.event(event);
    }

    fn count(&mut self, what: Count, how_many: u64) {
        self.sink.count(what, how_many);
    }

    fn problem(&mut self, note: InputNote) {
        self.failed.push(note.input.clone());
        // Log rotation leaves an empty file, and a line may be half written.
        let is_fresh = {
            let found = self.found.borrow();
            let modified = found.get(&note.input).and_then(|found| found.mark.modified);
            modified.is_some_and(|it| (self.now.0.saturating_sub(millis(it))).abs() < FRESH)
        };
        let is_empty =
            self.found.borrow().get(&note.input).is_some_and(|found| found.mark.size == 0);
        if is_empty {
            return;
        }
        if is_fresh {
            self.unfinished.push(note);
        } else {
            self.sink.problem(note);
        }
    }
}

/// Milliseconds of nanoseconds.
fn millis(nanos: u64) -> i64 {
    i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests write the files that are read")]

    use std::fs;

    use super::*;

    const MINUTE: i64 = 60_000;

    /// A folder that is read every five minutes, with ten minutes read again.
    struct Folder {
        dir: tempfile::TempDir,
        marks: Vec<FileMark>,
        now: i64,
        problems: usize,
    }

    #[derive(Default)]
    struct Lines {
        places: crate::model::Places,
        lines: Vec<String>,
        problems: usize,
    }

    impl Sink for Lines {
        fn place(&mut self, place: &Place) -> PlaceId {
            self.places.intern(place)
        }

        fn event(&mut self, event: LogEvent<'_>) {
            self.lines.push(String::from_utf8_lossy(event.message).into_owned());
        }

        fn count(&mut self, _: Count, _: u64) {}

        fn problem(&mut self, _: InputNote) {
            self.problems += 1;
        }
    }

    impl Folder {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            Self { dir, marks: Vec::new(), now: 0, problems: 0 }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.dir.path().join(name), text).expect("a file");
        }

        /// What the next run, so many minutes later, passes on.
        #[track_caller]
        fn check(&mut self, minutes: i64, want: &[&str]) {
            let want: Vec<String> = want.iter().map(|line| (*line).to_owned()).collect();
            self.now += minutes * MINUTE;
            let now = LogTime(self.now);
            let times = Times { now, from: LogTime(self.now - 15 * MINUTE), is_first: false };
            let mut lines = Lines::default();
            let paths = [self.dir.path().to_owned()];
            let resumed = scan(&paths, &self.marks, times, &mut lines);
            self.marks = resumed.marks;
            assert_eq!((lines.lines, lines.problems), (want, self.problems));
        }
    }

    #[test]
    fn lines_without_a_time_are_recent_while_they_were_read_recently() {
        let mut folder = Folder::new();
        folder.write("a.log", "one\ntwo\n");
        folder.check(100, &["one", "two"]);
        folder.check(5, &["one", "two"]);
        folder.write("a.log", "one\ntwo\nthree\n");
        folder.check(5, &["one", "two", "three"]);
        folder.check(10, &["three"]);
        folder.check(10, &[]);
        folder.write("a.log", "one\ntwo\nthree\nfour\n");
        folder.check(60, &["four"]);
    }

    #[test]
    fn a_file_that_took_the_name_of_another_is_new() {
        let mut folder = Folder::new();
        folder.write("a.log", "begin\none\ntwo\n");
        folder.check(100, &["begin", "one", "two"]);
        fs::remove_file(folder.dir.path().join("a.log")).expect("a file");
        folder.write("a.log", "begin\n1\n");
        folder.check(60, &["begin", "1"]);
        folder.write("a.log", "another begin\n1\n2\n3\n4\n");
        folder.check(60, &["another begin", "1", "2", "3", "4"]);
    }

    #[test]
    fn a_file_that_could_not_be_read_whole_is_read_again() {
        let mut folder = Folder::new();
        folder.write("a.json", "{\"timestamp\":1,\"message\":\"one\"}\n{\"timestamp\":2,");
        folder.problems = 1;
        folder.check(100, &["one", "{\"timestamp\":2,"]);
        folder.check(60, &[]);
        folder.problems = 0;
        folder.write(
            "a.json",
            "{\"timestamp\":1,\"message\":\"one\"}\n{\"timestamp\":2,\"message\":\"two\"}\n",
        );
        folder.check(60, &["two"]);
        folder.check(60, &[]);
        // Log rotation leaves an empty file, and that is no problem.
        folder.write("a.json", "");
        folder.check(60, &[]);
    }

    #[test]
    fn a_file_that_was_moved_is_the_same() {
        let mut folder = Folder::new();
        let line = |minute: i64, text| format!("{} {text}\n", LogTime(minute * MINUTE));
        let (one, two) = (line(1, "one"), line(2, "two"));
        folder.write("a.log", &one);
        folder.check(100, &["one"]);
        let path = |name| folder.dir.path().join(name);
        fs::rename(path("a.log"), path("a.log.1")).expect("a file");
        folder.write("a.log.1", &format!("{one}{two}"));
        folder.write("a.log", &line(3, "three"));
        folder.check(60, &["three", "two"]);
    }
}
