//! Lines of a text that was quoted, commented out, boxed or broken: joined to one, without what was
//! put at their ends.
//!
//! Must not: know what a browser says, or join the parts of a URL on a guess.

use crate::explain::markup::is_url;

/// What stands in front of lines that were quoted, commented out or boxed.
const MARKS: [&str; 8] = [">", "*", "//", "#", "│", "┃", "║", "|"];

/// What stands behind lines that were boxed.
const BORDERS: [char; 4] = ['│', '┃', '║', '|'];

const OPENING: [char; 10] = ['\'', '"', '`', '‘', '“', '‚', '„', '«', '´', '′'];
const CLOSING: [char; 9] = ['\'', '"', '`', '’', '”', '“', '»', '´', '′'];

/// How many lines a URL may be broken into.
const MOST_PARTS: usize = 16;

/// The lines with blanks between them.
pub(crate) fn joined(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(bare).collect();
    let mut out = String::with_capacity(text.len());
    for (at, line) in lines.iter().enumerate() {
        let following = lines.get(at..).unwrap_or_default();
        if !out.is_empty() && !is_inside_url(&out, following) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// The line without marks and borders, and out of the backticks that make it code.
fn bare(line: &str) -> &str {
    let mut line = line.trim();
    if let Some(inner) = line.strip_suffix(BORDERS)
        && inner.ends_with(char::is_whitespace)
    {
        line = inner.trim_end();
    }
    let is_alone = |behind: &&str| behind.is_empty() || behind.starts_with(char::is_whitespace);
    let behind = |line| {
        let mut behind = MARKS.iter().filter_map(|mark| str::strip_prefix(line, mark));
        behind.find(is_alone)
    };
    while let Some(rest) = behind(line) {
        line = rest.trim_start();
    }
    code(line).unwrap_or(line)
}

/// What stands in the backticks of Markdown, if all of the line does.
fn code(line: &str) -> Option<&str> {
    let ticks = |text: &str| text.bytes().take_while(|byte| *byte == b'`').count();
    let fence = line.get(..ticks(line)).filter(|fence| !fence.is_empty())?;
    let inner = line.strip_prefix(fence)?.strip_suffix(fence)?;
    // As many of them inside would end it.
    let is_whole = inner.split(|c: char| c != '`').all(|run| run.len() != fence.len());
    let is_code = is_whole && !inner.ends_with('`');
    is_code.then(|| inner.trim())
}

/// Whether a URL in quotes goes on from the end of a text into these lines: it holds no blank, and
/// ends with its closing quote.
fn is_inside_url(text: &str, lines: &[&str]) -> bool {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let Some(begun) = word.strip_prefix(OPENING) else { return false };
    let first = lines.first().copied().unwrap_or_default();
    if !is_url(if begun.is_empty() { first } else { begun }) || begun.contains(CLOSING) {
        return false;
    }
    for line in lines.iter().take(MOST_PARTS) {
        match line.find(|c: char| c.is_whitespace() || CLOSING.contains(&c)) {
            Some(at) => {
                return !line.get(at..).unwrap_or_default().starts_with(char::is_whitespace);
            }
            None if line.is_empty() => return false,
            None => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(joined(text), want);
    }

    #[test]
    fn what_was_put_around_lines_is_none_of_them() {
        check("> a\n> > b\n>\n> c", "a b  c");
        check(" *   a\n *   b", "a b");
        check("// a\n// b", "a b");
        check("│    a b       │\n│    c         │", "a b c");
        check("'*'\n*, b\n>=2", "'*' *, b >=2");
        check("`a 'b'`\n  `c`\n  `` `d` e ``", "a 'b' c `d` e");
        check("`a` b `c`\n``\n`d", "`a` b `c` `` `d");
    }

    #[test]
    fn a_broken_url_is_joined_where_its_quotes_say_so() {
        check("at 'https://a.example/b\nc' from", "at 'https://a.example/bc' from");
        check("at 'https://a.example/b\nc\nd' from", "at 'https://a.example/bcd' from");
        check("to '\nhttps://a.example/b' has", "to 'https://a.example/b' has");
        check(
            "at ‘https://a.example/b\nfrom origin ‘x’",
            "at ‘https://a.example/b from origin ‘x’",
        );
        check("at https://a.example/b\nc", "at https://a.example/b c");
        check("at 'https://a.example/b'\nfrom 'c'", "at 'https://a.example/b' from 'c'");
    }
}
