//! SNS and EventBridge: an account of moto, and a server that answers as AWS does when it refuses.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_eventbridge::types::Target;
use corscope::alert::event::{AlertEvent, EventKind};
use corscope::notify::eventbridge::{EventBridgeSink, detail};
use corscope::notify::sns::{SnsSink, subject, text};
use corscope::notify::{DeliveryError, Message, Notifier, Retry};
use corscope::output::escape::is_dangerous;
use serde_json::Value;

use crate::moto::{self, Place};
use crate::sinks_local::sample::{HOSTILE, event, event_of};

const TOPIC: &str = "arn:aws:sns:eu-west-3:123456789012:alerts";

fn deliver(sink: &mut impl Notifier, events: &[AlertEvent]) -> Result<(), DeliveryError> {
    assert!((1..=sink.most()).contains(&events.len()));
    sink.deliver(&Message { key: &events[0].key, events })
}

/// A queue of moto, read by the query protocol.
struct Queue<'a> {
    place: &'a Place,
    url: String,
    arn: String,
}

impl<'a> Queue<'a> {
    fn make(place: &'a Place, name: &str) -> Self {
        let fifo = if name.strip_suffix(".fifo").is_some() {
            "&Attribute.1.Name=FifoQueue&Attribute.1.Value=true"
        } else {
            ""
        };
        let body = format!("Action=CreateQueue&Version=2012-11-05&QueueName={name}{fifo}");
        let answer = place.query("sqs", &body);
        let url = between(&answer, "<QueueUrl>", "</QueueUrl>").next().expect("a queue");
        let arn = format!("arn:aws:sqs:{}:123456789012:{name}", place.name);
        Self { place, url: url.to_owned(), arn }
    }

    /// What is in it: the bodies, which are JSON, and the whole answer.
    fn read(&self) -> (Vec<Value>, String) {
        let body = format!(
            "Action=ReceiveMessage&Version=2012-11-05&QueueUrl={}&MaxNumberOfMessages=10\
             &AttributeName.1=All",
            self.url.replace(':', "%3A").replace('/', "%2F")
        );
        let answer = self.place.query("sqs", &body);
        let bodies = between(&answer, "<Body>", "</Body>").map(|body| {
            let body = body.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#39;", "'");
            let body = body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            serde_json::from_str(&body).unwrap_or_else(|error| unreachable!("{error}: {body}"))
        });
        (bodies.collect(), answer)
    }
}

fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(begin).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

async fn topic(place: &Place, name: &str, queue: &Queue<'_>) -> String {
    let sns = aws_sdk_sns::Client::new(&place.config().await);
    let mut create = sns.create_topic().name(name);
    if name.strip_suffix(".fifo").is_some() {
        create = create.attributes("FifoTopic", "true");
    }
    let arn = create.send().await.expect("a topic").topic_arn.expect("its ARN");
    let subscribe = sns.subscribe().topic_arn(&arn).protocol("sqs").endpoint(&queue.arn);
    subscribe.send().await.expect("a subscription");
    arn
}

#[tokio::test]
async fn a_topic_gets_every_alert_as_plain_text_with_attributes_to_filter_by() {
    let Some(place) = moto::region("eu-south-2") else { return };
    let queue = Queue::make(&place, "sinks-sns");
    let arn = topic(&place, "sinks", &queue).await;
    // The region is that of the topic, whatever is configured.
    let config = place.config().await.to_builder().region(Region::new("us-west-2")).build();
    let mut sink = SnsSink::new(&config, arn).expect("a sink");
    let event = AlertEvent { event: EventKind::Reminder, ..event() };
    assert_eq!(deliver(&mut sink, std::slice::from_ref(&event)), Ok(()));
    let (messages, _) = queue.read();
    let [message] = messages.as_slice() else { unreachable!("{messages:?}") };
    let subject = message["Subject"].as_str().expect("a subject");
    assert!(subject.starts_with("STILL error: The function runs into its own timeout: No"));
    let text = message["Message"].as_str().expect("a text");
    assert!(text.contains("\nSince 2026-11-22T10:00:00Z: 14 requests"), "{text}");
    let attributes = &message["MessageAttributes"];
    for (name, want) in [
        ("event", "reminder"),
        ("severity", "error"),
        ("rule", "lambda-own-timeout"),
        ("fingerprint", event.fingerprint.as_str()),
    ] {
        assert_eq!(attributes[name]["Value"], want, "{name}");
        assert_eq!(attributes[name]["Type"], "String");
    }
}

