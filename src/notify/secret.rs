//! Secrets: where they stand, and reading them when they are needed.
//!
//! Effects: reads the environment and files, and runs the programs that the user names.
//!
//! Must not: print a secret, or name it in an error; errors say where it should have been.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::notify::settings::SecretRef;
use crate::notify::text::plain;
use crate::notify::{DeliveryError, Retry};

/// Bytes of a secret; more is a mistake, such as the wrong file.
const LONGEST: u64 = 64 * 1024;
/// How long a program may take that prints a secret.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// A secret. It is seen by whoever calls [`expose`](Self::expose), and by nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(a secret)")
    }
}

/// Why a secret could not be read: one sentence that says where it should have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(String);

/// It may be there in the next run.
impl From<SecretError> for DeliveryError {
    fn from(error: SecretError) -> Self {
        Self { problem: error.0, retry: Retry::Later }
    }
}

impl SecretRef {
    /// `env:NAME`, `file:PATH`, `cmd:PROGRAM ARGUMENTS` (quoted as for a shell, which is not asked);
    /// any other text is itself. The error is one sentence without the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("env:") {
            let is_name = name
                .starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || character == '_');
            return if is_name {
                Ok(Self::Env(name.to_owned()))
            } else {
                Err("write `env:` and the name of a variable, as in `env:SLACK_URL`".to_owned())
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            return if path.is_empty() {
                Err("write `file:` and a path, as in `file:/etc/corscope/slack-url`".to_owned())
            } else {
                Ok(Self::File(PathBuf::from(path)))
            };
        }
        if let Some(line) = text.strip_prefix("cmd:") {
            return match shlex::split(line) {
                Some(argv) if !argv.is_empty() => Ok(Self::Command(argv)),
                Some(_) | None => {
                    Err("write `cmd:` and a program with its arguments, as in `cmd:pass \
                                       show slack`; quotes must be closed"
                        .to_owned())
                }
            };
        }
        Ok(Self::Plain(text.to_owned()))
    }

    /// Whether it stands in the clear where the settings are.
    pub fn is_plain(&self) -> bool {
        match self {
            Self::Plain(_) => true,
            Self::Env(_) | Self::File(_) | Self::Command(_) => false,
        }
    }

    /// The secret, without the line end behind it. What is empty is an error.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let text = match self {
            Self::Env(name) => of_environment(name)?,
            Self::File(path) => of_file(path)?,
            Self::Command(argv) => of_program(argv)?,
            Self::Plain(text) => text.clone(),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(SecretError(format!("{} is empty", self.place())));
        }
        Ok(Secret(text.to_owned()))
    }

    /// Where it stands, for sentences.
    fn place(&self) -> String {
        match self {
            Self::Env(name) => format!("the environment variable `{}`", plain(name, 100)),
            Self::File(path) => format!("the file `{}`", plain(&path.display().to_string(), 300)),
            Self::Command(argv) => program_of(argv),
            Self::Plain(_) => "the value in the settings".to_owned(),
        }
    }
}

fn of_environment(name: &str) -> Result<String, SecretError> {
    #[expect(clippy::disallowed_methods, reason = "the user says that the secret stands there")]
    let value = std::env::var_os(name);
    let place = format!("the environment variable `{}`", plain(name, 100));
    let value = value.ok_or_else(|| SecretError(format!("{place} is not set")))?;
    value.into_string().map_err(|_| SecretError(format!("{place} is not UTF-8")))
}

fn of_file(path: &Path) -> Result<String, SecretError> {
    let place = format!("the file `{}`", plain(&path.display().to_string(), 300));
    #[expect(clippy::disallowed_methods, reason = "the user says that the secret stands there")]
    let file = std::fs::File::open(path);
    let file = file.map_err(|error| SecretError(format!("{place} cannot be read: {error}")))?;
    let bytes =
        limited(file).map_err(|error| SecretError(format!("{place} cannot be read: {error}")))?;
    text_of(bytes, &place)
}

fn of_program(argv: &[String]) -> Result<String, SecretError> {
    let place = program_of(argv);
    let wrong = |problem: &str| SecretError(format!("{place} {problem}"));
    let (program, arguments) = argv.split_first().ok_or_else(|| wrong("is not named"))?;
    // What it prints of its troubles may hold the secret: whoever wants to see it runs it by hand.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| wrong(&format!("cannot be run: {error}")))?;
    let text = printed_by(&mut child).map(|printed| {
        let printed = printed.map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let text = text_of(printed, &place)?;
        Ok(ends(&mut child, &wrong)?.then_some(text))
    });
    let text = text.unwrap_or(Ok(None));
    if !matches!(text, Ok(Some(_))) {
        // Whether it can still be killed does not matter; then it has ended.
        let _ = child.kill();
        let _ = child.wait();
    }
    text?.ok_or_else(|| wrong(&format!("did not end within {} seconds", PATIENCE.as_secs())))
}

