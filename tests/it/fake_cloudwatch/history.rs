//! What lies in the account: groups, streams, events.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, LogGroupClass, OutputLogEvent};
use corscope::model::LogTime;
use corscope::sources::cloudwatch::event::EventId;

use super::{GROUP, TEN, arn, code, with_client};
use crate::fake::{Batch, Class, Fake};
use crate::replay::{Logs, Timing};

/// All events of a group, and on how many pages they were.
async fn all(client: &Client, group: &str, limit: Option<i32>) -> (Vec<FilteredLogEvent>, usize) {
    let (mut events, mut pages, mut token) = (Vec::new(), 0, None);
    loop {
        let page = client.filter_log_events().log_group_name(group).set_limit(limit);
        let page = page.set_next_token(token).send().await.expect("a page");
        events.extend_from_slice(page.events());
        pages += 1;
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return (events, pages);
        }
    }
}

fn messages(events: &[FilteredLogEvent]) -> Vec<&str> {
    events.iter().filter_map(FilteredLogEvent::message).collect()
}

#[test]
fn groups_are_described_page_by_page() {
    let fake = Fake::start_at(TEN);
    for number in 0..60 {
        fake.group(&format!("/aws/lambda/shop-{number:02}"), Class::Standard, None);
    }
    fake.group("rare", Class::InfrequentAccess, Some(7));
    with_client(&fake, async |client| {
        let describe = || client.describe_log_groups();
        let first = describe().send().await.expect("groups");
        assert_eq!(first.log_groups().len(), 50);
        let next = describe().set_next_token(first.next_token().map(str::to_owned));
        let rest = next.send().await.expect("groups");
        assert_eq!((rest.log_groups().len(), rest.next_token()), (11, None));
        let rare = rest.log_groups().last().expect("a group");
        assert_eq!(rare.log_group_name(), Some("rare"));
        assert_eq!(rare.log_group_class().map(LogGroupClass::as_str), Some("INFREQUENT_ACCESS"));
        assert_eq!((rare.retention_in_days(), rare.creation_time()), (Some(7), Some(TEN)));
        assert_eq!(rare.log_group_arn(), Some(arn("rare").as_str()));
        assert_eq!(rare.arn(), Some(format!("{}:*", arn("rare")).as_str()));

        let by_prefix = describe().log_group_name_prefix("/aws/lambda/shop-0").send().await;
        assert_eq!(by_prefix.expect("groups").log_groups().len(), 10);
        let by_pattern = describe().log_group_name_pattern("ar").send().await.expect("groups");
        assert_eq!(by_pattern.log_groups().len(), 1);
        assert_eq!(by_pattern.log_groups()[0].log_group_class(), None);
        let by_arn = describe().log_group_identifiers(arn("rare")).send().await;
        assert_eq!(by_arn.expect("groups").log_groups().len(), 1);
        let both = describe().log_group_name_prefix("a").log_group_name_pattern("a");
        assert_eq!(code(both.send().await), "InvalidParameterException");
        assert_eq!(code(describe().limit(51).send().await), "InvalidParameterException");
    });
}

#[test]
fn groups_are_listed_by_alternatives() {
    let fake = Fake::start_at(TEN);
    for name in ["/aws/lambda/shop", "/aws/lambda/cart", "lambda"] {
        fake.group(name, Class::Standard, None);
    }
    with_client(&fake, async |client| {
        let list = |pattern: &str| client.list_log_groups().log_group_name_pattern(pattern).send();
        assert_eq!(list("shop|cart").await.expect("groups").log_groups().len(), 2);
        assert_eq!(list("^lambda").await.expect("groups").log_groups().len(), 1);
        assert_eq!(code(list("ab").await), "InvalidParameterException");
    });
}

#[test]
fn streams_are_described_by_name_and_by_time() {
    let fake = Fake::start_at(TEN);
    fake.put(GROUP, "a", &[(TEN + 5, "x"), (TEN + 9, "y")]);
    fake.put(GROUP, "b", &[(TEN, "z")]);
    with_client(&fake, async |client| {
        let describe = || client.describe_log_streams().log_group_name(GROUP);
        let by_name = describe().send().await.expect("streams");
        let first = &by_name.log_streams()[0];
        assert_eq!(first.log_stream_name(), Some("a"));
        assert_eq!(first.first_event_timestamp(), Some(TEN + 5));
        assert_eq!(first.last_event_timestamp(), Some(TEN + 9));
        let by_time = || describe().order_by("LastEventTime".into());
        let streams = by_time().send().await.expect("streams");
        assert_eq!(streams.log_streams()[0].log_stream_name(), Some("b"));
        let both = by_time().log_stream_name_prefix("a").send().await;
        assert_eq!(code(both), "InvalidParameterException");
        let unknown = client.describe_log_streams().log_group_name("unknown").send().await;
        assert_eq!(code(unknown), "ResourceNotFoundException");
    });
}