#[tokio::test]
async fn a_fifo_topic_gets_an_event_once_and_in_the_group_of_its_alert() {
    let Some(place) = moto::region("eu-south-2") else { return };
    let queue = Queue::make(&place, "sinks-sns.fifo");
    let arn = topic(&place, "sinks.fifo", &queue).await;
    let mut sink = SnsSink::new(&place.config().await, arn).expect("a sink");
    for _ in 0..2 {
        assert_eq!(deliver(&mut sink, &[event()]), Ok(()));
    }
    let (messages, answer) = queue.read();
    assert_eq!(messages.len(), 1, "{answer}");
    assert!(answer.contains(&format!("<Value>{}</Value>", event().fingerprint)), "{answer}");
    assert!(answer.contains(&format!("<Value>{}</Value>", event().key)), "{answer}");
}

#[tokio::test]
async fn a_bus_gets_every_alert_with_all_that_is_known_of_it() {
    let Some(place) = moto::region("eu-south-2") else { return };
    let queue = Queue::make(&place, "sinks-events");
    let config = place.config().await;
    let events = aws_sdk_eventbridge::Client::new(&config);
    let bus = events.create_event_bus().name("sinks").send().await.expect("a bus");
    let pattern = r#"{"source":["corscope"],"detail-type":["corscope alert"]}"#;
    let rule = events.put_rule().name("all").event_bus_name("sinks").event_pattern(pattern);
    rule.send().await.expect("a rule");
    let target = Target::builder().id("queue").arn(&queue.arn).build().expect("a target");
    let targets = events.put_targets().rule("all").event_bus_name("sinks").targets(target);
    targets.send().await.expect("a target");

    let others = (0..10).map(|at| AlertEvent { key: format!("{at:032x}"), ..event() });
    let told: Vec<AlertEvent> = others.collect();
    for bus in ["sinks".to_owned(), bus.event_bus_arn.expect("an ARN")] {
        let mut sink = EventBridgeSink::new(&config, bus).expect("a sink");
        assert_eq!(deliver(&mut sink, &told), Ok(()));
        let (messages, _) = queue.read();
        assert_eq!(messages.len(), 10);
        let mut got: Vec<AlertEvent> = Vec::new();
        for message in messages {
            assert_eq!(message["source"], "corscope");
            assert_eq!(message["detail-type"], "corscope alert");
            assert_eq!(message["resources"], serde_json::json!([]));
            got.push(serde_json::from_value(message["detail"].clone()).expect("an alert"));
        }
        got.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(got, told);
    }
}

#[tokio::test]
async fn what_is_not_there_is_named_and_not_tried_again() {
    let Some(place) = moto::region("eu-south-2") else { return };
    let config = place.config().await;
    let absent = "arn:aws:sns:eu-south-2:123456789012:absent".to_owned();
    let mut sink = SnsSink::new(&config, absent).expect("a sink");
    let error = deliver(&mut sink, &[event()]).expect_err("no topic");
    assert_eq!(error.retry, Retry::Never);
    let head = "sns:Publish on `arn:aws:sns:eu-south-2:123456789012:absent`: NotFound: ";
    assert!(error.problem.starts_with(head), "{error}");
    assert!(error.problem.ends_with("; check the name, the region and the account"), "{error}");
    let mut sink = EventBridgeSink::new(&config, "absent".to_owned()).expect("a sink");
    let error = deliver(&mut sink, &[event()]).expect_err("no bus");
    assert_eq!(error.retry, Retry::Never);
    assert!(error.problem.starts_with("events:PutEvents on `absent`: "), "{error}");
}

