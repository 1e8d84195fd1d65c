//! Mail, given to the local `sendmail` or to whatever speaks as it does.
//!
//! Must not: let a text from a log become a header line or an address.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use mail_builder::MessageBuilder;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;

use crate::alert::event::AlertEvent;
use crate::notify::program::{End, describe, name_of, run};
use crate::notify::text::{cut, lines, plain, subject, why};
use crate::notify::{DeliveryError, Message, Notifier, Retry};
use crate::output::redact::Redaction;

/// How long `sendmail` may take unless told otherwise: it queues, or talks to one server.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Alerts in one mail.
const MOST_EVENTS: usize = 20;
/// Characters of the subject.
const LONGEST_SUBJECT: usize = 180;
/// Log lines shown of each alert, and their characters.
const MOST_EVIDENCE: usize = 5;
const LONGEST_EVIDENCE: usize = 400;
/// RFC 5321, 4.5.3.1.3, without the angle brackets.
const LONGEST_ADDRESS: usize = 254;

/// `sendmail` and whom it writes to.
#[derive(Debug)]
pub struct MailSink {
    to: Vec<String>,
    from: Option<String>,
    sendmail: PathBuf,
    timeout: Duration,
}

impl MailSink {
    /// Mail to `to` (at least one) from `from`, else from whom `sendmail` takes. An address is
    /// `name@domain`, or the name of a local user.
    pub fn new(
        to: Vec<String>,
        from: Option<String>,
        sendmail: PathBuf,
        timeout: Duration,
    ) -> Result<Self, DeliveryError> {
        if to.is_empty() {
            return Err(never("mail has no recipient".to_owned()));
        }
        for address in to.iter().chain(&from) {
            check_address(address).map_err(never)?;
        }
        Ok(Self { to, from, sendmail, timeout })
    }

    /// The message as `sendmail` gets it: RFC 5322, with the line ends of this machine.
    pub fn compose(&self, message: &Message<'_>) -> Result<Vec<u8>, DeliveryError> {
        let domain = self.domain();
        let id = |part: &str| format!("{}@{domain}", word(part));
        let threads: BTreeSet<String> =
            message.events.iter().map(|event| id(&event.fingerprint)).collect();
        let at = message.events.iter().map(|event| event.at).max();
        let mut mail = MessageBuilder::new();
        if let Some(from) = &self.from {
            mail = mail.from(from.as_str());
        }
        mail = mail
            .to(self.to.iter().map(String::as_str).collect::<Vec<_>>())
            .subject(cut(&subject(message.events), LONGEST_SUBJECT))
            .date(at.map_or(0, |at| at.0.div_euclid(1000)))
            .message_id(id(message.key))
            // Nobody has the message that they name: it is what makes them a thread.
            .references(MessageId::new_list(threads.into_iter()))
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("X-Auto-Response-Suppress", Raw::new("All"))
            .header("X-Corscope-Key", Raw::new(word(message.key)))
            .text_body(body(message.events));
        let mail = mail
            .write_to_vec()
            .map_err(|error| never(format!("the mail cannot be written: {error}")))?;
        // `sendmail` takes text as this machine writes it. The only `\r` is that of a line end:
        // control characters are escaped or encoded.
        Ok(mail.into_iter().filter(|byte| *byte != b'\r').collect())
    }

    /// The domain of message ids: that of whoever sends, or else of who is written to.
    fn domain(&self) -> &str {
        let addresses = self.from.iter().chain(&self.to);
        let mut domains = addresses.filter_map(|address| Some(address.split_once('@')?.1));
        domains.next().unwrap_or("localhost")
    }
}

impl Notifier for MailSink {
    fn most(&self) -> usize {
        MOST_EVENTS
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        let mut command = Command::new(&self.sendmail);
        // A line with one dot is text.
        command.arg("-i");
        if let Some(from) = &self.from {
            command.args(["-f", from]);
        }
        command.arg("--").args(&self.to);
        let name = name_of(&command);
        let result = run(command, self.compose(message)?, self.timeout)?;
        let (problem, retry) = match result.end {
            End::Ended(status) if status.success() => return Ok(()),
            End::Ended(status) => {
                (format!("`{name}` ended with {}", describe(status)), retry(status))
            }
            End::TimedOut => (
                format!("`{name}` did not end in {:?}, and was killed", self.timeout),
                Retry::Later,
            ),
        };
        let problem =
            if result.said.is_empty() { problem } else { format!("{problem}: {}", result.said) };
        Err(DeliveryError { problem, retry })
    }
}

/// `name@domain`, or the name of a local user; ASCII, and nothing that `sendmail` or a shell gives a
/// meaning to. Otherwise, what is wrong with it.
pub fn check_address(text: &str) -> Result<(), String> {
    let (name, domain) = match text.split_once('@') {
        Some((name, domain)) => (name, Some(domain)),
        None => (text, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._+-=&'#~*".contains(c);
    let is_domain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let is_whole = |part: &str| !part.is_empty() && !part.starts_with(['-', '.', '~']);
    let is_fine = text.len() <= LONGEST_ADDRESS
        && is_whole(name)
        && name.chars().all(is_name)
        && domain.is_none_or(|domain| is_whole(domain) && domain.chars().all(is_domain));
    if is_fine {
        return Ok(());
    }
    let shown = plain(text, LONGEST_ADDRESS);
    Err(format!("`{shown}` is no mail address: `name@domain`, without a display name, is expected"))
}

/// By `sysexits.h`. What is wrong with the message or an address stays wrong; whatever else is wrong
/// with this machine may be repaired.
fn retry(status: ExitStatus) -> Retry {
    match status.code() {
        Some(64..=70) => Retry::Never,
        Some(_) | None => Retry::Later,
    }
}

fn body(events: &[AlertEvent]) -> String {
    let mut body = String::new();
    for event in events {
        if !body.is_empty() {
            body.push('\n');
        }
        body.push_str(&lines(event));
        body.push('\n');
        let why = why(event);
        if !why.is_empty() {
            body.push_str(&why);
            body.push('\n');
        }
        for line in event.evidence.iter().take(MOST_EVIDENCE) {
            body.push_str("> ");
            body.push_str(&plain(&Redaction::On.text(line), LONGEST_EVIDENCE));
            body.push('\n');
        }
    }
    body
}

/// Letters and digits of what should have no others, and be 32 of them.
fn word(text: &str) -> String {
    let word: String = text.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    if word.is_empty() { "0".to_owned() } else { word }
}

fn never(problem: String) -> DeliveryError {
    DeliveryError { problem, retry: Retry::Never }
}

#[cfg(test)]
mod tests {
    use super::check_address;

    #[test]
    fn an_address_is_only_what_no_program_takes_for_something_else() {
        for good in ["ops@example.com", "root", "a.b+c=d@mail.example-1.org", "o'hara@example.ie"] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "-oQ/tmp",
            "-bs@example.com",
            "a@-x.example",
            "a@",
            "@example.com",
            "a@b@c",
            "a b@example.com",
            "a@example.com\nBcc: evil@example.com",
            "a@example.com\r",
            "a,b@example.com",
            "|/bin/sh",
            "/etc/passwd",
            ":include:/etc/passwd",
            "Ops <ops@example.com>",
            "\"a\"@example.com",
            "größe@example.com",
            &"a".repeat(255),
        ] {
            let problem = check_address(bad).expect_err(bad);
            assert!(!problem.contains(['\n', '\r']), "{problem}");
        }
    }
}
