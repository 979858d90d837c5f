//! What may reach a terminal: colours where they are wanted, and never a file's bytes as they are.

use std::fmt::{self, Display, Write as _};
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::escape::acts;

/// What stands at the other end of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Colours are wanted.
    pub color: bool,
    /// A person looks at it, so that control characters of a file must not act.
    pub escape: bool,
    /// Columns to fill.
    pub width: usize,
}

/// Text of a file or of its name with everything that could act on a terminal, or deceive the
/// eye, spelled out.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'t>(pub &'t str);

/// Titles.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// Lines that go.
pub const REMOVED: Style = AnsiColor::Red.on_default();
/// Lines that come.
pub const ADDED: Style = AnsiColor::Green.on_default();
/// Places in a file.
pub const PLACE: Style = AnsiColor::Cyan.on_default();
/// What somebody should look at.
pub const NOTICE: Style = AnsiColor::Yellow.on_default();

impl Terminal {
    /// A pipe or a file: bytes as they are, lines of a hundred columns.
    pub const PIPE: Self = Self {
        color: false,
        escape: false,
        width: 100,
    };

    /// The content in this style, or as it is where colours are not wanted.
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

/// A file's name for a person.
pub(crate) fn path_text(path: &Path) -> String {
    if path == Path::new("-") {
        return "<stdin>".to_owned();
    }
    Escaped(&path.to_string_lossy()).to_string()
}

/// Writes one line of a file for a person: tabs are harmless there, and so is the return before
/// the line feed, which the caller has taken off.
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
