//! Commands and mail, with real programs.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use corscope::alert::event::{AlertEvent, EventKind};
use corscope::notify::command::{CommandSink, input};
use corscope::notify::mail::MailSink;
use corscope::notify::{DeliveryError, Message, Notifier, Retry};
use corscope::output::escape::is_dangerous;
use tempfile::TempDir;

use crate::sinks_local::sample::{HOSTILE, event, event_of};

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(300);

fn sh(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).to_vec()
}

fn tell(argv: Vec<String>, limit: Duration, event: &AlertEvent) -> Result<(), DeliveryError> {
    let mut sink = CommandSink::new(argv, limit);
    assert_eq!(sink.most(), 1);
    sink.deliver(&Message { key: &event.key, events: std::slice::from_ref(event) })
}

fn failure(script: &str) -> DeliveryError {
    tell(sh(script), LONG, &event()).expect_err(script)
}

/// Writes a program from another process: a file that this one has open for writing cannot be run.
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let path = folder.join(name);
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    writer.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("a script");
    assert!(writer.wait().expect("the shell ends").success());
    path
}

/// Whether a process is gone, and no zombie.
fn is_gone(pid: &str) -> bool {
    !Path::new("/proc").join(pid.trim()).exists()
}

fn runs(pid: &str) -> bool {
    let state = fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    state.is_ok_and(|state| !state.contains(") Z ") && !state.contains(") X "))
}

#[test]
fn a_command_gets_the_alert_as_one_line_of_json() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("out").display().to_string();
    let script = "cat > \"$0\"; printf '%s %s %s\\n' \"$CORSCOPE_EVENT\" \"$CORSCOPE_KEY\" \
                  \"$CORSCOPE_FINGERPRINT\" >> \"$0\"; env >> \"$0\"";
    let mut argv = sh(script);
    argv.push(out.clone());
    let event = AlertEvent { event: EventKind::Reminder, ..event() };
    assert_eq!(tell(argv, LONG, &event), Ok(()));
    let text = fs::read_to_string(&out).expect("what the program wrote");
    let mut lines = text.lines();
    let json = lines.next().expect("a line");
    assert_eq!(serde_json::from_str::<AlertEvent>(json).expect("an alert"), event);
    let want = format!("reminder {} {}", event.key, event.fingerprint);
    assert_eq!(lines.next(), Some(want.as_str()));
    assert!(lines.any(|line| line.starts_with("PATH=")), "the environment is not passed on");
}

#[test]
fn no_text_from_a_log_reaches_the_arguments_or_the_environment_or_steers_a_terminal() {
    for text in HOSTILE {
        let folder = TempDir::new().expect("a folder");
        let out = folder.path().join("out").display().to_string();
        let mut argv = sh("cat > \"$0\"; env > \"$0.env\"; printf '%s\\n' \"$@\" > \"$0.args\"");
        argv.extend([out.clone(), "fixed".to_owned()]);
        let event = event_of(text);
        assert_eq!(tell(argv, LONG, &event), Ok(()), "{text:?}");
        let json = fs::read_to_string(&out).expect("what the program got");
        assert_eq!(json.matches('\n').count(), 1, "{json:?}");
        assert!(!json.trim_end_matches('\n').contains(is_dangerous), "{json:?}");
        assert_eq!(serde_json::from_str::<AlertEvent>(&json).expect("an alert"), event);
        assert_eq!(fs::read_to_string(format!("{out}.args")).expect("arguments"), "fixed\n");
        let environment = fs::read_to_string(format!("{out}.env")).expect("the environment");
        let ours: Vec<&str> = environment
            .lines()
            .filter(|line| line.starts_with("CORSCOPE_"))
            .filter(|line| !line.starts_with("CORSCOPE_NO_MOTO"))
            .collect();
        assert_eq!(ours.len(), 3, "{ours:?}");
        assert!(ours.iter().all(|line| line.is_ascii()), "{ours:?}");
    }
    assert!(!Path::new("owned").exists());
}

#[test]
fn a_program_that_fails_is_tried_again_and_its_first_line_shown() {
    let error =
        failure("echo out; printf '\\n  \\033[31mno route\\033[0m to host\\nmore\\n' >&2; exit 3");
    assert_eq!(error.retry, Retry::Later);
    assert_eq!(
        error.problem,
        "`/bin/sh` ended with exit status 3: \\x1b[31mno route\\x1b[0m to host"
    );
    assert_eq!(failure("echo out; exit 1").problem, "`/bin/sh` ended with exit status 1: out");
    assert_eq!(failure("kill -9 $$").problem, "`/bin/sh` ended with signal 9");
    let secret = failure("echo 'Authorization: Bearer abcdefghijklmnop' >&2; exit 1");
    assert!(!secret.problem.contains("abcdefghijklmnop"), "{}", secret.problem);
}

