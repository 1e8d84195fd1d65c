//! What the terminal can do: colors, width.
//!
//! Must not: be asked twice; the answers go into settings.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use crate::cli::args::ColorChoice;

const DEFAULT_WIDTH: usize = 100;
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// The environment variables that speak about terminals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    no_color: Option<OsString>,
    force_color: Option<OsString>,
    color: Option<OsString>,
    term: Option<OsString>,
    columns: Option<OsString>,
}

impl Environment {
    /// Reads them.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
    pub(crate) fn read() -> Self {
        Self {
            no_color: std::env::var_os("NO_COLOR"),
            force_color: std::env::var_os("CLICOLOR_FORCE"),
            color: std::env::var_os("CLICOLOR"),
            term: std::env::var_os("TERM"),
            columns: std::env::var_os("COLUMNS"),
        }
    }

    /// Whether to write colors. <https://no-color.org>, <https://bixense.com/clicolors>
    pub(crate) fn wants_color(&self, choice: ColorChoice, to_terminal: bool) -> bool {
        let is_set = |variable: &Option<OsString>| variable.as_ref().is_some_and(|v| !v.is_empty());
        let is_zero = |variable: &Option<OsString>| variable.as_ref().is_some_and(|v| v == "0");
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if is_set(&self.no_color) => false,
            ColorChoice::Auto if is_set(&self.force_color) && !is_zero(&self.force_color) => true,
            ColorChoice::Auto => to_terminal && !self.is_dumb() && !is_zero(&self.color),
        }
    }

    /// Whether the terminal can do nothing but take text.
    pub(crate) fn is_dumb(&self) -> bool {
        self.term.as_ref().is_some_and(|term| term == "dumb")
    }

    /// Columns to fill: `COLUMNS`, else the terminal's.
    pub(crate) fn width(&self) -> usize {
        let named = self.columns.as_ref().and_then(|columns| columns.to_str()?.parse().ok());
        let columns = named.or_else(|| {
            let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
            Some(usize::from(width.0))
        });
        columns.unwrap_or(DEFAULT_WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end())
    }
}

/// Whether standard output is a terminal.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes a line on standard error in place of the one that is there; empty: takes it away.
pub(crate) fn rewrite_line(text: &str) {
    let mut stderr = io::stderr().lock();
    // There is nobody left to tell if this fails.
    let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
}

/// Columns of the terminal that standard error is.
pub(crate) fn stderr_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
}

/// Whether standard input is a terminal.
pub(crate) fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Environment {
            no_color: get("NO_COLOR"),
            force_color: get("CLICOLOR_FORCE"),
            color: get("CLICOLOR"),
            term: get("TERM"),
            columns: get("COLUMNS"),
        }
    }

    #[test]
    fn colors_follow_the_conventions() {
        let check = |variables: &[(&str, &str)], to_terminal, want| {
            let environment = environment(variables);
            let got = environment.wants_color(ColorChoice::Auto, to_terminal);
            assert_eq!(got, want, "{variables:?}");
        };
        check(&[], true, true);
        check(&[], false, false);
        check(&[("NO_COLOR", "1")], true, false);
        check(&[("NO_COLOR", "")], true, true);
        check(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, false);
        check(&[("CLICOLOR_FORCE", "1")], false, true);
        check(&[("CLICOLOR_FORCE", "0")], false, false);
        check(&[("CLICOLOR", "0")], true, false);
        check(&[("TERM", "dumb")], true, false);
    }

    #[test]
    fn the_option_beats_the_environment() {
        let environment = environment(&[("NO_COLOR", "1")]);
        assert!(environment.wants_color(ColorChoice::Always, false));
        assert!(!Environment::default().wants_color(ColorChoice::Never, true));
    }

    #[test]
    fn absurd_widths_are_clamped() {
        assert_eq!(environment(&[("COLUMNS", "3")]).width(), 40);
        assert_eq!(environment(&[("COLUMNS", "99999")]).width(), 200);
    }
}
