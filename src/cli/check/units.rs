//! `check --print`: what has a scheduler run this very command line from time to time.
//!
//! Must not: start or write anything, or let a value be more than a value where it is read.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::check::options::{CheckOptions, Scheduler};
use crate::cli::check::{check_inputs, sinks};
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::print::print;

/// How often, if nothing is said.
const EVERY: Duration = Duration::from_mins(5);
const MINUTES_OF_AN_HOUR: u64 = 60;
const MINUTES_OF_A_DAY: u64 = 24 * 60;
/// Debian's cron refuses longer commands.
const LONGEST_COMMAND: usize = 998;
/// Options whose values say where a secret stands.
const SECRETS: [&str; 7] = [
    "--webhook",
    "--webhook-secret",
    "--slack",
    "--teams",
    "--pagerduty",
    "--opsgenie",
    "--ping-url",
];

/// Runs the command.
pub(crate) fn run(options: &CheckOptions, scheduler: Scheduler) -> Result<ExitStatus, CliError> {
    check_inputs(options)?;
    sinks::all(&options.sinks, Vec::new())?;
    let job = Job::of(options, std::env::args_os().skip(1))?;
    let text = match scheduler {
        Scheduler::Systemd => job.units(),
        Scheduler::Crontab => job.crontab(),
    };
    print(&text.map_err(wrong)?)
}

/// What is to be run.
struct Job {
    program: String,
    words: Vec<String>,
    /// Where relative paths begin, and where `corscope.toml` is sought.
    folder: String,
    state: PathBuf,
    metrics: Option<PathBuf>,
    every: Duration,
    user: Option<String>,
}

impl Job {
    fn of(
        options: &CheckOptions,
        arguments: impl Iterator<Item = OsString>,
    ) -> Result<Self, CliError> {
        let io = |error: std::io::Error| wrong(format!("the place of this program: {error}"));
        let folder = std::env::current_dir().map_err(io)?;
        let text = |text: OsString| {
            let text = text.into_string();
            text.map_err(|text| wrong(format!("`{}` is not UTF-8", text.to_string_lossy())))
        };
        let words: Vec<String> = arguments.map(text).collect::<Result<_, _>>()?;
        let state = options.state.state.as_deref().unwrap_or_else(|| Path::new("state.json"));
        let metrics = options.sinks.metrics_file.as_deref();
        #[expect(clippy::disallowed_methods, reason = "who is to run it")]
        let user = std::env::var("USER").ok();
        Ok(Self {
            program: text(std::env::current_exe().map_err(io)?.into_os_string())?,
            words: without_print(words),
            state: folder.join(state),
            metrics: metrics.map(|path| folder.join(path)),
            folder: text(folder.into_os_string())?,
            every: options.output.every.unwrap_or(EVERY),
            user: user.filter(|user| is_name(user)),
        })
    }

    /// `corscope-` and the name of the state file.
    fn name(&self) -> String {
        let stem = self.state.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let letter = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let stem: String = stem.chars().take(60).map(letter).collect();
        format!("corscope-{stem}")
    }

    fn has(&self, option: &str) -> bool {
        self.words.iter().any(|word| word.split('=').next() == Some(option))
    }

    /// Environment variables that hold secrets.
    fn variables(&self) -> BTreeSet<&str> {
        let values = self.values().filter_map(|(_, value)| value.strip_prefix("env:"));
        values.filter(|name| is_name(name)).collect()
    }

    /// The places of options that say where a secret stands, and what they say.
    fn values(&self) -> impl Iterator<Item = (usize, &str)> {
        self.words.iter().enumerate().filter_map(|(at, word)| match word.split_once('=') {
            Some((option, value)) if SECRETS.contains(&option) => Some((at, value)),
            Some(_) | None => {
                let before = at.checked_sub(1).and_then(|at| self.words.get(at));
                before
                    .is_some_and(|it| SECRETS.contains(&it.as_str()))
                    .then_some((at, word.as_str()))
            }
        })
    }

