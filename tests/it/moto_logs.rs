//! `query` and `tail` against moto, which is another author's reading of the API.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use serde_json::Value;

use crate::moto;
use crate::shop::{self, EXECUTION};

/// The incident's execution log, which ended a minute ago, in an account of its own; gives how many
/// events that are.
async fn account(place: &moto::Place, group: &str) -> usize {
    let client = aws_sdk_cloudwatchlogs::Client::new(&place.config().await);
    client.create_log_group().log_group_name(group).send().await.expect("a group");
    let stream = client.create_log_stream().log_group_name(group).log_stream_name("one");
    stream.send().await.expect("a stream");
    let events: Vec<_> =
        shop::events(1).into_iter().filter(|event| event.group == EXECUTION).collect();
    let last = events.last().expect("events").time;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis() as i64;
    for part in events.chunks(200) {
        let mut call = client.put_log_events().log_group_name(group).log_stream_name("one");
        for event in part {
            let time = now - 60_000 - (last - event.time) / 60;
            let input = InputLogEvent::builder().timestamp(time).message(&event.message);
            call = call.log_events(input.build().expect("an event"));
        }
        call.send().await.expect("an answer");
    }
    events.len()
}

fn ledger(output: &moto::Output) -> Value {
    let rows = output.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut rows = rows.filter(|row| row["type"] == "ledger");
    rows.next().unwrap_or_else(|| Value::String(output.err.clone()))
}

#[tokio::test]
async fn history_is_read_by_either_engine() {
    let Some(place) = moto::region("eu-south-1") else { return };
    // moto knows no filters of Insights, so the group is one whose lines are not selected.
    let group = "/shop/traced";
    let count = account(&place, group).await;
    for engine in ["filter", "insights"] {
        let arguments = ["query", "--format", "jsonl", "--since", "1h", "--group", group];
        let output = place.corscope(&[&arguments[..], &["--engine", engine]].concat());
        let ledger = ledger(&output);
        assert_eq!(ledger["events"], count, "{engine}: {ledger}");
        assert_eq!(output.code, Some(1), "{}", output.err);
    }
}

#[tokio::test]
async fn a_tail_takes_what_moto_streams_and_polls_what_it_does_not() {
    let Some(place) = moto::region("ap-northeast-2") else { return };
    let count = account(&place, EXECUTION).await;
    let of_group = ["tail", "--format", "jsonl", "--group", EXECUTION, "--max-duration", "60s"];
    let ended = ["--max-events", &count.to_string()];
    for poll in [&["--poll"][..], &[]] {
        let output = place.corscope(&[&of_group[..], &ended, poll].concat());
        let ledger = ledger(&output);
        assert_eq!(ledger["events"], count, "{ledger}");
        assert_eq!(output.code, Some(1), "{}", output.err);
    }
}
