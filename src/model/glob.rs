//! Patterns in which `*` stands for anything: of routes and origins, and of names.
//!
//! Must not: know what is matched.

/// A text in which `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Every text is one.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether all of `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut left) = text.strip_prefix(head) else { return false };
        let mut parts = rest.split('*').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return left.ends_with(part);
            }
            let Some((_, after)) = left.split_once(part) else { return false };
            left = after;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(glob: &str, text: &str, want: bool) {
        assert_eq!(Glob::new(glob).matches(text), want, "{glob} on {text}");
    }

    #[test]
    fn a_glob_matches_the_whole_text() {
        check("/orders", "/orders", true);
        check("/orders", "/orders/1", false);
        check("/orders*", "/orders/1", true);
        check("*", "", true);
        check("https://*.example.com", "https://a.b.example.com", true);
        check("https://*.example.com", "https://example.com", false);
        check("*a*b", "xaab", true);
        check("a*a", "a", false);
        check("GET /*/x", "GET /y/x", true);
    }
}
