//! A page of text: styles, wrapping, and the one gate through which every text passes on its way to
//! a terminal.
//!
//! Must not: take text past [`visible`].

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::Severity;
use crate::output::escape::visible;
use crate::output::human::HumanSettings;
use crate::output::human::shorten::shorten;

/// Columns of the labels at the left.
const INDENT: usize = 11;
/// Lines of prose get hard to read beyond it.
const MAX_PROSE: usize = 110;

/// Red, green and magenta are legible on light and dark grounds; nothing depends on them.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Magenta.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const PLAIN: Style = Style::new();

/// The style of a severity's name.
pub(crate) fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Error => BAD,
        Severity::Warning => WARN,
        Severity::Info => STRONG,
    }
}

/// Text that is being laid out.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) settings: &'a HumanSettings,
    out: String,
}

impl<'a> Page<'a> {
    pub(crate) fn new(settings: &'a HumanSettings) -> Self {
        Self { settings, out: String::new() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.out.as_bytes()
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A paragraph without indentation.
    pub(crate) fn paragraph(&mut self, style: Style, text: &str) {
        self.wrapped("", "", (PLAIN, style), text);
    }

    /// A paragraph behind a heading word, continued two columns in.
    pub(crate) fn heading(&mut self, word: &str, style: Style, text: &str) {
        let label = format!("{word}  ");
        self.wrapped(&label, "  ", (style, STRONG), text);
    }

    /// A label and a text that is wrapped beside it.
    pub(crate) fn field(&mut self, label: &str, text: &str) {
        self.styled_field(PLAIN, label, text);
    }

    /// The same with a styled label.
    pub(crate) fn styled_field(&mut self, style: Style, label: &str, text: &str) {
        let mut label = format!("  {label}");
        for paragraph in text.trim_end().lines() {
            let pad = INDENT.saturating_sub(label.width()).max(1);
            label.extend(std::iter::repeat_n(' ', pad));
            self.wrapped(&label, &" ".repeat(INDENT), (style, PLAIN), paragraph);
            label = " ".repeat(INDENT - 1);
        }
    }

    /// A label and a text that is cut to one line.
    pub(crate) fn cut_field(&mut self, label: &str, text: &str) {
        let label = format!("{:INDENT$}", format!("  {label}"));
        let room = self.settings.width.saturating_sub(label.width()).max(10);
        self.out.push_str(&label);
        let text = cut(&visible(text), room);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// A line of a log, in at most `rows` rows: what does not fit is left out where it tells least.
    pub(crate) fn quote(&mut self, text: &str, rows: usize, words: &[String]) {
        let indent = " ".repeat(INDENT + 2);
        let width = self.settings.width.saturating_sub(indent.width()).max(10);
        let text = visible(text);
        // Words that do not fit leave a part of their row empty.
        let mut room = rows * width;
        let mut lines = wrap(&shorten(&text, room, words), &mut { width }, width);
        while lines.len() > rows && room > width {
            room -= width / 4;
            lines = wrap(&shorten(&text, room, words), &mut { width }, width);
        }
        for line in lines {
            self.out.push_str(&indent);
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    /// A label and a place, on one line if it fits; it is never cut, for people go there.
    pub(crate) fn place_field(&mut self, label: &str, text: &str) {
        if visible(text).width() + INDENT <= self.settings.width {
            self.cut_field(label, text);
        } else {
            self.field(label, text);
        }
    }

    /// Wraps `text`; `label` begins the first line, `indent` all others.
    fn wrapped(&mut self, label: &str, indent: &str, styles: (Style, Style), text: &str) {
        let text = visible(text);
        let width = self.settings.width.min(MAX_PROSE + INDENT);
        let (label_style, text_style) = styles;
        self.styled(label_style, &visible(label));
        let mut room = width.saturating_sub(label.width()).max(10);
        for (number, line) in wrap(&text, &mut room, width.saturating_sub(indent.width()).max(10))
            .into_iter()
            .enumerate()
        {
            if number > 0 {
                self.out.push('\n');
                self.out.push_str(indent);
            }
            self.styled(text_style, &line);
        }
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }

    fn styled(&mut self, style: Style, text: &str) {
        if self.settings.color && style != PLAIN && !text.trim().is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(self.out, "{}{text}{}", style.render(), anstyle::Reset.render());
        } else {
            self.out.push_str(text);
        }
    }
}

/// Words in lines: the first of `room` columns, the others of `width`. Longer words are broken.
fn wrap(text: &str, room: &mut usize, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            let blank = usize::from(!line.is_empty());
            if blank + word.width() <= *room {
                if blank == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                *room -= blank + word.width();
                break;
            }
            if line.is_empty() {
                let (head, tail) = split_at_width(word, *room);
                line.push_str(head);
                word = tail;
            }
            lines.push(String::new());
            *room = width;
        }
    }
    lines
}

/// At most `room` columns of `text`, at least one character.
fn split_at_width(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > room && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// `text` in at most `room` columns, with an ellipsis where something was cut.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let (head, _) = split_at_width(text, room.saturating_sub(1));
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        let mut room = width;
        wrap(text, &mut room, width)
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(lines("", 4), [""]);
        assert_eq!(lines("尺寸尺寸", 4), ["尺寸", "尺寸"]);
        assert_eq!(cut("尺寸尺寸", 5), "尺寸…");
        assert_eq!(cut("abc", 3), "abc");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide(text in "\\PC{0,80}", width in 10..40_usize) {
            for line in lines(&visible(&text), width) {
                prop_assert!(line.width() <= width, "{}: {}", line.width(), line);
            }
            prop_assert!(cut(&visible(&text), width).width() <= width);
        }
    }
}
