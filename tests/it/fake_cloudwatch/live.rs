//! Live Tail.

use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::error::SdkError;
use aws_sdk_cloudwatchlogs::primitives::event_stream::EventReceiver;
use aws_sdk_cloudwatchlogs::types::StartLiveTailResponseStream as Update;
use aws_sdk_cloudwatchlogs::types::error::StartLiveTailResponseStreamError;
use aws_sdk_cloudwatchlogs::types::{
    LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionUpdate,
};

use super::{GROUP, TEN, arn, code, with_client};
use crate::fake::{Class, Fake};

type Stream = EventReceiver<Update, StartLiveTailResponseStreamError>;

fn shop() -> Fake {
    let fake = Fake::start_at(TEN);
    fake.update_every(Duration::from_millis(20));
    fake.put(GROUP, "one", &[(TEN, "before")]);
    fake
}

/// A session, begun.
async fn open(client: &Client) -> Stream {
    let answer = client.start_live_tail().log_group_identifiers(arn(GROUP)).send().await;
    begun(answer.expect("a session").response_stream).await
}

async fn begun(mut stream: Stream) -> Stream {
    let first = stream.recv().await.expect("a frame");
    assert!(matches!(first, Some(Update::SessionStart(_))), "{first:?}");
    stream
}

#[expect(clippy::panic, reason = "the test has failed")]
async fn update(stream: &mut Stream) -> LiveTailSessionUpdate {
    match stream.recv().await.expect("a frame") {
        Some(Update::SessionUpdate(update)) => update,
        other => panic!("no update: {other:?}"),
    }
}

/// Updates until so many events have come; whether any was sampled.
async fn events(stream: &mut Stream, count: usize) -> (Vec<LiveTailSessionLogEvent>, bool) {
    let (mut events, mut is_sampled) = (Vec::new(), false);
    while events.len() < count {
        let update = update(stream).await;
        events.extend_from_slice(update.session_results());
        is_sampled |= update.session_metadata().is_some_and(LiveTailSessionMetadata::sampled);
    }
    (events, is_sampled)
}

/// Waits until something is so.
#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::yield_now();
    }
}

#[test]
fn a_session_tells_what_comes_and_nothing_older() {
    let fake = shop();
    with_client(&fake, async |client| {
        let mut stream = open(&client).await;
        fake.forget_before(TEN + 1);
        // An update comes even when nothing happens.
        assert_eq!(update(&mut stream).await.session_results().len(), 0);
        fake.put(GROUP, "two", &[(TEN - 5, "hello")]);
        let (events, is_sampled) = events(&mut stream, 1).await;
        let event = &events[0];
        assert_eq!(event.message(), Some("hello"));
        assert_eq!(event.log_group_identifier(), Some("123456789012:/aws/lambda/shop"));
        assert_eq!((event.log_stream_name(), event.timestamp()), (Some("two"), Some(TEN - 5)));
        assert!(event.ingestion_time() >= Some(TEN) && !is_sampled);
        assert_eq!(fake.sessions(), 1);
    });
    wait_until(|| fake.sessions() == 0);
    assert_eq!(fake.delivered("StartLiveTail"), 1);
}

#[test]
fn a_session_selects_by_stream_and_pattern() {
    let fake = shop();
    with_client(&fake, async |client| {
        let ask = client.start_live_tail().log_group_identifiers(arn(GROUP));
        let ask = ask.log_stream_name_prefixes("a").log_event_filter_pattern("GET");
        let mut stream = begun(ask.send().await.expect("a session").response_stream).await;
        fake.put(GROUP, "b", &[(TEN, "GET 1")]);
        fake.put(GROUP, "a1", &[(TEN, "POST 2"), (TEN, "GET 3")]);
        let (events, _) = events(&mut stream, 1).await;
        assert_eq!(events[0].message(), Some("GET 3"));
    });
}

#[test]
fn more_than_an_update_holds_is_sampled() {
    let fake = shop();
    with_client(&fake, async |client| {
        let mut stream = open(&client).await;
        let lines: Vec<_> = (0..700).map(|number| (TEN + number, "line")).collect();
        fake.put(GROUP, "one", &lines);
        let (first, is_sampled) = events(&mut stream, 500).await;
        assert_eq!((first.len(), is_sampled), (500, true));
        fake.change(|faults| faults.live.most_events = Some(5));
        fake.put(GROUP, "one", &lines[..8]);
        let (second, is_sampled) = events(&mut stream, 5).await;
        assert_eq!((second.len(), is_sampled), (5, true));
    });
    assert_eq!(fake.withheld(), (203, 0));
}