#[test]
fn a_program_that_cannot_be_run_is_not_tried_again() {
    let folder = TempDir::new().expect("a folder");
    let plain = folder.path().join("plain");
    fs::write(&plain, "echo hello\n").expect("a file");
    let nothing = program(folder.path(), "no-interpreter", "#!/no/such/interpreter\n");
    for path in [&plain, &nothing, &folder.path().to_owned(), &folder.path().join("absent")] {
        let path = path.display().to_string();
        let error = tell(vec![path.clone()], LONG, &event()).expect_err(&path);
        assert_eq!(error.retry, Retry::Never, "{path}: {error}");
        assert!(error.problem.contains("cannot be run"), "{error}");
    }
    let error = tell(vec!["corscope-no-such-program".to_owned()], LONG, &event());
    assert_eq!(error.expect_err("an error").retry, Retry::Never);
    let error = tell(Vec::new(), LONG, &event()).expect_err("an error");
    assert_eq!((error.problem.as_str(), error.retry), ("no program is named", Retry::Never));
}

#[test]
fn a_program_need_not_read_what_it_is_told() {
    let event = event_of(&"x".repeat(100_000));
    assert!(input(&event).expect("JSON").len() > 1_000_000, "it would fit into the pipe");
    assert_eq!(tell(sh("exit 0"), LONG, &event), Ok(()));
    assert_eq!(tell(sh("exec <&-; exec true"), LONG, &event), Ok(()));
}

#[test]
fn a_program_that_takes_too_long_is_killed_with_what_it_started_and_leaves_no_zombie() {
    let folder = TempDir::new().expect("a folder");
    let pids = folder.path().join("pids");
    let mut argv = sh("sleep 600 & echo $$ > \"$0\"; echo $! >> \"$0\"; echo busy >&2; wait");
    argv.push(pids.display().to_string());
    let began = Instant::now();
    let error = tell(argv, SHORT, &event()).expect_err("a time limit");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(error.retry, Retry::Later);
    assert_eq!(error.problem, "`/bin/sh` did not end in 300ms, and was killed: busy");
    let pids = fs::read_to_string(pids).expect("two numbers");
    let (first, second) = pids.trim().split_once('\n').expect("two numbers");
    assert!(is_gone(first), "{first} is a zombie");
    // Nobody is its parent any more: it dies when its turn comes, and whoever adopted it reaps it.
    while runs(second) {
        assert!(began.elapsed() < Duration::from_secs(20), "{second} runs");
        std::thread::yield_now();
    }
}

#[test]
fn whoever_holds_the_pipes_when_the_program_has_ended_is_not_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let pid = folder.path().join("pid");
    let mut argv = sh("sleep 600 & echo $! > \"$0\"; echo gone >&2; exit 4");
    argv.push(pid.display().to_string());
    let began = Instant::now();
    let error = tell(argv, LONG, &event()).expect_err("an exit status");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(error.problem, "`/bin/sh` ended with exit status 4: gone");
    let pid = fs::read_to_string(pid).expect("a number");
    let killed = Command::new("/bin/kill").arg(pid.trim()).status();
    assert!(killed.is_ok_and(|status| status.success()), "it was killed although it may go on");
}

#[test]
fn a_program_that_writes_much_is_neither_stopped_nor_kept() {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero | tr '\\0' y >&2; \
                  exit 7";
    let error = failure(script);
    assert!(error.problem.starts_with("`/bin/sh` ended with exit status 7: yyy"), "{error}");
    assert!(error.problem.chars().count() < 300);
}

/// A message as its reader takes it, by RFC 5322 and RFC 2045.
struct Mail {
    headers: Vec<(String, String)>,
    body: String,
}

impl Mail {
    fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).expect("ASCII");
        assert!(text.is_ascii(), "not 7 bit");
        assert!(!text.contains('\r'), "line ends are not those of this machine");
        assert!(!text.contains(|c: char| c.is_ascii_control() && c != '\n'), "{text:?}");
        let (head, body) = text.split_once("\n\n").expect("an empty line behind the headers");
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            assert!(line.len() <= 78, "{line}");
            if line.starts_with([' ', '\t']) {
                headers.last_mut().expect("a header").1.push_str(line);
                continue;
            }
            let (name, value) = line.split_once(": ").expect("a header");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{line}");
            headers.push((name.to_owned(), value.to_owned()));
        }
        assert!(body.lines().all(|line| line.len() <= 998));
        let mut mail = Self { headers, body: body.to_owned() };
        mail.body = match mail.find("Content-Transfer-Encoding") {
            Some("quoted-printable") => quoted_printable(body),
            Some("base64") => base64(&body.replace('\n', "")),
            Some("7bit") | None => body.to_owned(),
            Some(other) => unreachable!("{other}"),
        };
        mail
    }

    fn find(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|header| header.0.eq_ignore_ascii_case(name));
        let value = found.next()?;
        assert!(found.next().is_none(), "{name} is there twice");
        Some(&value.1)
    }

    fn header(&self, name: &str) -> &str {
        self.find(name).expect(name)
    }
}

fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'=' {
            let digits = std::str::from_utf8(&tail[..2]).expect("digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("a byte"));
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn base64(text: &str) -> String {
    use ::base64::Engine as _;
    let bytes = ::base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    String::from_utf8(bytes).expect("UTF-8")
}

/// RFC 2047: encoded words are decoded, and white space between two of them is nothing.
fn decoded(header: &str) -> String {
    let (mut out, mut was_encoded) = (String::new(), false);
    for word in header.split_inclusive(' ') {
        let (bare, space) = word.strip_suffix(' ').map_or((word, ""), |bare| (bare, " "));
        if bare.is_empty() && was_encoded {
            continue;
        }
        let inner = bare.strip_prefix("=?").and_then(|bare| bare.strip_suffix("?="));
        match inner.map(|inner| inner.splitn(3, '?').collect::<Vec<_>>()) {
            Some(parts) if parts.len() == 3 => {
                assert!(bare.len() <= 75, "{bare}");
                if was_encoded && out.ends_with(' ') {
                    out.pop();
                }
                let text = match parts[1] {
                    "Q" | "q" => quoted_printable(&parts[2].replace('_', " ")),
                    _ => base64(parts[2]),
                };
                out.push_str(&text);
                out.push_str(space);
                was_encoded = true;
            }
            Some(_) | None => {
                out.push_str(word);
                was_encoded = false;
            }
        }
    }
    out
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A sink with a `sendmail` that keeps what it gets, in a folder of its own.
fn postbox(script: &str) -> (TempDir, MailSink) {
    let folder = TempDir::new().expect("a folder");
    let sendmail = program(folder.path(), "sendmail", script);
    let to = owned(&["ops@example.com", "root"]);
    let from = Some("corscope@example.org".to_owned());
    (folder, MailSink::new(to, from, sendmail, LONG).expect("a sink"))
}

const KEEPS: &str =
    "#!/bin/sh\ncd \"$(dirname \"$0\")\" && cat > mail && printf '%s\\n' \"$@\" > args\n";

fn post(events: &[AlertEvent]) -> (Mail, String) {
    let (folder, mut sink) = postbox(KEEPS);
    assert!(sink.most() > 1);
    sink.deliver(&Message { key: &events[0].key, events }).expect("mail is delivered");
    let mail = Mail::parse(&fs::read(folder.path().join("mail")).expect("a mail"));
    (mail, fs::read_to_string(folder.path().join("args")).expect("arguments"))
}

#[test]
fn a_mail_says_what_is_wrong_and_that_no_person_wrote_it() {
    let (mail, arguments) = post(&[event()]);
    assert_eq!(arguments, "-i\n-f\ncorscope@example.org\n--\nops@example.com\nroot\n");
    assert_eq!(mail.header("From"), "<corscope@example.org>");
    assert_eq!(mail.header("To"), "<ops@example.com>, <root>");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("X-Auto-Response-Suppress"), "All");
    assert_eq!(mail.header("X-Corscope-Key"), event().key);
    assert_eq!(mail.header("Message-ID"), format!("<{}@example.org>", event().key));
    assert_eq!(mail.header("References"), format!("<{}@example.org>", event().fingerprint));
    assert_eq!(mail.header("MIME-Version"), "1.0");
    assert_eq!(mail.header("Date"), "Sun, 22 Nov 2026 10:15:00 +0000");
    let kind = mail.header("Content-Type");
    assert!(kind.starts_with("text/plain"), "{kind}");
    assert!(kind.contains("utf-8"), "{kind}");
    let subject = decoded(mail.header("Subject"));
    assert!(subject.starts_with("NEW error: The function runs into its own timeout"), "{subject}");
    for part in ["Since 2026-11-22T10:00:00Z: 14 of 20", "Raise the timeout", "> Task timed out"] {
        assert!(mail.body.contains(part), "{part}: {}", mail.body);
    }
}

#[test]
fn one_mail_tells_several_alerts_and_belongs_to_the_thread_of_each() {
    let other = AlertEvent {
        fingerprint: "ab".repeat(16),
        title: "Größe: 尺寸 stimmt nicht".to_owned(),
        ..event()
    };
    let (mail, _) = post(&[event(), other.clone(), event()]);
    assert_eq!(
        mail.header("References").split_whitespace().collect::<Vec<_>>(),
        [
            format!("<{}@example.org>", other.fingerprint),
            format!("<{}@example.org>", event().fingerprint)
        ]
    );
    assert!(decoded(mail.header("Subject")).starts_with("3 CORS alerts (3 new): "));
    assert!(mail.body.contains("Größe: 尺寸 stimmt nicht"), "{}", mail.body);
}

#[test]
fn no_text_becomes_a_header_a_recipient_or_the_end_of_a_mail() {
    let (plain, plain_arguments) = post(&[event()]);
    let names = |mail: &Mail| -> Vec<String> {
        mail.headers.iter().map(|header| header.0.clone()).collect()
    };
    let long = "long ".repeat(20_000);
    let wide = "尺".repeat(30_000);
    for text in HOSTILE.into_iter().chain([long.as_str(), wide.as_str()]) {
        let hostile =
            AlertEvent { fingerprint: text.to_owned(), key: text.to_owned(), ..event_of(text) };
        for events in [vec![event_of(text)], vec![hostile; 20]] {
            let (mail, arguments) = post(&events);
            assert_eq!(arguments, plain_arguments, "{text:?}");
            assert_eq!(names(&mail), names(&plain), "{text:?}");
            let subject = decoded(mail.header("Subject"));
            assert!(subject.chars().count() <= 180, "{}", subject.len());
            assert!(!subject.contains(is_dangerous), "{subject:?}");
            let body = &mail.body;
            assert!(!body.replace('\n', "").contains(is_dangerous), "{body:?}");
            assert!(body.len() < 300_000, "{}", body.len());
            assert!(!body.contains("\nBcc:") && !body.contains("\n.\n"), "{body:?}");
            if text.starts_with("=?") {
                assert!(subject.contains(text), "decoded twice: {subject}");
            }
        }
    }
}

#[test]
fn mail_that_cannot_be_queued_now_is_tried_again_and_mail_that_is_refused_is_not() {
    for (code, want) in [
        (64, Retry::Never),
        (67, Retry::Never),
        (70, Retry::Never),
        (71, Retry::Later),
        (75, Retry::Later),
        (78, Retry::Later),
        (1, Retry::Later),
    ] {
        let script =
            format!("#!/bin/sh\ncat > /dev/null\necho 'queue file write error' >&2\nexit {code}\n");
        let (_folder, mut sink) = postbox(&script);
        let error = sink.deliver(&Message { key: "1", events: &[event()] }).expect_err("a code");
        assert_eq!(error.retry, want, "{code}");
        let tail = format!("sendmail` ended with exit status {code}: queue file write error");
        assert!(error.problem.ends_with(&tail), "{error}");
    }
    let folder = TempDir::new().expect("a folder");
    let absent = folder.path().join("sendmail");
    let mut sink = MailSink::new(owned(&["root"]), None, absent, LONG).expect("a sink");
    let error = sink.deliver(&Message { key: "1", events: &[event()] }).expect_err("no program");
    assert_eq!(error.retry, Retry::Never);
    assert!(error.problem.contains("cannot be run"), "{error}");
}

#[test]
fn a_sendmail_that_hangs_is_killed() {
    let folder = TempDir::new().expect("a folder");
    let sendmail = program(folder.path(), "sendmail", "#!/bin/sh\nexec sleep 600\n");
    let mut sink = MailSink::new(owned(&["root"]), None, sendmail, SHORT).expect("a sink");
    let error = sink.deliver(&Message { key: "1", events: &[event()] }).expect_err("a limit");
    assert_eq!(error.retry, Retry::Later);
    assert!(error.problem.contains("did not end in 300ms"), "{error}");
}

#[test]
fn an_address_that_is_none_is_refused_when_the_sink_is_made() {
    let sink = |to: &[&str], from: Option<&str>| {
        MailSink::new(owned(to), from.map(str::to_owned), PathBuf::from("sendmail"), LONG)
    };
    assert!(sink(&["root"], None).is_ok());
    for (to, from) in [
        (&[][..], None),
        (&["-oQ/tmp"][..], None),
        (&["a@example.com", "b@example.com\nBcc: evil@example.com"][..], None),
        (&["root"][..], Some("-be")),
    ] {
        let error = sink(to, from).expect_err("no address");
        assert_eq!(error.retry, Retry::Never);
    }
}
