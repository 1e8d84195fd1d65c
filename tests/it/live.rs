//! An analysis that is told while its input goes on: what is told, when, and that it comes to what
//! `scan` says at the end.

use std::time::Duration;

use corscope::assemble::Patience;
use corscope::model::{LogTime, Place};
use corscope::output::escape::is_dangerous;
use corscope::output::human::HumanSettings;
use corscope::output::live::LiveForm;
use corscope::report::live::Why;
use corscope::report::settings::ReportSettings;
use proptest::prelude::*;

use crate::live::arrivals::{
    Arrival, Live, Stream, check_answers, check_report, check_told, live, live_as, settings,
};
use crate::log::{GET, PREFLIGHT, Request};

mod arrivals;

#[test]
fn the_end_of_a_tail_is_what_scan_says() {
    let stream = Stream::samples();
    let live = live(&stream, &Patience::default(), || true);
    check_told(&live);
    assert!(live.most.waiting.told > 0, "nothing was told before the end");
    check_report(&live, &stream);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn delay_and_disorder_change_nothing(
        seed in any::<u64>(),
        longest in prop::sample::select(vec![1_u64, 900, 14_000, 200_000]),
        join in prop::sample::select(vec![0_u64, 2, 15]),
    ) {
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut next = random;
        let in_order = Stream::samples();
        let stream = in_order.clone().delayed(|_| (random() % longest) as i64);
        let patience = Patience { join: Duration::from_secs(join), ..Patience::default() };
        let live = live(&stream, &patience, || next() % 3 == 0);
        check_told(&live);
        check_answers(&live, &in_order);
    }
}

/// When the last line that names a request arrived, up to a time.
fn last_arrival(stream: &Stream, id: &str, until: i64) -> Option<i64> {
    let names = |event: &&Arrival| {
        event.at <= until && memchr::memmem::find(&event.message, id.as_bytes()).is_some()
    };
    stream.events.iter().filter(names).map(|event| event.at).max()
}

#[test]
fn findings_are_told_within_the_wait_of_their_last_line() {
    const TICKS: i64 = 1_300;
    let stream = Stream::samples();
    let patience = Patience::default();
    let live = live(&stream, &patience, || true);
    let (mut at_once, mut after_the_wait) = (0, 0);
    for told in live.listener.told.iter().filter(|told| !told.groups.is_empty()) {
        let id = told.request.as_deref().expect("an id");
        // A test of the console has no end; it is told with the end of the input.
        if told.at >= stream.events.last().expect("an event").at + 19_000 {
            continue;
        }
        let last = last_arrival(&stream, id, told.at).expect("a line");
        let waited = told.at - last;
        assert!(waited <= 15_000 + TICKS, "{waited} ms: {told:?}");
        if waited <= TICKS {
            at_once += 1;
        } else {
            after_the_wait += 1;
        }
    }
    assert!(at_once > 5 && after_the_wait > 5, "{at_once} at once, {after_the_wait} later");
}

/// Stamps of [`Request`]: ten o'clock.
const TEN: i64 = 1_795_341_600_000;

#[test]
fn repeats_collapse_into_a_counter() {
    // One request a second for two minutes, of which every page is refused the answer.
    let logs: String = (0..120).map(|number| Request { number, ..GET }.log()).collect();
    let stream = Stream::of(&[("gateway", logs)]);
    let mut second = -1;
    let stream = stream.delayed(|event| {
        second += i64::from(event.message.ends_with(b"=") && event.message[..60].contains(&b'E'));
        second * 1000
    });
    let live = live(&stream, &Patience::default(), || true);
    let news: Vec<_> = live.listener.told.iter().flat_map(|told| &told.groups).collect();
    let rules: Vec<&str> = news.iter().map(|(rule, ..)| rule.as_str()).collect();
    assert_eq!(rules.iter().filter(|rule| **rule == "acao-missing").count(), 1, "{rules:?}");
    let repeats: Vec<_> =
        live.listener.repeats.iter().filter(|(_, rule, _)| rule == "acao-missing").collect();
    assert!((5..=13).contains(&repeats.len()), "{repeats:?}");
    assert!(repeats.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 10_000), "{repeats:?}");
    assert_eq!(repeats.iter().map(|(_, _, more)| more).sum::<u64>(), 119);
    check_told(&live);
}