/// What a program prints; `None` if that takes too long.
fn printed_by(child: &mut Child) -> Option<std::io::Result<Vec<u8>>> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    // A read has no time limit. A thread that is left behind ends with the process.
    std::thread::spawn(move || sender.send(limited(stdout)));
    receiver.recv_timeout(PATIENCE).ok()
}

/// Waits for a program that has printed; false if it goes on for too long, an error if it failed.
fn ends(child: &mut Child, wrong: &impl Fn(&str) -> SecretError) -> Result<bool, SecretError> {
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(true),
            Ok(Some(status)) => return Err(wrong(&format!("failed ({status})"))),
            Ok(None) => std::thread::sleep(PAUSE),
            Err(error) => return Err(wrong(&format!("cannot be waited for: {error}"))),
        }
    }
    Ok(false)
}

fn limited(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>, place: &str) -> Result<String, SecretError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(SecretError(format!("{place} gives more than 64 KiB, which is no secret")));
    }
    String::from_utf8(bytes).map_err(|_| SecretError(format!("{place} gives no UTF-8")))
}

fn program_of(argv: &[String]) -> String {
    format!("the program `{}`", plain(argv.first().map_or("", String::as_str), 300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, &str>) {
        let read = SecretRef::parse(text).expect("a reference").read();
        let read = read.as_ref().map(Secret::expose).map_err(ToString::to_string);
        assert_eq!(read.as_ref().map(|text| *text).map_err(String::as_str), want);
    }

    #[test]
    fn prefixes_say_where_a_secret_stands() {
        let parse = |text| SecretRef::parse(text).expect("a reference");
        assert_eq!(parse("env:SLACK_URL"), SecretRef::Env("SLACK_URL".to_owned()));
        assert_eq!(parse("file:/a b"), SecretRef::File(PathBuf::from("/a b")));
        assert_eq!(
            parse("cmd:pass show 'a b'"),
            SecretRef::Command(vec!["pass".to_owned(), "show".to_owned(), "a b".to_owned()])
        );
        assert_eq!(
            parse("https://a.example/env:X"),
            SecretRef::Plain("https://a.example/env:X".to_owned())
        );
        assert!(parse("https://a.example").is_plain());
        for text in ["env:", "env:A-B", "env:1", "file:", "cmd:", "cmd:a 'b"] {
            assert!(SecretRef::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        check(
            "env:CORSCOPE_NO_SUCH_VARIABLE",
            Err("the environment variable `CORSCOPE_NO_SUCH_VARIABLE` is not set"),
        );
        check(
            "file:/no/such/file",
            Err("the file `/no/such/file` cannot be read: No such file or directory (os error 2)"),
        );
        check(
            "cmd:/no/such/program x",
            Err(
                "the program `/no/such/program` cannot be run: No such file or directory (os error 2)",
            ),
        );
        check("cmd:false", Err("the program `false` failed (exit status: 1)"));
        check("cmd:true", Err("the program `true` is empty"));
    }

    #[test]
    fn the_line_end_is_no_part_of_a_secret() {
        check("cmd:printf 's3cret \\r\\n'", Ok("s3cret "));
        check("in the clear", Ok("in the clear"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::io::Write::write_all(&mut file.as_file(), b"s3cret\n").expect("written");
        check(&format!("file:{}", file.path().display()), Ok("s3cret"));
    }

    #[test]
    fn errors_and_debugging_do_not_show_a_secret() {
        let failed = SecretRef::parse("cmd:sh -c 'echo s3cret; echo s3cret >&2; exit 3'");
        let failed = failed.expect("a reference").read().expect_err("it fails");
        assert_eq!(failed.to_string(), "the program `sh` failed (exit status: 3)");
        assert_eq!(format!("{:?}", Secret("s3cret".to_owned())), "(a secret)");
        let broken = SecretRef::parse("cmd:printf 's3cret\\377'").expect("a reference").read();
        assert_eq!(broken.expect_err("no text").to_string(), "the program `printf` gives no UTF-8");
    }

    #[test]
    fn what_never_ends_is_no_secret() {
        check(
            "cmd:head -c 70000 /dev/zero",
            Err("the program `head` gives more than 64 KiB, which is no secret"),
        );
        check(
            "file:/dev/zero",
            Err("the file `/dev/zero` gives more than 64 KiB, which is no secret"),
        );
    }
}
