//! A folder in which the built program runs without any environment, a rule, and what a scan says.

use std::fs;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::log::{GET, Request};

pub(crate) const OLD_HOST: Request<'static> =
    Request { gets: "Access-Control-Allow-Origin=https://old.example.com", ..GET };

/// A folder to work in.
pub(crate) struct Work(pub(crate) TempDir);

pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Work {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let work = Self(tempfile::tempdir().expect("a folder"));
        for (name, text) in files {
            work.write(name, text);
        }
        work
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.0.path().join(name)).ok()
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, line: &str) -> Answer {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("corscope"));
        command.env_clear().env("TMPDIR", std::env::temp_dir());
        command.current_dir(self.0.path()).args(line.split_whitespace());
        let output = command.output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs `scan` with these arguments: exit code, rules with findings, the document, and what is
    /// told beside it.
    pub(crate) fn scan(&self, line: &str) -> Scan {
        let Answer { code, out, err } = self.run(&format!("scan --format json {line}"));
        let report: Value = serde_json::from_str(&out).unwrap_or_default();
        Scan { code, report, err }
    }

    #[track_caller]
    pub(crate) fn check(&self, line: &str, code: i32, out: &str, err: &str) {
        let answer = self.run(line);
        assert_eq!((answer.out.as_str(), answer.err.as_str()), (out, err), "{line}");
        assert_eq!(answer.code, Some(code), "{line}");
    }
}

pub(crate) struct Scan {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) err: String,
}

impl Scan {
    pub(crate) fn rows(&self) -> &[Value] {
        self.report["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn row(&self, rule: &str) -> Option<&Value> {
        self.rows().iter().find(|row| row["rule"] == rule)
    }

    pub(crate) fn has(&self, rule: &str) -> bool {
        self.row(rule).is_some()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.report["summary"][name].as_u64().expect("a count")
    }
}

/// A rule whose condition begins in line 11.
pub(crate) fn rule(id: &str, when: &str) -> String {
    format!(
        "id = \"{id}\"\ntitle = \"t\"\nclass = \"max-age\"\nkind = \"practice\"\n\
         severity = \"info\"\nconfidence = \"likely\"\nwhy = \"W.\"\nfix = \"F.\"\nsince = \"1\"\n\
         [when]\n{when}\n"
    )
}

pub(crate) const ALWAYS: &str = "is = [\"request.method\", \"GET\"]";