#[test]
fn events_come_in_order_and_their_ids_say_which() {
    let fake = Fake::start_at(TEN);
    let late = fake.put(GROUP, "one", &[(TEN + 2, "c"), (TEN + 1, "b")]);
    fake.put(GROUP, "two", &[(TEN, "a")]);
    with_client(&fake, async |client| {
        let (events, _) = all(&client, GROUP, None).await;
        assert_eq!(messages(&events), ["a", "b", "c"]);
        assert_eq!(events[2].event_id(), Some(late[0].as_str()));
        for event in &events {
            let id = EventId::parse(event.event_id().expect("an id"));
            let EventId::Structured { time, ingested, .. } = id else { panic!("{id:?}") };
            assert_eq!(Some(time.0), event.timestamp());
            assert_eq!(Some(ingested.0), event.ingestion_time());
            assert!(ingested >= LogTime(TEN));
        }
        let batch = |at: usize| match EventId::parse(events[at].event_id().expect("an id")) {
            EventId::Structured { batch, index, .. } => (batch, index),
            EventId::Opaque(id) => panic!("{id}"),
        };
        assert_eq!((batch(1).0, batch(1).1, batch(2).1), (batch(2).0, 1, 0));
    });
}

#[test]
fn both_ends_of_a_window_belong_to_it() {
    let fake = Fake::start_at(TEN);
    fake.put(GROUP, "one", &[(TEN, "a"), (TEN + 1, "b"), (TEN + 2, "c"), (TEN + 3, "d")]);
    with_client(&fake, async |client| {
        let window = client.filter_log_events().log_group_identifier(arn(GROUP));
        let window = window.start_time(TEN + 1).end_time(TEN + 2);
        let answer = window.clone().send().await.expect("events");
        assert_eq!(messages(answer.events()), ["b", "c"]);
        let newest_first = window.start_from_head(false).send().await.expect("events");
        assert_eq!(messages(newest_first.events()), ["c", "b"]);
    });
}

#[test]
fn pages_are_full_and_tell_the_next() {
    let fake = Fake::start_at(TEN);
    let lines: Vec<_> = (0..25).map(|number| (TEN + number, "line")).collect();
    fake.put(GROUP, "one", &lines);
    let long = "x".repeat(300_000);
    let long: Vec<_> = (0..7).map(|number| (TEN + number, long.as_str())).collect();
    fake.put("long", "one", &long);
    with_client(&fake, async |client| {
        let (events, pages) = all(&client, GROUP, Some(10)).await;
        assert_eq!((events.len(), pages), (25, 3));
        // A page holds 1 MiB.
        let (events, pages) = all(&client, "long", None).await;
        assert_eq!((events.len(), pages), (7, 3));
        let ask = || client.filter_log_events().log_group_name(GROUP);
        let newest = ask().limit(3).start_from_head(false).send().await.expect("events");
        let token = newest.next_token().expect("a token");
        let next = ask().limit(3).start_from_head(false).next_token(token).send().await;
        assert_eq!(next.expect("events").events()[0].timestamp(), Some(TEN + 21));
        // A token belongs to its request.
        let other = ask().next_token(token).send().await;
        assert_eq!(code(other), "InvalidParameterException");
        assert_eq!(code(ask().limit(10_001).send().await), "InvalidParameterException");
    });
    assert_eq!(fake.delivered("FilterLogEvents"), 32);
}