#[test]
fn what_late_lines_refute_is_withdrawn() {
    // The function's log comes first, and the gateway's a minute later: what stood alone is told of
    // its request, whose route and origin only the gateway's lines show.
    let (gateway, function) = failed();
    let stream = Stream::of(&[("gateway", gateway), ("function", function)]);
    let stream = stream.delayed(|event| if event.place == 0 { 60_000 } else { 0 });
    let live = live(&stream, &Patience::default(), || true);
    let [first, second] = live.listener.told.as_slice() else {
        panic!("{:?}", live.listener.told);
    };
    assert_eq!((first.withdrawn, second.withdrawn), (0, first.groups.len()), "{second:?}");
    assert!(second.groups.iter().all(|it| it.2 == Why::New), "{second:?}");
    check_told(&live);
    check_report(&live, &stream);
    let text = String::from_utf8(live.listener.text).unwrap();
    assert!(text.contains("\"type\":\"withdrawn\""), "{text}");
}

/// A request that its function fails, as the gateway logs it; and what the function logs.
fn failed() -> (String, String) {
    let request = GET;
    let (id, lambda) = (request.id(), request.lambda_id());
    let stamped = |lines: &[String]| -> String {
        lines.iter().map(|line| format!("2026-11-22T10:00:00.000Z {line}\n")).collect()
    };
    let gateway = stamped(&[
        format!("({id}) Extended Request Id: EP5ycFm00000001="),
        format!(
            "({id}) Verifying Usage Plan for request: {id}. API Key:  API Stage: abc123defg/prod"
        ),
        format!(
            "({id}) API Key  authorized because method 'GET /orders' does not require API Key. Request will not contribute to throttle or quota limits"
        ),
        format!("({id}) Starting execution for request: {id}"),
        format!("({id}) HTTP Method: GET, Resource Path: /orders"),
        format!(
            "({id}) Method request headers: {{Host=api.example.com, Origin=https://app.example.com}}"
        ),
        format!(
            "({id}) Endpoint response headers: {{x-amzn-RequestId={lambda}, X-Amz-Function-Error=Unhandled}}"
        ),
        format!(
            "({id}) Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: {lambda}"
        ),
        format!("({id}) Method completed with status: 502"),
    ]);
    let function = stamped(&[
        format!("START RequestId: {lambda} Version: $LATEST"),
        format!(
            "2026-11-22T10:00:00.000Z\t{lambda}\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"boom\",\"stack\":[\"TypeError: boom\"]}}"
        ),
        format!("END RequestId: {lambda}"),
        format!(
            "REPORT RequestId: {lambda}\tDuration: 20.00 ms\tBilled Duration: 21 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tStatus: error\tError Type: TypeError"
        ),
    ]);
    (gateway, function)
}

/// The failed request, its function's log so many seconds later.
fn failed_and_late(seconds: i64) -> (Stream, Live) {
    let (gateway, function) = failed();
    let stream = Stream::of(&[("gateway", gateway), ("function", function)]);
    let stream = stream.delayed(|event| if event.place == 1 { seconds * 1000 } else { 0 });
    let live = live(&stream, &Patience::default(), || true);
    (stream, live)
}

#[test]
fn a_failure_is_told_once_with_what_its_function_logs_in_time() {
    let (stream, live) = failed_and_late(10);
    assert_eq!(live.listener.told.len(), 1, "{:?}", live.listener.told);
    assert_eq!(live.listener.told[0].at / 1000, (TEN + 25_000) / 1000);
    assert_eq!(live.report.ledger.late, 0);
    check_told(&live);
    check_report(&live, &stream);
}

