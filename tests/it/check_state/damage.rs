//! State files that are damaged, foreign, or cannot be written.

use super::{blocked, check, line, names, state, well};
use crate::sink::{Mode, Sink};
use crate::work::Work;

/// A state that cannot be used is refused with a sentence, stays as it is, and is put aside if asked.
#[track_caller]
fn refused(text: &str, says: &str) {
    let work = Work::new(&[("api.log", &blocked(1, 3).log()), ("s.json", text)]);
    let ran = check(&work, "10:05:00", "api.log");
    assert_eq!(ran.code, Some(3), "{text}");
    assert!(ran.err.contains("s.json`: ") && ran.err.contains(says), "{text}: {}", ran.err);
    assert!(ran.err.contains("--reset-state"), "{}", ran.err);
    assert_eq!(work.read("s.json").as_deref(), Some(text));
    let shown = work.run("state show s.json");
    assert_eq!((shown.code, shown.out.as_str()), (Some(3), ""));
    assert!(shown.err.contains(says), "{}", shown.err);

    let ran = check(&work, "10:05:00", "api.log --reset-state");
    assert_eq!((ran.code, ran.told()), (Some(1), vec!["new acao-missing".to_owned()]));
    assert_eq!(work.read("s.json.old").as_deref(), Some(text));
    // It is no state that is put aside when there is nothing wrong with it.
    let ran = check(&work, "10:10:00", "api.log --reset-state");
    assert_eq!((ran.code, ran.count("known_exchanges")), (Some(0), 1));
    assert_eq!(work.read("s.json.old").as_deref(), Some(text));
}

#[test]
fn a_state_that_is_damaged_or_of_another_kind_is_kept_and_refused() {
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    check(&work, "10:05:00", "api.log");
    let whole = work.read("s.json").expect("a state");
    refused("", "it is damaged");
    for share in [1, 2, 3] {
        refused(&whole[..whole.len() * share / 4], "it is damaged");
    }
    refused("{\"a\":1}", "it is damaged");
    refused("not JSON", "it is damaged");
    refused(
        &whole.replace("corscope-state/1", "corscope-state/2"),
        "its schema is `corscope-state/2`",
    );
    refused(&whole.replace("corscope-state/1", "other/1"), "its schema is `other/1`");
    refused(&whole.replace("\"runs\":1", "\"runs\":-1"), "it is damaged");
    // Ids that are no base64.
    refused(&whole.replace("\"ids\":\"", "\"ids\":\"*"), "it is damaged");
}

#[test]
fn fields_of_later_versions_are_no_damage() {
    let work = Work::new(&[("api.log", &blocked(1, 3).log())]);
    check(&work, "10:05:00", "api.log");
    let text = work.read("s.json").expect("a state");
    work.write("s.json", &text.replacen('{', "{\"later\":[1],", 1));
    let ran = check(&work, "10:10:00", "api.log");
    assert_eq!((ran.code, ran.err.as_str(), ran.count("known_exchanges")), (Some(0), "", 1));
}

#[test]
fn a_state_whose_folder_is_none_is_an_error_before_anything_is_read_or_told() {
    let sink = Sink::new(Mode::Accept);
    let work = Work::new(&[("api.log", &blocked(1, 3).log()), ("file", "")]);
    for path in ["file/s.json", "gone/s.json", "/proc/self/s.json"] {
        let more = format!("--now 2026-11-22T10:05:00Z --webhook {}", sink.url);
        let answer = work.run(&format!("check api.log --state {path} {more}"));
        assert_eq!((answer.code, answer.out.as_str()), (Some(3), ""), "{path}");
        assert!(answer.err.contains(path), "{}", answer.err);
        assert!(answer.err.contains("its folder must be writable"), "{}", answer.err);
    }
    assert_eq!(sink.told(), [""; 0]);
}

#[test]
fn what_a_state_shows_is_for_people_and_for_scripts() {
    let sink = Sink::new(Mode::Refuse(503, ""));
    let work = Work::new(&[("api.log", &(blocked(1, 3).log() + &well(2, 4).log()))]);
    check(&work, "10:05:00", &format!("api.log --webhook {}", sink.url));
    let before = work.read("s.json");
    let shown = work.run("state show s.json");
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""));
    for part in [
        "1 runs, the last one at 2026-11-22T10:05:00.000Z",
        "file api.log: 24 lines read",
        "6 ids of requests that were counted are remembered",
        "1 alerts are known, 1 are open",
        "error acao-missing: ",
        "GET /orders https://app.example.com",
        "1 messages wait for delivery",
        "webhook: new acao-missing, tried 1 times",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let shown = work.run("state show s.json --format json");
    let row: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!((&row["schema"], &row["type"]), (&"corscope/1".into(), &"state".into()));
    assert_eq!((&row["runs"], &row["counted_ids"]), (&1.into(), &6.into()));
    assert_eq!(row["last_run"], "2026-11-22T10:05:00.000Z");
    assert_eq!(row["open"][0]["rule"], "acao-missing");
    assert_eq!(row["waiting"][0]["event"]["fingerprint"], row["open"][0]["fingerprint"]);
    assert_eq!(work.read("s.json"), before, "nothing is changed");
    assert_eq!(work.run("state show gone.json").code, Some(3));
}

