//! Shapes of paths, for grouping: where the configured route is unknown, the requested path with its
//! id-like segments replaced, so that `/orders/17` and `/orders/18` are one group.
//!
//! Must not: be used for anything but grouping; it is a guess.

const MAX_SEGMENTS: usize = 12;
const MAX_BYTES: usize = 200;
const PLACEHOLDER: &str = "{id}";

/// Writes the shape of `path` to `out`: no query, ids replaced, bounded in length.
pub fn shape(path: &str, out: &mut String) {
    out.clear();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    for (at, segment) in path.split('/').enumerate() {
        if at > MAX_SEGMENTS || out.len() + segment.len() > MAX_BYTES {
            out.push_str("/...");
            return;
        }
        if at > 0 {
            out.push('/');
        }
        out.push_str(if is_id_like(segment) { PLACEHOLDER } else { segment });
    }
}

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
/// A hexadecimal digit, or a dash between some.
const HEX: u8 = 4;
/// `@`, or `%`, by which it may be escaped.
const ADDRESS: u8 = 8;

/// What a byte may be a part of.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        let digit = byte.is_ascii_digit() as u8 * DIGIT;
        let letter = byte.is_ascii_alphabetic() as u8 * LETTER;
        let hex = (byte.is_ascii_hexdigit() || byte == b'-') as u8 * HEX;
        let address = (byte == b'@' || byte == b'%') as u8 * ADDRESS;
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time, below 256")]
        {
            kinds[byte as usize] = digit | letter | hex | address;
        }
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// Numbers, dates, UUIDs, hexadecimal and other random-looking segments.
fn is_id_like(segment: &str) -> bool {
    let (mut digits, mut any, mut all) = (0, 0, HEX);
    for byte in segment.bytes() {
        let kind = KINDS.get(usize::from(byte)).copied().unwrap_or_default();
        digits += usize::from(kind & DIGIT);
        any |= kind;
        all &= kind;
    }
    let is_address = any & ADDRESS != 0 && (segment.contains('@') || segment.contains("%40"));
    let is_number = digits > 0 && any & LETTER == 0;
    let is_hex = all & HEX != 0;
    let is_long_mixture = segment.len() >= 16 && digits >= 3;
    is_number || (is_hex && digits > 0 && segment.len() >= 8) || is_long_mixture || is_address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, want: &str) {
        let mut out = String::from("left over");
        shape(path, &mut out);
        assert_eq!(out, want);
    }

    #[test]
    fn ids_become_placeholders_and_words_stay() {
        check("/orders/17", "/orders/{id}");
        check("/v1/orders/f4a8e01b-49f6-11e7-8898-f1161a8a9a54/items", "/v1/orders/{id}/items");
        check("/blobs/deadbeef01", "/blobs/{id}");
        check("/report/2017-06-05", "/report/{id}");
        check("/users/me@example.com", "/users/{id}");
        check("/k/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/k/{id}");
        check("/v2/all_state/facade/oauth2", "/v2/all_state/facade/oauth2");
        check("/", "/");
    }

    #[test]
    fn queries_and_endless_paths_are_cut() {
        check("/a?token=1", "/a");
        check(&"/a".repeat(40), &format!("{}/...", "/a".repeat(12)));
        check(&format!("/{}", "b".repeat(400)), "/...");
    }
}
