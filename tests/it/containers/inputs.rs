//! Inputs that are too long, damaged, or no logs, and where they come from.

use corscope::decode::{Count, MAX_EVENT, decode};
use corscope::model::Place;
use corscope::sources::files::{Scanned, scan};

use super::{Seen, at, expected, export, gzip, json_events, seen};

#[test]
fn long_lines_are_cut_and_the_rest_goes_on() {
    for extra in [0, 1, 5000, 3 << 20] {
        let text = format!("{} {}\nmore\n{} next\n", at(0), "x".repeat(MAX_EVENT + extra), at(1));
        let seen = seen(text.as_bytes());
        assert_eq!(seen.events.len(), 2, "{extra}");
        assert_eq!(seen.events[0].message.len(), MAX_EVENT);
        assert_eq!(seen.events[1].message, "next");
        assert_eq!(seen.counts, [(Count::Truncated, 1)]);
    }
    let long = serde_json::json!({"events": [
        {"timestamp": 1, "message": "x".repeat(9 << 20)}, {"timestamp": 2, "message": "next"},
    ]});
    let seen = seen(long.to_string().as_bytes());
    assert_eq!(seen.events.len(), 2);
    assert_eq!(seen.events[1].message, "next");
}

#[test]
fn damaged_inputs_give_what_they_have() {
    let text = export().repeat(500);
    let packed = gzip(text.as_bytes());
    let cut = seen(&packed[..packed.len() - 30]);
    assert!(cut.events.len() > 500, "{}", cut.events.len());
    assert!(cut.problems[0].contains("member 1 is cut off"), "{:?}", cut.problems);
    let garbage = seen(&[gzip(export().as_bytes()), b"garbage".to_vec()].concat());
    assert_eq!((garbage.events.len(), garbage.problems.len()), (3, 1));
    let document = serde_json::json!({ "events": json_events() }).to_string();
    let short = seen(&document.as_bytes()[..document.len() - 40]);
    assert_eq!((short.events.len(), short.problems.len()), (2, 1));
    assert_eq!(seen(b"").problems.len(), 0);
    let junk: Vec<u8> =
        (0..5000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!((seen(&junk).events.len(), seen(&junk).problems.len()), (0, 1));
    let mut bomb = Seen::default();
    let bytes = gzip(&gzip(&vec![b'x'; 1 << 20]).repeat(24));
    decode(&mut &bytes[..], &Place::default(), &mut bomb);
    assert!(bomb.problems[0].contains("decompression stopped"), "{:?}", bomb.problems);
    let odd = seen(b"2026-11-22T10:00:00.120Z a\0b\xff\n");
    assert_eq!(odd.events[0].message, "a\0b\u{fffd}");
}

#[test]
fn files_folders_and_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let stream = root.join("export/task/2026-11-22-[$LATEST]01");
    std::fs::create_dir_all(&stream).unwrap();
    std::fs::write(stream.join("000000.gz"), gzip(export().as_bytes())).unwrap();
    std::fs::write(root.join("export/aws-logs-write-test"), "Permission Check").unwrap();
    std::fs::write(root.join("README.md"), "text").unwrap();
    std::fs::write(root.join("a.log"), "plain line\n").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
    let mut seen = Seen::default();
    let paths = [root.join("no-such.log"), root.to_path_buf(), "-".into()];
    let scanned = scan(&paths, &mut &b"from stdin\n"[..], &mut seen);
    assert_eq!(scanned, Scanned { read: 3, failed: 1, left: 0, events: 5 });
    let all: Vec<_> = seen.events.iter().map(|event| event.message.clone()).collect();
    let wanted =
        [vec!["plain line".to_owned()], expected(), vec!["from stdin".to_owned()]].concat();
    assert_eq!(all, wanted);
    assert_eq!(seen.events[1].stream.as_deref(), Some("2026-11-22-[$LATEST]01"));
    assert_eq!(seen.counts, [(Count::Skipped, 1), (Count::Skipped, 1)]);
    assert!(seen.problems[0].contains("check the spelling"), "{:?}", seen.problems);
}
