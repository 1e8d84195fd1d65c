//! An SNS topic: one message for every alert, for people and for filter policies.
//!
//! Must not: send what SNS, or a queue behind it, refuses.

use aws_config::{Region, SdkConfig};
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;

use crate::alert::event::AlertEvent;
use crate::notify::aws::{Courier, Request, once, parse_arn};
use crate::notify::text::{headline, lines, plain};
use crate::notify::{DeliveryError, Message, Notifier, Retry};

/// SNS takes less than 100 characters.
const LONGEST_SUBJECT: usize = 99;
const LONGEST_ATTRIBUTE: usize = 200;

/// A topic.
#[derive(Debug)]
pub struct SnsSink {
    courier: Courier,
    client: Client,
    topic: String,
    is_fifo: bool,
}

impl SnsSink {
    /// The topic of this ARN, in the ARN's region, with the credentials and the endpoint of `config`.
    /// Nothing is asked yet.
    pub fn new(config: &SdkConfig, topic: String) -> Result<Self, DeliveryError> {
        let Some((region, name)) = parse_arn(&topic, "sns") else {
            let shown = plain(&topic, LONGEST_ATTRIBUTE);
            let problem = format!(
                "`{shown}` is no ARN of a topic: `arn:aws:sns:REGION:ACCOUNT:NAME` is expected"
            );
            return Err(DeliveryError { problem, retry: Retry::Never });
        };
        let is_fifo = name.strip_suffix(".fifo").is_some();
        let region = Region::new(region.to_owned());
        let config = aws_sdk_sns::config::Builder::from(&once(config)).region(region).build();
        Ok(Self { courier: Courier::new()?, client: Client::from_conf(config), topic, is_fifo })
    }

    fn publish(&self, event: &AlertEvent) -> Result<(), DeliveryError> {
        let mut publish = self
            .client
            .publish()
            .topic_arn(&self.topic)
            .subject(subject(event))
            .message(text(event));
        for (name, value) in attributes(event) {
            let attribute =
                MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let attribute = attribute.map_err(|error| DeliveryError {
                problem: format!("the attribute `{name}` cannot be made: {error}"),
                retry: Retry::Never,
            })?;
            publish = publish.message_attributes(name, attribute);
        }
        if self.is_fifo {
            // In order for each alert, and once within five minutes for each event.
            publish =
                publish.message_group_id(&event.fingerprint).message_deduplication_id(&event.key);
        }
        let request = Request { action: "sns:Publish", target: &self.topic };
        self.courier.run(request, || publish.send()).map(drop)
    }
}

impl Notifier for SnsSink {
    fn most(&self) -> usize {
        1
    }

    fn deliver(&mut self, message: &Message<'_>) -> Result<(), DeliveryError> {
        message.events.iter().try_for_each(|event| self.publish(event))
    }
}

/// Less than 100 ASCII characters, the first of which is a letter.
pub fn subject(event: &AlertEvent) -> String {
    let line = headline(event).replace('…', "...");
    let ascii = line.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    let mut subject: String = ascii.take(LONGEST_SUBJECT + 1).collect();
    if subject.len() > LONGEST_SUBJECT {
        subject.truncate(LONGEST_SUBJECT - 3);
        subject.push_str("...");
    }
    subject
}

/// Two lines of plain text; some KB, of the 256 that SNS takes.
pub fn text(event: &AlertEvent) -> String {
    // No characters of XML: a queue would refuse the message.
    lines(event).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// For filter policies of subscriptions: `event`, `severity`, `rule`, `fingerprint`.
pub fn attributes(event: &AlertEvent) -> Vec<(&'static str, String)> {
    let attributes = [
        ("event", event.event.as_str()),
        ("severity", event.severity.as_str()),
        ("rule", &event.rule),
        ("fingerprint", &event.fingerprint),
    ];
    let attributes = attributes.into_iter().map(|(name, value)| {
        (name, plain(value, LONGEST_ATTRIBUTE).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
    });
    // SNS refuses empty ones.
    attributes.filter(|(_, value)| !value.is_empty()).collect()
}
