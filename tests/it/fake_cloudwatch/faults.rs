//! What goes wrong with any call, and what the project's own `Caller` makes of it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use corscope::sources::cloudwatch::budget::Quota;
use corscope::sources::cloudwatch::call::{Caller, Request};
use corscope::sources::cloudwatch::error::{CallError, Cause};

use super::{GROUP, TEN, arn, ask, code, with_client};
use crate::fake::faults::Denied;
use crate::fake::{Fake, Outcome};

fn shop() -> Fake {
    let fake = Fake::start_at(TEN);
    let lines: Vec<_> = (0..10).map(|number| (TEN + number, "line")).collect();
    fake.put(GROUP, "one", &lines);
    fake
}

/// Pages of the group, each as the ids on it.
async fn pages(client: &Client, limit: i32) -> Vec<Vec<String>> {
    let (mut pages, mut token) = (Vec::new(), None);
    loop {
        let page = client.filter_log_events().log_group_name(GROUP).limit(limit);
        let page = page.set_next_token(token).send().await.expect("a page");
        let ids = page.events().iter().filter_map(|event| event.event_id());
        pages.push(ids.map(str::to_owned).collect());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return pages;
        }
    }
}

async fn events(caller: &Caller) -> Result<usize, CallError> {
    let request = Request { action: "logs:FilterLogEvents", target: GROUP, quota: Quota::Filter };
    let send = |client: Client| client.filter_log_events().log_group_name(GROUP).send();
    caller.logs(request, send).await.map(|answer| answer.events().len())
}

#[test]
fn empty_and_short_pages_lead_on() {
    let fake = shop();
    fake.change(|faults| {
        faults.empty_pages = 2;
        faults.page_events = Some(4);
    });
    let sizes = with_client(&fake, async |client| {
        pages(&client, 10).await.iter().map(Vec::len).collect::<Vec<_>>()
    });
    assert_eq!(sizes, [0, 0, 4, 0, 0, 4, 0, 0, 2]);
}

#[test]
fn events_come_again_on_the_next_page() {
    let fake = shop();
    fake.change(|faults| faults.duplicate_every = Some(3));
    let pages = with_client(&fake, async |client| pages(&client, 4).await);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 5, 4]);
    assert!(pages[0].contains(&pages[1][0]) && pages[1].contains(&pages[2][0]));
    let distinct: BTreeSet<_> = pages.iter().flatten().collect();
    assert_eq!((distinct.len(), fake.delivered("FilterLogEvents")), (10, 10));
}

#[test]
fn pages_can_be_backwards_and_lose_nothing() {
    let fake = shop();
    fake.change(|faults| faults.reordered = true);
    let pages = with_client(&fake, async |client| pages(&client, 4).await);
    assert!(pages[0][0] > pages[0][1]);
    assert_eq!(pages.iter().flatten().collect::<BTreeSet<_>>().len(), 10);
}

#[test]
fn tokens_grow_old() {
    let fake = shop();
    with_client(&fake, async |client| {
        let ask = || client.filter_log_events().log_group_name(GROUP).limit(4);
        let page = ask().send().await.expect("a page");
        let next = || ask().next_token(page.next_token().expect("a token")).send();
        next().await.expect("a page");
        fake.change(|faults| faults.token_life = Some(Duration::from_mins(1)));
        fake.advance(Duration::from_mins(2));
        assert_eq!(code(next().await), "InvalidParameterException");
    });
}

#[test]
fn events_are_late_and_from_the_future() {
    let fake = Fake::start_at(TEN);
    fake.change(|faults| {
        faults.late = Some((2, Duration::from_mins(1)));
        faults.future_every = Some(3);
    });
    fake.put(GROUP, "one", &[(TEN, "a"), (TEN + 1, "b"), (TEN + 2, "c")]);
    with_client(&fake, async |client| {
        let times = async || {
            let answer = client.filter_log_events().log_group_name(GROUP).send().await;
            let answer = answer.expect("events");
            answer.events().iter().filter_map(FilteredLogEvent::timestamp).collect::<Vec<_>>()
        };
        assert_eq!(times().await, [TEN, TEN + 7_200_002]);
        fake.advance(Duration::from_mins(1));
        assert_eq!(times().await, [TEN, TEN + 1, TEN + 7_200_002]);
    });
}

#[test]
fn a_quota_is_that_of_any_second() {
    let fake = shop();
    fake.change(|faults| faults.quotas.extend([("FilterLogEvents", 5)]));
    with_client(&fake, async |client| {
        let (mut passed, mut throttled) = (0, 0);
        while throttled == 0 || passed < 8 {
            match client.filter_log_events().log_group_name(GROUP).send().await {
                Ok(_) => passed += 1,
                error => {
                    assert_eq!(code(error), "ThrottlingException");
                    throttled += 1;
                }
            }
        }
        // Other operations have their own.
        client.describe_log_groups().send().await.expect("groups");
    });
    let calls = fake.calls();
    let passed: Vec<_> = calls
        .iter()
        .filter(|call| call.outcome == Outcome::Ok && !call.groups.is_empty())
        .collect();
    for six in passed.windows(6) {
        assert!(six[5].at >= six[0].at + Duration::from_secs(1), "six in less than a second");
    }
    assert!(calls.iter().any(|call| call.outcome == Outcome::Throttled));
    assert!(fake.most_per_second("FilterLogEvents") > 5);
    assert_eq!(fake.most_per_second("DescribeLogGroups"), 1);
}

