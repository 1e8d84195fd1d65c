//! What `docs/check.md` and `docs/scheduling.md` show: the verification of a signature is run, options
//! are looked up, and what `--print` prints is read as systemd, cron and a shell read it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use crate::sinks::server::{Answer, Server};

/// Values that mean something to systemd, cron or a shell.
const WORDS: [&str; 8] = [
    "lo gs/50%",
    "/var/log/$api ${x} $(y) `z`",
    "it's \"quoted\"",
    "back\\slash \\%n %%",
    "a;b",
    ";",
    "*?[x]{a,b}~#!&|<>",
    "größe",
];

#[test]
fn the_verification_in_the_document_verifies() {
    let document = read("docs/check.md");
    let code =
        between(&document, "<!-- verify: begin -->\n```python\n", "```\n<!-- verify: end -->");
    let server = Server::new(vec![Answer::status(204, "")]);
    let url = format!("{}/hook", server.url);
    let arguments = ["check", "--test-alert", "--webhook", &url, "--webhook-secret", "env:KEY"];
    let output = corscope(&arguments).env("KEY", "k3y").output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    let request = server.requests().remove(0);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("body"), &request.body).unwrap();
    let signature = request.header("x-corscope-signature").expect("a signature");
    let script = format!(
        "{code}\nimport sys\nbody = open(sys.argv[1], 'rb').read()\n\
         print(is_genuine(body, sys.argv[2], b'k3y'), is_genuine(body, sys.argv[2], b'key'),\n    \
         is_genuine(body + b' ', sys.argv[2], b'k3y'))\n"
    );
    let mut python = Command::new("python3");
    python.args(["-I", "-c", &script]).arg(folder.path().join("body")).arg(signature);
    let output = python.output().expect("Python is there");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "True False False\n", "{errors}");
}

// What asks an AWS account is there only with the feature.
#[cfg(feature = "aws")]
#[test]
fn options_in_the_documents_about_check_are_there() {
    let help = ["check", "scan", "query", "state show", "rules lint"].map(|command| {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        String::from_utf8(corscope(&words).output().unwrap().stdout).unwrap()
    });
    let known = help.concat();
    for document in ["docs/check.md", "docs/scheduling.md"] {
        let text = read(document);
        let is_foreign = |line: &&str| {
            let line = line.trim_start();
            ["RUN ", "COPY ", "sudo ", "FROM "].iter().any(|begin| line.starts_with(begin))
        };
        for line in text.lines().filter(|line| !is_foreign(line)) {
            for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
                let is_option = word.starts_with("--") && word.trim_matches('-').len() > 1;
                let is_there =
                    known.contains(&format!("{word} <")) || known.contains(&format!("{word}\n"));
                assert!(!is_option || is_there, "{document}: there is no {word}: {line}");
            }
        }
    }
}

#[test]
fn printed_units_are_what_systemd_takes_and_what_was_typed() {
    let folder = TempDir::new().unwrap();
    let text = printed(folder.path(), "systemd");
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("# /etc/systemd/system/") {
            Some(name) => files.push((name.to_owned(), String::new())),
            None => files.last_mut().expect("a name").1.extend([line, "\n"]),
        }
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["corscope-shop.service", "corscope-shop.timer"]);
    let exec =
        files[0].1.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    assert_eq!(systemd_words(exec)[1..], typed(), "{exec}");
    for (name, text) in &files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut verify = Command::new("systemd-analyze");
    verify.arg("verify").args(files.iter().map(|(name, _)| folder.path().join(name)));
    // Elsewhere there is no systemd.
    let Ok(output) = verify.output() else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("corscope-")).collect();
    assert_eq!(ours, [""; 0], "{text}");
}

#[test]
fn a_printed_crontab_line_is_run_as_it_was_typed() {
    let folder = TempDir::new().unwrap();
    let text = printed(folder.path(), "crontab");
    let line = text.lines().last().expect("a line");
    let command = line.strip_prefix("*/10 * * * * ").expect("every ten minutes");
    let program = cargo_bin!("corscope").display().to_string();
    let command =
        unescaped(command).replacen(&program, "printf '%s\\0'", 1).replacen("exec ", "", 1);
    let output = Command::new("sh").args(["-c", &command]).output().expect("a shell");
    let words = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = words.trim_end_matches('\0').split('\0').collect();
    assert_eq!(words, typed(), "{line}");
}

fn typed() -> Vec<&'static str> {
    ["check"].into_iter().chain(WORDS).chain(["--state", "shop.json", "--min-rate", "5%"]).collect()
}

fn printed(folder: &Path, scheduler: &str) -> String {
    let mut command = corscope(&typed());
    command.args(["--print", scheduler, "--every", "10min"]).current_dir(folder);
    let output: Output = command.output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!folder.join("shop.json").exists(), "something was run");
    String::from_utf8(output.stdout).unwrap()
}

/// Words of `ExecStart`, as systemd.service(5) has it.
fn systemd_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let word = words.last_mut().unwrap();
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            '\\' => word.push(characters.next().unwrap()),
            '%' | '$' => {
                assert_eq!(characters.next(), Some(character), "{line}");
                word.push(character);
            }
            other => word.push(other),
        }
    }
    words
}

/// What cron gives to the shell: `do_command.c` of cronie.
fn unescaped(command: &str) -> String {
    let mut out = String::new();
    let mut is_escaped = false;
    for character in command.chars() {
        if is_escaped {
            is_escaped = false;
            if character == '%' {
                out.pop();
            }
        } else if character == '\\' {
            is_escaped = true;
        } else {
            assert_ne!(character, '%', "the command ends here: {command}");
        }
        out.push(character);
    }
    out
}

fn corscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("corscope"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    command
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let rest = text.split_once(begin).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once(end)).map(|(found, _)| found).expect("both markers")
}

fn read(document: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).expect("a document")
}