#[test]
fn late_lines_amend_what_was_told_under_the_same_fingerprint() {
    let (stream, live) = failed_and_late(60);
    let [first, second] = live.listener.told.as_slice() else {
        panic!("{:?}", live.listener.told);
    };
    let amended: Vec<_> = second.groups.iter().filter(|it| it.2 == Why::Amended).collect();
    assert!(!amended.is_empty(), "{second:?}");
    for (_, fingerprint, _) in &amended {
        assert!(first.groups.iter().any(|it| it.1 == *fingerprint), "{first:?} {second:?}");
    }
    // Soon after its last line.
    assert!(second.at - (TEN + 60_000) <= 3_300, "{second:?}");
    assert_eq!(live.report.ledger.late, 4);
    check_told(&live);
    check_report(&live, &stream);
    let text = String::from_utf8(live.listener.text).unwrap();
    assert_eq!(text.matches("\"amended\":true").count(), amended.len());
}

#[test]
fn lines_that_come_when_all_is_over_are_counted_and_make_no_ghost() {
    let (_, live) = failed_and_late(1000);
    assert_eq!(live.listener.told.len(), 1, "{:?}", live.listener.told);
    assert_eq!(live.report.ledger.exchanges, 1);
    assert_eq!(live.report.ledger.late, 4);
    check_told(&live);
}

#[test]
fn a_request_whose_end_does_not_come_is_told_when_patience_ends() {
    let lines = GET.log();
    let cut: String = lines.lines().take(9).flat_map(|line| [line, "\n"]).collect();
    let other = Request { number: 2, minute: 10, ..PREFLIGHT }.log();
    let stream = Stream::of(&[("gateway", cut + &other)]);
    let live = live(&stream, &Patience::default(), || true);
    let told = &live.listener.told[0];
    assert_eq!(told.request.as_deref(), Some(GET.id().as_str()));
    assert!((TEN + 120_000..TEN + 122_000).contains(&told.at), "{told:?}");
    check_report(&live, &stream);
}

/// Requests of an HTTP API, of which only the access log is there, one a second; of every fourth the
/// function logs the event, and of every eighth the gateway never says anything.
fn hours(requests: i64) -> Stream {
    let mut stream = Stream::default();
    for name in ["access", "function"] {
        stream.places.push(Place { log_group: Some(name.to_owned()), ..Place::default() });
    }
    for number in 0..requests {
        let at = TEN + number * 1000;
        let (id, lambda) =
            (format!("EP5ycF{number:08}="), format!("{number:08x}-1111-4111-8111-111111111111"));
        let mut put = |place, message: String| {
            let line = stream.events.len() as u64 + 1;
            let message = message.into_bytes();
            stream.events.push(Arrival { at, place, line, time: Some(LogTime(at)), message });
        };
        if number % 8 != 0 {
            put(
                0,
                format!(
                    "{{\"requestId\":\"{id}\",\"apiId\":\"f6g7h8i9j0\",\"stage\":\"live\",\"httpMethod\":\"GET\",\"routeKey\":\"GET /v2/orders\",\"path\":\"/v2/orders\",\"status\":\"502\",\"integrationErrorMessage\":\"The Lambda function returned the following error: boom. Check your Lambda function code and try again.\",\"integrationRequestId\":\"{lambda}\"}}"
                ),
            );
        }
        if number % 4 == 0 {
            put(1, format!("START RequestId: {lambda} Version: $LATEST"));
            put(
                1,
                format!(
                    "{{\"version\":\"2.0\",\"routeKey\":\"GET /v2/orders\",\"rawPath\":\"/v2/orders\",\"headers\":{{\"origin\":\"https://app.example.com\",\"host\":\"f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com\"}},\"requestContext\":{{\"apiId\":\"f6g7h8i9j0\",\"http\":{{\"method\":\"GET\",\"path\":\"/v2/orders\"}},\"requestId\":\"{id}\",\"routeKey\":\"GET /v2/orders\",\"stage\":\"live\"}},\"isBase64Encoded\":false}}"
                ),
            );
            put(1, format!("END RequestId: {lambda}"));
            put(
                1,
                format!(
                    "REPORT RequestId: {lambda}\tDuration: 20.00 ms\tBilled Duration: 21 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB"
                ),
            );
        }
    }
    stream
}