#[cfg(unix)]
mod full {
    use super::*;

    /// Runs `check` where no file may have more than 512 bytes; what becomes of a process that writes
    /// more is up to `trap`.
    fn limited(work: &Work, now: &str, trap: &str, more: &str) -> std::process::Output {
        let program = assert_cmd::cargo::cargo_bin!("corscope");
        let arguments = line(now, more);
        let script = format!("{trap} ulimit -c 0; ulimit -f 1; exec \"$0\" {arguments}");
        std::process::Command::new("sh")
            .current_dir(work.0.path())
            .env_clear()
            .args(["-c", &script])
            .arg(program)
            .output()
            .expect("a process")
    }

    #[test]
    fn a_full_disk_is_told_and_so_is_the_alert() {
        let sink = Sink::new(Mode::Accept);
        let work = Work::new(&[("api.log", &well(1, 1).log())]);
        check(&work, "10:05:00", "api.log");
        let before = work.read("s.json");
        work.write("api.log", &(well(1, 1).log() + &blocked(2, 8).log()));
        let more = format!("api.log --webhook {}", sink.url);
        let output = limited(&work, "10:10:00", "trap '' XFSZ;", &more);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.contains("s.json`: writing it failed: "), "{err}");
        assert!(err.contains("what is told now may be told again"), "{err}");
        assert_eq!(sink.told(), ["new acao-missing"]);
        // The state before is whole, and nothing lies beside it.
        assert_eq!(work.read("s.json"), before);
        assert_eq!(names(&work), ["api.log", "s.json", "s.json.lock"]);
        // Told twice is better than told never, and whoever looks at the key is told once.
        check(&work, "10:15:00", &more);
        assert_eq!((sink.told(), sink.arrived().1), (vec!["new acao-missing".to_owned()], 1));
        assert_eq!(state(&work)["runs"], 2);
    }

    #[test]
    fn a_run_that_is_killed_while_it_writes_has_told_nothing_and_leaves_the_state() {
        let sink = Sink::new(Mode::Accept);
        let work = Work::new(&[("api.log", &well(1, 1).log())]);
        check(&work, "10:05:00", "api.log");
        let before = work.read("s.json");
        work.write("api.log", &(well(1, 1).log() + &blocked(2, 8).log()));
        let more = format!("api.log --webhook {}", sink.url);
        let output = limited(&work, "10:10:00", "", &more);
        assert_eq!(output.status.code(), None, "killed by SIGXFSZ");
        assert_eq!((sink.told(), work.read("s.json")), (vec![], before));
        let ran = check(&work, "10:10:00", &more);
        assert_eq!((ran.code, sink.told()), (Some(1), vec!["new acao-missing".to_owned()]));
        // What the other one left is not left for ever.
        assert_eq!(names(&work), ["api.log", "s.json", "s.json.lock"]);
    }

    #[test]
    fn what_is_no_file_is_no_state_and_is_never_put_aside() {
        let work = Work::new(&[("api.log", &well(1, 1).log()), ("folder/readme", "")]);
        let link = work.0.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &link).expect("a link");
        for path in ["device", "folder"] {
            let answer = work.run(&format!("check api.log --state {path} --reset-state"));
            assert_eq!((answer.code, answer.out.as_str()), (Some(3), ""), "{path}");
            assert!(answer.err.contains("it is no file"), "{}", answer.err);
        }
        assert_eq!(names(&work), ["api.log", "device", "folder"]);
    }

    #[test]
    fn a_state_is_for_nobody_else_to_read_and_a_link_stays_one() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let work = Work::new(&[("api.log", &well(1, 1).log()), ("kept/readme", "")]);
        symlink("kept/real.json", work.0.path().join("s.json")).expect("a link");
        work.write("kept/real.json", "");
        check(&work, "10:05:00", "api.log --reset-state");
        check(&work, "10:10:00", "api.log");
        let path = work.0.path().join("s.json");
        let metadata = std::fs::metadata(&path).expect("a state");
        assert_eq!(metadata.permissions().mode() & 0o077, 0);
        assert_eq!(state(&work)["runs"], 2);
    }
}

#[test]
fn a_run_that_comes_to_nothing_is_an_object_too() {
    let work = Work::new(&[("api.log", &well(1, 2).log()), ("s.json", "{\"a\":1}")]);
    let ran = check(&work, "10:05:00", "api.log");
    assert_eq!((ran.code, ran.run["status"].as_str()), (Some(3), Some("failed")));
    assert!(
        ran.run["problems"][0].as_str().is_some_and(|it| it.contains("damaged")),
        "{}",
        ran.run
    );
}
