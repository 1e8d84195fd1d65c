//! Properties of header maps, and of whole runs over anything.
//!
//! Must not: repeat the examples beside the code.

use corscope::model::headers::{HeaderMap, Headers};
use corscope::output::escape::is_dangerous;
use corscope::rules::set::RuleSet;
use proptest::prelude::*;

use crate::run;

/// What stands behind `, ` in a value and could be taken for the next header's name is the one
/// ambiguity of the notation: these values have none of it.
fn value() -> impl Strategy<Value = String> {
    let value = "[ -+\\--<>-~]{0,24}(=[!-+\\--~]{0,6})?(, [ -+\\--<>-~]{0,9}){0,3}";
    value.prop_map(|value| value.trim().to_owned())
}

/// Header names as they are: letters first, and none of the parameters that stand inside values.
fn name() -> impl Strategy<Value = String> {
    "X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}"
}

fn logged(fields: &[(String, String)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

fn read(map: &[u8]) -> Vec<(String, String)> {
    let map = HeaderMap::parse(map).expect("a map");
    let fields = Headers::Map(map).iter();
    fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

proptest! {
    #[test]
    fn a_header_map_reads_back(fields in prop::collection::vec((name(), value()), 0..8)) {
        prop_assert_eq!(read(logged(&fields).as_bytes()), fields);
    }

    #[test]
    fn a_cut_header_map_gives_only_whole_fields(
        fields in prop::collection::vec((name(), value()), 1..8),
        cut in any::<prop::sample::Index>(),
        marked in any::<bool>(),
    ) {
        let whole = logged(&fields);
        // A map that ends in the brace of a value looks whole; CloudWatch then marks the cut.
        let end = 1 + cut.index(whole.len() - 1);
        let mark = if marked || whole[..end].trim_end().ends_with('}') { " [TRUNCATED]" } else { "" };
        let got = read(format!("{}{mark}", &whole[..end]).as_bytes());
        prop_assert!(got.len() <= fields.len());
        for (got, whole) in got.iter().zip(&fields) {
            prop_assert_eq!(got, whole);
        }
        let map = format!("{}{mark}", &whole[..end]);
        let map = HeaderMap::parse(map.as_bytes()).expect("a map");
        prop_assert!(!Headers::Map(map).is_complete());
    }
}

/// Bytes of logs, with what terminals obey among them.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    const PARTS: &[&str] = &[
        "(6bc4ee36-e5b8-11e8-8a6f-c1a9b0a4f1e2) ",
        "HTTP Method: GET, Resource Path: /\u{1b}]0;x\u{7}",
        "Method request headers: {Origin=https://a\u{202e}.example, Host=b.example}",
        "Method response headers: {Access-Control-Allow-Origin=\u{1b}[2J\u{9b}31m}",
        "Execution failed due to configuration error: \u{1b}[31m\u{8}",
        "Method completed with status: 502",
        "{\"requestId\":\"\u{7f}\\u001b[0m\",\"status\":\"500\",\"httpMethod\":\"OPT\u{2066}IONS\"}",
        "START RequestId: 4f0c2b8e-8f6f-4a5c-9f0b-6f7f1f7d2a10 Version: $LATEST",
        "{\"statusCode\":",
        "2026-11-22T10:00:00.000Z ",
        "\n",
        "\r\n",
        "\u{feff}",
        "timestamp,message\n",
        "{\"events\":[{\"timestamp\":1,\"message\":\"",
        "\"}]}",
        "\u{1f}\u{8b}",
    ];
    let part = prop_oneof![
        6 => prop::sample::select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

thread_local! {
    static RULES: RuleSet = RuleSet::builtin();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_input_makes_output_that_a_terminal_obeys(input in anything()) {
        let run = RULES.with(|rules| run::text(rules, &input));
        let (people, json) = run.outputs();
        for text in [&people, &json] {
            let bad = text.chars().find(|char| *char != '\n' && is_dangerous(*char));
            prop_assert_eq!(bad, None, "{}", text);
        }
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
}
