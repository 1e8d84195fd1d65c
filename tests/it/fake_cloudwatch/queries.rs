//! Logs Insights.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_cloudwatchlogs::types::{QueryStatus, ResultField};

use super::{GROUP, TEN, code, with_client};
use crate::fake::faults::InsightsFaults;
use crate::fake::{Class, Fake};

const SECONDS: i64 = TEN / 1000;

async fn start(client: &Client, query: &str) -> String {
    let start = client.start_query().log_group_names(GROUP).query_string(query);
    let start = start.start_time(SECONDS).end_time(SECONDS + 59).send().await;
    start.expect("a query").query_id().expect("an id").to_owned()
}

async fn results(client: &Client, id: &str) -> GetQueryResultsOutput {
    client.get_query_results().query_id(id).send().await.expect("results")
}

/// What a query finds: of each row all but `@ptr`.
async fn rows(client: &Client, query: &str) -> Vec<Vec<String>> {
    let id = start(client, query).await;
    let answer = results(client, &id).await;
    assert_eq!(answer.status().map(QueryStatus::as_str), Some("Complete"));
    let row = |row: &Vec<ResultField>| {
        row.iter()
            .filter(|cell| cell.field() != Some("@ptr"))
            .map(|cell| format!("{}={}", cell.field().unwrap_or(""), cell.value().unwrap_or("")))
            .collect()
    };
    answer.results().iter().map(row).collect()
}