#[test]
fn a_session_ends_in_all_the_ways_there_are() {
    let fake = shop();
    with_client(&fake, async |client| {
        fake.change(|faults| faults.live.streaming_error_next = 1);
        let mut stream = open(&client).await;
        assert_eq!(ends(&mut stream).await, "error");

        fake.change(|faults| faults.live.cut_next = 1);
        let mut stream = open(&client).await;
        assert_eq!(ends(&mut stream).await, "cut");

        let mut stream = open(&client).await;
        fake.advance(Duration::from_hours(3));
        assert_eq!(ends(&mut stream).await, "timeout");

        fake.change(|faults| faults.live.session = Some(Duration::from_mins(1)));
        let mut stream = open(&client).await;
        update(&mut stream).await;
        fake.advance(Duration::from_mins(1));
        assert_eq!(ends(&mut stream).await, "timeout");
    });
    wait_until(|| fake.sessions() == 0);
}

/// How a session ends. Its frames name the kind of the exception and no code.
async fn ends(stream: &mut Stream) -> &'static str {
    loop {
        match stream.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => return "end",
            Err(SdkError::ServiceError(error)) if error.err().is_session_timeout_exception() => {
                return "timeout";
            }
            Err(SdkError::ServiceError(error)) if error.err().is_session_streaming_exception() => {
                return "error";
            }
            Err(_) => return "cut",
        }
    }
}

#[test]
fn a_session_can_fall_silent() {
    let fake = shop();
    fake.change(|faults| faults.live.silent_next = 1);
    with_client(&fake, async |client| {
        let mut stream = open(&client).await;
        update(&mut stream).await;
        update(&mut stream).await;
        fake.put(GROUP, "one", &[(TEN, "unheard")]);
        // Ten times as long as an update takes.
        let silence = tokio::time::timeout(Duration::from_millis(200), stream.recv()).await;
        assert!(silence.is_err(), "{silence:?}");
        // The next session is well.
        let mut next = open(&client).await;
        fake.put(GROUP, "one", &[(TEN, "heard")]);
        assert_eq!(events(&mut next, 1).await.0[0].message(), Some("heard"));
    });
}

#[test]
fn events_come_twice_and_backwards_if_they_are_to() {
    let fake = shop();
    fake.change(|faults| {
        faults.duplicate_every = Some(2);
        faults.reordered = true;
    });
    with_client(&fake, async |client| {
        let mut stream = open(&client).await;
        fake.put(GROUP, "one", &[(TEN, "a"), (TEN + 1, "b")]);
        let (events, _) = events(&mut stream, 3).await;
        let messages: Vec<_> = events.iter().filter_map(|event| event.message()).collect();
        assert_eq!(messages, ["b", "a", "a"]);
    });
    assert_eq!(fake.delivered("StartLiveTail"), 2);
}

#[test]
fn who_does_not_read_loses_the_oldest() {
    let fake = shop();
    // Sockets hold some of them, the fake ten more.
    let line = "x".repeat(900_000);
    with_client(&fake, async |client| {
        let mut stream = open(&client).await;
        for number in 1.. {
            fake.put(GROUP, "one", &[(TEN, &line)]);
            wait_until(|| fake.delivered("StartLiveTail") == number);
            if fake.withheld().1 > 0 {
                break;
            }
            assert!(number < 200, "nothing is dropped");
        }
        // Reading goes on behind the hole.
        assert!(!events(&mut stream, 1).await.0.is_empty());
    });
}

#[test]
fn what_cannot_be_tailed_is_refused() {
    let fake = shop();
    fake.group("rare", Class::InfrequentAccess, None);
    with_client(&fake, async |client| {
        let start = |arns: Vec<String>| {
            client.start_live_tail().set_log_group_identifiers(Some(arns)).send()
        };
        let invalid = "InvalidParameterException";
        assert_eq!(code(start(vec![GROUP.to_owned()]).await), invalid);
        assert_eq!(code(start(vec![format!("{}:*", arn(GROUP))]).await), invalid);
        assert_eq!(code(start(vec![arn(GROUP); 11]).await), invalid);
        assert_eq!(code(start(vec![]).await), invalid);
        assert_eq!(code(start(vec![arn("unknown")]).await), "ResourceNotFoundException");
        assert_eq!(code(start(vec![arn("rare")]).await), "InvalidOperationException");
        let two = client.start_live_tail().log_group_identifiers(arn(GROUP));
        let two = two.log_group_identifiers(arn("rare")).log_stream_names("one").send().await;
        assert_eq!(code(two), invalid);
        let mut streams = Vec::new();
        for _ in 0..15 {
            streams.push(open(&client).await);
        }
        assert_eq!(code(start(vec![arn(GROUP)]).await), "LimitExceededException");
        assert_eq!(fake.sessions(), 15);
        fake.change(|faults| faults.live.most_sessions = Some(20));
        open(&client).await;
    });
}
