//! Whether a refused origin looks like one that is allowed.
//!
//! Must not: decide whether it should be allowed.

/// In what `refused` differs from `allowed`, if it looks like it: `path`, `case`, `scheme`, `port`,
/// `subdomain`, or `domain`.
pub(super) fn relation(refused: &str, allowed: &str) -> Option<&'static str> {
    if refused == allowed {
        return None;
    }
    if allowed.strip_prefix(refused).is_some_and(|rest| rest.starts_with('/')) {
        return Some("path");
    }
    if refused.eq_ignore_ascii_case(allowed) {
        return Some("case");
    }
    let (one, other) = (Parts::of(refused)?, Parts::of(allowed)?);
    match (one.host == other.host, one.scheme == other.scheme) {
        (true, false) => return Some("scheme"),
        (true, true) => return Some("port"),
        (false, _) => {}
    }
    if one.site()? == other.site()? {
        return Some("subdomain");
    }
    (one.name()? == other.name()? && one.name()?.len() > 3).then_some("domain")
}

/// The last two labels of an origin's host, for telling sites apart. Public suffixes of two labels
/// are not known here: sites under one of them count as one.
pub(super) fn site(origin: &str) -> &str {
    Parts::of(origin).and_then(|parts| parts.site()).unwrap_or(origin)
}

struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
}

impl<'a> Parts<'a> {
    fn of(origin: &'a str) -> Option<Self> {
        let (scheme, rest) = origin.split_once("://")?;
        let authority = rest.split('/').next()?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        (!host.is_empty()).then_some(Self { scheme, host })
    }

    fn site(&self) -> Option<&'a str> {
        let mut dots = self.host.rmatch_indices('.').map(|(at, _)| at);
        dots.next()?;
        match dots.next() {
            Some(at) => self.host.get(at + 1..),
            None => Some(self.host),
        }
    }

    /// The label in front of the top-level domain.
    fn name(&self) -> Option<&'a str> {
        self.site()?.split('.').next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_told_by_what_differs() {
        let check = |refused, allowed, want| {
            assert_eq!(relation(refused, allowed), want, "{refused} beside {allowed}");
        };
        check("https://shop.example.com", "https://shop.example.com/", Some("path"));
        check("https://shop.example.com", "https://Shop.example.com", Some("case"));
        check("http://shop.example.com", "https://shop.example.com", Some("scheme"));
        check("https://shop.example.com:8443", "https://shop.example.com", Some("port"));
        check("http://localhost:3000", "http://localhost:5173", Some("port"));
        check("https://www.example.com", "https://example.com", Some("subdomain"));
        check("https://beta.example.com", "https://app.example.com", Some("subdomain"));
        check("https://acme.io", "https://acme.com", Some("domain"));
        check("https://acme.io", "https://other.io", None);
        check("https://shop.example.com", "https://shop.example.com", None);
        check("null", "https://shop.example.com", None);
        check("https://shop.example.com", "*", None);
    }

    #[test]
    fn sites_are_the_last_two_labels() {
        assert_eq!(site("https://a.b.example.com:8443"), "example.com");
        assert_eq!(site("https://example.com"), "example.com");
        assert_eq!(site("http://localhost:3000"), "http://localhost:3000");
        assert_eq!(site("null"), "null");
    }
}