/// Six events, one of them outside of the minute.
fn shop() -> Fake {
    let fake = Fake::start_at(TEN);
    fake.put(
        GROUP,
        "one",
        &[
            (TEN, r#"{"requestId":"a","status":"403","cors":{"origin":"x"}}"#),
            (TEN + 1_500, "(b) Method completed with status: 200"),
            (TEN + 2_000, "(c) Method completed with status: 500"),
            (TEN + 3_000, "(c) Endpoint /orders/1"),
            (TEN + 59_999, "(b) OPTIONS"),
            (TEN + 60_000, "(d) too late"),
        ],
    );
    fake
}

#[test]
fn queries_select_parse_count_and_sort() {
    let fake = shop();
    let queries: &[(&str, &[&[&str]])] = &[
        ("fields @message | filter @message like /OPTIONS$/", &[&["@message=(b) OPTIONS"]]),
        (
            "filter @message like \"(c)\" | sort @timestamp asc | fields @timestamp, @log | limit 1",
            &[&["@timestamp=2026-11-22 10:00:02.000", "@log=123456789012:/aws/lambda/shop"]],
        ),
        (
            r"parse @message /^\((?<id>[a-z])\)/ | filter ispresent(id) | stats count(*) as n by id",
            &[&["id=b", "n=2"], &["id=c", "n=2"]],
        ),
        (
            r"parse @message /status: (?<status>\d+)/ | filter status >= 300 and not status = 404 | display status",
            &[&["status=403"], &["status=500"]],
        ),
        ("filter cors.origin = 'x' | display requestId", &[&["requestId=a"]]),
        (
            r"filter @message like /\/orders\/1/ or requestId in ['a', 'z'] | display @logStream",
            &[&["@logStream=one"], &["@logStream=one"]],
        ),
        (
            "filter (@message like 'b' or @message like 'c') and @message not like /status/ | \
             sort @message desc | display @message",
            &[
                &[r#"@message={"requestId":"a","status":"403","cors":{"origin":"x"}}"#][..0],
                &["@message=(c) Endpoint /orders/1"],
                &["@message=(b) OPTIONS"],
            ][1..],
        ),
        (
            r"parse @message /^\((?<id>[a-z])\)/ | filter id like /./ | sort @timestamp asc | dedup id | display id",
            &[&["id=b"], &["id=c"]],
        ),
        (
            "stats count(*), min(@timestamp)",
            &[&["count(*)=5", "min(@timestamp)=2026-11-22 10:00:00.000"]],
        ),
        (
            "stats count(*) as n by bin(30s)",
            &[
                &["bin(30s)=2026-11-22 10:00:00.000", "n=4"],
                &["bin(30s)=2026-11-22 10:00:30.000", "n=1"],
            ],
        ),
    ];
    with_client(&fake, async |client| {
        for (query, expected) in queries {
            let mut found = rows(&client, query).await;
            if !query.contains("sort") {
                found.sort_unstable();
            }
            assert_eq!(found, *expected, "{query}");
        }
    });
}

#[test]
fn what_is_not_understood_is_malformed() {
    let fake = shop();
    let queries = [
        "",
        "select *",
        "fields @message | filter",
        "filter @message like /(/",
        "filter @message",
        "parse @message '* *' as a, b",
        "stats pct(x, 99)",
        "fields strcontains(@message, 'x')",
        "limit many",
        "fields @message | filter @message like 'x' sort @timestamp",
        "unmask @message",
        "filter @message like 'open",
    ];
    with_client(&fake, async |client| {
        for query in queries {
            let start = client.start_query().log_group_name(GROUP).query_string(query);
            let start = start.start_time(SECONDS).end_time(SECONDS).send().await;
            assert_eq!(code(start), "MalformedQueryException", "{query}");
        }
    });
    assert_eq!(fake.open_queries(), 0);
}

#[test]
fn a_window_ends_with_its_last_second_or_at_its_begin() {
    let fake = shop();
    with_client(&fake, async |client| {
        assert_eq!(rows(&client, "fields @message").await.len(), 5);
        fake.change(|faults| faults.insights.end_is_exact = true);
        assert_eq!(rows(&client, "fields @message").await.len(), 4);
    });
}

#[test]
fn a_query_waits_runs_and_completes() {
    let fake = shop();
    fake.change(|faults| {
        faults.insights =
            InsightsFaults { scheduled_polls: 2, running_polls: 1, ..InsightsFaults::default() };
    });
    with_client(&fake, async |client| {
        let id = start(&client, "fields @message").await;
        assert_eq!(fake.open_queries(), 1);
        let mut seen = Vec::new();
        for _ in 0..5 {
            let answer = results(&client, &id).await;
            let status = answer.status().expect("a status").as_str().to_owned();
            seen.push(format!("{status} {}", answer.results().len()));
        }
        let expected = ["Scheduled 0", "Scheduled 0", "Running 2", "Complete 5", "Complete 5"];
        assert_eq!(seen, expected);
        assert_eq!(fake.open_queries(), 0);
        let statistics = results(&client, &id).await.statistics().cloned().expect("statistics");
        assert!((statistics.records_scanned() - 5.0).abs() < 0.1);
        assert!(statistics.bytes_scanned() > 100.0);
        assert_eq!(
            code(client.stop_query().query_id(&id).send().await),
            "InvalidParameterException"
        );
    });
}

#[test]
fn rows_that_do_not_fit_are_cut_and_told() {
    let fake = shop();
    fake.change(|faults| faults.insights.most_rows = Some(2));
    with_client(&fake, async |client| {
        let id = start(&client, "fields @message | filter @message like '('").await;
        let answer = results(&client, &id).await;
        assert_eq!((answer.results().len(), answer.next_token()), (2, None));
        let matched = answer.statistics().expect("statistics").records_matched();
        assert!((matched - 4.0).abs() < 0.1, "{matched}");
    });
}

#[test]
fn rows_come_page_by_page_and_are_told_apart() {
    let fake = shop();
    with_client(&fake, async |client| {
        let id = start(&client, "fields @message").await;
        let (mut pointers, mut token) = (Vec::new(), None);
        loop {
            let ask = client.get_query_results().query_id(&id).max_items(2);
            let page = ask.set_next_token(token).send().await.expect("a page");
            let cells = page.results().iter().flatten();
            let cells = cells.filter(|cell| cell.field() == Some("@ptr"));
            pointers.extend(cells.filter_map(|cell| cell.value().map(str::to_owned)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        pointers.sort_unstable();
        pointers.dedup();
        assert_eq!((pointers.len(), fake.delivered("GetQueryResults")), (5, 5));
    });
}

#[test]
fn queries_are_limited_stopped_and_fail() {
    let fake = shop();
    fake.change(|faults| {
        faults.insights.running_polls = 100;
        faults.insights.concurrent = Some(2);
    });
    with_client(&fake, async |client| {
        let first = start(&client, "fields @message").await;
        start(&client, "fields @message").await;
        let third = client.start_query().log_group_name(GROUP).query_string("fields @message");
        let third = || third.clone().start_time(SECONDS).end_time(SECONDS).send();
        assert_eq!(code(third().await), "LimitExceededException");
        client.stop_query().query_id(&first).send().await.expect("a stop");
        assert_eq!(
            results(&client, &first).await.status().expect("a status").as_str(),
            "Cancelled"
        );
        assert_eq!(fake.open_queries(), 1);
        fake.change(|faults| {
            faults.insights =
                InsightsFaults { fail_next: 1, timeout_next: 1, ..InsightsFaults::default() };
        });
        for end in ["Failed", "Timeout", "Complete"] {
            let id = start(&client, "fields @message").await;
            assert_eq!(results(&client, &id).await.status().expect("a status").as_str(), end);
        }
        let unknown = client.get_query_results().query_id("unknown").send().await;
        assert_eq!(code(unknown), "ResourceNotFoundException");
    });
}

#[test]
fn what_was_just_ingested_is_not_found_yet() {
    let fake = shop();
    fake.change(|faults| faults.insights.lag = Duration::from_secs(30));
    with_client(&fake, async |client| {
        assert_eq!(rows(&client, "fields @message").await.len(), 0);
        fake.advance(Duration::from_secs(31));
        assert_eq!(rows(&client, "fields @message").await.len(), 5);
    });
}

#[test]
fn groups_of_infrequent_access_are_read_by_insights_alone() {
    let fake = shop();
    fake.group(GROUP, Class::InfrequentAccess, None);
    fake.group("standard", Class::Standard, None);
    with_client(&fake, async |client| {
        assert_eq!(rows(&client, "fields @message").await.len(), 5);
        let filter = client.filter_log_events().log_group_name(GROUP).send().await;
        assert_eq!(code(filter), "InvalidOperationException");
        let stream = client.get_log_events().log_group_name(GROUP).log_stream_name("one");
        assert_eq!(code(stream.send().await), "InvalidOperationException");
        let mixed = client.start_query().log_group_names(GROUP).log_group_names("standard");
        let mixed = mixed.query_string("fields @message").start_time(SECONDS).end_time(SECONDS);
        assert_eq!(code(mixed.send().await), "InvalidParameterException");
    });
}
