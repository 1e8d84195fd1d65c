//! Rows copied from the console are told alike whether the row behind them is seen or not.

use super::{ID, seen};
use crate::chunks::Random;

/// Messages that end a row, go on, or stand where one is expected; `ID` is an id in parentheses.
const MESSAGES: [&str; 13] = [
    "ID HTTP Method: GET, Resource Path: /orders",
    "ID Method request headers: {Host=a.example, Origin=https://b.example}",
    "ID Method response headers: {Content-Type=text/plain}  ",
    "ID Method completed with status: 200",
    "ID Method completed with status: 200\tID Method request path: {}",
    "ID Endpoint response body before transformations: {\"a\":1}\n{\n  \"a\": 1\n}",
    "ID Endpoint response body before transformations: a\tb",
    "(nobody) 2026-11-22T10:00:00.000Z ID Method request path: {}",
    "(nobody) knows",
    "ID",
    "",
    "{\"level\":\"info\"}",
    "2026-11-22T10:00:00.000Z",
];

#[test]
fn a_row_is_the_same_whether_the_next_one_is_seen() {
    let mut random = Random(7);
    for ends in ["\n", "\r\n"] {
        let rows = (0..500).map(|number| {
            let message = MESSAGES[random.below(MESSAGES.len())].replace("ID", &format!("({ID})"));
            let zone = ["Z", "Z", "Z", "Z ", "+00:00"][random.below(5)];
            let (minute, second) = (number / 60, number % 60);
            format!("2026-11-22T10:{minute:02}:{second:02}.007{zone}\n{message}\n")
        });
        let text: String = rows.collect();
        let told = seen(text.replace('\n', ends).as_bytes());
        assert!(told.events.len() > 300, "{}", told.events.len());
        assert!(told.events.iter().any(|event| event.message.contains('\t')));
    }
}
