//! What HTML and Markdown make of a text, undone: entities, links, URLs in angle brackets.
//!
//! Must not: know what a browser says.

/// Entities with a name, of those that stand in a browser's messages.
const NAMED: [(&str, char); 6] =
    [("amp", '&'), ("apos", '\''), ("gt", '>'), ("lt", '<'), ("nbsp", ' '), ("quot", '"')];

/// What can stand between `&` and the end of an entity.
const LONGEST_ENTITY: usize = 9;

/// What is looked at for the end of a URL.
const LONGEST_URL: usize = 4096;

/// The text with its entities decoded, once.
pub(crate) fn without_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let (character, after) = entity(behind).unwrap_or(('&', behind));
        out.push(character);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What an entity stands for, and what is behind it.
fn entity(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let (name, after) = (text.get(..end)?, text.get(end + 1..)?);
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((character, after))
}

/// The text with its links as their reader sees them, and no angle brackets around URLs.
pub(crate) fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '<']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some((shown, after)) = link(from).or_else(|| in_brackets(from)) {
            out.push_str(shown);
            rest = after;
        } else {
            let (mark, after) = from.split_at(1);
            out.push_str(mark);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// `[text](url)`: its text, and what is behind it.
fn link(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('[')?;
    let (shown, behind) = inner.split_at(inner.find(['[', ']'])?);
    let target = behind.strip_prefix("](")?;
    let mut depth = 0_usize;
    for (at, character) in target.char_indices().take(LONGEST_URL) {
        match character {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                let (url, after) = (target.get(..at)?, target.get(at + 1..)?);
                return is_url(url).then_some((shown, after));
            }
            blank if blank.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}

/// `<url>`: the URL, and what is behind it.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let is_end = |(_, character): &(usize, char)| {
        matches!(character, '<' | '>') || character.is_whitespace()
    };
    let (at, _) = inner.char_indices().take(LONGEST_URL).find(is_end)?;
    let (url, behind) = inner.split_at(at);
    let after = behind.strip_prefix('>')?;
    is_url(url).then_some((url, after))
}

/// Whether the text begins as a URL with a host does.
pub(crate) fn is_url(text: &str) -> bool {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.trim_start_matches(is_of_scheme).starts_with("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_once() {
        for (text, want) in [
            ("at &#39;https://a.example/?b=1&amp;c=2&#39;", "at 'https://a.example/?b=1&c=2'"),
            ("&lt;&gt;&quot;&apos;&#x27;&nbsp;|", "<>\"'' |"),
            ("&amp;lt;", "&lt;"),
            (
                "a & b && &; &#; &#xfffffff; &unknown; &lt",
                "a & b && &; &#; &#xfffffff; &unknown; &lt",
            ),
        ] {
            assert_eq!(without_entities(text), want);
        }
    }

    #[test]
    fn a_link_is_its_text() {
        for (text, want) in [
            ("at '[https://a.example](https://a.example/)' from", "at 'https://a.example' from"),
            ("at '[http://a:3000'](http://a:3000') from", "at 'http://a:3000' from"),
            ("[a](https://a.example/x_(y)) b", "a b"),
            ("at '<https://a.example/x>' from", "at 'https://a.example/x' from"),
            (
                "http://[::1]:3000/ [a] (b) <account> <a href=x> [a](b)",
                "http://[::1]:3000/ [a] (b) <account> <a href=x> [a](b)",
            ),
            ("[[<https://a [x](https://a b", "[[<https://a [x](https://a b"),
        ] {
            assert_eq!(without_links(text), want);
        }
    }
}
