//! What was pasted with what stood around it, or with the line ends of a window.

use super::{ID, json_events, lines, messages, seen};

#[test]
fn header_maps_are_put_together() {
    let stamp = "2026-11-22T10:00:00.120Z ";
    let map = format!("({ID}) Method response headers: {{A=b, C=d, E=f}}");
    for stamp in ["", stamp] {
        for broken in
            [map.replace(", ", ", \n"), map.replace(", ", ",\n"), map.replace(", ", ", \r\n  ")]
        {
            let text = format!("{stamp}{broken}\n{stamp}({ID}) Successfully completed execution\n");
            assert_eq!(messages(text.as_bytes())[0], map);
        }
    }
}

#[test]
fn a_document_is_read_whatever_text_stands_before_it() {
    let document = serde_json::json!({ "events": json_events() });
    let document = serde_json::to_string_pretty(&document).unwrap();
    let alone: Vec<_> = seen(document.as_bytes()).events;
    for (before, lines) in [
        ("$ aws logs get-log-events --log-group-name g \\\n    --log-stream-name s\n", 2),
        ("This is what I got:\n\n```json\n", 2),
        ("| a | b |\n|---|---|\n# Log\n", 2),
    ] {
        let text = format!("{before}{document}\n```\nAnd again:\n{document}\n");
        let mut events = seen(text.as_bytes()).events;
        // Borders of code blocks are none.
        assert!(events.len() >= 2 * alone.len() + lines, "{events:?}");
        // Text is no more than text: it hides nothing of the document.
        events.retain(|event| event.time.is_some());
        let (first, second) = events.split_at(alone.len());
        for events in [first, second] {
            let told = events.iter().map(|event| (&event.time, &event.stream, &event.message));
            let expected = alone.iter().map(|event| (&event.time, &event.stream, &event.message));
            assert!(told.eq(expected), "{events:?}");
        }
    }
}

#[test]
fn yaml_of_a_test_is_read_behind_its_command_and_in_a_block_of_code() {
    let log = format!(
        "Execution log for request {ID}\nSun Nov 22 10:00:00 UTC 2026 : HTTP Method: GET, \
         Resource Path: /a\nSun Nov 22 10:00:01 UTC 2026 : Method request headers: {{}}\n\
         Sun Nov 22 10:00:01 UTC 2026 : Method completed with status: 502\n"
    );
    let log = serde_json::json!(log);
    // As the AWS CLI wraps it; a line begins with a brace.
    let log = log.to_string().replace("headers: {}", "headers:\n    {}");
    let map = format!("body: '{{}}'\nheaders:\n  A: b\nlog: {log}\nstatus: 502\n");
    let list = format!("- body: '{{}}'\n  log: {log}\n# behind\n");
    let alone = lines(map.as_bytes());
    assert_eq!(alone.len(), 4);
    let command = "$ aws apigateway test-invoke-method \\\n    --rest-api-id a1b2c3d4e5\n";
    for yaml in [&map, &list] {
        for text in [
            format!("# The test\n{command}{yaml}"),
            format!("{command}\n{yaml}"),
            format!("It says:\n\n```yaml\n{yaml}```\nand no more.\n"),
            format!("```\n---\n{yaml}```"),
        ] {
            let found = lines(text.as_bytes());
            let found: Vec<_> =
                found.into_iter().filter(|(_, stream, _)| stream.is_some()).collect();
            assert_eq!(found, alone, "{text}");
        }
        let text = format!("```\n{yaml}```\nThen:\n```yaml\n{yaml}```\nend\n");
        let events = seen(text.as_bytes()).events;
        let streams: Vec<_> = events.iter().filter_map(|event| event.stream.as_deref()).collect();
        assert_eq!(streams, [["test-invoke-1"; 4], ["test-invoke-2"; 4]].concat());
        let end = events.last().expect("an event");
        let number = text.lines().count();
        assert_eq!((&*end.message, end.line), ("end", u64::try_from(number).unwrap()));
    }
    // What an application prints is none.
    for text in ["It says:\nstatus: 200\nbody: a\n", "```\nstatus: 200\n```\n", "```\nbody: [\n"] {
        let printed: Vec<_> = text.lines().filter(|line| !line.starts_with("```")).collect();
        let mut found = messages(text.as_bytes());
        found.retain(|line| !line.starts_with("```"));
        assert_eq!(found, printed);
    }
}

#[test]
fn what_a_function_prints_stays_its_message() {
    for start in [
        format!("START RequestId: {ID} Version: $LATEST\nEvent:\n"),
        format!("({ID}) Endpoint response body before transformations: \n"),
        "2026-11-22T10:00:00.120Z Event:\n".to_owned(),
    ] {
        let text = format!("{start}{{\n    \"events\": [{{\"message\": \"x\"}}]\n}}\n");
        let events = seen(text.as_bytes()).events;
        assert!(events.iter().all(|event| event.message != "x"), "{events:?}");
    }
}

#[test]
fn strings_that_a_terminal_broke_are_put_together() {
    let document = serde_json::json!({ "events": json_events() });
    let document = serde_json::to_string_pretty(&document).unwrap();
    let wrap = |line: &str| {
        let pieces: Vec<_> = line.as_bytes().chunks(70).map(String::from_utf8_lossy).collect();
        pieces.join("\n")
    };
    let wrapped: Vec<_> = document.lines().map(wrap).collect();
    let wrapped = format!("$ aws logs get-log-events\n{}\n", wrapped.join("\n"));
    let (mut found, expected) = (seen(wrapped.as_bytes()).events, seen(document.as_bytes()).events);
    let command = found.remove(0);
    assert!(command.message.starts_with("$ aws"), "{command:?}");
    let told = found.iter().map(|event| (&event.time, &event.stream, &event.message));
    assert!(
        told.eq(expected.iter().map(|event| (&event.time, &event.stream, &event.message))),
        "{found:?}"
    );
}

#[test]
fn a_list_that_breaks_off_gives_what_stands_before() {
    let rows = |number: usize| {
        let field = |name: &str, value: &str| serde_json::json!({"field": name, "value": value});
        let time = format!("2026-11-22 10:00:0{number}.120");
        serde_json::json!([field("@timestamp", &time), field("@message", "m")]).to_string()
    };
    let events = json_events();
    for (text, expected) in [
        (format!("{{\"results\": [{}, {},\n<snip>\n", rows(2), rows(1)), 2),
        (format!("{{\"events\": [{}, {},\n...\n]}}\n", events[0], events[1]), 2),
    ] {
        let seen = seen(text.as_bytes());
        assert_eq!(seen.events.iter().filter(|event| event.time.is_some()).count(), expected);
        assert!(
            matches!(seen.problems.as_slice(), [note] if note.contains("broken")),
            "{:?}",
            seen.problems
        );
    }
}
