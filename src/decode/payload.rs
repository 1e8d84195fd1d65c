//! What a subscription delivers, in base64: as a member of an event, or copied out of one.
//!
//! Must not: know where it stood.

use std::io::Read;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, alphabet};

use crate::decode::document::inner;
use crate::decode::emit::Emitter;
use crate::decode::walk::{Text, text};
use crate::decode::window::Window;
use crate::decode::{MAX_RECORD, Nesting, unpacked};

/// How the base64 of a gzip member begins, and that of an object.
const GZIP: &[u8] = b"H4sI";
const OBJECT: &[u8] = b"eyJ";

/// The bytes. What some tools leave out or add at the end does not matter.
pub(crate) fn bytes(base64: &[u8]) -> Result<Vec<u8>, DecodeError> {
    const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, FORGIVING).decode(base64)
}

/// What a record of a stream carries: a gzip member, or an object.
pub(crate) fn of_record(record: &[u8]) -> Option<Text<'_>> {
    let of_kinesis = inner(record, b"kinesis").and_then(|value| inner(value, b"data"));
    let data = of_kinesis.or_else(|| inner(record, b"data")).and_then(text)?;
    let begins = [GZIP, OBJECT].iter().any(|start| data.raw.starts_with(start));
    // A slash may be escaped.
    let is_one = begins && data.raw.iter().all(|byte| is_of_base64(*byte) || *byte == b'\\');
    is_one.then_some(data)
}

/// Decodes a payload that is all there is, if the window begins with one; whether it does.
pub(crate) fn alone<R: Read>(
    window: &mut Window<R>,
    emitter: &mut Emitter<'_>,
    nesting: Nesting,
) -> bool {
    // Terminals and mails part it into lines.
    let is_part = |byte: &u8| is_of_base64(*byte) || matches!(byte, b'\n' | b'\r');
    let is_one = |text: &[u8]| {
        let text = text.trim_ascii();
        text.starts_with(GZIP) && text.iter().all(is_part)
    };
    if nesting == Nesting::Inner || !is_one(window.fill_to(crate::decode::HEAD)) {
        return false;
    }
    let payloads = window.all(MAX_RECORD).filter(|text| is_one(text)).and_then(split);
    let Some(payloads) = payloads else { return false };
    for payload in payloads {
        unpacked(&payload, emitter);
    }
    let held = window.held().len();
    window.consume_bytes(held);
    true
}

/// The payloads of a text: each begins a line, and may go on in others.
fn split(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        match texts.last_mut() {
            Some(text) if !line.starts_with(GZIP) => text.extend_from_slice(line),
            Some(_) | None if line.is_empty() => {}
            Some(_) | None => texts.push(line.to_vec()),
        }
    }
    texts.iter().map(|text| bytes(text).ok()).collect()
}

fn is_of_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