    /// A service and a timer, each behind a comment with its path.
    fn units(&self) -> Result<String, String> {
        let name = self.name();
        let mut credentials = Vec::new();
        let mut words = vec![quoted(&self.program, false)?];
        let secrets: Vec<(usize, &str)> = self.values().collect();
        for (at, word) in self.words.iter().enumerate() {
            let path = secrets.iter().find(|(place, _)| *place == at);
            let path = path.and_then(|(_, value)| value.strip_prefix("file:/"));
            // systemd reads it as root, and shows it to the service alone.
            let word = match path {
                Some(path) => {
                    let id = format!("secret-{}", credentials.len() + 1);
                    credentials
                        .push(format!("LoadCredential={id}:{}", whole(&format!("/{path}"))?));
                    let option = word
                        .split_once("=file:")
                        .map_or(String::new(), |(option, _)| format!("{option}="));
                    format!("\"{option}file:${{CREDENTIALS_DIRECTORY}}/{id}\"")
                }
                None => quoted(word, true)?,
            };
            words.push(word);
        }
        let mut text = format!(
            "# /etc/systemd/system/{name}.service\n[Unit]\nDescription=corscope: what is new in \
             logs\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\n\
             Type=oneshot\nExecStart={}\n# Findings are no failure of the service.\n\
             SuccessExitStatus=1\nWorkingDirectory={}\nTimeoutStartSec=1h\n",
            words.join(" "),
            whole(&self.folder)?,
        );
        for line in credentials {
            let _ = writeln!(text, "{line}");
        }
        let variables: Vec<&str> = self.variables().into_iter().collect();
        if !variables.is_empty() {
            let _ = writeln!(text, "# It has to set {}; mode 0600.", variables.join(", "));
            let _ = writeln!(text, "EnvironmentFile=/etc/corscope/{name}.env");
        }
        for line in self.protection()? {
            let _ = writeln!(text, "{line}");
        }
        let seconds = self.every.as_secs().max(1);
        let _ = write!(
            text,
            "\n# /etc/systemd/system/{name}.timer\n[Unit]\nDescription=Runs {name}.service\n\n\
             [Timer]\nOnBootSec=1min\nOnUnitActiveSec={seconds}s\nAccuracySec=1s\n\
             RandomizedDelaySec={}s\n\n[Install]\nWantedBy=timers.target\n",
            (seconds / 20).min(30),
        );
        Ok(text)
    }

    /// Who runs it, and what it may touch.
    fn protection(&self) -> Result<Vec<String>, String> {
        // What the local `sendmail` starts changes its group to reach the queue.
        let mails = self.has("--mail");
        let directory = self.state_directory();
        let base = directory.as_ref().map(|name| Path::new("/var/lib").join(name));
        let is_inside = |path: &Path| base.as_ref().is_some_and(|base| path.starts_with(base));
        let is_dynamic =
            !mails && !self.has("--profile") && self.metrics.iter().all(|path| is_inside(path));
        let mut lines = Vec::new();
        if let Some(name) = directory.filter(|_| is_dynamic) {
            lines.push("DynamicUser=yes".to_owned());
            lines.push(format!("StateDirectory={name}"));
            lines.push("StateDirectoryMode=0700".to_owned());
        } else {
            lines.extend(self.user.iter().map(|user| format!("User={user}")));
            let written = std::iter::once(&self.state).chain(&self.metrics);
            let folders: BTreeSet<&Path> = written.filter_map(|path| path.parent()).collect();
            for folder in folders {
                lines.push(format!("ReadWritePaths=\"{}\"", whole(&folder.to_string_lossy())?));
            }
        }
        let is_temporary = |text: &str| text.contains("/tmp/") || text.ends_with("/tmp");
        if !self.words.iter().any(|word| is_temporary(word)) && !is_temporary(&self.folder) {
            lines.push("PrivateTmp=yes".to_owned());
        }
        lines.push("UMask=0077".to_owned());
        lines.push("ProtectHome=read-only".to_owned());
        let more: &[&str] = if mails {
            &["ProtectSystem=full"]
        } else {
            &[
                "ProtectSystem=strict",
                "NoNewPrivileges=yes",
                "PrivateDevices=yes",
                "ProtectClock=yes",
                "ProtectControlGroups=yes",
                "ProtectHostname=yes",
                "ProtectKernelLogs=yes",
                "ProtectKernelModules=yes",
                "ProtectKernelTunables=yes",
                "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
                "RestrictNamespaces=yes",
                "RestrictRealtime=yes",
                "RestrictSUIDSGID=yes",
                "LockPersonality=yes",
                "SystemCallArchitectures=native",
            ]
        };
        lines.extend(more.iter().map(|&line| line.to_owned()));
        Ok(lines)
    }

