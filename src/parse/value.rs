//! Values in text: JSON, Python's `repr` and Node's `util.inspect`, whole or cut off.
//!
//! Must not: know what a value means.

pub(crate) mod raw;
mod reader;

use serde_json::Value;

use crate::parse::value::reader::{Reader, Stop};

pub use crate::model::invocation::{MORE, UNSEEN, is_unseen};

/// The types that a value can begin as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{`.
    Object,
    /// `[` or `(`.
    Array,
    /// A quote.
    Text,
    /// A number, or a word such as `true`.
    Scalar,
}

/// The last member of a document that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutMember {
    /// Its key.
    pub key: String,
    /// What its value begins as; `None` if the cut is before it.
    pub began: Option<Shape>,
}

/// What is left of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Salvaged {
    /// Its whole members; of the one in which the cut is, the whole members of that. `Null` if not
    /// even that much is whole.
    pub value: Value,
    /// What the document begins as.
    pub began: Shape,
    /// Whether nothing is missing.
    pub whole: bool,
    /// The top-level member in which the cut is.
    pub cut: Option<CutMember>,
}

/// Reads the value at the beginning of a text, in any of the three notations, and where it ends.
/// `None` if there is no whole one.
pub fn parse_prefix(text: &[u8]) -> Option<(Value, usize)> {
    let mut json = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    if let Some(Ok(value)) = json.next() {
        return Some((value, json.byte_offset()));
    }
    let mut reader = Reader::new(text);
    let value = reader.value().ok().flatten()?;
    Some((value, reader.position()))
}

/// Reads as much as there is of a document that may be cut off at its end. `None` for a text that
/// is no document at all.
pub fn salvage(text: &[u8]) -> Option<Salvaged> {
    let text = text.trim_ascii();
    let began = shape_of(text)?;
    if let Ok(value) = serde_json::from_slice(text) {
        return Some(Salvaged { value, began, whole: true, cut: None });
    }
    let mut reader = Reader::new(text);
    match reader.value() {
        Ok(value) => {
            Some(Salvaged { value: value.unwrap_or(Value::Null), began, whole: true, cut: None })
        }
        Err(Stop::Cut) => {
            let (value, cut) = reader.into_partial();
            Some(Salvaged { value, began, whole: false, cut })
        }
        Err(Stop::Broken) => None,
    }
}