#[test]
fn hours_go_by_and_what_is_kept_stays_flat() {
    let (short, long) = (hours(1_000), hours(5_000));
    let peak = |stream: &Stream| live(stream, &Patience::default(), || false);
    let (short, long_live) = (peak(&short), peak(&long));
    let (some, many) = (short.most.waiting, long_live.most.waiting);
    // A wait of 15 seconds and 5 minutes of amending, at one request a second.
    assert!(many.open <= 40 && many.told <= 340, "{many:?}");
    assert!(many.runs <= 340, "{many:?}");
    assert!(many.bytes <= some.bytes + some.bytes / 10, "{some:?} {many:?}");
    assert!(long_live.listener.board.records() <= 340 + 40);
    assert_eq!(long_live.report.ledger.unjoined, 0);
    assert_eq!(long_live.report.ledger.exchanges, 5_000);
    check_told(&long_live);
    check_report(&long_live, &long);
}

/// Thirty routes on which a page is refused the answer.
fn thirty_routes() -> Stream {
    let paths: Vec<String> = (0..30).map(|number| format!("/orders{number}x")).collect();
    let requests = (0..).zip(&paths);
    let logs = requests.map(|(number, path)| Request { number, path, ..GET }.log()).collect();
    Stream::of(&[("gateway", logs)])
}

#[test]
fn too_many_groups_are_told_as_one_of_their_rule() {
    let few = ReportSettings { max_groups: 4, ..settings() };
    let live = live_as(&thirty_routes(), &Patience::default(), (LiveForm::default(), few), || true);
    let board = &live.listener.board;
    assert_eq!(board.told(), 5, "{:?}", live.listener.told);
    assert_eq!(board.groups().map(|group| group.count).sum::<u64>(), 30);
    let folded = board.groups().find(|group| group.route.is_none()).expect("a group for the rest");
    assert_eq!((folded.count, board.untold()), (26, 0));
}

#[test]
fn what_is_known_or_hidden_is_not_told() {
    let told = |settings: ReportSettings| {
        let form = (LiveForm::default(), settings);
        live_as(&thirty_routes(), &Patience::default(), form, || true).listener.told.len()
    };
    assert_eq!(told(settings()), 30);
    let report = live(&thirty_routes(), &Patience::default(), || true).report;
    let baseline = report.groups.iter().take(10).map(|group| group.fingerprint.clone()).collect();
    assert_eq!(told(ReportSettings { baseline, ..settings() }), 20);
    let disabled = vec!["acao-missing".to_owned()];
    assert_eq!(told(ReportSettings { disabled, ..settings() }), 0);
}

#[test]
fn what_is_told_is_nothing_that_a_terminal_obeys() {
    const EVIL: &str = "/\u{1b}]0;x\u{7}\u{202e}\u{9b}31m";
    let requests = (0..3).map(|number| Request { number, path: EVIL, ..GET }.log());
    let secret =
        "Authorization=Bearer eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2VjcmV0, Origin=https://a.example";
    let request = Request { number: 9, asks: secret, ..GET }.log();
    let stream = Stream::of(&[("gateway", requests.chain([request]).collect())]);
    for form in [LiveForm::default(), LiveForm::Human(HumanSettings::default())] {
        let live = live_as(&stream, &Patience::default(), (form, settings()), || true);
        let text = String::from_utf8(live.listener.text).expect("text");
        assert!(text.contains("acao-missing"), "{text}");
        let bad = text.chars().find(|char| *char != '\n' && is_dangerous(*char));
        assert_eq!(bad, None, "{text}");
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
}
