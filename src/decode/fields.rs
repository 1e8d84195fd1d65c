//! Rows of queries that asked for the fields of an access log, and not for the message: each is written as the
//! object that was logged.
//!
//! Must not: make an object of the rows of other queries.

use serde_json::Value;

/// Whether these are the names of fields of an access log: a request id, and a status or a method, and none
/// that a sentence or a sum has.
pub(crate) fn are_of_access_log<'a>(names: impl Iterator<Item = &'a [u8]>) -> bool {
    const FEWEST: usize = 3;
    let (mut has_id, mut has_exchange, mut count) = (false, false, 0);
    for name in names {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-@$".contains(byte);
        if name.is_empty() || !name.iter().all(is_part) {
            return false;
        }
        count += 1;
        if name.starts_with(b"@") {
            continue;
        }
        let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
        let plain: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
        has_id |= plain.ends_with(b"requestid") || plain.ends_with(b"reqid");
        has_exchange |= plain.ends_with(b"status") || plain.ends_with(b"method");
    }
    has_id && has_exchange && count >= FEWEST
}

/// Writes the object with these names and values. What Insights adds, and what is empty, is left out.
pub(crate) fn write<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>, object: &mut Vec<u8>) {
    object.clear();
    object.push(b'{');
    for (name, value) in fields {
        if name.starts_with(b"@") || value.is_empty() {
            continue;
        }
        if object.len() > 1 {
            object.push(b',');
        }
        let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes)).to_string();
        object.extend_from_slice(text(name).as_bytes());
        object.push(b':');
        object.extend_from_slice(text(value).as_bytes());
    }
    object.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whether_rows_are_of_an_access_log() {
        let are = |names: &[&str]| are_of_access_log(names.iter().map(|name| name.as_bytes()));
        assert!(are(&["@timestamp", "requestId", "httpMethod"]));
        assert!(are(&["context.request_id", "status", "path"]));
        assert!(!are(&["context.request_id", "status"]));
        assert!(!are(&["@timestamp", "@requestId", "status"]));
        assert!(!are(&["requestId", "status", "count(*)"]));
        assert!(!are(&["GET /pets requestId", "method", "status"]));
    }

    #[test]
    fn an_object_has_what_was_logged() {
        let mut object = b"x".to_vec();
        let fields = [("@ptr", "a"), ("requestId", "b"), ("error", ""), ("path", "/\"\n")];
        write(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), &mut object);
        assert_eq!(object, br#"{"requestId":"b","path":"/\"\n"}"#);
    }
}
