//! How far a scan is: what is counted while it reads is, at the end, what there was to read.

use std::io;
use std::path::{Path, PathBuf};

use corscope::decode::{Count, Sink};
use corscope::model::{InputNote, LogEvent, Place, PlaceId, Places};
use corscope::sources::files;
use corscope::sources::meter::Meter;

#[track_caller]
fn check(paths: &[&Path]) {
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
    let meter = Meter::default();
    let mut counted = Counted::default();
    files::scan_metered(&paths, &mut io::empty(), &mut counted, &meter);
    assert!(meter.bytes() > 0);
    assert_eq!(files::total(&paths), Some(meter.bytes()));
    assert_eq!(counted.bytes, meter.bytes());
}

#[test]
fn at_the_end_as_much_was_read_as_there_was() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    // With READMEs, which are no logs, compressed files, and a probe.
    check(&[&samples]);
    check(&[&samples.join("rest-api/execution-log.txt"), &samples.join("rest-api")]);
}

#[test]
fn what_cannot_be_read_adds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("api.log");
    std::fs::write(&log, "a line\n").expect("written");
    check(&[&log, &folder.path().join("missing.log")]);
}

#[test]
fn nobody_knows_how_much_a_pipe_will_bring() {
    assert_eq!(files::total(&[PathBuf::from("sample-logs"), PathBuf::from("-")]), None);
    #[cfg(unix)]
    assert_eq!(files::total(&[PathBuf::from("/dev/null")]), None);
}

#[test]
fn of_a_pipe_it_is_known_what_it_brought() {
    let meter = Meter::default();
    let mut stdin: &[u8] = b"a line\n";
    files::scan_metered(&[PathBuf::from("-")], &mut stdin, &mut Counted::default(), &meter);
    assert_eq!(meter.bytes(), 7);
}

/// What the ledger would say.
#[derive(Default)]
struct Counted {
    places: Places,
    bytes: u64,
}

impl Sink for Counted {
    fn place(&mut self, place: &Place) -> PlaceId {
        self.places.intern(place)
    }

    fn event(&mut self, _: LogEvent<'_>) {}

    fn count(&mut self, what: Count, how_many: u64) {
        if what == Count::Bytes {
            self.bytes += how_many;
        }
    }

    fn problem(&mut self, _: InputNote) {}
}