fn shape_of(text: &[u8]) -> Option<Shape> {
    match text.first()? {
        b'{' => Some(Shape::Object),
        b'[' | b'(' => Some(Shape::Array),
        b'"' | b'\'' => Some(Shape::Text),
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Some(Shape::Scalar),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, want: &Value) {
        let (got, end) = parse_prefix(text.as_bytes()).expect("a value");
        assert_eq!(&got, want);
        assert!(end <= text.len());
    }

    #[test]
    fn json_ends_where_it_ends() {
        let (value, end) = parse_prefix(br#"{"a":[1,"x"]} and more"#).expect("a value");
        assert_eq!(value, json!({"a": [1, "x"]}));
        assert_eq!(end, 13);
    }

    #[test]
    fn python_repr_is_read() {
        check(
            r#"{'statusCode': 405, 'ok': True, 'none': None, 'body': '{"a": "it\'s"}', 'when': datetime.datetime(2026, 1, 2), 'pair': (1, 2), 'raw': b'x\x41'}"#,
            &json!({"statusCode": 405, "ok": true, "none": null, "body": "{\"a\": \"it's\"}",
                    "when": UNSEEN, "pair": [1, 2], "raw": "xA"}),
        );
    }

    #[test]
    fn other_mappings_of_python_are_read_as_such() {
        for (text, want) in [
            ("{'h': defaultdict(<class 'list'>, {'A': ['b']})}", json!({"h": {"A": ["b"]}})),
            ("{'h': defaultdict(<function f at 0x7f>, {})}", json!({"h": {}})),
            ("{'h': OrderedDict([('A', 'b'), ('C', 1)])}", json!({"h": {"A": "b", "C": 1}})),
            ("{'h': collections.OrderedDict({'A': 'b'})}", json!({"h": {"A": "b"}})),
            ("{'h': OrderedDict()}", json!({"h": {}})),
            ("{'h': OrderedDict([(1, 2)])}", json!({"h": UNSEEN})),
            ("{'h': Decimal('1')}", json!({"h": UNSEEN})),
        ] {
            check(text, &want);
        }
        let cut = salvage(b"{'a': 1, 'h': OrderedDict([('A', 'b'), ('C'").map(|found| found.cut);
        assert_eq!(cut.flatten().map(|cut| cut.key).as_deref(), Some("h"));
    }

    #[test]
    fn node_inspect_is_read() {
        check(
            "{\n  statusCode: 200,\r  headers: { 'Access-Control-Allow-Origin': '*' },\n  extra: [Object],\n  list: [ 'a', ... 2 more items ],\n  f: [Function: f],\n  gone: undefined,\n  res: ServerResponse { a: 1 },\n  buffer: <Buffer 41 42>,\n  long: 'one ' +\n    'two',\n  since: 2026-01-02T03:04:05.000Z\n}",
            &json!({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"},
                    "extra": UNSEEN, "list": ["a", UNSEEN], "f": UNSEEN, "res": {"a": 1},
                    "buffer": UNSEEN, "long": "one two", "since": UNSEEN}),
        );
    }

    #[test]
    fn words_and_equals_signs_are_no_value() {
        assert_eq!(parse_prefix(b"{errorType=runtime}"), None);
        assert_eq!(parse_prefix(b"{ hello there"), None);
        assert_eq!(parse_prefix(b""), None);
    }

    #[test]
    fn what_is_whole_before_the_cut_is_kept() {
        let left = salvage(br#"{"statusCode":200,"headers":{"A":"b","Access-Control-Al"#);
        let left = left.expect("a document");
        assert_eq!(left.value, json!({"statusCode": 200, "headers": {"A": "b"}}));
        assert!(!left.whole);
        assert_eq!(
            left.cut,
            Some(CutMember { key: "headers".to_owned(), began: Some(Shape::Object) })
        );
    }

    #[test]
    fn a_number_at_the_cut_is_not_trusted() {
        let left = salvage(br#"{"statusCode":20"#).expect("a document");
        assert_eq!(left.value, json!({}));
        assert_eq!(
            left.cut,
            Some(CutMember { key: "statusCode".to_owned(), began: Some(Shape::Scalar) })
        );
    }

    #[test]
    fn a_document_is_salvaged_at_every_cut() {
        let text = br#"{"body": "{\"a\": \"\u00e9\"}", "headers": {"a": "b", "c": [1, {"d": null}]}, "statusCode": 200.5, "t": true}"#;
        let whole: Value = serde_json::from_slice(text).expect("JSON");
        for end in 1..text.len() {
            let left = salvage(&text[..end]).expect("a document");
            assert!(!left.whole, "cut at {end}");
            for (key, value) in left.value.as_object().expect("an object") {
                if left.cut.as_ref().is_none_or(|cut| &cut.key != key) {
                    assert_eq!(Some(value), whole.get(key), "cut at {end}");
                }
            }
        }
    }

    #[test]
    fn deep_nesting_ends_in_nothing() {
        assert_eq!(parse_prefix(&b"[".repeat(100_000)), None);
        assert_eq!(parse_prefix(&b"{a:".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_prefix(&text);
            let _ = salvage(&text);
        }

        #[test]
        fn nothing_that_resembles_a_value_makes_it_panic(
            text in r#"[{}\[\]()<>'"`:,+\\ a-dnutNx0-9.\-]{0,60}"#,
        ) {
            let _ = parse_prefix(text.as_bytes());
            let _ = salvage(text.as_bytes());
        }
    }
}