    /// `corscope` of `/var/lib/corscope/shop.json`.
    fn state_directory(&self) -> Option<String> {
        let mut parts = self.state.strip_prefix("/var/lib").ok()?.components();
        let first = parts.next()?.as_os_str().to_str()?.to_owned();
        (parts.next().is_some() && is_name(&first)).then_some(first)
    }

    /// A comment where something is missing, and the line.
    fn crontab(&self) -> Result<String, String> {
        let times = times(self.every)?;
        let words = std::iter::once(&self.program).chain(&self.words);
        let words: Vec<String> = words.map(|word| shell(word)).collect::<Result<_, _>>()?;
        let command = format!("cd {} && exec {}", shell(&self.folder)?, words.join(" "));
        let mut text = String::new();
        let variables: Vec<&str> = self.variables().into_iter().collect();
        if !variables.is_empty() {
            let names = variables.join(", ");
            let _ = writeln!(text, "# Lines in front of it have to set {names}; or use file:PATH.");
        }
        if command.len() > LONGEST_COMMAND {
            let _ = writeln!(text, "# Debian's cron takes {LONGEST_COMMAND} characters at most.");
        }
        let _ = writeln!(text, "{times} {command}");
        Ok(text)
    }
}

/// The words of the command line, without those that have it printed.
fn without_print(words: Vec<String>) -> Vec<String> {
    let mut left = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "--" {
            left.push(word);
            break;
        }
        match word.as_str() {
            "--print" | "--every" => drop(words.next()),
            other if other.starts_with("--print=") || other.starts_with("--every=") => {}
            _ => left.push(word),
        }
    }
    left.extend(words);
    left
}

/// The five fields of a crontab.
fn times(every: Duration) -> Result<String, String> {
    let minutes = every.as_secs() / 60;
    if !every.as_secs().is_multiple_of(60) || minutes == 0 {
        return Err("cron counts in minutes; write `--every 5min`".to_owned());
    }
    let step = |count: u64| if count == 1 { "*".to_owned() } else { format!("*/{count}") };
    if minutes < MINUTES_OF_AN_HOUR && MINUTES_OF_AN_HOUR.is_multiple_of(minutes) {
        return Ok(format!("{} * * * *", step(minutes)));
    }
    let hours = minutes / MINUTES_OF_AN_HOUR;
    if minutes == MINUTES_OF_A_DAY {
        return Ok("0 0 * * *".to_owned());
    }
    let is_hourly = minutes.is_multiple_of(MINUTES_OF_AN_HOUR);
    if is_hourly && minutes < MINUTES_OF_A_DAY && 24_u64.is_multiple_of(hours) {
        return Ok(format!("0 {} * * *", step(hours)));
    }
    Err("a crontab cannot say that; take what divides an hour or a day, as `--every 10min`"
        .to_owned())
}

/// A word of `ExecStart`: systemd.service(5), "Command lines", and systemd.syntax(7), "Quoting".
/// `$` means something in arguments, and not in the program's path.
fn quoted(word: &str, is_argument: bool) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@:,./=+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Ok(word.to_owned());
    }
    let mut text = String::from("\"");
    for character in word.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '%' => text.push_str("%%"),
            '$' if is_argument => text.push_str("$$"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => {
                let code = u32::from(control);
                if code > 0x7f {
                    return Err(format!("systemd cannot be told U+{code:04X}"));
                }
                let _ = write!(text, "\\x{code:02x}");
            }
            other => text.push(other),
        }
    }
    text.push('"');
    Ok(text)
}

/// A value that systemd takes whole, but for `%`.
fn whole(text: &str) -> Result<String, String> {
    let is_fine = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
    if text.chars().all(is_fine) && text.trim() == text {
        Ok(text.replace('%', "%%"))
    } else {
        Err(format!("systemd cannot be told the path `{text}`; choose a plainer one"))
    }
}

