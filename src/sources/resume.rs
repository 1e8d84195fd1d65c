//! Files that were read before: which of them may hold something new, and which of their events are.
//!
//! A file is read again if it changed, or if it holds events so recent that requests may go on in it.
//! Events that were read before and are older than that are passed over. A file that was renamed, also
//! packed on the way, is known by its first event.
//!
//! Must not: take a file for read because another one has its name.

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
    /// Tells its first event from that of another file; `None`: it has no event with a time.
    pub head: Option<u64>,
    /// Lines, or events, that were read.
    pub lines: u64,
    /// Bytes of the last of them.
    #[serde(default)]
    pub last: Option<u64>,
    /// Time of its newest event, in milliseconds since the Unix epoch.
    pub newest: Option<i64>,
}

/// What came of reading.
#[derive(Debug, Default)]
pub struct Resumed {
    /// What of all files is known now; those that are gone are forgotten.
    pub marks: Vec<FileMark>,
    /// Files and events.
    pub scanned: Scanned,
    /// Events that were passed over, for they were read before.
    pub known_events: u64,
}

/// Reads what is new in files and folders, and what is not older than `from`.
pub fn scan(paths: &[PathBuf], marks: &[FileMark], from: LogTime, sink: &mut dyn Sink) -> Resumed {
    let known: BTreeMap<&str, &FileMark> = marks.iter().map(|it| (it.path.as_str(), it)).collect();
    let found = std::cell::RefCell::new(BTreeMap::new());
    let choose = |path: &Path, metadata: &Metadata| {
        let name = path.to_string_lossy().into_owned();
        let now = FileMark::new(name.clone(), metadata);
        let before = known.get(name.as_str()).filter(|mark| mark.is_same(&now));
        let is_wanted = before.is_none_or(|mark| mark.newest.is_some_and(|it| it >= from.0));
        let mark = before.map_or(now, |mark| (*mark).clone());
        found.borrow_mut().insert(name, Found { mark, is_read: is_wanted });
        is_wanted
    };
    let mut reader = Reader {
        sink,
        known: marks,
        from,
        places: HashMap::default(),
        files: Vec::new(),
        known_events: 0,
    };
    let scanned = scan_some(paths, &choose, &mut reader);
    let (files, known_events) = (reader.files, reader.known_events);
    let mut marks: BTreeMap<String, Found> = found.into_inner();
    for file in files {
        if let Some(Found { mark, is_read: true }) = marks.get_mut(&file.path) {
            mark.head = mark.head.filter(|_| file.head.is_none()).or(file.head);
            if file.lines >= mark.lines {
                (mark.lines, mark.last) = (file.lines, file.last);
            }
            mark.newest = mark.newest.max(file.newest);
        }
    }
    let marks = marks.into_values().map(|found| found.mark).collect();
    Resumed { marks, scanned, known_events }
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
        }
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
    from: LogTime,
    /// Which file a place is in; a file may have several.
    places: HashMap<PlaceId, usize, foldhash::fast::RandomState>,
    files: Vec<Reading>,
    known_events: u64,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Before {
    lines: u64,
    /// Bytes that the last of them had then.
    last: Option<u64>,
}

impl Reader<'_> {
    /// What was read of a file before, under this name or another one.
    fn before(known: &[FileMark], path: &str, head: Option<u64>) -> Before {
        let named = known.iter().find(|mark| mark.path == path);
        let before = |mark: &FileMark| Before { lines: mark.lines, last: mark.last };
        if let Some(mark) = named.filter(|mark| mark.head == head) {
            return before(mark);
        }
        // Log rotation moves `api.log` to `api.log.1` and on to `api.log.2.gz`.
        let stem = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.split('.').next().unwrap_or_default().to_owned()
        };
        let moved = known.iter().filter(|mark| head.is_some() && mark.head == head);
        moved.filter(|mark| stem(&mark.path) == stem(path)).map(before).max().unwrap_or_default()
    }
}

/// Tells an event from others.
fn head_of(event: &LogEvent<'_>) -> Option<u64> {
    let time = event.time?.0.to_le_bytes();
    let message = event.message.get(..LONGEST_HEAD).unwrap_or(event.message);
    Some(stable_hash(&[&time, message]))
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
        let file = self.places.get(&event.position.place).copied();
        if let Some(file) = file.and_then(|file| self.files.get_mut(file)) {
            if !file.has_begun {
                file.has_begun = true;
                file.head = head_of(&event);
                file.before = Self::before(self.known, &file.path, file.head);
            }
            if event.position.line >= file.lines {
                (file.lines, file.last) = (event.position.line, Some(event.message.len() as u64));
            }
            let time = event.time.map(|time| time.0);
            file.newest = file.newest.max(time);
            let is_old = time.is_none_or(|time| time < self.from.0);
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
        self.sink.problem(note);
    }
}
