//! A program that is run for every alert, with the alert as JSON on its standard input.
//!
//! Must not: put a text from a log into an argument or a variable: programs that pass these on to a
//! shell would run it.

use std::process::Command;
use std::time::Duration;

use crate::alert::event::AlertEvent;
use crate::notify::program::{End, describe, name_of, run};
use crate::notify::{DeliveryError, Message, Notifier, Retry};
use crate::output::contract::append_json;

/// A program with its arguments.
#[derive(Debug)]
pub struct CommandSink {
    argv: Vec<String>,
    timeout: Duration,
}

impl CommandSink {
    /// The program that is `argv`, sought in `PATH` if its name has no slash; it is killed after
    /// `timeout`.
    pub fn new(argv: Vec<String>, timeout: Duration) -> Self {
        Self { argv, timeout }
    }

    fn tell(&self, event: &AlertEvent) -> Result<(), DeliveryError> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(never("no program is named".to_owned()));
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(variables(event));
        let name = name_of(&command);
        let input = input(event)?;
        let result = run(command, input, self.timeout)?;
        let problem = match result.end {
            End::Ended(status) if status.success() => return Ok(()),
            End::Ended(status) => format!("`{name}` ended with {}", describe(status)),
            End::TimedOut => {
                format!("`{name}` did not end in {:?}, and was killed", self.timeout)
            }
        };
        let problem =
            if result.said.is_empty() { problem } else { format!("{problem}: {}", result.said) };
        Err(DeliveryError { problem, retry: Retry::Later })
    }
}

impl Notifier for CommandSink {
    fn most(&self) -> usize {
        1
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        message.events.iter().try_for_each(|event| self.tell(event))
    }
}

/// What the program gets on its standard input: one line of JSON, `corscope/1`, type `alert`.
pub fn input(event: &AlertEvent) -> Result<Vec<u8>, DeliveryError> {
    let mut json = Vec::with_capacity(2048);
    append_json(&mut json, event)
        .map_err(|error| never(format!("the alert cannot be written as JSON: {error}")))?;
    json.push(b'\n');
    Ok(json)
}

/// What it gets in its environment: three values of our own making.
pub fn variables(event: &AlertEvent) -> [(&'static str, &str); 3] {
    [
        ("CORSCOPE_EVENT", event.event.as_str()),
        ("CORSCOPE_KEY", &event.key),
        ("CORSCOPE_FINGERPRINT", &event.fingerprint),
    ]
}

fn never(problem: String) -> DeliveryError {
    DeliveryError { problem, retry: Retry::Never }
}