#[test]
fn streams_and_patterns_select() {
    let fake = Fake::start_at(TEN);
    fake.put(GROUP, "a1", &[(TEN, "GET /cart 403"), (TEN + 1, "OPTIONS /cart 200")]);
    fake.put(GROUP, "a2", &[(TEN + 2, "status: 500")]);
    fake.put(GROUP, "b", &[(TEN + 3, "GET /feed 200")]);
    with_client(&fake, async |client| {
        let ask = || client.filter_log_events().log_group_name(GROUP);
        let count = async |pattern: &str| {
            let answer = ask().filter_pattern(pattern).send().await;
            answer.map(|answer| answer.events().len())
        };
        let patterns = [
            ("", 4),
            ("GET", 2),
            ("get", 0),
            ("GET 200", 1),
            (r#""/cart 403""#, 1),
            (r#"?403 ?"status: 500""#, 2),
            ("200 -OPTIONS", 1),
            ("%[45]0[03]%", 2),
        ];
        for (pattern, expected) in patterns {
            assert_eq!(count(pattern).await.expect("events"), expected, "{pattern}");
        }
        for pattern in ["{ $.status = 400 }", "[ip, id]", "/cart", r#""open"#, "%(%"] {
            assert_eq!(code(count(pattern).await), "InvalidParameterException", "{pattern}");
        }
        let by_prefix = ask().log_stream_name_prefix("a").send().await.expect("events");
        assert_eq!(by_prefix.events().len(), 3);
        let by_name = ask().log_stream_names("b").send().await.expect("events");
        assert_eq!(messages(by_name.events()), ["GET /feed 200"]);
        let both = ask().log_stream_names("b").log_stream_name_prefix("a").send().await;
        assert_eq!(code(both), "InvalidParameterException");
        let unknown = ask().log_stream_names("c").send().await;
        assert_eq!(code(unknown), "ResourceNotFoundException");
    });
}

#[test]
fn a_group_has_to_exist_and_to_be_named_once() {
    let fake = Fake::start_at(TEN);
    with_client(&fake, async |client| {
        let ask = || client.filter_log_events();
        let unknown = ask().log_group_name("unknown").send().await;
        assert_eq!(code(unknown), "ResourceNotFoundException");
        let both = ask().log_group_name(GROUP).log_group_identifier(arn(GROUP)).send().await;
        assert_eq!(code(both), "InvalidParameterException");
        assert_eq!(code(ask().send().await), "InvalidParameterException");
    });
}

#[test]
fn a_stream_is_read_to_its_end_in_both_directions() {
    let fake = Fake::start_at(TEN);
    let lines: Vec<_> = (0..5).map(|number| (TEN + number, "line")).collect();
    fake.put(GROUP, "one", &lines);
    fake.put(GROUP, "two", &[(TEN, "other")]);
    with_client(&fake, async |client| {
        for from_head in [true, false] {
            let (mut times, mut token) = (Vec::new(), None);
            loop {
                // The end of a window does not belong to it here.
                let ask = client.get_log_events().log_group_name(GROUP).log_stream_name("one");
                let ask = ask.start_from_head(from_head).limit(2).end_time(TEN + 4);
                let page = ask.set_next_token(token.clone()).send().await.expect("a page");
                times.extend(page.events().iter().filter_map(OutputLogEvent::timestamp));
                let next =
                    if from_head { page.next_forward_token() } else { page.next_backward_token() };
                let next = next.map(str::to_owned);
                if next == token {
                    break;
                }
                token = next;
            }
            times.sort_unstable();
            assert_eq!(times, [TEN, TEN + 1, TEN + 2, TEN + 3]);
        }
    });
}

#[test]
fn an_event_is_there_from_its_ingestion_until_it_is_too_old() {
    let fake = Fake::start_at(TEN);
    fake.group(GROUP, Class::Standard, Some(1));
    let (group, stream) = (GROUP.to_owned(), "one".to_owned());
    let events = vec![(TEN, "hello".to_owned())];
    let ingestion = Some(TEN + 60_000);
    fake.put_batch(Batch { group, stream, events, ingestion, visible: None });
    with_client(&fake, async |client| {
        assert_eq!((fake.waiting(), all(&client, GROUP, None).await.0.len()), (1, 0));
        fake.advance(Duration::from_mins(1));
        assert_eq!((fake.waiting(), all(&client, GROUP, None).await.0.len()), (0, 1));
        fake.advance(Duration::from_hours(24));
        assert_eq!(all(&client, GROUP, None).await.0.len(), 0);
    });
}

#[test]
fn what_is_old_can_be_let_go() {
    let fake = Fake::start_at(TEN);
    fake.put(GROUP, "one", &[(TEN, "a"), (TEN + 1, "b"), (TEN + 2, "c")]);
    with_client(&fake, async |client| {
        assert_eq!(all(&client, GROUP, None).await.0.len(), 3);
        fake.forget_before(TEN + 1);
        assert_eq!(messages(&all(&client, GROUP, None).await.0), ["b", "c"]);
    });
    assert_eq!(fake.delivered("FilterLogEvents"), 3);
}

#[test]
fn a_replay_loses_nothing() {
    let paths = [PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/sample-logs"))];
    let logs = Logs::read(&paths);
    assert_eq!((logs.timeless, logs.problems.len()), (0, 0));
    let fake = Fake::start();
    let batches = logs.batches(&Timing { begins: fake.now(), over: 60_000, delay: 2_000 });
    let groups: BTreeSet<String> = batches.iter().map(|batch| batch.group.clone()).collect();
    let put: usize = batches.iter().map(|batch| batch.events.len()).sum();
    for batch in batches {
        fake.put_batch(batch);
    }
    assert!(fake.waiting() > put / 2, "an incident takes its time");
    fake.advance(Duration::from_mins(2));
    with_client(&fake, async |client| {
        let mut read = 0;
        for group in &groups {
            read += all(&client, group, None).await.0.len();
        }
        assert_eq!((read, fake.delivered("FilterLogEvents")), (put, put));
    });
    assert!(groups.contains("API-Gateway-Execution-Logs_a1b2c3d4e5/prod"), "{groups:?}");
    assert!(groups.contains("/access-logs/f6g7h8i9j0/live"), "{groups:?}");
}