#[test]
fn a_burst_of_throttling_is_waited_out() {
    let fake = shop();
    fake.change(|faults| faults.throttle_next = 2);
    ask(&fake, async |caller: Arc<Caller>| {
        assert_eq!(events(&caller).await, Ok(10));
        assert_eq!(caller.take_throttled(), 2);
    });
    let outcomes: Vec<_> = fake.calls().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::Throttled, Outcome::Throttled, Outcome::Ok]);
}

#[test]
fn an_answer_can_be_html() {
    let fake = shop();
    fake.change(|faults| faults.html_next = 1);
    with_client(&fake, async |client| {
        let answer = client.describe_log_groups().send().await;
        let error = CallError::new("logs:DescribeLogGroups", "", &answer.expect_err("an error"));
        assert_eq!(error.cause, Cause::Service);
    });
    fake.change(|faults| faults.html_next = 1);
    ask(&fake, async |caller: Arc<Caller>| assert_eq!(events(&caller).await, Ok(10)));
}

#[test]
fn an_answer_can_end_in_its_middle() {
    let fake = shop();
    fake.change(|faults| {
        faults.cut_next = 2;
        faults.next_of = Some("FilterLogEvents");
    });
    with_client(&fake, async |client| {
        client.describe_log_groups().send().await.expect("groups");
        client.filter_log_events().log_group_name(GROUP).send().await.expect_err("a cut");
    });
    ask(&fake, async |caller: Arc<Caller>| assert_eq!(events(&caller).await, Ok(10)));
    let cut = fake.calls().iter().filter(|call| call.outcome == Outcome::Failed("cut")).count();
    assert_eq!(cut, 2);
}

#[test]
fn an_answer_can_take_its_time() {
    let fake = shop();
    fake.change(|faults| faults.slow = Duration::from_millis(200));
    let began = Instant::now();
    ask(&fake, async |caller: Arc<Caller>| assert_eq!(events(&caller).await, Ok(10)));
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[test]
fn keys_expire_until_there_are_new_ones() {
    let fake = shop();
    fake.change(|faults| faults.expire_after = Some(1));
    ask(&fake, async |caller: Arc<Caller>| {
        assert_eq!(events(&caller).await, Ok(10));
        // The key is expired now; the next call gets another.
        assert_eq!(events(&caller).await, Ok(10));
        assert_eq!(events(&caller).await, Ok(10));
    });
    let expired = fake.calls().iter().filter(|call| call.outcome == Outcome::Expired).count();
    assert_eq!((expired, fake.calls().len()), (1, 4));
    fake.change(|faults| {
        faults.expire_after = None;
        faults.expired_next = 2;
    });
    ask(&fake, async |caller: Arc<Caller>| {
        let error = events(&caller).await.expect_err("new keys did not help");
        assert_eq!(error.cause, Cause::Expired);
        assert_eq!(events(&caller).await, Ok(10));
    });
}

#[test]
fn what_is_denied_is_denied_and_nothing_else() {
    let fake = shop();
    fake.put("secret", "one", &[(TEN, "x")]);
    fake.change(|faults| {
        faults.denied = vec![
            Denied { operation: None, group: Some("secret") },
            Denied { operation: Some("StartLiveTail"), group: None },
        ];
    });
    with_client(&fake, async |client| {
        let secret = client.filter_log_events().log_group_name("secret").send().await;
        assert_eq!(code(secret), "AccessDeniedException");
        let tail = client.start_live_tail().log_group_identifiers(arn(GROUP)).send().await;
        assert_eq!(code(tail), "AccessDeniedException");
        client.filter_log_events().log_group_name(GROUP).send().await.expect("events");
    });
    let calls = fake.calls();
    let told: Vec<_> = calls.iter().map(|call| (call.groups[0].as_str(), &call.outcome)).collect();
    let denied = &Outcome::Denied;
    assert_eq!(told, [("secret", denied), (GROUP, denied), (GROUP, &Outcome::Ok)]);
}

#[test]
fn requests_have_to_be_signed_and_known() {
    let fake = shop();
    let answer = |signature: &str| {
        let mut socket = TcpStream::connect(fake.endpoint().trim_start_matches("http://"));
        let socket = socket.as_mut().expect("a connection");
        let head = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n{signature}\
             x-amz-target: Logs_20140328.Unknown\r\n\r\n{{}}"
        );
        socket.write_all(head.as_bytes()).expect("a request");
        let mut text = String::new();
        socket.read_to_string(&mut text).expect("an answer");
        text
    };
    assert!(answer("").contains("MissingAuthenticationTokenException"));
    let signature =
        "authorization: AWS4-HMAC-SHA256 Credential=a/20261122/eu-west-1/logs/aws4_request\r\n";
    let unknown = answer(signature);
    assert!(unknown.contains("UnknownOperationException"), "{unknown}");
    let failed = Outcome::Failed("UnknownOperationException");
    assert_eq!(fake.calls().last().map(|call| call.outcome.clone()), Some(failed));
}
