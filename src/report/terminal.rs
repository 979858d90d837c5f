//! Output for terminals: colors if they are wanted, and text from files always escaped.

use std::fmt::{self, Display, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::escape::acts;

/// How a stream is read.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether colors are wanted.
    pub color: bool,
    /// The stream is a terminal, so control characters from files must be escaped.
    pub escape: bool,
    /// Columns to fill.
    pub width: usize,
}

/// Text from a file, or the name of a file. Characters that control a terminal or are misleading
/// are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'t>(pub &'t str);

/// Titles.
pub const BOLD: Style = Style::new().bold();
/// Details.
pub const DIM: Style = Style::new().dimmed();
/// Removed lines.
pub const REMOVED: Style = AnsiColor::Red.on_default();
/// Added lines.
pub const ADDED: Style = AnsiColor::Green.on_default();
/// Places in a file.
pub const PLACE: Style = AnsiColor::Cyan.on_default();
/// Results that need attention.
pub const NOTICE: Style = AnsiColor::Yellow.on_default();

impl Terminal {
    /// A pipe or a file: no escapes, and lines of a hundred columns.
    pub const PIPE: Self = Self {
        color: false,
        escape: false,
        width: 100,
    };

    /// The content in this style, if colors are wanted.
    pub fn paint<T: Display>(self, style: Style, content: T) -> Painted<T> {
        Painted {
            style: if self.color { style } else { Style::new() },
            content,
        }
    }
}

/// Content with its style around it.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    style: Style,
    content: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { style, content } = self;
        write!(f, "{style}{content}{style:#}")
    }
}

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clean = 0;
        for (at, char) in self.0.char_indices().filter(|(_, char)| acts(*char)) {
            f.write_str(&self.0[clean..at])?;
            clean = at + char.len_utf8();
            match char {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ => write!(f, "{}", char.escape_unicode())?,
            }
        }
        f.write_str(&self.0[clean..])
    }
}

/// The name of a file, escaped for a terminal.
pub(crate) fn path_text(path: &Path) -> String {
    if path == Path::new("-") {
        return "<stdin>".to_owned();
    }
    Escaped(&path.to_string_lossy()).to_string()
}

/// Writes one line of a file, escaped for a terminal. Tabs stay. The caller has removed the line
/// feed and a carriage return before it.
pub(super) fn write_line(out: &mut String, line: &str) {
    for (at, part) in line.split('\t').enumerate() {
        if at > 0 {
            out.push('\t');
        }
        // Writing to a string cannot fail.
        let _ = write!(out, "{}", Escaped(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_the_terminal() {
        let hostile = "a\u{1b}[2Jb\rc\nd\u{202e}e\u{9b}f\u{7f}";
        assert_eq!(
            Escaped(hostile).to_string(),
            "a\\u{1b}[2Jb\\rc\\nd\\u{202e}e\\u{9b}f\\u{7f}"
        );
        assert_eq!(Escaped("größer 名前 ✓").to_string(), "größer 名前 ✓");
    }

    #[test]
    fn a_line_keeps_its_tabs() {
        let mut out = String::new();
        write_line(&mut out, "\ta: \u{7}b");
        assert_eq!(out, "\ta: \\u{7}b");
    }

    #[test]
    fn plain_means_no_escape_sequences() {
        assert_eq!(Terminal::PIPE.paint(ADDED, "x").to_string(), "x");
        let color = Terminal {
            color: true,
            ..Terminal::PIPE
        };
        assert_eq!(color.paint(ADDED, "x").to_string(), "\u{1b}[32mx\u{1b}[0m");
    }
}
