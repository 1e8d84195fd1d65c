//! Request ids that somebody hid before a log was shown: `xxxxxxxx`, `***`, `<request-id>`, `8d4136c9...`.
//!
//! Must not: take one for an id. It tells nothing; two requests may have the same.

use crate::model::RequestId;

/// More is no id, hidden or not.
const LONGEST: usize = 64;
/// What stands for a character of an id.
const MASKS: &[u8] = b"xX*.#_";
/// `…` and `•`.
const WIDE_MASKS: [&[u8]; 2] = ["\u{2026}".as_bytes(), "\u{2022}".as_bytes()];
/// Words in the place of an id, in small letters and without what parts them.
const WORDS: &[&[u8]] = &[
    b"awsrequestid",
    b"hidden",
    b"id",
    b"masked",
    b"omitted",
    b"redacted",
    b"removed",
    b"requestid",
    b"uuid",
];

/// Whether a text stands where an id was hidden. What has the form of a UUID is an id, whatever its
/// characters.
pub fn is_hidden(text: &[u8]) -> bool {
    if text.len() > LONGEST || RequestId::looks_like_uuid(text) {
        return false;
    }
    match text {
        [b'<', name @ .., b'>'] | [b'{', name @ .., b'}'] | [b'[', name @ .., b']'] => {
            is_name(name)
        }
        [b'$', b'{', name @ .., b'}'] => is_name(name),
        text => is_word(text) || is_masked(text),
    }
}

/// What stands behind a hidden id in front of a line: `(xxxxxxxx) HTTP Method: ...`.
pub fn behind_hidden(text: &[u8]) -> Option<&[u8]> {
    let close = match text.first()? {
        b'(' => b')',
        b'[' => b']',
        _ => return None,
    };
    let rest = text.get(1..)?;
    let near = rest.get(..=LONGEST).unwrap_or(rest);
    let end = memchr::memchr(close, near)?;
    let behind = rest.get(end + 1..)?.strip_prefix(b" ")?;
    is_hidden(rest.get(..end)?).then(|| behind.trim_ascii_start())
}

/// `request-id`, `RequestId`, `REQUEST ID`.
fn is_name(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ');
    !text.is_empty() && text.iter().all(is_part) || is_masked(text)
}

fn is_word(text: &[u8]) -> bool {
    let letters = || text.iter().filter(|byte| !matches!(byte, b'-' | b'_' | b' '));
    WORDS.iter().any(|word| letters().map(u8::to_ascii_lowercase).eq(word.iter().copied()))
}

/// `xxxxxxxx`, `***`, `...`, `8d4136c9...`, `8d4136c9-****`; or the first block of a UUID alone.
fn is_masked(text: &[u8]) -> bool {
    const ENOUGH: usize = 3;
    let (mut rest, mut masks, mut digits) = (text, 0, 0);
    while let [first, behind @ ..] = rest {
        if let Some(behind) = WIDE_MASKS.iter().find_map(|mask| rest.strip_prefix(*mask)) {
            masks += ENOUGH;
            rest = behind;
            continue;
        }
        match first {
            b'-' => {}
            byte if MASKS.contains(byte) => masks += 1,
            byte if byte.is_ascii_hexdigit() => digits += 1,
            _ => return false,
        }
        rest = behind;
    }
    masks >= ENOUGH || digits == 8 && text.len() == 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hidden_in_many_ways() {
        for text in [
            "xxxxxxxx",
            "XXXXXXXX-XXXX",
            "***",
            "...",
            "\u{2026}",
            "8d4136c9...",
            "8d4136c9\u{2026}",
            "8d4136c9-****-****",
            "8d4136c9",
            "<request-id>",
            "<Request Id>",
            "{requestId}",
            "${REQUEST_ID}",
            "[REDACTED]",
            "REDACTED",
            "redacted",
            "request-id",
            "requestId",
            "************************************",
            "################",
        ] {
            assert!(is_hidden(text.as_bytes()), "{text}");
            for line in [format!("({text}) HTTP Method: GET"), format!("[{text}] HTTP Method: GET")]
            {
                let expected = (!text.contains(']') || line.starts_with('('))
                    .then_some(b"HTTP Method: GET".as_slice());
                assert_eq!(behind_hidden(line.as_bytes()), expected, "{line}");
            }
        }
        for text in [
            "",
            "x",
            "**",
            "see below",
            "ERROR",
            "INFO",
            "EP5ycFmYoAMEnvg=",
            "test-invoke-request",
            "5cb7ee58-39e6-11e9-be7e-29aff9674701",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "1",
            "12",
            "2026-11-22",
            "<a=b>",
            "<>",
            "8d4136c90",
        ] {
            assert!(!is_hidden(text.as_bytes()), "{text}");
        }
        assert!(!is_hidden(&[b'x'; LONGEST + 1]));
        assert_eq!(behind_hidden(b"(xxxx)"), None);
        assert_eq!(behind_hidden(b"xxxx HTTP Method: GET"), None);
    }
}