/// Answers requests with these, one after the other; the last one again and again.
struct Server {
    endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: &[(u16, String)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (Arc::clone(&requests), answers.to_vec());
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(mut client) = client else { return };
                let body = body(&mut BufReader::new(&client));
                let mut kept = kept.lock().expect("no thread broke off");
                let (status, text) = answers.get(kept.len()).or(answers.last()).expect("one");
                kept.push(body);
                let _ = write!(
                    client,
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                    text.len()
                );
            }
        });
        Self { endpoint, requests }
    }

    /// Without a runtime: whoever calls a sink need not have one.
    fn config(&self) -> SdkConfig {
        config(&self.endpoint)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no thread broke off").clone()
    }
}

fn body(reader: &mut impl std::io::BufRead) -> String {
    let mut length = 0;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("UTF-8")
}

fn config(endpoint: &str) -> SdkConfig {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let credentials = Credentials::new("AKIATEST", "secret", None, None, "tests");
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint);
    runtime.block_on(loader.load())
}

fn sns_error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}

fn sns_failure(status: u16, code: &str, message: &str) -> DeliveryError {
    let server = Server::start(&[(status, sns_error(code, message))]);
    let mut sink = SnsSink::new(&server.config(), TOPIC.to_owned()).expect("a sink");
    let error = deliver(&mut sink, &[event()]).expect_err(code);
    assert_eq!(server.requests().len(), 1, "whoever delivers repeats, nobody else");
    error
}

#[test]
fn a_refusal_says_the_action_the_topic_the_code_and_what_to_do() {
    let denied = sns_failure(403, "AuthorizationError", "User is not authorized to perform it.");
    assert_eq!(denied.retry, Retry::Never);
    assert_eq!(
        denied.problem,
        format!(
            "sns:Publish on `{TOPIC}`: AuthorizationError: User is not authorized to perform it; \
             allow `sns:Publish` on it to this identity"
        )
    );
    let key = sns_failure(400, "KMSAccessDenied", "The ciphertext refers to a key");
    assert_eq!(key.retry, Retry::Never);
    assert!(key.problem.contains("`kms:GenerateDataKey*`"), "{key}");
    for (status, code, retry) in [
        (400, "Throttling", Retry::Later),
        (500, "InternalError", Retry::Later),
        (503, "ServiceUnavailable", Retry::Later),
        (403, "ExpiredToken", Retry::Later),
        (404, "NotFound", Retry::Never),
        (400, "InvalidParameter", Retry::Never),
    ] {
        let error = sns_failure(status, code, "so it is");
        assert_eq!(error.retry, retry, "{error}");
        let head = format!("sns:Publish on `{TOPIC}`: {code}: so it is; ");
        assert!(error.problem.starts_with(&head), "{error}");
    }
    let hostile = sns_failure(400, "InvalidParameter", "\u{202e}a\nb Bearer abcdefghijklmnopqr");
    assert!(!hostile.problem.contains(is_dangerous), "{hostile}");
    assert!(!hostile.problem.contains("abcdefghijklmnopqr"), "{hostile}");
}

#[test]
fn an_answer_that_is_none_and_no_answer_are_tried_again() {
    let server = Server::start(&[(502, "<html>Bad gateway</html>".to_owned())]);
    let mut sink = SnsSink::new(&server.config(), TOPIC.to_owned()).expect("a sink");
    let error = deliver(&mut sink, &[event()]).expect_err("a bad gateway");
    assert_eq!(error.retry, Retry::Later, "{error}");
    let nobody = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let endpoint = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let config = config(&endpoint);
    let mut sns = SnsSink::new(&config, TOPIC.to_owned()).expect("a sink");
    let mut bus = EventBridgeSink::new(&config, "default".to_owned()).expect("a sink");
    for error in [deliver(&mut sns, &[event()]), deliver(&mut bus, &[event()])] {
        let error = error.expect_err("no connection");
        assert_eq!(error.retry, Retry::Later, "{error}");
        assert!(error.problem.contains("check the network"), "{error}");
    }
}

