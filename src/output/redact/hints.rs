//! Whether a text may hold a string that is a secret by its own form, told by what each form has.
//!
//! Must not: say no of a text in which the expression of such forms finds one.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What JSON web tokens, key ids of AWS, tokens of some issuers, and addresses of webhooks begin with.
static BEGINNINGS: LazyLock<[Finder<'static>; 10]> = LazyLock::new(|| {
    let tokens = ["eyJ", "AKIA", "ASIA", "sk-", "glpat-", "xox"];
    let webhooks =
        ["hooks.slack.com/", "webhook.office.com/", "/api/webhooks/", "telegram.org/bot"];
    let mut all = tokens.iter().chain(&webhooks);
    std::array::from_fn(|_| Finder::new(all.next().copied().unwrap_or_default()))
});

/// Whether it may.
pub(crate) fn may_hold_secret(text: &[u8]) -> bool {
    has_rare_letters(text) && has_beginning(text)
}

/// Whether letters stand behind one another as they do in one of the forms, and hardly elsewhere. All
/// of the text is looked at, so that many bytes are at once: a search that can stop takes one by one.
fn has_rare_letters(text: &[u8]) -> bool {
    let behind = |bytes| text.get(bytes..).unwrap_or_default();
    let letters = text.iter().zip(behind(1)).zip(behind(2));
    let both = |one: bool, other: bool| u8::from(one) & u8::from(other);
    let found = letters.fold(0, |found, ((&one, &two), &three)| {
        let (first, second, third) = (one | 0x20, two | 0x20, three | 0x20);
        let dash = u8::from(two == b'-') | u8::from(two == b'_');
        found
            // `eyJ`.
            | both(one == b'y', two == b'J')
            // `AKIA`, `ASIA`.
            | both(one == b'A', two == b'K')
            | both(one == b'A', two == b'S')
            // `sk-`, `sk_live_`.
            | u8::from(one == b'k') & dash
            // `glpat-`, `xox`.
            | both(one == b'l', two == b'p')
            | both(one == b'x', two == b'o')
            // `bearer`, `basic`.
            | both(first == b'b', second == b'e') & u8::from(third == b'a')
            | both(first == b'a', second == b's') & u8::from(third == b'i')
            // `ghp_` and others, `github_pat_`.
            | both(one == b'h', three == b'_')
            | both(one == b'b', two == b'_')
            // `hooks.slack.com`, `webhook`, `telegram.org/bot`.
            | both(one == b's', two == b'.') & u8::from(three == b's')
            | both(one == b'b', two == b'h')
            | both(one == b'/', two == b'b') & u8::from(three == b'o')
    });
    // Credentials in URLs have one.
    found != 0 || memchr::memchr(b'@', text).is_some()
}

fn has_beginning(text: &[u8]) -> bool {
    memchr::memchr(b'@', text).is_some()
        || BEGINNINGS.iter().any(|beginning| beginning.find(text).is_some())
        || memchr::memchr2_iter(b' ', b'_', text)
            .any(|at| text.get(..at).is_some_and(ends_in_prefix))
}

/// Whether it ends in a scheme of credentials, behind which a blank stands, or in what issuers begin
/// their tokens with in front of `_`.
fn ends_in_prefix(text: &[u8]) -> bool {
    let is_scheme = |scheme: &[u8]| {
        let end = text.get(text.len().saturating_sub(scheme.len())..);
        end.is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    };
    match text {
        [.., b'r' | b'R'] if is_scheme(b"bearer") => true,
        [.., b'c' | b'C'] => is_scheme(b"basic"),
        [.., b'g', b'h', b'p' | b'o' | b'u' | b's' | b'r'] | [.., b's', b'k'] => true,
        [.., b'b'] => text.ends_with(b"github"),
        _ => false,
    }
}
