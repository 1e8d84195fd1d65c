//! Text from logs, made fit for a terminal: whatever could steer it, or deceive its reader, becomes
//! a visible escape.
//!
//! Must not: let a control character through, whatever the text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use serde_json::ser::Formatter;

/// `text` with visible escapes (`\n`, `\x1b`, `\u{202e}`) for control, bidi and invisible characters.
pub fn visible(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_dangerous) else { return Cow::Borrowed(text) };
    let (clean, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    for character in rest.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            dangerous if is_dangerous(dangerous) => push_escape(dangerous, &mut out),
            harmless => out.push(harmless),
        }
    }
    Cow::Owned(out)
}

/// The same for bytes; what is not UTF-8 becomes `\xNN`.
pub fn visible_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return visible(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

/// Control characters (C0, DEL, C1), and characters that change direction or are not seen.
pub fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn push_escape(character: char, out: &mut String) {
    let number = u32::from(character);
    // Writing to a string cannot fail.
    let _ = if number < 0x100 {
        write!(out, "\\x{number:02x}")
    } else {
        write!(out, "\\u{{{number:x}}}")
    };
}

/// JSON without anything that a terminal could act on: besides what JSON demands, DEL, C1, bidi and
/// invisible characters are written as `\uXXXX`, which every parser reads as the same text.
#[derive(Debug, Clone, Copy, Default)]
pub struct SafeJson;

impl Formatter for SafeJson {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        // Of a long one, a maximum is found many bytes at a time; a search that can stop is not.
        let is_plain = match fragment.len() {
            0..32 => fragment.bytes().all(|byte| byte < 0x7f),
            32.. => fragment.bytes().fold(0, u8::max) < 0x7f,
        };
        if is_plain {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(is_dangerous) {
            let (clean, tail) = rest.split_at(at);
            writer.write_all(clean.as_bytes())?;
            let mut characters = tail.chars();
            let Some(dangerous) = characters.next() else { break };
            let mut units = [0; 2];
            for unit in dangerous.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[test]
    fn escapes_are_readable() {
        assert_eq!(visible("a\x1b[31mb\u{202e}c\n"), "a\\x1b[31mb\\u{202e}c\\n");
        assert_eq!(visible("\u{9b}2J\u{7f}\u{200b}"), "\\x9b2J\\x7f\\u{200b}");
        assert_eq!(visible_bytes(b"ok \xff\xc3"), "ok \\xff\\xc3");
        assert!(matches!(visible("Größe 尺寸 ✓"), Cow::Borrowed(_)));
    }

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, SafeJson);
        text.serialize(&mut serializer).expect("a string");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn json_escapes_what_serde_leaves() {
        assert_eq!(json("a\u{7f}\u{9b}\u{202e}ü"), "\"a\\u007f\\u009b\\u202eü\"");
        assert_eq!(json("\u{e0041}"), "\"\\udb40\\udc41\"");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_gets_through(text in "\\PC*|[\u{0}-\u{2ff}]*|.*", bytes: Vec<u8>) {
            prop_assert!(!visible(&text).contains(is_dangerous));
            prop_assert!(!visible_bytes(&bytes).contains(is_dangerous));
        }

        #[test]
        fn json_means_the_same(text in "[\u{0}-\u{2fff}]*|.*") {
            let json = json(&text);
            prop_assert!(!json.contains(is_dangerous));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
        }
    }
}
