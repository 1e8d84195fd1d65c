//! Events that are written alike are read in a shorter way, and as each one alone would be.

use serde_json::{Map, Value, json};

use super::{Event, seen};

/// What messages are made of: escapes close together and far apart, and what looks like structure.
const PIECES: [&str; 12] = [
    "(id) Method response body after transformations: ",
    "{\"a\":{\"b\":[\"c\",\"\\\\\"]}}",
    "\"\"\"\"\"\"\"\"",
    "\\\\\\\\n",
    "\n",
    "\t",
    "\u{1}",
    "\u{e9}\u{1f600}",
    "},{\"message\":\"",
    "/",
    "a text that is longer than what is looked at as one block, without anything to undo in it",
    "0123456789abcde",
];

/// Events with these members in this order; about one in ten is unusual.
fn events(keys: &[&str], seed: usize) -> Vec<Map<String, Value>> {
    let mut state = seed as u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % limit
    };
    let mut event = |number: usize| {
        let mut value = |key: &str| match key {
            "timestamp" => json!(1_795_341_600_000_u64 + below(3) as u64 * 100_000),
            "ingestionTime" => json!(1_795_341_600_000_u64 + below(3) as u64),
            "message" => {
                let count = below(30);
                (0..count).map(|_| PIECES[below(PIECES.len())]).collect::<String>().into()
            }
            _ => format!("{key}/{}", below(2)).into(),
        };
        let mut event: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), value(key))).collect();
        match number % 30 {
            7 => event.insert("level".to_owned(), json!({ "name": "INFO" })),
            17 => event.insert("logStreamName".to_owned(), json!("with \"quotes\"")),
            27 => event.remove("ingestionTime"),
            _ => None,
        };
        event
    };
    (0..60).map(&mut event).collect()
}

/// What each event is if it is the whole input.
fn alone(events: &[Map<String, Value>]) -> Vec<Event> {
    let read = |(line, event): (u64, &Map<String, Value>)| {
        let mut events = seen(&serde_json::to_vec(event).unwrap()).events;
        assert_eq!(events.len(), 1, "{event:?}");
        let message = event["message"].as_str().unwrap();
        if !message.ends_with("\\n") {
            assert_eq!(events[0].message, message.trim_end_matches('\n'));
        }
        Event { line, ..events.remove(0) }
    };
    (1..).zip(events).map(read).collect()
}

#[test]
fn events_alike_are_read_as_each_alone() {
    for (seed, keys) in [
        &["logStreamName", "timestamp", "message", "ingestionTime", "eventId"][..],
        &["timestamp", "message", "ingestionTime"],
        &["id", "timestamp", "message"],
        &["message", "timestamp", "logGroupName", "logStreamName"],
        &["eventId", "ingestionTime", "message", "timestamp", "logStream"],
    ]
    .into_iter()
    .enumerate()
    {
        let events = events(keys, seed);
        let expected = alone(&events);
        let lines = |separator: &str| {
            let lines: Vec<String> =
                events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
            lines.join(separator)
        };
        let document = json!({ "events": events, "searchedLogStreams": [] });
        let mut indented = Vec::new();
        let four = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut writer = serde_json::Serializer::with_formatter(&mut indented, four);
        serde::Serialize::serialize(&document, &mut writer).unwrap();
        for input in [
            lines("\n"),
            lines("\r\n"),
            lines(""),
            lines(", "),
            document.to_string(),
            format!("{document:#}"),
            json!(events).to_string(),
            String::from_utf8(indented).unwrap(),
        ] {
            assert_eq!(seen(input.as_bytes()).events, expected, "{input}");
        }
    }
}