#[test]
fn without_credentials_it_is_said_and_tried_again() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .no_credentials();
    let config = runtime.block_on(loader.load());
    let mut sink = SnsSink::new(&config, TOPIC.to_owned()).expect("a sink");
    let error = deliver(&mut sink, &[event()]).expect_err("no credentials");
    assert_eq!(error.retry, Retry::Later, "{error}");
    assert!(error.problem.contains("credentials"), "{error}");
}

fn entries(codes: &[Option<&str>]) -> String {
    let failed = codes.iter().filter(|code| code.is_some()).count();
    let entries: Vec<Value> = codes
        .iter()
        .map(|code| match code {
            None => serde_json::json!({"EventId": "1"}),
            Some(code) => serde_json::json!({"ErrorCode": code, "ErrorMessage": "so it is"}),
        })
        .collect();
    serde_json::json!({"FailedEntryCount": failed, "Entries": entries}).to_string()
}

fn three() -> Vec<AlertEvent> {
    (0..3).map(|at| AlertEvent { key: format!("{at:032x}"), ..event() }).collect()
}

#[test]
fn what_a_bus_did_not_take_is_sent_again_and_nothing_else() {
    let answers = [
        (200, entries(&[None, Some("ThrottlingException"), Some("MalformedDetail")])),
        (200, entries(&[None, None])),
        (200, entries(&[None, None, None])),
    ];
    let server = Server::start(&answers);
    let mut sink = EventBridgeSink::new(&server.config(), "ops".to_owned()).expect("a sink");
    let events = three();
    let error = deliver(&mut sink, &events).expect_err("a part");
    assert_eq!(error.retry, Retry::Later);
    assert_eq!(
        error.problem,
        "2 of 3 alerts not taken: events:PutEvents on `ops`: ThrottlingException: so it is; the \
         quota is used up by others"
    );
    assert_eq!(deliver(&mut sink, &events), Ok(()));
    assert_eq!(deliver(&mut sink, &events), Ok(()), "another message may hold the same events");
    let sent: Vec<usize> = server
        .requests()
        .iter()
        .map(|body| {
            let body: Value = serde_json::from_str(body).expect("JSON");
            body["Entries"].as_array().expect("entries").len()
        })
        .collect();
    assert_eq!(sent, [3, 2, 3]);
}

#[test]
fn an_entry_that_is_refused_for_good_is_not_tried_again() {
    let check = |answer: String, retry: Retry| {
        let server = Server::start(&[(200, answer)]);
        let mut sink = EventBridgeSink::new(&server.config(), "ops".to_owned()).expect("a sink");
        let error = deliver(&mut sink, &three()).expect_err("a refusal");
        assert_eq!(error.retry, retry, "{error}");
        error.problem
    };
    let problem =
        check(entries(&[None, None, Some("NotAuthorizedForSourceException")]), Retry::Never);
    assert!(problem.starts_with("1 of 3 alerts not taken: events:PutEvents on `ops`: NotAuth"));
    assert!(problem.ends_with("allow `events:PutEvents` on it to this identity"), "{problem}");
    check(entries(&[Some("InternalFailure"), None, None]), Retry::Later);
    // An answer that says nothing of two alerts.
    check(entries(&[None]), Retry::Later);
}