/// A word for `sh`, in a line for cron: that ends a command at `%`, unless a backslash stands before
/// it which does not belong to a pair.
fn shell(word: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@:,./=+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Ok(word.to_owned());
    }
    let mut text = String::from("'");
    let mut before = ' ';
    for character in word.chars() {
        match character {
            '\n' | '\r' => return Err("a crontab cannot hold a line end in a value".to_owned()),
            '\'' => text.push_str("'\\''"),
            // The quotes between them end what a backslash before them began.
            '%' if before == '\\' => text.push_str("''\\%"),
            '%' => text.push_str("\\%"),
            other => text.push(other),
        }
        before = character;
    }
    text.push('\'');
    Ok(text)
}

fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(is_letter)
}

fn wrong(problem: String) -> CliError {
    CliError::Option { option: "--print", problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(words: &[&str]) -> Job {
        Job {
            program: "/usr/bin/corscope".to_owned(),
            words: words.iter().map(|&word| word.to_owned()).collect(),
            folder: "/srv/logs".to_owned(),
            state: PathBuf::from("/var/lib/corscope/shop.json"),
            metrics: None,
            every: EVERY,
            user: Some("ops".to_owned()),
        }
    }

    #[test]
    fn what_has_it_printed_is_not_printed() {
        let words =
            ["check", "--print", "systemd", "a", "--every=1h", "--print=crontab", "--", "--print"];
        let words = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(without_print(words), ["check", "a", "--", "--print"]);
    }

    #[test]
    fn no_value_means_anything_to_systemd() {
        for (word, want) in [
            ("/aws/lambda/shop", "/aws/lambda/shop"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("5%", "\"5%%\""),
            ("$HOME ${x}", "\"$$HOME $${x}\""),
            ("a\"b\\c'd", "\"a\\\"b\\\\c'd\""),
            (";", "\";\""),
            ("a\nb\u{1b}", "\"a\\nb\\x1b\""),
        ] {
            assert_eq!(quoted(word, true).as_deref(), Ok(want), "{word}");
        }
        assert_eq!(quoted("/opt/$a/corscope", false).as_deref(), Ok("\"/opt/$a/corscope\""));
        assert!(whole("/srv/a\nb").is_err() && whole("/srv/50%") == Ok("/srv/50%%".to_owned()));
    }

    #[test]
    fn no_value_means_anything_to_cron_and_its_shell() {
        for (word, want) in [
            ("shop-1", "shop-1"),
            ("", "''"),
            ("5%", "'5\\%'"),
            ("a\\%b", "'a\\''\\%b'"),
            ("it's $(x) `y`", "'it'\\''s $(x) `y`'"),
        ] {
            assert_eq!(shell(word).as_deref(), Ok(want), "{word}");
        }
        assert!(shell("a\nb").is_err());
    }

    #[test]
    fn cron_is_told_what_it_can_say() {
        for (minutes, want) in [
            (1, Some("* * * * *")),
            (5, Some("*/5 * * * *")),
            (60, Some("0 * * * *")),
            (360, Some("0 */6 * * *")),
            (1440, Some("0 0 * * *")),
            (7, None),
            (300, None),
            (0, None),
        ] {
            let times = times(Duration::from_mins(minutes));
            assert_eq!(times.ok().as_deref(), want, "{minutes}");
        }
    }

    #[test]
    fn a_secret_is_handed_over_and_a_state_in_its_place_needs_no_user() {
        let units = job(&["check", "--slack", "file:/etc/corscope/slack", "--teams=env:TEAMS"]);
        let units = units.units().expect("units");
        assert!(units.contains("LoadCredential=secret-1:/etc/corscope/slack\n"), "{units}");
        assert!(units.contains("--slack \"file:${CREDENTIALS_DIRECTORY}/secret-1\""), "{units}");
        assert!(units.contains("# It has to set TEAMS;"), "{units}");
        assert!(units.contains("DynamicUser=yes\nStateDirectory=corscope\n"), "{units}");
        let mails = job(&["check", "--mail", "ops@example.com"]).units().expect("units");
        assert!(mails.contains("User=ops\nReadWritePaths=\"/var/lib/corscope\"\n"), "{mails}");
        assert!(!mails.contains("NoNewPrivileges"), "{mails}");
    }
}