#[test]
fn a_request_stays_below_what_a_bus_takes() {
    let server = Server::start(&[(200, entries(&[None; 10])), (200, entries(&[None; 10]))]);
    let mut sink = EventBridgeSink::new(&server.config(), "ops".to_owned()).expect("a sink");
    let events: Vec<AlertEvent> = (0..10)
        .map(|at| AlertEvent {
            key: format!("{at:032x}"),
            evidence: vec!["x".repeat(2_000); 20],
            ..event()
        })
        .collect();
    assert_eq!(deliver(&mut sink, &events), Ok(()));
    let requests = server.requests();
    assert!(requests.len() > 1);
    let mut keys = Vec::new();
    for body in &requests {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let entries = body["Entries"].as_array().expect("entries");
        let details = entries.iter().map(|entry| entry["Detail"].as_str().expect("a detail"));
        assert!(details.clone().map(str::len).sum::<usize>() < 256 * 1024);
        for detail in details {
            let event: AlertEvent = serde_json::from_str(detail).expect("an alert");
            keys.push(event.key);
        }
        assert!(entries.iter().all(|entry| {
            entry.get("Resources").is_none_or(|it| it == &Value::from(Vec::<Value>::new()))
        }));
    }
    assert_eq!(keys, events.iter().map(|event| event.key.clone()).collect::<Vec<_>>());
}

#[test]
fn no_text_is_more_than_text_or_longer_than_what_is_taken() {
    let long = "l\u{e0041} ".repeat(35_000);
    let wide = "尺".repeat(35_000);
    for hostile in HOSTILE.into_iter().chain([long.as_str(), wide.as_str(), "\u{fffe}\u{ffff}"]) {
        let event = event_of(hostile);
        let subject = subject(&event);
        assert!((1..100).contains(&subject.len()), "{subject}");
        assert!(subject.chars().all(|c| matches!(c, ' '..='~')), "{subject:?}");
        assert!(subject.starts_with(|c: char| c.is_ascii_alphabetic()), "{subject:?}");
        let text = text(&event);
        assert!(text.len() < 64 * 1024 && text.lines().count() == 2, "{}", text.len());
        assert!(!text.replace('\n', "").contains(is_dangerous), "{text:?}");
        assert!(!text.contains(['\u{fffe}', '\u{ffff}']));
        let json = detail(&event).expect("JSON");
        assert!(json.len() <= 250 * 1024, "{}", json.len());
        assert!(!json.contains(is_dangerous), "{json:?}");
        let read: AlertEvent = serde_json::from_str(&json).expect("an alert");
        if hostile.len() < 1_000 {
            assert_eq!(read, event);
        }
        assert_eq!((read.key, read.fingerprint), (event.key, event.fingerprint));
    }
}

#[test]
fn what_is_no_topic_and_no_bus_is_refused_when_the_sink_is_made() {
    let config = config("http://127.0.0.1:1");
    for topic in ["alerts", "", "arn:aws:sqs:eu-west-3:123456789012:alerts", "arn:aws:sns:x\r\ny"] {
        let error = SnsSink::new(&config, topic.to_owned()).expect_err(topic);
        assert_eq!(error.retry, Retry::Never);
        assert!(error.problem.contains("is no ARN of a topic"), "{error}");
    }
    let rule = "arn:aws:events:eu-west-3:123456789012:rule/x";
    for bus in ["", "a b", rule, "arn:aws:events:eu-west-3:123456789012:event-bus/"] {
        let error = EventBridgeSink::new(&config, bus.to_owned()).expect_err(bus);
        assert!(error.problem.contains("neither the name nor the ARN"), "{error}");
    }
    let nowhere = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    let error = EventBridgeSink::new(&nowhere, "ops".to_owned()).expect_err("no region");
    assert!(error.problem.contains("no region is set"), "{error}");
}

#[tokio::test]
async fn a_sink_may_be_used_and_dropped_within_a_runtime() {
    let server = thread::spawn(|| Server::start(&[(200, entries(&[None]))]));
    let server = server.join().expect("a server");
    let endpoint = server.endpoint.clone();
    let config = thread::spawn(move || config(&endpoint)).join().expect("a configuration");
    let mut sink = EventBridgeSink::new(&config, "ops".to_owned()).expect("a sink");
    for _ in 0..2 {
        assert_eq!(deliver(&mut sink, &[event()]), Ok(()));
    }
    drop(sink);
    assert_eq!(server.requests().len(), 2);
}
